// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"
#include "coll/reduction.h"

/* MPI_Reduce (MPI 5.0, 6.9.1). */

// Up to so many members, or so many bytes, the root alone reduces; else each member a slice (16 KiB
// of 4 ranks: 4.7 us against 8.3).
#define DIRECT_RANKS 3
#define DIRECT_BYTES 16384
static_assert(DIRECT_BYTES <= PIECE, "quick.h takes one piece");

struct reduce_args {
    const void *sendbuf;
    void *recvbuf;
    MPI_Count count;
    MPI_Datatype datatype;
    MPI_Op op;
    int root;
    MPI_Comm comm;
};

static int
reduce_check(struct call *call, const struct comm *comm, const struct reduce_args *args)
{
    bool root = comm->rank == args->root, in_place = args->sendbuf == MPI_IN_PLACE;
    int err = root_check(comm, args->root);
    if (unlikely(err))
        return err;
    if (unlikely(in_place && !root))
        return in_place_error("sendbuf of a rank other than the root");
    if (unlikely(root && args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    struct reduction reduction = {.sendbuf = in_place ? args->recvbuf : args->sendbuf,
                                  .recvbuf = args->recvbuf,
                                  .result = root,
                                  .count = args->count,
                                  .blocks = 1,
                                  .datatype = args->datatype,
                                  .op = args->op,
                                  .in_place = in_place};
    call->apart =
        in_place && comm->rank != comm->size - 1; // whose contribution is the first operand
    return reduction_check(call, &reduction);
}

static enum algorithm
choose(const struct call *call, const struct comm *comm)
{
    if (!call->bytes || !reduction_cuts(call, PIECE))
        return RUN_EXCHANGE;
    if (comm->size > FLAT)
        return reduction_of_many(call, comm->size);
    return comm->size <= DIRECT_RANKS || call->bytes <= DIRECT_BYTES ? RUN_EXCHANGE : RUN_SLICES;
}

static noinline_ int
reduce_any(struct comm *comm, const struct reduce_args *args, bool posted)
{
    struct call call = {.flow = FLOW_UP, .root = args->root, .up = true, .posted = posted};
    int err = reduce_check(&call, comm, args);
    if (unlikely(err))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    call.self = false;
    call.algorithm = choose(&call, comm);
    err = call_start(&call, comm, signature_reduce(COLL_REDUCE, args->root, call.op, call.type));
    return likely(!err) ? call_run(&call, "MPI_Reduce") : err;
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
            small_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        if (!root)
            return quick_end(&q);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_reduce(&q, kernel, &send, recv.data, (size_t)args->count);
            return quick_end(&q);
        }
    }
    return reduce_any(comm, args, posted);
}

static int
reduce(const struct reduce_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = reduce_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Reduce", err);
}

int
PMPI_Reduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
            int root, MPI_Comm comm)
{
    struct reduce_args args = {sendbuf, recvbuf, count, datatype, op, root, comm};
    return reduce(&args);
}
weak_alias(PMPI_Reduce, MPI_Reduce);

int
PMPI_Reduce_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
              int root, MPI_Comm comm)
{
    struct reduce_args args = {sendbuf, recvbuf, count, datatype, op, root, comm};
    return reduce(&args);
}
weak_alias(PMPI_Reduce_c, MPI_Reduce_c);
