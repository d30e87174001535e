// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Small collectives of many members: a tree, so that nobody looks at more than a few lines.
 *
 * At level l every ARITY^l-th rank leads: r's children are r + i * ARITY^l (0 < i < ARITY) for each
 * level l at which it leads. So each subtree is a run of ranks, and reducing the own contribution,
 * then the children's in order, keeps rank order.
 *
 *   up     wait for the children's `middle`, from the last to the first, reduce, count own `middle`
 *   over   between rank 0 and a root that is another: rank 0 takes what MPI_Bcast's root has
 *          posted, MPI_Reduce's root takes rank 0's result
 *   down   wait for the parent's `taken`, take the data, count own `taken`
 *
 * Data stand in the posting's stage, or in a window of one piece. On the way down they overwrite
 * the partial result: the parent had that before.
 */
#include "coll/reduction.h"

#define ARITY 16

enum stage { STAGE_UP, STAGE_OVER, STAGE_DOWN, STAGE_OVER_ROOT, STAGE_END };

/* ---- the tree ---- */

// The distance of r's first level at which it does not lead; r's parent is r - r % that.
static int64_t
lead(const struct call *call)
{
    int64_t d = 1;
    int r = call->coll->rank;
    while (d < call->coll->size && r % (d * ARITY) == 0)
        d *= ARITY;
    return d;
}

static int
parent(const struct call *call)
{
    int r = call->coll->rank;
    return r - (int)(r % (lead(call) * ARITY));
}

// The child before `child` in rank order (size: the last one); the member itself
// when there is none.
static int
previous_child(const struct call *call, int child)
{
    int r = call->coll->rank, size = call->coll->size;
    for (int64_t d = lead(call) / ARITY; d > 0; d /= ARITY)
        for (int64_t i = ARITY - 1; i > 0; i--)
            if (r + i * d < child && r + i * d < size)
                return (int)(r + i * d);
    return r;
}

static bool
has_children(const struct call *call)
{
    return previous_child(call, call->coll->size) != call->coll->rank;
}

/* ---- data ---- */

static char *
data_of(const struct call *call, int rank)
{
    struct posting *p = peer_posting(call, rank);
    return call->bytes <= POSTING_STAGE ? (char *)p->stage : member_window(call->coll, rank, p->at);
}

static char *
own_data(const struct call *call)
{
    return call->bytes <= POSTING_STAGE ? (char *)call->own->stage
                                        : segment_at(engine.seg, call->window);
}

// The posting of `rank` is there, of the same size, and `counter` of it is not 0.
static enum step
ready(struct call *call, int rank, const _Atomic uint64_t *counter)
{
    enum step seen = posting_seen(call, rank);
    if (seen != STEP_DONE)
        return seen;
    const struct posting *p = peer_posting(call, rank);
    if (unlikely(p->bytes != call->bytes))
        return call_truncated(call, rank, p->bytes, call->bytes);
    // acquire: pairs with the release in count; the data stand.
    if (!atomic_load_explicit(counter, memory_order_acquire))
        return call_wait(call, rank);
    return STEP_DONE;
}

static void
count(struct call *call, _Atomic uint64_t *counter)
{
    // release: pairs with the acquire in ready; the data stand.
    atomic_store_explicit(counter, 1, memory_order_release);
    coll_changed(call->coll);
}

static void
get_own(const struct call *call, void *to)
{
    if (!call->bytes)
        return;
    struct part own = side_part(&call->send, 0);
    part_get(&own, 0, to, call->bytes);
}

static void
deliver(const struct call *call, const void *from)
{
    if (!call->bytes)
        return;
    struct part result = side_part(&call->recv, 0);
    part_put(&result, 0, from, call->bytes);
}

/* ---- the stages ---- */

static bool
is_root(const struct call *call)
{
    return call->root == call->coll->rank;
}

// Has this member its data when it arrives: a leaf on the way up, the root of a broadcast?
static bool
arrives_with_data(const struct call *call)
{
    return call->up ? !has_children(call) : is_root(call);
}

