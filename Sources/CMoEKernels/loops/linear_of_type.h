// The loops over weights that are used straight as stored; included once per element type by linear.h, with
//   TYPE         the suffix of its load16 in elements.h
//   WIDTH        the bytes of an element
//
// `x` is a group of `T` tokens of a tile: sixteen values of each, then the next sixteen. `R` and `T` are constants
// wherever these functions are inlined, and every array below lives in registers.

#define OF_TYPE(name) MOE_JOIN(MOE_JOIN(name, _), TYPE)

/// Rows are outputs: the results of `R` rows from `row` on.
MOE_INLINE void OF_TYPE(dot_rows)(
    const stored_matrix *matrix, size_t row, const unsigned R, const float *x, const unsigned T, fetch_ahead *ahead,
    float *result, size_t result_stride) {
    const size_t columns = matrix->columns, whole = columns / MOE_LANES * MOE_LANES;
    const uint8_t *from[8];
    f32x16 sum[4][8];
    for (unsigned r = 0; r < R; r++) {
        from[r] = matrix->elements + WIDTH * (row + r) * matrix->stride;
        for (unsigned t = 0; t < T; t++) sum[t][r] = splat16(0);
    }
    for (size_t c = 0; c < whole; c += MOE_LANES) {
        f32x16 h[4];
        fetch_next(ahead);
        for (unsigned t = 0; t < T; t++) h[t] = load16(x + c * T + t * MOE_LANES);
        for (unsigned r = 0; r < R; r++) {
            const f32x16 w = OF_TYPE(load16)(from[r] + WIDTH * c);
            for (unsigned t = 0; t < T; t++) sum[t][r] = multiply_add(w, h[t], sum[t][r]);
        }
    }
    if (whole < columns)
        for (unsigned r = 0; r < R; r++) {
            const f32x16 w = OF_TYPE(load_rest)(from[r] + WIDTH * whole, columns - whole);
            for (unsigned t = 0; t < T; t++)
                sum[t][r] = multiply_add(w, load16(x + whole * T + t * MOE_LANES), sum[t][r]);
        }
    for (unsigned t = 0; t < T; t++) store_sums(sum[t], R, result + t * result_stride);
}

MOE_INLINE void OF_TYPE(dot_all)(
    const stored_matrix *matrix, const float *x, const unsigned T, const unsigned R, fetch_ahead *ahead,
    float *result, size_t result_stride) {
    size_t row = 0;
    for (; row + R <= matrix->rows; row += R)
        OF_TYPE(dot_rows)(matrix, row, R, x, T, ahead, result + row, result_stride);
    for (; row < matrix->rows; row++) OF_TYPE(dot_rows)(matrix, row, 1, x, T, ahead, result + row, result_stride);
}

/// Rows are outputs: all rows of `matrix` for a group of tokens.
static void OF_TYPE(dot)(
    const stored_matrix *matrix, const float *x, size_t tokens,
    fetch_ahead *ahead, float *result, size_t result_stride) {
    switch (tokens) {
    case 1: OF_TYPE(dot_all)(matrix, x, 1, MOE_ROWS_FOR_1, ahead, result, result_stride); break;
    case 2: OF_TYPE(dot_all)(matrix, x, 2, MOE_ROWS_FOR_2, ahead, result, result_stride); break;
    case 3: OF_TYPE(dot_all)(matrix, x, 3, MOE_ROWS_FOR_3, ahead, result, result_stride); break;
    default: OF_TYPE(dot_all)(matrix, x, 4, MOE_ROWS_FOR_4, ahead, result, result_stride); break;
    }
}

/// Rows are inputs, one token: adds `R` rows from `row` on to every output, which is the order they lie in.
MOE_INLINE void OF_TYPE(stream_rows)(
    const stored_matrix *matrix, size_t row, const unsigned R, const float *x, fetch_ahead *ahead, float *result) {
    const size_t columns = matrix->columns, whole = columns / MOE_LANES * MOE_LANES;
    const uint8_t *from[MOE_STREAM_ROWS];
    for (unsigned r = 0; r < R; r++) from[r] = matrix->elements + WIDTH * (row + r) * matrix->stride;
    for (size_t c = 0; c < whole; c += MOE_LANES) {
        f32x16 sum = load16(result + c);
        fetch_next(ahead);
        for (unsigned r = 0; r < R; r++)
            sum = multiply_add(OF_TYPE(load16)(from[r] + WIDTH * c), splat16(x[row + r]), sum);
        store16(result + c, sum);
    }
    if (whole == columns) return;
    f32x16 sum = load_some(result + whole, columns - whole);
    for (unsigned r = 0; r < R; r++)
        sum = multiply_add(OF_TYPE(load_rest)(from[r] + WIDTH * whole, columns - whole), splat16(x[row + r]), sum);
    store_some(result + whole, sum, columns - whole);
}

