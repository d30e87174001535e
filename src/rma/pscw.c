// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Epochs between origins and targets that name each other (MPI 5.0, 12.5.2). MPI_Win_start does not
 * wait: the first access to a target does, and MPI_Win_complete for those not accessed. */
#include "group/group.h"
#include "rma/rma.h"

#include <stdlib.h>

// The word of `origin`'s row with the bit of `target`.
static _Atomic uint64_t *
row_word(const struct win *win, int origin, int target)
{
    size_t n = (size_t)win->group->size, words = (n + 63) / 64;
    char *rows = (char *)win->board + sizeof *win->board + n * sizeof(struct win_member);
    return (_Atomic uint64_t *)(void *)rows + (size_t)origin * words + (size_t)target / 64;
}

static uint64_t
bit_of(int target)
{
    return UINT64_C(1) << (target % 64);
}

// The ranks in the window of a group's members: owned by the caller.
static int
ranks_of(const struct win *win, const struct group *group, int **ranks)
{
    struct group_map map;
    int err = group_map_start(&map, win->group);
    if (err)
        return err;
    *ranks = malloc((size_t)(group->size ? group->size : 1) * sizeof **ranks);
    if (!*ranks)
        err = error_new(MPI_ERR_NO_MEM, "no memory for %d ranks", group->size);
    for (int i = 0; i < group->size && !err; i++) {
        (*ranks)[i] = group_map_find(&map, group->peers[i]);
        if ((*ranks)[i] < 0)
            err = error_new(MPI_ERR_GROUP, "rank %d of the group is not in the window's group", i);
    }
    group_map_stop(&map);
    if (err) {
        free(*ranks);
        *ranks = NULL;
    }
    return err;
}

static int
find(MPI_Win handle, MPI_Group group_handle, int given, struct win **win, struct group **group)
{
    int err = win_enter(handle, win);
    if (!err)
        err = group_find(group_handle, group);
    return err ? err : win_check_assert(given);
}

/* ---- the target ---- */

static int
post(MPI_Win handle, MPI_Group group_handle, int given)
{
    struct win *win;
    struct group *group;
    int *ranks, err = find(handle, group_handle, given, &win, &group);
    if (err)
        return err;
    if (win->exposed)
        return win_sync_error(win, "cannot be posted");
    if (win->access == ACCESS_FENCE && (err = win_end_fence(win, "cannot be posted")))
        return err;
    if ((err = ranks_of(win, group, &ranks)))
        return err;
    win->exposed = true;
    win->completes += (uint64_t)group->size;
    for (int i = 0; i < group->size; i++) {
        // release: what this process has stored in its memory is seen by the origin.
        atomic_fetch_or_explicit(row_word(win, ranks[i], win->group->rank),
                                 bit_of(win->group->rank), memory_order_release);
        win_changed_for(win, ranks[i]);
    }
    free(ranks);
    return MPI_SUCCESS;
}

int
PMPI_Win_post(MPI_Group group, int assert, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = post(win, group, assert);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_post", err);
}
weak_alias(PMPI_Win_post, MPI_Win_post);

// acquire: pairs with the release in complete; what origins have stored.
static bool
is_over(const struct win *win)
{
    const struct win_member *own = win->targets[win->group->rank].member;
    return atomic_load_explicit(&own->completes, memory_order_acquire) >= win->completes;
}

static int
exposed_find(MPI_Win handle, struct win **win)
{
    int err = win_enter(handle, win);
    if (!err && !(*win)->exposed)
        err = error_new(MPI_ERR_RMA_SYNC, "the window is not exposed (MPI_Win_post)");
    return err;
}

static int
wait_over(MPI_Win handle)
{
    struct win *win;
    struct win_wait wait;
    int err = exposed_find(handle, &win);
    if (err)
        return err;
    if (!is_over(win)) {
        win_wait_begin(&wait, win, "MPI_Win_wait");
        while (!is_over(win) && !(err = engine_wait(&wait.wait)))
            ;
        if (!err)
            win->exposed = false;
        win_wait_end(&wait);
        return err;
    }
    win->exposed = false;
    return MPI_SUCCESS;
}

int
PMPI_Win_wait(MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = wait_over(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_wait", err);
}
weak_alias(PMPI_Win_wait, MPI_Win_wait);

static int
test(MPI_Win handle, int *flag)
{
    struct win *win;
    int err = exposed_find(handle, &win);
    if (err || (err = check_pointer(flag, "flag")))
        return err;
    progress_poll();
    *flag = is_over(win);
    if (*flag)
        win->exposed = false;
    return MPI_SUCCESS;
}

int
PMPI_Win_test(MPI_Win win, int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = test(win, flag);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_test", err);
}
weak_alias(PMPI_Win_test, MPI_Win_test);

/* ---- the origin ---- */

static int
start(MPI_Win handle, MPI_Group group_handle, int given)
{
    struct win *win;
    struct group *group;
    int *ranks, err = find(handle, group_handle, given, &win, &group);
    if (!err)
        err = win_end_fence(win, "cannot be started");
    if (!err)
        err = ranks_of(win, group, &ranks);
    if (err)
        return err;
    for (int i = 0; i < group->size; i++)
        win->targets[ranks[i]].started = true;
    free(win->started);
    win->started = ranks;
    win->nstarted = group->size;
    win->access = ACCESS_START;
    return MPI_SUCCESS;
}

int
PMPI_Win_start(MPI_Group group, int assert, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = start(win, group, assert);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_start", err);
}
weak_alias(PMPI_Win_start, MPI_Win_start);

// acquire: pairs with the release in post. There is one bit for a pair: a target posts again only
// after this process has completed, and so taken it.
static bool
take_post(struct win *win, int target)
{
    _Atomic uint64_t *word = row_word(win, win->group->rank, target);
    uint64_t bit = bit_of(target);
    if (!(atomic_load_explicit(word, memory_order_acquire) & bit))
        return false;
    atomic_fetch_and_explicit(word, ~bit, memory_order_relaxed);
    win->targets[target].open = true;
    return true;
}

int
win_await_post(struct win *win, int target, const char *op)
{
    struct win_wait wait;
    int err = MPI_SUCCESS;
    const struct win_target *t = &win->targets[target];
    if (t->open || take_post(win, target))
        return MPI_SUCCESS;
    win_wait_begin(&wait, win, op);
    while (!t->open && !take_post(win, target) && !(err = engine_wait(&wait.wait)))
        ;
    win_wait_end(&wait);
    return err;
}

static int
complete(MPI_Win handle)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (err)
        return err;
    if (win->access != ACCESS_START)
        return win_sync_error(win, "cannot be completed (MPI_Win_start)");
    for (int i = 0; i < win->nstarted; i++)
        if ((err = win_await_post(win, win->started[i], "MPI_Win_complete")))
            return err;
    for (int i = 0; i < win->nstarted; i++) {
        struct win_target *t = &win->targets[win->started[i]];
        t->started = t->open = false;
        // release: pairs with the acquire in is_over; what this process has stored there.
        atomic_fetch_add_explicit(&t->member->completes, 1, memory_order_release);
        win_changed_for(win, win->started[i]);
    }
    win->access = ACCESS_NONE;
    return MPI_SUCCESS;
}

int
PMPI_Win_complete(MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = complete(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_complete", err);
}
weak_alias(PMPI_Win_complete, MPI_Win_complete);
