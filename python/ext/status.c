// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "status.h"

#include "call.h"
#include "datatype.h"
#include "memory.h"

#include <string.h>
#include <structmember.h>

struct status {
    PyObject_HEAD struct state *st;
    MPI_Status status;
    PyObject *weakrefs;
};

static struct status *
status_of(PyObject *self)
{
    return (struct status *)self;
}

void
status_clear(MPI_Status *status)
{
    memset(status, 0, sizeof(*status));
    status->MPI_SOURCE = MPI_ANY_SOURCE;
    status->MPI_TAG = MPI_ANY_TAG;
    status->MPI_ERROR = MPI_SUCCESS;
}

bool
status_arg(struct state *st, const char *func, PyObject *arg, MPI_Status **status)
{
    *status = MPI_STATUS_IGNORE;
    if (arg == NULL || arg == Py_None)
        return true;
    if (!PyObject_TypeCheck(arg, st->status_type)) {
        PyErr_Format(PyExc_TypeError, "%s(): status must be an MPI.Status or None, not %R", func,
                     Py_TYPE(arg));
        return false;
    }
    *status = &status_of(arg)->status;
    return true;
}

static PyObject *
status_alloc(struct state *st, PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct status *self = (struct status *)alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->st = state_hold(st);
    status_clear(&self->status);
    return (PyObject *)self;
}

PyObject *
status_from(struct state *st, const MPI_Status *status)
{
    PyObject *self = status_alloc(st, st->status_type);
    if (self != NULL)
        status_of(self)->status = *status;
    return self;
}

bool
status_store(struct state *st, PyObject *object, const MPI_Status *status)
{
    if (!PyObject_TypeCheck(object, st->status_type)) {
        PyErr_Format(PyExc_TypeError, "statuses must hold MPI.Status objects, not %R",
                     Py_TYPE(object));
        return false;
    }
    status_of(object)->status = *status;
    return true;
}

static PyObject *
status_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct state *st = state_of_type(type);
    if (st == NULL)
        return NULL;
    char *keywords[] = {"status", NULL};
    PyObject *from = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Status", keywords, &from))
        return NULL;
    MPI_Status *source;
    if (!status_arg(st, "Status", from, &source))
        return NULL;
    PyObject *self = status_alloc(st, type);
    if (self != NULL && source != MPI_STATUS_IGNORE)
        status_of(self)->status = *source;
    return self;
}

