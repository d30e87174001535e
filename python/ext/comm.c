// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "comm.h"

#include "call.h"
#include "errhandler.h"
#include "info.h"
#include "init.h"

#include <structmember.h>

// helpers

bool
comm_apply_errors(struct state *st, MPI_Comm comm)
{
    if (comm == MPI_COMM_NULL)
        return true;
    switch ((enum errors_policy)st->errors) {
    case ERRORS_EXCEPTION:
        return check(st, MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    case ERRORS_ABORT:
        return check(st, MPI_Comm_set_errhandler(comm, MPI_ERRORS_ABORT));
    case ERRORS_FATAL:
        return check(st, MPI_Comm_set_errhandler(comm, MPI_ERRORS_ARE_FATAL));
    case ERRORS_DEFAULT:
        break;
    }
    return true;
}

bool
comm_place(PyObject *self, struct place *place)
{
    return check(state_of(self), MPI_Comm_rank(comm_of(self), &place->rank)) &&
           check(state_of(self), MPI_Comm_size(comm_of(self), &place->size));
}

// A constructed communicator, once the code of its construction is known.
static PyObject *
comm_made(struct handle *made, bool done)
{
    if (done && comm_apply_errors(made->st, made->u.comm))
        return (PyObject *)made;
    Py_DECREF((PyObject *)made);
    return NULL;
}

// What constructors make of a communicator of this class.
static PyTypeObject *
comm_result_type(PyObject *self)
{
    struct state *st = state_of(self);
    return PyObject_TypeCheck(self, st->intracomm_type) ? st->intracomm_type
                                                        : st->types[CLASS_COMM];
}

PyObject *
comm_from(struct state *st, MPI_Comm comm)
{
    int inter = 1;
    if (comm != MPI_COMM_NULL && !check(st, MPI_Comm_test_inter(comm, &inter)))
        return NULL;
    struct handle *h =
        handle_alloc(st, inter ? st->types[CLASS_COMM] : st->intracomm_type, CLASS_COMM);
    if (h != NULL)
        h->u.comm = comm;
    return (PyObject *)h;
}

// Life

static PyObject *
comm_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_COMM);
}

static PyObject *
intracomm_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *self = handle_new(type, args, kwargs, CLASS_COMM);
    int inter = 0;
    if (self == NULL || comm_of(self) == MPI_COMM_NULL)
        return self;
    if (check(state_of(self), MPI_Comm_test_inter(comm_of(self), &inter)) && !inter)
        return self;
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "expecting an intracommunicator");
    Py_DECREF(self);
    return NULL;
}

static PyObject *
comm_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    struct handle *made = NULL;
    PyObject *plain = handle_from_number(cls, args, nargs, kwnames, CLASS_COMM, &made);
    if (plain == NULL)
        return NULL;
    PyObject *comm = comm_from(made->st, made->u.comm);
    Py_DECREF(plain);
    return comm;
}

static PyObject *
comm_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Comm comm = h->u.comm;
    struct call call;
    call_begin(&call, h->st);
    if (!call_end(&call, MPI_Comm_free(&comm)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.comm = comm;
    Py_RETURN_NONE;
}

static PyObject *
comm_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return comm_free(self, unused);
    Py_RETURN_NONE;
}

static PyObject *
comm_clone(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *made = handle_alloc(state_of(self), Py_TYPE(self), CLASS_COMM);
    if (made == NULL)
        return NULL;
    struct call call;
    call_begin(&call, made->st);
    return comm_made(made, call_end(&call, MPI_Comm_dup(comm_of(self), &made->u.comm)));
}

static PyObject *
comm_dup(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Dup", 1, 0, {"info"}};
    PyObject *arg[1];
    MPI_Info info = MPI_INFO_NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !info_arg(state_of(self), &params, 0, arg[0], &info))
        return NULL;
    return comm_clone(self, NULL); // info holds hints: none is known
}

