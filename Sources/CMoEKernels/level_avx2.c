// The clone for x86-64 with AVX2, FMA and F16C (2013 on).

#include "kernels.h"

#if MOE_X86

#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define MOE_VECTOR_BYTES 32
#include "loops/planes.h"

#pragma clang attribute pop

const moe_kernel_table moe_kernels_avx2 = {
    .level = MOE_ISA_AVX2,
    .planes_split = planes_split,
    .planes_merge = planes_merge,
};

#endif
