#ifndef MOE_PLANES_H
#define MOE_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Byte planes. An element is a little-endian unsigned integer of `width` bytes; rotated left by `rotate_bits`, its byte
// p (0 = least significant) is element i of plane p. Rotating bf16 and f32 by one makes the exponent a plane of its own.
//
// Widths 1, 2, 4 and 8, rotations below 8 · width. No pointer needs any alignment; source and destination must not
// overlap. Each function returns false, and touches nothing, for a width or rotation outside these bounds.

/// A plane to merge: `elements` bytes, or one constant byte when `bytes` is NULL.
typedef struct moe_plane {
    const uint8_t *bytes;
    uint8_t constant;
} moe_plane;

/// Cuts `elements` · `width` bytes of `source` into `width` planes of `elements` bytes each.
bool moe_planes_split(
    const uint8_t *source, size_t elements, unsigned width, unsigned rotate_bits, uint8_t *const planes[]);

/// The inverse of `moe_planes_split`: writes `elements` · `width` bytes.
bool moe_planes_merge(
    const uint8_t *const planes[], size_t elements, unsigned width, unsigned rotate_bits, uint8_t *destination);

/// `moe_planes_merge` for planes of which some are one constant byte that is nowhere in memory.
bool moe_planes_merge_mixed(
    const moe_plane planes[], size_t elements, unsigned width, unsigned rotate_bits, uint8_t *destination);

/// Whether all `count` bytes are equal; true for none.
bool moe_plane_is_constant(const uint8_t *bytes, size_t count);

#endif
