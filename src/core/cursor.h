// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The pieces of a datatype, one after the other in the order of its stream: element after element
 * without an end. Where they lie are numbers, not addresses: a file's view is walked with it. What
 * it keeps is one place in the layout, whatever the data.
 */
#ifndef MUSTER_CORE_CURSOR_H
#define MUSTER_CORE_CURSOR_H

#include "core/layout.h"

struct stretch {
    MPI_Count offset;
    uint64_t length;
};

struct cursor {
    const struct type *type; // compiled, not empty; the caller's
    MPI_Count origin;        // of the first element
    uint64_t pos;            // in the stream: of the present piece's end
    struct stretch rest;     // of the present piece
    // The leaf whose piece it is, its number there, and where the leaf begins.
    const struct type_info *leaf;
    uint64_t index;
    MPI_Count base;
};

/* Put it to byte `pos` of the stream. */
void cursor_seek(struct cursor *cursor, uint64_t pos);

static inline struct cursor
cursor_make(const struct type *type, MPI_Count origin, uint64_t pos)
{
    struct cursor cursor = {.type = type, .origin = origin};
    cursor_seek(&cursor, pos);
    return cursor;
}

/* The next bytes that lie together, at most `most` (not 0) of them: it stands behind them then. */
struct stretch cursor_take(struct cursor *cursor, uint64_t most);

/* Where byte `pos` of the stream is. */
static inline MPI_Count
cursor_offset(const struct type *type, MPI_Count origin, uint64_t pos)
{
    return cursor_make(type, origin, pos).rest.offset;
}

/*
 * Do the pieces of one element come in order, from 0 on? MPI_ERR_IO, with the displacements, if
 * not. `apart`: nor may any two have a byte in common. In proportion to the description.
 */
int layout_check_order(const struct type *type, bool apart);

#endif
