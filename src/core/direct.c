// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/direct.h"

#include "core/chart.h"
#include "core/span.h"
#include "shm/arena.h"
#include "shm/cma.h"

#include <string.h>

// Pieces of fewer bytes, on average, are not copied by the kernel: 1 MiB in rows of 1 KiB takes it
// as long as staging does, or longer (120 to 160 us; bench/rows.c), in rows of 4 KiB 28 to 48.
#define PIECE_LEAST 2048

// A chart that is larger is not drawn; nor one of more than an eighth of the data.
#define CHART_MOST (48u << 10)

/* ---- where data is ---- */

static bool
in_segment(const void *first, const void *last)
{
    uintptr_t seg = (uintptr_t)engine.seg, size = engine.seg->size;
    return (uintptr_t)first - seg < size && (uintptr_t)last - seg < size;
}

// Elements may go backwards.
static MPI_Count
first_byte(const struct type *type, MPI_Count count)
{
    MPI_Count back = type->extent < 0 ? (count - 1) * type->extent : 0;
    return type->true_lb + back;
}

static MPI_Count
last_byte(const struct type *type, MPI_Count count)
{
    MPI_Count on = type->extent > 0 ? (count - 1) * type->extent : 0;
    return type->true_lb + type->true_extent + on - 1;
}

struct ground
ground_of(const struct request *request)
{
    const struct type *type = request->type;
    char *base = (char *)(uintptr_t)request->base;
    if (!request->size || type->contiguous) {
        char *first = base + type->true_lb, *last = first + (request->size ? request->size - 1 : 0);
        bool inside = in_segment(first, last);
        return (struct ground){first, inside ? (uint64_t)(first - (char *)engine.seg) : 0, false,
                               false};
    }
    // By way of integers: MPI_BOTTOM.
    uintptr_t at = (uintptr_t)base;
    char *first = (char *)(at + (uintptr_t)first_byte(type, request->count));
    char *last = (char *)(at + (uintptr_t)last_byte(type, request->count));
    uint64_t pieces = type->info->pieces;
    return (struct ground){
        .first = first,
        .offset = in_segment(first, last) ? (uint64_t)(first - (char *)engine.seg) : 0,
        .holes = true,
        .rough = !pieces || (uint64_t)type->size / pieces < PIECE_LEAST,
    };
}

/* ---- charts ---- */

static struct layout_view
view_of(const struct request *request)
{
    return layout_view(request->type, request->base, request->count);
}

uint64_t
chart_publish(const struct request *request, const struct ground *ground)
{
    char why[200];
    struct layout_view view = view_of(request);
    size_t size = chart_size(&view.all, min_size(CHART_MOST, request->size / 8));
    uint64_t at = size ? arena_alloc(engine.seg, size, why, sizeof why) : 0;
    if (!at)
        return 0;
    view.all.offset += (MPI_Count)((uintptr_t)view.base - (uintptr_t)ground->first);
    chart_draw(&view.all, segment_at(engine.seg, at));
    return at;
}

void
chart_erase(uint64_t chart)
{
    if (chart)
        arena_free(engine.seg, chart);
}

/* ---- copying ---- */

// The other side's data, whose first byte is at `first`. False without memory for its chart.
static bool
view_theirs(struct layout_view *view, const struct request *request, char *first, uint64_t chart,
            struct type_info **theirs)
{
    uint64_t size = request->xfer->size;
    *view = (struct layout_view){{.size = size, .count = 1, .length = size}, first};
    if (!chart)
        return true;
    if (!*theirs)
        *theirs = chart_read(segment_at(request->peer->segment, chart));
    if (*theirs)
        view->all = **theirs;
    return *theirs != NULL;
}

// What follows the last place is one with it.
static void
place_add(struct cma_places *p, char *at, size_t n)
{
    struct iovec *last = p->n ? &p->list[p->n - 1] : NULL;
    if (last && (char *)last->iov_base + last->iov_len == at)
        last->iov_len += n;
    else
        p->list[p->n++] = (struct iovec){at, n};
}

// As many of n bytes as both lists have room for.
static size_t
places_fill(struct cma_places *a, struct span *from_a, struct cma_places *b, struct span *from_b,
            size_t n)
{
    size_t done = 0;
    a->n = b->n = 0;
    while (done < n && a->n < CMA_PLACES && b->n < CMA_PLACES) {
        if (!from_a->count)
            span_next(from_a);
        if (!from_b->count)
            span_next(from_b);
        size_t m = min_size(
            n - done, min_size(from_a->length - from_a->inside, from_b->length - from_b->inside));
        place_add(a, from_a->at + from_a->inside, m);
        place_add(b, from_b->at + from_b->inside, m);
        span_skip_bytes(from_a, m);
        span_skip_bytes(from_b, m);
        done += m;
    }
    return done;
}

static bool
copy_by_kernel(const struct rank_block *peer, const struct layout_view *mine,
               const struct layout_view *theirs, struct byte_range range, bool write)
{
    struct cma_places here, there;
    struct span a = span_at(&mine->all, mine->base, range.at);
    struct span b = span_at(&theirs->all, theirs->base, range.at);
    for (size_t n = range.length, m; n; n -= m) {
        m = places_fill(&here, &a, &there, &b, n);
        if (!(write ? cma_write_places(peer, &there, &here, m)
                    : cma_read_places(peer, &there, &here, m)))
            return false;
    }
    return true;
}

// The other side's data begins at `address` there, or at `offset` of the segment.
static bool
copy_holes(const struct request *request, uint64_t address, uint64_t offset, uint64_t chart,
           struct type_info **theirs, struct byte_range range)
{
    bool write = request->kind == REQUEST_SEND;
    char *first = offset ? segment_at(request->peer->segment, offset) : (void *)(uintptr_t)address;
    struct layout_view mine = view_of(request), there;
    if (!view_theirs(&there, request, first, chart, theirs))
        return false;
    if (!offset)
        return copy_by_kernel(request->peer->block, &mine, &there, range, write);
    if (write)
        view_copy(&mine, &there, range.at, range.length);
    else
        view_copy(&there, &mine, range.at, range.length);
    return true;
}

bool
direct_read(const struct request *recv, struct type_info **theirs, struct byte_range range)
{
    const struct xfer *xfer = recv->xfer;
    if (!xfer->offset && recv->peer->no_read)
        return false;
    if (xfer->layout || !recv->type->contiguous)
        return copy_holes(recv, xfer->address, xfer->offset, xfer->layout, theirs, range);
    char *to = (char *)(uintptr_t)recv->base + recv->type->true_lb + range.at;
    if (!xfer->offset)
        return cma_read(recv->peer->block, xfer->address + range.at, to, range.length);
    memcpy(to, (char *)segment_at(recv->peer->segment, xfer->offset) + range.at, range.length);
    return true;
}

bool
direct_write(const struct request *send, struct type_info **theirs, struct byte_range range)
{
    const struct xfer *xfer = send->xfer;
    if (xfer->to_layout || !send->type->contiguous)
        return copy_holes(send, xfer->to_address, xfer->to_offset, xfer->to_layout, theirs, range);
    const char *from = (const char *)send->base + send->type->true_lb + range.at;
    if (!xfer->to_offset)
        return cma_write(send->peer->block, xfer->to_address + range.at, from, range.length);
    memcpy((char *)segment_at(send->peer->segment, xfer->to_offset) + range.at, from, range.length);
    return true;
}
