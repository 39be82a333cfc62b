// Both directions for elements of WIDTH bytes; included once per width by planes.h.

#define OF_WIDTH(name) MOE_JOIN(name##_, WIDTH)
#define element_t MOE_JOIN(MOE_JOIN(uint, ELEMENT_BITS), _t)
#if WIDTH == 1
#define ELEMENT_BITS 8
#elif WIDTH == 2
#define ELEMENT_BITS 16
#elif WIDTH == 4
#define ELEMENT_BITS 32
#else
#define ELEMENT_BITS 64
#endif

typedef element_t OF_WIDTH(elements_v) __attribute__((vector_size(MOE_VECTOR_BYTES)));

/// The rotation that undoes a rotation by `bits`, and the right shift that completes it.
MOE_INLINE unsigned OF_WIDTH(back)(unsigned bits) { return (ELEMENT_BITS - bits) % ELEMENT_BITS; }

MOE_INLINE element_t OF_WIDTH(rotated)(element_t x, unsigned bits) {
    return (element_t)(x << bits | x >> OF_WIDTH(back)(bits));
}

MOE_INLINE bytes_v OF_WIDTH(rotated_all)(bytes_v v, unsigned bits) {
    OF_WIDTH(elements_v) x = (OF_WIDTH(elements_v))v;
    return (bytes_v)(x << (element_t)bits | x >> (element_t)OF_WIDTH(back)(bits));
}

static void OF_WIDTH(split)(const uint8_t *source, size_t elements, unsigned bits, uint8_t *const planes[]) {
    size_t i = 0;
    for (; elements - i >= MOE_VECTOR_BYTES; i += MOE_VECTOR_BYTES) {
        bytes_v v[WIDTH];
        for (unsigned j = 0; j < WIDTH; j++)
            v[j] = OF_WIDTH(rotated_all)(load_bytes(source + i * WIDTH + j * MOE_VECTOR_BYTES), bits);
        OF_WIDTH(unzip)(v);
        for (unsigned p = 0; p < WIDTH; p++) store_bytes(planes[p] + i, v[p]);
    }
    for (; i < elements; i++) {
        element_t x;
        memcpy(&x, source + i * WIDTH, WIDTH);
        x = OF_WIDTH(rotated)(x, bits);
        for (unsigned p = 0; p < WIDTH; p++) planes[p][i] = (uint8_t)(x >> 8 * p);
    }
}

static void OF_WIDTH(merge)(
    const moe_plane_cursor planes[], size_t elements, unsigned bits, uint8_t *destination) {
    const unsigned back = OF_WIDTH(back)(bits);
    size_t i = 0;
    for (; elements - i >= MOE_VECTOR_BYTES; i += MOE_VECTOR_BYTES) {
        bytes_v v[WIDTH];
        for (unsigned p = 0; p < WIDTH; p++) v[p] = load_bytes(planes[p].bytes + i * planes[p].step);
        OF_WIDTH(zip)(v);
        for (unsigned j = 0; j < WIDTH; j++)
            store_bytes(destination + i * WIDTH + j * MOE_VECTOR_BYTES, OF_WIDTH(rotated_all)(v[j], back));
    }
    for (; i < elements; i++) {
        element_t x = 0;
        for (unsigned p = 0; p < WIDTH; p++) x |= (element_t)((element_t)planes[p].bytes[i * planes[p].step] << 8 * p);
        x = OF_WIDTH(rotated)(x, back);
        memcpy(destination + i * WIDTH, &x, WIDTH);
    }
}

#undef OF_WIDTH
#undef element_t
#undef ELEMENT_BITS
