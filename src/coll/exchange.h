// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the two files of the exchange share: who gives what to whom, and where it stands. */
#ifndef MUSTER_COLL_EXCHANGE_H
#define MUSTER_COLL_EXCHANGE_H

#include "coll/reduction.h"

#define LANE_HEAD 16u // an irregular lane begins with its size

static inline int
ring_step(const struct call *call, int rank, int by)
{
    int at = rank + by;
    return at >= call->coll->size ? at - call->coll->size : at;
}

static inline bool
gives(const struct call *call)
{
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return call->coll->rank == call->root;
    case FLOW_UP:
        return call->coll->rank != call->root;
    default:
        return true;
    }
}

static inline bool
takes(const struct call *call)
{
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return call->coll->rank != call->root;
    case FLOW_UP:
        return call->coll->rank == call->root;
    case FLOW_SCAN:
        return call->coll->rank > 0 || !call->exclude;
    default:
        return true;
    }
}

// How many members this one takes from.
static inline int
givers(const struct call *call)
{
    bool root = call->coll->rank == call->root;
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return root ? 0 : 1;
    case FLOW_UP:
        return root ? call->coll->size - 1 : 0;
    case FLOW_SCAN:
        return call->coll->rank;
    default:
        return call->coll->size - 1;
    }
}

// The i-th of them. Each begins with the one whose first lane is its own.
static inline int
giver(const struct call *call, int i)
{
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return call->root;
    case FLOW_UP:
        return ring_step(call, call->root, 1 + i);
    case FLOW_SCAN:
        return i;
    default:
        return ring_step(call, call->coll->rank, call->coll->size - 1 - i);
    }
}

static inline int
lane_of(const struct call *call, int from, int to)
{
    int lane = to - from - 1;
    return lane < 0 ? lane + call->coll->size : lane;
}

static inline uint64_t
rounds_of(const struct call *call, uint64_t bytes)
{
    return bytes <= call->piece ? 1 : (bytes + call->piece - 1) / call->piece;
}

// What this member wants from `rank`.
static inline uint64_t
wanted(const struct call *call, int rank)
{
    return unlikely(vector_given(call->recv.counts)) && !call->op ? side_bytes(&call->recv, rank)
                                                                  : call->bytes;
}

// What this member gives to `rank`.
static inline uint64_t
given(const struct call *call, int rank)
{
    return call->irregular && call->lanes ? side_bytes(&call->send, rank) : call->bytes;
}

static inline bool
fits_posting(const struct call *call, uint64_t bytes)
{
    if (!call->lanes)
        return bytes <= POSTING_INLINE && !call->windowed;
    return !call->irregular && bytes <= POSTING_INLINE / (uint64_t)(call->coll->size - 1);
}

// Where round `taken` of a giver stands.
struct source {
    const char *at;
    uint64_t pos, n; // of the giver's stream
};

/* Round `taken` of `rank` is there, and is what we want. */
enum step source_ready(struct call *call, int rank, struct source *source);

static inline void
count_taken(struct call *call)
{
    call->taken++;
    call->peer = 0;
    if (unlikely(call->tight)) {
        // release: our loads from the others' windows are over (acquire in may_fill).
        atomic_store_explicit(&call->own->taken, call->taken, memory_order_release);
        coll_changed(call->coll);
    }
}

/* Reduce round `taken`: cut between elements, or in one piece. */
enum step exchange_reduce(struct call *call);
enum step exchange_reduce_whole(struct call *call);

#endif
