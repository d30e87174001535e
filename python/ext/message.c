// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "message.h"

#include "buffer.h"
#include "call.h"
#include "pickle.h"
#include "request.h"
#include "status.h"

#include <structmember.h>

PyObject *
message_probe(struct state *st, PyTypeObject *type, MPI_Comm comm, int source, int tag,
              PyObject *status_object, bool wait, const char *func)
{
    MPI_Status own, *status;
    if (!status_arg(st, func, status_object, &status))
        return NULL;
    status_clear(&own);
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    struct handle *h = handle_alloc(st, type, CLASS_MESSAGE);
    if (h == NULL)
        return NULL;
    int flag = 1;
    struct call call;
    call_begin(&call, st);
    int code = wait ? MPI_Mprobe(source, tag, comm, &h->u.message, status)
                    : MPI_Improbe(source, tag, comm, &flag, &h->u.message, status);
    bool done =
        call_end(&call, code) && (!flag || check(st, MPI_Get_count_c(status, MPI_BYTE, &h->size)));
    if (done && flag)
        return (PyObject *)h;
    Py_DECREF((PyObject *)h);
    return done ? Py_NewRef(Py_None) : NULL;
}

// Probes of the class: (comm, source, tag, status).
static PyObject *
message_probe_class(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                    const struct params *params, bool wait)
{
    PyObject *arg[4];
    struct handle *comm = NULL;
    int source = MPI_ANY_SOURCE, tag = MPI_ANY_TAG;
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(params, args, nargs, kwnames, arg) ||
        !handle_arg(st, CLASS_COMM, params, 0, arg[0], &comm) ||
        !int_arg(params, 1, arg[1], &source) || !int_arg(params, 2, arg[2], &tag))
        return NULL;
    return message_probe(st, (PyTypeObject *)cls, comm->u.comm, source, tag, arg[3], wait,
                         params->func);
}

static const struct params probe_params[] = {
    {"Probe", 4, 1, {"comm", "source", "tag", "status"}},
    {"Iprobe", 4, 1, {"comm", "source", "tag", "status"}},
    {"probe", 4, 1, {"comm", "source", "tag", "status"}},
    {"iprobe", 4, 1, {"comm", "source", "tag", "status"}},
};

static PyObject *
message_Probe(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return message_probe_class(cls, args, nargs, kwnames, &probe_params[0], true);
}

static PyObject *
message_Iprobe(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return message_probe_class(cls, args, nargs, kwnames, &probe_params[1], false);
}

static PyObject *
message_probe_object(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return message_probe_class(cls, args, nargs, kwnames, &probe_params[2], true);
}

static PyObject *
message_iprobe_object(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return message_probe_class(cls, args, nargs, kwnames, &probe_params[3], false);
}

static int
message_source(const struct handle *h)
{
    return h->u.message == MPI_MESSAGE_NO_PROC ? MPI_PROC_NULL : MPI_ANY_SOURCE;
}

// Receiving clears the handle; a predefined object keeps its own.
static void
message_received(struct handle *h, MPI_Message message)
{
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.message = message;
}

static PyObject *
message_Recv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Recv", 2, 1, {"buf", "status"}};
    PyObject *arg[2];
    struct handle *h = handle_of(self);
    struct message m;
    MPI_Status *status;
    struct ask ask = {h->st, params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !status_arg(h->st, params.func, arg[1], &status) ||
        !message_parse(ask, arg[0], WRITE, message_source(h), 0, &m))
        return NULL;
    MPI_Message message = h->u.message;
    struct call call;
    call_begin(&call, h->st);
    bool done = call_end(&call, MPI_Mrecv_c(m.addr, m.count, m.type, &message, status));
    message_received(h, message);
    message_clear(&m);
    return done ? Py_NewRef(Py_None) : NULL;
}

static PyObject *
message_Irecv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Irecv", 1, 1, {"buf"}};
    PyObject *arg[1];
    struct handle *h = handle_of(self);
    struct message m;
    MPI_Request request = MPI_REQUEST_NULL;
    struct ask ask = {h->st, params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !message_parse(ask, arg[0], WRITE, message_source(h), 0, &m))
        return NULL;
    MPI_Message message = h->u.message;
    struct call call;
    call_begin(&call, h->st);
    bool started = call_end(&call, MPI_Imrecv_c(m.addr, m.count, m.type, &message, &request));
    message_received(h, message);
    if (!started) {
        message_clear(&m);
        return NULL;
    }
    return request_started(h->st, request, message_keeper(&m, arg[0]), 0);
}

