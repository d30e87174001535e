// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "handle.h"

#include "init.h"
#include "op.h"
#include "request.h"

static const struct {
    const char *name;
    union mpi_handle null;
} handle_classes[CLASS_COUNT] = {
    [CLASS_COMM] = {"Comm", {.comm = MPI_COMM_NULL}},
    [CLASS_DATATYPE] = {"Datatype", {.datatype = MPI_DATATYPE_NULL}},
    [CLASS_ERRHANDLER] = {"Errhandler", {.errhandler = MPI_ERRHANDLER_NULL}},
    [CLASS_GROUP] = {"Group", {.group = MPI_GROUP_NULL}},
    [CLASS_INFO] = {"Info", {.info = MPI_INFO_NULL}},
    [CLASS_MESSAGE] = {"Message", {.message = MPI_MESSAGE_NULL}},
    [CLASS_OP] = {"Op", {.op = MPI_OP_NULL}},
    [CLASS_REQUEST] = {"Request", {.request = MPI_REQUEST_NULL}},
};

static uintptr_t
handle_null(enum class_id id)
{
    return handle_classes[id].null.bits;
}

struct handle *
handle_alloc(struct state *st, PyTypeObject *type, enum class_id id)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct handle *h = (struct handle *)alloc(type, 0);
    if (h == NULL)
        return NULL;
    h->st = state_hold(st);
    h->id = id;
    h->slot = -1;
    h->u = handle_classes[id].null;
    return h;
}

// Takes the handle of `from` as well; false with an exception.
static bool
handle_share(struct handle *h, struct handle *from)
{
    if (h->id == CLASS_REQUEST && !request_share(from))
        return false;
    h->u = from->u;
    h->flags = from->flags & ~HANDLE_CONST;
    h->slot = from->slot;
    h->size = from->size;
    h->keep = Py_XNewRef(from->keep);
    return true;
}

PyObject *
handle_new(PyTypeObject *type, PyObject *args, PyObject *kwargs, enum class_id id)
{
    struct state *st = state_of_type(type);
    if (st == NULL)
        return NULL;
    static const char *const parameter[CLASS_COUNT] = {
        [CLASS_COMM] = "comm",   [CLASS_DATATYPE] = "datatype", [CLASS_ERRHANDLER] = "errhandler",
        [CLASS_GROUP] = "group", [CLASS_INFO] = "info",         [CLASS_MESSAGE] = "message",
        [CLASS_OP] = "op",       [CLASS_REQUEST] = "request",
    };
    char *keywords[] = {(char *)(uintptr_t)parameter[id], NULL};
    PyObject *from = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", keywords, &from))
        return NULL;
    if (from == Py_None)
        from = NULL;
    if (from != NULL && !PyObject_TypeCheck(from, st->types[id])) {
        PyErr_Format(PyExc_TypeError, "%s(): expecting %s or None, not %R", parameter[id],
                     handle_classes[id].name, Py_TYPE(from));
        return NULL;
    }
    struct handle *h = handle_alloc(st, type, id);
    if (h != NULL && from != NULL && !handle_share(h, handle_of(from)))
        Py_CLEAR(h);
    return (PyObject *)h;
}

bool
handle_arg(struct state *st, enum class_id id, const struct params *p, int index, PyObject *arg,
           struct handle **h)
{
    if (arg == NULL)
        return true;
    if (!PyObject_TypeCheck(arg, st->types[id])) {
        PyErr_Format(PyExc_TypeError, "%s(): %s must be an MPI.%s, not %R", p->func,
                     p->names[index], handle_classes[id].name, Py_TYPE(arg));
        return false;
    }
    *h = handle_of(arg);
    return true;
}

