// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Making, comparing, naming and freeing communicators (MPI 5.0, 7.4 and 7.8). */
#include "errors.h"

#include <pthread.h>
#include <string.h>

static int
comparison(MPI_Comm a, MPI_Comm b)
{
    int result = -1;
    CHECK(MPI_Comm_compare(a, b, &result) == MPI_SUCCESS, " ");
    return result;
}

// A message around the ring of `comm` that says who sent it: 1000 * world rank of 0 + rank.
static void
ring(MPI_Comm comm, int first)
{
    int rank, size, out, in;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    out = 1000 * first + rank;
    MPI_Sendrecv(&out, 1, MPI_INT, (rank + 1) % size, 5, &in, 1, MPI_INT, (rank + size - 1) % size,
                 5, comm, MPI_STATUS_IGNORE);
    CHECK(in == 1000 * first + (rank + size - 1) % size, "got %d", in);
}

// Messages of one communicator are not seen in its duplicate, nor the other way round.
static void
duplicates(void)
{
    int rank = world_rank(), size = world_size(), to = (rank + 1) % size;
    int from = (rank + size - 1) % size, a = 1, b = 2, got;
    MPI_Comm comm;
    MPI_Request requests[2];
    CHECK(MPI_Comm_dup(MPI_COMM_WORLD, &comm) == MPI_SUCCESS, " ");
    CHECK(comparison(MPI_COMM_WORLD, comm) == MPI_CONGRUENT, " ");
    CHECK(comparison(comm, comm) == MPI_IDENT, " ");
    CHECK(comparison(comm, MPI_COMM_SELF) == (size == 1 ? MPI_CONGRUENT : MPI_UNEQUAL), " ");
    MPI_Isend(&a, 1, MPI_INT, to, 3, MPI_COMM_WORLD, &requests[0]);
    MPI_Isend(&b, 1, MPI_INT, to, 3, comm, &requests[1]);
    MPI_Recv(&got, 1, MPI_INT, from, 3, comm, MPI_STATUS_IGNORE);
    CHECK(got == 2, "%d", got);
    MPI_Recv(&got, 1, MPI_INT, from, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(got == 1, "%d", got);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    MPI_Comm_free(&comm);
    CHECK(comm == MPI_COMM_NULL, " ");
}

// By the definition: those of my color, ordered by key and then by rank.
static void
expect_part(MPI_Comm comm, int (*color)(int), int (*key)(int))
{
    int rank, size, mine = color(world_rank()), n = 0, before = 0;
    for (int r = 0; r < world_size(); r++) {
        if (color(r) != mine)
            continue;
        n++;
        int k = key(r), own = key(world_rank());
        before += k < own || (k == own && r < world_rank());
    }
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    CHECK(rank == before && size == n, "rank %d of %d for %d of %d", rank, size, before, n);
}

static int
zero(int rank)
{
    (void)rank;
    return 0;
}

static int
parity(int rank)
{
    return rank % 2;
}

static int
itself(int rank)
{
    return rank;
}

static int
backwards(int rank)
{
    return -rank;
}

static int
some(int rank) // the others take no part
{
    return rank % 3 ? 2147483647 : MPI_UNDEFINED;
}

static int (*const choices[])(int) = {zero, parity, itself, backwards, some};

static void
splits(void)
{
    for (int c = 0; c < 5; c++) {
        for (int k = 0; k < 5; k++) {
            int color = choices[c](world_rank());
            if (choices[c] == backwards)
                continue;
            MPI_Comm comm = MPI_COMM_WORLD;
            MPI_Comm_split(MPI_COMM_WORLD, color, choices[k](world_rank()), &comm);
            CHECK((comm == MPI_COMM_NULL) == (color == MPI_UNDEFINED), " ");
            if (comm == MPI_COMM_NULL)
                continue;
            expect_part(comm, choices[c], choices[k]);
            ring(comm, color % 7);
            MPI_Comm_free(&comm);
        }
    }
}

// Disjoint groups in one call, and one that leaves ranks out.
static void
creates(void)
{
    int size = world_size(), low = (size + 1) / 2, in_low = world_rank() < low;
    int range[1][3] = {{0, low - 1, 1}};
    MPI_Group world, group, members;
    MPI_Comm comm;
    int result;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    if (in_low)
        MPI_Group_range_incl(world, 1, range, &group);
    else
        MPI_Group_range_excl(world, 1, range, &group);
    MPI_Comm_create(MPI_COMM_WORLD, group, &comm);
    MPI_Comm_group(comm, &members);
    MPI_Group_compare(members, group, &result);
    CHECK(result == MPI_IDENT, "%d", result);
    ring(comm, in_low);
    MPI_Comm inner; // of a communicator that is not the world
    MPI_Comm_create(comm, group, &inner);
    CHECK(comparison(comm, inner) == MPI_CONGRUENT, " ");
    ring(inner, in_low);
    MPI_Comm_free(&inner);
    MPI_Comm_free(&comm);
    MPI_Group_free(&members);
    MPI_Group_free(&group);

    MPI_Group_range_incl(world, 1, range, &group);
    MPI_Comm_create(MPI_COMM_WORLD, group, &comm);
    CHECK((comm != MPI_COMM_NULL) == in_low, " ");
    if (in_low)
        MPI_Comm_free(&comm);
    MPI_Group_free(&group);
    MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_EMPTY, &comm);
    CHECK(comm == MPI_COMM_NULL, " ");
    MPI_Group_free(&world);
}

