// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Representations of data: external32, byte for byte, and the user's own. */
#include "io_temporary.h"

static int rank, size;

static MPI_File
opened(const char *name)
{
    MPI_File file;
    int amode = MPI_MODE_CREATE | MPI_MODE_RDWR;
    CHECK_OK(MPI_File_open(MPI_COMM_WORLD, name, amode, MPI_INFO_NULL, &file));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_set_size(file, 0));
    return file;
}

static void
external(const char *name)
{
    MPI_File file = opened(name);
    MPI_Status status;
    MPI_Count extent;
    MPI_Aint narrow;
    long data[4] = {1, -2, rank, 300}, got[6];
    unsigned char raw[16];
    CHECK_OK(MPI_File_set_view(file, 0, MPI_LONG, MPI_LONG, "external32", MPI_INFO_NULL));
    CHECK_OK(MPI_File_get_type_extent(file, MPI_LONG, &narrow));
    CHECK_OK(MPI_File_get_type_extent_c(file, MPI_LONG, &extent));
    CHECK(extent == 4 && narrow == 4, "%lld", (long long)extent);
    CHECK_OK(MPI_File_write_at_all(file, 4 * rank, data, 4, MPI_LONG, &status));
    CHECK(count_of(&status, MPI_LONG) == 4, "%lld", count_of(&status, MPI_LONG));
    MPI_Barrier(MPI_COMM_WORLD);
    memset(got, 0x77, sizeof got);
    CHECK_OK(MPI_File_read_at(file, 4 * size - 4, got, 6, MPI_LONG, &status));
    CHECK(count_of(&status, MPI_LONG) == 4, "%lld", count_of(&status, MPI_LONG));
    CHECK(got[0] == 1 && got[1] == -2 && got[2] == size - 1 && got[3] == 300, "%ld", got[2]);
    CHECK(got[4] == 0x7777777777777777, "%lx", got[4]);
    data[1] = 1L << 40;
    CHECK_FAILS(MPI_File_write_at(file, 0, data, 4, MPI_LONG, &status), MPI_ERR_CONVERSION);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
    CHECK_OK(MPI_File_read_at(file, 16 * rank, raw, 16, MPI_BYTE, &status));
    static const unsigned char want[] = {0, 0, 0, 1, 255, 255, 255, 254};
    CHECK(memcmp(raw, want, 8) == 0 && raw[11] == rank && raw[14] == 1 && raw[15] == 44, "%d",
          raw[11]);
    CHECK_OK(MPI_File_close(&file));
}

// A view with holes: what counts in elements is as many elements in the file.
static void
external_view(const char *name)
{
    MPI_File file = opened(name);
    MPI_Datatype column;
    MPI_Status status;
    MPI_Offset at;
    enum { ROWS = 5 };
    long data[ROWS], got[ROWS];
    MPI_Type_vector(ROWS, 1, size, MPI_LONG, &column);
    MPI_Type_commit(&column);
    CHECK_OK(MPI_File_set_view(file, 4 * rank, MPI_LONG, column, "external32", MPI_INFO_NULL));
    MPI_Type_free(&column);
    CHECK_OK(MPI_File_get_byte_offset(file, 3, &at));
    CHECK(at == 4 * (3 * size + rank), "%lld", (long long)at);
    for (int i = 0; i < ROWS; i++)
        data[i] = 100 * rank + i;
    CHECK_OK(MPI_File_write_all(file, data, ROWS, MPI_LONG, &status));
    CHECK_OK(MPI_File_seek(file, 0, MPI_SEEK_SET));
    CHECK_OK(MPI_File_read_all(file, got, ROWS, MPI_LONG, &status));
    CHECK(memcmp(got, data, sizeof got) == 0, "%ld", got[1]);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_get_size(file, &at));
    CHECK(at == 4 * ROWS * size, "%lld", (long long)at);
    CHECK_OK(MPI_File_close(&file));
}

/* ---- the user's own: each int is 6 bytes, a mark of two and the digits the other way ---- */

static int state, failing;

