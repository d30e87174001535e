// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The names that MPI-1 gave to the attributes of communicators (MPI 5.0, 16.1). */

#include "attr/attr.h"

#include "errh/raise.h"

int
PMPI_Keyval_create(MPI_Copy_function *copy_fn, MPI_Delete_function *delete_fn, int *keyval,
                   void *extra_state)
{
    struct keyval_args args = {ATTR_COMM, (void (*)(void))copy_fn, (void (*)(void))delete_fn,
                               keyval, extra_state};
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_create(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Keyval_create", err);
}
weak_alias(PMPI_Keyval_create, MPI_Keyval_create);

int
PMPI_Keyval_free(int *keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_free(ATTR_COMM, keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Keyval_free", err);
}
weak_alias(PMPI_Keyval_free, MPI_Keyval_free);

int
PMPI_Attr_put(MPI_Comm comm, int keyval, void *attribute_val)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_attribute_set(comm, keyval, attribute_val);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Attr_put", err);
}
weak_alias(PMPI_Attr_put, MPI_Attr_put);

int
PMPI_Attr_get(MPI_Comm comm, int keyval, void *attribute_val, int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_attribute_get(comm, keyval, attribute_val, flag);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Attr_get", err);
}
weak_alias(PMPI_Attr_get, MPI_Attr_get);

int
PMPI_Attr_delete(MPI_Comm comm, int keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_attribute_delete(comm, keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Attr_delete", err);
}
weak_alias(PMPI_Attr_delete, MPI_Attr_delete);
