// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"

/* MPI_Barrier (MPI 5.0, 6.3): an exchange of nothing. */

static noinline_ int
barrier_any(struct comm *comm, bool posted)
{
    struct call call = {.flow = FLOW_ALL, .root = -1, .up = true, .down = true, .posted = posted};
    if (comm->size == 1)
        return engine_failed();
    call.algorithm = comm->size > FLAT ? RUN_TREE : RUN_EXCHANGE;
    int err = call_start(&call, comm, signature_make(COLL_BARRIER, -1));
    return likely(!err) ? call_run(&call, "MPI_Barrier") : err;
}

static inline int
barrier(struct comm *comm)
{
    struct quick q;
    bool posted = false;
    if (likely(quick_begin(&q, comm, signature_make(COLL_BARRIER, -1), 0))) {
        posted = quick_post(&q, 0);
        quick_pause(&q, 0);
        if (likely(quick_all_seen(&q, 0)))
            return quick_end(&q);
    }
    return barrier_any(comm, posted);
}

int
PMPI_Barrier(MPI_Comm handle)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(handle, &comm);
        if (likely(!err))
            err = barrier(comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Barrier", err);
}
weak_alias(PMPI_Barrier, MPI_Barrier);
