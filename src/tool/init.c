// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Init, MPI_Finalize and what asks about them (MPI 5.0, 11.2, 11.4 and 11.6). */

#include "core/init.h"

#include "attr/attr.h"
#include "core/check.h"
#include "dyn/dyn.h"
#include "errh/raise.h"
#include "p2p/bsend.h"

#include <pthread.h>

static int
init(int required, int *provided)
{
    int err = engine_enter_always();
    if (!err) {
        err = world_start(required, provided);
        if (!err && (err = parent_meet()))
            engine_stop("MPI_Init");
        engine_leave_always();
    }
    return err;
}

int
PMPI_Init(int *argc, char ***argv)
{
    (void)argc, (void)argv; // the launcher passes nothing in the arguments
    int err = init(MPI_THREAD_SINGLE, NULL);
    return err ? world_raise("MPI_Init", err) : MPI_SUCCESS;
}
weak_alias(PMPI_Init, MPI_Init);

int
PMPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    (void)argc, (void)argv;
    int err = init(required, provided);
    return err ? world_raise("MPI_Init_thread", err) : MPI_SUCCESS;
}
weak_alias(PMPI_Init_thread, MPI_Init_thread);

// Every one of its attributes; returns the first code of a delete function.
static int
clear(struct comm *comm)
{
    if (!comm)
        return MPI_SUCCESS;
    struct attributed object = comm_attributed(comm);
    return attributes_clear(&object, true);
}

int
PMPI_Finalize(void)
{
    int err = engine_enter(), failed = MPI_SUCCESS;
    if (!err) {
        // Before anything else (MPI 5.0, 11.2.4). Of MPI_COMM_WORLD's nothing is said there, but
        // what hangs on them can be given back nowhere else.
        failed = clear(engine.self);
        err = clear(engine.world);
        failed = failed ? failed : err;
        err = world_stop();
        bsend_drop(&engine.buffer); // what is in it has left, or goes on without it
        engine_leave();
    }
    err = err ? err : failed;
    return err ? world_raise("MPI_Finalize", err) : MPI_SUCCESS;
}
weak_alias(PMPI_Finalize, MPI_Finalize);

int
PMPI_Initialized(int *flag)
{
    if (!flag)
        return world_raise("MPI_Initialized", null_error("flag"));
    // acquire: pairs with the release in world_start; this thread may use MPI now.
    *flag = atomic_load_explicit(&engine.world_state, memory_order_acquire) != WORLD_NEW;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Initialized, MPI_Initialized);

int
PMPI_Finalized(int *flag)
{
    if (!flag)
        return world_raise("MPI_Finalized", null_error("flag"));
    *flag = atomic_load_explicit(&engine.world_state, memory_order_relaxed) == WORLD_FINALIZED;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Finalized, MPI_Finalized);

int
PMPI_Query_thread(int *provided)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(provided, "provided");
        if (likely(!err))
            *provided = engine.world ? engine.world_level : engine.thread_level;
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Query_thread", err);
}
weak_alias(PMPI_Query_thread, MPI_Query_thread);

int
PMPI_Is_thread_main(int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(flag, "flag");
        if (likely(!err))
            *flag = engine.main_thread == (uint64_t)pthread_self();
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Is_thread_main", err);
}
weak_alias(PMPI_Is_thread_main, MPI_Is_thread_main);

int
PMPI_Abort(MPI_Comm comm, int errorcode)
{
    (void)comm; // the whole job, as 9.6 allows
    engine_abort(errorcode);
}
weak_alias(PMPI_Abort, MPI_Abort);
