// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "module.h"

#include "args.h"
#include "call.h"
#include "comm.h"
#include "constants.h"
#include "datatype.h"
#include "errhandler.h"
#include "exception.h"
#include "group.h"
#include "info.h"
#include "init.h"
#include "interrupt.h"
#include "memory.h"
#include "message.h"
#include "op.h"
#include "pickle.h"
#include "request.h"
#include "sentinel.h"
#include "status.h"
#include "threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_KEY "mpi4py.MPI state"

/* What Python keeps for the module: the state proper outlives it if objects do. */
struct module_slot {
    struct state *st;
};

static struct PyModuleDef module_def;

// State

struct state *
state_hold(struct state *st)
{
    st->holders++;
    return st;
}

void
state_release(struct state *st)
{
    if (--st->holders == 0)
        free(st);
}

struct state *
state_of_module(PyObject *module)
{
    struct module_slot *slot = PyModule_GetState(module);
    return slot == NULL ? NULL : slot->st;
}

struct state *
state_of_type(PyTypeObject *type)
{
    // a Python subclass has no module of its own, or another: its base in C does
    for (PyTypeObject *t = type; t != NULL; t = PyType_GetSlot(t, Py_tp_base)) {
        PyObject *module =
            (PyType_GetFlags(t) & Py_TPFLAGS_HEAPTYPE) != 0 ? PyType_GetModule(t) : NULL;
        if (module != NULL && PyModule_GetDef(module) == &module_def)
            return state_of_module(module);
        PyErr_Clear();
    }
    PyErr_Format(PyExc_SystemError, "%R does not belong to mpi4py.MPI", type);
    return NULL;
}

struct state *
state_of_interpreter(void)
{
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject *capsule = dict == NULL ? NULL : PyDict_GetItemString(dict, STATE_KEY);
    return capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, STATE_KEY);
}

static bool
state_publish(struct state *st)
{
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject *capsule = dict == NULL ? NULL : PyCapsule_New(st, STATE_KEY, NULL);
    bool done = capsule != NULL && PyDict_SetItemString(dict, STATE_KEY, capsule) == 0;
    Py_XDECREF(capsule);
    return done;
}

static void
state_unpublish(void)
{
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    if (dict != NULL && PyDict_DelItemString(dict, STATE_KEY) < 0)
        PyErr_Clear();
}

PyTypeObject *
module_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base, const char *name)
{
    PyObject *bases = base == NULL ? NULL : PyTuple_Pack(1, base);
    if (base != NULL && bases == NULL)
        return NULL;
    PyObject *type = PyType_FromModuleAndSpec(module, spec, bases);
    Py_XDECREF(bases);
    if (type != NULL && name != NULL && PyModule_AddObjectRef(module, name, type) < 0)
        Py_CLEAR(type);
    return (PyTypeObject *)type;
}

// Functions

static PyObject *
module_init(PyObject *module, PyObject *unused)
{
    (void)unused;
    struct state *st = state_of_module(module);
    struct call call;
    call_begin(&call, st);
    int code = MPI_Init(NULL, NULL);
    if (!call_end(&call, code) || !init_finish(st))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
module_init_thread(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Init_thread", 1, 0, {"required"}};
    PyObject *arg[1];
    int required = MPI_THREAD_MULTIPLE, provided = MPI_THREAD_SINGLE;
    struct state *st = state_of_module(module);
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &required))
        return NULL;
    struct call call;
    call_begin(&call, st);
    int code = MPI_Init_thread(NULL, NULL, required, &provided);
    if (!call_end(&call, code) || !init_finish(st))
        return NULL;
    return PyLong_FromLong(provided);
}

static PyObject *
module_finalize(PyObject *module, PyObject *unused)
{
    (void)unused;
    struct call call;
    call_begin(&call, state_of_module(module));
    return call_end(&call, MPI_Finalize()) ? Py_NewRef(Py_None) : NULL;
}

