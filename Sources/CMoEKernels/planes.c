// The checks before the plane loops.

#include "kernels.h"

#include <string.h>

static bool in_bounds(unsigned width, unsigned rotate_bits) {
    return (width == 1 || width == 2 || width == 4 || width == 8) && rotate_bits < 8 * width;
}

bool moe_planes_split(
    const uint8_t *source, size_t elements, unsigned width, unsigned rotate_bits, uint8_t *const planes[]) {
    if (!in_bounds(width, rotate_bits)) return false;
    moe_kernels()->planes_split(source, elements, width, rotate_bits, planes);
    return true;
}

bool moe_planes_merge(
    const uint8_t *const planes[], size_t elements, unsigned width, unsigned rotate_bits, uint8_t *destination) {
    if (!in_bounds(width, rotate_bits)) return false;
    moe_plane_cursor cursors[8];
    for (unsigned p = 0; p < width; p++) cursors[p] = (moe_plane_cursor){planes[p], 1};
    moe_kernels()->planes_merge(cursors, elements, width, rotate_bits, destination);
    return true;
}

bool moe_planes_merge_mixed(
    const moe_plane planes[], size_t elements, unsigned width, unsigned rotate_bits, uint8_t *destination) {
    if (!in_bounds(width, rotate_bits)) return false;
    moe_plane_cursor cursors[8];
    uint8_t constants[8][MOE_WIDEST_VECTOR];
    for (unsigned p = 0; p < width; p++) {
        if (planes[p].bytes) {
            cursors[p] = (moe_plane_cursor){planes[p].bytes, 1};
        } else {
            memset(constants[p], planes[p].constant, MOE_WIDEST_VECTOR);
            cursors[p] = (moe_plane_cursor){constants[p], 0};
        }
    }
    moe_kernels()->planes_merge(cursors, elements, width, rotate_bits, destination);
    return true;
}

bool moe_plane_is_constant(const uint8_t *bytes, size_t count) {
    return count < 2 || memcmp(bytes, bytes + 1, count - 1) == 0;
}
