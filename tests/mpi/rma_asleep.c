// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A target takes no part: put, get and atomics on its memory, of every kind, end while it sleeps
 * outside of MPI, with the kernel's copies and where they are refused. */

#include "check.h"
#include "refuse.h"

#include <string.h>
#include <unistd.h>

#define ASLEEP 1.0 // seconds

static int rank, size;

static void
use(MPI_Win win, MPI_Aint at)
{
    double began = MPI_Wtime();
    long value = 5, back = 0, old = 0, next = 9;
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    MPI_Put(&value, 1, MPI_LONG, 0, at, 1, MPI_LONG, win);
    MPI_Win_flush(0, win);
    MPI_Get(&back, 1, MPI_LONG, 0, at, 1, MPI_LONG, win);
    MPI_Accumulate(&value, 1, MPI_LONG, 0, at, 1, MPI_LONG, MPI_SUM, win);
    MPI_Fetch_and_op(&value, &old, MPI_LONG, 0, at, MPI_SUM, win);
    MPI_Win_flush(0, win);
    CHECK(back == 5 && old == 10, "%ld, %ld", back, old);
    value = 15;
    MPI_Compare_and_swap(&next, &value, &old, MPI_LONG, 0, at, win);
    MPI_Win_unlock(0, win);
    CHECK(old == 15, "%ld", old);
    CHECK(MPI_Wtime() - began < ASLEEP / 2, "it took %g s", MPI_Wtime() - began);
}

static void
target_sleeps(MPI_Win win, const long *own, MPI_Aint at)
{
    MPI_Bcast(&at, 1, MPI_AINT, 0, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        usleep((useconds_t)(ASLEEP * 1e6));
    else if (rank == size - 1)
        use(win, at);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0 && size > 1)
        CHECK(*own == 9, "%ld", *own);
    MPI_Win_free(&win);
}

static void
all(void)
{
    long *own, memory = 0;
    MPI_Aint address;
    MPI_Win win;
    MPI_Win_allocate(sizeof *own, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &own, &win);
    target_sleeps(win, own, 0);
    MPI_Win_create(&memory, sizeof memory, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    target_sleeps(win, &memory, 0);
    memory = 0;
    MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_attach(win, &memory, sizeof memory);
    MPI_Get_address(&memory, &address);
    target_sleeps(win, &memory, address);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    all();
    refuse();
    all();
    MPI_Finalize();
    return 0;
}
