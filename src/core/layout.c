// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A walk goes down one side's tree ("the user's") and meets pieces in the order of the stream. The
 * other side is a block of memory, or a second layout, of which a struct span says what comes next.
 */
#include "core/layout.h"

#include <string.h>

/* ---- copying pieces ---- */

// Short ones without a call: the two loads overlap.
static inline __attribute__((always_inline)) void
copy_piece(char *to, const char *from, size_t n)
{
    uint64_t first, last;
    uint32_t first4, last4;
    struct {
        uint64_t word[2];
    } a, b, c, d;
    if (n > 64) {
        memcpy(to, from, n);
    } else if (n > 32) {
        memcpy(&a, from, sizeof a);
        memcpy(&b, from + 16, sizeof b);
        memcpy(&c, from + n - 32, sizeof c);
        memcpy(&d, from + n - 16, sizeof d);
        memcpy(to, &a, sizeof a);
        memcpy(to + 16, &b, sizeof b);
        memcpy(to + n - 32, &c, sizeof c);
        memcpy(to + n - 16, &d, sizeof d);
    } else if (n > 16) {
        memcpy(&a, from, sizeof a);
        memcpy(&b, from + n - sizeof b, sizeof b);
        memcpy(to, &a, sizeof a);
        memcpy(to + n - sizeof b, &b, sizeof b);
    } else if (n >= 8) {
        memcpy(&first, from, 8);
        memcpy(&last, from + n - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + n - 8, &last, 8);
    } else if (n >= 4) {
        memcpy(&first4, from, 4);
        memcpy(&last4, from + n - 4, 4);
        memcpy(to, &first4, 4);
        memcpy(to + n - 4, &last4, 4);
    } else {
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
    }
}

// Pieces of one length, on each side so many bytes apart.
struct strided {
    char *to;
    const char *from;
    MPI_Count to_stride, from_stride;
};

typedef void strided_copy(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length,
                          uint64_t n);

static inline __attribute__((always_inline)) void
copy_each(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length, uint64_t n)
{
    for (; n >= 4; n -= 4, to += 4 * t, from += 4 * f) {
        memcpy(to, from, length);
        memcpy(to + t, from + f, length);
        memcpy(to + 2 * t, from + 2 * f, length);
        memcpy(to + 3 * t, from + 3 * f, length);
    }
    for (; n; n--, to += t, from += f)
        memcpy(to, from, length);
}

// A length that the compiler knows becomes one load and one store.
#define COPY(known)                                                                                \
    static void copy_##known(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length,  \
                             uint64_t n)                                                           \
    {                                                                                              \
        (void)length;                                                                              \
        copy_each(to, t, from, f, known, n);                                                       \
    }
COPY(1)
COPY(2)
COPY(4)
COPY(8)
COPY(12)
COPY(16)
COPY(24)
COPY(32)
#undef COPY

static void
copy_any(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length, uint64_t n)
{
    for (; n; n--, to += t, from += f)
        copy_piece(to, from, length);
}

static strided_copy *
copy_of_length(size_t length)
{
    static strided_copy *const by_words[] = {copy_any, copy_4,  copy_8,   copy_12, copy_16,
                                             copy_any, copy_24, copy_any, copy_32};
    if (length <= 32 && length % 4 == 0)
        return by_words[length / 4];
    return length == 1 ? copy_1 : length == 2 ? copy_2 : copy_any;
}

static inline void
copy_strided(struct strided s, size_t length, uint64_t n)
{
    copy_of_length(length)(s.to, s.to_stride, s.from, s.from_stride, length, n);
}

// Pieces of one length: `step` apart on one side, at `offsets` from a base on the other.
struct places {
    char *at;
    MPI_Count step;
    char *base;
    const MPI_Count *offsets;
    bool gather; // from the base to `at`
};

static inline __attribute__((always_inline)) void
copy_at_each(struct places p, bool gather, size_t length, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++, p.at += p.step) {
        if (gather)
            memcpy(p.at, p.base + p.offsets[i], length);
        else
            memcpy(p.base + p.offsets[i], p.at, length);
    }
}

static void
copy_at(struct places p, size_t length, uint64_t n)
{
#define CASE(known)                                                                                \
    case known:                                                                                    \
        if (p.gather)                                                                              \
            copy_at_each(p, true, known, n);                                                       \
        else                                                                                       \
            copy_at_each(p, false, known, n);                                                      \
        return
    switch (length) {
        CASE(1);
        CASE(2);
        CASE(4);
        CASE(8);
        CASE(12);
        CASE(16);
        CASE(24);
        CASE(32);
    }
#undef CASE
    for (uint64_t i = 0; i < n; i++, p.at += p.step) {
        char *place = p.base + p.offsets[i];
        if (p.gather)
            copy_piece(p.at, place, length);
        else
            copy_piece(place, p.at, length);
    }
}

