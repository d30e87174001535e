// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What all constructors do: look at the arguments, measure, keep them. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

#include <stdlib.h>

// The arrays of so many blocks that a combiner has.
static bool
has_lengths(int combiner)
{
    return combiner == MPI_COMBINER_INDEXED || combiner == MPI_COMBINER_HINDEXED ||
           combiner == MPI_COMBINER_STRUCT;
}

static bool
has_displs(int combiner)
{
    return has_lengths(combiner) || combiner == MPI_COMBINER_INDEXED_BLOCK ||
           combiner == MPI_COMBINER_HINDEXED_BLOCK;
}

static int
check_lengths(const struct recipe *r)
{
    if (!numbers_given(r->lengths))
        return null_error("array_of_blocklengths");
    for (MPI_Count i = 0; i < r->count; i++)
        if (number_at(r->lengths, i) < 0)
            return error_new(MPI_ERR_ARG, "array_of_blocklengths[%lld] is negative: %lld",
                             (long long)i, (long long)number_at(r->lengths, i));
    return MPI_SUCCESS;
}

static int
check_blocks(const struct recipe *r)
{
    int err = check_count(r->count, "count");
    if (err || r->count == 0)
        return err;
    if (r->length < 0)
        return negative_error(MPI_ERR_ARG, "blocklength", r->length);
    if (has_lengths(r->combiner))
        err = check_lengths(r);
    if (!err && has_displs(r->combiner) && !numbers_given(r->displs))
        err = null_error("array_of_displacements");
    return err;
}

static int
check_recipe(const struct recipe *r)
{
    if (r->combiner == MPI_COMBINER_SUBARRAY || r->combiner == MPI_COMBINER_DARRAY)
        return recipe_check_arrays(r);
    if (r->combiner == MPI_COMBINER_CONTIGUOUS)
        return check_count(r->length, "count");
    return check_blocks(r);
}

static int
find_types(const struct recipe *r, const MPI_Datatype *handles)
{
    int err = MPI_SUCCESS;
    if (r->ntypes && !handles)
        return null_error("array_of_types");
    for (MPI_Count i = 0; !err && i < r->ntypes; i++)
        err = type_find(handles[i], &r->types[i]);
    return err;
}

struct type *
type_new(struct type_contents *contents)
{
    struct type *type = pool_alloc(HANDLE_TYPE, sizeof *type);
    if (!type)
        return NULL;
    type->refs = type->handles = 1;
    type->label = "a derived datatype";
    type->contents = contents;
    type->handle = (MPI_Datatype)handle_of(HANDLE_TYPE, type);
    return type;
}

static int
make(const struct recipe *r, MPI_Datatype *result)
{
    struct type measured = {.refs = 0};
    int err = recipe_measure(r, &measured);
    if (err)
        return err;
    struct type_contents *contents = contents_new(r);
    struct type *type = contents ? type_new(contents) : NULL;
    if (!type) {
        contents_free(contents);
        return error_new(MPI_ERR_NO_MEM, "no memory for a datatype of %lld blocks",
                         (long long)r->count);
    }
    type->size = measured.size;
    type->lb = measured.lb;
    type->extent = measured.extent;
    type->true_lb = measured.true_lb;
    type->true_extent = measured.true_extent;
    type->uniform = measured.uniform;
    type->elements = measured.elements;
    type->alignment = measured.alignment;
    type->marked = measured.marked;
    *result = type->handle;
    return MPI_SUCCESS;
}

int
type_make_of(const struct recipe *r, struct type **type)
{
    MPI_Datatype handle = MPI_DATATYPE_NULL;
    int err = make(r, &handle);
    *type = err ? NULL : type_get(handle);
    return err;
}

static int
check_and_make(struct recipe *r, const MPI_Datatype *old, MPI_Datatype *result)
{
    int err = check_recipe(r);
    if (!err)
        err = check_pointer(result, "newtype");
    if (err)
        return err;
    struct type *one;
    r->types = r->ntypes > 1 ? malloc((size_t)r->ntypes * sizeof(struct type *)) : &one;
    if (!r->types)
        return error_new(MPI_ERR_NO_MEM, "no memory for a datatype of %lld blocks",
                         (long long)r->count);
    err = find_types(r, old);
    if (!err)
        err = make(r, result);
    if (r->types != &one)
        free(r->types);
    return err;
}

int
type_make(struct recipe *r, const MPI_Datatype *old, MPI_Datatype *result, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_and_make(r, old, result);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}
