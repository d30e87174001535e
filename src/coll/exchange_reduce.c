// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Reducing what an exchange brings: in rank order, each member from the
 * others' postings or windows. */
#include "coll/exchange.h"

#include <stdlib.h>

// Members [call->from, high) are reduced, in this order.
static inline int
reduce_high(const struct call *call)
{
    if (call->flow == FLOW_SCAN)
        return call->coll->rank + !call->exclude;
    return call->to;
}

// All givers' pieces of this round are there.
static inline enum step
all_ready(struct call *call)
{
    struct source source;
    for (int n = givers(call); call->peer < n; call->peer++) {
        struct giver from = giver(call, call->peer);
        enum step step = source_ready(call, &from, &source);
        if (step != STEP_DONE)
            return step;
    }
    return STEP_DONE;
}

// This member's own contribution to the round. Where all give all, the copy that it has published,
// if the result goes into the same buffer, which may already hold a part of it, or if the user's is
// not in one piece.
static inline const char *
own_source(struct call *call, uint64_t pos)
{
    if (!call->lanes && gives(call) && (call->whole || call->send.base == call->recv.base)) {
        if (fits_posting(call, call->bytes))
            return (const char *)call->own->data;
        return (char *)segment_at(engine.seg, call->window) +
               (pos ? pos / call->piece % call->ring * call->piece : 0);
    }
    return side_part(&call->send, call->lanes ? call->coll->rank : 0).flat + pos;
}

// What `rank` gives to the round, from `pos` on: it is there (all_ready).
static inline const char *
source_of(struct call *call, int rank, uint64_t pos)
{
    if (rank == call->coll->rank)
        return own_source(call, pos);
    struct giver from = giver_at(call, rank);
    return source_place(call, &from, call->bytes);
}

static cold enum step
no_memory(struct call *call, uint64_t size)
{
    return call_give_up(call, error_new(MPI_ERR_NO_MEM, "no memory for a reduction of %llu bytes",
                                        (unsigned long long)size));
}

static inline void
reduce_into(struct call *call, char *into, uint64_t pos, uint64_t n)
{
    int m = reduce_high(call) - 1;
    const char *last = source_of(call, m, pos);
    if (unlikely(m == call->from)) {
        memcpy(into, last, n * reduction_unit(call));
        return;
    }
    m--;
    reduction_apply3(call, source_of(call, m, pos), last, into, n);
    while (--m >= call->from)
        reduction_apply(call, source_of(call, m, pos), into, n);
}

// A reduced piece, or what of it belongs to the result.
static void
deliver(const struct call *call, const char *piece, uint64_t pos, uint64_t size)
{
    struct part result = side_part(&call->recv, 0);
    uint64_t skip = call->skip * reduction_unit(call), from = pos > skip ? pos : skip;
    uint64_t end = min_size(pos + size, skip + result.bytes);
    if (from < end)
        memcpy(result.flat + (from - skip), piece + (from - pos), end - from);
}

// Where the result's buffer is also the contribution, it is written when that is no longer needed:
// the piece at the end of its round, or all of it at the end (late).
enum step
exchange_reduce(struct call *call)
{
    enum step step = all_ready(call);
    if (step != STEP_DONE)
        return step;
    uint64_t pos = call->taken ? call->taken * call->piece : 0;
    uint64_t size = min_size(call->piece, call->bytes - pos);
    if (size) {
        bool apart = unlikely(call->apart || call->part);
        char *into;
        if (apart || unlikely(call->late)) {
            into = call_scratch(call, call->late ? call->bytes : size);
            if (!into)
                return no_memory(call, size);
            into += call->late ? pos : 0;
        } else {
            into = side_part(&call->recv, 0).flat + pos;
        }
        reduce_into(call, into, pos,
                    size == call->bytes ? call->units : size / reduction_unit(call));
        if (apart)
            deliver(call, into, pos, size);
    }
    count_taken(call);
    return STEP_DONE;
}

/* ---- reducing elements that cannot be cut ---- */

// `count` elements as the type lays them out, at a place whose alignment is that of the original.
struct image {
    char *memory;
    struct part part;
};

static bool
image_make(struct image *image, const struct call *call)
{
    struct type *type = call->type;
    MPI_Count more = ((MPI_Count)call->units - 1) * type->extent;
    MPI_Count low = type->true_lb + (more < 0 ? more : 0);
    MPI_Count high = type->true_lb + type->true_extent + (more > 0 ? more : 0);
    low &= ~(MPI_Count)(CACHE_LINE - 1);
    image->memory = aligned_alloc(CACHE_LINE, align_up((size_t)(high - low), CACHE_LINE));
    image->part = part_make(address(image->memory, -low), (MPI_Count)call->units, type, false);
    return image->memory != NULL;
}

// The contribution of `rank` into an image.
static void
image_get(struct image *image, struct call *call, int rank)
{
    if (rank == call->coll->rank && (call->lanes || !gives(call))) {
        struct part own = side_part(&call->send, call->lanes ? rank : 0);
        part_copy(&own, &image->part);
        return;
    }
    part_put(&image->part, 0, source_of(call, rank, 0), call->bytes);
}

static void
reduce_images(struct call *call, struct image *in, struct image *inout)
{
    int m = reduce_high(call) - 1;
    image_get(inout, call, m);
    while (--m >= call->from) {
        image_get(in, call, m);
        op_apply(call->op, call->type, in->part.base, inout->part.base, (MPI_Count)call->units);
    }
    struct part result = side_part(&call->recv, 0), from = inout->part;
    if (call->part)
        from = part_make(address(from.base, (MPI_Count)call->skip * call->type->extent),
                         result.count, call->type, false);
    part_copy(&from, &result);
}

enum step
exchange_reduce_whole(struct call *call)
{
    enum step step = all_ready(call);
    if (step != STEP_DONE)
        return step;
    struct image in = {0}, inout = {0};
    if (call->bytes && image_make(&in, call) && image_make(&inout, call))
        reduce_images(call, &in, &inout);
    bool failed = call->bytes && !inout.memory;
    free(in.memory);
    free(inout.memory);
    if (failed)
        return no_memory(call, call->bytes);
    count_taken(call);
    return STEP_DONE;
}
