// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Requests and who owns the buffers of a started operation.
 *
 * The Request object does, through `keep`. Where one is made from another (a subclass), both share
 * a ticket that holds the buffers: the first to see the operation complete empties it. A Request
 * that goes away, or is freed, while its operation runs leaves an orphan. Orphans are tested a few
 * at a time, when operations start and when orphans are added, so that a loop of Isend with
 * dropped requests holds no more than is in flight. At exit those left are left alone: MPI may
 * still read their memory in MPI_Finalize, after Python is gone.
 */
#include "request.h"

#include "call.h"
#include "init.h"
#include "memory.h"
#include "pickle.h"
#include "status.h"

#include <string.h>
#include <structmember.h>

enum { ORPHANS_LOOK = 4 };

struct ticket {
    PyObject_HEAD PyObject *keep; // OWNED
    bool complete;
};

// Buffers

static bool
is_ticket(struct state *st, PyObject *keep)
{
    return keep != NULL && Py_TYPE(keep) == st->ticket_type;
}

bool
request_share(struct handle *from)
{
    struct state *st = from->st;
    if ((from->flags & HANDLE_STARTED) == 0 || is_ticket(st, from->keep))
        return true;
    struct ticket *ticket = PyObject_New(struct ticket, st->ticket_type);
    if (ticket == NULL)
        return false;
    ticket->keep = from->keep;
    ticket->complete = from->u.request == MPI_REQUEST_NULL;
    from->keep = (PyObject *)ticket;
    return true;
}

static void
ticket_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(((struct ticket *)self)->keep);
    PyObject_Free(self);
    Py_DECREF(type);
}

// The operation is complete: its buffers go to the caller. OWNED, may be NULL.
static PyObject *
request_take(struct handle *h)
{
    PyObject *keep = h->keep;
    if (!is_ticket(h->st, keep)) {
        h->keep = NULL;
        return keep;
    }
    struct ticket *ticket = (struct ticket *)keep;
    ticket->complete = true;
    keep = ticket->keep;
    ticket->keep = NULL;
    return keep;
}

// Orphans

// Whether this thread may call MPI now, at the thread level that was granted.
static bool
may_call(struct state *st)
{
    if (!mpi_is_active())
        return false;
    if (st->thread_level == MPI_THREAD_MULTIPLE)
        return true;
    int is_main = 0;
    MPI_Is_thread_main(&is_main);
    return st->calls == NULL && (is_main || st->thread_level == MPI_THREAD_SERIALIZED);
}

static bool
orphan_is_complete(struct orphan *orphan)
{
    int flag = 0;
    int code = orphan->exposed ? MPI_Request_get_status(orphan->request, &flag, MPI_STATUS_IGNORE)
                               : MPI_Test(&orphan->request, &flag, MPI_STATUS_IGNORE);
    return flag || code != MPI_SUCCESS;
}

// Gives back what an operation kept: a landing block may be used again.
static void
keep_release(struct state *st, PyObject *keep)
{
    if (keep != NULL && Py_TYPE(keep) == st->block_type)
        block_done((struct block *)keep);
    else
        Py_XDECREF(keep);
}

// Gives back the buffers of some orphans that have completed.
static void
orphans_look(struct state *st)
{
    if (st->orphan_count == 0 || !may_call(st))
        return;
    for (int i = 0; i < ORPHANS_LOOK && st->orphan_count > 0; i++) {
        if (st->orphan_next >= st->orphan_count)
            st->orphan_next = 0;
        struct orphan *orphan = &st->orphans[st->orphan_next];
        if (!orphan_is_complete(orphan)) {
            st->orphan_next++;
            continue;
        }
        PyObject *buffers = orphan->buffers;
        *orphan = st->orphans[--st->orphan_count];
        keep_release(st, buffers);
    }
}

// Takes over `buffers`; without memory to remember them they are never given back.
static void
orphan_add(struct state *st, MPI_Request request, PyObject *buffers, bool exposed)
{
    if (st->orphan_count == st->orphan_room) {
        Py_ssize_t room = st->orphan_room > 0 ? 2 * st->orphan_room : 16;
        struct orphan *orphans = PyMem_Realloc(st->orphans, (size_t)room * sizeof(*orphans));
        if (orphans == NULL)
            return;
        st->orphans = orphans;
        st->orphan_room = room;
    }
    st->orphans[st->orphan_count++] =
        (struct orphan){.request = request, .buffers = buffers, .exposed = exposed};
}

