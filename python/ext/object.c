// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Objects as messages. recv() matches a message before it receives it, and so knows its size.
 * irecv() cannot: it is an ordinary MPI receive into a landing block, address space for the
 * largest possible message, of which only what arrives is ever touched. So it matches in MPI's
 * order, beside any number of others, and works with every way to wait.
 */
#include "buffer.h"
#include "call.h"
#include "comm.h"
#include "pickle.h"
#include "request.h"
#include "status.h"

#include <string.h>

typedef int send_fn(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm);
enum { LAST_RESORT = 1 << 20 };

typedef int start_fn(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

// Sending

static bool
object_pack(struct state *st, PyObject *object, int dest, struct wire *wire)
{
    if (dest != MPI_PROC_NULL)
        return wire_pack(st, object, wire);
    wire->data = NULL;
    wire->size = 0;
    wire->keep = NULL;
    return true;
}

static bool
object_args(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const struct params *params,
            PyObject **object, int *dest, int *tag)
{
    PyObject *arg[3];
    *tag = 0;
    if (!params_bind(params, args, nargs, kwnames, arg) || !int_arg(params, 1, arg[1], dest) ||
        !int_arg(params, 2, arg[2], tag))
        return false;
    *object = arg[0];
    return true;
}

static PyObject *
object_send(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
            const struct params *params, send_fn *function)
{
    PyObject *object;
    int dest, tag;
    struct wire wire;
    struct state *st = state_of(self);
    if (!object_args(args, nargs, kwnames, params, &object, &dest, &tag) ||
        !object_pack(st, object, dest, &wire))
        return NULL;
    struct call call;
    call_begin(&call, st);
    bool done = call_end(&call, function(wire.data, wire.size, MPI_BYTE, dest, tag, comm_of(self)));
    wire_clear(&wire);
    return done ? Py_NewRef(Py_None) : NULL;
}

// Starts to send: *keep is OWNED by the caller, also when the call fails.
static bool
object_start(PyObject *self, PyObject *object, int dest, int tag, start_fn *function,
             MPI_Request *request, PyObject **keep)
{
    struct wire wire;
    struct state *st = state_of(self);
    *keep = NULL;
    if (!object_pack(st, object, dest, &wire))
        return false;
    if (!wire_detach(st, &wire, keep)) {
        wire_clear(&wire);
        return false;
    }
    struct call call;
    call_begin(&call, st);
    return call_end(&call,
                    function(wire.data, wire.size, MPI_BYTE, dest, tag, comm_of(self), request));
}

static PyObject *
object_isend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
             const struct params *params, start_fn *function)
{
    PyObject *object, *keep;
    int dest, tag;
    MPI_Request request = MPI_REQUEST_NULL;
    if (!object_args(args, nargs, kwnames, params, &object, &dest, &tag))
        return NULL;
    if (!object_start(self, object, dest, tag, function, &request, &keep)) {
        Py_XDECREF(keep);
        return NULL;
    }
    return request_started(state_of(self), request, keep, 0);
}

PyObject *
comm_send(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"send", 3, 2, {"obj", "dest", "tag"}};
    return object_send(self, args, nargs, kwnames, &params, MPI_Send_c);
}

PyObject *
comm_ssend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"ssend", 3, 2, {"obj", "dest", "tag"}};
    return object_send(self, args, nargs, kwnames, &params, MPI_Ssend_c);
}

PyObject *
comm_bsend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"bsend", 3, 2, {"obj", "dest", "tag"}};
    return object_send(self, args, nargs, kwnames, &params, MPI_Bsend_c);
}

PyObject *
comm_isend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"isend", 3, 2, {"obj", "dest", "tag"}};
    return object_isend(self, args, nargs, kwnames, &params, MPI_Isend_c);
}

PyObject *
comm_issend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"issend", 3, 2, {"obj", "dest", "tag"}};
    return object_isend(self, args, nargs, kwnames, &params, MPI_Issend_c);
}

PyObject *
comm_ibsend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"ibsend", 3, 2, {"obj", "dest", "tag"}};
    return object_isend(self, args, nargs, kwnames, &params, MPI_Ibsend_c);
}

// Receiving

/* A message on its way into a block. */
struct arrival {
    MPI_Message message;
    MPI_Count size;
    struct block *block; // OWNED
    MPI_Status *status;
};

static int
arrival_receive(struct arrival *a)
{
    return MPI_Mrecv_c(a->block->data, a->size, MPI_BYTE, &a->message, a->status);
}

// Matches a message, and receives it at once if it fits into the block that is there.
static int
arrival_match(struct arrival *a, MPI_Comm comm, int source, int tag)
{
    int code = MPI_Mprobe(source, tag, comm, &a->message, a->status);
    if (code == MPI_SUCCESS)
        code = MPI_Get_count_c(a->status, MPI_BYTE, &a->size);
    if (code == MPI_SUCCESS && (size_t)a->size <= a->block->room)
        code = arrival_receive(a);
    return code;
}

// The rest for a message that did not fit. False with an exception.
static bool
arrival_finish(struct arrival *a)
{
    struct state *st = a->block->st;
    block_done(a->block);
    a->block = block_alloc(st, (size_t)a->size);
    if (a->block == NULL)
        return false;
    struct call call;
    call_begin(&call, st);
    return call_end(&call, arrival_receive(a));
}

