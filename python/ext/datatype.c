// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "datatype.h"

#include "call.h"
#include "handle.h"

#include <string.h>
#include <structmember.h>

/* A predefined type: its codes are those of struct and of NumPy ("" where there is none). */
struct type_row {
    const char *name;
    MPI_Datatype type;
    const char *code, *typechar, *typestr;
};

// clang-format off
static const struct type_row type_rows[] = {
    {"DATATYPE_NULL", MPI_DATATYPE_NULL, "", "", ""},
    {"PACKED", MPI_PACKED, "B", "B", "u1"},
    {"BYTE", MPI_BYTE, "B", "B", "u1"},
    {"AINT", MPI_AINT, "p", "p", "i8"},
    {"OFFSET", MPI_OFFSET, "p", "p", "i8"},
    {"COUNT", MPI_COUNT, "p", "p", "i8"},
    {"CHAR", MPI_CHAR, "c", "c", "S1"},
    {"WCHAR", MPI_WCHAR, "U", "U", "U1"},
    {"SIGNED_CHAR", MPI_SIGNED_CHAR, "b", "b", "i1"},
    {"SHORT", MPI_SHORT, "h", "h", "i2"},
    {"INT", MPI_INT, "i", "i", "i4"},
    {"LONG", MPI_LONG, "l", "l", "i8"},
    {"LONG_LONG", MPI_LONG_LONG, "q", "q", "i8"},
    {"UNSIGNED_CHAR", MPI_UNSIGNED_CHAR, "B", "B", "u1"},
    {"UNSIGNED_SHORT", MPI_UNSIGNED_SHORT, "H", "H", "u2"},
    {"UNSIGNED", MPI_UNSIGNED, "I", "I", "u4"},
    {"UNSIGNED_LONG", MPI_UNSIGNED_LONG, "L", "L", "u8"},
    {"UNSIGNED_LONG_LONG", MPI_UNSIGNED_LONG_LONG, "Q", "Q", "u8"},
    {"FLOAT", MPI_FLOAT, "f", "f", "f4"},
    {"DOUBLE", MPI_DOUBLE, "d", "d", "f8"},
    {"LONG_DOUBLE", MPI_LONG_DOUBLE, "g", "g", "f16"},
    {"C_BOOL", MPI_C_BOOL, "b1", "?", "b1"},
    {"INT8_T", MPI_INT8_T, "i1", "b", "i1"},
    {"INT16_T", MPI_INT16_T, "i2", "h", "i2"},
    {"INT32_T", MPI_INT32_T, "i4", "i", "i4"},
    {"INT64_T", MPI_INT64_T, "i8", "l", "i8"},
    {"UINT8_T", MPI_UINT8_T, "u1", "B", "u1"},
    {"UINT16_T", MPI_UINT16_T, "u2", "H", "u2"},
    {"UINT32_T", MPI_UINT32_T, "u4", "I", "u4"},
    {"UINT64_T", MPI_UINT64_T, "u8", "L", "u8"},
    {"FLOAT16_T", MPI_REAL2, "e", "e", "f2"},
    {"FLOAT32_T", MPI_FLOAT, "f", "f", "f4"},
    {"FLOAT64_T", MPI_DOUBLE, "d", "d", "f8"},
    {"BFLOAT16_T", MPI_DATATYPE_NULL, "", "", ""},
    {"C_COMPLEX", MPI_C_COMPLEX, "F", "F", "c8"},
    {"C_FLOAT_COMPLEX", MPI_C_FLOAT_COMPLEX, "F", "F", "c8"},
    {"C_DOUBLE_COMPLEX", MPI_C_DOUBLE_COMPLEX, "D", "D", "c16"},
    {"C_LONG_DOUBLE_COMPLEX", MPI_C_LONG_DOUBLE_COMPLEX, "G", "G", "c32"},
    {"CXX_BOOL", MPI_CXX_BOOL, "?", "?", "b1"},
    {"CXX_FLOAT_COMPLEX", MPI_CXX_FLOAT_COMPLEX, "F", "F", "c8"},
    {"CXX_DOUBLE_COMPLEX", MPI_CXX_DOUBLE_COMPLEX, "D", "D", "c16"},
    {"CXX_LONG_DOUBLE_COMPLEX", MPI_CXX_LONG_DOUBLE_COMPLEX, "G", "G", "c32"},
    {"SHORT_INT", MPI_SHORT_INT, "", "V", "V8"},
    {"INT_INT", MPI_2INT, "", "V", "V8"},
    {"TWOINT", MPI_2INT, "", "V", "V8"},
    {"LONG_INT", MPI_LONG_INT, "", "V", "V16"},
    {"FLOAT_INT", MPI_FLOAT_INT, "", "V", "V8"},
    {"DOUBLE_INT", MPI_DOUBLE_INT, "", "V", "V16"},
    {"LONG_DOUBLE_INT", MPI_LONG_DOUBLE_INT, "", "V", "V32"},
    {"CHARACTER", MPI_CHARACTER, "c", "c", "S1"},
    {"LOGICAL", MPI_LOGICAL, "i", "i", "i4"},
    {"INTEGER", MPI_INTEGER, "i", "i", "i4"},
    {"REAL", MPI_REAL, "f", "f", "f4"},
    {"DOUBLE_PRECISION", MPI_DOUBLE_PRECISION, "d", "d", "f8"},
    {"COMPLEX", MPI_COMPLEX, "F", "F", "c8"},
    {"DOUBLE_COMPLEX", MPI_DOUBLE_COMPLEX, "D", "D", "c16"},
    {"LOGICAL1", MPI_LOGICAL1, "b1", "?", "b1"},
    {"LOGICAL2", MPI_LOGICAL2, "i2", "h", "i2"},
    {"LOGICAL4", MPI_LOGICAL4, "i4", "i", "i4"},
    {"LOGICAL8", MPI_LOGICAL8, "i8", "l", "i8"},
    {"LOGICAL16", MPI_LOGICAL16, "", "", ""},
    {"INTEGER1", MPI_INTEGER1, "i1", "b", "i1"},
    {"INTEGER2", MPI_INTEGER2, "i2", "h", "i2"},
    {"INTEGER4", MPI_INTEGER4, "i4", "i", "i4"},
    {"INTEGER8", MPI_INTEGER8, "i8", "l", "i8"},
    {"INTEGER16", MPI_INTEGER16, "", "", ""},
    {"REAL2", MPI_REAL2, "f2", "e", "f2"},
    {"REAL4", MPI_REAL4, "f4", "f", "f4"},
    {"REAL8", MPI_REAL8, "f8", "d", "f8"},
    {"REAL16", MPI_REAL16, "f16", "g", "f16"},
    {"COMPLEX4", MPI_COMPLEX4, "", "", ""},
    {"COMPLEX8", MPI_COMPLEX8, "c8", "F", "c8"},
    {"COMPLEX16", MPI_COMPLEX16, "c16", "D", "c16"},
    {"COMPLEX32", MPI_COMPLEX32, "c32", "G", "c32"},
    {"UNSIGNED_INT", MPI_UNSIGNED, "I", "I", "u4"},
    {"SIGNED_SHORT", MPI_SHORT, "h", "h", "i2"},
    {"SIGNED_INT", MPI_INT, "i", "i", "i4"},
    {"SIGNED_LONG", MPI_LONG, "l", "l", "i8"},
    {"SIGNED_LONG_LONG", MPI_LONG_LONG, "q", "q", "i8"},
    {"BOOL", MPI_C_BOOL, "b1", "?", "b1"},
    {"SINT8_T", MPI_INT8_T, "i1", "b", "i1"},
    {"SINT16_T", MPI_INT16_T, "i2", "h", "i2"},
    {"SINT32_T", MPI_INT32_T, "i4", "i", "i4"},
    {"SINT64_T", MPI_INT64_T, "i8", "l", "i8"},
    {"F_BOOL", MPI_LOGICAL, "i", "i", "i4"},
    {"F_INT", MPI_INTEGER, "i", "i", "i4"},
    {"F_FLOAT", MPI_REAL, "f", "f", "f4"},
    {"F_DOUBLE", MPI_DOUBLE_PRECISION, "d", "d", "f8"},
    {"F_COMPLEX", MPI_COMPLEX, "F", "F", "c8"},
    {"F_FLOAT_COMPLEX", MPI_COMPLEX, "F", "F", "c8"},
    {"F_DOUBLE_COMPLEX", MPI_DOUBLE_COMPLEX, "D", "D", "c16"},
};

