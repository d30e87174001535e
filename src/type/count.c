// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a status holds, counted in elements (MPI 5.0, 3.2.5, 5.1.11 and 13.3). */
#include "core/check.h"
#include "core/engine.h"
#include "core/status.h"
#include "errh/raise.h"
#include "type/type.h"

#include <limits.h>

static MPI_Count
elements_in_one(const struct type *type)
{
    return type->elements ? type->elements->total : 1;
}

// Bytes in `n` basic elements from the start of a buffer of `type`.
static MPI_Count
elements_bytes(const struct type *type, MPI_Count n)
{
    MPI_Count each = elements_in_one(type), bytes = n / each * type->size;
    n %= each;
    for (uint32_t i = 0; n; i++) {
        const struct type_run *run = &type->elements->runs[i];
        MPI_Count part = n < run->count ? n : run->count;
        bytes += part * run->size;
        n -= part;
    }
    return bytes;
}

// The basic elements in `bytes`; MPI_UNDEFINED when they end inside one.
static MPI_Count
bytes_elements(const struct type *type, uint64_t bytes)
{
    if (type->size == 0)
        return bytes ? MPI_UNDEFINED : 0;
    MPI_Count n = (MPI_Count)(bytes / (uint64_t)type->size) * elements_in_one(type);
    MPI_Count rest = (MPI_Count)(bytes % (uint64_t)type->size);
    for (uint32_t i = 0; rest; i++) {
        if (!type->elements)
            return MPI_UNDEFINED;
        const struct type_run *run = &type->elements->runs[i];
        MPI_Count part = rest / run->size;
        if (part < run->count && rest % run->size)
            return MPI_UNDEFINED;
        part = part < run->count ? part : run->count;
        n += part;
        rest -= part * run->size;
    }
    return n;
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
    if (!err && type->size && count / elements_in_one(type) > INT64_MAX / type->size - 1)
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
