// Rows are inputs: a strip of columns, a round of rows at a time. One token streams through whole rows; several keep the
// sums of some columns in registers, and those columns of the round in the first cache for every group of tokens.

static void inputs_of_rows(
    const moe_linear_call *call, const matrix_loops *loops, const stored_matrix *rows, size_t first_row,
    size_t first_output, fetch_ahead *ahead) {
    if (call->tokens == 1) {
        loops->stream(rows, call->token_tile + first_row, ahead, call->result + first_output);
        return;
    }
    const size_t group_floats = moe_token_tile_count(1, call->weight.rows), block = MOE_COLUMNS * MOE_LANES;
    for (size_t c = 0; c < rows->columns; c += block)
        for (size_t t = 0; t < call->tokens; t += MOE_GROUP) {
            const size_t tokens = at_most(call->tokens - t, MOE_GROUP);
            loops->add(
                rows, c, at_most(rows->columns - c, block),
                call->token_tile + t * group_floats + first_row * tokens, tokens, ahead,
                call->result + t * call->result_stride + first_output + c, call->result_stride);
        }
}

static void linear_inputs(const moe_linear_call *call) {
    const moe_weight *weight = &call->weight;
    const matrix_loops *loops = loops_of(weight->type);
    const size_t end = call->first_output + call->outputs, groups = (call->tokens + MOE_GROUP - 1) / MOE_GROUP;
    const size_t row_bytes = bytes_of(weight->type, weight->columns), step_bytes = bytes_of(weight->type, MOE_LANES);
    // A multiple of sixteen, so that a tile of tokens can be entered there.
    const size_t round = MOE_INPUTS_BYTES / MOE_INPUTS_STRIP / (loops ? loops->width : sizeof(float));
    for (size_t t = 0; t < call->tokens; t++)
        memset(call->result + t * call->result_stride + call->first_output, 0, call->outputs * sizeof(float));
    for (size_t c = call->first_output; c < end; c += MOE_INPUTS_STRIP)
        for (size_t k = 0; k < weight->rows; k += round) {
            const uint8_t *elements = (const uint8_t *)weight->elements + k * row_bytes + bytes_of(weight->type, c);
            stored_matrix rows = {
                .elements = elements, .rows = at_most(weight->rows - k, round),
                .columns = at_most(end - c, MOE_INPUTS_STRIP), .stride = weight->columns,
            };
            const size_t strip_bytes = bytes_of(weight->type, rows.columns);
            fetch_ahead ahead =
                loops && call->tokens == 1
                    ? streaming(elements, weight->rows - k, strip_bytes, row_bytes, step_bytes, MOE_STREAM_ROWS)
                    : fetching(
                          elements + rows.rows * row_bytes, at_most(weight->rows - k - rows.rows, round), strip_bytes,
                          row_bytes, MOE_COLUMNS * step_bytes, groups);
            if (!loops) {
                float *expanded = call->workspace;
                for (size_t r = 0; r < rows.rows; r++)
                    weight_expand(weight, k + r, c, rows.columns, expanded + r * MOE_INPUTS_STRIP);
                rows.elements = (const uint8_t *)expanded, rows.stride = MOE_INPUTS_STRIP;
            }
            inputs_of_rows(call, loops ? loops : &loops_f32, &rows, k, c, &ahead);
        }
}
