// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

/* MPI_Send, MPI_Ssend and MPI_Rsend (MPI 5.0, 3.2.1 and 3.4). A ready send is a standard one: the
 * receive it may rely on makes nothing faster here. */

static inline int
send(const struct p2p_args *args, enum send_mode mode, const char *name)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(args, &e);
        if (likely(!err))
            err = send_run(&e, mode, name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, name, err);
}

int
PMPI_Send(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send(&args, SEND_STANDARD, "MPI_Send");
}
weak_alias(PMPI_Send, MPI_Send);

int
PMPI_Send_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
            MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send(&args, SEND_STANDARD, "MPI_Send");
}
weak_alias(PMPI_Send_c, MPI_Send_c);

int
PMPI_Ssend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send(&args, SEND_SYNC, "MPI_Ssend");
}
weak_alias(PMPI_Ssend, MPI_Ssend);

int
PMPI_Ssend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
             MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send(&args, SEND_SYNC, "MPI_Ssend");
}
weak_alias(PMPI_Ssend_c, MPI_Ssend_c);

int
PMPI_Rsend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send(&args, SEND_READY, "MPI_Rsend");
}
weak_alias(PMPI_Rsend, MPI_Rsend);

int
PMPI_Rsend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
             MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send(&args, SEND_READY, "MPI_Rsend");
}
weak_alias(PMPI_Rsend_c, MPI_Rsend_c);
