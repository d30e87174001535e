// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "buffer.h"

#include "args.h"
#include "array.h"
#include "call.h"
#include "datatype.h"
#include "memory.h"

#include <ctype.h>
#include <string.h>

// Mistakes

// The lower-case twin of a method: "Send" -> "send", in `text` of 32 bytes.
static const char *
lower_name(const char *func, char *text)
{
    strncpy(text, func, 31);
    text[31] = 0;
    text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

static bool
not_a_buffer(struct ask ask, PyObject *object, enum access access)
{
    char lower[32];
    lower_name(ask.func, lower);
    if (access == READ)
        PyErr_Format(PyExc_TypeError,
                     "%s(): message: expecting a buffer (a NumPy array, bytes, ...) or a list "
                     "[buffer, count, datatype], not %R: send Python objects with %s(), in lower "
                     "case, and numbers as numpy.array(...)",
                     ask.func, Py_TYPE(object), lower);
    else
        PyErr_Format(PyExc_TypeError,
                     "%s(): message: expecting a buffer to receive into (a NumPy array, "
                     "bytearray, ...) or a list [buffer, count, datatype], not %R: receive Python "
                     "objects with %s(), in lower case",
                     ask.func, Py_TYPE(object), lower);
    return false;
}

static bool
not_a_message(struct ask ask, PyObject *sequence, Py_ssize_t count)
{
    char lower[32];
    PyErr_Format(PyExc_ValueError,
                 "%s(): message: expecting 2 to 4 items ([buffer, count, datatype]), got %zd in "
                 "%R: send Python objects with %s(), in lower case, and numbers as "
                 "numpy.array(...)",
                 ask.func, count, Py_TYPE(sequence), lower_name(ask.func, lower));
    return false;
}

static bool
not_contiguous(struct ask ask, PyObject *object)
{
    PyErr_Clear();
    PyObject *shape = PyObject_GetAttrString(object, "shape");
    PyObject *strides = PyObject_GetAttrString(object, "strides");
    PyErr_Clear();
    PyErr_Format(PyExc_BufferError,
                 "%s(): message: the memory is not contiguous (shape %S, strides %S): pass "
                 "numpy.ascontiguousarray(...), or receive into a new array and copy",
                 ask.func, shape != NULL ? shape : Py_None, strides != NULL ? strides : Py_None);
    Py_XDECREF(shape);
    Py_XDECREF(strides);
    return false;
}

static bool
no_type(struct ask ask, PyObject *object, const char *format)
{
    PyErr_Clear();
    PyObject *dtype = PyObject_GetAttrString(object, "dtype");
    PyErr_Clear();
    if (dtype != NULL)
        PyErr_Format(PyExc_KeyError,
                     "%s(): cannot map dtype %S to an MPI datatype: convert it with .astype(...), "
                     "name a type ([array, MPI.BYTE]), or send the array as an object in lower "
                     "case",
                     ask.func, dtype);
    else
        PyErr_Format(PyExc_KeyError,
                     "%s(): cannot map format '%s' to an MPI datatype: name one ([buffer, "
                     "MPI.BYTE])",
                     ask.func, format);
    Py_XDECREF(dtype);
    return false;
}

static bool
not_writable(struct ask ask, PyObject *object)
{
    PyErr_Clear();
    PyErr_Format(PyExc_BufferError,
                 "%s(): cannot receive into %R that is read-only: use a NumPy array or a bytearray",
                 ask.func, Py_TYPE(object));
    return false;
}

// NumPy's ValueError for entries that no format describes (dates).
static bool
not_exported(struct ask ask, PyObject *object)
{
    PyErr_Clear();
    PyObject *dtype = PyObject_GetAttrString(object, "dtype");
    PyErr_Clear();
    PyErr_Format(PyExc_BufferError,
                 "%s(): %R (dtype %S) gives no buffer: convert it with .astype(...) or .view(...), "
                 "or name a type ([array, MPI.BYTE])",
                 ask.func, Py_TYPE(object), dtype != NULL ? dtype : Py_None);
    Py_XDECREF(dtype);
    return false;
}

// Why an object gave no buffer: the exception that is set says it, or a better one does.
static bool
no_buffer(struct ask ask, PyObject *object, enum access access)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!PyObject_CheckBuffer(object)) {
        bool foreign = foreign_check(object);
        PyErr_Restore(type, value, traceback);
        if (!foreign)
            PyErr_Clear();
        return foreign ? false : not_a_buffer(ask, object, access);
    }
    Py_buffer view;
    bool plain = PyObject_GetBuffer(object, &view, PyBUF_STRIDED_RO) == 0;
    bool contiguous = plain && PyBuffer_IsContiguous(&view, 'A');
    bool readonly = plain && view.readonly;
    if (plain)
        PyBuffer_Release(&view);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    if (plain && !contiguous)
        return not_contiguous(ask, object);
    if (readonly && access == WRITE)
        return not_writable(ask, object);
    if (PyErr_ExceptionMatches(PyExc_ValueError))
        return not_exported(ask, object);
    return false;
}

