// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers of windows (MPI 5.0, 9.3.2). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

void
win_call_errhandler(struct win *win, int code)
{
    MPI_Win handle = win->handle;
    struct errhandler *errhandler = win->errhandler;
    win_hold(win);
    errhandler_hold(errhandler);
    engine_unlock();
    errhandler_call(errhandler, &handle, code);
    engine_lock();
    errhandler_release(errhandler);
    win_release(win);
}

int
win_raise(MPI_Win handle, const char *function, int code)
{
    error_place(code, function);
    if (engine_enter_always() != MPI_SUCCESS)
        return world_raise(function, code);
    struct win *win = win_get(handle);
    if (win)
        win_call_errhandler(win, code);
    engine_leave_always();
    return win ? code : world_raise(function, code);
}

int
PMPI_Win_create_errhandler(MPI_Win_errhandler_function *function, MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err =
            errhandler_create(ERRH_WIN, (void (*)(void))function, "win_errhandler_fn", errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Win_create_errhandler", err);
}
weak_alias(PMPI_Win_create_errhandler, MPI_Win_create_errhandler);

static int
set(MPI_Win handle, MPI_Errhandler errhandler)
{
    struct errhandler *new = NULL;
    struct win *win;
    int err = win_find(handle, &win);
    if (!err)
        err = errhandler_find(errhandler, &new);
    if (!err)
        err = errhandler_check(new, ERRH_WIN);
    if (err)
        return err;
    errhandler_hold(new);
    errhandler_release(win->errhandler);
    win->errhandler = new;
    return MPI_SUCCESS;
}

int
PMPI_Win_set_errhandler(MPI_Win win, MPI_Errhandler errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = set(win, errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_set_errhandler", err);
}
weak_alias(PMPI_Win_set_errhandler, MPI_Win_set_errhandler);

static int
get(MPI_Win handle, MPI_Errhandler *errhandler)
{
    struct win *win;
    int err = win_find(handle, &win);
    if (!err && !(err = check_pointer(errhandler, "errhandler")))
        *errhandler = errhandler_give(win->errhandler);
    return err;
}

int
PMPI_Win_get_errhandler(MPI_Win win, MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get(win, errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_get_errhandler", err);
}
weak_alias(PMPI_Win_get_errhandler, MPI_Win_get_errhandler);

int
PMPI_Win_call_errhandler(MPI_Win win, int errorcode)
{
    struct win *found;
    int err = engine_enter_always();
    if (likely(!err)) {
        err = win_find(win, &found);
        if (!err)
            win_call_errhandler(found, errorcode);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_call_errhandler", err);
}
weak_alias(PMPI_Win_call_errhandler, MPI_Win_call_errhandler);
