// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Where the bytes of a datatype lie.
 *
 * The packed stream of `count` elements is their data without holes, in the order of the type map.
 * A type whose data is one block for any count (type->contiguous) needs no description. Of any
 * other, a tree of struct type_info says where the bytes of one element's part of the stream are;
 * `count` elements are then one more loop around it. A node is in proportion to what describes the
 * type, never to its data, and is shared by all types that contain it.
 */
#ifndef MUSTER_CORE_LAYOUT_H
#define MUSTER_CORE_LAYOUT_H

#include "core/object.h"

enum layout_form {
    LAYOUT_LOOP,    // blocks, each `stride` bytes after the one before
    LAYOUT_OFFSETS, // blocks at `offsets`
    LAYOUT_RUNS,    // `runs`, each of so many blocks, `stride` bytes apart
    LAYOUT_PARTS,   // different things
};

/* Where it begins, from the node's origin, and at which byte of the node's stream. It ends where
 * the next one begins: there is one more of them, at the end of the stream. */
struct layout_run {
    MPI_Count offset;
    uint64_t at;
};
struct layout_part {
    MPI_Count offset;
    uint64_t at;
    struct type_info *body;
};

/* Offsets from a node's origin, one of both: of 4 bytes where all are near enough. */
struct offsets {
    const uint32_t *near;
    const MPI_Count *far;
};

static inline bool
offsets_given(struct offsets o)
{
    return o.near || o.far;
}

static inline MPI_Count
offset_at(struct offsets o, uint64_t i)
{
    return o.near ? (MPI_Count)o.near[i] : o.far[i];
}

/* Those from number i on. */
static inline struct offsets
offsets_from(struct offsets o, uint64_t i)
{
    return o.near ? (struct offsets){.near = o.near + i} : (struct offsets){.far = o.far + i};
}

struct type_info {
    uint32_t refs; // 0: not counted, it is static
    enum layout_form form;
    uint64_t size;          // bytes of its stream, never 0
    uint64_t pieces;        // that it consists of; at most UINT32_MAX is told
    uint64_t count;         // blocks, runs or parts
    MPI_Count offset;       // of its origin from the start of the element or outer block
    MPI_Count stride;       // loops and runs
    uint64_t length;        // bytes of the stream in one block; not of parts
    struct type_info *body; // what a block is; NULL: one piece. Runs of pieces have blocks of 1
    union {
        struct offsets offsets;
        const struct layout_run *runs;
        const struct layout_part *parts;
    };
};

/* Bodies of at most so many pieces are moved piece by piece, over many blocks at once. */
#define LAYOUT_SMALL 16

/* Copy bytes [pos, pos + n) of the packed stream of `count` elements at `buf` to `out`. */
void layout_pack(const struct type *type, const void *buf, MPI_Count count, uint64_t pos, void *out,
                 size_t n);

/* The reverse: `in` holds bytes [pos, pos + n) of the stream. */
void layout_unpack(const struct type *type, void *buf, MPI_Count count, uint64_t pos,
                   const void *in, size_t n);

/* One side of a copy: `count` elements at `buf`. */
struct layout_side {
    const struct type *type;
    void *buf;
    MPI_Count count;
};

/* The same without the type: a tree for all elements, whose own node is in here. It borrows the
 * nodes below. */
struct layout_view {
    struct type_info all;
    char *base;
};
struct layout_view layout_view(const struct type *type, const void *buf, MPI_Count count);

/* Copy bytes [pos, pos + n) of one stream to the same place of another, walking both at once. The
 * buffers do not overlap. */
void layout_copy(const struct layout_side *from, const struct layout_side *to, uint64_t pos,
                 size_t n);
void view_copy(const struct layout_view *from, const struct layout_view *to, uint64_t pos,
               size_t n);

#endif
