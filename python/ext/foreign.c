// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "foreign.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

// DLPack's structs, as its specification lays them out (versions 0 and 1).

enum { DEVICE_CPU = 1 };
enum { DL_INT = 0, DL_UINT = 1, DL_FLOAT = 2, DL_COMPLEX = 5, DL_BOOL = 6 };
enum { DL_READ_ONLY = 1 };

struct tensor {
    char *data;
    int32_t device, device_id, ndim;
    uint8_t code, bits;
    uint16_t lanes;
    int64_t *shape, *strides; // strides in entries; NULL: those of C
    uint64_t offset;
};

struct tensor_versioned {
    uint32_t major, minor;
    void *context;
    void (*deleter)(struct tensor_versioned *);
    uint64_t flags;
    struct tensor tensor;
};

_Static_assert(sizeof(struct tensor) == 48 && offsetof(struct tensor, shape) == 24,
               "the layout of DLPack's tensor");
_Static_assert(offsetof(struct tensor_versioned, tensor) == 32, "the layout of version 1");

bool
foreign_check(PyObject *object)
{
    return PyObject_HasAttrString(object, "__dlpack__") ||
           PyObject_HasAttrString(object, "__cuda_array_interface__");
}

// What both have

struct shape {
    int ndim;
    int64_t *extents, *strides; // strides NULL: those of C
    int64_t unit;               // the stride of neighbors
};

// Whether the entries lie without gaps in the order of C, or of Fortran.
static bool
is_dense(const struct shape *shape, bool fortran)
{
    int64_t stride = shape->unit;
    for (int i = 0; i < shape->ndim; i++) {
        int at = fortran ? i : shape->ndim - 1 - i;
        if (shape->extents[at] > 1 && shape->strides[at] != stride)
            return false;
        stride *= shape->extents[at];
    }
    return true;
}

// The number of entries; -1 with BufferError.
static int64_t
shape_count(const struct shape *shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape->ndim; i++) {
        if (shape->extents[i] < 0) {
            PyErr_Format(PyExc_BufferError, "shape[%d] is negative: %lld", i,
                         (long long)shape->extents[i]);
            return -1;
        }
        if (__builtin_mul_overflow(count, shape->extents[i], &count)) {
            PyErr_SetString(PyExc_BufferError, "the shape has too many entries");
            return -1;
        }
    }
    if (count > 0 && shape->strides != NULL && !is_dense(shape, false) && !is_dense(shape, true)) {
        PyErr_SetString(PyExc_BufferError,
                        "the memory is not contiguous: make a contiguous copy of it first");
        return -1;
    }
    return count;
}

// Memory of a GPU that this process cannot read, and an MPI library that cannot either.
static bool
out_of_reach(void *address, Py_ssize_t size)
{
    char byte, version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    struct iovec here = {&byte, 1}, there = {address, 1};
    int length;
    if (size == 0 || process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1)
        return false;
    MPI_Get_library_version(version, &length);
    return strncmp(version, "Muster", 6) == 0;
}

struct bytes {
    void *address;
    Py_ssize_t size;
    bool readonly;
};

static bool
view_fill(PyObject *owner, const struct bytes *bytes, int flags, Py_buffer *view,
          struct foreign *foreign)
{
    if (foreign->device && out_of_reach(bytes->address, bytes->size)) {
        PyErr_Format(PyExc_BufferError,
                     "the %zd bytes of %R lie in a GPU, where this MPI library cannot read or "
                     "write: copy them to the host (.cpu(), .get(), numpy.asarray(...)) first",
                     bytes->size, Py_TYPE(owner));
        return false;
    }
    if (PyBuffer_FillInfo(view, owner, bytes->address, bytes->size, bytes->readonly,
                          flags & PyBUF_WRITABLE) < 0)
        return false;
    if (flags & PyBUF_FORMAT)
        view->format = foreign->format[0] != '\0' ? foreign->format : NULL;
    return true;
}

