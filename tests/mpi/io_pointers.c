// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The shared file pointer, ordered and split collective access, started accesses, and atomic
 * mode. */
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
    CHECK_OK(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    return file;
}

// Every record stands somewhere, whole, and once.
static void
shared(const char *name)
{
    enum { RECORDS = 200 };
    MPI_File file = opened(name);
    MPI_Offset at;
    MPI_Request request;
    for (int i = 0; i < RECORDS; i++) {
        int record[3] = {rank, i, ~i};
        if (i % 2) {
            CHECK_OK(MPI_File_write_shared(file, record, 3, MPI_INT, MPI_STATUS_IGNORE));
        } else {
            CHECK_OK(MPI_File_iwrite_shared(file, record, 3, MPI_INT, &request));
            CHECK_OK(MPI_Wait(&request, MPI_STATUS_IGNORE));
        }
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_get_position_shared(file, &at));
    CHECK(at == 3LL * RECORDS * size, "%lld", (long long)at);
    CHECK_OK(MPI_File_seek_shared(file, 0, MPI_SEEK_SET));
    int *seen = calloc((size_t)(size * RECORDS), sizeof *seen), mine = 0, n;
    MPI_Status status;
    do {
        int record[3];
        CHECK_OK(MPI_File_read_shared(file, record, 3, MPI_INT, &status));
        MPI_Get_count(&status, MPI_INT, &n);
        if (n == 0)
            break;
        CHECK(n == 3 && record[2] == ~record[1], "%d: %d %d %d", n, record[0], record[1],
              record[2]);
        seen[record[0] * RECORDS + record[1]]++;
        mine++;
    } while (1);
    MPI_Allreduce(MPI_IN_PLACE, seen, size * RECORDS, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    for (int i = 0; i < size * RECORDS; i++)
        CHECK(seen[i] == 1, "record %d: %d", i, seen[i]);
    free(seen);
    CHECK_OK(MPI_File_close(&file));
}

static void
ordered(const char *name)
{
    MPI_File file = opened(name);
    MPI_Status status;
    MPI_Offset at;
    int n = 1 + rank % 3, all = 0, data[3] = {rank, rank + 1000, rank + 2000}, got[3];
    for (int i = 0; i < size; i++)
        all += 1 + i % 3;
    CHECK_OK(MPI_File_write_ordered(file, data, n, MPI_INT, &status));
    CHECK(count_of(&status, MPI_INT) == n, "%lld", count_of(&status, MPI_INT));
    CHECK_OK(MPI_File_write_ordered_begin(file, data, n, MPI_INT));
    CHECK_FAILS(MPI_File_sync(file), MPI_ERR_IO);
    CHECK_FAILS(MPI_File_write_all_end(file, data, &status), MPI_ERR_IO);
    CHECK_FAILS(MPI_File_write_ordered_end(file, got, &status), MPI_ERR_BUFFER);
    CHECK_OK(MPI_File_write_ordered_end(file, data, &status));
    CHECK_FAILS(MPI_File_write_ordered_end(file, data, &status), MPI_ERR_IO);
    CHECK_OK(MPI_File_get_position_shared(file, &at));
    CHECK(at == 2 * all, "%lld", (long long)at);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_seek_shared(file, -all, MPI_SEEK_CUR));
    CHECK_OK(MPI_File_read_ordered(file, got, n, MPI_INT, &status));
    CHECK(memcmp(got, data, (size_t)n * sizeof *got) == 0, "%d %d", got[0], data[0]);
    CHECK_OK(MPI_File_seek_shared(file, -all, MPI_SEEK_END));
    memset(got, 0, sizeof got);
    CHECK_OK(MPI_File_read_ordered_begin(file, got, n, MPI_INT));
    CHECK_OK(MPI_File_read_ordered_end(file, got, &status));
    CHECK(memcmp(got, data, (size_t)n * sizeof *got) == 0, "%d %d", got[0], data[0]);
    CHECK_OK(MPI_File_close(&file));
}

// Started collectives of one rank wait for nobody.
static void
started(const char *name)
{
    MPI_File file = opened(name);
    MPI_Request requests[4];
    MPI_Status statuses[4];
    int data[4] = {rank, rank * 2, rank * 3, rank * 4}, got[4];
    for (int i = 0; i < 4; i++)
        CHECK_OK(MPI_File_iwrite_at_all(file, 4 * rank + i, &data[i], 1, MPI_INT, &requests[i]));
    CHECK_OK(MPI_Waitall(4, requests, statuses));
    for (int i = 0; i < 4; i++) {
        int flag;
        CHECK(count_of(&statuses[i], MPI_INT) == 1, "%lld", count_of(&statuses[i], MPI_INT));
        MPI_Test_cancelled(&statuses[i], &flag);
        CHECK(!flag, "%d", i);
    }
    CHECK_OK(MPI_File_seek(file, 4 * rank, MPI_SEEK_SET));
    CHECK_OK(MPI_File_iread_all(file, got, 4, MPI_INT, &requests[0]));
    CHECK_OK(MPI_Cancel(&requests[0]));
    CHECK_OK(MPI_Wait(&requests[0], &statuses[0]));
    CHECK(memcmp(got, data, sizeof got) == 0, "%d", got[1]);
    CHECK_OK(MPI_File_iread_at(file, 4 * size + 5, got, 4, MPI_INT, &requests[0]));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_Request_free(&requests[0]));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_seek(file, 0, MPI_SEEK_END));
    CHECK_OK(MPI_File_read(file, got, 4, MPI_INT, &statuses[0]));
    CHECK(count_of(&statuses[0], MPI_INT) == 0, "%lld", count_of(&statuses[0], MPI_INT));
    CHECK_OK(MPI_File_close(&file));
}

// In atomic mode an access is seen whole or not at all, also where it lies in pieces.
static void
atomic(const char *name)
{
    enum { N = 64, TIMES = 60 };
    MPI_File file = opened(name);
    MPI_Datatype holes;
    MPI_Status status;
    int data[N], flag;
    MPI_Type_vector(N, 1, 3, MPI_INT, &holes);
    MPI_Type_commit(&holes);
    CHECK_OK(MPI_File_set_view(file, 4, MPI_INT, holes, "native", MPI_INFO_NULL));
    MPI_Type_free(&holes);
    CHECK_OK(MPI_File_set_atomicity(file, 1));
    CHECK_OK(MPI_File_get_atomicity(file, &flag));
    CHECK(flag == 1, "%d", flag);
    memset(data, 0, sizeof data);
    CHECK_OK(MPI_File_write_at_all(file, 0, data, N, MPI_INT, &status));
    MPI_Barrier(MPI_COMM_WORLD);
    for (int t = 0; t < TIMES; t++) {
        for (int i = 0; i < N; i++)
            data[i] = rank * 1000 + t;
        if (rank % 2 == 0)
            CHECK_OK(MPI_File_write_at(file, 0, data, N, MPI_INT, &status));
        CHECK_OK(MPI_File_read_at(file, 0, data, N, MPI_INT, &status));
        for (int i = 1; i < N; i++)
            CHECK(data[i] == data[0], "time %d: %d, then %d", t, data[0], data[i]);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_close(&file));
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    const char *name = temporary("io-pointers");
    shared(name);
    ordered(name);
    started(name);
    atomic(name);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK_OK(MPI_File_delete(name, MPI_INFO_NULL));
    MPI_Finalize();
    return 0;
}
