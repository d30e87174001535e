// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A walk goes down one side's tree ("the user's") and meets pieces in the order of the stream. The
 * other side is a block of memory, or a second layout, of which a struct span says what comes next.
 */
#include "core/layout.h"

#include "core/meet.h"

static inline void
move(struct stream *s, char *user, size_t n)
{
    if (unlikely(s->other)) {
        meet(s, user, 0, n, 1);
        return;
    }
    if (s->pack)
        copy_piece(s->at, user, n);
    else
        copy_piece(user, s->at, n);
    s->at += n;
}

static void
move_strided(struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n)
{
    if (unlikely(s->other)) {
        meet(s, user, stride, length, n);
        return;
    }
    copy_strided(towards(s->pack, s->at, (MPI_Count)length, user, stride), length, n);
    s->at += length * n;
}

static void
move_offsets(struct stream *s, char *user, struct offsets offsets, uint64_t length, uint64_t n)
{
    if (unlikely(s->other)) {
        meet_offsets(s, user, offsets, length, n);
        return;
    }
    copy_at((struct places){s->at, (MPI_Count)length, user, offsets, s->pack}, length, n);
    s->at += length * n;
}

/* ---- blocks of few pieces: each piece of many blocks at once ---- */

static inline bool
is_small(const struct type_info *body)
{
    return body && !body->body && body->count <= LAYOUT_SMALL && body->form != LAYOUT_PARTS;
}

// Piece i of a small body: where, and at which byte of the body's stream.
static inline struct layout_run
small_piece(const struct type_info *body, uint64_t i)
{
    if (body->form == LAYOUT_RUNS)
        return body->runs[i];
    if (body->form == LAYOUT_OFFSETS)
        return (struct layout_run){offset_at(body->offsets, i), i * body->length};
    return (struct layout_run){(MPI_Count)i * body->stride, i * body->length};
}

static inline uint64_t
small_length(const struct type_info *body, uint64_t i)
{
    return body->form == LAYOUT_RUNS ? body->runs[i + 1].at - body->runs[i].at : body->length;
}

// What is to be done with each piece of a block.
struct pass {
    strided_copy *copy;
    uint64_t length;
    struct layout_run piece;
};

static void
passes_make(struct pass *passes, const struct type_info *body)
{
    for (uint64_t i = 0; i < body->count; i++) {
        uint64_t length = small_length(body, i);
        passes[i] = (struct pass){copy_of_length(length), length, small_piece(body, i)};
    }
}

static void
cross_loop(const struct type_info *loop, char *user, uint64_t n, struct stream *s)
{
    struct pass passes[LAYOUT_SMALL];
    MPI_Count stride = loop->stride, length = (MPI_Count)loop->length;
    uint64_t count = loop->body->count;
    passes_make(passes, loop->body);
    user += loop->body->offset;
    for (uint64_t m; n; n -= m, s->at += (MPI_Count)m * length, user += (MPI_Count)m * stride) {
        m = min_size(n, BLOCKS_AT_ONCE);
        for (const struct pass *p = passes; p < passes + count; p++) {
            char *at = s->at + p->piece.at, *mine = user + p->piece.offset;
            if (s->pack)
                p->copy(at, length, mine, stride, p->length, m);
            else
                p->copy(mine, stride, at, length, p->length, m);
        }
    }
}

static void
cross_offsets(const struct type_info *info, char *user, struct offsets offsets, uint64_t n,
              struct stream *s)
{
    const struct type_info *body = info->body;
    user += body->offset;
    for (uint64_t m; n; n -= m, offsets = offsets_from(offsets, m)) {
        m = min_size(n, BLOCKS_AT_ONCE);
        for (uint64_t i = 0; i < body->count; i++) {
            struct layout_run piece = small_piece(body, i);
            copy_at((struct places){s->at + piece.at, (MPI_Count)info->length, user + piece.offset,
                                    offsets, s->pack},
                    small_length(body, i), m);
        }
        s->at += info->length * m;
    }
}

/* ---- the tree ---- */

static void walk(const struct type_info *info, char *user, uint64_t pos, uint64_t n,
                 struct stream *s);

static void
walk_block(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    if (info->body)
        walk(info->body, user, pos, n, s);
    else
        move(s, user + pos, n);
}

static void
whole_blocks(const struct type_info *loop, char *user, uint64_t n, struct stream *s)
{
    if (!loop->body) {
        move_strided(s, user, loop->stride, loop->length, n);
    } else if (n > 2 && is_small(loop->body) && !s->other) {
        cross_loop(loop, user, n, s);
    } else {
        for (uint64_t i = 0; i < n; i++, user += loop->stride)
            walk(loop->body, user, 0, loop->length, s);
    }
}

