// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* More than 2 GiB in one message from rank 0 to rank 1. Every 4093rd byte is looked at, and the
 * last ones. */

#include "coll_data.h"

#include <sys/mman.h>

#define N         ((MPI_Count)INT32_MAX + 12345)
#define HUGE_PAGE ((size_t)2 << 20)

static MPI_Count
next(MPI_Count k)
{
    return k + 5000 < N ? k + 4093 : k + 1;
}

static void
mark(unsigned char *p, uint64_t call)
{
    for (MPI_Count k = 0; k < N; k = next(k))
        p[k] = byte_of(call, 0, (uint64_t)k);
}

static void
look(const unsigned char *p, uint64_t call)
{
    for (MPI_Count k = 0; k < N; k = next(k))
        CHECK(p[k] == byte_of(call, 0, (uint64_t)k), "byte %lld is %d", (long long)k, p[k]);
}

static void
counts(const MPI_Status *status)
{
    MPI_Count large = -1;
    int small = 0;
    MPI_Get_count_c(status, MPI_BYTE, &large);
    CHECK(large == N, "%lld bytes", (long long)large);
    MPI_Get_elements_c(status, MPI_BYTE, &large);
    CHECK(large == N, "%lld elements", (long long)large);
    MPI_Get_count(status, MPI_BYTE, &small);
    CHECK(small == MPI_UNDEFINED, "an int says %d bytes", small);
    MPI_Get_elements(status, MPI_BYTE, &small);
    CHECK(small == MPI_UNDEFINED, "an int says %d elements", small);
    MPI_Get_count(status, MPI_UINT64_T, &small);
    CHECK(small == (N % 8 ? MPI_UNDEFINED : (int)(N / 8)), "%d words", small);
}

static void
send(unsigned char *p)
{
    mark(p, 1);
    MPI_Send_c(p, N, MPI_BYTE, 1, 1, MPI_COMM_WORLD);
    mark(p, 2);
    MPI_Ssend_c(p, N, MPI_BYTE, 1, 2, MPI_COMM_WORLD);
    MPI_Send_c(p, N, MPI_BYTE, 1, 3, MPI_COMM_WORLD);
    mark(p, 4);
    MPI_Request request;
    MPI_Send_init_c(p, N, MPI_BYTE, 1, 4, MPI_COMM_WORLD, &request);
    MPI_Start(&request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Request_free(&request);
    mark(p, 5);
    MPI_Psend_init_c(p, 1, N, MPI_BYTE, 1, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    MPI_Start(&request);
    MPI_Pready(0, request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Request_free(&request);
}

static void
receive(unsigned char *p)
{
    MPI_Status status;
    int errclass;
    MPI_Probe(0, 1, MPI_COMM_WORLD, &status);
    counts(&status);
    MPI_Recv_c(p, N, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &status);
    counts(&status);
    look(p, 1);
    MPI_Request request;
    MPI_Irecv_c(p, N + 5, MPI_BYTE, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, &status);
    counts(&status);
    look(p, 2);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Error_class(MPI_Recv(p, 100, MPI_BYTE, 0, 3, MPI_COMM_WORLD, &status), &errclass);
    CHECK(errclass == MPI_ERR_TRUNCATE, "100 bytes of room gave class %d", errclass);
    MPI_Recv_init_c(p, N, MPI_BYTE, 0, 4, MPI_COMM_WORLD, &request);
    MPI_Start(&request);
    MPI_Wait(&request, &status);
    counts(&status);
    look(p, 4);
    MPI_Request_free(&request);
    MPI_Precv_init_c(p, 1, N, MPI_BYTE, 0, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    MPI_Start(&request);
    MPI_Wait(&request, &status);
    counts(&status);
    look(p, 5);
    MPI_Request_free(&request);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    size_t room = ((size_t)N | (HUGE_PAGE - 1)) + 1;
    unsigned char *p = aligned_alloc(HUGE_PAGE, room);
    CHECK(p, "no memory for %lld bytes", (long long)N);
    madvise(p, room, MADV_HUGEPAGE); // touching it takes seconds otherwise
    if (world_rank() == 0)
        send(p);
    else
        receive(p);
    free(p);
    MPI_Finalize();
    return 0;
}
