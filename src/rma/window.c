// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The life of a window: its board, the memory that it owns, its end (MPI 5.0, 12.2.5). */
#include "attr/attr.h"
#include "group/group.h"
#include "rma/rma.h"
#include "shm/arena.h"

#include <stdlib.h>
#include <string.h>

int
win_new(const struct comm *comm, struct win **result)
{
    struct win *win = pool_alloc(HANDLE_WIN, sizeof *win);
    struct win_target *targets = calloc((size_t)comm->size, sizeof *targets);
    if (!win || !targets) {
        if (win)
            pool_free(HANDLE_WIN, win);
        free(targets);
        return error_new(MPI_ERR_NO_MEM, "no memory for a window of %d processes", comm->size);
    }
    win->refs = 1;
    win->targets = targets;
    group_hold(win->group = comm->group);
    win->model = MPI_WIN_UNIFIED;
    errhandler_hold(win->errhandler = errhandler_special(MPI_ERRORS_ARE_FATAL)); // 12.6.1
    win->handle = (MPI_Win)handle_of(HANDLE_WIN, win);
    win_hints_default(win);
    *result = win;
    return MPI_SUCCESS;
}

void
win_end(struct win *win)
{
    errhandler_release(win->errhandler);
    group_release(win->group);
    free(win->targets);
    free(win->started);
    pool_free(HANDLE_WIN, win);
}

static bool
has_helper(const struct win *win)
{
    for (int i = 0; i < win->group->size; i++)
        if (win->targets[i].helper)
            return true;
    return false;
}

static void
give_back(struct win *win)
{
    if (win->board && has_helper(win))
        helper_release();
    attached_free(win);
    if (win->memory_at)
        arena_free(engine.seg, win->memory_at);
    if (win->board_at)
        arena_free(engine.seg, win->board_at);
    if (!win->board_at && win->group->size == 1)
        free(win->board);
    free(win->plain);
    win->memory_at = win->board_at = 0;
    win->plain = NULL;
    win->board = NULL;
}

void
win_discard(struct win *win)
{
    give_back(win);
    win_release(win);
}

/* ---- the board ---- */

static size_t
row_words(int size)
{
    return ((size_t)size + 63) / 64;
}

static size_t
board_size(int size)
{
    size_t n = (size_t)size;
    return sizeof(struct win_board) + n * sizeof(struct win_member) + n * row_words(size) * 8;
}

// A window of one process has it in memory of its own: there may be no segment.
static int
make_plain_board(struct win *win)
{
    size_t size = align_up(board_size(1), CACHE_LINE);
    win->board = aligned_alloc(CACHE_LINE, size);
    if (!win->board)
        return error_new(MPI_ERR_NO_MEM, "no memory for a window");
    memset(win->board, 0, size);
    return MPI_SUCCESS;
}

int
win_make_board(struct win *win, struct win_record *record)
{
    char why[256];
    if (win->group->size == 1)
        return make_plain_board(win);
    if (win->group->rank != 0)
        return MPI_SUCCESS;
    win->board_at = arena_alloc(engine.seg, board_size(win->group->size), why, sizeof why);
    record->board = win->board_at;
    return win->board_at ? MPI_SUCCESS : error_new(MPI_ERR_NO_MEM, "%s", why);
}

static void
use_record(struct win *win, int i, const struct win_record *record)
{
    struct win_target *t = &win->targets[i];
    bool own = i == win->group->rank, alone = win->group->size == 1;
    t->peer = peer_get(win->group->peers[i]);
    t->member = &win->board->members[i];
    t->size = record->size;
    t->disp_unit = (MPI_Aint)record->disp_unit;
    t->address = record->address;
    t->heap = record->heap;
    t->direct = record->direct || own;
    t->plain = t->direct && record->size && win->flavor != MPI_WIN_FLAVOR_DYNAMIC;
    t->cpu = record->direct || alone;
    if (own && record->size)
        t->base = (char *)(uintptr_t)record->address;
    else if (record->direct && record->size)
        t->base = segment_at(t->peer->segment, record->offset);
}

