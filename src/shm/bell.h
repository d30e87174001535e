// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Sleeping and waking.
 *
 * A rank that has nothing to do stores sleeping = 1, makes sure that this store is ordered before
 * its last look at everything it waits for, looks, and waits on the futex word `bell`. Who has
 * changed something a rank may wait for calls bell_notify after the change. Store and load on each
 * side cross over (Dekker): a full barrier is needed on both, and the sleeper pays for both with
 * membarrier(GLOBAL_EXPEDITED), which puts one into every running thread of every rank. Where the
 * kernel refuses that to any rank, `fence_needed` is set and notifiers fence.
 * The model in tests/model/bell.pml checks that no wake-up is lost.
 */
#ifndef MUSTER_SHM_BELL_H
#define MUSTER_SHM_BELL_H

#include "shm/segment.h"

/* Register this process for membarrier; on refusal sets fence_needed for all. Before any rank can
 * send to this one. */
void bell_register(struct segment *seg);

/* The heavy side of a Dekker pair: what the caller has stored before is seen by every load that
 * another rank makes after a store of its own which the caller does not see afterwards. */
void bell_barrier(struct segment *seg);

/* Announce that the caller is about to sleep, and return the bell's value for bell_sleep. After
 * this, look once more at everything; then bell_sleep or bell_awake. */
uint32_t bell_prepare(struct segment *seg, struct rank_block *self);

/* Sleep until the bell differs from `seen` or `timeout_ns` is over (<0: no limit). Returns 0,
 * EINTR when a signal handler ran, or ETIMEDOUT. */
int bell_sleep(struct rank_block *self, uint32_t seen, int64_t timeout_ns);

static inline void
bell_awake(struct rank_block *self)
{
    atomic_store_explicit(&self->sleeping, 0, memory_order_relaxed);
}

/* Ring the bell of one that said it sleeps. */
void bell_wake(struct rank_block *block) cold;

/* The light side of a Dekker pair, between the caller's store and its load. */
static inline void
bell_order(const struct segment *seg)
{
    if (unlikely(atomic_load_explicit(&seg->fence_needed, memory_order_relaxed)))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst); // the sleeper's membarrier does the rest
}

/* Wake the owner of `block` if it sleeps. The change it should see was stored before, with at least
 * release order. */
static inline void
bell_notify(const struct segment *seg, struct rank_block *block)
{
    bell_order(seg);
    if (unlikely(atomic_load_explicit(&block->sleeping, memory_order_relaxed)))
        bell_wake(block);
}

#endif
