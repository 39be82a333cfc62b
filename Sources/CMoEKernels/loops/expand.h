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

#define TYPE f8_e4m3
#define CODES_PER_BYTE 1
#include "expand_scaled.h"
#undef TYPE
#define TYPE f8_e5m2
#include "expand_scaled.h"
#undef TYPE
#undef CODES_PER_BYTE
#define TYPE f4_e2m1
#define CODES_PER_BYTE 2
#include "expand_scaled.h"
#undef TYPE
#undef CODES_PER_BYTE

/// Multiplies the expanded columns with scales whose blocks are not of whole sixteens.
static void multiply_scales(const moe_weight *weight, size_t first_scale, size_t first, size_t count, float *values) {
    for (size_t i = 0; i < count; i++) values[i] *= scale_at(weight, first_scale + (first + i) / weight->block_columns);
}

/// The scale of each thirty-two columns from `first` on; a block is of whole thirty-twos, or the whole row.
MOE_INLINE void scales_of_row(
    const moe_weight *weight, size_t first_scale, size_t first, size_t thirty_twos, float *scales) {
    const size_t block = weight->block_columns;
    size_t left = 0, index = first_scale + first / block;
    if (block == 32) {
        expand_scales(weight, index, thirty_twos, scales);
        return;
    }
    for (size_t i = 0; i < thirty_twos; i++, left -= left < 32 ? left : 32) {
        if (left == 0) {
            // The first block may have begun before.
            left = i == 0 ? block - first % block : block;
            scales[i] = scale_at(weight, index++);
        } else {
            scales[i] = scales[i - 1];
        }
    }
}

enum {
    /// Thirty-twos of columns whose scales are looked up at a time.
    EXPAND_ROUND = 64,
};

static void expand_scaled(const moe_weight *weight, size_t row, size_t first, size_t count, float *to) {
    const uint8_t *from = (const uint8_t *)weight->elements + row * bytes_of(weight->type, weight->columns);
    const bool has_scales = weight->scale_type != MOE_SCALE_NONE;
    const size_t block = has_scales ? weight->block_columns : weight->columns;
    const size_t first_scale = has_scales ? row / weight->block_rows * ((weight->columns - 1) / block + 1) : 0;
    const bool is_regular = block % 32 == 0 || block >= weight->columns;
    float scales[EXPAND_ROUND];
    for (size_t i = 0; i < EXPAND_ROUND; i++) scales[i] = 1;
    for (size_t c = 0; c < count; c += EXPAND_ROUND * 32) {
        const size_t columns = count - c < EXPAND_ROUND * 32 ? count - c : EXPAND_ROUND * 32;
        if (has_scales && is_regular) scales_of_row(weight, first_scale, first + c, (columns + 31) / 32, scales);
        const uint8_t *codes = from + bytes_of(weight->type, first + c);
        switch (weight->type) {
        case MOE_WEIGHT_F8_E4M3: expand_f8_e4m3(codes, columns, scales, to + c); break;
        case MOE_WEIGHT_F8_E5M2: expand_f8_e5m2(codes, columns, scales, to + c); break;
        default: expand_f4_e2m1(codes, columns, scales, to + c); break;
        }
    }
    if (has_scales && !is_regular) multiply_scales(weight, first_scale, first, count, to);
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