/* The MPI type for a code: struct's and NumPy's characters, and type strings. */
static const struct {
    const char *code;
    MPI_Datatype type;
} code_rows[] = {
    {"d", MPI_DOUBLE}, {"l", MPI_LONG}, {"i", MPI_INT}, {"B", MPI_UNSIGNED_CHAR}, {"f", MPI_FLOAT},
    {"q", MPI_LONG_LONG}, {"?", MPI_C_BOOL}, {"b", MPI_SIGNED_CHAR}, {"h", MPI_SHORT},
    {"H", MPI_UNSIGNED_SHORT}, {"I", MPI_UNSIGNED}, {"L", MPI_UNSIGNED_LONG},
    {"Q", MPI_UNSIGNED_LONG_LONG}, {"g", MPI_LONG_DOUBLE}, {"e", MPI_REAL2}, {"f2", MPI_REAL2},
    {"Zf", MPI_C_FLOAT_COMPLEX}, {"Zd", MPI_C_DOUBLE_COMPLEX}, {"Zg", MPI_C_LONG_DOUBLE_COMPLEX},
    {"F", MPI_C_FLOAT_COMPLEX}, {"D", MPI_C_DOUBLE_COMPLEX}, {"G", MPI_C_LONG_DOUBLE_COMPLEX},
    {"b1", MPI_C_BOOL}, {"i1", MPI_INT8_T}, {"i2", MPI_INT16_T}, {"i4", MPI_INT32_T},
    {"i8", MPI_INT64_T}, {"u1", MPI_UINT8_T}, {"u2", MPI_UINT16_T}, {"u4", MPI_UINT32_T},
    {"u8", MPI_UINT64_T}, {"f4", MPI_FLOAT}, {"f8", MPI_DOUBLE}, {"f16", MPI_LONG_DOUBLE},
    {"c8", MPI_C_FLOAT_COMPLEX}, {"c16", MPI_C_DOUBLE_COMPLEX},
    {"c32", MPI_C_LONG_DOUBLE_COMPLEX}, {"n", MPI_COUNT}, {"N", MPI_UNSIGNED_LONG},
    {"p", MPI_AINT}, {"P", MPI_UNSIGNED_LONG}, {"c", MPI_CHAR}, {"a", MPI_CHAR}, {"S", MPI_CHAR},
    {"S1", MPI_CHAR}, {"s", MPI_CHAR}, {"1s", MPI_CHAR}, {"U", MPI_WCHAR}, {"U1", MPI_WCHAR},
    {"u", MPI_UINT16_T}, {"1u", MPI_UINT16_T}, {"w", MPI_WCHAR}, {"1w", MPI_WCHAR},
    {"M", MPI_INT64_T}, {"M8", MPI_INT64_T}, {"m", MPI_INT64_T}, {"m8", MPI_INT64_T},
};
// clang-format on

