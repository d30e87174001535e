// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Seven threads of each rank are blocked in MPI, each in another call: they cost no CPU, and the
 * eighth goes on with whatever it likes, as if they were not there. Then they are let go. */
#include "coll_data.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

enum { THREADS = 7, GO = 77, LARGE = 300000 };

static int rank, size, left, right;
static MPI_Comm comms[THREADS];
static _Atomic int entered, left_again;

static void
receive(MPI_Comm comm)
{
    MPI_Recv(NULL, 0, MPI_BYTE, left, GO, comm, MPI_STATUS_IGNORE);
}

static void
wait_any(MPI_Comm comm)
{
    MPI_Request r[2];
    int index;
    MPI_Irecv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, GO, comm, &r[0]);
    MPI_Irecv(NULL, 0, MPI_BYTE, left, GO + 1, comm, &r[1]);
    MPI_Waitany(2, r, &index, MPI_STATUS_IGNORE);
    CHECK(index == 0, "%d", index);
    MPI_Cancel(&r[1]);
    MPI_Wait(&r[1], MPI_STATUS_IGNORE);
}

static void
probe(MPI_Comm comm)
{
    MPI_Message message;
    MPI_Mprobe(MPI_ANY_SOURCE, GO, comm, &message, MPI_STATUS_IGNORE);
    MPI_Mrecv(NULL, 0, MPI_BYTE, &message, MPI_STATUS_IGNORE);
}

// Rank 0 enters when it is told, and so lets the others out. Alone it receives.
static void
barrier(MPI_Comm comm)
{
    if (rank == 0)
        receive(comm);
    MPI_Barrier(comm);
    if (rank != 0)
        receive(comm);
}

static void
started(MPI_Comm comm)
{
    MPI_Request r;
    if (rank == 0)
        receive(comm);
    MPI_Ibarrier(comm, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    if (rank != 0)
        receive(comm);
}

// The message is received after the word to go on, which the receiver's rank sends.
static void
send(MPI_Comm comm)
{
    static unsigned char data[LARGE];
    fill_bytes(data, 1, rank, 0, LARGE);
    MPI_Ssend(data, LARGE, MPI_BYTE, right, 5, comm);
}

static void
persistent(MPI_Comm comm)
{
    MPI_Request r;
    MPI_Recv_init(NULL, 0, MPI_BYTE, left, GO, comm, &r);
    MPI_Start(&r);
    MPI_Waitall(1, &r, MPI_STATUSES_IGNORE);
    MPI_Request_free(&r);
}

static void (*const calls[THREADS])(MPI_Comm) = {receive, wait_any, probe,     barrier,
                                                 started, send,     persistent};

static void *
blocked(void *number)
{
    int i = *(int *)number;
    entered++;
    calls[i](comms[i]);
    left_again++;
    return NULL;
}

static double
cpu_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static void
sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

// Messages to and fro, collectives, communicators, tests that find nothing.
static void
go_on(void)
{
    static unsigned char out[LARGE], in[LARGE];
    MPI_Request never;
    int flag;
    MPI_Irecv(in, 1, MPI_BYTE, left, 99, MPI_COMM_WORLD, &never);
    for (int i = 0; i < 60; i++) {
        int n = i % 10 ? 100 : LARGE;
        MPI_Comm dup;
        fill_bytes(out, (uint64_t)i, rank, 0, (uint64_t)n);
        MPI_Sendrecv(out, n, MPI_BYTE, right, i, in, n, MPI_BYTE, left, i, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        check_bytes(in, (uint64_t)i, left, 0, (uint64_t)n, "beside the blocked");
        MPI_Test(&never, &flag, MPI_STATUS_IGNORE);
        CHECK(!flag, "round %d", i);
        MPI_Comm_dup(MPI_COMM_WORLD, &dup);
        MPI_Barrier(dup);
        MPI_Comm_free(&dup);
    }
    MPI_Cancel(&never);
    MPI_Wait(&never, MPI_STATUS_IGNORE);
}

static void
let_go(void)
{
    static unsigned char in[LARGE];
    for (int i = 0; i < THREADS; i++)
        if (calls[i] != send)
            MPI_Send(NULL, 0, MPI_BYTE, right, GO, comms[i]);
        else
            MPI_Recv(in, LARGE, MPI_BYTE, left, 5, comms[i], MPI_STATUS_IGNORE);
    check_bytes(in, 1, left, 0, LARGE, "a blocked thread's");
}

int
main(void)
{
    pthread_t ids[THREADS];
    int provided, numbers[THREADS];
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    for (int i = 0; i < THREADS; i++)
        MPI_Comm_dup(MPI_COMM_WORLD, &comms[i]);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&ids[i], NULL, blocked, &numbers[i]);
    }
    while (entered < THREADS)
        sleep_ms(1);
    MPI_Barrier(MPI_COMM_WORLD);
    sleep_ms(300); // until all sleep
    double before = cpu_seconds();
    sleep_ms(2000);
    double used = cpu_seconds() - before;
    CHECK(used < 0.05, "seven sleeping threads used %.3f s in 2 s", used);
    go_on();
    CHECK(left_again == 0, "%d are not blocked", left_again);
    MPI_Barrier(MPI_COMM_WORLD); // before others let ours go
    let_go();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        MPI_Comm_free(&comms[i]);
    }
    MPI_Finalize();
    return 0;
}
