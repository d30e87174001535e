// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Users' operations in collectives of several threads: each function calls MPI and waits for a lock
 * that the program's threads share, as Python's operations do. */
#include "check.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 60, MOST = 20000 };

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;

// a times b, matrices of 2 x 2 bytes modulo 256, each in an MPI_UINT32_T: not commutative.
static void
multiply(void *in, void *inout, int *n, MPI_Datatype *type)
{
    const unsigned char *a = in;
    unsigned char *b = inout;
    int size;
    pthread_mutex_lock(&shared);
    MPI_Type_size(*type, &size);
    for (int i = 0; i < *n; i++, a += 4, b += 4) {
        unsigned char r[4] = {
            (unsigned char)(a[0] * b[0] + a[1] * b[2]), (unsigned char)(a[0] * b[1] + a[1] * b[3]),
            (unsigned char)(a[2] * b[0] + a[3] * b[2]), (unsigned char)(a[2] * b[1] + a[3] * b[3])};
        for (int k = 0; k < 4; k++)
            b[k] = r[k];
    }
    pthread_mutex_unlock(&shared);
}

struct job {
    int number;
    MPI_Comm comm;
    MPI_Op op;
};

static void
fill(unsigned char *to, int n, int rank, int number, int round)
{
    for (int i = 0; i < n; i++)
        to[i] = (unsigned char)(i * 7 + rank * 31 + number * 5 + round);
}

static void
expected(unsigned char *out, int n, int number, int round)
{
    static _Thread_local unsigned char next[MOST];
    fill(out, n, world_size() - 1, number, round);
    for (int rank = world_size() - 2; rank >= 0; rank--) {
        fill(next, n, rank, number, round);
        multiply(next, out, &(int){n / 4}, &(MPI_Datatype){MPI_UINT32_T});
    }
}

static void *
reduce_many(void *arg)
{
    static _Thread_local unsigned char in[MOST], out[MOST], wanted[MOST];
    struct job *job = arg;
    for (int round = 0; round < ROUNDS; round++) {
        int n = round % 3 ? 4 * (round + 1) : MOST;
        fill(in, n, world_rank(), job->number, round);
        MPI_Allreduce(in, out, n / 4, MPI_UINT32_T, job->op, job->comm);
        expected(wanted, n, job->number, round);
        for (int i = 0; i < n; i++)
            CHECK(out[i] == wanted[i], "thread %d round %d: %d is %d for %d", job->number, round, i,
                  out[i], wanted[i]);
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    int provided;
    pthread_t threads[THREADS];
    struct job jobs[THREADS];
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].number = i;
        MPI_Comm_dup(MPI_COMM_WORLD, &jobs[i].comm);
        MPI_Op_create(multiply, 0, &jobs[i].op);
        CHECK(pthread_create(&threads[i], NULL, reduce_many, &jobs[i]) == 0, " ");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        MPI_Comm_free(&jobs[i].comm);
        MPI_Op_free(&jobs[i].op);
    }
    MPI_Finalize();
    return 0;
}
