// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the standard says of single constructors: bounds, what the envelope tells, Fortran's types,
 * pairs, types of types that are gone, sizes beyond int, and what a layout may take of memory. */
#include "check.h"

#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static void
check_extent(MPI_Datatype type, MPI_Aint lb, MPI_Aint extent)
{
    MPI_Aint got_lb, got_extent;
    MPI_Type_get_extent(type, &got_lb, &got_extent);
    CHECK(got_lb == lb && got_extent == extent, "%ld %ld, not %ld %ld", (long)got_lb,
          (long)got_extent, (long)lb, (long)extent);
}

static void
check_true_extent(MPI_Datatype type, MPI_Aint lb, MPI_Aint extent)
{
    MPI_Aint got_lb, got_extent;
    MPI_Type_get_true_extent(type, &got_lb, &got_extent);
    CHECK(got_lb == lb && got_extent == extent, "%ld %ld, not %ld %ld", (long)got_lb,
          (long)got_extent, (long)lb, (long)extent);
}

static void
check_size(MPI_Datatype type, int size)
{
    int got;
    MPI_Type_size(type, &got);
    CHECK(got == size, "%d, not %d", got, size);
}

/* ---- bounds ---- */

// Bounds that were set count alone, wherever they are; a structure ends where C's would.
static void
bounds(void)
{
    MPI_Datatype set, type, types[3] = {MPI_INT, MPI_CHAR, MPI_DOUBLE};
    int ones[] = {1, 1, 1}, first[] = {1, 0, 0};
    MPI_Aint at[] = {0, 4, 8}, apart[] = {0, 100, 200};
    MPI_Type_create_struct(2, ones, at, types, &type);
    check_extent(type, 0, 8);
    check_true_extent(type, 0, 5);
    MPI_Type_free(&type);
    MPI_Type_create_resized(MPI_CHAR, -3, 9, &set);
    check_extent(set, -3, 9);
    check_true_extent(set, 0, 1);
    types[1] = set;
    MPI_Type_create_struct(3, ones, apart, types, &type);
    check_extent(type, 97, 9);
    check_true_extent(type, 0, 208);
    MPI_Type_free(&type);
    MPI_Type_create_struct(3, first, apart, types, &type); // no set bounds without elements
    check_extent(type, 0, 4);
    MPI_Type_free(&type);
    MPI_Type_vector(3, 1, -2, set, &type);
    check_extent(type, -39, 45);
    check_true_extent(type, -36, 37);
    MPI_Type_free(&type);
    MPI_Type_create_resized(set, 5, -20, &type);
    check_extent(type, 5, -20);
    MPI_Type_free(&type);
    MPI_Type_free(&set);
}

