#define _GNU_SOURCE
#include "moe_system.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

int moe_open_flag_direct(void) {
#ifdef O_DIRECT
    return O_DIRECT;
#else
    return 0;
#endif
}

int moe_open_flag_unnamed(void) {
#ifdef O_TMPFILE
    return O_TMPFILE;
#else
    return 0;
#endif
}

void moe_error_text(int number, char *text, size_t capacity) {
    if (capacity == 0) return;
    text[0] = '\0';
#if defined(__GLIBC__)
    // The GNU variant may return a constant instead of filling the buffer.
    const char *words = strerror_r(number, text, capacity);
    if (words != text) snprintf(text, capacity, "%s", words);
#else
    if (strerror_r(number, text, capacity) != 0) snprintf(text, capacity, "error %d", number);
#endif
}

int moe_available_processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

void moe_start_writeback(int descriptor) {
#if defined(SYNC_FILE_RANGE_WRITE)
    sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
    (void)descriptor;
#endif
}

void moe_will_need(int descriptor, uint64_t offset, uint64_t length) {
#if defined(__APPLE__)
    struct radvisory advice = {.ra_offset = (off_t)offset, .ra_count = length > INT32_MAX ? INT32_MAX : (int)length};
    fcntl(descriptor, F_RDADVISE, &advice);
#elif defined(POSIX_FADV_WILLNEED)
    posix_fadvise(descriptor, (off_t)offset, (off_t)length, POSIX_FADV_WILLNEED);
#else
    (void)descriptor, (void)offset, (void)length;
#endif
}

void moe_populate(void *start, size_t length) {
#if defined(MADV_POPULATE_READ)
    if (madvise(start, length, MADV_POPULATE_READ) == 0) return;
#endif
    madvise(start, length, MADV_WILLNEED);
}

void moe_prefer_large_pages(void *start, size_t length) {
#if defined(MADV_HUGEPAGE)
    madvise(start, length, MADV_HUGEPAGE);
#else
    (void)start, (void)length;
#endif
}

void moe_make_pages(void *start, size_t length) {
#if defined(MADV_POPULATE_WRITE)
    madvise(start, length, MADV_POPULATE_WRITE);
#else
    (void)start, (void)length;
#endif
}

void moe_give_back(void *start, size_t length) {
#if defined(__APPLE__)
    madvise(start, length, MADV_FREE);
#else
    madvise(start, length, MADV_DONTNEED);
#endif
}

int moe_claim(int descriptor, int alone) {
#if defined(F_OFD_SETLK)
    struct flock claim = {.l_type = alone ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
    return fcntl(descriptor, F_OFD_SETLK, &claim) == 0;
#else
    (void)descriptor, (void)alone;
    return 0;
#endif
}

void moe_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    rlim_t most = limit.rlim_max;
#if defined(__APPLE__)
    // What exceeds OPEN_MAX is refused, whatever the limit says.
    if (most > OPEN_MAX) most = OPEN_MAX;
#endif
    if (limit.rlim_cur >= most) return;
    limit.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &limit);
}
