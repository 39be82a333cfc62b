// Sixteen floats: the unit of every sum and function, whatever the width of the registers.

// Products and sums are fused where the code says so and nowhere else, or the bits would depend on the optimiser.
#pragma STDC FP_CONTRACT OFF

#define MOE_LANES 16

typedef float f32x16 __attribute__((vector_size(64)));
typedef double f64x16 __attribute__((vector_size(128)));
typedef _Float16 f16x16 __attribute__((vector_size(32)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x32 __attribute__((vector_size(64)));
typedef uint8_t u8x32 __attribute__((vector_size(32)));

MOE_INLINE f32x16 splat16(float x) { return x - (f32x16){0}; }

MOE_INLINE f32x16 load16(const float *from) {
    f32x16 v;
    memcpy(&v, from, sizeof v);
    return v;
}

MOE_INLINE void store16(float *to, f32x16 v) { memcpy(to, &v, sizeof v); }

/// The first `count` ≤ 16 floats, then zeros.
MOE_INLINE f32x16 load_some(const float *from, size_t count) {
    f32x16 v = {0};
    memcpy(&v, from, count * sizeof(float));
    return v;
}

MOE_INLINE void store_some(float *to, f32x16 v, size_t count) { memcpy(to, &v, count * sizeof(float)); }

/// The first `count` lanes, then zeros.
MOE_INLINE f32x16 first_lanes(f32x16 v, size_t count) {
    const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return (f32x16)((i32x16)v & (lane < (int32_t)(count < MOE_LANES ? count : MOE_LANES)));
}

MOE_INLINE i32x16 is_infinite(f32x16 v) { return ((i32x16)v & INT32_MAX) == 0x7f800000; }

/// Whether any lane is not zero.
MOE_INLINE bool has_any(i32x16 mask) {
    int32_t any = 0;
    for (unsigned i = 0; i < MOE_LANES; i++) any |= mask[i];
    return any != 0;
}

// a · b + c, rounded once where the level can.
#if MOE_FUSED
MOE_INLINE f32x16 multiply_add(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }
#else
MOE_INLINE f32x16 multiply_add(f32x16 a, f32x16 b, f32x16 c) { return a * b + c; }
#endif

typedef struct sums4 {
    float of[4];
} sums4;

/// The four sums over sixteen lanes, each by the one tree: lane i + lane i+8, then +4, +2, +1. Four at once because
/// the first two rounds then need no more additions than one.
MOE_INLINE sums4 sum_lanes(f32x16 a, f32x16 b, f32x16 c, f32x16 d) {
#define MOE_LOW_HALVES 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define MOE_HIGH_HALVES 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
    f32x16 ab = __builtin_shufflevector(a, b, MOE_LOW_HALVES) + __builtin_shufflevector(a, b, MOE_HIGH_HALVES);
    f32x16 cd = __builtin_shufflevector(c, d, MOE_LOW_HALVES) + __builtin_shufflevector(c, d, MOE_HIGH_HALVES);
    f32x16 s = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
        + __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    s = s + __builtin_shufflevector(s, s, 2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15);
    s = s + __builtin_shufflevector(s, s, 1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13, 13, 13, 13);
    return (sums4){{s[0], s[4], s[8], s[12]}};
#undef MOE_LOW_HALVES
#undef MOE_HIGH_HALVES
}

/// The sums of the lanes of `R` ≤ 8 vectors, as consecutive floats.
MOE_INLINE void store_sums(const f32x16 *vectors, const unsigned R, float *to) {
    for (unsigned r = 0; r < R; r += 4) {
        const unsigned n = R - r < 4 ? R - r : 4;
        const f32x16 *v = vectors + r;
        const sums4 sums = sum_lanes(v[0], v[n > 1 ? 1 : 0], v[n > 2 ? 2 : 0], v[n > 3 ? 3 : 0]);
        memcpy(to + r, sums.of, n * sizeof(float));
    }
}
