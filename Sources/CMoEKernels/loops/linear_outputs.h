// Rows are outputs: a few rows at a time for every group of tokens, so that they come from memory once.

static void outputs_of_rows(
    const moe_linear_call *call, const matrix_loops *loops, const stored_matrix *rows, size_t first_output,
    fetch_ahead *ahead) {
    const size_t group_floats = moe_token_tile_count(1, call->weight.columns);
    for (size_t t = 0; t < call->tokens; t += MOE_GROUP)
        loops->dot(
            rows, call->token_tile + t * group_floats, at_most(call->tokens - t, MOE_GROUP), ahead,
            call->result + t * call->result_stride + first_output, call->result_stride);
}

/// A few tokens and codes: a round of rows straight from the codes, with their factors in the workspace. False if the
/// rows have no such factors.
static bool outputs_of_codes(const moe_linear_call *call, size_t first_output, size_t count) {
    const moe_weight *weight = &call->weight;
    if (weight->type == MOE_WEIGHT_F64 || call->tokens > MOE_GROUP || weight->columns == 0) return false;
    const size_t row_bytes = bytes_of(weight->type, weight->columns), thirty_twos = (weight->columns + 31) / 32;
    const size_t per_row = (thirty_twos + MOE_LANES - 1) / MOE_LANES * MOE_LANES;
    float *factors = call->workspace;
    for (size_t r = 0; r < count; r++)
        if (!factors_of_row(weight, first_output + r, 0, thirty_twos, factors + r * per_row)) return false;
    const coded_rows rows = {
        .codes = (const uint8_t *)weight->elements + first_output * row_bytes, .rows = count, .columns = weight->columns,
        .row_bytes = row_bytes, .factors = factors, .factors_per_row = per_row,
    };
    float *result = call->result + first_output;
    switch (weight->type) {
    case MOE_WEIGHT_F8_E4M3: dot_f8_e4m3(&rows, call->token_tile, call->tokens, result, call->result_stride); break;
    case MOE_WEIGHT_F8_E5M2: dot_f8_e5m2(&rows, call->token_tile, call->tokens, result, call->result_stride); break;
    default: dot_f4_e2m1(&rows, call->token_tile, call->tokens, result, call->result_stride); break;
    }
    return true;
}

static void linear_outputs(const moe_linear_call *call) {
    const moe_weight *weight = &call->weight;
    const matrix_loops *loops = loops_of(weight->type);
    const size_t columns = weight->columns, end = call->first_output + call->outputs;
    const size_t row_bytes = bytes_of(weight->type, columns), step_bytes = bytes_of(weight->type, MOE_LANES);
    const size_t groups = (call->tokens + MOE_GROUP - 1) / MOE_GROUP;
    // One group of tokens streams through all rows, unless they have to be expanded.
    const bool streams = loops && groups == 1;
    const size_t round = streams ? call->outputs : MOE_OUTPUTS_ROUND;
    for (size_t o = call->first_output; o < end; o += round) {
        const uint8_t *elements = (const uint8_t *)weight->elements + o * row_bytes;
        stored_matrix rows = {.elements = elements, .rows = at_most(end - o, round), .columns = columns, .stride = columns};
        fetch_ahead ahead =
            streams ? streaming(
                          elements, call->tokens <= MOE_STREAMED ? rows.rows : 0, row_bytes, row_bytes, step_bytes,
                          call->tokens == 1 ? MOE_ROWS_FOR_1 : MOE_ROWS_FOR_2)
                    : fetching(
                          elements + rows.rows * row_bytes, at_most(end - o - rows.rows, round), row_bytes, row_bytes,
                          MOE_ROWS_FOR_4 * step_bytes, groups);
        if (!loops) {
            if (outputs_of_codes(call, o, rows.rows)) continue;
            float *expanded = call->workspace;
            for (size_t r = 0; r < rows.rows; r++) weight_expand(weight, o + r, 0, columns, expanded + r * columns);
            rows.elements = (const uint8_t *)expanded;
        }
        outputs_of_rows(call, loops ? loops : &loops_f32, &rows, o, &ahead);
    }
}
