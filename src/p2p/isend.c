// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

/* MPI_Isend, MPI_Issend and MPI_Irsend (MPI 5.0, 3.7.2). */

static int
isend(const struct p2p_args *args, enum send_mode mode, const char *name, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? send_check(args, &e) : null_error("request");
        if (likely(!err))
            err = send_begin(&e, mode, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, name, err);
}

int
PMPI_Isend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
           MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return isend(&args, SEND_STANDARD, "MPI_Isend", request);
}
weak_alias(PMPI_Isend, MPI_Isend);

int
PMPI_Isend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
             MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return isend(&args, SEND_STANDARD, "MPI_Isend", request);
}
weak_alias(PMPI_Isend_c, MPI_Isend_c);

int
PMPI_Issend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
            MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return isend(&args, SEND_SYNC, "MPI_Issend", request);
}
weak_alias(PMPI_Issend, MPI_Issend);

int
PMPI_Issend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return isend(&args, SEND_SYNC, "MPI_Issend", request);
}
weak_alias(PMPI_Issend_c, MPI_Issend_c);

int
PMPI_Irsend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
            MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return isend(&args, SEND_READY, "MPI_Irsend", request);
}
weak_alias(PMPI_Irsend, MPI_Irsend);

int
PMPI_Irsend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return isend(&args, SEND_READY, "MPI_Irsend", request);
}
weak_alias(PMPI_Irsend_c, MPI_Irsend_c);
