// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Attributes of communicators (MPI 5.0, 7.7.2). */

#include "attr/attr.h"

#include "core/check.h"
#include "errh/raise.h"

int
PMPI_Comm_create_keyval(MPI_Comm_copy_attr_function *comm_copy_attr_fn,
                        MPI_Comm_delete_attr_function *comm_delete_attr_fn, int *comm_keyval,
                        void *extra_state)
{
    struct keyval_args args = {ATTR_COMM, (void (*)(void))comm_copy_attr_fn,
                               (void (*)(void))comm_delete_attr_fn, comm_keyval, extra_state};
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_create(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Comm_create_keyval", err);
}
weak_alias(PMPI_Comm_create_keyval, MPI_Comm_create_keyval);

int
PMPI_Comm_free_keyval(int *comm_keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_free(ATTR_COMM, comm_keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Comm_free_keyval", err);
}
weak_alias(PMPI_Comm_free_keyval, MPI_Comm_free_keyval);

int
comm_attribute_set(MPI_Comm handle, int keyval, void *value)
{
    struct comm *comm = NULL;
    int err = comm_find(handle, &comm);
    if (err)
        return err;
    struct attributed object = comm_attributed(comm);
    comm_hold(comm);
    err = attribute_set(&object, keyval, value);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_set_attr(MPI_Comm comm, int comm_keyval, void *attribute_val)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_attribute_set(comm, comm_keyval, attribute_val);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_set_attr", err);
}
weak_alias(PMPI_Comm_set_attr, MPI_Comm_set_attr);

int
comm_attribute_get(MPI_Comm handle, int keyval, void *value, int *flag)
{
    struct comm *comm = NULL;
    const int *predefined;
    void *own = NULL;
    bool found = false;
    int err = comm_find(handle, &comm);
    if (!err)
        err = check_pointer(value, "attribute_val");
    if (!err)
        err = check_pointer(flag, "flag");
    if (err)
        return err;
    if (attribute_predefined(keyval, &predefined)) {
        found = predefined != NULL;
        own = (void *)(uintptr_t)predefined;
    } else {
        struct attributed object = comm_attributed(comm);
        err = attribute_get(&object, keyval, &own, &found);
    }
    if (err)
        return err;
    *flag = found;
    if (found)
        memcpy(value, &own, sizeof own);
    return MPI_SUCCESS;
}

int
PMPI_Comm_get_attr(MPI_Comm comm, int comm_keyval, void *attribute_val, int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_attribute_get(comm, comm_keyval, attribute_val, flag);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_get_attr", err);
}
weak_alias(PMPI_Comm_get_attr, MPI_Comm_get_attr);

int
comm_attribute_delete(MPI_Comm handle, int keyval)
{
    struct comm *comm = NULL;
    int err = comm_find(handle, &comm);
    if (err)
        return err;
    struct attributed object = comm_attributed(comm);
    comm_hold(comm);
    err = attribute_delete(&object, keyval);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_delete_attr(MPI_Comm comm, int comm_keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_attribute_delete(comm, comm_keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_delete_attr", err);
}
weak_alias(PMPI_Comm_delete_attr, MPI_Comm_delete_attr);
