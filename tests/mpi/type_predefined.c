// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The predefined datatypes (MPI 5.0, chapter 5 and appendix A): sizes, extents, names, counting,
 * moving those with holes, and duplicates of all of them. */
#include "errors.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

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

#define PLAIN(type, bytes)                                                                         \
    {                                                                                              \
        type, #type, bytes, bytes, bytes, 1                                                        \
    }
#define PAIR(type, size, holds)                                                                    \
    {                                                                                              \
        type, #type, size, sizeof(holds), size, 2                                                  \
    }

static const struct row {
    MPI_Datatype type;
    const char *name;
    long size, extent, true_extent;
    int elements;
} rows[] = {
    PLAIN(MPI_AINT, sizeof(MPI_Aint)),
    PLAIN(MPI_COUNT, sizeof(MPI_Count)),
    PLAIN(MPI_OFFSET, sizeof(MPI_Offset)),
    PLAIN(MPI_PACKED, 1),
    PLAIN(MPI_SHORT, sizeof(short)),
    PLAIN(MPI_INT, sizeof(int)),
    PLAIN(MPI_LONG, sizeof(long)),
    PLAIN(MPI_LONG_LONG_INT, sizeof(long long)),
    PLAIN(MPI_UNSIGNED_SHORT, sizeof(short)),
    PLAIN(MPI_UNSIGNED, sizeof(int)),
    PLAIN(MPI_UNSIGNED_LONG, sizeof(long)),
    PLAIN(MPI_UNSIGNED_LONG_LONG, sizeof(long long)),
    PLAIN(MPI_FLOAT, sizeof(float)),
    PLAIN(MPI_C_COMPLEX, sizeof(float complex)),
    PLAIN(MPI_CXX_FLOAT_COMPLEX, sizeof(float complex)),
    PLAIN(MPI_DOUBLE, sizeof(double)),
    PLAIN(MPI_C_DOUBLE_COMPLEX, sizeof(double complex)),
    PLAIN(MPI_CXX_DOUBLE_COMPLEX, sizeof(double complex)),
    PLAIN(MPI_LOGICAL, 4),
    PLAIN(MPI_INTEGER, 4),
    PLAIN(MPI_REAL, 4),
    PLAIN(MPI_COMPLEX, 8),
    PLAIN(MPI_DOUBLE_PRECISION, 8),
    PLAIN(MPI_DOUBLE_COMPLEX, 16),
    PLAIN(MPI_CHARACTER, 1),
    PLAIN(MPI_LONG_DOUBLE, sizeof(long double)),
    PLAIN(MPI_C_LONG_DOUBLE_COMPLEX, sizeof(long double complex)),
    PLAIN(MPI_CXX_LONG_DOUBLE_COMPLEX, sizeof(long double complex)),
    PAIR(MPI_FLOAT_INT, 8, char[8]),
    PAIR(MPI_DOUBLE_INT, 12, struct double_int),
    PAIR(MPI_LONG_INT, sizeof(long) + 4, struct long_int),
    PAIR(MPI_2INT, 8, char[8]),
    {MPI_SHORT_INT, "MPI_SHORT_INT", 6, 8, 8, 2},
    {MPI_LONG_DOUBLE_INT, "MPI_LONG_DOUBLE_INT", sizeof(long double) + 4,
     sizeof(struct long_double_int), offsetof(struct long_double_int, index) + 4, 2},
    PAIR(MPI_2REAL, 8, char[8]),
    PAIR(MPI_2DOUBLE_PRECISION, 16, char[16]),
    PAIR(MPI_2INTEGER, 8, char[8]),
    PLAIN(MPI_C_BOOL, sizeof(bool)),
    PLAIN(MPI_CXX_BOOL, 1),
    PLAIN(MPI_WCHAR, sizeof(wchar_t)),
    PLAIN(MPI_INT8_T, 1),
    PLAIN(MPI_UINT8_T, 1),
    PLAIN(MPI_CHAR, 1),
    PLAIN(MPI_SIGNED_CHAR, 1),
    PLAIN(MPI_UNSIGNED_CHAR, 1),
    PLAIN(MPI_BYTE, 1),
    PLAIN(MPI_INT16_T, 2),
    PLAIN(MPI_UINT16_T, 2),
    PLAIN(MPI_INT32_T, 4),
    PLAIN(MPI_UINT32_T, 4),
    PLAIN(MPI_INT64_T, 8),
    PLAIN(MPI_UINT64_T, 8),
    PLAIN(MPI_LOGICAL1, 1),
    PLAIN(MPI_INTEGER1, 1),
    PLAIN(MPI_LOGICAL2, 2),
    PLAIN(MPI_INTEGER2, 2),
    PLAIN(MPI_REAL2, 2),
    PLAIN(MPI_LOGICAL4, 4),
    PLAIN(MPI_INTEGER4, 4),
    PLAIN(MPI_REAL4, 4),
    PLAIN(MPI_COMPLEX4, 4),
    PLAIN(MPI_LOGICAL8, 8),
    PLAIN(MPI_INTEGER8, 8),
    PLAIN(MPI_REAL8, 8),
    PLAIN(MPI_COMPLEX8, 8),
    PLAIN(MPI_LOGICAL16, 16),
    PLAIN(MPI_INTEGER16, 16),
    PLAIN(MPI_REAL16, 16),
    PLAIN(MPI_COMPLEX16, 16),
    PLAIN(MPI_COMPLEX32, 32),
};
#define ROWS ((int)(sizeof rows / sizeof *rows))

