// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include <stdlib.h>

/* MPI_Isendrecv and MPI_Isendrecv_replace (MPI 5.0, 3.11): one request of two operations. It is
 * done when both are; its status is that of the receive, its error the first of theirs. */

struct pair {
    struct request send, recv;
    int open; // operations under way, and 1 while they are started
    int error;
    void *copy; // of the data sent, or NULL; owned
};

static void
pair_end_one(struct request *request, int error)
{
    struct pair *pair = request->of;
    if (!pair->error)
        pair->error = error;
    if (--pair->open == 0)
        request_done(request, pair->error);
}

static void
pair_child(struct request *request, struct request *child)
{
    pair_end_one(request, child->error);
}

static int
pair_status(struct request *request, MPI_Status *status)
{
    struct pair *pair = request->of;
    request_status(&pair->recv, status);
    return request->error;
}

static int
pair_cancel(struct request *request)
{
    struct pair *pair = request->of;
    struct request *both[] = {&pair->send, &pair->recv};
    pair->open++; // it stays while both are looked at
    for (int i = 0; i < 2; i++)
        if (!both[i]->done)
            request_cancel(both[i]);
    if (!request->done)
        pair_end_one(request, MPI_SUCCESS);
    return MPI_SUCCESS;
}

static void
pair_abandon(struct request *request)
{
    struct pair *pair = request->of;
    message_abandon(&pair->send);
    message_abandon(&pair->recv);
}

static int
pair_free(struct request *request)
{
    struct pair *pair = request->of;
    type_release(pair->send.type);
    type_release(pair->recv.type);
    free(pair->copy);
    free(pair);
    return MPI_SUCCESS;
}

static const struct request_class pair_class = {.status = pair_status,
                                                .cancel = pair_cancel,
                                                .abandon = pair_abandon,
                                                .child = pair_child,
                                                .free = pair_free};

static void
pair_nowhere(struct request *half)
{
    half->rank = MPI_PROC_NULL;
    half->tag = MPI_ANY_TAG;
    half->size = 0;
    half->done = true;
}

static int
pair_start(struct pair *pair, const struct envelope *to, const struct envelope *from)
{
    if (from->rank == MPI_PROC_NULL) {
        pair_nowhere(&pair->recv);
    } else {
        recv_fill(&pair->recv, from);
        pair->open++;
        int err = message_recv(&pair->recv);
        if (err)
            return err;
    }
    if (to->rank == MPI_PROC_NULL) {
        pair_nowhere(&pair->send);
        return MPI_SUCCESS;
    }
    send_fill(&pair->send, to, false);
    pair->open++;
    message_send(&pair->send);
    return MPI_SUCCESS;
}

static struct pair *
pair_new(const struct envelope *to, const struct envelope *from)
{
    struct pair *pair = calloc(1, sizeof *pair);
    struct request *request = pair ? request_of_class(&pair_class, pair, to->comm) : NULL;
    if (!request) {
        free(pair);
        return NULL;
    }
    pair->open = 1;
    pair->send.parent = pair->recv.parent = request;
    pair->send.kind = REQUEST_SEND;
    pair->recv.kind = REQUEST_RECV;
    type_hold(pair->send.type = to->type);
    type_hold(pair->recv.type = from->type);
    return pair;
}

static int
no_memory(void)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for a request");
}

static int
pair_begin(struct pair *pair, const struct envelope *to, const struct envelope *from,
           MPI_Request *handle)
{
    struct request *request = pair->send.parent;
    int err = pair_start(pair, to, from);
    if (err) {
        request_free(request);
        return err;
    }
    pair_end_one(request, MPI_SUCCESS);
    *handle = request_handle(request);
    return MPI_SUCCESS;
}

static int
isendrecv_begin(const struct envelope *to, const struct envelope *from, MPI_Request *handle)
{
    struct pair *pair = pair_new(to, from);
    return pair ? pair_begin(pair, to, from, handle) : no_memory();
}

static int
isendrecv(const struct p2p_args *send, const struct p2p_args *recv, MPI_Request *request)
{
    struct envelope to, from;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(send, &to);
        if (likely(!err) && likely(!(err = recv_check(recv, &from))))
            err = check_pointer(request, "request");
        if (likely(!err))
            err = isendrecv_begin(&to, &from, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(send->comm, "MPI_Isendrecv", err);
}

int
PMPI_Isendrecv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, int dest, int sendtag,
               void *recvbuf, int recvcount, MPI_Datatype recvtype, int source, int recvtag,
               MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args send = {sendbuf, sendcount, sendtype, dest, sendtag, comm};
    struct p2p_args recv = {recvbuf, recvcount, recvtype, source, recvtag, comm};
    return isendrecv(&send, &recv, request);
}
weak_alias(PMPI_Isendrecv, MPI_Isendrecv);

int
PMPI_Isendrecv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype, int dest,
                 int sendtag, void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, int source,
                 int recvtag, MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args send = {sendbuf, sendcount, sendtype, dest, sendtag, comm};
    struct p2p_args recv = {recvbuf, recvcount, recvtype, source, recvtag, comm};
    return isendrecv(&send, &recv, request);
}
weak_alias(PMPI_Isendrecv_c, MPI_Isendrecv_c);

// The data leaves from a copy, because the buffer is received into at the same time.
static int
replace_begin(const struct envelope *to, const struct envelope *from, MPI_Request *handle)
{
    void *data = malloc(to->size ? to->size : 1);
    if (!data)
        return error_new(MPI_ERR_NO_MEM, "no memory for a copy of %llu bytes",
                         (unsigned long long)to->size);
    struct envelope copy = envelope_pack(to, data);
    struct pair *pair = pair_new(&copy, from);
    if (!pair) {
        free(data);
        return no_memory();
    }
    pair->copy = data;
    return pair_begin(pair, &copy, from, handle);
}

static int
isendrecv_replace(const struct p2p_args *send, int source, int recvtag, MPI_Request *request)
{
    struct p2p_args recv = *send;
    struct envelope to, from;
    recv.rank = source;
    recv.tag = recvtag;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(send, &to);
        if (likely(!err) && likely(!(err = recv_check(&recv, &from))))
            err = check_pointer(request, "request");
        if (likely(!err))
            err = replace_begin(&to, &from, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(send->comm, "MPI_Isendrecv_replace", err);
}

int
PMPI_Isendrecv_replace(void *buf, int count, MPI_Datatype datatype, int dest, int sendtag,
                       int source, int recvtag, MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args send = {buf, count, datatype, dest, sendtag, comm};
    return isendrecv_replace(&send, source, recvtag, request);
}
weak_alias(PMPI_Isendrecv_replace, MPI_Isendrecv_replace);

int
PMPI_Isendrecv_replace_c(void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int sendtag,
                         int source, int recvtag, MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args send = {buf, count, datatype, dest, sendtag, comm};
    return isendrecv_replace(&send, source, recvtag, request);
}
weak_alias(PMPI_Isendrecv_replace_c, MPI_Isendrecv_replace_c);
