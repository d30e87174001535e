// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A member that had gone on to later calls, as many as there are postings, between the two looks
 * of one that waited for it was taken for one that makes other calls. Roots that give run ahead of
 * the others; more ranks than processors, which sleep often, make it likely. */

#include "../mpi/check.h"

#define CALLS 60000

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank = world_rank(), size = world_size();
    int *all = malloc((size_t)size * sizeof *all), mine = -1;
    for (int i = 0; i < CALLS; i++) {
        int root = i / 100 % size;
        for (int r = 0; r < size; r++)
            all[r] = i + r;
        MPI_Scatter(all, 1, MPI_INT, &mine, 1, MPI_INT, root, MPI_COMM_WORLD);
        CHECK(mine == i + rank, "call %d: %d", i, mine);
        mine = rank == root ? i : -1;
        MPI_Bcast(&mine, 1, MPI_INT, root, MPI_COMM_WORLD);
        CHECK(mine == i, "call %d: %d", i, mine);
    }
    free(all);
    MPI_Finalize();
    return 0;
}
