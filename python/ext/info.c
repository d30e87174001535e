// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "info.h"

#include "call.h"

#include <string.h>
#include <structmember.h>

// helpers

static MPI_Info
info_of(PyObject *self)
{
    return handle_of(self)->u.info;
}

bool
info_arg(struct state *st, const struct params *p, int index, PyObject *arg, MPI_Info *info)
{
    struct handle *h = NULL;
    if (arg == Py_None) {
        *info = MPI_INFO_NULL;
        return true;
    }
    if (!handle_arg(st, CLASS_INFO, p, index, arg, &h))
        return false;
    if (h != NULL)
        *info = h->u.info;
    return true;
}

static PyObject *
text_from(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "surrogateescape");
}

// The value of a key: new reference; NULL without an exception when the key is not there.
static PyObject *
info_value(PyObject *self, const char *key)
{
    struct state *st = state_of(self);
    int size = 0, flag = 0;
    if (!check(st, MPI_Info_get_string(info_of(self), key, &size, NULL, &flag)) || !flag)
        return NULL;
    char *value = PyMem_Malloc((size_t)size + 1);
    if (value == NULL)
        return PyErr_NoMemory();
    PyObject *text = NULL;
    if (check(st, MPI_Info_get_string(info_of(self), key, &size, value, &flag)) && flag)
        text = text_from(value);
    PyMem_Free(value);
    return text;
}

static bool
info_has(PyObject *self, const char *key, int *flag)
{
    int size = 0;
    return check(state_of(self), MPI_Info_get_string(info_of(self), key, &size, NULL, flag));
}

static bool
info_count(PyObject *self, int *count)
{
    *count = 0;
    if (!handle_bool(self))
        return true;
    return check(state_of(self), MPI_Info_get_nkeys(info_of(self), count));
}

static PyObject *
info_key_at(PyObject *self, int n)
{
    char key[MPI_MAX_INFO_KEY + 1] = "";
    if (!check(state_of(self), MPI_Info_get_nthkey(info_of(self), n, key)))
        return NULL;
    return text_from(key);
}

// Stores str(key) = str(value).
static bool
info_store(PyObject *self, PyObject *key, PyObject *value)
{
    static const struct params params = {"Set", 2, 2, {"key", "value"}};
    const char *k = NULL, *v = NULL;
    return string_arg(&params, 0, key, &k) && string_arg(&params, 1, value, &v) &&
           check(state_of(self), MPI_Info_set(info_of(self), k, v));
}

static PyObject *
key_error(PyObject *key)
{
    PyErr_SetObject(PyExc_KeyError, key);
    return NULL;
}

// What `make` gives for each key, in a list.
static PyObject *
info_list(PyObject *self, PyObject *(*make)(PyObject *self, int n))
{
    int count;
    if (!info_count(self, &count))
        return NULL;
    PyObject *list = PyList_New(count);
    for (int i = 0; list != NULL && i < count; i++) {
        PyObject *item = make(self, i);
        if (item == NULL || PyList_SetItem(list, i, item) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *
info_value_at(PyObject *self, int n)
{
    char key[MPI_MAX_INFO_KEY + 1] = "";
    if (!check(state_of(self), MPI_Info_get_nthkey(info_of(self), n, key)))
        return NULL;
    PyObject *value = info_value(self, key);
    if (value == NULL && !PyErr_Occurred())
        PyErr_Format(PyExc_KeyError, "%s", key);
    return value;
}

static PyObject *
info_item_at(PyObject *self, int n)
{
    PyObject *key = info_key_at(self, n);
    PyObject *value = key == NULL ? NULL : info_value_at(self, n);
    if (value != NULL)
        return Py_BuildValue("(NN)", key, value);
    Py_XDECREF(key);
    return NULL;
}

// One (key, value) of an iterable of pairs.
static bool
info_store_pair(PyObject *self, PyObject *pair)
{
    PyObject *tuple = PySequence_Tuple(pair);
    PyObject *key, *value;
    bool done = tuple != NULL &&
                PyArg_ParseTuple(tuple, "OO;expecting (key, value)", &key, &value) &&
                info_store(self, key, value);
    Py_XDECREF(tuple);
    return done;
}

static bool
info_store_pairs(PyObject *self, PyObject *pairs)
{
    PyObject *iterator = PyObject_GetIter(pairs);
    if (iterator == NULL)
        return false;
    PyObject *pair;
    bool done = true;
    while (done && (pair = PyIter_Next(iterator)) != NULL) {
        done = info_store_pair(self, pair);
        Py_DECREF(pair);
    }
    Py_DECREF(iterator);
    return done && !PyErr_Occurred();
}

// A mapping, or pairs.
static bool
info_store_all(PyObject *self, PyObject *items)
{
    PyObject *keys = PyObject_GetAttrString(items, "keys");
    if (keys == NULL) {
        PyErr_Clear();
        return info_store_pairs(self, items);
    }
    Py_DECREF(keys);
    PyObject *pairs = PyMapping_Items(items);
    bool done = pairs != NULL && info_store_pairs(self, pairs);
    Py_XDECREF(pairs);
    return done;
}

// methods

static PyObject *
info_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_INFO);
}

static PyObject *
info_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return handle_from_number(cls, args, nargs, kwnames, CLASS_INFO, NULL);
}

