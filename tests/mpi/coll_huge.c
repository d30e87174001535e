// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* More than 2 GiB in one call, between two ranks. Every 4093rd byte is looked at,
 * and the last ones. */
#include "coll_data.h"

#include <sys/mman.h>

#define N         ((MPI_Count)INT32_MAX + 12345)
#define HUGE_PAGE ((size_t)2 << 20)

static MPI_Count
next(MPI_Count k, MPI_Count n)
{
    return k + 5000 < n ? k + 4093 : k + 1;
}

static void
mark(unsigned char *p, uint64_t call, int from, MPI_Count n)
{
    for (MPI_Count k = 0; k < n; k = next(k, n))
        p[k] = byte_of(call, from, (uint64_t)k);
}

static void
look(const unsigned char *p, uint64_t call, int from, MPI_Count n, const char *what)
{
    for (MPI_Count k = 0; k < n; k = next(k, n))
        CHECK(p[k] == byte_of(call, from, (uint64_t)k), "%s: byte %lld is %d", what, (long long)k,
              p[k]);
}

static void
huge_calls(int rank)
{
    size_t room = ((size_t)N | (HUGE_PAGE - 1)) + 1;
    unsigned char *p = aligned_alloc(HUGE_PAGE, room);
    CHECK(p, "no memory for %lld bytes", (long long)N);
    madvise(p, room, MADV_HUGEPAGE); // touching it takes seconds otherwise
    memset(p, 0, (size_t)N);
    if (rank == 0)
        mark(p, 1, 0, N);
    MPI_Bcast_c(p, N, MPI_BYTE, 0, MPI_COMM_WORLD);
    look(p, 1, 0, N, "bcast");
    MPI_Allreduce_c(MPI_IN_PLACE, p, N, MPI_UINT8_T, MPI_MAX, MPI_COMM_WORLD);
    look(p, 1, 0, N, "allreduce");
    // One large and one small block, far apart.
    MPI_Count counts[2] = {N - 100, 50};
    MPI_Aint displs[2] = {0, N - 60};
    mark(p + displs[rank], 2, rank, counts[rank]);
    MPI_Allgatherv_c(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, p, counts, displs, MPI_BYTE,
                     MPI_COMM_WORLD);
    look(p, 2, 0, counts[0], "allgatherv");
    look(p + displs[1], 2, 1, counts[1], "allgatherv");
    free(p);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    huge_calls(world_rank());
    MPI_Finalize();
    return 0;
}