int
win_use(struct win *win, const struct win_record *records)
{
    const struct peer *first = peer_get(win->group->peers[0]);
    if (win->group->size > 1)
        win->board = segment_at(first->segment, records[0].board);
    for (int i = 0; i < win->group->size; i++)
        use_record(win, i, &records[i]);
    return MPI_SUCCESS;
}

/* ---- memory ---- */

static int
plain_memory(struct win *win, uint64_t size, uint64_t alignment, char **base)
{
    if (size <= INT64_MAX - alignment)
        win->plain = aligned_alloc(alignment, align_up(size ? size : 1, alignment));
    if (!win->plain)
        return error_new(MPI_ERR_NO_MEM, "no memory for a window of %llu bytes",
                         (unsigned long long)size);
    memset(win->plain, 0, size);
    *base = win->plain;
    return MPI_SUCCESS;
}

int
win_memory(struct win *win, uint64_t size, uint64_t alignment, char **base)
{
    char why[256];
    if (alignment < CACHE_LINE)
        alignment = CACHE_LINE;
    if (!engine.seg)
        return plain_memory(win, size, alignment, base);
    uint64_t more = alignment > CACHE_LINE ? alignment : 0;
    if (size > INT64_MAX - more)
        return error_new(MPI_ERR_NO_MEM, "no memory for a window of %llu bytes",
                         (unsigned long long)size);
    win->memory_at = arena_alloc(engine.seg, size + more, why, sizeof why);
    if (!win->memory_at)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    *base = (char *)align_up((uintptr_t)segment_at(engine.seg, win->memory_at), alignment);
    return MPI_SUCCESS;
}

/* ---- MPI_Win_free ---- */

static int
check_over(const struct win *win)
{
    if (win->freeing)
        return error_new(MPI_ERR_WIN, "the window is being freed");
    if (win->exposed)
        return win_sync_error(win, "cannot be freed");
    if (win->access == ACCESS_NONE || (win->access == ACCESS_FENCE && !win->open))
        return MPI_SUCCESS;
    return win_sync_error(win, "cannot be freed");
}

// Member 0 has made the board: it waits until nobody looks at it any more. The last one to leave
// knows member 0's block, which outlives the board.
static int
leave_board(struct win *win)
{
    struct wait wait = {.op = "MPI_Win_free", .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    struct win_board *board = win->board;
    uint32_t others = (uint32_t)win->group->size - 1;
    int err = MPI_SUCCESS;
    if (!others)
        return MPI_SUCCESS;
    if (win->group->rank != 0) {
        const struct peer *first = win->targets[0].peer;
        // release: pairs with the acquire below; this member's last look at the board.
        if (atomic_fetch_add_explicit(&board->left, 1, memory_order_release) + 1 == others)
            bell_notify(first->segment, first->block);
        return MPI_SUCCESS;
    }
    while (atomic_load_explicit(&board->left, memory_order_acquire) < others &&
           !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    if (err)
        win->board_at = 0; // somebody may still look at it
    return err;
}

static int
end(struct win *win)
{
    struct attributed object = win_attributed(win);
    win->freeing = true;
    int err = attributes_clear(&object, false);
    if (!err)
        err = win_barrier(win, "MPI_Win_free");
    if (!err)
        err = leave_board(win);
    win->freeing = false;
    return err;
}

static int
win_free(MPI_Win *handle)
{
    struct win *win;
    int err = check_pointer(handle, "win");
    if (err || (err = win_enter(*handle, &win)) || (err = check_over(win)))
        return err;
    win_hold(win);
    err = end(win);
    if (!err) {
        give_back(win);
        handle_retire(win);
        win->handle = MPI_WIN_NULL;
        win_release(win);
        *handle = MPI_WIN_NULL;
    }
    win_release(win);
    return err;
}

int
PMPI_Win_free(MPI_Win *win)
{
    MPI_Win handle = win ? *win : MPI_WIN_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = win_free(win);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(handle, "MPI_Win_free", err);
}
weak_alias(PMPI_Win_free, MPI_Win_free);