/* ---- the other side ---- */

// Pieces that come next in a layout: `count` of them, `inside` bytes of the first are done with.
// They are `stride` apart, or at `offsets` from the origin; `at` is the first.
struct span {
    char *at;
    MPI_Count stride;
    const MPI_Count *offsets;
    uint64_t length, count, inside;
    const struct type_info *leaf; // where they are from: its next pieces are from `next` on
    char *origin;
    uint64_t next;
    uint64_t pos; // in the stream, behind all of them
    const struct type_info *all;
    char *base;
};

static void span_seek(struct span *s, const struct type_info *info, char *origin, uint64_t pos);

// Of a leaf: the pieces from number i on.
static void
span_take(struct span *s, uint64_t i)
{
    const struct type_info *leaf = s->leaf;
    s->inside = 0;
    s->count = leaf->count - i;
    s->length = leaf->length;
    s->next = leaf->count;
    s->offsets = NULL;
    if (leaf->form == LAYOUT_LOOP) {
        s->at = s->origin + (MPI_Count)i * leaf->stride;
        s->stride = leaf->stride;
    } else if (leaf->form == LAYOUT_OFFSETS) {
        s->offsets = leaf->offsets + i;
        s->at = s->origin + *s->offsets;
    } else {
        s->at = s->origin + leaf->runs[i].offset;
        s->length = leaf->runs[i + 1].at - leaf->runs[i].at;
        s->count = 1;
        s->next = i + 1;
    }
    s->pos += s->length * s->count;
}

