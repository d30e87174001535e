// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "buffer.h"
#include "call.h"
#include "comm.h"
#include "message.h"
#include "request.h"
#include "status.h"

typedef int send_fn(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm);
typedef int start_fn(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

// Sending

/* The arguments of all sends: (buf, dest, tag). */
struct send {
    struct message m;
    PyObject *buf; // BORROWED
    int dest, tag;
};

static inline bool
send_parse(PyObject *self, const struct params *params, PyObject *const *args, Py_ssize_t nargs,
           PyObject *kwnames, struct send *send)
{
    PyObject *arg[3];
    send->tag = 0;
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        !int_arg(params, 1, arg[1], &send->dest) || !int_arg(params, 2, arg[2], &send->tag))
        return false;
    send->buf = arg[0];
    struct ask ask = {state_of(self), params->func};
    return message_parse(ask, arg[0], READ, send->dest, 0, &send->m);
}

static inline PyObject *
send_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
         const struct params *params, send_fn *function)
{
    struct send s;
    if (!send_parse(self, params, args, nargs, kwnames, &s))
        return NULL;
    struct call call;
    call_begin(&call, state_of(self));
    bool done =
        call_end(&call, function(s.m.addr, s.m.count, s.m.type, s.dest, s.tag, comm_of(self)));
    message_clear(&s.m);
    return done ? Py_NewRef(Py_None) : NULL;
}

static PyObject *
send_start(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
           const struct params *params, start_fn *function)
{
    struct send s;
    MPI_Request request = MPI_REQUEST_NULL;
    if (!send_parse(self, params, args, nargs, kwnames, &s))
        return NULL;
    struct call call;
    call_begin(&call, state_of(self));
    if (!call_end(&call, function(s.m.addr, s.m.count, s.m.type, s.dest, s.tag, comm_of(self),
                                  &request))) {
        message_clear(&s.m);
        return NULL;
    }
    return request_started(state_of(self), request, message_keeper(&s.m, s.buf), 0);
}

PyObject *
comm_Send(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Send", 3, 2, {"buf", "dest", "tag"}};
    return send_run(self, args, nargs, kwnames, &params, MPI_Send_c);
}

PyObject *
comm_Ssend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Ssend", 3, 2, {"buf", "dest", "tag"}};
    return send_run(self, args, nargs, kwnames, &params, MPI_Ssend_c);
}

PyObject *
comm_Bsend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Bsend", 3, 2, {"buf", "dest", "tag"}};
    return send_run(self, args, nargs, kwnames, &params, MPI_Bsend_c);
}

PyObject *
comm_Rsend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Rsend", 3, 2, {"buf", "dest", "tag"}};
    return send_run(self, args, nargs, kwnames, &params, MPI_Rsend_c);
}

PyObject *
comm_Isend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Isend", 3, 2, {"buf", "dest", "tag"}};
    return send_start(self, args, nargs, kwnames, &params, MPI_Isend_c);
}

PyObject *
comm_Issend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Issend", 3, 2, {"buf", "dest", "tag"}};
    return send_start(self, args, nargs, kwnames, &params, MPI_Issend_c);
}

PyObject *
comm_Ibsend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Ibsend", 3, 2, {"buf", "dest", "tag"}};
    return send_start(self, args, nargs, kwnames, &params, MPI_Ibsend_c);
}

PyObject *
comm_Irsend(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Irsend", 3, 2, {"buf", "dest", "tag"}};
    return send_start(self, args, nargs, kwnames, &params, MPI_Irsend_c);
}

// Receiving

static PyObject *
recv_without_buffer(void)
{
    PyErr_SetString(PyExc_TypeError,
                    "Recv() needs a buffer to receive into, as in comm.Recv(numpy.empty(n), "
                    "source=0): to get a Python object back use comm.recv(source=0), in lower "
                    "case");
    return NULL;
}

PyObject *
comm_Recv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Recv", 4, 0, {"buf", "source", "tag", "status"}};
    PyObject *arg[4];
    struct message m;
    MPI_Status *status;
    int source = MPI_ANY_SOURCE, tag = MPI_ANY_TAG;
    struct ask ask = {state_of(self), params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    if (arg[0] == NULL)
        return recv_without_buffer();
    if (!int_arg(&params, 1, arg[1], &source) || !int_arg(&params, 2, arg[2], &tag) ||
        !status_arg(ask.st, params.func, arg[3], &status) ||
        !message_parse(ask, arg[0], WRITE, source, 0, &m))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done =
        call_end(&call, MPI_Recv_c(m.addr, m.count, m.type, source, tag, comm_of(self), status));
    message_clear(&m);
    return done ? Py_NewRef(Py_None) : NULL;
}

PyObject *
comm_Irecv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Irecv", 3, 1, {"buf", "source", "tag"}};
    PyObject *arg[3];
    struct message m;
    MPI_Request request = MPI_REQUEST_NULL;
    int source = MPI_ANY_SOURCE, tag = MPI_ANY_TAG;
    struct ask ask = {state_of(self), params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &source) ||
        !int_arg(&params, 2, arg[2], &tag) || !message_parse(ask, arg[0], WRITE, source, 0, &m))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    if (!call_end(&call,
                  MPI_Irecv_c(m.addr, m.count, m.type, source, tag, comm_of(self), &request))) {
        message_clear(&m);
        return NULL;
    }
    return request_started(ask.st, request, message_keeper(&m, arg[0]), 0);
}