static PyObject *
module_query_thread(PyObject *module, PyObject *unused)
{
    (void)unused;
    int provided = MPI_THREAD_SINGLE;
    return check(state_of_module(module), MPI_Query_thread(&provided)) ? PyLong_FromLong(provided)
                                                                       : NULL;
}

static PyObject *
module_is_thread_main(PyObject *module, PyObject *unused)
{
    (void)unused;
    int flag = 1;
    return check(state_of_module(module), MPI_Is_thread_main(&flag)) ? PyBool_FromLong(flag) : NULL;
}

static PyObject *
module_is_initialized(PyObject *module, PyObject *unused)
{
    (void)unused;
    int flag = 0;
    return check(state_of_module(module), MPI_Initialized(&flag)) ? PyBool_FromLong(flag) : NULL;
}

static PyObject *
module_is_finalized(PyObject *module, PyObject *unused)
{
    (void)unused;
    int flag = 0;
    return check(state_of_module(module), MPI_Finalized(&flag)) ? PyBool_FromLong(flag) : NULL;
}

static PyObject *
module_get_version(PyObject *module, PyObject *unused)
{
    (void)unused;
    int version = 0, subversion = 0;
    if (!check(state_of_module(module), MPI_Get_version(&version, &subversion)))
        return NULL;
    return Py_BuildValue("(ii)", version, subversion);
}

static PyObject *
module_get_library_version(PyObject *module, PyObject *unused)
{
    (void)unused;
    char *text = PyMem_Malloc(MPI_MAX_LIBRARY_VERSION_STRING + 1);
    int length = 0;
    if (text == NULL)
        return PyErr_NoMemory();
    PyObject *result = NULL;
    if (check(state_of_module(module), MPI_Get_library_version(text, &length)))
        result = PyUnicode_DecodeUTF8(text, length, "replace");
    PyMem_Free(text);
    return result;
}

static PyObject *
module_get_abi_version(PyObject *module, PyObject *unused)
{
    (void)unused;
    int major = 0, minor = 0;
    if (!check(state_of_module(module), MPI_Abi_get_version(&major, &minor)))
        return NULL;
    return Py_BuildValue("(ii)", major, minor);
}

static PyObject *
module_get_processor_name(PyObject *module, PyObject *unused)
{
    (void)unused;
    char name[MPI_MAX_PROCESSOR_NAME + 1];
    int length = 0;
    if (!check(state_of_module(module), MPI_Get_processor_name(name, &length)))
        return NULL;
    return PyUnicode_DecodeUTF8(name, length, "surrogateescape");
}

static PyObject *
module_wtime(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyFloat_FromDouble(MPI_Wtime());
}

static PyObject *
module_wtick(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyFloat_FromDouble(MPI_Wtick());
}

// Memory

static PyObject *
module_get_address(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_address", 1, 1, {"location"}};
    PyObject *arg[1];
    struct state *st = state_of_module(module);
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    void *location = MPI_BOTTOM;
    struct buffer *buffer = NULL;
    if (arg[0] != Py_None && arg[0] != st->bottom) {
        buffer = buffer_from(st, arg[0], PyBUF_ANY_CONTIGUOUS);
        if (buffer == NULL)
            return NULL;
        location = buffer->view.buf;
    }
    MPI_Aint address = 0;
    bool done = check(st, MPI_Get_address(location, &address));
    Py_XDECREF((PyObject *)buffer);
    return done ? PyLong_FromSsize_t((Py_ssize_t)address) : NULL;
}

static PyObject *
module_aint_add(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Aint_add", 2, 2, {"base", "disp"}};
    (void)module;
    PyObject *arg[2];
    MPI_Count base = 0, disp = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !count_arg(&params, 0, arg[0], &base) ||
        !count_arg(&params, 1, arg[1], &disp))
        return NULL;
    return PyLong_FromLongLong((long long)((uint64_t)base + (uint64_t)disp));
}

static PyObject *
module_aint_diff(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Aint_diff", 2, 2, {"addr1", "addr2"}};
    (void)module;
    PyObject *arg[2];
    MPI_Count left = 0, right = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !count_arg(&params, 0, arg[0], &left) ||
        !count_arg(&params, 1, arg[1], &right))
        return NULL;
    return PyLong_FromLongLong((long long)((uint64_t)left - (uint64_t)right));
}

