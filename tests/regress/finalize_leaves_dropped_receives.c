// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A receive that MPI_Request_free let go was forgotten by MPI_Finalize: a large send to it that
 * began later waited for ever. One that nobody sends to holds nobody. */
#include "../mpi/check.h"

#include <string.h>
#include <time.h>

enum { LARGE = 1 << 20 };

int
main(void)
{
    static char data[LARGE], never[10];
    MPI_Request r;
    MPI_Init(NULL, NULL);
    int rank = world_rank(), size = world_size();
    MPI_Irecv(never, 10, MPI_CHAR, MPI_ANY_SOURCE, 99, MPI_COMM_WORLD, &r);
    MPI_Request_free(&r);
    if (rank > 0) {
        MPI_Irecv(data, LARGE, MPI_CHAR, 0, 1, MPI_COMM_WORLD, &r);
        MPI_Request_free(&r);
    } else {
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        memset(data, 7, LARGE);
        for (int i = 1; i < size; i++)
            MPI_Send(data, LARGE, MPI_CHAR, i, 1, MPI_COMM_WORLD);
    }
    MPI_Finalize();
    CHECK(size == 1 || (data[0] == 7 && data[LARGE - 1] == 7), "%d", data[LARGE - 1]);
    return 0;
}
