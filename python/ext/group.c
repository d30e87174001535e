// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "group.h"

#include "call.h"

#include <structmember.h>

static MPI_Group
group_of(PyObject *self)
{
    return handle_of(self)->u.group;
}

static struct handle *
group_alloc(PyTypeObject *type, struct state *st)
{
    return handle_alloc(st, type, CLASS_GROUP);
}

// A constructed group, once the code of its construction is known.
static PyObject *
group_made(struct handle *made, int code)
{
    if (check(made->st, code))
        return (PyObject *)made;
    Py_DECREF((PyObject *)made);
    return NULL;
}

static PyObject *
group_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_GROUP);
}

static PyObject *
group_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return handle_from_number(cls, args, nargs, kwnames, CLASS_GROUP, NULL);
}

static PyObject *
group_get_size(PyObject *self, PyObject *unused)
{
    (void)unused;
    int size = 0;
    return check(state_of(self), MPI_Group_size(group_of(self), &size)) ? PyLong_FromLong(size)
                                                                        : NULL;
}

static PyObject *
group_get_rank(PyObject *self, PyObject *unused)
{
    (void)unused;
    int rank = 0;
    return check(state_of(self), MPI_Group_rank(group_of(self), &rank)) ? PyLong_FromLong(rank)
                                                                        : NULL;
}

// All ranks of a group: *ranks is OWNED.
static bool
group_all_ranks(PyObject *self, int *count, int **ranks)
{
    if (!check(state_of(self), MPI_Group_size(group_of(self), count)))
        return false;
    *ranks = PyMem_Malloc(((size_t)*count + 1) * sizeof(int));
    if (*ranks == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (int i = 0; i < *count; i++)
        (*ranks)[i] = i;
    return true;
}

static PyObject *
translate(struct state *st, MPI_Group from, int n, const int *ranks, MPI_Group to)
{
    int *found = PyMem_Malloc(((size_t)n + 1) * sizeof(int));
    if (found == NULL)
        return PyErr_NoMemory();
    PyObject *list = NULL;
    if (check(st, MPI_Group_translate_ranks(from, n, ranks, to, found)))
        list = ints_list(found, n);
    PyMem_Free(found);
    return list;
}

static PyObject *
group_translate_ranks(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Translate_ranks", 2, 0, {"ranks", "group"}};
    PyObject *arg[2];
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    struct handle *other = NULL;
    if (arg[1] != Py_None && !handle_arg(st, CLASS_GROUP, &params, 1, arg[1], &other))
        return NULL;
    int n = 0, *ranks = NULL;
    bool all = arg[0] == NULL || arg[0] == Py_None;
    if (!(all ? group_all_ranks(self, &n, &ranks) : ints_arg(&params, 0, arg[0], &n, &ranks)))
        return NULL;
    MPI_Group to = other == NULL ? MPI_GROUP_NULL : other->u.group;
    PyObject *list = NULL;
    if (other != NULL || check(st, MPI_Comm_group(MPI_COMM_WORLD, &to)))
        list = translate(st, group_of(self), n, ranks, to);
    if (other == NULL && to != MPI_GROUP_NULL)
        MPI_Group_free(&to);
    PyMem_Free(ranks);
    return list;
}

static PyObject *
group_compare(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Compare", 1, 1, {"group"}};
    PyObject *arg[1];
    struct handle *other = NULL;
    int result = MPI_UNEQUAL;
    struct state *st = state_of(self);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !handle_arg(st, CLASS_GROUP, &params, 0, arg[0], &other) ||
        !check(st, MPI_Group_compare(group_of(self), other->u.group, &result)))
        return NULL;
    return PyLong_FromLong(result);
}

static PyObject *
group_dup(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *made = group_alloc(Py_TYPE(self), state_of(self));
    if (made == NULL)
        return NULL;
    return group_made(made, MPI_Group_union(group_of(self), MPI_GROUP_EMPTY, &made->u.group));
}

typedef int combine_fn(MPI_Group, MPI_Group, MPI_Group *);

