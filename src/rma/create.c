// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Making windows (MPI 5.0, 12.2).
 *
 * All members tell each other in one collective of the communicator where their memory is, or that
 * they cannot take part: then it is an error of all. A shared window in one piece is member 0's
 * memory, which needs a second one. A third one tells whether anybody is refused a copy from
 * anybody, where such copies will be needed.
 */
#include "coll/agree.h"
#include "info/info.h"
#include "rma/rma.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct creation {
    enum coll_kind kind;
    void *base;
    MPI_Aint size, disp_unit;
    MPI_Info info;
    MPI_Comm comm;
    void *baseptr; // where the user wants to know the memory, or NULL
    MPI_Win *win;
    // below: while it is made
    struct win *made;
    struct comm *members;
    struct win_record *records;
};

static int
flavor_of(enum coll_kind kind)
{
    switch (kind) {
    case COLL_WIN_CREATE:
        return MPI_WIN_FLAVOR_CREATE;
    case COLL_WIN_ALLOCATE:
        return MPI_WIN_FLAVOR_ALLOCATE;
    case COLL_WIN_ALLOCATE_SHARED:
        return MPI_WIN_FLAVOR_SHARED;
    default:
        return MPI_WIN_FLAVOR_DYNAMIC;
    }
}

static int
check_arguments(const struct creation *c)
{
    int err = check_pointer(c->win, "win");
    if (err || c->kind == COLL_WIN_CREATE_DYNAMIC)
        return err;
    if (c->size < 0)
        return negative_error(MPI_ERR_SIZE, "size", c->size);
    if (c->disp_unit <= 0)
        return error_new(MPI_ERR_DISP, "the displacement unit is %lld, not positive",
                         (long long)c->disp_unit);
    if (c->kind != COLL_WIN_CREATE)
        return check_pointer(c->baseptr, "baseptr");
    if (!c->base && c->size)
        return error_new(MPI_ERR_BASE, "the base is a null pointer, but the size is %lld",
                         (long long)c->size);
    return MPI_SUCCESS;
}

static int
take_hints(const struct creation *c)
{
    struct info *info = NULL;
    int err = c->info == MPI_INFO_NULL ? MPI_SUCCESS : info_find(c->info, &info);
    if (!err && info)
        win_hints_put(c->made, info);
    return err;
}

// One shared window in one piece is made when all sizes are known.
static bool
in_one_piece(const struct creation *c)
{
    return c->kind == COLL_WIN_ALLOCATE_SHARED && c->members->size > 1 &&
           !win_hint_noncontig(c->made);
}

static int
own_memory(struct creation *c)
{
    char *base = NULL;
    if (c->kind == COLL_WIN_CREATE || c->kind == COLL_WIN_CREATE_DYNAMIC || in_one_piece(c))
        return MPI_SUCCESS;
    int err = win_memory(c->made, (uint64_t)c->size, c->made->alignment, &base);
    c->base = base;
    return err;
}

static int
prepare(struct creation *c, struct win_record *record)
{
    int err = check_arguments(c);
    if (!err)
        err = take_hints(c);
    if (!err)
        err = own_memory(c);
    if (!err)
        err = win_make_board(c->made, record);
    return err;
}

static void
fill_record(const struct creation *c, struct win_record *record)
{
    uint64_t at = offset_of(c->base);
    bool within = at && (uint64_t)c->size <= engine.seg->size - at;
    record->address = (uint64_t)(uintptr_t)c->base;
    record->size = (uint64_t)c->size;
    record->disp_unit = c->disp_unit;
    record->offset = within ? at : 0;
    // Of no bytes nothing is ever copied.
    record->direct = within || (c->kind != COLL_WIN_CREATE_DYNAMIC && c->size == 0);
    record->heap = (uint64_t)(uintptr_t)engine.seg;
    record->noncontig = win_hint_noncontig(c->made);
    record->probe = helper_probe();
}

static int
find_failure(const struct creation *c)
{
    for (int i = 0; i < c->members->size; i++)
        if (c->records[i].errclass)
            return error_new(c->records[i].errclass,
                             "rank %d cannot take part in making the window", i);
    for (int i = 1; i < c->members->size; i++)
        if (c->records[i].noncontig != c->records[0].noncontig)
            return error_new(MPI_ERR_INFO,
                             "ranks 0 and %d differ in the hint "
                             "alloc_shared_noncontig",
                             i);
    return MPI_SUCCESS;
}

/* ---- shared in one piece ---- */

struct one_piece {
    uint64_t at;
    int64_t errclass;
};

