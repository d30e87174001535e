// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Wrong arguments, and calls that do not fit together: an error with its values on each rank that
 * can see it, never a hang. */
#include "coll_data.h"

#include <stdarg.h>

static int rank, size;

#define EXPECT(call, errclass, ...) expect(call, errclass, #call, __LINE__, __VA_ARGS__, NULL)

// The code's class, and parts of its text.
static void
expect(int code, int errclass, const char *call, int line, ...)
{
    char text[MPI_MAX_ERROR_STRING];
    int is, length;
    va_list parts;
    MPI_Error_class(code, &is);
    MPI_Error_string(code, text, &length);
    CHECK(is == errclass, "line %d: %s gave class %d (%s), not %d", line, call, is, text, errclass);
    va_start(parts, line);
    for (const char *part; (part = va_arg(parts, const char *));)
        CHECK(strstr(text, part), "line %d: '%s' is not in '%s'", line, part, text);
    va_end(parts);
}

static MPI_Comm
fresh(void)
{
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    return comm;
}

/* ---- arguments, on each rank for itself ---- */

static void
wrong_arguments(MPI_Comm comm)
{
    int a[64] = {0}, b[64] = {0};
    char past[32];
    snprintf(past, sizeof past, "root %d is not", size);
    EXPECT(MPI_Bcast(NULL, 3, MPI_INT, 0, comm), MPI_ERR_BUFFER, "MPI_Bcast", "null", "3");
    EXPECT(MPI_Bcast(a, -4, MPI_INT, 0, comm), MPI_ERR_COUNT, "-4");
    EXPECT(MPI_Bcast_c(a, INT64_MAX, MPI_INT, 0, comm), MPI_ERR_COUNT, "9223372036854775807");
    EXPECT(MPI_Bcast(a, 1, MPI_DATATYPE_NULL, 0, comm), MPI_ERR_TYPE, "MPI_DATATYPE_NULL");
    EXPECT(MPI_Bcast(a, 1, MPI_INT, size, comm), MPI_ERR_ROOT, past);
    EXPECT(MPI_Bcast(a, 1, MPI_INT, -1, comm), MPI_ERR_ROOT, "root -1");
    EXPECT(MPI_Barrier(MPI_COMM_NULL), MPI_ERR_COMM, "MPI_Barrier", "MPI_COMM_NULL");
    EXPECT(MPI_Allreduce(a, a, 1, MPI_INT, MPI_SUM, comm), MPI_ERR_BUFFER, "overlap");
    EXPECT(MPI_Allreduce(a, a + 1, 2, MPI_INT, MPI_SUM, comm), MPI_ERR_BUFFER, "overlap");
    EXPECT(MPI_Allreduce(a, MPI_IN_PLACE, 1, MPI_INT, MPI_SUM, comm), MPI_ERR_BUFFER,
           "recvbuf is MPI_IN_PLACE");
    EXPECT(MPI_Allreduce(a, NULL, 1, MPI_INT, MPI_SUM, comm), MPI_ERR_BUFFER, "recvbuf");
    EXPECT(MPI_Allreduce(a, b, 1, MPI_INT, MPI_MAXLOC, comm), MPI_ERR_OP, "MPI_MAXLOC", "MPI_INT");
    EXPECT(MPI_Allreduce(a, b, 1, MPI_INT, MPI_OP_NULL, comm), MPI_ERR_OP, "MPI_OP_NULL");
    EXPECT(MPI_Allreduce(a, b, -1, MPI_INT, MPI_SUM, comm), MPI_ERR_COUNT, "-1");
    EXPECT(MPI_Scan(a, MPI_IN_PLACE, 1, MPI_INT, MPI_SUM, comm), MPI_ERR_BUFFER, "MPI_Scan");
    EXPECT(MPI_Reduce(a, b, 1, MPI_INT, MPI_SUM, size, comm), MPI_ERR_ROOT, past);
    EXPECT(MPI_Reduce(a, rank == 0 ? a : b, 1, MPI_INT, MPI_SUM, size > 1 ? size : 0, comm),
           size > 1 ? MPI_ERR_ROOT : MPI_ERR_BUFFER, "MPI_Reduce");
    EXPECT(MPI_Allgather(a, 2, MPI_INT, b, 1, MPI_INT, comm), MPI_ERR_TRUNCATE, "8 bytes",
           "4 from itself");
    EXPECT(MPI_Allgather(b + rank, 1, MPI_INT, b, 1, MPI_INT, comm), MPI_ERR_BUFFER, "overlap");
    EXPECT(MPI_Alltoall(a, 1, MPI_INT, a, 1, MPI_INT, comm), MPI_ERR_BUFFER, "overlap");
    EXPECT(MPI_Alltoall(a, 1, MPI_INT, MPI_IN_PLACE, 1, MPI_INT, comm), MPI_ERR_BUFFER,
           "recvbuf is MPI_IN_PLACE");
}

