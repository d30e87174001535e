// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/layout.h"

#include <string.h>

// The packed side of a walk; it advances as bytes are moved.
struct stream {
    char *at;
    bool pack; // out of the user's buffer
};

static inline void
move(struct stream *s, char *user, size_t n)
{
    if (s->pack)
        memcpy(s->at, user, n);
    else
        memcpy(user, s->at, n);
    s->at += n;
}

static inline __attribute__((always_inline)) void
move_each(struct stream *s, char *user, MPI_Count stride, size_t length, uint64_t n)
{
    for (; n; n--, user += stride)
        move(s, user, length);
}

// A length that the compiler knows becomes one load and one store.
static void
move_pieces(struct stream *s, char *user, MPI_Count stride, size_t length, uint64_t n)
{
    switch (length) {
    case 1:
        move_each(s, user, stride, 1, n);
        return;
    case 2:
        move_each(s, user, stride, 2, n);
        return;
    case 4:
        move_each(s, user, stride, 4, n);
        return;
    case 8:
        move_each(s, user, stride, 8, n);
        return;
    case 12:
        move_each(s, user, stride, 12, n);
        return;
    case 16:
        move_each(s, user, stride, 16, n);
        return;
    default:
        move_each(s, user, stride, length, n);
        return;
    }
}

static void walk_list(const struct type_info *info, char *user, uint64_t pos, uint64_t n,
                      struct stream *s);

static void
walk_block(const struct layout_loop *loop, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    if (loop->body)
        walk_list(loop->body, user, pos, n, s);
    else
        move(s, user + pos, n);
}

// Bytes [pos, pos + n) of a loop: the end of a block, whole blocks, the beginning of one.
static void
walk_loop(const struct layout_loop *loop, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    uint64_t inside = pos % loop->length;
    user += loop->offset + (MPI_Count)(pos / loop->length) * loop->stride;
    if (inside) {
        uint64_t part = min_size(loop->length - inside, n);
        walk_block(loop, user, inside, part, s);
        user += loop->stride;
        n -= part;
    }
    uint64_t whole = n / loop->length;
    if (!loop->body) {
        move_pieces(s, user, loop->stride, loop->length, whole);
        user += (MPI_Count)whole * loop->stride;
    } else {
        for (uint64_t i = 0; i < whole; i++, user += loop->stride)
            walk_list(loop->body, user, 0, loop->length, s);
    }
    if (n % loop->length)
        walk_block(loop, user, 0, n % loop->length, s);
}

// The loop that holds byte `pos`: the last one that does not begin after it.
static uint32_t
find_loop(const struct type_info *info, uint64_t pos)
{
    uint32_t low = 0, high = info->nloops;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (info->loops[middle].at <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void
walk_list(const struct type_info *info, char *user, uint64_t pos, uint64_t n, struct stream *s)
{
    for (uint32_t i = find_loop(info, pos); n; i++) {
        const struct layout_loop *loop = &info->loops[i];
        uint64_t inside = pos - loop->at;
        uint64_t part = min_size(loop->count * loop->length - inside, n);
        walk_loop(loop, user, inside, part, s);
        pos += part;
        n -= part;
    }
}

static void
walk_type(const struct type *type, char *user, MPI_Count count, uint64_t pos, uint64_t n,
          struct stream *s)
{
    struct layout_loop all = {
        .stride = type->extent,
        .count = (uint64_t)count,
        .length = (uint64_t)type->size,
        .body = type->info,
    };
    // A single piece with room after it, as MPI_DOUBLE_INT has, needs no list within the loop.
    if (type->info->nloops == 1 && type->info->loops[0].count == 1 && !type->info->loops[0].body) {
        all.offset = type->info->loops[0].offset;
        all.body = NULL;
    }
    walk_loop(&all, user, pos, n, s);
}

// By way of integers: MPI_BOTTOM is a null pointer, and offsets from it are real addresses.
static char *
address(const void *buf, MPI_Count offset)
{
    return (char *)((uintptr_t)buf + (uintptr_t)offset);
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
