// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Attributes of windows (MPI 5.0, 7.7.3 and 12.2.6). */

#include "attr/attr.h"

#include "core/check.h"
#include "errh/raise.h"

int
PMPI_Win_create_keyval(MPI_Win_copy_attr_function *win_copy_attr_fn,
                       MPI_Win_delete_attr_function *win_delete_attr_fn, int *win_keyval,
                       void *extra_state)
{
    struct keyval_args args = {ATTR_WIN, (void (*)(void))win_copy_attr_fn,
                               (void (*)(void))win_delete_attr_fn, win_keyval, extra_state};
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_create(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Win_create_keyval", err);
}
weak_alias(PMPI_Win_create_keyval, MPI_Win_create_keyval);

int
PMPI_Win_free_keyval(int *win_keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = keyval_free(ATTR_WIN, win_keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Win_free_keyval", err);
}
weak_alias(PMPI_Win_free_keyval, MPI_Win_free_keyval);

static int
set(MPI_Win handle, int keyval, void *value)
{
    struct win *win;
    int err = win_find(handle, &win);
    if (err)
        return err;
    struct attributed object = win_attributed(win);
    win_hold(win);
    err = attribute_set(&object, keyval, value);
    win_release(win);
    return err;
}

int
PMPI_Win_set_attr(MPI_Win win, int win_keyval, void *attribute_val)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = set(win, win_keyval, attribute_val);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_set_attr", err);
}
weak_alias(PMPI_Win_set_attr, MPI_Win_set_attr);

// The base is told itself, of the others where they stand (12.2.6).
static bool
predefined(struct win *win, int keyval, void **value)
{
    switch (keyval) {
    case MPI_WIN_BASE:
        *value = win->base;
        return true;
    case MPI_WIN_SIZE:
        *value = &win->size;
        return true;
    case MPI_WIN_DISP_UNIT:
        *value = &win->disp_unit;
        return true;
    case MPI_WIN_CREATE_FLAVOR:
        *value = &win->flavor;
        return true;
    case MPI_WIN_MODEL:
        *value = &win->model;
        return true;
    default:
        return false;
    }
}

static int
get(MPI_Win handle, int keyval, void *value, int *flag)
{
    struct win *win;
    void *own = NULL;
    bool found = true;
    int err = win_find(handle, &win);
    if (!err)
        err = check_pointer(value, "attribute_val");
    if (!err)
        err = check_pointer(flag, "flag");
    if (err)
        return err;
    if (!predefined(win, keyval, &own)) {
        struct attributed object = win_attributed(win);
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
PMPI_Win_get_attr(MPI_Win win, int win_keyval, void *attribute_val, int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get(win, win_keyval, attribute_val, flag);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_get_attr", err);
}
weak_alias(PMPI_Win_get_attr, MPI_Win_get_attr);

static int
erase(MPI_Win handle, int keyval)
{
    struct win *win;
    int err = win_find(handle, &win);
    if (err)
        return err;
    struct attributed object = win_attributed(win);
    win_hold(win);
    err = attribute_delete(&object, keyval);
    win_release(win);
    return err;
}

int
PMPI_Win_delete_attr(MPI_Win win, int win_keyval)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = erase(win, win_keyval);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_delete_attr", err);
}
weak_alias(PMPI_Win_delete_attr, MPI_Win_delete_attr);