static PyObject *
comm_create(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Create", 1, 1, {"group"}};
    PyObject *arg[1];
    struct handle *group = NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !handle_arg(state_of(self), CLASS_GROUP, &params, 0, arg[0], &group))
        return NULL;
    struct handle *made = handle_alloc(state_of(self), comm_result_type(self), CLASS_COMM);
    if (made == NULL)
        return NULL;
    struct call call;
    call_begin(&call, made->st);
    return comm_made(
        made, call_end(&call, MPI_Comm_create(comm_of(self), group->u.group, &made->u.comm)));
}

static PyObject *
comm_split(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Split", 2, 0, {"color", "key"}};
    PyObject *arg[2];
    int color = 0, key = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &color) ||
        !int_arg(&params, 1, arg[1], &key))
        return NULL;
    struct handle *made = handle_alloc(state_of(self), comm_result_type(self), CLASS_COMM);
    if (made == NULL)
        return NULL;
    struct call call;
    call_begin(&call, made->st);
    return comm_made(made,
                     call_end(&call, MPI_Comm_split(comm_of(self), color, key, &made->u.comm)));
}

static PyObject *
intracomm_create_group(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Create_group", 2, 1, {"group", "tag"}};
    PyObject *arg[2];
    struct handle *group = NULL;
    int tag = 0;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !handle_arg(st, CLASS_GROUP, &params, 0, arg[0], &group) ||
        !int_arg(&params, 1, arg[1], &tag))
        return NULL;
    struct handle *made = handle_alloc(st, st->intracomm_type, CLASS_COMM);
    if (made == NULL)
        return NULL;
    struct call call;
    call_begin(&call, st);
    return comm_made(made, call_end(&call, MPI_Comm_create_group(comm_of(self), group->u.group, tag,
                                                                 &made->u.comm)));
}

// Questions

static PyObject *
comm_get_size(PyObject *self, PyObject *unused)
{
    (void)unused;
    int size = -1;
    return check(state_of(self), MPI_Comm_size(comm_of(self), &size)) ? PyLong_FromLong(size)
                                                                      : NULL;
}

static PyObject *
comm_get_rank(PyObject *self, PyObject *unused)
{
    (void)unused;
    int rank = -1;
    return check(state_of(self), MPI_Comm_rank(comm_of(self), &rank)) ? PyLong_FromLong(rank)
                                                                      : NULL;
}

static PyObject *
comm_get_group(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct state *st = state_of(self);
    struct handle *group = handle_alloc(st, st->types[CLASS_GROUP], CLASS_GROUP);
    if (group != NULL && !check(st, MPI_Comm_group(comm_of(self), &group->u.group)))
        Py_CLEAR(group);
    return (PyObject *)group;
}

static PyObject *
comm_get_name(PyObject *self, PyObject *unused)
{
    (void)unused;
    char name[MPI_MAX_OBJECT_NAME + 1];
    int length = 0;
    if (!check(state_of(self), MPI_Comm_get_name(comm_of(self), name, &length)))
        return NULL;
    return PyUnicode_DecodeUTF8(name, length, "surrogateescape");
}

static bool
comm_name(PyObject *self, PyObject *value)
{
    static const struct params params = {"Set_name", 1, 1, {"name"}};
    const char *name = NULL;
    return string_arg(&params, 0, value, &name) &&
           check(state_of(self), MPI_Comm_set_name(comm_of(self), name));
}

static PyObject *
comm_set_name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_name", 1, 1, {"name"}};
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !comm_name(self, arg[0]))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
comm_compare(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Compare", 1, 1, {"comm"}};
    PyObject *arg[1];
    struct handle *other = NULL;
    int result = MPI_UNEQUAL;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !handle_arg(st, CLASS_COMM, &params, 0, arg[0], &other))
        return NULL;
    struct call call;
    call_begin(&call, st);
    return call_end(&call, MPI_Comm_compare(comm_of(self), other->u.comm, &result))
               ? PyLong_FromLong(result)
               : NULL;
}

static PyObject *
comm_test_inter(PyObject *self, int wanted)
{
    int inter = 0;
    return check(state_of(self), MPI_Comm_test_inter(comm_of(self), &inter))
               ? PyBool_FromLong(inter == wanted)
               : NULL;
}