// Whether nobody else will complete the operation of a request that goes.
static bool
is_last_owner(struct handle *h)
{
    if (!is_ticket(h->st, h->keep))
        return true;
    return Py_REFCNT(h->keep) == 1 && !((struct ticket *)h->keep)->complete;
}

void
request_drop(struct handle *h)
{
    if ((h->flags & HANDLE_STARTED) == 0 || h->u.request == MPI_REQUEST_NULL || !is_last_owner(h))
        return;
    struct state *st = h->st;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    orphan_add(st, h->u.request, request_take(h), (h->flags & HANDLE_EXPOSED) != 0);
    orphans_look(st);
    PyErr_Restore(type, value, traceback);
}

PyObject *
request_started(struct state *st, MPI_Request request, PyObject *keep, int flags)
{
    struct handle *h = handle_alloc(st, st->types[CLASS_REQUEST], CLASS_REQUEST);
    if (h == NULL) {
        orphan_add(st, request, keep, false);
        return NULL;
    }
    h->u.request = request;
    h->keep = keep;
    h->flags = HANDLE_STARTED | flags;
    orphans_look(st);
    return (PyObject *)h;
}

// Received objects: `keep` is the block, or (block, buffer of the user's).

PyObject *
request_landing(struct block *block, PyObject *user_buffer)
{
    if (user_buffer == NULL)
        return (PyObject *)block;
    PyObject *pair = PyTuple_Pack(2, block, user_buffer);
    Py_DECREF((PyObject *)block);
    return pair;
}

// Honours a buffer given to irecv: it gets the message if that fits.
static void
copy_to_user(PyObject *user_buffer, const char *data, MPI_Count size)
{
    struct buffer *buffer = (struct buffer *)user_buffer;
    if (size <= buffer->view.len)
        memcpy(buffer->view.buf, data, (size_t)size);
}

// What was received into `keep` (taken over), as told by the status. NULL with an exception.
static PyObject *
landing_load(struct state *st, PyObject *keep, const MPI_Status *status)
{
    MPI_Count size = 0;
    PyObject *user = NULL, *object = NULL;
    struct block *block = (struct block *)keep;
    if (PyTuple_Check(keep)) {
        block = (struct block *)Py_NewRef(PyTuple_GetItem(keep, 0));
        user = Py_NewRef(PyTuple_GetItem(keep, 1));
        Py_DECREF(keep);
    }
    if (check(st, MPI_Get_count_c(status, MPI_BYTE, &size))) {
        block->size = size > 0 ? (size_t)size : 0;
        if (user != NULL)
            copy_to_user(user, block->data, size);
        object = wire_unpack(st, block, block->data, size, status);
    }
    Py_XDECREF(user);
    block_done(block);
    return object;
}

// The result of a request that may have completed: its object, or None. NULL with an exception.
static PyObject *
request_result(struct handle *h, const MPI_Status *status)
{
    if (h->u.request != MPI_REQUEST_NULL)
        return Py_NewRef(Py_None);
    PyObject *keep = request_take(h);
    if (keep != NULL && (h->flags & HANDLE_OBJECT) != 0)
        return landing_load(h->st, keep, status);
    keep_release(h->st, keep);
    return Py_NewRef(Py_None);
}

// The same where nobody asks for the object.
static void
request_settle(struct handle *h)
{
    if (h->u.request == MPI_REQUEST_NULL && h->keep != NULL)
        keep_release(h->st, request_take(h));
}

// One request

static PyObject *
request_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_REQUEST);
}

static PyObject *
request_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    struct handle *made = NULL;
    PyObject *request = handle_from_number(cls, args, nargs, kwnames, CLASS_REQUEST, &made);
    struct state *st = made == NULL ? NULL : made->st;
    if (st != NULL && PyType_IsSubtype((PyTypeObject *)cls, st->prequest_type)) {
        struct handle *persistent = handle_alloc(st, st->prequest_type, CLASS_REQUEST);
        if (persistent != NULL) {
            persistent->u = made->u;
            persistent->flags = made->flags;
        }
        Py_DECREF(request);
        request = (PyObject *)persistent;
    }
    return request;
}

static bool
status_only(PyObject *self, const struct params *params, PyObject *const *args, Py_ssize_t nargs,
            PyObject *kwnames, MPI_Status **status)
{
    PyObject *arg[1];
    return params_bind(params, args, nargs, kwnames, arg) &&
           status_arg(state_of(self), params->func, arg[0], status);
}

