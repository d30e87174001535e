// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/reduction.h"

#include <stdlib.h>

/* MPI_Reduce_scatter and MPI_Reduce_scatter_block (MPI 5.0, 6.10): each member has a lane for each
 * other one and reduces its own block from them. */

// Between groups a member does not know how the other one cuts what it gives: who takes it reduces
// all and keeps its block.
static void
keep_part(struct call *call, MPI_Count skip, MPI_Count all)
{
    call->lanes = call->irregular = false;
    call->part = true;
    call->skip = (uint64_t)skip;
    call->units = (uint64_t)all;
    call->bytes = call->units * (uint64_t)(call->send.raw ? call->type->extent : call->type->size);
}

static int
plan(struct call *call, struct comm *comm, const struct reduce_args *args,
     const struct reduction *reduction, enum coll_kind kind)
{
    call->late = args->sendbuf == MPI_IN_PLACE;
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    if (unlikely(call->late && comm_is_inter(comm)))
        return in_place_error("sendbuf, in an intercommunicator,");
    int err = reduction_check(call, args, reduction);
    if (unlikely(err))
        return err;
    call_among(call, comm);
    call->flow = FLOW_ALL;
    call->lanes = true;
    call->signature = signature_reduce(kind, -1, call->op, call->type);
    reduction_alone(call, comm);
    return MPI_SUCCESS;
}

/* ---- MPI_Reduce_scatter_block ---- */

static int
reduce_scatter_block_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct reduce_args *args = arguments;
    struct reduction reduction = {.count = args->count, .blocks = comm->size, .result = true};
    int err = plan(call, comm, args, &reduction, COLL_REDUCE_SCATTER_BLOCK);
    if (unlikely(!err && comm_is_inter(comm)))
        keep_part(call, comm->rank * args->count, comm->size * args->count);
    return err;
}

int
PMPI_Reduce_scatter_block(const void *sendbuf, void *recvbuf, int recvcount, MPI_Datatype datatype,
                          MPI_Op op, MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = recvcount, .datatype = datatype, .op = op};
    return form_call(comm, reduce_scatter_block_plan, &args, "MPI_Reduce_scatter_block");
}
weak_alias(PMPI_Reduce_scatter_block, MPI_Reduce_scatter_block);

int
PMPI_Reduce_scatter_block_c(const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                            MPI_Datatype datatype, MPI_Op op, MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = recvcount, .datatype = datatype, .op = op};
    return form_call(comm, reduce_scatter_block_plan, &args, "MPI_Reduce_scatter_block");
}
weak_alias(PMPI_Reduce_scatter_block_c, MPI_Reduce_scatter_block_c);

int
PMPI_Ireduce_scatter_block(const void *sendbuf, void *recvbuf, int recvcount, MPI_Datatype datatype,
                           MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = recvcount, .datatype = datatype, .op = op};
    return form_start(comm, reduce_scatter_block_plan, &args, request, "MPI_Ireduce_scatter_block");
}
weak_alias(PMPI_Ireduce_scatter_block, MPI_Ireduce_scatter_block);

int
PMPI_Ireduce_scatter_block_c(const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                             MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = recvcount, .datatype = datatype, .op = op};
    return form_start(comm, reduce_scatter_block_plan, &args, request, "MPI_Ireduce_scatter_block");
}
weak_alias(PMPI_Ireduce_scatter_block_c, MPI_Ireduce_scatter_block_c);

int
PMPI_Reduce_scatter_block_init(const void *sendbuf, void *recvbuf, int recvcount,
                               MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Info info,
                               MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = recvcount, .datatype = datatype, .op = op};
    return form_init(comm, reduce_scatter_block_plan, &args, info, request,
                     "MPI_Reduce_scatter_block_init");
}
weak_alias(PMPI_Reduce_scatter_block_init, MPI_Reduce_scatter_block_init);

int
PMPI_Reduce_scatter_block_init_c(const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                                 MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Info info,
                                 MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = recvcount, .datatype = datatype, .op = op};
    return form_init(comm, reduce_scatter_block_plan, &args, info, request,
                     "MPI_Reduce_scatter_block_init");
}
weak_alias(PMPI_Reduce_scatter_block_init_c, MPI_Reduce_scatter_block_init_c);

/* ---- MPI_Reduce_scatter ---- */

// Where each block begins: the sum of the counts before it.
static int
make_displs(struct call *call, struct vector counts, int size)
{
    MPI_Count at = 0, *displs = malloc((size_t)size * sizeof *displs);
    if (!displs)
        return error_new(MPI_ERR_NO_MEM, "no memory for %d displacements", size);
    for (int i = 0; i < size; i++) {
        displs[i] = at;
        at += vector_at(counts, i);
    }
    call->displs = displs;
    call->send.counts = counts;
    call->send.displs = wide(displs);
    call->send.n = size;
    return MPI_SUCCESS;
}