// Only the members call; the others have something else to do.
static void
creates_group(void)
{
    MPI_Group world, group;
    MPI_Comm comm = MPI_COMM_NULL;
    int reversed[1][3] = {{world_size() - 1, 0, -2}}, rank;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_range_incl(world, 1, reversed, &group);
    MPI_Group_rank(group, &rank);
    if (rank != MPI_UNDEFINED) {
        int new_rank;
        MPI_Comm_create_group(MPI_COMM_WORLD, group, 2147483647, &comm);
        MPI_Comm_rank(comm, &new_rank);
        CHECK(rank == new_rank, "%d for %d", new_rank, rank);
        ring(comm, 3);
        MPI_Comm_free(&comm);
    }
    MPI_Group_free(&group);
    MPI_Group_free(&world);
}

struct job {
    int tag;
    MPI_Comm comm;
};

static void *
make_one(void *arg)
{
    struct job *job = arg;
    MPI_Group world;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Comm_create_group(MPI_COMM_WORLD, world, job->tag, &job->comm);
    MPI_Group_free(&world);
    ring(job->comm, job->tag);
    return NULL;
}

// Several threads make communicators over the same one, told apart by their tags.
static void
in_threads(void)
{
    pthread_t threads[4];
    struct job jobs[4];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 4; i++) {
            jobs[i].tag = (i + world_rank()) % 4; // in another order on each rank
            CHECK(pthread_create(&threads[i], NULL, make_one, &jobs[i]) == 0, " ");
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            MPI_Comm_free(&jobs[i].comm);
        }
    }
}

static void
names(void)
{
    char name[MPI_MAX_OBJECT_NAME], long_name[300];
    int length;
    MPI_Comm comm;
    MPI_Comm_get_name(MPI_COMM_WORLD, name, &length);
    CHECK(strcmp(name, "MPI_COMM_WORLD") == 0 && length == 14, "'%s'", name);
    MPI_Comm_get_name(MPI_COMM_SELF, name, &length);
    CHECK(strcmp(name, "MPI_COMM_SELF") == 0, "'%s'", name);
    MPI_Comm_get_name(MPI_COMM_NULL, name, &length);
    CHECK(strcmp(name, "MPI_COMM_NULL") == 0, "'%s'", name);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_get_name(comm, name, &length);
    CHECK(name[0] == 0 && length == 0, "'%s'", name);
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    MPI_Comm_set_name(comm, long_name);
    MPI_Comm_get_name(comm, name, &length);
    CHECK(length == MPI_MAX_OBJECT_NAME - 1 && strlen(name) == (size_t)length, "%d", length);
    MPI_Comm_free(&comm);
}

// A receive goes on after its communicator is freed; the handle does not.
static void
freed_while_used(void)
{
    int rank = world_rank(), size = world_size(), out = rank, in = -1, n;
    MPI_Comm comm, copy;
    MPI_Request request;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Irecv(&in, 1, MPI_INT, (rank + size - 1) % size, 1, comm, &request);
    MPI_Send(&out, 1, MPI_INT, (rank + 1) % size, 1, comm);
    copy = comm;
    MPI_Comm_free(&comm);
    CHECK(class_of(MPI_Comm_size(copy, &n)) == MPI_ERR_COMM, " ");
    CHECK(class_of(MPI_Comm_free(&copy)) == MPI_ERR_COMM, " ");
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(in == (rank + size - 1) % size, "%d", in);
}

// Ids stay distinct in a process alone that gets a segment meanwhile (MPI_Alloc_mem, a message).
static void
of_one(void)
{
    MPI_Comm comms[6];
    int got = -1;
    for (int i = 0; i < 6; i++) {
        void *memory;
        MPI_Comm_dup(MPI_COMM_SELF, &comms[i]);
        MPI_Alloc_mem(100, MPI_INFO_NULL, &memory);
        MPI_Free_mem(memory);
    }
    MPI_Request requests[6];
    for (int i = 0; i < 6; i++)
        MPI_Isend(&i, 1, MPI_INT, 0, 0, comms[i], &requests[i]), MPI_Request_free(&requests[i]);
    for (int i = 5; i >= 0; i--) {
        MPI_Status status;
        MPI_Probe(0, 0, comms[i], &status);
        MPI_Recv(&got, 1, MPI_INT, 0, 0, comms[i], &status);
        MPI_Comm_free(&comms[i]);
    }
}

