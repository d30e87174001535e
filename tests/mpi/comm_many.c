// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Many communicators: one after the other, and at once, with a collective on some of them. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define TURNS 50000
#define ALIVE 100000
#define EVERY 1000

static long
resident(void)
{
    char line[200];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = atol(line + 6);
    if (file)
        fclose(file);
    return kib;
}

static void
one_after_the_other(void)
{
    MPI_Comm comm;
    for (int i = 0; i < TURNS; i++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        if (i % EVERY == 0)
            MPI_Barrier(comm);
        MPI_Comm_free(&comm);
    }
    long before = resident();
    for (int i = 0; i < TURNS; i++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        if (i % EVERY == 0)
            MPI_Barrier(comm);
        MPI_Comm_free(&comm);
    }
    long more = resident() - before;
    CHECK(more < 4000, "%ld KiB are left of %d communicators", more, TURNS);
}

static void
at_once(void)
{
    MPI_Comm *comms = malloc(ALIVE * sizeof *comms);
    int rank = world_rank(), size = world_size(), got;
    for (int i = 0; i < ALIVE; i++)
        CHECK(MPI_Comm_dup(MPI_COMM_WORLD, &comms[i]) == MPI_SUCCESS, "%d", i);
    for (int i = 0; i < ALIVE; i += EVERY) {
        int one = i + rank, sum = -1;
        MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comms[i]);
        CHECK(sum == size * i + size * (size - 1) / 2, "%d: %d", i, sum);
        MPI_Sendrecv(&one, 1, MPI_INT, (rank + 1) % size, 0, &got, 1, MPI_INT,
                     (rank + size - 1) % size, 0, comms[i], MPI_STATUS_IGNORE);
        CHECK(got == i + (rank + size - 1) % size, "%d: %d", i, got);
    }
    for (int i = ALIVE - 1; i >= 0; i--)
        CHECK(MPI_Comm_free(&comms[i]) == MPI_SUCCESS, "%d", i);
    free(comms);
}

// Each a group of its own.
static void
parts(void)
{
    enum { N = 2000 };
    static MPI_Comm comms[N];
    int rank = world_rank(), n;
    for (int i = 0; i < N; i++)
        MPI_Comm_split(MPI_COMM_WORLD, (rank + i) % 2, i, &comms[i]);
    for (int i = 0; i < N; i++) {
        int expected = (world_size() + (rank % 2 == 0)) / 2;
        MPI_Comm_size(comms[i], &n);
        CHECK(n == expected, "%d: %d", i, n);
        MPI_Comm_free(&comms[i]);
    }
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    one_after_the_other();
    at_once();
    parts();
    MPI_Finalize();
    return 0;
}
