// The clone for x86-64 with AVX-512 F, BW, DQ and VL (x86-64-v4).

#include "kernels.h"

#if MOE_X86

#include <string.h>

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define MOE_VECTOR_BYTES 64
#define MOE_FUSED 1
#define MOE_HALF 1
#define MOE_CODED_ROWS 4
#define MOE_COLUMNS 6
#define MOE_ROWS_FOR_1 8
#define MOE_ROWS_FOR_2 8
#define MOE_ROWS_FOR_3 6
#define MOE_ROWS_FOR_4 6
#include "loops/level.h"

#pragma clang attribute pop

const moe_kernel_table moe_kernels_avx512 = {
    .level = MOE_ISA_AVX512,
    .planes_split = planes_split,
    .planes_merge = planes_merge,
    .linear = linear,
    .weight_expand = weight_expand,
    .activate = activate,
    .gate = gate_rows,
    .add_bias = add_bias,
    .add_weighted = add_weighted,
    .multiply = multiply,
};

#endif
