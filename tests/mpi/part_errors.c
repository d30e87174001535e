// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What partitioned communication refuses, and that both sides get to an end where their amounts
 * differ: a receiver with less room has an error, one with more is told how much came. */

#include "check.h"

#include <limits.h>
#include <string.h>

static char text[MPI_MAX_ERROR_STRING];

static void
fails(int wanted, int code, const char *says, int line)
{
    int class, n;
    MPI_Error_class(code, &class);
    MPI_Error_string(code, text, &n);
    CHECK(class == wanted, "line %d: class %d: %s", line, class, text);
    CHECK(!says || strstr(text, says), "line %d: no \"%s\" in: %s", line, says, text);
}
#define FAILS(wanted, says, call) fails(wanted, call, says, __LINE__)

static void
arguments(void)
{
    MPI_Comm w = MPI_COMM_WORLD;
    MPI_Info none = MPI_INFO_NULL;
    MPI_Request r = MPI_REQUEST_NULL;
    int x[8], size = world_size();
    FAILS(MPI_ERR_ARG, "0", MPI_Psend_init(x, 0, 1, MPI_INT, 0, 0, w, none, &r));
    FAILS(MPI_ERR_ARG, "-3", MPI_Precv_init(x, -3, 1, MPI_INT, 0, 0, w, none, &r));
    FAILS(MPI_ERR_COUNT, "-1", MPI_Psend_init(x, 1, -1, MPI_INT, 0, 0, w, none, &r));
    FAILS(MPI_ERR_COUNT, NULL,
          MPI_Psend_init_c(x, INT_MAX, (MPI_Count)1 << 40, MPI_INT, 0, 0, w, none, &r));
    FAILS(MPI_ERR_TYPE, NULL, MPI_Psend_init(x, 1, 1, MPI_DATATYPE_NULL, 0, 0, w, none, &r));
    FAILS(MPI_ERR_RANK, NULL, MPI_Psend_init(x, 1, 1, MPI_INT, size, 0, w, none, &r));
    FAILS(MPI_ERR_RANK, "MPI_ANY_SOURCE",
          MPI_Precv_init(x, 1, 1, MPI_INT, MPI_ANY_SOURCE, 0, w, none, &r));
    FAILS(MPI_ERR_TAG, "MPI_ANY_TAG",
          MPI_Precv_init(x, 1, 1, MPI_INT, 0, MPI_ANY_TAG, w, none, &r));
    FAILS(MPI_ERR_TAG, "-4", MPI_Psend_init(x, 1, 1, MPI_INT, 0, -4, w, none, &r));
    FAILS(MPI_ERR_COMM, NULL, MPI_Psend_init(x, 1, 1, MPI_INT, 0, 0, MPI_COMM_NULL, none, &r));
    FAILS(MPI_ERR_ARG, NULL, MPI_Psend_init(x, 1, 1, MPI_INT, 0, 0, w, none, NULL));
    FAILS(MPI_ERR_ARG, NULL, MPI_Precv_init(x, 1, 1, MPI_INT, 0, 0, w, none, NULL));
    CHECK(r == MPI_REQUEST_NULL, "the handle was written");
}