/* What completes one request: waits, or tests where `flag` is given. On failure it is settled. */
static bool
complete_one(struct handle *h, MPI_Status *status, int *flag)
{
    struct call call;
    call_begin(&call, h->st);
    int code =
        flag == NULL ? MPI_Wait(&h->u.request, status) : MPI_Test(&h->u.request, flag, status);
    bool done = call_end(&call, code);
    if (!done)
        request_settle(h);
    return done;
}

static PyObject *
request_wait_mpi(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Wait", 1, 0, {"status"}};
    MPI_Status *status;
    if (!status_only(self, &params, args, nargs, kwnames, &status) ||
        !complete_one(handle_of(self), status, NULL))
        return NULL;
    request_settle(handle_of(self));
    Py_RETURN_TRUE;
}

static PyObject *
request_test_mpi(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Test", 1, 0, {"status"}};
    MPI_Status *status;
    int flag = 0;
    if (!status_only(self, &params, args, nargs, kwnames, &status) ||
        !complete_one(handle_of(self), status, &flag))
        return NULL;
    request_settle(handle_of(self));
    return PyBool_FromLong(flag);
}

static PyObject *
request_get_status(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_status", 1, 0, {"status"}};
    struct handle *h = handle_of(self);
    MPI_Status *status;
    int flag = 0;
    if (!status_only(self, &params, args, nargs, kwnames, &status))
        return NULL;
    struct call call;
    call_begin(&call, h->st);
    return call_end(&call, MPI_Request_get_status(h->u.request, &flag, status))
               ? PyBool_FromLong(flag)
               : NULL;
}

// The status tells the size of an object: it is needed even if nobody wants to see it.
static MPI_Status *
status_or_own(MPI_Status *status, MPI_Status *own)
{
    status_clear(own);
    return status == MPI_STATUS_IGNORE ? own : status;
}

static PyObject *
request_wait(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"wait", 1, 0, {"status"}};
    MPI_Status own, *status;
    if (!status_only(self, &params, args, nargs, kwnames, &status))
        return NULL;
    status = status_or_own(status, &own);
    return complete_one(handle_of(self), status, NULL) ? request_result(handle_of(self), status)
                                                       : NULL;
}

static PyObject *
request_test(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"test", 1, 0, {"status"}};
    MPI_Status own, *status;
    int flag = 0;
    if (!status_only(self, &params, args, nargs, kwnames, &status))
        return NULL;
    status = status_or_own(status, &own);
    if (!complete_one(handle_of(self), status, &flag))
        return NULL;
    PyObject *object = flag ? request_result(handle_of(self), status) : Py_NewRef(Py_None);
    return object == NULL ? NULL : Py_BuildValue("(ON)", flag ? Py_True : Py_False, object);
}

static PyObject *
request_cancel(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    struct call call;
    call_begin(&call, h->st);
    return call_end(&call, MPI_Cancel(&h->u.request)) ? Py_NewRef(Py_None) : NULL;
}

// Freed before it is complete, an operation goes on: whoever tests the orphans frees it then.
static bool
free_started(struct handle *h)
{
    int flag = 0;
    if (!check(h->st, MPI_Request_get_status(h->u.request, &flag, MPI_STATUS_IGNORE)))
        return false;
    PyObject *keep = request_take(h);
    MPI_Request request = h->u.request;
    h->u.request = MPI_REQUEST_NULL;
    if (!flag && (h->flags & HANDLE_EXPOSED) == 0) {
        orphan_add(h->st, request, keep, false);
        return true;
    }
    if (flag)
        keep_release(h->st, keep); // else nobody can tell when: never given back
    return check(h->st, MPI_Request_free(&request));
}

static PyObject *
request_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Request request = h->u.request;
    if ((h->flags & HANDLE_STARTED) != 0 && request != MPI_REQUEST_NULL)
        return free_started(h) ? Py_NewRef(Py_None) : NULL;
    if (!check(h->st, MPI_Request_free(&request)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.request = request;
    Py_RETURN_NONE;
}

static PyObject *
request_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return request_free(self, unused);
    Py_RETURN_NONE;
}

// Several requests

/* The requests of a call: handles and statuses in C, written back when it is over. */
struct batch {
    struct state *st;
    PyObject *objects; // a tuple of Request, held
    int count;
    MPI_Request *requests; // OWNED; the others are in the same allocation
    MPI_Status *statuses;
    int *indices;
};

static struct handle *
batch_at(const struct batch *batch, int i)
{
    return handle_of(PyTuple_GetItem(batch->objects, i));
}

