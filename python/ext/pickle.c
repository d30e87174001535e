// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Python objects as messages, and MPI.Pickle.
 *
 * An object is one message. What it holds is told by its first bytes:
 *   nothing           None
 *   WIRE_MAGIC, kind  a number, a string, bytes, an array, or a pickle with its buffers
 *   anything else     what dumps() gave, for loads()
 * No pickle starts with the first byte of WIRE_MAGIC, and three more bytes and the sizes have to
 * fit, so that raw numbers from an upper-case Send are not taken for an object.
 *
 * A header is 8 bytes. Numbers follow it, as do strings and bytes. An array has its shape there,
 * and its data at the next multiple of 64. A pickle with buffers has the sizes, the stream, then
 * each buffer at a multiple of 64.
 *
 * A message is gathered in one block before it is sent: the copy could be saved by a datatype that
 * picks header, stream and buffers from where they lie.
 *
 * With dumps, loads or protocol changed by the user, messages are exactly what dumps() gave.
 */
#include "pickle.h"

#include "args.h"
#include "array.h"

#include <stdlib.h>
#include <string.h>

enum wire_kind {
    WIRE_INT = 1,
    WIRE_FLOAT,
    WIRE_STR,
    WIRE_BYTES,
    WIRE_ARRAY,
    WIRE_PICKLE,
};

static const unsigned char WIRE_MAGIC[3] = {0xd7, 'M', 1};

struct wire_header {
    unsigned char magic[3];
    unsigned char kind;
    unsigned char type; // of an array's entries: NumPy's character
    unsigned char ndim;
    unsigned char fortran;
    unsigned char zero;
};

/* What follows the header of a pickle with buffers. */
struct wire_sizes {
    uint64_t stream, buffers;
};

struct wire_buffer {
    uint64_t size, readonly;
};

enum {
    HEADER = sizeof(struct wire_header),
    DEFAULT_THRESHOLD = 256 << 10,
    PLAIN_ITEMS = 64, // items and depth that is_plain looks at
    PLAIN_DEPTH = 6,
};

_Static_assert(sizeof(struct wire_header) == 8, "numbers follow the header aligned");

/* The Pickle object: NULL stands for the default. */
struct pickle {
    PyObject_HEAD struct state *st;
    PyObject *dumps, *loads, *protocol, *threshold;
};

static struct pickle *
pickle_of(PyObject *self)
{
    return (struct pickle *)self;
}

// Defaults

// Loads the pickle module's functions when they are first needed.
static bool
defaults_load(struct state *st)
{
    if (st->default_loads != NULL)
        return true;
    PyObject *module = PyImport_ImportModule("pickle");
    if (module == NULL)
        return false;
    PyObject *dumps = PyObject_GetAttrString(module, "dumps");
    PyObject *loads = PyObject_GetAttrString(module, "loads");
    PyObject *protocol = NULL;
    const char *chosen = getenv("MPI4PY_PICKLE_PROTOCOL");
    if (chosen != NULL)
        protocol = PyLong_FromString(chosen, NULL, 10);
    else
        protocol = PyObject_GetAttrString(module, "HIGHEST_PROTOCOL");
    Py_DECREF(module);
    if (dumps == NULL || loads == NULL || protocol == NULL) {
        Py_XDECREF(dumps);
        Py_XDECREF(loads);
        Py_XDECREF(protocol);
        return false;
    }
    st->default_dumps = dumps;
    st->default_loads = loads;
    st->default_protocol = protocol;
    return true;
}

// Whether messages are the plain output of the user's own functions.
static inline bool
pickle_is_plain(const struct pickle *p)
{
    return p->dumps != NULL || p->loads != NULL || p->protocol != NULL;
}

static PyObject *
pickle_dumps_plain(struct pickle *p, PyObject *object)
{
    if (!defaults_load(p->st))
        return NULL;
    PyObject *dumps = p->dumps != NULL ? p->dumps : p->st->default_dumps;
    PyObject *protocol = p->protocol;
    if (protocol == NULL && p->dumps == NULL)
        protocol = p->st->default_protocol;
    return PyObject_CallFunctionObjArgs(dumps, object, protocol, NULL);
}

