// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Eight threads of each rank send into one queue and take what comes from it: by matched probes
 * that wait and that do not, and by receives from anybody. Each message comes once, whole, to one
 * thread, and those of one thread to another rank in their order. */
#include "coll_data.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, EACH = 60, MOST = 20000 };

static int rank, size;
static _Atomic int seen[64][THREADS][EACH]; // by rank and thread of the sender, and number

static int
length_of(int source, int thread, int number)
{
    return 12 + (int)(mix((uint64_t)(source * 10000 + thread * 1000 + number)) % 4 == 0 ? MOST - 12
                                                                                        : number);
}

static void
send_one(int thread, int number, MPI_Request *r, unsigned char *data)
{
    int n = length_of(rank, thread, number), head[3] = {rank, thread, number};
    fill_bytes(data, (uint64_t)number, rank * THREADS + thread, 0, (uint64_t)n);
    memcpy(data, head, sizeof head);
    MPI_Isend(data, n, MPI_BYTE, (rank + number) % size, thread, MPI_COMM_WORLD, r);
}

static void
took(const unsigned char *data, const MPI_Status *status)
{
    static unsigned char wanted_of[THREADS * 2][MOST];
    static _Atomic int next;
    static _Thread_local int mine = -1;
    int head[3], n, before;
    if (mine < 0)
        mine = next++;
    unsigned char *wanted = wanted_of[mine];
    memcpy(head, data, sizeof head);
    MPI_Get_count(status, MPI_BYTE, &n);
    CHECK(status->MPI_SOURCE == head[0] && status->MPI_TAG == head[1], "%d %d", head[0], head[1]);
    CHECK(n == length_of(head[0], head[1], head[2]), "%d bytes", n);
    before = atomic_fetch_add(&seen[head[0]][head[1]][head[2]], 1);
    CHECK(before == 0, "message %d of thread %d of rank %d came again", head[2], head[1], head[0]);
    fill_bytes(wanted, (uint64_t)head[2], head[0] * THREADS + head[1], 0, (uint64_t)n);
    CHECK(memcmp(wanted + 12, data + 12, (size_t)n - 12) == 0, "message %d of %d", head[2],
          head[0]);
}

static void
take_one(int how, unsigned char *data)
{
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    MPI_Request r;
    int n, flag = 0;
    if (how == 0) {
        MPI_Recv(data, MOST, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        took(data, &status);
        return;
    }
    while (!flag) {
        if (how == 1)
            MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &message, &status);
        else
            flag = MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &message, &status) == 0;
    }
    MPI_Get_count(&status, MPI_BYTE, &n);
    MPI_Imrecv(data, n, MPI_BYTE, &message, &r);
    MPI_Wait(&r, &status);
    took(data, &status);
}

static void *
run(void *number)
{
    int thread = *(int *)number;
    unsigned char *out = malloc(EACH * MOST), *in = malloc(MOST);
    MPI_Request r[EACH];
    for (int i = 0; i < EACH; i++) {
        send_one(thread, i, &r[i], out + i * MOST);
        take_one((i + thread) % 3, in); // as many come as leave, to all threads together
    }
    MPI_Waitall(EACH, r, MPI_STATUSES_IGNORE);
    free(in);
    free(out);
    return NULL;
}

int
main(void)
{
    pthread_t ids[THREADS];
    int provided, numbers[THREADS];
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    rank = world_rank();
    size = world_size();
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&ids[i], NULL, run, &numbers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    for (int r = 0; r < size; r++)
        for (int t = 0; t < THREADS; t++)
            for (int i = 0; i < EACH; i++)
                CHECK(seen[r][t][i] == ((r + i) % size == rank), "%d of thread %d of rank %d", i, t,
                      r);
    MPI_Finalize();
    return 0;
}
