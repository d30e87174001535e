// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"

/* MPI_Bcast (MPI 5.0, 6.4). */

static int
bcast_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = call_rooted(call, comm, FLOW_DOWN, args->root);
    call->signature = signature_make(COLL_BCAST, call->root);
    if (unlikely(err) || unlikely(call->flow == FLOW_NONE))
        return err;
    if (unlikely(args->send.base == MPI_IN_PLACE && args->send.count))
        return in_place_error("buffer");
    if (unlikely(err = side_check(&call->send, &args->send, 1, "")))
        return err;
    call->down = true;
    call->recv = call->send;
    call->bytes = side_bytes(&call->send, 0);
    bool tree = comm->size > FLAT && call->bytes <= TREE_MAX && !comm_is_inter(comm);
    call->algorithm = tree ? RUN_TREE : RUN_EXCHANGE;
    return MPI_SUCCESS;
}

static inline int
bcast_on(struct comm *comm, const struct transfer *args)
{
    struct small s;
    struct quick q;
    bool posted = false, root = comm->rank == args->root;
    if (likely(small_given(&s, &args->send, QUICK_MOST) &&
               (unsigned)args->root < (unsigned)comm->size &&
               quick_begin(&q, comm, signature_make(COLL_BCAST, args->root), root ? s.bytes : 0))) {
        if (root)
            bytes_copy(q.data, s.data, s.bytes);
        posted = quick_post(&q, s.bytes);
        if (root)
            return quick_end(&q);
        if (likely(quick_seen(&q, args->root, s.bytes))) {
            bytes_copy(s.data, quick_data(&q, args->root, s.bytes), s.bytes);
            return quick_end(&q);
        }
    }
    return form_run(comm, bcast_plan, args, posted);
}

static int
bcast(MPI_Comm handle, const struct transfer *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = bcast_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Bcast", err);
}

int
PMPI_Bcast(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(buffer, count, datatype), .root = root};
    return bcast(comm, &args);
}
weak_alias(PMPI_Bcast, MPI_Bcast);

int
PMPI_Bcast_c(void *buffer, MPI_Count count, MPI_Datatype datatype, int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(buffer, count, datatype), .root = root};
    return bcast(comm, &args);
}
weak_alias(PMPI_Bcast_c, MPI_Bcast_c);

int
PMPI_Ibcast(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm,
            MPI_Request *request)
{
    struct transfer args = {.send = blocks(buffer, count, datatype), .root = root};
    return form_start(comm, bcast_plan, &args, request, "MPI_Ibcast");
}
weak_alias(PMPI_Ibcast, MPI_Ibcast);

int
PMPI_Ibcast_c(void *buffer, MPI_Count count, MPI_Datatype datatype, int root, MPI_Comm comm,
              MPI_Request *request)
{
    struct transfer args = {.send = blocks(buffer, count, datatype), .root = root};
    return form_start(comm, bcast_plan, &args, request, "MPI_Ibcast");
}
weak_alias(PMPI_Ibcast_c, MPI_Ibcast_c);

int
PMPI_Bcast_init(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm,
                MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(buffer, count, datatype), .root = root};
    return form_init(comm, bcast_plan, &args, info, request, "MPI_Bcast_init");
}
weak_alias(PMPI_Bcast_init, MPI_Bcast_init);

int
PMPI_Bcast_init_c(void *buffer, MPI_Count count, MPI_Datatype datatype, int root, MPI_Comm comm,
                  MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(buffer, count, datatype), .root = root};
    return form_init(comm, bcast_plan, &args, info, request, "MPI_Bcast_init");
}
weak_alias(PMPI_Bcast_init_c, MPI_Bcast_init_c);
