// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"
#include "coll/reduction.h"

/* MPI_Allreduce (MPI 5.0, 6.9.6). */

// Up to so many bytes everybody reduces everything; else each member a slice (of 2 ranks 4 KiB: 1.1
// us against 1.4, 16 KiB: 3.1 against 2.6; of 4 ranks on 2 CPUs 16 KiB: 9.5 against 9.9).
#define DIRECT_BYTES 8192
static_assert(DIRECT_BYTES <= PIECE, "quick.h takes one piece");

struct allreduce_args {
    const void *sendbuf;
    void *recvbuf;
    MPI_Count count;
    MPI_Datatype datatype;
    MPI_Op op;
    MPI_Comm comm;
};

static enum algorithm
choose(const struct call *call, const struct comm *comm)
{
    if (call->bytes <= POSTING_INLINE && comm->size <= FLAT)
        return RUN_EXCHANGE;
    if (!call->bytes || !reduction_cuts(call, PIECE))
        return RUN_EXCHANGE;
    if (comm->size > FLAT)
        return reduction_of_many(call, comm->size);
    return call->bytes <= DIRECT_BYTES ? RUN_EXCHANGE : RUN_SLICES;
}

static noinline_ int
allreduce_any(struct comm *comm, const struct allreduce_args *args, bool posted)
{
    struct call call = {.flow = FLOW_ALL, .root = -1, .up = true, .down = true, .posted = posted};
    bool in_place = args->sendbuf == MPI_IN_PLACE;
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    struct reduction reduction = {.sendbuf = in_place ? args->recvbuf : args->sendbuf,
                                  .recvbuf = args->recvbuf,
                                  .count = args->count,
                                  .blocks = 1,
                                  .datatype = args->datatype,
                                  .op = args->op,
                                  .in_place = in_place,
                                  .result = true};
    int err = reduction_check(&call, &reduction);
    if (unlikely(err))
        return err;
    if (comm->size == 1)
        return call_alone(&call);
    call.self = false;
    call.algorithm = choose(&call, comm);
    err = call_start(&call, comm, signature_reduce(COLL_ALLREDUCE, -1, call.op, call.type));
    return likely(!err) ? call_run(&call, "MPI_Allreduce") : err;
}

static inline int
allreduce_on(struct comm *comm, const struct allreduce_args *args)
{
    struct small send = {0}, recv = {0};
    struct quick q;
    char copy[POSTING_INLINE];
    bool posted = false, in_place = args->sendbuf == MPI_IN_PLACE;
    op_kernel *kernel = quick_kernel(args->op, args->datatype);
    if (likely(kernel && small_buffer(&recv, args->recvbuf, args->count, args->datatype,
                                      in_place ? POSTING_INLINE : DIRECT_BYTES)) &&
        (in_place ||
         (likely(small_buffer(&send, args->sendbuf, args->count, args->datatype, DIRECT_BYTES) &&
                 small_apart(&send, &recv, 1, 1)))) &&
        likely(quick_begin(&q, comm, signature_quick(COLL_ALLREDUCE, -1, args->op, args->datatype),
                           recv.bytes))) {
        if (in_place)
            send = (struct small){memcpy(copy, recv.data, recv.bytes), recv.bytes};
        small_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        quick_pause(&q, send.bytes);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_reduce(&q, kernel, &send, recv.data, (size_t)args->count);
            return quick_end(&q);
        }
    }
    return allreduce_any(comm, args, posted);
}

static int
allreduce(const struct allreduce_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = allreduce_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Allreduce", err);
}

int
PMPI_Allreduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
               MPI_Comm comm)
{
    struct allreduce_args args = {sendbuf, recvbuf, count, datatype, op, comm};
    return allreduce(&args);
}
weak_alias(PMPI_Allreduce, MPI_Allreduce);

int
PMPI_Allreduce_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                 MPI_Op op, MPI_Comm comm)
{
    struct allreduce_args args = {sendbuf, recvbuf, count, datatype, op, comm};
    return allreduce(&args);
}
weak_alias(PMPI_Allreduce_c, MPI_Allreduce_c);