// Bytes [pos, pos + n) of a loop: the end of a block, whole blocks, the beginning of one.
static void
walk_loop(const struct type_info *loop, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    uint64_t inside = pos;
    if (pos >= loop->length) {
        inside = pos % loop->length;
        user += (MPI_Count)(pos / loop->length) * loop->stride;
    }
    if (inside) {
        uint64_t part = min_size(loop->length - inside, n);
        walk_block(loop, user, inside, part, s);
        user += loop->stride;
        n -= part;
    }
    if (n >= loop->length) {
        uint64_t whole = n / loop->length;
        whole_blocks(loop, user, whole, s);
        user += (MPI_Count)whole * loop->stride;
        n -= whole * loop->length;
    }
    if (n)
        walk_block(loop, user, 0, n, s);
}

static void
whole_offsets(const struct type_info *info, char *user, struct offsets offsets, uint64_t n,
              struct stream *s)
{
    if (!info->body) {
        move_offsets(s, user, offsets, info->length, n);
    } else if (n > 2 && is_small(info->body) && !s->other) {
        cross_offsets(info, user, offsets, n, s);
    } else {
        for (uint64_t i = 0; i < n; i++)
            walk(info->body, user + offset_at(offsets, i), 0, info->length, s);
    }
}

static void
walk_offsets(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    struct offsets offsets = offsets_from(info->offsets, pos / info->length);
    uint64_t inside = pos % info->length;
    if (inside) {
        uint64_t part = min_size(info->length - inside, n);
        walk_block(info, user + offset_at(offsets, 0), inside, part, s);
        offsets = offsets_from(offsets, 1);
        n -= part;
    }
    uint64_t whole = n / info->length;
    whole_offsets(info, user, offsets, whole, s);
    n -= whole * info->length;
    if (n)
        walk_block(info, user + offset_at(offsets, whole), 0, n, s);
}

static inline __attribute__((always_inline)) void
move_runs(const struct layout_run *run, char *user, uint64_t n, struct stream *s, bool pack)
{
    char *at = s->at;
    for (uint64_t length; n && n >= (length = run[1].at - run->at); n -= length, run++) {
        if (pack)
            copy_piece(at, user + run->offset, length);
        else
            copy_piece(user + run->offset, at, length);
        at += length;
    }
    s->at = at;
    if (n)
        move(s, user + run->offset, n);
}

// Runs of bytes, from the start of one of them.
static void
walk_pieces(const struct layout_run *run, char *user, uint64_t n, struct stream *s)
{
    if (unlikely(s->other)) {
        for (uint64_t part; n; n -= part, run++) {
            part = min_size(run[1].at - run->at, n);
            meet(s, user + run->offset, 0, part, 1);
        }
    } else if (s->pack) {
        move_runs(run, user, n, s, true);
    } else {
        move_runs(run, user, n, s, false);
    }
}

static void
walk_runs(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    const struct layout_run *run = &info->runs[pos ? find_run(info, pos) : 0];
    if (!info->body && pos == run->at) {
        walk_pieces(run, user, n, s);
        return;
    }
    struct type_info loop = {.stride = info->stride, .length = info->length, .body = info->body};
    for (uint64_t part; n; n -= part, pos += part, run++) {
        part = min_size(run[1].at - pos, n);
        if (info->body)
            walk_loop(&loop, user + run->offset, pos - run->at, part, s);
        else
            move(s, user + run->offset + (pos - run->at), part);
    }
}

static void
walk_parts(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    const struct layout_part *part = &info->parts[pos ? find_part(info, pos) : 0];
    for (uint64_t m; n; n -= m, pos += m, part++) {
        m = min_size(part[1].at - pos, n);
        walk(part->body, user + part->offset, pos - part->at, m, s);
    }
}

static void
walk(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    user += info->offset;
    switch (info->form) {
    case LAYOUT_LOOP:
        walk_loop(info, user, pos, n, s);
        break;
    case LAYOUT_OFFSETS:
        walk_offsets(info, user, pos, n, s);
        break;
    case LAYOUT_RUNS:
        walk_runs(info, user, pos, n, s);
        break;
    case LAYOUT_PARTS:
        walk_parts(info, user, pos, n, s);
        break;
    }
}

/* ---- types ---- */

// A loop around all elements, which need not be one: loops that go on from element to element
// become one loop.
static struct type_info
all_elements(const struct type *type, MPI_Count count)
{
    struct type_info *one = type->info;
    if (type->contiguous)
        return (struct type_info){
            .count = 1, .offset = type->true_lb, .length = (uint64_t)type->size * (uint64_t)count};
    struct type_info all = *one;
    MPI_Count span;
    if (count == 1)
        return all;
    all.count *= (uint64_t)count;
    if (one->form == LAYOUT_LOOP && one->count == 1 && !one->body) {
        all.stride = type->extent;
        return all;
    }
    if (one->form == LAYOUT_LOOP &&
        !__builtin_mul_overflow(one->stride, (MPI_Count)one->count, &span) && span == type->extent)
        return all;
    return (struct type_info){.count = (uint64_t)count,
                              .stride = type->extent,
                              .length = (uint64_t)type->size,
                              .body = one};
}