// An int out of a tuple of two; false with TypeError or ValueError.
static bool
pair_item(PyObject *pair, const char *what, int at, PyObject **item)
{
    if (!PyTuple_Check(pair)) {
        PyErr_Format(PyExc_TypeError, "%s must be a tuple, not %R", what, Py_TYPE(pair));
        return false;
    }
    if (PyTuple_Size(pair) != 2) {
        PyErr_Format(PyExc_ValueError, "%s must have 2 items, not %zd", what, PyTuple_Size(pair));
        return false;
    }
    *item = PyTuple_GetItem(pair, at);
    return true;
}

// DLPack

static bool
tensor_device(PyObject *object, long *type)
{
    PyObject *items[2];
    PyObject *pair = PyObject_CallMethod(object, "__dlpack_device__", NULL);
    bool taken = pair != NULL && pair_item(pair, "the result of __dlpack_device__", 0, &items[0]) &&
                 pair_item(pair, "the result of __dlpack_device__", 1, &items[1]);
    if (taken) {
        *type = PyLong_AsLong(items[0]);
        PyLong_AsLong(items[1]);
        taken = !PyErr_Occurred();
    }
    Py_XDECREF(pair);
    return taken;
}

// Calls __dlpack__; -1 as a stream of a GPU: no need to wait for one. A new reference or NULL.
static PyObject *
tensor_call(PyObject *object, bool device, bool versioned)
{
    PyObject *method = PyObject_GetAttrString(object, "__dlpack__");
    PyObject *args = PyTuple_New(0), *kwargs = PyDict_New(), *capsule = NULL;
    PyObject *stream = device ? PyLong_FromLong(-1) : NULL;
    PyObject *version = versioned ? Py_BuildValue("(ii)", 1, 0) : NULL;
    if (method != NULL && args != NULL && kwargs != NULL &&
        (!device || (stream != NULL && PyDict_SetItemString(kwargs, "stream", stream) == 0)) &&
        (!versioned ||
         (version != NULL && PyDict_SetItemString(kwargs, "max_version", version) == 0)))
        capsule = PyObject_Call(method, args, kwargs);
    Py_XDECREF(version);
    Py_XDECREF(stream);
    Py_XDECREF(kwargs);
    Py_XDECREF(args);
    Py_XDECREF(method);
    return capsule;
}

static PyObject *
tensor_capsule(PyObject *object, bool device)
{
    PyObject *capsule = tensor_call(object, device, true);
    if (capsule != NULL || !PyErr_ExceptionMatches(PyExc_TypeError))
        return capsule;
    PyErr_Clear(); // it does not know of versions
    return tensor_call(object, device, false);
}

// The tensor in a capsule that nobody has consumed, and whether it may be written; else NULL.
static const struct tensor *
tensor_of(PyObject *capsule, bool *readonly)
{
    *readonly = false;
    if (PyCapsule_IsValid(capsule, "dltensor"))
        return PyCapsule_GetPointer(capsule, "dltensor");
    if (!PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        PyErr_Format(PyExc_BufferError, "__dlpack__ gave %R, not a capsule of a tensor",
                     Py_TYPE(capsule));
        return NULL;
    }
    struct tensor_versioned *v = PyCapsule_GetPointer(capsule, "dltensor_versioned");
    *readonly = (v->flags & DL_READ_ONLY) != 0;
    if (v->major == 1)
        return &v->tensor;
    PyErr_Format(PyExc_BufferError, "DLPack version %u.%u is not known", v->major, v->minor);
    return NULL;
}

// As a type code of NumPy ("f8"); none for what has no MPI type: it travels as bytes.
static void
tensor_format(const struct tensor *tensor, char *format)
{
    static const struct {
        uint8_t code;
        char kind;
        int least, most; // bits
        uint16_t lanes;
    } rows[] = {
        {DL_INT, 'i', 8, 64, 1},
        {DL_UINT, 'u', 8, 64, 1},
        {DL_FLOAT, 'f', 16, 128, 1},
        {DL_COMPLEX, 'c', 32, 128, 1},
        {DL_BOOL, 'b', 8, 8, 1},
        {DL_FLOAT, 'c', 32, 128, 2}, // how a complex number of 256 bits can be told
    };
    int bits = tensor->bits;
    format[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == tensor->code && rows[i].lanes == tensor->lanes &&
            bits >= rows[i].least && bits <= rows[i].most && (bits & (bits - 1)) == 0)
            snprintf(format, FOREIGN_FORMAT, "%c%d", rows[i].kind, bits * tensor->lanes / 8);
}

