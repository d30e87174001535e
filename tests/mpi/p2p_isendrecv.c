// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Isendrecv and MPI_Isendrecv_replace round a ring, of all sizes; MPI_PROC_NULL on one side or
 * both; errors of either half; freed and cancelled while under way. */

#include "coll_data.h"

#include <string.h>

enum { LIMIT = 300000 };

static const int sizes[] = {0, 1, 88, 89, 16384, 16385, LIMIT};
static int rank, size, left, right;

static void
fill(unsigned char *p, int n, int call)
{
    for (int i = 0; i < n; i++)
        p[i] = byte_of((uint64_t)call, rank, (uint64_t)i);
}

static void
look(const unsigned char *p, int n, int from, int call)
{
    for (int i = 0; i < n; i++)
        CHECK(p[i] == byte_of((uint64_t)call, from, (uint64_t)i), "%d bytes: byte %d is %d", n, i,
              p[i]);
}

static void
check_status(const MPI_Status *status, int n, int source, int tag)
{
    int count = -1;
    MPI_Get_count(status, MPI_BYTE, &count);
    CHECK(status->MPI_SOURCE == source && status->MPI_TAG == tag && count == n,
          "source %d, tag %d, %d bytes", status->MPI_SOURCE, status->MPI_TAG, count);
}

static void
ring(int n, int large)
{
    static unsigned char out[LIMIT], in[LIMIT];
    MPI_Request r;
    MPI_Status status;
    fill(out, n, n);
    memset(in, 0, sizeof in);
    if (large)
        MPI_Isendrecv_c(out, n, MPI_BYTE, right, 3, in, LIMIT, MPI_BYTE, left, 3, MPI_COMM_WORLD,
                        &r);
    else
        MPI_Isendrecv(out, n, MPI_BYTE, right, 3, in, LIMIT, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG,
                      MPI_COMM_WORLD, &r);
    MPI_Wait(&r, &status);
    CHECK(r == MPI_REQUEST_NULL, "the request is not null");
    check_status(&status, n, left, 3);
    look(in, n, left, n);
    MPI_Barrier(MPI_COMM_WORLD);
    if (large)
        MPI_Isendrecv_replace_c(out, n, MPI_BYTE, right, 4, left, 4, MPI_COMM_WORLD, &r);
    else
        MPI_Isendrecv_replace(out, n, MPI_BYTE, right, 4, left, 4, MPI_COMM_WORLD, &r);
    for (int flag = 0; !flag;)
        MPI_Test(&r, &flag, &status);
    check_status(&status, n, left, 4);
    look(out, n, left, n);
}

