// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"

#include <stdlib.h>

/* MPI_Alltoall, MPI_Alltoallv and MPI_Alltoallw (MPI 5.0, 6.8). */

// What a rank sends to itself, when both sides are checked.
static int
check_self(struct call *call, const struct comm *comm)
{
    if (unlikely(comm_is_inter(comm)))
        return MPI_SUCCESS;
    struct part send = side_part(&call->send, comm->rank);
    struct part recv = side_part(&call->recv, comm->rank);
    call->self = true;
    int err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

static int
in_place(struct call *call, const struct comm *comm)
{
    if (comm_is_inter(comm))
        return in_place_error("sendbuf, in an intercommunicator,");
    call->send = call->recv;
    call->in_place = true;
    return MPI_SUCCESS;
}

/* ---- MPI_Alltoall ---- */

static int
alltoall_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call_among(call, comm);
    int n = call->to - call->from;
    call->flow = FLOW_ALL;
    call->lanes = true;
    call->signature = signature_make(COLL_ALLTOALL, -1);
    if (unlikely(args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err = side_check(&call->recv, &args->recv, n, "recv");
    if (unlikely(err))
        return err;
    call->bytes = side_bytes(&call->recv, 0);
    if (args->send.base == MPI_IN_PLACE)
        return in_place(call, comm);
    err = side_check(&call->send, &args->send, n, "send");
    if (unlikely(err))
        return err;
    // The groups of an intercommunicator may give each other blocks of different sizes.
    call->windowed = comm_is_inter(comm);
    call->bytes = side_bytes(&call->send, 0);
    return check_self(call, comm);
}

static inline void
alltoall_quick(const struct quick *q, const struct small *send, const struct small *recv,
               uint64_t all)
{
    for (int m = 0; m < q->coll->size; m++) {
        uint64_t at = (uint64_t)m * recv->bytes;
        bytes_copy(recv->data + at, m == q->coll->rank ? send->data + at : quick_lane(q, m, all),
                   recv->bytes);
    }
}

static inline int
alltoall_on(struct comm *comm, const struct transfer *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    uint64_t size = (uint64_t)comm->size, all;
    bool posted = false;
    if (likely(small_given(&send, &args->send, QUICK_MOST) &&
               small_given(&recv, &args->recv, QUICK_MOST) && recv.bytes == send.bytes &&
               small_apart(&send, &recv, size, size) &&
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
    return form_run(comm, alltoall_plan, args, posted);
}

static int
alltoall(MPI_Comm handle, const struct transfer *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = alltoall_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Alltoall", err);
}

int
PMPI_Alltoall(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
              int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return alltoall(comm, &args);
}
weak_alias(PMPI_Alltoall, MPI_Alltoall);

int
PMPI_Alltoall_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return alltoall(comm, &args);
}
weak_alias(PMPI_Alltoall_c, MPI_Alltoall_c);

int
PMPI_Ialltoall(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
               int recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, alltoall_plan, &args, request, "MPI_Ialltoall");
}
weak_alias(PMPI_Ialltoall, MPI_Ialltoall);

int
PMPI_Ialltoall_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                 MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, alltoall_plan, &args, request, "MPI_Ialltoall");
}
weak_alias(PMPI_Ialltoall_c, MPI_Ialltoall_c);

int
PMPI_Alltoall_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                   int recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                   MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, alltoall_plan, &args, info, request, "MPI_Alltoall_init");
}
weak_alias(PMPI_Alltoall_init, MPI_Alltoall_init);

int
PMPI_Alltoall_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                     MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                     MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, alltoall_plan, &args, info, request, "MPI_Alltoall_init");
}
weak_alias(PMPI_Alltoall_init_c, MPI_Alltoall_init_c);

/* ---- MPI_Alltoallv ---- */

