// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Finalize ends what was let go in the World model, also where a session goes on: rank 0 does
 * not look after its messages any more, and is not in MPI for a while. */
#include "check.h"

#include <string.h>
#include <time.h>

#define MESSAGES 60
#define SIZE     400000

int
main(void)
{
    static char data[SIZE];
    MPI_Session session;
    MPI_Init(NULL, NULL);
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session);
    int rank = world_rank(), last = world_size() - 1;
    if (rank == 0 && last > 0) {
        memset(data, 5, sizeof data);
        for (int i = 0; i < MESSAGES; i++) {
            MPI_Request request;
            MPI_Isend(data, SIZE, MPI_CHAR, last, i, MPI_COMM_WORLD, &request);
            MPI_Request_free(&request);
        }
    } else if (rank == last && last > 0) {
        double start = MPI_Wtime();
        for (int i = 0; i < MESSAGES; i++) {
            data[SIZE - 1] = 0;
            MPI_Recv(data, SIZE, MPI_CHAR, 0, i, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            CHECK(data[0] == 5 && data[SIZE - 1] == 5, "message %d", i);
        }
        CHECK(MPI_Wtime() - start < 2, "%g s", MPI_Wtime() - start);
    }
    MPI_Finalize();
    if (rank == 0)
        nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 500000000}, NULL);
    MPI_Session_finalize(&session);
    return 0;
}
