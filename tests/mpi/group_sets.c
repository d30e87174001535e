// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Groups (MPI 5.0, 7.3): each operation against the definition, on groups of every shape that the
 * ranks allow. */
#include "errors.h"

#include <string.h>

#define MOST 64

struct list {
    int n, ranks[MOST]; // in MPI_COMM_WORLD
};

static MPI_Group world;

static struct list
list_of(MPI_Group group)
{
    struct list list;
    int own[MOST];
    MPI_Group_size(group, &list.n);
    for (int i = 0; i < list.n; i++)
        own[i] = i;
    MPI_Group_translate_ranks(group, list.n, own, world, list.ranks);
    return list;
}

static int
place(const struct list *list, int rank)
{
    for (int i = 0; i < list->n; i++)
        if (list->ranks[i] == rank)
            return i;
    return MPI_UNDEFINED;
}

static void
expect(MPI_Group group, const struct list *expected, const char *what)
{
    struct list list = list_of(group);
    int rank;
    CHECK(list.n == expected->n, "%s: %d members for %d", what, list.n, expected->n);
    for (int i = 0; i < list.n; i++)
        CHECK(list.ranks[i] == expected->ranks[i], "%s: member %d is %d for %d", what, i,
              list.ranks[i], expected->ranks[i]);
    MPI_Group_rank(group, &rank);
    CHECK(rank == place(expected, world_rank()), "%s: rank %d", what, rank);
    CHECK((list.n == 0) == (group == MPI_GROUP_EMPTY), "%s: empty", what);
}

// Each rank of the world is in or out by a bit of `mask`, in order or from the last.
static struct list
make_list(int mask, int backwards)
{
    struct list list = {0};
    int size = world_size();
    for (int i = 0; i < size; i++) {
        int rank = backwards ? size - 1 - i : i;
        if (mask >> (rank % 5) & 1)
            list.ranks[list.n++] = rank;
    }
    return list;
}

static MPI_Group
make_group(const struct list *list)
{
    MPI_Group group;
    CHECK(MPI_Group_incl(world, list->n, list->ranks, &group) == MPI_SUCCESS, " ");
    return group;
}

static void
sets(const struct list *a, const struct list *b)
{
    struct list both = {0}, first = {0}, all = *a;
    MPI_Group ga = make_group(a), gb = make_group(b), result;
    for (int i = 0; i < a->n; i++) {
        struct list *to = place(b, a->ranks[i]) == MPI_UNDEFINED ? &first : &both;
        to->ranks[to->n++] = a->ranks[i];
    }
    for (int i = 0; i < b->n; i++)
        if (place(a, b->ranks[i]) == MPI_UNDEFINED)
            all.ranks[all.n++] = b->ranks[i];
    MPI_Group_union(ga, gb, &result);
    expect(result, &all, "union");
    MPI_Group_free(&result);
    MPI_Group_intersection(ga, gb, &result);
    expect(result, &both, "intersection");
    MPI_Group_free(&result);
    MPI_Group_difference(ga, gb, &result);
    expect(result, &first, "difference");
    MPI_Group_free(&result);

    int got, wanted = MPI_UNEQUAL;
    if (a->n == b->n && both.n == a->n)
        wanted = memcmp(a->ranks, b->ranks, sizeof(int) * (size_t)a->n) ? MPI_SIMILAR : MPI_IDENT;
    MPI_Group_compare(ga, gb, &got);
    CHECK(got == wanted, "compare: %d for %d", got, wanted);
    MPI_Group_free(&ga);
    MPI_Group_free(&gb);
}

static void
without(const struct list *a)
{
    struct list rest = {0};
    MPI_Group group;
    for (int r = 0; r < world_size(); r++)
        if (place(a, r) == MPI_UNDEFINED)
            rest.ranks[rest.n++] = r;
    MPI_Group_excl(world, a->n, a->ranks, &group);
    expect(group, &rest, "excl");
    MPI_Group_free(&group);
}

