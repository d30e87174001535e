// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Large prefix reductions: each member takes the prefix of those before it from the window of the
 * one before, adds its own, and puts the result into its own window for the next, piece by piece.
 */
#include "coll/reduction.h"

static inline bool
is_last(const struct call *call)
{
    return call->coll->rank == call->coll->size - 1;
}

static enum step
arrive(struct call *call)
{
    struct posting *own = call->own;
    uint64_t unit = reduction_unit(call);
    if (!call_room(call))
        return STEP_WAIT;
    call->piece = PIECE - PIECE % unit;
    call->stride = align_up(call->piece, CACHE_LINE);
    call->rounds_out = (call->bytes + call->piece - 1) / call->piece;
    call->ring = min_size(call->rounds_out, window_limit(call->coll->mixed) / call->stride);
    call->tight = call->ring < call->rounds_out;
    enum step step = is_last(call) ? STEP_DONE : call_window(call, call->ring * call->stride);
    if (step != STEP_DONE)
        return step;
    own->at = call->window;
    own->piece = call->piece;
    // relaxed: call_post stores the flag with release.
    atomic_store_explicit(&own->filled, 0, memory_order_relaxed);
    atomic_store_explicit(&own->taken, 0, memory_order_relaxed);
    call_post(call, call->bytes);
    return STEP_DONE;
}

// Round `filled` stands in the window of the one before.
static enum step
before_ready(struct call *call)
{
    int before = call->coll->rank - 1;
    if (before < 0)
        return STEP_DONE;
    const struct posting *p = peer_posting(call, before);
    enum step seen = posting_seen(call, before);
    if (seen != STEP_DONE)
        return seen;
    if (unlikely(p->bytes != call->bytes || p->piece != call->piece))
        return call_truncated(call, before, p->bytes, call->bytes);
    // acquire: pairs with the release in next_round.
    if (atomic_load_explicit(&p->filled, memory_order_acquire) <= call->filled)
        return call_wait(call, before);
    return STEP_DONE;
}

// The next member has taken what round `filled` overwrites.
static enum step
after_ready(struct call *call)
{
    int after = call->coll->rank + 1;
    if (is_last(call) || call->filled < call->ring)
        return STEP_DONE;
    enum step seen = posting_seen(call, after);
    if (seen != STEP_DONE)
        return seen;
    // acquire: pairs with the release in next_round; its loads are over.
    if (atomic_load_explicit(&peer_posting(call, after)->taken, memory_order_acquire) <=
        call->filled - call->ring)
        return call_wait(call, after);
    return STEP_DONE;
}

static char *
place(const struct call *call, int rank, uint64_t window)
{
    return member_window(call->coll, rank, window) + call->filled % call->ring * call->stride;
}

static void
inclusive(struct call *call, uint64_t pos, uint64_t n, const char *prefix)
{
    const char *own = side_part(&call->send, 0).flat + pos;
    char *result = side_part(&call->recv, 0).flat + pos;
    if (prefix)
        reduction_apply3(call, prefix, own, result, n / reduction_unit(call));
    else if (own != result)
        memcpy(result, own, n);
    if (!is_last(call))
        memcpy(place(call, call->coll->rank, call->window), result, n);
}

static void
exclusive(struct call *call, uint64_t pos, uint64_t n, const char *prefix)
{
    if (!is_last(call)) {
        char *next = place(call, call->coll->rank, call->window);
        const char *own = side_part(&call->send, 0).flat + pos;
        if (prefix)
            reduction_apply3(call, prefix, own, next, n / reduction_unit(call));
        else
            memcpy(next, own, n);
    }
    if (prefix)
        memcpy(side_part(&call->recv, 0).flat + pos, prefix, n);
}

static enum step
next_round(struct call *call)
{
    enum step step = before_ready(call);
    if (step != STEP_DONE || (step = after_ready(call)) != STEP_DONE)
        return step;
    int before = call->coll->rank - 1;
    uint64_t pos = call->filled * call->piece, n = min_size(call->piece, call->bytes - pos);
    const char *prefix = before < 0 ? NULL : place(call, before, peer_posting(call, before)->at);
    if (call->exclude)
        exclusive(call, pos, n, prefix);
    else
        inclusive(call, pos, n, prefix);
    call->filled++;
    // release: pairs with the acquire loads in before_ready and after_ready.
    atomic_store_explicit(&call->own->filled, call->filled, memory_order_release);
    if (call->tight)
        atomic_store_explicit(&call->own->taken, call->filled, memory_order_release);
    coll_changed(call->coll);
    return STEP_DONE;
}

enum step
chain_step(struct call *call)
{
    enum step step;
    if (!call->posted && (step = arrive(call)) != STEP_DONE)
        return step;
    while (call->filled < call->rounds_out) {
        call->waits = 0;
        if ((step = next_round(call)) != STEP_DONE)
            return step;
    }
    return STEP_DONE;
}