static void
many(void)
{
    static MPI_Comm alive[1000];
    for (int i = 0; i < 5000; i++) {
        MPI_Comm comm;
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        MPI_Comm_free(&comm);
    }
    for (int i = 0; i < 1000; i++)
        MPI_Comm_dup(i ? alive[i - 1] : MPI_COMM_WORLD, &alive[i]);
    ring(alive[999], 1);
    for (int i = 0; i < 1000; i++)
        MPI_Comm_free(&alive[i]);
}

// Rank 0 makes one call, the others another; each must learn it, at the latest in the barrier.
static void
different(int (*zero)(MPI_Comm), int (*others)(MPI_Comm), const char *name0, const char *name1)
{
    MPI_Comm comm;
    char text[MPI_MAX_ERROR_STRING];
    int length;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    int err = world_rank() ? others(comm) : zero(comm);
    if (!err)
        err = MPI_Barrier(comm);
    CHECK(class_of(err) == MPI_ERR_OTHER, "class %d", class_of(err));
    MPI_Error_string(err, text, &length);
    CHECK(strstr(text, name0) && strstr(text, name1), "'%s' has not %s and %s", text, name0, name1);
    MPI_Comm_free(&comm);
}

static int
dup(MPI_Comm comm)
{
    MPI_Comm new;
    int err = MPI_Comm_dup(comm, &new);
    return err ? err : MPI_Comm_free(&new);
}

static int
split(MPI_Comm comm)
{
    MPI_Comm new;
    int err = MPI_Comm_split(comm, 0, 0, &new);
    return err ? err : MPI_Comm_free(&new);
}

static int
create(MPI_Comm comm)
{
    MPI_Comm new = MPI_COMM_NULL;
    return MPI_Comm_create(comm, MPI_GROUP_EMPTY, &new);
}

static int
bcast(MPI_Comm comm)
{
    return MPI_Bcast(&(int){0}, 1, MPI_INT, 0, comm);
}

static void
different_calls(void)
{
    if (world_size() == 1)
        return;
    different(dup, split, "called MPI_Comm_dup", "called MPI_Comm_split");
    different(create, dup, "called MPI_Comm_create", "called MPI_Comm_dup");
    different(bcast, create, "called MPI_Bcast", "called MPI_Comm_create");
    different(split, MPI_Barrier, "called MPI_Comm_split", "called MPI_Barrier");
}

static void
mistakes(void)
{
    MPI_Comm comm = MPI_COMM_SELF;
    MPI_Group world, group;
    int value, tooth[1] = {0};
    CHECK(class_of(MPI_Comm_size(MPI_COMM_NULL, &value)) == MPI_ERR_COMM, " ");
    CHECK(class_of(MPI_Comm_size((MPI_Comm)MPI_INT, &value)) == MPI_ERR_COMM, " ");
    CHECK(class_of(MPI_Comm_size(NULL, &value)) == MPI_ERR_COMM, " ");
    CHECK(class_of(MPI_Comm_size((MPI_Comm)(size_t)0x7f1234567890, &value)) == MPI_ERR_COMM, " ");
    CHECK(class_of(MPI_Comm_size(MPI_COMM_WORLD, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Comm_rank(MPI_COMM_WORLD, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Comm_dup(MPI_COMM_WORLD, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Comm_split(MPI_COMM_WORLD, -5, 0, &comm)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Comm_free(&comm)) == MPI_ERR_COMM && comm == MPI_COMM_SELF, " ");
    CHECK(class_of(MPI_Comm_free(NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Comm_remote_size(MPI_COMM_WORLD, &value)) == MPI_ERR_COMM, " ");
    MPI_Comm_test_inter(MPI_COMM_WORLD, &value);
    CHECK(value == 0, " ");
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 1, tooth, &group);
    CHECK(class_of(MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_NULL, &comm)) == MPI_ERR_GROUP, " ");
    CHECK(class_of(MPI_Comm_create_group(MPI_COMM_WORLD, group, -1, &comm)) == MPI_ERR_TAG, " ");
    if (world_rank() == 0 && world_size() > 1)
        CHECK(class_of(MPI_Comm_create_group(MPI_COMM_SELF, world, 0, &comm)) == MPI_ERR_GROUP,
              " ");
    MPI_Group_free(&world);
    MPI_Group_free(&group);
}

int
main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    duplicates();
    splits();
    creates();
    creates_group();
    in_threads();
    names();
    of_one();
    many();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    freed_while_used();
    mistakes();
    different_calls();
    MPI_Finalize();
    return 0;
}
