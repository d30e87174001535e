// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"

/* MPI_Gather and MPI_Gatherv (MPI 5.0, 6.5). */

// What both have in common: the root, and what a member gives.
static int
check_giver(struct call *call, const struct comm *comm, const struct transfer *args,
            enum coll_kind kind)
{
    int err = call_rooted(call, comm, FLOW_UP, args->root);
    call->signature = signature_make(kind, call->root);
    if (unlikely(err) || unlikely(call->flow == FLOW_NONE))
        return err;
    bool root = call_is_root(call, comm), in_place = args->send.base == MPI_IN_PLACE;
    if (unlikely(root && args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    if (unlikely(root && comm_is_inter(comm)))
        return MPI_SUCCESS;
    if (unlikely(in_place && !root))
        return in_place_error("sendbuf of a rank other than the root");
    call->self = root && !in_place;
    if (in_place)
        return MPI_SUCCESS;
    err = side_check(&call->send, &args->send, 1, "send");
    call->bytes = unlikely(err) ? 0 : side_bytes(&call->send, 0);
    return err;
}

/* ---- MPI_Gather ---- */

static int
check_overlap(const struct call *call, int size)
{
    struct part send = side_part(&call->send, 0);
    struct part all = part_make(call->recv.base, call->recv.count * size, call->recv.type, false);
    return overlap_check(&send, &all);
}

static int
gather_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = check_giver(call, comm, args, COLL_GATHER);
    if (unlikely(err) || !call_is_root(call, comm))
        return err;
    err = side_check(&call->recv, &args->recv, call->to - call->from, "recv");
    if (unlikely(err))
        return err;
    call->bytes = side_bytes(&call->recv, 0);
    if (!call->self)
        return MPI_SUCCESS;
    err = self_check(side_bytes(&call->send, 0), call->bytes);
    return err ? err : check_overlap(call, comm->size);
}

static inline int
gather_on(struct comm *comm, const struct transfer *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    bool posted = false, root = comm->rank == args->root;
    if (likely(small_given(&send, &args->send, QUICK_MOST) &&
               (unsigned)args->root < (unsigned)comm->size) &&
        (!root || (likely(small_given(&recv, &args->recv, QUICK_MOST) && recv.bytes == send.bytes &&
                          small_apart(&send, &recv, 1, (uint64_t)comm->size)))) &&
        likely(quick_begin(&q, comm, signature_make(COLL_GATHER, args->root),
                           root ? 0 : send.bytes))) {
        if (!root)
            bytes_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        if (!root)
            return quick_end(&q);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_collect(&q, &send, recv.data);
            return quick_end(&q);
        }
    }
    return form_run(comm, gather_plan, args, posted);
}

static int
gather(MPI_Comm handle, const struct transfer *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = gather_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Gather", err);
}

int
PMPI_Gather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf, int recvcount,
            MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return gather(comm, &args);
}
weak_alias(PMPI_Gather, MPI_Gather);

int
PMPI_Gather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
              MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return gather(comm, &args);
}
weak_alias(PMPI_Gather_c, MPI_Gather_c);

int
PMPI_Igather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
             int recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_start(comm, gather_plan, &args, request, "MPI_Igather");
}
weak_alias(PMPI_Igather, MPI_Igather);

int
PMPI_Igather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
               MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm,
               MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_start(comm, gather_plan, &args, request, "MPI_Igather");
}
weak_alias(PMPI_Igather_c, MPI_Igather_c);

int
PMPI_Gather_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                 int recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm, MPI_Info info,
                 MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_init(comm, gather_plan, &args, info, request, "MPI_Gather_init");
}
weak_alias(PMPI_Gather_init, MPI_Gather_init);

int
PMPI_Gather_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                   MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm,
                   MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype),
                            .root = root};
    return form_init(comm, gather_plan, &args, info, request, "MPI_Gather_init");
}
weak_alias(PMPI_Gather_init_c, MPI_Gather_init_c);

/* ---- MPI_Gatherv ---- */

static int
gatherv_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = check_giver(call, comm, args, COLL_GATHERV);
    if (unlikely(err) || !call_is_root(call, comm))
        return err;
    err = side_check_vector(&call->recv, &args->recv, call->to - call->from, "recv");
    if (unlikely(err) || !call->self)
        return err;
    struct part send = side_part(&call->send, 0), recv = side_part(&call->recv, comm->rank);
    err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

int
PMPI_Gatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
             const int recvcounts[], const int displs[], MPI_Datatype recvtype, int root,
             MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype),
                            .root = root};
    return form_call(comm, gatherv_plan, &args, "MPI_Gatherv");
}
weak_alias(PMPI_Gatherv, MPI_Gatherv);

int
PMPI_Gatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
               const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
               int root, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype),
                            .root = root};
    return form_call(comm, gatherv_plan, &args, "MPI_Gatherv");
}
weak_alias(PMPI_Gatherv_c, MPI_Gatherv_c);

int
PMPI_Igatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
              const int recvcounts[], const int displs[], MPI_Datatype recvtype, int root,
              MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype),
                            .root = root};
    return form_start(comm, gatherv_plan, &args, request, "MPI_Igatherv");
}
weak_alias(PMPI_Igatherv, MPI_Igatherv);

int
PMPI_Igatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
                int root, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype),
                            .root = root};
    return form_start(comm, gatherv_plan, &args, request, "MPI_Igatherv");
}
weak_alias(PMPI_Igatherv_c, MPI_Igatherv_c);

int
PMPI_Gatherv_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                  const int recvcounts[], const int displs[], MPI_Datatype recvtype, int root,
                  MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype),
                            .root = root};
    return form_init(comm, gatherv_plan, &args, info, request, "MPI_Gatherv_init");
}
weak_alias(PMPI_Gatherv_init, MPI_Gatherv_init);

int
PMPI_Gatherv_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
                    const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
                    int root, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype),
                            .root = root};
    return form_init(comm, gatherv_plan, &args, info, request, "MPI_Gatherv_init");
}
weak_alias(PMPI_Gatherv_init_c, MPI_Gatherv_init_c);
