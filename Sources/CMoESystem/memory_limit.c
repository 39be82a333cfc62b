#define _GNU_SOURCE
#include "moe_system.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__linux__)
// Reads a number from a one-line file; false for "max", which is how version 2 writes no limit.
static bool read_number(const char *path, uint64_t *value) {
    FILE *file = fopen(path, "re");
    if (!file) return false;
    unsigned long long number;
    bool is_number = fscanf(file, "%llu", &number) == 1;
    fclose(file);
    if (is_number) *value = number;
    return is_number;
}

// The least limit of a group and all above it.
static uint64_t least_limit(const char *root, const char *group, const char *name, uint64_t limit) {
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", group);
    while (true) {
        char path[8192];
        snprintf(path, sizeof path, "%s%s/%s", root, strcmp(directory, "/") == 0 ? "" : directory, name);
        uint64_t number;
        if (read_number(path, &number) && number < limit) limit = number;
        char *slash = strrchr(directory, '/');
        if (!slash) return limit;
        if (slash == directory) {
            if (directory[1] == '\0') return limit;
            directory[1] = '\0';
        } else {
            *slash = '\0';
        }
    }
}

static uint64_t group_limit(uint64_t limit) {
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return limit;
    char line[4096];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        // hierarchy:controllers:path
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *controllers++ = '\0';
        *group++ = '\0';
        if (strcmp(line, "0") == 0) {
            limit = least_limit("/sys/fs/cgroup", group, "memory.max", limit);
        } else if (strcmp(controllers, "memory") == 0) {
            limit = least_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", limit);
        }
    }
    fclose(file);
    return limit;
}
#endif

uint64_t moe_memory_limit(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    uint64_t limit = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : (uint64_t)1 << 32;
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY && space.rlim_cur < limit) limit = space.rlim_cur;
#if defined(__linux__)
    limit = group_limit(limit);
#endif
    return limit;
}
