// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"

#include <stdlib.h>

/* MPI_Alltoall, MPI_Alltoallv and MPI_Alltoallw (MPI 5.0, 6.8). */

struct alltoall_args {
    const void *sendbuf;
    MPI_Count sendcount;
    struct vector sendcounts, sdispls; // of MPI_Alltoallv and MPI_Alltoallw
    MPI_Datatype sendtype;
    const MPI_Datatype *sendtypes; // of MPI_Alltoallw
    void *recvbuf;
    MPI_Count recvcount;
    struct vector recvcounts, rdispls;
    MPI_Datatype recvtype;
    const MPI_Datatype *recvtypes;
    MPI_Comm comm;
};

// What a rank sends to itself, when both sides are checked.
static int
check_self(struct call *call, const struct comm *comm)
{
    struct part send = side_part(&call->send, comm->rank);
    struct part recv = side_part(&call->recv, comm->rank);
    call->self = true;
    int err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

static int
start_and_run(struct call *call, struct comm *comm, enum coll_kind kind, const char *name)
{
    if (comm->size == 1)
        return call_alone(call);
    int err = call_start(call, comm, signature_make(kind, -1));
    return likely(!err) ? call_run(call, name) : err;
}

/* ---- MPI_Alltoall ---- */

static noinline_ int
alltoall_any(struct comm *comm, const struct alltoall_args *args, bool posted)
{
    struct call call = {.flow = FLOW_ALL, .lanes = true, .root = -1, .posted = posted};
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err =
        side_check(&call.recv, args->recvbuf, args->recvcount, args->recvtype, comm->size, "recv");
    if (unlikely(err))
        return err;
    call.bytes = side_bytes(&call.recv, 0);
    if (args->sendbuf == MPI_IN_PLACE) {
        call.send = call.recv;
        call.in_place = true;
    } else {
        err = side_check(&call.send, args->sendbuf, args->sendcount, args->sendtype, comm->size,
                         "send");
        if (unlikely(err) || unlikely(err = check_self(&call, comm)))
            return err;
    }
    return start_and_run(&call, comm, COLL_ALLTOALL, "MPI_Alltoall");
}

static inline void
alltoall_quick(const struct quick *q, const struct small *send, const struct small *recv,
               uint64_t all)
{
    for (int m = 0; m < q->coll->size; m++) {
        uint64_t at = (uint64_t)m * recv->bytes;
        small_copy(recv->data + at, m == q->coll->rank ? send->data + at : quick_lane(q, m, all),
                   recv->bytes);
    }
}

static inline int
alltoall_on(struct comm *comm, const struct alltoall_args *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    uint64_t size = (uint64_t)comm->size, all;
    bool posted = false;
    if (likely(small_buffer(&send, args->sendbuf, args->sendcount, args->sendtype, QUICK_MOST) &&
               small_buffer(&recv, args->recvbuf, args->recvcount, args->recvtype, QUICK_MOST) &&
               recv.bytes == send.bytes && small_apart(&send, &recv, size, size) &&
               (all = quick_lanes(comm, send.bytes, &q.stride), true) &&
               quick_begin(&q, comm, signature_make(COLL_ALLTOALL, -1), all))) {
        quick_fill_lanes(&q, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        quick_pause(&q, all);
        if (likely(quick_all_seen(&q, send.bytes))) {
            alltoall_quick(&q, &send, &recv, all);
            return quick_end(&q);
        }
    }
    return alltoall_any(comm, args, posted);
}

static int
alltoall(const struct alltoall_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = alltoall_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Alltoall", err);
}

int
PMPI_Alltoall(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
              int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct alltoall_args args = {.sendbuf = sendbuf,
                                 .sendcount = sendcount,
                                 .sendtype = sendtype,
                                 .recvbuf = recvbuf,
                                 .recvcount = recvcount,
                                 .recvtype = recvtype,
                                 .comm = comm};
    return alltoall(&args);
}
weak_alias(PMPI_Alltoall, MPI_Alltoall);

int
PMPI_Alltoall_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct alltoall_args args = {.sendbuf = sendbuf,
                                 .sendcount = sendcount,
                                 .sendtype = sendtype,
                                 .recvbuf = recvbuf,
                                 .recvcount = recvcount,
                                 .recvtype = recvtype,
                                 .comm = comm};
    return alltoall(&args);
}
weak_alias(PMPI_Alltoall_c, MPI_Alltoall_c);

/* ---- MPI_Alltoallv ---- */

static int
alltoallv_on(struct comm *comm, const struct alltoall_args *args)
{
    struct call call = {.flow = FLOW_ALL, .lanes = true, .irregular = true, .root = -1};
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    call.recv.counts = args->recvcounts;
    call.recv.displs = args->rdispls;
    int err = side_check_vector(&call.recv, args->recvbuf, args->recvtype, comm->size, "recv");
    if (unlikely(err))
        return err;
    if (args->sendbuf == MPI_IN_PLACE) {
        call.send = call.recv;
        call.in_place = true;
    } else {
        call.send.counts = args->sendcounts;
        call.send.displs = args->sdispls;
        err = side_check_vector(&call.send, args->sendbuf, args->sendtype, comm->size, "send");
        if (unlikely(err) || unlikely(err = check_self(&call, comm)))
            return err;
    }
    return start_and_run(&call, comm, COLL_ALLTOALLV, "MPI_Alltoallv");
}

static int
alltoallv(const struct alltoall_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = alltoallv_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Alltoallv", err);
}

int
PMPI_Alltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
               MPI_Datatype sendtype, void *recvbuf, const int recvcounts[], const int rdispls[],
               MPI_Datatype recvtype, MPI_Comm comm)
{
    struct alltoall_args args = {.sendbuf = sendbuf,
                                 .sendcounts = {.narrow = sendcounts},
                                 .sdispls = {.narrow = sdispls},
                                 .sendtype = sendtype,
                                 .recvbuf = recvbuf,
                                 .recvcounts = {.narrow = recvcounts},
                                 .rdispls = {.narrow = rdispls},
                                 .recvtype = recvtype,
                                 .comm = comm};
    return alltoallv(&args);
}
weak_alias(PMPI_Alltoallv, MPI_Alltoallv);

