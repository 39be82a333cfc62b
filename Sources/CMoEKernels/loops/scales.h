// The scales of weights of 8 and 4 bits.

/// 2^(byte − 127) for E8M0 bytes: the smallest is subnormal, 255 is NaN.
MOE_INLINE f32x16 e8m0(u8x16 bytes) {
    const u32x16 wide = __builtin_convertvector(bytes, u32x16);
    const u32x16 smallest = (u32x16)(wide == 0) & 0x00400000, nan = (u32x16)(wide == 255) & 0x00400000;
    return (f32x16)(wide << 23 | smallest | nan);
}

/// `count` consecutive scales of a weight as f32.
static void expand_scales(const moe_weight *weight, size_t index, size_t count, float *to) {
    const uint8_t *scales = weight->scales;
    switch (weight->scale_type) {
    case MOE_SCALE_F32: memcpy(to, scales + 4 * index, 4 * count); break;
    case MOE_SCALE_BF16:
        for (size_t i = 0; i < count; i++) {
            uint16_t half;
            memcpy(&half, scales + 2 * (index + i), sizeof half);
            const uint32_t bits = (uint32_t)half << 16;
            memcpy(to + i, &bits, sizeof bits);
        }
        break;
    case MOE_SCALE_F16:
        for (size_t i = 0; i < count; i++) {
            u16x16 half = {0};
            memcpy(&half, scales + 2 * (index + i), sizeof half[0]);
            to[i] = halves(half)[0];
        }
        break;
    case MOE_SCALE_E8M0:
        for (size_t i = 0; i < count; i += MOE_LANES) {
            u8x16 bytes = {0};
            if (count - i >= MOE_LANES) {
                memcpy(&bytes, scales + index + i, MOE_LANES);
                store16(to + i, e8m0(bytes));
            } else {
                memcpy(&bytes, scales + index + i, count - i);
                store_some(to + i, e8m0(bytes), count - i);
            }
        }
        break;
    case MOE_SCALE_NONE:
        for (size_t i = 0; i < count; i++) to[i] = 1;
        break;
    }
}

MOE_INLINE float scale_at(const moe_weight *weight, size_t index) {
    float scale = 1;
    expand_scales(weight, index, 1, &scale);
    return scale;
}

/// The number of the scale of a column of a row.
MOE_INLINE size_t scale_index(const moe_weight *weight, size_t row, size_t column) {
    const size_t per_row = (weight->columns - 1) / weight->block_columns + 1;
    return row / weight->block_rows * per_row + column / weight->block_columns;
}

/// The scales of consecutive thirty-twos of columns; a block is of whole thirty-twos, or the whole row.
MOE_INLINE void repeat_scales(const moe_weight *weight, size_t row, size_t first, size_t count, float *to) {
    const size_t block = weight->block_columns;
    size_t index = scale_index(weight, row, first);
    if (block == 32) {
        expand_scales(weight, index, count, to);
        return;
    }
    // The first block may have begun before.
    size_t left = block - first % block;
    float scale = scale_at(weight, index);
    for (size_t i = 0; i < count; i++) {
        if (left == 0) left = block, scale = scale_at(weight, ++index);
        to[i] = scale;
        left -= left < 32 ? left : 32;
    }
}

/// What codes of `count` thirty-twos of columns, from a multiple of 32 on, are multiplied with: their scale and the
/// factor of their type in one. `to` has room for `count` rounded up to 16.
///
/// Returns false, with the factor alone, if that cannot be: blocks that end within a thirty-two, or a scale so large that
/// the product is infinite.
static bool factors_of_row(const moe_weight *weight, size_t row, size_t first, size_t count, float *to) {
    const float factor = code_factor(weight->type);
    const bool has_scales = weight->scale_type != MOE_SCALE_NONE;
    const bool is_regular = weight->block_columns % 32 == 0 || weight->block_columns >= weight->columns;
    if (has_scales && is_regular) {
        repeat_scales(weight, row, first, count, to);
        i32x16 overflows = {0};
        for (size_t i = 0; i < count; i += MOE_LANES) {
            const size_t lanes = count - i < MOE_LANES ? count - i : MOE_LANES;
            const f32x16 scales = lanes == MOE_LANES ? load16(to + i) : load_some(to + i, lanes);
            const f32x16 products = scales * factor;
            store16(to + i, products);
            overflows |= is_infinite(products) & ~is_infinite(scales);
        }
        if (!has_any(overflows)) return true;
    }
    for (size_t i = 0; i < count; i++) to[i] = factor;
    return !has_scales;
}

/// Multiplies expanded columns with their scales, one by one.
static void multiply_scales(const moe_weight *weight, size_t row, size_t first, size_t count, float *values) {
    for (size_t i = 0; i < count; i++) values[i] *= scale_at(weight, scale_index(weight, row, first + i));
}
