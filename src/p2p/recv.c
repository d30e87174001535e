// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

/* MPI_Recv and MPI_Irecv (MPI 5.0, 3.2.4 and 3.7.2). */

static int
recv(const struct p2p_args *args, MPI_Status *status)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = recv_check(args, &e);
        if (likely(!err))
            err = recv_run(&e, status, "MPI_Recv");
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Recv", err);
}

int
PMPI_Recv(void *buf, int count, MPI_Datatype datatype, int source, int tag, MPI_Comm comm,
          MPI_Status *status)
{
    struct p2p_args args = {buf, count, datatype, source, tag, comm};
    return recv(&args, status);
}
weak_alias(PMPI_Recv, MPI_Recv);

int
PMPI_Recv_c(void *buf, MPI_Count count, MPI_Datatype datatype, int source, int tag, MPI_Comm comm,
            MPI_Status *status)
{
    struct p2p_args args = {buf, count, datatype, source, tag, comm};
    return recv(&args, status);
}
weak_alias(PMPI_Recv_c, MPI_Recv_c);

static int
irecv(const struct p2p_args *args, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? recv_check(args, &e) : null_error("request");
        if (likely(!err))
            err = recv_begin(&e, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Irecv", err);
}

int
PMPI_Irecv(void *buf, int count, MPI_Datatype datatype, int source, int tag, MPI_Comm comm,
           MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, source, tag, comm};
    return irecv(&args, request);
}
weak_alias(PMPI_Irecv, MPI_Irecv);

int
PMPI_Irecv_c(void *buf, MPI_Count count, MPI_Datatype datatype, int source, int tag, MPI_Comm comm,
             MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, source, tag, comm};
    return irecv(&args, request);
}
weak_alias(PMPI_Irecv_c, MPI_Irecv_c);
