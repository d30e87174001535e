// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Pieces of one layout against what comes next in another (core/layout.c). */
#ifndef MUSTER_CORE_MEET_H
#define MUSTER_CORE_MEET_H

#include "core/pieces.h"
#include "core/span.h"

/* So few blocks that their lines are still being fetched, one after the other, when the last piece
 * of them goes (bench/types: structures take 1.08 times the loop by hand, 1.28 with 64 or more). */
#define BLOCKS_AT_ONCE 16

/* What a walk moves to or from; it advances with the bytes. */
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

/* n pieces of the user's, `stride` apart or at offsets, from or to the other layout. */
void meet(struct stream *s, char *user, MPI_Count stride, uint64_t length, uint64_t n);
void meet_offsets(struct stream *s, char *user, struct offsets offsets, uint64_t length,
                  uint64_t n);

#endif
