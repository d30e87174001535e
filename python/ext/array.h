// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_ARRAY_H
#define MUSTER_EXT_ARRAY_H

#include "module.h"

/*
 * NumPy arrays are read by the layout of their struct, which has been the same since NumPy 1.7
 * (in the descriptor: up to type_num; what follows moved in NumPy 2). Only exact numpy.ndarray
 * objects are, and only after the layout was compared, once, with what the buffer protocol says.
 */
struct array_dtype {
    PyObject_HEAD PyTypeObject *scalar;
    char kind, type, byteorder, flags;
    int type_num;
};

struct array {
    PyObject_HEAD char *data;
    int ndim;
    Py_ssize_t *shape, *strides;
    PyObject *base;
    struct array_dtype *dtype;
    int flags;
};

enum {
    ARRAY_C_CONTIGUOUS = 0x1,
    ARRAY_F_CONTIGUOUS = 0x2,
    ARRAY_CONTIGUOUS = ARRAY_C_CONTIGUOUS | ARRAY_F_CONTIGUOUS,
    ARRAY_WRITEABLE = 0x400,
    ARRAY_MAX_DIMS = 64,
};

/* What is known of a NumPy type number that has an MPI type; size 0 where there is none. */
struct array_type {
    MPI_Datatype type;
    char code;
    unsigned char size;
};

extern const struct array_type array_types[ARRAY_TYPES];

/* Slow side of array_of: learns what numpy.ndarray is. */
bool array_learn(struct state *st, PyObject *object);

/* The array behind an exact numpy.ndarray, else NULL (never an exception). BORROWED. */
static inline struct array *
array_of(struct state *st, PyObject *object)
{
    if (Py_TYPE(object) == st->ndarray_type)
        return (struct array *)object;
    if (st->ndarray_type == NULL && !st->ndarray_refused && array_learn(st, object))
        return (struct array *)object;
    return NULL;
}

/* The entries' type, in native order and with an MPI type; else NULL. */
static inline const struct array_type *
array_type_of(const struct array *array)
{
    const struct array_dtype *dtype = array->dtype;
    if ((unsigned)dtype->type_num >= ARRAY_TYPES || array_types[dtype->type_num].size == 0)
        return NULL;
    return dtype->byteorder == '=' || dtype->byteorder == '|' ? &array_types[dtype->type_num]
                                                              : NULL;
}

static inline MPI_Count
array_count(const struct array *array)
{
    MPI_Count count = 1;
    for (int i = 0; i < array->ndim; i++)
        count *= array->shape[i];
    return count;
}

/* A new array of a simple type, its contents undefined; with `owner`, the array lies at `data`,
   which `owner` (buffer protocol, `offset` bytes in) keeps alive. NULL with an exception. */
PyObject *array_new(struct state *st, int type_num, int ndim, const int64_t *shape, bool fortran,
                    PyObject *owner, Py_ssize_t offset);

#endif
