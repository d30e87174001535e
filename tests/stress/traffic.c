// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Random traffic: traffic [seconds] [seed] [threads].
 *
 * In each round every rank (and thread: each has a communicator of its own) draws, from a generator
 * that all ranks share, a list of messages: from, to, tag, size (0 to 64 MiB, mostly small), kind
 * of send, kind of receive. It starts those that concern it in an order of its own and completes
 * them by a way of its own; each byte that arrives is checked. Rounds go on until rank 0 says that
 * time is up.
 */

#include "../mpi/check.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define MESSAGES 40

struct message {
    int from, to, tag, mode, how;
    size_t size;
    uint64_t seed;
    unsigned char *data;
};

struct worker {
    MPI_Comm comm, control; // the rounds' messages; rank 0's word to go on
    uint64_t seed;
    double seconds;
    long messages;
    double bytes;
};

static uint64_t
draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t
draw_size(uint64_t *state)
{
    static const size_t most[] = {64, 128, 4096, 17000, 17000, 200000, 2000000};
    uint64_t kind = draw(state) % 100;
    if (kind == 0)
        return draw(state) % ((64u << 20) + 1);
    return draw(state) % most[kind % (sizeof most / sizeof *most)];
}

static unsigned char
byte(uint64_t seed, size_t i)
{
    return (unsigned char)(seed + i * 131 + (i >> 12));
}

static void
check_data(const struct message *m, int rank)
{
    for (size_t i = 0; i < m->size; i++)
        CHECK(m->data[i] == byte(m->seed, i),
              "rank %d: byte %zu of %zu from %d, tag %d, mode %d, how %d", rank, i, m->size,
              m->from, m->tag, m->mode, m->how);
}

static void
draw_messages(struct message *list, int size, uint64_t *state)
{
    for (int i = 0; i < MESSAGES; i++) {
        list[i] = (struct message){.from = (int)(draw(state) % (uint64_t)size),
                                   .to = (int)(draw(state) % (uint64_t)size),
                                   .tag = (int)(draw(state) % 4),
                                   .mode = (int)(draw(state) % 3),
                                   .how = (int)(draw(state) % 4),
                                   .size = draw_size(state)};
        list[i].seed = draw(state);
    }
}

// Half of the buffers lie in the job's segment, where messages go another way.
static unsigned char *
buffer_alloc(const struct message *m, int side)
{
    unsigned char *p;
    if (m->seed >> side & 1)
        MPI_Alloc_mem((MPI_Aint)m->size + 1, MPI_INFO_NULL, &p);
    else
        p = malloc(m->size + 1);
    return p;
}

static void
buffer_free(const struct message *m, int side)
{
    if (m->seed >> side & 1)
        MPI_Free_mem(m->data);
    else
        free(m->data);
}

enum { SENDER = 8, RECEIVER = 9 }; // bits of the seed

static void
start_send(struct message *m, MPI_Comm comm, MPI_Request *request)
{
    m->data = buffer_alloc(m, SENDER);
    for (size_t i = 0; i < m->size; i++)
        m->data[i] = byte(m->seed, i);
    if (m->mode == 0)
        MPI_Issend_c(m->data, (MPI_Count)m->size, MPI_BYTE, m->to, m->tag, comm, request);
    else
        MPI_Isend_c(m->data, (MPI_Count)m->size, MPI_BYTE, m->to, m->tag, comm, request);
}

// The i-th message to me of one (from, tag) must be received by the i-th receive for them.
static void
recv_one(struct message *m, MPI_Comm comm, int rank)
{
    MPI_Status status;
    MPI_Message matched;
    MPI_Count count;
    int flag = 0;
    m->data = buffer_alloc(m, RECEIVER);
    switch (m->how) {
    case 0:
        MPI_Recv_c(m->data, (MPI_Count)m->size, MPI_BYTE, m->from, m->tag, comm, &status);
        break;
    case 1:
        MPI_Probe(m->from, m->tag, comm, &status);
        MPI_Recv_c(m->data, (MPI_Count)m->size, MPI_BYTE, m->from, m->tag, comm, &status);
        break;
    case 2:
        MPI_Mprobe(m->from, m->tag, comm, &matched, &status);
        MPI_Mrecv_c(m->data, (MPI_Count)m->size, MPI_BYTE, &matched, &status);
        break;
    default:
        while (!flag)
            MPI_Improbe(m->from, m->tag, comm, &flag, &matched, &status);
        MPI_Mrecv_c(m->data, (MPI_Count)m->size, MPI_BYTE, &matched, &status);
    }
    MPI_Get_count_c(&status, MPI_BYTE, &count);
    CHECK((size_t)count == m->size, "rank %d: %lld bytes, not %zu", rank, (long long)count,
          m->size);
    check_data(m, rank);
    buffer_free(m, RECEIVER);
}

// Blocking receives of messages whose senders may be blocked: sends are all started first.
static void
round_blocking(struct message *list, struct worker *w, int rank)
{
    MPI_Request requests[MESSAGES];
    int n = 0;
    for (int i = 0; i < MESSAGES; i++)
        if (list[i].from == rank && list[i].to != rank)
            start_send(&list[i], w->comm, &requests[n++]);
    for (int i = 0; i < MESSAGES; i++)
        if (list[i].to == rank && list[i].from != rank)
            recv_one(&list[i], w->comm, rank);
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
    for (int i = 0; i < MESSAGES; i++)
        if (list[i].from == rank && list[i].to != rank)
            buffer_free(&list[i], SENDER);
}

