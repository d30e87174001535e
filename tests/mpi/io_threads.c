// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Threads of one process that use one file: each has places of its own; another thread goes on
 * while one is stuck in a system call. */
#include "io_temporary.h"

#include <pthread.h>

enum { THREADS = 4, TIMES = 100, N = 50 };

static MPI_File file;
static int rank;

static void *
work(void *argument)
{
    int me = *(int *)argument, data[N], got[N];
    MPI_Request request;
    MPI_Status status;
    for (int t = 0; t < TIMES; t++) {
        MPI_Offset at = ((MPI_Offset)(rank * THREADS + me) * TIMES + t) * N;
        for (int i = 0; i < N; i++)
            data[i] = me * 1000000 + t * N + i;
        CHECK_OK(MPI_File_iwrite_at(file, at, data, N, MPI_INT, &request));
        CHECK_OK(MPI_Wait(&request, &status));
        CHECK_OK(MPI_File_read_at(file, at, got, N, MPI_INT, &status));
        CHECK(memcmp(got, data, sizeof got) == 0, "%d: %d", t, got[0]);
        CHECK_OK(MPI_File_write_shared(file, data, 1, MPI_INT, &status));
    }
    return NULL;
}

static void
many(const char *name, int atomic)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    MPI_Datatype every;
    CHECK_OK(
        MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file));
    MPI_Type_create_resized(MPI_INT, 0, 12, &every);
    MPI_Type_commit(&every);
    CHECK_OK(MPI_File_set_view(file, 0, MPI_INT, every, "native", MPI_INFO_NULL));
    MPI_Type_free(&every);
    // Behind all that is written by offsets.
    MPI_Offset end = (MPI_Offset)world_size() * THREADS * TIMES * N;
    CHECK_OK(MPI_File_seek_shared(file, end, MPI_SEEK_SET));
    CHECK_OK(MPI_File_set_atomicity(file, atomic));
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0, "%d", i);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Offset at;
    CHECK_OK(MPI_File_get_position_shared(file, &at));
    CHECK(at == end + world_size() * THREADS * TIMES, "%lld", (long long)at);
    CHECK_OK(MPI_File_close(&file));
}

static void *
read_pipe(void *argument)
{
    MPI_File *from = argument;
    MPI_Status status;
    char byte = 0;
    CHECK_OK(MPI_File_read_shared(*from, &byte, 1, MPI_CHAR, &status));
    CHECK(byte == 'x', "%d", byte);
    return NULL;
}

static void
stuck(void)
{
    char name[64];
    int ends[2], n = 0;
    pthread_t reader;
    MPI_File from;
    CHECK(pipe(ends) == 0, " ");
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
    CHECK_OK(MPI_File_open(MPI_COMM_SELF, name, MPI_MODE_RDONLY | MPI_MODE_SEQUENTIAL,
                           MPI_INFO_NULL, &from));
    pthread_create(&reader, NULL, read_pipe, &from);
    usleep(20000);
    for (int i = 0; i < 100; i++) {
        int one = 1;
        MPI_Allreduce(&one, &n, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    }
    CHECK(n == world_size(), "%d", n);
    CHECK(write(ends[1], "x", 1) == 1, " ");
    pthread_join(reader, NULL);
    CHECK_OK(MPI_File_close(&from));
    close(ends[0]);
    close(ends[1]);
}

int
main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    CHECK(provided == MPI_THREAD_MULTIPLE, "%d", provided);
    rank = world_rank();
    const char *name = temporary("io-threads");
    many(name, 0);
    many(name, 1);
    stuck();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK_OK(MPI_File_delete(name, MPI_INFO_NULL));
    MPI_Finalize();
    return 0;
}
