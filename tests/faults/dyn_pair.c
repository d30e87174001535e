// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Two jobs that meet: dyn_pair accept|connect NAME [die]. With "die", rank 0 of the one that
 * connects is killed afterwards, and the ranks of the other go on without it.
 */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char port[MPI_MAX_PORT_NAME];

static MPI_Comm
meet(int rank, int connects, const char *name)
{
    MPI_Comm inter;
    if (connects) {
        for (int i = 0; rank == 0 && i < 500; i++) {
            if (MPI_Lookup_name(name, MPI_INFO_NULL, port) == MPI_SUCCESS)
                break;
            usleep(20000);
        }
        MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter);
        return inter;
    }
    if (rank == 0) {
        MPI_Open_port(MPI_INFO_NULL, port);
        MPI_Publish_name(name, MPI_INFO_NULL, port);
    }
    MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter);
    return inter;
}

static void
use(MPI_Comm inter, int connects)
{
    static char big[3 << 20];
    MPI_Comm merged;
    int rank, size, one = 1, all;
    MPI_Intercomm_merge(inter, connects, &merged);
    MPI_Comm_rank(merged, &rank);
    MPI_Comm_size(merged, &size);
    MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_SUM, merged);
    MPI_Sendrecv_replace(big, sizeof big, MPI_CHAR, (rank + 1) % size, 0, (rank + size - 1) % size,
                         0, merged, MPI_STATUS_IGNORE);
    if (rank == 0)
        printf("together %d of %d\n", all, size);
    MPI_Comm_free(&merged);
}

static void
outlive(MPI_Comm inter, int rank, int connects)
{
    int value, err, class;
    if (connects && rank == 0)
        raise(SIGKILL);
    MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN);
    err = MPI_Recv(&value, 1, MPI_INT, 0, 9, inter, MPI_STATUS_IGNORE);
    MPI_Error_class(err, &class);
    MPI_Barrier(MPI_COMM_WORLD);
    printf("class %s\n", class == MPI_ERR_PROC_ABORTED ? "right" : "wrong");
    MPI_Comm_free(&inter);
}

int
main(int argc, char **argv)
{
    int rank, connects = argc > 1 && strcmp(argv[1], "connect") == 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm inter = meet(rank, connects, argv[2]);
    use(inter, connects);
    if (argc > 3)
        outlive(inter, rank, connects);
    else
        MPI_Comm_disconnect(&inter);
    MPI_Finalize();
    return 0;
}
