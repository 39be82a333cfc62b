#define _GNU_SOURCE
#include "moe_guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/ucontext.h>
#include <unistd.h>

/// A guard that a thread is inside of, on that thread's stack.
typedef struct guard {
    sigjmp_buf escape;
    /// The thread's signal mask when it met the fault.
    sigset_t mask;
    uintptr_t base;
    size_t length;
    struct guard *outer;
} guard;

static _Thread_local guard *volatile innermost;

static struct sigaction previous;

/// Does with a signal that is not ours what would have happened without us.
static void pass_on(int number, siginfo_t *information, void *machine) {
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, information, machine);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(number);
    } else if (information->si_code > 0) {
        // A fault: the instruction is tried again when this handler returns, and then ends the process.
        signal(number, SIG_DFL);
    } else if (previous.sa_handler == SIG_DFL) {
        // Sent by someone.
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void handle(int number, siginfo_t *information, void *machine) {
    const uintptr_t address = (uintptr_t)information->si_addr;
    // Only what the kernel found has an address; what a process sends has none.
    if (information->si_code > 0)
        for (guard *g = innermost; g; g = g->outer)
            if (address - g->base < g->length) {
                g->mask = ((ucontext_t *)machine)->uc_sigmask;
                siglongjmp(g->escape, 1);
            }
    pass_on(number, information, machine);
}

static void install(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

int moe_guard_run(const void *base, size_t length, moe_guard_body body, void *context) {
    static pthread_once_t installed = PTHREAD_ONCE_INIT;
    pthread_once(&installed, install);
    guard here = {.base = (uintptr_t)base, .length = length, .outer = innermost};
    // Saving the mask here would be a system call for every guard; a fault brings it along.
    if (sigsetjmp(here.escape, 0) != 0) {
        innermost = here.outer;
        pthread_sigmask(SIG_SETMASK, &here.mask, NULL);
        return MOE_GUARD_FAULT;
    }
    innermost = &here;
    const int result = body(context);
    innermost = here.outer;
    return result;
}

typedef struct copy_call {
    void *destination;
    const void *source;
    size_t count;
} copy_call;

static int copy(void *context) {
    const copy_call *call = context;
    memcpy(call->destination, call->source, call->count);
    return 0;
}

bool moe_guarded_copy(void *destination, const void *source, size_t count) {
    if (count == 0) return true;
    copy_call call = {destination, source, count};
    return moe_guard_run(source, count, copy, &call) == 0;
}

typedef struct hash_call {
    moe_hash64 hash;
    const void *bytes;
    size_t count;
    uint64_t result;
} hash_call;

static int hash(void *context) {
    hash_call *call = context;
    call->result = call->hash(call->bytes, call->count);
    return 0;
}

bool moe_guarded_hash64(moe_hash64 function, const void *bytes, size_t count, uint64_t *result) {
    hash_call call = {function, bytes, count, 0};
    if (moe_guard_run(bytes, count, hash, &call) != 0) return false;
    *result = call.result;
    return true;
}

typedef struct touch_call {
    const volatile uint8_t *bytes;
    size_t count;
} touch_call;

static int touch(void *context) {
    const touch_call *call = context;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < call->count; at += page - ((uintptr_t)call->bytes + at) % page) (void)call->bytes[at];
    return 0;
}

bool moe_guarded_touch(const void *bytes, size_t count) {
    touch_call call = {bytes, count};
    return moe_guard_run(bytes, count, touch, &call) == 0;
}
