// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"

/* MPI_Scatter and MPI_Scatterv (MPI 5.0, 6.6). */

// What both have in common: the root, and what a member takes; the root may leave its own in place.
static int
check_taker(struct call *call, const struct comm *comm, const struct transfer *args,
            enum coll_kind kind)
{
    int err = call_rooted(call, comm, FLOW_DOWN, args->root);
    call->lanes = true;
    call->windowed = comm_is_inter(comm);
    call->signature = signature_make(kind, call->root);
    if (unlikely(err) || unlikely(call->flow == FLOW_NONE))
        return err;
    bool root = call_is_root(call, comm), in_place = args->recv.base == MPI_IN_PLACE;
    if (unlikely(root && args->send.base == MPI_IN_PLACE))
        return in_place_error("sendbuf");
    if (unlikely(root && comm_is_inter(comm)))
        return MPI_SUCCESS;
    if (unlikely(in_place && !root))
        return in_place_error("recvbuf of a rank other than the root");
    call->self = root && !in_place;
    if (in_place)
        return MPI_SUCCESS;
    err = side_check(&call->recv, &args->recv, 1, "recv");
    call->bytes = unlikely(err) ? 0 : side_bytes(&call->recv, 0);
    return err;
}

// What the root keeps for itself.
static int
check_self(struct call *call, const struct comm *comm)
{
    if (!call->self)
        return MPI_SUCCESS;
    struct part send = side_part(&call->send, comm->rank), recv = side_part(&call->recv, 0);
    int err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

/* ---- MPI_Scatter ---- */

static int
scatter_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = check_taker(call, comm, args, COLL_SCATTER);
    if (unlikely(err) || !call_is_root(call, comm))
        return err;
    err = side_check(&call->send, &args->send, call->to - call->from, "send");
    if (unlikely(err))
        return err;
    call->bytes = side_bytes(&call->send, 0);
    return check_self(call, comm);
}

static inline int
scatter_on(struct comm *comm, const struct transfer *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    uint64_t all;
    bool posted = false, root = comm->rank == args->root;
    if (likely(small_given(&recv, &args->recv, QUICK_MOST) &&
               (unsigned)args->root < (unsigned)comm->size &&
               (all = quick_lanes(comm, recv.bytes, &q.stride), true)) &&
        (!root || (likely(small_given(&send, &args->send, QUICK_MOST) && recv.bytes == send.bytes &&
                          small_apart(&send, &recv, (uint64_t)comm->size, 1)))) &&
        likely(quick_begin(&q, comm, signature_make(COLL_SCATTER, args->root), root ? all : 0))) {
        if (root)
            quick_fill_lanes(&q, send.data, send.bytes);
        posted = quick_post(&q, recv.bytes);
        if (root) {
            bytes_copy(recv.data, send.data + (uint64_t)comm->rank * send.bytes, recv.bytes);
            return quick_end(&q);
        }
        if (likely(quick_seen(&q, args->root, recv.bytes))) {
            bytes_copy(recv.data, quick_lane(&q, args->root, all), recv.bytes);
            return quick_end(&q);
        }
    }
    return form_run(comm, scatter_plan, args, posted);
}

static int
scatter(MPI_Comm handle, const struct transfer *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = scatter_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Scatter", err);
}

int
PMPI_Scatter(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
             int recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return scatter(comm, &args);
}
weak_alias(PMPI_Scatter, MPI_Scatter);

int
PMPI_Scatter_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
               MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return scatter(comm, &args);
}
weak_alias(PMPI_Scatter_c, MPI_Scatter_c);

int
PMPI_Iscatter(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
              int recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_start(comm, scatter_plan, &args, request, "MPI_Iscatter");
}
weak_alias(PMPI_Iscatter, MPI_Iscatter);

int
PMPI_Iscatter_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm,
                MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_start(comm, scatter_plan, &args, request, "MPI_Iscatter");
}
weak_alias(PMPI_Iscatter_c, MPI_Iscatter_c);

int
PMPI_Scatter_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                  int recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm, MPI_Info info,
                  MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_init(comm, scatter_plan, &args, info, request, "MPI_Scatter_init");
}
weak_alias(PMPI_Scatter_init, MPI_Scatter_init);

int
PMPI_Scatter_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                    MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm,
                    MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_init(comm, scatter_plan, &args, info, request, "MPI_Scatter_init");
}
weak_alias(PMPI_Scatter_init_c, MPI_Scatter_init_c);

/* ---- MPI_Scatterv ---- */

static int
scatterv_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = check_taker(call, comm, args, COLL_SCATTERV);
    call->irregular = true;
    if (unlikely(err) || !call_is_root(call, comm))
        return err;
    err = side_check_vector(&call->send, &args->send, call->to - call->from, "send");
    return unlikely(err) ? err : check_self(call, comm);
}

int
PMPI_Scatterv(const void *sendbuf, const int sendcounts[], const int displs[],
              MPI_Datatype sendtype, void *recvbuf, int recvcount, MPI_Datatype recvtype, int root,
              MPI_Comm comm)
{
    struct transfer args = {.send = blocks_v(sendbuf, narrow(sendcounts), narrow(displs), sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_call(comm, scatterv_plan, &args, "MPI_Scatterv");
}
weak_alias(PMPI_Scatterv, MPI_Scatterv);

int
PMPI_Scatterv_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint displs[],
                MPI_Datatype sendtype, void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype,
                int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(displs), sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_call(comm, scatterv_plan, &args, "MPI_Scatterv");
}
weak_alias(PMPI_Scatterv_c, MPI_Scatterv_c);

int
PMPI_Iscatterv(const void *sendbuf, const int sendcounts[], const int displs[],
               MPI_Datatype sendtype, void *recvbuf, int recvcount, MPI_Datatype recvtype, int root,
               MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, narrow(sendcounts), narrow(displs), sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_start(comm, scatterv_plan, &args, request, "MPI_Iscatterv");
}
weak_alias(PMPI_Iscatterv, MPI_Iscatterv);

int
PMPI_Iscatterv_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint displs[],
                 MPI_Datatype sendtype, void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype,
                 int root, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(displs), sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_start(comm, scatterv_plan, &args, request, "MPI_Iscatterv");
}
weak_alias(PMPI_Iscatterv_c, MPI_Iscatterv_c);

int
PMPI_Scatterv_init(const void *sendbuf, const int sendcounts[], const int displs[],
                   MPI_Datatype sendtype, void *recvbuf, int recvcount, MPI_Datatype recvtype,
                   int root, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, narrow(sendcounts), narrow(displs), sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_init(comm, scatterv_plan, &args, info, request, "MPI_Scatterv_init");
}
weak_alias(PMPI_Scatterv_init, MPI_Scatterv_init);

int
PMPI_Scatterv_init_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint displs[],
                     MPI_Datatype sendtype, void *recvbuf, MPI_Count recvcount,
                     MPI_Datatype recvtype, int root, MPI_Comm comm, MPI_Info info,
                     MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(displs), sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_init(comm, scatterv_plan, &args, info, request, "MPI_Scatterv_init");
}
weak_alias(PMPI_Scatterv_init_c, MPI_Scatterv_init_c);