static PyObject *
group_combine(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
              const struct params *params, combine_fn *combine)
{
    PyObject *arg[2];
    struct handle *a = NULL, *b = NULL;
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(params, args, nargs, kwnames, arg) ||
        !handle_arg(st, CLASS_GROUP, params, 0, arg[0], &a) ||
        !handle_arg(st, CLASS_GROUP, params, 1, arg[1], &b))
        return NULL;
    struct handle *made = group_alloc((PyTypeObject *)cls, st);
    if (made == NULL)
        return NULL;
    return group_made(made, combine(a->u.group, b->u.group, &made->u.group));
}

static PyObject *
group_union(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Union", 2, 2, {"group1", "group2"}};
    return group_combine(cls, args, nargs, kwnames, &params, MPI_Group_union);
}

static PyObject *
group_intersection(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Intersection", 2, 2, {"group1", "group2"}};
    return group_combine(cls, args, nargs, kwnames, &params, MPI_Group_intersection);
}

static PyObject *
group_difference(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Difference", 2, 2, {"group1", "group2"}};
    return group_combine(cls, args, nargs, kwnames, &params, MPI_Group_difference);
}

typedef int select_fn(MPI_Group, int, const int[], MPI_Group *);

static PyObject *
group_select(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
             const struct params *params, select_fn *select)
{
    PyObject *arg[1];
    int n, *ranks;
    if (!params_bind(params, args, nargs, kwnames, arg) || !ints_arg(params, 0, arg[0], &n, &ranks))
        return NULL;
    struct handle *made = group_alloc(Py_TYPE(self), state_of(self));
    PyObject *result = NULL;
    if (made != NULL)
        result = group_made(made, select(group_of(self), n, ranks, &made->u.group));
    PyMem_Free(ranks);
    return result;
}

static PyObject *
group_incl(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Incl", 1, 1, {"ranks"}};
    return group_select(self, args, nargs, kwnames, &params, MPI_Group_incl);
}

static PyObject *
group_excl(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Excl", 1, 1, {"ranks"}};
    return group_select(self, args, nargs, kwnames, &params, MPI_Group_excl);
}

// Triples (first, last, stride): *ranges is OWNED.
static bool
ranges_from(PyObject *arg, int *count, int (**ranges)[3])
{
    PyObject *sequence = PySequence_Fast(arg, "expecting a sequence of (first, last, stride)");
    if (sequence == NULL)
        return false;
    Py_ssize_t n = PySequence_Size(sequence);
    *ranges = PyMem_Malloc(((size_t)n + 1) * sizeof(int[3]));
    bool taken = *ranges != NULL;
    if (!taken)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; taken && i < n; i++) {
        PyObject *item = PySequence_GetItem(sequence, i);
        PyObject *triple = item == NULL ? NULL : PySequence_Tuple(item);
        int *range = (*ranges)[i];
        taken = triple != NULL && PyTuple_Size(triple) == 3 &&
                PyArg_ParseTuple(triple, "iii", &range[0], &range[1], &range[2]);
        if (triple != NULL && PyTuple_Size(triple) != 3)
            PyErr_Format(PyExc_ValueError, "a range of ranks is (first, last, stride), not %R",
                         triple);
        Py_XDECREF(item);
        Py_XDECREF(triple);
    }
    Py_DECREF(sequence);
    if (!taken)
        PyMem_Free(*ranges);
    *count = (int)n;
    return taken;
}

typedef int range_fn(MPI_Group, int, int[][3], MPI_Group *);

static PyObject *
group_select_ranges(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                    const struct params *params, range_fn *select)
{
    PyObject *arg[1];
    int n, (*ranges)[3];
    if (!params_bind(params, args, nargs, kwnames, arg) || !ranges_from(arg[0], &n, &ranges))
        return NULL;
    struct handle *made = group_alloc(Py_TYPE(self), state_of(self));
    PyObject *result = NULL;
    if (made != NULL)
        result = group_made(made, select(group_of(self), n, ranges, &made->u.group));
    PyMem_Free(ranges);
    return result;
}

static PyObject *
group_range_incl(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Range_incl", 1, 1, {"ranks"}};
    return group_select_ranges(self, args, nargs, kwnames, &params, MPI_Group_range_incl);
}

static PyObject *
group_range_excl(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Range_excl", 1, 1, {"ranks"}};
    return group_select_ranges(self, args, nargs, kwnames, &params, MPI_Group_range_excl);
}

static PyObject *
group_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Group group = h->u.group;
    if (!check(h->st, MPI_Group_free(&group)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.group = group;
    Py_RETURN_NONE;
}

static PyObject *
group_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return group_free(self, unused);
    Py_RETURN_NONE;
}