void
handle_dealloc(PyObject *self)
{
    struct handle *h = handle_of(self);
    PyTypeObject *type = Py_TYPE(self);
    if (h->weakrefs != NULL)
        PyObject_ClearWeakRefs(self);
    if (h->id == CLASS_REQUEST)
        request_drop(h);
    Py_CLEAR(h->keep);
    state_release(h->st);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

PyObject *
handle_richcompare(PyObject *self, PyObject *other, int op)
{
    struct handle *h = handle_of(self);
    if (!PyObject_TypeCheck(other, h->st->types[h->id]))
        Py_RETURN_NOTIMPLEMENTED;
    bool same = h->u.bits == handle_of(other)->u.bits;
    if (op == Py_EQ)
        return PyBool_FromLong(same);
    if (op == Py_NE)
        return PyBool_FromLong(!same);
    PyErr_Format(PyExc_TypeError, "unorderable type %R", Py_TYPE(self));
    return NULL;
}

int
handle_bool(PyObject *self)
{
    struct handle *h = handle_of(self);
    return h->u.bits != handle_null(h->id);
}

// The row (object, name) of a predefined handle: BORROWED, or NULL without an exception. A handle
// with several names has an object for each: the row of this very object, else the first.
static PyObject *
predefined_find(const struct handle *h)
{
    PyObject *first = NULL, *rows = h->st->predefined[h->id];
    Py_ssize_t n = rows == NULL ? 0 : PyList_Size(rows);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *row = PyList_GetItem(rows, i);
        struct handle *known = handle_of(PyTuple_GetItem(row, 0));
        if (known == h)
            return row;
        if (first == NULL && known->u.bits == h->u.bits)
            first = row;
    }
    return first;
}

bool
handle_is_predefined(const struct handle *h)
{
    return predefined_find(h) != NULL;
}

// copyreg.__newobj__(type(self), predefined object)
static PyObject *
reduce_to_copy(PyObject *self, PyObject *object)
{
    PyObject *copyreg = PyImport_ImportModule("copyreg");
    if (copyreg == NULL)
        return NULL;
    PyObject *newobj = PyObject_GetAttrString(copyreg, "__newobj__");
    Py_DECREF(copyreg);
    if (newobj == NULL)
        return NULL;
    return Py_BuildValue("N(OO)", newobj, Py_TYPE(self), object);
}

PyObject *
handle_reduce(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    PyObject *row = predefined_find(h);
    if (row != NULL) {
        PyObject *object = PyTuple_GetItem(row, 0);
        if (object == self)
            return Py_NewRef(PyTuple_GetItem(row, 1));
        return reduce_to_copy(self, object);
    }
    PyErr_Format(PyExc_ValueError,
                 "cannot serialize %R instance: its handle means nothing in "
                 "another process",
                 Py_TYPE(self));
    return NULL;
}

PyObject *
handle_get_number(PyObject *self, void *closure)
{
    (void)closure;
    handle_of(self)->flags |= HANDLE_EXPOSED;
    return PyLong_FromUnsignedLongLong(handle_of(self)->u.bits);
}

PyObject *
handle_from_number(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                   enum class_id id, struct handle **made)
{
    static const struct params params = {"fromhandle", 1, 1, {"handle"}};
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL)
        return NULL;
    PyObject *number = PyNumber_Index(arg[0]);
    if (number == NULL)
        return NULL;
    unsigned long long bits = PyLong_AsUnsignedLongLongMask(number);
    Py_DECREF(number);
    struct handle *h = handle_alloc(st, st->types[id], id);
    if (h == NULL)
        return NULL;
    h->u.bits = (uintptr_t)bits;
    h->flags |= HANDLE_EXPOSED;
    if (made != NULL)
        *made = h;
    return (PyObject *)h;
}

static int
number_of(const struct handle *h)
{
    switch (h->id) {
    case CLASS_COMM:
        return MPI_Comm_toint(h->u.comm);
    case CLASS_DATATYPE:
        return MPI_Type_toint(h->u.datatype);
    case CLASS_ERRHANDLER:
        return MPI_Errhandler_toint(h->u.errhandler);
    case CLASS_GROUP:
        return MPI_Group_toint(h->u.group);
    case CLASS_INFO:
        return MPI_Info_toint(h->u.info);
    case CLASS_MESSAGE:
        return MPI_Message_toint(h->u.message);
    case CLASS_OP:
        return MPI_Op_toint(h->u.op);
    case CLASS_REQUEST:
        return MPI_Request_toint(h->u.request);
    case CLASS_COUNT:
        break;
    }
    return 0;
}