static int
extent_of(MPI_Datatype type, MPI_Aint *extent, void *extra)
{
    CHECK(extra == &state, "%p", extra);
    *extent = type == MPI_INT ? 6 : 1;
    return MPI_SUCCESS;
}

static int
write_ints(void *user, MPI_Datatype type, MPI_Count count, void *file, MPI_Offset position,
           void *extra)
{
    CHECK(type == MPI_INT && extra == &state, "%lld", (long long)count);
    const int *from = (const int *)user + position;
    unsigned char *to = file;
    for (MPI_Count i = 0; i < count; i++, to += 6) {
        to[0] = 'i', to[1] = ':';
        for (int b = 0; b < 4; b++)
            to[2 + b] = (unsigned char)((unsigned)from[i] >> 8 * (3 - b));
    }
    return failing ? 99 : MPI_SUCCESS;
}

static int
read_ints(void *user, MPI_Datatype type, MPI_Count count, void *file, MPI_Offset position,
          void *extra)
{
    CHECK(type == MPI_INT && extra == &state, "%lld", (long long)count);
    int *to = (int *)user + position;
    const unsigned char *from = file;
    for (MPI_Count i = 0; i < count; i++, from += 6) {
        CHECK(from[0] == 'i' && from[1] == ':', "%d", from[0]);
        to[i] = (int)((unsigned)from[2] << 24 | (unsigned)from[3] << 16 | (unsigned)from[4] << 8 |
                      from[5]);
    }
    return MPI_SUCCESS;
}

static int
write_narrow(void *user, MPI_Datatype type, int count, void *file, MPI_Offset position, void *extra)
{
    return write_ints(user, type, count, file, position, extra);
}

static int
read_narrow(void *user, MPI_Datatype type, int count, void *file, MPI_Offset position, void *extra)
{
    return read_ints(user, type, count, file, position, extra);
}

static void
own(const char *name, const char *datarep)
{
    enum { N = 100000 };
    MPI_File file = opened(name);
    MPI_Status status;
    MPI_Offset bytes;
    MPI_Datatype wide;
    int *data = malloc(N * sizeof *data), *got = calloc(2 * N, sizeof *got);
    for (int i = 0; i < N; i++)
        data[i] = rank * N + i - 500;
    CHECK_OK(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, datarep, MPI_INFO_NULL));
    CHECK_OK(MPI_File_write_ordered(file, data, N, MPI_INT, &status));
    CHECK(count_of(&status, MPI_INT) == N, "%lld", count_of(&status, MPI_INT));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_get_size(file, &bytes));
    CHECK(bytes == 6LL * N * size, "%lld", (long long)bytes);
    MPI_Type_create_resized(MPI_INT, 0, 8, &wide);
    MPI_Type_commit(&wide);
    CHECK_OK(MPI_File_read_at(file, (MPI_Offset)rank * N, got, N, wide, &status));
    for (int i = 0; i < N; i++)
        CHECK(got[2 * i] == data[i] && got[2 * i + 1] == 0, "%d: %d, not %d", i, got[2 * i],
              data[i]);
    MPI_Type_free(&wide);
    failing = 1;
    CHECK_FAILS(MPI_File_write_at(file, 0, data, 1, MPI_INT, &status), MPI_ERR_CONVERSION);
    failing = 0;
    CHECK_OK(MPI_File_close(&file));
    free(data);
    free(got);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    const char *name = temporary("io-datareps");
    external(name);
    external_view(name);
    CHECK_OK(MPI_Register_datarep_c("six", read_ints, write_ints, extent_of, &state));
    CHECK_OK(MPI_Register_datarep("six and narrow", read_narrow, write_narrow, extent_of, &state));
    CHECK_FAILS(MPI_Register_datarep("six", read_narrow, NULL, extent_of, NULL),
                MPI_ERR_DUP_DATAREP);
    CHECK_FAILS(MPI_Register_datarep("native", NULL, NULL, extent_of, NULL), MPI_ERR_DUP_DATAREP);
    own(name, "six");
    own(name, "six and narrow");
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK_OK(MPI_File_delete(name, MPI_INFO_NULL));
    MPI_Finalize();
    return 0;
}
