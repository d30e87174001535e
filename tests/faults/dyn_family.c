// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A parent and two children, of which one is killed: dyn_family child|parent|nobody. With "nobody"
 * all wait, for their launcher to be killed; with "count" the parent spawns one after the other. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
one_after_the_other(char *self)
{
    for (int i = 0; i < 100; i++) {
        char *args[] = {"leave", NULL};
        MPI_Comm inter;
        MPI_Comm_spawn(self, args, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter, MPI_ERRCODES_IGNORE);
        MPI_Comm_disconnect(&inter);
    }
    // None of them is a child that the program could wait for.
    printf("waited: %d\n", (int)waitpid(-1, NULL, WNOHANG));
}

int
main(int argc, char **argv)
{
    MPI_Comm parent, inter;
    int rank, value;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_get_parent(&parent);
    const char *who = argc > 1 ? argv[1] : "nobody";
    if (parent != MPI_COMM_NULL && strcmp(who, "leave") == 0) {
        MPI_Comm_disconnect(&parent);
    } else if (parent != MPI_COMM_NULL) {
        if (strcmp(who, "child") == 0 && rank == 1)
            raise(SIGKILL);
        MPI_Recv(&value, 1, MPI_INT, 0, 0, parent, MPI_STATUS_IGNORE);
    } else if (strcmp(who, "count") == 0) {
        one_after_the_other(argv[0]);
    } else {
        MPI_Comm_spawn(argv[0], argv + 1, 2, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter,
                       MPI_ERRCODES_IGNORE);
        puts("spawned");
        fflush(stdout);
        if (strcmp(who, "parent") == 0)
            raise(SIGKILL);
        MPI_Recv(&value, 1, MPI_INT, 0, 0, inter, MPI_STATUS_IGNORE);
    }
    MPI_Finalize();
    return 0;
}
