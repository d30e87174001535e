// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MPI.Exception: a RuntimeError whose only argument is the error code. The text is asked from the
 * engine when the exception is raised and kept in its __dict__, so that it travels with it (to
 * another process too) and stays true whatever happens to the code later.
 */
#include "exception.h"

#include "args.h"

#define TEXT_ATTRIBUTE "_text"

// The text of a code: a new reference, NULL with an exception.
static PyObject *
code_text(struct state *st, int code)
{
    char text[MPI_MAX_ERROR_STRING + 1];
    int length = 0;
    int failed = MPI_Error_string(code, text, &length);
    if (failed != MPI_SUCCESS) {
        if (failed != code)
            raise_code(st, failed);
        else
            PyErr_Format(PyExc_RuntimeError, "error code: %d", code);
        return NULL;
    }
    return PyUnicode_DecodeUTF8(text, length, "replace");
}

static int
code_class(int code)
{
    int class = MPI_ERR_UNKNOWN;
    MPI_Error_class(code, &class);
    return class;
}

/*
 * The hook for uncaught exceptions once another rank is known to have failed: that rank's
 * traceback tells the story, one of each other rank would bury it. Everything else is printed.
 */
static PyObject *
quiet_excepthook(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 3) {
        PyErr_Format(PyExc_TypeError, "excepthook() takes exactly 3 arguments (%zd given)", nargs);
        return NULL;
    }
    struct state *st = state_of_module(module);
    if (st != NULL && PyObject_IsInstance(args[1], st->exception_type) == 1) {
        PyObject *number = PyNumber_Long(args[1]);
        int code = number == NULL ? 0 : (int)PyLong_AsLong(number);
        Py_XDECREF(number);
        PyErr_Clear();
        if (code_class(code) == MPI_ERR_PROC_ABORTED)
            Py_RETURN_NONE;
    }
    PyObject *hook = PySys_GetObject("__excepthook__");
    if (hook == NULL)
        Py_RETURN_NONE;
    return PyObject_CallFunctionObjArgs(hook, args[0], args[1], args[2], NULL);
}

static PyMethodDef quiet_excepthook_def = {
    "_quiet_excepthook", (PyCFunction)(void (*)(void))quiet_excepthook, METH_FASTCALL, NULL};

static void
excepthook_replace(struct state *st)
{
    PyObject *hook = PySys_GetObject("excepthook");
    if (hook == NULL || hook != PySys_GetObject("__excepthook__") || st->module == NULL)
        return;
    PyObject *quiet = PyCFunction_New(&quiet_excepthook_def, st->module);
    if (quiet == NULL || PySys_SetObject("excepthook", quiet) < 0)
        PyErr_Clear();
    Py_XDECREF(quiet);
}

bool
raise_code(struct state *st, int code)
{
    // what a signal handler raised while the call was blocked is the cause, the code its echo; and
    // where Ctrl-C reached the other ranks first, theirs
    if (PyErr_Occurred() != NULL || PyErr_CheckSignals() < 0)
        return false;
    PyObject *number = PyLong_FromLong(code);
    if (number == NULL)
        return false;
    if (st->exception_type == NULL) {
        PyErr_SetObject(PyExc_RuntimeError, number);
        Py_DECREF(number);
        return false;
    }
    PyObject *exception = PyObject_CallFunctionObjArgs(st->exception_type, number, NULL);
    Py_DECREF(number);
    if (exception == NULL)
        return false;
    PyObject *text = code_text(st, code);
    if (text == NULL || PyObject_SetAttrString(exception, TEXT_ATTRIBUTE, text) < 0)
        PyErr_Clear();
    Py_XDECREF(text);
    if (code_class(code) == MPI_ERR_PROC_ABORTED)
        excepthook_replace(st);
    PyErr_SetObject(st->exception_type, exception);
    Py_DECREF(exception);
    return false;
}

// The error code: args[0]. False with an exception.
static bool
exception_code(PyObject *self, int *code)
{
    static const struct params params = {"Exception", 1, 0, {"ierr"}};
    PyObject *args = PyObject_GetAttrString(self, "args");
    if (args == NULL)
        return false;
    PyObject *number = PySequence_GetItem(args, 0);
    Py_DECREF(args);
    bool taken = number != NULL && int_arg(&params, 0, number, code);
    Py_XDECREF(number);
    return taken;
}

static PyObject *
exception_number(PyObject *self)
{
    int code;
    return exception_code(self, &code) ? PyLong_FromLong(code) : NULL;
}

