// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "rma/rma.h"

#include <sched.h>
#include <time.h>

static struct win_member *
own_member(const struct win *win)
{
    return win->targets[win->group->rank].member;
}

// relaxed: before the bell_barrier of engine_wait, and after it the condition is looked at again.
void
win_wait_begin(struct win_wait *wait, struct win *win, const char *op)
{
    wait->wait = (struct wait){.op = op, .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    wait->win = win;
    win_hold(win);
    atomic_fetch_add_explicit(&own_member(win)->waits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&win->board->waiting, 1, memory_order_relaxed);
}

void
win_wait_end(struct win_wait *wait)
{
    struct win *win = wait->win;
    wait_end(&wait->wait);
    atomic_fetch_sub_explicit(&win->board->waiting, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&own_member(win)->waits, 1, memory_order_relaxed);
    win_release(win);
}

// Without a segment there are only threads of this process.
static void
wake(const struct win *win, int member)
{
    const struct peer *peer = win->targets[member].peer;
    if (member == win->group->rank)
        engine_changed();
    else if (peer->block)
        bell_notify(peer->segment, peer->block);
}

static noinline_ void
wake_all(const struct win *win)
{
    for (int i = 0; i < win->group->size; i++)
        if (atomic_load_explicit(&win->targets[i].member->waits, memory_order_relaxed))
            wake(win, i);
}

static void
order(void)
{
    if (likely(engine.seg != NULL))
        bell_order(engine.seg);
}

void
win_changed(struct win *win)
{
    order(); // pairs with the bell_barrier of who waits
    if (unlikely(atomic_load_explicit(&win->board->waiting, memory_order_relaxed)))
        wake_all(win);
}

void
win_changed_for(struct win *win, int member)
{
    order();
    if (unlikely(atomic_load_explicit(&win->targets[member].member->waits, memory_order_relaxed)))
        wake(win, member);
}

// acq_rel: what each member has written before it arrives is seen by all who leave. A barrier that
// an error ends for this process has it arrived all the same: the next one counts on.
int
win_barrier(struct win *win, const char *op)
{
    struct win_board *board = win->board;
    struct win_wait wait;
    int err = MPI_SUCCESS;
    uint64_t n = (uint64_t)win->group->size, all = ++win->barriers * n;
    if (n == 1)
        return MPI_SUCCESS;
    if (atomic_fetch_add_explicit(&board->arrived, 1, memory_order_acq_rel) + 1 == all) {
        win_changed(win);
        return MPI_SUCCESS;
    }
    if (atomic_load_explicit(&board->arrived, memory_order_acquire) >= all)
        return MPI_SUCCESS;
    win_wait_begin(&wait, win, op);
    while (atomic_load_explicit(&board->arrived, memory_order_acquire) < all &&
           !(err = engine_wait(&wait.wait)))
        ;
    win_wait_end(&wait);
    return err;
}

#define PAUSE_SPINS  100
#define PAUSE_YIELDS 200

// The holder copies memory, which may take long, or does not run now.
int
pause_take(struct pause *pause)
{
    int err = engine_failed();
    if (unlikely(err))
        return err;
    if (++pause->tries < PAUSE_SPINS && engine.spins) {
        cpu_relax();
        return MPI_SUCCESS;
    }
    engine_give();
    if (pause->tries < PAUSE_SPINS + PAUSE_YIELDS)
        sched_yield();
    else
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    engine_take();
    return MPI_SUCCESS;
}
