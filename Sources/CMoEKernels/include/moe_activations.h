#ifndef MOE_ACTIVATIONS_H
#define MOE_ACTIVATIONS_H

#include <stdbool.h>
#include <stddef.h>

// Functions of f32 values, one by one: a value's result depends on nothing but the value. Results
// are the same bits on AVX-512, AVX2 and NEON. Destinations may be the sources; other overlap is not allowed.

/// A function of one value. SiLU and sigmoid are within 3 ulp, both GELU within 1.3e-7 · max(1, |x|).
typedef enum moe_activation {
    MOE_ACTIVATION_IDENTITY = 0,
    /// x / (1 + e^−x)
    MOE_ACTIVATION_SILU = 1,
    /// x / 2 · (1 + erf(x / √2))
    MOE_ACTIVATION_GELU = 2,
    /// x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
    MOE_ACTIVATION_GELU_TANH = 3,
    /// max(x, 0), NaN for NaN
    MOE_ACTIVATION_RELU = 4,
    /// max(x, 0)²
    MOE_ACTIVATION_RELU_SQUARED = 5,
    /// 1 / (1 + e^−x)
    MOE_ACTIVATION_SIGMOID = 6,
} moe_activation;

/// Applies a function to `count` values. False, and nothing done, for an unknown function.
bool moe_activate(moe_activation activation, const float *values, size_t count, float *destination);

/// The gated half of an expert: from gate and up projections to the input of the down projection.
///
///   g = min(gate, gate_limit)
///   u = max(min(up, up_limit), −up_limit)
///   a = min(activation(g), activated_limit), where SiLU is g / (1 + e^(−alpha · g))
///   result = a · (u + up_offset)
///
/// Plain SwiGLU has alpha 1, offset 0 and all limits infinite.
typedef struct moe_gate_function {
    moe_activation activation;
    /// Of SiLU only.
    float alpha;
    float gate_limit;
    float up_limit;
    float activated_limit;
    float up_offset;
} moe_gate_function;

typedef struct moe_gate_call {
    moe_gate_function function;
    /// The first token's values; `up` is `gate` + `width` for fused halves, `gate` + 1 if interleaved.
    const float *gate;
    const float *up;
    /// From one value of a token to the next: 2 if interleaved, one of the pointers then being next to the other; or 1.
    size_t step;
    /// From one token to the next, in floats.
    size_t stride;
    size_t tokens;
    size_t width;
    float *result;
    size_t result_stride;
} moe_gate_call;

/// Computes a gated product. `result` may be where the gate's values are, or with step 2 the pairs.
///
/// False, and nothing done, for an unknown function or another step.
bool moe_gate(const moe_gate_call *call);

/// Adds a bias of `width` values to each of `tokens` rows, `stride` floats apart.
void moe_add_bias(float *values, size_t stride, size_t tokens, const float *bias, size_t width);

/// sum[i] += weight · values[i], the product rounded before it is added.
void moe_add_weighted(float *sum, const float *values, float weight, size_t count);

/// values[i] *= factor.
void moe_multiply(float *values, float factor, size_t count);

#endif
