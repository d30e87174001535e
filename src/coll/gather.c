// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"

/* MPI_Gather and MPI_Gatherv (MPI 5.0, 6.5). */

struct gather_args {
    const void *sendbuf;
    MPI_Count sendcount;
    MPI_Datatype sendtype;
    void *recvbuf;
    MPI_Count recvcount;
    struct vector recvcounts, displs; // of MPI_Gatherv
    MPI_Datatype recvtype;
    int root;
    MPI_Comm comm;
};

/* ---- MPI_Gather ---- */

static int
check_overlap(const struct call *call, int size)
{
    struct part send = side_part(&call->send, 0);
    struct part all = part_make(call->recv.base, call->recv.count * size, call->recv.type, false);
    return overlap_check(&send, &all);
}

static int
gather_check(struct call *call, const struct comm *comm, const struct gather_args *args)
{
    bool root = comm->rank == args->root, in_place = args->sendbuf == MPI_IN_PLACE;
    int err = root_check(comm, args->root);
    if (unlikely(err))
        return err;
    if (unlikely(in_place && !root))
        return in_place_error("sendbuf of a rank other than the root");
    if (!in_place &&
        (err = side_check(&call->send, args->sendbuf, args->sendcount, args->sendtype, 1, "send")))
        return err;
    if (!root) {
        call->bytes = side_bytes(&call->send, 0);
        return MPI_SUCCESS;
    }
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    err =
        side_check(&call->recv, args->recvbuf, args->recvcount, args->recvtype, comm->size, "recv");
    if (unlikely(err))
        return err;
    call->bytes = side_bytes(&call->recv, 0);
    if (in_place)
        return MPI_SUCCESS;
    call->self = true;
    err = self_check(side_bytes(&call->send, 0), call->bytes);
    return err ? err : check_overlap(call, comm->size);
}

static noinline_ int
gather_any(struct comm *comm, const struct gather_args *args, bool posted)
{
    struct call call = {.flow = FLOW_UP, .root = args->root, .posted = posted};
    int err = gather_check(&call, comm, args);
    if (unlikely(err))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    err = call_start(&call, comm, signature_make(COLL_GATHER, args->root));
    return likely(!err) ? call_run(&call, "MPI_Gather") : err;
}

static inline int
gather_on(struct comm *comm, const struct gather_args *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    bool posted = false, root = comm->rank == args->root;
    if (likely(small_buffer(&send, args->sendbuf, args->sendcount, args->sendtype, QUICK_MOST) &&
               (unsigned)args->root < (unsigned)comm->size) &&
        (!root ||
         (likely(small_buffer(&recv, args->recvbuf, args->recvcount, args->recvtype, QUICK_MOST) &&
                 recv.bytes == send.bytes &&
                 small_apart(&send, &recv, 1, (uint64_t)comm->size)))) &&
        likely(quick_begin(&q, comm, signature_make(COLL_GATHER, args->root),
                           root ? 0 : send.bytes))) {
        if (!root)
            small_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        if (!root)
            return quick_end(&q);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_collect(&q, &send, recv.data);
            return quick_end(&q);
        }
    }
    return gather_any(comm, args, posted);
}

static int
gather(const struct gather_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = gather_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Gather", err);
}

int
PMPI_Gather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf, int recvcount,
            MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct gather_args args = {.sendbuf = sendbuf,
                               .sendcount = sendcount,
                               .sendtype = sendtype,
                               .recvbuf = recvbuf,
                               .recvcount = recvcount,
                               .recvtype = recvtype,
                               .root = root,
                               .comm = comm};
    return gather(&args);
}
weak_alias(PMPI_Gather, MPI_Gather);

int
PMPI_Gather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
              MPI_Count recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm)
{
    struct gather_args args = {.sendbuf = sendbuf,
                               .sendcount = sendcount,
                               .sendtype = sendtype,
                               .recvbuf = recvbuf,
                               .recvcount = recvcount,
                               .recvtype = recvtype,
                               .root = root,
                               .comm = comm};
    return gather(&args);
}
weak_alias(PMPI_Gather_c, MPI_Gather_c);

/* ---- MPI_Gatherv ---- */

static int
gatherv_check_root(struct call *call, const struct comm *comm, const struct gather_args *args)
{
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    call->recv.counts = args->recvcounts;
    call->recv.displs = args->displs;
    int err = side_check_vector(&call->recv, args->recvbuf, args->recvtype, comm->size, "recv");
    if (unlikely(err) || args->sendbuf == MPI_IN_PLACE)
        return err;
    struct part send = side_part(&call->send, 0), recv = side_part(&call->recv, comm->rank);
    call->self = true;
    err = self_check(send.bytes, recv.bytes);
    return err ? err : overlap_check(&send, &recv);
}

static int
gatherv_check(struct call *call, const struct comm *comm, const struct gather_args *args)
{
    bool root = comm->rank == args->root, in_place = args->sendbuf == MPI_IN_PLACE;
    int err = root_check(comm, args->root);
    if (unlikely(err))
        return err;
    if (unlikely(in_place && !root))
        return in_place_error("sendbuf of a rank other than the root");
    if (!in_place &&
        (err = side_check(&call->send, args->sendbuf, args->sendcount, args->sendtype, 1, "send")))
        return err;
    if (root)
        return gatherv_check_root(call, comm, args);
    call->bytes = side_bytes(&call->send, 0);
    return MPI_SUCCESS;
}

static int
gatherv_on(struct comm *comm, const struct gather_args *args)
{
    struct call call = {.flow = FLOW_UP, .root = args->root};
    int err = gatherv_check(&call, comm, args);
    if (unlikely(err))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    err = call_start(&call, comm, signature_make(COLL_GATHERV, args->root));
    return likely(!err) ? call_run(&call, "MPI_Gatherv") : err;
}

static int
gatherv(const struct gather_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = gatherv_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Gatherv", err);
}

int
PMPI_Gatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
             const int recvcounts[], const int displs[], MPI_Datatype recvtype, int root,
             MPI_Comm comm)
{
    struct gather_args args = {.sendbuf = sendbuf,
                               .sendcount = sendcount,
                               .sendtype = sendtype,
                               .recvbuf = recvbuf,
                               .recvcounts = {.narrow = recvcounts},
                               .displs = {.narrow = displs},
                               .recvtype = recvtype,
                               .root = root,
                               .comm = comm};
    return gatherv(&args);
}
weak_alias(PMPI_Gatherv, MPI_Gatherv);

int
PMPI_Gatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, void *recvbuf,
               const MPI_Count recvcounts[], const MPI_Aint displs[], MPI_Datatype recvtype,
               int root, MPI_Comm comm)
{
    struct gather_args args = {.sendbuf = sendbuf,
                               .sendcount = sendcount,
                               .sendtype = sendtype,
                               .recvbuf = recvbuf,
                               .recvcounts = {.wide = recvcounts},
                               .displs = {.wide = displs},
                               .recvtype = recvtype,
                               .root = root,
                               .comm = comm};
    return gatherv(&args);
}
weak_alias(PMPI_Gatherv_c, MPI_Gatherv_c);