int
PMPI_Alltoallv_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                 MPI_Datatype sendtype, void *recvbuf, const MPI_Count recvcounts[],
                 const MPI_Aint rdispls[], MPI_Datatype recvtype, MPI_Comm comm)
{
    struct alltoall_args args = {.sendbuf = sendbuf,
                                 .sendcounts = {.wide = sendcounts},
                                 .sdispls = {.wide = sdispls},
                                 .sendtype = sendtype,
                                 .recvbuf = recvbuf,
                                 .recvcounts = {.wide = recvcounts},
                                 .rdispls = {.wide = rdispls},
                                 .recvtype = recvtype,
                                 .comm = comm};
    return alltoallv(&args);
}
weak_alias(PMPI_Alltoallv_c, MPI_Alltoallv_c);

/* ---- MPI_Alltoallw ---- */

static int
alltoallw_check(struct call *call, const struct comm *comm, const struct alltoall_args *args)
{
    call->recv =
        (struct side){.counts = args->recvcounts, .displs = args->rdispls, .types = call->types};
    int err = side_check_types(&call->recv, args->recvbuf, args->recvtypes, comm->size, "recv");
    if (unlikely(err))
        return err;
    call->in_place = args->sendbuf == MPI_IN_PLACE;
    if (call->in_place) {
        call->send = call->recv;
        return MPI_SUCCESS;
    }
    call->send = (struct side){
        .counts = args->sendcounts, .displs = args->sdispls, .types = call->types + comm->size};
    err = side_check_types(&call->send, args->sendbuf, args->sendtypes, comm->size, "send");
    return unlikely(err) ? err : check_self(call, comm);
}

static int
alltoallw_on(struct comm *comm, const struct alltoall_args *args)
{
    struct call call = {.flow = FLOW_ALL, .lanes = true, .irregular = true, .root = -1};
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    call.types = calloc(2 * (size_t)comm->size, sizeof *call.types);
    if (!call.types)
        return error_new(MPI_ERR_NO_MEM, "no memory for the types of %d ranks", comm->size);
    int err = alltoallw_check(&call, comm, args);
    if (unlikely(err)) {
        free(call.types);
        return err;
    }
    return start_and_run(&call, comm, COLL_ALLTOALLW, "MPI_Alltoallw");
}

static int
alltoallw(const struct alltoall_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = alltoallw_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Alltoallw", err);
}

int
PMPI_Alltoallw(const void *sendbuf, const int sendcounts[], const int sdispls[],
               const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
               const int rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm)
{
    struct alltoall_args args = {.sendbuf = sendbuf,
                                 .sendcounts = {.narrow = sendcounts},
                                 .sdispls = {.narrow = sdispls},
                                 .sendtypes = sendtypes,
                                 .recvbuf = recvbuf,
                                 .recvcounts = {.narrow = recvcounts},
                                 .rdispls = {.narrow = rdispls},
                                 .recvtypes = recvtypes,
                                 .comm = comm};
    return alltoallw(&args);
}
weak_alias(PMPI_Alltoallw, MPI_Alltoallw);

int
PMPI_Alltoallw_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                 const MPI_Datatype sendtypes[], void *recvbuf, const MPI_Count recvcounts[],
                 const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm)
{
    struct alltoall_args args = {.sendbuf = sendbuf,
                                 .sendcounts = {.wide = sendcounts},
                                 .sdispls = {.wide = sdispls},
                                 .sendtypes = sendtypes,
                                 .recvbuf = recvbuf,
                                 .recvcounts = {.wide = recvcounts},
                                 .rdispls = {.wide = rdispls},
                                 .recvtypes = recvtypes,
                                 .comm = comm};
    return alltoallw(&args);
}
weak_alias(PMPI_Alltoallw_c, MPI_Alltoallw_c);
