// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a window tells of itself: group, name, the memory of others, its number (MPI 5.0, 12.2.3,
 * 12.2.6, 7.8, 20.4). */
#include "group/group.h"
#include "rma/rma.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static int
get_group(MPI_Win handle, MPI_Group *group)
{
    struct win *win;
    int err = win_find(handle, &win);
    if (!err && !(err = check_pointer(group, "group")))
        *group = group_give(win->group);
    return err;
}

int
PMPI_Win_get_group(MPI_Win win, MPI_Group *group)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_group(win, group);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_get_group", err);
}
weak_alias(PMPI_Win_get_group, MPI_Win_get_group);

/* ---- names: longer ones are cut (7.8) ---- */

static int
set_name(MPI_Win handle, const char *name)
{
    struct win *win;
    int err = win_find(handle, &win);
    if (!err && !(err = check_pointer(name, "win_name")))
        snprintf(win->name, sizeof win->name, "%s", name);
    return err;
}

int
PMPI_Win_set_name(MPI_Win win, const char *win_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = set_name(win, win_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_set_name", err);
}
weak_alias(PMPI_Win_set_name, MPI_Win_set_name);

static int
get_name(MPI_Win handle, char *name, int *length)
{
    struct win *win = NULL;
    int err = handle == MPI_WIN_NULL ? MPI_SUCCESS : win_find(handle, &win);
    if (!err)
        err = check_pointer(name, "win_name");
    if (!err)
        err = check_pointer(length, "resultlen");
    if (!err)
        *length = snprintf(name, MPI_MAX_OBJECT_NAME, "%s", win ? win->name : "MPI_WIN_NULL");
    return err;
}

int
PMPI_Win_get_name(MPI_Win win, char *win_name, int *resultlen)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_name(win, win_name, resultlen);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_get_name", err);
}
weak_alias(PMPI_Win_get_name, MPI_Win_get_name);

/* ---- the memory of others ---- */

struct query {
    MPI_Win win;
    int rank;
    MPI_Aint *size, *disp_unit;
    void *baseptr;
};

// MPI_PROC_NULL: the first member whose memory is not empty (12.2.3).
static const struct win_target *
queried(const struct win *win, int rank)
{
    for (int i = 0; rank == MPI_PROC_NULL && i < win->group->size; i++)
        if (win->targets[i].size && win->targets[i].direct)
            return &win->targets[i];
    return rank == MPI_PROC_NULL ? NULL : &win->targets[rank];
}

static int
check_query(const struct query *q, struct win **win)
{
    int err = win_find(q->win, win);
    if (err)
        return err;
    if ((*win)->flavor == MPI_WIN_FLAVOR_DYNAMIC)
        return error_new(MPI_ERR_RMA_FLAVOR,
                         "a window of MPI_Win_create_dynamic has no memory of its own");
    if (q->rank != MPI_PROC_NULL && (q->rank < 0 || q->rank >= (*win)->group->size))
        return win_bad_rank(*win, q->rank);
    if (!(err = check_pointer(q->size, "size")) &&
        !(err = check_pointer(q->disp_unit, "disp_unit")))
        err = check_pointer(q->baseptr, "baseptr");
    return err;
}

static int
shared_query(const struct query *q)
{
    struct win *win;
    int err = check_query(q, &win);
    if (err)
        return err;
    const struct win_target *t = queried(win, q->rank);
    bool reached = t && t->direct;
    char *base = reached ? t->base : NULL;
    *q->size = reached ? (MPI_Aint)t->size : 0;
    *q->disp_unit = t ? t->disp_unit : 1;
    memcpy(q->baseptr, &base, sizeof base);
    return MPI_SUCCESS;
}

int
PMPI_Win_shared_query(MPI_Win win, int rank, MPI_Aint *size, int *disp_unit, void *baseptr)
{
    MPI_Aint unit = 0;
    struct query q = {win, rank, size, disp_unit ? &unit : NULL, baseptr};
    int err = engine_enter();
    if (likely(!err)) {
        err = shared_query(&q);
        if (!err && unit > INT_MAX)
            err = error_new(MPI_ERR_DISP, "the displacement unit %lld does not fit an int",
                            (long long)unit);
        if (!err)
            *disp_unit = (int)unit;
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_shared_query", err);
}
weak_alias(PMPI_Win_shared_query, MPI_Win_shared_query);

int
PMPI_Win_shared_query_c(MPI_Win win, int rank, MPI_Aint *size, MPI_Aint *disp_unit, void *baseptr)
{
    struct query q = {win, rank, size, disp_unit, baseptr};
    int err = engine_enter();
    if (likely(!err)) {
        err = shared_query(&q);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_shared_query_c", err);
}
weak_alias(PMPI_Win_shared_query_c, MPI_Win_shared_query_c);