// Data of two types, with a hole on the receiving side.
static void
types(void)
{
    struct {
        double d;
        int i, hole;
    } in = {0, 0, -1}, both = {rank, 10 + rank, rank};
    char packed[12];
    double d = 3.5 + rank;
    int i = 40 + rank;
    MPI_Request r;
    memcpy(packed, &d, 8);
    memcpy(packed + 8, &i, 4);
    MPI_Isendrecv(packed, 12, MPI_BYTE, right, 1, &in, 1, MPI_DOUBLE_INT, left, 1, MPI_COMM_WORLD,
                  &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    CHECK(in.d == 3.5 + left && in.i == 40 + left && in.hole == -1, "%g, %d, %d", in.d, in.i,
          in.hole);
    MPI_Isendrecv_replace(&both, 1, MPI_DOUBLE_INT, right, 1, left, 1, MPI_COMM_WORLD, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    CHECK(both.d == left && both.i == 10 + left && both.hole == rank, "%g, %d, %d", both.d, both.i,
          both.hole);
}

static void
nowhere(void)
{
    int out = rank, in = -1;
    MPI_Request r;
    MPI_Status status;
    MPI_Isendrecv(&out, 1, MPI_INT, MPI_PROC_NULL, 0, &in, 1, MPI_INT, MPI_PROC_NULL, 0,
                  MPI_COMM_WORLD, &r);
    MPI_Wait(&r, &status);
    CHECK(in == -1, "%d", in);
    check_status(&status, 0, MPI_PROC_NULL, MPI_ANY_TAG);
    // A line: the ends have nobody on one side.
    int before = rank ? rank - 1 : MPI_PROC_NULL, after = rank < size - 1 ? right : MPI_PROC_NULL;
    MPI_Isendrecv(&out, 1, MPI_INT, after, 9, &in, 1, MPI_INT, before, 9, MPI_COMM_WORLD, &r);
    MPI_Wait(&r, &status);
    CHECK(in == (rank ? rank - 1 : -1), "%d", in);
    MPI_Isendrecv_replace(&out, 1, MPI_INT, after, 9, before, 9, MPI_COMM_WORLD, &r);
    MPI_Wait(&r, &status);
    CHECK(out == (rank ? rank - 1 : rank), "%d", out);
}

static void
truncated(void)
{
    int out[4] = {1, 2, 3, 4}, in[2], class;
    MPI_Request r;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Isendrecv(out, 4, MPI_INT, right, 5, in, 2, MPI_INT, left, 5, MPI_COMM_WORLD, &r);
    MPI_Error_class(MPI_Wait(&r, MPI_STATUS_IGNORE), &class);
    CHECK(class == MPI_ERR_TRUNCATE && r == MPI_REQUEST_NULL, "class %d", class);
    r = MPI_REQUEST_NULL;
    MPI_Error_class(
        MPI_Isendrecv(out, 4, MPI_INT, size, 5, in, 2, MPI_INT, left, 5, MPI_COMM_WORLD, &r),
        &class);
    CHECK(class == MPI_ERR_RANK && r == MPI_REQUEST_NULL, "class %d", class);
    MPI_Error_class(
        MPI_Isendrecv(out, 4, MPI_INT, right, 5, in, 2, MPI_INT, left, -9, MPI_COMM_WORLD, &r),
        &class);
    CHECK(class == MPI_ERR_TAG && r == MPI_REQUEST_NULL, "class %d", class);
    MPI_Error_class(MPI_Isendrecv_replace(out, -4, MPI_INT, right, 5, left, 9, MPI_COMM_WORLD, &r),
                    &class);
    CHECK(class == MPI_ERR_COUNT && r == MPI_REQUEST_NULL, "class %d", class);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

// Freed at once, it goes on.
static void
freed(void)
{
    static unsigned char out[LIMIT], in[LIMIT];
    MPI_Request r;
    fill(out, LIMIT, 77);
    MPI_Isendrecv(out, LIMIT, MPI_BYTE, right, 6, in, LIMIT, MPI_BYTE, left, 6, MPI_COMM_WORLD, &r);
    MPI_Request_free(&r);
    for (int all = 0; !all;) {
        int here = in[LIMIT - 1] == byte_of(77, left, LIMIT - 1);
        MPI_Allreduce(&here, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    }
}

// A receive that nothing will match: after the cancel its end depends on nobody.
static void
cancelled(void)
{
    int x = 5, y = 0, flag = 0;
    MPI_Request r;
    MPI_Status status;
    MPI_Isendrecv(&x, 1, MPI_INT, 0, 1, &y, 1, MPI_INT, 0, 2, MPI_COMM_SELF, &r);
    MPI_Cancel(&r);
    MPI_Wait(&r, &status);
    MPI_Test_cancelled(&status, &flag);
    CHECK(flag, "it is not cancelled");
    MPI_Recv(&y, 1, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE); // the send had left
    CHECK(y == 5, "%d", y);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ring(sizes[i], 0);
        MPI_Barrier(MPI_COMM_WORLD);
        ring(sizes[i], 1);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    types();
    nowhere();
    truncated();
    freed();
    cancelled();
    MPI_Finalize();
    return 0;
}
