// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Persistent sends and receives of all modes and sizes, started again and again, alone and in
 * lists; freed communicators and types; MPI_PROC_NULL; cancelled and freed while active. */

#include "coll_data.h"

#include <string.h>

enum { ROUNDS = 5, LIMIT = 300000 };

typedef int init_fn(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
typedef int init_fn_c(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static const struct mode {
    const char *name;
    init_fn *init;
    init_fn_c *init_c;
} modes[] = {{"send", MPI_Send_init, MPI_Send_init_c},
             {"bsend", MPI_Bsend_init, MPI_Bsend_init_c},
             {"ssend", MPI_Ssend_init, MPI_Ssend_init_c},
             {"rsend", MPI_Rsend_init, MPI_Rsend_init_c}};
static const int sizes[] = {0, 1, 8, 88, 89, 5000, 16384, 16385, LIMIT};

static int rank, size, left, right;

static void
fill(unsigned char *p, int n, int round)
{
    for (int i = 0; i < n; i++)
        p[i] = byte_of((uint64_t)round, rank, (uint64_t)i);
}

static void
look(const unsigned char *p, int n, int round, const char *what)
{
    for (int i = 0; i < n; i++)
        CHECK(p[i] == byte_of((uint64_t)round, left, (uint64_t)i), "%s of %d: byte %d is %d", what,
              n, i, p[i]);
}

static void
check_status(const MPI_Status *status, int n, int tag)
{
    int count = -1;
    MPI_Get_count(status, MPI_BYTE, &count);
    CHECK(status->MPI_SOURCE == left && status->MPI_TAG == tag && count == n,
          "source %d, tag %d, %d bytes", status->MPI_SOURCE, status->MPI_TAG, count);
}

// A ring: every rank sends to the right, in the same mode.
static void
ring(const struct mode *mode, int n, int large, int wild)
{
    static unsigned char out[LIMIT], in[LIMIT];
    MPI_Request both[2];
    MPI_Status statuses[2];
    int source = wild ? MPI_ANY_SOURCE : left, tag = wild ? MPI_ANY_TAG : 7;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    if (large) {
        MPI_Recv_init_c(in, n, MPI_BYTE, source, tag, comm, &both[0]);
        mode->init_c(out, n, MPI_BYTE, right, 7, comm, &both[1]);
    } else {
        MPI_Recv_init(in, n, MPI_BYTE, source, tag, comm, &both[0]);
        mode->init(out, n, MPI_BYTE, right, 7, comm, &both[1]);
    }
    MPI_Comm_free(&comm);
    for (int round = 0; round < ROUNDS; round++) {
        MPI_Request kept[2] = {both[0], both[1]};
        memset(in, 0, (size_t)n);
        fill(out, n, round);
        MPI_Start(&both[0]);
        MPI_Barrier(MPI_COMM_WORLD); // the ready mode wants the receive there
        MPI_Start(&both[1]);
        if (round % 2) {
            MPI_Waitall(2, both, statuses);
            check_status(&statuses[0], n, 7);
        } else {
            MPI_Wait(&both[1], &statuses[1]);
            MPI_Wait(&both[0], &statuses[0]);
            check_status(&statuses[0], n, 7);
        }
        look(in, n, round, mode->name);
        CHECK(both[0] == kept[0] && both[1] == kept[1], "round %d: handles have changed", round);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Request_free(&both[0]);
    MPI_Request_free(&both[1]);
    CHECK(both[0] == MPI_REQUEST_NULL && both[1] == MPI_REQUEST_NULL, "they are not null");
}

struct holed {
    double d;
    int i; // and four bytes that no message touches
    int hole;
};

// Many at once, of a type with holes that is freed before the first start.
static void
lists(void)
{
    enum { N = 40 };
    static struct holed out[N], in[N];
    MPI_Request all[2 * N];
    MPI_Datatype type;
    MPI_Type_dup(MPI_DOUBLE_INT, &type);
    for (int i = 0; i < N; i++) {
        MPI_Recv_init(&in[i], 1, type, left, i, MPI_COMM_WORLD, &all[i]);
        MPI_Send_init(&out[i], 1, type, right, i, MPI_COMM_WORLD, &all[N + i]);
    }
    MPI_Type_free(&type);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < N; i++) {
            out[i] = (struct holed){1000 * rank + i, 10 * i + round, 1};
            in[i] = (struct holed){0, 0, -1};
        }
        MPI_Startall(2 * N, all);
        for (int done = 0, n; done < 2 * N; done += n) {
            int indices[2 * N];
            MPI_Waitsome(2 * N, all, &n, indices, MPI_STATUSES_IGNORE);
            CHECK(n > 0, "%d of %d ended", n, 2 * N - done);
        }
        for (int i = 0; i < N; i++)
            CHECK(in[i].d == 1000 * left + i && in[i].i == 10 * i + round && in[i].hole == -1,
                  "round %d, message %d: %g, %d, %d", round, i, in[i].d, in[i].i, in[i].hole);
    }
    for (int i = 0; i < 2 * N; i++)
        MPI_Request_free(&all[i]);
}

static void
nowhere(void)
{
    MPI_Request r[2];
    MPI_Status status[2];
    int x = 5, flag = 0;
    MPI_Send_init(&x, 1, MPI_INT, MPI_PROC_NULL, 1, MPI_COMM_WORLD, &r[0]);
    MPI_Recv_init(&x, 1, MPI_INT, MPI_PROC_NULL, 1, MPI_COMM_WORLD, &r[1]);
    for (int round = 0; round < 3; round++) {
        MPI_Startall(2, r);
        MPI_Testall(2, r, &flag, status);
        CHECK(flag && status[1].MPI_SOURCE == MPI_PROC_NULL && status[1].MPI_TAG == MPI_ANY_TAG,
              "flag %d, source %d, tag %d", flag, status[1].MPI_SOURCE, status[1].MPI_TAG);
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

// Inactive requests complete at once with an empty status, and may be started afterwards.
static void
inactive(void)
{
    MPI_Request r[3] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    MPI_Status status = {.MPI_SOURCE = 9}, many[3];
    int x = 0, flag = 0, index = 0, n = 0, indices[3];
    MPI_Recv_init(&x, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &r[1]);
    MPI_Wait(&r[1], &status);
    CHECK(status.MPI_SOURCE == MPI_ANY_SOURCE && status.MPI_TAG == MPI_ANY_TAG &&
              status.MPI_ERROR == MPI_SUCCESS,
          "source %d, tag %d", status.MPI_SOURCE, status.MPI_TAG);
    MPI_Test(&r[1], &flag, &status);
    CHECK(flag, "an inactive request is not complete");
    MPI_Waitany(3, r, &index, &status);
    CHECK(index == MPI_UNDEFINED, "index %d", index);
    MPI_Testany(3, r, &index, &flag, &status);
    CHECK(flag && index == MPI_UNDEFINED, "flag %d, index %d", flag, index);
    MPI_Waitsome(3, r, &n, indices, many);
    CHECK(n == MPI_UNDEFINED, "%d of none", n);
    MPI_Testsome(3, r, &n, indices, many);
    CHECK(n == MPI_UNDEFINED, "%d of none", n);
    MPI_Waitall(3, r, many);
    CHECK(many[1].MPI_SOURCE == MPI_ANY_SOURCE && many[1].MPI_ERROR == MPI_SUCCESS, "source %d",
          many[1].MPI_SOURCE);
    MPI_Start(&r[1]);
    MPI_Testany(3, r, &index, &flag, &status);
    CHECK(!flag, "done without a message, index %d", index);
    int y = 77;
    MPI_Send(&y, 1, MPI_INT, 0, 4, MPI_COMM_SELF);
    MPI_Waitany(3, r, &index, &status);
    CHECK(index == 1 && x == 77 && status.MPI_SOURCE == 0 && status.MPI_TAG == 4,
          "index %d, value %d", index, x);
    MPI_Request_free(&r[1]);
}

// An active receive is cancelled, and starts again as before.
static void
cancelled(void)
{
    MPI_Request r;
    MPI_Status status;
    int x = 0, y, flag = 0;
    MPI_Recv_init(&x, 1, MPI_INT, MPI_ANY_SOURCE, 3, MPI_COMM_SELF, &r);
    for (int round = 0; round < 3; round++) {
        MPI_Start(&r);
        MPI_Cancel(&r);
        MPI_Wait(&r, &status);
        MPI_Test_cancelled(&status, &flag);
        CHECK(flag, "it is not cancelled");
        MPI_Start(&r);
        y = 10 + round;
        MPI_Send(&y, 1, MPI_INT, 0, 3, MPI_COMM_SELF);
        MPI_Wait(&r, &status);
        MPI_Test_cancelled(&status, &flag);
        CHECK(!flag && x == y, "cancelled %d, value %d", flag, x);
    }
    MPI_Start(&r); // freed while active, it takes one more message
    MPI_Request_free(&r);
    CHECK(r == MPI_REQUEST_NULL, "not null");
    y = 99;
    MPI_Send(&y, 1, MPI_INT, 0, 3, MPI_COMM_SELF);
    CHECK(x == 99, "value %d", x);
}

// A large synchronous send is freed while active: it goes on.
static void
freed_while_active(void)
{
    static unsigned char out[LIMIT], in[LIMIT];
    MPI_Request r;
    fill(out, LIMIT, 50);
    MPI_Ssend_init(out, LIMIT, MPI_BYTE, right, 8, MPI_COMM_WORLD, &r);
    MPI_Start(&r);
    MPI_Request_free(&r);
    MPI_Recv(in, LIMIT, MPI_BYTE, left, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    look(in, LIMIT, 50, "freed");
    MPI_Barrier(MPI_COMM_WORLD);
}

static void
errors(void)
{
    MPI_Request r = MPI_REQUEST_NULL, s;
    int x = 0, class;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
#define FAILS(wanted, call)                                                                        \
    do {                                                                                           \
        int code = call;                                                                           \
        MPI_Error_class(code, &class);                                                             \
        CHECK(class == (wanted), "class %d", class);                                               \
    } while (0)
    FAILS(MPI_ERR_RANK, MPI_Send_init(&x, 1, MPI_INT, size, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_TAG, MPI_Ssend_init(&x, 1, MPI_INT, 0, -5, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_COUNT, MPI_Rsend_init(&x, -1, MPI_INT, 0, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_TYPE, MPI_Bsend_init(&x, 1, MPI_DATATYPE_NULL, 0, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_RANK, MPI_Recv_init(&x, 1, MPI_INT, -7, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_ARG, MPI_Recv_init(&x, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, NULL));
    FAILS(MPI_ERR_REQUEST, MPI_Start(&r));
    CHECK(r == MPI_REQUEST_NULL, "the handle was written");
    MPI_Recv_init(&x, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &r);
    FAILS(MPI_ERR_REQUEST, MPI_Cancel(&r));
    MPI_Start(&r);
    FAILS(MPI_ERR_REQUEST, MPI_Start(&r));
    s = r;
    FAILS(MPI_ERR_REQUEST, MPI_Startall(1, &s));
    FAILS(MPI_ERR_COUNT, MPI_Startall(-1, &s));
    FAILS(MPI_ERR_ARG, MPI_Startall(1, NULL));
    MPI_Cancel(&r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    MPI_Request_free(&r);
    FAILS(MPI_ERR_REQUEST, MPI_Start(&s));
    // A buffered one that finds no buffer fails at its start, and can be started later.
    MPI_Bsend_init(&x, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &r);
    FAILS(MPI_ERR_BUFFER, MPI_Start(&r));
    MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0);
    MPI_Start(&r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    MPI_Recv(&x, 1, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Request_free(&r);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
}

int
main(int argc, char **argv)
{
    void *p;
    int n;
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    errors();
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            ring(&modes[m], sizes[i], i % 2, (m + i / 2) % 2);
    lists();
    nowhere();
    inactive();
    cancelled();
    freed_while_active();
    MPI_Buffer_detach(&p, &n);
    MPI_Finalize();
    return 0;
}
