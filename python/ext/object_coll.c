// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Collectives on objects, for intracommunicators. Where every rank sees what all ranks sent (bcast,
 * allgather, allreduce), each sends a cell first: the size of its message, and the message itself
 * if it fits. Short ones take one collective so. Otherwise sizes travel first, then the messages
 * of all ranks as one collective of bytes. Reductions apply the operation in the order of ranks.
 */
#include "call.h"
#include "comm.h"
#include "op.h"
#include "pickle.h"

#include <string.h>

// Sizes and places of one message for each rank

struct parcels {
    int count;
    MPI_Count *sizes; // OWNED; `displs` is in the same allocation
    MPI_Aint *displs;
    struct block *block; // OWNED: the messages, one behind the other
};

static bool
parcels_init(struct parcels *parcels, int count)
{
    *parcels = (struct parcels){.count = count};
    parcels->sizes = PyMem_Malloc((size_t)count * (sizeof(MPI_Count) + sizeof(MPI_Aint)));
    if (parcels->sizes == NULL) {
        PyErr_NoMemory();
        return false;
    }
    parcels->displs = (MPI_Aint *)(void *)(parcels->sizes + count);
    return true;
}

static void
parcels_fini(struct parcels *parcels)
{
    PyMem_Free(parcels->sizes);
    parcels->sizes = NULL;
    Py_CLEAR(parcels->block);
}

// Places messages of known sizes, each aligned for the arrays in it, and makes room for them.
static bool
parcels_place(struct state *st, struct parcels *parcels)
{
    size_t at = 0;
    for (int i = 0; i < parcels->count; i++) {
        parcels->displs[i] = (MPI_Aint)at;
        at = block_align(at + (size_t)parcels->sizes[i]);
    }
    parcels->block = block_alloc(st, at);
    return parcels->block != NULL;
}

// The objects of all messages, in a list.
static PyObject *
parcels_unpack(struct state *st, const struct parcels *parcels)
{
    PyObject *list = PyList_New(parcels->count);
    for (int i = 0; list != NULL && i < parcels->count; i++) {
        PyObject *object = wire_unpack(
            st, parcels->block, parcels->block->data + parcels->displs[i], parcels->sizes[i], NULL);
        if (object == NULL || PyList_SetItem(list, i, object) < 0)
            Py_CLEAR(list);
    }
    return list;
}

// Packs one object for each rank; None stands for as many None.
static bool
parcels_pack(struct state *st, struct parcels *parcels, PyObject *objects)
{
    struct wire *wires = PyMem_Calloc((size_t)parcels->count, sizeof(*wires));
    if (wires == NULL) {
        PyErr_NoMemory();
        return false;
    }
    bool done = true;
    for (int i = 0; done && i < parcels->count; i++) {
        PyObject *object = objects == NULL ? Py_None : PyTuple_GetItem(objects, i);
        done = wire_pack(st, object, &wires[i]);
        parcels->sizes[i] = wires[i].size;
    }
    done = done && parcels_place(st, parcels);
    for (int i = 0; i < parcels->count; i++) {
        if (done && wires[i].size > 0)
            memcpy(parcels->block->data + parcels->displs[i], wires[i].data, (size_t)wires[i].size);
        wire_clear(&wires[i]);
    }
    PyMem_Free(wires);
    return done;
}

// `objects` as a tuple of exactly `count`; NULL for None. False with an exception.
static bool
objects_take(const char *func, PyObject *objects, int count, PyObject **tuple)
{
    *tuple = NULL;
    if (objects == Py_None)
        return true;
    *tuple = PySequence_Tuple(objects);
    if (*tuple == NULL)
        return false;
    Py_ssize_t given = PyTuple_Size(*tuple);
    if (given == count)
        return true;
    PyErr_Format(PyExc_ValueError, "%s(): expecting %d items (one for each rank), got %zd", func,
                 count, given);
    Py_CLEAR(*tuple);
    return false;
}

// Cells

enum { CELL_SIZE = 128, CELL_DATA = CELL_SIZE - sizeof(MPI_Count) };

struct cell {
    MPI_Count size;
    char data[CELL_DATA];
};