static PyObject *
comm_is_inter(PyObject *self, PyObject *unused)
{
    (void)unused;
    return comm_test_inter(self, 1);
}

static PyObject *
comm_is_intra(PyObject *self, PyObject *unused)
{
    (void)unused;
    return comm_test_inter(self, 0);
}

// Errors

static PyObject *
comm_create_errhandler(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Create_errhandler", 1, 1, {"errhandler_fn"}};
    PyObject *arg[1];
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    if (!PyCallable_Check(arg[0])) {
        PyErr_Format(PyExc_AttributeError,
                     "Create_errhandler(): expecting a function of (comm, "
                     "errorcode), not %R",
                     Py_TYPE(arg[0]));
        return NULL;
    }
    return errhandler_create(st, arg[0]);
}

static PyObject *
comm_get_errhandler(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct state *st = state_of(self);
    struct handle *h = handle_alloc(st, st->types[CLASS_ERRHANDLER], CLASS_ERRHANDLER);
    if (h != NULL && !check(st, MPI_Comm_get_errhandler(comm_of(self), &h->u.errhandler)))
        Py_CLEAR(h);
    return (PyObject *)h;
}

static PyObject *
comm_set_errhandler(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_errhandler", 1, 1, {"errhandler"}};
    PyObject *arg[1];
    struct handle *h = NULL;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !handle_arg(st, CLASS_ERRHANDLER, &params, 0, arg[0], &h) ||
        !check(st, MPI_Comm_set_errhandler(comm_of(self), h->u.errhandler)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
comm_call_errhandler(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Call_errhandler", 1, 1, {"errorcode"}};
    PyObject *arg[1];
    int code = 0;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &code) ||
        !check(st, MPI_Comm_call_errhandler(comm_of(self), code)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
comm_abort(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Abort", 1, 0, {"errorcode"}};
    PyObject *arg[1];
    int code = 0;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &code) ||
        !check(st, MPI_Abort(comm_of(self), code)))
        return NULL;
    Py_RETURN_NONE;
}

// Properties

static PyObject *
comm_size_property(PyObject *self, void *closure)
{
    (void)closure;
    return comm_get_size(self, NULL);
}

static PyObject *
comm_rank_property(PyObject *self, void *closure)
{
    (void)closure;
    return comm_get_rank(self, NULL);
}

static PyObject *
comm_group_property(PyObject *self, void *closure)
{
    (void)closure;
    return comm_get_group(self, NULL);
}

static PyObject *
comm_name_property(PyObject *self, void *closure)
{
    (void)closure;
    return comm_get_name(self, NULL);
}

static int
comm_set_name_property(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL) {
        PyErr_SetString(PyExc_NotImplementedError, "the name of a communicator cannot be deleted");
        return -1;
    }
    return comm_name(self, value) ? 0 : -1;
}

static PyObject *
comm_is_inter_property(PyObject *self, void *closure)
{
    (void)closure;
    return comm_test_inter(self, 1);
}

static PyObject *
comm_is_intra_property(PyObject *self, void *closure)
{
    (void)closure;
    return comm_test_inter(self, 0);
}

// Tables

// Defaults as inspect.signature() reads them: numbers by their names, but objects it cannot name.
#define FROM_ANY "source=mpi4py.MPI.ANY_SOURCE, tag=mpi4py.MPI.ANY_TAG"
#define RECV_ANY "source=mpi4py.MPI.ANY_SOURCE, recvtag=mpi4py.MPI.ANY_TAG"

