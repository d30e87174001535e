// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The user's buffers of a collective: a side is the send or the receive buffer as the arguments
 * describe it, a part is one block of it. Arrays of counts and displacements stay the user's, int
 * or MPI_Count, and are read one value at a time (the user may not change them while the call is
 * under way).
 */
#ifndef MUSTER_COLL_SIDE_H
#define MUSTER_COLL_SIDE_H

#include "core/layout.h"
#include "core/object.h"

#include <string.h>

/* An array argument: one of both, or neither. */
struct vector {
    const int *narrow;
    const MPI_Count *wide;
};

static inline bool
vector_given(struct vector v)
{
    return v.narrow || v.wide;
}

static inline MPI_Count
vector_at(struct vector v, int i)
{
    return v.narrow ? v.narrow[i] : v.wide[i];
}

static inline struct vector
narrow(const int *values)
{
    return (struct vector){.narrow = values};
}

static inline struct vector
wide(const MPI_Count *values)
{
    return (struct vector){.wide = values};
}

/* A buffer as the arguments give it: blocks of `count` elements, or of counts[i] at displs[i], of
 * one type or of types[i]. */
struct given {
    const void *base;
    MPI_Count count;
    MPI_Datatype type;
    const MPI_Datatype *types;
    struct vector counts, displs;
};

static inline struct given
blocks(const void *base, MPI_Count count, MPI_Datatype type)
{
    return (struct given){.base = base, .count = count, .type = type};
}

static inline struct given
blocks_v(const void *base, struct vector counts, struct vector displs, MPI_Datatype type)
{
    return (struct given){.base = base, .counts = counts, .displs = displs, .type = type};
}

static inline struct given
blocks_w(const void *base, struct vector counts, struct vector displs, const MPI_Datatype *types)
{
    return (struct given){.base = base, .counts = counts, .displs = displs, .types = types};
}

/* Block i is `count` elements (or counts[i]) at base + i * count * extent (or displs[i] * extent;
 * with types, displs[i] bytes and types[i]). */
struct side {
    char *base;
    MPI_Count count;
    struct type *type;
    struct type **types;
    struct vector counts, displs; // the user's arrays
    int n;                        // values in each
    bool raw; // for reductions: elements with their padding, `extent` bytes each
};

struct part {
    char *flat; // where its bytes stand in one block, or NULL: walk the type
    char *base;
    struct type *type;
    MPI_Count count;
    uint64_t bytes;
};

/* base + offset, where base may be MPI_BOTTOM. */
static inline char *
address(char *base, MPI_Count offset)
{
    return (char *)((uintptr_t)base + (uintptr_t)offset);
}

static inline struct part
part_make(char *base, MPI_Count count, struct type *type, bool raw)
{
    struct part p = {.base = base, .type = type, .count = count};
    p.bytes = (uint64_t)count * (uint64_t)(raw ? type->extent : type->size);
    p.flat = raw || type->contiguous ? address(base, type->true_lb) : NULL;
    return p;
}

/* Block i. */
static inline struct part
side_part(const struct side *s, int i)
{
    struct type *type = s->types ? s->types[i] : s->type;
    MPI_Count count = vector_given(s->counts) ? vector_at(s->counts, i) : s->count;
    MPI_Count at = (MPI_Count)i * s->count * type->extent;
    if (vector_given(s->displs))
        at = vector_at(s->displs, i) * (s->types ? 1 : type->extent);
    return part_make(address(s->base, at), count, type, s->raw);
}

/* Bytes of block i. */
static inline uint64_t
side_bytes(const struct side *s, int i)
{
    const struct type *type = s->types ? s->types[i] : s->type;
    MPI_Count count = vector_given(s->counts) ? vector_at(s->counts, i) : s->count;
    return (uint64_t)count * (uint64_t)(s->raw ? type->extent : type->size);
}

// A number is copied without a call.
static inline void
bytes_copy(void *to, const void *from, size_t n)
{
    if (n == 8)
        memcpy(to, from, 8);
    else
        memcpy(to, from, n);
}

/* Copy bytes [pos, pos + n) of a part's stream out of the user's buffer, or into it. n > 0. */
static inline void
part_get(const struct part *p, uint64_t pos, void *to, size_t n)
{
    if (likely(p->flat != NULL))
        bytes_copy(to, p->flat + pos, n);
    else
        layout_pack(p->type, p->base, p->count, pos, to, n);
}

static inline void
part_put(const struct part *p, uint64_t pos, const void *from, size_t n)
{
    if (likely(p->flat != NULL))
        bytes_copy(p->flat + pos, from, n);
    else
        layout_unpack(p->type, p->base, p->count, pos, from, n);
}

/* Copy one part to another of the same bytes: [pos, pos + n) of the streams, or all. */
void part_copy_some(const struct part *from, const struct part *to, uint64_t pos, size_t n);

static inline void
part_copy(const struct part *from, const struct part *to)
{
    part_copy_some(from, to, 0, from->bytes);
}

/*
 * Argument checks of a side with n blocks, of one count, of a count each, or of a count and a type
 * each, which go to types[n] (the side's from now on). `what` names the argument in the text:
 * "send" or "recv" (or "" for the only one).
 */
int side_check(struct side *s, const struct given *given, int n, const char *what);
int side_check_vector(struct side *s, const struct given *given, int n, const char *what);
int side_check_types(struct side *s, const struct given *given, struct type **types, int n,
                     const char *what);

/* MPI_ERR_BUFFER when two parts that must not overlap do. */
int overlap_check(const struct part *send, const struct part *recv);

/* MPI_ERR_TRUNCATE when what this member sends to itself does not fit what
 * it receives from itself. */
int self_check(uint64_t sent, uint64_t expected);

/* MPI_ERR_BUFFER: MPI_IN_PLACE as the argument `argument` has no meaning here. */
int in_place_error(const char *argument) cold;

#endif
