// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/quick.h"
#include "coll/reduction.h"

/* MPI_Allreduce (MPI 5.0, 6.9.6). */

// Up to so many bytes everybody reduces everything; else each member a slice (of 2 ranks 4 KiB: 1.1
// us against 1.4, 16 KiB: 3.1 against 2.6; of 4 ranks on 2 CPUs 16 KiB: 9.5 against 9.9).
#define DIRECT_BYTES 8192
static_assert(DIRECT_BYTES <= PIECE, "quick.h takes one piece");

static enum algorithm
choose(const struct call *call, const struct comm *comm)
{
    if (call->bytes <= POSTING_INLINE && comm->size <= FLAT)
        return RUN_EXCHANGE;
    if (!call->bytes || !reduction_cuts(call, PIECE) || comm_is_inter(comm))
        return RUN_EXCHANGE;
    if (comm->size > FLAT)
        return reduction_of_many(call, comm);
    return call->bytes <= DIRECT_BYTES ? RUN_EXCHANGE : RUN_SLICES;
}

static int
allreduce_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct reduce_args *args = arguments;
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    if (unlikely(args->sendbuf == MPI_IN_PLACE && comm_is_inter(comm)))
        return in_place_error("sendbuf, in an intercommunicator,");
    struct reduction reduction = {.count = args->count, .blocks = 1, .result = true};
    int err = reduction_check(call, args, &reduction);
    if (unlikely(err))
        return err;
    call_among(call, comm);
    call->flow = FLOW_ALL;
    call->up = call->down = true;
    call->algorithm = choose(call, comm);
    call->signature = signature_reduce(COLL_ALLREDUCE, -1, call->op, call->type);
    reduction_alone(call, comm);
    return MPI_SUCCESS;
}

static inline int
allreduce_on(struct comm *comm, const struct reduce_args *args)
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
        bytes_copy(q.data, send.data, send.bytes);
        posted = quick_post(&q, send.bytes);
        quick_pause(&q, send.bytes);
        if (likely(quick_all_seen(&q, send.bytes))) {
            quick_reduce(&q, kernel, &send, recv.data, (size_t)args->count);
            return quick_end(&q);
        }
    }
    return form_run(comm, allreduce_plan, args, posted);
}

static int
allreduce(MPI_Comm handle, const struct reduce_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = allreduce_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, "MPI_Allreduce", err);
}

int
PMPI_Allreduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
               MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return allreduce(comm, &args);
}
weak_alias(PMPI_Allreduce, MPI_Allreduce);

int
PMPI_Allreduce_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                 MPI_Op op, MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return allreduce(comm, &args);
}
weak_alias(PMPI_Allreduce_c, MPI_Allreduce_c);

int
PMPI_Iallreduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
                MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_start(comm, allreduce_plan, &args, request, "MPI_Iallreduce");
}
weak_alias(PMPI_Iallreduce, MPI_Iallreduce);

int
PMPI_Iallreduce_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                  MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_start(comm, allreduce_plan, &args, request, "MPI_Iallreduce");
}
weak_alias(PMPI_Iallreduce_c, MPI_Iallreduce_c);

int
PMPI_Allreduce_init(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
                    MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_init(comm, allreduce_plan, &args, info, request, "MPI_Allreduce_init");
}
weak_alias(PMPI_Allreduce_init, MPI_Allreduce_init);

int
PMPI_Allreduce_init_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                      MPI_Op op, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_init(comm, allreduce_plan, &args, info, request, "MPI_Allreduce_init");
}
weak_alias(PMPI_Allreduce_init_c, MPI_Allreduce_init_c);