static bool
tensor_bytes(const struct tensor *tensor, struct bytes *bytes)
{
    struct shape shape = {tensor->ndim, tensor->shape, tensor->strides, 1};
    if (tensor->ndim < 0 || (tensor->ndim > 0 && tensor->shape == NULL)) {
        PyErr_Format(PyExc_BufferError, "a tensor of %d dimensions%s", tensor->ndim,
                     tensor->ndim < 0 ? "" : " without a shape");
        return false;
    }
    int64_t count = shape_count(&shape);
    if (count < 0)
        return false;
    bytes->address = tensor->data == NULL ? NULL : tensor->data + tensor->offset;
    bytes->size = count * ((tensor->bits * tensor->lanes + 7) / 8);
    return true;
}

// A capsule's end runs code of its maker, which must not find our exception.
static void
foreign_drop(PyObject *capsule)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    Py_DECREF(capsule);
    PyErr_Restore(type, value, traceback);
}

// The capsule owns the memory; it stays unconsumed, and its end is the end of our use.
static bool
tensor_view(PyObject *object, int flags, Py_buffer *view, struct foreign *foreign)
{
    long device = 0;
    struct bytes bytes;
    if (!tensor_device(object, &device))
        return false;
    foreign->device = device != DEVICE_CPU;
    PyObject *capsule = tensor_capsule(object, foreign->device);
    if (capsule == NULL)
        return false;
    const struct tensor *tensor = tensor_of(capsule, &bytes.readonly);
    bool taken = tensor != NULL && tensor_bytes(tensor, &bytes);
    if (taken) {
        tensor_format(tensor, foreign->format);
        taken = view_fill(capsule, &bytes, flags, view, foreign);
    }
    foreign_drop(capsule);
    return taken;
}

// The CUDA array interface

// An item of the dictionary: BORROWED. NULL where it is missing or None, with KeyError if it is
// missing and required.
static PyObject *
entry_get(PyObject *dict, const char *name, bool required)
{
    PyObject *entry = PyDict_GetItemString(dict, name);
    if (entry == NULL && required)
        PyErr_Format(PyExc_KeyError, "__cuda_array_interface__ has no '%s'", name);
    return entry == Py_None && !required ? NULL : entry;
}

static bool
array_data(PyObject *dict, struct bytes *bytes)
{
    PyObject *address, *readonly, *pair = entry_get(dict, "data", true);
    if (pair == NULL || !pair_item(pair, "'data'", 0, &address) ||
        !pair_item(pair, "'data'", 1, &readonly))
        return false;
    bytes->address = PyLong_AsVoidPtr(address);
    int truth = PyErr_Occurred() ? -1 : PyObject_IsTrue(readonly);
    bytes->readonly = truth != 0;
    return truth >= 0;
}

// A typestr, "<f8": its code for us, and the bytes of an entry; false with an exception.
static bool
array_typestr(PyObject *dict, char *format, int64_t *size)
{
    PyObject *typestr = entry_get(dict, "typestr", true);
    if (typestr == NULL)
        return false;
    const char *text = PyUnicode_AsUTF8AndSize(typestr, NULL);
    if (text == NULL)
        return false;
    char order = '\0', kind = '\0', rest = '\0';
    int bytes = 0;
    if (sscanf(text, "%c%c%d%c", &order, &kind, &bytes, &rest) != 3 || bytes <= 0) {
        PyErr_Format(PyExc_ValueError, "'typestr' %R is not an order, a kind and a size", typestr);
        return false;
    }
    if (strchr("<|=", order) == NULL) {
        PyErr_Format(PyExc_BufferError, "'typestr' %R is not in this machine's byte order",
                     typestr);
        return false;
    }
    *size = bytes;
    format[0] = '\0';
    if (kind != 'V')
        snprintf(format, FOREIGN_FORMAT, "%c%d", kind, bytes);
    return true;
}

