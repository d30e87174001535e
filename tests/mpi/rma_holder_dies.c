// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A rank dies with a lock on a window: "lock", "lock_all", or in an epoch that others wait to end:
 * "fence", "post", "start". Each of them learns it, at once and in every later call. */
#include "check.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static int rank, size, holder;

static int
class_of(int err)
{
    int errclass;
    MPI_Error_class(err, &errclass);
    return errclass;
}

static void
hold(const char *what, MPI_Win win, MPI_Group group)
{
    if (strcmp(what, "lock") == 0)
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    else if (strcmp(what, "lock_all") == 0)
        MPI_Win_lock_all(0, win);
    else if (strcmp(what, "start") == 0)
        MPI_Win_start(group, 0, win);
    MPI_Barrier(MPI_COMM_WORLD);
    usleep(100000);
    kill(getpid(), SIGKILL);
}

static int
wait_for(const char *what, MPI_Win win, MPI_Group group)
{
    long x = 1;
    if (strcmp(what, "lock") == 0)
        return MPI_Win_lock(rank % 2 ? MPI_LOCK_SHARED : MPI_LOCK_EXCLUSIVE, 0, 0, win);
    if (strcmp(what, "lock_all") == 0)
        return MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, win);
    if (strcmp(what, "fence") == 0)
        return MPI_Win_fence(0, win);
    if (strcmp(what, "post") == 0) {
        MPI_Win_start(group, 0, win);
        return MPI_Put(&x, 1, MPI_LONG, holder, 0, 1, MPI_LONG, win);
    }
    MPI_Win_post(group, 0, win);
    return MPI_Win_wait(win);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "lock";
    long *own;
    MPI_Win win;
    MPI_Group all, group;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    holder = size - 1;
    MPI_Win_allocate(sizeof *own, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &own, &win);
    MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN);
    MPI_Win_get_group(win, &all);
    MPI_Group_incl(all, 1, rank == holder ? &(int){0} : &holder, &group);
    if (rank == holder)
        hold(what, win, group);
    MPI_Barrier(MPI_COMM_WORLD);
    double began = MPI_Wtime();
    int err = wait_for(what, win, group);
    CHECK(class_of(err) == MPI_ERR_PROC_ABORTED, "class %d", class_of(err));
    CHECK(MPI_Wtime() - began < 1.5, "after %g s", MPI_Wtime() - began);
    CHECK(class_of(MPI_Win_fence(0, win)) == MPI_ERR_PROC_ABORTED, "a later call");
    CHECK(class_of(MPI_Win_free(&win)) == MPI_ERR_PROC_ABORTED, "the last call");
    printf("knows\n");
    fflush(stdout);
    MPI_Group_free(&group);
    MPI_Group_free(&all);
    MPI_Finalize();
    return 0;
}
