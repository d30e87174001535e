// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Epochs of which the target knows nothing (MPI 5.0, 12.5.3). */
#include "rma/rma.h"

#include "base/clock.h"

#include <sched.h>

#define ONE_ALONE (UINT64_C(1) << 32) // in the high half
#define SHARED(x) ((uint32_t)(x))
#define ALONE(x)  ((uint32_t)((x) >> 32))

// Others stand back so long for one that has waited long: its holders may need them in turn.
#define STAND_BACK_NS 1000000

/* ---- one try of each ---- */

static bool
try_shared(struct win_member *m)
{
    uint64_t seen = atomic_load_explicit(&m->lock, memory_order_relaxed);
    while (!ALONE(seen))
        // acquire: pairs with the release of who had it alone.
        if (atomic_compare_exchange_weak_explicit(&m->lock, &seen, seen + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    return false;
}

static bool
try_all(struct win_board *board)
{
    uint64_t seen = atomic_load_explicit(&board->all, memory_order_relaxed);
    while (!ALONE(seen))
        if (atomic_compare_exchange_weak_explicit(&board->all, &seen, seen + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    return false;
}

// It counts in `all` first, and no more when the target is taken: nobody holds one of the two while
// it waits for the other.
static bool
try_alone(struct win *win, struct win_member *m)
{
    struct win_board *board = win->board;
    uint64_t seen = atomic_load_explicit(&board->all, memory_order_relaxed), none = 0;
    uint64_t mine = (uint64_t)(win->group->rank + 1) << 32;
    if (atomic_load_explicit(&m->lock, memory_order_relaxed))
        return false;
    do {
        if (SHARED(seen))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&board->all, &seen, seen + ONE_ALONE,
                                                    memory_order_acquire, memory_order_relaxed));
    // acquire: pairs with the release of the last holder.
    if (likely(atomic_compare_exchange_strong_explicit(&m->lock, &none, mine, memory_order_acquire,
                                                       memory_order_relaxed)))
        return true;
    atomic_fetch_sub_explicit(&board->all, ONE_ALONE, memory_order_relaxed);
    win_changed(win); // somebody may have wanted all meanwhile
    return false;
}

static bool
try_lock(struct win *win, struct win_member *m, enum lock_kind kind)
{
    return kind == LOCKED_EXCLUSIVE ? try_alone(win, m) : try_shared(m);
}

/* ---- waiting ---- */

// One that has ended without giving it back holds it no more.
static void
take_from_ended(struct win *win, struct win_member *m)
{
    uint64_t seen = atomic_load_explicit(&m->lock, memory_order_relaxed);
    uint32_t holder = ALONE(seen);
    if (!holder || holder > (uint32_t)win->group->size)
        return;
    const struct rank_block *block = win->targets[holder - 1].peer->block;
    if (!has_left(block))
        return;
    if (atomic_compare_exchange_strong_explicit(&m->lock, &seen, 0, memory_order_acq_rel,
                                                memory_order_relaxed))
        atomic_fetch_sub_explicit(&win->board->all, ONE_ALONE, memory_order_release);
}

// Somebody has waited long: let it in first, but not for ever.
static void
stand_back(const struct win *win, const struct win_member *m)
{
    uint64_t began = clock_ns();
    uint32_t own = (uint32_t)win->group->rank + 1, wanted;
    while ((wanted = atomic_load_explicit(&m->wanted, memory_order_relaxed)) && wanted != own &&
           clock_ns() - began < STAND_BACK_NS) {
        engine_give();
        sched_yield();
        engine_take();
    }
}

static int
await_lock(struct win *win, struct win_member *m, enum lock_kind kind)
{
    struct win_wait wait;
    uint32_t none = 0, own = (uint32_t)win->group->rank + 1;
    int err = MPI_SUCCESS;
    win_wait_begin(&wait, win, "MPI_Win_lock");
    bool first = atomic_compare_exchange_strong_explicit(
        &m->wanted, &none, own, memory_order_relaxed, memory_order_relaxed);
    while (!try_lock(win, m, kind) && !(err = engine_wait(&wait.wait)))
        take_from_ended(win, m);
    if (first)
        atomic_store_explicit(&m->wanted, 0, memory_order_relaxed);
    win_wait_end(&wait);
    return err;
}

static int
take_lock(struct win *win, struct win_member *m, enum lock_kind kind)
{
    if (kind == LOCKED_UNCHECKED)
        return MPI_SUCCESS;
    if (unlikely(atomic_load_explicit(&m->wanted, memory_order_relaxed)))
        stand_back(win, m);
    return likely(try_lock(win, m, kind)) ? MPI_SUCCESS : await_lock(win, m, kind);
}

static int
take_all(struct win *win)
{
    struct win_wait wait;
    int err = MPI_SUCCESS;
    if (likely(try_all(win->board)))
        return MPI_SUCCESS;
    win_wait_begin(&wait, win, "MPI_Win_lock_all");
    while (!try_all(win->board) && !(err = engine_wait(&wait.wait)))
        for (int i = 0; i < win->group->size; i++)
            take_from_ended(win, win->targets[i].member);
    win_wait_end(&wait);
    return err;
}

// release: what this process has stored is seen by the next holder.
static void
give_lock(struct win *win, struct win_member *m, enum lock_kind kind)
{
    if (kind == LOCKED_SHARED) {
        atomic_fetch_sub_explicit(&m->lock, 1, memory_order_release);
    } else if (kind == LOCKED_EXCLUSIVE) {
        atomic_store_explicit(&m->lock, 0, memory_order_release);
        atomic_fetch_sub_explicit(&win->board->all, ONE_ALONE, memory_order_release);
    }
    win_changed(win);
}

/* ---- MPI_Win_lock, MPI_Win_unlock ---- */

static int
check_kind(int type, int given, enum lock_kind *kind)
{
    if (type != MPI_LOCK_SHARED && type != MPI_LOCK_EXCLUSIVE)
        return error_new(MPI_ERR_LOCKTYPE,
                         "the lock type is %d, neither MPI_LOCK_SHARED nor MPI_LOCK_EXCLUSIVE",
                         type);
    *kind = type == MPI_LOCK_SHARED ? LOCKED_SHARED : LOCKED_EXCLUSIVE;
    if (given & MPI_MODE_NOCHECK)
        *kind = LOCKED_UNCHECKED;
    return win_check_assert(given);
}

static int
lock(MPI_Win handle, int type, int rank, int given)
{
    struct win *win;
    enum lock_kind kind = LOCKED_SHARED;
    int err = win_enter(handle, &win);
    if (err || (err = check_kind(type, given, &kind)))
        return err;
    if (rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    if (rank < 0 || rank >= win->group->size)
        return win_bad_rank(win, rank);
    if (win->access != ACCESS_LOCK && (err = win_end_fence(win, "cannot be locked")))
        return err;
    struct win_target *t = &win->targets[rank];
    if (t->locked)
        return error_new(MPI_ERR_RMA_SYNC, "this process has locked rank %d already", rank);
    if ((err = take_lock(win, t->member, kind)))
        return err;
    t->locked = (uint8_t)kind;
    t->open = true;
    win->locked++;
    win->access = ACCESS_LOCK;
    return MPI_SUCCESS;
}

int
PMPI_Win_lock(int lock_type, int rank, int assert, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = lock(win, lock_type, rank, assert);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_lock", err);
}
weak_alias(PMPI_Win_lock, MPI_Win_lock);

// With a rank of MPI_PROC_NULL *target is null.
static int
locked_find(struct win *win, int rank, struct win_target **target)
{
    *target = NULL;
    if (rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    if (unlikely(rank < 0 || rank >= win->group->size))
        return win_bad_rank(win, rank);
    if (unlikely(!win->targets[rank].locked && win->access != ACCESS_LOCK_ALL))
        return error_new(MPI_ERR_RMA_SYNC, "this process has not locked rank %d", rank);
    *target = &win->targets[rank];
    return MPI_SUCCESS;
}

static int
unlock(MPI_Win handle, int rank)
{
    struct win *win;
    struct win_target *t;
    int err = win_enter(handle, &win);
    if (err || (err = locked_find(win, rank, &t)) || !t)
        return err;
    if (!t->locked)
        return win_sync_error(win, "cannot be unlocked rank by rank");
    enum lock_kind kind = (enum lock_kind)t->locked;
    t->locked = UNLOCKED;
    t->open = false;
    if (--win->locked == 0)
        win->access = ACCESS_NONE;
    give_lock(win, t->member, kind);
    return MPI_SUCCESS;
}

int
PMPI_Win_unlock(int rank, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = unlock(win, rank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_unlock", err);
}
weak_alias(PMPI_Win_unlock, MPI_Win_unlock);

/* ---- all ---- */

static int
lock_all(MPI_Win handle, int given)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (!err)
        err = win_check_assert(given);
    if (!err)
        err = win_end_fence(win, "cannot be locked");
    if (!err && !(given & MPI_MODE_NOCHECK))
        err = take_all(win);
    if (err)
        return err;
    win->locked = given & MPI_MODE_NOCHECK ? 0 : 1;
    win->access = ACCESS_LOCK_ALL;
    win->open = true;
    return MPI_SUCCESS;
}

int
PMPI_Win_lock_all(int assert, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = lock_all(win, assert);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_lock_all", err);
}
weak_alias(PMPI_Win_lock_all, MPI_Win_lock_all);

static int
unlock_all(MPI_Win handle)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (err)
        return err;
    if (win->access != ACCESS_LOCK_ALL)
        return win_sync_error(win, "cannot be unlocked (MPI_Win_lock_all)");
    win->access = ACCESS_NONE;
    win->open = false;
    if (win->locked)
        atomic_fetch_sub_explicit(&win->board->all, 1, memory_order_release);
    else
        atomic_thread_fence(memory_order_seq_cst);
    win->locked = 0;
    win_changed(win);
    return MPI_SUCCESS;
}

int
PMPI_Win_unlock_all(MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = unlock_all(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_unlock_all", err);
}
weak_alias(PMPI_Win_unlock_all, MPI_Win_unlock_all);

/* ---- flush: operations are over when their call returns; others shall see it ---- */

// Who polls a window by these still takes part in what others want of it, and where ranks exceed
// CPUs lets those run that it waits for.
#define FLUSHES_POLL 64

static noinline_ void
poll_once(void)
{
    progress_poll();
    if (engine.spins)
        return;
    engine_give();
    sched_yield();
    engine_take();
}

static inline void
flush_memory(struct win *win)
{
    if (win->stored) // what changes elements is a fence itself
        atomic_thread_fence(memory_order_seq_cst);
    win->stored = false;
    if (unlikely(++win->flushes % FLUSHES_POLL == 0))
        poll_once();
}

static inline int
flush(MPI_Win handle, int rank)
{
    struct win *win;
    struct win_target *target;
    int err = win_enter(handle, &win);
    if (likely(!err) && likely(!(err = locked_find(win, rank, &target))))
        flush_memory(win);
    return err;
}

static inline int
flush_all(MPI_Win handle)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (unlikely(err))
        return err;
    if (unlikely(win->access < ACCESS_LOCK))
        return win_sync_error(win, "cannot be flushed");
    flush_memory(win);
    return MPI_SUCCESS;
}

int
PMPI_Win_flush(int rank, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = flush(win, rank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_flush", err);
}
weak_alias(PMPI_Win_flush, MPI_Win_flush);

int
PMPI_Win_flush_local(int rank, MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = flush(win, rank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_flush_local", err);
}
weak_alias(PMPI_Win_flush_local, MPI_Win_flush_local);

int
PMPI_Win_flush_all(MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = flush_all(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_flush_all", err);
}
weak_alias(PMPI_Win_flush_all, MPI_Win_flush_all);

int
PMPI_Win_flush_local_all(MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = flush_all(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_flush_local_all", err);
}
weak_alias(PMPI_Win_flush_local_all, MPI_Win_flush_local_all);

static int
sync_memory(MPI_Win handle)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (unlikely(err))
        return err;
    win->stored = true; // or stored by the program itself
    flush_memory(win);
    return MPI_SUCCESS;
}

int
PMPI_Win_sync(MPI_Win win)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = sync_memory(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_sync", err);
}
weak_alias(PMPI_Win_sync, MPI_Win_sync);
