// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "memory.h"

#include "args.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    HUGE_PAGE = 2 << 20,
    MAPPED_FROM = 4 << 20,   // blocks of this size have pages of their own
    SCRATCH_SIZE = 64 << 10, // from this size on arrays refer to the block they came in
    LANDING_FAIR = 256 << 20,
    RESIDENT_MOST = 4 << 20, // what a spare landing block keeps of its touched pages ...
    RESIDENT_FEW = 64 << 10, // ... and those beyond the first two
};

_Static_assert((int)SPARE_KINDS == (int)BLOCK_KINDS, "there is a list for each kind");

// buffer

static struct buffer *
buffer_of(PyObject *self)
{
    return (struct buffer *)self;
}

// Python reads and writes memory of the host only.
static bool
host_check(const struct buffer *buffer)
{
    if (buffer->foreign.device)
        PyErr_Format(PyExc_BufferError, "the %zd bytes at %p are a GPU's", buffer->view.len,
                     buffer->view.buf);
    return !buffer->foreign.device;
}

static struct buffer *
buffer_alloc(struct state *st)
{
    struct buffer *buffer = PyObject_New(struct buffer, st->buffer_type);
    if (buffer == NULL)
        return NULL;
    buffer->st = state_hold(st);
    buffer->foreign = (struct foreign){0};
    PyBuffer_FillInfo(&buffer->view, NULL, NULL, 0, 0, PyBUF_SIMPLE);
    return buffer;
}

// The view of `object` into `buffer`; false with an exception.
static bool
view_take(struct buffer *buffer, PyObject *object, int flags)
{
    if (Py_TYPE(object) == buffer->st->buffer_type && buffer_of(object)->foreign.device) {
        const Py_buffer *view = &buffer_of(object)->view;
        buffer->foreign.device = true;
        return PyBuffer_FillInfo(&buffer->view, object, view->buf, view->len, view->readonly,
                                 flags & PyBUF_WRITABLE) == 0;
    }
    if (!PyObject_CheckBuffer(object) && foreign_check(object))
        return foreign_view(object, flags, &buffer->view, &buffer->foreign);
    return PyObject_GetBuffer(object, &buffer->view, flags) == 0;
}

struct buffer *
buffer_from(struct state *st, PyObject *object, int flags)
{
    struct buffer *buffer = buffer_alloc(st);
    if (buffer == NULL)
        return NULL;
    if (!view_take(buffer, object, flags)) {
        PyBuffer_FillInfo(&buffer->view, NULL, NULL, 0, 0, PyBUF_SIMPLE);
        Py_DECREF((PyObject *)buffer);
        return NULL;
    }
    return buffer;
}

PyObject *
buffer_over(struct state *st, PyObject *owner, void *address, Py_ssize_t size, bool readonly)
{
    struct buffer *buffer = buffer_alloc(st);
    if (buffer != NULL)
        PyBuffer_FillInfo(&buffer->view, owner, address, size, readonly, PyBUF_SIMPLE);
    return (PyObject *)buffer;
}

void
buffer_drop(struct buffer *buffer)
{
    PyBuffer_Release(&buffer->view);
    PyBuffer_FillInfo(&buffer->view, NULL, NULL, 0, 0, PyBUF_SIMPLE);
}

static void
buffer_dealloc(PyObject *self)
{
    struct buffer *buffer = buffer_of(self);
    PyTypeObject *type = Py_TYPE(self);
    PyObject *error, *value, *traceback;
    PyErr_Fetch(&error, &value, &traceback); // not for the code that runs when memory is let go
    PyBuffer_Release(&buffer->view);
    PyErr_Restore(error, value, traceback);
    state_release(buffer->st);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *
buffer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct state *st = state_of_type(type);
    PyObject *from = NULL;
    if (st == NULL || !PyArg_UnpackTuple(args, "buffer", 0, 1, &from))
        return NULL;
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "buffer() takes no keyword arguments");
        return NULL;
    }
    return (PyObject *)(from == NULL ? buffer_alloc(st) : buffer_from(st, from, PyBUF_SIMPLE));
}

// A static method is not told what it belongs to. NULL with an exception.
static struct state *
static_state(void)
{
    struct state *st = state_of_interpreter();
    if (st == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "mpi4py.MPI is gone");
    return st;
}

static bool
size_check(MPI_Count size)
{
    if (size < 0)
        PyErr_Format(PyExc_ValueError, "a buffer cannot have %lld bytes", (long long)size);
    return size >= 0;
}

