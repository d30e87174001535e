// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Processes that made a communicator with different tags, stringtags or groups waited for each
 * other for ever, and of MPI_Intercomm_create_from_groups one went on alone. The offer of a
 * partitioned message was taken for what the leaders of MPI_Intercomm_create tell each other. */
#include "../mpi/check.h"

#include <string.h>

static int rank, size;
static MPI_Group world;

static void
expect(int code, int errclass, const char *part)
{
    char text[MPI_MAX_ERROR_STRING];
    int class, length;
    MPI_Error_class(code, &class);
    MPI_Error_string(code, text, &length);
    CHECK(class == errclass && strstr(text, part), "%s", text);
}

static void
expect_sum(MPI_Comm *comm, int expected)
{
    int one = 1, sum = 0;
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, *comm);
    CHECK(sum == expected, "%d of %d", sum, expected);
    MPI_Comm_free(comm);
}

static void
groups(void)
{
    MPI_Comm comm;
    int first = rank == 0;
    for (int round = 0; round < 3; round++) {
        expect(MPI_Comm_create_group(MPI_COMM_WORLD, world, first ? 5 : 6, &comm), MPI_ERR_TAG,
               "rank 0 called it with tag 5, but rank 1 with tag 6");
        CHECK(!MPI_Comm_create_group(MPI_COMM_WORLD, world, 5, &comm), " ");
        expect_sum(&comm, size);
        expect(MPI_Comm_create_from_group(world, rank == size - 1 ? "b" : "a", MPI_INFO_NULL,
                                          MPI_ERRORS_RETURN, &comm),
               MPI_ERR_ARG, "different stringtags");
        CHECK(!MPI_Comm_create_from_group(world, "b", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm),
              " ");
        expect_sum(&comm, size);
    }
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm made;
    expect(MPI_Comm_create_group(first ? comm : MPI_COMM_WORLD, world, 5, &made), MPI_ERR_COMM,
           "different communicators");
    MPI_Comm_free(&comm);
}

// Two groups: rank 0, and the others.
static void
split(int at, MPI_Group *mine, MPI_Group *theirs)
{
    int low[1][3] = {{0, at - 1, 1}}, high[1][3] = {{at, size - 1, 1}};
    MPI_Group_range_incl(world, 1, rank < at ? low : high, mine);
    MPI_Group_range_incl(world, 1, rank < at ? high : low, theirs);
}

static int
join(int at, const char *tag, MPI_Comm *inter)
{
    MPI_Group mine, theirs;
    split(at, &mine, &theirs);
    int code = MPI_Intercomm_create_from_groups(mine, 0, theirs, 0, tag, MPI_INFO_NULL,
                                                MPI_ERRORS_RETURN, inter);
    MPI_Group_free(&mine);
    MPI_Group_free(&theirs);
    return code;
}

static void
inter_from_groups(void)
{
    MPI_Comm inter;
    for (int round = 0; round < 3; round++) {
        expect(join(1, rank ? "b" : "a", &inter), MPI_ERR_ARG, "different stringtags");
        CHECK(!join(1, "a", &inter), " ");
        expect_sum(&inter, rank ? 1 : size - 1);
    }
    if (size > 2) { // rank 1 does not know to which group it belongs
        expect(join(rank == 0 ? 1 : 2, "a", &inter), MPI_ERR_GROUP, "groups of 1 and");
        CHECK(!join(1, "a", &inter), " ");
        MPI_Comm_free(&inter);
    }
}

static void
inter_create(void)
{
    MPI_Comm half, inter, dup;
    int leader = rank == 0 ? 1 : 0;
    MPI_Comm_split(MPI_COMM_WORLD, rank != 0, rank, &half);
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    for (int round = 0; round < 3; round++) {
        expect(MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, leader, rank == 0, &inter),
               MPI_ERR_TAG, "with tag 1");
        expect(MPI_Intercomm_create(half, 0, rank ? dup : MPI_COMM_WORLD, leader, 7, &inter),
               MPI_ERR_COMM, "another peer communicator");
        CHECK(!MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, leader, 1, &inter), " ");
        MPI_Comm_free(&inter);
    }
    MPI_Comm_free(&half);
    MPI_Comm_free(&dup);
}

static void
beside_partitions(void)
{
    MPI_Comm half, inter;
    MPI_Request request = MPI_REQUEST_NULL;
    int buffer[4] = {1, 2, 3, 4};
    MPI_Comm_split(MPI_COMM_WORLD, rank != 0, rank, &half);
    if (rank == 0)
        MPI_Psend_init(buffer, 2, 2, MPI_INT, 1, 9, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(!MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, rank == 0, 9, &inter), " ");
    if (rank == 1) {
        memset(buffer, 0, sizeof buffer);
        MPI_Precv_init(buffer, 2, 2, MPI_INT, 0, 9, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    }
    if (rank < 2)
        MPI_Start(&request);
    if (rank == 0)
        MPI_Pready_range(0, 1, request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(rank > 1 || buffer[3] == 4, "%d", buffer[3]);
    if (rank < 2)
        MPI_Request_free(&request);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    rank = world_rank();
    size = world_size();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    if (size > 1) {
        groups();
        inter_from_groups();
        inter_create();
        beside_partitions();
    }
    MPI_Group_free(&world);
    MPI_Finalize();
    return 0;
}
