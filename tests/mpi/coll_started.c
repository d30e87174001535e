// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Collectives that were started: many at once, completed in any order, beside blocking ones and
 * messages; persistent ones started in an order of each rank's own. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 100, KINDS = 8 };

static int rank, size;

// The first call on a communicator must not wait for the others either.
static void
first_call_does_not_wait(void)
{
    MPI_Comm comm;
    MPI_Request request;
    int token = 7;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    if (rank > 0) {
        MPI_Ibarrier(comm, &request);
        MPI_Send(&token, 1, MPI_INT, 0, 0, comm);
    } else {
        for (int m = 1; m < size; m++)
            MPI_Recv(&token, 1, MPI_INT, m, 0, comm, MPI_STATUS_IGNORE);
        MPI_Ibarrier(comm, &request);
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(request == MPI_REQUEST_NULL, "rank %d", rank);
    MPI_Comm_free(&comm);
}

static void
fill(int *own, int n, int i)
{
    for (int k = 0; k < n; k++)
        own[k] = rank * 1000003 + i * 1009 + k;
}

static void
check_all(const int *all, int n, int i)
{
    for (int m = 0; m < size; m++)
        for (int k = 0; k < n; k++)
            CHECK(all[m * n + k] == m * 1000003 + i * 1009 + k, "call %d, rank %d, [%d]: %d", i, m,
                  k, all[m * n + k]);
}

static int
count_of(int i)
{
    static const int counts[] = {0, 1, 3, 50, 57, 1000, 5000, 40000};
    return counts[i % KINDS];
}

// In what order rank r completes or starts them.
static void
order(int *at, int n, unsigned seed)
{
    for (int i = 0; i < n; i++)
        at[i] = i;
    for (int i = n - 1; i > 0; i--) {
        seed = seed * 1103515245 + 12345;
        int j = (int)(seed >> 8) % (i + 1), t = at[i];
        at[i] = at[j];
        at[j] = t;
    }
}

static void
many_at_once(void)
{
    static MPI_Request requests[MANY];
    static int *own[MANY], *all[MANY], at[MANY];
    for (int i = 0; i < MANY; i++) {
        int n = count_of(i);
        own[i] = malloc(sizeof(int) * (size_t)(n + 1));
        all[i] = calloc((size_t)(n * size + 1), sizeof(int));
        fill(own[i], n, i);
        MPI_Iallgather(own[i], n, MPI_INT, all[i], n, MPI_INT, MPI_COMM_WORLD, &requests[i]);
        if (i % 17 == 0)
            MPI_Barrier(MPI_COMM_WORLD);
    }
    order(at, MANY, (unsigned)rank + 5);
    for (int k = 0; k < MANY; k++) {
        int i = at[k], done = 0;
        MPI_Status status;
        if (k % 3 == 0)
            while (!done)
                MPI_Test(&requests[i], &done, &status);
        else
            MPI_Wait(&requests[i], &status);
        check_all(all[i], count_of(i), i);
        free(own[i]);
        free(all[i]);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void
persistent_in_any_order(void)
{
    enum { N = 12, TIMES = 5 };
    MPI_Request requests[N];
    int at[N];
    for (int i = 0; i < N; i++)
        MPI_Barrier_init(MPI_COMM_WORLD, MPI_INFO_NULL, &requests[i]);
    for (int t = 0; t < TIMES; t++) {
        order(at, N, (unsigned)(rank * TIMES + t));
        for (int k = 0; k < N; k++)
            MPI_Start(&requests[at[k]]);
        CHECK(MPI_Start(&requests[0]) != MPI_SUCCESS, "it is active");
        MPI_Waitall(N, requests, MPI_STATUSES_IGNORE);
        MPI_Waitall(N, requests, MPI_STATUSES_IGNORE); // inactive: at once
    }
    for (int i = 0; i < N; i++) {
        CHECK(requests[i] != MPI_REQUEST_NULL, "request %d", i);
        MPI_Request_free(&requests[i]);
    }
    // One that nobody has started.
    MPI_Barrier_init(MPI_COMM_WORLD, MPI_INFO_NULL, &requests[0]);
    MPI_Request_free(&requests[0]);
}

static void
errors(void)
{
    MPI_Request request;
    int n;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    MPI_Error_class(MPI_Cancel(&request), &n);
    CHECK(n == MPI_ERR_REQUEST, "class %d", n);
    MPI_Error_class(MPI_Start(&request), &n);
    CHECK(n == MPI_ERR_REQUEST, "class %d", n);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Error_class(MPI_Ibarrier(MPI_COMM_NULL, &request), &n);
    CHECK(n == MPI_ERR_COMM, "class %d", n);
    MPI_Error_class(MPI_Ibarrier(MPI_COMM_WORLD, NULL), &n);
    CHECK(n == MPI_ERR_ARG, "class %d", n);
    MPI_Error_class(MPI_Start(&request), &n);
    CHECK(n == MPI_ERR_REQUEST, "class %d", n);
}

// A blocking call does not match a started one: in whatever order they are called.
static void
forms_do_not_match(void)
{
    MPI_Comm comm;
    MPI_Request request;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    for (int i = 0; i < 20; i++) {
        int one = rank + 1, sum = 0, started = 0, all = size * (size + 1) / 2;
        if ((rank + i) % 2)
            MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
        MPI_Iallreduce(&one, &started, 1, MPI_INT, MPI_SUM, comm, &request);
        if ((rank + i) % 2 == 0)
            MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        CHECK(sum == all && started == all, "%d %d", sum, started);
    }
    MPI_Comm_free(&comm);
}

// The two calls that differ are named, whatever else is under way.
static void
mismatch_names_the_calls(void)
{
    MPI_Comm comm;
    MPI_Request requests[3], last;
    char text[MPI_MAX_ERROR_STRING] = "";
    int n, one = 1, sum;
    if (size == 1)
        return;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    for (int i = 0; i < 3; i++)
        MPI_Ibarrier(comm, &requests[i]);
    MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
    MPI_Ibarrier(comm, &requests[0]);
    int err = rank == 0 ? MPI_Ibcast(&one, 1, MPI_INT, 0, comm, &last)
                        : MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm, &last);
    // Who comes after all others have failed learns it at once.
    if (!err)
        err = MPI_Wait(&last, MPI_STATUS_IGNORE);
    // A root that has given all it has may be gone before anybody disagrees.
    while (!err && rank == 0 && !(err = MPI_Ibarrier(comm, &last)))
        err = MPI_Wait(&last, MPI_STATUS_IGNORE);
    MPI_Error_string(err, text, &n);
    CHECK(strstr(text, "MPI_Ibcast") && strstr(text, "MPI_Iallreduce"), "the text: %s", text);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Comm_free(&comm);
}

// Small ones go by while a large one is under way.
static void
large_beside_small(void)
{
    enum { LARGE = 32 << 20 };
    MPI_Request request;
    char *p = calloc(LARGE, 1);
    int done = 0, sum;
    for (int i = 0; i < LARGE && rank == size - 1; i++)
        p[i] = (char)(i * 7 + (i >> 12));
    MPI_Ibcast(p, LARGE, MPI_CHAR, size - 1, MPI_COMM_WORLD, &request);
    for (int i = 0; i < 300; i++) {
        int mine = rank + i;
        MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        CHECK(sum == i * size + size * (size - 1) / 2, "sum %d: %d", i, sum);
        if (!done)
            MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    for (int i = 0; i < LARGE; i++)
        CHECK(p[i] == (char)(i * 7 + (i >> 12)), "byte %d", i);
    free(p);
}

// Calls whose requests were freed go on.
static void
freed(void)
{
    MPI_Request request;
    int sums[50];
    for (int i = 0; i < 50; i++) {
        int mine[] = {i};
        sums[i] = 0;
        MPI_Iallreduce(MPI_IN_PLACE, memcpy(&sums[i], mine, sizeof mine), 1, MPI_INT, MPI_SUM,
                       MPI_COMM_WORLD, &request);
        MPI_Request_free(&request);
        CHECK(request == MPI_REQUEST_NULL, "call %d", i);
    }
    // No member is many calls behind another: after so many those before them are over.
    for (int i = 0; i < 50; i++) {
        MPI_Ibarrier(MPI_COMM_WORLD, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    for (int i = 0; i < 50; i++)
        CHECK(sums[i] == i * size, "sum %d: %d", i, sums[i]);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    first_call_does_not_wait();
    many_at_once();
    persistent_in_any_order();
    errors();
    forms_do_not_match();
    mismatch_names_the_calls();
    large_beside_small();
    freed();
    // Nobody waits for this one: MPI_Finalize does.
    MPI_Request request;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    MPI_Request_free(&request);
    MPI_Finalize();
    return 0;
}