// Nothing lies nowhere, and takes part in nothing.
static void
nothing(void)
{
    MPI_Datatype none, type, types[2];
    int ones[] = {1, 3}, data[2] = {1, 2}, zeros[2] = {0, 0};
    MPI_Aint at[] = {0, 1000};
    MPI_Type_contiguous(0, MPI_INT, &none);
    check_extent(none, 0, 0);
    check_true_extent(none, 0, 0);
    check_size(none, 0);
    types[0] = MPI_INT;
    types[1] = none;
    MPI_Type_create_struct(2, ones, at, types, &type);
    check_extent(type, 0, 4);
    MPI_Type_free(&type);
    MPI_Type_indexed(2, zeros, ones, MPI_INT, &type);
    check_extent(type, 0, 0);
    MPI_Type_commit(&type);
    MPI_Sendrecv(data, 5, type, 0, 0, data + 1, 1, MPI_INT, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    CHECK(data[1] == 2, "%d", data[1]);
    MPI_Type_free(&type);
    MPI_Type_create_resized(none, 4, 12, &type);
    check_extent(type, 4, 12);
    check_size(type, 0);
    MPI_Type_free(&type);
    MPI_Type_free(&none);
    MPI_Type_indexed(0, NULL, NULL, MPI_INT, &type);
    check_size(type, 0);
    MPI_Type_free(&type);
    MPI_Type_create_struct(0, NULL, NULL, NULL, &type);
    check_size(type, 0);
    MPI_Type_commit(&type);
    MPI_Type_free(&type);
}

// Elements that overlap, of an extent of 1: they are no bytes that could be joined.
static void
overlapping(void)
{
    MPI_Datatype close, type;
    int lengths[] = {1, 2}, displs[] = {0, 8}, position = 0;
    char data[16], packed[12];
    for (int i = 0; i < 16; i++)
        data[i] = (char)i;
    MPI_Type_create_resized(MPI_INT, 0, 1, &close);
    MPI_Type_indexed(2, lengths, displs, close, &type);
    MPI_Type_commit(&type);
    MPI_Pack(data, 1, type, packed, 12, &position, MPI_COMM_SELF);
    CHECK(memcmp(packed, (char[]){0, 1, 2, 3, 8, 9, 10, 11, 9, 10, 11, 12}, 12) == 0, "%d %d",
          packed[4], packed[8]);
    MPI_Type_free(&close);
    MPI_Type_free(&type);
}

/* ---- envelopes ---- */

static void
check_envelope(MPI_Datatype type, const int expected[4], int combiner)
{
    MPI_Count n[4];
    int got, narrow[3];
    MPI_Type_get_envelope_c(type, &n[0], &n[1], &n[2], &n[3], &got);
    CHECK(got == combiner, "combiner %d, not %d", got, combiner);
    for (int i = 0; i < 4; i++)
        CHECK(n[i] == expected[i], "combiner %d: number %d is %lld, not %d", combiner, i,
              (long long)n[i], expected[i]);
    if (!expected[2]) {
        MPI_Type_get_envelope(type, &narrow[0], &narrow[1], &narrow[2], &got);
        CHECK(got == combiner && narrow[0] == expected[0] && narrow[1] == expected[1] &&
                  narrow[2] == expected[3],
              "combiner %d: %d %d %d", combiner, narrow[0], narrow[1], narrow[2]);
    }
    MPI_Type_free(&type);
}

#define ENVELOPE(make, combiner, ...)                                                              \
    do {                                                                                           \
        MPI_Datatype type;                                                                         \
        make;                                                                                      \
        check_envelope(type, (int[]){__VA_ARGS__}, MPI_COMBINER_##combiner);                       \
    } while (0)

// Integers, addresses, large counts, datatypes (MPI 5.0, 5.1.13).
static void
envelopes(void)
{
    int two[] = {2, 1}, at[] = {0, 40}, n[] = {4, 5}, one[] = {1, 1}, grid[] = {1, 1};
    int how[] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_BLOCK};
    int args[] = {MPI_DISTRIBUTE_DFLT_DARG, MPI_DISTRIBUTE_DFLT_DARG};
    MPI_Aint places[] = {0, 40};
    MPI_Count two_c[] = {2, 1}, at_c[] = {0, 40}, n_c[] = {4, 5}, one_c[] = {1, 1};
    MPI_Datatype types[] = {MPI_INT, MPI_DOUBLE}, old = MPI_INT;
    ENVELOPE(MPI_Type_dup(old, &type), DUP, 0, 0, 0, 1);
    ENVELOPE(MPI_Type_contiguous(3, old, &type), CONTIGUOUS, 1, 0, 0, 1);
    ENVELOPE(MPI_Type_contiguous_c(3, old, &type), CONTIGUOUS, 0, 0, 1, 1);
    ENVELOPE(MPI_Type_vector(3, 2, 4, old, &type), VECTOR, 3, 0, 0, 1);
    ENVELOPE(MPI_Type_vector_c(3, 2, 4, old, &type), VECTOR, 0, 0, 3, 1);
    ENVELOPE(MPI_Type_create_hvector(3, 2, 4, old, &type), HVECTOR, 2, 1, 0, 1);
    ENVELOPE(MPI_Type_create_hvector_c(3, 2, 4, old, &type), HVECTOR, 0, 0, 3, 1);
    ENVELOPE(MPI_Type_indexed(2, two, at, old, &type), INDEXED, 5, 0, 0, 1);
    ENVELOPE(MPI_Type_indexed_c(2, two_c, at_c, old, &type), INDEXED, 0, 0, 5, 1);
    ENVELOPE(MPI_Type_create_hindexed(2, two, places, old, &type), HINDEXED, 3, 2, 0, 1);
    ENVELOPE(MPI_Type_create_hindexed_c(2, two_c, at_c, old, &type), HINDEXED, 0, 0, 5, 1);
    ENVELOPE(MPI_Type_create_indexed_block(2, 3, at, old, &type), INDEXED_BLOCK, 4, 0, 0, 1);
    ENVELOPE(MPI_Type_create_indexed_block_c(2, 3, at_c, old, &type), INDEXED_BLOCK, 0, 0, 4, 1);
    ENVELOPE(MPI_Type_create_hindexed_block(2, 3, places, old, &type), HINDEXED_BLOCK, 2, 2, 0, 1);
    ENVELOPE(MPI_Type_create_hindexed_block_c(2, 3, at_c, old, &type), HINDEXED_BLOCK, 0, 0, 4, 1);
    ENVELOPE(MPI_Type_create_struct(2, two, places, types, &type), STRUCT, 3, 2, 0, 2);
    ENVELOPE(MPI_Type_create_struct_c(2, two_c, at_c, types, &type), STRUCT, 0, 0, 5, 2);
    ENVELOPE(MPI_Type_create_subarray(2, n, two, one, MPI_ORDER_C, old, &type), SUBARRAY, 8, 0, 0,
             1);
    ENVELOPE(MPI_Type_create_subarray_c(2, n_c, two_c, one_c, MPI_ORDER_C, old, &type), SUBARRAY, 2,
             0, 6, 1);
    ENVELOPE(MPI_Type_create_darray(1, 0, 2, n, how, args, grid, MPI_ORDER_C, old, &type), DARRAY,
             12, 0, 0, 1);
    ENVELOPE(MPI_Type_create_darray_c(1, 0, 2, n_c, how, args, grid, MPI_ORDER_C, old, &type),
             DARRAY, 10, 0, 2, 1);
    ENVELOPE(MPI_Type_create_resized(old, -4, 16, &type), RESIZED, 0, 2, 0, 1);
    ENVELOPE(MPI_Type_create_resized_c(old, -4, 16, &type), RESIZED, 0, 0, 2, 1);
}

/* ---- Fortran, pairs ---- */

static void
check_fortran(MPI_Datatype type, int combiner, int size, int p, int r)
{
    MPI_Count n[4];
    int got, integers[2], data[8] = {1, 2, 3, 4}, back[8] = {0};
    MPI_Type_get_envelope_c(type, &n[0], &n[1], &n[2], &n[3], &got);
    bool integer = combiner == MPI_COMBINER_F90_INTEGER;
    CHECK(got == combiner && n[0] == (integer ? 1 : 2) && n[1] + n[2] + n[3] == 0, "%d %lld", got,
          (long long)n[0]);
    MPI_Type_get_contents(type, 2, 0, 0, integers, NULL, NULL);
    CHECK(integers[0] == (integer ? r : p), "%d", integers[0]);
    CHECK(integer || integers[1] == r, "%d", integers[1]);
    check_size(type, size);
    MPI_Sendrecv(data, 1, type, 0, 0, back, 1, type, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    CHECK(memcmp(data, back, (size_t)size) == 0, "%d", back[0]);
}

// Equal arguments, equal handles: in the first call and the last.
static void
fortran(void)
{
    static const int integers[][2] = {{1, 1}, {2, 1}, {3, 2},  {4, 2},
                                      {5, 4}, {9, 4}, {10, 8}, {18, 8}};
    static const int reals[][3] = {{6, 37, 4},
                                   {7, 37, 8},
                                   {6, 38, 8},
                                   {15, 307, 8},
                                   {0, 0, 4},
                                   {MPI_UNDEFINED, 300, 8},
                                   {10, MPI_UNDEFINED, 8}};
    MPI_Datatype type, again, other;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        MPI_Type_create_f90_integer(integers[i][0], &type);
        MPI_Type_create_f90_integer(integers[i][0], &again);
        CHECK(type == again, "%p %p", (void *)type, (void *)again);
        check_fortran(type, MPI_COMBINER_F90_INTEGER, integers[i][1], 0, integers[i][0]);
    }
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        MPI_Type_create_f90_real(reals[i][0], reals[i][1], &type);
        MPI_Type_create_f90_real(reals[i][0], reals[i][1], &again);
        MPI_Type_create_f90_complex(reals[i][0], reals[i][1], &other);
        CHECK(type == again && type != other, "%p %p", (void *)type, (void *)again);
        check_fortran(type, MPI_COMBINER_F90_REAL, reals[i][2], reals[i][0], reals[i][1]);
        check_fortran(other, MPI_COMBINER_F90_COMPLEX, 2 * reals[i][2], reals[i][0], reals[i][1]);
    }
    double one = world_rank() + 1, sum = 0;
    MPI_Type_create_f90_real(15, 300, &type);
    MPI_Allreduce(&one, &sum, 1, type, MPI_SUM, MPI_COMM_WORLD);
    CHECK(sum == world_size() * (world_size() + 1) / 2.0, "%g", sum);
}

