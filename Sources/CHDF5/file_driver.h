#ifndef MOE_CHDF5_FILE_DRIVER_H
#define MOE_CHDF5_FILE_DRIVER_H

// Two file drivers: a read-only one that can tell where a chunk lies, and one that writes a file which need not have a name.
// Both leave the system's reason for a failure on the library's error stack.
//
// H5Dget_chunk_info walks the whole chunk index at every call, and leaves the user block out of the address in some
// versions. H5Dread_chunk looks a chunk up directly: with the driver tracing, it reports the place that the library was
// about to read, counted from the start of the file, and reads nothing. The driver takes no lock and never writes.

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct moe_h5_file {
    H5FD_t base;             ///< libhdf5's own part; must be first.
    int descriptor;
    haddr_t end_of_space;
    uint64_t size;           ///< Bytes in the file when it was opened.
    uint64_t device, inode;
    int failure;             ///< The system's number of the first write that failed; what comes after it is not written.
    int tracing;             ///< While set, raw-data reads are noted and leave their buffer as it is.
    unsigned traced_reads;
    haddr_t traced_address;  ///< Of the last raw-data read, from the start of the file.
    size_t traced_size;
};

/// What a reason on the error stack begins with that is the system's; its number follows.
#define MOE_H5_SYSTEM_ERROR "system error "

/// Says why the system failed. Always -1.
static inline herr_t moe_h5_system_failure(int number) {
    H5Epush2(
        H5E_DEFAULT, "file_driver.h", "moe_h5", 0, H5E_ERR_CLS, H5E_IO, H5E_READERROR, MOE_H5_SYSTEM_ERROR "%d", number);
    return -1;
}

static H5FD_t *moe_h5_file_open(const char *name, unsigned flags, hid_t access, haddr_t maximum) {
    (void)access;
    (void)maximum;
    if (flags & (H5F_ACC_RDWR | H5F_ACC_CREAT | H5F_ACC_TRUNC)) return NULL;
    int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return NULL;
    struct stat information;
    if (fstat(descriptor, &information) != 0 || !S_ISREG(information.st_mode)) {
        close(descriptor);
        return NULL;
    }
    struct moe_h5_file *file = calloc(1, sizeof *file);
    if (!file) {
        close(descriptor);
        return NULL;
    }
    file->descriptor = descriptor;
    file->size = (haddr_t)information.st_size;
    file->device = (uint64_t)information.st_dev;
    file->inode = (uint64_t)information.st_ino;
    return &file->base;
}

static herr_t moe_h5_file_close(H5FD_t *base) {
    struct moe_h5_file *file = (struct moe_h5_file *)base;
    close(file->descriptor);
    free(file);
    return 0;
}

static int moe_h5_file_compare(const H5FD_t *left, const H5FD_t *right) {
    const struct moe_h5_file *a = (const struct moe_h5_file *)left, *b = (const struct moe_h5_file *)right;
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode) return a->inode < b->inode ? -1 : 1;
    return 0;
}

static herr_t moe_h5_file_query(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    // Reads stay as they are asked for, but for small pieces of metadata; files of the ordinary driver are welcome.
    if (flags) *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t moe_h5_file_get_end_of_space(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const struct moe_h5_file *)base)->end_of_space;
}

static herr_t moe_h5_file_set_end_of_space(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((struct moe_h5_file *)base)->end_of_space = address;
    return 0;
}

static haddr_t moe_h5_file_get_size(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const struct moe_h5_file *)base)->size;
}

static herr_t moe_h5_file_get_handle(H5FD_t *base, hid_t access, void **handle) {
    (void)access;
    if (!handle) return -1;
    *handle = base;
    return 0;
}