static PyObject *
info_create(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Create", 1, 0, {"items"}};
    PyObject *arg[1];
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    struct handle *h = handle_alloc(st, (PyTypeObject *)cls, CLASS_INFO);
    if (h == NULL)
        return NULL;
    bool done = check(st, MPI_Info_create(&h->u.info));
    if (done && arg[0] != NULL && arg[0] != Py_None) {
        done = info_store_all((PyObject *)h, arg[0]);
        if (!done)
            MPI_Info_free(&h->u.info);
    }
    if (!done)
        Py_CLEAR(h);
    return (PyObject *)h;
}

static PyObject *
info_create_env(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Create_env", 1, 0, {"args"}};
    PyObject *arg[1];
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    PyObject *words = arg[0] == NULL || arg[0] == Py_None
                          ? PyTuple_New(0)
                          : PySequence_Tuple(arg[0]); // keeps the strings
    if (words == NULL)
        return NULL;
    Py_ssize_t n = PyTuple_Size(words);
    char **argv = PyMem_Calloc((size_t)n + 1, sizeof(char *));
    bool done = argv != NULL;
    for (Py_ssize_t i = 0; done && i < n; i++) {
        const char *word = NULL;
        done = string_arg(&params, 0, PyTuple_GetItem(words, i), &word);
        argv[i] = (char *)(uintptr_t)word;
    }
    struct handle *h = done ? handle_alloc(st, (PyTypeObject *)cls, CLASS_INFO) : NULL;
    if (h != NULL && !check(st, MPI_Info_create_env((int)n, argv, &h->u.info)))
        Py_CLEAR(h);
    PyMem_Free(argv);
    Py_DECREF(words);
    return (PyObject *)h;
}

static PyObject *
info_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Info info = h->u.info;
    if (!check(h->st, MPI_Info_free(&info)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.info = info;
    Py_RETURN_NONE;
}

static PyObject *
info_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return info_free(self, unused);
    Py_RETURN_NONE;
}

static PyObject *
info_dup(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_alloc(state_of(self), Py_TYPE(self), CLASS_INFO);
    if (h != NULL && !check(h->st, MPI_Info_dup(info_of(self), &h->u.info)))
        Py_CLEAR(h);
    return (PyObject *)h;
}

static PyObject *
info_get_mpi(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get", 1, 1, {"key"}};
    PyObject *arg[1];
    const char *key = NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !string_arg(&params, 0, arg[0], &key))
        return NULL;
    PyObject *value = info_value(self, key);
    return value != NULL || PyErr_Occurred() ? value : Py_NewRef(Py_None);
}

static PyObject *
info_set_mpi(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set", 2, 2, {"key", "value"}};
    PyObject *arg[2];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !info_store(self, arg[0], arg[1]))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
info_delete_mpi(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Delete", 1, 1, {"key"}};
    PyObject *arg[1];
    const char *key = NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !string_arg(&params, 0, arg[0], &key) ||
        !check(state_of(self), MPI_Info_delete(info_of(self), key)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
info_get_nkeys(PyObject *self, PyObject *unused)
{
    (void)unused;
    int count = 0;
    return check(state_of(self), MPI_Info_get_nkeys(info_of(self), &count)) ? PyLong_FromLong(count)
                                                                            : NULL;
}

static PyObject *
info_get_nthkey(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Get_nthkey", 1, 1, {"n"}};
    PyObject *arg[1];
    int n = 0;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 0, arg[0], &n))
        return NULL;
    return info_key_at(self, n);
}

// As a mapping; the null handle is an empty one.

static Py_ssize_t
info_length(PyObject *self)
{
    int count;
    return info_count(self, &count) ? count : -1;
}

