// The only file that knows which instruction sets exist and which one is in use.

#include "kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(const moe_kernel_table *) in_use;
static _Atomic(const char *) ignored_request;
static _Thread_local const moe_kernel_table *forced;

static const moe_kernel_table *table_of(moe_isa level) {
    switch (level) {
    case MOE_ISA_BASELINE: return &moe_kernels_baseline;
#if MOE_X86
    // The builtin also asks whether the system saves the wider registers. Every processor with AVX2 has FMA and F16C,
    // but a virtual one may hide them.
    case MOE_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
            ? &moe_kernels_avx2 : NULL;
    case MOE_ISA_AVX512:
        return table_of(MOE_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
            ? &moe_kernels_avx512 : NULL;
#endif
    default: return NULL;
    }
}

static const moe_kernel_table *named(const char *name) {
    if (strcmp(name, "baseline") == 0) return table_of(MOE_ISA_BASELINE);
    if (strcmp(name, "avx2") == 0) return table_of(MOE_ISA_AVX2);
    if (strcmp(name, "avx512") == 0) return table_of(MOE_ISA_AVX512);
    return NULL;
}

/// What to use when nobody has chosen. Threads that get here together come to the same answer.
static const moe_kernel_table *choose(void) {
#if MOE_X86
    __builtin_cpu_init();
#endif
    const char *request = getenv("MOE_ISA");
    if (request && *request) {
        const moe_kernel_table *requested = named(request);
        if (requested) return requested;
        atomic_store(&ignored_request, request);
    }
    for (int level = MOE_ISA_AVX512; level > MOE_ISA_BASELINE; level--) {
        const moe_kernel_table *table = table_of((moe_isa)level);
        if (table) return table;
    }
    return &moe_kernels_baseline;
}

const moe_kernel_table *moe_kernels(void) {
    if (forced) return forced;
    const moe_kernel_table *table = atomic_load_explicit(&in_use, memory_order_acquire);
    if (table) return table;
    const moe_kernel_table *chosen = choose();
    atomic_store_explicit(&in_use, chosen, memory_order_release);
    return chosen;
}

moe_isa moe_isa_level(void) { return moe_kernels()->level; }

const char *moe_isa_name(void) {
    switch (moe_isa_level()) {
    case MOE_ISA_AVX512: return "avx512";
    case MOE_ISA_AVX2: return "avx2";
    default: break;
    }
#if defined(__aarch64__)
    return "neon";
#elif MOE_X86
    return "sse2";
#else
    return "baseline";
#endif
}

bool moe_isa_possible(moe_isa level) {
#if MOE_X86
    __builtin_cpu_init();
#endif
    return table_of(level) != NULL;
}

bool moe_isa_force(moe_isa level) {
    if (!moe_isa_possible(level)) return false;
    forced = table_of(level);
    return true;
}

const char *moe_isa_ignored_request(void) {
    moe_kernels();
    return atomic_load(&ignored_request);
}