static PyObject *
module_alloc_mem(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Alloc_mem", 2, 1, {"size", "info"}};
    PyObject *arg[2];
    MPI_Count size = 0;
    MPI_Info info = MPI_INFO_NULL;
    void *base = NULL;
    struct state *st = state_of_module(module);
    if (!params_bind(&params, args, nargs, kwnames, arg) || !count_arg(&params, 0, arg[0], &size) ||
        !info_arg(st, &params, 1, arg[1], &info) ||
        !check(st, MPI_Alloc_mem((MPI_Aint)size, info, (void *)&base)))
        return NULL;
    return buffer_over(st, NULL, base, (Py_ssize_t)size, false);
}

static PyObject *
module_free_mem(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Free_mem", 1, 1, {"mem"}};
    PyObject *arg[1];
    struct state *st = state_of_module(module);
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    if (Py_TYPE(arg[0]) != st->buffer_type) {
        PyErr_Format(PyExc_TypeError,
                     "Free_mem(): mem must be the MPI.buffer that Alloc_mem "
                     "gave, not %R",
                     Py_TYPE(arg[0]));
        return NULL;
    }
    struct buffer *buffer = (struct buffer *)arg[0];
    if (!check(st, MPI_Free_mem(buffer->view.buf)))
        return NULL;
    buffer_drop(buffer);
    Py_RETURN_NONE;
}

static PyObject *
module_attach_buffer(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Attach_buffer", 1, 1, {"buf"}};
    PyObject *arg[1];
    struct state *st = state_of_module(module);
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    void *base = MPI_BUFFER_AUTOMATIC;
    MPI_Count size = 0;
    struct buffer *buffer = NULL;
    if (arg[0] != Py_None && arg[0] != st->automatic) {
        buffer = buffer_from(st, arg[0], PyBUF_ANY_CONTIGUOUS | PyBUF_WRITABLE);
        if (buffer == NULL)
            return NULL;
        base = buffer->view.buf;
        size = buffer->view.len;
    }
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Buffer_attach_c(base, size))) {
        Py_XDECREF((PyObject *)buffer);
        return NULL;
    }
    PyObject *old = st->attached_buffer;
    st->attached_buffer = (PyObject *)buffer;
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

static PyObject *
module_detach_buffer(PyObject *module, PyObject *unused)
{
    (void)unused;
    struct state *st = state_of_module(module);
    void *base = NULL;
    MPI_Count size = 0;
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Buffer_detach_c((void *)&base, &size)))
        return NULL;
    struct buffer *buffer = (struct buffer *)st->attached_buffer;
    st->attached_buffer = NULL;
    PyObject *result;
    if (base == MPI_BUFFER_AUTOMATIC)
        result = Py_NewRef(st->automatic);
    else if (buffer != NULL && buffer->view.buf == base && buffer->view.obj != NULL)
        result = Py_NewRef(buffer->view.obj);
    else
        result = buffer_over(st, NULL, base, (Py_ssize_t)size, false);
    Py_XDECREF((PyObject *)buffer);
    return result;
}

// Errors

static PyObject *
module_get_error_class(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_error_class", 1, 1, {"errorcode"}};
    PyObject *arg[1];
    int code = 0, class = MPI_SUCCESS;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &code) ||
        !check(state_of_module(module), MPI_Error_class(code, &class)))
        return NULL;
    return PyLong_FromLong(class);
}

static PyObject *
module_get_error_string(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                        PyObject *kwnames)
{
    static const struct params params = {"Get_error_string", 1, 1, {"errorcode"}};
    PyObject *arg[1];
    int code = 0, length = 0;
    char text[MPI_MAX_ERROR_STRING + 1];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &code) ||
        !check(state_of_module(module), MPI_Error_string(code, text, &length)))
        return NULL;
    return PyUnicode_DecodeUTF8(text, length, "replace");
}

