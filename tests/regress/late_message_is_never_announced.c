// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Of large messages, and of synchronous ones, the first sixteen to a rank were announced, and the
 * next only after one of them had been received. So a program that received them in another order
 * waited forever. The sender waits in MPI_Waitall, or tests and never sleeps.
 */
#include "../mpi/check.h"

#include <string.h>

#define MANY 100

static void
fill(char *data, size_t size, int i)
{
    memset(data, i % 251, size);
    memcpy(data, &i, sizeof i);
}

static void
send_all(char *data, size_t size, int sync, int test)
{
    MPI_Request requests[MANY];
    for (int i = 0, all = 0; i < MANY; i++) {
        fill(data + (size_t)i * size, size, i);
        (sync ? MPI_Issend : MPI_Isend)(data + (size_t)i * size, (int)size, MPI_BYTE, 0, i,
                                        MPI_COMM_WORLD, &requests[i]);
        while (test && i == MANY - 1 && !all)
            MPI_Testall(MANY, requests, &all, MPI_STATUSES_IGNORE);
    }
    if (!test)
        MPI_Waitall(MANY, requests, MPI_STATUSES_IGNORE);
}

static void
recv_all(char *data, char *want, size_t size, int from)
{
    for (int i = MANY - 1; i >= 0; i--) {
        fill(want, size, i);
        MPI_Recv(data, (int)size, MPI_BYTE, from, i, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        CHECK(memcmp(data, want, size) == 0, "message %d of %d bytes from rank %d", i, (int)size,
              from);
    }
}

int
main(void)
{
    static const size_t sizes[] = {8, 5000, 20000, 60000};
    MPI_Init(NULL, NULL);
    int rank = world_rank(), size = world_size();
    char *data = malloc(MANY * sizes[3]), *want = malloc(sizes[3]);
    CHECK(data && want, "no memory");
    for (int way = 0; way < 8; way++) {
        size_t n = sizes[way / 2];
        if (rank)
            send_all(data, n, way & 1, rank == 1 && n == 20000);
        for (int from = 1; rank == 0 && from < size; from++)
            recv_all(data, want, n, from);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    free(data);
    free(want);
    MPI_Finalize();
    return 0;
}
