// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Eight threads in every rank at once, each with its neighbours' thread of the same number: started
 * messages, matched probes, persistent and combined requests, buffered sends, partitions and a
 * generalized request, completed in every way. */

#include "coll_data.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 12, LIMIT = 40000 };

static const int sizes[] = {4, 88, 1000, 16384, LIMIT};
static int rank, size, left, right;

struct thread {
    pthread_t id;
    int number;
    MPI_Comm comm; // of the threads of this number
    unsigned char out[LIMIT], in[LIMIT];
    struct dice dice;
};

static uint64_t
call_of(const struct thread *t, int round)
{
    return (uint64_t)(t->number * 1000 + round);
}

static void
fill(struct thread *t, int n, int round)
{
    for (int i = 0; i < n; i++)
        t->out[i] = byte_of(call_of(t, round), rank, (uint64_t)i);
    memset(t->in, 0, sizeof t->in);
}

static void
look(const struct thread *t, int n, int round, const char *what)
{
    for (int i = 0; i < n; i++)
        CHECK(t->in[i] == byte_of(call_of(t, round), left, (uint64_t)i),
              "%s, thread %d, round %d, %d bytes: byte %d is %d", what, t->number, round, n, i,
              t->in[i]);
}

static void
started(struct thread *t, int n, int tag)
{
    MPI_Request r[3] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int index;
    MPI_Irecv(t->in, n, MPI_BYTE, left, tag, t->comm, &r[0]);
    MPI_Isend(t->out, n, MPI_BYTE, right, tag, t->comm, &r[2]);
    for (int i = 0; i < 2; i++) {
        MPI_Waitany(3, r, &index, MPI_STATUS_IGNORE);
        CHECK(index == 0 || index == 2, "index %d", index);
    }
}

static void
probed(struct thread *t, int n, int tag)
{
    MPI_Request r;
    MPI_Message message;
    MPI_Status status;
    int count;
    MPI_Isend(t->out, n, MPI_BYTE, right, tag, t->comm, &r);
    MPI_Mprobe(MPI_ANY_SOURCE, tag, t->comm, &message, &status);
    MPI_Get_count(&status, MPI_BYTE, &count);
    CHECK(count == n && status.MPI_SOURCE == left, "%d bytes from %d", count, status.MPI_SOURCE);
    MPI_Mrecv(t->in, n, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}

static void
persistent(struct thread *t, int n, int tag)
{
    MPI_Request r[2];
    int count, indices[2];
    MPI_Recv_init(t->in, n, MPI_BYTE, left, tag, t->comm, &r[0]);
    MPI_Send_init(t->out, n, MPI_BYTE, right, tag, t->comm, &r[1]);
    for (int again = 0; again < 3; again++) {
        memset(t->in, 0, sizeof t->in);
        MPI_Startall(2, r);
        for (int done = 0; done < 2; done += count) {
            MPI_Testsome(2, r, &count, indices, MPI_STATUSES_IGNORE);
            CHECK(count >= 0, "%d", count);
        }
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

static void
combined(struct thread *t, int n, int tag)
{
    MPI_Request r;
    MPI_Isendrecv(t->out, n, MPI_BYTE, right, tag, t->in, n, MPI_BYTE, left, tag, t->comm, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}

static void
buffered(struct thread *t, int n, int tag)
{
    MPI_Bsend(t->out, n, MPI_BYTE, right, tag, t->comm);
    MPI_Recv(t->in, n, MPI_BYTE, left, tag, t->comm, MPI_STATUS_IGNORE);
    MPI_Comm_flush_buffer(t->comm);
}

static void
partitioned(struct thread *t, int n, int tag)
{
    MPI_Request r[2];
    int flag = 0;
    MPI_Psend_init(t->out, 4, n / 4, MPI_BYTE, right, tag, t->comm, MPI_INFO_NULL, &r[0]);
    MPI_Precv_init(t->in, 2, n / 2, MPI_BYTE, left, tag, t->comm, MPI_INFO_NULL, &r[1]);
    MPI_Startall(2, r);
    MPI_Pready_range(1, 3, r[0]);
    while (!flag)
        MPI_Parrived(r[1], 1, &flag);
    MPI_Pready(0, r[0]);
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

static int
no_query(void *state, MPI_Status *status)
{
    (void)state;
    (void)status;
    return MPI_SUCCESS;
}

static int
count_free(void *state)
{
    ++*(int *)state;
    return MPI_SUCCESS;
}

static int
no_cancel(void *state, int complete)
{
    (void)state;
    (void)complete;
    return MPI_SUCCESS;
}

static void *
complete(void *request)
{
    MPI_Grequest_complete(*(MPI_Request *)request);
    return NULL;
}

static void
general(struct thread *t, int n, int tag)
{
    MPI_Request r[2], copy;
    int freed = 0;
    pthread_t helper;
    MPI_Grequest_start(no_query, count_free, no_cancel, &freed, &r[0]);
    copy = r[0];
    MPI_Irecv(t->in, n, MPI_BYTE, left, tag, t->comm, &r[1]);
    pthread_create(&helper, NULL, complete, &copy);
    MPI_Ssend(t->out, n, MPI_BYTE, right, tag, t->comm);
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    pthread_join(helper, NULL);
    CHECK(freed == 1, "freed %d times", freed);
}

static const struct way {
    const char *name;
    void (*run)(struct thread *t, int n, int tag);
} ways[] = {{"started", started},   {"probed", probed},     {"persistent", persistent},
            {"combined", combined}, {"buffered", buffered}, {"partitioned", partitioned},
            {"general", general}};

static void *
run(void *arg)
{
    struct thread *t = arg;
    for (int round = 0; round < ROUNDS; round++) {
        const struct way *way = &ways[roll(&t->dice, sizeof ways / sizeof *ways)];
        int n = sizes[roll(&t->dice, sizeof sizes / sizeof *sizes)];
        fill(t, n, round);
        way->run(t, n, round);
        look(t, n, round, way->name);
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    static struct thread threads[THREADS];
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    CHECK(provided == MPI_THREAD_MULTIPLE, "level %d", provided);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    for (int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        threads[i].dice.state = (uint64_t)i; // the same in the neighbours
        MPI_Comm_dup(MPI_COMM_WORLD, &threads[i].comm);
        MPI_Comm_attach_buffer(threads[i].comm, MPI_BUFFER_AUTOMATIC, 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i].id, NULL, run, &threads[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i].id, NULL);
        MPI_Comm_free(&threads[i].comm);
    }
    MPI_Finalize();
    return 0;
}
