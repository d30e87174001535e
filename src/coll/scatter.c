// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"

/* MPI_Scatter and MPI_Scatterv (MPI 5.0, 6.6). */

struct scatter_args {
    const void *sendbuf;
    MPI_Count sendcount;
    struct vector sendcounts, displs; // of MPI_Scatterv
    MPI_Datatype sendtype;
    void *recvbuf;
    MPI_Count recvcount;
    MPI_Datatype recvtype;
    int root;
    MPI_Comm comm;
};

// The receive buffer, which the root may leave in place.
static int
check_recv(struct call *call, const struct comm *comm, const struct scatter_args *args)
{
    bool in_place = args->recvbuf == MPI_IN_PLACE;
    if (unlikely(in_place && comm->rank != args->root))
        return in_place_error("recvbuf of a rank other than the root");
    if (in_place)
        return MPI_SUCCESS;
    return side_check(&call->recv, args->recvbuf, args->recvcount, args->recvtype, 1, "recv");
}

// What the root keeps for itself.
static int
check_self(struct call *call, const struct comm *comm, const struct scatter_args *args)
{
    if (args->recvbuf == MPI_IN_PLACE)
        return MPI_SUCCESS;
    struct part send = side_part(&call->send, comm->rank), recv = side_part(&call->recv, 0);
    call->self = true;
    int err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

/* ---- MPI_Scatter ---- */

static int
scatter_check(struct call *call, const struct comm *comm, const struct scatter_args *args)
{
    int err = root_check(comm, args->root);
    if (unlikely(err) || unlikely(err = check_recv(call, comm, args)))
        return err;
    if (comm->rank != args->root) {
        call->bytes = side_bytes(&call->recv, 0);
        return MPI_SUCCESS;
    }
    if (unlikely(args->sendbuf == MPI_IN_PLACE))
        return in_place_error("sendbuf");
    err =
        side_check(&call->send, args->sendbuf, args->sendcount, args->sendtype, comm->size, "send");
    if (unlikely(err))
        return err;
    call->bytes = side_bytes(&call->send, 0);
    return check_self(call, comm, args);
}

static noinline_ int
scatter_any(struct comm *comm, const struct scatter_args *args, bool posted)
{
    struct call call = {.flow = FLOW_DOWN, .lanes = true, .root = args->root, .posted = posted};
    int err = scatter_check(&call, comm, args);
    if (unlikely(err))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    err = call_start(&call, comm, signature_make(COLL_SCATTER, args->root));
    return likely(!err) ? call_run(&call, "MPI_Scatter") : err;
}

static inline int
scatter_on(struct comm *comm, const struct scatter_args *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    uint64_t all;
    bool posted = false, root = comm->rank == args->root;
    if (likely(small_buffer(&recv, args->recvbuf, args->recvcount, args->recvtype, QUICK_MOST) &&
               (unsigned)args->root < (unsigned)comm->size &&
               (all = quick_lanes(comm, recv.bytes, &q.stride), true)) &&
        (!root ||
         (likely(small_buffer(&send, args->sendbuf, args->sendcount, args->sendtype, QUICK_MOST) &&
                 recv.bytes == send.bytes &&
                 small_apart(&send, &recv, (uint64_t)comm->size, 1)))) &&
        likely(quick_begin(&q, comm, signature_make(COLL_SCATTER, args->root), root ? all : 0))) {
        if (root)
            quick_fill_lanes(&q, send.data, send.bytes);
        posted = quick_post(&q, recv.bytes);
        if (root) {
            small_copy(recv.data, send.data + (uint64_t)comm->rank * send.bytes, recv.bytes);
            return quick_end(&q);
        }
        if (likely(quick_seen(&q, args->root, recv.bytes))) {
            small_copy(recv.data, quick_lane(&q, args->root, all), recv.bytes);
            return quick_end(&q);
        }
    }
    return scatter_any(comm, args, posted);
}

static int
scatter(const struct scatter_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = scatter_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Scatter", err);
}

int
PMPI_Scatter(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
             int recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct scatter_args args = {.sendbuf = sendbuf,
                                .sendcount = sendcount,
                                .sendtype = sendtype,
                                .recvbuf = recvbuf,
                                .recvcount = recvcount,
                                .recvtype = recvtype,
                                .root = root,
                                .comm = comm};
    return scatter(&args);
}
weak_alias(PMPI_Scatter, MPI_Scatter);

int
PMPI_Scatter_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
               MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct scatter_args args = {.sendbuf = sendbuf,
                                .sendcount = sendcount,
                                .sendtype = sendtype,
                                .recvbuf = recvbuf,
                                .recvcount = recvcount,
                                .recvtype = recvtype,
                                .root = root,
                                .comm = comm};
    return scatter(&args);
}
weak_alias(PMPI_Scatter_c, MPI_Scatter_c);

/* ---- MPI_Scatterv ---- */

static int
scatterv_check(struct call *call, const struct comm *comm, const struct scatter_args *args)
{
    int err = root_check(comm, args->root);
    if (unlikely(err) || unlikely(err = check_recv(call, comm, args)))
        return err;
    if (comm->rank != args->root) {
        call->bytes = side_bytes(&call->recv, 0);
        return MPI_SUCCESS;
    }
    if (unlikely(args->sendbuf == MPI_IN_PLACE))
        return in_place_error("sendbuf");
    call->send.counts = args->sendcounts;
    call->send.displs = args->displs;
    err = side_check_vector(&call->send, args->sendbuf, args->sendtype, comm->size, "send");
    return unlikely(err) ? err : check_self(call, comm, args);
}

static int
scatterv_on(struct comm *comm, const struct scatter_args *args)
{
    struct call call = {.flow = FLOW_DOWN, .lanes = true, .irregular = true, .root = args->root};
    int err = scatterv_check(&call, comm, args);
    if (unlikely(err))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    err = call_start(&call, comm, signature_make(COLL_SCATTERV, args->root));
    return likely(!err) ? call_run(&call, "MPI_Scatterv") : err;
}

static int
scatterv(const struct scatter_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = scatterv_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Scatterv", err);
}

int
PMPI_Scatterv(const void *sendbuf, const int sendcounts[], const int displs[],
              MPI_Datatype sendtype, void *recvbuf, int recvcount, MPI_Datatype recvtype, int root,
              MPI_Comm comm)
{
    struct scatter_args args = {.sendbuf = sendbuf,
                                .sendcounts = {.narrow = sendcounts},
                                .displs = {.narrow = displs},
                                .sendtype = sendtype,
                                .recvbuf = recvbuf,
                                .recvcount = recvcount,
                                .recvtype = recvtype,
                                .root = root,
                                .comm = comm};
    return scatterv(&args);
}
weak_alias(PMPI_Scatterv, MPI_Scatterv);

int
PMPI_Scatterv_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint displs[],
                MPI_Datatype sendtype, void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype,
                int root, MPI_Comm comm)
{
    struct scatter_args args = {.sendbuf = sendbuf,
                                .sendcounts = {.wide = sendcounts},
                                .displs = {.wide = displs},
                                .sendtype = sendtype,
                                .recvbuf = recvbuf,
                                .recvcount = recvcount,
                                .recvtype = recvtype,
                                .root = root,
                                .comm = comm};
    return scatterv(&args);
}
weak_alias(PMPI_Scatterv_c, MPI_Scatterv_c);