static bool
batch_fill(struct batch *batch, const char *func)
{
    for (int i = 0; i < batch->count; i++) {
        PyObject *object = (PyObject *)batch_at(batch, i);
        if (!PyObject_TypeCheck(object, batch->st->types[CLASS_REQUEST])) {
            PyErr_Format(PyExc_TypeError, "%s(): requests[%d] must be an MPI.Request, not %R", func,
                         i, Py_TYPE(object));
            return false;
        }
        batch->requests[i] = handle_of(object)->u.request;
        status_clear(&batch->statuses[i]);
    }
    return true;
}

static void
batch_free(struct batch *batch)
{
    PyMem_Free(batch->requests);
    Py_DECREF(batch->objects);
}

static bool
batch_start(struct batch *batch, PyObject *cls, const char *func, PyObject *requests)
{
    batch->st = state_of_type((PyTypeObject *)cls);
    if (batch->st == NULL)
        return false;
    batch->objects = PySequence_Tuple(requests);
    if (batch->objects == NULL)
        return false;
    Py_ssize_t n = PyTuple_Size(batch->objects);
    batch->count = (int)n;
    size_t row = sizeof(MPI_Request) + sizeof(MPI_Status) + sizeof(int);
    batch->requests = PyMem_Malloc(((size_t)n + 1) * row);
    if (batch->requests == NULL) {
        Py_DECREF(batch->objects);
        PyErr_NoMemory();
        return false;
    }
    batch->statuses = (MPI_Status *)(void *)(batch->requests + n + 1);
    batch->indices = (int *)(void *)(batch->statuses + n + 1);
    if (batch_fill(batch, func))
        return true;
    batch_free(batch);
    return false;
}

// The handles as MPI left them.
static void
batch_store(struct batch *batch)
{
    for (int i = 0; i < batch->count; i++)
        batch_at(batch, i)->u.request = batch->requests[i];
}

static void
batch_settle(struct batch *batch)
{
    for (int i = 0; i < batch->count; i++)
        request_settle(batch_at(batch, i));
}

// Fills the user's list of statuses, making it longer if need be; false with an exception.
static bool
batch_store_statuses(struct batch *batch, PyObject *list, int count)
{
    if (list == NULL || list == Py_None || count == MPI_UNDEFINED)
        return true;
    Py_ssize_t room = PySequence_Size(list);
    if (room < 0)
        return false;
    for (int i = 0; i < count; i++) {
        if (i < room) {
            PyObject *status = PySequence_GetItem(list, i);
            bool stored = status != NULL && status_store(batch->st, status, &batch->statuses[i]);
            Py_XDECREF(status);
            if (!stored)
                return false;
        } else if (PyList_Check(list)) {
            PyObject *status = status_from(batch->st, &batch->statuses[i]);
            int failed = status == NULL ? -1 : PyList_Append(list, status);
            Py_XDECREF(status);
            if (failed < 0)
                return false;
        }
    }
    return true;
}

