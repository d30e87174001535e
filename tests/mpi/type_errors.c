// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Each wrong argument of the constructors, of packing and of what tells about datatypes: the error
 * class, a text that holds the values, and outputs left as they were. */
#include "errors.h"

#include <limits.h>
#include <string.h>

#define FAILS(call, class_, words)                                                                 \
    do {                                                                                           \
        char text_[MPI_MAX_ERROR_STRING] = "";                                                     \
        int length_, err_ = (call);                                                                \
        MPI_Error_string(err_, text_, &length_);                                                   \
        CHECK(class_of(err_) == (class_), "class %d: %s", class_of(err_), text_);                  \
        CHECK(strstr(text_, words), "no '%s' in: %s", words, text_);                               \
        CHECK(new == MPI_DATATYPE_NULL, "an output was set: %s", text_);                           \
    } while (0)

static MPI_Datatype new = MPI_DATATYPE_NULL;
static const MPI_Count huge = INT64_MAX / 2;

static void
counts_and_lengths(void)
{
    int lengths[] = {1, -2}, displs[] = {0, 4};
    MPI_Count wide[] = {1, -2}, places[] = {0, 4};
    MPI_Aint at[] = {0, 4};
    MPI_Datatype types[] = {MPI_INT, MPI_INT};
    FAILS(MPI_Type_contiguous(-1, MPI_INT, &new), MPI_ERR_COUNT, "-1");
    FAILS(MPI_Type_contiguous_c(-1, MPI_INT, &new), MPI_ERR_COUNT, "-1");
    FAILS(MPI_Type_vector(-3, 1, 1, MPI_INT, &new), MPI_ERR_COUNT, "-3");
    FAILS(MPI_Type_vector(3, -1, 1, MPI_INT, &new), MPI_ERR_ARG, "blocklength");
    FAILS(MPI_Type_vector_c(3, -1, 1, MPI_INT, &new), MPI_ERR_ARG, "blocklength");
    FAILS(MPI_Type_create_hvector(-3, 1, 1, MPI_INT, &new), MPI_ERR_COUNT, "-3");
    FAILS(MPI_Type_create_hvector_c(3, -1, 1, MPI_INT, &new), MPI_ERR_ARG, "blocklength");
    FAILS(MPI_Type_indexed(-1, lengths, displs, MPI_INT, &new), MPI_ERR_COUNT, "-1");
    FAILS(MPI_Type_indexed(2, lengths, displs, MPI_INT, &new), MPI_ERR_ARG, "[1] is negative: -2");
    FAILS(MPI_Type_indexed_c(2, wide, places, MPI_INT, &new), MPI_ERR_ARG, "[1] is negative: -2");
    FAILS(MPI_Type_create_hindexed(2, lengths, at, MPI_INT, &new), MPI_ERR_ARG, "[1]");
    FAILS(MPI_Type_create_hindexed_c(2, wide, places, MPI_INT, &new), MPI_ERR_ARG, "[1]");
    FAILS(MPI_Type_create_struct(2, lengths, at, types, &new), MPI_ERR_ARG, "[1]");
    FAILS(MPI_Type_create_struct_c(2, wide, places, types, &new), MPI_ERR_ARG, "[1]");
    FAILS(MPI_Type_create_indexed_block(2, -7, displs, MPI_INT, &new), MPI_ERR_ARG, "-7");
    FAILS(MPI_Type_create_indexed_block_c(-2, 7, places, MPI_INT, &new), MPI_ERR_COUNT, "-2");
    FAILS(MPI_Type_create_hindexed_block(2, -7, at, MPI_INT, &new), MPI_ERR_ARG, "-7");
    FAILS(MPI_Type_create_hindexed_block_c(2, -7, places, MPI_INT, &new), MPI_ERR_ARG, "-7");
}

