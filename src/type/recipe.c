// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* From the arguments of a constructor to sizes and bounds (MPI 5.0, 5.1.2 to 5.1.9), and keeping
 * them. Nothing here walks the data: all is in proportion to the arguments. */
#include "core/check.h"
#include "type/type.h"

#include <stdlib.h>
#include <string.h>

/* ---- bounds ---- */

// Of the entries seen so far: what the data takes, and what the bounds of the old types take.
struct bounds {
    MPI_Count lb, ub, true_lb, true_ub;
    bool any, any_data;
    bool marked; // only marked types count
};

// Nothing in its type map, neither data nor bounds.
static bool
is_empty(const struct type *type)
{
    return type->size == 0 && !type->marked;
}

static void
widen(MPI_Count lb, MPI_Count ub, bool first, MPI_Count *least, MPI_Count *most)
{
    *least = first || lb < *least ? lb : *least;
    *most = first || ub > *most ? ub : *most;
}

// [lb, ub) of n things `extent` apart, the first at `at`; false: not to be counted.
static bool
span_of(MPI_Count at, MPI_Count n, MPI_Count extent, MPI_Count *lb, MPI_Count *ub)
{
    MPI_Count first = at, last = at, way;
    if (__builtin_mul_overflow(n - 1, extent, &way) || __builtin_add_overflow(at, way, &last))
        return false;
    MPI_Count least = first < last ? first : last, most = first < last ? last : first, whole;
    return !__builtin_add_overflow(least, *lb, lb) && !__builtin_add_overflow(most, *ub, ub) &&
           !__builtin_sub_overflow(*ub, *lb, &whole);
}

// n elements of `old` from `at` on.
static bool
bounds_add(struct bounds *b, const struct type *old, MPI_Count at, MPI_Count n)
{
    if (n == 0 || is_empty(old))
        return true;
    MPI_Count lb = old->lb, ub = old->lb + old->extent;
    MPI_Count true_lb = old->true_lb, true_ub = old->true_lb + old->true_extent;
    if (!span_of(at, n, old->extent, &lb, &ub) || !span_of(at, n, old->extent, &true_lb, &true_ub))
        return false;
    if (old->size) {
        widen(true_lb, true_ub, !b->any_data, &b->true_lb, &b->true_ub);
        b->any_data = true;
    }
    if (b->marked && !old->marked)
        return true;
    if (old->marked && !b->marked) {
        b->marked = true;
        b->any = false;
    }
    widen(lb, ub, !b->any, &b->lb, &b->ub);
    b->any = true;
    return true;
}

static bool
set_bounds(struct type *type, const struct bounds *b)
{
    type->lb = b->any ? b->lb : 0;
    type->true_lb = b->any_data ? b->true_lb : 0;
    type->marked = b->marked;
    return !__builtin_sub_overflow(b->any ? b->ub : 0, type->lb, &type->extent) &&
           !__builtin_sub_overflow(b->any_data ? b->true_ub : 0, type->true_lb, &type->true_extent);
}

/* ---- sizes ---- */

static bool
add_elements(struct type *type, const struct type *old, MPI_Count n)
{
    MPI_Count size, elements;
    if (__builtin_mul_overflow(old->size, n, &size) ||
        __builtin_mul_overflow(old->elements, n, &elements) ||
        __builtin_add_overflow(type->size, size, &type->size) ||
        __builtin_add_overflow(type->elements, elements, &type->elements))
        return false;
    if (size == 0)
        return true;
    if (type->size == size) // the first
        type->uniform = old->uniform;
    else if (type->uniform != old->uniform)
        type->uniform = NULL;
    if (old->alignment > type->alignment)
        type->alignment = old->alignment;
    return true;
}

// The bytes of displacement or block i; false: not to be counted.
static bool
block_at(const struct recipe *r, MPI_Count i, MPI_Count unit, MPI_Count *at)
{
    if (numbers_given(r->displs))
        return !__builtin_mul_overflow(number_at(r->displs, i), unit, at);
    MPI_Count n;
    return !__builtin_mul_overflow(i, r->stride, &n) && !__builtin_mul_overflow(n, unit, at);
}

static bool
measure_vector(const struct recipe *r, struct type *type, struct bounds *b)
{
    const struct type *old = r->types[0];
    MPI_Count n, last;
    if (r->count == 0 || r->length == 0)
        return true;
    return !__builtin_mul_overflow(r->count, r->length, &n) && add_elements(type, old, n) &&
           block_at(r, r->count - 1, recipe_unit(r), &last) && bounds_add(b, old, 0, r->length) &&
           bounds_add(b, old, last, r->length);
}

static bool
measure_blocks(const struct recipe *r, struct type *type, struct bounds *b)
{
    MPI_Count at, unit = recipe_unit(r);
    for (MPI_Count i = 0; i < r->count; i++) {
        const struct type *old = r->types[r->ntypes == 1 ? 0 : i];
        MPI_Count n = recipe_length(r, i);
        if (!block_at(r, i, unit, &at) || !bounds_add(b, old, at, n) || !add_elements(type, old, n))
            return false;
    }
    return true;
}

// Up to the alignment of its members, as a C structure (5.1.6).
static bool
pad(struct bounds *b, int alignment)
{
    if (b->marked || !b->any)
        return true;
    MPI_Count extent, rest;
    if (__builtin_sub_overflow(b->ub, b->lb, &extent))
        return false;
    rest = extent % alignment;
    return !rest || !__builtin_add_overflow(b->ub, alignment - rest, &b->ub);
}

