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
is_inter(const struct call *call)
{
    return unlikely(call->inter);
}

/* Other members that it is with. */
static inline int
others(const struct call *call)
{
    return is_inter(call) ? call->to - call->from : call->coll->size - 1;
}

static inline bool
gives(const struct call *call)
{
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return call->coll->rank == call->root;
    case FLOW_UP:
        return call->coll->rank != call->root;
    case FLOW_EDGES:
        return call->edges->out.n > 0;
    case FLOW_NONE:
        return false;
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
    case FLOW_EDGES:
        return call->edges->in.n > 0;
    case FLOW_NONE:
        return false;
    default:
        return true;
    }
}

/* ---- giving: lane j of this member ---- */

static inline int
lanes(const struct call *call)
{
    if (!call->lanes)
        return 1;
    return unlikely(call->flow == FLOW_EDGES) ? call->edges->out.n : others(call);
}

/* Whose lane j is; MPI_PROC_NULL: nobody's. */
static inline int
reader(const struct call *call, int j)
{
    if (unlikely(call->flow == FLOW_EDGES))
        return call->edges->out.ranks[j];
    return is_inter(call) ? call->from + j : ring_step(call, call->coll->rank, 1 + j);
}

/* How many readers there are, each with its lane or all of the one. */
static inline int
readers(const struct call *call)
{
    if (unlikely(call->flow == FLOW_EDGES))
        return call->edges->out.n;
    return call->flow == FLOW_UP ? 1 : others(call);
}

/* What goes there: a block of the send buffer. */
static inline int
block_out(const struct call *call, int j)
{
    if (!call->lanes)
        return 0;
    return unlikely(call->flow == FLOW_EDGES) ? j : reader(call, j) - call->from;
}

/* ---- taking: the i-th of those from whom this member takes ---- */

struct giver {
    int rank;  // MPI_PROC_NULL: there is none
    int lane;  // of its lanes, the one of this member
    int block; // of the receive buffer
};

static inline int
givers(const struct call *call)
{
    bool root = call->coll->rank == call->root;
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return root ? 0 : 1;
    case FLOW_UP:
        return root ? others(call) : 0;
    case FLOW_SCAN:
        return call->coll->rank;
    case FLOW_EDGES:
        return call->edges->in.n;
    case FLOW_NONE:
        return 0;
    default:
        return others(call);
    }
}

/* The member `rank` as a giver. */
static inline struct giver
giver_at(const struct call *call, int rank)
{
    int lane = call->local;
    if (likely(!call->inter)) {
        lane = call->coll->rank - rank - 1;
        lane = lane < 0 ? lane + call->coll->size : lane;
    }
    return (struct giver){rank, lane, call->flow == FLOW_DOWN ? 0 : rank - call->from};
}

static inline struct giver
giver_along(const struct call *call, int i)
{
    const struct edges *in = &call->edges->in;
    return (struct giver){in->lanes[i] < 0 ? MPI_PROC_NULL : in->ranks[i], in->lanes[i], i};
}

/* Each member begins with the one whose first lane is its own; those of a group, with another one
 * each. */
static inline struct giver
giver(const struct call *call, int i)
{
    switch ((enum flow)call->flow) {
    case FLOW_DOWN:
        return giver_at(call, call->root);
    case FLOW_UP:
        return giver_at(call, is_inter(call) ? call->from + i : ring_step(call, call->root, 1 + i));
    case FLOW_SCAN:
        return giver_at(call, i);
    case FLOW_EDGES:
        return giver_along(call, i);
    default:
        if (is_inter(call))
            return giver_at(call, call->from + (call->local + i) % others(call));
        return giver_at(call, ring_step(call, call->coll->rank, call->coll->size - 1 - i));
    }
}

static inline uint64_t
rounds_of(const struct call *call, uint64_t bytes)
{
    return bytes <= call->piece ? 1 : (bytes + call->piece - 1) / call->piece;
}

// What this member wants from a giver.
static inline uint64_t
wanted(const struct call *call, const struct giver *giver)
{
    return call->op ? call->bytes : side_bytes(&call->recv, giver->block);
}

// What this member puts into lane j.
static inline uint64_t
given(const struct call *call, int j)
{
    if (likely(!call->irregular || !call->lanes))
        return call->bytes;
    return reader(call, j) >= 0 ? side_bytes(&call->send, block_out(call, j)) : 0;
}

static inline bool
fits_posting(const struct call *call, uint64_t bytes)
{
    if (unlikely(call->windowed))
        return false;
    if (!call->lanes)
        return bytes <= POSTING_INLINE;
    return !call->irregular && bytes <= POSTING_INLINE / (uint64_t)(call->coll->size - 1);
}

// Where round `taken` of a giver stands.
struct source {
    const char *at;
    uint64_t pos, n; // of the giver's stream
};

/* Round `taken` of a giver is there, and is what we want. */
enum step source_ready(struct call *call, const struct giver *giver, struct source *source);

/* Where it stands, once it is. */
const char *source_place(const struct call *call, const struct giver *giver, uint64_t want);

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
