// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include "p2p/bsend.h"

#include <stdlib.h>

/*
 * Persistent sends and receives (MPI 5.0, 3.9). The request keeps the checked arguments of its call
 * apart from its own fields, which each start fills anew: a message changes them.
 */

struct persistent {
    struct envelope envelope;
    struct request *message; // of the last buffered send, while it is under way
};

static int
persistent_free(struct request *request)
{
    free(request->of);
    return MPI_SUCCESS;
}

/* ---- starting ---- */

static int
start_nowhere(struct request *request)
{
    request->rank = MPI_PROC_NULL;
    request->tag = MPI_ANY_TAG;
    request->size = 0;
    request->error = MPI_SUCCESS;
    request->done = true;
    return MPI_SUCCESS;
}

static inline int
start_send(struct request *request, bool sync)
{
    const struct envelope *e = request->of;
    int err = engine_failed();
    if (unlikely(err))
        return err;
    if (unlikely(e->rank == MPI_PROC_NULL))
        return start_nowhere(request);
    request->error = MPI_SUCCESS;
    if (!sync && send_inline_try(e)) {
        request->done = true;
        return MPI_SUCCESS;
    }
    request_renew(request);
    send_fill(request, e, sync);
    message_send(request);
    return MPI_SUCCESS;
}

static int
start_standard(struct request *request)
{
    return start_send(request, false);
}

static int
start_sync(struct request *request)
{
    return start_send(request, true);
}

static int
start_recv(struct request *request)
{
    const struct envelope *e = request->of;
    int err = engine_failed();
    if (unlikely(err))
        return err;
    if (unlikely(e->rank == MPI_PROC_NULL))
        return start_nowhere(request);
    request_renew(request);
    request->peer = NULL;
    recv_fill(request, e);
    return message_recv(request);
}

/* ---- buffered ---- */

// The message of the start before may still be under way: it goes on by itself.
static void
let_message_go(struct persistent *p)
{
    if (p->message)
        p->message->parent = NULL;
    p->message = NULL;
}

static int
start_buffered(struct request *request)
{
    struct persistent *p = request->of;
    let_message_go(p);
    int err = engine_failed();
    if (!err)
        err = bsend_start(&p->envelope, request, &p->message);
    request->error = MPI_SUCCESS;
    request->done = true;
    return err;
}

static void
buffered_left(struct request *request, struct request *message)
{
    ((struct persistent *)request->of)->message = NULL;
    request_free(message);
}

static int
cancel_buffered(struct request *request)
{
    struct persistent *p = request->of;
    if (p->message && message_withdraw(p->message)) {
        request->cancelled = true;
        buffered_left(request, p->message);
    }
    return MPI_SUCCESS;
}

static int
free_buffered(struct request *request)
{
    let_message_go(request->of);
    return persistent_free(request);
}

/* ---- the calls ---- */

static const struct request_class standard_class = {.start = start_standard,
                                                    .free = persistent_free},
                                  sync_class = {.start = start_sync, .free = persistent_free},
                                  recv_class = {.start = start_recv, .free = persistent_free},
                                  buffered_class = {.start = start_buffered,
                                                    .cancel = cancel_buffered,
                                                    .child = buffered_left,
                                                    .free = free_buffered};

static int
make(const struct envelope *e, enum request_kind kind, const struct request_class *class,
     MPI_Request *handle)
{
    struct persistent *p = malloc(sizeof *p);
    struct request *request = p ? request_alloc(kind) : NULL;
    if (!request) {
        free(p);
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    }
    *p = (struct persistent){.envelope = *e};
    request->class = class;
    request->of = p;
    request->persistent = request->done = true;
    comm_hold(request->comm = e->comm);
    type_hold(request->type = e->type);
    *handle = request_handle(request);
    return MPI_SUCCESS;
}

static int
send_init(const struct p2p_args *args, const struct request_class *class, const char *name,
          MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(args, &e);
        if (!err && !(err = check_pointer(request, "request")))
            err = make(&e, REQUEST_SEND, class, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, name, err);
}

int
PMPI_Send_init(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
               MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &standard_class, "MPI_Send_init", request);
}
weak_alias(PMPI_Send_init, MPI_Send_init);

int
PMPI_Send_init_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
                 MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &standard_class, "MPI_Send_init", request);
}
weak_alias(PMPI_Send_init_c, MPI_Send_init_c);

int
PMPI_Bsend_init(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
                MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &buffered_class, "MPI_Bsend_init", request);
}
weak_alias(PMPI_Bsend_init, MPI_Bsend_init);

int
PMPI_Bsend_init_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
                  MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &buffered_class, "MPI_Bsend_init", request);
}
weak_alias(PMPI_Bsend_init_c, MPI_Bsend_init_c);

int
PMPI_Ssend_init(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
                MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &sync_class, "MPI_Ssend_init", request);
}
weak_alias(PMPI_Ssend_init, MPI_Ssend_init);

int
PMPI_Ssend_init_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
                  MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &sync_class, "MPI_Ssend_init", request);
}
weak_alias(PMPI_Ssend_init_c, MPI_Ssend_init_c);

int
PMPI_Rsend_init(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
                MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &standard_class, "MPI_Rsend_init", request);
}
weak_alias(PMPI_Rsend_init, MPI_Rsend_init);

int
PMPI_Rsend_init_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
                  MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return send_init(&args, &standard_class, "MPI_Rsend_init", request);
}
weak_alias(PMPI_Rsend_init_c, MPI_Rsend_init_c);

static int
recv_init(const struct p2p_args *args, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = recv_check(args, &e);
        if (!err && !(err = check_pointer(request, "request")))
            err = make(&e, REQUEST_RECV, &recv_class, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Recv_init", err);
}

int
PMPI_Recv_init(void *buf, int count, MPI_Datatype datatype, int source, int tag, MPI_Comm comm,
               MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, source, tag, comm};
    return recv_init(&args, request);
}
weak_alias(PMPI_Recv_init, MPI_Recv_init);

int
PMPI_Recv_init_c(void *buf, MPI_Count count, MPI_Datatype datatype, int source, int tag,
                 MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, source, tag, comm};
    return recv_init(&args, request);
}
weak_alias(PMPI_Recv_init_c, MPI_Recv_init_c);