static void
wrong_arrays(MPI_Comm comm)
{
    int a[64] = {0}, b[64] = {0}, counts[64], displs[64];
    MPI_Datatype types[64];
    for (int r = 0; r < size; r++) {
        counts[r] = 1;
        displs[r] = r;
        types[r] = MPI_INT;
    }
    EXPECT(MPI_Allgatherv(a, 1, MPI_INT, b, NULL, displs, MPI_INT, comm), MPI_ERR_ARG,
           "recvcounts");
    EXPECT(MPI_Allgatherv(a, 1, MPI_INT, b, counts, NULL, MPI_INT, comm), MPI_ERR_ARG, "displs");
    EXPECT(MPI_Alltoallv(a, counts, NULL, MPI_INT, b, counts, displs, MPI_INT, comm), MPI_ERR_ARG,
           "displs");
    EXPECT(MPI_Alltoallw(a, counts, displs, NULL, b, counts, displs, types, comm), MPI_ERR_ARG,
           "sendtypes");
    EXPECT(MPI_Reduce_scatter(a, b, NULL, MPI_INT, MPI_SUM, comm), MPI_ERR_ARG, "recvcounts");
    types[size - 1] = MPI_DATATYPE_NULL;
    EXPECT(MPI_Alltoallw(a, counts, displs, types, b, counts, displs, types, comm), MPI_ERR_TYPE,
           "MPI_DATATYPE_NULL");
    counts[size - 1] = -7;
    EXPECT(MPI_Allgatherv(a, 1, MPI_INT, b, counts, displs, MPI_INT, comm), MPI_ERR_COUNT, "-7");
    EXPECT(MPI_Reduce_scatter(a, b, counts, MPI_INT, MPI_SUM, comm), MPI_ERR_COUNT, "-7");
    EXPECT(MPI_Alltoallv(a, counts, displs, MPI_INT, b, counts, displs, MPI_INT, comm),
           MPI_ERR_COUNT, "-7");
}

static void
wrong_roots_and_places(MPI_Comm comm)
{
    int a[64] = {0}, b[64] = {0};
    if (size == 1)
        return;
    if (rank == 0) {
        EXPECT(MPI_Gather(MPI_IN_PLACE, 1, MPI_INT, b, 1, MPI_INT, 1, comm), MPI_ERR_BUFFER,
               "other than the root");
        EXPECT(MPI_Scatter(a, 1, MPI_INT, MPI_IN_PLACE, 1, MPI_INT, 1, comm), MPI_ERR_BUFFER,
               "other than the root");
        EXPECT(MPI_Reduce(MPI_IN_PLACE, b, 1, MPI_INT, MPI_SUM, 1, comm), MPI_ERR_BUFFER,
               "other than the root");
        EXPECT(MPI_Gather(a, 1, MPI_INT, MPI_IN_PLACE, 1, MPI_INT, 0, comm), MPI_ERR_BUFFER,
               "recvbuf");
        EXPECT(MPI_Gather(a, 2, MPI_INT, b, 1, MPI_INT, 0, comm), MPI_ERR_TRUNCATE, "8 bytes");
        EXPECT(MPI_Scatter(a, 2, MPI_INT, b, 1, MPI_INT, 0, comm), MPI_ERR_TRUNCATE, "8 bytes");
        EXPECT(MPI_Gather(a, 1, MPI_INT, NULL, 1, MPI_INT, 0, comm), MPI_ERR_BUFFER, "recvbuffer");
    }
}

/* ---- calls that do not fit together ---- */