static herr_t moe_h5_file_read(
    H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer) {
    struct moe_h5_file *file = (struct moe_h5_file *)base;
    (void)transfer;
    if (address == HADDR_UNDEF || size > (size_t)INT64_MAX || address > (haddr_t)INT64_MAX - size) return -1;
    if (type == H5FD_MEM_DRAW && file->tracing) {
        file->traced_reads += 1;
        file->traced_address = address;
        file->traced_size = size;
        return 0;
    }
    char *destination = buffer;
    while (size > 0) {
        ssize_t count = pread(file->descriptor, destination, size < (1u << 30) ? size : (1u << 30), (off_t)address);
        if (count < 0) {
            if (errno == EINTR) continue;
            return moe_h5_system_failure(errno);
        }
        if (count == 0) {
            // Past its end a file reads as zeros, as in the library's own drivers; checks on metadata reject them.
            memset(destination, 0, size);
            return 0;
        }
        size -= (size_t)count;
        address += (haddr_t)count;
        destination += count;
    }
    return 0;
}

static herr_t moe_h5_file_write(
    H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, const void *buffer) {
    (void)base, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
    return -1;
}

/// Opens what is to be written, as an empty file: a new one, or one that is there already under a path that may be no name.
static H5FD_t *moe_h5_output_open(const char *name, unsigned flags, hid_t access, haddr_t maximum) {
    (void)flags;
    (void)access;
    (void)maximum;
    int descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    struct moe_h5_file *file = descriptor < 0 ? NULL : (struct moe_h5_file *)calloc(1, sizeof *file);
    struct stat information;
    if (!file || fstat(descriptor, &information) != 0 || ftruncate(descriptor, 0) != 0) {
        moe_h5_system_failure(errno);
        if (descriptor >= 0) close(descriptor);
        free(file);
        return NULL;
    }
    file->descriptor = descriptor;
    file->device = (uint64_t)information.st_dev;
    file->inode = (uint64_t)information.st_ino;
    return &file->base;
}

// The library does not survive a file that cannot be written: it leaves the file half open, and crashes when the process ends. So a
// failure is kept, and told when the file is closed and nothing of it is left.

static herr_t moe_h5_output_close(H5FD_t *base) {
    int failure = ((struct moe_h5_file *)base)->failure;
    moe_h5_file_close(base);
    return failure ? moe_h5_system_failure(failure) : 0;
}