static void
status_dealloc(PyObject *self)
{
    struct status *status = status_of(self);
    PyTypeObject *type = Py_TYPE(self);
    if (status->weakrefs != NULL)
        PyObject_ClearWeakRefs(self);
    state_release(status->st);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *
status_richcompare(PyObject *self, PyObject *other, int op)
{
    struct status *status = status_of(self);
    if (!PyObject_TypeCheck(other, status->st->status_type))
        Py_RETURN_NOTIMPLEMENTED;
    bool same = memcmp(&status->status, &status_of(other)->status, sizeof(MPI_Status)) == 0;
    if (op == Py_EQ)
        return PyBool_FromLong(same);
    if (op == Py_NE)
        return PyBool_FromLong(!same);
    PyErr_Format(PyExc_TypeError, "unorderable type %R", Py_TYPE(self));
    return NULL;
}

// Fields: the closure of the getter is the offset of the int in MPI_Status.

static int *
status_field(PyObject *self, size_t offset)
{
    return (int *)(void *)((char *)&status_of(self)->status + offset);
}

static PyObject *
status_get_field(PyObject *self, void *offset)
{
    return PyLong_FromLong(*status_field(self, (size_t)offset));
}

static int
field_kept(void)
{
    PyErr_SetString(PyExc_NotImplementedError, "a Status keeps all of its fields");
    return -1;
}

static int
status_set_field(PyObject *self, PyObject *value, void *offset)
{
    static const struct params params = {"Status", 1, 1, {"value"}};
    if (value == NULL)
        return field_kept();
    return int_arg(&params, 0, value, status_field(self, (size_t)offset)) ? 0 : -1;
}

static PyObject *
status_store_field(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                   const struct params *params, size_t offset)
{
    PyObject *arg[1];
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        !int_arg(params, 0, arg[0], status_field(self, offset)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
status_get_source(PyObject *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(status_of(self)->status.MPI_SOURCE);
}

static PyObject *
status_get_tag(PyObject *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(status_of(self)->status.MPI_TAG);
}

static PyObject *
status_get_error(PyObject *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(status_of(self)->status.MPI_ERROR);
}

static PyObject *
status_set_source(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_source", 1, 1, {"source"}};
    return status_store_field(self, args, nargs, kwnames, &params,
                              offsetof(MPI_Status, MPI_SOURCE));
}

static PyObject *
status_set_tag(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_tag", 1, 1, {"tag"}};
    return status_store_field(self, args, nargs, kwnames, &params, offsetof(MPI_Status, MPI_TAG));
}

static PyObject *
status_set_error(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_error", 1, 1, {"error"}};
    return status_store_field(self, args, nargs, kwnames, &params, offsetof(MPI_Status, MPI_ERROR));
}

// Counts

static PyObject *
status_count_of(PyObject *self, MPI_Datatype type)
{
    MPI_Count count = MPI_UNDEFINED;
    if (!check(status_of(self)->st, MPI_Get_count_c(&status_of(self)->status, type, &count)))
        return NULL;
    return PyLong_FromLongLong(count);
}

static PyObject *
status_get_count(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_count", 1, 0, {"datatype"}};
    PyObject *arg[1];
    MPI_Datatype type = MPI_BYTE;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !datatype_arg(status_of(self)->st, &params, 0, arg[0], &type))
        return NULL;
    return status_count_of(self, type);
}

static PyObject *
status_get_bytes(PyObject *self, void *closure)
{
    (void)closure;
    return status_count_of(self, MPI_BYTE);
}

static PyObject *
status_get_elements(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_elements", 1, 1, {"datatype"}};
    PyObject *arg[1];
    MPI_Datatype type = MPI_BYTE;
    struct state *st = status_of(self)->st;
    MPI_Count count = MPI_UNDEFINED;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !datatype_arg(st, &params, 0, arg[0], &type) ||
        !check(st, MPI_Get_elements_c(&status_of(self)->status, type, &count)))
        return NULL;
    return PyLong_FromLongLong(count);
}

static bool
status_put_elements(PyObject *self, MPI_Datatype type, MPI_Count count)
{
    return check(status_of(self)->st,
                 MPI_Status_set_elements_c(&status_of(self)->status, type, count));
}

static PyObject *
status_set_elements(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_elements", 2, 2, {"datatype", "count"}};
    PyObject *arg[2];
    MPI_Datatype type = MPI_BYTE;
    MPI_Count count = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !datatype_arg(status_of(self)->st, &params, 0, arg[0], &type) ||
        !count_arg(&params, 1, arg[1], &count) || !status_put_elements(self, type, count))
        return NULL;
    Py_RETURN_NONE;
}

static int
status_set_bytes(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    static const struct params params = {"Status", 1, 1, {"count"}};
    MPI_Count count = 0;
    if (value == NULL)
        return field_kept();
    return count_arg(&params, 0, value, &count) && status_put_elements(self, MPI_BYTE, count) ? 0
                                                                                              : -1;
}

// Cancellation

static PyObject *
status_is_cancelled(PyObject *self, PyObject *unused)
{
    (void)unused;
    int flag = 0;
    if (!check(status_of(self)->st, MPI_Test_cancelled(&status_of(self)->status, &flag)))
        return NULL;
    return PyBool_FromLong(flag);
}

static PyObject *
status_get_cancelled(PyObject *self, void *closure)
{
    (void)closure;
    return status_is_cancelled(self, NULL);
}

