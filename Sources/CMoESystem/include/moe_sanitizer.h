#ifndef MOE_SANITIZER_H
#define MOE_SANITIZER_H

// The thread sanitizer knows the locks of pthread, not those that a library makes of futexes: it must be told of them, or it
// takes what they order for races. In a build without that sanitizer these functions do nothing.

/// What other threads did before they released `address` has happened before what this thread does from here on.
void moe_sanitizer_acquired(const void *address);

/// What this thread has done so far happens before what others do once they have acquired `address`.
void moe_sanitizer_will_release(const void *address);

#endif