static int
alltoallv_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call_among(call, comm);
    int n = call->to - call->from;
    call->flow = FLOW_ALL;
    call->lanes = call->irregular = true;
    call->signature = signature_make(COLL_ALLTOALLV, -1);
    if (unlikely(args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err = side_check_vector(&call->recv, &args->recv, n, "recv");
    if (unlikely(err))
        return err;
    if (args->send.base == MPI_IN_PLACE)
        return in_place(call, comm);
    err = side_check_vector(&call->send, &args->send, n, "send");
    return unlikely(err) ? err : check_self(call, comm);
}

int
PMPI_Alltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
               MPI_Datatype sendtype, void *recvbuf, const int recvcounts[], const int rdispls[],
               MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {
        .send = blocks_v(sendbuf, narrow(sendcounts), narrow(sdispls), sendtype),
        .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(rdispls), recvtype)};
    return form_call(comm, alltoallv_plan, &args, "MPI_Alltoallv");
}
weak_alias(PMPI_Alltoallv, MPI_Alltoallv);

int
PMPI_Alltoallv_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                 MPI_Datatype sendtype, void *recvbuf, const MPI_Count recvcounts[],
                 const MPI_Aint rdispls[], MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(sdispls), sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(rdispls), recvtype)};
    return form_call(comm, alltoallv_plan, &args, "MPI_Alltoallv");
}
weak_alias(PMPI_Alltoallv_c, MPI_Alltoallv_c);

int
PMPI_Ialltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
                MPI_Datatype sendtype, void *recvbuf, const int recvcounts[], const int rdispls[],
                MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {
        .send = blocks_v(sendbuf, narrow(sendcounts), narrow(sdispls), sendtype),
        .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(rdispls), recvtype)};
    return form_start(comm, alltoallv_plan, &args, request, "MPI_Ialltoallv");
}
weak_alias(PMPI_Ialltoallv, MPI_Ialltoallv);

int
PMPI_Ialltoallv_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                  MPI_Datatype sendtype, void *recvbuf, const MPI_Count recvcounts[],
                  const MPI_Aint rdispls[], MPI_Datatype recvtype, MPI_Comm comm,
                  MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(sdispls), sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(rdispls), recvtype)};
    return form_start(comm, alltoallv_plan, &args, request, "MPI_Ialltoallv");
}
weak_alias(PMPI_Ialltoallv_c, MPI_Ialltoallv_c);

int
PMPI_Alltoallv_init(const void *sendbuf, const int sendcounts[], const int sdispls[],
                    MPI_Datatype sendtype, void *recvbuf, const int recvcounts[],
                    const int rdispls[], MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                    MPI_Request *request)
{
    struct transfer args = {
        .send = blocks_v(sendbuf, narrow(sendcounts), narrow(sdispls), sendtype),
        .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(rdispls), recvtype)};
    return form_init(comm, alltoallv_plan, &args, info, request, "MPI_Alltoallv_init");
}
weak_alias(PMPI_Alltoallv_init, MPI_Alltoallv_init);

int
PMPI_Alltoallv_init_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                      MPI_Datatype sendtype, void *recvbuf, const MPI_Count recvcounts[],
                      const MPI_Aint rdispls[], MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                      MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(sdispls), sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(rdispls), recvtype)};
    return form_init(comm, alltoallv_plan, &args, info, request, "MPI_Alltoallv_init");
}
weak_alias(PMPI_Alltoallv_init_c, MPI_Alltoallv_init_c);

/* ---- MPI_Alltoallw ---- */

