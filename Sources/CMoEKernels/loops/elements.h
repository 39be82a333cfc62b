// Sixteen stored elements as f32. `from` is the first one's byte; the results are exact except for F64, which rounds.

MOE_INLINE f32x16 load16_f32(const uint8_t *from) {
    f32x16 v;
    memcpy(&v, from, sizeof v);
    return v;
}

MOE_INLINE f32x16 load16_bf16(const uint8_t *from) {
    u16x16 v;
    memcpy(&v, from, sizeof v);
    return (f32x16)(__builtin_convertvector(v, u32x16) << 16);
}

MOE_INLINE f32x16 load16_f64(const uint8_t *from) {
    f64x16 v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, f32x16);
}

/// IEEE half precision from its bits.
MOE_INLINE f32x16 halves(u16x16 bits) {
#if MOE_HALF
    return __builtin_convertvector((f16x16)bits, f32x16);
#else
    // Shifted into the f32 fields the exponent is 112 too small, which the product mends for subnormals too; what is
    // then 65536 or more was an infinity or NaN.
    u32x16 wide = __builtin_convertvector(bits, u32x16);
    f32x16 magnitude = (f32x16)((wide & 0x7fff) << 13) * 0x1p112f;
    u32x16 special = (u32x16)(magnitude >= 65536.0f) & 0x7f800000;
    return (f32x16)((u32x16)magnitude | special | (wide & 0x8000) << 16);
#endif
}

MOE_INLINE f32x16 load16_f16(const uint8_t *from) {
    u16x16 v;
    memcpy(&v, from, sizeof v);
    return halves(v);
}

// The narrower floats are put into the fields of a half: the fraction at its top, the exponent at its bottom. The value
// is then too small by a power of two, subnormals included, which code_factor() gives and the scale takes in. Thirty-two
// at a time, because the fields are only 16 bits wide.

typedef struct f32x32 {
    f32x16 low;
    f32x16 high;
} f32x32;

MOE_INLINE f32x32 halves32(u16x32 bits) {
    return (f32x32){
        halves(__builtin_shufflevector(bits, bits, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)),
        halves(__builtin_shufflevector(bits, bits, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)),
    };
}

MOE_INLINE f32x32 load32_f8_e5m2(const uint8_t *from) {
    u8x32 v;
    memcpy(&v, from, sizeof v);
    return halves32(__builtin_convertvector(v, u16x32) << 8);
}

MOE_INLINE f32x32 load32_f8_e4m3(const uint8_t *from) {
    u8x32 v;
    memcpy(&v, from, sizeof v);
    const u16x32 wide = __builtin_convertvector(v, u16x32);
    const u16x32 magnitude = wide & 0x7f;
    const u16x32 nan = (u16x32)(magnitude == 0x7f) & 0x7c00;
    return halves32((wide & 0x80) << 8 | magnitude << 7 | nan);
}

MOE_INLINE f32x32 load32_f4_e2m1(const uint8_t *from) {
    u8x16 pairs;
    memcpy(&pairs, from, sizeof pairs);
    const u16x16 wide = __builtin_convertvector(pairs, u16x16);
    const u16x32 code = __builtin_convertvector((u8x32)((wide & 0x0f) | (wide & 0xf0) << 4), u16x32);
    return halves32((code & 8) << 12 | (code & 7) << 9);
}

MOE_INLINE float code_factor(moe_weight_type type) {
    switch (type) {
    case MOE_WEIGHT_F8_E4M3: return 0x1p8f;
    case MOE_WEIGHT_F4_E2M1: return 0x1p14f;
    default: return 1;
    }
}

/// The bytes of `count` elements; even where two share a byte.
MOE_INLINE size_t bytes_of(moe_weight_type type, size_t count) {
    switch (type) {
    case MOE_WEIGHT_F64: return 8 * count;
    case MOE_WEIGHT_F32: return 4 * count;
    case MOE_WEIGHT_BF16:
    case MOE_WEIGHT_F16: return 2 * count;
    case MOE_WEIGHT_F4_E2M1: return count / 2;
    default: return count;
    }
}