enum {
    TYPE_ROWS = sizeof(type_rows) / sizeof(type_rows[0]),
    CODE_ROWS = sizeof(code_rows) / sizeof(code_rows[0]),
};

// helpers

bool
datatype_arg(struct state *st, const struct params *p, int index, PyObject *arg, MPI_Datatype *type)
{
    struct handle *h = NULL;
    if (!handle_arg(st, CLASS_DATATYPE, p, index, arg, &h))
        return false;
    if (h != NULL)
        *type = h->u.datatype;
    return true;
}

bool
datatype_from_code(const char *code, MPI_Datatype *type)
{
    for (int i = 0; i < CODE_ROWS; i++) {
        if (strcmp(code_rows[i].code, code) == 0) {
            *type = code_rows[i].type;
            return true;
        }
    }
    return false;
}

bool
datatype_from(struct state *st, const char *func, PyObject *object, MPI_Datatype *type)
{
    if (PyObject_TypeCheck(object, st->types[CLASS_DATATYPE])) {
        *type = handle_of(object)->u.datatype;
        return true;
    }
    const char *code = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, NULL) : NULL;
    if (code != NULL && datatype_from_code(code, type))
        return true;
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_KeyError,
                     "%s(): cannot map %R to an MPI datatype: give one of MPI.DOUBLE, MPI.INT, ... "
                     "or a code such as 'd' or 'i4'",
                     func, object);
    return false;
}

PyObject *
datatype_borrowed(struct state *st, MPI_Datatype type)
{
    struct handle *h = handle_alloc(st, st->types[CLASS_DATATYPE], CLASS_DATATYPE);
    if (h != NULL)
        h->u.datatype = type;
    return (PyObject *)h;
}