static PyObject *
group_size_property(PyObject *self, void *closure)
{
    (void)closure;
    return group_get_size(self, NULL);
}

static PyObject *
group_rank_property(PyObject *self, void *closure)
{
    (void)closure;
    return group_get_rank(self, NULL);
}

static PyMethodDef group_methods[] = {
    CLASS_METHOD("fromhandle", group_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    {"Get_size", group_get_size, METH_NOARGS,
     "Get_size($self)\n--\n\nNumber of processes in the group (MPI 7.3.1)."},
    {"Get_rank", group_get_rank, METH_NOARGS,
     "Get_rank($self)\n--\n\nRank of this process, UNDEFINED if not in the group (MPI 7.3.1)."},
    METHOD("Translate_ranks", group_translate_ranks,
           "Translate_ranks($self, ranks=None, group=None)\n--\n\n"
           "What `ranks` of this group (all, by default) are called in `group` (that of\n"
           "COMM_WORLD, by default): a list, UNDEFINED for who is not in it (MPI 7.3.1)."),
    METHOD("Compare", group_compare,
           "Compare($self, group)\n--\n\nIDENT, SIMILAR (other order) or UNEQUAL (MPI 7.3.1)."),
    {"Dup", group_dup, METH_NOARGS, "Dup($self)\n--\n\nA group of the same processes."},
    CLASS_METHOD("Union", group_union,
                 "Union($cls, group1, group2)\n--\n\n"
                 "All of the first, then who is only in the second (MPI 7.3.2)."),
    CLASS_METHOD("Intersection", group_intersection,
                 "Intersection($cls, group1, group2)\n--\n\n"
                 "Who is in both, in the order of the first (MPI 7.3.2)."),
    CLASS_METHOD("Intersect", group_intersection,
                 "Intersect($cls, group1, group2)\n--\n\nThe same as Intersection."),
    CLASS_METHOD("Difference", group_difference,
                 "Difference($cls, group1, group2)\n--\n\n"
                 "Who is in the first and not in the second (MPI 7.3.2)."),
    METHOD("Incl", group_incl,
           "Incl($self, ranks)\n--\n\nThe processes with these ranks, in this order (MPI 7.3.2)."),
    METHOD("Excl", group_excl,
           "Excl($self, ranks)\n--\n\nThe processes without these ranks (MPI 7.3.2)."),
    METHOD("Range_incl", group_range_incl,
           "Range_incl($self, ranks)\n--\n\n"
           "The processes in ranges (first, last, stride) of ranks (MPI 7.3.2)."),
    METHOD("Range_excl", group_range_excl,
           "Range_excl($self, ranks)\n--\n\n"
           "The processes outside ranges (first, last, stride) of ranks (MPI 7.3.2)."),
    {"Free", group_free, METH_NOARGS, "Free($self)\n--\n\nFree a group (MPI 7.3.3)."},
    {"free", group_free_safely, METH_NOARGS,
     "free($self)\n--\n\nCall Free if not null or predefined."},
    HANDLE_NUMBER_ROWS,
    HANDLE_REDUCE_ROW,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef group_getset[] = {
    HANDLE_GETSET_ROW,
    {"size", group_size_property, NULL, "Number of processes in the group.", NULL},
    {"rank", group_rank_property, NULL, "Rank of this process in the group.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef group_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot group_slots[] = {
    {Py_tp_doc, "Group(group=None)\n--\n\nAn ordered set of processes."},
    {Py_tp_new, group_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, group_methods},
    {Py_tp_getset, group_getset},
    {Py_tp_members, group_members},
    {0, NULL},
};

static PyType_Spec group_spec = {
    .name = "mpi4py.MPI.Group",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = group_slots,
};

bool
group_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &group_spec, NULL, "Group");
    st->types[CLASS_GROUP] = type;
    if (type == NULL)
        return false;
    union mpi_handle null = {.bits = 0}, empty = {.bits = 0};
    null.group = MPI_GROUP_NULL;
    empty.group = MPI_GROUP_EMPTY;
    return handle_add_predefined(st, module, type, CLASS_GROUP, null, "GROUP_NULL") &&
           handle_add_predefined(st, module, type, CLASS_GROUP, empty, "GROUP_EMPTY");
}
