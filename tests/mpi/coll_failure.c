// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A rank that fails while collectives are under way, started and persistent ones: every other one
 * learns it, whatever it waits for or starts, and may still end in order. */
#include "errors.h"

#include <signal.h>
#include <unistd.h>

enum { MANY = 30 };

int
main(int argc, char **argv)
{
    static char large[8 << 20];
    MPI_Request requests[MANY], persistent;
    int one = 1, sums[MANY], rank, size, err = MPI_SUCCESS;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Barrier_init(MPI_COMM_WORLD, MPI_INFO_NULL, &persistent);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == size - 1) {
        MPI_Iallreduce(&one, &sums[0], 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[0]);
        usleep(100000);
        kill(getpid(), SIGKILL);
    }
    for (int i = 0; i < MANY - 1; i++)
        MPI_Iallreduce(&one, &sums[i], 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[i]);
    MPI_Ibcast(large, sizeof large, MPI_CHAR, size - 1, MPI_COMM_WORLD, &requests[MANY - 1]);
    MPI_Start(&persistent);
    for (int i = MANY - 1; i >= 0; i--) {
        err = MPI_Wait(&requests[i], MPI_STATUS_IGNORE);
        // The first may be over: all have posted it.
        CHECK(class_of(err) == MPI_ERR_PROC_ABORTED || (i == 0 && !err), "request %d: class %d", i,
              class_of(err));
    }
    CHECK(class_of(MPI_Wait(&persistent, MPI_STATUS_IGNORE)) == MPI_ERR_PROC_ABORTED, "persistent");
    CHECK(class_of(MPI_Start(&persistent)) == MPI_ERR_PROC_ABORTED, "started again");
    MPI_Request_free(&persistent);
    printf("knows\n");
    fflush(stdout);
    MPI_Finalize();
    return 0;
}
