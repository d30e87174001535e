// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "array.h"

// The index is NumPy's type number; codes are those of numpy.dtype.
const struct array_type array_types[ARRAY_TYPES] = {
    [0] = {MPI_C_BOOL, '?', sizeof(char)},
    [1] = {MPI_SIGNED_CHAR, 'b', sizeof(char)},
    [2] = {MPI_UNSIGNED_CHAR, 'B', sizeof(char)},
    [3] = {MPI_SHORT, 'h', sizeof(short)},
    [4] = {MPI_UNSIGNED_SHORT, 'H', sizeof(short)},
    [5] = {MPI_INT, 'i', sizeof(int)},
    [6] = {MPI_UNSIGNED, 'I', sizeof(int)},
    [7] = {MPI_LONG, 'l', sizeof(long)},
    [8] = {MPI_UNSIGNED_LONG, 'L', sizeof(long)},
    [9] = {MPI_LONG_LONG, 'q', sizeof(long long)},
    [10] = {MPI_UNSIGNED_LONG_LONG, 'Q', sizeof(long long)},
    [11] = {MPI_FLOAT, 'f', sizeof(float)},
    [12] = {MPI_DOUBLE, 'd', sizeof(double)},
    [13] = {MPI_LONG_DOUBLE, 'g', sizeof(long double)},
    [14] = {MPI_C_FLOAT_COMPLEX, 'F', 2 * sizeof(float)},
    [15] = {MPI_C_DOUBLE_COMPLEX, 'D', 2 * sizeof(double)},
    [16] = {MPI_C_LONG_DOUBLE_COMPLEX, 'G', 2 * sizeof(long double)},
    [23] = {MPI_REAL2, 'e', 2},
};

// Whether the struct says of this array what its buffer says.
static bool
layout_agrees(PyObject *object)
{
    const struct array *array = (const struct array *)object;
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0) {
        PyErr_Clear();
        return false;
    }
    bool agrees = array->data == view.buf && array->ndim == view.ndim;
    for (int i = 0; agrees && i < view.ndim; i++)
        agrees = array->shape[i] == view.shape[i] &&
                 (array->strides[i] == view.strides[i] || array_count(array) <= 1 ||
                  array->shape[i] == 1); // a stride that no one takes says nothing
    agrees = agrees && ((array->flags & ARRAY_WRITEABLE) == 0) == (view.readonly != 0);
    const struct array_type *type = agrees ? array_type_of(array) : NULL;
    if (type != NULL)
        agrees = type->size == view.itemsize;
    PyBuffer_Release(&view);
    return agrees;
}

// numpy.ndarray, if NumPy is imported: a new reference, or NULL without an exception.
static PyObject *
ndarray_find(void)
{
    PyObject *name = PyUnicode_FromString("numpy");
    PyObject *numpy = name == NULL ? NULL : PyImport_GetModule(name);
    PyObject *ndarray = numpy == NULL ? NULL : PyObject_GetAttrString(numpy, "ndarray");
    Py_XDECREF(name);
    Py_XDECREF(numpy);
    PyErr_Clear();
    return ndarray;
}

bool
array_learn(struct state *st, PyObject *object)
{
    if (!PyObject_CheckBuffer(object))
        return false;
    PyObject *ndarray = ndarray_find();
    if (ndarray == NULL || (PyObject *)Py_TYPE(object) != ndarray) {
        Py_XDECREF(ndarray);
        return false;
    }
    const struct array *array = (const struct array *)object;
    if (array_type_of(array) == NULL) {
        // no buffer to compare with (an array of objects, of dates): wait for a plainer one
        Py_DECREF(ndarray);
        return false;
    }
    if (!layout_agrees(object)) {
        st->ndarray_refused = true;
        Py_DECREF(ndarray);
        return false;
    }
    st->ndarray_type = (PyTypeObject *)ndarray;
    return true;
}

// The numpy.ndarray type, importing NumPy if need be: BORROWED, NULL with an exception.
static PyObject *
ndarray_import(struct state *st)
{
    if (st->ndarray_type != NULL)
        return (PyObject *)st->ndarray_type;
    PyObject *numpy = PyImport_ImportModule("numpy");
    PyObject *sample = numpy == NULL ? NULL : PyObject_CallMethod(numpy, "zeros", "i", 1);
    Py_XDECREF(numpy);
    if (sample == NULL)
        return NULL;
    if (array_of(st, sample) == NULL)
        PyErr_SetString(PyExc_ImportError,
                        "this version of NumPy lays out its arrays in a way that is not known");
    Py_DECREF(sample);
    return (PyObject *)st->ndarray_type;
}

// The dtype of a type number: BORROWED, NULL with an exception.
static PyObject *
dtype_get(struct state *st, int type_num)
{
    if (st->ndarray_dtypes[type_num] != NULL)
        return st->ndarray_dtypes[type_num];
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (numpy == NULL)
        return NULL;
    st->ndarray_dtypes[type_num] =
        PyObject_CallMethod(numpy, "dtype", "C", (int)array_types[type_num].code);
    Py_DECREF(numpy);
    return st->ndarray_dtypes[type_num];
}

static PyObject *
shape_tuple(int ndim, const int64_t *shape)
{
    if (ndim == 1)
        return PyLong_FromLongLong(shape[0]);
    PyObject *tuple = PyTuple_New(ndim);
    for (int i = 0; tuple != NULL && i < ndim; i++) {
        PyObject *length = PyLong_FromLongLong(shape[i]);
        if (length == NULL || PyTuple_SetItem(tuple, i, length) < 0)
            Py_CLEAR(tuple);
    }
    return tuple;
}

PyObject *
array_new(struct state *st, int type_num, int ndim, const int64_t *shape, bool fortran,
          PyObject *owner, Py_ssize_t offset)
{
    PyObject *ndarray = ndarray_import(st);
    PyObject *dtype = ndarray == NULL ? NULL : dtype_get(st, type_num);
    PyObject *size = dtype == NULL ? NULL : shape_tuple(ndim, shape);
    if (size == NULL)
        return NULL;
    PyObject *array;
    if (owner == NULL && !fortran)
        array = PyObject_CallFunctionObjArgs(ndarray, size, dtype, NULL);
    else
        array =
            PyObject_CallFunction(ndarray, "OOOnOs", size, dtype, owner != NULL ? owner : Py_None,
                                  offset, Py_None, fortran ? "F" : "C");
    Py_DECREF(size);
    return array;
}