static bool
status_put_cancelled(PyObject *self, PyObject *value)
{
    int flag = 0;
    return bool_arg(value, &flag) &&
           check(status_of(self)->st, MPI_Status_set_cancelled(&status_of(self)->status, flag));
}

static PyObject *
status_set_cancelled(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_cancelled", 1, 1, {"flag"}};
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !status_put_cancelled(self, arg[0]))
        return NULL;
    Py_RETURN_NONE;
}

static int
status_store_cancelled(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL)
        return field_kept();
    return status_put_cancelled(self, value) ? 0 : -1;
}

// Pickling

static PyObject *
status_getstate(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct status *status = status_of(self);
    MPI_Count count = 0;
    int cancelled = 0;
    if (!check(status->st, MPI_Get_elements_c(&status->status, MPI_BYTE, &count)) ||
        !check(status->st, MPI_Test_cancelled(&status->status, &cancelled)))
        return NULL;
    return Py_BuildValue("{s:i,s:i,s:i,s:L,s:O}", "source", status->status.MPI_SOURCE, "tag",
                         status->status.MPI_TAG, "error", status->status.MPI_ERROR, "count",
                         (long long)count, "cancelled", cancelled ? Py_True : Py_False);
}

static PyObject *
status_reduce(PyObject *self, PyObject *unused)
{
    PyObject *contents = status_getstate(self, unused);
    if (contents == NULL)
        return NULL;
    return Py_BuildValue("O()N", Py_TYPE(self), contents);
}

// A field that a state may lack.
static bool
status_restore(PyObject *self, PyObject *state, const char *name, setter set)
{
    if (!PyMapping_HasKeyString(state, name))
        return true;
    PyObject *value = PyMapping_GetItemString(state, name);
    bool done = value != NULL && set(self, value, NULL) == 0;
    Py_XDECREF(value);
    return done;
}

static PyObject *
status_setstate(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"__setstate__", 1, 1, {"state"}};
    static const char *const names[] = {"source", "tag", "error"};
    static const size_t offsets[] = {offsetof(MPI_Status, MPI_SOURCE),
                                     offsetof(MPI_Status, MPI_TAG),
                                     offsetof(MPI_Status, MPI_ERROR)};
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    for (size_t i = 0; i < 3; i++) {
        PyObject *value = PyMapping_GetItemString(arg[0], names[i]);
        if (value == NULL || !int_arg(&params, 0, value, status_field(self, offsets[i]))) {
            Py_XDECREF(value);
            return NULL;
        }
        Py_DECREF(value);
    }
    if (!status_restore(self, arg[0], "count", status_set_bytes) ||
        !status_restore(self, arg[0], "cancelled", status_store_cancelled))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
status_tomemory(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct status *status = status_of(self);
    PyObject *raw = buffer_over(status->st, self, &status->status, sizeof(MPI_Status), false);
    if (raw == NULL)
        return NULL;
    PyObject *view = PyMemoryView_FromObject(raw);
    Py_DECREF(raw);
    if (view == NULL)
        return NULL;
    PyObject *ints = PyObject_CallMethod(view, "cast", "s", "i");
    Py_DECREF(view);
    return ints;
}

// Fortran's status is C's, as an array of ints (MPI 20.3.5).
_Static_assert(sizeof(MPI_Status) == MPI_F_STATUS_SIZE * sizeof(int), "a status is all ints");

static PyObject *
status_py2f(PyObject *self, PyObject *unused)
{
    (void)unused;
    int ints[MPI_F_STATUS_SIZE];
    memcpy(ints, &status_of(self)->status, sizeof ints);
    return ints_list(ints, MPI_F_STATUS_SIZE);
}

static PyObject *
status_f2py(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"f2py", 1, 1, {"arg"}};
    PyObject *arg[1];
    int ints[MPI_F_STATUS_SIZE];
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    for (int i = 0; i < MPI_F_STATUS_SIZE; i++) {
        PyObject *number = PySequence_GetItem(arg[0], i);
        bool taken = number != NULL && int_arg(&params, 0, number, &ints[i]);
        Py_XDECREF(number);
        if (!taken)
            return NULL;
    }
    PyObject *made = PyObject_CallNoArgs(cls);
    if (made != NULL)
        memcpy(&status_of(made)->status, ints, sizeof ints);
    return made;
}