static int
exception_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const struct params params = {"Exception", 1, 0, {"ierr"}};
    int code = MPI_SUCCESS;
    Py_ssize_t n = PyTuple_Size(args);
    if (n > 1 || (kwargs != NULL && PyDict_Size(kwargs) > 0)) {
        PyErr_SetString(PyExc_TypeError, "Exception() takes one error code, by position");
        return -1;
    }
    if (n == 1 && !int_arg(&params, 0, PyTuple_GetItem(args, 0), &code))
        return -1;
    if (code < MPI_SUCCESS)
        code = MPI_ERR_UNKNOWN;
    PyObject *stored = Py_BuildValue("(i)", code);
    if (stored == NULL)
        return -1;
    int failed = PyObject_SetAttrString(self, "args", stored);
    Py_DECREF(stored);
    return failed;
}

static int
exception_bool(PyObject *self)
{
    int code;
    return exception_code(self, &code) ? code != MPI_SUCCESS : -1;
}

static Py_hash_t
exception_hash(PyObject *self)
{
    PyObject *number = exception_number(self);
    if (number == NULL)
        return -1;
    Py_hash_t hash = PyObject_Hash(number);
    Py_DECREF(number);
    return hash;
}

static PyObject *
exception_richcompare(PyObject *self, PyObject *other, int op)
{
    PyObject *number = exception_number(self);
    if (number == NULL)
        return NULL;
    struct state *st = state_of_type(Py_TYPE(self));
    bool both = st != NULL && PyObject_IsInstance(other, st->exception_type) == 1;
    PyObject *right = both ? exception_number(other) : Py_NewRef(other);
    PyObject *result = right == NULL ? NULL : PyObject_RichCompare(number, right, op);
    Py_DECREF(number);
    Py_XDECREF(right);
    return result;
}

static PyObject *
exception_repr(PyObject *self)
{
    int code;
    return exception_code(self, &code) ? PyUnicode_FromFormat("MPI.Exception(%d)", code) : NULL;
}

static PyObject *
exception_get_code(PyObject *self, PyObject *unused)
{
    (void)unused;
    return exception_number(self);
}

static PyObject *
exception_get_class(PyObject *self, PyObject *unused)
{
    (void)unused;
    int code, class = MPI_SUCCESS;
    struct state *st = state_of_type(Py_TYPE(self));
    if (st == NULL || !exception_code(self, &code) || !check(st, MPI_Error_class(code, &class)))
        return NULL;
    return PyLong_FromLong(class);
}

static PyObject *
exception_get_text(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *text = PyObject_GetAttrString(self, TEXT_ATTRIBUTE);
    if (text != NULL)
        return text;
    PyErr_Clear();
    int code;
    struct state *st = state_of_type(Py_TYPE(self));
    return st != NULL && exception_code(self, &code) ? code_text(st, code) : NULL;
}

static PyObject *
exception_str(PyObject *self)
{
    return exception_get_text(self, NULL);
}

static PyObject *
exception_code_property(PyObject *self, void *closure)
{
    (void)closure;
    return exception_number(self);
}

static PyObject *
exception_class_property(PyObject *self, void *closure)
{
    (void)closure;
    return exception_get_class(self, NULL);
}

static PyObject *
exception_text_property(PyObject *self, void *closure)
{
    (void)closure;
    return exception_get_text(self, NULL);
}

static PyMethodDef exception_methods[] = {
    {"Get_error_code", exception_get_code, METH_NOARGS,
     "Get_error_code($self)\n--\n\nThe error code."},
    {"Get_error_class", exception_get_class, METH_NOARGS,
     "Get_error_class($self)\n--\n\nThe error class, one of MPI.ERR_... (MPI 9.4)."},
    {"Get_error_string", exception_get_text, METH_NOARGS,
     "Get_error_string($self)\n--\n\nThe engine's text for the error (MPI 9.3)."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef exception_getset[] = {
    {"error_code", exception_code_property, NULL, "Error code.", NULL},
    {"error_class", exception_class_property, NULL, "Error class.", NULL},
    {"error_string", exception_text_property, NULL, "Error string.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot exception_slots[] = {
    {Py_tp_doc, "Exception(ierr=SUCCESS, /)\n--\n\n"
                "An MPI function failed. int(exception) is the error code."},
    {Py_tp_init, exception_init},
    {Py_tp_hash, exception_hash},
    {Py_tp_richcompare, exception_richcompare},
    {Py_tp_repr, exception_repr},
    {Py_tp_str, exception_str},
    {Py_nb_int, exception_number},
    {Py_nb_bool, exception_bool},
    {Py_tp_methods, exception_methods},
    {Py_tp_getset, exception_getset},
    {0, NULL},
};

static PyType_Spec exception_spec = {
    .name = "mpi4py.MPI.Exception",
    .basicsize = 0, // that of RuntimeError
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = exception_slots,
};

bool
exception_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *base = (PyTypeObject *)PyExc_RuntimeError;
    st->exception_type = (PyObject *)module_add_type(module, &exception_spec, base, "Exception");
    return st->exception_type != NULL;
}
