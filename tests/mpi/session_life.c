// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Sessions that come and go: several at once, before, beside, within and after the World model,
 * with communicators whose messages and collectives work each time. */
#include "errors.h"

#include <string.h>

static MPI_Session
begin(const char *level)
{
    MPI_Session session;
    MPI_Info info = MPI_INFO_NULL;
    if (level) {
        MPI_Info_create(&info);
        MPI_Info_set(info, "thread_level", level);
    }
    CHECK(MPI_Session_init(info, MPI_ERRORS_ARE_FATAL, &session) == MPI_SUCCESS, " ");
    if (level)
        MPI_Info_free(&info);
    return session;
}

static MPI_Comm
comm_of(MPI_Session session, const char *pset, const char *tag)
{
    MPI_Group group;
    MPI_Comm comm;
    CHECK(MPI_Group_from_session_pset(session, pset, &group) == MPI_SUCCESS, " ");
    CHECK(MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &comm) ==
              MPI_SUCCESS,
          " ");
    MPI_Group_free(&group);
    return comm;
}

// Messages of several sizes around the ring, and a sum.
static void
work(MPI_Comm comm)
{
    static char out[300000], in[300000];
    static const int sizes[] = {0, 8, 3000, 300000};
    int rank, size, sum = -1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int i = 0; i < 4; i++) {
        memset(out, rank + i, sizeof out);
        MPI_Sendrecv(out, sizes[i], MPI_CHAR, (rank + 1) % size, i, in, sizes[i], MPI_CHAR,
                     (rank + size - 1) % size, i, comm, MPI_STATUS_IGNORE);
        for (int b = 0; b < sizes[i]; b += 997)
            CHECK(in[b] == (char)((rank + size - 1) % size + i), "%d: byte %d is %d", i, b, in[b]);
    }
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size * (size - 1) / 2, "%d", sum);
}

static void
expect_world(int initialized, int finalized)
{
    int flag = -1;
    CHECK(MPI_Initialized(&flag) == MPI_SUCCESS && !flag == !initialized, "%d", flag);
    CHECK(MPI_Finalized(&flag) == MPI_SUCCESS && !flag == !finalized, "%d", flag);
}

static void
one(const char *level)
{
    MPI_Session session = begin(level);
    MPI_Comm world = comm_of(session, "mpi://WORLD", "life"), self, copy;
    self = comm_of(session, "mpi://SELF", "life");
    work(world);
    work(self);
    MPI_Comm_dup(world, &copy);
    work(copy);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&self);
    MPI_Comm_free(&world);
    CHECK(MPI_Session_finalize(&session) == MPI_SUCCESS && session == MPI_SESSION_NULL, " ");
}

// Opened and closed in other orders.
static void
several(void)
{
    MPI_Session sessions[5];
    MPI_Comm comms[5];
    for (int i = 0; i < 5; i++) {
        sessions[i] = begin(i % 2 ? "MPI_THREAD_MULTIPLE" : NULL);
        comms[i] = comm_of(sessions[i], "mpi://WORLD", "several");
        work(comms[i]);
    }
    for (int i = 0; i < 5; i++) {
        int at = i * 2 % 5;
        for (int j = i; j < 5; j++)
            work(comms[j * 2 % 5]);
        MPI_Comm_free(&comms[at]);
        CHECK(MPI_Session_finalize(&sessions[at]) == MPI_SUCCESS, " ");
    }
}

// A message is under way when its sender closes the last session.
static void
left_behind(void)
{
    static char data[5000000];
    MPI_Session session = begin(NULL);
    MPI_Comm comm = comm_of(session, "mpi://WORLD", "left");
    int rank, size;
    MPI_Request request;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    if (rank == 0 && size > 1) {
        memset(data, 7, sizeof data);
        MPI_Isend(data, sizeof data, MPI_CHAR, size - 1, 0, comm, &request);
        MPI_Request_free(&request);
    } else if (rank == size - 1 && size > 1) {
        MPI_Recv(data, sizeof data, MPI_CHAR, 0, 0, comm, MPI_STATUS_IGNORE);
        CHECK(data[0] == 7 && data[sizeof data - 1] == 7, " ");
    }
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&session);
}

