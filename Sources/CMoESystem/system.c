#define _GNU_SOURCE
#include "moe_system.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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
