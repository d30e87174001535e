// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Epochs of all members (MPI 5.0, 12.5.1), and what epochs have in common. */
#include "rma/rma.h"

cold int
win_sync_error(const struct win *win, const char *what)
{
    static const char *const epochs[] = {
        [ACCESS_NONE] = "there is no epoch of access",
        [ACCESS_FENCE] = "an epoch between two fences is under way",
        [ACCESS_START] = "the epoch of MPI_Win_start is under way",
        [ACCESS_LOCK] = "the process holds locks on the window (MPI_Win_lock)",
        [ACCESS_LOCK_ALL] = "the process holds locks on the window (MPI_Win_lock_all)",
    };
    const char *name = win->name[0] ? win->name : "the window";
    if (win->exposed && win->access == ACCESS_NONE)
        return error_new(MPI_ERR_RMA_SYNC, "%s %s: the epoch of MPI_Win_post is under way", name,
                         what);
    return error_new(MPI_ERR_RMA_SYNC, "%s %s: %s", name, what, epochs[win->access]);
}

cold int
win_bad_rank(const struct win *win, int rank)
{
    return error_new(MPI_ERR_RANK, "rank %d is not in the window's group (0..%d)", rank,
                     win->group->size - 1);
}

int
win_end_fence(struct win *win, const char *what)
{
    if (win->access == ACCESS_FENCE && !win->open)
        win->access = ACCESS_NONE;
    return likely(win->access == ACCESS_NONE) ? MPI_SUCCESS : win_sync_error(win, what);
}

cold int
win_open(struct win *win, int rank)
{
    struct win_target *target = &win->targets[rank];
    if (win->access == ACCESS_FENCE) {
        win->open = true;
        return MPI_SUCCESS;
    }
    if (win->access == ACCESS_START && target->started)
        return win_await_post(win, rank, "MPI_Win_start");
    if (win->access == ACCESS_NONE)
        return win_sync_error(win, "cannot be accessed");
    return error_new(MPI_ERR_RMA_SYNC, "rank %d is not one that this epoch may access (%s)", rank,
                     win->access == ACCESS_START ? "MPI_Win_start" : "MPI_Win_lock");
}

#define FENCE_ASSERTS                                                                              \
    (MPI_MODE_NOSTORE | MPI_MODE_NOPUT | MPI_MODE_NOPRECEDE | MPI_MODE_NOSUCCEED | MPI_MODE_NOCHECK)

int
win_check_assert(int given)
{
    if (likely((given & ~FENCE_ASSERTS) == 0))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_ASSERT, "the assertion 0x%x has bits that mean nothing",
                     (unsigned)given);
}

static int
fence(MPI_Win handle, int given)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (err || (err = win_check_assert(given)))
        return err;
    if (win->access > ACCESS_FENCE || win->exposed)
        return win_sync_error(win, "cannot be fenced");
    if ((err = win_barrier(win, "MPI_Win_fence")))
        return err;
    win->access = given & MPI_MODE_NOSUCCEED ? ACCESS_NONE : ACCESS_FENCE;
    win->open = false;
    return MPI_SUCCESS;
}

int
PMPI_Win_fence(int assert, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = fence(win, assert);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_fence", err);
}
weak_alias(PMPI_Win_fence, MPI_Win_fence);