static herr_t moe_h5_output_query(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    // Those of the library's ordinary driver, so that files are laid out as it does.
    if (flags)
        *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                 H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static herr_t moe_h5_output_write(
    H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, const void *buffer) {
    struct moe_h5_file *file = (struct moe_h5_file *)base;
    (void)type, (void)transfer;
    if (address == HADDR_UNDEF || size > (size_t)INT64_MAX || address > (haddr_t)INT64_MAX - size) return -1;
    const char *source = (const char *)buffer;
    while (size > 0 && !file->failure) {
        ssize_t count = pwrite(file->descriptor, source, size < (1u << 30) ? size : (1u << 30), (off_t)address);
        if (count < 0) {
            if (errno == EINTR) continue;
            file->failure = errno;
            return 0;
        }
        size -= (size_t)count;
        address += (haddr_t)count;
        source += count;
        if (address > file->size) file->size = address;
    }
    return 0;
}

static herr_t moe_h5_output_truncate(H5FD_t *base, hid_t transfer, hbool_t closing) {
    struct moe_h5_file *file = (struct moe_h5_file *)base;
    (void)transfer, (void)closing;
    if (file->size == file->end_of_space || file->failure) return 0;
    if (ftruncate(file->descriptor, (off_t)file->end_of_space) != 0) file->failure = errno;
    file->size = file->end_of_space;
    return 0;
}

#if H5_VERSION_GE(1, 13, 2)
#define MOE_H5_DRIVER_VERSION .version = H5FD_CLASS_VERSION,
#else
#define MOE_H5_DRIVER_VERSION
#endif
#if H5_VERSION_GE(1, 13, 0)
#define MOE_H5_DRIVER_VALUE(number) .value = (H5FD_class_value_t)(number),
#else
#define MOE_H5_DRIVER_VALUE(number)
#endif

/// What both drivers have in common.
#define MOE_H5_DRIVER(number) \
    MOE_H5_DRIVER_VERSION MOE_H5_DRIVER_VALUE(number) \
    .maxaddr = (haddr_t)INT64_MAX, .fc_degree = H5F_CLOSE_STRONG, .cmp = moe_h5_file_compare, \
    .get_eoa = moe_h5_file_get_end_of_space, .set_eoa = moe_h5_file_set_end_of_space, .get_eof = moe_h5_file_get_size, .get_handle = moe_h5_file_get_handle, .read = moe_h5_file_read, \
    .fl_map = H5FD_FLMAP_DICHOTOMY

/// Registers the driver that reads; the identifier lasts as long as the library. Negative when that failed.
static inline hid_t moe_h5_register_driver(void) {
    static const H5FD_class_t driver = {
        MOE_H5_DRIVER(600),
        .name = "moe_read_only",
        .open = moe_h5_file_open,
        .close = moe_h5_file_close,
        .query = moe_h5_file_query,
        .write = moe_h5_file_write,
    };
    return H5FDregister(&driver);
}

/// Registers the driver that writes.
static inline hid_t moe_h5_register_output_driver(void) {
    static const H5FD_class_t driver = {
        MOE_H5_DRIVER(601),
        .name = "moe_output",
        .open = moe_h5_output_open,
        .close = moe_h5_output_close,
        .query = moe_h5_output_query,
        .write = moe_h5_output_write,
        .truncate = moe_h5_output_truncate,
    };
    return H5FDregister(&driver);
}

/// Keeps the cache of metadata small: every object is looked at once, and what the library keeps of a decoded object
/// header is several times what the cache counts (45 000 datasets took 320 MiB).
static inline herr_t moe_h5_bound_metadata_cache(hid_t access) {
    H5AC_cache_config_t configuration;
    memset(&configuration, 0, sizeof configuration);
    configuration.version = H5AC__CURR_CACHE_CONFIG_VERSION;
    if (H5Pget_mdc_config(access, &configuration) < 0) return -1;
    configuration.set_initial_size = 1;
    configuration.initial_size = 1 << 20;
    configuration.min_size = 1 << 20;
    configuration.max_size = 2 << 20;
    return H5Pset_mdc_config(access, &configuration);
}

/// The driver's part of an open file, which lives until the file closes; NULL for a file of another driver.
static inline struct moe_h5_file *moe_h5_driver_file(hid_t file) {
    void *handle = NULL;
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0) return NULL;
    return (struct moe_h5_file *)handle;
}

/// Where a chunk is stored, looked up by the coordinates of its first element.
///
/// `found` is 0 for a chunk that was never written. `scratch` must hold the chunk's stored size, which is looked up first
/// and refused above `scratch_size` with the result -2. O(log n) in the number of chunks.
static inline herr_t moe_h5_locate_chunk(
    hid_t dataset, struct moe_h5_file *file, const hsize_t *coordinates, void *scratch, size_t scratch_size,
    int *found, uint64_t *address, uint64_t *stored_size, uint32_t *filter_mask) {
    hsize_t size = 0;
    *found = 0;
    H5E_BEGIN_TRY {
        // Newer libraries answer with an error where older ones answer with 0.
        if (H5Dget_chunk_storage_size(dataset, coordinates, &size) < 0) size = 0;
    } H5E_END_TRY
    if (size == 0) return 0;
    *stored_size = size;
    if (size > scratch_size) return -2;
    file->tracing = 1;
    file->traced_reads = 0;
    uint32_t mask = 0;
    herr_t status = H5Dread_chunk(dataset, H5P_DEFAULT, coordinates, &mask, scratch);
    file->tracing = 0;
    if (status < 0) return -1;
    if (file->traced_reads != 1 || file->traced_size != size) return -1;
    *found = 1;
    *address = file->traced_address;
    *filter_mask = mask;
    return 0;
}

#endif
