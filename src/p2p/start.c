// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

/* Starting persistent requests of any kind (MPI 5.0, 3.9). */

static inline int
find_inactive(MPI_Request handle, struct request **request)
{
    *request = request_get(handle);
    if (unlikely(!*request))
        return handle_error(HANDLE_REQUEST, handle);
    if (unlikely(!(*request)->persistent))
        return error_new(MPI_ERR_REQUEST, "the request is not persistent");
    if (unlikely((*request)->active))
        return error_new(MPI_ERR_REQUEST, "the request has been started and is not completed");
    return MPI_SUCCESS;
}

static inline int
start(struct request *request)
{
    request->active = true;
    request->done = request->cancelled = false;
    int err = request->class->start(request);
    if (unlikely(err)) {
        request->active = false;
        request->done = true;
    }
    return err;
}

int
PMPI_Start(MPI_Request *request)
{
    struct request *r = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(request, "request");
        if (likely(!err) && likely(!(err = find_inactive(*request, &r))))
            err = start(r);
        comm = request_comm(r);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Start", err);
}
weak_alias(PMPI_Start, MPI_Start);

// All or, where an argument is wrong, none.
static int
start_all(int count, const MPI_Request *requests, MPI_Comm *comm)
{
    struct request *r = NULL;
    int err = check_count(count, "count");
    if (!err && count)
        err = check_pointer(requests, "array_of_requests");
    for (int i = 0; i < count && !err; i++)
        err = find_inactive(requests[i], &r);
    // Again, for those that the list holds twice.
    for (int i = 0; i < count && !err; i++)
        if (!(err = find_inactive(requests[i], &r)))
            err = start(r);
    *comm = request_comm(r);
    return err;
}

int
PMPI_Startall(int count, MPI_Request array_of_requests[])
{
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = start_all(count, array_of_requests, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Startall", err);
}
weak_alias(PMPI_Startall, MPI_Startall);