bool
datatype_extent(struct state *st, MPI_Datatype type, MPI_Count *lb, MPI_Count *extent)
{
    return check(st, MPI_Type_get_extent_c(type, lb, extent));
}

/* How a type was made: the constructor, and how many arguments of each kind it was given. */
struct envelope {
    MPI_Count ints, addresses, counts, types;
    int combiner;
};

static bool
envelope_get(PyObject *self, struct envelope *e)
{
    return check(state_of(self),
                 MPI_Type_get_envelope_c(handle_of(self)->u.datatype, &e->ints, &e->addresses,
                                         &e->counts, &e->types, &e->combiner));
}

// The type that a duplicate was made of: a new reference to its object, NULL where there is none
// (perhaps with an exception).
static PyObject *
duplicate_origin(PyObject *self)
{
    struct envelope e;
    MPI_Datatype origin = MPI_DATATYPE_NULL;
    if (!envelope_get(self, &e) || e.combiner != MPI_COMBINER_DUP ||
        !check(state_of(self), MPI_Type_get_contents_c(handle_of(self)->u.datatype, 0, 0, 0, 1,
                                                       NULL, NULL, NULL, &origin)))
        return NULL;
    return datatype_borrowed(state_of(self), origin);
}

// Forgets an origin: MPI made a handle of its own for one that is not predefined.
static void
origin_drop(PyObject *origin)
{
    if (origin != NULL && !handle_is_predefined(handle_of(origin)))
        MPI_Type_free(&handle_of(origin)->u.datatype);
    Py_XDECREF(origin);
}

// The row of a predefined type, or of the one that a duplicate stands for; NULL for any other.
static const struct type_row *
type_row_of(PyObject *self)
{
    for (int i = 0; i < TYPE_ROWS; i++)
        if (type_rows[i].type == handle_of(self)->u.datatype)
            return &type_rows[i];
    PyObject *origin = duplicate_origin(self);
    PyErr_Clear();
    const struct type_row *row = origin == NULL ? NULL : type_row_of(origin);
    origin_drop(origin);
    return row;
}

// methods

static PyObject *
datatype_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return handle_new(type, args, kwargs, CLASS_DATATYPE);
}

static PyObject *
datatype_fromhandle(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return handle_from_number(cls, args, nargs, kwnames, CLASS_DATATYPE, NULL);
}

static PyObject *
datatype_dup(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *made = handle_alloc(state_of(self), Py_TYPE(self), CLASS_DATATYPE);
    if (made != NULL &&
        !check(made->st, MPI_Type_dup(handle_of(self)->u.datatype, &made->u.datatype)))
        Py_CLEAR(made);
    return (PyObject *)made;
}

static PyObject *
datatype_free(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct handle *h = handle_of(self);
    MPI_Datatype type = h->u.datatype;
    if (!check(h->st, MPI_Type_free(&type)))
        return NULL;
    if ((h->flags & HANDLE_CONST) == 0)
        h->u.datatype = type;
    Py_RETURN_NONE;
}

static PyObject *
datatype_free_safely(PyObject *self, PyObject *unused)
{
    if (handle_can_free(handle_of(self)))
        return datatype_free(self, unused);
    Py_RETURN_NONE;
}

static PyObject *
datatype_match_size(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Match_size", 2, 2, {"typeclass", "size"}};
    PyObject *arg[2];
    int class = 0, size = 0;
    MPI_Datatype type = MPI_DATATYPE_NULL;
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg) ||
        !int_arg(&params, 0, arg[0], &class) || !int_arg(&params, 1, arg[1], &size) ||
        !check(st, MPI_Type_match_size(class, size, &type)))
        return NULL;
    return datatype_borrowed(st, type);
}

static PyObject *
datatype_get_envelope(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct envelope e;
    if (!envelope_get(self, &e))
        return NULL;
    return Py_BuildValue("(LLLLi)", (long long)e.ints, (long long)e.addresses, (long long)e.counts,
                         (long long)e.types, e.combiner);
}

// What a type was made of. Only duplicates have contents: no other constructor is there.
static PyObject *
datatype_get_contents(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *origin = duplicate_origin(self);
    if (origin == NULL && !PyErr_Occurred())
        raise_code(state_of(self), MPI_ERR_TYPE);
    return origin == NULL ? NULL : Py_BuildValue("([][][][N])", origin);
}

