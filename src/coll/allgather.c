// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"

/* MPI_Allgather and MPI_Allgatherv (MPI 5.0, 6.7). */

struct allgather_args {
    const void *sendbuf;
    MPI_Count sendcount;
    MPI_Datatype sendtype;
    void *recvbuf;
    MPI_Count recvcount;
    struct vector recvcounts, displs; // of MPI_Allgatherv
    MPI_Datatype recvtype;
    MPI_Comm comm;
};

// The own contribution: the send buffer, or the own block of the receive buffer, which is checked.
static int
check_send(struct call *call, const struct comm *comm, const struct allgather_args *args)
{
    struct part recv = side_part(&call->recv, comm->rank);
    if (args->sendbuf == MPI_IN_PLACE) {
        call->send = (struct side){.base = recv.base, .count = recv.count, .type = recv.type};
        call->bytes = recv.bytes;
        return MPI_SUCCESS;
    }
    int err = side_check(&call->send, args->sendbuf, args->sendcount, args->sendtype, 1, "send");
    if (unlikely(err))
        return err;
    struct part send = side_part(&call->send, 0);
    call->self = true;
    call->bytes = send.bytes;
    err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

/* ---- MPI_Allgather ---- */

static noinline_ int
allgather_any(struct comm *comm, const struct allgather_args *args, bool posted)
{
    struct call call = {.flow = FLOW_ALL, .root = -1, .posted = posted};
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err =
        side_check(&call.recv, args->recvbuf, args->recvcount, args->recvtype, comm->size, "recv");
    if (unlikely(err) || unlikely(err = check_send(&call, comm, args)))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    err = call_start(&call, comm, signature_make(COLL_ALLGATHER, -1));
    return likely(!err) ? call_run(&call, "MPI_Allgather") : err;
}

static inline int
allgather_on(struct comm *comm, const struct allgather_args *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    bool posted = false;
    if (likely(small_buffer(&send, args->sendbuf, args->sendcount, args->sendtype, QUICK_MOST) &&
               small_buffer(&recv, args->recvbuf, args->recvcount, args->recvtype, QUICK_MOST) &&
               recv.bytes == send.bytes && small_apart(&send, &recv, 1, (uint64_t)comm->size) &&
               quick_begin(&q, comm, signature_make(COLL_ALLGATHER, -1), send.bytes))) {
        small_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        quick_pause(&q, send.bytes);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_collect(&q, &send, recv.data);
            return quick_end(&q);
        }
    }
    return allgather_any(comm, args, posted);
}

static int
allgather(const struct allgather_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = allgather_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Allgather", err);
}

int
PMPI_Allgather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
               int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct allgather_args args = {.sendbuf = sendbuf,
                                  .sendcount = sendcount,
                                  .sendtype = sendtype,
                                  .recvbuf = recvbuf,
                                  .recvcount = recvcount,
                                  .recvtype = recvtype,
                                  .comm = comm};
    return allgather(&args);
}
weak_alias(PMPI_Allgather, MPI_Allgather);

int
PMPI_Allgather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                 MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct allgather_args args = {.sendbuf = sendbuf,
                                  .sendcount = sendcount,
                                  .sendtype = sendtype,
                                  .recvbuf = recvbuf,
                                  .recvcount = recvcount,
                                  .recvtype = recvtype,
                                  .comm = comm};
    return allgather(&args);
}
weak_alias(PMPI_Allgather_c, MPI_Allgather_c);

/* ---- MPI_Allgatherv ---- */

static int
allgatherv_on(struct comm *comm, const struct allgather_args *args)
{
    struct call call = {
        .flow = FLOW_ALL, .root = -1, .recv = {.counts = args->recvcounts, .displs = args->displs}};
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err = side_check_vector(&call.recv, args->recvbuf, args->recvtype, comm->size, "recv");
    if (unlikely(err) || unlikely(err = check_send(&call, comm, args)))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    for (int m = 0; m < comm->size && !call.windowed; m++)
        call.windowed = side_bytes(&call.recv, m) > POSTING_INLINE;
    err = call_start(&call, comm, signature_make(COLL_ALLGATHERV, -1));
    return likely(!err) ? call_run(&call, "MPI_Allgatherv") : err;
}

static int
allgatherv(const struct allgather_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = allgatherv_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Allgatherv", err);
}

int
PMPI_Allgatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                const int recvcounts[], const int displs[], MPI_Datatype recvtype, MPI_Comm comm)
{
    struct allgather_args args = {.sendbuf = sendbuf,
                                  .sendcount = sendcount,
                                  .sendtype = sendtype,
                                  .recvbuf = recvbuf,
                                  .recvcounts = {.narrow = recvcounts},
                                  .displs = {.narrow = displs},
                                  .recvtype = recvtype,
                                  .comm = comm};
    return allgatherv(&args);
}
weak_alias(PMPI_Allgatherv, MPI_Allgatherv);

int
PMPI_Allgatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                  const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
                  MPI_Comm comm)
{
    struct allgather_args args = {.sendbuf = sendbuf,
                                  .sendcount = sendcount,
                                  .sendtype = sendtype,
                                  .recvbuf = recvbuf,
                                  .recvcounts = {.wide = recvcounts},
                                  .displs = {.wide = displs},
                                  .recvtype = recvtype,
                                  .comm = comm};
    return allgatherv(&args);
}
weak_alias(PMPI_Allgatherv_c, MPI_Allgatherv_c);
