// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A message of more than 2 GiB from rank 0 to rank 1 by MPI_Send_c, and a broadcast of as many bytes
 * between the two; alone, rank 0 sends to itself. */

#include "check.h"

#include <stdint.h>
#include <sys/mman.h>

#define WORDS ((MPI_Count)(1 << 28) + 5) // of 8 bytes: 2 GiB + 40

static uint64_t *
words(void)
{
    void *p = mmap(NULL, WORDS * 8, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED, "no memory for %lld words", (long long)WORDS);
    return p;
}

static uint64_t
word(MPI_Count i, uint64_t salt)
{
    return (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15) + salt;
}

static void
fill(uint64_t *data, uint64_t salt)
{
    for (MPI_Count i = 0; i < WORDS; i++)
        data[i] = word(i, salt);
}

static void
verify(const uint64_t *data, uint64_t salt)
{
    for (MPI_Count i = 0; i < WORDS; i++)
        CHECK(data[i] == word(i, salt), "word %lld", (long long)i);
}

static void
receive(uint64_t *data, int source, MPI_Comm comm)
{
    MPI_Status status;
    MPI_Count count;
    int small;
    MPI_Recv_c(data, WORDS * 8, MPI_BYTE, source, 1, comm, &status);
    MPI_Get_count_c(&status, MPI_UINT64_T, &count);
    CHECK(count == WORDS, "%lld words", (long long)count);
    MPI_Get_count(&status, MPI_BYTE, &small);
    CHECK(small == MPI_UNDEFINED, "an int says %d bytes", small);
    verify(data, 1);
}

int
main(int argc, char **argv)
{
    MPI_Comm pair;
    MPI_Init(&argc, &argv);
    int rank = world_rank();
    MPI_Comm_split(MPI_COMM_WORLD, rank < 2 ? 0 : MPI_UNDEFINED, rank, &pair);
    if (rank < 2) {
        int size;
        MPI_Comm_size(pair, &size);
        uint64_t *data = words();
        MPI_Request request = MPI_REQUEST_NULL;
        if (rank == 0)
            fill(data, 1);
        if (rank == 0)
            MPI_Isend_c(data, WORDS, MPI_UINT64_T, size - 1, 1, pair, &request);
        if (rank == size - 1)
            receive(size == 1 ? words() : data, 0, pair);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        if (rank == 0)
            fill(data, 2);
        MPI_Bcast_c(data, WORDS, MPI_UINT64_T, 0, pair);
        verify(data, 2);
        MPI_Comm_free(&pair);
    }
    MPI_Finalize();
    return 0;
}
