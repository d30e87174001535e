// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Large reductions: each member reduces a slice.
 *
 * The vector is cut into chunks, a chunk into one slice for each member. The window is a ring of
 * chunks. Of chunk k a member
 *   fills      its own contribution to the slices of the others,
 *   reduces    its slice, in rank order, from the others' windows, into the place of that slice in
 *              its own window (nobody else needs its contribution to it),
 *   collects   all slices from the windows of those who reduced them (MPI_Reduce: the root alone).
 * `filled`, `middle` and `taken` of its posting count these. A chunk's place is filled again when
 * all others have counted it as taken: then they have also reduced what they needed from it. Chunks
 * are small enough to stay in the cache between the three.
 */
#include "coll/reduction.h"

#define SLICE (16u * 1024)

static inline bool
collects(const struct call *call)
{
    return call->root < 0 || call->root == call->coll->rank;
}

// Elements of a slice of a chunk of n elements; whole cache lines where that is possible.
static uint64_t
slice_units(const struct call *call, uint64_t n)
{
    uint64_t unit = reduction_unit(call), size = (uint64_t)call->coll->size;
    uint64_t line = unit <= CACHE_LINE && CACHE_LINE % unit == 0 ? CACHE_LINE / unit : 1;
    n = (n + size - 1) / size;
    return (n + line - 1) / line * line;
}

uint64_t
slices_most(int size, bool mixed)
{
    uint64_t most = window_limit(mixed) / (uint64_t)size / 2 & ~(uint64_t)(CACHE_LINE - 1);
    return most < SLICE ? most : SLICE;
}

/* ---- where things are ---- */

struct cut {
    uint64_t pos, n; // bytes of the vector
};

static struct cut
slice(const struct call *call, uint64_t k, int i)
{
    uint64_t first = k * call->chunk;
    uint64_t n = min_size(call->chunk, call->units - first), q = slice_units(call, n);
    uint64_t from = min_size((uint64_t)i * q, n), to = min_size(from + q, n);
    uint64_t unit = reduction_unit(call);
    return (struct cut){(first + from) * unit, (to - from) * unit};
}

static char *
place_in(const struct call *call, char *window, uint64_t k, int i)
{
    uint64_t size = (uint64_t)call->coll->size;
    return window + (k % call->ring * size + (uint64_t)i) * call->stride;
}

static char *
place(const struct call *call, uint64_t k, int i)
{
    return place_in(call, segment_at(engine.seg, call->window), k, i);
}

// The same in the window of `rank`.
static char *
place_of(const struct call *call, int rank, uint64_t k, int i)
{
    uint64_t window = peer_posting(call, rank)->at;
    return place_in(call, member_window(call->coll, rank, window), k, i);
}

static void
plan(struct call *call)
{
    uint64_t unit = reduction_unit(call), size = (uint64_t)call->coll->size;
    uint64_t most = slices_most(call->coll->size, call->coll->mixed) / unit,
             all = slice_units(call, call->units);
    uint64_t units = all < most ? all : most;
    call->piece = units * unit;
    call->stride = align_up(call->piece, CACHE_LINE);
    call->chunk = units * size;
    call->rounds_out = (call->units + call->chunk - 1) / call->chunk;
    call->ring = window_limit(call->coll->mixed) / (call->stride * size);
    if (call->ring > call->rounds_out)
        call->ring = call->rounds_out;
    call->tight = call->ring < call->rounds_out;
}

/* ---- fill ---- */

static void
fill_chunk(struct call *call)
{
    struct part own = side_part(&call->send, 0);
    for (int i = 1; i < call->coll->size; i++) {
        int m = call->coll->rank + i;
        m = m < call->coll->size ? m : m - call->coll->size;
        struct cut cut = slice(call, call->filled, m);
        if (cut.n)
            memcpy(place(call, call->filled, m), own.flat + cut.pos, cut.n);
    }
    call->filled++;
}

static enum step
fill(struct call *call)
{
    for (; call->filled >= call->ring && call->reader < call->coll->size; call->reader++) {
        int m = call->reader;
        if (m == call->coll->rank)
            continue;
        enum step seen = posting_seen(call, m);
        if (seen != STEP_DONE)
            return seen;
        // acquire: pairs with the release in count; its loads from our window are over.
        if (atomic_load_explicit(&peer_posting(call, m)->taken, memory_order_acquire) <=
            call->filled - call->ring)
            return call_wait(call, m);
    }
    // Our own slice's place: collected by us as well.
    if (call->filled >= call->ring && call->taken <= call->filled - call->ring)
        return call_wait(call, call->coll->rank);
    call->reader = 0;
    fill_chunk(call);
    // release: pairs with the acquire in all_filled.
    atomic_store_explicit(&call->own->filled, call->filled, memory_order_release);
    coll_changed(call->coll);
    return STEP_DONE;
}

