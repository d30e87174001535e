// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The end of a communicator (MPI 5.0, 7.4.3 and 11.10.4). */

#include "attr/attr.h"
#include "coll/agree.h"
#include "comm/comm.h"
#include "core/check.h"

void
comm_drop(struct comm *comm)
{
    handle_retire(comm); // operations under way hold it; the user may not use it any more
    comm->freed = true;
    comm->handle = (MPI_Comm)handle_of(HANDLE_COMM, comm);
    comm_release(comm);
}

// The user's functions may have freed it as well.
static int
end_attributes(struct comm *comm)
{
    struct attributed object = comm_attributed(comm);
    comm_hold(comm);
    int err = attributes_clear(&object, false);
    if (!err && comm->freed)
        err = error_new(MPI_ERR_COMM, "a delete function of its attributes has freed it");
    comm_release(comm);
    return err;
}

static int
free_comm(MPI_Comm *handle)
{
    struct comm *comm;
    int err = check_pointer(handle, "comm");
    if (err || (err = comm_find(*handle, &comm)))
        return err;
    if (comm == engine.world || comm == engine.self)
        return error_new(MPI_ERR_COMM, "%s cannot be freed", comm->name);
    if (unlikely(comm->attributes) && (err = end_attributes(comm)))
        return err;
    *handle = MPI_COMM_NULL;
    comm_drop(comm);
    return MPI_SUCCESS;
}

int
PMPI_Comm_free(MPI_Comm *comm)
{
    MPI_Comm handle = comm ? *comm : MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = free_comm(comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Comm_free", err);
}
weak_alias(PMPI_Comm_free, MPI_Comm_free);

/* ---- disconnect ---- */

static bool
is_pending(const struct comm *comm)
{
    const struct pool *pool = &pools[HANDLE_REQUEST];
    for (uint32_t i = 0; i < pool->count; i++) {
        const struct request *request = (const struct request *)pool_at(pool, i);
        if (request->object.generation & 1 && request->comm == comm && !request->done)
            return true;
    }
    return false;
}

// All members meet, and each waits for what it has started.
static int
finish(struct comm *comm)
{
    struct wait wait = {.op = "MPI_Comm_disconnect",
                        .peer = MPI_ANY_SOURCE,
                        .tag = MPI_ANY_TAG,
                        .context = comm->context};
    int err = agree_gather(comm, COLL_COMM_DISCONNECT, NULL, 0);
    while (!err && is_pending(comm) && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    return err;
}

static int
disconnect(MPI_Comm *handle)
{
    struct comm *comm;
    int err = check_pointer(handle, "comm");
    if (err || (err = comm_find(*handle, &comm)))
        return err;
    if (comm == engine.world || comm == engine.self)
        return error_new(MPI_ERR_COMM, "%s cannot be disconnected", comm->name);
    comm_hold(comm);
    err = finish(comm);
    if (!err)
        err = free_comm(handle);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_disconnect(MPI_Comm *comm)
{
    MPI_Comm handle = comm ? *comm : MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = disconnect(comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Comm_disconnect", err);
}
weak_alias(PMPI_Comm_disconnect, MPI_Comm_disconnect);