static PyObject *
module_add_error_class(PyObject *module, PyObject *unused)
{
    (void)unused;
    int class = 0;
    return check(state_of_module(module), MPI_Add_error_class(&class)) ? PyLong_FromLong(class)
                                                                       : NULL;
}

static PyObject *
module_add_error_code(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Add_error_code", 1, 1, {"errorclass"}};
    PyObject *arg[1];
    int class = 0, code = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &class) ||
        !check(state_of_module(module), MPI_Add_error_code(class, &code)))
        return NULL;
    return PyLong_FromLong(code);
}

static PyObject *
module_add_error_string(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                        PyObject *kwnames)
{
    static const struct params params = {"Add_error_string", 2, 2, {"errorcode", "string"}};
    PyObject *arg[2];
    int code = 0;
    const char *text = NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &code) ||
        !string_arg(&params, 1, arg[1], &text) ||
        !check(state_of_module(module), MPI_Add_error_string(code, text)))
        return NULL;
    Py_RETURN_NONE;
}

typedef int remove_fn(int);

static PyObject *
error_remove(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
             const struct params *params, remove_fn *function)
{
    PyObject *arg[1];
    int code = 0;
    if (!params_bind(params, args, nargs, kwnames, arg) || !int_arg(params, 0, arg[0], &code) ||
        !check(state_of_module(module), function(code)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
module_remove_error_class(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                          PyObject *kwnames)
{
    static const struct params params = {"Remove_error_class", 1, 1, {"errorclass"}};
    return error_remove(module, args, nargs, kwnames, &params, MPI_Remove_error_class);
}

static PyObject *
module_remove_error_code(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                         PyObject *kwnames)
{
    static const struct params params = {"Remove_error_code", 1, 1, {"errorcode"}};
    return error_remove(module, args, nargs, kwnames, &params, MPI_Remove_error_code);
}

static PyObject *
module_remove_error_string(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                           PyObject *kwnames)
{
    static const struct params params = {"Remove_error_string", 1, 1, {"errorcode"}};
    return error_remove(module, args, nargs, kwnames, &params, MPI_Remove_error_string);
}

// Helpers of client programs

// The library's version string begins with its name, then come its numbers.
static PyObject *
module_get_vendor(PyObject *module, PyObject *unused)
{
    PyObject *version = module_get_library_version(module, unused);
    const char *text = version == NULL ? NULL : PyUnicode_AsUTF8AndSize(version, NULL);
    PyObject *vendor = NULL;
    if (text != NULL) {
        int major = 0, minor = 0, micro = 0;
        size_t name = strcspn(text, " \t\n");
        const char *numbers = text + strcspn(text, "0123456789");
        sscanf(numbers, "%d.%d.%d", &major, &minor, &micro);
        vendor = Py_BuildValue("(N(iii))", PyUnicode_FromStringAndSize(text, (Py_ssize_t)name),
                               major, minor, micro);
    }
    Py_XDECREF(version);
    return vendor;
}

static PyObject *
module_set_abort_status(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                        PyObject *kwnames)
{
    static const struct params params = {"_set_abort_status", 1, 1, {"status"}};
    PyObject *arg[1];
    int status = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &status))
        return NULL;
    init_set_abort_status(state_of_module(module), status);
    Py_RETURN_NONE;
}

static PyObject *
module_typecode(PyObject *module, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"_typecode", 1, 1, {"datatype"}};
    PyObject *arg[1];
    struct handle *h = NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !handle_arg(state_of_module(module), CLASS_DATATYPE, &params, 0, arg[0], &h))
        return NULL;
    PyObject *code = PyObject_CallMethod(arg[0], "tocode", NULL);
    if (code != NULL || !PyErr_ExceptionMatches(PyExc_ValueError))
        return code;
    PyErr_Clear();
    Py_RETURN_NONE;
}

// The address of the C handle inside an object, or the handle itself: for other extensions.
static struct handle *
handle_of_any(struct state *st, PyObject *object)
{
    for (int id = 0; id < CLASS_COUNT; id++)
        if (PyObject_TypeCheck(object, st->types[id]))
            return handle_of(object);
    PyErr_Format(PyExc_TypeError, "expecting an MPI object, not %R", Py_TYPE(object));
    return NULL;
}

