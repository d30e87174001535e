// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A thread sends to its own process and is interrupted after another thread's MPI_Mprobe took the
 * message: MPI_Mrecv read from the stack of the thread that had left. */

#include "../mpi/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define N 5000

static _Atomic int interrupt;

static int
interrupted(void)
{
    return interrupt;
}

static void
set_callback(int (*function)(void))
{
    int index, count, provided;
    MPI_T_cvar_handle handle;
    uintptr_t address = (uintptr_t)function;
    MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided);
    MPI_T_cvar_get_index("muster_interrupt_callback", &index);
    MPI_T_cvar_handle_alloc(index, NULL, &handle, &count);
    MPI_T_cvar_write(handle, &address);
    MPI_T_finalize();
}

static void *
sends(void *unused)
{
    int data[N];
    for (int i = 0; i < N; i++)
        data[i] = i;
    CHECK(MPI_Ssend(data, N, MPI_INT, 0, 1, MPI_COMM_SELF) != MPI_SUCCESS, "it was received");
    for (int i = 0; i < N; i++)
        ((volatile int *)data)[i] = -1;
    return unused;
}

int
main(int argc, char **argv)
{
    static int data[N];
    int provided;
    pthread_t thread;
    MPI_Message message;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    set_callback(interrupted);
    pthread_create(&thread, NULL, sends, NULL);
    MPI_Mprobe(0, 1, MPI_COMM_SELF, &message, MPI_STATUS_IGNORE);
    interrupt = 1;
    pthread_join(thread, NULL);
    set_callback(NULL);
    MPI_Mrecv(data, N, MPI_INT, &message, MPI_STATUS_IGNORE);
    for (int i = 0; i < N; i++)
        CHECK(data[i] == i, "element %d is %d", i, data[i]);
    MPI_Finalize();
    return 0;
}
