// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "args.h"

#include <limits.h>
#include <string.h>

static bool
params_count_error(const struct params *p, Py_ssize_t nargs)
{
    const char *bound = nargs > p->count ? "at most" : "at least";
    int wanted = nargs > p->count ? p->count : p->required;
    if (p->count == p->required)
        bound = "exactly";
    PyErr_Format(PyExc_TypeError, "%s() takes %s %d argument%s (%zd given)", p->func, bound, wanted,
                 wanted == 1 ? "" : "s", nargs);
    return false;
}

static int
params_find(const struct params *p, PyObject *name)
{
    for (int i = 0; i < p->count; i++)
        if (PyUnicode_CompareWithASCIIString(name, p->names[i]) == 0)
            return i;
    return -1;
}

static bool
params_bind_keywords(const struct params *p, PyObject *const *values, PyObject *kwnames,
                     PyObject **out)
{
    Py_ssize_t n = PyTuple_Size(kwnames);
    for (Py_ssize_t k = 0; k < n; k++) {
        PyObject *name = PyTuple_GetItem(kwnames, k);
        int i = params_find(p, name);
        if (i < 0) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", p->func,
                         name);
            return false;
        }
        if (out[i] != NULL) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'", p->func,
                         name);
            return false;
        }
        out[i] = values[k];
    }
    return true;
}

bool
params_bind(const struct params *p, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
            PyObject **out)
{
    if (nargs > p->count)
        return params_count_error(p, nargs);
    for (int i = 0; i < p->count; i++)
        out[i] = i < nargs ? args[i] : NULL;
    if (kwnames != NULL && !params_bind_keywords(p, args + nargs, kwnames, out))
        return false;
    for (int i = (int)nargs; i < p->required; i++) {
        if (out[i] != NULL)
            continue;
        PyErr_Format(PyExc_TypeError, "%s() missing required argument: '%s'", p->func, p->names[i]);
        return false;
    }
    return true;
}

static bool
integer_error(const struct params *p, int index, PyObject *arg)
{
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_OverflowError, "%s(): %s=%R does not fit in a C integer", p->func,
                     p->names[index], arg);
    } else if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "%s(): %s must be an int, not %R", p->func, p->names[index],
                     Py_TYPE(arg));
    }
    return false;
}

// Whatever can say which int it is passes, as in upstream: size / 2 does for a rank. (int() would
// take a str as well.)
static long long
integer_of(PyObject *arg)
{
    if (PyLong_Check(arg))
        return PyLong_AsLongLong(arg);
    unaryfunc convert = (unaryfunc)PyType_GetSlot(Py_TYPE(arg), Py_nb_int);
    PyObject *number = convert != NULL ? convert(arg) : PyNumber_Index(arg);
    if (number == NULL)
        return -1;
    long long value = PyLong_AsLongLong(number);
    Py_DECREF(number);
    return value;
}

bool
int_arg(const struct params *p, int index, PyObject *arg, int *value)
{
    if (arg == NULL)
        return true;
    long long number = integer_of(arg);
    if (number == -1 && PyErr_Occurred())
        return integer_error(p, index, arg);
    if (number < INT_MIN || number > INT_MAX) {
        PyErr_Format(PyExc_OverflowError, "%s(): %s=%lld does not fit in a C int", p->func,
                     p->names[index], number);
        return false;
    }
    *value = (int)number;
    return true;
}

bool
count_arg(const struct params *p, int index, PyObject *arg, MPI_Count *value)
{
    if (arg == NULL)
        return true;
    long long number = integer_of(arg);
    if (number == -1 && PyErr_Occurred())
        return integer_error(p, index, arg);
    *value = number;
    return true;
}

bool
bool_arg(PyObject *arg, int *value)
{
    if (arg == NULL)
        return true;
    int truth = PyObject_IsTrue(arg);
    if (truth < 0)
        return false;
    *value = truth;
    return true;
}

bool
string_arg(const struct params *p, int index, PyObject *arg, const char **value)
{
    if (arg == NULL)
        return true;
    if (PyBytes_Check(arg)) {
        *value = PyBytes_AsString(arg);
        return true;
    }
    if (!PyUnicode_Check(arg)) {
        PyErr_Format(PyExc_TypeError, "%s(): %s must be a str, not %R", p->func, p->names[index],
                     Py_TYPE(arg));
        return false;
    }
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(arg, &size);
    if (text == NULL)
        return false;
    if (strlen(text) != (size_t)size) {
        PyErr_Format(PyExc_ValueError, "%s(): %s holds a null character: %R", p->func,
                     p->names[index], arg);
        return false;
    }
    *value = text;
    return true;
}

static bool
ints_fill(const struct params *p, int index, PyObject *sequence, Py_ssize_t n, int *items)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(sequence, i);
        PyObject *number = item == NULL ? NULL : PyNumber_Index(item);
        Py_XDECREF(item);
        if (number == NULL)
            return false;
        bool taken = int_arg(p, index, number, &items[i]);
        Py_DECREF(number);
        if (!taken)
            return false;
    }
    return true;
}

bool
ints_arg(const struct params *p, int index, PyObject *arg, int *count, int **items)
{
    PyObject *sequence = PySequence_Fast(arg, "expecting a sequence of ints");
    if (sequence == NULL)
        return false;
    Py_ssize_t n = PySequence_Size(sequence);
    int *array = PyMem_Malloc((size_t)(n > 0 ? n : 1) * sizeof(int));
    if (array == NULL)
        PyErr_NoMemory();
    if (array == NULL || n > INT_MAX || !ints_fill(p, index, sequence, n, array)) {
        Py_DECREF(sequence);
        PyMem_Free(array);
        return false;
    }
    Py_DECREF(sequence);
    *count = (int)n;
    *items = array;
    return true;
}

bool
counts_from(const char *func, PyObject *arg, Py_ssize_t count, MPI_Count *items)
{
    Py_ssize_t given = PySequence_Size(arg);
    if (given < 0)
        return false;
    if (given != count) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): message: expecting %zd items (one for each rank), got %zd", func, count,
                     given);
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(arg, i);
        if (item == NULL)
            return false;
        PyObject *number = PyNumber_Index(item);
        Py_DECREF(item);
        if (number == NULL)
            return false;
        items[i] = PyLong_AsLongLong(number);
        Py_DECREF(number);
        if (items[i] == -1 && PyErr_Occurred())
            return false;
    }
    return true;
}

PyObject *
ints_list(const int *items, int count)
{
    PyObject *list = PyList_New(count);
    for (int i = 0; list != NULL && i < count; i++) {
        PyObject *item = PyLong_FromLong(items[i]);
        if (item == NULL || PyList_SetItem(list, i, item) < 0)
            Py_CLEAR(list);
    }
    return list;
}
