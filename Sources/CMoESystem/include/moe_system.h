#ifndef MOE_SYSTEM_H
#define MOE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/// The flag of open(2) that bypasses the page cache; 0 where the system has none.
int moe_open_flag_direct(void);

/// The flag of open(2) that makes a file without a name in a directory; 0 where the system has none.
int moe_open_flag_unnamed(void);

/// Writes the system's words for an error number into `text`, cut to `capacity` and always NUL-terminated.
void moe_error_text(int number, char *text, size_t capacity);

/// The processors that the calling thread may run on; at least 1.
int moe_available_processors(void);

/// Starts writing a file's dirty pages to the device without waiting for them, where the system offers that.
void moe_start_writeback(int descriptor);

/// Asks the system to read a range of a file into its cache; a hint.
void moe_will_need(int descriptor, uint64_t offset, uint64_t length);

/// Brings a mapped range into memory and into the page tables; a hint where the system cannot. A range whose file has
/// become shorter is left as it is: nothing is raised.
void moe_populate(void *start, size_t length);

/// Lets the system back a range of memory with large pages, where it offers them on request; a hint. Fewer page faults
/// when it is first written, and fewer address look-ups ever after.
void moe_prefer_large_pages(void *start, size_t length);

/// Has the system provide the pages of a range of ordinary memory now instead of when they are first written; a hint. What they
/// hold stays, and others may use them meanwhile.
void moe_make_pages(void *start, size_t length);

/// Gives whole pages of ordinary memory back to the system: their content is lost, and they are zero or undefined when they are
/// used again.
void moe_give_back(void *start, size_t length);

/// The bytes of the machine's memory.
uint64_t moe_machine_memory(void);

/// The bytes of address space that this process may have; UINT64_MAX without a limit.
uint64_t moe_address_space_limit(void);

/// Marks an open file as somebody's as long as its description is open: shared among those who keep it, or alone, for which
/// it must be open for writing. Returns 0 where somebody's mark is in the way, or the system or the file system knows no such
/// marks. They are advisory, and of another kind than those of flock(2), which libhdf5 uses.
int moe_claim(int descriptor, int alone);

/// Raises the number of files that this process may have open to the most that it may raise it to.
void moe_raise_descriptor_limit(void);

#endif