static int
total_size(const struct creation *c, uint64_t *total)
{
    *total = 0;
    for (int i = 0; i < c->members->size; i++)
        if (__builtin_add_overflow(*total, c->records[i].size, total) || *total > INT64_MAX)
            return error_new(MPI_ERR_SIZE, "the sizes of a shared window are more than can be "
                                           "counted together");
    return MPI_SUCCESS;
}

static int
share_piece(struct creation *c)
{
    struct one_piece piece = {0};
    uint64_t total;
    char *base = NULL;
    int err = total_size(c, &total), own = MPI_SUCCESS;
    if (err)
        return err; // all have found it
    if (c->members->rank == 0 && (own = win_memory(c->made, total, c->made->alignment, &base)))
        piece.errclass = error_class(own);
    piece.at = base ? offset_of(base) : 0;
    err = agree_give(c->members, c->kind, &piece, sizeof piece);
    if (own || err)
        return own ? own : err;
    if (piece.errclass)
        return error_new((int)piece.errclass,
                         "rank 0 has no memory for a shared window of %llu "
                         "bytes",
                         (unsigned long long)total);
    const struct peer *first = peer_get(c->members->group->peers[0]);
    for (int i = 0; i < c->members->size; i++) {
        c->records[i].direct = true;
        c->records[i].offset = piece.at;
        if (i == c->members->rank)
            c->base = segment_at(first->segment, piece.at);
        piece.at += c->records[i].size;
    }
    c->records[c->members->rank].address = (uint64_t)(uintptr_t)c->base;
    return MPI_SUCCESS;
}

// The memory is in the segment of member 0, which others may map as well.
static void
use_piece(struct creation *c)
{
    const struct peer *first = peer_get(c->members->group->peers[0]);
    for (int i = 0; i < c->members->size; i++)
        c->made->targets[i].base = segment_at(first->segment, c->records[i].offset);
}

/* ---- copies between processes ---- */

static bool
needs_copies(const struct creation *c)
{
    for (int i = 0; i < c->members->size; i++)
        if (!c->records[i].direct)
            return c->members->size > 1;
    return false;
}

struct vote {
    uint64_t refused, helper;
    int64_t errclass;
};

static struct vote
try_copies(const struct creation *c)
{
    struct vote vote = {0};
    for (int i = 0; i < c->members->size && !vote.refused; i++)
        vote.refused = i != c->members->rank && !c->records[i].direct &&
                       helper_refused(c->made->targets[i].peer, c->records[i].probe);
    return vote;
}

static bool
any_refused(const struct vote *votes, int n)
{
    for (int i = 0; i < n; i++)
        if (votes[i].refused)
            return true;
    return false;
}

static int
use_helpers(struct creation *c, struct vote *votes)
{
    int n = c->members->size, rank = c->members->rank, own, err, first = MPI_SUCCESS;
    // A thread that serves knows who asks by the rank in its job.
    if (c->members->mixed)
        return error_new(MPI_ERR_WIN, "the kernel refuses copies between processes, and the window "
                                      "has processes of several jobs and memory that is not MPI's");
    if ((own = helper_hold(&votes[rank].helper)))
        votes[rank].errclass = error_class(own);
    if ((err = agree_gather(c->members, c->kind, votes, sizeof *votes)) || own) {
        if (!own)
            helper_release();
        return own ? own : err;
    }
    for (int i = 0; i < n && !first; i++)
        if (votes[i].errclass)
            first = error_new((int)votes[i].errclass,
                              "rank %d cannot start the thread that "
                              "serves its window",
                              i);
    if (first) {
        helper_release();
        return first;
    }
    for (int i = 0; i < n; i++)
        c->made->targets[i].helper = segment_at(c->made->targets[i].peer->segment, votes[i].helper);
    return MPI_SUCCESS;
}

static int
arrange_copies(struct creation *c)
{
    struct vote *votes = calloc((size_t)c->members->size, sizeof *votes);
    if (!votes)
        return error_new(MPI_ERR_NO_MEM, "no memory for a window of %d processes",
                         c->members->size);
    votes[c->members->rank] = try_copies(c);
    int err = agree_gather(c->members, c->kind, votes, sizeof *votes);
    if (!err && any_refused(votes, c->members->size))
        err = use_helpers(c, votes);
    free(votes);
    return err;
}

/* ---- all together ---- */

static int
agree_on(struct creation *c)
{
    struct win_record *record = &c->records[c->members->rank];
    int own = prepare(c, record), err;
    if (own)
        record->errclass = error_class(own);
    else
        fill_record(c, record);
    err = agree_gather(c->members, c->kind, c->records, sizeof *record);
    if (own || err)
        return own ? own : err;
    if ((err = find_failure(c)))
        return err;
    if (in_one_piece(c) && (err = share_piece(c)))
        return err;
    if ((err = win_use(c->made, c->records)))
        return err;
    if (in_one_piece(c))
        use_piece(c);
    return needs_copies(c) ? arrange_copies(c) : MPI_SUCCESS;
}

