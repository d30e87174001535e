// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

/*
 * MPI_Probe, MPI_Iprobe, and the matched forms MPI_Mprobe and MPI_Improbe (MPI 5.0, 3.8): the first
 * message that a receive with the same arguments would take, left in place or taken out for
 * MPI_Mrecv.
 */

static struct message *
find(const struct envelope *e)
{
    return message_find(e->comm->context, e->rank, e->tag);
}

// One look, after what has arrived was let in.
static struct message *
look(const struct envelope *e)
{
    struct message *message = find(e);
    if (!message && progress_poll())
        message = find(e);
    return message;
}

// Another thread may free the communicator meanwhile: the caller holds it.
static int
await(const struct envelope *e, struct message **message, const char *op)
{
    struct wait wait = {.op = op, .peer = e->rank, .tag = e->tag, .context = e->comm->context};
    int err = MPI_SUCCESS;
    while (!(*message = find(e)) && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    return *message ? MPI_SUCCESS : err;
}

static void
describe(const struct message *message, MPI_Status *status)
{
    status_set(status, message->source, message->tag, message->size);
}

static MPI_Message
take(struct message *message, struct comm *comm)
{
    message_take(message);
    comm_hold(message->comm = comm);
    return (MPI_Message)handle_of(HANDLE_MESSAGE, message);
}

static int
probe(const struct envelope *e, MPI_Status *status)
{
    struct message *message;
    if (e->rank == MPI_PROC_NULL) {
        status_proc_null(status);
        return MPI_SUCCESS;
    }
    comm_hold(e->comm);
    int err = await(e, &message, "MPI_Probe");
    if (!err)
        describe(message, status);
    comm_release(e->comm);
    return err;
}

int
PMPI_Probe(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = probe_check(source, tag, comm, &e);
        if (!err)
            err = probe(&e, status);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Probe", err);
}
weak_alias(PMPI_Probe, MPI_Probe);

static void
iprobe(const struct envelope *e, int *flag, MPI_Status *status)
{
    struct message *message;
    if (e->rank == MPI_PROC_NULL) {
        *flag = 1;
        status_proc_null(status);
    } else if ((*flag = (message = look(e)) != NULL)) {
        describe(message, status);
    }
}

int
PMPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = flag ? probe_check(source, tag, comm, &e) : null_error("flag");
        if (!err)
            iprobe(&e, flag, status);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Iprobe", err);
}
weak_alias(PMPI_Iprobe, MPI_Iprobe);

static int
mprobe(const struct envelope *e, MPI_Message *handle, MPI_Status *status)
{
    if (e->rank == MPI_PROC_NULL) {
        *handle = MPI_MESSAGE_NO_PROC;
        status_proc_null(status);
        return MPI_SUCCESS;
    }
    struct message *message;
    comm_hold(e->comm);
    int err = await(e, &message, "MPI_Mprobe");
    if (!err) {
        describe(message, status);
        *handle = take(message, e->comm);
    }
    comm_release(e->comm);
    return err;
}

int
PMPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = message ? probe_check(source, tag, comm, &e) : null_error("message");
        if (!err)
            err = mprobe(&e, message, status);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Mprobe", err);
}
weak_alias(PMPI_Mprobe, MPI_Mprobe);

static void
improbe(const struct envelope *e, int *flag, MPI_Message *handle, MPI_Status *status)
{
    struct message *message;
    if (e->rank == MPI_PROC_NULL) {
        *flag = 1;
        *handle = MPI_MESSAGE_NO_PROC;
        status_proc_null(status);
    } else if ((*flag = (message = look(e)) != NULL)) {
        describe(message, status);
        *handle = take(message, e->comm);
    } else {
        *handle = MPI_MESSAGE_NULL;
    }
}

int
PMPI_Improbe(int source, int tag, MPI_Comm comm, int *flag, MPI_Message *message,
             MPI_Status *status)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = flag && message ? probe_check(source, tag, comm, &e) : null_error("flag or message");
        if (!err)
            improbe(&e, flag, message, status);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Improbe", err);
}
weak_alias(PMPI_Improbe, MPI_Improbe);
