#ifndef MOE_KERNEL_TABLE_H
#define MOE_KERNEL_TABLE_H

// What the clones of the kernels have in common. Not seen outside this target.

#include "moe_kernels.h"

#if defined(__x86_64__)
#define MOE_X86 1
#else
#define MOE_X86 0
#endif

/// A plane as the merge loop walks it: `step` is 1, or 0 for a constant plane, whose `bytes` are then one vector long.
typedef struct moe_plane_cursor {
    const uint8_t *bytes;
    size_t step;
} moe_plane_cursor;

/// The bytes of the widest vector of any level: a constant plane's buffer is this long.
#define MOE_WIDEST_VECTOR 64

// How much of a matrix is under way at once; what is expanded to f32 goes into the workspace.
enum {
    /// Rows that are outputs: what the register blocks of all levels divide.
    MOE_OUTPUTS_ROUND = 12,
    /// Columns, and bytes in all, of rows that are inputs: as much as the second cache holds with the next round.
    MOE_INPUTS_STRIP = 2048,
    MOE_INPUTS_BYTES = 256 * 1024,
};

/// One clone of every kernel. Arguments have been checked.
typedef struct moe_kernel_table {
    moe_isa level;
    void (*planes_split)(
        const uint8_t *source, size_t elements, unsigned width, unsigned rotate_bits, uint8_t *const planes[]);
    void (*planes_merge)(
        const moe_plane_cursor planes[], size_t elements, unsigned width, unsigned rotate_bits, uint8_t *destination);
    void (*linear)(const moe_linear_call *call);
    void (*weight_expand)(const moe_weight *weight, size_t row, size_t first, size_t count, float *destination);
    void (*activate)(moe_activation activation, const float *values, size_t count, float *destination);
    void (*gate)(const moe_gate_call *call);
    void (*add_bias)(float *values, size_t stride, size_t tokens, const float *bias, size_t width);
    void (*add_weighted)(float *sum, const float *values, float weight, size_t count);
    void (*multiply)(float *values, float factor, size_t count);
} moe_kernel_table;

extern const moe_kernel_table moe_kernels_baseline;
#if MOE_X86
extern const moe_kernel_table moe_kernels_avx2;
extern const moe_kernel_table moe_kernels_avx512;
#endif

/// The clone in use. Never NULL.
const moe_kernel_table *moe_kernels(void);

#endif