// The results of `count` requests: those at indices[], or the first ones. NULL with an exception.
static PyObject *
batch_results(struct batch *batch, int count, const int *indices)
{
    PyObject *list = PyList_New(count);
    for (int i = 0; list != NULL && i < count; i++) {
        struct handle *h = batch_at(batch, indices == NULL ? i : indices[i]);
        PyObject *result = request_result(h, &batch->statuses[i]);
        if (result == NULL || PyList_SetItem(list, i, result) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *
indices_list(const int *indices, int count)
{
    if (count == MPI_UNDEFINED)
        return Py_NewRef(Py_None);
    return ints_list(indices, count);
}

// What Waitany and its kin share: parses (requests, status), calls MPI, stores the handles.
struct any {
    struct batch batch;
    MPI_Status *status;
    int index, flag;
};

enum any_call { WAIT_ANY, TEST_ANY, STATUS_ANY };

// MPI_Request_get_status_any, as many_get_status.
static int
any_get_status(struct any *any)
{
    struct batch *batch = &any->batch;
    int code = MPI_Request_get_status(MPI_REQUEST_NULL, &any->flag, any->status);
    for (int i = 0; i < batch->count && code == MPI_SUCCESS; i++) {
        if (batch->requests[i] == MPI_REQUEST_NULL)
            continue;
        code = MPI_Request_get_status(batch->requests[i], &any->flag, any->status);
        if (code == MPI_SUCCESS && any->flag) {
            any->index = i;
            break;
        }
    }
    return code;
}

static int
any_call(struct any *any, enum any_call which)
{
    struct batch *batch = &any->batch;
    switch (which) {
    case WAIT_ANY:
        return MPI_Waitany(batch->count, batch->requests, &any->index, any->status);
    case TEST_ANY:
        return MPI_Testany(batch->count, batch->requests, &any->index, &any->flag, any->status);
    case STATUS_ANY:
        return any_get_status(any);
    }
    return MPI_ERR_INTERN;
}

static bool
any_run(struct any *any, enum any_call which, PyObject *cls, const struct params *params,
        PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *arg[2];
    struct batch *batch = &any->batch;
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        !batch_start(batch, cls, params->func, arg[0]))
        return false;
    if (!status_arg(batch->st, params->func, arg[1], &any->status)) {
        batch_free(batch);
        return false;
    }
    // what arrives in a message is told by its status: it is needed even if nobody wants to see it
    if (any->status == MPI_STATUS_IGNORE)
        any->status = batch->statuses;
    any->index = MPI_UNDEFINED;
    any->flag = which == WAIT_ANY;
    struct call call;
    call_begin(&call, batch->st);
    int code = any_call(any, which);
    bool done = call_end(&call, code);
    batch_store(batch);
    if (done)
        return true;
    batch_settle(batch);
    batch_free(batch);
    return false;
}

// The object of the request that any_run found; NULL with an exception.
static PyObject *
any_object(struct any *any)
{
    if (any->index == MPI_UNDEFINED || !any->flag)
        return Py_NewRef(Py_None);
    return request_result(batch_at(&any->batch, any->index), any->status);
}

static PyObject *
request_waitany_mpi(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Waitany", 2, 1, {"requests", "status"}};
    struct any any;
    if (!any_run(&any, WAIT_ANY, cls, &params, args, nargs, kwnames))
        return NULL;
    batch_settle(&any.batch);
    batch_free(&any.batch);
    return PyLong_FromLong(any.index);
}

static PyObject *
any_flag(enum any_call which, PyObject *cls, const struct params *params, PyObject *const *args,
         Py_ssize_t nargs, PyObject *kwnames)
{
    struct any any;
    if (!any_run(&any, which, cls, params, args, nargs, kwnames))
        return NULL;
    batch_settle(&any.batch);
    batch_free(&any.batch);
    return Py_BuildValue("(iO)", any.index, any.flag ? Py_True : Py_False);
}

static PyObject *
request_testany_mpi(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Testany", 2, 1, {"requests", "status"}};
    return any_flag(TEST_ANY, cls, &params, args, nargs, kwnames);
}

static PyObject *
request_get_status_any(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_status_any", 2, 1, {"requests", "status"}};
    return any_flag(STATUS_ANY, cls, &params, args, nargs, kwnames);
}

static PyObject *
request_waitany(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"waitany", 2, 1, {"requests", "status"}};
    struct any any;
    if (!any_run(&any, WAIT_ANY, cls, &params, args, nargs, kwnames))
        return NULL;
    PyObject *object = any_object(&any);
    batch_free(&any.batch);
    return object == NULL ? NULL : Py_BuildValue("(iN)", any.index, object);
}

static PyObject *
request_testany(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"testany", 2, 1, {"requests", "status"}};
    struct any any;
    if (!any_run(&any, TEST_ANY, cls, &params, args, nargs, kwnames))
        return NULL;
    PyObject *object = any_object(&any);
    batch_free(&any.batch);
    return object == NULL
               ? NULL
               : Py_BuildValue("(iON)", any.index, any.flag ? Py_True : Py_False, object);
}

// The same for Waitall and Testall, Waitsome and Testsome.
struct many {
    struct batch batch;
    PyObject *statuses; // BORROWED
    int flag, count;
};

enum many_call { WAIT_ALL, TEST_ALL, STATUS_ALL, WAIT_SOME, TEST_SOME, STATUS_SOME };

/* What MPI_Request_get_status_all does, and _some: with the single form, as not every library has
   the others. `some` keeps the complete ones only. */
static int
many_get_status(struct many *many, bool some)
{
    struct batch *batch = &many->batch;
    int complete = 0, active = 0;
    for (int i = 0; i < batch->count; i++) {
        int flag = 0, at = some ? complete : i;
        if (some && batch->requests[i] == MPI_REQUEST_NULL)
            continue;
        int code = MPI_Request_get_status(batch->requests[i], &flag, &batch->statuses[at]);
        if (code != MPI_SUCCESS)
            return code;
        active++;
        if (flag)
            batch->indices[complete++] = i;
    }
    many->flag = complete == active;
    if (some)
        many->count = active == 0 ? MPI_UNDEFINED : complete;
    return MPI_SUCCESS;
}