// One buffer

// What a format string of the buffer protocol means; false with an exception.
static bool
format_type(struct ask ask, PyObject *object, const char *format, MPI_Datatype *type)
{
    if (format == NULL) {
        *type = MPI_BYTE;
        return true;
    }
    const char *code = format;
    if (*code == '@' || *code == '<' || *code == '=')
        code++;
    if (*code == '>' || *code == '!') {
        PyErr_Format(PyExc_BufferError,
                     "%s(): format '%s' is not in this machine's byte order: convert it with "
                     ".astype(dtype.newbyteorder('='))",
                     ask.func, format);
        return false;
    }
    return datatype_from_code(code, type) || no_type(ask, object, format);
}

struct memory {
    char *addr;
    MPI_Count size; // in bytes
    MPI_Datatype type;
    PyObject *keep;
};

// BOTTOM, or None: an address of 0 and an explicit type.
static bool
memory_bottom(struct ask ask, PyObject *type, struct memory *memory)
{
    *memory = (struct memory){.addr = MPI_BOTTOM};
    if (type != NULL)
        return datatype_from(ask.st, ask.func, type, &memory->type);
    PyErr_Format(PyExc_KeyError,
                 "%s(): cannot map None to an MPI datatype: memory without a "
                 "buffer needs an explicit one",
                 ask.func);
    return false;
}

// The simple case, a NumPy array of numbers: nothing is allocated.
static bool
memory_array(struct ask ask, PyObject *object, PyObject *type, enum access access,
             struct memory *memory)
{
    const struct array *array = array_of(ask.st, object);
    if (array == NULL || (array->flags & ARRAY_CONTIGUOUS) == 0)
        return false;
    if (access == WRITE && (array->flags & ARRAY_WRITEABLE) == 0)
        return false;
    const struct array_type *known = array_type_of(array);
    if (known == NULL)
        return false;
    *memory = (struct memory){
        .addr = array->data, .size = array_count(array) * known->size, .type = known->type};
    return type == NULL;
}

static bool
memory_parse(struct ask ask, PyObject *object, PyObject *type, enum access access,
             struct memory *memory)
{
    if (is_bottom(ask.st, object))
        return memory_bottom(ask, type, memory);
    memory->keep = NULL;
    memory->size = -1;
    if (memory_array(ask, object, type, access, memory))
        return true;
    if (memory->size >= 0)
        return datatype_from(ask.st, ask.func, type, &memory->type);
    int flags = PyBUF_ANY_CONTIGUOUS | (access == WRITE ? PyBUF_WRITABLE : 0) |
                (type == NULL ? PyBUF_FORMAT : 0);
    struct buffer *buffer = buffer_from(ask.st, object, flags);
    if (buffer == NULL)
        return no_buffer(ask, object, access);
    *memory = (struct memory){
        .addr = buffer->view.buf, .size = buffer->view.len, .keep = (PyObject *)buffer};
    bool typed = type != NULL ? datatype_from(ask.st, ask.func, type, &memory->type)
                              : format_type(ask, object, buffer->view.format, &memory->type);
    if (!typed)
        Py_CLEAR(memory->keep);
    return typed;
}