static PyObject *
pickle_loads_plain(struct pickle *p, PyObject *data)
{
    if (!defaults_load(p->st))
        return NULL;
    return PyObject_CallFunctionObjArgs(p->loads != NULL ? p->loads : p->st->default_loads, data,
                                        NULL);
}

// The pickle stream of an object; `callback` is called with each of its buffers.
static PyObject *
dumps_with_buffers(PyObject *dumps, PyObject *protocol, PyObject *object, PyObject *callback)
{
    PyObject *args = PyTuple_Pack(2, object, protocol);
    PyObject *kwargs = Py_BuildValue("{s:O}", "buffer_callback", callback);
    PyObject *stream = NULL;
    if (args != NULL && kwargs != NULL)
        stream = PyObject_Call(dumps, args, kwargs);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return stream;
}

static PyObject *
loads_with_buffers(PyObject *loads, PyObject *stream, PyObject *buffers)
{
    PyObject *args = PyTuple_Pack(1, stream);
    PyObject *kwargs = Py_BuildValue("{s:O}", "buffers", buffers);
    PyObject *object = NULL;
    if (args != NULL && kwargs != NULL)
        object = PyObject_Call(loads, args, kwargs);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return object;
}

// Packing

static struct wire_header
header_of(enum wire_kind kind)
{
    struct wire_header header = {.kind = (unsigned char)kind};
    memcpy(header.magic, WIRE_MAGIC, sizeof(WIRE_MAGIC));
    return header;
}

// Room for a message of `size` bytes: in `small`, or in a block. NULL with an exception.
static char *
wire_room(struct state *st, struct wire *wire, size_t size)
{
    wire->size = (MPI_Count)size;
    if (size <= WIRE_SMALL) {
        wire->data = wire->small;
        return wire->small;
    }
    struct block *block = block_alloc(st, size);
    if (block == NULL)
        return NULL;
    wire->keep = (PyObject *)block;
    wire->data = block->data;
    return block->data;
}

static bool
pack_flat(struct state *st, struct wire *wire, enum wire_kind kind, const void *data, size_t size)
{
    char *room = wire_room(st, wire, HEADER + size);
    if (room == NULL)
        return false;
    struct wire_header header = header_of(kind);
    memcpy(room, &header, HEADER);
    memcpy(room + HEADER, data, size);
    return true;
}

// The two formats of pack_pickle: the stream alone, or with its buffers behind it.

static bool
pack_stream(struct wire *wire, PyObject *stream)
{
    char *data;
    Py_ssize_t size;
    if (!PyBytes_Check(stream)) {
        PyErr_Format(PyExc_TypeError, "Pickle.dumps must return bytes, not %R", Py_TYPE(stream));
        return false;
    }
    if (PyBytes_AsStringAndSize(stream, &data, &size) < 0)
        return false;
    wire->data = data;
    wire->size = size;
    wire->keep = Py_NewRef(stream);
    return true;
}

static bool
pack_views(struct state *st, struct wire *wire, const char *stream, size_t stream_size,
           const Py_buffer *views, size_t count)
{
    struct wire_sizes sizes = {stream_size, count};
    size_t table = HEADER + sizeof(sizes);
    size_t start = table + count * sizeof(struct wire_buffer);
    size_t total = start + stream_size;
    for (size_t i = 0; i < count; i++)
        total = block_align(total) + (size_t)views[i].len;
    struct block *block = block_alloc(st, total);
    if (block == NULL)
        return false;
    struct wire_header header = header_of(WIRE_PICKLE);
    memcpy(block->data, &header, HEADER);
    memcpy(block->data + HEADER, &sizes, sizeof(sizes));
    memcpy(block->data + start, stream, stream_size);
    size_t at = start + stream_size;
    for (size_t i = 0; i < count; i++) {
        struct wire_buffer entry = {(uint64_t)views[i].len, (uint64_t)(views[i].readonly != 0)};
        memcpy(block->data + table + i * sizeof(entry), &entry, sizeof(entry));
        size_t aligned = block_align(at);
        memset(block->data + at, 0, aligned - at);
        memcpy(block->data + aligned, views[i].buf, (size_t)views[i].len);
        at = aligned + (size_t)views[i].len;
    }
    *wire = (struct wire){.data = block->data, .size = (MPI_Count)total};
    wire->keep = (PyObject *)block;
    return true;
}

