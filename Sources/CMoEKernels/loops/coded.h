// Elements of 8 and 4 bits included once per element type by expand.h, with
//   TYPE             the suffix of its load32 in elements.h
//   CODES_PER_BYTE   how many elements a byte holds

#define OF_TYPE(name) MOE_JOIN(MOE_JOIN(name, _), TYPE)

/// The first `count` < 32 elements, then zeros.
MOE_INLINE f32x32 OF_TYPE(load_rest)(const uint8_t *from, size_t count) {
    uint8_t codes[32 / CODES_PER_BYTE] = {0};
    memcpy(codes, from, (count + CODES_PER_BYTE - 1) / CODES_PER_BYTE);
    return OF_TYPE(load32)(codes);
}

/// Every thirty-two columns have their own factor.
MOE_INLINE void OF_TYPE(expand)(const uint8_t *from, size_t count, const float *factors, float *to) {
    const size_t whole = count / 32 * 32, rest = count - whole;
    for (size_t c = 0; c < whole; c += 32) {
        const f32x32 v = OF_TYPE(load32)(from + c / CODES_PER_BYTE);
        const f32x16 factor = splat16(factors[c / 32]);
        store16(to + c, v.low * factor);
        store16(to + c + MOE_LANES, v.high * factor);
    }
    if (rest == 0) return;
    const f32x32 v = OF_TYPE(load_rest)(from + whole / CODES_PER_BYTE, rest);
    const f32x16 factor = splat16(factors[whole / 32]);
    float values[32];
    store16(values, v.low * factor);
    store16(values + MOE_LANES, v.high * factor);
    memcpy(to + whole, values, rest * sizeof(float));
}

/// Rows are outputs: the results of `R` rows of codes for a group of `T` tokens. `factors` has a row for each row.
MOE_INLINE void OF_TYPE(dot_rows)(
    const coded_rows *rows, size_t row, const unsigned R, const float *x, const unsigned T, float *result,
    size_t result_stride) {
    const size_t whole = rows->columns / 32 * 32, rest = rows->columns - whole;
    const uint8_t *from = rows->codes + row * rows->row_bytes;
    const float *factors = rows->factors + row * rows->factors_per_row;
    f32x16 sum[4][8];
    for (unsigned t = 0; t < T; t++)
        for (unsigned r = 0; r < R; r++) sum[t][r] = splat16(0);
    for (size_t c = 0; c < whole; c += 32) {
        const float *low = x + c * T, *high = low + MOE_LANES * T;
        for (unsigned r = 0; r < R; r++) {
            const f32x32 v = OF_TYPE(load32)(from + r * rows->row_bytes + c / CODES_PER_BYTE);
            const f32x16 factor = splat16(factors[r * rows->factors_per_row + c / 32]);
            for (unsigned t = 0; t < T; t++) {
                sum[t][r] = multiply_add(v.low * factor, load16(low + t * MOE_LANES), sum[t][r]);
                sum[t][r] = multiply_add(v.high * factor, load16(high + t * MOE_LANES), sum[t][r]);
            }
        }
    }
    for (unsigned r = 0; r < R && rest > 0; r++) {
        const float *low = x + whole * T, *high = low + MOE_LANES * T;
        const f32x32 v = OF_TYPE(load_rest)(from + r * rows->row_bytes + whole / CODES_PER_BYTE, rest);
        const f32x16 factor = splat16(factors[r * rows->factors_per_row + whole / 32]);
        // What fills a row up must stay zero under an infinite scale too.
        const f32x16 w_low = first_lanes(v.low * factor, rest);
        const f32x16 w_high = first_lanes(v.high * factor, rest > MOE_LANES ? rest - MOE_LANES : 0);
        for (unsigned t = 0; t < T; t++) {
            sum[t][r] = multiply_add(w_low, load16(low + t * MOE_LANES), sum[t][r]);
            // A tile of tokens ends with the sixteen that holds the last column.
            if (rest > MOE_LANES) sum[t][r] = multiply_add(w_high, load16(high + t * MOE_LANES), sum[t][r]);
        }
    }
    for (unsigned t = 0; t < T; t++) store_sums(sum[t], R, result + t * result_stride + row);
}

MOE_INLINE void OF_TYPE(dot_all)(
    const coded_rows *rows, const float *x, const unsigned T, const unsigned R, float *result, size_t result_stride) {
    size_t row = 0;
    for (; row + R <= rows->rows; row += R) OF_TYPE(dot_rows)(rows, row, R, x, T, result, result_stride);
    for (; row < rows->rows; row++) OF_TYPE(dot_rows)(rows, row, 1, x, T, result, result_stride);
}

static void OF_TYPE(dot)(const coded_rows *rows, const float *x, size_t tokens, float *result, size_t result_stride) {
    switch (tokens) {
    case 1: OF_TYPE(dot_all)(rows, x, 1, MOE_CODED_ROWS, result, result_stride); break;
    case 2: OF_TYPE(dot_all)(rows, x, 2, MOE_CODED_ROWS, result, result_stride); break;
    case 3: OF_TYPE(dot_all)(rows, x, 3, MOE_CODED_ROWS, result, result_stride); break;
    default: OF_TYPE(dot_all)(rows, x, 4, MOE_CODED_ROWS, result, result_stride); break;
    }
}

#undef OF_TYPE