static PyObject *
buffer_allocate(PyObject *unused, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"allocate", 2, 1, {"nbytes", "clear"}};
    PyObject *arg[2];
    MPI_Count size = 0;
    int clear = 0;
    struct state *st = static_state();
    (void)unused;
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg) ||
        !count_arg(&params, 0, arg[0], &size) || !bool_arg(arg[1], &clear) || !size_check(size))
        return NULL;
    struct block *block = block_alloc(st, (size_t)size);
    if (block == NULL)
        return NULL;
    if (clear)
        memset(block->data, 0, block->size);
    PyObject *buffer = buffer_over(st, (PyObject *)block, block->data, (Py_ssize_t)size, false);
    Py_DECREF((PyObject *)block);
    return buffer;
}

static PyObject *
buffer_frombuffer(PyObject *unused, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"frombuffer", 2, 1, {"obj", "readonly"}};
    PyObject *arg[2];
    int readonly = 0;
    struct state *st = static_state();
    (void)unused;
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg) ||
        !bool_arg(arg[1], &readonly))
        return NULL;
    struct buffer *buffer = buffer_from(st, arg[0], readonly ? PyBUF_SIMPLE : PyBUF_WRITABLE);
    if (buffer != NULL)
        buffer->view.readonly = readonly;
    return (PyObject *)buffer;
}

static PyObject *
buffer_fromaddress(PyObject *unused, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"fromaddress", 3, 2, {"address", "nbytes", "readonly"}};
    PyObject *arg[3];
    MPI_Count size = 0;
    int readonly = 0;
    struct state *st = static_state();
    (void)unused;
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg) ||
        !count_arg(&params, 1, arg[1], &size) || !bool_arg(arg[2], &readonly) || !size_check(size))
        return NULL;
    void *address = PyLong_AsVoidPtr(arg[0]);
    if (address == NULL && PyErr_Occurred())
        return NULL;
    if (address == NULL && size > 0) {
        PyErr_Format(PyExc_ValueError, "no %lld bytes can lie at address 0", (long long)size);
        return NULL;
    }
    return buffer_over(st, NULL, address, (Py_ssize_t)size, readonly);
}

static PyObject *
buffer_cast(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"cast", 2, 1, {"format", "shape"}};
    PyObject *arg[2];
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    PyObject *view = PyMemoryView_FromObject(self);
    if (view == NULL)
        return NULL;
    bool shaped = arg[1] != NULL && arg[1] != Py_Ellipsis;
    PyObject *cast = shaped ? PyObject_CallMethod(view, "cast", "OO", arg[0], arg[1])
                            : PyObject_CallMethod(view, "cast", "O", arg[0]);
    Py_DECREF(view);
    return cast;
}

static PyObject *
buffer_tobytes(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"tobytes", 1, 0, {"order"}};
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !host_check(buffer_of(self)))
        return NULL;
    return PyBytes_FromStringAndSize(buffer_of(self)->view.buf, buffer_of(self)->view.len);
}

static PyObject *
buffer_toreadonly(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct buffer *buffer = buffer_of(self);
    PyObject *source = buffer->view.obj;
    if (source == NULL || !PyObject_CheckBuffer(source))
        source = self;
    struct buffer *copy = buffer_from(buffer->st, source, PyBUF_SIMPLE);
    if (copy != NULL)
        copy->view.readonly = 1;
    return (PyObject *)copy;
}

static PyObject *
buffer_release(PyObject *self, PyObject *unused)
{
    (void)unused;
    buffer_drop(buffer_of(self));
    Py_RETURN_NONE;
}

static PyObject *
buffer_get_address(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromVoidPtr(buffer_of(self)->view.buf);
}

static PyObject *
buffer_get_obj(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *object = buffer_of(self)->view.obj;
    return Py_NewRef(object != NULL ? object : Py_None);
}

static PyObject *
buffer_get_nbytes(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromSsize_t(buffer_of(self)->view.len);
}

static PyObject *
buffer_get_readonly(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(buffer_of(self)->view.readonly);
}

static PyObject *
buffer_get_format(PyObject *self, void *closure)
{
    (void)closure;
    const char *format = buffer_of(self)->view.format;
    return PyUnicode_FromString(format != NULL ? format : "B");
}

static PyObject *
buffer_get_itemsize(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromSsize_t(buffer_of(self)->view.itemsize);
}

static int
buffer_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    Py_buffer *mine = &buffer_of(self)->view;
    if (!host_check(buffer_of(self))) {
        view->obj = NULL;
        return -1;
    }
    return PyBuffer_FillInfo(view, self, mine->buf, mine->len, mine->readonly, flags);
}

