// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Windows: where a process puts what is too large for a posting.
 *
 * A process has one buffer in the segment for all its communicators, larger than a core's L2 cache
 * and used round and round: when a place comes again its lines have left both L2 caches, and
 * writing it costs no trip to the other core. A window is a run of it. It belongs to one call, and
 * returns when every member of the communicator is done with that call; windows return in the order
 * in which they were taken.
 *
 * A call waits for the oldest window when there is no room, unless that could be forever: the
 * oldest belongs to a call of this process that is not over, or to a broken board. Then, and for a
 * window larger than the buffer, the window is a block of its own.
 */
#ifndef MUSTER_COLL_WINDOW_H
#define MUSTER_COLL_WINDOW_H

#include "coll/coll.h"

#define WINDOW_MAX (4u << 20) // bytes of the buffer

/* Bytes of this process's buffer: less than WINDOW_MAX when the job has many ranks. The same in
 * every process of a job; between jobs the least. */
uint64_t window_limit(bool mixed);

/*
 * A window of `size` bytes for call `seq`, which must not have one: its offset in *at. Returns
 * MPI_SUCCESS; MPI_ERR_PENDING when the call must wait for the slowest member of *wait; or a code.
 */
int window_take(struct coll *coll, uint64_t seq, uint64_t size, uint64_t *at, struct coll **wait);

/* Bring the lines of the next window, up to `size` bytes, into the cache for writing: for the time
 * until the peers arrive. */
void window_prefetch(uint64_t size);

/* Return what can be returned, and let go of boards that all have left. */
void coll_reap(void);

/* Every member's `done` is at least `seq`. */
bool coll_all_done(struct coll *coll, uint64_t seq);

#endif
