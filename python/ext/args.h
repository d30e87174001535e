// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_ARGS_H
#define MUSTER_EXT_ARGS_H

#include "module.h"

enum { PARAMS_MAX = 8 };

/* The parameters of a method: the first `required` of `count` have no default. */
struct params {
    const char *func;
    int count, required;
    const char *names[PARAMS_MAX];
};

/* Binds the arguments of a fast call: out[i] is BORROWED, or NULL where the default holds.
   False with a TypeError when they do not fit. */
bool params_bind(const struct params *p, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                 PyObject **out);

/* Each of these leaves *value alone when `arg` is NULL (the default holds), and is false with an
   exception that names function and parameter when the argument cannot be taken. */
bool int_arg(const struct params *p, int index, PyObject *arg, int *value);
bool count_arg(const struct params *p, int index, PyObject *arg, MPI_Count *value);
bool bool_arg(PyObject *arg, int *value);
bool string_arg(const struct params *p, int index, PyObject *arg, const char **value);

/* An integer array from any sequence; *items is OWNED (PyMem_Free), also when there are none. */
bool ints_arg(const struct params *p, int index, PyObject *arg, int *count, int **items);

/* The same for counts: exactly `count` of them are stored in `items`. */
bool counts_from(const char *func, PyObject *arg, Py_ssize_t count, MPI_Count *items);

/* A new list of `count` ints. NULL with an exception. */
PyObject *ints_list(const int *items, int count);

#endif