static int
info_contains(PyObject *self, PyObject *object)
{
    static const struct params params = {"__contains__", 1, 1, {"key"}};
    const char *key = NULL;
    int flag = 0;
    if (!handle_bool(self))
        return 0;
    return string_arg(&params, 0, object, &key) && info_has(self, key, &flag) ? flag : -1;
}

static PyObject *
info_subscript(PyObject *self, PyObject *object)
{
    static const struct params params = {"__getitem__", 1, 1, {"key"}};
    const char *key = NULL;
    if (!handle_bool(self))
        return key_error(object);
    PyObject *value = string_arg(&params, 0, object, &key) ? info_value(self, key) : NULL;
    return value != NULL || PyErr_Occurred() ? value : key_error(object);
}

static int
info_ass_subscript(PyObject *self, PyObject *object, PyObject *value)
{
    static const struct params params = {"__delitem__", 1, 1, {"key"}};
    const char *key = NULL;
    if (!handle_bool(self)) {
        key_error(object);
        return -1;
    }
    if (value != NULL)
        return info_store(self, object, value) ? 0 : -1;
    int has = info_contains(self, object);
    if (has == 0)
        key_error(object);
    if (has <= 0)
        return -1;
    bool done = string_arg(&params, 0, object, &key) &&
                check(state_of(self), MPI_Info_delete(info_of(self), key));
    return done ? 0 : -1;
}

static PyObject *
info_keys(PyObject *self, PyObject *unused)
{
    (void)unused;
    return info_list(self, info_key_at);
}

static PyObject *
info_values(PyObject *self, PyObject *unused)
{
    (void)unused;
    return info_list(self, info_value_at);
}

static PyObject *
info_items(PyObject *self, PyObject *unused)
{
    (void)unused;
    return info_list(self, info_item_at);
}

static PyObject *
info_iter(PyObject *self)
{
    PyObject *keys = info_keys(self, NULL);
    PyObject *iterator = keys == NULL ? NULL : PyObject_GetIter(keys);
    Py_XDECREF(keys);
    return iterator;
}

static PyObject *
info_get(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"get", 2, 1, {"key", "default"}};
    PyObject *arg[2];
    const char *key = NULL;
    if (!params_bind(&params, args, nargs, kwnames, arg) || !string_arg(&params, 0, arg[0], &key))
        return NULL;
    PyObject *value = handle_bool(self) ? info_value(self, key) : NULL;
    if (value != NULL || PyErr_Occurred())
        return value;
    return Py_NewRef(arg[1] != NULL ? arg[1] : Py_None);
}