// Of a class or of its objects.
static PyObject *
module_sizeof(PyObject *module, PyObject *arg)
{
    struct state *st = state_of_module(module);
    PyTypeObject *type = PyType_Check(arg) ? (PyTypeObject *)arg : Py_TYPE(arg);
    if (PyType_IsSubtype(type, st->status_type))
        return PyLong_FromSize_t(sizeof(MPI_Status));
    for (int id = 0; id < CLASS_COUNT; id++)
        if (PyType_IsSubtype(type, st->types[id]))
            return PyLong_FromSize_t(sizeof(union mpi_handle));
    PyErr_Format(PyExc_TypeError, "expecting an MPI object or class, not %R", type);
    return NULL;
}

static PyObject *
module_addressof(PyObject *module, PyObject *arg)
{
    struct state *st = state_of_module(module);
    MPI_Status *status;
    if (PyObject_TypeCheck(arg, st->status_type))
        return status_arg(st, "_addressof", arg, &status) ? PyLong_FromVoidPtr(status) : NULL;
    struct handle *h = handle_of_any(st, arg);
    if (h == NULL)
        return NULL;
    h->flags |= HANDLE_EXPOSED;
    return PyLong_FromVoidPtr(&h->u);
}

static PyObject *
module_handleof(PyObject *module, PyObject *arg)
{
    struct state *st = state_of_module(module);
    if (PyObject_TypeCheck(arg, st->status_type))
        return module_addressof(module, arg); // C knows a status by its address
    struct handle *h = handle_of_any(st, arg);
    return h == NULL ? NULL : handle_get_number((PyObject *)h, NULL);
}

// Attributes that are not there

// What beginners look for in the module and communicators have: how to write it, or NULL.
static const char *
comm_attribute_hint(struct state *st, PyObject *name)
{
    PyObject *found = PyObject_GetAttr((PyObject *)st->intracomm_type, name);
    if (found == NULL) {
        PyErr_Clear();
        return NULL;
    }
    bool called = PyCallable_Check(found);
    Py_DECREF(found);
    return called ? "module 'mpi4py.MPI' has no attribute '%s': it is a method of communicators, "
                    "call comm.%s() with comm = MPI.COMM_WORLD"
                  : "module 'mpi4py.MPI' has no attribute '%s': it is an attribute of "
                    "communicators, write comm.%s with comm = MPI.COMM_WORLD";
}

static PyObject *
module_getattr(PyObject *module, PyObject *name)
{
    struct state *st = state_of_module(module);
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (PyErr_Occurred())
        return NULL;
    bool public = text != NULL && text[0] != '_' && st != NULL;
    const char *hint = public ? comm_attribute_hint(st, name) : NULL;
    if (hint != NULL)
        return PyErr_Format(PyExc_AttributeError, hint, text, text);
    return PyErr_Format(PyExc_AttributeError, "module 'mpi4py.MPI' has no attribute %R", name);
}

// dir(): everything but the two functions that make the module answer.
static PyObject *
module_dir(PyObject *module, PyObject *unused)
{
    (void)unused;
    PyObject *names = PyDict_Keys(PyModule_GetDict(module));
    if (names == NULL)
        return NULL;
    for (Py_ssize_t i = PyList_Size(names) - 1; i >= 0; i--) {
        PyObject *name = PyList_GetItem(names, i);
        bool hidden =
            PyUnicode_Check(name) && (PyUnicode_CompareWithASCIIString(name, "__getattr__") == 0 ||
                                      PyUnicode_CompareWithASCIIString(name, "__dir__") == 0);
        if (hidden && PyList_SetSlice(names, i, i + 1, NULL) < 0) {
            Py_DECREF(names);
            return NULL;
        }
    }
    return names;
}

