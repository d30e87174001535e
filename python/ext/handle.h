// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_HANDLE_H
#define MUSTER_EXT_HANDLE_H

#include "args.h"

/* An MPI handle of any class; `bits` is set to zero before a member is, so that handles compare
   by their bits whatever their width. */
union mpi_handle {
    uintptr_t bits;
    MPI_Comm comm;
    MPI_Datatype datatype;
    MPI_Errhandler errhandler;
    MPI_Group group;
    MPI_Info info;
    MPI_Message message;
    MPI_Op op;
    MPI_Request request;
};

enum {
    HANDLE_CONST = 1,   // one of the module's predefined objects: keeps its handle when freed
    HANDLE_EXPOSED = 2, // the handle's number was read: someone else may use it
    HANDLE_STARTED = 4, // a request that we started: its buffers are ours to keep
    HANDLE_OBJECT = 8,  // a request that receives an object: wait() returns it
};

/* The object of every class that wraps a handle. */
struct handle {
    PyObject_HEAD struct state *st; // held
    union mpi_handle u;
    enum class_id id;
    int flags;
    int slot;       // of a Python callback, or -1
    MPI_Count size; // of a matched message, in bytes
    PyObject *keep; // OWNED: what the handle needs alive (buffers of a started operation)
    PyObject *weakrefs;
};

static inline struct handle *
handle_of(PyObject *self)
{
    return (struct handle *)self;
}

static inline struct state *
state_of(PyObject *self)
{
    return handle_of(self)->st;
}

/* A new object of `type` with the null handle of its class; NULL with an exception. */
struct handle *handle_alloc(struct state *st, PyTypeObject *type, enum class_id id);

/* The tp_new of a class: an optional instance of the class to take the handle from. */
PyObject *handle_new(PyTypeObject *type, PyObject *args, PyObject *kwargs, enum class_id id);

bool handle_is_predefined(const struct handle *h);

/* True when `arg` is of the class and *h can be used; else a TypeError naming the parameter. */
bool handle_arg(struct state *st, enum class_id id, const struct params *p, int index,
                PyObject *arg, struct handle **h);

/* Slots and methods that all classes share. */
void handle_dealloc(PyObject *self);
PyObject *handle_richcompare(PyObject *self, PyObject *other, int op);
int handle_bool(PyObject *self);
PyObject *handle_reduce(PyObject *self, PyObject *unused);
PyObject *handle_get_number(PyObject *self, void *closure);
PyObject *handle_from_number(PyObject *cls, PyObject *const *args, Py_ssize_t nargs,
                             PyObject *kwnames, enum class_id id, struct handle **made);

/* The handle as the int that Fortran knows it by, and back (MPI 20.3.5). */
PyObject *handle_toint(PyObject *self, PyObject *unused);
method_fn handle_fromint, handle_f2py;

/* True while the handle may be freed: not null, not predefined, and MPI is active (or the class
   does not need it to be). */
bool handle_can_free(struct handle *h);

/* A free slot among the CALLBACK_SLOTS functions, -1 with an exception that
 * names `what` they are. */
int callback_slot(PyObject *const *functions, const char *what);

/* Makes the module's object for a predefined handle and adds it to the module. */
bool handle_add_predefined(struct state *st, PyObject *module, PyTypeObject *type, enum class_id id,
                           union mpi_handle value, const char *name);

#define HANDLE_REDUCE_ROW                                                                          \
    {                                                                                              \
        "__reduce__", handle_reduce, METH_NOARGS, NULL                                             \
    }
#define HANDLE_NUMBER_ROWS                                                                         \
    {"toint", handle_toint, METH_NOARGS, "toint($self)\n--\n\nThe handle as an int."},             \
        CLASS_METHOD("fromint", handle_fromint,                                                    \
                     "fromint($cls, arg, /)\n--\n\nObject for a handle as an int."),               \
        {"py2f", handle_toint, METH_NOARGS, "py2f($self)\n--\n\nThe handle as Fortran's int."},    \
        CLASS_METHOD("f2py", handle_f2py,                                                          \
                     "f2py($cls, arg)\n--\n\nObject for a handle of Fortran's.")
#define HANDLE_GETSET_ROW                                                                          \
    {                                                                                              \
        "handle", handle_get_number, NULL, "MPI handle, as an integer.", NULL                      \
    }
#define HANDLE_WEAK_ROW                                                                            \
    {                                                                                              \
        "__weaklistoffset__", T_PYSSIZET, offsetof(struct handle, weakrefs), READONLY, NULL        \
    }

#endif
