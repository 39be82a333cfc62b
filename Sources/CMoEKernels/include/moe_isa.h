#ifndef MOE_ISA_H
#define MOE_ISA_H

#include <stdbool.h>

/// An instruction set that the kernels are compiled for, lowest first. The baseline is SSE2 on x86-64 and NEON on arm64.
typedef enum moe_isa {
    MOE_ISA_BASELINE = 0,
    MOE_ISA_AVX2 = 1,
    MOE_ISA_AVX512 = 2,
} moe_isa;

/// The level in use: the highest this processor offers, unless `moe_isa_force` or the environment variable `MOE_ISA`
/// (`baseline`, `avx2` or `avx512`; read once) asked for a lower one.
moe_isa moe_isa_level(void);

/// The name of the level in use: "avx512", "avx2", and for the baseline "neon", "sse2" or "baseline".
const char *moe_isa_name(void);

/// Whether this processor can run a level.
bool moe_isa_possible(moe_isa level);

/// Uses `level` on the calling thread from now on and returns true, or returns false and changes nothing when it is not
/// possible here. Other threads are not affected: levels may round differently, and what they compute must not change midway.
bool moe_isa_force(moe_isa level);

/// The value of `MOE_ISA` when it named no level possible here and was ignored, otherwise NULL.
const char *moe_isa_ignored_request(void);

#endif
