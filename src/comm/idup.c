// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MPI_Comm_idup and MPI_Comm_idup_with_info (MPI 5.0, 7.4.2).
 *
 * The new communicator stands at once, with its attributes; all that it waits for is its context
 * id, which the members learn from rank 0 in a collective that was started. It may be used when
 * that is over.
 */
#include "coll/agree.h"
#include "coll/form.h"
#include "comm/comm.h"
#include "info/info.h"
#include "topo/topo.h"

#include <stdlib.h>

struct idup {
    enum coll_kind kind;
    struct comm *newcomm; // held
    uint64_t context;
};

// Its context id from rank 0 to all.
static int
give_plan(struct call *call, struct comm *comm, const void *args)
{
    struct idup *idup = (struct idup *)(uintptr_t)args;
    agree_plan_give(call, comm, 0, &idup->context, sizeof idup->context);
    call->signature = signature_make(idup->kind, -1);
    return MPI_SUCCESS;
}

static int
is_known(void *data, int err)
{
    struct idup *idup = data;
    if (!err)
        idup->newcomm->context = idup->context;
    comm_release(idup->newcomm);
    free(idup);
    return err;
}

// The others go on with their new communicator: this one's part of the agreement must not end.
static void
let_go(MPI_Request *handle)
{
    struct request *request = request_get(*handle);
    if (request->done)
        request_free(request);
    else
        request->orphan = true;
    *handle = MPI_REQUEST_NULL;
}

static int
begin(struct comm *comm, struct idup *idup, MPI_Comm *newcomm, MPI_Request *request)
{
    comm_hold(idup->newcomm = comm_get(*newcomm));
    idup->newcomm->topology = topology_hold(comm->topology);
    if (comm->all->rank == 0)
        idup->context = contexts_take(1);
    struct after after = {.then = is_known, .data = idup};
    int err = form_begin(comm, give_plan, idup, after, request);
    if (err) {
        comm_drop(idup->newcomm);
        is_known(idup, err);
        *newcomm = MPI_COMM_NULL;
    }
    return err;
}

static int
idup_held(struct comm *comm, enum coll_kind kind, uint16_t hints, MPI_Comm *newcomm,
          MPI_Request *request)
{
    struct comm_plan plan = comm_plan_dup(comm, hints);
    struct idup *idup = calloc(1, sizeof *idup);
    if (!idup)
        return error_new(MPI_ERR_NO_MEM, "no memory for another communicator");
    idup->kind = kind;
    int err = comm_make(&plan, newcomm);
    if (err) {
        free(idup);
        return err;
    }
    err = begin(comm, idup, newcomm, request);
    if (!err && (err = comm_copy_attributes(comm, newcomm)))
        let_go(request);
    return err;
}

static int
idup_comm(MPI_Comm handle, enum coll_kind kind, uint16_t hints, MPI_Comm *newcomm,
          MPI_Request *request)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(newcomm, "newcomm")) ||
        (err = check_pointer(request, "request")) || (err = engine_failed()))
        return err;
    comm_hold(comm);
    err = idup_held(comm, kind, hints, newcomm, request);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_idup(MPI_Comm comm, MPI_Comm *newcomm, MPI_Request *request)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = idup_comm(comm, COLL_COMM_IDUP, 0, newcomm, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_idup", err);
}
weak_alias(PMPI_Comm_idup, MPI_Comm_idup);

static int
idup_with_info(MPI_Comm comm, MPI_Info handle, MPI_Comm *newcomm, MPI_Request *request)
{
    struct info *info = NULL;
    uint16_t hints = 0;
    int err = handle == MPI_INFO_NULL ? MPI_SUCCESS : info_find(handle, &info);
    if (info)
        hints_put(&hints, info);
    return err ? err : idup_comm(comm, COLL_COMM_IDUP_WITH_INFO, hints, newcomm, request);
}

int
PMPI_Comm_idup_with_info(MPI_Comm comm, MPI_Info info, MPI_Comm *newcomm, MPI_Request *request)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = idup_with_info(comm, info, newcomm, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_idup_with_info", err);
}
weak_alias(PMPI_Comm_idup_with_info, MPI_Comm_idup_with_info);