// The parts of [buffer, count, displacement, type]; BORROWED, NULL where absent or None.
struct parts {
    PyObject *buffer, *count, *displ, *type;
};

static bool
is_list_or_tuple(PyObject *object)
{
    return PyList_Check(object) || PyTuple_Check(object);
}

static PyObject *
item_at(PyObject *sequence, Py_ssize_t i)
{
    return PyList_Check(sequence) ? PyList_GetItem(sequence, i) : PyTuple_GetItem(sequence, i);
}

static bool
names_type(struct state *st, PyObject *object)
{
    return PyUnicode_Check(object) || PyObject_TypeCheck(object, st->types[CLASS_DATATYPE]);
}

// A pair (count, displacement) in the place of the count.
static bool
parts_split_count(struct ask ask, struct parts *parts)
{
    PyObject *pair = parts->count;
    Py_ssize_t n = PySequence_Size(pair);
    if (n != 2) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): message: expecting (count, displacement), got %zd "
                     "items",
                     ask.func, n);
        return false;
    }
    parts->count = item_at(pair, 0);
    parts->displ = item_at(pair, 1);
    return true;
}

static bool
parts_parse(struct ask ask, PyObject *object, enum access access, bool lists_are_pairs,
            struct parts *parts)
{
    *parts = (struct parts){.buffer = object};
    if (PyObject_CheckBuffer(object))
        return true;
    if (!is_list_or_tuple(object))
        return foreign_check(object) || not_a_buffer(ask, object, access);
    Py_ssize_t n = PySequence_Size(object);
    if (n < 2 || n > 4)
        return not_a_message(ask, object, n);
    parts->buffer = item_at(object, 0);
    PyObject *second = item_at(object, 1);
    if (n == 2 && names_type(ask.st, second))
        parts->type = second;
    else
        parts->count = second;
    if (n == 4)
        parts->displ = item_at(object, 2);
    if (n >= 3)
        parts->type = item_at(object, n - 1);
    if (n < 4 && parts->count != NULL &&
        (PyTuple_Check(parts->count) || (lists_are_pairs && PyList_Check(parts->count))) &&
        !parts_split_count(ask, parts))
        return false;
    if (parts->count == Py_None)
        parts->count = NULL;
    if (parts->displ == Py_None)
        parts->displ = NULL;
    if (parts->type == Py_None)
        parts->type = NULL;
    return true;
}

// One message

static bool
index_of(PyObject *object, MPI_Count *value)
{
    PyObject *number = PyNumber_Index(object);
    if (number == NULL)
        return false;
    *value = PyLong_AsLongLong(number);
    Py_DECREF(number);
    return *value != -1 || !PyErr_Occurred();
}

// One number, as opposed to one for each rank. (An array is an index by its type.)
static bool
is_number(PyObject *object)
{
    if (PyLong_Check(object))
        return true;
    if (!PyIndex_Check(object))
        return false;
    bool sized = PySequence_Size(object) >= 0;
    PyErr_Clear();
    return !sized;
}

static bool
usable_extent(struct ask ask, MPI_Datatype type, const char *what, MPI_Count *extent)
{
    MPI_Count lb = 0;
    if (type == MPI_DATATYPE_NULL) {
        PyErr_Format(PyExc_ValueError, "%s(): message: cannot %s, the datatype is null", ask.func,
                     what);
        return false;
    }
    if (!datatype_extent(ask.st, type, &lb, extent))
        return false;
    if (*extent > 0)
        return true;
    PyErr_Format(PyExc_ValueError,
                 "%s(): message: cannot %s, datatype extent %lld (lb:%lld, "
                 "ub:%lld)",
                 ask.func, what, (long long)*extent, (long long)lb, (long long)(lb + *extent));
    return false;
}