static void
pairs(void)
{
    static const struct {
        MPI_Datatype value, index, pair;
    } rows[] = {
        {MPI_FLOAT, MPI_INT, MPI_FLOAT_INT},
        {MPI_DOUBLE, MPI_INT, MPI_DOUBLE_INT},
        {MPI_LONG, MPI_INT, MPI_LONG_INT},
        {MPI_INT, MPI_INT, MPI_2INT},
        {MPI_SHORT, MPI_INT, MPI_SHORT_INT},
        {MPI_LONG_DOUBLE, MPI_INT, MPI_LONG_DOUBLE_INT},
        {MPI_REAL, MPI_REAL, MPI_2REAL},
        {MPI_DOUBLE_PRECISION, MPI_DOUBLE_PRECISION, MPI_2DOUBLE_PRECISION},
        {MPI_INTEGER, MPI_INTEGER, MPI_2INTEGER},
        {MPI_INT, MPI_DOUBLE, MPI_DATATYPE_NULL},
        {MPI_CHAR, MPI_INT, MPI_DATATYPE_NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MPI_Datatype pair;
        MPI_Type_get_value_index(rows[i].value, rows[i].index, &pair);
        CHECK(pair == rows[i].pair, "row %zu: %p", i, (void *)pair);
    }
}

/* ---- life ---- */

// A type outlives the handles of those that it is made of, and moves data after its own is gone.
static void
of_types_that_are_gone(void)
{
    MPI_Datatype type = MPI_INT, next;
    MPI_Request request;
    static int data[59049], back[1024]; // 3 to the 10th
    for (int i = 0; i < 59049; i++)
        data[i] = i;
    for (int depth = 0; depth < 10; depth++) {
        MPI_Type_vector(2, 1, 2, type, &next);
        if (depth > 0)
            MPI_Type_free(&type);
        type = next;
    }
    MPI_Type_dup(type, &next);
    MPI_Type_free(&type);
    MPI_Type_commit(&next);
    check_size(next, 4096);
    MPI_Irecv(back, 1024, MPI_INT, 0, 0, MPI_COMM_SELF, &request);
    MPI_Send(data, 1, next, 0, 0, MPI_COMM_SELF);
    MPI_Type_free(&next);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    // Each level doubles what is there and leaves as much again free: extents 1, 3, 9 ... of it.
    for (int i = 0; i < 1024; i++) {
        long at = 0, extent = 1;
        for (int bit = 0; bit < 10; bit++, extent *= 3)
            at += (i >> bit & 1) * 2 * extent;
        CHECK(back[i] == at, "%d is %d, not %ld", i, back[i], at);
    }
}

static void
duplicates(void)
{
    MPI_Datatype type, copy;
    int data[4] = {1, 2, 3, 4}, back[4] = {0};
    MPI_Type_vector(2, 1, 2, MPI_INT, &type);
    MPI_Type_dup(type, &copy);
    MPI_Type_commit(&copy); // the first is not
    MPI_Sendrecv(data, 1, copy, 0, 0, back, 1, copy, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    CHECK(back[0] == 1 && back[1] == 0 && back[2] == 3, "%d %d %d", back[0], back[1], back[2]);
    MPI_Type_free(&copy);
    MPI_Type_commit(&type);
    MPI_Type_dup(type, &copy); // committed, as the first is
    MPI_Type_free(&type);
    MPI_Sendrecv(data + 1, 1, copy, 0, 0, back, 1, copy, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    CHECK(back[0] == 2 && back[2] == 4, "%d %d", back[0], back[2]);
    MPI_Type_free(&copy);
}

// Absolute addresses, from MPI_BOTTOM.
static void
addresses(void)
{
    int a = 1, b[3] = {2, 3, 4}, got[4] = {0}, lengths[] = {1, 3};
    double c = 5, d = 0;
    MPI_Aint at[3];
    MPI_Datatype type, types[] = {MPI_INT, MPI_INT, MPI_DOUBLE};
    MPI_Get_address(&a, &at[0]);
    MPI_Get_address(b, &at[1]);
    MPI_Type_create_struct(2, lengths, at, types, &type);
    MPI_Type_commit(&type);
    MPI_Sendrecv(MPI_BOTTOM, 1, type, 0, 0, got, 4, MPI_INT, 0, 0, MPI_COMM_SELF,
                 MPI_STATUS_IGNORE);
    CHECK(got[0] == 1 && got[1] == 2 && got[3] == 4, "%d %d %d", got[0], got[1], got[3]);
    MPI_Type_free(&type);
    MPI_Get_address(&d, &at[2]);
    MPI_Type_create_hindexed_block(1, 1, &at[2], MPI_DOUBLE, &type);
    MPI_Type_commit(&type);
    MPI_Sendrecv(&c, 1, MPI_DOUBLE, 0, 0, MPI_BOTTOM, 1, type, 0, 0, MPI_COMM_SELF,
                 MPI_STATUS_IGNORE);
    CHECK(d == 5, "%g", d);
    MPI_Type_free(&type);
}

/* ---- beyond int ---- */

static void
beyond_int(void)
{
    MPI_Datatype large, larger;
    MPI_Count size, lb, extent, n = (MPI_Count)1 << 33, got;
    MPI_Status status;
    int narrow, place = 3;
    MPI_Type_contiguous_c(n, MPI_INT, &large);
    MPI_Type_size(large, &narrow);
    CHECK(narrow == MPI_UNDEFINED, "%d", narrow);
    MPI_Type_size_c(large, &size);
    CHECK(size == 4 * n, "%lld", (long long)size);
    MPI_Type_create_hvector_c(2, 1, 100 * n, large, &larger);
    MPI_Type_get_true_extent_c(larger, &lb, &extent);
    CHECK(extent == 104 * n, "%lld", (long long)extent);
    MPI_Type_commit(&larger);
    MPI_Status_set_elements_c(&status, larger, 2 * n + 5);
    MPI_Get_elements_c(&status, larger, &got);
    CHECK(got == 2 * n + 5, "%lld", (long long)got);
    MPI_Get_elements(&status, larger, &place);
    CHECK(place == MPI_UNDEFINED, "%d", place);
    MPI_Pack_size_c(3, larger, MPI_COMM_SELF, &size);
    CHECK(size == 24 * n, "%lld", (long long)size);
    MPI_Pack_external_size_c("external32", 3, larger, &size);
    CHECK(size == 24 * n, "%lld", (long long)size);
    MPI_Type_free(&large);
    MPI_Type_free(&larger);
}

/* ---- memory ---- */

#define PIECES 1000000

static long
memory(void)
{
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}

// In proportion to the description: nothing for loops, two dozen bytes for an entry of a list.
static void
in_proportion(void)
{
    MPI_Datatype type;
    int *displs = malloc(PIECES * sizeof(int)), *lengths = malloc(PIECES * sizeof(int));
    for (int i = 0; i < PIECES; i++) {
        displs[i] = 7 * i;
        lengths[i] = 1 + i % 3;
    }
    long before = memory(), taken;
    MPI_Type_indexed(PIECES, lengths, displs, MPI_INT, &type);
    MPI_Type_commit(&type);
    taken = memory() - before;
    if (before) // a sanitizer's memory is not told here
        CHECK(taken < 25l * PIECES, "%ld bytes", taken);
    MPI_Type_free(&type);
    displs[0] = 1;
    before = memory();
    MPI_Type_create_indexed_block(PIECES, 2, displs, MPI_INT, &type);
    MPI_Type_commit(&type);
    taken = memory() - before;
    if (before)
        CHECK(taken < 13l * PIECES, "%ld bytes", taken);
    MPI_Type_free(&type);
    free(displs);
    free(lengths);
}

static void
rows_of_pairs(long most)
{
    MPI_Datatype pair, row, rows;
    long before = memory(), taken;
    MPI_Type_create_struct(2, (int[]){1, 1}, (MPI_Aint[]){0, 16},
                           (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &pair);
    MPI_Type_vector(100000, 3, 7, pair, &row);
    MPI_Type_create_hvector(100000, 1, 1 << 30, row, &rows);
    MPI_Type_commit(&rows);
    taken = memory() - before;
    CHECK(taken < most, "%ld bytes", taken);
    MPI_Type_free(&pair);
    MPI_Type_free(&row);
    MPI_Type_free(&rows);
}

static void
nothing_is_left(void)
{
    rows_of_pairs(8000);
    long before = memory();
    for (int i = 0; i < 1000; i++)
        rows_of_pairs(8000);
    CHECK(memory() - before < 8000, "%ld bytes are left", memory() - before);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    bounds();
    nothing();
    overlapping();
    envelopes();
    fortran();
    pairs();
    of_types_that_are_gone();
    duplicates();
    addresses();
    beyond_int();
    in_proportion();
    nothing_is_left();
    MPI_Finalize();
    return 0;
}
