// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/window.h"

#include "coll/call.h"
#include "core/message.h"
#include "shm/arena.h"

#include <stdlib.h>

#define WINDOWS        256  // taken at a time
#define WINDOW_GRAIN   1024 // they begin at multiples of this
#define WINDOW_MIN     (512u << 10)
#define WINDOW_MAX_ALL (512u << 20) // the buffers of all ranks together

struct window {
    uint64_t start; // in the buffer; of a block of its own: in the segment
    struct coll *coll;
    uint64_t seq;
};

struct coll_pool {
    uint64_t buffer, size;
    uint64_t next;                  // where the next window begins
    struct window windows[WINDOWS]; // a queue, oldest first
    uint32_t first, count;
    struct window *blocks; // with a block of its own each
    uint32_t nblocks, room;
    struct coll *left; // boards left, not let go
};

// The least of all members' `done`, from the board if that suffices. What is stored there may be
// old, and an older one may replace a newer: it says less, and whoever needs more looks again.
static uint64_t
least_done(struct coll *coll, uint64_t seq)
{
    // acquire: pairs with the release below, whose thread has acquired every member's `done`.
    uint64_t known = atomic_load_explicit(&coll->board->all_done, memory_order_acquire);
    if (known >= seq)
        return known;
    uint64_t least = UINT64_MAX;
    for (int m = 0; m < coll->size; m++) {
        // acquire: pairs with the release in coll_over: the member's loads are over.
        uint64_t done = atomic_load_explicit(&coll->board->members[m].done, memory_order_acquire);
        if (done < least) {
            least = done;
            coll->slowest = m;
        }
    }
    if (least > known)
        atomic_store_explicit(&coll->board->all_done, least, memory_order_release);
    return least;
}

bool
coll_all_done(struct coll *coll, uint64_t seq)
{
    if (unlikely(coll->all_done < seq))
        coll->all_done = least_done(coll, seq);
    return coll->all_done >= seq;
}

uint64_t
window_limit(bool mixed)
{
    if (unlikely(mixed))
        return WINDOW_MIN;
    uint64_t each = WINDOW_MAX_ALL / (uint64_t)engine.size;
    each = each > WINDOW_MAX ? WINDOW_MAX : each;
    return (each < WINDOW_MIN ? WINDOW_MIN : each) & ~(uint64_t)(WINDOW_GRAIN - 1);
}

static struct coll_pool *
pool_get(void)
{
    if (unlikely(!engine.coll))
        engine.coll = calloc(1, sizeof *engine.coll);
    return engine.coll;
}

static int
make_buffer(struct coll_pool *pool)
{
    char why[256];
    uint64_t size = window_limit(false);
    pool->buffer = arena_alloc(engine.seg, size, why, sizeof why);
    if (!pool->buffer)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    pool->size = size;
    return MPI_SUCCESS;
}

/* ---- returning ---- */

static struct window *
oldest(struct coll_pool *pool)
{
    return &pool->windows[pool->first];
}

static void
drop_oldest(struct coll_pool *pool)
{
    oldest(pool)->coll->windows--;
    pool->first = (pool->first + 1) % WINDOWS;
    pool->count--;
}

static bool
over(const struct window *w)
{
    return coll_all_done(w->coll, w->seq);
}

static void
return_blocks(struct coll_pool *pool)
{
    for (uint32_t i = 0; i < pool->nblocks;) {
        struct window *w = &pool->blocks[i];
        if (!over(w)) {
            i++;
            continue;
        }
        arena_free(engine.seg, w->start);
        w->coll->windows--;
        *w = pool->blocks[--pool->nblocks];
    }
}

/* ---- taking ---- */

static int
take_block(struct coll_pool *pool, struct coll *coll, uint64_t seq, uint64_t size, uint64_t *at)
{
    char why[256];
    return_blocks(pool);
    if (pool->nblocks == pool->room) {
        uint32_t room = pool->room ? pool->room * 2 : 8;
        struct window *more = realloc(pool->blocks, room * sizeof *more);
        if (!more)
            return error_new(MPI_ERR_NO_MEM, "no memory for %u windows", room);
        pool->blocks = more;
        pool->room = room;
    }
    *at = arena_alloc(engine.seg, size, why, sizeof why);
    if (!*at)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    pool->blocks[pool->nblocks++] = (struct window){.start = *at, .coll = coll, .seq = seq};
    coll->windows++;
    return MPI_SUCCESS;
}

// Would the oldest window return without this process doing anything else?
static bool
returns_by_itself(const struct window *w)
{
    const struct coll *coll = w->coll;
    if (atomic_load_explicit(&coll->board->broken, memory_order_relaxed))
        return false;
    return coll->done >= w->seq || coll->over >> (w->seq - coll->done - 1) & 1;
}