static PyObject *
info_update(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *items = NULL;
    if (!PyArg_UnpackTuple(args, "update", 0, 1, &items))
        return NULL;
    if (!handle_bool(self)) {
        PyErr_SetNone(PyExc_KeyError);
        return NULL;
    }
    if ((items != NULL && !info_store_all(self, items)) ||
        (kwargs != NULL && !info_store_all(self, kwargs)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
info_pop(PyObject *self, PyObject *args)
{
    static const struct params params = {"pop", 1, 1, {"key"}};
    PyObject *object, *otherwise = NULL;
    const char *key = NULL;
    if (!PyArg_UnpackTuple(args, "pop", 1, 2, &object, &otherwise) ||
        !string_arg(&params, 0, object, &key))
        return NULL;
    PyObject *value = handle_bool(self) ? info_value(self, key) : NULL;
    if (value == NULL && !PyErr_Occurred())
        return otherwise != NULL ? Py_NewRef(otherwise) : key_error(object);
    if (value != NULL && !check(state_of(self), MPI_Info_delete(info_of(self), key)))
        Py_CLEAR(value);
    return value;
}

static PyObject *
info_popitem(PyObject *self, PyObject *unused)
{
    (void)unused;
    int count;
    if (!info_count(self, &count))
        return NULL;
    if (count == 0) {
        PyErr_SetNone(PyExc_KeyError);
        return NULL;
    }
    PyObject *item = info_item_at(self, count - 1);
    const char *key = item == NULL ? NULL : PyUnicode_AsUTF8AndSize(PyTuple_GetItem(item, 0), NULL);
    if (key != NULL && check(state_of(self), MPI_Info_delete(info_of(self), key)))
        return item;
    Py_XDECREF(item);
    return NULL;
}

static PyObject *
info_copy(PyObject *self, PyObject *unused)
{
    if (handle_bool(self))
        return info_dup(self, unused);
    return (PyObject *)handle_alloc(state_of(self), Py_TYPE(self), CLASS_INFO);
}

static PyObject *
info_clear(PyObject *self, PyObject *unused)
{
    (void)unused;
    int count;
    if (!info_count(self, &count))
        return NULL;
    for (; count > 0; count--) {
        char key[MPI_MAX_INFO_KEY + 1] = "";
        if (!check(state_of(self), MPI_Info_get_nthkey(info_of(self), 0, key)) ||
            !check(state_of(self), MPI_Info_delete(info_of(self), key)))
            return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
info_reduce(PyObject *self, PyObject *unused)
{
    if (handle_is_predefined(handle_of(self)))
        return handle_reduce(self, unused);
    PyObject *items = info_items(self, NULL);
    PyObject *create = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "Create");
    if (items != NULL && create != NULL)
        return Py_BuildValue("N(N)", create, items);
    Py_XDECREF(items);
    Py_XDECREF(create);
    return NULL;
}

static PyMethodDef info_methods[] = {
    CLASS_METHOD("fromhandle", info_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    CLASS_METHOD("Create", info_create,
                 "Create($cls, items=None)\n--\n\nNew info from a mapping or pairs (MPI 10)."),
    CLASS_METHOD("Create_env", info_create_env,
                 "Create_env($cls, args=None)\n--\n\nWhat is known of how we were started."),
    {"Free", info_free, METH_NOARGS, "Free($self)\n--\n\nFree an info."},
    {"free", info_free_safely, METH_NOARGS,
     "free($self)\n--\n\nCall Free if not null or predefined."},
    {"Dup", info_dup, METH_NOARGS, "Dup($self)\n--\n\nAn info of the same contents."},
    METHOD("Get", info_get_mpi, "Get($self, key)\n--\n\nThe value of `key`, None if not there."),
    METHOD("Set", info_set_mpi, "Set($self, key, value)\n--\n\nStore a value."),
    METHOD("Delete", info_delete_mpi, "Delete($self, key)\n--\n\nRemove a key."),
    {"Get_nkeys", info_get_nkeys, METH_NOARGS, "Get_nkeys($self)\n--\n\nNumber of keys."},
    METHOD("Get_nthkey", info_get_nthkey, "Get_nthkey($self, n)\n--\n\nThe n-th key."),
    METHOD("get", info_get, "get($self, key, default=None)\n--\n\nThe value of a key."),
    {"keys", info_keys, METH_NOARGS, "keys($self)\n--\n\nList of keys."},
    {"values", info_values, METH_NOARGS, "values($self)\n--\n\nList of values."},
    {"items", info_items, METH_NOARGS, "items($self)\n--\n\nList of (key, value)."},
    {"update", (PyCFunction)(void (*)(void))info_update, METH_VARARGS | METH_KEYWORDS,
     "update($self, items=(), **kwds)\n--\n\nStore all of a mapping or of pairs."},
    {"pop", info_pop, METH_VARARGS, "pop($self, key, *default)\n--\n\nTake a value out."},
    {"popitem", info_popitem, METH_NOARGS, "popitem($self)\n--\n\nTake a (key, value) out."},
    {"copy", info_copy, METH_NOARGS, "copy($self)\n--\n\nAn info of the same contents."},
    {"clear", info_clear, METH_NOARGS, "clear($self)\n--\n\nRemove all keys."},
    HANDLE_NUMBER_ROWS,
    {"__reduce__", info_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef info_getset[] = {HANDLE_GETSET_ROW, {NULL, NULL, NULL, NULL, NULL}};

static PyMemberDef info_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot info_slots[] = {
    {Py_tp_doc, "Info(info=None)\n--\n\nHints: strings by key."},
    {Py_tp_new, info_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_iter, info_iter},
    {Py_nb_bool, handle_bool},
    {Py_mp_length, info_length},
    {Py_mp_subscript, info_subscript},
    {Py_mp_ass_subscript, info_ass_subscript},
    {Py_sq_contains, info_contains},
    {Py_tp_methods, info_methods},
    {Py_tp_getset, info_getset},
    {Py_tp_members, info_members},
    {0, NULL},
};

static PyType_Spec info_spec = {
    .name = "mpi4py.MPI.Info",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = info_slots,
};

bool
info_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &info_spec, NULL, "Info");
    st->types[CLASS_INFO] = type;
    if (type == NULL)
        return false;
    union mpi_handle null = {.bits = 0}, env = {.bits = 0};
    null.info = MPI_INFO_NULL;
    env.info = MPI_INFO_ENV;
    return handle_add_predefined(st, module, type, CLASS_INFO, null, "INFO_NULL") &&
           handle_add_predefined(st, module, type, CLASS_INFO, env, "INFO_ENV");
}