static int
alltoallw_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call_among(call, comm);
    int n = call->to - call->from;
    call->flow = FLOW_ALL;
    call->lanes = call->irregular = true;
    call->signature = signature_make(COLL_ALLTOALLW, -1);
    if (unlikely(args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    call->types = calloc(2 * (size_t)n, sizeof *call->types);
    if (!call->types)
        return error_new(MPI_ERR_NO_MEM, "no memory for the types of %d ranks", n);
    call->ntypes = 2 * n;
    int err = side_check_types(&call->recv, &args->recv, call->types, n, "recv");
    if (unlikely(err))
        return err;
    if (args->send.base == MPI_IN_PLACE)
        return in_place(call, comm);
    err = side_check_types(&call->send, &args->send, call->types + n, n, "send");
    return unlikely(err) ? err : check_self(call, comm);
}

int
PMPI_Alltoallw(const void *sendbuf, const int sendcounts[], const int sdispls[],
               const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
               const int rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm)
{
    struct transfer args = {
        .send = blocks_w(sendbuf, narrow(sendcounts), narrow(sdispls), sendtypes),
        .recv = blocks_w(recvbuf, narrow(recvcounts), narrow(rdispls), recvtypes)};
    return form_call(comm, alltoallw_plan, &args, "MPI_Alltoallw");
}
weak_alias(PMPI_Alltoallw, MPI_Alltoallw);

int
PMPI_Alltoallw_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                 const MPI_Datatype sendtypes[], void *recvbuf, const MPI_Count recvcounts[],
                 const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm)
{
    struct transfer args = {.send = blocks_w(sendbuf, wide(sendcounts), wide(sdispls), sendtypes),
                            .recv = blocks_w(recvbuf, wide(recvcounts), wide(rdispls), recvtypes)};
    return form_call(comm, alltoallw_plan, &args, "MPI_Alltoallw");
}
weak_alias(PMPI_Alltoallw_c, MPI_Alltoallw_c);

int
PMPI_Ialltoallw(const void *sendbuf, const int sendcounts[], const int sdispls[],
                const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
                const int rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm,
                MPI_Request *request)
{
    struct transfer args = {
        .send = blocks_w(sendbuf, narrow(sendcounts), narrow(sdispls), sendtypes),
        .recv = blocks_w(recvbuf, narrow(recvcounts), narrow(rdispls), recvtypes)};
    return form_start(comm, alltoallw_plan, &args, request, "MPI_Ialltoallw");
}
weak_alias(PMPI_Ialltoallw, MPI_Ialltoallw);

int
PMPI_Ialltoallw_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                  const MPI_Datatype sendtypes[], void *recvbuf, const MPI_Count recvcounts[],
                  const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm,
                  MPI_Request *request)
{
    struct transfer args = {.send = blocks_w(sendbuf, wide(sendcounts), wide(sdispls), sendtypes),
                            .recv = blocks_w(recvbuf, wide(recvcounts), wide(rdispls), recvtypes)};
    return form_start(comm, alltoallw_plan, &args, request, "MPI_Ialltoallw");
}
weak_alias(PMPI_Ialltoallw_c, MPI_Ialltoallw_c);

int
PMPI_Alltoallw_init(const void *sendbuf, const int sendcounts[], const int sdispls[],
                    const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
                    const int rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm,
                    MPI_Info info, MPI_Request *request)
{
    struct transfer args = {
        .send = blocks_w(sendbuf, narrow(sendcounts), narrow(sdispls), sendtypes),
        .recv = blocks_w(recvbuf, narrow(recvcounts), narrow(rdispls), recvtypes)};
    return form_init(comm, alltoallw_plan, &args, info, request, "MPI_Alltoallw_init");
}
weak_alias(PMPI_Alltoallw_init, MPI_Alltoallw_init);

int
PMPI_Alltoallw_init_c(const void *sendbuf, const MPI_Count sendcounts[], const MPI_Aint sdispls[],
                      const MPI_Datatype sendtypes[], void *recvbuf, const MPI_Count recvcounts[],
                      const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm,
                      MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks_w(sendbuf, wide(sendcounts), wide(sdispls), sendtypes),
                            .recv = blocks_w(recvbuf, wide(recvcounts), wide(rdispls), recvtypes)};
    return form_init(comm, alltoallw_plan, &args, info, request, "MPI_Alltoallw_init");
}
weak_alias(PMPI_Alltoallw_init_c, MPI_Alltoallw_init_c);
