// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_MODULE_H
#define MUSTER_EXT_MODULE_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#include <Python.h>

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The classes that wrap an MPI handle. */
enum class_id {
    CLASS_COMM,
    CLASS_DATATYPE,
    CLASS_ERRHANDLER,
    CLASS_GROUP,
    CLASS_INFO,
    CLASS_MESSAGE,
    CLASS_OP,
    CLASS_REQUEST,
    CLASS_COUNT
};

enum { CALLBACK_SLOTS = 32, SPARE_BLOCKS = 8, SPARE_KINDS = 3, ARRAY_TYPES = 24 };

/* An operation that Python dropped before it completed: MPI still uses its buffers. */
struct orphan {
    MPI_Request request;
    PyObject *buffers; // OWNED: given back when the operation has completed
    bool exposed;      // someone has the handle's number: never free the request itself
};

/*
 * All that the module remembers. Objects hold it (they may outlive the module at exit), the last
 * one to release it frees it. Every field is read and written with the GIL held.
 */
struct state {
    Py_ssize_t holders;
    PyObject *module; // BORROWED, NULL once the module is cleared

    PyTypeObject *types[CLASS_COUNT];
    PyTypeObject *intracomm_type;
    PyTypeObject *prequest_type;
    PyTypeObject *status_type;
    PyTypeObject *buffer_type;
    PyTypeObject *block_type;
    PyTypeObject *ticket_type;
    PyTypeObject *pickle_type;
    PyObject *exception_type;

    PyObject *bottom;
    PyObject *in_place;
    PyObject *automatic;
    PyObject *predefined[CLASS_COUNT]; // list of (object, name)

    // NumPy, once its first array was seen
    PyTypeObject *ndarray_type;
    bool ndarray_refused; // its layout is not the one we know: use the buffer protocol
    PyObject *ndarray_dtypes[ARRAY_TYPES];

    // object messages
    PyObject *pickle;
    PyObject *default_dumps;
    PyObject *default_loads;
    PyObject *default_protocol;
    PyObject *spare_blocks[SPARE_KINDS][SPARE_BLOCKS]; // by kind (memory.h), to be used again
    int spare_counts[SPARE_KINDS];
    size_t landing_used; // address space of the blocks for messages of unknown size

    // callbacks given to MPI, by slot
    PyObject *op_functions[CALLBACK_SLOTS];
    PyObject *errhandler_functions[CALLBACK_SLOTS];

    // operations nobody will wait for
    struct orphan *orphans;
    Py_ssize_t orphan_count, orphan_room, orphan_next;
    PyObject *attached_buffer;

    // threads
    struct call *calls; // those under way, one at most for each thread
    uint64_t call_count;
    int thread_level;
    PyObject *thread_excepthook; // Python's own, that ours calls
    unsigned long main_ident;    // of the main thread; 0: not known
    bool watching, ends_watched; // threads, the main thread's end

    // mpi4py.rc, read at import
    int errors;                      // one of enum errors_policy
    struct exit_record *exit_record; // lives until the process ends
};

/* The state behind a class of this module, or behind a Python subclass of one. BORROWED. */
struct state *state_of_type(PyTypeObject *type);

/* The state behind the module object itself. BORROWED. */
struct state *state_of_module(PyObject *module);

/* The state of the running interpreter, for callbacks that MPI calls with nothing of ours:
   BORROWED, or NULL when there is none (left). Needs the GIL. */
struct state *state_of_interpreter(void);

struct state *state_hold(struct state *st);
void state_release(struct state *st);

/* Makes a type from its spec and adds it to the module under `name`, unless `name` is NULL.
   Returns a new reference, NULL with an exception. */
PyTypeObject *module_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base,
                              const char *name);

typedef PyObject *method_fn(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                            PyObject *kwnames);

/* Rows of method tables: every method takes its arguments the same way. */
#define METHOD(name, function, doc)                                                                \
    {                                                                                              \
        name, (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS, doc          \
    }
#define CLASS_METHOD(name, function, doc)                                                          \
    {                                                                                              \
        name, (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS | METH_CLASS, \
            doc                                                                                    \
    }
#define STATIC_METHOD(name, function, doc)                                                         \
    {                                                                                              \
        name, (PyCFunction)(void (*)(void))(function),                                             \
            METH_FASTCALL | METH_KEYWORDS | METH_STATIC, doc                                       \
    }

#endif
