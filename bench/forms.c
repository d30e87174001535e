// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Half round trips of 8 bytes between ranks 0 and 1 in each form of a message, and one transfer of
 * 4096 partitions of 64 bytes: "MICROSECONDS WHAT" on each line, the best of several rounds. Needs
 * MPI 4. */

#include <mpi.h>
#include <stdio.h>

enum { TURNS = 20000, ROUNDS = 10, BYTES = 8, PARTITIONS = 4096, EACH = 64 };

static char out[PARTITIONS * EACH], in[PARTITIONS * EACH];
static MPI_Request to, from;
static int other;

static void
blocking(int sends)
{
    if (sends)
        MPI_Send(out, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD);
    else
        MPI_Recv(in, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void
started(int sends)
{
    MPI_Request r;
    if (sends)
        MPI_Isend(out, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, &r);
    else
        MPI_Irecv(in, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}

static void
combined(int sends)
{
    int dest = sends ? other : MPI_PROC_NULL, source = sends ? MPI_PROC_NULL : other;
    MPI_Request r;
    MPI_Isendrecv(out, BYTES, MPI_BYTE, dest, 0, in, BYTES, MPI_BYTE, source, 0, MPI_COMM_WORLD,
                  &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}

static void
persistent(int sends)
{
    MPI_Request *r = sends ? &to : &from;
    MPI_Start(r);
    MPI_Wait(r, MPI_STATUS_IGNORE);
}

static void
partitioned(int sends)
{
    MPI_Request *r = sends ? &to : &from;
    MPI_Start(r);
    if (sends)
        MPI_Pready(0, to);
    MPI_Wait(r, MPI_STATUS_IGNORE);
}

static double
half_round_trip(void (*form)(int sends), int rank)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        for (int i = 0; i < 2 * TURNS; i++)
            form(i % 2 == rank);
        double t = (MPI_Wtime() - start) / TURNS / 2 * 1e6;
        best = t < best ? t : best;
    }
    return best;
}

static double
many_partitions(int rank)
{
    MPI_Request r;
    double best = 1e9;
    if (rank == 0)
        MPI_Psend_init(out, PARTITIONS, EACH, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &r);
    else
        MPI_Precv_init(in, PARTITIONS, EACH, MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &r);
    for (int round = 0; round < ROUNDS; round++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        MPI_Start(&r);
        if (rank == 0)
            MPI_Pready_range(0, PARTITIONS - 1, r);
        MPI_Wait(&r, MPI_STATUS_IGNORE);
        MPI_Barrier(MPI_COMM_WORLD);
        double t = (MPI_Wtime() - start) * 1e6;
        best = t < best ? t : best;
    }
    MPI_Request_free(&r);
    return best;
}

static void
report(int rank, double t, const char *what)
{
    if (rank == 0)
        printf("%.4f %s\n", t, what);
}

int
main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    other = !rank;
    report(rank, half_round_trip(blocking, rank), "8 B, blocking");
    report(rank, half_round_trip(started, rank), "8 B, started");
    report(rank, half_round_trip(combined, rank), "8 B, MPI_Isendrecv");
    MPI_Send_init(out, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, &to);
    MPI_Recv_init(in, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, &from);
    report(rank, half_round_trip(persistent, rank), "8 B, persistent");
    MPI_Request_free(&to);
    MPI_Request_free(&from);
    MPI_Psend_init(out, 1, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &to);
    MPI_Precv_init(in, 1, BYTES, MPI_BYTE, other, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &from);
    report(rank, half_round_trip(partitioned, rank), "8 B, one partition");
    MPI_Request_free(&to);
    MPI_Request_free(&from);
    report(rank, many_partitions(rank), "4096 partitions of 64 B");
    MPI_Finalize();
    return 0;
}
