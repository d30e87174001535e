// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include <stdio.h>

/*
 * Completion (MPI 5.0, 3.7.3 to 3.7.6): the wait and test families, MPI_Request_free,
 * MPI_Request_get_status and MPI_Cancel.
 *
 * A request whose job has failed is given up and freed by the call that reports it; one whose wait
 * was interrupted by a signal stays as it is and can be waited for again.
 */

// The request of a handle; *found NULL for MPI_REQUEST_NULL.
static inline int
lookup(MPI_Request handle, struct request **found)
{
    *found = NULL;
    if (handle == MPI_REQUEST_NULL)
        return MPI_SUCCESS;
    *found = request_get(handle);
    return likely(*found) ? MPI_SUCCESS : handle_error(HANDLE_REQUEST, handle);
}

// The same for the calls that complete: NULL for an inactive one as well.
static inline int
lookup_active(MPI_Request handle, struct request **found)
{
    int err = lookup(handle, found);
    if (unlikely(!request_counts(*found)))
        *found = NULL;
    return err;
}

// The active request of a handle that has been checked, or NULL.
static inline struct request *
active(MPI_Request handle)
{
    struct request *r = request_get(handle);
    return likely(request_counts(r)) ? r : NULL;
}

// A request that is done: its status and error, and the end of it.
static int
finish(struct request *request, MPI_Request *handle, MPI_Status *status)
{
    int err = request_status(request, status);
    int freed = request_reported(request, handle);
    return freed ? freed : err; // 13.2: of a generalized request's functions the last one's
}

static int
wait_one(struct request *request, MPI_Request *handle, MPI_Status *status)
{
    if (unlikely(!request->done)) {
        int err = request_await(request, "MPI_Wait");
        if (err) {
            if (error_class(err) == MPI_ERR_PROC_ABORTED)
                request_give_up(request, handle);
            return err;
        }
    }
    return finish(request, handle, status);
}

int
PMPI_Wait(MPI_Request *request, MPI_Status *status)
{
    struct request *r = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? lookup_active(*request, &r) : null_error("request");
        if (!err && !r)
            status_empty(status);
        if (!err && r) {
            comm = request_comm(r);
            err = wait_one(r, request, status);
        }
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Wait", err);
}
weak_alias(PMPI_Wait, MPI_Wait);

// Poll once if it is not done; the failure of the job when it never will be.
static int
test_one(struct request *request, MPI_Request *handle, int *flag, MPI_Status *status)
{
    if (!request->done)
        progress_poll();
    *flag = request->done;
    if (request->done)
        return finish(request, handle, status);
    int err = engine_failed();
    if (err)
        request_give_up(request, handle);
    return err;
}

int
PMPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    struct request *r = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = request && flag ? lookup_active(*request, &r) : null_error("request or flag");
        if (!err && !r) {
            *flag = 1;
            status_empty(status);
        }
        if (!err && r) {
            comm = request_comm(r);
            err = test_one(r, request, flag, status);
        }
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Test", err);
}
weak_alias(PMPI_Test, MPI_Test);

int
PMPI_Request_get_status(MPI_Request request, int *flag, MPI_Status *status)
{
    struct request *r = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = flag ? lookup_active(request, &r) : null_error("flag");
        if (!err && r && !r->done)
            progress_poll();
        if (!err)
            *flag = !r || r->done;
        if (!err && !r)
            status_empty(status);
        else if (!err && r->done)
            err = request_status(r, status);
        else if (!err)
            err = engine_failed();
        comm = err ? request_comm(r) : MPI_COMM_NULL;
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Request_get_status", err);
}
weak_alias(PMPI_Request_get_status, MPI_Request_get_status);

/* ---- several requests ---- */

static int
check_many(int count, const MPI_Request *requests)
{
    struct request *r;
    if (count < 0)
        return error_new(MPI_ERR_COUNT, "count %d is negative", count);
    if (count && !requests)
        return null_error("array_of_requests");
    for (int i = 0, err; i < count; i++)
        if ((err = lookup(requests[i], &r)))
            return err;
    return MPI_SUCCESS;
}

