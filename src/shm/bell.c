// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "shm/bell.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int
membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

void
bell_register(struct segment *seg)
{
    // relaxed: senders see it long before this rank sleeps for the first time.
    if (membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) != 0)
        atomic_store_explicit(&seg->fence_needed, 1, memory_order_relaxed);
}

void
bell_barrier(struct segment *seg)
{
    if (!atomic_load_explicit(&seg->fence_needed, memory_order_relaxed) &&
        membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0)
        atomic_store_explicit(&seg->fence_needed, 1, memory_order_relaxed);
    atomic_thread_fence(
        memory_order_seq_cst); // pairs with the fence in bell_notify and coll_changed
}

uint32_t
bell_prepare(struct segment *seg, struct rank_block *self)
{
    // acquire: pairs with the release in bell_wake; what was changed before this value of the bell
    // is seen by the caller's looks, and a later ring ends the sleep.
    uint32_t seen = atomic_load_explicit(&self->bell, memory_order_acquire);
    atomic_store_explicit(&self->sleeping, 1, memory_order_relaxed); // ordered by the barrier
    bell_barrier(seg);
    return seen;
}

int
bell_sleep(struct rank_block *self, uint32_t seen, int64_t timeout_ns)
{
    struct timespec t = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    long rc =
        syscall(SYS_futex, &self->bell, FUTEX_WAIT, seen, timeout_ns < 0 ? NULL : &t, NULL, 0);
    int err = rc != 0 && errno != EAGAIN ? errno : 0;
    bell_awake(self);
    return err;
}

cold void
bell_wake(struct rank_block *block)
{
    // release: pairs with the acquire in bell_prepare.
    atomic_fetch_add_explicit(&block->bell, 1, memory_order_release);
    syscall(SYS_futex, &block->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}