static bool
pack_buffers(struct state *st, struct wire *wire, PyObject *stream, PyObject *buffers)
{
    char *data;
    Py_ssize_t size;
    Py_ssize_t count = PyList_Size(buffers), taken = 0;
    if (PyBytes_AsStringAndSize(stream, &data, &size) < 0)
        return false;
    Py_buffer *views = PyMem_Malloc((size_t)count * sizeof(Py_buffer));
    if (views == NULL) {
        PyErr_NoMemory();
        return false;
    }
    while (taken < count && PyObject_GetBuffer(PyList_GetItem(buffers, taken), &views[taken],
                                               PyBUF_ANY_CONTIGUOUS) == 0)
        taken++;
    bool done = taken == count && pack_views(st, wire, data, (size_t)size, views, (size_t)count);
    for (Py_ssize_t i = 0; i < taken; i++)
        PyBuffer_Release(&views[i]);
    PyMem_Free(views);
    return done;
}

static bool all_plain(PyObject *object, int depth, int *budget);

static bool
dict_plain(PyObject *dict, int depth, int *budget)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &key, &value))
        if (!all_plain(key, depth, budget) || !all_plain(value, depth, budget))
            return false;
    return true;
}

// Whether a look at a small object, at most *budget items, shows that it holds no buffers.
static bool
all_plain(PyObject *object, int depth, int *budget)
{
    PyTypeObject *type = Py_TYPE(object);
    if (--*budget < 0)
        return false;
    if (object == Py_None || type == &PyLong_Type || type == &PyFloat_Type ||
        type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyBool_Type)
        return true;
    if (depth == 0)
        return false;
    if (type == &PyDict_Type)
        return dict_plain(object, depth - 1, budget);
    bool list = type == &PyList_Type;
    if (!list && type != &PyTuple_Type)
        return false;
    Py_ssize_t n = list ? PyList_Size(object) : PyTuple_Size(object);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = list ? PyList_GetItem(object, i) : PyTuple_GetItem(object, i);
        if (!all_plain(item, depth - 1, budget))
            return false;
    }
    return true;
}

static bool
is_plain(PyObject *object)
{
    int budget = PLAIN_ITEMS;
    return all_plain(object, PLAIN_DEPTH, &budget);
}

// Without a callback for buffers, which costs more than pickling a small object does.
static bool
pack_plain(struct state *st, struct wire *wire, PyObject *object)
{
    PyObject *stream =
        PyObject_CallFunctionObjArgs(st->default_dumps, object, st->default_protocol, NULL);
    bool done = stream != NULL && pack_stream(wire, stream);
    Py_XDECREF(stream);
    return done;
}

static bool
pack_pickle(struct state *st, struct wire *wire, PyObject *object)
{
    if (!defaults_load(st))
        return false;
    if (is_plain(object))
        return pack_plain(st, wire, object);
    PyObject *buffers = PyList_New(0);
    PyObject *append = buffers == NULL ? NULL : PyObject_GetAttrString(buffers, "append");
    PyObject *stream = NULL;
    if (append != NULL)
        stream = dumps_with_buffers(st->default_dumps, st->default_protocol, object, append);
    bool done = stream != NULL;
    if (done && PyList_Size(buffers) == 0)
        done = pack_stream(wire, stream);
    else if (done)
        done = pack_buffers(st, wire, stream, buffers);
    Py_XDECREF(stream);
    Py_XDECREF(append);
    Py_XDECREF(buffers);
    return done;
}

