// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The predefined datatypes (MPI 5.0, 3.2.2, 6.9.2 and appendix A.1.1). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "op/basic.h"
#include "type/type.h"

#include <complex.h>
#include <limits.h>
#include <wchar.h>

#define FIRST 0x200 // MPI_DATATYPE_NULL
#define ROOM  0x100

// Types that a C compiler need not have, by their sizes; op/ knows how to compute with them.
struct two {
    _Alignas(2) char bytes[2];
};
struct sixteen {
    _Alignas(16) char bytes[16];
};
struct thirty_two {
    _Alignas(16) char bytes[32];
};

// Pairs of a value and an index (6.9.4).
struct float_int {
    float value;
    int index;
};
struct double_int {
    double value;
    int index;
};
struct long_int {
    long value;
    int index;
};
struct short_int {
    short value;
    int index;
};
struct long_double_int {
    long double value;
    int index;
};

static struct type_info short_int_info = {
    .form = LAYOUT_RUNS,
    .size = sizeof(short) + sizeof(int),
    .pieces = 2,
    .count = 2,
    .length = 1,
    .runs = (const struct layout_run[]){{0, 0},
                                        {offsetof(struct short_int, index), sizeof(short)},
                                        {0, sizeof(short) + sizeof(int)}},
};

// One piece, and room behind it.
#define ONE_PIECE(pair)                                                                            \
    {                                                                                              \
        .size = offsetof(pair, index) + sizeof(int), .pieces = 1, .count = 1,                      \
        .length = offsetof(pair, index) + sizeof(int)                                              \
    }
static struct type_info double_int_info = ONE_PIECE(struct double_int);
static struct type_info long_int_info = ONE_PIECE(struct long_int);
static struct type_info long_double_int_info = ONE_PIECE(struct long_double_int);

#define ROW(handle_, label_, ctype, basic_, size_, ...)                                            \
    [(uintptr_t)(handle_)-FIRST] = {.refs = 1,                                                     \
                                    .predefined = true,                                            \
                                    .committed = true,                                             \
                                    .compiled = true,                                              \
                                    .basic = (basic_),                                             \
                                    .size = (size_),                                               \
                                    .extent = sizeof(ctype),                                       \
                                    .alignment = _Alignof(ctype),                                  \
                                    .label = (label_),                                             \
                                    .handle = (handle_),                                           \
                                    .uniform = &types[(uintptr_t)(handle_)-FIRST],                 \
                                    __VA_ARGS__}
#define PLAIN(handle, ctype, basic)                                                                \
    ROW(handle, #handle, ctype, basic, sizeof(ctype), .contiguous = true,                          \
        .true_extent = sizeof(ctype), .elements = 1)
// Without holes, but of two elements.
#define PAIR(handle, ctype, basic)                                                                 \
    ROW(handle, #handle, ctype, basic, sizeof(ctype), .contiguous = true,                          \
        .true_extent = sizeof(ctype), .elements = 2)
#define HOLES(handle, name, basic)                                                                 \
    ROW(handle, #handle, struct name, basic,                                                       \
        (MPI_Count)(sizeof(((struct name *)0)->value) + sizeof(int)),                              \
        .true_extent = offsetof(struct name, index) + sizeof(int), .info = &name##_info,           \
        .elements = 2)

static struct type types[ROOM] = {
    PLAIN(MPI_AINT, MPI_Aint, BASIC_COUNT),
    PLAIN(MPI_COUNT, MPI_Count, BASIC_COUNT),
    PLAIN(MPI_OFFSET, MPI_Offset, BASIC_COUNT),
    PLAIN(MPI_PACKED, char, BASIC_NONE),

