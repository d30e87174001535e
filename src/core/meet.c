// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/meet.h"

// Whole pieces of the user's against as long ones of the other side.
static void
meet_equal(const struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n)
{
    struct span *o = s->other;
    if (offsets_given(o->offsets))
        copy_at((struct places){user, stride, o->origin, o->offsets, !s->pack}, length, n);
    else
        copy_strided(towards(s->pack, o->at, o->stride, user, stride), length, n);
    span_skip_blocks(o, n);
}

#define PARTS_MOST 16

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
    if (offsets_given(o->offsets) || p.mine * p.theirs > PARTS_MOST ||
        p.mine * length != p.theirs * o->length)
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
    if (!o->inside && !offsets_given(o->offsets) && o->count > 1 &&
        left >= 2 * o->length) { // of theirs in ours
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

void
meet_offsets(struct stream *s, char *user, struct offsets offsets, uint64_t length, uint64_t n)
{
    struct span *o = s->other;
    for (uint64_t m; n; n -= m, offsets = offsets_from(offsets, m)) {
        if (!o->count)
            span_next(o);
        uint64_t room = o->length - o->inside;
        bool equal = room == length && !o->inside && !offsets_given(o->offsets);
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
            meet(s, user + offset_at(offsets, 0), 0, length, 1);
        }
    }
}

void
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