static enum step
arrive(struct call *call)
{
    if (!call_room(call))
        return STEP_WAIT;
    if (call->bytes > POSTING_STAGE && (call->up || is_root(call) || has_children(call))) {
        enum step step = call_window(call, call->bytes);
        if (step != STEP_DONE)
            return step;
        call->own->at = call->window;
    }
    bool data = arrives_with_data(call);
    if (data)
        get_own(call, own_data(call));
    // relaxed: call_post stores the flag with release.
    atomic_store_explicit(&call->own->middle, data, memory_order_relaxed);
    atomic_store_explicit(&call->own->taken, data && !call->up, memory_order_relaxed);
    call_post(call, call->bytes);
    call->stage = call->up && !data ? STAGE_UP : STAGE_OVER;
    call->peer = call->coll->size;
    return STEP_DONE;
}

// call->peer is the child (or own rank) that was reduced last.
static enum step
go_up(struct call *call)
{
    while (call->peer != call->coll->rank) {
        int child = previous_child(call, call->peer);
        if (child == call->coll->rank)
            break;
        enum step step = ready(call, child, &peer_posting(call, child)->middle);
        if (step != STEP_DONE)
            return step;
        if (call->bytes && call->peer == call->coll->size)
            memcpy(own_data(call), data_of(call, child), call->bytes);
        else if (call->bytes)
            reduction_apply(call, data_of(call, child), own_data(call), call->units);
        call->peer = child;
    }
    if (call->bytes)
        reduction_apply(call, side_part(&call->send, 0).flat, own_data(call), call->units);
    count(call, &call->own->middle);
    call->stage = STAGE_OVER;
    return STEP_DONE;
}

// Rank 0 has the result of the way up, or gets what the root of a broadcast has.
static enum step
go_over(struct call *call)
{
    call->stage = call->down ? STAGE_DOWN : STAGE_OVER_ROOT;
    if (call->coll->rank != 0 || !call->down || is_root(call))
        return STEP_DONE;
    if (!call->up) {
        enum step step = ready(call, call->root, &peer_posting(call, call->root)->middle);
        if (step != STEP_DONE) {
            call->stage = STAGE_OVER;
            return step;
        }
        if (call->bytes)
            memcpy(own_data(call), data_of(call, call->root), call->bytes);
    }
    deliver(call, own_data(call));
    count(call, &call->own->taken);
    return STEP_DONE;
}

static enum step
go_down(struct call *call)
{
    call->stage = STAGE_END;
    if (call->coll->rank == 0 || (!call->up && is_root(call)))
        return STEP_DONE;
    int from = parent(call);
    enum step step = ready(call, from, &peer_posting(call, from)->taken);
    if (step != STEP_DONE) {
        call->stage = STAGE_DOWN;
        return step;
    }
    const char *data = data_of(call, from);
    if (has_children(call)) {
        if (call->bytes)
            memcpy(own_data(call), data, call->bytes);
        count(call, &call->own->taken);
    }
    deliver(call, data);
    return STEP_DONE;
}

// The root of a reduction takes rank 0's result.
static enum step
go_over_to_root(struct call *call)
{
    if (is_root(call)) {
        enum step step = ready(call, 0, &peer_posting(call, 0)->middle);
        if (step != STEP_DONE)
            return step;
        deliver(call, data_of(call, 0));
    }
    call->stage = STAGE_END;
    return STEP_DONE;
}

static enum step
go_on(struct call *call)
{
    switch ((enum stage)call->stage) {
    case STAGE_UP:
        return go_up(call);
    case STAGE_OVER:
        return go_over(call);
    case STAGE_DOWN:
        return go_down(call);
    default:
        return go_over_to_root(call);
    }
}

enum step
tree_step(struct call *call)
{
    enum step step = STEP_DONE;
    call->waits = 0;
    if (!call->posted)
        step = arrive(call);
    while (step == STEP_DONE && call->stage != STAGE_END)
        step = go_on(call);
    return step;
}
