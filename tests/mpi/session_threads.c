// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Sessions of threads: opened, used and closed by several at once, again and again, so that the
 * engine starts and stops under them; and beside a World model that allows fewer threads. */
#include "check.h"

#include <pthread.h>
#include <string.h>

#define THREADS 4
#define TIMES   25

static MPI_Session
begin(const char *level)
{
    MPI_Session session;
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "thread_level", level);
    CHECK(MPI_Session_init(info, MPI_ERRORS_ARE_FATAL, &session) == MPI_SUCCESS, " ");
    MPI_Info_free(&info);
    return session;
}

static int
has_level(MPI_Session session, const char *level)
{
    char value[64] = "";
    int length = sizeof value, flag;
    MPI_Info info;
    MPI_Session_get_info(session, &info);
    MPI_Info_get_string(info, "thread_level", &length, value, &flag);
    MPI_Info_free(&info);
    return strcmp(value, level) == 0;
}

static MPI_Comm
comm_of(MPI_Session session, int thread)
{
    char tag[32];
    MPI_Group group;
    MPI_Comm comm;
    snprintf(tag, sizeof tag, "thread %d", thread);
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &comm);
    MPI_Group_free(&group);
    return comm;
}

static void
work(MPI_Comm comm, int thread)
{
    int rank, size, in = -1, out, sum = -1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    out = 100 * thread + rank;
    MPI_Sendrecv(&out, 1, MPI_INT, (rank + 1) % size, 3, &in, 1, MPI_INT, (rank + size - 1) % size,
                 3, comm, MPI_STATUS_IGNORE);
    CHECK(in == 100 * thread + (rank + size - 1) % size, "%d", in);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size * (size - 1) / 2, "%d", sum);
}

static void *
again_and_again(void *number)
{
    int thread = *(int *)number;
    for (int i = 0; i < TIMES; i++) {
        MPI_Session session = begin("MPI_THREAD_MULTIPLE");
        MPI_Comm comm = comm_of(session, thread);
        work(comm, thread);
        MPI_Comm_free(&comm);
        MPI_Session_finalize(&session);
    }
    return NULL;
}

static void
run_threads(void *(*function)(void *), MPI_Comm beside)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, function, &numbers[i]);
    }
    for (int i = 0; i < 200 && beside != MPI_COMM_NULL; i++)
        work(beside, 50);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

// While the main thread may be in a call without the lock, another one's session is for one thread.
static void *
from_another(void *unused)
{
    MPI_Session session = begin("MPI_THREAD_MULTIPLE");
    CHECK(has_level(session, "MPI_THREAD_SINGLE"), " ");
    MPI_Session_finalize(&session);
    return unused;
}

int
main(void)
{
    int provided;
    pthread_t thread;
    run_threads(again_and_again, MPI_COMM_NULL);

    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    CHECK(provided == MPI_THREAD_FUNNELED, "%d", provided);
    pthread_create(&thread, NULL, from_another, NULL);
    pthread_join(thread, NULL);
    MPI_Session session = begin("MPI_THREAD_MULTIPLE"); // from the main thread
    CHECK(has_level(session, "MPI_THREAD_MULTIPLE"), " ");
    MPI_Query_thread(&provided);
    CHECK(provided == MPI_THREAD_FUNNELED, "%d", provided);
    run_threads(again_and_again, MPI_COMM_WORLD);
    MPI_Finalize();
    run_threads(again_and_again, MPI_COMM_NULL);
    MPI_Session_finalize(&session);
    run_threads(again_and_again, MPI_COMM_NULL);
    return 0;
}
