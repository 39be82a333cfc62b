// The clone that every processor of the architecture runs: SSE2 on x86-64, NEON on arm64.

#include "kernels.h"

#include <string.h>

#define MOE_VECTOR_BYTES 16
// Half of the registers of AVX-512 and NEON are missing on SSE2, and the fused multiply-add.
#if MOE_X86
#define MOE_FUSED 0
#define MOE_HALF 0
#define MOE_CODED_ROWS 2
#define MOE_COLUMNS 1
#define MOE_ROWS_FOR_1 2
#define MOE_ROWS_FOR_2 1
#define MOE_ROWS_FOR_3 1
#define MOE_ROWS_FOR_4 1
#else
#define MOE_FUSED 1
#define MOE_HALF 1
#define MOE_CODED_ROWS 2
#define MOE_COLUMNS 1
#define MOE_ROWS_FOR_1 4
#define MOE_ROWS_FOR_2 2
#define MOE_ROWS_FOR_3 2
#define MOE_ROWS_FOR_4 1
#endif
#include "loops/level.h"

const moe_kernel_table moe_kernels_baseline = {
    .level = MOE_ISA_BASELINE,
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