static void OF_TYPE(stream)(const stored_matrix *matrix, const float *x, fetch_ahead *ahead, float *result) {
    size_t row = 0;
    for (; row + MOE_STREAM_ROWS <= matrix->rows; row += MOE_STREAM_ROWS)
        OF_TYPE(stream_rows)(matrix, row, MOE_STREAM_ROWS, x, ahead, result);
    for (; row < matrix->rows; row++) OF_TYPE(stream_rows)(matrix, row, 1, x, ahead, result);
}

/// Rows are inputs: adds all rows to `C` · 16 outputs from `column` on, and fetches the columns after those.
MOE_INLINE void OF_TYPE(add_block)(
    const stored_matrix *matrix, size_t column, const unsigned C, const float *x, const unsigned T,
    fetch_ahead *ahead, float *result, size_t result_stride) {
    f32x16 sum[4][MOE_COLUMNS];
    for (unsigned t = 0; t < T; t++)
        for (unsigned c = 0; c < C; c++) sum[t][c] = load16(result + t * result_stride + c * MOE_LANES);
    const uint8_t *from = matrix->elements + WIDTH * column;
    for (size_t k = 0; k < matrix->rows; k++, from += WIDTH * matrix->stride) {
        const float *h = x + (k / MOE_LANES * T) * MOE_LANES + k % MOE_LANES;
        f32x16 w[MOE_COLUMNS];
        for (unsigned c = 0; c < C; c++) w[c] = OF_TYPE(load16)(from + WIDTH * c * MOE_LANES);
        if (ahead) fetch_next(ahead);
        for (unsigned t = 0; t < T; t++) {
            const f32x16 factor = splat16(h[t * MOE_LANES]);
            for (unsigned c = 0; c < C; c++) sum[t][c] = multiply_add(w[c], factor, sum[t][c]);
        }
    }
    for (unsigned t = 0; t < T; t++)
        for (unsigned c = 0; c < C; c++) store16(result + t * result_stride + c * MOE_LANES, sum[t][c]);
}

/// As `add_block`, for the last `count` < 16 columns.
MOE_INLINE void OF_TYPE(add_rest)(
    const stored_matrix *matrix, size_t column, size_t count, const float *x, const unsigned T, float *result,
    size_t result_stride) {
    f32x16 sum[4];
    for (unsigned t = 0; t < T; t++) sum[t] = load_some(result + t * result_stride, count);
    const uint8_t *from = matrix->elements + WIDTH * column;
    for (size_t k = 0; k < matrix->rows; k++, from += WIDTH * matrix->stride) {
        const float *h = x + (k / MOE_LANES * T) * MOE_LANES + k % MOE_LANES;
        const f32x16 w = OF_TYPE(load_rest)(from, count);
        for (unsigned t = 0; t < T; t++) sum[t] = multiply_add(w, splat16(h[t * MOE_LANES]), sum[t]);
    }
    for (unsigned t = 0; t < T; t++) store_some(result + t * result_stride, sum[t], count);
}

MOE_INLINE void OF_TYPE(add_columns)(
    const stored_matrix *matrix, size_t column, size_t count, const float *x, const unsigned T,
    fetch_ahead *ahead, float *result, size_t result_stride) {
    if (count == MOE_COLUMNS * MOE_LANES) {
        OF_TYPE(add_block)(matrix, column, MOE_COLUMNS, x, T, ahead, result, result_stride);
        return;
    }
    size_t c = 0;
    for (; c + MOE_LANES <= count; c += MOE_LANES)
        OF_TYPE(add_block)(matrix, column + c, 1, x, T, NULL, result + c, result_stride);
    if (c < count) OF_TYPE(add_rest)(matrix, column + c, count - c, x, T, result + c, result_stride);
}

/// Rows are inputs: adds all rows to `count` ≤ 16 · MOE_COLUMNS outputs from `column` on, for a group of tokens.
static void OF_TYPE(add)(
    const stored_matrix *matrix, size_t column, size_t count, const float *x, size_t tokens,
    fetch_ahead *ahead, float *result, size_t result_stride) {
    switch (tokens) {
    case 1: OF_TYPE(add_columns)(matrix, column, count, x, 1, ahead, result, result_stride); break;
    case 2: OF_TYPE(add_columns)(matrix, column, count, x, 2, ahead, result, result_stride); break;
    case 3: OF_TYPE(add_columns)(matrix, column, count, x, 3, ahead, result, result_stride); break;
    default: OF_TYPE(add_columns)(matrix, column, count, x, 4, ahead, result, result_stride); break;
    }
}

#undef OF_TYPE
