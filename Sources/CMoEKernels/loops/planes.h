// Byte planes, one clone per level: MOE_VECTOR_BYTES is its vector width.
//
// Cutting elements of 2ⁿ bytes into planes is n rounds of "even bytes, odd bytes" over 2ⁿ vectors; merging is the same
// rounds of zipping, backwards. Everything is exact, so clones and tails agree bit for bit.

typedef uint8_t bytes_v __attribute__((vector_size(MOE_VECTOR_BYTES)));

// The numbers f(0), f(1) … one per byte of a vector, as shuffle indices.
#define MOE_INDEX_16(f, i) \
    f(i), f(i + 1), f(i + 2), f(i + 3), f(i + 4), f(i + 5), f(i + 6), f(i + 7), f(i + 8), f(i + 9), f(i + 10), \
        f(i + 11), f(i + 12), f(i + 13), f(i + 14), f(i + 15)
#define MOE_INDEX_32(f, i) MOE_INDEX_16(f, i), MOE_INDEX_16(f, i + 16)
#define MOE_INDEX_64(f, i) MOE_INDEX_32(f, i), MOE_INDEX_32(f, i + 32)
#if MOE_VECTOR_BYTES == 64
#define MOE_INDICES(f) MOE_INDEX_64(f, 0)
#elif MOE_VECTOR_BYTES == 32
#define MOE_INDICES(f) MOE_INDEX_32(f, 0)
#else
#define MOE_INDICES(f) MOE_INDEX_16(f, 0)
#endif
#define MOE_EVEN(i) (2 * (i))
#define MOE_ODD(i) (2 * (i) + 1)
#define MOE_ZIP_LOW(i) ((i) / 2 + ((i) % 2) * MOE_VECTOR_BYTES)
#define MOE_ZIP_HIGH(i) (MOE_VECTOR_BYTES / 2 + MOE_ZIP_LOW(i))

MOE_INLINE bytes_v even_bytes(bytes_v a, bytes_v b) { return __builtin_shufflevector(a, b, MOE_INDICES(MOE_EVEN)); }
MOE_INLINE bytes_v odd_bytes(bytes_v a, bytes_v b) { return __builtin_shufflevector(a, b, MOE_INDICES(MOE_ODD)); }
MOE_INLINE bytes_v zip_low(bytes_v a, bytes_v b) { return __builtin_shufflevector(a, b, MOE_INDICES(MOE_ZIP_LOW)); }
MOE_INLINE bytes_v zip_high(bytes_v a, bytes_v b) { return __builtin_shufflevector(a, b, MOE_INDICES(MOE_ZIP_HIGH)); }

MOE_INLINE bytes_v load_bytes(const uint8_t *from) {
    bytes_v v;
    memcpy(&v, from, sizeof v);
    return v;
}

MOE_INLINE void store_bytes(uint8_t *to, bytes_v v) { memcpy(to, &v, sizeof v); }

MOE_INLINE void unzip_1(bytes_v v[1]) { (void)v; }
MOE_INLINE void zip_1(bytes_v v[1]) { (void)v; }

MOE_INLINE void unzip_2(bytes_v v[2]) {
    bytes_v low = even_bytes(v[0], v[1]), high = odd_bytes(v[0], v[1]);
    v[0] = low, v[1] = high;
}

MOE_INLINE void zip_2(bytes_v v[2]) {
    bytes_v first = zip_low(v[0], v[1]), second = zip_high(v[0], v[1]);
    v[0] = first, v[1] = second;
}

MOE_INLINE void unzip_4(bytes_v v[4]) {
    bytes_v even[2] = {even_bytes(v[0], v[1]), even_bytes(v[2], v[3])};
    bytes_v odd[2] = {odd_bytes(v[0], v[1]), odd_bytes(v[2], v[3])};
    unzip_2(even), unzip_2(odd);
    v[0] = even[0], v[1] = odd[0], v[2] = even[1], v[3] = odd[1];
}

MOE_INLINE void zip_4(bytes_v v[4]) {
    bytes_v even[2] = {v[0], v[2]}, odd[2] = {v[1], v[3]};
    zip_2(even), zip_2(odd);
    for (int j = 0; j < 2; j++) v[2 * j] = zip_low(even[j], odd[j]), v[2 * j + 1] = zip_high(even[j], odd[j]);
}

MOE_INLINE void unzip_8(bytes_v v[8]) {
    bytes_v even[4], odd[4];
    for (int j = 0; j < 4; j++) even[j] = even_bytes(v[2 * j], v[2 * j + 1]), odd[j] = odd_bytes(v[2 * j], v[2 * j + 1]);
    unzip_4(even), unzip_4(odd);
    for (int j = 0; j < 4; j++) v[2 * j] = even[j], v[2 * j + 1] = odd[j];
}

MOE_INLINE void zip_8(bytes_v v[8]) {
    bytes_v even[4] = {v[0], v[2], v[4], v[6]}, odd[4] = {v[1], v[3], v[5], v[7]};
    zip_4(even), zip_4(odd);
    for (int j = 0; j < 4; j++) v[2 * j] = zip_low(even[j], odd[j]), v[2 * j + 1] = zip_high(even[j], odd[j]);
}

#define WIDTH 1
#include "planes_width.h"
#undef WIDTH
#define WIDTH 2
#include "planes_width.h"
#undef WIDTH
#define WIDTH 4
#include "planes_width.h"
#undef WIDTH
#define WIDTH 8
#include "planes_width.h"
#undef WIDTH

static void planes_split(
    const uint8_t *source, size_t elements, unsigned width, unsigned rotate_bits, uint8_t *const planes[]) {
    switch (width) {
    case 1: split_1(source, elements, rotate_bits, planes); break;
    case 2: split_2(source, elements, rotate_bits, planes); break;
    case 4: split_4(source, elements, rotate_bits, planes); break;
    default: split_8(source, elements, rotate_bits, planes); break;
    }
}

static void planes_merge(
    const moe_plane_cursor planes[], size_t elements, unsigned width, unsigned rotate_bits, uint8_t *destination) {
    switch (width) {
    case 1: merge_1(planes, elements, rotate_bits, destination); break;
    case 2: merge_2(planes, elements, rotate_bits, destination); break;
    case 4: merge_4(planes, elements, rotate_bits, destination); break;
    default: merge_8(planes, elements, rotate_bits, destination); break;
    }
}