static PyObject *
datatype_get_size(PyObject *self, PyObject *unused)
{
    (void)unused;
    MPI_Count size = 0;
    if (!check(state_of(self), MPI_Type_size_c(handle_of(self)->u.datatype, &size)))
        return NULL;
    return PyLong_FromLongLong(size);
}

static PyObject *
datatype_get_extent(PyObject *self, PyObject *unused)
{
    (void)unused;
    MPI_Count lb = 0, extent = 0;
    if (!datatype_extent(state_of(self), handle_of(self)->u.datatype, &lb, &extent))
        return NULL;
    return Py_BuildValue("LL", (long long)lb, (long long)extent);
}

static PyObject *
datatype_get_true_extent(PyObject *self, PyObject *unused)
{
    (void)unused;
    MPI_Count lb = 0, extent = 0;
    if (!check(state_of(self),
               MPI_Type_get_true_extent_c(handle_of(self)->u.datatype, &lb, &extent)))
        return NULL;
    return Py_BuildValue("LL", (long long)lb, (long long)extent);
}

static PyObject *
datatype_get_name(PyObject *self, PyObject *unused)
{
    (void)unused;
    char name[MPI_MAX_OBJECT_NAME + 1];
    int length = 0;
    if (!check(state_of(self), MPI_Type_get_name(handle_of(self)->u.datatype, name, &length)))
        return NULL;
    return PyUnicode_DecodeUTF8(name, length, "replace");
}

static PyObject *
datatype_decode(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *origin = duplicate_origin(self);
    if (origin != NULL)
        return Py_BuildValue("(Ns{})", origin, "DUP");
    return PyErr_Occurred() ? NULL : Py_BuildValue("(Os{})", self, "NAMED");
}

static bool
datatype_name(PyObject *self, PyObject *value)
{
    static const struct params params = {"Set_name", 1, 1, {"name"}};
    const char *name = NULL;
    return string_arg(&params, 0, value, &name) &&
           check(state_of(self), MPI_Type_set_name(handle_of(self)->u.datatype, name));
}

static PyObject *
datatype_set_name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Set_name", 1, 1, {"name"}};
    PyObject *arg[1];
    if (!params_bind(&params, args, nargs, kwnames, arg) || !datatype_name(self, arg[0]))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
datatype_commit(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (!check(state_of(self), MPI_Type_commit(&handle_of(self)->u.datatype)))
        return NULL;
    return Py_NewRef(self);
}

static PyObject *
datatype_tocode(PyObject *self, PyObject *unused)
{
    (void)unused;
    const struct type_row *row = type_row_of(self);
    if (row != NULL && row->code[0] != 0)
        return PyUnicode_FromString(row->code);
    PyErr_SetString(PyExc_ValueError, "cannot map to character code or type string");
    return NULL;
}

static PyObject *
datatype_fromcode(PyObject *cls, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"fromcode", 1, 1, {"code"}};
    PyObject *arg[1];
    struct state *st = state_of_type((PyTypeObject *)cls);
    if (st == NULL || !params_bind(&params, args, nargs, kwnames, arg))
        return NULL;
    const char *code = PyUnicode_Check(arg[0]) ? PyUnicode_AsUTF8AndSize(arg[0], NULL) : NULL;
    MPI_Datatype type;
    if (code == NULL || !datatype_from_code(code, &type)) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "cannot map code %R to MPI datatype", arg[0]);
        return NULL;
    }
    return datatype_borrowed(st, type);
}

static PyObject *
extent_part(PyObject *self, bool is_true, int part)
{
    PyObject *pair =
        is_true ? datatype_get_true_extent(self, NULL) : datatype_get_extent(self, NULL);
    if (pair == NULL)
        return NULL;
    PyObject *lb = PyTuple_GetItem(pair, 0), *extent = PyTuple_GetItem(pair, 1);
    PyObject *value = part == 2 ? PyNumber_Add(lb, extent) : Py_NewRef(part == 0 ? lb : extent);
    Py_DECREF(pair);
    return value;
}

// The closure of an extent getter: part (0 lb, 1 extent, 2 ub), plus 4 for the true one.
static PyObject *
datatype_extent_property(PyObject *self, void *closure)
{
    uintptr_t which = (uintptr_t)closure;
    return extent_part(self, which >= 4, (int)(which % 4));
}