// Receives started before, between and after the sends, completed in any order.
static void
round_started(struct message *list, struct worker *w, int rank, uint64_t *own)
{
    MPI_Request requests[2 * MESSAGES];
    struct message in[MESSAGES];
    int n = 0, left;
    for (int i = 0; i < MESSAGES; i++) {
        in[i] = list[i];
        if (list[i].to == rank) {
            in[i].data = buffer_alloc(&in[i], RECEIVER);
            MPI_Irecv_c(in[i].data, (MPI_Count)in[i].size, MPI_BYTE, in[i].from, in[i].tag, w->comm,
                        &requests[n++]);
        }
        if (list[i].from == rank)
            start_send(&list[i], w->comm, &requests[n++]);
    }
    int way = (int)(draw(own) % 3);
    for (left = n; left && way == 0; left--) {
        int index;
        MPI_Waitany(n, requests, &index, MPI_STATUS_IGNORE);
        CHECK(index != MPI_UNDEFINED, "rank %d: %d left", rank, left);
    }
    for (int flag = 0; way == 1 && !flag;)
        MPI_Testall(n, requests, &flag, MPI_STATUSES_IGNORE);
    if (way == 2)
        MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
    for (int i = 0; i < MESSAGES; i++) {
        if (in[i].to == rank) {
            check_data(&in[i], rank);
            buffer_free(&in[i], RECEIVER);
        }
        if (list[i].from == rank)
            buffer_free(&list[i], SENDER);
    }
}

// Only (source, tag) of the probe are known; the message list tells what must come.
static void
round_wild(struct message *list, struct worker *w, int rank)
{
    MPI_Request requests[MESSAGES];
    int n = 0, expected = 0, taken[MESSAGES] = {0};
    for (int i = 0; i < MESSAGES; i++) {
        if (list[i].from == rank)
            start_send(&list[i], w->comm, &requests[n++]);
        expected += list[i].to == rank;
    }
    for (; expected; expected--) {
        MPI_Status status;
        MPI_Message matched;
        MPI_Count count;
        int i = 0;
        MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, w->comm, &matched, &status);
        MPI_Get_count_c(&status, MPI_BYTE, &count);
        while (i < MESSAGES && (taken[i] || list[i].to != rank ||
                                list[i].from != status.MPI_SOURCE || list[i].tag != status.MPI_TAG))
            i++;
        CHECK(i < MESSAGES, "rank %d: nobody sent (%d, %d)", rank, status.MPI_SOURCE,
              status.MPI_TAG);
        struct message m = list[i];
        taken[i] = 1;
        CHECK((size_t)count == m.size, "rank %d: overtaken: %lld bytes, not %zu", rank,
              (long long)count, m.size);
        m.data = buffer_alloc(&m, RECEIVER);
        MPI_Mrecv_c(m.data, count, MPI_BYTE, &matched, MPI_STATUS_IGNORE);
        check_data(&m, rank);
        buffer_free(&m, RECEIVER);
    }
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
    for (int i = 0; i < MESSAGES; i++)
        if (list[i].from == rank)
            buffer_free(&list[i], SENDER);
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    struct message list[MESSAGES];
    int rank, size, go = 1;
    MPI_Comm_rank(w->comm, &rank);
    MPI_Comm_size(w->comm, &size);
    uint64_t shared = w->seed, own = w->seed + (uint64_t)rank + 1;
    double end = MPI_Wtime() + w->seconds;
    while (go) {
        draw_messages(list, size, &shared);
        int kind = (int)(draw(&shared) % 3);
        if (kind == 2)
            MPI_Barrier(w->control);
        if (kind == 0)
            round_blocking(list, w, rank);
        else if (kind == 1)
            round_started(list, w, rank, &own);
        else
            round_wild(list, w, rank);
        // A wildcard would take messages of the next round.
        if (kind == 2)
            MPI_Barrier(w->control);
        for (int i = 0; i < MESSAGES; i++)
            if (list[i].to == rank)
                w->messages++, w->bytes += (double)list[i].size;
        // Rank 0 tells the others one by one, so that rounds overlap.
        go = MPI_Wtime() < end;
        for (int i = 1; rank == 0 && i < size; i++)
            MPI_Send(&go, 1, MPI_INT, i, 0, w->control);
        if (rank != 0)
            MPI_Recv(&go, 1, MPI_INT, 0, 0, w->control, MPI_STATUS_IGNORE);
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 5;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
    int threads = argc > 3 ? atoi(argv[3]) : 1, provided;
    MPI_Init_thread(&argc, &argv, threads > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &provided);
    MPI_Sendrecv_replace(&seed, 8, MPI_BYTE, world_rank(), 1, world_rank(), 1, MPI_COMM_WORLD,
                         MPI_STATUS_IGNORE);
    MPI_Bcast(&seed, 8, MPI_BYTE, 0, MPI_COMM_WORLD);
    struct worker workers[16];
    pthread_t ids[16];
    CHECK(threads >= 1 && threads <= 16, "%d threads", threads);
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){.seed = seed * 16 + (uint64_t)i, .seconds = seconds};
        MPI_Comm_dup(MPI_COMM_WORLD, &workers[i].comm);
        MPI_Comm_dup(MPI_COMM_WORLD, &workers[i].control);
    }
    for (int i = 1; i < threads; i++)
        CHECK(pthread_create(&ids[i], NULL, work, &workers[i]) == 0, "thread %d", i);
    work(&workers[0]);
    for (int i = 1; i < threads; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < threads; i++) {
        printf("rank %d thread %d: %ld messages, %.0f MB, seed %llu\n", world_rank(), i,
               workers[i].messages, workers[i].bytes * 1e-6, (unsigned long long)seed);
        MPI_Comm_free(&workers[i].comm);
        MPI_Comm_free(&workers[i].control);
    }
    MPI_Finalize();
    return 0;
}