static PyObject *
message_recv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"recv", 1, 0, {"status"}};
    PyObject *arg[1];
    struct handle *h = handle_of(self);
    MPI_Status own, *status;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !status_arg(h->st, params.func, arg[0], &status))
        return NULL;
    if (status == MPI_STATUS_IGNORE)
        status = &own;
    struct block *block = block_take(h->st, (size_t)h->size);
    if (block == NULL)
        return NULL;
    MPI_Message message = h->u.message;
    struct call call;
    call_begin(&call, h->st);
    PyObject *object = NULL;
    bool done = call_end(&call, MPI_Mrecv_c(block->data, h->size, MPI_BYTE, &message, status));
    message_received(h, message);
    if (done)
        object = wire_unpack(h->st, block, block->data, h->size, status);
    block_done(block);
    return object;
}

static PyObject *
message_irecv(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Request request = MPI_REQUEST_NULL;
    struct block *block = block_alloc(h->st, (size_t)h->size);
    if (block == NULL)
        return NULL;
    MPI_Message message = h->u.message;
    struct call call;
    call_begin(&call, h->st);
    bool started =
        call_end(&call, MPI_Imrecv_c(block->data, h->size, MPI_BYTE, &message, &request));
    message_received(h, message);
    if (!started) {
        block_done(block);
        return NULL;
    }
    return request_started(h->st, request, (PyObject *)block, HANDLE_OBJECT);
}

static PyObject *
message_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_MESSAGE);
}

static PyObject *
message_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return handle_from_number(cls, args, nargs, kwnames, CLASS_MESSAGE, NULL);
}

static PyObject *
message_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    handle_can_free(handle_of(self)); // forgets a handle that is predefined
    Py_RETURN_NONE;
}

static PyMethodDef message_methods[] = {
    CLASS_METHOD("fromhandle", message_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    CLASS_METHOD("Probe", message_Probe,
                 "Probe($cls, comm, source=mpi4py.MPI.ANY_SOURCE, "
                 "tag=mpi4py.MPI.ANY_TAG, status=None)\n--\n\n"
                 "Wait for a message and take it out of matching (MPI 3.8.2)."),
    CLASS_METHOD("Iprobe", message_Iprobe,
                 "Iprobe($cls, comm, source=mpi4py.MPI.ANY_SOURCE, "
                 "tag=mpi4py.MPI.ANY_TAG, status=None)\n--\n\n"
                 "The message that is there, or None (MPI 3.8.2)."),
    METHOD("Recv", message_Recv,
           "Recv($self, buf, status=None)\n--\n\nReceive the message into a buffer (MPI 3.8.3)."),
    METHOD("Irecv", message_Irecv,
           "Irecv($self, buf)\n--\n\nStart to receive the message into a buffer (MPI 3.8.3)."),
    CLASS_METHOD("probe", message_probe_object,
                 "probe($cls, comm, source=mpi4py.MPI.ANY_SOURCE, "
                 "tag=mpi4py.MPI.ANY_TAG, status=None)\n--\n\n"
                 "Wait for a message with an object."),
    CLASS_METHOD("iprobe", message_iprobe_object,
                 "iprobe($cls, comm, source=mpi4py.MPI.ANY_SOURCE, "
                 "tag=mpi4py.MPI.ANY_TAG, status=None)\n--\n\n"
                 "The message with an object that is there, or None."),
    METHOD("recv", message_recv, "recv($self, status=None)\n--\n\nReceive the object."),
    {"irecv", message_irecv, METH_NOARGS, "irecv($self)\n--\n\nStart to receive the object."},
    {"free", message_free, METH_NOARGS, "free($self)\n--\n\nDo nothing but forget a null handle."},
    HANDLE_NUMBER_ROWS,
    HANDLE_REDUCE_ROW,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef message_getset[] = {HANDLE_GETSET_ROW, {NULL, NULL, NULL, NULL, NULL}};

static PyMemberDef message_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot message_slots[] = {
    {Py_tp_doc, "Message(message=None)\n--\n\nA message that was matched and not yet received."},
    {Py_tp_new, message_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, message_methods},
    {Py_tp_getset, message_getset},
    {Py_tp_members, message_members},
    {0, NULL},
};

static PyType_Spec message_spec = {
    .name = "mpi4py.MPI.Message",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = message_slots,
};

bool
message_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &message_spec, NULL, "Message");
    st->types[CLASS_MESSAGE] = type;
    if (type == NULL)
        return false;
    union mpi_handle null = {.bits = 0}, none = {.bits = 0};
    null.message = MPI_MESSAGE_NULL;
    none.message = MPI_MESSAGE_NO_PROC;
    return handle_add_predefined(st, module, type, CLASS_MESSAGE, null, "MESSAGE_NULL") &&
           handle_add_predefined(st, module, type, CLASS_MESSAGE, none, "MESSAGE_NO_PROC");
}
