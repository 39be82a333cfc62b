// Elements of 8 and 4 bits as f32; included once per element type by expand.h, with
//   TYPE             the suffix of its load32 in elements.h
//   CODES_PER_BYTE   how many elements a byte holds

#define OF_TYPE(name) MOE_JOIN(MOE_JOIN(name, _), TYPE)

/// Every thirty-two columns have their own scale.
MOE_INLINE void OF_TYPE(expand)(const uint8_t *from, size_t count, const float *scales, float *to) {
    const size_t whole = count / 32 * 32, rest = count - whole;
    for (size_t c = 0; c < whole; c += 32) {
        const f32x32 v = OF_TYPE(load32)(from + c / CODES_PER_BYTE);
        const f32x16 scale = splat16(scales[c / 32]);
        store16(to + c, v.low * scale);
        store16(to + c + MOE_LANES, v.high * scale);
    }
    if (rest == 0) return;
    uint8_t codes[32 / CODES_PER_BYTE] = {0};
    memcpy(codes, from + whole / CODES_PER_BYTE, (rest + CODES_PER_BYTE - 1) / CODES_PER_BYTE);
    const f32x32 v = OF_TYPE(load32)(codes);
    const f32x16 scale = splat16(scales[whole / 32]);
    float values[32];
    store16(values, v.low * scale);
    store16(values + MOE_LANES, v.high * scale);
    memcpy(to + whole, values, rest * sizeof(float));
}

#undef OF_TYPE