static void
pointers(void)
{
    int lengths[] = {1, 2}, displs[] = {0, 4};
    MPI_Aint at[] = {0, 4};
    MPI_Datatype types[] = {MPI_INT, MPI_DATATYPE_NULL};
    FAILS(MPI_Type_contiguous(1, MPI_INT, NULL), MPI_ERR_ARG, "newtype");
    FAILS(MPI_Type_dup(MPI_INT, NULL), MPI_ERR_ARG, "newtype");
    FAILS(MPI_Type_create_resized(MPI_INT, 0, 4, NULL), MPI_ERR_ARG, "newtype");
    FAILS(MPI_Type_indexed(2, NULL, displs, MPI_INT, &new), MPI_ERR_ARG, "blocklengths");
    FAILS(MPI_Type_indexed(2, lengths, NULL, MPI_INT, &new), MPI_ERR_ARG, "displacements");
    FAILS(MPI_Type_create_hindexed(2, lengths, NULL, MPI_INT, &new), MPI_ERR_ARG, "displacements");
    FAILS(MPI_Type_create_indexed_block(2, 1, NULL, MPI_INT, &new), MPI_ERR_ARG, "displacements");
    FAILS(MPI_Type_create_hindexed_block(2, 1, NULL, MPI_INT, &new), MPI_ERR_ARG, "displacements");
    FAILS(MPI_Type_create_struct(2, lengths, at, NULL, &new), MPI_ERR_ARG, "array_of_types");
    FAILS(MPI_Type_create_struct(2, lengths, at, types, &new), MPI_ERR_TYPE, "MPI_DATATYPE_NULL");
    FAILS(MPI_Type_vector(1, 1, 1, MPI_DATATYPE_NULL, &new), MPI_ERR_TYPE, "MPI_DATATYPE_NULL");
    FAILS(MPI_Type_vector(1, 1, 1, (MPI_Datatype)MPI_COMM_WORLD, &new), MPI_ERR_TYPE,
          "communicator");
}

