// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Memory of dynamic windows (MPI 5.0, 12.2.4). Each member has a table of what it has attached on
 * the board, sorted by address; origins look there before they copy. The owner makes the version
 * odd while it changes the table, so that an origin looks again; a table that has become too small
 * is kept until the window ends, because somebody may still read it.
 */
#include "rma/rma.h"
#include "shm/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 32

struct region {
    _Atomic uint64_t address, size;
};

struct win_regions {
    uint64_t room;
    uint64_t before; // the table that it replaces, as the board names it; 0: none
    _Atomic uint64_t count;
    struct region regions[];
};

static struct win_target *
own_target(const struct win *win)
{
    return &win->targets[win->group->rank];
}

// A window of one process has its table in plain memory.
static struct win_regions *
table_at(const struct win *win, const struct win_target *target, uint64_t at)
{
    if (!at)
        return NULL;
    if (win->group->size == 1)
        return (struct win_regions *)(uintptr_t)at;
    return segment_at(target->peer->segment, at);
}

static struct win_regions *
table_of(const struct win *win, const struct win_target *target)
{
    // acquire: pairs with the release in table_grow.
    uint64_t at = atomic_load_explicit(&target->member->attached, memory_order_acquire);
    return table_at(win, target, at);
}

static void
table_free(const struct win *win, uint64_t at)
{
    if (win->group->size == 1)
        free((void *)(uintptr_t)at);
    else
        arena_free(engine.seg, at);
}

void
attached_free(struct win *win)
{
    if (!win->board || win->flavor != MPI_WIN_FLAVOR_DYNAMIC)
        return;
    struct win_target *own = own_target(win);
    uint64_t at =
        own->member ? atomic_load_explicit(&own->member->attached, memory_order_relaxed) : 0;
    while (at) {
        uint64_t before = table_at(win, own, at)->before;
        table_free(win, at);
        at = before;
    }
}

/* ---- the owner ---- */

static uint64_t
table_alloc(const struct win *win, uint64_t room, char *why, size_t n)
{
    size_t size = sizeof(struct win_regions) + room * sizeof(struct region);
    if (win->group->size > 1)
        return arena_alloc(engine.seg, size, why, n);
    snprintf(why, n, "no memory for the list of what is attached");
    return (uint64_t)(uintptr_t)calloc(1, size);
}

// Another process may have just begun to read the old one.
static int
table_grow(const struct win *win, struct win_regions *old)
{
    char why[256];
    struct win_target *own = own_target(win);
    uint64_t room = old ? old->room * 2 : FIRST_ROOM, at = table_alloc(win, room, why, sizeof why);
    if (!at)
        return error_new(MPI_ERR_RMA_ATTACH, "%s", why);
    struct win_regions *table = table_at(win, own, at);
    table->room = room;
    table->before = atomic_load_explicit(&own->member->attached, memory_order_relaxed);
    if (old) {
        memcpy(table->regions, old->regions, old->room * sizeof *old->regions);
        atomic_store_explicit(&table->count, win->nattached, memory_order_relaxed);
    }
    atomic_store_explicit(&own->member->attached, at, memory_order_release);
    return MPI_SUCCESS;
}

static uint64_t
word(_Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void
set_region(struct region *to, uint64_t address, uint64_t size)
{
    atomic_store_explicit(&to->address, address, memory_order_relaxed);
    atomic_store_explicit(&to->size, size, memory_order_relaxed);
}

static void
move_regions(struct win_regions *table, uint64_t to, uint64_t from, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t k = to > from ? n - 1 - i : i;
        struct region *r = &table->regions[from + k];
        set_region(&table->regions[to + k], word(&r->address), word(&r->size));
    }
}

static void
change_begin(struct win_member *m)
{
    atomic_fetch_add_explicit(&m->attach_version, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); // pairs with the fence in is_attached
}

static void
change_end(struct win_member *m)
{
    // release: pairs with the acquire in is_attached.
    atomic_fetch_add_explicit(&m->attach_version, 1, memory_order_release);
}