static MPI_Status *
status_at(MPI_Status *statuses, int i)
{
    return statuses == MPI_STATUSES_IGNORE ? MPI_STATUS_IGNORE : &statuses[i];
}

static void
status_error(MPI_Status *status, int err)
{
    if (status != MPI_STATUS_IGNORE)
        status->MPI_ERROR = err;
}

/* The first error among several requests, and whose error handler is to hear of it. */
struct first {
    int err;
    MPI_Comm comm;
};

static void
first_note(struct first *first, int err, MPI_Comm comm)
{
    if (err && !first->err)
        *first = (struct first){err, comm};
}

// Null, inactive, or freed by the same call because the list holds it twice.
static void
finish_nothing(MPI_Request *handle, MPI_Status *status)
{
    status_empty(status);
    if (!request_get(*handle))
        *handle = MPI_REQUEST_NULL;
}

// Finish the i-th request, or give the status of a null one; its error goes into the status.
static void
finish_at(MPI_Request *requests, MPI_Status *statuses, int i, struct first *first)
{
    MPI_Status *status = status_at(statuses, i);
    struct request *r = active(requests[i]);
    MPI_Comm comm = request_comm(r);
    int err = MPI_SUCCESS;
    if (r)
        err = finish(r, &requests[i], status);
    else
        finish_nothing(&requests[i], status);
    status_error(status, err);
    first_note(first, err, comm);
}

// The job failed, or a signal interrupted the wait: say of each request where it stands.
static int
fail_all(int count, MPI_Request *requests, MPI_Status *statuses, int err, MPI_Comm *comm)
{
    struct first done = {0}, open = {0};
    for (int i = 0; i < count; i++) {
        struct request *r = active(requests[i]);
        if (!r || r->done) {
            finish_at(requests, statuses, i, &done);
            continue;
        }
        first_note(&open, err, request_comm(r));
        status_error(status_at(statuses, i), err);
        if (error_class(err) == MPI_ERR_PROC_ABORTED)
            request_give_up(r, &requests[i]);
    }
    *comm = open.comm;
    return err;
}

// What the calls that give several statuses return when one of them has this error.
static int
in_statuses(int first, const MPI_Status *statuses)
{
    char text[MPI_MAX_ERROR_STRING];
    if (!first || statuses == MPI_STATUSES_IGNORE)
        return first;
    if (!error_text(first, text, sizeof text))
        snprintf(text, sizeof text, "%d, of the user's own", first);
    return error_new(MPI_ERR_IN_STATUS, "the first of the errors in the statuses: %s", text);
}

static int
finish_all(int count, MPI_Request *requests, MPI_Status *statuses, MPI_Comm *comm)
{
    struct first failed = {0};
    for (int i = 0; i < count; i++)
        finish_at(requests, statuses, i, &failed);
    *comm = failed.comm;
    return in_statuses(failed.err, statuses);
}

static int
wait_all(int count, MPI_Request *requests, MPI_Status *statuses, MPI_Comm *comm)
{
    int err = check_many(count, requests);
    if (err)
        return err;
    for (int i = 0; i < count; i++) {
        struct request *r = active(requests[i]);
        if (r && !r->done && (err = request_await(r, "MPI_Waitall")))
            return fail_all(count, requests, statuses, err, comm);
    }
    return finish_all(count, requests, statuses, comm);
}