static void
too_large(void)
{
    MPI_Count one[] = {1, 1}, apart[] = {-huge - 100, huge + 100};
    MPI_Datatype half;
    FAILS(MPI_Type_contiguous_c(huge, MPI_INT, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_vector_c(huge, 1, 1, MPI_INT, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_vector_c(huge, huge, 1, MPI_BYTE, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_create_hvector_c(3, 1, huge + 10, MPI_BYTE, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_create_hindexed_c(2, one, apart, MPI_BYTE, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_create_hindexed_block_c(2, 1, apart, MPI_BYTE, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_indexed_c(2, one, apart, MPI_DOUBLE, &new), MPI_ERR_ARG, "exceeds");
    FAILS(MPI_Type_create_resized_c(MPI_INT, INT64_MAX, 2, &new), MPI_ERR_ARG, "exceeds");
    MPI_Count sizes[] = {huge, 8}, some[] = {1, 1}, starts[] = {0, 0};
    FAILS(MPI_Type_create_subarray_c(2, sizes, some, starts, MPI_ORDER_C, MPI_INT, &new),
          MPI_ERR_ARG, "exceeds");
    MPI_Type_contiguous_c(huge, MPI_BYTE, &half);
    FAILS(MPI_Type_contiguous(3, half, &new), MPI_ERR_ARG, "exceeds");
    MPI_Type_commit(&half);
    FAILS(MPI_Send(&half, 3, half, MPI_PROC_NULL, 0, MPI_COMM_WORLD), MPI_ERR_COUNT, "");
    MPI_Type_free(&half);
}

static void
subarrays(void)
{
    int sizes[] = {4, 5}, some[] = {2, 2}, starts[] = {1, 1}, bad[] = {2, 6}, zero[] = {3, 0};
    int beyond[] = {1, 4}, minus[] = {1, -1}, order = MPI_ORDER_C;
#define SUBARRAY MPI_Type_create_subarray
    FAILS(SUBARRAY(0, sizes, some, starts, order, MPI_INT, &new), MPI_ERR_ARG, "ndims");
    FAILS(SUBARRAY(-1, sizes, some, starts, order, MPI_INT, &new), MPI_ERR_ARG, "-1");
    FAILS(SUBARRAY(2, sizes, some, starts, 99, MPI_INT, &new), MPI_ERR_ARG, "order is 99");
    FAILS(SUBARRAY(2, NULL, some, starts, order, MPI_INT, &new), MPI_ERR_ARG, "array_of_sizes");
    FAILS(SUBARRAY(2, sizes, NULL, starts, order, MPI_INT, &new), MPI_ERR_ARG, "subsizes");
    FAILS(SUBARRAY(2, sizes, some, NULL, order, MPI_INT, &new), MPI_ERR_ARG, "starts");
    FAILS(SUBARRAY(2, zero, some, starts, order, MPI_INT, &new), MPI_ERR_ARG, "sizes[1] is 0");
    FAILS(SUBARRAY(2, sizes, bad, starts, order, MPI_INT, &new), MPI_ERR_ARG, "subsizes[1] is 6");
    FAILS(SUBARRAY(2, sizes, zero, starts, order, MPI_INT, &new), MPI_ERR_ARG, "subsizes[1] is 0");
    FAILS(SUBARRAY(2, sizes, some, beyond, order, MPI_INT, &new), MPI_ERR_ARG, "starts[1] is 4");
    FAILS(SUBARRAY(2, sizes, some, minus, order, MPI_INT, &new), MPI_ERR_ARG, "starts[1] is -1");
    FAILS(SUBARRAY(2, sizes, some, starts, order, MPI_DATATYPE_NULL, &new), MPI_ERR_TYPE, "NULL");
}

static void
darrays(void)
{
    int sizes[] = {4, 5}, how[] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, zero[] = {0, 3};
    int args[] = {MPI_DISTRIBUTE_DFLT_DARG, 2}, grid[] = {2, 3}, order = MPI_ORDER_C;
    int none[] = {MPI_DISTRIBUTE_NONE, MPI_DISTRIBUTE_BLOCK}, odd[] = {5, 77}, small[] = {1, 1};
#define DARRAY MPI_Type_create_darray
    FAILS(DARRAY(6, 6, 2, sizes, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "rank 6");
    FAILS(DARRAY(6, -1, 2, sizes, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "rank -1");
    FAILS(DARRAY(0, 0, 2, sizes, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "size is 0");
    FAILS(DARRAY(5, 0, 2, sizes, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "makes 6");
    FAILS(DARRAY(6, 0, 0, sizes, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "ndims");
    FAILS(DARRAY(6, 0, 2, zero, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "gsizes[0]");
    FAILS(DARRAY(6, 0, 2, sizes, odd, args, grid, order, MPI_INT, &new), MPI_ERR_ARG,
          "distribs[0] is 5");
    FAILS(DARRAY(6, 0, 2, sizes, how, zero, grid, order, MPI_INT, &new), MPI_ERR_ARG,
          "dargs[0] is 0");
    FAILS(DARRAY(6, 0, 2, sizes, how, small, grid, order, MPI_INT, &new), MPI_ERR_ARG,
          "do not hold 4");
    FAILS(DARRAY(6, 0, 2, sizes, how, args, zero, order, MPI_INT, &new), MPI_ERR_ARG,
          "psizes[0] is 0");
    FAILS(DARRAY(6, 0, 2, sizes, none, args, grid, order, MPI_INT, &new), MPI_ERR_ARG,
          "not distributed");
    FAILS(DARRAY(6, 0, 2, NULL, how, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "gsizes");
    FAILS(DARRAY(6, 0, 2, sizes, NULL, args, grid, order, MPI_INT, &new), MPI_ERR_ARG, "distribs");
    FAILS(DARRAY(6, 0, 2, sizes, how, NULL, grid, order, MPI_INT, &new), MPI_ERR_ARG, "dargs");
    FAILS(DARRAY(6, 0, 2, sizes, how, args, NULL, order, MPI_INT, &new), MPI_ERR_ARG, "psizes");
    FAILS(DARRAY(6, 0, 2, sizes, how, args, grid, 1, MPI_INT, &new), MPI_ERR_ARG, "order is 1");
}

static void
fortran(void)
{
    FAILS(MPI_Type_create_f90_integer(39, &new), MPI_ERR_ARG, "39");
    FAILS(MPI_Type_create_f90_integer(-5, &new), MPI_ERR_ARG, "-5");
    FAILS(MPI_Type_create_f90_integer(5, NULL), MPI_ERR_ARG, "newtype");
    FAILS(MPI_Type_create_f90_real(40, 10, &new), MPI_ERR_ARG, "p = 40");
    FAILS(MPI_Type_create_f90_real(5, 5000, &new), MPI_ERR_ARG, "r = 5000");
    FAILS(MPI_Type_create_f90_real(MPI_UNDEFINED, MPI_UNDEFINED, &new), MPI_ERR_ARG, "both");
    FAILS(MPI_Type_create_f90_complex(40, MPI_UNDEFINED, &new), MPI_ERR_ARG, "p = 40");
    FAILS(MPI_Type_create_f90_complex(40, 10, NULL), MPI_ERR_ARG, "newtype");
    FAILS(MPI_Type_get_value_index(MPI_INT, MPI_INT, NULL), MPI_ERR_ARG, "pair_type");
    FAILS(MPI_Type_get_value_index(MPI_DATATYPE_NULL, MPI_INT, &new), MPI_ERR_TYPE, "NULL");
}

// What tells how a type was made.
static void
telling(void)
{
    MPI_Datatype small, large, type, got = MPI_DATATYPE_NULL;
    int n[4], integers[9];
    MPI_Count wide[9];
    MPI_Aint at[9];
    MPI_Type_vector(2, 3, 4, MPI_INT, &small);
    MPI_Type_vector_c(2, 3, 4, MPI_INT, &large);
    FAILS(MPI_Type_get_contents(MPI_INT, 9, 9, 9, integers, at, &got), MPI_ERR_TYPE, "MPI_INT");
    FAILS(MPI_Type_get_contents(small, 2, 9, 9, integers, at, &got), MPI_ERR_ARG,
          "max_integers is 2");
    FAILS(MPI_Type_get_contents(small, 3, 9, 0, integers, at, &got), MPI_ERR_ARG,
          "max_datatypes is 0");
    FAILS(MPI_Type_get_contents(small, 3, 9, 1, NULL, at, &got), MPI_ERR_ARG, "array_of_integers");
    FAILS(MPI_Type_get_contents(small, 3, 9, 1, integers, at, NULL), MPI_ERR_ARG,
          "array_of_datatypes");
    FAILS(MPI_Type_get_contents(large, 9, 9, 9, integers, at, &got), MPI_ERR_TYPE, "_c");
    FAILS(MPI_Type_get_contents_c(large, 9, 9, 2, 9, integers, at, wide, &got), MPI_ERR_ARG,
          "max_large_counts is 2");
    FAILS(MPI_Type_get_envelope(large, &n[0], &n[1], &n[2], &n[3]), MPI_ERR_TYPE, "_c");
    FAILS(MPI_Type_get_envelope(small, NULL, &n[1], &n[2], &n[3]), MPI_ERR_ARG, "num_integers");
    FAILS(MPI_Type_get_envelope(MPI_DATATYPE_NULL, &n[0], &n[1], &n[2], &n[3]), MPI_ERR_TYPE,
          "NULL");
    CHECK(got == MPI_DATATYPE_NULL, "%p", (void *)got);
    MPI_Type_free(&large);
    type = small;
    MPI_Type_free(&small);
    FAILS(MPI_Type_commit(&type), MPI_ERR_TYPE, "freed");
    FAILS(MPI_Type_contiguous(2, type, &new), MPI_ERR_TYPE, "freed");
    type = MPI_INT;
    FAILS(MPI_Type_free(&type), MPI_ERR_TYPE, "predefined");
    FAILS(MPI_Type_create_f90_real(6, 30, &type), MPI_SUCCESS, "");
    FAILS(MPI_Type_free(&type), MPI_ERR_TYPE, "predefined");
}

static void
uncommitted(void)
{
    int data[8] = {0}, position = 0, size;
    MPI_Datatype type;
    MPI_Type_vector(2, 1, 2, MPI_INT, &type);
    FAILS(MPI_Send(data, 1, type, 0, 0, MPI_COMM_SELF), MPI_ERR_TYPE, "not committed");
    FAILS(MPI_Bcast(data, 1, type, 0, MPI_COMM_SELF), MPI_ERR_TYPE, "not committed");
    FAILS(MPI_Pack(data, 1, type, data, 8, &position, MPI_COMM_SELF), MPI_ERR_TYPE, "committed");
    FAILS(MPI_Pack_size(1, type, MPI_COMM_SELF, &size), MPI_ERR_TYPE, "committed");
    MPI_Type_free(&type);
}

static void
packing(void)
{
    int data[8] = {0}, position = 0, size;
    char room[16];
    MPI_Comm self = MPI_COMM_SELF;
    FAILS(MPI_Pack(data, -1, MPI_INT, room, 16, &position, self), MPI_ERR_COUNT, "-1");
    FAILS(MPI_Pack(NULL, 1, MPI_INT, room, 16, &position, self), MPI_ERR_BUFFER, "null");
    FAILS(MPI_Pack(data, 1, MPI_INT, NULL, 16, &position, self), MPI_ERR_BUFFER, "output");
    FAILS(MPI_Pack(data, 1, MPI_INT, room, 16, NULL, self), MPI_ERR_ARG, "position");
    FAILS(MPI_Pack(data, 1, MPI_INT, room, 16, &position, MPI_COMM_NULL), MPI_ERR_COMM, "NULL");
    FAILS(MPI_Pack(data, 1, MPI_INT, room, -1, &position, self), MPI_ERR_ARG, "-1");
    FAILS(MPI_Pack(data, 5, MPI_INT, room, 16, &position, self), MPI_ERR_TRUNCATE, "20 bytes");
    FAILS(MPI_Unpack(room, 16, &position, data, 5, MPI_INT, self), MPI_ERR_TRUNCATE, "20 bytes");
    FAILS(MPI_Unpack(NULL, 16, &position, data, 1, MPI_INT, self), MPI_ERR_BUFFER, "input");
    FAILS(MPI_Unpack(room, 16, &position, data, -4, MPI_INT, self), MPI_ERR_COUNT, "-4");
    position = 17;
    FAILS(MPI_Pack(data, 1, MPI_INT, room, 16, &position, self), MPI_ERR_ARG, "position 17");
    position = -1;
    FAILS(MPI_Unpack(room, 16, &position, data, 1, MPI_INT, self), MPI_ERR_ARG, "position -1");
    FAILS(MPI_Pack_size(-1, MPI_INT, self, &size), MPI_ERR_COUNT, "-1");
    FAILS(MPI_Pack_size(1, MPI_INT, self, NULL), MPI_ERR_ARG, "size");
    FAILS(MPI_Pack_size(1, MPI_INT, MPI_COMM_NULL, &size), MPI_ERR_COMM, "NULL");
    CHECK(position == -1, "%d", position);
    CHECK(MPI_Pack_size(INT_MAX, MPI_INT, self, &size) == MPI_SUCCESS && size == MPI_UNDEFINED,
          "%d", size);
}

static void
external(void)
{
    long data[2] = {1, LONG_MAX}, back;
    char room[16];
    MPI_Aint position = 0, size;
    const char *rep = "external32";
    FAILS(MPI_Pack_external("native", data, 1, MPI_INT, room, 16, &position), MPI_ERR_ARG,
          "native");
    FAILS(MPI_Pack_external(NULL, data, 1, MPI_INT, room, 16, &position), MPI_ERR_ARG, "datarep");
    FAILS(MPI_Pack_external(rep, data, 2, MPI_LONG, room, 16, &position), MPI_ERR_CONVERSION,
          "9223372036854775807");
    FAILS(MPI_Pack_external(rep, data, -2, MPI_LONG, room, 16, &position), MPI_ERR_COUNT, "-2");
    FAILS(MPI_Pack_external(rep, data, 2, MPI_LONG, room, 7, &position), MPI_ERR_TRUNCATE, "8 by");
    FAILS(MPI_Pack_external(rep, data, 2, MPI_LONG, NULL, 8, &position), MPI_ERR_BUFFER, "output");
    FAILS(MPI_Unpack_external(rep, room, 3, &position, &back, 1, MPI_LONG), MPI_ERR_TRUNCATE, "4");
    FAILS(MPI_Unpack_external(rep, room, 4, NULL, &back, 1, MPI_LONG), MPI_ERR_ARG, "position");
    FAILS(MPI_Pack_external_size(rep, 1, MPI_LONG, NULL), MPI_ERR_ARG, "size");
    FAILS(MPI_Pack_external_size("x", 1, MPI_LONG, &size), MPI_ERR_ARG, "\"x\"");
    CHECK(position == 0, "%ld", (long)position);
    position = 17;
    FAILS(MPI_Pack_external(rep, data, 1, MPI_INT, room, 16, &position), MPI_ERR_ARG, "17");
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    counts_and_lengths();
    pointers();
    too_large();
    subarrays();
    darrays();
    fortran();
    telling();
    uncommitted();
    packing();
    external();
    MPI_Finalize();
    return 0;
}