static Py_ssize_t
buffer_length(PyObject *self)
{
    return buffer_of(self)->view.len;
}

// The bytes that `item` selects: `single` when it is an index. False with an exception.
static bool
buffer_select(struct buffer *buffer, PyObject *item, char **start, Py_ssize_t *count, bool *single)
{
    Py_ssize_t from, to, step, size = buffer->view.len;
    *single = PyIndex_Check(item);
    if (*single) {
        from = PyNumber_AsSsize_t(item, PyExc_IndexError);
        if (from == -1 && PyErr_Occurred())
            return false;
        Py_ssize_t index = from < 0 ? from + size : from;
        if (index < 0 || index >= size) {
            PyErr_Format(PyExc_IndexError, "index %zd is out of range for %zd bytes", from, size);
            return false;
        }
        *start = (char *)buffer->view.buf + index;
        *count = 1;
        return true;
    }
    if (!PySlice_Check(item)) {
        PyErr_Format(PyExc_TypeError, "index must be integer or slice, not %R", Py_TYPE(item));
        return false;
    }
    if (PySlice_Unpack(item, &from, &to, &step) < 0)
        return false;
    *count = PySlice_AdjustIndices(size, &from, &to, step);
    if (step != 1) {
        PyErr_Format(PyExc_IndexError, "slice with step %zd: only step 1 is a buffer", step);
        return false;
    }
    *start = (char *)buffer->view.buf + from;
    return true;
}

static PyObject *
buffer_subscript(PyObject *self, PyObject *item)
{
    struct buffer *buffer = buffer_of(self);
    char *start;
    Py_ssize_t count;
    bool single;
    if (!buffer_select(buffer, item, &start, &count, &single))
        return NULL;
    if (single)
        return host_check(buffer) ? PyLong_FromLong((unsigned char)*start) : NULL;
    PyObject *part = buffer_over(buffer->st, self, start, count, buffer->view.readonly);
    if (part != NULL)
        buffer_of(part)->foreign.device = buffer->foreign.device;
    return part;
}

static PyObject *
buffer_item(PyObject *self, Py_ssize_t index)
{
    const Py_buffer *view = &buffer_of(self)->view;
    if (index >= 0 && index < view->len && !host_check(buffer_of(self)))
        return NULL;
    if (index >= 0 && index < view->len)
        return PyLong_FromLong(((const unsigned char *)view->buf)[index]);
    PyErr_Format(PyExc_IndexError, "index %zd is out of range for %zd bytes", index, view->len);
    return NULL;
}

static int
buffer_fill(char *start, Py_ssize_t count, PyObject *value)
{
    PyObject *number = PyNumber_Index(value);
    if (number == NULL)
        return -1;
    long byte = PyLong_AsLong(number);
    Py_DECREF(number);
    if (byte == -1 && PyErr_Occurred())
        return -1;
    if (byte < 0 || byte > 255) {
        PyErr_Format(PyExc_OverflowError, "%ld does not fit in a byte", byte);
        return -1;
    }
    memset(start, (int)byte, (size_t)count);
    return 0;
}

static int
buffer_ass_subscript(PyObject *self, PyObject *item, PyObject *value)
{
    struct buffer *buffer = buffer_of(self);
    char *start;
    Py_ssize_t count;
    bool single;
    if (value == NULL) {
        PyErr_SetString(PyExc_NotImplementedError, "bytes of a buffer cannot be deleted");
        return -1;
    }
    if (buffer->view.readonly) {
        PyErr_SetString(PyExc_TypeError, "buffer is read-only");
        return -1;
    }
    if (!buffer_select(buffer, item, &start, &count, &single) || !host_check(buffer))
        return -1;
    if (single || PyIndex_Check(value))
        return buffer_fill(start, count, value);
    Py_buffer source;
    if (PyObject_GetBuffer(value, &source, PyBUF_ANY_CONTIGUOUS) < 0)
        return -1;
    bool fits = source.len == count;
    if (fits)
        memmove(start, source.buf, (size_t)count);
    else
        PyErr_Format(PyExc_ValueError, "slice has %zd bytes, the value %zd", count, source.len);
    PyBuffer_Release(&source);
    return fits ? 0 : -1;
}

