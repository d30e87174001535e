// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a status holds, counted in elements (MPI 5.0, 3.2.5, 5.1.11 and 13.3). */
#include "core/check.h"
#include "core/engine.h"
#include "core/status.h"
#include "errh/raise.h"
#include "type/type.h"

#include <limits.h>

static MPI_Count bytes_elements(const struct type *type, uint64_t bytes);
static MPI_Count elements_bytes(const struct type *type, MPI_Count n);

// The basic elements in the first `rest` bytes, less than all, of a predefined type.
static MPI_Count
part_of_predefined(const struct type *type, MPI_Count rest)
{
    const struct type *two[2];
    return type_pair(type, two) && rest == two[0]->size ? 1 : MPI_UNDEFINED;
}

// The same of a structure: block after block.
static MPI_Count
part_of_struct(const struct recipe *r, MPI_Count rest)
{
    MPI_Count n = 0;
    for (MPI_Count i = 0;; i++) {
        const struct type *old = r->types[i];
        MPI_Count bytes = recipe_length(r, i) * old->size;
        if (rest > bytes) {
            rest -= bytes;
            n += recipe_length(r, i) * old->elements;
            continue;
        }
        MPI_Count last = bytes_elements(old, (uint64_t)rest);
        return last < 0 ? MPI_UNDEFINED : n + last;
    }
}

// The basic elements in `bytes`; MPI_UNDEFINED when they end inside one.
static MPI_Count
bytes_elements(const struct type *type, uint64_t bytes)
{
    if (type->size == 0)
        return bytes ? MPI_UNDEFINED : 0;
    const struct type *unit = type->uniform ? type->uniform : type;
    MPI_Count n = (MPI_Count)(bytes / (uint64_t)unit->size) * unit->elements;
    MPI_Count rest = (MPI_Count)(bytes % (uint64_t)unit->size), part;
    if (!rest)
        return n;
    if (type->uniform)
        part = part_of_predefined(unit, rest);
    else if (type->contents->recipe.combiner == MPI_COMBINER_STRUCT)
        part = part_of_struct(&type->contents->recipe, rest);
    else
        part = bytes_elements(type->contents->recipe.types[0], (uint64_t)rest);
    return part < 0 ? MPI_UNDEFINED : n + part;
}

static MPI_Count
bytes_in_struct(const struct recipe *r, MPI_Count n)
{
    MPI_Count bytes = 0;
    for (MPI_Count i = 0; n; i++) {
        const struct type *old = r->types[i];
        MPI_Count all = recipe_length(r, i) * old->elements, part = n < all ? n : all;
        bytes += elements_bytes(old, part);
        n -= part;
    }
    return bytes;
}

// Bytes in `n` basic elements from the start of a buffer of `type`.
static MPI_Count
elements_bytes(const struct type *type, MPI_Count n)
{
    const struct type *unit = type->uniform ? type->uniform : type, *two[2];
    if (n == 0 || type->size == 0)
        return 0;
    MPI_Count bytes = n / unit->elements * unit->size, rest = n % unit->elements;
    if (!rest)
        return bytes;
    if (type->uniform)
        return bytes + (type_pair(unit, two) ? two[0]->size : 0);
    if (type->contents->recipe.combiner == MPI_COMBINER_STRUCT)
        return bytes + bytes_in_struct(&type->contents->recipe, rest);
    return bytes + elements_bytes(type->contents->recipe.types[0], rest);
}

static MPI_Count
whole_elements(const struct type *type, uint64_t bytes)
{
    if (type->size == 0)
        return bytes ? MPI_UNDEFINED : 0;
    return bytes % (uint64_t)type->size ? MPI_UNDEFINED : (MPI_Count)(bytes / (uint64_t)type->size);
}

struct question {
    const MPI_Status *status;
    MPI_Datatype type;
    MPI_Count (*answer)(const struct type *type, uint64_t bytes);
};

