#ifndef MOE_LINEAR_H
#define MOE_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A weight matrix times the hidden states of some tokens: f32 in, f32 out, f32 sums, weights as they are stored.
//
// The order of every sum is fixed, so an output has the same bits whatever other tokens are in the batch, however the
// outputs are split among threads and wherever the weights lie. It is also the same on AVX-512, AVX2 and NEON; the
// x86-64 baseline has no fused multiply-add and differs in the last bits.
//
//   rows are outputs  y[o] = Σ x[k] · W[o][k]: sixteen partial sums, of the k with equal k mod 16, each in ascending
//                     order with fused multiply-adds from 0; then lane i + lane i+8, +4, +2, +1.
//   rows are inputs   y[o] = Σ x[k] · W[k][o]: in ascending order with fused multiply-adds from 0.

/// What a stored weight is.
typedef enum moe_weight_type {
    MOE_WEIGHT_F32 = 0,
    MOE_WEIGHT_BF16 = 1,
    MOE_WEIGHT_F16 = 2,
    /// Rounded to f32 before use.
    MOE_WEIGHT_F64 = 3,
    /// E4M3 "fn": bias 7, no infinities, 0x7f and 0xff are NaN.
    MOE_WEIGHT_F8_E4M3 = 4,
    MOE_WEIGHT_F8_E5M2 = 5,
    /// E2M1, two elements a byte, the low nibble first. The number of columns is even.
    MOE_WEIGHT_F4_E2M1 = 6,
} moe_weight_type;

/// What the scales of an 8- or 4-bit weight are.
typedef enum moe_scale_type {
    MOE_SCALE_NONE = 0,
    MOE_SCALE_F32 = 1,
    MOE_SCALE_BF16 = 2,
    MOE_SCALE_F16 = 3,
    /// 2^(byte − 127); 255 is NaN.
    MOE_SCALE_E8M0 = 4,
} moe_scale_type;

/// A stored matrix, row-major and dense. Borrowed; no pointer needs any alignment.
typedef struct moe_weight {
    const void *elements;
    size_t rows;
    size_t columns;
    moe_weight_type type;
    /// `MOE_SCALE_NONE` for every type wider than 8 bits.
    moe_scale_type scale_type;
    /// One scale per block: [⌈rows / block_rows⌉][⌈columns / block_columns⌉]. A weight is element · scale, rounded to
    /// f32. DeepSeek-V3 has blocks of 128 × 128, MXFP4 of 1 × 32.
    const void *scales;
    size_t block_rows;
    size_t block_columns;
} moe_weight;

/// One call: some outputs of a matrix for a tile of tokens.
typedef struct moe_linear_call {
    moe_weight weight;
    /// W[in][out] instead of W[out][in].
    bool rows_are_inputs;
    /// Tokens as `moe_token_tile_pack` leaves them; as wide as the matrix has inputs.
    const float *token_tile;
    size_t tokens;
    /// The outputs to compute: [first_output, first_output + outputs). The first is a multiple of 32 if rows are inputs.
    size_t first_output;
    size_t outputs;
    /// y[t][o] is at result[t · result_stride + o], with o counted from 0 and not from `first_output`.
    float *result;
    size_t result_stride;
    /// `moe_linear_workspace` bytes of memory that no other call uses meanwhile; NULL if that is 0.
    void *workspace;
} moe_linear_call;

/// The bytes of workspace that a call with this weight needs: 0 for the types of 16 and 32 bits, otherwise below 400 KiB
/// up to 8192 columns, and growing with the columns where rows are outputs.
size_t moe_linear_workspace(const moe_weight *weight, bool rows_are_inputs);

/// Computes the outputs; overwrites `result` there and touches it nowhere else.
///
/// Returns false, having done nothing, if the call is not well formed: an unknown type, a block of no rows, a range
/// outside the matrix. Whether the memory behind `weight` is as large as its shape says is for the caller to know.
bool moe_linear(const moe_linear_call *call);

/// `moe_linear` for a `moe_linear_call` behind an untyped pointer, as a function that runs others under a guard takes
/// it: 1 for true, 0 for false. It may be left by a jump when the weights cannot be read.
int moe_linear_body(void *call);

/// The floats of a tile: `tokens` · (`width` rounded up to 16).
size_t moe_token_tile_count(size_t tokens, size_t width);

/// Gathers tokens into the order in which the kernels walk them.
///
/// Token t is the `width` floats from `hidden` + `rows[t]` · `stride` on; `rows` may be NULL for 0, 1, 2 …
/// `tile` holds `moe_token_tile_count` floats. The order within is the kernels' own, the same for every level.
void moe_token_tile_pack(
    const float *hidden, size_t stride, const uint32_t *rows, size_t tokens, size_t width, float *tile);

/// Converts `count` elements from element `first` of row `row` on to f32, exactly as `moe_linear` does.
///
/// Returns false for a call that is not well formed; `first` must be a multiple of 32 for an 8- or 4-bit type.
bool moe_weight_expand(const moe_weight *weight, size_t row, size_t first, size_t count, float *destination);

#endif