static PyMethodDef buffer_methods[] = {
    STATIC_METHOD("allocate", buffer_allocate,
                  "allocate(nbytes, clear=False)\n--\n\nNew memory of `nbytes` bytes."),
    STATIC_METHOD("frombuffer", buffer_frombuffer,
                  "frombuffer(obj, readonly=False)\n--\n\nThe bytes of any buffer."),
    STATIC_METHOD("fromaddress", buffer_fromaddress,
                  "fromaddress(address, nbytes, readonly=False)\n--\n\n"
                  "`nbytes` bytes of this process from `address` on; nothing keeps them alive."),
    METHOD("cast", buffer_cast,
           "cast($self, format, shape=...)\n--\n\nMemoryview with another format and shape."),
    METHOD("tobytes", buffer_tobytes, "tobytes($self, order=None)\n--\n\nA copy as bytes."),
    {"toreadonly", buffer_toreadonly, METH_NOARGS,
     "toreadonly($self)\n--\n\nThe same memory, not to be written to."},
    {"release", buffer_release, METH_NOARGS,
     "release($self)\n--\n\nLet go of the memory; the buffer is empty from then on."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef buffer_getset[] = {
    {"address", buffer_get_address, NULL, "Address of the first byte.", NULL},
    {"obj", buffer_get_obj, NULL, "The object whose memory this is, or None.", NULL},
    {"nbytes", buffer_get_nbytes, NULL, "Size in bytes.", NULL},
    {"readonly", buffer_get_readonly, NULL, "Whether the memory may not be written to.", NULL},
    {"format", buffer_get_format, NULL, "Format of each element.", NULL},
    {"itemsize", buffer_get_itemsize, NULL, "Size of each element in bytes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot buffer_slots[] = {
    {Py_tp_doc, "buffer(buf=None, /)\n--\n\nBytes in memory, for MPI functions that need them."},
    {Py_tp_new, buffer_new},
    {Py_tp_dealloc, buffer_dealloc},
    {Py_tp_methods, buffer_methods},
    {Py_tp_getset, buffer_getset},
    {Py_bf_getbuffer, buffer_getbuffer},
    {Py_sq_length, buffer_length},
    {Py_sq_item, buffer_item},
    {Py_mp_length, buffer_length},
    {Py_mp_subscript, buffer_subscript},
    {Py_mp_ass_subscript, buffer_ass_subscript},
    {0, NULL},
};

static PyType_Spec buffer_spec = {
    .name = "mpi4py.MPI.buffer",
    .basicsize = sizeof(struct buffer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = buffer_slots,
};

// block

static struct block *
block_make(struct state *st)
{
    struct block *block = PyObject_New(struct block, st->block_type);
    if (block == NULL)
        return NULL;
    block->st = state_hold(st);
    block->data = NULL;
    block->size = block->room = block->map_size = 0;
    block->map = NULL;
    block->kind = BLOCK_OWNED;
    return block;
}

// Address space of `size` bytes, aligned for huge pages; false when there is none.
static bool
block_map(struct block *block, size_t size, int flags)
{
    size_t whole = size + HUGE_PAGE;
    void *map =
        mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (map == MAP_FAILED)
        return false;
    uintptr_t start = ((uintptr_t)map + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    block->map = map;
    block->map_size = whole;
    block->data = (char *)start;
    block->room = size;
    return true;
}

struct block *
block_alloc(struct state *st, size_t size)
{
    struct block *block = block_make(st);
    if (block == NULL)
        return NULL;
    if (size >= MAPPED_FROM) {
        if (block_map(block, size, 0))
            madvise(block->data, size, MADV_HUGEPAGE);
    } else {
        block->data = aligned_alloc(BLOCK_ALIGNMENT, block_align(size > 0 ? size : 1));
        block->room = size;
    }
    if (block->data == NULL) {
        Py_DECREF((PyObject *)block);
        PyErr_Format(PyExc_MemoryError, "no memory for a message of %zu bytes", size);
        return NULL;
    }
    block->size = size;
    return block;
}

// A spare block of a kind, or NULL. OWNED
static struct block *
spare_get(struct state *st, enum block_kind kind)
{
    int *count = &st->spare_counts[kind];
    return *count > 0 ? (struct block *)st->spare_blocks[kind][--*count] : NULL;
}

struct block *
block_take(struct state *st, size_t size)
{
    if (size > SCRATCH_SIZE)
        return block_alloc(st, size);
    struct block *block = spare_get(st, BLOCK_SCRATCH);
    if (block == NULL)
        block = block_alloc(st, SCRATCH_SIZE);
    if (block != NULL) {
        block->kind = BLOCK_SCRATCH;
        block->size = size;
    }
    return block;
}

/*
 * How large landing blocks are. The first have room for a message of the size of the machine's
 * memory. All together get no more than a part of the address space, or of what is left under a
 * limit: each takes a small part of what remains, so that the size falls slowly with the number
 * of receives under way (to 256 MiB after some 5000).
 */

static size_t
memory_size(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : (size_t)1 << 32;
}

// What landing blocks may take of the address space.
static size_t
landing_budget(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        return (size_t)limit.rlim_cur / 2;
    return (size_t)1 << 45; // of 2^47
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t
landing_next(const struct state *st)
{
    size_t budget = landing_budget();
    size_t left = budget > st->landing_used ? budget - st->landing_used : 0;
    size_t part = left / 1024;
    size_t least = smaller(left / 8, LANDING_FAIR);
    size_t size = smaller(memory_size(), part > least ? part : least);
    return size / HUGE_PAGE * HUGE_PAGE;
}

static struct block *
block_land_new(struct state *st)
{
    struct block *block = block_make(st);
    if (block == NULL) {
        PyErr_Clear();
        return NULL;
    }
    size_t size = landing_next(st);
    while (size >= 2 * HUGE_PAGE && !block_map(block, size, MAP_NORESERVE))
        size /= 2;
    if (block->map == NULL) {
        Py_DECREF((PyObject *)block);
        return NULL;
    }
    // a short message touches one page, not one huge page
    madvise(block->data, HUGE_PAGE, MADV_NOHUGEPAGE);
    madvise(block->data + HUGE_PAGE, block->room - HUGE_PAGE, MADV_HUGEPAGE);
    block->kind = BLOCK_LANDING;
    st->landing_used += block->map_size;
    return block;
}

struct block *
block_land(struct state *st)
{
    struct block *spare = spare_get(st, BLOCK_LANDING);
    return spare != NULL ? spare : block_land_new(st);
}

bool
block_refers(const struct block *block, size_t bytes)
{
    return bytes >= (size_t)(block->kind == BLOCK_LANDING ? MAPPED_FROM : SCRATCH_SIZE);
}

void
block_settle(struct block *block)
{
    enum block_kind kind = block->kind;
    block->kind = BLOCK_OWNED;
    if (kind != BLOCK_LANDING)
        return;
    block->st->landing_used -= block->map_size;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t used = (block->size + page - 1) / page * page;
    char *end = (char *)block->map + block->map_size;
    char *keep = block->data + (used > 0 ? used : page);
    munmap(keep, (size_t)(end - keep));
    block->map_size = (size_t)(keep - (char *)block->map);
    block->room = block->size;
}

static bool
is_reusable(const struct block *block)
{
    const struct state *st = block->st;
    if (block->kind == BLOCK_OWNED || Py_REFCNT((PyObject *)(uintptr_t)block) > 1 ||
        st->module == NULL || st->spare_counts[block->kind] == SPARE_BLOCKS)
        return false;
    return block->kind == BLOCK_SCRATCH || block->room >= landing_next(st) / 2;
}

void
block_done(struct block *block)
{
    if (!is_reusable(block)) {
        Py_DECREF((PyObject *)block);
        return;
    }
    int *count = &block->st->spare_counts[block->kind];
    size_t keep = *count < 2 ? RESIDENT_MOST : RESIDENT_FEW;
    if (block->size > keep)
        madvise(block->data + keep, block->size - keep, MADV_DONTNEED);
    block->size = 0;
    block->st->spare_blocks[block->kind][(*count)++] = (PyObject *)block;
}

static void
block_dealloc(PyObject *self)
{
    struct block *block = (struct block *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (block->kind == BLOCK_LANDING)
        block->st->landing_used -= block->map_size;
    if (block->map != NULL)
        munmap(block->map, block->map_size);
    else
        free(block->data);
    state_release(block->st);
    PyObject_Free(self);
    Py_DECREF(type);
}

static int
block_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    struct block *block = (struct block *)self;
    return PyBuffer_FillInfo(view, self, block->data, (Py_ssize_t)block->size, 0, flags);
}

static PyType_Slot block_slots[] = {
    {Py_tp_doc, "Memory that a message was received into."},
    {Py_tp_dealloc, block_dealloc},
    {Py_bf_getbuffer, block_getbuffer},
    {0, NULL},
};

static PyType_Spec block_spec = {
    .name = "mpi4py.MPI._block",
    .basicsize = sizeof(struct block),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = block_slots,
};

bool
memory_add_types(struct state *st, PyObject *module)
{
    st->buffer_type = module_add_type(module, &buffer_spec, NULL, "buffer");
    st->block_type = module_add_type(module, &block_spec, NULL, NULL);
    return st->buffer_type != NULL && st->block_type != NULL &&
           PyModule_AddObjectRef(module, "memory", (PyObject *)st->buffer_type) == 0;
}