static int
many_call(struct many *many, enum many_call which)
{
    struct batch *batch = &many->batch;
    switch (which) {
    case WAIT_ALL:
        return MPI_Waitall(batch->count, batch->requests, batch->statuses);
    case TEST_ALL:
        return MPI_Testall(batch->count, batch->requests, &many->flag, batch->statuses);
    case WAIT_SOME:
        return MPI_Waitsome(batch->count, batch->requests, &many->count, batch->indices,
                            batch->statuses);
    case TEST_SOME:
        return MPI_Testsome(batch->count, batch->requests, &many->count, batch->indices,
                            batch->statuses);
    case STATUS_ALL:
        return many_get_status(many, false);
    case STATUS_SOME:
        return many_get_status(many, true);
    }
    return MPI_ERR_INTERN;
}

static bool
many_run(struct many *many, enum many_call which, PyObject *cls, const struct params *params,
         PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *arg[2];
    struct batch *batch = &many->batch;
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        !batch_start(batch, cls, params->func, arg[0]))
        return false;
    bool some = which >= WAIT_SOME;
    many->statuses = arg[1];
    many->flag = which == WAIT_ALL || some;
    many->count = some ? MPI_UNDEFINED : batch->count;
    struct call call;
    call_begin(&call, batch->st);
    int code = many_call(many, which);
    bool done = call_end(&call, code);
    batch_store(batch);
    if (done)
        return true;
    batch_settle(batch);
    // the statuses tell which of them failed
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!batch_store_statuses(batch, arg[1], many->count))
        PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    batch_free(batch);
    return false;
}

// Ends a call whose objects nobody asks for: false with an exception.
static bool
many_finish(struct many *many)
{
    batch_settle(&many->batch);
    bool stored = batch_store_statuses(&many->batch, many->statuses, many->count);
    batch_free(&many->batch);
    return stored;
}

static PyObject *
request_waitall_mpi(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Waitall", 2, 1, {"requests", "statuses"}};
    struct many many;
    if (!many_run(&many, WAIT_ALL, cls, &params, args, nargs, kwnames) || !many_finish(&many))
        return NULL;
    Py_RETURN_TRUE;
}

static PyObject *
request_testall_mpi(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Testall", 2, 1, {"requests", "statuses"}};
    struct many many;
    if (!many_run(&many, TEST_ALL, cls, &params, args, nargs, kwnames) || !many_finish(&many))
        return NULL;
    return PyBool_FromLong(many.flag);
}

static PyObject *
request_get_status_all(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_status_all", 2, 1, {"requests", "statuses"}};
    struct many many;
    if (!many_run(&many, STATUS_ALL, cls, &params, args, nargs, kwnames) || !many_finish(&many))
        return NULL;
    return PyBool_FromLong(many.flag);
}

static PyObject *
some_mpi(enum many_call which, PyObject *cls, const struct params *params, PyObject *const *args,
         Py_ssize_t nargs, PyObject *kwnames)
{
    struct many many;
    if (!many_run(&many, which, cls, params, args, nargs, kwnames))
        return NULL;
    PyObject *indices = indices_list(many.batch.indices, many.count);
    if (!many_finish(&many))
        Py_CLEAR(indices);
    return indices;
}

static PyObject *
request_waitsome_mpi(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Waitsome", 2, 1, {"requests", "statuses"}};
    return some_mpi(WAIT_SOME, cls, &params, args, nargs, kwnames);
}

static PyObject *
request_testsome_mpi(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Testsome", 2, 1, {"requests", "statuses"}};
    return some_mpi(TEST_SOME, cls, &params, args, nargs, kwnames);
}

static PyObject *
request_get_status_some(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_status_some", 2, 1, {"requests", "statuses"}};
    return some_mpi(STATUS_SOME, cls, &params, args, nargs, kwnames);
}

// Stores the statuses and takes the objects; NULL with an exception. Frees the batch.
static PyObject *
many_objects(struct many *many, const int *indices)
{
    PyObject *objects = NULL;
    if (batch_store_statuses(&many->batch, many->statuses, many->count))
        objects = batch_results(&many->batch, many->count, indices);
    batch_free(&many->batch);
    return objects;
}