static enum step
arrive(struct call *call)
{
    struct posting *own = call->own;
    if (!call_room(call))
        return STEP_WAIT;
    if (!call->ring)
        plan(call);
    enum step step = call_window(call, call->ring * call->stride * (uint64_t)call->coll->size);
    if (step != STEP_DONE)
        return step;
    fill_chunk(call);
    own->at = call->window;
    own->stride = call->stride;
    own->ring = call->ring;
    own->piece = call->piece;
    // relaxed: call_post stores the flag with release.
    atomic_store_explicit(&own->filled, 1, memory_order_relaxed);
    atomic_store_explicit(&own->middle, 0, memory_order_relaxed);
    atomic_store_explicit(&own->taken, 0, memory_order_relaxed);
    call_post(call, call->bytes);
    return STEP_DONE;
}

/* ---- reduce ---- */

static enum step
all_filled(struct call *call)
{
    for (; call->peer < call->coll->size; call->peer++) {
        struct posting *p = peer_posting(call, call->peer);
        if (call->peer == call->coll->rank)
            continue;
        enum step seen = posting_seen(call, call->peer);
        if (seen != STEP_DONE)
            return seen;
        if (unlikely(p->bytes != call->bytes))
            return call_truncated(call, call->peer, p->bytes, call->bytes);
        if (unlikely(p->piece != call->piece || p->ring != call->ring))
            return call_give_up(call, error_new(MPI_ERR_TYPE,
                                                "ranks %d and %d reduce different datatypes",
                                                call->coll->rank, call->peer));
        // acquire: pairs with the release in fill.
        if (atomic_load_explicit(&p->filled, memory_order_acquire) <= call->middle)
            return call_wait(call, call->peer);
    }
    return STEP_DONE;
}

static const char *
contribution(const struct call *call, int rank, struct cut cut)
{
    if (rank == call->coll->rank)
        return side_part(&call->send, 0).flat + cut.pos;
    return place_of(call, rank, call->middle, call->coll->rank);
}

static enum step
reduce(struct call *call)
{
    enum step step = all_filled(call);
    if (step != STEP_DONE)
        return step;
    int rank = call->coll->rank;
    struct cut cut = slice(call, call->middle, rank);
    char *into = place(call, call->middle, rank);
    if (cut.n) {
        uint64_t n = cut.n / reduction_unit(call);
        int m = call->coll->size - 2;
        reduction_apply3(call, contribution(call, m, cut), contribution(call, m + 1, cut), into, n);
        while (--m >= 0)
            reduction_apply(call, contribution(call, m, cut), into, n);
    }
    call->middle++;
    call->peer = 0;
    // release: pairs with the acquire in collect.
    atomic_store_explicit(&call->own->middle, call->middle, memory_order_release);
    if (!collects(call)) {
        call->taken = call->middle;
        atomic_store_explicit(&call->own->taken, call->taken, memory_order_release);
    } else if (cut.n) {
        memcpy(side_part(&call->recv, 0).flat + cut.pos, into, cut.n);
    }
    coll_changed(call->coll);
    return STEP_DONE;
}

/* ---- collect ---- */

static enum step
collect(struct call *call)
{
    int size = call->coll->size, rank = call->coll->rank;
    for (; call->source < size - 1; call->source++) {
        int m = rank - 1 - call->source;
        m = m < 0 ? m + size : m;
        struct posting *p = peer_posting(call, m);
        // acquire: pairs with the release in reduce. Its posting was seen when we reduced.
        if (atomic_load_explicit(&p->middle, memory_order_acquire) <= call->taken)
            return call_wait(call, m);
        struct cut cut = slice(call, call->taken, m);
        if (cut.n)
            memcpy(side_part(&call->recv, 0).flat + cut.pos, place_of(call, m, call->taken, m),
                   cut.n);
    }
    call->source = 0;
    call->taken++;
    if (unlikely(call->tight)) {
        // release: our loads are over (acquire in fill).
        atomic_store_explicit(&call->own->taken, call->taken, memory_order_release);
        coll_changed(call->coll);
    }
    return STEP_DONE;
}

// The furthest stage that can go on: what was filled last is still in the cache.
static enum step
turn(struct call *call)
{
    enum step step = STEP_WAIT;
    call->waits = 0;
    if (call->taken < call->middle)
        step = collect(call);
    if (step == STEP_WAIT && call->middle < call->filled)
        step = reduce(call);
    if (step == STEP_WAIT && call->filled < call->rounds_out)
        step = fill(call);
    return step;
}

enum step
slices_step(struct call *call)
{
    enum step step;
    if (!call->posted && (step = arrive(call)) != STEP_DONE)
        return step;
    while (call->taken < call->rounds_out)
        if ((step = turn(call)) != STEP_DONE)
            return step;
    return STEP_DONE;
}