// Is [start, end) free, as far as the oldest window tells? The windows taken stand one after the
// other from the oldest to `next`, perhaps around the end; the new one begins at `next`, or at 0
// when it does not fit before the end.
static bool
is_apart(struct coll_pool *pool, uint64_t start, uint64_t end)
{
    uint64_t first = oldest(pool)->start;
    bool around = pool->next <= first, goes_around = start != pool->next;
    if (pool->count == WINDOWS || (around && goes_around))
        return false;
    return around || goes_around ? end <= first : true;
}

static bool
make_free(struct coll_pool *pool, uint64_t start, uint64_t end)
{
    while (pool->count && !is_apart(pool, start, end)) {
        if (!over(oldest(pool)))
            return false;
        drop_oldest(pool);
    }
    return true;
}

int
window_take(struct coll *coll, uint64_t seq, uint64_t size, uint64_t *at, struct coll **wait)
{
    struct coll_pool *pool = pool_get();
    if (unlikely(!pool))
        return error_new(MPI_ERR_NO_MEM, "no memory for the collectives' windows");
    if (unlikely(!pool->buffer)) {
        int err = make_buffer(pool);
        if (err)
            return err;
    }
    size = align_up(size ? size : 1, WINDOW_GRAIN);
    if (unlikely(size > pool->size))
        return take_block(pool, coll, seq, size, at);
    uint64_t start = pool->next + size > pool->size ? 0 : pool->next;
    if (unlikely(!make_free(pool, start, start + size))) {
        struct window *w = oldest(pool);
        if (!returns_by_itself(w))
            return take_block(pool, coll, seq, size, at);
        *wait = w->coll;
        return MPI_ERR_PENDING;
    }
    pool->windows[(pool->first + pool->count++) % WINDOWS] = (struct window){start, coll, seq};
    coll->windows++;
    pool->next = start + size;
    *at = pool->buffer + start;
    return MPI_SUCCESS;
}

void
window_prefetch(uint64_t size)
{
    const struct coll_pool *pool = engine.coll;
    if (!pool || pool->next + size > pool->size)
        return;
    const char *next = segment_at(engine.seg, pool->buffer + pool->next);
    for (uint64_t at = 0; at < size; at += CACHE_LINE)
        __builtin_prefetch(next + at, 1);
}

/* ---- leaving ---- */

// True when nothing of this process depends on the board any more.
static bool
let_go(struct coll *coll)
{
    if (coll->windows)
        return false;
    if (!coll->counted) {
        coll->counted = true;
        // release: pairs with the acquire below; our last look at the board.
        atomic_fetch_add_explicit(&coll->board->left, 1, memory_order_release);
    }
    if (coll->rank != 0)
        return true;
    // acquire: who frees the board comes after everybody's last look at it.
    if (atomic_load_explicit(&coll->board->left, memory_order_acquire) != (uint32_t)coll->size)
        return false;
    arena_free(engine.seg, (uint64_t)((char *)coll->board - (char *)engine.seg));
    return true;
}

void
coll_reap(void)
{
    struct coll_pool *pool = engine.coll;
    if (!pool || !pool->left)
        return;
    while (pool->count && over(oldest(pool)))
        drop_oldest(pool);
    return_blocks(pool);
    for (struct coll **link = &pool->left; *link;) {
        struct coll *coll = *link;
        if (!let_go(coll)) {
            link = &coll->next;
            continue;
        }
        *link = coll->next;
        free(coll);
    }
}

// Where its board is is still to come, and others may have to learn it from this process.
static bool
closing_step(struct task *task)
{
    struct coll *coll = container_of(task, struct coll, closing);
    struct comm *comm = coll->comm;
    if (!coll->opening->done)
        return false;
    task_stop(task);
    coll_opened(coll);
    coll_close(coll);
    comm_release(comm);
    return true;
}

static void
close_later(struct coll *coll)
{
    comm_hold(coll->comm);
    coll->closing.step = closing_step;
    task_start(&coll->closing);
}

void
coll_close(struct coll *coll)
{
    struct coll_pool *pool = pool_get();
    if (coll->opening) {
        close_later(coll);
        return;
    }
    if (!coll->board || !pool) {
        free(coll);
        return;
    }
    coll->done = UINT64_MAX;
    // release: as in coll_over.
    atomic_store_explicit(&coll->own->done, UINT64_MAX, memory_order_release);
    coll_changed(coll);
    coll->next = pool->left;
    pool->left = coll;
    coll_reap();
}

static void
end_board(struct coll *coll)
{
    // It has calls that nobody has completed only where the job has failed.
    if (coll && coll->opening) {
        message_abandon(coll->opening);
        request_free(coll->opening);
        coll->opening = NULL;
    }
    if (coll)
        coll_close(coll);
}

void
coll_free(struct comm *comm)
{
    end_board(comm->coll);
    end_board(comm->started);
    comm->coll = comm->started = NULL;
}