static PyObject *
object_recv(PyObject *self, struct buffer *user, int source, int tag, MPI_Status *status)
{
    MPI_Status own;
    struct state *st = state_of(self);
    struct arrival a = {.message = MPI_MESSAGE_NULL,
                        .block = block_take(st, 0),
                        .status = status == MPI_STATUS_IGNORE ? &own : status};
    if (a.block == NULL)
        return NULL;
    struct call call;
    call_begin(&call, st);
    bool done = call_end(&call, arrival_match(&a, comm_of(self), source, tag));
    if (done && a.message != MPI_MESSAGE_NULL)
        done = (size_t)a.size <= a.block->room || arrival_finish(&a);
    PyObject *object = NULL;
    if (done) {
        a.block->size = (size_t)a.size;
        // a buffer of the user's gets the message as well, if it fits
        if (user != NULL && a.size <= user->view.len)
            memcpy(user->view.buf, a.block->data, (size_t)a.size);
        object = wire_unpack(st, a.block, a.block->data, a.size, a.status);
    }
    if (a.block != NULL)
        block_done(a.block);
    return object;
}

/* A buffer given to recv or irecv: *user is OWNED, NULL for None and for a size, which says
   nothing here. False with an exception. */
static bool
user_buffer(struct state *st, PyObject *arg, struct buffer **user)
{
    *user = NULL;
    if (arg == NULL || arg == Py_None || PyIndex_Check(arg))
        return true;
    *user = buffer_from(st, arg, PyBUF_ANY_CONTIGUOUS | PyBUF_WRITABLE);
    return *user != NULL;
}

static bool
warn_buffer(PyObject *arg)
{
    return arg == NULL || arg == Py_None ||
           PyErr_WarnEx(PyExc_UserWarning, "the 'buf' argument is deprecated", 1) == 0;
}

PyObject *
comm_recv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"recv", 4, 0, {"buf", "source", "tag", "status"}};
    PyObject *arg[4];
    MPI_Status *status;
    int source = MPI_ANY_SOURCE, tag = MPI_ANY_TAG;
    struct state *st = state_of(self);
    struct buffer *user;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &source) ||
        !int_arg(&params, 2, arg[2], &tag) || !status_arg(st, params.func, arg[3], &status) ||
        !warn_buffer(arg[0]) || !user_buffer(st, arg[0], &user))
        return NULL;
    PyObject *object = object_recv(self, user, source, tag, status);
    Py_XDECREF((PyObject *)user);
    return object;
}

// A block to start a receive into; NULL with an exception. With thousands of receives under way,
// or under a limit (ulimit -v), address space ends: then there is room for a message of some size.
static struct block *
landing_block(struct state *st)
{
    struct block *block = block_land(st);
    return block != NULL ? block : block_alloc(st, LAST_RESORT);
}

PyObject *
comm_irecv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"irecv", 3, 0, {"buf", "source", "tag"}};
    PyObject *arg[3];
    int source = MPI_ANY_SOURCE, tag = MPI_ANY_TAG;
    struct state *st = state_of(self);
    struct buffer *user;
    MPI_Request request = MPI_REQUEST_NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &source) ||
        !int_arg(&params, 2, arg[2], &tag) || !user_buffer(st, arg[0], &user))
        return NULL;
    struct block *block = landing_block(st);
    PyObject *keep = block == NULL ? NULL : request_landing(block, (PyObject *)user);
    Py_XDECREF((PyObject *)user);
    if (keep == NULL)
        return NULL;
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Irecv_c(block->data, (MPI_Count)block->room, MPI_BYTE, source, tag,
                                     comm_of(self), &request))) {
        Py_DECREF(keep);
        return NULL;
    }
    return request_started(st, request, keep, HANDLE_OBJECT);
}

// Both

PyObject *
comm_sendrecv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {
        "sendrecv", 7, 2, {"sendobj", "dest", "sendtag", "recvbuf", "source", "recvtag", "status"}};
    PyObject *arg[7], *keep;
    MPI_Status *status;
    int dest, sendtag = 0, source = MPI_ANY_SOURCE, recvtag = MPI_ANY_TAG;
    struct state *st = state_of(self);
    struct buffer *user;
    MPI_Request request = MPI_REQUEST_NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &dest) ||
        !int_arg(&params, 2, arg[2], &sendtag) || !int_arg(&params, 4, arg[4], &source) ||
        !int_arg(&params, 5, arg[5], &recvtag) || !status_arg(st, params.func, arg[6], &status) ||
        !warn_buffer(arg[3]) || !user_buffer(st, arg[3], &user))
        return NULL;
    if (!object_start(self, arg[0], dest, sendtag, MPI_Isend_c, &request, &keep)) {
        Py_XDECREF(keep);
        Py_XDECREF((PyObject *)user);
        return NULL;
    }
    PyObject *sending = request_started(st, request, keep, 0);
    PyObject *object = NULL;
    if (sending != NULL)
        object = object_recv(self, user, source, recvtag, status);
    Py_XDECREF((PyObject *)user);
    if (object != NULL) {
        struct call call;
        call_begin(&call, st);
        if (!call_end(&call, MPI_Wait(&handle_of(sending)->u.request, MPI_STATUS_IGNORE)))
            Py_CLEAR(object);
    }
    Py_XDECREF(sending); // a send that goes on keeps its buffer
    return object;
}
