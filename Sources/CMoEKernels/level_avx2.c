// The clone for x86-64 with AVX2, FMA and F16C (2013 on).

#include "kernels.h"

#if MOE_X86

#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define MOE_VECTOR_BYTES 32
#define MOE_FUSED 1
#define MOE_HALF 1
#define MOE_CODED_ROWS 2
#define MOE_COLUMNS 1
#define MOE_ROWS_FOR_1 4
#define MOE_ROWS_FOR_2 2
#define MOE_ROWS_FOR_3 2
#define MOE_ROWS_FOR_4 1
#include "loops/level.h"

#pragma clang attribute pop

const moe_kernel_table moe_kernels_avx2 = {
    .level = MOE_ISA_AVX2,
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
