// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A thread asleep in MPI_Recv or MPI_Mprobe was not woken by a message that another thread of its
 * process sent: it slept on the bell that only other processes rang. */

#include "../mpi/check.h"

#include <pthread.h>
#include <unistd.h>

#define ROUNDS 20

static void *
receives(void *tag)
{
    int value;
    for (int i = 0; i < ROUNDS; i++) {
        MPI_Recv(&value, 1, MPI_INT, world_rank(), *(int *)tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        CHECK(value == i, "message %d came as %d", value, i);
    }
    return NULL;
}

static void *
probes(void *tag)
{
    int value;
    MPI_Message message;
    for (int i = 0; i < ROUNDS; i++) {
        MPI_Mprobe(MPI_ANY_SOURCE, *(int *)tag, MPI_COMM_WORLD, &message, MPI_STATUS_IGNORE);
        MPI_Mrecv(&value, 1, MPI_INT, &message, MPI_STATUS_IGNORE);
        CHECK(value == i, "message %d came as %d", value, i);
    }
    return NULL;
}

static void
run(void *(*function)(void *), int tag)
{
    pthread_t thread;
    pthread_create(&thread, NULL, function, &tag);
    for (int i = 0; i < ROUNDS; i++) {
        usleep(2000); // until it sleeps
        MPI_Send(&i, 1, MPI_INT, world_rank(), tag, MPI_COMM_WORLD);
    }
    pthread_join(thread, NULL);
}

int
main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    run(receives, 1);
    run(probes, 2);
    MPI_Finalize();
    return 0;
}