// Moves the start of the memory by a displacement given in entries.
static bool
memory_displace(struct ask ask, struct memory *memory, PyObject *displ)
{
    MPI_Count entries = 0, extent = 0;
    if (!index_of(displ, &entries))
        return false;
    if (entries < 0) {
        PyErr_Format(PyExc_ValueError, "%s(): message: negative displacement %lld", ask.func,
                     (long long)entries);
        return false;
    }
    if (entries == 0)
        return true;
    if (!usable_extent(ask, memory->type, "handle displacement", &extent))
        return false;
    if (entries > memory->size / extent) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): message: displacement %lld out of bounds, number of datatype entries "
                     "%lld",
                     ask.func, (long long)entries, (long long)(memory->size / extent));
        return false;
    }
    memory->addr += entries * extent;
    memory->size -= entries * extent;
    return true;
}

static bool
count_given(struct ask ask, const struct parts *parts, MPI_Count *count)
{
    if (!index_of(parts->count, count))
        return false;
    if (*count < 0) {
        PyErr_Format(PyExc_ValueError, "%s(): message: negative count %lld", ask.func,
                     (long long)*count);
        return false;
    }
    if (*count > 0 && parts->buffer == Py_None) {
        PyErr_Format(PyExc_ValueError, "%s(): message: buffer is None but count is %lld", ask.func,
                     (long long)*count);
        return false;
    }
    return true;
}

// The number of whole entries in the memory.
static bool
count_entries(struct ask ask, const struct memory *memory, MPI_Count *count)
{
    MPI_Count extent = 0;
    *count = 0;
    if (memory->size == 0)
        return true;
    if (!usable_extent(ask, memory->type, "infer count", &extent))
        return false;
    if (memory->size % extent != 0) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): message: cannot infer count, buffer length %lld is not a multiple of "
                     "datatype extent %lld",
                     ask.func, (long long)memory->size, (long long)extent);
        return false;
    }
    *count = memory->size / extent;
    return true;
}

static bool
count_of_block(struct ask ask, int blocks, MPI_Count *count)
{
    if (blocks < 2)
        return true;
    if (*count % blocks != 0) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): message: cannot infer count, number of entries %lld is not a multiple "
                     "of required number of blocks %d (one for each rank)",
                     ask.func, (long long)*count, blocks);
        return false;
    }
    *count /= blocks;
    return true;
}

static bool
message_parse_parts(struct ask ask, PyObject *object, enum access access, int blocks,
                    struct message *message)
{
    struct parts parts;
    struct memory memory;
    if (!parts_parse(ask, object, access, true, &parts) ||
        !memory_parse(ask, parts.buffer, parts.type, access, &memory))
        return false;
    MPI_Count count = 0;
    bool counted = parts.displ == NULL || memory_displace(ask, &memory, parts.displ);
    if (counted && parts.count != NULL)
        counted = count_given(ask, &parts, &count);
    else if (counted)
        counted = count_entries(ask, &memory, &count) && count_of_block(ask, blocks, &count);
    if (!counted) {
        Py_XDECREF(memory.keep);
        return false;
    }
    *message = (struct message){
        .addr = memory.addr, .count = count, .type = memory.type, .keep = memory.keep};
    return true;
}

bool
message_parse(struct ask ask, PyObject *object, enum access access, int peer, int blocks,
              struct message *message)
{
    if (peer == MPI_PROC_NULL) {
        *message = (struct message){.type = MPI_BYTE};
        return true;
    }
    struct memory memory;
    if (!memory_array(ask, object, NULL, access, &memory))
        return message_parse_parts(ask, object, access, blocks, message);
    MPI_Count count = array_count((const struct array *)(const void *)object);
    if (!count_of_block(ask, blocks, &count))
        return false;
    *message = (struct message){.addr = memory.addr, .count = count, .type = memory.type};
    return true;
}