// The first region that ends behind `address`, or that begins there.
static uint64_t
find_region(struct win_regions *table, uint64_t count, uint64_t address)
{
    uint64_t low = 0, high = count;
    while (low < high) {
        uint64_t mid = (low + high) / 2;
        struct region *r = &table->regions[mid];
        if (word(&r->address) + word(&r->size) > address || word(&r->address) >= address)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

static int
overlap_error(struct region *r, uint64_t address, uint64_t size)
{
    return error_new(MPI_ERR_RMA_ATTACH,
                     "%llu bytes at 0x%llx overlap with %llu bytes at 0x%llx, which are attached",
                     (unsigned long long)size, (unsigned long long)address,
                     (unsigned long long)word(&r->size), (unsigned long long)word(&r->address));
}

static int
add_region(struct win *win, uint64_t address, uint64_t size)
{
    struct win_regions *table = table_of(win, own_target(win));
    int err;
    if (!table || win->nattached == table->room) {
        if ((err = table_grow(win, table)))
            return err;
        table = table_of(win, own_target(win));
    }
    struct win_member *m = own_target(win)->member;
    uint64_t i = find_region(table, win->nattached, address);
    struct region *next = &table->regions[i];
    if (i < win->nattached &&
        (word(&next->address) < address + size || word(&next->address) == address))
        return overlap_error(next, address, size);
    change_begin(m);
    move_regions(table, i + 1, i, win->nattached - i);
    set_region(next, address, size);
    atomic_store_explicit(&table->count, ++win->nattached, memory_order_relaxed);
    change_end(m);
    return MPI_SUCCESS;
}

static int
dynamic_find(MPI_Win handle, struct win **win)
{
    int err = win_enter(handle, win);
    if (!err && (*win)->flavor != MPI_WIN_FLAVOR_DYNAMIC)
        err = error_new(MPI_ERR_RMA_FLAVOR,
                        "only a window of MPI_Win_create_dynamic has memory attached");
    return err;
}

static int
attach(MPI_Win handle, const void *base, MPI_Aint size)
{
    struct win *win;
    int err = dynamic_find(handle, &win);
    if (err)
        return err;
    if (size < 0)
        return negative_error(MPI_ERR_SIZE, "size", size);
    if (!base && size)
        return error_new(MPI_ERR_BASE, "the base is a null pointer, but the size is %lld",
                         (long long)size);
    if ((uint64_t)(uintptr_t)base + (uint64_t)size < (uint64_t)size)
        return error_new(MPI_ERR_SIZE, "%lld bytes at %p go beyond the last address",
                         (long long)size, base);
    return add_region(win, (uint64_t)(uintptr_t)base, (uint64_t)size);
}

int
PMPI_Win_attach(MPI_Win win, void *base, MPI_Aint size)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = attach(win, base, size);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_attach", err);
}
weak_alias(PMPI_Win_attach, MPI_Win_attach);

static int
detach(MPI_Win handle, const void *base)
{
    struct win *win;
    int err = dynamic_find(handle, &win);
    if (err)
        return err;
    uint64_t address = (uint64_t)(uintptr_t)base;
    struct win_member *m = own_target(win)->member;
    struct win_regions *table = table_of(win, own_target(win));
    uint64_t i = table ? find_region(table, win->nattached, address) : 0;
    if (i >= win->nattached || word(&table->regions[i].address) != address)
        return error_new(MPI_ERR_RMA_ATTACH, "nothing is attached at %p", base);
    change_begin(m);
    move_regions(table, i, i + 1, win->nattached - i - 1);
    atomic_store_explicit(&table->count, --win->nattached, memory_order_relaxed);
    change_end(m);
    return MPI_SUCCESS;
}

int
PMPI_Win_detach(MPI_Win win, const void *base)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = detach(win, base);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_detach", err);
}
weak_alias(PMPI_Win_detach, MPI_Win_detach);

/* ---- origins ---- */

// Regions may touch.
static bool
is_covered(struct win_regions *table, uint64_t low, uint64_t high)
{
    uint64_t count = word(&table->count);
    if (count > table->room)
        return false; // it changes just now: the version says so
    for (uint64_t i = find_region(table, count, low); i < count && low < high; i++) {
        struct region *r = &table->regions[i];
        if (word(&r->address) > low)
            return false;
        low = word(&r->address) + word(&r->size);
    }
    return low >= high;
}

// False, and *covered says nothing: the owner has changed it meanwhile.
static bool
look(const struct win *win, const struct win_target *target, uint64_t low, uint64_t high,
     bool *covered)
{
    _Atomic uint64_t *version = &target->member->attach_version;
    uint64_t before = atomic_load_explicit(version, memory_order_acquire);
    if (before & 1)
        return false;
    struct win_regions *table = table_of(win, target);
    *covered = table && is_covered(table, low, high);
    atomic_thread_fence(memory_order_acquire); // pairs with the fence in change_begin
    return atomic_load_explicit(version, memory_order_relaxed) == before;
}

int
attached_check(const struct win *win, const struct win_target *target, uint64_t low, uint64_t high)
{
    struct pause pause = {0};
    bool covered = false;
    int err;
    while (!look(win, target, low, high, &covered))
        if ((err = pause_take(&pause)))
            return err;
    if (covered)
        return MPI_SUCCESS;
    return error_new(
        MPI_ERR_RMA_RANGE, "%llu bytes at 0x%llx are not attached to the window at rank %d",
        (unsigned long long)(high - low), (unsigned long long)low, (int)(target - win->targets));
}
