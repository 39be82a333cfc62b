#include "moe_sanitizer.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOE_THREAD_SANITIZER
#endif
#endif

#if defined(MOE_THREAD_SANITIZER)

// The sanitizer's own interface, which its headers do not declare for programs everywhere.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

void moe_sanitizer_acquired(const void *address) { __tsan_acquire((void *)address); }

void moe_sanitizer_will_release(const void *address) { __tsan_release((void *)address); }

#else

void moe_sanitizer_acquired(const void *address) { (void)address; }

void moe_sanitizer_will_release(const void *address) { (void)address; }

#endif
