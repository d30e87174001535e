// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Threads that make communicators of all kinds at once, each with a parent of its own. */
#include "check.h"

#include <pthread.h>

#define THREADS 8
#define TURNS   12

static MPI_Comm parents[THREADS];
static int keyval, deleted;

static int
count(MPI_Comm comm, int key, void *value, void *extra)
{
    int size;
    (void)key, (void)value;
    MPI_Comm_size(comm, &size);
    __atomic_fetch_add((int *)extra, 1, __ATOMIC_RELAXED);
    return MPI_SUCCESS;
}

static int
rank_in(MPI_Comm comm)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    return rank;
}

static void
sums(MPI_Comm comm)
{
    int size, one = 1, sum = 0;
    MPI_Comm_size(comm, &size);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size, "%d of %d", sum, size);
}

static void
copies(MPI_Comm parent)
{
    MPI_Comm dup, part;
    void *value;
    int flag;
    MPI_Comm_set_attr(parent, keyval, &keyval);
    MPI_Comm_dup(parent, &dup);
    MPI_Comm_get_attr(dup, keyval, &value, &flag);
    CHECK(flag && value == &keyval, " ");
    sums(dup);
    MPI_Comm_split(dup, rank_in(dup) % 2, 0, &part);
    sums(part);
    MPI_Comm_disconnect(&part);
    MPI_Comm_free(&dup);
    MPI_Comm_delete_attr(parent, keyval);
}

static void
talk(MPI_Comm inter)
{
    int n, out = world_rank(), in;
    MPI_Comm_remote_size(inter, &n);
    for (int i = 0; i < n; i++) {
        MPI_Request request;
        MPI_Isend(&out, 1, MPI_INT, i, 5, inter, &request);
        MPI_Recv(&in, 1, MPI_INT, i, 5, inter, MPI_STATUS_IGNORE);
        CHECK(in % 2 != out % 2, "%d to %d", in, out);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
}

// Even ranks and odd ones; the leaders meet in MPI_COMM_WORLD, whichever thread asks.
static void
two_groups(MPI_Comm parent, int thread)
{
    int odd = world_rank() % 2;
    char tag[32];
    MPI_Comm half, inter, again, merged;
    MPI_Group mine, theirs;
    MPI_Comm_split(parent, odd, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, !odd, thread, &inter);
    talk(inter);
    MPI_Intercomm_merge(inter, odd, &merged);
    sums(merged);
    MPI_Comm_group(inter, &mine);
    MPI_Comm_remote_group(inter, &theirs);
    snprintf(tag, sizeof tag, "thread %d", thread);
    MPI_Intercomm_create_from_groups(mine, 0, theirs, 0, tag, MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL,
                                     &again);
    talk(again);
    MPI_Group_free(&mine);
    MPI_Group_free(&theirs);
    MPI_Comm_free(&again);
    MPI_Comm_free(&merged);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

static void *
run(void *arg)
{
    MPI_Comm *parent = arg;
    for (int i = 0; i < TURNS; i++) {
        copies(*parent);
        if (world_size() > 1)
            two_groups(*parent, (int)(parent - parents));
    }
    return NULL;
}

int
main(void)
{
    pthread_t ids[THREADS];
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, count, &keyval, &deleted);
    for (int i = 0; i < THREADS; i++)
        MPI_Comm_dup(MPI_COMM_WORLD, &parents[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, run, &parents[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    CHECK(deleted == 2 * THREADS * TURNS, "%d", deleted);
    for (int i = 0; i < THREADS; i++)
        MPI_Comm_free(&parents[i]);
    MPI_Comm_free_keyval(&keyval);
    MPI_Finalize();
    return 0;
}
