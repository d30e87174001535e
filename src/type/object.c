// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The life of a datatype: committing, freeing, naming (MPI 5.0, 5.1.9, 7.8). */
#include "attr/attr.h"
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MPI_Datatype
type_give(struct type *type)
{
    if (!type->predefined && type->handles++ == 0)
        type_hold(type);
    return type->handle;
}

void
type_end(struct type *type)
{
    layout_release(type->info);
    contents_free(type->contents);
    free(type->name);
    pool_free(HANDLE_TYPE, type);
}

static int
type_commit(MPI_Datatype *handle)
{
    struct type *type = NULL;
    int err = check_pointer(handle, "datatype");
    if (!err)
        err = type_find(*handle, &type);
    if (!err && !type_compile(type))
        err = error_new(MPI_ERR_NO_MEM, "no memory for the layout of the datatype");
    if (!err)
        type->committed = true;
    return err;
}

int
PMPI_Type_commit(MPI_Datatype *datatype)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = type_commit(datatype);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_commit", err);
}
weak_alias(PMPI_Type_commit, MPI_Type_commit);

// The user's functions may have freed it as well.
static int
end_attributes(struct type *type)
{
    struct attributed object = type_attributed(type);
    type_hold(type);
    int err = attributes_clear(&object, false);
    if (!err && !type->handles)
        err = error_new(MPI_ERR_TYPE, "a delete function of its attributes has freed the datatype");
    type_release(type);
    return err;
}

// Operations under way and types made from it hold it; its handle ends with the user's last one.
static int
type_free(MPI_Datatype *handle)
{
    struct type *type = NULL;
    int err = check_pointer(handle, "datatype");
    if (!err)
        err = type_find(*handle, &type);
    if (err)
        return err;
    if (type->predefined)
        return error_new(MPI_ERR_TYPE, "%s is predefined and cannot be freed", type->label);
    if (type->attributes && type->handles == 1 && (err = end_attributes(type)))
        return err;
    if (--type->handles == 0) {
        handle_retire(type);
        type->handle = (MPI_Datatype)handle_of(HANDLE_TYPE, type);
        type_release(type);
    }
    *handle = MPI_DATATYPE_NULL;
    return MPI_SUCCESS;
}

int
PMPI_Type_free(MPI_Datatype *datatype)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = type_free(datatype);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_free", err);
}
weak_alias(PMPI_Type_free, MPI_Type_free);

// Longer names are cut (7.8).
static int
type_set_name(MPI_Datatype handle, const char *name)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (!err)
        err = check_pointer(name, "type_name");
    if (err)
        return err;
    char *copy = strndup(name, MPI_MAX_OBJECT_NAME - 1);
    if (!copy)
        return error_new(MPI_ERR_NO_MEM, "no memory for the name");
    free(type->name);
    type->name = copy;
    return MPI_SUCCESS;
}

int
PMPI_Type_set_name(MPI_Datatype datatype, const char *name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = type_set_name(datatype, name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_set_name", err);
}
weak_alias(PMPI_Type_set_name, MPI_Type_set_name);

static const char *
type_name(const struct type *type)
{
    if (!type)
        return "MPI_DATATYPE_NULL";
    if (type->name)
        return type->name;
    return type->predefined ? type->label : "";
}

static int
type_get_name(MPI_Datatype handle, char *name, int *length)
{
    struct type *type = NULL;
    int err = handle == MPI_DATATYPE_NULL ? MPI_SUCCESS : type_find(handle, &type);
    if (!err)
        err = check_pointer(name, "type_name");
    if (!err)
        err = check_pointer(length, "resultlen");
    if (!err)
        *length = snprintf(name, MPI_MAX_OBJECT_NAME, "%s", type_name(type));
    return err;
}

int
PMPI_Type_get_name(MPI_Datatype datatype, char *name, int *length)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = type_get_name(datatype, name, length);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_get_name", err);
}
weak_alias(PMPI_Type_get_name, MPI_Type_get_name);