// The whole array, whatever part of it has data.
static bool
measure_array(const struct recipe *r, struct type *type, struct bounds *b)
{
    const struct type *old = r->types[0];
    MPI_Count n = 1, unit = old->extent, low = 0, high = 0;
    for (int i = 0; i < r->ndims; i++) {
        struct axis a = recipe_axis(r, recipe_dimension(r, i));
        MPI_Count mine = a.full * a.block + a.tail, last = a.first + a.full * a.step + a.tail - 1;
        if (a.tail == 0)
            last = a.first + (a.full - 1) * a.step + a.block - 1;
        MPI_Count from, to;
        if (__builtin_mul_overflow(n, mine, &n))
            return false;
        if (mine && (__builtin_mul_overflow(a.first, unit, &from) ||
                     __builtin_mul_overflow(last, unit, &to) ||
                     __builtin_add_overflow(low, from < to ? from : to, &low) ||
                     __builtin_add_overflow(high, from < to ? to : from, &high)))
            return false;
        if (__builtin_mul_overflow(unit, a.size, &unit))
            return false;
    }
    if (!add_elements(type, old, n) ||
        (n && (!bounds_add(b, old, low, 1) || !bounds_add(b, old, high, 1))))
        return false;
    b->lb = 0;
    b->ub = unit;
    b->any = b->marked = true;
    return true;
}

static bool
measure_resized(const struct recipe *r, struct type *type, struct bounds *b)
{
    if (!add_elements(type, r->types[0], 1) || !bounds_add(b, r->types[0], 0, 1))
        return false;
    b->lb = r->lb;
    b->any = b->marked = true;
    return !__builtin_add_overflow(r->lb, r->extent, &b->ub);
}

static bool
measure(const struct recipe *r, struct type *type, struct bounds *b)
{
    switch (r->combiner) {
    case MPI_COMBINER_CONTIGUOUS:
    case MPI_COMBINER_VECTOR:
    case MPI_COMBINER_HVECTOR:
        return measure_vector(r, type, b);
    case MPI_COMBINER_STRUCT:
        return measure_blocks(r, type, b) && pad(b, type->alignment);
    case MPI_COMBINER_SUBARRAY:
    case MPI_COMBINER_DARRAY:
        return measure_array(r, type, b);
    case MPI_COMBINER_RESIZED:
        return measure_resized(r, type, b);
    default:
        return measure_blocks(r, type, b);
    }
}

int
recipe_measure(const struct recipe *r, struct type *type)
{
    struct bounds b = {.any = false};
    type->size = type->elements = 0;
    type->uniform = NULL;
    type->alignment = 1;
    if (measure(r, type, &b) && set_bounds(type, &b))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_ARG, "the size or the extent of the datatype exceeds %lld bytes",
                     (long long)INT64_MAX);
}

/* ---- copies ---- */

// Where the copies of the arrays go.
static void *
store(char **at, const void *from, size_t n)
{
    void *to = *at;
    if (!from)
        return NULL;
    memcpy(to, from, n);
    *at += align_up(n, 8);
    return to;
}

static void
store_numbers(char **at, struct numbers *a, size_t n)
{
    a->narrow = store(at, a->narrow, n * sizeof(int));
    a->wide = store(at, a->wide, n * sizeof(MPI_Count));
}

static size_t
room_for(struct numbers a, size_t n)
{
    return !numbers_given(a) ? 0 : align_up(n * (a.narrow ? sizeof(int) : sizeof(MPI_Count)), 8);
}

static size_t
room_for_all(const struct recipe *r)
{
    size_t n = (size_t)r->count, dims = (size_t)r->ndims;
    size_t ints = r->distribs ? align_up(dims * sizeof(int), 8) : 0;
    return room_for(r->lengths, n) + room_for(r->displs, n) + room_for(r->sizes, dims) +
           room_for(r->subsizes, dims) + room_for(r->starts, dims) + 3 * ints +
           (size_t)r->ntypes * sizeof(struct type *);
}

struct type_contents *
contents_new(const struct recipe *r)
{
    struct type_contents *contents = malloc(sizeof *contents + room_for_all(r));
    if (!contents)
        return NULL;
    char *at = (char *)(contents + 1);
    struct recipe *copy = &contents->recipe;
    size_t n = (size_t)r->count, dims = (size_t)r->ndims;
    *copy = *r;
    copy->types = store(&at, r->types, (size_t)r->ntypes * sizeof(struct type *));
    store_numbers(&at, &copy->lengths, n);
    store_numbers(&at, &copy->displs, n);
    store_numbers(&at, &copy->sizes, dims);
    store_numbers(&at, &copy->subsizes, dims);
    store_numbers(&at, &copy->starts, dims);
    copy->distribs = store(&at, r->distribs, dims * sizeof(int));
    copy->dargs = store(&at, r->dargs, dims * sizeof(int));
    copy->psizes = store(&at, r->psizes, dims * sizeof(int));
    for (MPI_Count i = 0; i < r->ntypes; i++)
        type_hold(copy->types[i]);
    return contents;
}

void
contents_free(struct type_contents *contents)
{
    for (MPI_Count i = 0; contents && i < contents->recipe.ntypes; i++)
        type_release(contents->recipe.types[i]);
    free(contents);
}