_Static_assert(sizeof(struct cell) == CELL_SIZE, "cells are sent as bytes");

static void
cell_fill(struct cell *cell, const struct wire *wire)
{
    memset(cell, 0, sizeof(*cell));
    cell->size = wire->size;
    if (wire->size > 0 && wire->size <= CELL_DATA)
        memcpy(cell->data, wire->data, (size_t)wire->size);
}

static PyObject *
cell_unpack(struct state *st, const struct cell *cell)
{
    struct block *block = block_take(st, (size_t)cell->size);
    if (block == NULL)
        return NULL;
    memcpy(block->data, cell->data, (size_t)cell->size);
    PyObject *object = wire_unpack(st, block, block->data, cell->size, NULL);
    block_done(block);
    return object;
}

// The steps: each is false, or NULL, with an exception

// Receives what did not fit into the root's cell.
static PyObject *
bcast_receive(PyObject *self, MPI_Count size, int root)
{
    struct state *st = state_of(self);
    struct block *block = block_alloc(st, (size_t)size);
    if (block == NULL)
        return NULL;
    struct call call;
    call_begin(&call, st);
    PyObject *object = NULL;
    if (call_end(&call, MPI_Bcast_c(block->data, size, MPI_BYTE, root, comm_of(self))))
        object = wire_unpack(st, block, block->data, size, NULL);
    Py_DECREF((PyObject *)block);
    return object;
}

static PyObject *
bcast_join(PyObject *self, int root)
{
    struct state *st = state_of(self);
    struct cell cell;
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Bcast_c(&cell, CELL_SIZE, MPI_BYTE, root, comm_of(self))))
        return NULL;
    return cell.size <= CELL_DATA ? cell_unpack(st, &cell) : bcast_receive(self, cell.size, root);
}

static PyObject *
bcast_start(PyObject *self, PyObject *object, int root)
{
    struct state *st = state_of(self);
    struct wire wire;
    struct cell cell;
    if (!wire_pack(st, object, &wire))
        return NULL;
    cell_fill(&cell, &wire);
    struct call call;
    call_begin(&call, st);
    int code = MPI_Bcast_c(&cell, CELL_SIZE, MPI_BYTE, root, comm_of(self));
    if (code == MPI_SUCCESS && wire.size > CELL_DATA)
        code = MPI_Bcast_c((void *)(uintptr_t)wire.data, wire.size, MPI_BYTE, root, comm_of(self));
    PyObject *copy = call_end(&call, code) ? wire_unpack_own(st, &wire) : NULL;
    wire_clear(&wire);
    return copy;
}

static PyObject *
bcast_run(PyObject *self, PyObject *object, int root, int rank)
{
    return rank == root ? bcast_start(self, object, root) : bcast_join(self, root);
}

// Gathers messages whose sizes the root knows: its list of all objects, None elsewhere.
static PyObject *
gather_messages(PyObject *self, const struct wire *wire, struct parcels *all, int root,
                bool is_root)
{
    struct state *st = state_of(self);
    if (is_root && !parcels_place(st, all))
        return NULL;
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call,
                  MPI_Gatherv_c(wire->data, wire->size, MPI_BYTE, is_root ? all->block->data : NULL,
                                all->sizes, all->displs, MPI_BYTE, root, comm_of(self))))
        return NULL;
    return is_root ? parcels_unpack(st, all) : Py_NewRef(Py_None);
}

// The root's list of all objects; None elsewhere.
static PyObject *
gather_run(PyObject *self, PyObject *object, int root, struct place here)
{
    struct state *st = state_of(self);
    bool is_root = here.rank == root;
    struct wire wire;
    struct parcels all = {.count = 0};
    if (!wire_pack(st, object, &wire))
        return NULL;
    PyObject *result = NULL;
    if (!is_root || parcels_init(&all, here.size)) {
        struct call call;
        call_begin(&call, st);
        if (call_end(&call, MPI_Gather_c(&wire.size, 1, MPI_COUNT, all.sizes, 1, MPI_COUNT, root,
                                         comm_of(self))))
            result = gather_messages(self, &wire, &all, root, is_root);
    }
    parcels_fini(&all);
    wire_clear(&wire);
    return result;
}