static PyObject *
datatype_size_property(PyObject *self, void *closure)
{
    (void)closure;
    return datatype_get_size(self, NULL);
}

static PyObject *
datatype_name_property(PyObject *self, void *closure)
{
    (void)closure;
    return datatype_get_name(self, NULL);
}

static int
datatype_set_name_property(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL) {
        PyErr_SetString(PyExc_NotImplementedError, "the name of a datatype cannot be deleted");
        return -1;
    }
    return datatype_name(self, value) ? 0 : -1;
}

static PyObject *
datatype_envelope_property(PyObject *self, void *closure)
{
    (void)closure;
    return datatype_get_envelope(self, NULL);
}

static PyObject *
datatype_contents_property(PyObject *self, void *closure)
{
    (void)closure;
    return datatype_get_contents(self, NULL);
}

static PyObject *
datatype_combiner_property(PyObject *self, void *closure)
{
    (void)closure;
    struct envelope e;
    return envelope_get(self, &e) ? PyLong_FromLong(e.combiner) : NULL;
}

static PyObject *
datatype_predefined_property(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(handle_is_predefined(handle_of(self)));
}

static PyObject *
datatype_typechar_property(PyObject *self, void *closure)
{
    (void)closure;
    const struct type_row *row = type_row_of(self);
    return PyUnicode_FromString(row == NULL ? "V" : row->typechar);
}

static PyObject *
datatype_typestr_property(PyObject *self, void *closure)
{
    (void)closure;
    const struct type_row *row = type_row_of(self);
    if (row != NULL)
        return PyUnicode_FromString(row->typestr);
    PyObject *extent = extent_part(self, false, 1);
    if (extent == NULL)
        return NULL;
    PyObject *text = PyUnicode_FromFormat("V%S", extent);
    Py_DECREF(extent);
    return text;
}

// A duplicate is made again where it is unpickled.
static PyObject *
datatype_reduce(PyObject *self, PyObject *unused)
{
    PyObject *origin = handle_is_predefined(handle_of(self)) ? NULL : duplicate_origin(self);
    PyErr_Clear();
    if (origin == NULL)
        return handle_reduce(self, unused);
    PyObject *dup = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "Dup");
    if (dup == NULL)
        Py_CLEAR(origin);
    return dup == NULL ? NULL : Py_BuildValue("(N(N))", dup, origin);
}

