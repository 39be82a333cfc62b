#ifndef MOE_GUARD_H
#define MOE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reading a mapped file that another process truncates, or whose device fails, raises SIGBUS. A guard turns that into a
// result. The frames between the guard and the read are jumped over, so they must be C: not a Swift closure.

/// What a guard runs: reads the mapping, allocates nothing that it does not own before, takes no lock, returns ≥ 0.
typedef int (*moe_guard_body)(void *context);

/// What `moe_guard_run` returns when the mapping could not be read.
#define MOE_GUARD_FAULT (-1)

/// Runs `body(context)` and returns its result, or `MOE_GUARD_FAULT` as soon as a SIGBUS meets the thread at an address in
/// [base, base + length).
///
/// Any number of threads may run guards at once, and guards may nest. The handler is installed with the first guard of
/// the process and stays; a SIGBUS anywhere else goes to the handler that was there before, or ends the process as it
/// would have. A handler that is installed later, and does not pass on what it does not know, disables the guards.
/// Works under the address and thread sanitizers, which leave SIGBUS to handlers of the program by default.
///
/// Whatever `body` was writing is half written after a fault; a library's context that it was using must be reset.
int moe_guard_run(const void *base, size_t length, moe_guard_body body, void *context);

/// Copies `count` bytes out of a mapping; false if they cannot be read, `destination` then being partly written.
bool moe_guarded_copy(void *destination, const void *source, size_t count);

/// A hash function as libraries declare them, such as XXH3_64bits.
typedef uint64_t (*moe_hash64)(const void *bytes, size_t count);

/// Hashes `count` bytes of a mapping; false if they cannot be read.
bool moe_guarded_hash64(moe_hash64 hash, const void *bytes, size_t count, uint64_t *result);

/// Reads one byte of each page that [bytes, bytes + count) touches, so that they are in memory; false if one cannot be
/// read. What is read afterwards without a guard may still fault: the file can shrink at any time.
bool moe_guarded_touch(const void *bytes, size_t count);

#endif