static void
ranges(void)
{
    int size = world_size();
    int every_second[1][3] = {{0, size - 1, 2}}, down[1][3] = {{size - 1, 0, -1}};
    struct list even = {0}, odd = {0}, reversed = {0};
    MPI_Group group;
    for (int r = 0; r < size; r++) {
        struct list *to = r % 2 ? &odd : &even;
        to->ranks[to->n++] = r;
        reversed.ranks[reversed.n++] = size - 1 - r;
    }
    MPI_Group_range_incl(world, 1, every_second, &group);
    expect(group, &even, "range_incl");
    MPI_Group_free(&group);
    MPI_Group_range_excl(world, 1, every_second, &group);
    expect(group, &odd, "range_excl");
    MPI_Group_free(&group);
    MPI_Group_range_incl(world, 1, down, &group);
    expect(group, &reversed, "downwards");
    MPI_Group_free(&group);
    MPI_Group_range_incl(world, 0, NULL, &group);
    CHECK(group == MPI_GROUP_EMPTY, " ");
}

static void
translating(void)
{
    int size = world_size(), n = 3 * size, in[3 * MOST], out[3 * MOST];
    struct list list = make_list(13, 1);
    MPI_Group group = make_group(&list);
    for (int i = 0; i < n; i++)
        in[i] = i % 3 ? i % size : MPI_PROC_NULL;
    CHECK(MPI_Group_translate_ranks(world, n, in, group, out) == MPI_SUCCESS, " ");
    for (int i = 0; i < n; i++) {
        int wanted = i % 3 ? place(&list, in[i]) : MPI_PROC_NULL;
        CHECK(out[i] == wanted, "rank %d is %d for %d", in[i], out[i], wanted);
    }
    MPI_Group_free(&group);
}

static void
mistakes(void)
{
    int size = world_size(), out[2], bad[2] = {0, size}, twice[2] = {0, 0}, endless[1][3];
    MPI_Group group = MPI_GROUP_NULL, copy;
    memcpy(endless, (int[1][3]){{0, size, 0}}, sizeof endless);
    CHECK(class_of(MPI_Group_incl(world, 2, bad, &group)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Group_incl(world, 2, twice, &group)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Group_excl(world, 2, bad, &group)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Group_incl(world, -1, bad, &group)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Group_incl(world, 1, NULL, &group)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Group_range_incl(world, 1, endless, &group)) == MPI_ERR_ARG, " ");
    endless[0][2] = 1;
    CHECK(class_of(MPI_Group_range_incl(world, 1, endless, &group)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Group_translate_ranks(world, 2, bad, world, out)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Group_size(MPI_GROUP_NULL, out)) == MPI_ERR_GROUP, " ");
    CHECK(class_of(MPI_Group_size((MPI_Group)MPI_COMM_WORLD, out)) == MPI_ERR_GROUP, " ");
    CHECK(class_of(MPI_Group_size((MPI_Group)(size_t)0x123456789abc, out)) == MPI_ERR_GROUP, " ");
    CHECK(class_of(MPI_Group_size(world, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Group_free(&group)) == MPI_ERR_GROUP, " ");
    MPI_Group_incl(world, 1, twice, &group);
    copy = group;
    MPI_Group_free(&group);
    CHECK(group == MPI_GROUP_NULL && class_of(MPI_Group_size(copy, out)) == MPI_ERR_GROUP, " ");
    CHECK(class_of(MPI_Group_free(&copy)) == MPI_ERR_GROUP, " ");
    group = MPI_GROUP_EMPTY;
    CHECK(MPI_Group_free(&group) == MPI_SUCCESS && group == MPI_GROUP_NULL, " ");
}

// A communicator's group outlives it; each call gives a handle that must be freed.
static void
group_of_comm(void)
{
    MPI_Comm comm;
    MPI_Group one, two;
    int size;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_group(comm, &one);
    MPI_Comm_group(comm, &two);
    MPI_Comm_free(&comm);
    MPI_Group_free(&one);
    CHECK(MPI_Group_size(two, &size) == MPI_SUCCESS && size == world_size(), " ");
    MPI_Group_free(&two);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    for (int a = 0; a < 64; a++) {
        struct list la = make_list(a / 2, a % 2);
        without(&la);
        for (int b = 0; b < 64; b++) {
            struct list lb = make_list(b / 2, b % 2);
            sets(&la, &lb);
        }
    }
    ranges();
    translating();
    mistakes();
    group_of_comm();
    MPI_Group_free(&world);
    MPI_Finalize();
    return 0;
}
