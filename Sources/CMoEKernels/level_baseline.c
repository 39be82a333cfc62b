// The clone that every processor of the architecture runs: SSE2 on x86-64, NEON on arm64.

#include "kernels.h"

#define MOE_VECTOR_BYTES 16
#include "loops/planes.h"

const moe_kernel_table moe_kernels_baseline = {
    .level = MOE_ISA_BASELINE,
    .planes_split = planes_split,
    .planes_merge = planes_merge,
};
