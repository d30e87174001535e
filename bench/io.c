// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MB/s of collective writing and reading of blocks that alternate between the ranks, and of each
 * rank alone, into a file that is in the page cache: the best of several rounds. Every block is
 * checked after the first round.
 * io FILE [MiB of each rank [rounds [block ...]]]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

static void
stop(const char *why)
{
    fprintf(stderr, "io: %s\n", why);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void
move(MPI_File file, char *data, int n, int way)
{
    MPI_Status status;
    int err, count;
    switch (way) {
    case 0:
        err = MPI_File_write_at_all(file, 0, data, n, MPI_BYTE, &status);
        break;
    case 1:
        err = MPI_File_read_at_all(file, 0, data, n, MPI_BYTE, &status);
        break;
    case 2:
        err = MPI_File_write_at(file, 0, data, n, MPI_BYTE, &status);
        break;
    default:
        err = MPI_File_read_at(file, 0, data, n, MPI_BYTE, &status);
    }
    if (err != MPI_SUCCESS || MPI_Get_count(&status, MPI_BYTE, &count) != MPI_SUCCESS || count != n)
        stop("an access has failed");
}

// Until all are done: who gets a CPU late has waited as well.
static double
once(MPI_File file, char *data, int n, int way)
{
    double start, took;
    MPI_Barrier(MPI_COMM_WORLD);
    start = MPI_Wtime();
    move(file, data, n, way);
    MPI_Barrier(MPI_COMM_WORLD);
    took = MPI_Wtime() - start;
    MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return took;
}

static void
fill(char *data, int n, int seed)
{
    for (int i = 0; i < n; i++)
        data[i] = (char)(i * 31 + (i >> 12) + seed + rank);
}

static void
check(const char *data, int n, int seed)
{
    for (int i = 0; i < n; i++)
        if (data[i] != (char)(i * 31 + (i >> 12) + seed + rank))
            stop("other bytes were read");
}

static void
measure(MPI_File file, int n, int rounds, int block)
{
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    MPI_Datatype one, mine;
    char *data = malloc((size_t)n);
    MPI_Type_contiguous(block, MPI_BYTE, &one);
    MPI_Type_create_resized(one, 0, (MPI_Aint)block * size, &mine);
    MPI_Type_commit(&mine);
    MPI_File_set_view(file, (MPI_Offset)block * rank, MPI_BYTE, mine, "native", MPI_INFO_NULL);
    for (int way = 0; way < 4; way++)
        for (int round = 0; round < rounds; round++) {
            if (way % 2 == 0)
                fill(data, n, round);
            else if (round == 0)
                memset(data, 0, (size_t)n);
            double took = once(file, data, n, way);
            best[way] = took < best[way] ? took : best[way];
            if (way % 2 == 1 && round == 0)
                check(data, n, rounds - 1);
        }
    if (rank == 0)
        printf("%8d %10.0f %10.0f %10.0f %10.0f\n", block, 1e-6 * n * size / best[0],
               1e-6 * n * size / best[1], 1e-6 * n * size / best[2], 1e-6 * n * size / best[3]);
    fflush(stdout);
    MPI_Type_free(&mine);
    MPI_Type_free(&one);
    free(data);
}

int
main(int argc, char **argv)
{
    static char *usual[] = {"65536", "4096", "1024", "64"};
    MPI_File file;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (argc < 2)
        stop("which file?");
    int n = (argc > 2 ? atoi(argv[2]) : 8) << 20, rounds = argc > 3 ? atoi(argv[3]) : 5;
    int blocks = argc > 4 ? argc - 4 : 4;
    if (MPI_File_open(MPI_COMM_WORLD, argv[1],
                      MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL,
                      &file) != MPI_SUCCESS)
        stop("the file cannot be opened");
    if (rank == 0)
        printf("%8s %10s %10s %10s %10s\n", "bytes", "write_all", "read_all", "write", "read");
    for (int i = 0; i < blocks; i++)
        measure(file, n, rounds, atoi(argc > 4 ? argv[4 + i] : usual[i]));
    MPI_File_close(&file);
    MPI_Finalize();
    return 0;
}
