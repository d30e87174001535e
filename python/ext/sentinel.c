// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "sentinel.h"

struct sentinel {
    PyObject_HEAD const char *name;
    void *address;
};

static struct sentinel *
sentinel_of(PyObject *self)
{
    return (struct sentinel *)self;
}

static void
sentinel_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *
sentinel_number(PyObject *self)
{
    return PyLong_FromSsize_t((Py_ssize_t)(intptr_t)sentinel_of(self)->address);
}

static int
sentinel_bool(PyObject *self)
{
    return sentinel_of(self)->address != NULL;
}

static Py_hash_t
sentinel_hash(PyObject *self)
{
    PyObject *number = sentinel_number(self);
    if (number == NULL)
        return -1;
    Py_hash_t hash = PyObject_Hash(number);
    Py_DECREF(number);
    return hash;
}

static PyObject *
sentinel_richcompare(PyObject *self, PyObject *other, int op)
{
    if (op != Py_EQ && op != Py_NE)
        Py_RETURN_NOTIMPLEMENTED;
    if (Py_TYPE(self) == Py_TYPE(other))
        return PyBool_FromLong(op == Py_EQ);
    if (!PyIndex_Check(other))
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *number = sentinel_number(self);
    if (number == NULL)
        return NULL;
    PyObject *result = PyObject_RichCompare(number, other, op);
    Py_DECREF(number);
    return result;
}

static PyObject *
sentinel_repr(PyObject *self)
{
    return PyUnicode_FromString(sentinel_of(self)->name);
}

static PyObject *
sentinel_reduce(PyObject *self, PyObject *unused)
{
    (void)unused;
    return sentinel_repr(self);
}

static int
sentinel_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    return PyBuffer_FillInfo(view, NULL, sentinel_of(self)->address, 0, 0, flags);
}

/* What the type's name says; the objects are made once, in sentinel_add_types. */
static PyObject *
sentinel_alloc(PyTypeObject *type, const char *name, void *address)
{
    struct sentinel *sentinel = PyObject_New(struct sentinel, type);
    if (sentinel != NULL) {
        sentinel->name = name;
        sentinel->address = address;
    }
    return (PyObject *)sentinel;
}

static PyObject *
sentinel_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct state *st = state_of_type(type);
    if (st == NULL || !PyArg_UnpackTuple(args, "sentinel", 0, 0))
        return NULL;
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_Format(PyExc_TypeError, "%R takes no arguments", type);
        return NULL;
    }
    PyObject *const known[] = {st->bottom, st->in_place, st->automatic};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] != NULL && Py_TYPE(known[i]) == type)
            return sentinel_alloc(type, sentinel_of(known[i])->name,
                                  sentinel_of(known[i])->address);
    PyErr_Format(PyExc_TypeError, "cannot create %R", type);
    return NULL;
}

static PyMethodDef sentinel_methods[] = {
    {"__reduce__", sentinel_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#define SENTINEL_SLOTS(text)                                                                       \
    {Py_tp_doc, text}, {Py_tp_new, sentinel_new}, {Py_tp_dealloc, sentinel_dealloc},               \
        {Py_tp_repr, sentinel_repr}, {Py_tp_hash, sentinel_hash},                                  \
        {Py_tp_richcompare, sentinel_richcompare}, {Py_nb_bool, sentinel_bool},                    \
        {Py_nb_int, sentinel_number}, {Py_bf_getbuffer, sentinel_getbuffer},                       \
    {                                                                                              \
        Py_tp_methods, sentinel_methods                                                            \
    }

// BOTTOM is an address that one can count from: the only one that is an index.
static PyType_Slot bottom_slots[] = {
    SENTINEL_SLOTS("Type of `BOTTOM`."), {Py_nb_index, sentinel_number}, {0, NULL}};
static PyType_Slot in_place_slots[] = {SENTINEL_SLOTS("Type of `IN_PLACE`."), {0, NULL}};
static PyType_Slot automatic_slots[] = {SENTINEL_SLOTS("Type of `BUFFER_AUTOMATIC`."), {0, NULL}};

static PyType_Spec specs[] = {
    {"mpi4py.MPI.BottomType", sizeof(struct sentinel), 0,
     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, bottom_slots},
    {"mpi4py.MPI.InPlaceType", sizeof(struct sentinel), 0,
     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, in_place_slots},
    {"mpi4py.MPI.BufferAutomaticType", sizeof(struct sentinel), 0,
     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, automatic_slots},
};

static bool
sentinel_add(PyObject *module, PyType_Spec *spec, const char *type_name, const char *name,
             void *address, PyObject **object)
{
    PyTypeObject *type = module_add_type(module, spec, NULL, type_name);
    if (type == NULL)
        return false;
    *object = sentinel_alloc(type, name, address);
    Py_DECREF(type);
    return *object != NULL && PyModule_AddObjectRef(module, name, *object) == 0;
}

bool
sentinel_add_types(struct state *st, PyObject *module)
{
    return sentinel_add(module, &specs[0], "BottomType", "BOTTOM", MPI_BOTTOM, &st->bottom) &&
           sentinel_add(module, &specs[1], "InPlaceType", "IN_PLACE", MPI_IN_PLACE,
                        &st->in_place) &&
           sentinel_add(module, &specs[2], "BufferAutomaticType", "BUFFER_AUTOMATIC",
                        MPI_BUFFER_AUTOMATIC, &st->automatic);
}