    PLAIN(MPI_SHORT, short, BASIC_INT16),
    PLAIN(MPI_INT, int, BASIC_INT32),
    PLAIN(MPI_LONG, long, sizeof(long) == 8 ? BASIC_INT64 : BASIC_INT32),
    PLAIN(MPI_LONG_LONG_INT, long long, BASIC_INT64),
    PLAIN(MPI_UNSIGNED_SHORT, unsigned short, BASIC_UINT16),
    PLAIN(MPI_UNSIGNED, unsigned, BASIC_UINT32),
    PLAIN(MPI_UNSIGNED_LONG, unsigned long, sizeof(long) == 8 ? BASIC_UINT64 : BASIC_UINT32),
    PLAIN(MPI_UNSIGNED_LONG_LONG, unsigned long long, BASIC_UINT64),
    PLAIN(MPI_FLOAT, float, BASIC_FLOAT4),
    PLAIN(MPI_C_COMPLEX, float complex, BASIC_COMPLEX8),
    PLAIN(MPI_CXX_FLOAT_COMPLEX, float complex, BASIC_COMPLEX8),
    PLAIN(MPI_DOUBLE, double, BASIC_FLOAT8),
    PLAIN(MPI_C_DOUBLE_COMPLEX, double complex, BASIC_COMPLEX16),
    PLAIN(MPI_CXX_DOUBLE_COMPLEX, double complex, BASIC_COMPLEX16),
    PLAIN(MPI_LONG_DOUBLE, long double, BASIC_LONG_DOUBLE),
    PLAIN(MPI_C_LONG_DOUBLE_COMPLEX, long double complex, BASIC_COMPLEX_LONG_DOUBLE),
    PLAIN(MPI_CXX_LONG_DOUBLE_COMPLEX, long double complex, BASIC_COMPLEX_LONG_DOUBLE),
    PLAIN(MPI_C_BOOL, bool, BASIC_LOGICAL1),
    PLAIN(MPI_CXX_BOOL, bool, BASIC_LOGICAL1),
    PLAIN(MPI_WCHAR, wchar_t, BASIC_NONE),

    PLAIN(MPI_LOGICAL, int, BASIC_LOGICAL4),
    PLAIN(MPI_INTEGER, int, BASIC_INTEGER4),
    PLAIN(MPI_REAL, float, BASIC_FLOAT4),
    PLAIN(MPI_COMPLEX, float complex, BASIC_COMPLEX8),
    PLAIN(MPI_DOUBLE_PRECISION, double, BASIC_FLOAT8),
    PLAIN(MPI_DOUBLE_COMPLEX, double complex, BASIC_COMPLEX16),
    PLAIN(MPI_CHARACTER, char, BASIC_NONE),

    PAIR(MPI_FLOAT_INT, struct float_int, BASIC_FLOAT_INT),
    HOLES(MPI_DOUBLE_INT, double_int, BASIC_DOUBLE_INT),
    HOLES(MPI_LONG_INT, long_int, BASIC_LONG_INT),
    PAIR(MPI_2INT, int[2], BASIC_2INT),
    HOLES(MPI_SHORT_INT, short_int, BASIC_SHORT_INT),
    HOLES(MPI_LONG_DOUBLE_INT, long_double_int, BASIC_LONG_DOUBLE_INT),
    PAIR(MPI_2REAL, float[2], BASIC_2REAL),
    PAIR(MPI_2DOUBLE_PRECISION, double[2], BASIC_2DOUBLE),
    PAIR(MPI_2INTEGER, int[2], BASIC_2INT),

