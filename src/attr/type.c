// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Attributes of datatypes (MPI 5.0, 7.7.4). */

#include "attr/attr.h"

#include "core/check.h"
#include "errh/raise.h"

int
PMPI_Type_create_keyval(MPI_Type_copy_attr_function *type_copy_attr_fn,
                        MPI_Type_delete_attr_function *type_delete_attr_fn, int *type_keyval,
                        void *extra_state)
{
    struct keyval_args args = {ATTR_TYPE, (void (*)(void))type_copy_attr_fn,
                               (void (*)(void))type_delete_attr_fn, type_keyval, extra_state};
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_create(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_create_keyval", err);
}
weak_alias(PMPI_Type_create_keyval, MPI_Type_create_keyval);

int
PMPI_Type_free_keyval(int *type_keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_free(ATTR_TYPE, type_keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_free_keyval", err);
}
weak_alias(PMPI_Type_free_keyval, MPI_Type_free_keyval);

static int
set(MPI_Datatype handle, int keyval, void *value)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (err)
        return err;
    struct attributed object = type_attributed(type);
    type_hold(type);
    err = attribute_set(&object, keyval, value);
    type_release(type);
    return err;
}

int
PMPI_Type_set_attr(MPI_Datatype datatype, int type_keyval, void *attribute_val)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = set(datatype, type_keyval, attribute_val);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_set_attr", err);
}
weak_alias(PMPI_Type_set_attr, MPI_Type_set_attr);

static int
get(MPI_Datatype handle, int keyval, void *value, int *flag)
{
    struct type *type = NULL;
    void *own = NULL;
    bool found = false;
    int err = type_find(handle, &type);
    if (!err)
        err = check_pointer(value, "attribute_val");
    if (!err)
        err = check_pointer(flag, "flag");
    if (err)
        return err;
    struct attributed object = type_attributed(type);
    err = attribute_get(&object, keyval, &own, &found);
    if (err)
        return err;
    *flag = found;
    if (found)
        memcpy(value, &own, sizeof own);
    return MPI_SUCCESS;
}

int
PMPI_Type_get_attr(MPI_Datatype datatype, int type_keyval, void *attribute_val, int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get(datatype, type_keyval, attribute_val, flag);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_get_attr", err);
}
weak_alias(PMPI_Type_get_attr, MPI_Type_get_attr);

static int delete (MPI_Datatype handle, int keyval)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (err)
        return err;
    struct attributed object = type_attributed(type);
    type_hold(type);
    err = attribute_delete(&object, keyval);
    type_release(type);
    return err;
}

int
PMPI_Type_delete_attr(MPI_Datatype datatype, int type_keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = delete (datatype, type_keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_delete_attr", err);
}
weak_alias(PMPI_Type_delete_attr, MPI_Type_delete_attr);