// By way of integers: MPI_BOTTOM is a null pointer, and offsets from it are real addresses.
static char *
address(const void *buf, MPI_Count offset)
{
    return (char *)((uintptr_t)buf + (uintptr_t)offset);
}

struct layout_view
layout_view(const struct type *type, const void *buf, MPI_Count count)
{
    return (struct layout_view){all_elements(type, count), address(buf, 0)};
}

static void
walk_type(const struct type *type, const void *buf, MPI_Count count, uint64_t pos, uint64_t n,
          struct stream *s)
{
    struct layout_view view = layout_view(type, buf, count);
    walk(&view.all, view.base, pos, n, s);
}

void
layout_pack(const struct type *type, const void *buf, MPI_Count count, uint64_t pos, void *out,
            size_t n)
{
    struct stream s = {.at = out, .pack = true};
    if (unlikely(n == 0))
        return;
    if (likely(type->contiguous))
        memcpy(out, address(buf, type->true_lb + (MPI_Count)pos), n);
    else
        walk_type(type, buf, count, pos, n, &s);
}

void
layout_unpack(const struct type *type, void *buf, MPI_Count count, uint64_t pos, const void *in,
              size_t n)
{
    struct stream s = {.at = address(in, 0), .pack = false};
    if (unlikely(n == 0))
        return;
    if (likely(type->contiguous))
        memcpy(address(buf, type->true_lb + (MPI_Count)pos), in, n);
    else
        walk_type(type, buf, count, pos, n, &s);
}

// Do both consist of blocks of the same few pieces?
static bool
same_pieces(const struct type_info *a, const struct type_info *b)
{
    if (a->form != LAYOUT_LOOP || b->form != LAYOUT_LOOP || !is_small(a->body) ||
        !is_small(b->body) || a->length != b->length || a->body->count != b->body->count)
        return false;
    for (uint64_t i = 0; i < a->body->count; i++)
        if (small_length(a->body, i) != small_length(b->body, i))
            return false;
    return true;
}

// n blocks of both, from block i on.
static void
cross_both(const struct type_info *from, char *at, const struct type_info *to, char *there,
           uint64_t n)
{
    for (uint64_t m; n; n -= m) {
        m = min_size(n, BLOCKS_AT_ONCE);
        for (uint64_t i = 0; i < from->body->count; i++)
            copy_strided((struct strided){there + small_piece(to->body, i).offset,
                                          at + small_piece(from->body, i).offset, to->stride,
                                          from->stride},
                         small_length(from->body, i), m);
        at += (MPI_Count)m * from->stride;
        there += (MPI_Count)m * to->stride;
    }
}

// Whole blocks that both have; how many bytes that was.
static uint64_t
copy_blocks(const struct type_info *from, char *at, const struct type_info *to, char *there,
            uint64_t pos, uint64_t n)
{
    if (!same_pieces(from, to) || pos % from->length)
        return 0;
    MPI_Count first = (MPI_Count)(pos / from->length);
    at += from->offset + from->body->offset + first * from->stride;
    there += to->offset + to->body->offset + first * to->stride;
    n /= from->length;
    cross_both(from, at, to, there, n);
    return n * from->length;
}

// The one block of memory that it is, from byte `pos` on; NULL: it has holes.
static char *
plain_at(const struct layout_view *view, uint64_t pos)
{
    const struct type_info *all = &view->all;
    bool plain = all->form == LAYOUT_LOOP && all->count == 1 && !all->body;
    return plain ? view->base + all->offset + pos : NULL;
}

void
view_copy(const struct layout_view *from, const struct layout_view *to, uint64_t pos, size_t n)
{
    char *plain_from = plain_at(from, pos), *plain_to = plain_at(to, pos);
    if (unlikely(n == 0))
        return;
    if (plain_from && plain_to) {
        memcpy(plain_to, plain_from, n);
        return;
    }
    if (plain_from || plain_to) {
        const struct layout_view *user = plain_to ? from : to;
        struct stream s = {.at = plain_to ? plain_to : plain_from, .pack = plain_to != NULL};
        walk(&user->all, user->base, pos, n, &s);
        return;
    }
    uint64_t whole = copy_blocks(&from->all, from->base, &to->all, to->base, pos, n);
    if (whole == n)
        return;
    struct span other = span_at(&to->all, to->base, pos + whole);
    struct stream s = {.other = &other, .pack = true};
    walk(&from->all, from->base, pos + whole, n - whole, &s);
}

void
layout_copy(const struct layout_side *from, const struct layout_side *to, uint64_t pos, size_t n)
{
    struct layout_view source = layout_view(from->type, from->buf, from->count);
    struct layout_view target = layout_view(to->type, to->buf, to->count);
    view_copy(&source, &target, pos, n);
}