static PyMethodDef datatype_methods[] = {
    CLASS_METHOD("fromhandle", datatype_fromhandle,
                 "fromhandle($cls, handle)\n--\n\nObject for an MPI handle."),
    {"Dup", datatype_dup, METH_NOARGS, "Dup($self)\n--\n\nAnother such type (MPI 5.1.10)."},
    {"Create_dup", datatype_dup, METH_NOARGS, "Create_dup($self)\n--\n\nThe same as Dup."},
    {"Free", datatype_free, METH_NOARGS, "Free($self)\n--\n\nFree a type (MPI 5.1.9)."},
    {"free", datatype_free_safely, METH_NOARGS,
     "free($self)\n--\n\nCall Free if not null or predefined."},
    CLASS_METHOD("Match_size", datatype_match_size,
                 "Match_size($cls, typeclass, size)\n--\n\n"
                 "Predefined type of a TYPECLASS_ and a size in bytes (MPI 19.1.5)."),
    {"Get_envelope", datatype_get_envelope, METH_NOARGS,
     "Get_envelope($self)\n--\n\n"
     "(integers, addresses, counts, datatypes, combiner): how it was made (MPI 5.1.13)."},
    {"Get_contents", datatype_get_contents, METH_NOARGS,
     "Get_contents($self)\n--\n\n"
     "Lists of the integers, addresses, counts, datatypes it was made of (MPI 5.1.13)."},
    {"decode", datatype_decode, METH_NOARGS,
     "decode($self)\n--\n\n(datatype, combiner's name, parameters): how it was made."},
    METHOD("Set_name", datatype_set_name,
           "Set_name($self, name)\n--\n\nChange the name of the type (MPI 7.8)."),
    {"Get_size", datatype_get_size, METH_NOARGS,
     "Get_size($self)\n--\n\nBytes of data in one entry (MPI 5.1.9)."},
    {"Get_extent", datatype_get_extent, METH_NOARGS,
     "Get_extent($self)\n--\n\nLower bound and extent of one entry, in bytes (MPI 5.1.7)."},
    {"Get_true_extent", datatype_get_true_extent, METH_NOARGS,
     "Get_true_extent($self)\n--\n\nLower bound and extent without padding (MPI 5.1.8)."},
    {"Get_name", datatype_get_name, METH_NOARGS,
     "Get_name($self)\n--\n\nThe name of the type (MPI 7.8)."},
    {"Commit", datatype_commit, METH_NOARGS,
     "Commit($self)\n--\n\nMake the type ready for communication (MPI 5.1.9)."},
    {"tocode", datatype_tocode, METH_NOARGS,
     "tocode($self)\n--\n\nCharacter code or type string of a predefined type."},
    CLASS_METHOD("fromcode", datatype_fromcode,
                 "fromcode($cls, code)\n--\n\nType for a character code or a type string."),
    HANDLE_NUMBER_ROWS,
    {"__reduce__", datatype_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef datatype_getset[] = {
    HANDLE_GETSET_ROW,
    {"size", datatype_size_property, NULL, "Bytes of data in one entry.", NULL},
    {"extent", datatype_extent_property, NULL, "Extent in bytes.", (void *)1},
    {"lb", datatype_extent_property, NULL, "Lower bound in bytes.", (void *)0},
    {"ub", datatype_extent_property, NULL, "Upper bound in bytes.", (void *)2},
    {"true_extent", datatype_extent_property, NULL, "True extent in bytes.", (void *)5},
    {"true_lb", datatype_extent_property, NULL, "True lower bound in bytes.", (void *)4},
    {"true_ub", datatype_extent_property, NULL, "True upper bound in bytes.", (void *)6},
    {"is_named", datatype_predefined_property, NULL, "Whether the standard names it.", NULL},
    {"is_predefined", datatype_predefined_property, NULL, "Whether it is predefined.", NULL},
    {"name", datatype_name_property, datatype_set_name_property, "Name of the type.", NULL},
    {"envelope", datatype_envelope_property, NULL, "How it was made.", NULL},
    {"contents", datatype_contents_property, NULL, "What it was made of.", NULL},
    {"combiner", datatype_combiner_property, NULL, "The constructor that made it.", NULL},
    {"typechar", datatype_typechar_property, NULL, "Character code.", NULL},
    {"typestr", datatype_typestr_property, NULL, "Type string.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef datatype_members[] = {HANDLE_WEAK_ROW, {NULL, 0, 0, 0, NULL}};

static PyType_Slot datatype_slots[] = {
    {Py_tp_doc, "Datatype(datatype=None)\n--\n\nWhat the entries of a message are."},
    {Py_tp_new, datatype_new},
    {Py_tp_dealloc, handle_dealloc},
    {Py_tp_richcompare, handle_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_nb_bool, handle_bool},
    {Py_tp_methods, datatype_methods},
    {Py_tp_getset, datatype_getset},
    {Py_tp_members, datatype_members},
    {0, NULL},
};

static PyType_Spec datatype_spec = {
    .name = "mpi4py.MPI.Datatype",
    .basicsize = sizeof(struct handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = datatype_slots,
};

// The dictionaries from codes to types that client programs look into.
static bool
datatype_add_dicts(struct state *st, PyObject *module)
{
    PyObject *all = PyDict_New();
    bool done = all != NULL;
    for (int i = 0; done && i < CODE_ROWS; i++) {
        PyObject *type = datatype_borrowed(st, code_rows[i].type);
        done = type != NULL && PyDict_SetItemString(all, code_rows[i].code, type) == 0;
        Py_XDECREF(type);
    }
    done = done && PyModule_AddObjectRef(module, "_typedict", all) == 0;
    Py_XDECREF(all);
    return done;
}

bool
datatype_add_type(struct state *st, PyObject *module)
{
    PyTypeObject *type = module_add_type(module, &datatype_spec, NULL, "Datatype");
    st->types[CLASS_DATATYPE] = type;
    if (type == NULL)
        return false;
    for (int i = 0; i < TYPE_ROWS; i++) {
        union mpi_handle value = {.bits = 0};
        value.datatype = type_rows[i].type;
        if (!handle_add_predefined(st, module, type, CLASS_DATATYPE, value, type_rows[i].name))
            return false;
    }
    return datatype_add_dicts(st, module);
}
