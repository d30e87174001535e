// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/side.h"

#include "core/check.h"

#define FIRST_PAGE 4096

void
part_copy_some(const struct part *from, const struct part *to, uint64_t pos, size_t n)
{
    if (!n)
        return;
    if (from->flat && to->flat)
        memmove(to->flat + pos, from->flat + pos, n);
    else if (from->flat)
        part_put(to, pos, from->flat + pos, n);
    else if (to->flat)
        part_get(from, pos, to->flat + pos, n);
    else
        layout_copy(&(struct layout_side){from->type, from->base, from->count},
                    &(struct layout_side){to->type, to->base, to->count}, pos, n);
}

/* ---- arguments ---- */

static cold int
bad_count(MPI_Count count, const char *what)
{
    return error_new(MPI_ERR_COUNT, "%scount %lld is negative or too large for the datatype", what,
                     (long long)count);
}

// n blocks of `count` elements: bytes in *size, if they and their span can be counted.
static bool
count_fits(MPI_Count count, const struct type *type, int n, MPI_Count *size)
{
    MPI_Count all, span;
    return count >= 0 && !__builtin_mul_overflow(count, n, &all) &&
           !__builtin_mul_overflow(all, type->size, size) &&
           !__builtin_mul_overflow(all, type->extent, &span);
}

static cold int
null_buffer(MPI_Count count, const char *what)
{
    return error_new(MPI_ERR_BUFFER, "the %sbuffer is a null pointer, but the count is %lld", what,
                     (long long)count);
}

int
side_check(struct side *s, const struct given *given, int n, const char *what)
{
    MPI_Count size;
    int err = type_find_committed(given->type, &s->type);
    if (unlikely(err))
        return err;
    if (unlikely(!count_fits(given->count, s->type, n, &size)))
        return bad_count(given->count, what);
    if (unlikely(!given->base && size && s->type->predefined))
        return null_buffer(given->count, what);
    s->base = (char *)(uintptr_t)given->base;
    s->count = given->count;
    return MPI_SUCCESS;
}

static int
check_block(const struct type *type, MPI_Count count, int i, const char *what)
{
    MPI_Count size;
    if (unlikely(!count_fits(count, type, 1, &size)))
        return error_new(MPI_ERR_COUNT,
                         "%scounts[%d] is %lld: negative or too large for the datatype", what, i,
                         (long long)count);
    return MPI_SUCCESS;
}

// With a type for each block the displacements are bytes, and may be addresses from MPI_BOTTOM: but
// nothing lies in the first page.
static int
check_block_of(const struct side *s, const struct type *type, int i, const char *what)
{
    MPI_Count count = vector_at(s->counts, i);
    int err = check_block(type, count, i, what);
    if (unlikely(!err && !s->base && count && type->size && type->predefined &&
                 (uint64_t)vector_at(s->displs, i) < FIRST_PAGE))
        return null_buffer(count, what);
    return err;
}

static int
check_block_at(const struct side *s, MPI_Count count, int i, const char *what)
{
    int err = check_block(s->type, count, i, what);
    if (unlikely(!err && !s->base && count && s->type->size && s->type->predefined))
        return null_buffer(count, what);
    return err;
}

// Of the irregular functions; those with both sides distinguish sdispls and rdispls.
static int
check_arrays(const struct side *s, int n, const char *what)
{
    if (likely((vector_given(s->counts) && vector_given(s->displs)) || n == 0))
        return MPI_SUCCESS;
    if (vector_given(s->displs))
        return error_new(MPI_ERR_ARG, "the argument %scounts is a null pointer", what);
    return error_new(MPI_ERR_ARG, "the displacements (displs) of the %s buffer are a null pointer",
                     what);
}

static void
take_arrays(struct side *s, const struct given *given, int n)
{
    s->base = (char *)(uintptr_t)given->base;
    s->counts = given->counts;
    s->displs = given->displs;
    s->n = n;
}

int
side_check_vector(struct side *s, const struct given *given, int n, const char *what)
{
    take_arrays(s, given, n);
    int err = type_find_committed(given->type, &s->type);
    if (unlikely(err) || unlikely(err = check_arrays(s, n, what)))
        return err;
    for (int i = 0; i < n && !err; i++)
        err = check_block_at(s, vector_at(s->counts, i), i, what);
    return err;
}

int
side_check_types(struct side *s, const struct given *given, struct type **types, int n,
                 const char *what)
{
    take_arrays(s, given, n);
    int err = check_arrays(s, n, what);
    if (unlikely(err))
        return err;
    if (unlikely(!given->types && n))
        return error_new(MPI_ERR_ARG, "the argument %stypes is a null pointer", what);
    s->types = types;
    for (int i = 0; i < n && !err; i++) {
        err = type_find_committed(given->types[i], &types[i]);
        if (!err)
            err = check_block_of(s, types[i], i, what);
    }
    return err;
}

int
overlap_check(const struct part *send, const struct part *recv)
{
    if (likely(!send->flat || !recv->flat || send->flat + send->bytes <= recv->flat ||
               recv->flat + recv->bytes <= send->flat || !send->bytes || !recv->bytes))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_BUFFER,
                     "the send buffer (%llu bytes at %p) and the receive buffer (%llu bytes at %p) "
                     "overlap; give MPI_IN_PLACE where they are the same",
                     (unsigned long long)send->bytes, (void *)send->flat,
                     (unsigned long long)recv->bytes, (void *)recv->flat);
}

int
self_check(uint64_t sent, uint64_t expected)
{
    if (likely(sent == expected))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_TRUNCATE,
                     "this rank sends %llu bytes to itself, but expects %llu from itself",
                     (unsigned long long)sent, (unsigned long long)expected);
}

cold int
in_place_error(const char *argument)
{
    return error_new(MPI_ERR_BUFFER, "%s is MPI_IN_PLACE, which has no meaning here", argument);
}
