// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"
#include "coll/reduction.h"

/* MPI_Reduce (MPI 5.0, 6.9.1). */

// Up to so many members, or so many bytes, the root alone reduces; else each member a slice (16 KiB
// of 4 ranks: 4.7 us against 8.3).
#define DIRECT_RANKS 3
#define DIRECT_BYTES 16384
static_assert(DIRECT_BYTES <= PIECE, "quick.h takes one piece");

static enum algorithm
choose(const struct call *call, const struct comm *comm)
{
    if (!call->bytes || !reduction_cuts(call, PIECE) || comm_is_inter(comm))
        return RUN_EXCHANGE;
    if (comm->size > FLAT)
        return reduction_of_many(call, comm);
    return comm->size <= DIRECT_RANKS || call->bytes <= DIRECT_BYTES ? RUN_EXCHANGE : RUN_SLICES;
}

static int
reduce_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct reduce_args *args = arguments;
    int err = call_rooted(call, comm, FLOW_UP, args->root);
    call->signature = signature_make(COLL_REDUCE, call->root);
    if (unlikely(err) || unlikely(call->flow == FLOW_NONE))
        return err;
    bool root = call_is_root(call, comm), in_place = args->sendbuf == MPI_IN_PLACE;
    if (unlikely(in_place && (!root || comm_is_inter(comm))))
        return in_place_error("sendbuf of a rank other than the root");
    if (unlikely(root && args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    struct reduction reduction = {
        .count = args->count, .blocks = 1, .result = root, .no_input = root && comm_is_inter(comm)};
    if (unlikely(err = reduction_check(call, args, &reduction)))
        return err;
    call->up = true;
    // Of the last rank it is the first operand.
    call->apart = in_place && comm->rank != comm->size - 1;
    call->algorithm = choose(call, comm);
    call->signature = signature_reduce(COLL_REDUCE, call->root, call->op, call->type);
    reduction_alone(call, comm);
    return MPI_SUCCESS;
}

static inline int
reduce_on(struct comm *comm, const struct reduce_args *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    bool posted = false, root = comm->rank == args->root;
    op_kernel *kernel = quick_kernel(args->op, args->datatype);
    if (likely(kernel &&
               small_buffer(&send, args->sendbuf, args->count, args->datatype, DIRECT_BYTES) &&
               (unsigned)args->root < (unsigned)comm->size) &&
        (!root ||
         (likely(small_buffer(&recv, args->recvbuf, args->count, args->datatype, DIRECT_BYTES) &&
                 small_apart(&send, &recv, 1, 1)))) &&
        likely(quick_begin(&q, comm,
                           signature_quick(COLL_REDUCE, args->root, args->op, args->datatype),
                           root ? 0 : send.bytes))) {
        if (!root)
            bytes_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        if (!root)
            return quick_end(&q);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_reduce(&q, kernel, &send, recv.data, (size_t)args->count);
            return quick_end(&q);
        }
    }
    return form_run(comm, reduce_plan, args, posted);
}

static int
reduce(MPI_Comm handle, const struct reduce_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = reduce_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Reduce", err);
}

int
PMPI_Reduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
            int root, MPI_Comm comm)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .count = count,
                               .datatype = datatype,
                               .op = op,
                               .root = root};
    return reduce(comm, &args);
}
weak_alias(PMPI_Reduce, MPI_Reduce);

int
PMPI_Reduce_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
              int root, MPI_Comm comm)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .count = count,
                               .datatype = datatype,
                               .op = op,
                               .root = root};
    return reduce(comm, &args);
}
weak_alias(PMPI_Reduce_c, MPI_Reduce_c);

int
PMPI_Ireduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
             int root, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .count = count,
                               .datatype = datatype,
                               .op = op,
                               .root = root};
    return form_start(comm, reduce_plan, &args, request, "MPI_Ireduce");
}
weak_alias(PMPI_Ireduce, MPI_Ireduce);

int
PMPI_Ireduce_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
               MPI_Op op, int root, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .count = count,
                               .datatype = datatype,
                               .op = op,
                               .root = root};
    return form_start(comm, reduce_plan, &args, request, "MPI_Ireduce");
}
weak_alias(PMPI_Ireduce_c, MPI_Ireduce_c);

int
PMPI_Reduce_init(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
                 int root, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .count = count,
                               .datatype = datatype,
                               .op = op,
                               .root = root};
    return form_init(comm, reduce_plan, &args, info, request, "MPI_Reduce_init");
}
weak_alias(PMPI_Reduce_init, MPI_Reduce_init);

int
PMPI_Reduce_init_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                   MPI_Op op, int root, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .count = count,
                               .datatype = datatype,
                               .op = op,
                               .root = root};
    return form_init(comm, reduce_plan, &args, info, request, "MPI_Reduce_init");
}
weak_alias(PMPI_Reduce_init_c, MPI_Reduce_init_c);