PyObject *
message_keeper(struct message *message, PyObject *object)
{
    PyObject *keep = message->keep;
    message->keep = NULL;
    if (keep == NULL && message->addr != NULL)
        keep = Py_NewRef(object);
    return keep;
}

// One message for each rank

static void
counts_divide(MPI_Count total, int blocks, MPI_Count *counts)
{
    for (int i = 0; i < blocks; i++)
        counts[i] = total / blocks + (total % blocks > i);
}

static bool
vector_counts(struct ask ask, const struct parts *parts, const struct memory *memory, int blocks,
              MPI_Count *counts)
{
    MPI_Count value = 0;
    if (parts->count == NULL) {
        if (!count_entries(ask, memory, &value))
            return false;
        counts_divide(value, blocks, counts);
        return true;
    }
    if (!is_number(parts->count))
        return counts_from(ask.func, parts->count, blocks, counts);
    if (!index_of(parts->count, &value))
        return false;
    for (int i = 0; i < blocks; i++)
        counts[i] = value;
    return true;
}

static bool
vector_displs(struct ask ask, const struct parts *parts, int blocks, const MPI_Count *counts,
              MPI_Aint *displs)
{
    MPI_Count value = 0;
    if (parts->displ == NULL) {
        for (int i = 0; i < blocks; i++) {
            displs[i] = (MPI_Aint)value;
            value += counts[i];
        }
        return true;
    }
    _Static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "displacements are filled as counts");
    if (!is_number(parts->displ))
        return counts_from(ask.func, parts->displ, blocks, (MPI_Count *)displs);
    if (!index_of(parts->displ, &value))
        return false;
    for (int i = 0; i < blocks; i++)
        displs[i] = (MPI_Aint)(value * i);
    return true;
}

bool
vector_parse(struct ask ask, PyObject *object, enum access access, int peer, int blocks,
             struct vector *vector)
{
    *vector = (struct vector){.type = MPI_BYTE};
    if (peer == MPI_PROC_NULL)
        return true;
    struct parts parts;
    struct memory memory;
    if (!parts_parse(ask, object, access, false, &parts) ||
        !memory_parse(ask, parts.buffer, parts.type, access, &memory))
        return false;
    size_t n = (size_t)(blocks > 0 ? blocks : 1);
    *vector = (struct vector){.addr = memory.addr, .type = memory.type, .keep = memory.keep};
    vector->counts = PyMem_Malloc(n * (sizeof(MPI_Count) + sizeof(MPI_Aint)));
    if (vector->counts == NULL)
        PyErr_NoMemory();
    else
        vector->displs = (MPI_Aint *)(void *)(vector->counts + n);
    if (vector->counts != NULL && vector_counts(ask, &parts, &memory, blocks, vector->counts) &&
        vector_displs(ask, &parts, blocks, vector->counts, vector->displs))
        return true;
    vector_clear(vector);
    return false;
}

void
vector_clear(struct vector *vector)
{
    PyMem_Free(vector->counts);
    vector->counts = NULL;
    Py_CLEAR(vector->keep);
}

// One message and type for each rank

static bool
wvector_types(struct ask ask, PyObject *types, int blocks, MPI_Datatype *out)
{
    Py_ssize_t n = PySequence_Size(types);
    if (n < 0)
        return false;
    if (n != blocks) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): message: expecting %d datatypes (one for each "
                     "rank), got %zd",
                     ask.func, blocks, n);
        return false;
    }
    for (int i = 0; i < blocks; i++) {
        PyObject *type = PySequence_GetItem(types, i);
        bool taken = type != NULL && PyObject_TypeCheck(type, ask.st->types[CLASS_DATATYPE]);
        if (taken)
            taken = datatype_from(ask.st, ask.func, type, &out[i]);
        else if (type != NULL)
            PyErr_Format(PyExc_TypeError,
                         "%s(): message: types[%d] must be an MPI.Datatype, not %R", ask.func, i,
                         Py_TYPE(type));
        Py_XDECREF(type);
        if (!taken)
            return false;
    }
    return true;
}