static PyMethodDef module_methods[] = {
    {"Init", module_init, METH_NOARGS, "Init()\n--\n\nInitialize MPI (MPI 11.2)."},
    METHOD("Init_thread", module_init_thread,
           "Init_thread(required=mpi4py.MPI.THREAD_MULTIPLE)\n--\n\n"
           "Initialize MPI for threads: the level provided (MPI 11.6)."),
    {"Finalize", module_finalize, METH_NOARGS,
     "Finalize()\n--\n\nEnd MPI; done at exit if MPI was initialized at import (MPI 11.2)."},
    {"Query_thread", module_query_thread, METH_NOARGS,
     "Query_thread()\n--\n\nThe level of thread support (MPI 11.6)."},
    {"Is_thread_main", module_is_thread_main, METH_NOARGS,
     "Is_thread_main()\n--\n\nWhether this thread initialized MPI (MPI 11.6)."},
    {"Is_initialized", module_is_initialized, METH_NOARGS,
     "Is_initialized()\n--\n\nWhether MPI was initialized."},
    {"Is_finalized", module_is_finalized, METH_NOARGS,
     "Is_finalized()\n--\n\nWhether MPI was finalized."},
    {"Get_version", module_get_version, METH_NOARGS,
     "Get_version()\n--\n\n(version, subversion) of the standard (MPI 9.1)."},
    {"Get_library_version", module_get_library_version, METH_NOARGS,
     "Get_library_version()\n--\n\nWhat the MPI library says of itself (MPI 9.1)."},
    {"Get_abi_version", module_get_abi_version, METH_NOARGS,
     "Get_abi_version()\n--\n\n(major, minor) of the binary interface."},
    {"Get_processor_name", module_get_processor_name, METH_NOARGS,
     "Get_processor_name()\n--\n\nName of this machine (MPI 9.1)."},
    {"Wtime", module_wtime, METH_NOARGS, "Wtime()\n--\n\nSeconds since some time (MPI 9.6)."},
    {"Wtick", module_wtick, METH_NOARGS, "Wtick()\n--\n\nResolution of Wtime in seconds."},
    METHOD("Get_address", module_get_address,
           "Get_address(location)\n--\n\nAddress of a buffer (MPI 5.1.5)."),
    METHOD("Aint_add", module_aint_add, "Aint_add(base, disp)\n--\n\nAddress plus bytes."),
    METHOD("Aint_diff", module_aint_diff,
           "Aint_diff(addr1, addr2)\n--\n\nBytes between two addresses."),
    METHOD("Alloc_mem", module_alloc_mem,
           "Alloc_mem(size, info=...)\n--\n\n"
           "Memory that MPI handles best: a buffer of `size` bytes (MPI 9.2)."),
    METHOD("Free_mem", module_free_mem, "Free_mem(mem)\n--\n\nFree what Alloc_mem gave."),
    METHOD("Attach_buffer", module_attach_buffer,
           "Attach_buffer(buf)\n--\n\n"
           "Memory for Bsend: the messages plus BSEND_OVERHEAD bytes for each (MPI 3.6)."),
    {"Detach_buffer", module_detach_buffer, METH_NOARGS,
     "Detach_buffer()\n--\n\nWait for buffered messages, give their memory back (MPI 3.6)."},
    METHOD("Get_error_class", module_get_error_class,
           "Get_error_class(errorcode)\n--\n\nClass of an error code (MPI 9.4)."),
    METHOD("Get_error_string", module_get_error_string,
           "Get_error_string(errorcode)\n--\n\nText for an error code (MPI 9.3)."),
    {"Add_error_class", module_add_error_class, METH_NOARGS,
     "Add_error_class()\n--\n\nA new error class (MPI 9.5)."},
    METHOD("Add_error_code", module_add_error_code,
           "Add_error_code(errorclass)\n--\n\nA new error code of a class (MPI 9.5)."),
    METHOD("Add_error_string", module_add_error_string,
           "Add_error_string(errorcode, string)\n--\n\nText for a new code or class (MPI 9.5)."),
    METHOD("Remove_error_class", module_remove_error_class,
           "Remove_error_class(errorclass)\n--\n\nForget a class that was added (MPI 9.5)."),
    METHOD("Remove_error_code", module_remove_error_code,
           "Remove_error_code(errorcode)\n--\n\nForget a code that was added (MPI 9.5)."),
    METHOD("Remove_error_string", module_remove_error_string,
           "Remove_error_string(errorcode)\n--\n\nForget the text of a code (MPI 9.5)."),
    {"get_vendor", module_get_vendor, METH_NOARGS,
     "get_vendor()\n--\n\nName and (major, minor, micro) version of the MPI library."},
    METHOD("_set_abort_status", module_set_abort_status, "_set_abort_status(status)\n--\n\n"),
    METHOD("_typecode", module_typecode, "_typecode(datatype)\n--\n\n"),
    {"_sizeof", module_sizeof, METH_O, "_sizeof(arg)\n--\n\n"},
    {"_addressof", module_addressof, METH_O, "_addressof(arg)\n--\n\n"},
    {"_handleof", module_handleof, METH_O, "_handleof(arg)\n--\n\n"},
    {"__getattr__", module_getattr, METH_O, NULL},
    {"__dir__", module_dir, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

// Life

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct state *st = state_of_module(module);
    if (st == NULL)
        return 0;
    for (int id = 0; id < CLASS_COUNT; id++) {
        Py_VISIT(st->types[id]);
        Py_VISIT(st->predefined[id]);
    }
    for (int i = 0; i < CALLBACK_SLOTS; i++) {
        Py_VISIT(st->op_functions[i]);
        Py_VISIT(st->errhandler_functions[i]);
    }
    Py_VISIT(st->exception_type);
    Py_VISIT(st->pickle);
    Py_VISIT(st->thread_excepthook);
    return 0;
}

// Objects may live on: what they use without a check stays, the rest goes.
static int
module_clear(PyObject *module)
{
    struct state *st = state_of_module(module);
    if (st == NULL)
        return 0;
    st->module = NULL;
    for (int id = 0; id < CLASS_COUNT; id++)
        Py_CLEAR(st->predefined[id]);
    for (int i = 0; i < CALLBACK_SLOTS; i++) {
        Py_CLEAR(st->op_functions[i]);
        Py_CLEAR(st->errhandler_functions[i]);
    }
    for (int kind = 0; kind < SPARE_KINDS; kind++)
        while (st->spare_counts[kind] > 0)
            Py_DECREF(st->spare_blocks[kind][--st->spare_counts[kind]]);
    return 0;
}

static void
module_free(void *module)
{
    struct module_slot *slot = PyModule_GetState(module);
    if (slot == NULL || slot->st == NULL)
        return;
    module_clear(module);
    state_unpublish();
    state_release(slot->st);
    slot->st = NULL;
}

static bool
add_types(struct state *st, PyObject *module)
{
    return exception_add_type(st, module) && memory_add_types(st, module) &&
           sentinel_add_types(st, module) && status_add_type(st, module) &&
           datatype_add_type(st, module) && request_add_type(st, module) &&
           message_add_type(st, module) && op_add_type(st, module) && group_add_type(st, module) &&
           info_add_type(st, module) && errhandler_add_type(st, module) &&
           comm_add_type(st, module) && pickle_add_type(st, module);
}

static int
module_exec(PyObject *module)
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_ImportError,
                        "MPI belongs to the whole process: import mpi4py.MPI in the main "
                        "interpreter, not in a sub-interpreter");
        return -1;
    }
    struct module_slot *slot = PyModule_GetState(module);
    slot->st = calloc(1, sizeof(struct state));
    if (slot->st == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    slot->st->holders = 1;
    slot->st->module = module;
    if (!state_publish(slot->st) || !add_types(slot->st, module) || !constants_add(module))
        return -1;
    interrupt_register();
    return threads_watch(slot->st) && init_at_import(slot->st) ? 0 : -1;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mpi4py.MPI",
    .m_doc = "Message Passing Interface.",
    .m_size = sizeof(struct module_slot),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit_MPI(void)
{
    return PyModuleDef_Init(&module_def);
}
