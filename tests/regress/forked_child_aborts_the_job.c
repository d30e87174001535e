// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A forked child is outside MPI: MPI_Abort ends the child, with its code, and nobody else. */

#include "../mpi/check.h"

#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    int status, sum = 0, one = 1, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    pid_t child = fork();
    if (child == 0)
        MPI_Abort(MPI_COMM_WORLD, 7);
    CHECK(waitpid(child, &status, 0) == child, "pid %d", (int)child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %#x", status);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(sum == size, "%d of %d", sum, size);
    MPI_Finalize();
    return 0;
}
