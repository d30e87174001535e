// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Point-to-point communication (MPI 5.0, chapter 3): arguments, blocking and started operations. */
#ifndef MUSTER_P2P_P2P_H
#define MUSTER_P2P_P2P_H

#include "core/check.h"
#include "core/message.h"
#include "errh/raise.h"

/* Checked arguments of a send, receive or probe. */
struct envelope {
    struct comm *comm;
    struct type *type;
    const void *buffer;
    MPI_Count count;
    uint64_t size; // bytes
    int rank;      // dest or source; MPI_PROC_NULL and MPI_ANY_SOURCE among them
    int tag;
};

/* What the user wrote, before it is checked. */
struct p2p_args {
    const void *buffer;
    MPI_Count count;
    MPI_Datatype type;
    int rank, tag;
    MPI_Comm comm;
};

enum send_mode { SEND_STANDARD, SEND_SYNC, SEND_READY };

/* Check everything that can be checked here; values stand in the error's text. Under the lock. */
int send_check(const struct p2p_args *args, struct envelope *e);
int recv_check(const struct p2p_args *args, struct envelope *e);
int probe_check(int source, int tag, MPI_Comm comm, struct envelope *e);

/* Check a buffer alone: count, type and address. Sets e->buffer, count, type, size. */
int buffer_check(const void *buffer, MPI_Count count, MPI_Datatype type, struct envelope *e);

/* Blocking operations, under the lock. `op` names the call for reports. */
int send_run(const struct envelope *e, enum send_mode mode, const char *op);
int recv_run(const struct envelope *e, MPI_Status *status, const char *op);

/* Started operations: *request is set on success only. */
int send_begin(const struct envelope *e, enum send_mode mode, MPI_Request *request);
int recv_begin(const struct envelope *e, MPI_Request *request);

/* Wait for a request on the caller's stack or in the pool; gives it up when the job has failed. */
int request_await(struct request *request, const char *op);

/* The same for one on the caller's stack; an error has given it up. */
int request_run(struct request *request, const char *op);

/* MPI_Cancel of a message that is not done. The wait that follows may depend on no other process
 * (3.8.4). */
void request_cancel(struct request *request);

/* A generalized one (MPI_Grequest_start)? */
bool request_is_general(const struct request *request);

/* Fill a send request (kind, buffer, destination) from an envelope. */
void send_fill(struct request *send, const struct envelope *e, bool sync);
void recv_fill(struct request *recv, const struct envelope *e);

/* Pack what is to be sent to `data`, room for e->size bytes; the envelope of that. */
struct envelope envelope_pack(const struct envelope *e, void *data);

/* The short way of a send: true if the message has left. Not for synchronous ones. */
static inline bool
send_inline_try(const struct envelope *e)
{
    struct comm *comm = e->comm;
    struct peer *peer = comm->peers[e->rank];
    return likely(e->size <= SLOT_INLINE && e->type->contiguous && peer->other) &&
           likely(message_send_inline(peer, comm->context, comm->rank, e->tag,
                                      (const char *)e->buffer + e->type->true_lb, e->size));
}

/* A request for an operation that is already over (MPI_PROC_NULL). */
int request_over(enum request_kind kind, MPI_Request *request);

#endif