static bool
pack_array(struct state *st, struct wire *wire, const struct array *array,
           const struct array_type *type)
{
    size_t bytes = (size_t)array_count(array) * type->size;
    size_t shape = (size_t)array->ndim * sizeof(int64_t);
    size_t start = block_align(HEADER + shape);
    char *room = wire_room(st, wire, start + bytes);
    if (room == NULL)
        return false;
    struct wire_header header = header_of(WIRE_ARRAY);
    header.type = (unsigned char)type->code;
    header.ndim = (unsigned char)array->ndim;
    header.fortran = (array->flags & ARRAY_C_CONTIGUOUS) == 0;
    memset(room, 0, start);
    memcpy(room, &header, HEADER);
    if (shape > 0)
        memcpy(room + HEADER, array->shape, shape);
    if (bytes > 0)
        memcpy(room + start, array->data, bytes);
    return true;
}

static bool
pack_int(struct state *st, struct wire *wire, PyObject *object)
{
    int overflow;
    int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0)
        return pack_pickle(st, wire, object);
    return pack_flat(st, wire, WIRE_INT, &value, sizeof(value));
}

static bool
pack_str(struct state *st, struct wire *wire, PyObject *object)
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(object, &size);
    if (text == NULL) {
        PyErr_Clear(); // a lone surrogate
        return pack_pickle(st, wire, object);
    }
    return pack_flat(st, wire, WIRE_STR, text, (size_t)size);
}

static bool
pack_fast(struct state *st, PyObject *object, struct wire *wire)
{
    if (PyLong_CheckExact(object))
        return pack_int(st, wire, object);
    if (PyFloat_CheckExact(object)) {
        double value = PyFloat_AsDouble(object);
        return pack_flat(st, wire, WIRE_FLOAT, &value, sizeof(value));
    }
    if (PyUnicode_CheckExact(object))
        return pack_str(st, wire, object);
    if (PyBytes_CheckExact(object))
        return pack_flat(st, wire, WIRE_BYTES, PyBytes_AsString(object),
                         (size_t)PyBytes_Size(object));
    const struct array *array = array_of(st, object);
    if (array != NULL && (array->flags & ARRAY_CONTIGUOUS) != 0) {
        const struct array_type *type = array_type_of(array);
        if (type != NULL)
            return pack_array(st, wire, array, type);
    }
    return pack_pickle(st, wire, object);
}

bool
wire_pack(struct state *st, PyObject *object, struct wire *wire)
{
    wire->data = NULL;
    wire->size = 0;
    wire->keep = NULL;
    struct pickle *p = pickle_of(st->pickle);
    if (pickle_is_plain(p)) {
        PyObject *stream = pickle_dumps_plain(p, object);
        bool done = stream != NULL && pack_stream(wire, stream);
        Py_XDECREF(stream);
        return done;
    }
    if (object == Py_None)
        return true;
    return pack_fast(st, object, wire);
}

void
wire_clear(struct wire *wire)
{
    Py_CLEAR(wire->keep);
}

bool
wire_detach(struct state *st, struct wire *wire, PyObject **keep)
{
    if (wire->data == wire->small) {
        struct block *block = block_alloc(st, (size_t)wire->size);
        if (block == NULL)
            return false;
        memcpy(block->data, wire->small, (size_t)wire->size);
        wire->data = block->data;
        wire->keep = (PyObject *)block;
    }
    *keep = wire->keep;
    wire->keep = NULL;
    return true;
}

// Unpacking

// A block that may be referred to and holds the message from its first byte on: new reference.
static struct block *
block_own(struct state *st, struct block *block, const char **data, size_t size)
{
    if (block_refers(block, size)) {
        block_settle(block);
        return (struct block *)Py_NewRef((PyObject *)block);
    }
    struct block *copy = block_alloc(st, size);
    if (copy == NULL)
        return NULL;
    memcpy(copy->data, *data, size);
    *data = copy->data;
    return copy;
}

static int
array_type_number(unsigned char code)
{
    for (int i = 0; i < ARRAY_TYPES; i++)
        if (array_types[i].size > 0 && (unsigned char)array_types[i].code == code)
            return i;
    return -1;
}

// The number of bytes of an array's data, or -1 when header and shape make no sense.
static int64_t
array_bytes(const struct wire_header *header, const int64_t *shape, int type)
{
    int64_t bytes = array_types[type].size;
    for (int i = 0; i < header->ndim; i++)
        if (shape[i] < 0 || __builtin_mul_overflow(bytes, shape[i], &bytes))
            return -1;
    return bytes;
}

