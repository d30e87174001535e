// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Datatypes (MPI 5.0, chapter 5). struct type is in core/object.h, the layout in core/layout.h. */
#ifndef MUSTER_TYPE_TYPE_H
#define MUSTER_TYPE_TYPE_H

#include "core/layout.h"

/* An array argument, int or MPI_Count: one of both, or neither. */
struct numbers {
    const int *narrow;
    const MPI_Count *wide;
};

static inline bool
numbers_given(struct numbers a)
{
    return a.narrow || a.wide;
}

static inline MPI_Count
number_at(struct numbers a, MPI_Count i)
{
    return a.narrow ? a.narrow[i] : a.wide[i];
}

/*
 * The arguments of a constructor. `count` blocks: of length or lengths[i] elements, at i * stride
 * or displs[i], in extents of the one old type or in bytes, as the combiner says. The arrays are
 * the user's until the type is made, and then copies.
 */
struct recipe {
    int combiner;
    bool large; // by a _c form
    MPI_Count count, length, stride;
    struct numbers lengths, displs;
    struct type **types; // one, or of a struct `count`
    MPI_Count ntypes;
    MPI_Count lb, extent; // resized
    // subarray and darray: [ndims]
    int ndims, order;
    struct numbers sizes, subsizes, starts;
    int size, rank;
    const int *distribs, *dargs, *psizes;
    int p, r; // Fortran's
};

/* How a type was made. Holds the types. */
struct type_contents {
    struct recipe recipe;
};

/* Along one dimension of an array: `full` blocks of `block` elements, `step` elements apart, from
 * element `first` on, then `tail` elements a step further. */
struct axis {
    MPI_Count first, block, step, full, tail;
    MPI_Count size; // of the whole dimension
};
/* Dimension d of a subarray or darray. */
struct axis recipe_axis(const struct recipe *r, int d);
/* The dimensions from the fastest to the slowest. */
static inline int
recipe_dimension(const struct recipe *r, int i)
{
    return r->order == MPI_ORDER_C ? r->ndims - 1 - i : i;
}
/* MPI_SUCCESS if the arrays of a subarray or darray are right. */
int recipe_check_arrays(const struct recipe *r);

/* Bytes from the start of one block to the next of a vector, and of a displacement's unit. */
static inline MPI_Count
recipe_unit(const struct recipe *r)
{
    switch (r->combiner) {
    case MPI_COMBINER_VECTOR:
    case MPI_COMBINER_INDEXED:
    case MPI_COMBINER_INDEXED_BLOCK:
        return r->types[0]->extent;
    default:
        return 1;
    }
}

static inline MPI_Count
recipe_length(const struct recipe *r, MPI_Count i)
{
    return numbers_given(r->lengths) ? number_at(r->lengths, i) : r->length;
}

/* Size and bounds by the arguments; fails where they cannot be counted. */
int recipe_measure(const struct recipe *r, struct type *type);

/* A copy with arrays of its own, that holds the types; NULL without memory. */
struct type_contents *contents_new(const struct recipe *r);
void contents_free(struct type_contents *contents);

/*
 * A new type by its arguments, which are looked at here: what an entry point calls. `old`: the
 * handles of the old types, or NULL for none; the recipe's types need not be set. Calls the error
 * handler, as `function`.
 */
int type_make(struct recipe *r, const MPI_Datatype *old, MPI_Datatype *result,
              const char *function);

/* The same by arguments that are right, whose types are set: with one reference. */
int type_make_of(const struct recipe *r, struct type **type);

/* A new type as a copy of `old` with a handle of its own, made in the way of `contents`, which it
 * takes over; NULL without memory. */
struct type *type_new(struct type_contents *contents);

/* Make the layout of a type, and of those it consists of; false without memory. */
bool type_compile(struct type *type);
void layout_hold(struct type_info *info);
void layout_release(struct type_info *info);

/* The two predefined types of a value and an index, or of two values; false for all others. */
bool type_pair(const struct type *type, const struct type *two[2]);

/* A handle for the user: one more that MPI_Type_free must be called for. Predefined types have
 * theirs always. */
MPI_Datatype type_give(struct type *type);

#endif
