// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_BUFFER_AUTOMATIC (MPI 5.0, 3.6.1) was taken for a buffer of 0
 * bytes: every MPI_Bsend failed. */

#include "../mpi/check.h"

#include <string.h>

#define SIZE 200000

int
main(int argc, char **argv)
{
    static char out[SIZE], in[SIZE];
    void *buffer = NULL;
    int size = -1;
    MPI_Init(&argc, &argv);
    int rank = world_rank(), ranks = world_size();
    MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0);
    for (int i = 0; i < 10; i++) {
        memset(out, i, SIZE);
        MPI_Bsend(out, SIZE, MPI_BYTE, (rank + 1) % ranks, i, MPI_COMM_WORLD);
    }
    for (int i = 9; i >= 0; i--) {
        MPI_Recv(in, SIZE, MPI_BYTE, (rank + ranks - 1) % ranks, i, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
        CHECK(in[0] == i && in[SIZE - 1] == i, "message %d begins with %d", i, in[0]);
    }
    MPI_Buffer_detach(&buffer, &size);
    CHECK(buffer == MPI_BUFFER_AUTOMATIC && size == 0, "%p of %d bytes", buffer, size);
    MPI_Finalize();
    return 0;
}