static PyObject *
scatter_parcels(PyObject *self, struct parcels *all, int root)
{
    struct state *st = state_of(self);
    MPI_Count size = 0;
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Scatter_c(all->sizes, 1, MPI_COUNT, &size, 1, MPI_COUNT, root,
                                       comm_of(self))))
        return NULL;
    struct block *block = block_alloc(st, (size_t)size);
    if (block == NULL)
        return NULL;
    call_begin(&call, st);
    PyObject *result = NULL;
    if (call_end(&call, MPI_Scatterv_c(all->block == NULL ? NULL : all->block->data, all->sizes,
                                       all->displs, MPI_BYTE, block->data, size, MPI_BYTE, root,
                                       comm_of(self))))
        result = wire_unpack(st, block, block->data, size, NULL);
    Py_DECREF((PyObject *)block);
    return result;
}

static PyObject *
scatter_run(PyObject *self, const char *func, PyObject *objects, int root, struct place here)
{
    struct parcels all = {.count = 0};
    PyObject *tuple = NULL, *result = NULL;
    bool done = true;
    if (here.rank == root)
        done = objects_take(func, objects, here.size, &tuple) && parcels_init(&all, here.size) &&
               parcels_pack(state_of(self), &all, tuple);
    if (done)
        result = scatter_parcels(self, &all, root);
    Py_XDECREF(tuple);
    parcels_fini(&all);
    return result;
}

// x[0] op x[1] op ... in this order: new reference.
static PyObject *
fold(struct state *st, PyObject *op, PyObject *list)
{
    PyObject *sum = Py_NewRef(PyList_GetItem(list, 0));
    Py_ssize_t n = PyList_Size(list);
    for (Py_ssize_t i = 1; sum != NULL && i < n; i++) {
        PyObject *next = op_apply(st, op, sum, PyList_GetItem(list, i));
        Py_DECREF(sum);
        sum = next;
    }
    return sum;
}

// All prefixes of the fold: for each rank its own, without its own object if `exclusive`.
static PyObject *
fold_prefixes(struct state *st, PyObject *op, PyObject *list, bool exclusive)
{
    Py_ssize_t n = PyList_Size(list);
    PyObject *prefixes = PyList_New(n);
    PyObject *sum = Py_NewRef(PyList_GetItem(list, 0));
    if (prefixes != NULL)
        PyList_SetItem(prefixes, 0, Py_NewRef(exclusive ? Py_None : sum));
    for (Py_ssize_t i = 1; prefixes != NULL && i < n; i++) {
        PyObject *next = op_apply(st, op, sum, PyList_GetItem(list, i));
        if (next == NULL) {
            Py_CLEAR(prefixes);
            break;
        }
        PyList_SetItem(prefixes, i, Py_NewRef(exclusive ? sum : next));
        Py_DECREF(sum);
        sum = next;
    }
    Py_DECREF(sum);
    return prefixes;
}

// bcast, gather, scatter

PyObject *
comm_bcast(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"bcast", 2, 0, {"obj", "root"}};
    PyObject *arg[2];
    struct place here;
    int root = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &root) ||
        !comm_place(self, &here))
        return NULL;
    return bcast_run(self, arg[0] != NULL ? arg[0] : Py_None, root, here.rank);
}

PyObject *
comm_gather(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"gather", 2, 1, {"sendobj", "root"}};
    PyObject *arg[2];
    struct place here;
    int root = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &root) ||
        !comm_place(self, &here))
        return NULL;
    return gather_run(self, arg[0], root, here);
}

PyObject *
comm_scatter(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"scatter", 2, 1, {"sendobj", "root"}};
    PyObject *arg[2];
    struct place here;
    int root = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &root) ||
        !comm_place(self, &here))
        return NULL;
    return scatter_run(self, params.func, arg[0], root, here);
}

// allgather, alltoall

/* The cells of all ranks. */
struct cells {
    int count;
    bool fit;           // all messages do
    struct cell *cells; // OWNED
};

