// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Requests of every kind that are let go with MPI_Request_free and go on until they are done, in
 * MPI_Finalize at the latest: some ranks come there long before others, and the data is looked at
 * when MPI is over. */
#include "coll_data.h"

#include <time.h>

enum { SMALL = 50, LARGE = 400000, KINDS = 6 };

static int rank, size, left, right;
static unsigned char out[LARGE], in[KINDS][2][LARGE];
static int64_t sums[1000], parts[1000];
static const int sizes[] = {SMALL, LARGE};

static void
drop(MPI_Request *request)
{
    MPI_Request_free(request);
    CHECK(*request == MPI_REQUEST_NULL, " ");
}

static void
start_and_drop(MPI_Request request)
{
    MPI_Start(&request);
    drop(&request);
}

static void
receives(int k)
{
    MPI_Request r;
    int n = sizes[k];
    for (int kind = 0; kind < 3; kind++) {
        MPI_Irecv(in[kind][k], n, MPI_BYTE, kind ? left : MPI_ANY_SOURCE, 10 * kind + k,
                  MPI_COMM_WORLD, &r);
        drop(&r);
    }
    MPI_Recv_init(in[3][k], n, MPI_BYTE, left, 30 + k, MPI_COMM_WORLD, &r);
    start_and_drop(r);
    MPI_Precv_init(in[4][k], 2, n / 2, MPI_BYTE, left, 40 + k, MPI_COMM_WORLD, MPI_INFO_NULL, &r);
    start_and_drop(r);
    MPI_Isendrecv(out, n, MPI_BYTE, right, 50 + k, in[5][k], n, MPI_BYTE, left, 50 + k,
                  MPI_COMM_WORLD, &r);
    drop(&r);
}

static void
sends(int k)
{
    MPI_Request r;
    int n = sizes[k];
    MPI_Isend(out, n, MPI_BYTE, right, k, MPI_COMM_WORLD, &r);
    drop(&r);
    MPI_Issend(out, n, MPI_BYTE, right, 10 + k, MPI_COMM_WORLD, &r);
    drop(&r);
    MPI_Ibsend(out, n, MPI_BYTE, right, 20 + k, MPI_COMM_WORLD, &r);
    drop(&r);
    MPI_Send_init(out, n, MPI_BYTE, right, 30 + k, MPI_COMM_WORLD, &r);
    start_and_drop(r);
    MPI_Psend_init(out, 2, n / 2, MPI_BYTE, right, 40 + k, MPI_COMM_WORLD, MPI_INFO_NULL, &r);
    MPI_Start(&r);
    MPI_Pready_range(0, 1, r);
    drop(&r);
}

static void
collectives(void)
{
    MPI_Request r;
    fill_numbers(parts, 5, rank, 0, 1000);
    MPI_Iallreduce(parts, sums, 1000, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD, &r);
    drop(&r);
    MPI_Ibarrier(MPI_COMM_WORLD, &r);
    drop(&r);
}

static void
late(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000 * ms}, NULL);
}

int
main(void)
{
    static char buffer[2 * (LARGE + MPI_BSEND_OVERHEAD)];
    MPI_Init(NULL, NULL);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    MPI_Buffer_attach(buffer, sizeof buffer);
    fill_bytes(out, 1, rank, 0, LARGE);
    late(rank % 3 * 50); // the sender is late, or the receiver
    for (int k = 0; k < 2; k++) {
        if (rank % 2)
            sends(k);
        receives(k);
        if (rank % 2 == 0)
            sends(k);
    }
    late((size - rank) % 3 * 50);
    collectives();
    MPI_Finalize();
    for (int kind = 0; kind < KINDS; kind++)
        for (int k = 0; k < 2; k++)
            check_bytes(in[kind][k], 1, left, 0, (uint64_t)sizes[k], "dropped");
    check_sums(sums, 5, 0, size, 0, 1000, "dropped");
    return 0;
}