static PyObject *
unpack_array(struct state *st, struct block *block, const char *data, size_t size,
             const struct wire_header *header)
{
    int64_t shape[ARRAY_MAX_DIMS];
    int type = array_type_number(header->type);
    size_t start = block_align(HEADER + header->ndim * sizeof(int64_t));
    if (type < 0 || header->ndim > ARRAY_MAX_DIMS || start > size)
        return NULL;
    memcpy(shape, data + HEADER, header->ndim * sizeof(int64_t));
    int64_t bytes = array_bytes(header, shape, type);
    if (bytes < 0 || (uint64_t)bytes != size - start)
        return NULL;
    if (block != NULL && block_refers(block, (size_t)bytes)) {
        block_settle(block);
        return array_new(st, type, header->ndim, shape, header->fortran, (PyObject *)block,
                         (data - block->data) + (Py_ssize_t)start);
    }
    PyObject *array = array_new(st, type, header->ndim, shape, header->fortran, NULL, 0);
    if (array != NULL && bytes > 0)
        memcpy(((struct array *)array)->data, data + start, (size_t)bytes);
    return array;
}

// The buffers behind a stream, as a list of MPI.buffer; NULL when the sizes do not fit.
static PyObject *
unpack_buffers(struct state *st, struct block *block, const char *data, size_t size, size_t at,
               size_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        struct wire_buffer entry;
        memcpy(&entry, data + HEADER + sizeof(struct wire_sizes) + i * sizeof(entry),
               sizeof(entry));
        at = block_align(at);
        PyObject *view = NULL;
        if (at <= size && entry.size <= size - at)
            view = buffer_over(st, (PyObject *)block, (char *)(uintptr_t)data + at,
                               (Py_ssize_t)entry.size, entry.readonly != 0);
        if (view == NULL || PyList_SetItem(list, (Py_ssize_t)i, view) < 0)
            Py_CLEAR(list);
        at += entry.size;
    }
    return list;
}

static PyObject *
unpack_pickle(struct state *st, struct block *block, const char *data, size_t size)
{
    struct wire_sizes sizes;
    if (size < HEADER + sizeof(sizes))
        return NULL;
    memcpy(&sizes, data + HEADER, sizeof(sizes));
    size_t room = size - HEADER - sizeof(sizes);
    if (sizes.buffers > room / sizeof(struct wire_buffer) ||
        sizes.stream > room - sizes.buffers * sizeof(struct wire_buffer) || !defaults_load(st))
        return NULL;
    size_t start = HEADER + sizeof(sizes) + sizes.buffers * sizeof(struct wire_buffer);
    struct block *own = block_own(st, block, &data, size);
    if (own == NULL)
        return NULL;
    PyObject *buffers = unpack_buffers(st, own, data, size, start + sizes.stream, sizes.buffers);
    PyObject *stream = buffers == NULL
                           ? NULL
                           : buffer_over(st, (PyObject *)own, (char *)(uintptr_t)data + start,
                                         (Py_ssize_t)sizes.stream, true);
    PyObject *object =
        stream == NULL ? NULL : loads_with_buffers(st->default_loads, stream, buffers);
    Py_XDECREF(stream);
    Py_XDECREF(buffers);
    Py_DECREF((PyObject *)own);
    return object;
}

// The object of a message with our header; NULL, perhaps without an exception, when it has none.
static PyObject *
unpack_fast(struct state *st, struct block *block, const char *data, size_t size)
{
    struct wire_header header;
    memcpy(&header, data, HEADER);
    const char *body = data + HEADER;
    size_t length = size - HEADER;
    switch ((enum wire_kind)header.kind) {
    case WIRE_INT: {
        int64_t value;
        if (length != sizeof(value))
            return NULL;
        memcpy(&value, body, sizeof(value));
        return PyLong_FromLongLong(value);
    }
    case WIRE_FLOAT: {
        double value;
        if (length != sizeof(value))
            return NULL;
        memcpy(&value, body, sizeof(value));
        return PyFloat_FromDouble(value);
    }
    case WIRE_STR:
        return PyUnicode_DecodeUTF8(body, (Py_ssize_t)length, NULL);
    case WIRE_BYTES:
        return PyBytes_FromStringAndSize(body, (Py_ssize_t)length);
    case WIRE_ARRAY:
        return unpack_array(st, block, data, size, &header);
    case WIRE_PICKLE:
        return unpack_pickle(st, block, data, size);
    }
    return NULL;
}