static bool
cells_exchange(PyObject *self, const struct wire *wire, struct cells *all)
{
    struct state *st = state_of(self);
    struct cell mine;
    all->cells = PyMem_Malloc((size_t)all->count * CELL_SIZE);
    if (all->cells == NULL) {
        PyErr_NoMemory();
        return false;
    }
    cell_fill(&mine, wire);
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Allgather_c(&mine, CELL_SIZE, MPI_BYTE, all->cells, CELL_SIZE,
                                         MPI_BYTE, comm_of(self))))
        return false;
    all->fit = true;
    for (int i = 0; i < all->count; i++)
        all->fit = all->fit && all->cells[i].size <= CELL_DATA;
    return true;
}

static PyObject *
cells_unpack(struct state *st, const struct cells *all)
{
    PyObject *list = PyList_New(all->count);
    for (int i = 0; list != NULL && i < all->count; i++) {
        PyObject *object = cell_unpack(st, &all->cells[i]);
        if (object == NULL || PyList_SetItem(list, i, object) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static bool
parcels_from_cells(struct parcels *parcels, const struct cells *all)
{
    if (!parcels_init(parcels, all->count))
        return false;
    for (int i = 0; i < all->count; i++)
        parcels->sizes[i] = all->cells[i].size;
    return true;
}

static PyObject *
allgather_messages(PyObject *self, const struct wire *wire, const struct cells *cells)
{
    struct state *st = state_of(self);
    struct parcels all = {.count = 0};
    PyObject *result = NULL;
    if (parcels_from_cells(&all, cells) && parcels_place(st, &all)) {
        struct call call;
        call_begin(&call, st);
        if (call_end(&call, MPI_Allgatherv_c(wire->data, wire->size, MPI_BYTE, all.block->data,
                                             all.sizes, all.displs, MPI_BYTE, comm_of(self))))
            result = parcels_unpack(st, &all);
    }
    parcels_fini(&all);
    return result;
}

static PyObject *
allgather_run(PyObject *self, PyObject *object, int size)
{
    struct state *st = state_of(self);
    struct wire wire;
    struct cells all = {.count = size};
    if (!wire_pack(st, object, &wire))
        return NULL;
    PyObject *result = NULL;
    if (cells_exchange(self, &wire, &all))
        result = all.fit ? cells_unpack(st, &all) : allgather_messages(self, &wire, &all);
    PyMem_Free(all.cells);
    wire_clear(&wire);
    return result;
}

PyObject *
comm_allgather(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"allgather", 1, 1, {"sendobj"}};
    PyObject *arg[1];
    struct place here;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !comm_place(self, &here))
        return NULL;
    return allgather_run(self, arg[0], here.size);
}

static PyObject *
alltoall_parcels(PyObject *self, struct parcels *mine, struct parcels *theirs)
{
    struct state *st = state_of(self);
    struct call call;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Alltoall_c(mine->sizes, 1, MPI_COUNT, theirs->sizes, 1, MPI_COUNT,
                                        comm_of(self))) ||
        !parcels_place(st, theirs))
        return NULL;
    call_begin(&call, st);
    if (!call_end(&call, MPI_Alltoallv_c(mine->block->data, mine->sizes, mine->displs, MPI_BYTE,
                                         theirs->block->data, theirs->sizes, theirs->displs,
                                         MPI_BYTE, comm_of(self))))
        return NULL;
    return parcels_unpack(st, theirs);
}

PyObject *
comm_alltoall(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"alltoall", 1, 1, {"sendobj"}};
    PyObject *arg[1], *tuple, *result = NULL;
    struct place here;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !comm_place(self, &here) ||
        !objects_take(params.func, arg[0], here.size, &tuple))
        return NULL;
    struct parcels mine = {.count = 0}, theirs = {.count = 0};
    if (parcels_init(&mine, here.size) && parcels_pack(state_of(self), &mine, tuple) &&
        parcels_init(&theirs, here.size))
        result = alltoall_parcels(self, &mine, &theirs);
    parcels_fini(&mine);
    parcels_fini(&theirs);
    Py_XDECREF(tuple);
    return result;
}

// Reductions