static void
sizes(const struct row *row, MPI_Datatype type)
{
    int size;
    MPI_Count size_c, size_x, lb, extent;
    MPI_Aint lb_a, extent_a;
    MPI_Type_size(type, &size);
    MPI_Type_size_c(type, &size_c);
    MPI_Type_size_x(type, &size_x);
    CHECK(size == row->size && size_c == size && size_x == size, "%s: %d", row->name, size);
    MPI_Type_get_extent(type, &lb_a, &extent_a);
    CHECK(lb_a == 0 && extent_a == row->extent, "%s: %ld", row->name, (long)extent_a);
    MPI_Type_get_extent_c(type, &lb, &extent);
    CHECK(lb == 0 && extent == row->extent, "%s", row->name);
    MPI_Type_get_extent_x(type, &lb, &extent);
    CHECK(lb == 0 && extent == row->extent, "%s", row->name);
    MPI_Type_get_true_extent(type, &lb_a, &extent_a);
    CHECK(lb_a == 0 && extent_a == row->true_extent, "%s: %ld", row->name, (long)extent_a);
    MPI_Type_get_true_extent_c(type, &lb, &extent);
    CHECK(lb == 0 && extent == row->true_extent, "%s", row->name);
    MPI_Type_get_true_extent_x(type, &lb, &extent);
    CHECK(lb == 0 && extent == row->true_extent, "%s", row->name);
}

static void
names(const struct row *row, MPI_Datatype type)
{
    char name[MPI_MAX_OBJECT_NAME], long_name[300];
    int length;
    MPI_Type_get_name(type, name, &length);
    CHECK(strcmp(name, row->name) == 0 && length == (int)strlen(name), "'%s' for %s", name,
          row->name);
    MPI_Type_set_name(type, "another");
    MPI_Type_get_name(type, name, &length);
    CHECK(strcmp(name, "another") == 0 && length == 7, "'%s'", name);
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    MPI_Type_set_name(type, long_name); // cut
    MPI_Type_get_name(type, name, &length);
    CHECK(length == MPI_MAX_OBJECT_NAME - 1 && strlen(name) == (size_t)length, "%d", length);
    MPI_Type_set_name(type, row->name);
}

static void
counting(const struct row *row, MPI_Datatype type)
{
    MPI_Status status = {0};
    int count, elements;
    MPI_Count count_c;
    MPI_Status_set_elements(&status, type, 5 * row->elements);
    MPI_Get_count(&status, type, &count);
    MPI_Get_elements(&status, type, &elements);
    CHECK(count == 5 && elements == 5 * row->elements, "%s: %d %d", row->name, count, elements);
    MPI_Get_count(&status, MPI_BYTE, &count);
    CHECK(count == 5 * row->size, "%s: %d bytes", row->name, count);
    if (row->elements == 2) { // one more value, without its index
        MPI_Status_set_elements_c(&status, type, 11);
        MPI_Get_count(&status, type, &count);
        MPI_Get_elements_x(&status, type, &count_c);
        CHECK(count == MPI_UNDEFINED && count_c == 11, "%s", row->name);
    }
    if (row->size > 1) { // an end inside an element
        MPI_Status_set_elements_x(&status, MPI_BYTE, row->size * 3 + 1);
        MPI_Get_count_c(&status, type, &count_c);
        MPI_Get_elements(&status, type, &elements);
        CHECK(count_c == MPI_UNDEFINED && elements == MPI_UNDEFINED, "%s", row->name);
    }
    MPI_Status_set_elements_c(&status, type, (MPI_Count)row->elements * 3000000000);
    MPI_Get_count(&status, type, &count);
    MPI_Get_count_c(&status, type, &count_c);
    CHECK(count == MPI_UNDEFINED && count_c == 3000000000, "%s: %d", row->name, count);
}

static void
duplicate(const struct row *row)
{
    MPI_Datatype type, original, copy;
    int integers, addresses, types, combiner;
    char name[MPI_MAX_OBJECT_NAME];
    MPI_Type_get_envelope(row->type, &integers, &addresses, &types, &combiner);
    CHECK(combiner == MPI_COMBINER_NAMED && integers + addresses + types == 0, "%s", row->name);
    CHECK(MPI_Type_dup(row->type, &type) == MPI_SUCCESS && type != row->type, "%s", row->name);
    MPI_Type_get_name(type, name, &integers);
    CHECK(name[0] == 0 && integers == 0, "'%s'", name);
    sizes(row, type);
    counting(row, type);
    MPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner);
    CHECK(combiner == MPI_COMBINER_DUP && integers + addresses == 0 && types == 1, "%s", row->name);
    MPI_Type_get_contents(type, 0, 0, 1, NULL, NULL, &original);
    CHECK(original == row->type, "%s", row->name);

    MPI_Datatype second; // outlives the one it was made from
    MPI_Type_dup(type, &second);
    copy = type;
    MPI_Type_free(&type);
    CHECK(type == MPI_DATATYPE_NULL, " ");
    CHECK(class_of(MPI_Type_size(copy, &integers)) == MPI_ERR_TYPE, " ");
    sizes(row, second);
    MPI_Type_get_contents(second, 0, 0, 1, NULL, NULL, &original);
    sizes(row, original);
    MPI_Type_free(&original);
    MPI_Type_free(&second);
}