static PyMethodDef status_methods[] = {
    {"Get_source", status_get_source, METH_NOARGS, "Get_source($self)\n--\n\nRank of the sender."},
    METHOD("Set_source", status_set_source,
           "Set_source($self, source)\n--\n\nStore the rank of the sender."),
    {"Get_tag", status_get_tag, METH_NOARGS, "Get_tag($self)\n--\n\nTag of the message."},
    METHOD("Set_tag", status_set_tag, "Set_tag($self, tag)\n--\n\nStore the tag of the message."),
    {"Get_error", status_get_error, METH_NOARGS,
     "Get_error($self)\n--\n\nError code of the operation, 0 for success."},
    METHOD("Set_error", status_set_error,
           "Set_error($self, error)\n--\n\nStore the error code of the operation."),
    METHOD("Get_count", status_get_count,
           "Get_count($self, datatype=...)\n--\n\n"
           "Number of entries of `datatype` received, UNDEFINED if it is not a whole number\n"
           "(MPI 3.2.5)."),
    METHOD("Get_elements", status_get_elements,
           "Get_elements($self, datatype)\n--\n\n"
           "Number of basic elements of `datatype` received (MPI 5.1.11)."),
    METHOD("Set_elements", status_set_elements,
           "Set_elements($self, datatype, count)\n--\n\nStore the number of elements received."),
    {"Is_cancelled", status_is_cancelled, METH_NOARGS,
     "Is_cancelled($self)\n--\n\nWhether the operation was cancelled (MPI 3.8.4)."},
    METHOD("Set_cancelled", status_set_cancelled,
           "Set_cancelled($self, flag)\n--\n\nStore whether the operation was cancelled."),
    {"tomemory", status_tomemory, METH_NOARGS,
     "tomemory($self)\n--\n\nMemoryview of the status as C ints."},
    {"py2f", status_py2f, METH_NOARGS, "py2f($self)\n--\n\nThe status as Fortran's integers."},
    CLASS_METHOD("f2py", status_f2py,
                 "f2py($cls, arg)\n--\n\nStatus of Fortran's integers, a sequence of them."),
    {"__getstate__", status_getstate, METH_NOARGS, NULL},
    METHOD("__setstate__", status_setstate, NULL),
    {"__reduce__", status_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef status_getset[] = {
    {"source", status_get_field, status_set_field, "Rank of the sender.",
     (void *)offsetof(MPI_Status, MPI_SOURCE)},
    {"tag", status_get_field, status_set_field, "Tag of the message.",
     (void *)offsetof(MPI_Status, MPI_TAG)},
    {"error", status_get_field, status_set_field, "Error code of the operation.",
     (void *)offsetof(MPI_Status, MPI_ERROR)},
    {"count", status_get_bytes, status_set_bytes, "Number of bytes received.", NULL},
    {"cancelled", status_get_cancelled, status_store_cancelled,
     "Whether the operation was cancelled.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef status_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct status, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot status_slots[] = {
    {Py_tp_doc, "Status(status=None)\n--\n\nWhat is known of a message or of an operation."},
    {Py_tp_new, status_new},
    {Py_tp_dealloc, status_dealloc},
    {Py_tp_richcompare, status_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_methods, status_methods},
    {Py_tp_getset, status_getset},
    {Py_tp_members, status_members},
    {0, NULL},
};

static PyType_Spec status_spec = {
    .name = "mpi4py.MPI.Status",
    .basicsize = sizeof(struct status),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = status_slots,
};

bool
status_add_type(struct state *st, PyObject *module)
{
    st->status_type = module_add_type(module, &status_spec, NULL, "Status");
    return st->status_type != NULL;
}
