// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The same data with other bounds, or under another handle (MPI 5.0, 5.1.7 and 5.1.10). */
#include "attr/attr.h"
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

int
PMPI_Type_create_resized(MPI_Datatype oldtype, MPI_Aint lb, MPI_Aint extent, MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_RESIZED, .lb = lb, .extent = extent, .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_resized");
}
weak_alias(PMPI_Type_create_resized, MPI_Type_create_resized);

int
PMPI_Type_create_resized_c(MPI_Datatype oldtype, MPI_Count lb, MPI_Count extent,
                           MPI_Datatype *newtype)
{
    struct recipe r = {
        .combiner = MPI_COMBINER_RESIZED, .large = true, .lb = lb, .extent = extent, .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_resized_c");
}
weak_alias(PMPI_Type_create_resized_c, MPI_Type_create_resized_c);

// All but the identity and the name; the layout is shared.
static struct type *
copy_of(const struct type *old, struct type_contents *contents)
{
    struct type *new = type_new(contents);
    if (!new)
        return NULL;
    struct type own = *new;
    *new = *old;
    new->object = own.object;
    new->refs = own.refs;
    new->handles = own.handles;
    new->predefined = false;
    new->label = own.label;
    new->name = NULL;
    new->contents = contents;
    new->handle = own.handle;
    new->attributes = NULL;
    layout_hold(new->info);
    return new;
}

static int
type_dup(MPI_Datatype handle, MPI_Datatype *result)
{
    struct type *old = NULL;
    int err = type_find(handle, &old);
    if (!err)
        err = check_pointer(result, "newtype");
    if (err)
        return err;
    struct recipe r = {.combiner = MPI_COMBINER_DUP, .types = &old, .ntypes = 1};
    struct type_contents *contents = contents_new(&r);
    struct type *new = contents ? copy_of(old, contents) : NULL;
    if (!new) {
        contents_free(contents);
        return error_new(MPI_ERR_NO_MEM, "no memory for another datatype");
    }
    struct attributed from = type_attributed(old), to = type_attributed(new);
    err = attributes_copy(&from, &to);
    *result = err ? MPI_DATATYPE_NULL : new->handle;
    if (err)
        type_release(new);
    return err;
}

int
PMPI_Type_dup(MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = type_dup(oldtype, newtype);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_dup", err);
}
weak_alias(PMPI_Type_dup, MPI_Type_dup);