// The run or part that holds byte `pos`: the last one that does not begin after it.
static uint64_t
find_run(const struct type_info *info, uint64_t pos)
{
    uint64_t low = 0, high = info->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (info->runs[middle].at <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint64_t
find_part(const struct type_info *info, uint64_t pos)
{
    uint64_t low = 0, high = info->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (info->parts[middle].at <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// The pieces of a leaf from byte `pos` of it on.
static void
span_enter(struct span *s, const struct type_info *leaf, char *origin, uint64_t pos)
{
    uint64_t i = leaf->form == LAYOUT_RUNS ? find_run(leaf, pos) : pos / leaf->length;
    uint64_t inside = leaf->form == LAYOUT_RUNS ? pos - leaf->runs[i].at : pos % leaf->length;
    s->leaf = leaf;
    s->origin = origin;
    s->pos -= inside;
    span_take(s, i);
    s->inside = inside;
}

static void
span_seek(struct span *s, const struct type_info *info, char *origin, uint64_t pos)
{
    for (;;) {
        origin += info->offset;
        if (info->form == LAYOUT_PARTS) {
            const struct layout_part *part = &info->parts[find_part(info, pos)];
            origin += part->offset;
            pos -= part->at;
            info = part->body;
            continue;
        }
        if (!info->body) {
            span_enter(s, info, origin, pos);
            return;
        }
        if (info->form == LAYOUT_RUNS) {
            const struct layout_run *run = &info->runs[find_run(info, pos)];
            pos -= run->at;
            origin += run->offset + (MPI_Count)(pos / info->length) * info->stride;
        } else if (info->form == LAYOUT_OFFSETS) {
            origin += info->offsets[pos / info->length];
        } else {
            origin += (MPI_Count)(pos / info->length) * info->stride;
        }
        pos %= info->length;
        info = info->body;
    }
}

// There is always another one: both sides' streams are equally long.
static inline void
span_next(struct span *s)
{
    if (s->next < s->leaf->count)
        span_take(s, s->next);
    else
        span_seek(s, s->all, s->base, s->pos);
}

static inline void
span_skip_blocks(struct span *s, uint64_t n)
{
    s->count -= n;
    if (!s->offsets) {
        s->at += (MPI_Count)n * s->stride;
    } else if (s->count) {
        s->offsets += n;
        s->at = s->origin + *s->offsets;
    }
}

static inline void
span_skip_bytes(struct span *s, uint64_t n)
{
    s->inside += n;
    if (s->inside == s->length) {
        s->inside = 0;
        span_skip_blocks(s, 1);
    }
}

/* ---- walking ---- */

// What the walk moves to or from; it advances with the bytes.
struct stream {
    char *at;           // the packed side
    struct span *other; // or a second layout
    bool pack;          // out of the user's buffer
};

static inline struct strided
towards(bool pack, char *other, MPI_Count other_stride, char *user, MPI_Count stride)
{
    if (pack)
        return (struct strided){other, user, other_stride, stride};
    return (struct strided){user, other, stride, other_stride};
}

// Whole pieces of the user's against as long ones of the other side.
static void
meet_equal(const struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n)
{
    struct span *o = s->other;
    if (o->offsets)
        copy_at((struct places){user, stride, o->origin, o->offsets, !s->pack}, length, n);
    else
        copy_strided(towards(s->pack, o->at, o->stride, user, stride), length, n);
    span_skip_blocks(o, n);
}

// So few blocks that their lines are still being fetched, one after the other, when the last piece
// of them goes (bench/types: structures take 1.08 times the loop by hand, 1.28 with 64 or more).
#define BLOCKS_AT_ONCE 16
#define PARTS_MOST     16

// Pieces of one side, each as long as some of the other's together: the first part of many of them,
// then the second ...
struct parts {
    uint64_t mine, theirs; // pieces of the user's and of the other's that make up the longer one
    uint64_t length;       // of a part
};

static void
meet_parts(const struct stream *s, char *user, MPI_Count stride, uint64_t n, const struct parts *p)
{
    struct span *o = s->other;
    MPI_Count user_step = p->theirs > 1 ? (MPI_Count)p->length : stride;
    MPI_Count other_step = p->mine > 1 ? (MPI_Count)p->length : o->stride;
    MPI_Count user_stride = stride * (MPI_Count)p->mine;
    MPI_Count other_stride = o->stride * (MPI_Count)p->theirs;
    strided_copy *copy = copy_of_length(p->length);
    for (uint64_t m; n; n -= m) {
        m = min_size(n, BLOCKS_AT_ONCE);
        for (uint64_t i = 0; i < p->mine * p->theirs; i++) {
            char *at = o->at + (MPI_Count)i * other_step, *mine = user + (MPI_Count)i * user_step;
            if (s->pack)
                copy(at, other_stride, mine, user_stride, p->length, m);
            else
                copy(mine, user_stride, at, other_stride, p->length, m);
        }
        user += (MPI_Count)m * user_stride;
        span_skip_blocks(o, m * p->theirs);
    }
}

// How many pieces of the user's went so; 0: they do not fit into each other, or are too few.
static uint64_t
meet_as_parts(const struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n)
{
    const struct span *o = s->other;
    struct parts p = {.mine = o->length > length ? o->length / length : 1,
                      .theirs = length > o->length ? length / o->length : 1,
                      .length = min_size(length, o->length)};
    if (o->offsets || p.mine * p.theirs > PARTS_MOST || p.mine * length != p.theirs * o->length)
        return 0;
    uint64_t m = min_size(n / p.mine, o->count / p.theirs);
    if (m < 4)
        return 0;
    meet_parts(s, user, stride, m, &p);
    return m * p.mine;
}

// Some bytes of the user's piece, of which `inside` are done with.
static uint64_t
meet_bytes(const struct stream *s, char *user, uint64_t length, uint64_t inside)
{
    struct span *o = s->other;
    uint64_t m = min_size(length - inside, o->length - o->inside);
    copy_strided(towards(s->pack, o->at + o->inside, 0, user + inside, 0), m, 1);
    span_skip_bytes(o, m);
    return m;
}

// Pieces of the user's against those of the other side, as many as go at once; how many whole
// pieces, or (0) some bytes of the one at `user`, of which `inside` are done with.
static uint64_t
meet_some(const struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n,
          uint64_t *inside)
{
    struct span *o = s->other;
    if (!*inside && !o->inside) {
        if (length == o->length) {
            n = min_size(n, o->count);
            meet_equal(s, user, stride, length, n);
            return n;
        }
        uint64_t m = n > 1 && o->count > 1 ? meet_as_parts(s, user, stride, length, n) : 0;
        if (m)
            return m;
    }
    uint64_t room = o->length - o->inside;
    if (!*inside && n > 1 && room >= 2 * length) { // several of ours in one of theirs
        n = min_size(n, room / length);
        copy_strided(towards(s->pack, o->at + o->inside, (MPI_Count)length, user, stride), length,
                     n);
        span_skip_bytes(o, n * length);
        return n;
    }
    uint64_t left = length - *inside;
    if (!o->inside && !o->offsets && o->count > 1 && left >= 2 * o->length) { // of theirs in ours
        uint64_t m = min_size(o->count, left / o->length);
        user += *inside;
        copy_strided(towards(s->pack, o->at, o->stride, user, (MPI_Count)o->length), o->length, m);
        *inside += m * o->length;
        span_skip_blocks(o, m);
    } else {
        *inside += meet_bytes(s, user, length, *inside);
    }
    if (*inside < length)
        return 0;
    *inside = 0;
    return 1;
}

static void meet(struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n);

// The same for pieces at offsets.
static void
meet_offsets(struct stream *s, char *user, const MPI_Count *offsets, uint64_t length, uint64_t n)
{
    struct span *o = s->other;
    for (uint64_t m; n; n -= m, offsets += m) {
        if (!o->count)
            span_next(o);
        uint64_t room = o->length - o->inside;
        bool equal = room == length && !o->inside && !o->offsets;
        m = 1;
        if (equal || room >= 2 * length) {
            m = min_size(n, equal ? o->count : room / length);
            MPI_Count step = equal ? o->stride : (MPI_Count)length;
            copy_at((struct places){o->at + o->inside, step, user, offsets, s->pack}, length, m);
            if (equal)
                span_skip_blocks(o, m);
            else
                span_skip_bytes(o, m * length);
        } else {
            meet(s, user + *offsets, 0, length, 1);
        }
    }
}

static void
meet(struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n)
{
    for (uint64_t inside = 0; n;) {
        if (!s->other->count)
            span_next(s->other);
        uint64_t m = meet_some(s, user, stride, length, n, &inside);
        user += (MPI_Count)m * stride;
        n -= m;
    }
}

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
move_offsets(struct stream *s, char *user, const MPI_Count *offsets, uint64_t length, uint64_t n)
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
        return (struct layout_run){body->offsets[i], i * body->length};
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
cross_offsets(const struct type_info *info, char *user, const MPI_Count *offsets, uint64_t n,
              struct stream *s)
{
    const struct type_info *body = info->body;
    user += body->offset;
    for (uint64_t m; n; n -= m, offsets += m) {
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
whole_offsets(const struct type_info *info, char *user, const MPI_Count *offsets, uint64_t n,
              struct stream *s)
{
    if (!info->body) {
        move_offsets(s, user, offsets, info->length, n);
    } else if (n > 2 && is_small(info->body) && !s->other) {
        cross_offsets(info, user, offsets, n, s);
    } else {
        for (uint64_t i = 0; i < n; i++)
            walk(info->body, user + offsets[i], 0, info->length, s);
    }
}

static void
walk_offsets(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    const MPI_Count *offsets = info->offsets + pos / info->length;
    uint64_t inside = pos % info->length;
    if (inside) {
        uint64_t part = min_size(info->length - inside, n);
        walk_block(info, user + *offsets++, inside, part, s);
        n -= part;
    }
    uint64_t whole = n / info->length;
    whole_offsets(info, user, offsets, whole, s);
    n -= whole * info->length;
    if (n)
        walk_block(info, user + offsets[whole], 0, n, s);
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

static void
walk_type(const struct type *type, char *user, MPI_Count count, uint64_t pos, uint64_t n,
          struct stream *s)
{
    struct type_info all = all_elements(type, count);
    walk(&all, user, pos, n, s);
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
        walk_type(type, address(buf, 0), count, pos, n, &s);
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
        walk_type(type, address(buf, 0), count, pos, n, &s);
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

void
layout_copy(const struct layout_side *from, const struct layout_side *to, uint64_t pos, size_t n)
{
    if (unlikely(n == 0))
        return;
    if (to->type->contiguous) {
        char *at = address(to->buf, to->type->true_lb + (MPI_Count)pos);
        layout_pack(from->type, from->buf, from->count, pos, at, n);
        return;
    }
    if (from->type->contiguous) {
        const char *at = address(from->buf, from->type->true_lb + (MPI_Count)pos);
        layout_unpack(to->type, to->buf, to->count, pos, at, n);
        return;
    }
    struct type_info all = all_elements(to->type, to->count);
    struct type_info all_from = all_elements(from->type, from->count);
    char *user = address(from->buf, 0), *base = address(to->buf, 0);
    uint64_t whole = copy_blocks(&all_from, user, &all, base, pos, n);
    if (whole == n)
        return;
    struct span other = {.all = &all, .base = base, .pos = pos + whole};
    struct stream s = {.other = &other, .pack = true};
    span_seek(&other, &all, base, pos + whole);
    walk(&all_from, user, pos + whole, n - whole, &s);
}
