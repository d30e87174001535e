// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/reduction.h"

/* MPI_Scan and MPI_Exscan (MPI 5.0, 6.11). */

// Up to so many bytes each member reduces all before it; else it takes the result of the one before
// (4 KiB of 4 ranks: 2.5 us against 2.0).
#define DIRECT_BYTES 1024

struct scan_args {
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
    if (!call->bytes || !reduction_cuts(call, PIECE))
        return RUN_EXCHANGE;
    return comm->size <= FLAT && call->bytes <= DIRECT_BYTES ? RUN_EXCHANGE : RUN_CHAIN;
}

static int
scan_on(struct comm *comm, const struct scan_args *args, bool exclude)
{
    struct call call = {.flow = FLOW_SCAN, .root = -1, .exclude = exclude};
    bool in_place = args->sendbuf == MPI_IN_PLACE;
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    // The receive buffer of MPI_Exscan on rank 0 is not significant, unless it holds the input.
    bool no_recv = exclude && comm->rank == 0 && !in_place;
    struct reduction reduction = {.sendbuf = in_place ? args->recvbuf : args->sendbuf,
                                  .recvbuf = args->recvbuf,
                                  .result = !no_recv,
                                  .count = args->count,
                                  .blocks = 1,
                                  .datatype = args->datatype,
                                  .op = args->op,
                                  .in_place = in_place};
    int err = reduction_check(&call, &reduction);
    if (unlikely(err))
        return err;
    call.self &= !exclude;
    if (comm->size == 1)
        return call_alone(&call);
    call.self = false;
    call.algorithm = choose(&call, comm);
    err = call_start(&call, comm,
                     signature_reduce(exclude ? COLL_EXSCAN : COLL_SCAN, -1, call.op, call.type));
    return likely(!err) ? call_run(&call, exclude ? "MPI_Exscan" : "MPI_Scan") : err;
}

static int
scan(const struct scan_args *args, bool exclude)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = scan_on(comm, args, exclude);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS
                        : raise_on(args->comm, exclude ? "MPI_Exscan" : "MPI_Scan", err);
}

int
PMPI_Scan(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
          MPI_Comm comm)
{
    struct scan_args args = {sendbuf, recvbuf, count, datatype, op, comm};
    return scan(&args, false);
}
weak_alias(PMPI_Scan, MPI_Scan);

int
PMPI_Scan_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
            MPI_Comm comm)
{
    struct scan_args args = {sendbuf, recvbuf, count, datatype, op, comm};
    return scan(&args, false);
}
weak_alias(PMPI_Scan_c, MPI_Scan_c);

int
PMPI_Exscan(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
            MPI_Comm comm)
{
    struct scan_args args = {sendbuf, recvbuf, count, datatype, op, comm};
    return scan(&args, true);
}
weak_alias(PMPI_Exscan, MPI_Exscan);

int
PMPI_Exscan_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
              MPI_Comm comm)
{
    struct scan_args args = {sendbuf, recvbuf, count, datatype, op, comm};
    return scan(&args, true);
}
weak_alias(PMPI_Exscan_c, MPI_Exscan_c);
