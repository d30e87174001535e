// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Below MPI_THREAD_MULTIPLE a blocked thread, seeing others contend for the engine's lock in calls
 * that are allowed at any time, gave the lock away, which was not its own, and then kept it. */

#include "../mpi/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static _Atomic int stop;

static void *
contend(void *unused)
{
    while (!atomic_load(&stop)) {
        MPI_Info info;
        MPI_Info_create(&info);
        MPI_Info_set(info, "key", "value");
        MPI_Info_free(&info);
    }
    return unused;
}

int
main(void)
{
    pthread_t threads[4];
    int provided, byte;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (world_rank() == 0 && world_size() > 1) {
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, contend, NULL);
        MPI_Recv(&byte, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        atomic_store(&stop, 1);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    } else if (world_rank() == 1) {
        usleep(300000);
        MPI_Send(&provided, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
    }
    MPI_Info info; // blocks for ever if nobody can have the lock
    MPI_Info_create(&info);
    MPI_Info_free(&info);
    MPI_Finalize();
    return 0;
}
