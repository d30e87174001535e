// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Sizes and extents (MPI 5.0, 5.1.5 to 5.1.8). A value that does not fit is MPI_UNDEFINED. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <limits.h>

static int
get_size(MPI_Datatype handle, MPI_Count *size)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (!err)
        err = check_pointer(size, "size");
    if (!err)
        *size = type->size;
    return err;
}

static int
size_or_raise(MPI_Datatype handle, MPI_Count *size, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_size(handle, size);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

int
PMPI_Type_size(MPI_Datatype datatype, int *size)
{
    MPI_Count large = 0;
    int err = size_or_raise(datatype, size ? &large : NULL, "MPI_Type_size");
    if (!err)
        *size = large > INT_MAX ? MPI_UNDEFINED : (int)large;
    return err;
}
weak_alias(PMPI_Type_size, MPI_Type_size);

int
PMPI_Type_size_c(MPI_Datatype datatype, MPI_Count *size)
{
    return size_or_raise(datatype, size, "MPI_Type_size_c");
}
weak_alias(PMPI_Type_size_c, MPI_Type_size_c);

int
PMPI_Type_size_x(MPI_Datatype datatype, MPI_Count *size)
{
    return size_or_raise(datatype, size, "MPI_Type_size_x");
}
weak_alias(PMPI_Type_size_x, MPI_Type_size_x);

struct range {
    MPI_Count *lb, *extent;
    bool of_data; // true extent: without what the user added
};

static int
get_extent(MPI_Datatype handle, const struct range *out)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (!err)
        err = check_pointer(out->lb, out->of_data ? "true_lb" : "lb");
    if (!err)
        err = check_pointer(out->extent, out->of_data ? "true_extent" : "extent");
    if (err)
        return err;
    *out->lb = out->of_data ? type->true_lb : type->lb;
    *out->extent = out->of_data ? type->true_extent : type->extent;
    return MPI_SUCCESS;
}

static int
extent_or_raise(MPI_Datatype handle, struct range out, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_extent(handle, &out);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

// MPI_Aint is as wide as MPI_Count wherever there is an engine.
static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "an extent fits MPI_Aint");

int
PMPI_Type_get_extent(MPI_Datatype datatype, MPI_Aint *lb, MPI_Aint *extent)
{
    struct range out = {(MPI_Count *)lb, (MPI_Count *)extent, false};
    return extent_or_raise(datatype, out, "MPI_Type_get_extent");
}
weak_alias(PMPI_Type_get_extent, MPI_Type_get_extent);

int
PMPI_Type_get_extent_c(MPI_Datatype datatype, MPI_Count *lb, MPI_Count *extent)
{
    return extent_or_raise(datatype, (struct range){lb, extent, false}, "MPI_Type_get_extent_c");
}
weak_alias(PMPI_Type_get_extent_c, MPI_Type_get_extent_c);

int
PMPI_Type_get_extent_x(MPI_Datatype datatype, MPI_Count *lb, MPI_Count *extent)
{
    return extent_or_raise(datatype, (struct range){lb, extent, false}, "MPI_Type_get_extent_x");
}
weak_alias(PMPI_Type_get_extent_x, MPI_Type_get_extent_x);

int
PMPI_Type_get_true_extent(MPI_Datatype datatype, MPI_Aint *true_lb, MPI_Aint *true_extent)
{
    struct range out = {(MPI_Count *)true_lb, (MPI_Count *)true_extent, true};
    return extent_or_raise(datatype, out, "MPI_Type_get_true_extent");
}
weak_alias(PMPI_Type_get_true_extent, MPI_Type_get_true_extent);

int
PMPI_Type_get_true_extent_c(MPI_Datatype datatype, MPI_Count *true_lb, MPI_Count *true_extent)
{
    struct range out = {true_lb, true_extent, true};
    return extent_or_raise(datatype, out, "MPI_Type_get_true_extent_c");
}
weak_alias(PMPI_Type_get_true_extent_c, MPI_Type_get_true_extent_c);

int
PMPI_Type_get_true_extent_x(MPI_Datatype datatype, MPI_Count *true_lb, MPI_Count *true_extent)
{
    struct range out = {true_lb, true_extent, true};
    return extent_or_raise(datatype, out, "MPI_Type_get_true_extent_x");
}
weak_alias(PMPI_Type_get_true_extent_x, MPI_Type_get_true_extent_x);

int
PMPI_Get_address(const void *location, MPI_Aint *address)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(address, "address");
        engine_leave();
    }
    if (unlikely(err))
        return world_raise("MPI_Get_address", err);
    *address = (MPI_Aint)location;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Get_address, MPI_Get_address);

// Modulo the size of an address, as addresses are (5.1.5).
MPI_Aint
PMPI_Aint_add(MPI_Aint base, MPI_Aint disp)
{
    return (MPI_Aint)((uintptr_t)base + (uintptr_t)disp);
}
weak_alias(PMPI_Aint_add, MPI_Aint_add);

MPI_Aint
PMPI_Aint_diff(MPI_Aint addr1, MPI_Aint addr2)
{
    return (MPI_Aint)((uintptr_t)addr1 - (uintptr_t)addr2);
}
weak_alias(PMPI_Aint_diff, MPI_Aint_diff);
