#ifndef MOE_CXXHASH_SHIM_H
#define MOE_CXXHASH_SHIM_H

// Makes the streaming state a complete type, so that its owner can allocate it with the alignment it wants. Swift does not
// import types aligned to 64 bytes, hence the functions over `void *`.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

/// Bytes of a streaming state; its memory must be aligned to 64.
static inline size_t moe_xxh3_state_size(void) { return sizeof(XXH3_state_t); }

/// Begins a 128-bit hash with seed 0 in freshly allocated memory.
static inline void moe_xxh3_begin(void *state) {
    XXH3_INITSTATE((XXH3_state_t *)state);
    XXH3_128bits_reset((XXH3_state_t *)state);
}

static inline void moe_xxh3_update(void *state, const void *bytes, size_t count) {
    XXH3_128bits_update((XXH3_state_t *)state, bytes, count);
}

static inline XXH128_hash_t moe_xxh3_digest(const void *state) {
    return XXH3_128bits_digest((const XXH3_state_t *)state);
}

#endif
