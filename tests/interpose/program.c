// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Calls functions of many kinds, each as often as test_interpose.py says. */
#include <mpi.h>
#include <stdlib.h>

#define LARGE (4 << 20)

static void
messages(MPI_Comm comm, int rank, int size)
{
    char *data = calloc(2, LARGE);
    MPI_Request requests[2];
    int right = (rank + 1) % size, left = (rank + size - 1) % size;
    for (int i = 0; i < 5; i++)
        MPI_Sendrecv(data, 8, MPI_CHAR, right, 0, data + 8, 8, MPI_CHAR, left, 0, comm,
                     MPI_STATUS_IGNORE);
    MPI_Irecv(data + LARGE, LARGE, MPI_CHAR, left, 1, comm, &requests[0]);
    MPI_Isend_c(data, LARGE, MPI_CHAR, right, 1, comm, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    MPI_Isend(data, 8, MPI_CHAR, right, 2, comm, &requests[0]);
    MPI_Recv_c(data + 8, 8, MPI_CHAR, left, 2, comm, MPI_STATUS_IGNORE);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Send(data, 8, MPI_CHAR, rank, 3, MPI_COMM_SELF == comm ? comm : MPI_COMM_WORLD);
    MPI_Recv(data, 8, MPI_CHAR, rank, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    free(data);
}

static void
collectives(MPI_Comm comm, int size)
{
    long long *data = calloc((size_t)size, 1 << 20), *sums = calloc((size_t)size, 1 << 20);
    for (int i = 0; i < 3; i++)
        MPI_Allreduce_c(data, sums, 1 << 17, MPI_LONG_LONG, MPI_SUM, comm);
    MPI_Allreduce(data, sums, 1, MPI_LONG_LONG, MPI_MAX, comm);
    MPI_Alltoall(data, 1 << 17, MPI_LONG_LONG, sums, 1 << 17, MPI_LONG_LONG, comm);
    MPI_Bcast(data, 1 << 17, MPI_LONG_LONG, 0, comm);
    MPI_Barrier(comm);
    MPI_Barrier(comm);
    free(data);
    free(sums);
}

int
main(int argc, char **argv)
{
    int rank, size;
    MPI_Comm copy, half, some;
    MPI_Group group, one;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    messages(copy, rank, size);
    collectives(copy, size);
    MPI_Comm_split(copy, rank % 2, 0, &half);
    MPI_Comm_group(half, &group);
    MPI_Group_incl(group, 1, (int[]){0}, &one);
    MPI_Comm_create_group(half, group, 0, &some);
    MPI_Group_free(&group);
    MPI_Group_free(&one);
    MPI_Comm_free(&some);
    MPI_Comm_free(&half);
    MPI_Comm_free(&copy);
    MPI_Finalize();
    return 0;
}
