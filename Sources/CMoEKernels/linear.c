// The checks before the matrix loops, and the order of a tile of tokens.

#include "kernels.h"

#include <string.h>

enum { LANES = 16, GROUP = 4, CACHE_LINE = 64 };

static bool is_well_formed(const moe_weight *weight) {
    if ((unsigned)weight->type > MOE_WEIGHT_F4_E2M1 || (unsigned)weight->scale_type > MOE_SCALE_E8M0) return false;
    if (weight->type == MOE_WEIGHT_F4_E2M1 && weight->columns % 2 != 0) return false;
    if (weight->scale_type == MOE_SCALE_NONE) return true;
    return weight->type >= MOE_WEIGHT_F8_E4M3 && weight->block_rows > 0 && weight->block_columns > 0;
}

size_t moe_linear_workspace(const moe_weight *weight, bool rows_are_inputs) {
    switch (weight->type) {
    case MOE_WEIGHT_F32:
    case MOE_WEIGHT_BF16:
    case MOE_WEIGHT_F16: return 0;
    default: break;
    }
    const size_t row = moe_token_tile_count(1, weight->columns);
    const size_t floats = rows_are_inputs ? MOE_INPUTS_BYTES / sizeof(float) : MOE_OUTPUTS_ROUND * row;
    return floats * sizeof(float) + CACHE_LINE;
}

bool moe_linear(const moe_linear_call *call) {
    if (!is_well_formed(&call->weight)) return false;
    if (!call->workspace && moe_linear_workspace(&call->weight, call->rows_are_inputs) > 0) return false;
    const size_t outputs = call->rows_are_inputs ? call->weight.columns : call->weight.rows;
    if (call->first_output > outputs || call->outputs > outputs - call->first_output) return false;
    if (call->rows_are_inputs && call->first_output % 32 != 0) return false;
    moe_linear_call aligned = *call;
    aligned.workspace = (void *)(((uintptr_t)call->workspace + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
    moe_kernels()->linear(&aligned);
    return true;
}

int moe_linear_body(void *call) { return moe_linear(call); }

bool moe_weight_expand(const moe_weight *weight, size_t row, size_t first, size_t count, float *destination) {
    if (!is_well_formed(weight) || row >= weight->rows) return false;
    if (first > weight->columns || count > weight->columns - first) return false;
    if (weight->type >= MOE_WEIGHT_F8_E4M3 && first % 32 != 0) return false;
    moe_kernels()->weight_expand(weight, row, first, count, destination);
    return true;
}

size_t moe_token_tile_count(size_t tokens, size_t width) { return tokens * ((width + LANES - 1) / LANES * LANES); }

// Groups of up to four tokens; in a group the first sixteen values of each token, then the next sixteen …, the last
// filled up with zeros. One token alone is thus just its values.
void moe_token_tile_pack(
    const float *hidden, size_t stride, const uint32_t *rows, size_t tokens, size_t width, float *tile) {
    const size_t padded = moe_token_tile_count(1, width);
    for (size_t group = 0; group < tokens; group += GROUP) {
        const size_t members = tokens - group < GROUP ? tokens - group : GROUP;
        for (size_t t = 0; t < members; t++) {
            const float *token = hidden + (rows ? rows[group + t] : group + t) * stride;
            float *to = tile + group * padded + t * LANES;
            size_t k = 0;
            for (; k + LANES <= width; k += LANES, to += members * LANES) memcpy(to, token + k, LANES * sizeof(float));
            if (k < width) {
                memset(to, 0, LANES * sizeof(float));
                memcpy(to, token + k, (width - k) * sizeof(float));
            }
        }
    }
}
