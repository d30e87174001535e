// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Reduction operations. MPI calls a user's operation with nothing but data and type, so each of
 * the CALLBACK_SLOTS Python functions that can exist at a time has a C function of its own that
 * knows its slot; the module's state is found through the interpreter.
 */
#include "op.h"

#include "buffer.h"
#include "call.h"
#include "datatype.h"
#include "memory.h"

#include <structmember.h>

// Python objects

static PyObject *
larger(PyObject *x, PyObject *y, int wanted)
{
    int take = PyObject_RichCompareBool(y, x, wanted);
    return take < 0 ? NULL : Py_NewRef(take ? y : x);
}

static PyObject *
logical(PyObject *x, PyObject *y, PyObject *(*combine)(PyObject *, PyObject *))
{
    int left = PyObject_IsTrue(x);
    int right = left < 0 ? -1 : PyObject_IsTrue(y);
    if (right < 0)
        return NULL;
    return combine(left ? Py_True : Py_False, right ? Py_True : Py_False);
}

// (value, location) as a tuple, from any two items: new reference.
static PyObject *
pair_of(PyObject *object)
{
    PyObject *pair = PySequence_Tuple(object);
    Py_ssize_t n = pair == NULL ? 2 : PyTuple_Size(pair);
    if (n == 2)
        return pair;
    Py_DECREF(pair);
    PyErr_Format(PyExc_ValueError, "expecting a pair (value, location), got %zd item%s", n,
                 n == 1 ? "" : "s");
    return NULL;
}

// The pair with the wanted value; among equals the one with the lower location.
static PyObject *
better_pair(PyObject *x, PyObject *y, int wanted)
{
    PyObject *u = PyTuple_GetItem(x, 0), *i = PyTuple_GetItem(x, 1);
    PyObject *v = PyTuple_GetItem(y, 0), *j = PyTuple_GetItem(y, 1);
    int first = PyObject_RichCompareBool(u, v, wanted);
    int second = first != 0 ? first : PyObject_RichCompareBool(v, u, wanted);
    if (first < 0 || second < 0)
        return NULL;
    if (first == 0 && second == 0)
        first = (second = PyObject_RichCompareBool(j, i, Py_LT)) == 0;
    if (second < 0)
        return NULL;
    return Py_NewRef(first ? x : y);
}

static PyObject *
located(PyObject *x, PyObject *y, int wanted)
{
    PyObject *left = pair_of(x);
    PyObject *right = left == NULL ? NULL : pair_of(y);
    PyObject *pair = right == NULL ? NULL : better_pair(left, right, wanted);
    Py_XDECREF(left);
    Py_XDECREF(right);
    return pair;
}

static PyObject *
predefined_apply(MPI_Op op, PyObject *x, PyObject *y)
{
    if (op == MPI_SUM)
        return PyNumber_Add(x, y);
    if (op == MPI_MAX)
        return larger(x, y, Py_GT);
    if (op == MPI_MIN)
        return larger(x, y, Py_LT);
    if (op == MPI_PROD)
        return PyNumber_Multiply(x, y);
    if (op == MPI_LAND)
        return logical(x, y, PyNumber_And);
    if (op == MPI_LOR)
        return logical(x, y, PyNumber_Or);
    if (op == MPI_LXOR)
        return logical(x, y, PyNumber_Xor);
    if (op == MPI_BAND)
        return PyNumber_And(x, y);
    if (op == MPI_BOR)
        return PyNumber_Or(x, y);
    if (op == MPI_BXOR)
        return PyNumber_Xor(x, y);
    if (op == MPI_MAXLOC)
        return located(x, y, Py_GT);
    if (op == MPI_MINLOC)
        return located(x, y, Py_LT);
    if (op == MPI_REPLACE)
        return Py_NewRef(y);
    if (op == MPI_NO_OP)
        return Py_NewRef(x);
    PyErr_SetString(PyExc_ValueError, "cannot call user-defined operation");
    return NULL;
}

PyObject *
op_apply(struct state *st, PyObject *op, PyObject *x, PyObject *y)
{
    if (Py_TYPE(op) != st->types[CLASS_OP])
        return PyObject_CallFunctionObjArgs(op, x, y, NULL);
    int slot = handle_of(op)->slot;
    if (slot >= 0 && st->op_functions[slot] != NULL)
        return PyObject_CallFunctionObjArgs(st->op_functions[slot], x, y, Py_None, NULL);
    return predefined_apply(handle_of(op)->u.op, x, y);
}

// Callbacks

static bool
op_user_python(struct state *st, int slot, void *in, void *inout, MPI_Count bytes,
               MPI_Datatype type)
{
    PyObject *a = buffer_over(st, NULL, in, (Py_ssize_t)bytes, false);
    PyObject *b = buffer_over(st, NULL, inout, (Py_ssize_t)bytes, false);
    PyObject *t = datatype_borrowed(st, type);
    PyObject *result = NULL;
    if (a != NULL && b != NULL && t != NULL)
        result = PyObject_CallFunctionObjArgs(st->op_functions[slot], a, b, t, NULL);
    Py_XDECREF(a);
    Py_XDECREF(b);
    Py_XDECREF(t);
    Py_XDECREF(result);
    return result != NULL;
}