static bool
wvector_parts(struct ask ask, PyObject *object, enum access access, struct parts *parts)
{
    if (!is_list_or_tuple(object))
        return not_a_buffer(ask, object, access);
    Py_ssize_t n = PySequence_Size(object);
    if (n < 2 || n > 4)
        return not_a_message(ask, object, n);
    *parts = (struct parts){.buffer = item_at(object, 0), .type = item_at(object, n - 1)};
    if (n == 4) {
        parts->count = item_at(object, 1);
        parts->displ = item_at(object, 2);
    } else if (n == 3) {
        parts->count = item_at(object, 1);
        if (!is_list_or_tuple(parts->count)) {
            PyErr_Format(PyExc_TypeError,
                         "%s(): message: expecting (counts, displacements), not %R", ask.func,
                         Py_TYPE(parts->count));
            return false;
        }
        if (!parts_split_count(ask, parts))
            return false;
    }
    if (parts->count == Py_None)
        parts->count = NULL;
    if (parts->displ == Py_None)
        parts->displ = NULL;
    if (is_bottom(ask.st, parts->buffer) && (parts->count == NULL || parts->displ == NULL)) {
        PyErr_Format(PyExc_ValueError, "%s(): message: BOTTOM requires counts and displacements",
                     ask.func);
        return false;
    }
    return true;
}

static bool
wvector_fill(struct ask ask, const struct parts *parts, int blocks, struct wvector *vector)
{
    if (parts->count == NULL && parts->displ == NULL) {
        for (int i = 0; i < blocks; i++) {
            vector->counts[i] = 1;
            vector->displs[i] = 0;
        }
    } else if (parts->count == NULL || parts->displ == NULL ||
               !counts_from(ask.func, parts->count, blocks, vector->counts) ||
               !counts_from(ask.func, parts->displ, blocks, (MPI_Count *)vector->displs)) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_TypeError, "%s(): message: counts and displacements go together",
                         ask.func);
        return false;
    }
    return wvector_types(ask, parts->type, blocks, vector->types);
}

bool
wvector_parse(struct ask ask, PyObject *object, enum access access, int blocks,
              struct wvector *vector)
{
    struct parts parts;
    if (!wvector_parts(ask, object, access, &parts))
        return false;
    *vector = (struct wvector){.addr = MPI_BOTTOM};
    if (!is_bottom(ask.st, parts.buffer)) {
        int flags = PyBUF_ANY_CONTIGUOUS | (access == WRITE ? PyBUF_WRITABLE : 0);
        struct buffer *buffer = buffer_from(ask.st, parts.buffer, flags);
        if (buffer == NULL)
            return no_buffer(ask, parts.buffer, access);
        vector->addr = buffer->view.buf;
        vector->keep = (PyObject *)buffer;
    }
    size_t n = (size_t)(blocks > 0 ? blocks : 1);
    vector->counts =
        PyMem_Malloc(n * (sizeof(MPI_Count) + sizeof(MPI_Aint) + sizeof(MPI_Datatype)));
    if (vector->counts == NULL) {
        PyErr_NoMemory();
        wvector_clear(vector);
        return false;
    }
    vector->displs = (MPI_Aint *)(void *)(vector->counts + n);
    vector->types = (MPI_Datatype *)(void *)(vector->displs + n);
    if (wvector_fill(ask, &parts, blocks, vector))
        return true;
    wvector_clear(vector);
    return false;
}

void
wvector_clear(struct wvector *vector)
{
    PyMem_Free(vector->counts);
    vector->counts = NULL;
    Py_CLEAR(vector->keep);
}