// To itself, in one piece and with the value alone: what lies in the holes stays.
static void
holes(const struct row *row)
{
    enum { COUNT = 9, ROOM = COUNT * 32 };
    unsigned char out[ROOM], in[ROOM], packed[ROOM];
    size_t total = (size_t)row->size * COUNT, bytes = (size_t)row->extent * COUNT, kept = 0;
    MPI_Status status;
    int count;
    for (size_t i = 0; i < ROOM; i++)
        out[i] = (unsigned char)(i % 251);
    memset(in, 0xee, sizeof in);
    MPI_Sendrecv(out, COUNT, row->type, 0, 1, packed, (int)total, MPI_BYTE, 0, 1, MPI_COMM_SELF,
                 &status);
    MPI_Get_count(&status, row->type, &count);
    CHECK(count == COUNT, "%s: %d", row->name, count);
    MPI_Sendrecv(packed, (int)total, MPI_BYTE, 0, 1, in, COUNT, row->type, 0, 1, MPI_COMM_SELF,
                 &status);
    for (size_t i = 0; i < bytes; i++) {
        CHECK(in[i] == out[i] || in[i] == 0xee, "%s: byte %zu", row->name, i);
        kept += in[i] == 0xee && out[i] != 0xee;
    }
    CHECK(kept == bytes - total || bytes == total, "%s: %zu bytes of holes for %zu", row->name,
          kept, bytes - total);
}

static void
matches(void)
{
    MPI_Datatype type;
    MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &type);
    CHECK(type == MPI_REAL8, " ");
    MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 2, &type);
    CHECK(type == MPI_INTEGER2, " ");
    MPI_Type_match_size(MPI_TYPECLASS_COMPLEX, 32, &type);
    CHECK(type == MPI_COMPLEX32, " ");
    CHECK(class_of(MPI_Type_match_size(MPI_TYPECLASS_REAL, 3, &type)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Type_match_size(7, 4, &type)) == MPI_ERR_ARG, " ");
}

static void
addresses(void)
{
    char bytes[10];
    MPI_Aint first, last;
    MPI_Get_address(&bytes[0], &first);
    MPI_Get_address(&bytes[9], &last);
    CHECK(MPI_Aint_diff(last, first) == 9 && MPI_Aint_add(first, 9) == last, " ");
    CHECK(first == (MPI_Aint)bytes, " ");
    CHECK(class_of(MPI_Get_address(bytes, NULL)) == MPI_ERR_ARG, " ");
}

static void
mistakes(void)
{
    MPI_Datatype type = MPI_INT;
    MPI_Status status = {0};
    MPI_Aint lb;
    char name[MPI_MAX_OBJECT_NAME];
    int size;
    CHECK(class_of(MPI_Type_free(&type)) == MPI_ERR_TYPE && type == MPI_INT, " ");
    CHECK(class_of(MPI_Type_size(MPI_DATATYPE_NULL, &size)) == MPI_ERR_TYPE, " ");
    CHECK(class_of(MPI_Type_size((MPI_Datatype)0x2ff, &size)) == MPI_ERR_TYPE, " ");
    CHECK(class_of(MPI_Type_size((MPI_Datatype)MPI_COMM_WORLD, &size)) == MPI_ERR_TYPE, " ");
    CHECK(class_of(MPI_Type_size(MPI_INT, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Type_get_extent(MPI_INT, &lb, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Type_dup(MPI_INT, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Type_commit(NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Get_count(NULL, MPI_INT, &size)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Status_set_elements(&status, MPI_INT, -1)) == MPI_ERR_COUNT, " ");
    CHECK(class_of(MPI_Status_set_elements_c(&status, MPI_INT, INT64_MAX)) == MPI_ERR_COUNT, " ");
    CHECK(class_of(MPI_Type_get_contents(MPI_INT, 0, 0, 0, NULL, NULL, NULL)) == MPI_ERR_TYPE, " ");
    CHECK(MPI_Type_get_name(MPI_DATATYPE_NULL, name, &size) == MPI_SUCCESS &&
              strcmp(name, "MPI_DATATYPE_NULL") == 0,
          " ");
    CHECK(MPI_Type_commit(&type) == MPI_SUCCESS, " ");
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int i = 0; i < ROWS; i++) {
        sizes(&rows[i], rows[i].type);
        names(&rows[i], rows[i].type);
        counting(&rows[i], rows[i].type);
        duplicate(&rows[i]);
        holes(&rows[i]);
    }
    matches();
    addresses();
    mistakes();
    MPI_Finalize();
    return 0;
}
