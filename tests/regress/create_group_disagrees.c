// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Members that call MPI_Comm_create_group with different groups waited for ever, and two groups
 * whose tags differ by 2^30 took each other's messages. */
#include "../mpi/check.h"

#include <pthread.h>
#include <string.h>

#define FAR (1 << 30)

static MPI_Group
group_of(MPI_Comm comm, int n, const int *ranks)
{
    MPI_Group all, group;
    MPI_Comm_group(comm, &all);
    MPI_Group_incl(all, n, ranks, &group);
    MPI_Group_free(&all);
    return group;
}

static int
create(MPI_Comm comm, int n, const int *ranks, int tag, MPI_Comm *made)
{
    MPI_Group group = group_of(comm, n, ranks);
    int code = MPI_Comm_create_group(comm, group, tag, made);
    MPI_Group_free(&group);
    return code;
}

static void
expect_sum(MPI_Comm comm)
{
    int size, one = 1, sum = 0;
    MPI_Comm_size(comm, &size);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == size, "%d of %d", sum, size);
}

struct job {
    MPI_Comm comm;
    int tag;
};

static void *
make_some(void *argument)
{
    struct job *job = argument;
    int ranks[] = {0, 1};
    for (int i = 0; i < 50; i++) {
        MPI_Comm made;
        CHECK(create(job->comm, 2, ranks, job->tag, &made) == MPI_SUCCESS, "tag %d", job->tag);
        if (i % 10 == 0)
            expect_sum(made);
        MPI_Comm_free(&made);
    }
    return NULL;
}

// At once, and the highest ones: what they become inside must not be a wildcard.
static void
tags_far_apart(MPI_Comm comm)
{
    static const int tags[] = {3, 3 + FAR, 2147483647, 2147483646, 2147483645, 0};
    enum { N = sizeof tags / sizeof *tags };
    pthread_t threads[N];
    struct job jobs[N];
    if (world_size() < 2 || world_rank() > 1)
        return;
    for (int i = 0; i < N; i++) {
        jobs[i] = (struct job){comm, tags[world_rank() ? N - 1 - i : i]};
        pthread_create(&threads[i], NULL, make_some, &jobs[i]);
    }
    for (int i = 0; i < N; i++)
        pthread_join(threads[i], NULL);
}

static void
expect_text(int code, const char *a, const char *b)
{
    char text[MPI_MAX_ERROR_STRING];
    int errclass = MPI_SUCCESS, n;
    MPI_Error_class(code, &errclass);
    MPI_Error_string(code, text, &n);
    CHECK(errclass == MPI_ERR_GROUP && strstr(text, a) && strstr(text, b), "class %d: %s", errclass,
          text);
}

// All that are in one of the groups learn it.
static void
other_members(MPI_Comm comm)
{
    int rank = world_rank(), ranks[] = {0, 1, 2};
    MPI_Comm made = MPI_COMM_NULL;
    if (world_size() < 3 || rank > 2)
        return;
    int code = create(comm, rank == 0 ? 2 : 3, ranks, 7, &made);
    CHECK(made == MPI_COMM_NULL, " ");
    expect_text(code, "rank 0 called it with the group {0, 1} of",
                "but rank 1 with {0, 1, 2} (tag 7)");
}

static void
another_order(MPI_Comm comm)
{
    int rank = world_rank(), ranks[2][2] = {{0, 1}, {1, 0}};
    MPI_Comm made = MPI_COMM_NULL;
    if (world_size() < 2 || rank > 1)
        return;
    expect_text(create(comm, 2, ranks[rank], 7, &made), "{0, 1}", "but rank 1 with {1, 0}");
}

static void
many_members(MPI_Comm comm)
{
    int size = world_size(), ranks[64];
    MPI_Comm made = MPI_COMM_NULL;
    if (size < 2 || size > 64)
        return;
    for (int i = 0; i < size; i++)
        ranks[i] = i;
    if (world_rank() == size - 1) {
        ranks[0] = size - 1;
        ranks[size - 1] = 0;
    }
    expect_text(create(comm, size, ranks, 0, &made), "rank 0 called it", "but rank");
}

// No mistake: one group after the other, of which the last rank is in the second alone and comes
// first; a message with the same tag is under way.
static void
overlapping(MPI_Comm comm)
{
    int rank = world_rank(), last = world_size() - 1, ranks[] = {0, 1, last}, value = 5;
    MPI_Comm made;
    if (world_size() < 3 || (rank > 1 && rank < last))
        return;
    if (rank == last)
        MPI_Send(&value, 1, MPI_INT, 0, 9, comm);
    for (int i = 0; i < 20; i++) {
        if (rank != last) {
            CHECK(create(comm, 2, ranks, 9, &made) == MPI_SUCCESS, " ");
            MPI_Comm_free(&made);
        }
        CHECK(create(comm, 3, ranks, 9, &made) == MPI_SUCCESS, " ");
        expect_sum(made);
        MPI_Comm_free(&made);
    }
    if (rank == 0)
        MPI_Recv(&value, 1, MPI_INT, last, 9, comm, MPI_STATUS_IGNORE);
}

int
main(int argc, char **argv)
{
    static void (*const tests[])(MPI_Comm) = {tags_far_apart, other_members, another_order,
                                              many_members, overlapping};
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        MPI_Comm comm;
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
        tests[i](comm);
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Comm_free(&comm);
    }
    MPI_Finalize();
    return 0;
}
