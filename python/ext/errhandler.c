// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "errhandler.h"

#include "call.h"
#include "comm.h"

#include <stdarg.h>
#include <structmember.h>

// Callbacks: one C function for each slot, as for operations (op.c).

static void
errhandler_fail(void)
{
    PyErr_Print();
    PySys_WriteStderr("Fatal Python error: exception in user-defined error handler function\n");
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void
errhandler_call(int slot, MPI_Comm comm, int code)
{
    if (!Py_IsInitialized())
        MPI_Abort(MPI_COMM_WORLD, 1);
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *etype, *evalue, *etrace;
    PyErr_Fetch(&etype, &evalue, &etrace);
    struct state *st = state_of_interpreter();
    PyObject *function = st == NULL ? NULL : st->errhandler_functions[slot];
    PyObject *object = function == NULL ? NULL : comm_from(st, comm);
    PyObject *result = object == NULL ? NULL : PyObject_CallFunction(function, "Oi", object, code);
    Py_XDECREF(object);
    if (result == NULL)
        errhandler_fail();
    Py_XDECREF(result);
    PyErr_Restore(etype, evalue, etrace);
    PyGILState_Release(gil);
}

// clang-format off
#define ERRHANDLER_SLOTS(ROW)            \
    ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7) \
    ROW(8) ROW(9) ROW(10) ROW(11) ROW(12) ROW(13) ROW(14) ROW(15) \
    ROW(16) ROW(17) ROW(18) ROW(19) ROW(20) ROW(21) ROW(22) ROW(23) \
    ROW(24) ROW(25) ROW(26) ROW(27) ROW(28) ROW(29) ROW(30) ROW(31)
// clang-format on

#define ERRHANDLER_CALLBACK(n)                                                                     \
    static void errhandler_##n(MPI_Comm *comm, int *code, ...)                                     \
    {                                                                                              \
        errhandler_call(n, *comm, *code);                                                          \
    }
ERRHANDLER_SLOTS(ERRHANDLER_CALLBACK)

#define ERRHANDLER_ENTRY(n) errhandler_##n,
static MPI_Comm_errhandler_function *const errhandler_callbacks[CALLBACK_SLOTS] = {
    ERRHANDLER_SLOTS(ERRHANDLER_ENTRY)};

PyObject *
errhandler_create(struct state *st, PyObject *function)
{
    int slot = callback_slot(st->errhandler_functions, "error handlers, freed ones included");
    struct handle *h =
        slot < 0 ? NULL : handle_alloc(st, st->types[CLASS_ERRHANDLER], CLASS_ERRHANDLER);
    if (h == NULL)
        return NULL;
    if (!check(st, MPI_Comm_create_errhandler(errhandler_callbacks[slot], &h->u.errhandler))) {
        Py_DECREF((PyObject *)h);
        return NULL;
    }
    h->slot = slot;
    st->errhandler_functions[slot] = Py_NewRef(function);
    return (PyObject *)h;
}

// methods

static PyObject *
errhandler_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_ERRHANDLER);
}

// A communicator may go on using the function: its slot is given back to no one.
static PyObject *
errhandler_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Errhandler errhandler = h->u.errhandler;
    if (!check(h->st, MPI_Errhandler_free(&errhandler)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.errhandler = errhandler;
    Py_RETURN_NONE;
}

static PyObject *
errhandler_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return errhandler_free(self, unused);
    Py_RETURN_NONE;
}

static PyObject *
errhandler_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return handle_from_number(cls, args, nargs, kwnames, CLASS_ERRHANDLER, NULL);
}

static PyMethodDef errhandler_methods[] = {
    CLASS_METHOD("fromhandle", errhandler_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    {"Free", errhandler_free, METH_NOARGS, "Free($self)\n--\n\nFree an error handler (MPI 9.3.4)."},
    {"free", errhandler_free_safely, METH_NOARGS, "free($self)\n--\n\nCall Free if not null."},
    HANDLE_NUMBER_ROWS,
    HANDLE_REDUCE_ROW,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef errhandler_getset[] = {HANDLE_GETSET_ROW, {NULL, NULL, NULL, NULL, NULL}};

static PyMemberDef errhandler_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot errhandler_slots[] = {
    {Py_tp_doc, "Errhandler(errhandler=None)\n--\n\nWhat happens when an MPI function fails."},
    {Py_tp_new, errhandler_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, errhandler_methods},
    {Py_tp_getset, errhandler_getset},
    {Py_tp_members, errhandler_members},
    {0, NULL},
};

static PyType_Spec errhandler_spec = {
    .name = "mpi4py.MPI.Errhandler",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = errhandler_slots,
};

static const struct {
    const char *name;
    MPI_Errhandler errhandler;
} errhandler_rows[] = {
    {"ERRHANDLER_NULL", MPI_ERRHANDLER_NULL},
    {"ERRORS_RETURN", MPI_ERRORS_RETURN},
    {"ERRORS_ABORT", MPI_ERRORS_ABORT},
    {"ERRORS_ARE_FATAL", MPI_ERRORS_ARE_FATAL},
};

bool
errhandler_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &errhandler_spec, NULL, "Errhandler");
    st->types[CLASS_ERRHANDLER] = type;
    for (size_t i = 0; type != NULL && i < sizeof(errhandler_rows) / sizeof(errhandler_rows[0]);
         i++) {
        union mpi_handle value = {.bits = 0};
        value.errhandler = errhandler_rows[i].errhandler;
        if (!handle_add_predefined(st, module, type, CLASS_ERRHANDLER, value,
                                   errhandler_rows[i].name))
            return false;
    }
    return type != NULL;
}