// From now on every call on the communicator says so.
static void
is_broken(MPI_Comm comm, int errclass, const char *one, const char *other)
{
    int a = 0, b;
    EXPECT(MPI_Barrier(comm), errclass, "MPI_Barrier", one, other);
    EXPECT(MPI_Allreduce(&a, &b, 1, MPI_INT, MPI_SUM, comm), errclass, one, other);
    EXPECT(MPI_Bcast(&a, 1, MPI_INT, rank, comm), errclass, one, other);
    MPI_Comm_free(&comm);
}

static void
different_functions(void)
{
    MPI_Comm comm = fresh();
    int a = rank, code = rank == 1 ? MPI_Reduce(&a, NULL, 1, MPI_INT, MPI_SUM, 0, comm)
                                   : MPI_Bcast(&a, 1, MPI_INT, 0, comm);
    CHECK(code == MPI_SUCCESS || rank == 1 || size > 2, "rank %d saw it too early", rank);
    is_broken(comm, MPI_ERR_OTHER, "MPI_Reduce (root 0, MPI_SUM, 4 bytes)",
              "MPI_Bcast (root 0, 4 bytes)");
}

// The calls are two different ones in another order: without the check both ranks would wait.
static void
different_order(void)
{
    MPI_Comm comm = fresh();
    int a = 0, b = 0;
    if (rank == 0) {
        EXPECT(MPI_Barrier(comm), MPI_ERR_OTHER, "MPI_Barrier", "MPI_Allreduce");
    } else if (MPI_Allreduce(&a, &b, 1, MPI_INT, MPI_SUM, comm) == MPI_SUCCESS) {
        CHECK(0, "MPI_Allreduce on rank %d succeeded", rank);
    }
    is_broken(comm, MPI_ERR_OTHER, "MPI_Barrier", "MPI_Allreduce (MPI_SUM, 4 bytes)");
}

static void
different_roots(int n)
{
    MPI_Comm comm = fresh();
    char *p = calloc((size_t)n, 1);
    MPI_Bcast(p, n, MPI_BYTE, rank == 0 ? 0 : 1, comm); // two roots: neither waits for anything
    is_broken(comm, MPI_ERR_ROOT, "root 0", "root 1");
    free(p);
}

static void
different_operations(int n)
{
    MPI_Comm comm = fresh();
    double *a = calloc((size_t)n, 8), *b = calloc((size_t)n, 8);
    int code = MPI_Allreduce(a, b, n, MPI_DOUBLE, rank == size - 1 ? MPI_MAX : MPI_SUM, comm);
    CHECK(code != MPI_SUCCESS, "rank %d did not see it", rank);
    is_broken(comm, MPI_ERR_OP, "MPI_SUM", "MPI_MAX");
    free(a);
    free(b);
}

static void
different_types(void)
{
    MPI_Comm comm = fresh();
    int a = 1, b = 0;
    int code = MPI_Allreduce(&a, &b, 1, rank == 0 ? MPI_INT : MPI_FLOAT, MPI_SUM, comm);
    CHECK(code != MPI_SUCCESS, "rank %d did not see it", rank);
    is_broken(comm, MPI_ERR_TYPE, "MPI_Allreduce", "4 bytes");
}

// One is a call behind, and the difference shows only later.
static void
one_call_less(void)
{
    MPI_Comm comm = fresh();
    int a = 0;
    for (int i = 0; i < 3; i++)
        MPI_Bcast(&a, 1, MPI_INT, 0, comm);
    if (rank != 0)
        MPI_Bcast(&a, 1, MPI_INT, 1, comm);
    is_broken(comm, MPI_ERR_OTHER, "MPI_Bcast (root 1", "MPI_Barrier");
}

/* ---- sizes that do not fit: the communicator goes on where nobody is held up ---- */

// Of many ranks (a tree) some pass on what they take: then nobody can go on.
static void
still_whole(MPI_Comm comm)
{
    int code = MPI_Barrier(comm);
    CHECK(code == MPI_SUCCESS || size > 16, "the communicator has broken");
}