// MPI has no way to learn that a user's operation failed.
static void
op_user_fail(void)
{
    PyErr_Print();
    PySys_WriteStderr("Fatal Python error: exception in user-defined reduction operation\n");
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void
op_user_call(int slot, void *in, void *inout, MPI_Count count, MPI_Datatype type)
{
    MPI_Count lb = 0, extent = 0;
    MPI_Type_get_extent_c(type, &lb, &extent);
    if (!Py_IsInitialized())
        MPI_Abort(MPI_COMM_WORLD, 1);
    PyGILState_STATE gil = PyGILState_Ensure();
    // a Python exception of the blocked call itself (a signal's) is none of the operation's
    PyObject *etype, *evalue, *etrace;
    PyErr_Fetch(&etype, &evalue, &etrace);
    struct state *st = state_of_interpreter();
    bool able = st != NULL && st->op_functions[slot] != NULL;
    if (!able || !op_user_python(st, slot, in, inout, count * extent, type))
        op_user_fail();
    PyErr_Restore(etype, evalue, etrace);
    PyGILState_Release(gil);
}

// clang-format off
#define OP_SLOTS(ROW)                    \
    ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7) \
    ROW(8) ROW(9) ROW(10) ROW(11) ROW(12) ROW(13) ROW(14) ROW(15) \
    ROW(16) ROW(17) ROW(18) ROW(19) ROW(20) ROW(21) ROW(22) ROW(23) \
    ROW(24) ROW(25) ROW(26) ROW(27) ROW(28) ROW(29) ROW(30) ROW(31)
// clang-format on

#define OP_CALLBACK(n)                                                                             \
    static void op_user_##n(void *in, void *inout, MPI_Count *count, MPI_Datatype *type)           \
    {                                                                                              \
        op_user_call(n, in, inout, *count, *type);                                                 \
    }
OP_SLOTS(OP_CALLBACK)

#define OP_ENTRY(n) op_user_##n,
static MPI_User_function_c *const op_callbacks[CALLBACK_SLOTS] = {OP_SLOTS(OP_ENTRY)};

// methods

bool
op_arg(struct state *st, const struct params *p, int index, PyObject *arg, MPI_Op *op)
{
    struct handle *h = NULL;
    if (!handle_arg(st, CLASS_OP, p, index, arg, &h))
        return false;
    if (h != NULL)
        *op = h->u.op;
    return true;
}

static PyObject *
op_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_OP);
}

static PyObject *
op_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    char *keywords[] = {"x", "y", NULL};
    PyObject *x, *y;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:Op", keywords, &x, &y))
        return NULL;
    struct handle *h = handle_of(self);
    if (h->slot >= 0 && h->st->op_functions[h->slot] != NULL)
        return PyObject_CallFunctionObjArgs(h->st->op_functions[h->slot], x, y, Py_None, NULL);
    return predefined_apply(h->u.op, x, y);
}

static PyObject *
op_create(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Create", 2, 1, {"function", "commute"}};
    PyObject *arg[2];
    int commute = 0;
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg) ||
        !bool_arg(arg[1], &commute))
        return NULL;
    if (!PyCallable_Check(arg[0])) {
        PyErr_Format(PyExc_AttributeError,
                     "%R object has no attribute '__call__': an operation "
                     "is made from a function of (inbuf, inoutbuf, datatype)",
                     Py_TYPE(arg[0]));
        return NULL;
    }
    int slot = callback_slot(st->op_functions, "reduction operations: Free some");
    struct handle *h = slot < 0 ? NULL : handle_alloc(st, (PyTypeObject *)cls, CLASS_OP);
    if (h == NULL)
        return NULL;
    if (!check(st, MPI_Op_create_c(op_callbacks[slot], commute, &h->u.op))) {
        Py_DECREF((PyObject *)h);
        return NULL;
    }
    h->slot = slot;
    st->op_functions[slot] = Py_NewRef(arg[0]);
    return (PyObject *)h;
}

static PyObject *
op_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Op op = h->u.op;
    if (!check(h->st, MPI_Op_free(&op)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.op = op;
    if (h->slot >= 0)
        Py_CLEAR(h->st->op_functions[h->slot]);
    h->slot = -1;
    Py_RETURN_NONE;
}

static PyObject *
op_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return op_free(self, unused);
    Py_RETURN_NONE;
}

static PyObject *
op_is_commutative(PyObject *self, PyObject *unused)
{
    (void)unused;
    int flag = 0;
    if (!check(state_of(self), MPI_Op_commutative(handle_of(self)->u.op, &flag)))
        return NULL;
    return PyBool_FromLong(flag);
}