// The operation argument: SUM by default. BORROWED; NULL with an exception.
static PyObject *
reduce_op(struct state *st, const struct params *params, PyObject *arg)
{
    if (arg == NULL)
        return PyDict_GetItemString(PyModule_GetDict(st->module), "SUM");
    if (PyObject_TypeCheck(arg, st->types[CLASS_OP]) || PyCallable_Check(arg))
        return arg;
    PyErr_Format(PyExc_TypeError, "%s(): op must be an MPI.Op or a function of two objects, not %R",
                 params->func, Py_TYPE(arg));
    return NULL;
}

// The fold of all objects at the root; None elsewhere.
static PyObject *
reduce_run(PyObject *self, PyObject *object, PyObject *op, int root, struct place here)
{
    PyObject *list = gather_run(self, object, root, here);
    if (list == NULL || here.rank != root)
        return list;
    PyObject *result = fold(state_of(self), op, list);
    Py_DECREF(list);
    return result;
}

PyObject *
comm_reduce(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"reduce", 3, 1, {"sendobj", "op", "root"}};
    PyObject *arg[3], *op;
    struct place here;
    int root = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        (op = reduce_op(state_of(self), &params, arg[1])) == NULL ||
        !int_arg(&params, 2, arg[2], &root) || !comm_place(self, &here))
        return NULL;
    return reduce_run(self, arg[0], op, root, here);
}

// The fold of large messages is made on rank 0 alone, and sent to all.
static PyObject *
allreduce_messages(PyObject *self, const struct wire *wire, const struct cells *cells, PyObject *op,
                   int rank)
{
    struct parcels all = {.count = 0};
    PyObject *result = NULL;
    if (rank > 0 || parcels_from_cells(&all, cells))
        result = gather_messages(self, wire, &all, 0, rank == 0);
    parcels_fini(&all);
    if (result != NULL && rank == 0) {
        PyObject *sum = fold(state_of(self), op, result);
        Py_DECREF(result);
        result = sum;
    }
    if (result == NULL)
        return NULL;
    PyObject *copy = bcast_run(self, result, 0, rank);
    Py_DECREF(result);
    return copy;
}

// The fold of short messages is made by every rank for itself, in the same order.
static PyObject *
allreduce_cells(struct state *st, const struct cells *cells, PyObject *op)
{
    PyObject *list = cells_unpack(st, cells);
    PyObject *result = list == NULL ? NULL : fold(st, op, list);
    Py_XDECREF(list);
    return result;
}

PyObject *
comm_allreduce(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"allreduce", 2, 1, {"sendobj", "op"}};
    PyObject *arg[2], *op;
    struct place here;
    struct wire wire;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        (op = reduce_op(st, &params, arg[1])) == NULL || !comm_place(self, &here) ||
        !wire_pack(st, arg[0], &wire))
        return NULL;
    struct cells all = {.count = here.size};
    PyObject *result = NULL;
    if (cells_exchange(self, &wire, &all))
        result = all.fit ? allreduce_cells(st, &all, op)
                         : allreduce_messages(self, &wire, &all, op, here.rank);
    PyMem_Free(all.cells);
    wire_clear(&wire);
    return result;
}

static PyObject *
scan_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
         const struct params *params, bool exclusive)
{
    PyObject *arg[2], *op;
    struct place here;
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        (op = reduce_op(state_of(self), params, arg[1])) == NULL || !comm_place(self, &here))
        return NULL;
    PyObject *list = gather_run(self, arg[0], 0, here);
    if (list != NULL && here.rank == 0) {
        PyObject *prefixes = fold_prefixes(state_of(self), op, list, exclusive);
        Py_DECREF(list);
        list = prefixes;
    }
    if (list == NULL)
        return NULL;
    PyObject *result = scatter_run(self, params->func, list, 0, here);
    Py_DECREF(list);
    return result;
}

PyObject *
comm_scan(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"scan", 2, 1, {"sendobj", "op"}};
    return scan_run(self, args, nargs, kwnames, &params, false);
}

PyObject *
comm_exscan(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"exscan", 2, 1, {"sendobj", "op"}};
    return scan_run(self, args, nargs, kwnames, &params, true);
}
