// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"

/* MPI_Barrier (MPI 5.0, 6.3): an exchange of nothing. */

static int
barrier_plan(struct call *call, struct comm *comm, const void *args)
{
    (void)args;
    call_among(call, comm);
    call->flow = FLOW_ALL;
    call->send.type = call->recv.type = type_get(MPI_BYTE);
    call->up = call->down = true;
    call->algorithm = comm->all->size > FLAT ? RUN_TREE : RUN_EXCHANGE;
    call->signature = signature_make(COLL_BARRIER, -1);
    return MPI_SUCCESS;
}

static inline int
barrier_on(struct comm *comm)
{
    struct quick q;
    bool posted = false;
    if (likely(quick_begin(&q, comm, signature_make(COLL_BARRIER, -1), 0))) {
        posted = quick_post(&q, 0);
        quick_pause(&q, 0);
        if (likely(quick_all_seen(&q, 0)))
            return quick_end(&q);
    }
    return form_run(comm, barrier_plan, NULL, posted);
}

static int
barrier(MPI_Comm handle)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = barrier_on(comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Barrier", err);
}

int
PMPI_Barrier(MPI_Comm comm)
{
    return barrier(comm);
}
weak_alias(PMPI_Barrier, MPI_Barrier);

int
PMPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    return form_start(comm, barrier_plan, NULL, request, "MPI_Ibarrier");
}
weak_alias(PMPI_Ibarrier, MPI_Ibarrier);

int
PMPI_Barrier_init(MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    return form_init(comm, barrier_plan, NULL, info, request, "MPI_Barrier_init");
}
weak_alias(PMPI_Barrier_init, MPI_Barrier_init);