// Without MPI_Init there is no MPI_COMM_WORLD: an error of the initial handler, which returns here.
static void
no_world(void)
{
    int rank, code;
    MPI_Session session = begin(NULL);
    code = MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    CHECK(class_of(code) == MPI_ERR_COMM, "%d", code);
    code = MPI_Comm_rank(MPI_COMM_SELF, &rank);
    CHECK(class_of(code) == MPI_ERR_COMM, "%d", code);
    CHECK(class_of(MPI_Finalize()) == MPI_ERR_OTHER, " ");
    MPI_Session_finalize(&session);
}

// Types, operations, infos and attributes of error handlers need no communicator.
static void
objects(void)
{
    MPI_Session session = begin(NULL);
    MPI_Datatype type;
    MPI_Group group, part;
    MPI_Errhandler handler;
    MPI_Info info;
    int size, zero = 0, a = 3, b = 4, flag = 0;
    char value[64];
    CHECK(MPI_Type_dup(MPI_INT, &type) == MPI_SUCCESS, " ");
    CHECK(MPI_Type_size(type, &size) == MPI_SUCCESS && size == 4, "%d", size);
    MPI_Type_free(&type);
    CHECK(MPI_Reduce_local(&a, &b, 1, MPI_INT, MPI_SUM) == MPI_SUCCESS && b == 7, "%d", b);
    CHECK(MPI_Group_from_session_pset(session, "mpi://world", &group) == MPI_SUCCESS, " ");
    CHECK(MPI_Group_incl(group, 1, &zero, &part) == MPI_SUCCESS, " ");
    CHECK(MPI_Group_size(part, &size) == MPI_SUCCESS && size == 1, "%d", size);
    MPI_Group_free(&group);
    MPI_Group_free(&part);
    CHECK(MPI_Session_get_errhandler(session, &handler) == MPI_SUCCESS, " ");
    CHECK(handler == MPI_ERRORS_ARE_FATAL, " ");
    CHECK(MPI_Session_get_info(session, &info) == MPI_SUCCESS, " ");
    int length = sizeof value;
    MPI_Info_get_string(info, "thread_level", &length, value, &flag);
    CHECK(flag && !strcmp(value, "MPI_THREAD_SINGLE"), "%s", value);
    MPI_Info_free(&info);
    MPI_Session_finalize(&session);
}

int
main(void)
{
    int provided;
    setenv("MUSTER_ERRHANDLER", "mpi_errors_return", 1); // as mpiexec -initial-errhandler does
    expect_world(0, 0);
    for (int i = 0; i < 20; i++)
        one(i % 2 ? NULL : "MPI_THREAD_FUNNELED");
    several();
    left_behind();
    no_world();
    objects();
    expect_world(0, 0);

    MPI_Session outer = begin(NULL);
    MPI_Comm comm = comm_of(outer, "mpi://WORLD", "outer");
    CHECK(MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided) == MPI_SUCCESS, " ");
    CHECK(provided == MPI_THREAD_MULTIPLE, "%d", provided);
    expect_world(1, 0);
    one("MPI_THREAD_MULTIPLE");
    several();
    work(MPI_COMM_WORLD);
    work(comm);
    CHECK(MPI_Finalize() == MPI_SUCCESS, " ");
    expect_world(1, 1);
    work(comm);
    several();
    no_world();
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&outer);

    for (int i = 0; i < 20; i++)
        one(NULL);
    left_behind();
    expect_world(1, 1);
    CHECK(class_of(MPI_Init(NULL, NULL)) == MPI_ERR_OTHER, " ");
    return 0;
}
