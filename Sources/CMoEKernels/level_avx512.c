// The clone for x86-64 with AVX-512 F, BW, DQ and VL (x86-64-v4).

#include "kernels.h"

#if MOE_X86

#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define MOE_VECTOR_BYTES 64
#include "loops/planes.h"

#pragma clang attribute pop

const moe_kernel_table moe_kernels_avx512 = {
    .level = MOE_ISA_AVX512,
    .planes_split = planes_split,
    .planes_merge = planes_merge,
};

#endif
