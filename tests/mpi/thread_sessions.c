// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Eight threads begin and end sessions, with communicators, buffers, error handlers and attributes
 * of them, while one of them runs the World model from MPI_Init to MPI_Finalize; before it and
 * after it the engine starts and stops under them. */
#include "coll_data.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, TIMES = 12, LARGE = 30000 };

struct thread {
    pthread_t id;
    int number;
    unsigned char out[LARGE], in[LARGE];
};

static _Atomic int deleted;

static int
count(MPI_Comm comm, int key, void *value, void *extra)
{
    (void)comm, (void)key, (void)extra;
    ++*(_Atomic int *)value;
    return MPI_SUCCESS;
}

static void
hear(MPI_Session *session, int *code, ...)
{
    int class;
    (void)session;
    MPI_Error_class(*code, &class);
    CHECK(class == MPI_ERR_ARG, "class %d", class);
}

static MPI_Session
begin(MPI_Errhandler handler)
{
    MPI_Session session;
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "thread_level", "MPI_THREAD_MULTIPLE");
    CHECK(MPI_Session_init(info, handler, &session) == MPI_SUCCESS, " ");
    MPI_Info_free(&info);
    return session;
}

static MPI_Comm
comm_of(MPI_Session session, int thread)
{
    char tag[32];
    MPI_Group group, none;
    MPI_Comm comm;
    snprintf(tag, sizeof tag, "thread %d", thread);
    CHECK(MPI_Group_from_session_pset(session, "mpi://NOWHERE", &none) != MPI_SUCCESS, " ");
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &comm);
    MPI_Group_free(&group);
    return comm;
}

// Buffered sends that are let go with the session, and received from anybody.
static void
talk(struct thread *t, MPI_Comm comm, int turn)
{
    int rank, size, n = turn % 2 ? LARGE : 100;
    MPI_Status status;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    uint64_t call = (uint64_t)(t->number * 100 + turn);
    fill_bytes(t->out, call, rank, 0, (uint64_t)n);
    MPI_Bsend(t->out, n, MPI_BYTE, (rank + 1) % size, turn, comm);
    MPI_Recv(t->in, LARGE, MPI_BYTE, MPI_ANY_SOURCE, turn, comm, &status);
    CHECK(status.MPI_SOURCE == (rank + size - 1) % size, "%d", status.MPI_SOURCE);
    check_bytes(t->in, call, status.MPI_SOURCE, 0, (uint64_t)n, "of a session");
}

static void
one_session(struct thread *t, int turn)
{
    int keyval, sum = 0, one = 1, size;
    MPI_Errhandler handler;
    MPI_Session_create_errhandler(hear, &handler);
    MPI_Session session = begin(handler);
    MPI_Errhandler_free(&handler);
    MPI_Session_attach_buffer(session, MPI_BUFFER_AUTOMATIC, 0);
    MPI_Comm comm = comm_of(session, t->number);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, count, &keyval, NULL);
    MPI_Comm_set_attr(comm, keyval, &deleted);
    talk(t, comm, turn);
    MPI_Comm_size(comm, &size);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size, "%d", sum);
    MPI_Comm_free_keyval(&keyval);
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&session);
    CHECK(session == MPI_SESSION_NULL, " ");
}

static void
world(struct thread *t)
{
    int provided, flag;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    CHECK(provided == MPI_THREAD_MULTIPLE, "%d", provided);
    MPI_Comm_attach_buffer(MPI_COMM_WORLD, MPI_BUFFER_AUTOMATIC, 0);
    MPI_Is_thread_main(&flag);
    CHECK(flag, " ");
    for (int i = 0; i < TIMES; i++)
        talk(t, MPI_COMM_WORLD, i);
    MPI_Finalize();
    MPI_Finalized(&flag);
    CHECK(flag, " ");
}

static void *
run(void *arg)
{
    struct thread *t = arg;
    for (int turn = 0; turn < TIMES; turn++) {
        one_session(t, turn);
        if (turn == TIMES / 2 && t->number == 3)
            world(t);
    }
    return NULL;
}

int
main(void)
{
    static struct thread threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i].number = i;
        pthread_create(&threads[i].id, NULL, run, &threads[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i].id, NULL);
    CHECK(deleted == THREADS * TIMES, "%d", deleted);
    return 0;
}
