// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Requests: operations that were started and are not known to be over.
 *
 * A blocking call uses a request on its own stack; a started one comes from the pool and has a
 * handle. `done` is set once, by whoever finishes it inside this process, always under the engine's
 * lock. A request that MPI_Request_free let go is `orphan` and returns itself to
 * the pool when done.
 */
#ifndef MUSTER_CORE_REQUEST_H
#define MUSTER_CORE_REQUEST_H

#include "core/match.h"
#include "core/object.h"
#include "core/status.h"

struct message;

enum request_kind {
    REQUEST_SEND = 1,
    REQUEST_RECV,
};

/* Bytes [at, at + length) of a message. */
struct byte_range {
    uint64_t at, length;
};

struct request {
    struct object object;
    uint8_t kind; // enum request_kind
    bool done;
    bool orphan;
    bool on_stack;
    bool cancelled;
    bool sync;         // send: complete only when matched
    bool buffered;     // send: `base` is ours, freed when the request is done
    int error;         // MPI_SUCCESS or a code
    struct comm *comm; // held
    struct type *type; // held
    struct peer *peer; // send: destination; recv: NULL until matched
    const void *base;  // the user's buffer
    MPI_Count count;
    uint64_t size;  // bytes: of the message (send), of room (recv), then of what arrived
    uint64_t moved; // bytes that this side has copied, by any way
    int rank;       // recv: source in the communicator or MPI_ANY_SOURCE; then the actual one
    int dest;       // send: in the communicator, for reports
    int tag;
    uint64_t context;
    struct xfer *xfer;         // NULL: none
    struct message *message;   // send to this process itself: until received or kept
    uint64_t charged;          // buffered: what it counts for in the attached buffer
    struct byte_range rest[3]; // send: ranges to stage that nobody else delivers
    int nrest;
    bool failed_taken;            // send: one of them is what the receiver failed to read
    bool direct;                  // recv: it reads the sender's memory
    uint64_t began;               // recv: when its xfer was accepted, if that is to be measured; ns
    uint64_t pieces;              // pieces filled or emptied so far
    struct match_node node;       // recv: while it is posted
    struct request *next, **link; // in the list it is on: its peer's deferred, or receiving
};

static inline void
request_link(struct request **list, struct request *request)
{
    request->next = *list;
    request->link = list;
    if (request->next)
        request->next->link = &request->next;
    *list = request;
}

static inline void
request_unlink(struct request *request)
{
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
    request->link = NULL;
}

/* A request from the pool, with its handle, or NULL. `request_free` returns it. */
struct request *request_alloc(enum request_kind kind);
void request_free(struct request *request);

/* Mark it done; wakes threads that wait for requests; frees an orphan. */
void request_done(struct request *request, int error);

/* Fill `status` (may be MPI_STATUS_IGNORE) from a finished request. MPI_ERROR is left alone. */
void request_status(const struct request *request, MPI_Status *status);

static inline struct request *
request_get(MPI_Request handle)
{
    return (struct request *)handle_get(HANDLE_REQUEST, handle);
}

static inline MPI_Request
request_handle(const struct request *request)
{
    return (MPI_Request)handle_of(HANDLE_REQUEST, request);
}

#endif
