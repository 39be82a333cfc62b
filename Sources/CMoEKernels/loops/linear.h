// Matrix times tokens. Weights of 16 and 32 bits are used straight as they are stored: converting them again for every
// four tokens costs less than writing f32 and reading it back. The others are expanded a few rows at a time into the
// workspace, which stays in the nearer caches, or multiplied from their codes (coded.h) where only four tokens would use
// what is expanded. Either way each sum is in the order of moe_linear.h.

enum {
    /// Tokens that are multiplied at once; `moe_token_tile_pack` lays them out so.
    MOE_GROUP = 4,
    /// Rows that one token streams through at once where rows are inputs.
    MOE_STREAM_ROWS = 8,
};

MOE_INLINE size_t at_most(size_t a, size_t b) { return a < b ? a : b; }

/// Rows of weights that are used as they lie.
typedef struct stored_matrix {
    const uint8_t *elements;
    size_t rows;
    size_t columns;
    /// Elements from one row to the next.
    size_t stride;
} stored_matrix;

/// Rows that are wanted next, fetched in the order they lie in, a little with every step of the work before: a column of
/// blocks jumps from row to row, which the processor does not foresee, and several tokens leave the memory idle.
typedef struct fetch_ahead {
    const uint8_t *row;
    size_t rows;
    size_t row_bytes;
    size_t stride_bytes;
    /// Where in the row the next fetch begins, and how many bytes it takes.
    size_t at;
    size_t step;
} fetch_ahead;

/// A step of the work uses `step_bytes` for one of `groups` groups of tokens.
MOE_INLINE fetch_ahead fetching(
    const uint8_t *row, size_t rows, size_t row_bytes, size_t stride_bytes, size_t step_bytes, size_t groups) {
    return (fetch_ahead){
        .row = row, .rows = rows, .row_bytes = row_bytes, .stride_bytes = stride_bytes,
        .step = (step_bytes / groups + 63) / 64 * 64,
    };
}

enum {
    /// Bytes that rows which are streamed through are fetched ahead, at least. Rows shorter than this end before the
    /// processor has foreseen that they go on.
    MOE_STREAM_AHEAD = 8192,
    /// Tokens at most for which that pays: with more the processor has enough to do until the rows come.
    MOE_STREAMED = 2,
};

/// For rows that are streamed through, `together` at a time, sixteen elements of each a step.
MOE_INLINE fetch_ahead streaming(
    const uint8_t *row, size_t rows, size_t row_bytes, size_t stride_bytes, size_t step_bytes, size_t together) {
    const size_t distance = row_bytes == 0 ? 0 : (MOE_STREAM_AHEAD + row_bytes - 1) / row_bytes;
    const size_t skipped = at_most(rows, distance > together ? distance : together);
    return fetching(row + skipped * stride_bytes, rows - skipped, row_bytes, stride_bytes, together * step_bytes, 1);
}

MOE_INLINE void fetch_next(fetch_ahead *ahead) {
    if (ahead->rows == 0) return;
    for (size_t line = 0; line < ahead->step; line += 64) __builtin_prefetch(ahead->row + ahead->at + line, 0, 2);
    ahead->at += ahead->step;
    if (ahead->at < ahead->row_bytes) return;
    ahead->at = 0, ahead->row += ahead->stride_bytes, ahead->rows--;
}

#define TYPE f32
#define WIDTH 4
#include "linear_of_type.h"
#undef TYPE
#undef WIDTH
#define TYPE bf16
#define WIDTH 2
#include "linear_of_type.h"
#undef TYPE
#define TYPE f16
#include "linear_of_type.h"
#undef TYPE
#undef WIDTH

/// The loops of one element type: see linear_of_type.h.
typedef struct matrix_loops {
    size_t width;
    void (*dot)(
        const stored_matrix *matrix, const float *x, size_t tokens, fetch_ahead *ahead, float *result,
        size_t result_stride);
    void (*stream)(const stored_matrix *matrix, const float *x, fetch_ahead *ahead, float *result);
    void (*add)(
        const stored_matrix *matrix, size_t column, size_t count, const float *x, size_t tokens, fetch_ahead *ahead,
        float *result, size_t result_stride);
} matrix_loops;

static const matrix_loops loops_f32 = {4, dot_f32, stream_f32, add_f32};
static const matrix_loops loops_bf16 = {2, dot_bf16, stream_bf16, add_bf16};
static const matrix_loops loops_f16 = {2, dot_f16, stream_f16, add_f16};

/// The loops for a type that needs no expansion, otherwise NULL.
static const matrix_loops *loops_of(moe_weight_type type) {
    switch (type) {
    case MOE_WEIGHT_F32: return &loops_f32;
    case MOE_WEIGHT_BF16: return &loops_bf16;
    case MOE_WEIGHT_F16: return &loops_f16;
    default: return NULL;
    }
}

#include "linear_outputs.h"

#include "linear_inputs.h"

static void linear(const moe_linear_call *call) {
    if (call->tokens == 0 || call->outputs == 0) return;
    if (call->rows_are_inputs) linear_inputs(call);
    else linear_outputs(call);
}
