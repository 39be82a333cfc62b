// Activations and gated products, sixteen values at a time. The last values are filled up to sixteen, so that a value's
// place makes no difference.

MOE_INLINE f32x16 silu16(f32x16 x, float alpha) { return x / (exp16(x * -alpha) + 1); }

MOE_INLINE f32x16 activated(moe_activation activation, float alpha, f32x16 x) {
    switch (activation) {
    case MOE_ACTIVATION_SILU: return silu16(x, alpha);
    case MOE_ACTIVATION_GELU: return x * 0.5f * (erf16(x * 0.707106781f) + 1);
    // (1 + tanh u) / 2 is the logistic function of 2u.
    case MOE_ACTIVATION_GELU_TANH: {
        const f32x16 u = multiply_add(x * x * 0.044715f, x, x) * 0.797884561f;
        return x / (exp16(u * -2) + 1);
    }
    case MOE_ACTIVATION_RELU: return at_least16(x, 0);
    case MOE_ACTIVATION_RELU_SQUARED: {
        const f32x16 positive = at_least16(x, 0);
        return positive * positive;
    }
    case MOE_ACTIVATION_SIGMOID: return 1 / (exp16(-x) + 1);
    case MOE_ACTIVATION_IDENTITY: break;
    }
    return x;
}

static void activate(moe_activation activation, const float *values, size_t count, float *destination) {
    size_t i = 0;
    for (; i + MOE_LANES <= count; i += MOE_LANES)
        store16(destination + i, activated(activation, 1, load16(values + i)));
    store_some(destination + i, activated(activation, 1, load_some(values + i, count - i)), count - i);
}

MOE_INLINE f32x16 gated(const moe_gate_function *function, f32x16 gate, f32x16 up) {
    f32x16 g = activated(function->activation, function->alpha, at_most16(gate, function->gate_limit));
    g = at_most16(g, function->activated_limit);
    const f32x16 u = at_least16(at_most16(up, function->up_limit), -function->up_limit);
    return g * (u + function->up_offset);
}

/// Sixteen pairs of which the first are the gate's, or with `up_first` the second.
MOE_INLINE f32x16 gated_pairs(const moe_gate_function *function, const float *pairs, bool up_first) {
    const f32x16 low = load16(pairs), high = load16(pairs + MOE_LANES);
    const f32x16 even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const f32x16 odd = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return up_first ? gated(function, odd, even) : gated(function, even, odd);
}

static void gate_halves(const moe_gate_call *call, const float *gate, const float *up, float *result) {
    const size_t width = call->width;
    size_t i = 0;
    for (; i + MOE_LANES <= width; i += MOE_LANES)
        store16(result + i, gated(&call->function, load16(gate + i), load16(up + i)));
    const f32x16 rest = gated(&call->function, load_some(gate + i, width - i), load_some(up + i, width - i));
    store_some(result + i, rest, width - i);
}

static void gate_pairs(const moe_gate_call *call, const float *gate, const float *up, float *result) {
    const float *pairs = gate < up ? gate : up;
    const size_t width = call->width;
    size_t i = 0;
    for (; i + MOE_LANES <= width; i += MOE_LANES)
        store16(result + i, gated_pairs(&call->function, pairs + 2 * i, up < gate));
    float padded[2 * MOE_LANES] = {0};
    memcpy(padded, pairs + 2 * i, 2 * (width - i) * sizeof(float));
    store_some(result + i, gated_pairs(&call->function, padded, up < gate), width - i);
}

static void gate_rows(const moe_gate_call *call) {
    for (size_t t = 0; t < call->tokens; t++) {
        const float *gate = call->gate + t * call->stride, *up = call->up + t * call->stride;
        float *result = call->result + t * call->result_stride;
        if (call->step == 1) gate_halves(call, gate, up, result);
        else gate_pairs(call, gate, up, result);
    }
}

// Nothing to reorder in these: each is the same whether the compiler vectorises it or not.

static void add_bias(float *values, size_t stride, size_t tokens, const float *bias, size_t width) {
    for (size_t t = 0; t < tokens; t++, values += stride)
        for (size_t i = 0; i < width; i++) values[i] += bias[i];
}

static void add_weighted(float *sum, const float *values, float weight, size_t count) {
    for (size_t i = 0; i < count; i++) sum[i] = sum[i] + weight * values[i];
}

static void multiply(float *values, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}
