// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include <stdlib.h>

/*
 * Generalized requests (MPI 5.0, 13.2): operations of the user's own. Its functions run without the
 * engine's lock, in the call that the standard names: query_fn in each that gives a status, then
 * free_fn in the one that completes it, or in the later of MPI_Request_free and
 * MPI_Grequest_complete. After MPI_Request_free the user's copies of the handle are good for
 * MPI_Grequest_complete, and for nothing else.
 */

struct grequest {
    MPI_Grequest_query_function *query;
    MPI_Grequest_free_function *free;
    MPI_Grequest_cancel_function *cancel;
    void *extra_state;
};

// The standard ABI's stand-ins for no function are never called.
static bool
is_function(uintptr_t function)
{
    return function > 1;
}

static int
grequest_status(struct request *request, MPI_Status *status)
{
    struct grequest g = *(struct grequest *)request->of;
    status_set(status, MPI_UNDEFINED, MPI_UNDEFINED, 0);
    if (!is_function((uintptr_t)g.query))
        return MPI_SUCCESS;
    int before = status->MPI_ERROR;
    engine_give();
    int err = g.query(g.extra_state, status);
    engine_take();
    status->MPI_ERROR = before; // the caller's, whatever it says
    return err;
}

static int
grequest_cancel(struct request *request)
{
    struct grequest g = *(struct grequest *)request->of;
    int done = request->done;
    if (!is_function((uintptr_t)g.cancel))
        return MPI_SUCCESS;
    engine_give();
    int err = g.cancel(g.extra_state, done);
    engine_take();
    return err;
}

static int
grequest_free(struct request *request)
{
    struct grequest *g = request->of;
    int err = MPI_SUCCESS;
    if (is_function((uintptr_t)g->free)) {
        engine_give();
        err = g->free(g->extra_state);
        engine_take();
    }
    free(g);
    return err;
}

static const struct request_class grequest_class = {
    .status = grequest_status, .cancel = grequest_cancel, .free = grequest_free};

bool
request_is_general(const struct request *request)
{
    return request->class == &grequest_class;
}

static int
grequest_start(const struct grequest *functions, MPI_Request *handle)
{
    struct grequest *g = malloc(sizeof *g);
    struct request *request = g ? request_of_class(&grequest_class, g, NULL) : NULL;
    if (!request) {
        free(g);
        return error_new(MPI_ERR_NO_MEM, "no memory for a generalized request");
    }
    *g = *functions;
    *handle = request_handle(request);
    return MPI_SUCCESS;
}

int
PMPI_Grequest_start(MPI_Grequest_query_function *query_fn, MPI_Grequest_free_function *free_fn,
                    MPI_Grequest_cancel_function *cancel_fn, void *extra_state,
                    MPI_Request *request)
{
    struct grequest g = {query_fn, free_fn, cancel_fn, extra_state};
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(request, "request");
        if (!err)
            err = grequest_start(&g, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Grequest_start", err);
}
weak_alias(PMPI_Grequest_start, MPI_Grequest_start);

static int
grequest_complete(MPI_Request handle)
{
    struct request *request = request_get(handle);
    if (!request)
        return handle_error(HANDLE_REQUEST, handle);
    if (!request_is_general(request))
        return error_new(MPI_ERR_REQUEST,
                         "the request is not a generalized one (MPI_Grequest_start)");
    if (request->done)
        return error_new(MPI_ERR_REQUEST, "the generalized request has been completed already");
    if (!request->orphan) {
        request_done(request, MPI_SUCCESS);
        return MPI_SUCCESS;
    }
    request->done = true;
    return request_free(request);
}

int
PMPI_Grequest_complete(MPI_Request request)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = grequest_complete(request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Grequest_complete", err);
}
weak_alias(PMPI_Grequest_complete, MPI_Grequest_complete);
