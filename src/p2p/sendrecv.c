// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include <stdlib.h>

/* MPI_Sendrecv and MPI_Sendrecv_replace (MPI 5.0, 3.11): both sides at once, so that rings of ranks
 * cannot block. */

// Start the receive, run the send, wait for the receive.
static int
exchange(const struct envelope *to, const struct envelope *from, MPI_Status *status, const char *op)
{
    struct request recv = {.on_stack = true};
    int err = MPI_SUCCESS;
    if (from->rank == MPI_PROC_NULL) {
        err = send_run(to, SEND_STANDARD, op);
        status_proc_null(status);
        return err;
    }
    recv_fill(&recv, from);
    if ((err = message_recv(&recv)))
        return err;
    type_hold(recv.type); // while the send waits
    err = send_run(to, SEND_STANDARD, op);
    if (err)
        message_abandon(&recv);
    else
        err = request_run(&recv, op);
    type_release(from->type);
    if (err)
        return err;
    status_set(status, recv.rank, recv.tag, recv.size);
    return recv.error;
}

static int
sendrecv(const struct p2p_args *send, const struct p2p_args *recv, MPI_Status *status)
{
    struct envelope to, from;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(send, &to);
        if (likely(!err))
            err = recv_check(recv, &from);
        if (likely(!err))
            err = exchange(&to, &from, status, "MPI_Sendrecv");
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(send->comm, "MPI_Sendrecv", err);
}

int
PMPI_Sendrecv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, int dest, int sendtag,
              void *recvbuf, int recvcount, MPI_Datatype recvtype, int source, int recvtag,
              MPI_Comm comm, MPI_Status *status)
{
    struct p2p_args send = {sendbuf, sendcount, sendtype, dest, sendtag, comm};
    struct p2p_args recv = {recvbuf, recvcount, recvtype, source, recvtag, comm};
    return sendrecv(&send, &recv, status);
}
weak_alias(PMPI_Sendrecv, MPI_Sendrecv);

int
PMPI_Sendrecv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, int dest,
                int sendtag, void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, int source,
                int recvtag, MPI_Comm comm, MPI_Status *status)
{
    struct p2p_args send = {sendbuf, sendcount, sendtype, dest, sendtag, comm};
    struct p2p_args recv = {recvbuf, recvcount, recvtype, source, recvtag, comm};
    return sendrecv(&send, &recv, status);
}
weak_alias(PMPI_Sendrecv_c, MPI_Sendrecv_c);

// The data leaves from a copy, because the buffer is received into at the same time.
static int
replace(const struct envelope *to, const struct envelope *from, MPI_Status *status)
{
    char small[4096];
    char *data = to->size <= sizeof small ? small : malloc(to->size);
    if (!data)
        return error_new(MPI_ERR_NO_MEM, "no memory for a copy of %llu bytes",
                         (unsigned long long)to->size);
    struct envelope copy = envelope_pack(to, data);
    int err = exchange(&copy, from, status, "MPI_Sendrecv_replace");
    if (data != small)
        free(data);
    return err;
}

static int
sendrecv_replace(const struct p2p_args *send, int source, int recvtag, MPI_Status *status)
{
    struct p2p_args recv = *send;
    struct envelope to, from;
    recv.rank = source;
    recv.tag = recvtag;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(send, &to);
        if (likely(!err))
            err = recv_check(&recv, &from);
        if (likely(!err))
            err = replace(&to, &from, status);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(send->comm, "MPI_Sendrecv_replace", err);
}

int
PMPI_Sendrecv_replace(void *buf, int count, MPI_Datatype datatype, int dest, int sendtag,
                      int source, int recvtag, MPI_Comm comm, MPI_Status *status)
{
    struct p2p_args send = {buf, count, datatype, dest, sendtag, comm};
    return sendrecv_replace(&send, source, recvtag, status);
}
weak_alias(PMPI_Sendrecv_replace, MPI_Sendrecv_replace);

int
PMPI_Sendrecv_replace_c(void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int sendtag,
                        int source, int recvtag, MPI_Comm comm, MPI_Status *status)
{
    struct p2p_args send = {buf, count, datatype, dest, sendtag, comm};
    return sendrecv_replace(&send, source, recvtag, status);
}
weak_alias(PMPI_Sendrecv_replace_c, MPI_Sendrecv_replace_c);