/*
 * What was received is no object: most often an array that was sent in upper case. Says so, unless
 * the bytes are a pickle whose own error tells more (a class that is not there, ...).
 */
static void
explain_unpickling(const char *data, MPI_Count size, const MPI_Status *from)
{
    bool is_pickle = (unsigned char)data[0] == 0x80 && data[size - 1] == '.';
    if (is_pickle || PyErr_ExceptionMatches(PyExc_MemoryError) ||
        !PyErr_ExceptionMatches(PyExc_Exception))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *module = PyImport_ImportModule("pickle");
    PyObject *error = module == NULL ? NULL : PyObject_GetAttrString(module, "UnpicklingError");
    Py_XDECREF(module);
    if (error == NULL) {
        PyErr_Clear();
        PyErr_Restore(type, value, traceback);
        return;
    }
    if (from != NULL)
        PyErr_Format(error,
                     "the %lld bytes from rank %d with tag %d are not a Python object: what was "
                     "sent with Send() (upper case) is received with Recv(), into a buffer",
                     (long long)size, from->MPI_SOURCE, from->MPI_TAG);
    else
        PyErr_Format(error,
                     "the %lld bytes received are not a Python object: upper-case and lower-case "
                     "calls do not go together",
                     (long long)size);
    Py_DECREF(error);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    PyObject *etype, *evalue, *etrace;
    PyErr_Fetch(&etype, &evalue, &etrace);
    PyErr_NormalizeException(&etype, &evalue, &etrace);
    PyException_SetCause(evalue, value); // takes the reference
    PyErr_Restore(etype, evalue, etrace);
}

static PyObject *
unpack_plain(struct state *st, struct pickle *p, struct block *block, const char *data,
             MPI_Count size)
{
    PyObject *view =
        buffer_over(st, (PyObject *)block, (char *)(uintptr_t)data, (Py_ssize_t)size, false);
    if (view == NULL)
        return NULL;
    PyObject *object = pickle_loads_plain(p, view);
    // loads may have kept the view: then the block is no longer ours to reuse
    if (Py_REFCNT(view) > 1)
        block_settle(block);
    Py_DECREF(view);
    return object;
}

PyObject *
wire_unpack(struct state *st, struct block *block, const char *data, MPI_Count size,
            const MPI_Status *from)
{
    struct pickle *p = pickle_of(st->pickle);
    if (size <= 0)
        return Py_NewRef(Py_None);
    bool plain = p->loads != NULL;
    if (!plain && size >= HEADER && memcmp(data, WIRE_MAGIC, sizeof(WIRE_MAGIC)) == 0) {
        PyObject *object = unpack_fast(st, block, data, (size_t)size);
        if (object != NULL || PyErr_Occurred())
            return object;
    }
    PyObject *object = unpack_plain(st, p, block, data, size);
    if (object == NULL && !plain)
        explain_unpickling(data, size, from);
    return object;
}

PyObject *
wire_unpack_own(struct state *st, struct wire *wire)
{
    if (wire->keep != NULL && PyBytes_Check(wire->keep))
        return pickle_loads_plain(pickle_of(st->pickle), wire->keep);
    // without a block it is small: then no array refers to it
    return wire_unpack(st, (struct block *)wire->keep, wire->data, wire->size, NULL);
}

// Pickle objects

static PyObject *
pickle_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    struct state *st = state_of_type(type);
    if (st == NULL)
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct pickle *p = (struct pickle *)alloc(type, 0);
    if (p != NULL)
        p->st = state_hold(st);
    return (PyObject *)p;
}

static int
pickle_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct pickle *p = pickle_of(self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(p->dumps);
    Py_VISIT(p->loads);
    Py_VISIT(p->protocol);
    Py_VISIT(p->threshold);
    return 0;
}