static int
sum_counts(struct vector counts, int size, MPI_Count *sum)
{
    *sum = 0;
    if (unlikely(!vector_given(counts)))
        return null_error("recvcounts");
    for (int i = 0; i < size; i++) {
        MPI_Count n = vector_at(counts, i);
        if (unlikely(n < 0 || __builtin_add_overflow(*sum, n, sum)))
            return error_new(MPI_ERR_COUNT, "recvcounts[%d] is %lld: negative or too large", i,
                             (long long)n);
    }
    return MPI_SUCCESS;
}

static int
reduce_scatter_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct reduce_args *args = arguments;
    MPI_Count sum;
    int err = sum_counts(args->recvcounts, comm->size, &sum);
    if (unlikely(err))
        return err;
    // The whole input is checked as one block; then the own block is what this member reduces.
    struct reduction reduction = {.count = sum,
                                  .own = vector_at(args->recvcounts, comm->rank),
                                  .blocks = 1,
                                  .cut = true,
                                  .result = true};
    call->irregular = true;
    err = plan(call, comm, args, &reduction, COLL_REDUCE_SCATTER);
    if (unlikely(err) || unlikely(err = make_displs(call, args->recvcounts, comm->size)))
        return err;
    if (unlikely(comm_is_inter(comm))) {
        keep_part(call, call->displs[comm->rank], sum);
        call->send.counts = call->send.displs = (struct vector){0};
    }
    return MPI_SUCCESS;
}

int
PMPI_Reduce_scatter(const void *sendbuf, void *recvbuf, const int recvcounts[],
                    MPI_Datatype datatype, MPI_Op op, MPI_Comm comm)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .recvcounts = narrow(recvcounts),
                               .datatype = datatype,
                               .op = op};
    return form_call(comm, reduce_scatter_plan, &args, "MPI_Reduce_scatter");
}
weak_alias(PMPI_Reduce_scatter, MPI_Reduce_scatter);

int
PMPI_Reduce_scatter_c(const void *sendbuf, void *recvbuf, const MPI_Count recvcounts[],
                      MPI_Datatype datatype, MPI_Op op, MPI_Comm comm)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .recvcounts = wide(recvcounts),
                               .datatype = datatype,
                               .op = op};
    return form_call(comm, reduce_scatter_plan, &args, "MPI_Reduce_scatter");
}
weak_alias(PMPI_Reduce_scatter_c, MPI_Reduce_scatter_c);

int
PMPI_Ireduce_scatter(const void *sendbuf, void *recvbuf, const int recvcounts[],
                     MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .recvcounts = narrow(recvcounts),
                               .datatype = datatype,
                               .op = op};
    return form_start(comm, reduce_scatter_plan, &args, request, "MPI_Ireduce_scatter");
}
weak_alias(PMPI_Ireduce_scatter, MPI_Ireduce_scatter);

int
PMPI_Ireduce_scatter_c(const void *sendbuf, void *recvbuf, const MPI_Count recvcounts[],
                       MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .recvcounts = wide(recvcounts),
                               .datatype = datatype,
                               .op = op};
    return form_start(comm, reduce_scatter_plan, &args, request, "MPI_Ireduce_scatter");
}
weak_alias(PMPI_Ireduce_scatter_c, MPI_Ireduce_scatter_c);

int
PMPI_Reduce_scatter_init(const void *sendbuf, void *recvbuf, const int recvcounts[],
                         MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Info info,
                         MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .recvcounts = narrow(recvcounts),
                               .datatype = datatype,
                               .op = op};
    return form_init(comm, reduce_scatter_plan, &args, info, request, "MPI_Reduce_scatter_init");
}
weak_alias(PMPI_Reduce_scatter_init, MPI_Reduce_scatter_init);

int
PMPI_Reduce_scatter_init_c(const void *sendbuf, void *recvbuf, const MPI_Count recvcounts[],
                           MPI_Datatype datatype, MPI_Op op, MPI_Comm comm, MPI_Info info,
                           MPI_Request *request)
{
    struct reduce_args args = {.sendbuf = sendbuf,
                               .recvbuf = recvbuf,
                               .recvcounts = wide(recvcounts),
                               .datatype = datatype,
                               .op = op};
    return form_init(comm, reduce_scatter_plan, &args, info, request, "MPI_Reduce_scatter_init");
}
weak_alias(PMPI_Reduce_scatter_init_c, MPI_Reduce_scatter_init_c);
