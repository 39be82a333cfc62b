// Preloaded into a command: lets one system call fail once, on files below a directory.
//
//   FAIL_CALL   open pread read write pwrite fsync linkat rename mmap fstat socketpair posix_spawn
//   FAIL_ERROR  the name of an error number, or "short": half of what was asked for is done
//   FAIL_AT     the n-th such call of a process, from 1 on
//   FAIL_BELOW  the directory
//   FAIL_REPORT a file that is made when the call has failed
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int calls;

static int error_number(void) {
    static const struct { const char *name; int number; } names[] = {
        {"EACCES", EACCES}, {"EMFILE", EMFILE}, {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
        {"EPERM", EPERM}, {"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN},
    };
    const char *wanted = getenv("FAIL_ERROR");
    for (size_t i = 0; wanted && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, wanted) == 0) return names[i].number;
    return 0;
}

static int is_below(const char *path) {
    const char *folder = getenv("FAIL_BELOW");
    return path && folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_ours(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return is_below(path);
}

// Whether this is the call that fails; errno is set for it. 2 for a short one.
static int fails(const char *call) {
    const char *wanted = getenv("FAIL_CALL"), *at = getenv("FAIL_AT"), *report = getenv("FAIL_REPORT");
    if (!wanted || !at || !report || strcmp(call, wanted) != 0) return 0;
    if (atomic_fetch_add(&calls, 1) + 1 != atoi(at)) return 0;
    int (*creates)(const char *, mode_t) = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "creat");
    int descriptor = creates(report, 0600);
    if (descriptor >= 0) close(descriptor);
    errno = error_number();
    return errno == 0 ? 2 : 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        if (is_below(path) && fails("open") == 1) return -1; \
        return REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define PREAD(name) \
    ssize_t name(int descriptor, void *buffer, size_t count, off_t offset) { \
        int failing = is_ours(descriptor) ? fails("pread") : 0; \
        if (failing == 1) return -1; \
        if (failing == 2) count = (count + 1) / 2; \
        return REAL(name)(descriptor, buffer, count, offset); \
    }
PREAD(pread)
PREAD(pread64)

ssize_t read(int descriptor, void *buffer, size_t count) {
    if (is_ours(descriptor) && fails("read") == 1) return -1;
    return REAL(read)(descriptor, buffer, count);
}

ssize_t write(int descriptor, const void *buffer, size_t count) {
    int failing = is_ours(descriptor) ? fails("write") : 0;
    if (failing == 1) return -1;
    if (failing == 2) count = (count + 1) / 2;
    return REAL(write)(descriptor, buffer, count);
}

#define PWRITE(name) \
    ssize_t name(int descriptor, const void *buffer, size_t count, off_t offset) { \
        if (is_ours(descriptor) && fails("pwrite") == 1) return -1; \
        return REAL(name)(descriptor, buffer, count, offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

int fsync(int descriptor) {
    if (is_ours(descriptor) && fails("fsync") == 1) return -1;
    return REAL(fsync)(descriptor);
}

int linkat(int from, const char *old, int to, const char *path, int flags) {
    if (is_below(path) && fails("linkat") == 1) return -1;
    return REAL(linkat)(from, old, to, path, flags);
}

int rename(const char *old, const char *path) {
    if (is_below(path) && fails("rename") == 1) return -1;
    return REAL(rename)(old, path);
}

#define MMAP(name) \
    void *name(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) { \
        if (descriptor >= 0 && is_ours(descriptor) && fails("mmap") == 1) return MAP_FAILED; \
        return REAL(name)(address, length, protection, flags, descriptor, offset); \
    }
MMAP(mmap)
MMAP(mmap64)

int fstat(int descriptor, struct stat *information) {
    if (is_ours(descriptor) && fails("fstat") == 1) return -1;
    return REAL(fstat)(descriptor, information);
}

int socketpair(int domain, int type, int protocol, int ends[2]) {
    if (fails("socketpair") == 1) return -1;
    return REAL(socketpair)(domain, type, protocol, ends);
}

int posix_spawn(
    pid_t *restrict process, const char *restrict path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *restrict attributes, char *const arguments[restrict], char *const environment[restrict]) {
    if (fails("posix_spawn") == 1) return errno;
    return REAL(posix_spawn)(process, path, actions, attributes, arguments, environment);
}
