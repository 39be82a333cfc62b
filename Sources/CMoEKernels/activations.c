// The checks before the activation loops.

#include "kernels.h"

static bool is_known(moe_activation activation) { return (unsigned)activation <= MOE_ACTIVATION_SIGMOID; }

bool moe_activate(moe_activation activation, const float *values, size_t count, float *destination) {
    if (!is_known(activation)) return false;
    moe_kernels()->activate(activation, values, count, destination);
    return true;
}

bool moe_gate(const moe_gate_call *call) {
    if (!is_known(call->function.activation)) return false;
    const bool is_interleaved = call->step == 2 && (call->up == call->gate + 1 || call->gate == call->up + 1);
    if (call->step != 1 && !is_interleaved) return false;
    moe_kernels()->gate(call);
    return true;
}

void moe_add_bias(float *values, size_t stride, size_t tokens, const float *bias, size_t width) {
    moe_kernels()->add_bias(values, stride, tokens, bias, width);
}

void moe_add_weighted(float *sum, const float *values, float weight, size_t count) {
    moe_kernels()->add_weighted(sum, values, weight, count);
}

void moe_multiply(float *values, float factor, size_t count) { moe_kernels()->multiply(values, factor, count); }
