// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

/* MPI_Mrecv and MPI_Imrecv (MPI 5.0, 3.8.2 and 3.8.3): receive the message that a matched probe
 * took out of the queues. */

struct mrecv_args {
    void *buffer;
    MPI_Count count;
    MPI_Datatype type;
    MPI_Message *message;
};

// *found is NULL for MPI_MESSAGE_NO_PROC.
static int
mrecv_check(const struct mrecv_args *args, struct envelope *e, struct message **found)
{
    *found = NULL;
    if (!args->message)
        return null_error("message");
    if (*args->message != MPI_MESSAGE_NO_PROC) {
        struct message *message = (struct message *)handle_get(HANDLE_MESSAGE, *args->message);
        if (!message || !message->comm)
            return handle_error(HANDLE_MESSAGE, *args->message);
        *found = message;
    }
    int err = engine_failed();
    return err ? err : buffer_check(args->buffer, args->count, args->type, e);
}

static void
mrecv_fill(struct request *recv, const struct envelope *e, const struct message *message)
{
    recv->kind = REQUEST_RECV;
    recv->type = e->type;
    recv->base = e->buffer;
    recv->count = e->count;
    recv->size = e->size;
    recv->rank = message->source;
    recv->tag = message->tag;
    recv->context = message->context;
}

static int
mrecv_run(const struct envelope *e, struct message *message, MPI_Status *status)
{
    struct request recv = {.on_stack = true};
    mrecv_fill(&recv, e, message);
    struct comm *comm = message->comm;
    message_recv_matched(&recv, message);
    comm_release(comm);
    int err = request_run(&recv, "MPI_Mrecv");
    if (err)
        return err;
    status_set(status, recv.rank, recv.tag, recv.size);
    return recv.error;
}

static MPI_Comm
message_comm(const struct mrecv_args *args)
{
    struct message *m =
        args->message ? (struct message *)handle_get(HANDLE_MESSAGE, *args->message) : NULL;
    return m && m->comm ? m->comm->handle : MPI_COMM_NULL;
}

static int
mrecv(const struct mrecv_args *args, MPI_Status *status)
{
    struct envelope e;
    struct message *message = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        comm = message_comm(args);
        err = mrecv_check(args, &e, &message);
        if (!err && !message)
            status_proc_null(status);
        else if (!err)
            err = mrecv_run(&e, message, status);
        if (!err || error_class(err) == MPI_ERR_TRUNCATE)
            *args->message = MPI_MESSAGE_NULL;
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Mrecv", err);
}

int
PMPI_Mrecv(void *buf, int count, MPI_Datatype datatype, MPI_Message *message, MPI_Status *status)
{
    struct mrecv_args args = {buf, count, datatype, message};
    return mrecv(&args, status);
}
weak_alias(PMPI_Mrecv, MPI_Mrecv);

int
PMPI_Mrecv_c(void *buf, MPI_Count count, MPI_Datatype datatype, MPI_Message *message,
             MPI_Status *status)
{
    struct mrecv_args args = {buf, count, datatype, message};
    return mrecv(&args, status);
}
weak_alias(PMPI_Mrecv_c, MPI_Mrecv_c);

static int
imrecv_begin(const struct envelope *e, struct message *message, MPI_Request *request)
{
    if (!message)
        return request_over(REQUEST_RECV, request);
    struct request *recv = request_alloc(REQUEST_RECV);
    if (!recv)
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    mrecv_fill(recv, e, message);
    recv->comm = message->comm; // with its reference
    type_hold(recv->type);
    message_recv_matched(recv, message);
    *request = request_handle(recv);
    return MPI_SUCCESS;
}

static int
imrecv(const struct mrecv_args *args, MPI_Request *request)
{
    struct envelope e;
    struct message *message = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        comm = message_comm(args);
        err = request ? mrecv_check(args, &e, &message) : null_error("request");
        if (!err)
            err = imrecv_begin(&e, message, request);
        if (!err)
            *args->message = MPI_MESSAGE_NULL;
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Imrecv", err);
}

int
PMPI_Imrecv(void *buf, int count, MPI_Datatype datatype, MPI_Message *message, MPI_Request *request)
{
    struct mrecv_args args = {buf, count, datatype, message};
    return imrecv(&args, request);
}
weak_alias(PMPI_Imrecv, MPI_Imrecv);

int
PMPI_Imrecv_c(void *buf, MPI_Count count, MPI_Datatype datatype, MPI_Message *message,
              MPI_Request *request)
{
    struct mrecv_args args = {buf, count, datatype, message};
    return imrecv(&args, request);
}
weak_alias(PMPI_Imrecv_c, MPI_Imrecv_c);
