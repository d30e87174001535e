// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Reduction operations on one process (MPI 5.0, 6.9): which types each takes, results through the
 * handles of every C type, users' operations, mistakes. (src/op/kernels_test.c
 * has all the loops.) */
#include "errors.h"

#include <complex.h>
#include <stdbool.h>
#include <string.h>

#define REDUCE(ctype, type, op, x, y, expected)                                                    \
    do {                                                                                           \
        ctype in[3] = {x, x, x}, inout[3] = {y, y, y};                                             \
        int code = MPI_Reduce_local(in, inout, 3, type, op);                                       \
        CHECK(code == MPI_SUCCESS, "%s %s: %d", #op, #type, code);                                 \
        CHECK(inout[0] == (expected) && inout[2] == (expected), "%s %s", #op, #type);              \
    } while (0)

#define INTEGER(ctype, type)                                                                       \
    REDUCE(ctype, type, MPI_MAX, 3, 7, 7);                                                         \
    REDUCE(ctype, type, MPI_MIN, 3, 7, 3);                                                         \
    REDUCE(ctype, type, MPI_SUM, 3, 7, 10);                                                        \
    REDUCE(ctype, type, MPI_PROD, 3, 7, 21);                                                       \
    REDUCE(ctype, type, MPI_BAND, 3, 6, 2);                                                        \
    REDUCE(ctype, type, MPI_BOR, 3, 6, 7);                                                         \
    REDUCE(ctype, type, MPI_BXOR, 3, 6, 5)
#define LOGICAL(ctype, type)                                                                       \
    REDUCE(ctype, type, MPI_LAND, 1, 0, 0);                                                        \
    REDUCE(ctype, type, MPI_LAND, 1, 1, 1);                                                        \
    REDUCE(ctype, type, MPI_LOR, 1, 0, 1);                                                         \
    REDUCE(ctype, type, MPI_LXOR, 1, 1, 0)
#define FLOAT(ctype, type)                                                                         \
    REDUCE(ctype, type, MPI_MAX, -1.5, -0.5, (ctype)-0.5);                                         \
    REDUCE(ctype, type, MPI_MIN, -1.5, -0.5, (ctype)-1.5);                                         \
    REDUCE(ctype, type, MPI_SUM, 1.5, 0.25, (ctype)1.75);                                          \
    REDUCE(ctype, type, MPI_PROD, 1.5, 0.25, (ctype)0.375)
#define COMPLEX(ctype, type)                                                                       \
    REDUCE(ctype, type, MPI_SUM, 1 + 2 * I, 3 - I, (ctype)(4 + I));                                \
    REDUCE(ctype, type, MPI_PROD, 1 + 2 * I, 3 - I, (ctype)(5 + 5 * I))

static void
integers(void)
{
    INTEGER(char, MPI_CHAR); // as other MPIs
    INTEGER(signed char, MPI_SIGNED_CHAR);
    INTEGER(short, MPI_SHORT);
    INTEGER(int, MPI_INT);
    INTEGER(long, MPI_LONG);
    INTEGER(long long, MPI_LONG_LONG);
    INTEGER(unsigned char, MPI_UNSIGNED_CHAR);
    INTEGER(unsigned short, MPI_UNSIGNED_SHORT);
    INTEGER(unsigned, MPI_UNSIGNED);
    INTEGER(unsigned long, MPI_UNSIGNED_LONG);
    INTEGER(unsigned long long, MPI_UNSIGNED_LONG_LONG);
    INTEGER(int8_t, MPI_INT8_T);
    INTEGER(int16_t, MPI_INT16_T);
    INTEGER(int32_t, MPI_INT32_T);
    INTEGER(int64_t, MPI_INT64_T);
    INTEGER(uint8_t, MPI_UINT8_T);
    INTEGER(uint16_t, MPI_UINT16_T);
    INTEGER(uint32_t, MPI_UINT32_T);
    INTEGER(uint64_t, MPI_UINT64_T);
    INTEGER(int, MPI_INTEGER);
    INTEGER(int8_t, MPI_INTEGER1);
    INTEGER(int16_t, MPI_INTEGER2);
    INTEGER(int32_t, MPI_INTEGER4);
    INTEGER(int64_t, MPI_INTEGER8);
    INTEGER(MPI_Aint, MPI_AINT);
    INTEGER(MPI_Offset, MPI_OFFSET);
    INTEGER(MPI_Count, MPI_COUNT);
    REDUCE(int, MPI_INT, MPI_MIN, -3, 7, -3);
    REDUCE(unsigned, MPI_UNSIGNED, MPI_MAX, 0xfffffffdu, 7, 0xfffffffdu);
    REDUCE(unsigned char, MPI_BYTE, MPI_BXOR, 0xf0, 0xff, 0x0f);
}

static void
others(void)
{
    LOGICAL(int, MPI_INT);
    LOGICAL(uint64_t, MPI_UINT64_T);
    LOGICAL(bool, MPI_C_BOOL);
    LOGICAL(bool, MPI_CXX_BOOL);
    LOGICAL(int, MPI_LOGICAL);
    LOGICAL(int8_t, MPI_LOGICAL1);
    LOGICAL(int16_t, MPI_LOGICAL2);
    LOGICAL(int32_t, MPI_LOGICAL4);
    LOGICAL(int64_t, MPI_LOGICAL8);
    FLOAT(float, MPI_FLOAT);
    FLOAT(double, MPI_DOUBLE);
    FLOAT(long double, MPI_LONG_DOUBLE);
    FLOAT(float, MPI_REAL);
    FLOAT(float, MPI_REAL4);
    FLOAT(double, MPI_REAL8);
    FLOAT(double, MPI_DOUBLE_PRECISION);
    COMPLEX(float complex, MPI_C_COMPLEX);
    COMPLEX(float complex, MPI_C_FLOAT_COMPLEX);
    COMPLEX(double complex, MPI_C_DOUBLE_COMPLEX);
    COMPLEX(long double complex, MPI_C_LONG_DOUBLE_COMPLEX);
    COMPLEX(float complex, MPI_CXX_FLOAT_COMPLEX);
    COMPLEX(double complex, MPI_CXX_DOUBLE_COMPLEX);
    COMPLEX(long double complex, MPI_CXX_LONG_DOUBLE_COMPLEX);
    COMPLEX(float complex, MPI_COMPLEX);
    COMPLEX(double complex, MPI_DOUBLE_COMPLEX);
    COMPLEX(float complex, MPI_COMPLEX8);
    COMPLEX(double complex, MPI_COMPLEX16);
}

#define LOC(value_type, index_type, type)                                                          \
    do {                                                                                           \
        struct {                                                                                   \
            value_type value;                                                                      \
            index_type index;                                                                      \
        } in[3] = {{1, 5}, {4, 2}, {9, 8}}, out[3] = {{2, 1}, {4, 7}, {3, 0}}, most[3];            \
        memcpy(most, out, sizeof out);                                                             \
        CHECK(MPI_Reduce_local(in, out, 3, type, MPI_MINLOC) == MPI_SUCCESS, "%s", #type);         \
        CHECK(out[0].value == 1 && out[0].index == 5, "%s", #type);                                \
        CHECK(out[1].value == 4 && out[1].index == 2, "%s", #type);                                \
        CHECK(out[2].value == 3 && out[2].index == 0, "%s", #type);                                \
        CHECK(MPI_Reduce_local(in, most, 3, type, MPI_MAXLOC) == MPI_SUCCESS, "%s", #type);        \
        CHECK(most[0].value == 2 && most[0].index == 1, "%s", #type);                              \
        CHECK(most[1].value == 4 && most[1].index == 2, "%s", #type);                              \
        CHECK(most[2].value == 9 && most[2].index == 8, "%s", #type);                              \
    } while (0)

static void
locations(void)
{
    LOC(float, int, MPI_FLOAT_INT);
    LOC(double, int, MPI_DOUBLE_INT);
    LOC(long, int, MPI_LONG_INT);
    LOC(int, int, MPI_2INT);
    LOC(short, int, MPI_SHORT_INT);
    LOC(long double, int, MPI_LONG_DOUBLE_INT);
    LOC(float, float, MPI_2REAL);
    LOC(double, double, MPI_2DOUBLE_PRECISION);
    LOC(int, int, MPI_2INTEGER);
}

static const struct refusal {
    MPI_Op op;
    MPI_Datatype type;
    const char *text;
} refusals[] = {
    {MPI_BAND, MPI_DOUBLE, "MPI_BAND does not take the datatype MPI_DOUBLE"},
    {MPI_LAND, MPI_FLOAT, "MPI_LAND does not take the datatype MPI_FLOAT"},
    {MPI_LAND, MPI_INTEGER, "MPI_LAND does not take the datatype MPI_INTEGER"},
    {MPI_MAX, MPI_C_DOUBLE_COMPLEX, "MPI_MAX does not take the datatype MPI_C_DOUBLE_COMPLEX"},
    {MPI_MAX, MPI_LOGICAL, "MPI_MAX does not take the datatype MPI_LOGICAL"},
    {MPI_SUM, MPI_WCHAR, "MPI_SUM does not take the datatype MPI_WCHAR"},
    {MPI_SUM, MPI_C_BOOL, "MPI_SUM does not take the datatype MPI_C_BOOL"},
    {MPI_SUM, MPI_BYTE, "MPI_SUM does not take the datatype MPI_BYTE"},
    {MPI_SUM, MPI_PACKED, "MPI_SUM does not take the datatype MPI_PACKED"},
    {MPI_SUM, MPI_DOUBLE_INT, "MPI_SUM does not take the datatype MPI_DOUBLE_INT"},
    {MPI_MAXLOC, MPI_DOUBLE, "MPI_MAXLOC does not take the datatype MPI_DOUBLE"},
    {MPI_REPLACE, MPI_INT, "MPI_REPLACE is for one-sided communication only"},
    {MPI_NO_OP, MPI_INT, "MPI_NO_OP is for one-sided communication only"},
};

static void
refused(void)
{
    char in[64] = {0}, inout[64] = {0}, text[MPI_MAX_ERROR_STRING], expected[200];
    int length;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        int code = MPI_Reduce_local(in, inout, 1, r->type, r->op);
        snprintf(expected, sizeof expected, "MPI_ERR_OP: MPI_Reduce_local: %s", r->text);
        MPI_Error_string(code, text, &length);
        CHECK(class_of(code) == MPI_ERR_OP && strcmp(text, expected) == 0, "'%s'", text);
    }
}

/* ---- users' operations ---- */

static int calls;
static MPI_Datatype seen;

// In the order of the arguments: in first.
static void
subtract(void *in, void *inout, int *n, MPI_Datatype *type)
{
    const int *a = in;
    int *b = inout, size;
    MPI_Aint lb, extent;
    MPI_Type_size(*type, &size); // MPI may be called here
    MPI_Type_get_extent(*type, &lb, &extent);
    CHECK(size == 4 && extent == 4, "size %d", size);
    calls++;
    seen = *type;
    for (int i = 0; i < *n; i++)
        b[i] = a[i] - b[i];
    *n = 0; // ours alone
}

static void
subtract_c(void *in, void *inout, MPI_Count *n, MPI_Datatype *type)
{
    const int *a = in;
    int *b = inout;
    calls++;
    seen = *type;
    for (MPI_Count i = 0; i < *n; i++)
        b[i] = a[i] - b[i];
}

static void
count_only(void *in, void *inout, int *n, MPI_Datatype *type)
{
    (void)in, (void)inout, (void)type;
    calls += *n / 1000000;
}

static void
users(void)
{
    int in[3] = {10, 20, 30}, inout[3] = {1, 2, 3}, commute = -1;
    MPI_Op op;
    calls = 0;
    MPI_Op_create(subtract, 0, &op);
    MPI_Op_commutative(op, &commute);
    CHECK(commute == 0, " ");
    MPI_Reduce_local(in, inout, 3, MPI_INT, op);
    CHECK(calls == 1 && seen == MPI_INT && inout[0] == 9 && inout[2] == 27, "%d", inout[0]);
    MPI_Op copy = op;
    MPI_Op_free(&op);
    CHECK(op == MPI_OP_NULL, " ");
    CHECK(class_of(MPI_Reduce_local(in, inout, 3, MPI_INT, copy)) == MPI_ERR_OP, " ");
    CHECK(class_of(MPI_Op_free(&copy)) == MPI_ERR_OP, " ");

    MPI_Datatype type;
    MPI_Type_dup(MPI_INT, &type);
    MPI_Op_create_c(subtract_c, 7, &op);
    MPI_Op_commutative(op, &commute);
    CHECK(commute == 1, " ");
    MPI_Reduce_local_c(in, inout, 3, type, op);
    CHECK(calls == 2 && seen == type && inout[0] == 1 && inout[2] == 3, "%d", inout[0]);
    MPI_Op_free(&op);
    MPI_Type_free(&type);

    // More elements than an int counts, in pieces; the buffers are not touched.
    MPI_Op_create(count_only, 1, &op);
    calls = 0;
    MPI_Reduce_local_c(in, inout, 5000000000, MPI_BYTE, op);
    CHECK(calls == 4999, "%d million", calls);
    MPI_Op_free(&op);
}

static void
commutative(void)
{
    static const MPI_Op ops[] = {MPI_SUM,  MPI_MIN, MPI_MAX,  MPI_PROD,   MPI_BAND,   MPI_BOR,
                                 MPI_BXOR, MPI_LOR, MPI_LXOR, MPI_MINLOC, MPI_MAXLOC, MPI_LAND};
    int commute;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        MPI_Op_commutative(ops[i], &commute);
        CHECK(commute == 1, "%zu", i);
    }
    MPI_Op_commutative(MPI_REPLACE, &commute);
    CHECK(commute == 0, " ");
}

static void
mistakes(void)
{
    int in[2] = {0}, inout[2] = {0};
    MPI_Op op = MPI_SUM;
    CHECK(class_of(MPI_Op_free(&op)) == MPI_ERR_OP && op == MPI_SUM, " ");
    op = MPI_OP_NULL;
    CHECK(class_of(MPI_Op_free(&op)) == MPI_ERR_OP, " ");
    CHECK(class_of(MPI_Op_create(NULL, 1, &op)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Op_create(subtract, 1, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Op_commutative(MPI_OP_NULL, in)) == MPI_ERR_OP, " ");
    CHECK(class_of(MPI_Reduce_local(in, inout, -1, MPI_INT, MPI_SUM)) == MPI_ERR_COUNT, " ");
    CHECK(class_of(MPI_Reduce_local(in, in, 1, MPI_INT, MPI_SUM)) == MPI_ERR_BUFFER, " ");
    CHECK(class_of(MPI_Reduce_local(NULL, in, 1, MPI_INT, MPI_SUM)) == MPI_ERR_BUFFER, " ");
    CHECK(class_of(MPI_Reduce_local(MPI_IN_PLACE, in, 1, MPI_INT, MPI_SUM)) == MPI_ERR_BUFFER, " ");
    CHECK(class_of(MPI_Reduce_local(in, inout, 1, MPI_DATATYPE_NULL, MPI_SUM)) == MPI_ERR_TYPE,
          " ");
    CHECK(class_of(MPI_Reduce_local(in, inout, 1, MPI_INT, (MPI_Op)MPI_INT)) == MPI_ERR_OP, " ");
    CHECK(class_of(MPI_Reduce_local(in, inout, 1, MPI_INT, (MPI_Op)0x3f)) == MPI_ERR_OP, " ");
    CHECK(MPI_Reduce_local(NULL, NULL, 0, MPI_INT, MPI_SUM) == MPI_SUCCESS, " ");
}

int
main(int argc, char **argv)
{
    int provided; // with threads the lock is real: a user's function must be able to call MPI
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    integers();
    others();
    locations();
    refused();
    users();
    commutative();
    mistakes();
    MPI_Finalize();
    return 0;
}
