// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A rank that dies in the middle of collective accesses, merged ones: every other one learns it,
 * in whatever call on the file it is or makes, and may still end in order. */
#include "io_temporary.h"

#include <signal.h>
#include <sys/time.h>

enum { N = 1 << 21, BLOCK = 64 };

static void
die(int number)
{
    (void)number;
    kill(getpid(), SIGKILL);
}

int
main(int argc, char **argv)
{
    static char data[N];
    struct itimerval soon = {{0, 0}, {0, 50000}};
    struct sigaction action = {.sa_handler = die};
    MPI_Datatype block, mine;
    MPI_File file;
    MPI_Init(&argc, &argv);
    int rank = world_rank(), size = world_size(), err = MPI_SUCCESS;
    const char *name = temporary("io-failure");
    CHECK_OK(
        MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file));
    unlink(name);
    MPI_Type_contiguous(BLOCK, MPI_CHAR, &block);
    MPI_Type_create_resized(block, 0, BLOCK * size, &mine);
    MPI_Type_commit(&mine);
    CHECK_OK(MPI_File_set_view(file, BLOCK * rank, MPI_CHAR, mine, "native", MPI_INFO_NULL));
    if (rank == size - 1) {
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &soon, NULL);
    }
    while (!err) {
        err = MPI_File_write_at_all(file, 0, data, N, MPI_CHAR, MPI_STATUS_IGNORE);
        if (!err)
            err = MPI_File_read_at_all(file, 0, data, N, MPI_CHAR, MPI_STATUS_IGNORE);
    }
    CHECK_FAILS(err, MPI_ERR_PROC_ABORTED);
    CHECK_FAILS(MPI_File_write_ordered(file, data, N, MPI_CHAR, MPI_STATUS_IGNORE),
                MPI_ERR_PROC_ABORTED);
    CHECK_OK(MPI_File_write_shared(file, data, N, MPI_CHAR, MPI_STATUS_IGNORE));
    CHECK_FAILS(MPI_File_close(&file), MPI_ERR_PROC_ABORTED);
    CHECK(file == MPI_FILE_NULL, "%p", (void *)file);
    printf("knows\n");
    fflush(stdout);
    MPI_Finalize();
    return 0;
}
