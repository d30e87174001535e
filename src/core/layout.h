// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Where the bytes of a datatype lie.
 *
 * The packed stream of `count` elements is their data without holes, in the order of the type map.
 * A type whose data is one block for any count (type->contiguous) needs no description. Of any
 * other, struct type_info lists the loops that one element's part of the stream consists of, in
 * order: a loop is `count` blocks, each `stride` bytes after the one before; a block is `length`
 * bytes in one piece, or is itself described by a list (`body`). `count` elements of a type are
 * then one more loop around it. The list is in proportion to the description of a type, never to
 * its data.
 */
#ifndef MUSTER_CORE_LAYOUT_H
#define MUSTER_CORE_LAYOUT_H

#include "core/object.h"

struct layout_loop {
    MPI_Count offset; // of the first block, from the start of the element or outer block
    MPI_Count stride;
    uint64_t count;
    uint64_t length;              // packed bytes of one block, never 0
    const struct type_info *body; // NULL: a block is one piece
    uint64_t at;                  // where it begins in the packed element
};

struct type_info {
    uint32_t nloops;
    const struct layout_loop *loops;
};

/* Copy bytes [pos, pos + n) of the packed stream of `count` elements at `buf` to `out`. */
void layout_pack(const struct type *type, const void *buf, MPI_Count count, uint64_t pos, void *out,
                 size_t n);

/* The reverse: `in` holds bytes [pos, pos + n) of the stream. */
void layout_unpack(const struct type *type, void *buf, MPI_Count count, uint64_t pos,
                   const void *in, size_t n);

#endif
