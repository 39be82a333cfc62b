// Rows of any weight as f32. `count` columns from `first` on, which is a multiple of 32 for the types with scales.

#define TYPE f32
#define WIDTH 4
#include "expand_plain.h"
#undef TYPE
#undef WIDTH
#define TYPE bf16
#define WIDTH 2
#include "expand_plain.h"
#undef TYPE
#define TYPE f16
#include "expand_plain.h"
#undef TYPE
#undef WIDTH
#define TYPE f64
#define WIDTH 8
#include "expand_plain.h"
#undef TYPE
#undef WIDTH

/// Rows of codes, with the factor of each thirty-two columns.
typedef struct coded_rows {
    const uint8_t *codes;
    size_t rows;
    size_t columns;
    size_t row_bytes;
    const float *factors;
    size_t factors_per_row;
} coded_rows;

#define TYPE f8_e4m3
#define CODES_PER_BYTE 1
#include "coded.h"
#undef TYPE
#define TYPE f8_e5m2
#include "coded.h"
#undef TYPE
#undef CODES_PER_BYTE
#define TYPE f4_e2m1
#define CODES_PER_BYTE 2
#include "coded.h"
#undef TYPE
#undef CODES_PER_BYTE

enum {
    /// Thirty-twos of columns whose scales are looked up at a time.
    EXPAND_ROUND = 64,
};

static void expand_scaled(const moe_weight *weight, size_t row, size_t first, size_t count, float *to) {
    const uint8_t *codes =
        (const uint8_t *)weight->elements + row * bytes_of(weight->type, weight->columns) + bytes_of(weight->type, first);
    float factors[EXPAND_ROUND];
    for (size_t c = 0; c < count; c += EXPAND_ROUND * 32) {
        const size_t columns = count - c < EXPAND_ROUND * 32 ? count - c : EXPAND_ROUND * 32;
        const bool has_scales = factors_of_row(weight, row, first + c, (columns + 31) / 32, factors);
        const uint8_t *from = codes + bytes_of(weight->type, c);
        switch (weight->type) {
        case MOE_WEIGHT_F8_E4M3: expand_f8_e4m3(from, columns, factors, to + c); break;
        case MOE_WEIGHT_F8_E5M2: expand_f8_e5m2(from, columns, factors, to + c); break;
        default: expand_f4_e2m1(from, columns, factors, to + c); break;
        }
        if (!has_scales) multiply_scales(weight, row, first + c, columns, to + c);
    }
}

static void weight_expand(const moe_weight *weight, size_t row, size_t first, size_t count, float *to) {
    const uint8_t *elements = weight->elements;
    const size_t at = row * weight->columns + first;
    switch (weight->type) {
    case MOE_WEIGHT_F32: expand_f32(elements + 4 * at, count, to); break;
    case MOE_WEIGHT_BF16: expand_bf16(elements + 2 * at, count, to); break;
    case MOE_WEIGHT_F16: expand_f16(elements + 2 * at, count, to); break;
    case MOE_WEIGHT_F64: expand_f64(elements + 8 * at, count, to); break;
    default: expand_scaled(weight, row, first, count, to); break;
    }
}