static void
finish(const struct creation *c)
{
    struct win *win = c->made;
    win->base = c->base;
    win->size = c->size;
    win->disp_unit = c->disp_unit > INT_MAX ? INT_MAX : (int)c->disp_unit;
    if (c->baseptr)
        memcpy(c->baseptr, &c->base, sizeof c->base);
    *c->win = win->handle;
}

static int
create(struct creation *c)
{
    int err = win_new(c->members, &c->made);
    if (err)
        return err;
    c->made->flavor = flavor_of(c->kind);
    c->records = calloc((size_t)c->members->size, sizeof *c->records);
    if (!c->records)
        err = error_new(MPI_ERR_NO_MEM, "no memory for a window of %d processes", c->members->size);
    if (!err)
        err = agree_on(c);
    free(c->records);
    if (err)
        win_discard(c->made);
    else
        finish(c);
    return err;
}

static int
win_create(struct creation *c, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(c->comm, &c->members);
        if (!err && comm_is_inter(c->members))
            err = error_new(MPI_ERR_COMM, "a window cannot be made on an intercommunicator");
        if (!err)
            err = engine_failed();
        if (!err) {
            struct comm *members = c->members;
            comm_hold(members);
            err = create(c);
            comm_release(members);
        }
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(c->comm, function, err);
}

int
PMPI_Win_create(void *base, MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm,
                MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_CREATE,
                                         .base = base,
                                         .size = size,
                                         .disp_unit = disp_unit,
                                         .info = info,
                                         .comm = comm,
                                         .win = win},
                      "MPI_Win_create");
}
weak_alias(PMPI_Win_create, MPI_Win_create);

int
PMPI_Win_create_c(void *base, MPI_Aint size, MPI_Aint disp_unit, MPI_Info info, MPI_Comm comm,
                  MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_CREATE,
                                         .base = base,
                                         .size = size,
                                         .disp_unit = disp_unit,
                                         .info = info,
                                         .comm = comm,
                                         .win = win},
                      "MPI_Win_create_c");
}
weak_alias(PMPI_Win_create_c, MPI_Win_create_c);

int
PMPI_Win_allocate(MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, void *baseptr,
                  MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_ALLOCATE,
                                         .size = size,
                                         .disp_unit = disp_unit,
                                         .info = info,
                                         .comm = comm,
                                         .baseptr = baseptr,
                                         .win = win},
                      "MPI_Win_allocate");
}
weak_alias(PMPI_Win_allocate, MPI_Win_allocate);

int
PMPI_Win_allocate_c(MPI_Aint size, MPI_Aint disp_unit, MPI_Info info, MPI_Comm comm, void *baseptr,
                    MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_ALLOCATE,
                                         .size = size,
                                         .disp_unit = disp_unit,
                                         .info = info,
                                         .comm = comm,
                                         .baseptr = baseptr,
                                         .win = win},
                      "MPI_Win_allocate_c");
}
weak_alias(PMPI_Win_allocate_c, MPI_Win_allocate_c);

int
PMPI_Win_allocate_shared(MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, void *baseptr,
                         MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_ALLOCATE_SHARED,
                                         .size = size,
                                         .disp_unit = disp_unit,
                                         .info = info,
                                         .comm = comm,
                                         .baseptr = baseptr,
                                         .win = win},
                      "MPI_Win_allocate_shared");
}
weak_alias(PMPI_Win_allocate_shared, MPI_Win_allocate_shared);

int
PMPI_Win_allocate_shared_c(MPI_Aint size, MPI_Aint disp_unit, MPI_Info info, MPI_Comm comm,
                           void *baseptr, MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_ALLOCATE_SHARED,
                                         .size = size,
                                         .disp_unit = disp_unit,
                                         .info = info,
                                         .comm = comm,
                                         .baseptr = baseptr,
                                         .win = win},
                      "MPI_Win_allocate_shared_c");
}
weak_alias(PMPI_Win_allocate_shared_c, MPI_Win_allocate_shared_c);

int
PMPI_Win_create_dynamic(MPI_Info info, MPI_Comm comm, MPI_Win *win)
{
    return win_create(&(struct creation){.kind = COLL_WIN_CREATE_DYNAMIC,
                                         .disp_unit = 1,
                                         .info = info,
                                         .comm = comm,
                                         .win = win},
                      "MPI_Win_create_dynamic");
}
weak_alias(PMPI_Win_create_dynamic, MPI_Win_create_dynamic);