static bool
reduce_local(struct handle *h, struct message *in, struct message *inout)
{
    if (in->type != inout->type) {
        PyErr_SetString(PyExc_ValueError, "Reduce_local(): mismatch in send and receive MPI "
                                          "datatypes");
        return false;
    }
    if (in->count != inout->count) {
        PyErr_Format(PyExc_ValueError,
                     "Reduce_local(): mismatch in send count %lld and receive "
                     "count %lld",
                     (long long)in->count, (long long)inout->count);
        return false;
    }
    struct call call;
    call_begin(&call, h->st);
    return call_end(&call,
                    MPI_Reduce_local_c(in->addr, inout->addr, inout->count, inout->type, h->u.op));
}

static PyObject *
op_reduce_local(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Reduce_local", 2, 2, {"inbuf", "inoutbuf"}};
    PyObject *arg[2];
    struct message in, inout;
    struct ask ask = {state_of(self), params.func};
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !message_parse(ask, arg[1], WRITE, 0, 0, &inout))
        return NULL;
    bool done = message_parse(ask, arg[0], READ, 0, 0, &in);
    if (done) {
        done = reduce_local(handle_of(self), &in, &inout);
        message_clear(&in);
    }
    message_clear(&inout);
    return done ? Py_NewRef(Py_None) : NULL;
}

static PyObject *
op_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return handle_from_number(cls, args, nargs, kwnames, CLASS_OP, NULL);
}

static PyObject *
op_reduce(PyObject *self, PyObject *unused)
{
    struct handle *h = handle_of(self);
    if (h->slot < 0 || h->st->op_functions[h->slot] == NULL)
        return handle_reduce(self, unused);
    PyObject *commute = op_is_commutative(self, NULL);
    PyObject *create = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "Create");
    if (commute == NULL || create == NULL) {
        Py_XDECREF(commute);
        Py_XDECREF(create);
        return NULL;
    }
    return Py_BuildValue("N(ON)", create, h->st->op_functions[h->slot], commute);
}

static PyObject *
op_commutative_property(PyObject *self, void *closure)
{
    (void)closure;
    return op_is_commutative(self, NULL);
}

static PyObject *
op_predefined_property(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(handle_is_predefined(handle_of(self)));
}

static PyMethodDef op_methods[] = {
    CLASS_METHOD("fromhandle", op_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    CLASS_METHOD("Create", op_create,
                 "Create($cls, function, commute=False)\n--\n\n"
                 "Operation from a Python function of (inbuf, inoutbuf, datatype) that stores\n"
                 "inbuf op inoutbuf into inoutbuf (MPI 6.9.5)."),
    {"Free", op_free, METH_NOARGS, "Free($self)\n--\n\nFree a user-defined operation."},
    {"free", op_free_safely, METH_NOARGS,
     "free($self)\n--\n\nCall Free if not null or predefined."},
    {"Is_commutative", op_is_commutative, METH_NOARGS,
     "Is_commutative($self)\n--\n\nWhether the order of operands does not matter (MPI 6.9.5)."},
    METHOD("Reduce_local", op_reduce_local,
           "Reduce_local($self, inbuf, inoutbuf)\n--\n\n"
           "inoutbuf = inbuf op inoutbuf, in this process alone (MPI 6.9.7)."),
    HANDLE_NUMBER_ROWS,
    {"__reduce__", op_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef op_getset[] = {
    HANDLE_GETSET_ROW,
    {"is_commutative", op_commutative_property, NULL, "Whether it is commutative.", NULL},
    {"is_predefined", op_predefined_property, NULL, "Whether it is predefined.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef op_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot op_slots[] = {
    {Py_tp_doc, "Op(op=None)\n--\n\nA reduction operation."},
    {Py_tp_new, op_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_call, op_call},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, op_methods},
    {Py_tp_getset, op_getset},
    {Py_tp_members, op_members},
    {0, NULL},
};

static PyType_Spec op_spec = {
    .name = "mpi4py.MPI.Op",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = op_slots,
};

static const struct {
    const char *name;
    MPI_Op op;
} op_rows[] = {
    {"OP_NULL", MPI_OP_NULL}, {"MAX", MPI_MAX},         {"MIN", MPI_MIN},
    {"SUM", MPI_SUM},         {"PROD", MPI_PROD},       {"LAND", MPI_LAND},
    {"BAND", MPI_BAND},       {"LOR", MPI_LOR},         {"BOR", MPI_BOR},
    {"LXOR", MPI_LXOR},       {"BXOR", MPI_BXOR},       {"MAXLOC", MPI_MAXLOC},
    {"MINLOC", MPI_MINLOC},   {"REPLACE", MPI_REPLACE}, {"NO_OP", MPI_NO_OP},
};

bool
op_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &op_spec, NULL, "Op");
    st->types[CLASS_OP] = type;
    for (size_t i = 0; type != NULL && i < sizeof(op_rows) / sizeof(op_rows[0]); i++) {
        union mpi_handle value = {.bits = 0};
        value.op = op_rows[i].op;
        if (!handle_add_predefined(st, module, type, CLASS_OP, value, op_rows[i].name))
            return false;
    }
    return type != NULL;
}
