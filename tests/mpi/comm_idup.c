// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Comm_idup: many at once, of one and of two groups, with attributes whose copy functions fail
 * on one rank, with hints, and with others' calls in between. */
#include "check.h"

enum { MANY = 20 };

static int rank, size;

static int
copy(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag)
{
    (void)comm;
    (void)keyval;
    *(void **)out = in;
    *flag = 1;
    return *(int *)extra ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static void
check_works(MPI_Comm comm)
{
    int sum = 0, n, r;
    MPI_Comm_rank(comm, &r);
    MPI_Comm_size(comm, &n);
    CHECK(n == size && r == rank, "rank %d of %d", r, n);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size * (size - 1) / 2, "%d", sum);
}

static void
many_at_once(void)
{
    MPI_Comm comms[MANY];
    MPI_Request requests[MANY];
    int result;
    for (int i = 0; i < MANY; i++) {
        if (i % 3 == 0)
            MPI_Comm_idup_with_info(MPI_COMM_WORLD, MPI_INFO_NULL, &comms[i], &requests[i]);
        else
            MPI_Comm_idup(MPI_COMM_WORLD, &comms[i], &requests[i]);
        if (i % 7 == 6)
            MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Waitall(MANY, requests, MPI_STATUSES_IGNORE);
    for (int i = MANY - 1; i >= 0; i--) {
        check_works(comms[i]);
        MPI_Comm_compare(comms[i], comms[(i + 1) % MANY], &result);
        CHECK(i == MANY - 1 || result == MPI_CONGRUENT, "%d", result);
    }
    // Each has messages of its own.
    for (int i = 0; i < MANY; i++)
        MPI_Send(&i, 1, MPI_INT, (rank + 1) % size, 5, comms[i]);
    for (int i = MANY - 1; i >= 0; i--) {
        int got;
        MPI_Recv(&got, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comms[i], MPI_STATUS_IGNORE);
        CHECK(got == i, "%d on communicator %d", got, i);
    }
    for (int i = 1; i < MANY; i++)
        MPI_Comm_free(&comms[i]);
    MPI_Comm_free(&comms[0]);
}

// Where a copy function fails there is no new communicator; the others have theirs.
static void
attributes(void)
{
    MPI_Comm parent, comm;
    MPI_Request request;
    int keyval, value = 3, fails = size > 1 && rank == size - 1, flag, err;
    int *got;
    MPI_Comm_create_keyval(copy, MPI_COMM_NULL_DELETE_FN, &keyval, &fails);
    MPI_Comm_dup(MPI_COMM_WORLD, &parent);
    MPI_Comm_set_errhandler(parent, MPI_ERRORS_RETURN);
    MPI_Comm_set_attr(parent, keyval, &value);
    err = MPI_Comm_idup(parent, &comm, &request);
    CHECK((err != MPI_SUCCESS) == fails && (comm == MPI_COMM_NULL) == fails, "%d", err);
    if (!fails) {
        MPI_Comm_get_attr(comm, keyval, &got, &flag);
        CHECK(flag && got == &value, "%d", flag);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Comm_free(&comm);
    }
    MPI_Barrier(parent);
    MPI_Comm_free(&parent);
    MPI_Comm_free_keyval(&keyval);
}

static void
two_groups(void)
{
    MPI_Comm half, inter, comm;
    MPI_Request request;
    int high = rank >= size / 2, n, sum, one = 1;
    if (size == 1)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, high, rank, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, high ? 0 : size / 2, 7, &inter);
    MPI_Comm_idup(inter, &comm, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Comm_remote_size(comm, &n);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == n, "%d of %d", sum, n);
    MPI_Comm_free(&comm);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

static void
errors(void)
{
    MPI_Comm comm;
    MPI_Request request;
    int n;
    MPI_Error_class(MPI_Comm_idup(MPI_COMM_NULL, &comm, &request), &n);
    CHECK(n == MPI_ERR_COMM, "class %d", n);
    MPI_Error_class(MPI_Comm_idup(MPI_COMM_WORLD, NULL, &request), &n);
    CHECK(n == MPI_ERR_ARG, "class %d", n);
    MPI_Error_class(MPI_Comm_idup(MPI_COMM_WORLD, &comm, NULL), &n);
    CHECK(n == MPI_ERR_ARG, "class %d", n);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    many_at_once();
    attributes();
    two_groups();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    errors();
    MPI_Finalize();
    return 0;
}
