// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Requests: operations that were started and are not known to be over.
 *
 * A blocking call uses a request on its own stack; a started one comes from the pool and has a
 * handle. `done` is set once, by whoever finishes it inside this process, always under the engine's
 * lock. A request that MPI_Request_free let go is `orphan` and returns itself to
 * the pool when done.
 *
 * A persistent request is made inactive and done. MPI_Start makes it active and not done; the call
 * that reports its completion makes it inactive again, and leaves it to the user.
 *
 * What is neither a send nor a receive has a class, which knows what to do, and keeps what is its
 * own in `of`.
 */
#ifndef MUSTER_CORE_REQUEST_H
#define MUSTER_CORE_REQUEST_H

#include "core/match.h"
#include "core/object.h"
#include "core/status.h"

struct message;
struct request;

enum request_kind {
    REQUEST_SEND = 1,
    REQUEST_RECV,
    REQUEST_OTHER, // by its class alone
};

/* What requests do in a way of their own. All run under the lock; NULL: nothing to do. A persistent
 * send or receive has a class as well. */
struct request_class {
    /* Begin again: `done` is false, `active` is true; either may be changed, as by an operation
     * that is over at once. A code: it has not begun. */
    int (*start)(struct request *request);
    /* Fill the status of what is done (not MPI_STATUS_IGNORE), or a code. NULL: an empty one, and
     * request->error. */
    int (*status)(struct request *request, MPI_Status *status);
    /* MPI_Cancel, of what is done too; a code when it may not be cancelled. NULL: as a message. */
    int (*cancel)(struct request *request);
    /* The job has failed: nobody touches its buffers afterwards. The request is freed next. NULL,
     * in what is neither a send nor a receive: it goes on, and is freed when it is done. */
    void (*abandon)(struct request *request);
    /* An operation of which it is the `parent` is done, and left to it. */
    void (*child)(struct request *request, struct request *child);
    /* What `of` holds. A code is what a user's function returned; the request ends all the same. */
    int (*free)(struct request *request);
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
    bool persistent;
    bool active;   // a persistent one: started, and its completion is not reported
    bool sync;     // send: complete only when matched
    bool buffered; // send: `base` is ours, freed when the request is done
    int error;     // MPI_SUCCESS or a code
    const struct request_class *class;
    void *of;               // the class's own
    struct request *parent; // of what has no handle: the request that hears of its end, or NULL
    struct comm *comm;      // held
    struct type *type;      // held
    struct peer *peer;      // send: destination; recv: NULL until matched
    const void *base;       // the user's buffer
    MPI_Count count;
    uint64_t size;  // bytes: of the message (send), of room (recv), then of what arrived
    uint64_t moved; // bytes that this side has copied, by any way
    int rank;       // recv: source in the communicator or MPI_ANY_SOURCE; then the actual one
    int dest;       // send: in the communicator, for reports
    int tag;
    uint64_t context;
    struct xfer *xfer;         // NULL: none
    struct message *message;   // send to this process itself: until received or kept
    struct byte_range rest[3]; // send: ranges to stage that nobody else delivers
    int nrest;
    bool failed_taken;            // send: one of them is what the receiver failed to read
    bool direct;                  // recv: it reads the sender's memory
    struct type_info *theirs;     // recv: the sender's layout, once it was needed; or NULL
    uint64_t began;               // recv: when its xfer was accepted, if that is to be measured; ns
    uint64_t pieces;              // pieces filled or emptied so far
    struct match_node node;       // recv: while it is posted
    struct request *next, **link; // in the list it is on: its peer's deferred, or receiving
};

/* A request that is over, as it was before its first start: what the engine's messages change. */
static inline void
request_renew(struct request *request)
{
    request->error = MPI_SUCCESS;
    request->moved = request->pieces = request->began = 0;
    request->xfer = NULL;
    request->message = NULL;
    request->nrest = 0;
    request->failed_taken = request->direct = false;
}

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

/* A request from the pool, with its handle, or NULL. `request_free` returns it; a code is that of a
 * user's function. */
struct request *request_alloc(enum request_kind kind);
int request_free(struct request *request);

/* A request of a class, which holds the communicator (NULL: none), or NULL. */
struct request *request_of_class(const struct request_class *class, void *of, struct comm *comm);

/* Mark it done; wakes threads that wait for requests; frees an orphan. */
void request_done(struct request *request, int error);

/* Fill `status` (may be MPI_STATUS_IGNORE) from a finished request. MPI_ERROR is left alone.
 * Returns the operation's error. */
int request_status(struct request *request, MPI_Status *status);

/* Its completion has been reported: free it, or leave it inactive. Sets *handle to null if it is
 * freed. A code is that of a user's function. */
int request_reported(struct request *request, MPI_Request *handle);

/* Give up what the failed job will not complete, and free it, or leave it inactive. */
void request_give_up(struct request *request, MPI_Request *handle);

/* Null, and inactive persistent requests, are passed over by the calls that complete. */
static inline bool
request_counts(const struct request *request)
{
    return request && (!request->persistent || request->active);
}

/* Whose error handler is to hear of it: that of its communicator; MPI_COMM_NULL when there is none.
 * */
static inline MPI_Comm
request_comm(const struct request *request)
{
    return request && request->comm ? request->comm->handle : MPI_COMM_NULL;
}

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