static void
different_sizes_down(int n)
{
    MPI_Comm comm = fresh();
    char *p = calloc((size_t)n + 4, 1), gives[40], wants[40];
    snprintf(gives, sizeof gives, "gives %d bytes", n + 4);
    snprintf(wants, sizeof wants, "wants %d", n);
    int code = MPI_Bcast(p, rank == 0 ? n + 4 : n, MPI_BYTE, 0, comm);
    if (rank != 0)
        EXPECT(code, MPI_ERR_TRUNCATE, "MPI_Bcast", gives, wants);
    still_whole(comm);
    code = MPI_Bcast(p, rank == 0 ? n : n + 4, MPI_BYTE, 0, comm);
    if (rank != 0)
        EXPECT(code, MPI_ERR_TRUNCATE, "MPI_Bcast", "wants");
    still_whole(comm);
    MPI_Comm_free(&comm);
    free(p);
}

static void
different_sizes_up(void)
{
    MPI_Comm comm = fresh();
    int a[64] = {0}, b[256], counts[64], displs[64];
    for (int r = 0; r < size; r++) {
        counts[r] = r == size - 1 ? 3 : 2;
        displs[r] = r * 4;
    }
    int code = MPI_Gatherv(a, 2, MPI_INT, b, counts, displs, MPI_INT, 0, comm);
    if (rank == 0)
        EXPECT(code, MPI_ERR_TRUNCATE, "gives 8 bytes", "wants 12");
    CHECK(MPI_Barrier(comm) == MPI_SUCCESS, "the communicator has broken");
    code = MPI_Alltoallv(a, counts, displs, MPI_BYTE, b, displs, displs, MPI_BYTE, comm);
    CHECK(code != MPI_SUCCESS, "rank %d did not see it", rank);
    MPI_Comm_free(&comm);
}

static void
different_sizes_all(int n)
{
    MPI_Comm comm = fresh();
    double *a = calloc((size_t)n + 1, 8), *b = calloc((size_t)n + 1, 8);
    int code = MPI_Allreduce(a, b, rank == 0 ? n + 1 : n, MPI_DOUBLE, MPI_SUM, comm);
    CHECK(code != MPI_SUCCESS || (size > 2 && rank > 0), "rank %d did not see it", rank);
    if (code != MPI_SUCCESS)
        EXPECT(code, MPI_ERR_TRUNCATE, "bytes");
    MPI_Comm_free(&comm);
    free(a);
    free(b);
}

static void
freed_communicator(void)
{
    MPI_Comm comm = fresh(), old = comm;
    MPI_Comm_free(&comm);
    EXPECT(MPI_Barrier(old), MPI_ERR_COMM, "freed");
}

// Rank 0 gives away the data of `ahead` calls, while the others make one of another kind, and none
// after it. Only rank 0 waits for somebody, and nothing that happens later would wake it.
static void
nobody_comes(int ahead)
{
    int one = 1, sum = 0;
    MPI_Comm comm = fresh();
    if (rank > 0) {
        MPI_Reduce(&one, NULL, 1, MPI_INT, MPI_SUM, 0, comm);
        MPI_Recv(&one, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
        for (int i = 0; i < ahead; i++)
            MPI_Bcast(&one, 1, MPI_INT, 0, comm);
        EXPECT(MPI_Reduce(&one, &sum, 1, MPI_INT, MPI_SUM, 0, comm), MPI_ERR_OTHER,
               "MPI_Reduce: ", "called MPI_Reduce (root 0, MPI_SUM, 4 bytes) as collective call 1",
               "rank 0 called MPI_Bcast (root 0, 4 bytes)");
        for (int r = 1; r < size; r++)
            MPI_Send(&one, 1, MPI_INT, r, 0, MPI_COMM_WORLD);
    }
    MPI_Comm_free(&comm);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm comm = fresh();
    wrong_arguments(comm);
    wrong_arrays(comm);
    wrong_roots_and_places(comm);
    CHECK(MPI_Barrier(comm) == MPI_SUCCESS, "wrong arguments have broken the communicator");
    freed_communicator();
    if (size > 1) {
        different_functions();
        different_order();
        different_roots(4);
        different_roots(100000);
        different_operations(1);
        different_operations(100000);
        different_types();
        nobody_comes(1);
        nobody_comes(5);
        one_call_less();
        different_sizes_down(8);
        different_sizes_down(1000);
        different_sizes_down(6 << 20);
        different_sizes_up();
        different_sizes_all(1);
        different_sizes_all(700);
        different_sizes_all(200000);
    }
    CHECK(MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS, "MPI_COMM_WORLD has broken");
    MPI_Finalize();
    return 0;
}