static PyObject *
request_waitall(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"waitall", 2, 1, {"requests", "statuses"}};
    struct many many;
    if (!many_run(&many, WAIT_ALL, cls, &params, args, nargs, kwnames))
        return NULL;
    return many_objects(&many, NULL);
}

static PyObject *
request_testall(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"testall", 2, 1, {"requests", "statuses"}};
    struct many many;
    if (!many_run(&many, TEST_ALL, cls, &params, args, nargs, kwnames))
        return NULL;
    if (!many.flag) {
        batch_free(&many.batch);
        return Py_BuildValue("(OO)", Py_False, Py_None);
    }
    PyObject *objects = many_objects(&many, NULL);
    return objects == NULL ? NULL : Py_BuildValue("(ON)", Py_True, objects);
}

static PyObject *
some_objects(enum many_call which, PyObject *cls, const struct params *params,
             PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    struct many many;
    if (!many_run(&many, which, cls, params, args, nargs, kwnames))
        return NULL;
    if (many.count == MPI_UNDEFINED) {
        batch_free(&many.batch);
        return Py_BuildValue("(OO)", Py_None, Py_None);
    }
    PyObject *indices = indices_list(many.batch.indices, many.count);
    PyObject *objects = many_objects(&many, many.batch.indices);
    if (indices != NULL && objects != NULL)
        return Py_BuildValue("(NN)", indices, objects);
    Py_XDECREF(indices);
    Py_XDECREF(objects);
    return NULL;
}

static PyObject *
request_waitsome(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"waitsome", 2, 1, {"requests", "statuses"}};
    return some_objects(WAIT_SOME, cls, &params, args, nargs, kwnames);
}

static PyObject *
request_testsome(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"testsome", 2, 1, {"requests", "statuses"}};
    return some_objects(TEST_SOME, cls, &params, args, nargs, kwnames);
}