// The numbers of a tuple into `numbers`; false with TypeError, or ValueError.
static bool
numbers_from(PyObject *tuple, const char *what, Py_ssize_t count, int64_t *numbers)
{
    if (!PyTuple_Check(tuple)) {
        PyErr_Format(PyExc_TypeError, "'%s' must be a tuple, not %R", what, Py_TYPE(tuple));
        return false;
    }
    if (PyTuple_Size(tuple) != count) {
        PyErr_Format(PyExc_ValueError, "'%s' must have %zd items, not %zd", what, count,
                     PyTuple_Size(tuple));
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        numbers[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
        if (numbers[i] == -1 && PyErr_Occurred())
            return false;
    }
    return true;
}

static int64_t
array_count_of(PyObject *dict, int64_t entry)
{
    PyObject *extents = entry_get(dict, "shape", true),
             *strides = entry_get(dict, "strides", false);
    if (extents == NULL)
        return -1;
    Py_ssize_t ndim = PyTuple_Check(extents) ? PyTuple_Size(extents) : 0;
    int64_t *numbers = PyMem_Malloc((size_t)(2 * ndim + 1) * sizeof *numbers);
    if (numbers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    struct shape shape = {(int)ndim, numbers, strides == NULL ? NULL : numbers + ndim, entry};
    int64_t count = -1;
    if (numbers_from(extents, "shape", ndim, numbers) &&
        (strides == NULL || numbers_from(strides, "strides", ndim, numbers + ndim)))
        count = shape_count(&shape);
    PyMem_Free(numbers);
    return count;
}

// Fields of a record: they are not looked at, and whoever gives some is told.
static bool
array_description(PyObject *dict)
{
    PyObject *fields = entry_get(dict, "descr", false);
    if (fields == NULL)
        return true;
    if (!PyList_Check(fields)) {
        PyErr_Format(PyExc_TypeError, "'descr' must be a list, not %R", Py_TYPE(fields));
        return false;
    }
    PyObject *plain = Py_BuildValue("[(sO)]", "", PyDict_GetItemString(dict, "typestr"));
    int same = plain == NULL ? -1 : PyObject_RichCompareBool(fields, plain, Py_EQ);
    Py_XDECREF(plain);
    if (same == 0)
        same = PyErr_WarnEx(PyExc_RuntimeWarning,
                            "the 'descr' of a __cuda_array_interface__ is ignored", 1) == 0
                   ? 1
                   : -1;
    return same > 0;
}

static bool
dict_view(PyObject *object, PyObject *dict, int flags, Py_buffer *view, struct foreign *foreign)
{
    struct bytes bytes;
    int64_t entry = 0;
    if (!PyDict_Check(dict)) {
        PyErr_Format(PyExc_TypeError, "__cuda_array_interface__ must be a dict, not %R",
                     Py_TYPE(dict));
        return false;
    }
    if (!array_data(dict, &bytes) || !array_typestr(dict, foreign->format, &entry))
        return false;
    if (entry_get(dict, "mask", false) != NULL) {
        PyErr_SetString(PyExc_BufferError, "an array with a mask cannot be a buffer");
        return false;
    }
    int64_t count = array_count_of(dict, entry);
    if (count < 0 || !array_description(dict))
        return false;
    bytes.size = count * entry;
    foreign->device = true;
    return view_fill(object, &bytes, flags, view, foreign);
}

static bool
array_view(PyObject *object, int flags, Py_buffer *view, struct foreign *foreign)
{
    PyObject *dict = PyObject_GetAttrString(object, "__cuda_array_interface__");
    bool taken = dict != NULL && dict_view(object, dict, flags, view, foreign);
    Py_XDECREF(dict);
    return taken;
}

bool
foreign_view(PyObject *object, int flags, Py_buffer *view, struct foreign *foreign)
{
    if (PyObject_HasAttrString(object, "__dlpack__"))
        return tensor_view(object, flags, view, foreign);
    return array_view(object, flags, view, foreign);
}