static PyMethodDef comm_methods[] = {
    CLASS_METHOD("fromhandle", comm_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    {"free", comm_free_safely, METH_NOARGS,
     "free($self)\n--\n\nCall Free if not null or predefined."},
    {"Get_group", comm_get_group, METH_NOARGS,
     "Get_group($self)\n--\n\nThe group of the communicator (MPI 7.3.2)."},
    {"Get_size", comm_get_size, METH_NOARGS,
     "Get_size($self)\n--\n\nNumber of processes in the communicator (MPI 7.4.1)."},
    {"Get_rank", comm_get_rank, METH_NOARGS,
     "Get_rank($self)\n--\n\nRank of this process, from 0 to size - 1 (MPI 7.4.1)."},
    METHOD("Compare", comm_compare,
           "Compare($self, comm)\n--\n\nIDENT, CONGRUENT, SIMILAR or UNEQUAL (MPI 7.4.1)."),
    {"Clone", comm_clone, METH_NOARGS,
     "Clone($self)\n--\n\nA communicator of the same processes (MPI 7.4.2). Collective."},
    METHOD("Dup", comm_dup,
           "Dup($self, info=None)\n--\n\n"
           "A communicator of the same processes (MPI 7.4.2). Collective."),
    METHOD("Create", comm_create,
           "Create($self, group)\n--\n\n"
           "A communicator of a group, COMM_NULL outside of it (MPI 7.4.2). Collective."),
    METHOD("Split", comm_split,
           "Split($self, color=0, key=0)\n--\n\n"
           "A communicator of all with the same color, in the order of key (MPI 7.4.2).\n"
           "COMM_NULL for color UNDEFINED. Collective."),
    {"Free", comm_free, METH_NOARGS,
     "Free($self)\n--\n\nFree the communicator (MPI 7.4.3). Collective."},
    METHOD("Send", comm_Send,
           "Send($self, buf, dest, tag=0)\n--\n\n"
           "Send a buffer: a NumPy array, or [buffer, count, datatype] (MPI 3.2.1)."),
    METHOD("Recv", comm_Recv,
           "Recv($self, buf, " FROM_ANY ", status=None)\n--\n\n"
           "Receive into a buffer of at least the size of the message (MPI 3.2.4)."),
    METHOD("Sendrecv", comm_Sendrecv,
           "Sendrecv($self, sendbuf, dest, sendtag=0, recvbuf=None, " RECV_ANY
           ", status=None)\n--\n\n"
           "Send a buffer and receive into another at the same time (MPI 3.10)."),
    METHOD("Sendrecv_replace", comm_Sendrecv_replace,
           "Sendrecv_replace($self, buf, dest, sendtag=0, " RECV_ANY ", status=None)\n--\n\n"
           "Send a buffer and receive into it (MPI 3.10)."),
    METHOD("Isend", comm_Isend,
           "Isend($self, buf, dest, tag=0)\n--\n\nStart to send a buffer (MPI 3.7.2)."),
    METHOD("Irecv", comm_Irecv,
           "Irecv($self, buf, " FROM_ANY ")\n--\n\n"
           "Start to receive into a buffer (MPI 3.7.2)."),
    METHOD("Probe", comm_Probe,
           "Probe($self, " FROM_ANY ", status=None)\n--\n\n"
           "Wait until a message is there (MPI 3.8.1)."),
    METHOD("Iprobe", comm_Iprobe,
           "Iprobe($self, " FROM_ANY ", status=None)\n--\n\n"
           "Whether a message is there (MPI 3.8.1)."),
    METHOD("Mprobe", comm_Mprobe,
           "Mprobe($self, " FROM_ANY ", status=None)\n--\n\n"
           "Wait for a message and take it out of matching (MPI 3.8.2)."),
    METHOD("Improbe", comm_Improbe,
           "Improbe($self, " FROM_ANY ", status=None)\n--\n\n"
           "The message that is there, out of matching, or None (MPI 3.8.2)."),
    METHOD("Bsend", comm_Bsend,
           "Bsend($self, buf, dest, tag=0)\n--\n\n"
           "Send by way of the attached buffer: does not wait (MPI 3.4)."),
    METHOD("Ssend", comm_Ssend,
           "Ssend($self, buf, dest, tag=0)\n--\n\n"
           "Send and wait until the receiver has started to receive (MPI 3.4)."),
    METHOD("Rsend", comm_Rsend,
           "Rsend($self, buf, dest, tag=0)\n--\n\n"
           "Send to a receiver that is known to wait (MPI 3.4)."),
    METHOD("Ibsend", comm_Ibsend,
           "Ibsend($self, buf, dest, tag=0)\n--\n\nStart Bsend (MPI 3.7.2)."),
    METHOD("Issend", comm_Issend,
           "Issend($self, buf, dest, tag=0)\n--\n\nStart Ssend (MPI 3.7.2)."),
    METHOD("Irsend", comm_Irsend,
           "Irsend($self, buf, dest, tag=0)\n--\n\nStart Rsend (MPI 3.7.2)."),
    {"Barrier", comm_Barrier, METH_NOARGS,
     "Barrier($self)\n--\n\nWait until every rank is here (MPI 6.3)."},
    METHOD("Bcast", comm_Bcast,
           "Bcast($self, buf, root=0)\n--\n\n"
           "The root's buffer into those of all others (MPI 6.4)."),
    METHOD("Gather", comm_Gather,
           "Gather($self, sendbuf, recvbuf, root=0)\n--\n\n"
           "Buffers of equal size into one at the root, in the order of ranks (MPI 6.5).\n"
           "recvbuf may be None elsewhere."),
    METHOD("Gatherv", comm_Gatherv,
           "Gatherv($self, sendbuf, recvbuf, root=0)\n--\n\n"
           "Buffers of any size into one at the root, recvbuf is [buffer, counts, displs,\n"
           "datatype] there (MPI 6.5)."),
    METHOD("Scatter", comm_Scatter,
           "Scatter($self, sendbuf, recvbuf, root=0)\n--\n\n"
           "A buffer of the root in equal parts to all (MPI 6.6). sendbuf may be None elsewhere."),
    METHOD("Scatterv", comm_Scatterv,
           "Scatterv($self, sendbuf, recvbuf, root=0)\n--\n\n"
           "A buffer of the root in parts of any size, sendbuf is [buffer, counts, displs,\n"
           "datatype] there (MPI 6.6)."),
    METHOD("Allgather", comm_Allgather,
           "Allgather($self, sendbuf, recvbuf)\n--\n\n"
           "Buffers of equal size into one on every rank (MPI 6.7)."),
    METHOD("Allgatherv", comm_Allgatherv,
           "Allgatherv($self, sendbuf, recvbuf)\n--\n\n"
           "Buffers of any size into one on every rank (MPI 6.7)."),
    METHOD("Alltoall", comm_Alltoall,
           "Alltoall($self, sendbuf, recvbuf)\n--\n\n"
           "The i-th part of my buffer to rank i, equal sizes (MPI 6.8)."),
    METHOD("Alltoallv", comm_Alltoallv,
           "Alltoallv($self, sendbuf, recvbuf)\n--\n\n"
           "The i-th part of my buffer to rank i, any sizes (MPI 6.8)."),
    METHOD("Alltoallw", comm_Alltoallw,
           "Alltoallw($self, sendbuf, recvbuf)\n--\n\n"
           "The i-th part of my buffer to rank i, any sizes and types, displacements in bytes\n"
           "(MPI 6.8)."),
    METHOD("Reduce", comm_Reduce,
           "Reduce($self, sendbuf, recvbuf, op=..., root=0)\n--\n\n"
           "Entry by entry: op (SUM unless given) over the buffers of all ranks, at the root (MPI "
           "6.9.1)."),
    METHOD("Allreduce", comm_Allreduce,
           "Allreduce($self, sendbuf, recvbuf, op=...)\n--\n\n"
           "Entry by entry: op (SUM unless given) over the buffers of all ranks, on every rank "
           "(MPI 6.9.6)."),
    METHOD("Reduce_scatter_block", comm_Reduce_scatter_block,
           "Reduce_scatter_block($self, sendbuf, recvbuf, op=...)\n--\n\n"
           "Reduce with op (SUM unless given), then scatter in equal parts (MPI 6.10.1)."),
    METHOD("Reduce_scatter", comm_Reduce_scatter,
           "Reduce_scatter($self, sendbuf, recvbuf, recvcounts=None, op=...)\n--\n\n"
           "Reduce with op (SUM unless given), then scatter in parts of recvcounts entries (MPI "
           "6.10.2)."),
    {"Is_inter", comm_is_inter, METH_NOARGS,
     "Is_inter($self)\n--\n\nWhether it connects two groups (MPI 7.6.1)."},
    {"Is_intra", comm_is_intra, METH_NOARGS, "Is_intra($self)\n--\n\nWhether it has one group."},
    CLASS_METHOD("Create_errhandler", comm_create_errhandler,
                 "Create_errhandler($cls, errhandler_fn)\n--\n\n"
                 "Error handler from a function of (comm, errorcode) (MPI 9.3.1)."),
    {"Get_errhandler", comm_get_errhandler, METH_NOARGS,
     "Get_errhandler($self)\n--\n\nThe error handler (MPI 9.3.1)."},
    METHOD("Set_errhandler", comm_set_errhandler,
           "Set_errhandler($self, errhandler)\n--\n\nChange the error handler (MPI 9.3.1)."),
    METHOD("Call_errhandler", comm_call_errhandler,
           "Call_errhandler($self, errorcode)\n--\n\nCall the error handler (MPI 9.5)."),
    METHOD("Abort", comm_abort,
           "Abort($self, errorcode=0)\n--\n\nEnd all processes of the job (MPI 11.2)."),
    {"Get_name", comm_get_name, METH_NOARGS,
     "Get_name($self)\n--\n\nThe name of the communicator (MPI 7.8)."},
    METHOD("Set_name", comm_set_name,
           "Set_name($self, name)\n--\n\nChange the name of the communicator (MPI 7.8)."),
    METHOD("send", comm_send, "send($self, obj, dest, tag=0)\n--\n\nSend a Python object."),
    METHOD("bsend", comm_bsend,
           "bsend($self, obj, dest, tag=0)\n--\n\n"
           "Send a Python object by way of the attached buffer."),
    METHOD("ssend", comm_ssend,
           "ssend($self, obj, dest, tag=0)\n--\n\n"
           "Send a Python object, wait until the receiver has started to receive."),
    METHOD("recv", comm_recv,
           "recv($self, buf=None, " FROM_ANY ", status=None)\n--\n\n"
           "Receive a Python object of any size."),
    METHOD("sendrecv", comm_sendrecv,
           "sendrecv($self, sendobj, dest, sendtag=0, recvbuf=None, " RECV_ANY
           ", status=None)\n--\n\n"
           "Send a Python object and receive another at the same time."),
    METHOD("isend", comm_isend,
           "isend($self, obj, dest, tag=0)\n--\n\nStart to send a Python object."),
    METHOD("ibsend", comm_ibsend, "ibsend($self, obj, dest, tag=0)\n--\n\nStart bsend."),
    METHOD("issend", comm_issend, "issend($self, obj, dest, tag=0)\n--\n\nStart ssend."),
    METHOD("irecv", comm_irecv,
           "irecv($self, buf=None, " FROM_ANY ")\n--\n\n"
           "Start to receive a Python object of any size: wait() returns it."),
    METHOD("probe", comm_Probe,
           "probe($self, " FROM_ANY ", status=None)\n--\n\n"
           "Wait until a message is there."),
    METHOD("iprobe", comm_Iprobe,
           "iprobe($self, " FROM_ANY ", status=None)\n--\n\n"
           "Whether a message is there."),
    METHOD("mprobe", comm_Mprobe,
           "mprobe($self, " FROM_ANY ", status=None)\n--\n\n"
           "Wait for a message and take it out of matching."),
    METHOD("improbe", comm_Improbe,
           "improbe($self, " FROM_ANY ", status=None)\n--\n\n"
           "The message that is there, out of matching, or None."),
    {"barrier", comm_Barrier, METH_NOARGS, "barrier($self)\n--\n\nWait until every rank is here."},
    METHOD("bcast", comm_bcast,
           "bcast($self, obj=None, root=0)\n--\n\nThe root's object, on every rank."),
    METHOD("gather", comm_gather,
           "gather($self, sendobj, root=0)\n--\n\n"
           "The objects of all ranks in a list at the root; None elsewhere."),
    METHOD("scatter", comm_scatter,
           "scatter($self, sendobj, root=0)\n--\n\n"
           "One of the root's objects, of which there is one for each rank."),
    METHOD("allgather", comm_allgather,
           "allgather($self, sendobj)\n--\n\nThe objects of all ranks in a list."),
    METHOD("alltoall", comm_alltoall,
           "alltoall($self, sendobj)\n--\n\n"
           "My i-th object to rank i; what all ranks had for me in a list."),
    METHOD("reduce", comm_reduce,
           "reduce($self, sendobj, op=..., root=0)\n--\n\n"
           "op (SUM unless given) over the objects of all ranks, in their order, at the root; None "
           "elsewhere."),
    METHOD("allreduce", comm_allreduce,
           "allreduce($self, sendobj, op=...)\n--\n\n"
           "op (SUM unless given) over the objects of all ranks, in their order."),
    HANDLE_NUMBER_ROWS,
    HANDLE_REDUCE_ROW,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef comm_getset[] = {
    HANDLE_GETSET_ROW,
    {"group", comm_group_property, NULL, "The group of the communicator.", NULL},
    {"size", comm_size_property, NULL, "Number of processes.", NULL},
    {"rank", comm_rank_property, NULL, "Rank of this process.", NULL},
    {"is_inter", comm_is_inter_property, NULL, "Whether it connects two groups.", NULL},
    {"is_intra", comm_is_intra_property, NULL, "Whether it has one group.", NULL},
    {"name", comm_name_property, comm_set_name_property, "Name of the communicator.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef comm_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot comm_slots[] = {
    {Py_tp_doc, "Comm(comm=None)\n--\n\nProcesses that talk to each other."},
    {Py_tp_new, comm_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, comm_methods},
    {Py_tp_getset, comm_getset},
    {Py_tp_members, comm_members},
    {0, NULL},
};

static PyType_Spec comm_spec = {
    .name = "mpi4py.MPI.Comm",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = comm_slots,
};

static PyMethodDef intracomm_methods[] = {
    METHOD("Create_group", intracomm_create_group,
           "Create_group($self, group, tag=0)\n--\n\n"
           "A communicator of a group, called by its members alone (MPI 7.4.2)."),
    METHOD("Scan", comm_Scan,
           "Scan($self, sendbuf, recvbuf, op=...)\n--\n\n"
           "op (SUM unless given) over the buffers of ranks 0 to mine (MPI 6.11.1)."),
    METHOD("Exscan", comm_Exscan,
           "Exscan($self, sendbuf, recvbuf, op=...)\n--\n\n"
           "op (SUM unless given) over the buffers of ranks below mine; nothing on rank 0 (MPI "
           "6.11.2)."),
    METHOD("scan", comm_scan,
           "scan($self, sendobj, op=...)\n--\n\nop (SUM unless given) over the objects of ranks 0 "
           "to mine."),
    METHOD("exscan", comm_exscan,
           "exscan($self, sendobj, op=...)\n--\n\n"
           "op (SUM unless given) over the objects of ranks below mine; None on rank 0."),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot intracomm_slots[] = {
    {Py_tp_doc, "Intracomm(comm=None)\n--\n\nThe processes of one group."},
    {Py_tp_new, intracomm_new},
    {Py_tp_methods, intracomm_methods},
    {0, NULL},
};

static PyType_Spec intracomm_spec = {
    .name = "mpi4py.MPI.Intracomm",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = intracomm_slots,
};

bool
comm_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &comm_spec, NULL, "Comm");
    st->types[CLASS_COMM] = type;
    if (type == NULL)
        return false;
    PyTypeObject *intra = module_add_type(module, &intracomm_spec, type, "Intracomm");
    st->intracomm_type = intra;
    if (intra == NULL)
        return false;
    union mpi_handle null = {.bits = 0}, self = {.bits = 0}, world = {.bits = 0};
    null.comm = MPI_COMM_NULL;
    self.comm = MPI_COMM_SELF;
    world.comm = MPI_COMM_WORLD;
    return handle_add_predefined(st, module, type, CLASS_COMM, null, "COMM_NULL") &&
           handle_add_predefined(st, module, intra, CLASS_COMM, self, "COMM_SELF") &&
           handle_add_predefined(st, module, intra, CLASS_COMM, world, "COMM_WORLD");
}
