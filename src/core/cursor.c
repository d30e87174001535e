// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/cursor.h"

#include "core/error.h"

#define ENDLESS (UINT64_MAX / 4)

/* ---- places ---- */

// Where run or part number i begins in the stream.
static uint64_t
begins(const struct type_info *info, uint64_t i)
{
    return info->form == LAYOUT_RUNS ? info->runs[i].at : info->parts[i].at;
}

// The last one that does not begin after byte `pos`.
static uint64_t
find(const struct type_info *info, uint64_t pos)
{
    uint64_t low = 0, high = info->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (begins(info, middle) <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// Piece number i of a leaf, from its base.
static struct stretch
piece_of(const struct type_info *leaf, uint64_t i)
{
    switch (leaf->form) {
    case LAYOUT_LOOP:
        return (struct stretch){(MPI_Count)i * leaf->stride, leaf->length};
    case LAYOUT_OFFSETS:
        return (struct stretch){offset_at(leaf->offsets, i), leaf->length};
    default:
        return (struct stretch){leaf->runs[i].offset, leaf->runs[i + 1].at - leaf->runs[i].at};
    }
}

static void
take_piece(struct cursor *c, uint64_t i)
{
    c->index = i;
    c->rest = piece_of(c->leaf, i);
    c->rest.offset += c->base;
    c->pos += c->rest.length;
}

static void
enter_leaf(struct cursor *c, const struct type_info *leaf, MPI_Count base, uint64_t pos)
{
    uint64_t i = leaf->form == LAYOUT_RUNS ? find(leaf, pos) : pos / leaf->length;
    uint64_t inside = pos - (leaf->form == LAYOUT_RUNS ? leaf->runs[i].at : i * leaf->length);
    c->leaf = leaf;
    c->base = base;
    c->pos -= inside;
    take_piece(c, i);
    c->rest.offset += (MPI_Count)inside;
    c->rest.length -= inside;
}

// A block of what is not a leaf: where it begins; *pos becomes the place in it.
static MPI_Count
enter_block(const struct type_info *info, uint64_t *pos)
{
    MPI_Count at = 0;
    if (info->form == LAYOUT_RUNS) {
        const struct layout_run *run = &info->runs[find(info, *pos)];
        *pos -= run->at;
        at = run->offset + (MPI_Count)(*pos / info->length) * info->stride;
    } else if (info->form == LAYOUT_OFFSETS) {
        at = offset_at(info->offsets, *pos / info->length);
    } else {
        at = (MPI_Count)(*pos / info->length) * info->stride;
    }
    *pos %= info->length;
    return at;
}

void
cursor_seek(struct cursor *c, uint64_t pos)
{
    const struct type *type = c->type;
    c->pos = pos;
    if (type->contiguous) {
        c->leaf = NULL;
        c->rest = (struct stretch){c->origin + type->true_lb + (MPI_Count)pos, ENDLESS};
        return;
    }
    uint64_t size = (uint64_t)type->size;
    MPI_Count base = c->origin + (MPI_Count)(pos / size) * type->extent;
    const struct type_info *info = type->info;
    for (pos %= size;; info = info->body) {
        base += info->offset;
        while (info->form == LAYOUT_PARTS) {
            const struct layout_part *part = &info->parts[find(info, pos)];
            base += part->offset;
            pos -= part->at;
            info = part->body;
            base += info->offset;
        }
        if (!info->body)
            break;
        base += enter_block(info, &pos);
    }
    enter_leaf(c, info, base, pos);
}

static inline void
advance(struct cursor *c, uint64_t n)
{
    c->rest.offset += (MPI_Count)n;
    c->rest.length -= n;
    if (c->rest.length || !c->leaf)
        return;
    if (c->index + 1 < c->leaf->count)
        take_piece(c, c->index + 1);
    else
        cursor_seek(c, c->pos);
}

struct stretch
cursor_take(struct cursor *c, uint64_t most)
{
    struct stretch p = {c->rest.offset, min_size(c->rest.length, most)};
    advance(c, p.length);
    while (p.length < most && c->rest.offset == p.offset + (MPI_Count)p.length) {
        uint64_t n = min_size(c->rest.length, most - p.length);
        p.length += n;
        advance(c, n);
    }
    return p;
}

/* ---- order ---- */

// What has been seen: where the first piece begins, where the last one does, and where the furthest
// ends.
struct order {
    MPI_Count first, last, end;
    bool apart, wrong;
    MPI_Count after, then; // with wrong: a displacement, and the one that follows
};

static void order_of(const struct type_info *info, struct order *o);

static void
meet(struct order *all, const struct order *next, MPI_Count at, bool first)
{
    MPI_Count begins_at = next->first + at;
    if (next->wrong && !all->wrong) {
        all->wrong = true;
        all->after = next->after + at;
        all->then = next->then + at;
    }
    if (first)
        all->first = begins_at;
    else if (!all->wrong && begins_at < (all->apart ? all->end : all->last)) {
        all->wrong = true;
        all->after = all->last;
        all->then = begins_at;
    }
    all->last = next->last + at;
    if (first || next->end + at > all->end)
        all->end = next->end + at;
}

static struct order
order_of_block(const struct type_info *info, bool apart)
{
    struct order block = {.end = (MPI_Count)info->length, .apart = apart};
    if (info->body)
        order_of(info->body, &block);
    return block;
}

// `n` blocks, each `stride` after the one before: the second says it for all that follow.
static void
meet_loop(struct order *all, struct order block, uint64_t n, MPI_Count stride, MPI_Count at,
          bool first)
{
    meet(all, &block, at, first);
    if (n > 1)
        meet(all, &block, at + stride, false);
    if (n > 2 && !all->wrong)
        meet(all, &block, at + (MPI_Count)(n - 1) * stride, false);
}

static void
order_of(const struct type_info *info, struct order *o)
{
    struct order block = {.apart = o->apart};
    if (info->form != LAYOUT_PARTS)
        block = order_of_block(info, o->apart);
    for (uint64_t i = 0; i < info->count; i++) {
        if (info->form == LAYOUT_LOOP) {
            meet_loop(o, block, info->count, info->stride, info->offset, true);
            return;
        }
        if (info->form == LAYOUT_OFFSETS) {
            meet(o, &block, info->offset + offset_at(info->offsets, i), i == 0);
        } else if (info->form == LAYOUT_RUNS) {
            uint64_t bytes = info->runs[i + 1].at - info->runs[i].at;
            if (!info->body)
                block.end = (MPI_Count)bytes;
            meet_loop(o, block, info->body ? bytes / info->length : 1, info->stride,
                      info->offset + info->runs[i].offset, i == 0);
        } else {
            struct order part = {.apart = o->apart};
            order_of(info->parts[i].body, &part);
            meet(o, &part, info->offset + info->parts[i].offset, i == 0);
        }
    }
}

int
layout_check_order(const struct type *type, bool apart)
{
    if (type->size == 0)
        return MPI_SUCCESS;
    struct order one = {.apart = apart, .first = type->true_lb, .last = type->true_lb};
    one.end = type->true_lb + type->true_extent;
    if (!type->contiguous)
        order_of(type->info, &one);
    if (one.first < 0)
        return error_new(MPI_ERR_IO, "the displacement %lld in the file type is negative",
                         (long long)one.first);
    if (one.wrong)
        return error_new(MPI_ERR_IO, "the file type has displacement %lld after %lld%s",
                         (long long)one.then, (long long)one.after,
                         apart ? ": what is written may not overlap" : "");
    return MPI_SUCCESS;
}