// Both

/* The integer arguments of the send-receives. */
struct route {
    int dest, sendtag, source, recvtag;
    MPI_Status *status;
};

static bool
sendrecv_call(PyObject *self, const struct message *s, const struct message *r,
              const struct route *route)
{
    struct call call;
    call_begin(&call, state_of(self));
    return call_end(&call, MPI_Sendrecv_c(s->addr, s->count, s->type, route->dest, route->sendtag,
                                          r->addr, r->count, r->type, route->source, route->recvtag,
                                          comm_of(self), route->status));
}

PyObject *
comm_Sendrecv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {
        "Sendrecv", 7, 2, {"sendbuf", "dest", "sendtag", "recvbuf", "source", "recvtag", "status"}};
    PyObject *arg[7];
    struct route route = {.source = MPI_ANY_SOURCE, .recvtag = MPI_ANY_TAG};
    struct message s, r;
    struct ask ask = {state_of(self), params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !int_arg(&params, 1, arg[1], &route.dest) || !int_arg(&params, 2, arg[2], &route.sendtag) ||
        !int_arg(&params, 4, arg[4], &route.source) ||
        !int_arg(&params, 5, arg[5], &route.recvtag) ||
        !status_arg(ask.st, params.func, arg[6], &route.status) ||
        !message_parse(ask, arg[0], READ, route.dest, 0, &s))
        return NULL;
    PyObject *recvbuf = arg[3] != NULL ? arg[3] : Py_None;
    bool done = message_parse(ask, recvbuf, WRITE, route.source, 0, &r);
    if (done) {
        done = sendrecv_call(self, &s, &r, &route);
        message_clear(&r);
    }
    message_clear(&s);
    return done ? Py_NewRef(Py_None) : NULL;
}

PyObject *
comm_Sendrecv_replace(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {
        "Sendrecv_replace", 6, 2, {"buf", "dest", "sendtag", "source", "recvtag", "status"}};
    PyObject *arg[6];
    struct route route = {.source = MPI_ANY_SOURCE, .recvtag = MPI_ANY_TAG};
    struct message m;
    struct ask ask = {state_of(self), params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !int_arg(&params, 1, arg[1], &route.dest) || !int_arg(&params, 2, arg[2], &route.sendtag) ||
        !int_arg(&params, 3, arg[3], &route.source) ||
        !int_arg(&params, 4, arg[4], &route.recvtag) ||
        !status_arg(ask.st, params.func, arg[5], &route.status))
        return NULL;
    // the buffer matters unless there is nobody at either end
    int peer = route.dest != MPI_PROC_NULL ? route.dest : route.source;
    if (!message_parse(ask, arg[0], WRITE, peer, 0, &m))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done = call_end(&call, MPI_Sendrecv_replace_c(m.addr, m.count, m.type, route.dest,
                                                       route.sendtag, route.source, route.recvtag,
                                                       comm_of(self), route.status));
    message_clear(&m);
    return done ? Py_NewRef(Py_None) : NULL;
}

// Probing

static bool
probe_parse(const struct params *params, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
            int *source, int *tag, PyObject **status)
{
    PyObject *arg[3];
    *source = MPI_ANY_SOURCE;
    *tag = MPI_ANY_TAG;
    if (!params_bind(params, args, nargs, kwnames, arg) || !int_arg(params, 0, arg[0], source) ||
        !int_arg(params, 1, arg[1], tag))
        return false;
    *status = arg[2];
    return true;
}

PyObject *
comm_Probe(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Probe", 3, 0, {"source", "tag", "status"}};
    int source, tag;
    PyObject *object;
    MPI_Status *status;
    if (!probe_parse(&params, args, nargs, kwnames, &source, &tag, &object) ||
        !status_arg(state_of(self), params.func, object, &status))
        return NULL;
    struct call call;
    call_begin(&call, state_of(self));
    return call_end(&call, MPI_Probe(source, tag, comm_of(self), status)) ? Py_NewRef(Py_True)
                                                                          : NULL;
}

PyObject *
comm_Iprobe(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Iprobe", 3, 0, {"source", "tag", "status"}};
    int source, tag, flag = 0;
    PyObject *object;
    MPI_Status *status;
    if (!probe_parse(&params, args, nargs, kwnames, &source, &tag, &object) ||
        !status_arg(state_of(self), params.func, object, &status))
        return NULL;
    struct call call;
    call_begin(&call, state_of(self));
    return call_end(&call, MPI_Iprobe(source, tag, comm_of(self), &flag, status))
               ? PyBool_FromLong(flag)
               : NULL;
}

static PyObject *
mprobe(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
       const struct params *params, bool wait)
{
    int source, tag;
    PyObject *status;
    struct state *st = state_of(self);
    if (!probe_parse(params, args, nargs, kwnames, &source, &tag, &status))
        return NULL;
    return message_probe(st, st->types[CLASS_MESSAGE], comm_of(self), source, tag, status, wait,
                         params->func);
}

PyObject *
comm_Mprobe(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Mprobe", 3, 0, {"source", "tag", "status"}};
    return mprobe(self, args, nargs, kwnames, &params, true);
}

PyObject *
comm_Improbe(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Improbe", 3, 0, {"source", "tag", "status"}};
    return mprobe(self, args, nargs, kwnames, &params, false);
}