static void
partitions(void)
{
    enum { N = 4 };
    int out[N] = {1, 2, 3, 4}, in[N] = {0}, flag, twice[] = {2, 2}, bad[] = {1, 7};
    MPI_Request s, r, other;
    MPI_Psend_init(out, N, 1, MPI_INT, 0, 0, MPI_COMM_SELF, MPI_INFO_NULL, &s);
    MPI_Precv_init(in, N, 1, MPI_INT, 0, 0, MPI_COMM_SELF, MPI_INFO_NULL, &r);
    FAILS(MPI_ERR_REQUEST, "not active", MPI_Pready(0, s));
    MPI_Start(&s);
    MPI_Start(&r);
    FAILS(MPI_ERR_ARG, "partition 4", MPI_Pready(4, s));
    FAILS(MPI_ERR_ARG, "partition -1", MPI_Pready(-1, s));
    FAILS(MPI_ERR_ARG, "partition 4", MPI_Pready_range(0, 4, s));
    FAILS(MPI_ERR_ARG, "3..2", MPI_Pready_range(3, 2, s));
    FAILS(MPI_ERR_ARG, "partition 7", MPI_Pready_list(2, bad, s));
    FAILS(MPI_ERR_ARG, NULL, MPI_Pready_list(1, NULL, s));
    FAILS(MPI_ERR_COUNT, "-2", MPI_Pready_list(-2, bad, s));
    MPI_Pready_list(0, NULL, s);
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Pready(0, r));
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Parrived(s, 0, &flag));
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Pready(0, MPI_REQUEST_NULL));
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Parrived(MPI_REQUEST_NULL, 0, &flag));
    FAILS(MPI_ERR_ARG, "partition 4", MPI_Parrived(r, 4, &flag));
    FAILS(MPI_ERR_ARG, NULL, MPI_Parrived(r, 0, NULL));
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Cancel(&s));
    MPI_Parrived(r, 1, &flag);
    CHECK(!flag && in[1] == 0, "partition 1 is there, with %d", in[1]);
    MPI_Pready(1, s);
    FAILS(MPI_ERR_ARG, "partition 1 has been", MPI_Pready(1, s));
    FAILS(MPI_ERR_ARG, "partition 1 has been", MPI_Pready_range(0, 3, s));
    MPI_Parrived(r, 1, &flag);
    CHECK(flag && in[1] == 2, "flag %d, value %d", flag, in[1]);
    MPI_Parrived(r, 0, &flag);
    CHECK(!flag, "partition 0 is there");
    FAILS(MPI_ERR_ARG, "partition 2 has been", MPI_Pready_list(2, twice, s));
    MPI_Pready(0, s);
    MPI_Test(&s, &flag, MPI_STATUS_IGNORE);
    CHECK(!flag, "the send has ended without partition 3");
    MPI_Pready(3, s);
    MPI_Wait(&s, MPI_STATUS_IGNORE);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    for (int i = 0; i < N; i++)
        CHECK(in[i] == out[i], "value %d", in[i]);
    MPI_Irecv(in, 1, MPI_INT, 0, 0, MPI_COMM_SELF, &other);
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Pready(0, other));
    FAILS(MPI_ERR_REQUEST, NULL, MPI_Parrived(other, 0, &flag));
    MPI_Cancel(&other);
    MPI_Wait(&other, MPI_STATUS_IGNORE);
    MPI_Request_free(&s);
    MPI_Request_free(&r);
}

// Two partitions of `room` bytes for four of `sent`, which may be fewer in all.
static void
amounts(int sent, int room, int wanted)
{
    static char out[1 << 20], in[1 << 20];
    int rank = world_rank(), size = world_size(), n, flag;
    MPI_Request r[2];
    MPI_Status status;
    MPI_Psend_init(out, 4, sent, MPI_BYTE, (rank + 1) % size, 1, MPI_COMM_WORLD, MPI_INFO_NULL,
                   &r[0]);
    MPI_Precv_init(in, 2, room, MPI_BYTE, (rank + size - 1) % size, 1, MPI_COMM_WORLD,
                   MPI_INFO_NULL, &r[1]);
    memset(out, 'x', 4 * (size_t)sent);
    for (int round = 0; round < 2; round++) {
        memset(in, '-', sizeof in);
        MPI_Startall(2, r);
        MPI_Pready_range(0, 2, r[0]);
        MPI_Parrived(r[1], 1, &flag);
        CHECK(!flag, "of the second partition some bytes are missing");
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Pready(3, r[0]);
        FAILS(wanted, wanted ? "partitions of" : NULL, MPI_Wait(&r[1], &status));
        MPI_Wait(&r[0], MPI_STATUS_IGNORE);
        if (wanted)
            continue;
        MPI_Get_count(&status, MPI_BYTE, &n);
        CHECK(n == 4 * sent && in[n] == '-', "%d bytes", n);
        for (int i = 0; i < n; i++)
            CHECK(in[i] == 'x', "byte %d of %d", i, n);
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    arguments();
    partitions();
    amounts(100, 100, MPI_ERR_TRUNCATE);
    amounts(8, 100, MPI_SUCCESS);
    amounts(49, 100, MPI_SUCCESS);
    amounts(20000, 60000, MPI_SUCCESS);
    amounts(0, 10, MPI_SUCCESS);
    amounts(200000, 3, MPI_ERR_TRUNCATE);
    MPI_Finalize();
    return 0;
}