static int
pickle_clear(PyObject *self)
{
    struct pickle *p = pickle_of(self);
    Py_CLEAR(p->dumps);
    Py_CLEAR(p->loads);
    Py_CLEAR(p->protocol);
    Py_CLEAR(p->threshold);
    return 0;
}

static void
pickle_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    pickle_clear(self);
    state_release(pickle_of(self)->st);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

// Takes a setting: None, and what equals the default, stand for the default.
static void
setting_store(PyObject **field, PyObject *value, PyObject *standard)
{
    bool is_default = value == NULL || value == Py_None || value == standard;
    if (!is_default && standard != NULL && PyLong_CheckExact(value) && PyLong_CheckExact(standard))
        is_default = PyObject_RichCompareBool(value, standard, Py_EQ) == 1;
    PyObject *old = *field;
    *field = is_default ? NULL : Py_NewRef(value);
    Py_XDECREF(old);
}

static int
pickle_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct pickle *p = pickle_of(self);
    char *keywords[] = {"dumps", "loads", "protocol", "threshold", NULL};
    PyObject *dumps = NULL, *loads = NULL, *protocol = NULL, *threshold = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOOO:Pickle", keywords, &dumps, &loads,
                                     &protocol, &threshold))
        return -1;
    bool given = PyTuple_Size(args) > 0 || kwargs != NULL;
    if (given && !defaults_load(p->st))
        return -1;
    setting_store(&p->dumps, dumps, p->st->default_dumps);
    setting_store(&p->loads, loads, p->st->default_loads);
    setting_store(&p->protocol, protocol, p->dumps == NULL ? p->st->default_protocol : NULL);
    setting_store(&p->threshold, threshold, NULL);
    return 0;
}

static PyObject *
pickle_dumps(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"dumps", 1, 1, {"obj"}};
    PyObject *arg[1];
    return params_bind(&params, args, nargs, kwnames, arg)
               ? pickle_dumps_plain(pickle_of(self), arg[0])
               : NULL;
}

static PyObject *
pickle_loads(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"loads", 1, 1, {"data"}};
    PyObject *arg[1];
    return params_bind(&params, args, nargs, kwnames, arg)
               ? pickle_loads_plain(pickle_of(self), arg[0])
               : NULL;
}

static PyObject *
threshold_default(void)
{
    const char *chosen = getenv("MPI4PY_PICKLE_THRESHOLD");
    return chosen != NULL ? PyLong_FromString(chosen, NULL, 10)
                          : PyLong_FromLong(DEFAULT_THRESHOLD);
}

/* buffer_callback of dumps_oob: bound to (list, threshold). */
static PyObject *
collect_buffer(PyObject *bound, PyObject *object)
{
    PyObject *type = PyTuple_GetItem(bound, 2);
    struct buffer *view =
        buffer_from(state_of_type((PyTypeObject *)type), object, PyBUF_ANY_CONTIGUOUS);
    if (view == NULL)
        return NULL;
    Py_ssize_t threshold = PyLong_AsSsize_t(PyTuple_GetItem(bound, 1));
    bool in_band = view->view.len < threshold;
    int failed = in_band ? 0 : PyList_Append(PyTuple_GetItem(bound, 0), (PyObject *)view);
    Py_DECREF((PyObject *)view);
    return failed < 0 ? NULL : PyBool_FromLong(in_band);
}

static PyMethodDef collect_buffer_def = {"buffer_callback", collect_buffer, METH_O, NULL};

