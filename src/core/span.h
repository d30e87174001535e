// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A cursor in a layout: the pieces that come next. */
#ifndef MUSTER_CORE_SPAN_H
#define MUSTER_CORE_SPAN_H

#include "core/layout.h"

/* Pieces that come next in a layout: `count` of them, `inside` bytes of the first are done with.
 * They are `stride` apart, or at `offsets` from the origin; `at` is the first. */
struct span {
    char *at;
    MPI_Count stride;
    struct offsets offsets; // or none
    uint64_t length, count, inside;
    const struct type_info *leaf; // where they are from: its next pieces are from `next` on
    char *origin;
    uint64_t next;
    uint64_t pos; // in the stream, behind all of them
    const struct type_info *all;
    char *base;
};

/* Byte `pos` of the stream of the layout `all` at `base`. */
struct span span_at(const struct type_info *all, char *base, uint64_t pos);

/* What comes behind the pieces of the span; there is always something: the caller knows how long
 * the stream is. */
void span_next(struct span *s);

/* The run or part of a node that holds byte `pos` of it. */
uint64_t find_run(const struct type_info *info, uint64_t pos);
uint64_t find_part(const struct type_info *info, uint64_t pos);

static inline void
span_skip_blocks(struct span *s, uint64_t n)
{
    s->count -= n;
    if (!offsets_given(s->offsets)) {
        s->at += (MPI_Count)n * s->stride;
    } else if (s->count) {
        s->offsets = offsets_from(s->offsets, n);
        s->at = s->origin + offset_at(s->offsets, 0);
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

#endif
