// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Large messages around the ranks, each byte checked. With the argument "undumpable" no process may
 * look into the ranks, as if the kernel restricted ptrace. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { BYTES = 4 << 20, ROUNDS = 4 };

static unsigned char
byte(int rank, int i)
{
    return (unsigned char)(rank * 31 + i + (i >> 12));
}

static int
count_wrong(const unsigned char *data, int rank)
{
    int wrong = 0;
    for (int i = 0; i < BYTES; i++)
        wrong += data[i] != byte(rank, i);
    return wrong;
}

int
main(int argc, char **argv)
{
    int rank, size, wrong = 0, all = 0;
    if (argc > 1 && (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_GET_DUMPABLE) != 0))
        return 2;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int left = (rank + size - 1) % size, right = (rank + 1) % size;
    unsigned char *mine = malloc(BYTES), *theirs = malloc(BYTES);
    for (int i = 0; i < BYTES; i++)
        mine[i] = byte(rank, i);
    for (int round = 0; round < ROUNDS; round++) {
        MPI_Sendrecv(mine, BYTES, MPI_BYTE, right, round, theirs, BYTES, MPI_BYTE, left, round,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        wrong += count_wrong(theirs, left);
    }
    MPI_Bcast(mine, BYTES, MPI_BYTE, 0, MPI_COMM_WORLD);
    wrong += count_wrong(mine, 0);
    MPI_Allreduce(&wrong, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d ranks, %d bytes wrong\n", size, all);
    MPI_Finalize();
    free(mine);
    free(theirs);
    return all != 0;
}