static PyObject *
pickle_dumps_oob(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"dumps_oob", 1, 1, {"obj"}};
    struct pickle *p = pickle_of(self);
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !defaults_load(p->st))
        return NULL;
    PyObject *buffers = PyList_New(0);
    PyObject *threshold = p->threshold != NULL ? Py_NewRef(p->threshold) : threshold_default();
    PyObject *bound = NULL, *callback = NULL, *stream = NULL, *protocol = NULL;
    if (buffers != NULL && threshold != NULL)
        bound = PyTuple_Pack(3, buffers, threshold, p->st->buffer_type);
    if (bound != NULL)
        callback = PyCFunction_New(&collect_buffer_def, bound);
    PyObject *chosen = p->protocol != NULL ? p->protocol : p->st->default_protocol;
    long number = PyLong_AsLong(chosen);
    if (number == -1 && PyErr_Occurred())
        PyErr_Clear();
    protocol = number < 5 ? PyLong_FromLong(5) : Py_NewRef(chosen);
    PyObject *dumps = p->dumps != NULL ? p->dumps : p->st->default_dumps;
    if (callback != NULL && protocol != NULL)
        stream = dumps_with_buffers(dumps, protocol, arg[0], callback);
    Py_XDECREF(callback);
    Py_XDECREF(bound);
    Py_XDECREF(threshold);
    Py_XDECREF(protocol);
    if (stream != NULL)
        return Py_BuildValue("(NN)", stream, buffers);
    Py_XDECREF(buffers);
    return NULL;
}

static PyObject *
pickle_loads_oob(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"loads_oob", 2, 2, {"data", "buffers"}};
    struct pickle *p = pickle_of(self);
    PyObject *arg[2];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !defaults_load(p->st))
        return NULL;
    return loads_with_buffers(p->loads != NULL ? p->loads : p->st->default_loads, arg[0], arg[1]);
}

static PyObject *
pickle_get_protocol(PyObject *self, void *closure)
{
    (void)closure;
    struct pickle *p = pickle_of(self);
    if (!defaults_load(p->st))
        return NULL;
    if (p->protocol != NULL)
        return Py_NewRef(p->protocol);
    return Py_NewRef(p->dumps == NULL ? p->st->default_protocol : Py_None);
}

static int
pickle_set_protocol(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    struct pickle *p = pickle_of(self);
    if (!defaults_load(p->st))
        return -1;
    setting_store(&p->protocol, value, p->dumps == NULL ? p->st->default_protocol : NULL);
    return 0;
}

static PyObject *
pickle_get_threshold(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *threshold = pickle_of(self)->threshold;
    return threshold != NULL ? Py_NewRef(threshold) : threshold_default();
}

static int
pickle_set_threshold(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    setting_store(&pickle_of(self)->threshold, value, NULL);
    return 0;
}

static PyMethodDef pickle_methods[] = {
    METHOD("dumps", pickle_dumps, "dumps($self, obj)\n--\n\nObject to bytes."),
    METHOD("loads", pickle_loads, "loads($self, data)\n--\n\nObject from bytes."),
    METHOD("dumps_oob", pickle_dumps_oob,
           "dumps_oob($self, obj)\n--\n\n"
           "Object to bytes and a list of its buffers of THRESHOLD bytes and more."),
    METHOD("loads_oob", pickle_loads_oob,
           "loads_oob($self, data, buffers)\n--\n\nObject from bytes and its buffers."),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef pickle_getset[] = {
    {"PROTOCOL", pickle_get_protocol, pickle_set_protocol, "Protocol version.", NULL},
    {"THRESHOLD", pickle_get_threshold, pickle_set_threshold, "Out-of-band threshold.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot pickle_slots[] = {
    {Py_tp_doc, "Pickle(dumps=None, loads=None, protocol=None, threshold=None)\n--\n\n"
                "How objects become messages."},
    {Py_tp_new, pickle_new},
    {Py_tp_init, pickle_init},
    {Py_tp_dealloc, pickle_dealloc},
    {Py_tp_traverse, pickle_traverse},
    {Py_tp_clear, pickle_clear},
    {Py_tp_methods, pickle_methods},
    {Py_tp_getset, pickle_getset},
    {0, NULL},
};

static PyType_Spec pickle_spec = {
    .name = "mpi4py.MPI.Pickle",
    .basicsize = sizeof(struct pickle),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = pickle_slots,
};

bool
pickle_add_type(struct state *st, PyObject *module)
{
    st->pickle_type = module_add_type(module, &pickle_spec, NULL, "Pickle");
    if (st->pickle_type == NULL)
        return false;
    st->pickle = PyObject_CallNoArgs((PyObject *)st->pickle_type);
    return st->pickle != NULL && PyModule_AddObjectRef(module, "pickle", st->pickle) == 0;
}
