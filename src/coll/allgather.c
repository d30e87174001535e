// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"

/* MPI_Allgather and MPI_Allgatherv (MPI 5.0, 6.7). */

// The groups of an intercommunicator may give each other contributions of different sizes.
static int
check_inter(struct call *call, const struct transfer *args)
{
    if (args->send.base == MPI_IN_PLACE)
        return in_place_error("sendbuf, in an intercommunicator,");
    int err = side_check(&call->send, &args->send, 1, "send");
    if (unlikely(err))
        return err;
    call->bytes = side_bytes(&call->send, 0);
    call->windowed = true;
    return MPI_SUCCESS;
}

// The own contribution: the send buffer, or the own block of the receive buffer, which is checked.
static int
check_send(struct call *call, const struct comm *comm, const struct transfer *args)
{
    if (unlikely(comm_is_inter(comm)))
        return check_inter(call, args);
    struct part recv = side_part(&call->recv, comm->rank);
    if (args->send.base == MPI_IN_PLACE) {
        call->send = (struct side){.base = recv.base, .count = recv.count, .type = recv.type};
        call->bytes = recv.bytes;
        return MPI_SUCCESS;
    }
    int err = side_check(&call->send, &args->send, 1, "send");
    if (unlikely(err))
        return err;
    struct part send = side_part(&call->send, 0);
    call->self = true;
    call->bytes = send.bytes;
    err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

/* ---- MPI_Allgather ---- */

static int
allgather_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call_among(call, comm);
    call->flow = FLOW_ALL;
    call->signature = signature_make(COLL_ALLGATHER, -1);
    if (unlikely(args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err = side_check(&call->recv, &args->recv, call->to - call->from, "recv");
    return unlikely(err) ? err : check_send(call, comm, args);
}

static inline int
allgather_on(struct comm *comm, const struct transfer *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    bool posted = false;
    if (likely(small_given(&send, &args->send, QUICK_MOST) &&
               small_given(&recv, &args->recv, QUICK_MOST) && recv.bytes == send.bytes &&
               small_apart(&send, &recv, 1, (uint64_t)comm->size) &&
               quick_begin(&q, comm, signature_make(COLL_ALLGATHER, -1), send.bytes))) {
        bytes_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        quick_pause(&q, send.bytes);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_collect(&q, &send, recv.data);
            return quick_end(&q);
        }
    }
    return form_run(comm, allgather_plan, args, posted);
}

static int
allgather(MPI_Comm handle, const struct transfer *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = allgather_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Allgather", err);
}

int
PMPI_Allgather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
               int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return allgather(comm, &args);
}
weak_alias(PMPI_Allgather, MPI_Allgather);

int
PMPI_Allgather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                 MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return allgather(comm, &args);
}
weak_alias(PMPI_Allgather_c, MPI_Allgather_c);

int
PMPI_Iallgather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                int recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, allgather_plan, &args, request, "MPI_Iallgather");
}
weak_alias(PMPI_Iallgather, MPI_Iallgather);

int
PMPI_Iallgather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                  MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, allgather_plan, &args, request, "MPI_Iallgather");
}
weak_alias(PMPI_Iallgather_c, MPI_Iallgather_c);

int
PMPI_Allgather_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                    int recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                    MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, allgather_plan, &args, info, request, "MPI_Allgather_init");
}
weak_alias(PMPI_Allgather_init, MPI_Allgather_init);

int
PMPI_Allgather_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                      void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm,
                      MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, allgather_plan, &args, info, request, "MPI_Allgather_init");
}
weak_alias(PMPI_Allgather_init_c, MPI_Allgather_init_c);

/* ---- MPI_Allgatherv ---- */

static int
allgatherv_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call_among(call, comm);
    call->flow = FLOW_ALL;
    call->signature = signature_make(COLL_ALLGATHERV, -1);
    if (unlikely(args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err = side_check_vector(&call->recv, &args->recv, call->to - call->from, "recv");
    if (unlikely(err) || unlikely(err = check_send(call, comm, args)))
        return err;
    for (int m = 0; m < call->to - call->from && !call->windowed; m++)
        call->windowed = side_bytes(&call->recv, m) > POSTING_INLINE;
    return MPI_SUCCESS;
}

int
PMPI_Allgatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                const int recvcounts[], const int displs[], MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv =
                                blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype)};
    return form_call(comm, allgatherv_plan, &args, "MPI_Allgatherv");
}
weak_alias(PMPI_Allgatherv, MPI_Allgatherv);

int
PMPI_Allgatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                  const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
                  MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype)};
    return form_call(comm, allgatherv_plan, &args, "MPI_Allgatherv");
}
weak_alias(PMPI_Allgatherv_c, MPI_Allgatherv_c);

int
PMPI_Iallgatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                 const int recvcounts[], const int displs[], MPI_Datatype recvtype, MPI_Comm comm,
                 MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv =
                                blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype)};
    return form_start(comm, allgatherv_plan, &args, request, "MPI_Iallgatherv");
}
weak_alias(PMPI_Iallgatherv, MPI_Iallgatherv);

int
PMPI_Iallgatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                   const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
                   MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype)};
    return form_start(comm, allgatherv_plan, &args, request, "MPI_Iallgatherv");
}
weak_alias(PMPI_Iallgatherv_c, MPI_Iallgatherv_c);

int
PMPI_Allgatherv_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                     const int recvcounts[], const int displs[], MPI_Datatype recvtype,
                     MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv =
                                blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype)};
    return form_init(comm, allgatherv_plan, &args, info, request, "MPI_Allgatherv_init");
}
weak_alias(PMPI_Allgatherv_init, MPI_Allgatherv_init);

int
PMPI_Allgatherv_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                       void *recvbuf, const MPI_Count recvcounts[], const MPI_Aint displs[],
                       MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype)};
    return form_init(comm, allgatherv_plan, &args, info, request, "MPI_Allgatherv_init");
}
weak_alias(PMPI_Allgatherv_init_c, MPI_Allgatherv_init_c);
