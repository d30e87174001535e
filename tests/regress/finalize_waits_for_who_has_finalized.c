// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Finalize waited for messages to be received by a rank that had finalized, for ever. Here each
 * rank leaves messages to its neighbor that nobody receives, more than can be under way at once:
 * one early, the others when that may have gone. */

#include "../mpi/check.h"

#include <unistd.h>

#define COUNT 100
#define SIZE  (1 << 20)

int
main(int argc, char **argv)
{
    static char data[SIZE];
    MPI_Init(&argc, &argv);
    int rank = world_rank(), size = world_size(), next = (rank + 1) % size;
    MPI_Barrier(MPI_COMM_WORLD);
    usleep(rank % 2 ? 20000 : 0);
    for (int i = 0; i < COUNT && size > 1; i++) {
        MPI_Request request;
        MPI_Isend(data, SIZE, MPI_CHAR, next, i, MPI_COMM_WORLD, &request);
        MPI_Request_free(&request);
    }
    usleep(rank == 0 ? 50000 : 0);
    MPI_Finalize();
    return 0;
}
