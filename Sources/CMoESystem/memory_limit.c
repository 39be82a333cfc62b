#define _GNU_SOURCE
#include "moe_system.h"

#include <sys/resource.h>
#include <unistd.h>

uint64_t moe_machine_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : (uint64_t)1 << 32;
}

uint64_t moe_address_space_limit(void) {
    struct rlimit space;
    return getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY ? space.rlim_cur : UINT64_MAX;
}