static union mpi_handle
number_handle(enum class_id id, int number)
{
    switch (id) {
    case CLASS_COMM:
        return (union mpi_handle){.comm = MPI_Comm_fromint(number)};
    case CLASS_DATATYPE:
        return (union mpi_handle){.datatype = MPI_Type_fromint(number)};
    case CLASS_ERRHANDLER:
        return (union mpi_handle){.errhandler = MPI_Errhandler_fromint(number)};
    case CLASS_GROUP:
        return (union mpi_handle){.group = MPI_Group_fromint(number)};
    case CLASS_INFO:
        return (union mpi_handle){.info = MPI_Info_fromint(number)};
    case CLASS_MESSAGE:
        return (union mpi_handle){.message = MPI_Message_fromint(number)};
    case CLASS_OP:
        return (union mpi_handle){.op = MPI_Op_fromint(number)};
    case CLASS_REQUEST:
        return (union mpi_handle){.request = MPI_Request_fromint(number)};
    case CLASS_COUNT:
        break;
    }
    return (union mpi_handle){.bits = 0};
}

PyObject *
handle_toint(PyObject *self, PyObject *unused)
{
    (void)unused;
    handle_of(self)->flags |= HANDLE_EXPOSED;
    return PyLong_FromLong(number_of(handle_of(self)));
}

// The class decides what object it is: Comm.fromint() may give an Intracomm.
static PyObject *
from_number(PyObject *cls, const struct params *params, PyObject *arg)
{
    int number = 0, id = 0;
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !int_arg(params, 0, arg, &number))
        return NULL;
    while (!PyType_IsSubtype((PyTypeObject *)cls, st->types[id]))
        id++;
    union mpi_handle made = number_handle((enum class_id)id, number);
    return PyObject_CallMethod(cls, "fromhandle", "K", (unsigned long long)made.bits);
}

PyObject *
handle_fromint(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"fromint", 1, 1, {"arg"}};
    PyObject *arg[1];
    if (kwnames != NULL && PyTuple_Size(kwnames) > 0) {
        PyErr_SetString(PyExc_TypeError, "fromint() takes no keyword arguments");
        return NULL;
    }
    return params_bind(&params, args, nargs, NULL, arg) ? from_number(cls, &params, arg[0]) : NULL;
}

PyObject *
handle_f2py(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"f2py", 1, 1, {"arg"}};
    PyObject *arg[1];
    return params_bind(&params, args, nargs, kwnames, arg) ? from_number(cls, &params, arg[0])
                                                           : NULL;
}

bool
handle_can_free(struct handle *h)
{
    if ((h->flags & HANDLE_CONST) != 0 || h->u.bits == handle_null(h->id))
        return false;
    if (h->id != CLASS_ERRHANDLER && handle_is_predefined(h)) {
        h->u = handle_classes[h->id].null;
        return false;
    }
    if (h->id == CLASS_INFO || h->id == CLASS_ERRHANDLER || mpi_is_active())
        return true;
    h->u = handle_classes[h->id].null;
    return false;
}

int
callback_slot(PyObject *const *functions, const char *what)
{
    for (int slot = 0; slot < CALLBACK_SLOTS; slot++)
        if (functions[slot] == NULL)
            return slot;
    PyErr_Format(PyExc_RuntimeError, "cannot create more than %d user-defined %s", CALLBACK_SLOTS,
                 what);
    return -1;
}

bool
handle_add_predefined(struct state *st, PyObject *module, PyTypeObject *type, enum class_id id,
                      union mpi_handle value, const char *name)
{
    struct handle *h = handle_alloc(st, type, id);
    if (h == NULL)
        return false;
    h->u = value;
    h->flags |= HANDLE_CONST;
    if (st->predefined[id] == NULL)
        st->predefined[id] = PyList_New(0);
    PyObject *row = st->predefined[id] == NULL ? NULL : Py_BuildValue("(Os)", h, name);
    bool done = row != NULL && PyList_Append(st->predefined[id], row) == 0 &&
                PyModule_AddObjectRef(module, name, (PyObject *)h) == 0;
    Py_XDECREF(row);
    Py_DECREF((PyObject *)h);
    return done;
}
