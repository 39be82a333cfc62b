// Elements of 16 bits and more as f32; included once per element type by expand.h, with
//   TYPE         the suffix of its load16 in elements.h
//   WIDTH        the bytes of an element

#define OF_TYPE(name) MOE_JOIN(MOE_JOIN(name, _), TYPE)

/// The first `count` < 16 elements, then zeros.
MOE_INLINE f32x16 OF_TYPE(load_rest)(const uint8_t *from, size_t count) {
    uint8_t padded[WIDTH * MOE_LANES] = {0};
    memcpy(padded, from, WIDTH * count);
    return OF_TYPE(load16)(padded);
}

static void OF_TYPE(expand)(const uint8_t *from, size_t count, float *to) {
    const size_t whole = count / MOE_LANES * MOE_LANES;
    for (size_t c = 0; c < whole; c += MOE_LANES) store16(to + c, OF_TYPE(load16)(from + WIDTH * c));
    if (whole < count) store_some(to + whole, OF_TYPE(load_rest)(from + WIDTH * whole, count - whole), count - whole);
}

#undef OF_TYPE