static int
get(const struct question *q, MPI_Count *count)
{
    struct type *type = NULL;
    int err = check_pointer(q->status, "status");
    if (!err)
        err = type_find(q->type, &type);
    if (!err)
        err = check_pointer(count, "count");
    if (!err)
        *count = q->answer(type, status_bytes(q->status));
    return err;
}

static int
get_or_raise(const struct question *q, MPI_Count *count, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get(q, count);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

// What does not fit an int is MPI_UNDEFINED.
static int
get_int_or_raise(const struct question *q, int *count, const char *function)
{
    MPI_Count large = 0;
    int err = get_or_raise(q, count ? &large : NULL, function);
    if (!err)
        *count = large > INT_MAX ? MPI_UNDEFINED : (int)large;
    return err;
}

int
PMPI_Get_count(const MPI_Status *status, MPI_Datatype datatype, int *count)
{
    struct question q = {status, datatype, whole_elements};
    return get_int_or_raise(&q, count, "MPI_Get_count");
}
weak_alias(PMPI_Get_count, MPI_Get_count);

int
PMPI_Get_count_c(const MPI_Status *status, MPI_Datatype datatype, MPI_Count *count)
{
    struct question q = {status, datatype, whole_elements};
    return get_or_raise(&q, count, "MPI_Get_count_c");
}
weak_alias(PMPI_Get_count_c, MPI_Get_count_c);

int
PMPI_Get_elements(const MPI_Status *status, MPI_Datatype datatype, int *count)
{
    struct question q = {status, datatype, bytes_elements};
    return get_int_or_raise(&q, count, "MPI_Get_elements");
}
weak_alias(PMPI_Get_elements, MPI_Get_elements);

int
PMPI_Get_elements_c(const MPI_Status *status, MPI_Datatype datatype, MPI_Count *count)
{
    struct question q = {status, datatype, bytes_elements};
    return get_or_raise(&q, count, "MPI_Get_elements_c");
}
weak_alias(PMPI_Get_elements_c, MPI_Get_elements_c);

int
PMPI_Get_elements_x(const MPI_Status *status, MPI_Datatype datatype, MPI_Count *count)
{
    struct question q = {status, datatype, bytes_elements};
    return get_or_raise(&q, count, "MPI_Get_elements_x");
}
weak_alias(PMPI_Get_elements_x, MPI_Get_elements_x);

static int
set_elements(MPI_Status *status, MPI_Datatype handle, MPI_Count count)
{
    struct type *type = NULL;
    int err = check_pointer(status, "status");
    if (!err)
        err = type_find(handle, &type);
    if (!err)
        err = check_count(count, "count");
    if (!err && type->size && count / type->elements > INT64_MAX / type->size - 1)
        err = error_new(MPI_ERR_COUNT, "%lld elements of %lld bytes are too many", (long long)count,
                        (long long)type->size);
    if (!err)
        status_set_bytes(status, (uint64_t)elements_bytes(type, count));
    return err;
}

static int
set_or_raise(MPI_Status *status, MPI_Datatype handle, MPI_Count count, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = set_elements(status, handle, count);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

int
PMPI_Status_set_elements(MPI_Status *status, MPI_Datatype datatype, int count)
{
    return set_or_raise(status, datatype, count, "MPI_Status_set_elements");
}
weak_alias(PMPI_Status_set_elements, MPI_Status_set_elements);

int
PMPI_Status_set_elements_c(MPI_Status *status, MPI_Datatype datatype, MPI_Count count)
{
    return set_or_raise(status, datatype, count, "MPI_Status_set_elements_c");
}
weak_alias(PMPI_Status_set_elements_c, MPI_Status_set_elements_c);

int
PMPI_Status_set_elements_x(MPI_Status *status, MPI_Datatype datatype, MPI_Count count)
{
    return set_or_raise(status, datatype, count, "MPI_Status_set_elements_x");
}
weak_alias(PMPI_Status_set_elements_x, MPI_Status_set_elements_x);