    PLAIN(MPI_INT8_T, int8_t, BASIC_INT8),
    PLAIN(MPI_UINT8_T, uint8_t, BASIC_UINT8),
    // 6.9.2 has no operation for it, but programs use some, and others take it.
    PLAIN(MPI_CHAR, char, CHAR_MIN < 0 ? BASIC_INT8 : BASIC_UINT8),
    PLAIN(MPI_SIGNED_CHAR, signed char, BASIC_INT8),
    PLAIN(MPI_UNSIGNED_CHAR, unsigned char, BASIC_UINT8),
    PLAIN(MPI_BYTE, unsigned char, BASIC_BYTE),
    PLAIN(MPI_INT16_T, int16_t, BASIC_INT16),
    PLAIN(MPI_UINT16_T, uint16_t, BASIC_UINT16),
    PLAIN(MPI_INT32_T, int32_t, BASIC_INT32),
    PLAIN(MPI_UINT32_T, uint32_t, BASIC_UINT32),
    PLAIN(MPI_INT64_T, int64_t, BASIC_INT64),
    PLAIN(MPI_UINT64_T, uint64_t, BASIC_UINT64),
    PLAIN(MPI_LOGICAL1, int8_t, BASIC_LOGICAL1),
    PLAIN(MPI_INTEGER1, int8_t, BASIC_INTEGER1),
    PLAIN(MPI_LOGICAL2, int16_t, BASIC_LOGICAL2),
    PLAIN(MPI_INTEGER2, int16_t, BASIC_INTEGER2),
    PLAIN(MPI_REAL2, struct two, BASIC_FLOAT2),
    PLAIN(MPI_LOGICAL4, int32_t, BASIC_LOGICAL4),
    PLAIN(MPI_INTEGER4, int32_t, BASIC_INTEGER4),
    PLAIN(MPI_REAL4, float, BASIC_FLOAT4),
    PLAIN(MPI_COMPLEX4, struct two[2], BASIC_COMPLEX4),
    PLAIN(MPI_LOGICAL8, int64_t, BASIC_LOGICAL8),
    PLAIN(MPI_INTEGER8, int64_t, BASIC_INTEGER8),
    PLAIN(MPI_REAL8, double, BASIC_FLOAT8),
    PLAIN(MPI_COMPLEX8, float complex, BASIC_COMPLEX8),
    PLAIN(MPI_LOGICAL16, struct sixteen, BASIC_LOGICAL16),
    PLAIN(MPI_INTEGER16, struct sixteen, BASIC_INTEGER16),
    PLAIN(MPI_REAL16, struct sixteen, BASIC_FLOAT16),
    PLAIN(MPI_COMPLEX16, double complex, BASIC_COMPLEX16),
    PLAIN(MPI_COMPLEX32, struct thirty_two, BASIC_COMPLEX32),
};
static_assert(sizeof(int) == 4 && sizeof(short) == 2 && sizeof(long long) == 8 &&
                  sizeof(float) == 4 && sizeof(double) == 8 && sizeof(MPI_Aint) == 8,
              "the table's arithmetic");

struct type *
type_special(MPI_Datatype handle)
{
    uintptr_t i = (uintptr_t)handle - FIRST;
    return likely(i < ROOM && types[i].label) ? &types[i] : NULL;
}

static const struct pair {
    MPI_Datatype type, first, second;
} pairs[] = {
    {MPI_FLOAT_INT, MPI_FLOAT, MPI_INT},
    {MPI_DOUBLE_INT, MPI_DOUBLE, MPI_INT},
    {MPI_LONG_INT, MPI_LONG, MPI_INT},
    {MPI_2INT, MPI_INT, MPI_INT},
    {MPI_SHORT_INT, MPI_SHORT, MPI_INT},
    {MPI_LONG_DOUBLE_INT, MPI_LONG_DOUBLE, MPI_INT},
    {MPI_2REAL, MPI_REAL, MPI_REAL},
    {MPI_2DOUBLE_PRECISION, MPI_DOUBLE_PRECISION, MPI_DOUBLE_PRECISION},
    {MPI_2INTEGER, MPI_INTEGER, MPI_INTEGER},
};
#define PAIRS (sizeof pairs / sizeof *pairs)

bool
type_pair(const struct type *type, const struct type *two[2])
{
    for (size_t i = 0; type->elements == 2 && i < PAIRS; i++) {
        if (pairs[i].type != type->handle)
            continue;
        two[0] = type_special(pairs[i].first);
        two[1] = type_special(pairs[i].second);
        return true;
    }
    return false;
}

static int
get_value_index(const MPI_Datatype handles[2], MPI_Datatype *result)
{
    struct type *type;
    int err = type_find(handles[0], &type);
    if (!err)
        err = type_find(handles[1], &type);
    if (!err)
        err = check_pointer(result, "pair_type");
    if (err)
        return err;
    *result = MPI_DATATYPE_NULL;
    for (size_t i = 0; i < PAIRS; i++)
        if (pairs[i].first == handles[0] && pairs[i].second == handles[1])
            *result = pairs[i].type;
    return MPI_SUCCESS;
}

int
PMPI_Type_get_value_index(MPI_Datatype value_type, MPI_Datatype index_type, MPI_Datatype *pair_type)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_value_index((MPI_Datatype[]){value_type, index_type}, pair_type);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_get_value_index", err);
}
weak_alias(PMPI_Type_get_value_index, MPI_Type_get_value_index);