int
PMPI_Waitall(int count, MPI_Request array_of_requests[], MPI_Status array_of_statuses[])
{
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = wait_all(count, array_of_requests, array_of_statuses, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Waitall", err);
}
weak_alias(PMPI_Waitall, MPI_Waitall);

static bool
all_done(int count, const MPI_Request *requests)
{
    for (int i = 0; i < count; i++) {
        const struct request *r = active(requests[i]);
        if (r && !r->done)
            return false;
    }
    return true;
}

static int
test_all(int count, MPI_Request *requests, int *flag, MPI_Status *statuses, MPI_Comm *comm)
{
    int err = flag ? check_many(count, requests) : null_error("flag");
    if (err)
        return err;
    *flag = all_done(count, requests) || (progress_poll() && all_done(count, requests));
    if (*flag)
        return finish_all(count, requests, statuses, comm);
    err = engine_failed();
    return err ? fail_all(count, requests, statuses, err, comm) : MPI_SUCCESS;
}

int
PMPI_Testall(int count, MPI_Request array_of_requests[], int *flag, MPI_Status array_of_statuses[])
{
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = test_all(count, array_of_requests, flag, array_of_statuses, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Testall", err);
}
weak_alias(PMPI_Testall, MPI_Testall);

enum { NONE_DONE = -1, NONE_ACTIVE = -2 };

// The first request that is done, NONE_DONE, or NONE_ACTIVE.
static int
first_done(int count, const MPI_Request *requests)
{
    int result = NONE_ACTIVE;
    for (int i = 0; i < count; i++) {
        const struct request *r = active(requests[i]);
        if (r && r->done)
            return i;
        if (r)
            result = NONE_DONE;
    }
    return result;
}

// Whose error handler is to hear that none of the list will be done.
static MPI_Comm
comm_of_any(int count, const MPI_Request *requests)
{
    MPI_Comm comm = MPI_COMM_NULL;
    for (int i = 0; i < count && comm == MPI_COMM_NULL; i++)
        comm = request_comm(active(requests[i]));
    return comm;
}

// Wait until something of the list is done; the engine's code when the wait must end.
static int
await_some(int count, const MPI_Request *requests, int *at, const char *op, MPI_Comm *comm)
{
    struct wait wait = {.op = op, .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    int err = MPI_SUCCESS;
    while ((*at = first_done(count, requests)) == NONE_DONE && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    if (*at != NONE_DONE)
        return MPI_SUCCESS;
    *comm = comm_of_any(count, requests);
    return err;
}

static int
finish_any(MPI_Request *requests, int at, int *index, MPI_Status *status, MPI_Comm *comm)
{
    if (at == NONE_ACTIVE) {
        *index = MPI_UNDEFINED;
        status_empty(status);
        return MPI_SUCCESS;
    }
    struct request *r = active(requests[at]);
    *index = at;
    *comm = request_comm(r);
    return finish(r, &requests[at], status);
}

int
PMPI_Waitany(int count, MPI_Request array_of_requests[], int *indx, MPI_Status *status)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int at, err = engine_enter();
    if (likely(!err)) {
        err = indx ? check_many(count, array_of_requests) : null_error("index");
        if (!err)
            err = await_some(count, array_of_requests, &at, "MPI_Waitany", &comm);
        if (!err)
            err = finish_any(array_of_requests, at, indx, status, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Waitany", err);
}
weak_alias(PMPI_Waitany, MPI_Waitany);

static int
test_any(int count, MPI_Request *requests, int *index, int *flag, MPI_Status *status,
         MPI_Comm *comm)
{
    int err = index && flag ? check_many(count, requests) : null_error("index or flag");
    if (err)
        return err;
    int at = first_done(count, requests);
    if (at == NONE_DONE && progress_poll())
        at = first_done(count, requests);
    *flag = at != NONE_DONE;
    if (*flag)
        return finish_any(requests, at, index, status, comm);
    *index = MPI_UNDEFINED;
    *comm = comm_of_any(count, requests);
    return engine_failed();
}

int
PMPI_Testany(int count, MPI_Request array_of_requests[], int *indx, int *flag, MPI_Status *status)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = test_any(count, array_of_requests, indx, flag, status, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Testany", err);
}
weak_alias(PMPI_Testany, MPI_Testany);

struct some {
    int count;
    MPI_Request *requests;
    int *outcount, *indices;
    MPI_Status *statuses;
    MPI_Comm comm; // of the first operation that failed
};

static int
some_check(const struct some *some)
{
    if (!some->outcount || (some->count > 0 && !some->indices))
        return null_error("outcount or array_of_indices");
    return check_many(some->count, some->requests);
}

// Finish all that are done; their statuses stand in the order of the indices.
static int
finish_some(struct some *some, int at)
{
    struct first failed = {0};
    int n = 0;
    *some->outcount = MPI_UNDEFINED;
    if (at == NONE_ACTIVE)
        return MPI_SUCCESS;
    for (int i = 0; i < some->count; i++) {
        struct request *r = active(some->requests[i]);
        if (!r || !r->done)
            continue;
        MPI_Status *status = status_at(some->statuses, n);
        MPI_Comm comm = request_comm(r);
        int err = finish(r, &some->requests[i], status);
        status_error(status, err);
        first_note(&failed, err, comm);
        some->indices[n++] = i;
    }
    *some->outcount = n;
    some->comm = failed.comm;
    return in_statuses(failed.err, some->statuses);
}

int
PMPI_Waitsome(int incount, MPI_Request array_of_requests[], int *outcount, int array_of_indices[],
              MPI_Status array_of_statuses[])
{
    struct some some = {incount,          array_of_requests, outcount,
                        array_of_indices, array_of_statuses, MPI_COMM_NULL};
    int at, err = engine_enter();
    if (likely(!err)) {
        err = some_check(&some);
        if (!err)
            err = await_some(incount, array_of_requests, &at, "MPI_Waitsome", &some.comm);
        if (!err)
            err = finish_some(&some, at);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(some.comm, "MPI_Waitsome", err);
}
weak_alias(PMPI_Waitsome, MPI_Waitsome);

static int
test_some(struct some *some)
{
    int err = some_check(some);
    if (err)
        return err;
    int at = first_done(some->count, some->requests);
    if (at == NONE_DONE && progress_poll())
        at = first_done(some->count, some->requests);
    err = finish_some(some, at);
    if (at != NONE_DONE || err)
        return err;
    some->comm = comm_of_any(some->count, some->requests);
    return engine_failed();
}

int
PMPI_Testsome(int incount, MPI_Request array_of_requests[], int *outcount, int array_of_indices[],
              MPI_Status array_of_statuses[])
{
    struct some some = {incount,          array_of_requests, outcount,
                        array_of_indices, array_of_statuses, MPI_COMM_NULL};
    int err = engine_enter();
    if (likely(!err)) {
        err = test_some(&some);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(some.comm, "MPI_Testsome", err);
}
weak_alias(PMPI_Testsome, MPI_Testsome);

/* ---- looking, without an end to anything (3.7.6) ---- */

static int
look_any(int count, const MPI_Request *requests, int *index, int *flag, MPI_Status *status,
         MPI_Comm *comm)
{
    int err = index && flag ? check_many(count, requests) : null_error("index or flag");
    if (err)
        return err;
    int at = first_done(count, requests);
    if (at == NONE_DONE && progress_poll())
        at = first_done(count, requests);
    *flag = at != NONE_DONE;
    *index = at >= 0 ? at : MPI_UNDEFINED;
    if (at >= 0) {
        struct request *r = active(requests[at]);
        *comm = request_comm(r);
        return request_status(r, status);
    }
    *comm = comm_of_any(count, requests);
    if (*flag)
        status_empty(status);
    return *flag ? MPI_SUCCESS : engine_failed();
}

int
PMPI_Request_get_status_any(int count, const MPI_Request array_of_requests[], int *indx, int *flag,
                            MPI_Status *status)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = look_any(count, array_of_requests, indx, flag, status, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Request_get_status_any", err);
}
weak_alias(PMPI_Request_get_status_any, MPI_Request_get_status_any);

// The status of one of several, with its error.
static void
look_at(struct request *r, MPI_Status *status, struct first *failed)
{
    int err = MPI_SUCCESS;
    MPI_Comm comm = request_comm(r);
    if (r)
        err = request_status(r, status);
    else
        status_empty(status);
    status_error(status, err);
    first_note(failed, err, comm);
}

static int
look_all(int count, const MPI_Request *requests, int *flag, MPI_Status *statuses, MPI_Comm *comm)
{
    struct first failed = {0};
    int err = flag ? check_many(count, requests) : null_error("flag");
    if (err)
        return err;
    *flag = all_done(count, requests) || (progress_poll() && all_done(count, requests));
    if (!*flag) {
        *comm = comm_of_any(count, requests);
        return engine_failed();
    }
    for (int i = 0; i < count; i++)
        look_at(active(requests[i]), status_at(statuses, i), &failed);
    *comm = failed.comm;
    return in_statuses(failed.err, statuses);
}

int
PMPI_Request_get_status_all(int count, const MPI_Request array_of_requests[], int *flag,
                            MPI_Status array_of_statuses[])
{
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = look_all(count, array_of_requests, flag, array_of_statuses, &comm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Request_get_status_all", err);
}
weak_alias(PMPI_Request_get_status_all, MPI_Request_get_status_all);

static int
look_some(struct some *some)
{
    struct first failed = {0};
    int n = 0, err = some_check(some);
    if (err)
        return err;
    int at = first_done(some->count, some->requests);
    if (at == NONE_DONE && progress_poll())
        at = first_done(some->count, some->requests);
    for (int i = 0; at >= 0 && i < some->count; i++) {
        struct request *r = active(some->requests[i]);
        if (!r || !r->done)
            continue;
        look_at(r, status_at(some->statuses, n), &failed);
        some->indices[n++] = i;
    }
    *some->outcount = at == NONE_ACTIVE ? MPI_UNDEFINED : n;
    some->comm = n ? failed.comm : comm_of_any(some->count, some->requests);
    if (at == NONE_DONE)
        return engine_failed();
    return in_statuses(failed.err, some->statuses);
}

int
PMPI_Request_get_status_some(int incount, const MPI_Request array_of_requests[], int *outcount,
                             int array_of_indices[], MPI_Status array_of_statuses[])
{
    // Nothing here writes to them.
    MPI_Request *requests = (MPI_Request *)(uintptr_t)array_of_requests;
    struct some some = {incount,          requests,          outcount,
                        array_of_indices, array_of_statuses, MPI_COMM_NULL};
    int err = engine_enter();
    if (likely(!err)) {
        err = look_some(&some);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(some.comm, "MPI_Request_get_status_some", err);
}
weak_alias(PMPI_Request_get_status_some, MPI_Request_get_status_some);

/* ---- letting go and cancelling ---- */

// What is under way goes on, and frees itself.
static int
let_go(struct request *r)
{
    if (r->done)
        return request_free(r);
    if (!request_is_general(r))
        handle_retire(r);
    r->orphan = true;
    return MPI_SUCCESS;
}

int
PMPI_Request_free(MPI_Request *request)
{
    struct request *r = NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? lookup(*request, &r) : null_error("request");
        if (!err && !r)
            err = handle_error(HANDLE_REQUEST, *request);
        if (!err) {
            err = let_go(r);
            *request = MPI_REQUEST_NULL;
        }
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(MPI_COMM_NULL, "MPI_Request_free", err);
}
weak_alias(PMPI_Request_free, MPI_Request_free);

// A send that its receiver knows of goes on from a copy.
void
request_cancel(struct request *r)
{
    if (message_withdraw(r)) {
        r->cancelled = true;
        r->size = 0;
        request_done(r, MPI_SUCCESS);
    } else if (r->kind == REQUEST_SEND && r->xfer) {
        message_abandon(r);
        request_done(r, MPI_SUCCESS);
    }
}

static int
cancel(struct request *r)
{
    if (r->persistent && !r->active)
        return error_new(MPI_ERR_REQUEST, "the persistent request is not active");
    if (r->class && r->class->cancel)
        return r->class->cancel(r);
    if (!r->done)
        request_cancel(r);
    return MPI_SUCCESS;
}

int
PMPI_Cancel(MPI_Request *request)
{
    struct request *r = NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? lookup(*request, &r) : null_error("request");
        if (!err && !r)
            err = handle_error(HANDLE_REQUEST, *request);
        if (!err)
            err = cancel(r);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(MPI_COMM_NULL, "MPI_Cancel", err);
}
weak_alias(PMPI_Cancel, MPI_Cancel);
