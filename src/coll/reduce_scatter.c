// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/reduction.h"

#include <stdlib.h>

/* MPI_Reduce_scatter and MPI_Reduce_scatter_block (MPI 5.0, 6.10): each member has a lane for each
 * other one and reduces its own block from them. */

struct reduce_scatter_args {
    const void *sendbuf;
    void *recvbuf;
    MPI_Count recvcount;
    struct vector recvcounts; // of MPI_Reduce_scatter
    MPI_Datatype datatype;
    MPI_Op op;
    MPI_Comm comm;
};

static int
start_and_run(struct call *call, struct comm *comm, enum coll_kind kind, const char *name)
{
    if (comm->size == 1)
        return call_alone(call);
    call->self = false; // of what a rank gives itself nothing is copied
    int err = call_start(call, comm, signature_reduce(kind, -1, call->op, call->type));
    return likely(!err) ? call_run(call, name) : err;
}

/* ---- MPI_Reduce_scatter_block ---- */

static int
reduce_scatter_block_on(struct comm *comm, const struct reduce_scatter_args *args)
{
    struct call call = {.flow = FLOW_ALL, .lanes = true, .root = -1};
    bool in_place = args->sendbuf == MPI_IN_PLACE;
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    struct reduction reduction = {.sendbuf = in_place ? args->recvbuf : args->sendbuf,
                                  .recvbuf = args->recvbuf,
                                  .count = args->recvcount,
                                  .blocks = comm->size,
                                  .datatype = args->datatype,
                                  .op = args->op,
                                  .in_place = in_place,
                                  .result = true};
    call.late = in_place;
    int err = reduction_check(&call, &reduction);
    if (unlikely(err))
        return err;
    return start_and_run(&call, comm, COLL_REDUCE_SCATTER_BLOCK, "MPI_Reduce_scatter_block");
}

static int
reduce_scatter_block(const struct reduce_scatter_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = reduce_scatter_block_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Reduce_scatter_block", err);
}

int
PMPI_Reduce_scatter_block(const void *sendbuf, void *recvbuf, int recvcount, MPI_Datatype datatype,
                          MPI_Op op, MPI_Comm comm)
{
    struct reduce_scatter_args args = {.sendbuf = sendbuf,
                                       .recvbuf = recvbuf,
                                       .recvcount = recvcount,
                                       .datatype = datatype,
                                       .op = op,
                                       .comm = comm};
    return reduce_scatter_block(&args);
}
weak_alias(PMPI_Reduce_scatter_block, MPI_Reduce_scatter_block);

int
PMPI_Reduce_scatter_block_c(const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                            MPI_Datatype datatype, MPI_Op op, MPI_Comm comm)
{
    struct reduce_scatter_args args = {.sendbuf = sendbuf,
                                       .recvbuf = recvbuf,
                                       .recvcount = recvcount,
                                       .datatype = datatype,
                                       .op = op,
                                       .comm = comm};
    return reduce_scatter_block(&args);
}
weak_alias(PMPI_Reduce_scatter_block_c, MPI_Reduce_scatter_block_c);

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
    call->send.displs = (struct vector){.wide = displs};
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
reduce_scatter_on(struct comm *comm, const struct reduce_scatter_args *args)
{
    MPI_Count sum;
    struct call call = {.flow = FLOW_ALL, .lanes = true, .irregular = true, .root = -1};
    bool in_place = args->sendbuf == MPI_IN_PLACE;
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    int err = sum_counts(args->recvcounts, comm->size, &sum);
    if (unlikely(err))
        return err;
    // The whole input is checked as one block; then the own block is what this member reduces.
    struct reduction reduction = {.sendbuf = in_place ? args->recvbuf : args->sendbuf,
                                  .recvbuf = args->recvbuf,
                                  .count = sum,
                                  .result = true,
                                  .own = vector_at(args->recvcounts, comm->rank),
                                  .blocks = 1,
                                  .cut = true,
                                  .datatype = args->datatype,
                                  .op = args->op,
                                  .in_place = in_place};
    call.late = in_place;
    err = reduction_check(&call, &reduction);
    if (unlikely(err) || unlikely(err = make_displs(&call, args->recvcounts, comm->size)))
        return err;
    return start_and_run(&call, comm, COLL_REDUCE_SCATTER, "MPI_Reduce_scatter");
}

static int
reduce_scatter(const struct reduce_scatter_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = reduce_scatter_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Reduce_scatter", err);
}

int
PMPI_Reduce_scatter(const void *sendbuf, void *recvbuf, const int recvcounts[],
                    MPI_Datatype datatype, MPI_Op op, MPI_Comm comm)
{
    struct reduce_scatter_args args = {.sendbuf = sendbuf,
                                       .recvbuf = recvbuf,
                                       .recvcounts = {.narrow = recvcounts},
                                       .datatype = datatype,
                                       .op = op,
                                       .comm = comm};
    return reduce_scatter(&args);
}
weak_alias(PMPI_Reduce_scatter, MPI_Reduce_scatter);

int
PMPI_Reduce_scatter_c(const void *sendbuf, void *recvbuf, const MPI_Count recvcounts[],
                      MPI_Datatype datatype, MPI_Op op, MPI_Comm comm)
{
    struct reduce_scatter_args args = {.sendbuf = sendbuf,
                                       .recvbuf = recvbuf,
                                       .recvcounts = {.wide = recvcounts},
                                       .datatype = datatype,
                                       .op = op,
                                       .comm = comm};
    return reduce_scatter(&args);
}
weak_alias(PMPI_Reduce_scatter_c, MPI_Reduce_scatter_c);
