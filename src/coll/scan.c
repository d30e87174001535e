// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"
#include "coll/reduction.h"

/* MPI_Scan and MPI_Exscan (MPI 5.0, 6.11). */

// Up to so many bytes each member reduces all before it; else it takes the result of the one before
// (4 KiB of 4 ranks: 2.5 us against 2.0).
#define DIRECT_BYTES 1024

static enum algorithm
choose(const struct call *call, const struct comm *comm)
{
    if (!call->bytes || !reduction_cuts(call, PIECE))
        return RUN_EXCHANGE;
    return comm->size <= FLAT && call->bytes <= DIRECT_BYTES ? RUN_EXCHANGE : RUN_CHAIN;
}

static int
plan(struct call *call, struct comm *comm, const struct reduce_args *args, bool exclude)
{
    if (unlikely(comm_is_inter(comm)))
        return error_new(MPI_ERR_COMM, "%s is an intercommunicator, which has no order of ranks",
                         comm->name[0] ? comm->name : "the communicator");
    if (unlikely(args->recvbuf == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    // The receive buffer of MPI_Exscan on rank 0 is not significant, unless it holds the input.
    bool no_recv = exclude && comm->rank == 0 && args->sendbuf != MPI_IN_PLACE;
    struct reduction reduction = {.count = args->count, .blocks = 1, .result = !no_recv};
    int err = reduction_check(call, args, &reduction);
    // But all ranks refuse the same buffer twice, lest rank 0 waits for the others.
    if (!err && no_recv && call->bytes && args->sendbuf == args->recvbuf)
        err =
            error_new(MPI_ERR_BUFFER,
                      "the send buffer and the receive buffer are the same (%p); give MPI_IN_PLACE",
                      args->recvbuf);
    if (unlikely(err))
        return err;
    call_among(call, comm);
    call->flow = FLOW_SCAN;
    call->exclude = exclude;
    call->algorithm = choose(call, comm);
    call->signature = signature_reduce(exclude ? COLL_EXSCAN : COLL_SCAN, -1, call->op, call->type);
    reduction_alone(call, comm);
    call->self &= !exclude;
    return MPI_SUCCESS;
}

static int
scan_plan(struct call *call, struct comm *comm, const void *args)
{
    return plan(call, comm, args, false);
}

static int
exscan_plan(struct call *call, struct comm *comm, const void *args)
{
    return plan(call, comm, args, true);
}

int
PMPI_Scan(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
          MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_call(comm, scan_plan, &args, "MPI_Scan");
}
weak_alias(PMPI_Scan, MPI_Scan);

int
PMPI_Scan_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
            MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_call(comm, scan_plan, &args, "MPI_Scan");
}
weak_alias(PMPI_Scan_c, MPI_Scan_c);

int
PMPI_Iscan(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
           MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_start(comm, scan_plan, &args, request, "MPI_Iscan");
}
weak_alias(PMPI_Iscan, MPI_Iscan);

int
PMPI_Iscan_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
             MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_start(comm, scan_plan, &args, request, "MPI_Iscan");
}
weak_alias(PMPI_Iscan_c, MPI_Iscan_c);

int
PMPI_Scan_init(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
               MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_init(comm, scan_plan, &args, info, request, "MPI_Scan_init");
}
weak_alias(PMPI_Scan_init, MPI_Scan_init);

int
PMPI_Scan_init_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                 MPI_Op op, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_init(comm, scan_plan, &args, info, request, "MPI_Scan_init");
}
weak_alias(PMPI_Scan_init_c, MPI_Scan_init_c);

int
PMPI_Exscan(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
            MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_call(comm, exscan_plan, &args, "MPI_Exscan");
}
weak_alias(PMPI_Exscan, MPI_Exscan);

int
PMPI_Exscan_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype, MPI_Op op,
              MPI_Comm comm)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_call(comm, exscan_plan, &args, "MPI_Exscan");
}
weak_alias(PMPI_Exscan_c, MPI_Exscan_c);

int
PMPI_Iexscan(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
             MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_start(comm, exscan_plan, &args, request, "MPI_Iexscan");
}
weak_alias(PMPI_Iexscan, MPI_Iexscan);

int
PMPI_Iexscan_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
               MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_start(comm, exscan_plan, &args, request, "MPI_Iexscan");
}
weak_alias(PMPI_Iexscan_c, MPI_Iexscan_c);

int
PMPI_Exscan_init(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
                 MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_init(comm, exscan_plan, &args, info, request, "MPI_Exscan_init");
}
weak_alias(PMPI_Exscan_init, MPI_Exscan_init);

int
PMPI_Exscan_init_c(const void *sendbuf, void *recvbuf, MPI_Count count, MPI_Datatype datatype,
                   MPI_Op op, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct reduce_args args = {
        .sendbuf = sendbuf, .recvbuf = recvbuf, .count = count, .datatype = datatype, .op = op};
    return form_init(comm, exscan_plan, &args, info, request, "MPI_Exscan_init");
}
weak_alias(PMPI_Exscan_init_c, MPI_Exscan_init_c);
