// Exponential and error function of sixteen values. The coefficients are minimax fits to the relative error of the whole
// function (least squares, reweighted until the error is level).

MOE_INLINE f32x16 select16(i32x16 mask, f32x16 a, f32x16 b) {
    return (f32x16)(((i32x16)a & mask) | ((i32x16)b & ~mask));
}

// NaN stays NaN.
MOE_INLINE f32x16 at_most16(f32x16 x, float limit) { return select16(x > limit, splat16(limit), x); }
MOE_INLINE f32x16 at_least16(f32x16 x, float limit) { return select16(x < limit, splat16(limit), x); }

/// 2^n for −127 < n < 128.
MOE_INLINE f32x16 power_of_two16(i32x16 n) { return (f32x16)((n + 127) << 23); }

/// e^x = 2^n · e^r, where x = n · ln 2 + r and |r| ≤ ln 2 / 2.
MOE_INLINE f32x16 exp16(f32x16 x) {
    // Beyond these bounds the result is infinite or zero at them already.
    const f32x16 bounded = at_least16(at_most16(x, 89), -104);
    // Adding 1.5 · 2²³ leaves no room for a fraction.
    const f32x16 n = multiply_add(bounded, splat16(1.44269502f), splat16(0x1.8p23f)) - 0x1.8p23f;
    // ln 2 in two parts, of which the first times n is exact.
    f32x16 r = multiply_add(n, splat16(-0x1.62e4p-1f), bounded);
    r = multiply_add(n, splat16(-0x1.7f7d1cp-20f), r);
    // (e^r − 1 − r) / r²
    f32x16 p = splat16(1.3813161e-3f);
    p = multiply_add(p, r, splat16(8.36941e-3f));
    p = multiply_add(p, r, splat16(4.1668456e-2f));
    p = multiply_add(p, r, splat16(1.6666515e-1f));
    p = multiply_add(p, r, splat16(4.9999994e-1f));
    p = multiply_add(p, r * r, r) + 1;
    // In two steps, for 2¹²⁸ and for subnormal results.
    const i32x16 whole = __builtin_convertvector(n, i32x16), half = whole >> 1;
    return p * power_of_two16(half) * power_of_two16(whole - half);
}

/// The error function: below 1 a polynomial, above by the logarithm of 1 − erf.
MOE_INLINE f32x16 erf16(f32x16 x) {
    const i32x16 sign = (i32x16)x & INT32_MIN;
    const f32x16 magnitude = (f32x16)((i32x16)x ^ sign);
    const f32x16 square = magnitude * magnitude;
    // erf(x) / x − 1
    f32x16 p = splat16(7.853912e-5f);
    p = multiply_add(p, square, splat16(-8.01021e-4f));
    p = multiply_add(p, square, splat16(5.1883296e-3f));
    p = multiply_add(p, square, splat16(-2.6853813e-2f));
    p = multiply_add(p, square, splat16(1.12835854e-1f));
    p = multiply_add(p, square, splat16(-3.7612626e-1f));
    p = multiply_add(p, square, splat16(1.2837917e-1f));
    const f32x16 near_zero = multiply_add(p, magnitude, magnitude);
    // log(1 − erf(x)); from 4 on the result is 1.
    const f32x16 t = at_most16(magnitude, 4);
    f32x16 q = splat16(1.8760482e-4f);
    q = multiply_add(q, t, splat16(-2.9601145e-3f));
    q = multiply_add(q, t, splat16(2.1889644e-2f));
    q = multiply_add(q, t, splat16(-1.03218205e-1f));
    q = multiply_add(q, t, splat16(-6.3801223e-1f));
    q = multiply_add(q, t, splat16(-1.1271716f));
    q = multiply_add(q, t, splat16(-3.2057377e-4f));
    const f32x16 far = 1 - exp16(q);
    return (f32x16)((i32x16)select16(magnitude < 1, near_zero, far) | sign);
}