static PyMethodDef request_methods[] = {
    CLASS_METHOD("fromhandle", request_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    METHOD("Wait", request_wait_mpi,
           "Wait($self, status=None)\n--\n\nWait until the operation is complete (MPI 3.7.3)."),
    METHOD("Test", request_test_mpi,
           "Test($self, status=None)\n--\n\nWhether the operation is complete (MPI 3.7.3)."),
    METHOD("Get_status", request_get_status,
           "Get_status($self, status=None)\n--\n\n"
           "Whether the operation is complete; the request stays (MPI 3.7.6)."),
    CLASS_METHOD("Waitany", request_waitany_mpi,
                 "Waitany($cls, requests, status=None)\n--\n\n"
                 "Wait for one of the requests: its index (MPI 3.7.5)."),
    CLASS_METHOD("Testany", request_testany_mpi,
                 "Testany($cls, requests, status=None)\n--\n\n"
                 "(index, flag) of a request that is complete, if any (MPI 3.7.5)."),
    CLASS_METHOD("Waitall", request_waitall_mpi,
                 "Waitall($cls, requests, statuses=None)\n--\n\n"
                 "Wait for all requests (MPI 3.7.5)."),
    CLASS_METHOD("Testall", request_testall_mpi,
                 "Testall($cls, requests, statuses=None)\n--\n\n"
                 "Whether all requests are complete (MPI 3.7.5)."),
    CLASS_METHOD("Waitsome", request_waitsome_mpi,
                 "Waitsome($cls, requests, statuses=None)\n--\n\n"
                 "Wait for some requests: their indices, None if none is active (MPI 3.7.5)."),
    CLASS_METHOD("Testsome", request_testsome_mpi,
                 "Testsome($cls, requests, statuses=None)\n--\n\n"
                 "Indices of the requests that are complete (MPI 3.7.5)."),
    CLASS_METHOD("Get_status_any", request_get_status_any,
                 "Get_status_any($cls, requests, status=None)\n--\n\n"
                 "(index, flag) of a request that is complete, if any; it stays (MPI 3.7.6)."),
    CLASS_METHOD("Get_status_all", request_get_status_all,
                 "Get_status_all($cls, requests, statuses=None)\n--\n\n"
                 "Whether all requests are complete; they stay (MPI 3.7.6)."),
    CLASS_METHOD("Get_status_some", request_get_status_some,
                 "Get_status_some($cls, requests, statuses=None)\n--\n\n"
                 "Indices of the requests that are complete; they stay (MPI 3.7.6)."),
    CLASS_METHOD("get_status_any", request_get_status_any,
                 "get_status_any($cls, requests, status=None)\n--\n\n"
                 "(index, flag) of a request that is complete, if any; it stays (MPI 3.7.6)."),
    CLASS_METHOD("get_status_all", request_get_status_all,
                 "get_status_all($cls, requests, statuses=None)\n--\n\n"
                 "Whether all requests are complete; they stay (MPI 3.7.6)."),
    CLASS_METHOD("get_status_some", request_get_status_some,
                 "get_status_some($cls, requests, statuses=None)\n--\n\n"
                 "Indices of the requests that are complete; they stay (MPI 3.7.6)."),
    {"Cancel", request_cancel, METH_NOARGS,
     "Cancel($self)\n--\n\nAsk to cancel the operation, which still has to be completed\n"
     "(MPI 3.8.4)."},
    {"Free", request_free, METH_NOARGS,
     "Free($self)\n--\n\nForget the request; its operation goes on (MPI 3.7.3)."},
    {"free", request_free_safely, METH_NOARGS, "free($self)\n--\n\nCall Free if not null."},
    METHOD("wait", request_wait,
           "wait($self, status=None)\n--\n\n"
           "Wait until the operation is complete: the object received, or None."),
    METHOD("test", request_test,
           "test($self, status=None)\n--\n\n(flag, object) once the operation is complete."),
    METHOD("get_status", request_get_status,
           "get_status($self, status=None)\n--\n\n"
           "Whether the operation is complete; the request stays."),
    CLASS_METHOD("waitany", request_waitany,
                 "waitany($cls, requests, status=None)\n--\n\n"
                 "Wait for one of the requests: (index, object)."),
    CLASS_METHOD("testany", request_testany,
                 "testany($cls, requests, status=None)\n--\n\n"
                 "(index, flag, object) of a request that is complete, if any."),
    CLASS_METHOD("waitall", request_waitall,
                 "waitall($cls, requests, statuses=None)\n--\n\n"
                 "Wait for all requests: list of objects."),
    CLASS_METHOD("testall", request_testall,
                 "testall($cls, requests, statuses=None)\n--\n\n"
                 "(flag, list of objects) once all requests are complete."),
    CLASS_METHOD("waitsome", request_waitsome,
                 "waitsome($cls, requests, statuses=None)\n--\n\n"
                 "Wait for some requests: (indices, objects)."),
    CLASS_METHOD("testsome", request_testsome,
                 "testsome($cls, requests, statuses=None)\n--\n\n"
                 "(indices, objects) of the requests that are complete."),
    {"cancel", request_cancel, METH_NOARGS, "cancel($self)\n--\n\nAsk to cancel the operation."},
    HANDLE_NUMBER_ROWS,
    HANDLE_REDUCE_ROW,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef request_getset[] = {HANDLE_GETSET_ROW, {NULL, NULL, NULL, NULL, NULL}};

static PyMemberDef request_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot request_slots[] = {
    {Py_tp_doc, "Request(request=None)\n--\n\nAn operation that was started."},
    {Py_tp_new, request_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, request_methods},
    {Py_tp_getset, request_getset},
    {Py_tp_members, request_members},
    {0, NULL},
};

static PyType_Spec request_spec = {
    .name = "mpi4py.MPI.Request",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = request_slots,
};

static PyType_Slot prequest_slots[] = {
    {Py_tp_doc, "Prequest(request=None)\n--\n\nAn operation that can be started many times."},
    {Py_tp_new, request_new},
    {0, NULL},
};

static PyType_Spec prequest_spec = {
    .name = "mpi4py.MPI.Prequest",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = prequest_slots,
};

static PyType_Slot ticket_slots[] = {
    {Py_tp_dealloc, ticket_dealloc},
    {0, NULL},
};

static PyType_Spec ticket_spec = {
    .name = "mpi4py.MPI._ticket",
    .basicsize = sizeof(struct ticket),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = ticket_slots,
};

bool
request_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &request_spec, NULL, "Request");
    st->types[CLASS_REQUEST] = type;
    if (type == NULL)
        return false;
    st->prequest_type = module_add_type(module, &prequest_spec, type, "Prequest");
    st->ticket_type = module_add_type(module, &ticket_spec, NULL, NULL);
    union mpi_handle null = {.bits = 0};
    null.request = MPI_REQUEST_NULL;
    return st->prequest_type != NULL && st->ticket_type != NULL &&
           handle_add_predefined(st, module, type, CLASS_REQUEST, null, "REQUEST_NULL");
}
