// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_THREAD_MULTIPLE: threads of a rank in collectives at the same time, each with a communicator
 * of its own, large and small, a user's operation among them. */
#include "coll_data.h"

#include <pthread.h>

#define THREADS 4

static int rank, size;

struct work {
    pthread_t thread;
    MPI_Comm comm;
    int index;
};

static void
add_all(void *in, void *inout, int *n, MPI_Datatype *type)
{
    int bytes;
    MPI_Type_size(*type, &bytes); // a user's function may call MPI
    CHECK(bytes == 8, "%d bytes", bytes);
    for (int i = 0; i < *n; i++)
        ((int64_t *)inout)[i] += ((int64_t *)in)[i];
}

static void
turn_of(const struct work *w, MPI_Op op, uint64_t call, int64_t *send, int64_t *recv, int n)
{
    int root = (int)(call % (uint64_t)size);
    fill_numbers(send, call, rank, 0, (uint64_t)n);
    switch ((call + (uint64_t)w->index) % 4) {
    case 0:
        MPI_Allreduce(send, recv, n, MPI_INT64_T, op, w->comm);
        check_sums(recv, call, 0, size, 0, (uint64_t)n, "allreduce");
        break;
    case 1:
        MPI_Reduce(send, recv, n, MPI_INT64_T, MPI_SUM, root, w->comm);
        if (rank == root)
            check_sums(recv, call, 0, size, 0, (uint64_t)n, "reduce");
        break;
    case 2:
        MPI_Bcast(send, n, MPI_INT64_T, root, w->comm);
        check_sums(send, call, root, root + 1, 0, (uint64_t)n, "bcast");
        break;
    default:
        MPI_Barrier(w->comm);
    }
}

static void *
work(void *argument)
{
    const struct work *w = argument;
    static const int sizes[] = {1, 30, 700, 6000, 40000};
    int64_t *send = malloc(40000 * 8), *recv = malloc(40000 * 8);
    MPI_Op op;
    MPI_Op_create(add_all, 1, &op);
    for (uint64_t call = 0; call < 250; call++)
        turn_of(w, op, call, send, recv, sizes[mix(call + (uint64_t)w->index * 1000) % 5]);
    MPI_Op_free(&op);
    free(send);
    free(recv);
    return NULL;
}

int
main(int argc, char **argv)
{
    struct work w[THREADS];
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    CHECK(provided == MPI_THREAD_MULTIPLE, "thread level %d", provided);
    rank = world_rank();
    size = world_size();
    for (int i = 0; i < THREADS; i++) {
        w[i].index = i;
        MPI_Comm_dup(MPI_COMM_WORLD, &w[i].comm);
        CHECK(pthread_create(&w[i].thread, NULL, work, &w[i]) == 0, "no thread %d", i);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        MPI_Comm_free(&w[i].comm);
    }
    MPI_Finalize();
    return 0;
}
