// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Intercommunicators (MPI 5.0, 7.6): made in all ways, of groups of any sizes, and what each can be
 * used for. */
#include "errors.h"

#include <string.h>

static int
rank_in(MPI_Comm comm)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    return rank;
}

static int
size_of(MPI_Comm comm)
{
    int size;
    MPI_Comm_size(comm, &size);
    return size;
}

static int
remote_size(MPI_Comm comm)
{
    int size;
    CHECK(MPI_Comm_remote_size(comm, &size) == MPI_SUCCESS, " ");
    return size;
}

static int
comparison(MPI_Comm a, MPI_Comm b)
{
    int result = -1;
    CHECK(MPI_Comm_compare(a, b, &result) == MPI_SUCCESS, " ");
    return result;
}

// The ranks in MPI_COMM_WORLD of a communicator's local or remote group.
static int
members(MPI_Comm comm, int remote, int *out)
{
    MPI_Group group, world;
    int n, ranks[64];
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    CHECK((remote ? MPI_Comm_remote_group(comm, &group) : MPI_Comm_group(comm, &group)) ==
              MPI_SUCCESS,
          " ");
    MPI_Group_size(group, &n);
    for (int i = 0; i < n; i++)
        ranks[i] = i;
    MPI_Group_translate_ranks(group, n, ranks, world, out);
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    return n;
}

// Every member to every one of the other side, found by probes as well.
static void
talk(MPI_Comm comm)
{
    int rank = rank_in(comm), n = remote_size(comm), them[64], from, flag;
    int me[2] = {world_rank(), rank};
    MPI_Request requests[64];
    MPI_Status status;
    CHECK(members(comm, 1, them) == n, " ");
    for (int i = 0; i < n; i++)
        MPI_Isend(me, 2, MPI_INT, i, 7, comm, &requests[i]);
    for (int i = 0; i < n; i++) {
        int got[2] = {-1, -1};
        MPI_Probe(MPI_ANY_SOURCE, 7, comm, &status);
        from = status.MPI_SOURCE;
        CHECK(from >= 0 && from < n, "%d", from);
        MPI_Recv(got, 2, MPI_INT, from, 7, comm, &status);
        CHECK(got[0] == them[from] && got[1] == from, "%d %d from %d", got[0], got[1], from);
        CHECK(status.MPI_SOURCE == from, "%d", status.MPI_SOURCE);
    }
    MPI_Waitall(n, requests, MPI_STATUSES_IGNORE);
    MPI_Iprobe(MPI_ANY_SOURCE, 7, comm, &flag, &status);
    CHECK(!flag, " ");
    MPI_Recv(me, 2, MPI_INT, MPI_PROC_NULL, 3, comm, &status);
    CHECK(status.MPI_SOURCE == MPI_PROC_NULL, "%d", status.MPI_SOURCE);
    MPI_Send(me, 2, MPI_INT, MPI_PROC_NULL, 3, comm);
}

static void
round_robin(MPI_Comm comm)
{
    int rank = rank_in(comm), n = remote_size(comm), them[64];
    members(comm, 1, them);
    for (int i = 0; i < n; i++) {
        int out = 100 * world_rank() + i, in = -1;
        MPI_Request request;
        MPI_Isend(&out, 1, MPI_INT, i, rank, comm, &request);
        MPI_Recv(&in, 1, MPI_INT, i, i, comm, MPI_STATUS_IGNORE);
        CHECK(in == 100 * them[i] + rank, "%d", in);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
}

static void
check_inter(MPI_Comm comm, int size, int remote)
{
    int flag = 0;
    CHECK(MPI_Comm_test_inter(comm, &flag) == MPI_SUCCESS && flag, " ");
    CHECK(size_of(comm) == size && remote_size(comm) == remote, "%d and %d, not %d and %d",
          size_of(comm), remote_size(comm), size, remote);
    round_robin(comm);
}

/* ---- making them ---- */

static int
less_than(int rank, int by)
{
    return rank < by;
}

static int
every(int rank, int by)
{
    return rank % by == 0;
}

// Two halves of the world, by a rule; the key turns the order of one of them around.
static MPI_Comm
make(int (*rule)(int, int), int by, int *left, MPI_Comm *half)
{
    MPI_Comm inter = MPI_COMM_NULL;
    int other = -1, rank = world_rank();
    *left = rule(rank, by) != 0;
    MPI_Comm_split(MPI_COMM_WORLD, *left, *left ? rank : -rank, half);
    int leader = size_of(*half) / 2, them = -1, me = rank_in(*half) == leader ? rank : -1;
    for (int r = 0; r < world_size(); r++) // the leader of the other half
        if ((rule(r, by) != 0) != *left)
            other = r;
    CHECK(other >= 0, "one half is empty");
    int votes[64];
    MPI_Allgather(&me, 1, MPI_INT, votes, 1, MPI_INT, MPI_COMM_WORLD);
    for (int r = 0; r < world_size(); r++)
        if (votes[r] >= 0 && (rule(r, by) != 0) != *left)
            them = votes[r];
    int err = MPI_Intercomm_create(*half, leader, me >= 0 ? MPI_COMM_WORLD : MPI_COMM_NULL,
                                   me >= 0 ? them : -77, me >= 0 ? 12 : -3, &inter);
    CHECK(err == MPI_SUCCESS, "%d", err);
    return inter;
}

static void
merges(MPI_Comm inter, int left)
{
    int own[64], them[64], all[64], n = members(inter, 0, own), m = members(inter, 1, them), flag;
    for (int way = 0; way < 4; way++) {
        int mine = left ? way & 1 : way >> 1, theirs = left ? way >> 1 : way & 1, rank = -1;
        MPI_Comm merged;
        CHECK(MPI_Intercomm_merge(inter, mine ? 17 : 0, &merged) == MPI_SUCCESS, " ");
        MPI_Comm_test_inter(merged, &flag);
        CHECK(!flag && members(merged, 0, all) == n + m, " ");
        int first = mine != theirs ? !mine : all[0] == own[0];
        for (int i = 0; i < n; i++)
            CHECK(all[first ? i : m + i] == own[i], "way %d, %d", way, i);
        for (int i = 0; i < m; i++)
            CHECK(all[first ? n + i : i] == them[i], "way %d, %d", way, i);
        rank = rank_in(merged);
        CHECK(all[rank] == world_rank(), "%d", rank);
        MPI_Allreduce(MPI_IN_PLACE, &rank, 1, MPI_INT, MPI_SUM, merged);
        CHECK(rank == (n + m) * (n + m - 1) / 2, "%d", rank);
        MPI_Comm_free(&merged);
    }
}

static void
copies(MPI_Comm inter)
{
    MPI_Comm dup, again;
    CHECK(MPI_Comm_dup(inter, &dup) == MPI_SUCCESS, " ");
    CHECK(comparison(inter, dup) == MPI_CONGRUENT, " ");
    CHECK(comparison(inter, inter) == MPI_IDENT, " ");
    CHECK(comparison(inter, MPI_COMM_WORLD) == MPI_UNEQUAL, " ");
    check_inter(dup, size_of(inter), remote_size(inter));
    int out = 1, in = 0, rank = rank_in(inter), n = remote_size(inter);
    MPI_Request request;
    if (rank < n) { // what is sent in one is not seen in the other
        MPI_Isend(&out, 1, MPI_INT, rank, 4, inter, &request);
        out = 2;
        MPI_Sendrecv(&out, 1, MPI_INT, rank, 4, &in, 1, MPI_INT, rank, 4, dup, MPI_STATUS_IGNORE);
        CHECK(in == 2, "%d", in);
        MPI_Recv(&in, 1, MPI_INT, rank, 4, inter, MPI_STATUS_IGNORE);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    MPI_Comm_dup(dup, &again);
    MPI_Comm_free(&dup);
    check_inter(again, size_of(inter), n);
    MPI_Comm_free(&again);
}

// Colors: by the parity of the rank; one that only the left has; one with the order turned.
static void
splits(MPI_Comm inter, int left)
{
    int rank = rank_in(inter), n = size_of(inter), m = remote_size(inter), own[64], them[64];
    MPI_Comm part;
    int odd = rank % 2;
    CHECK(MPI_Comm_split(inter, odd, -rank, &part) == MPI_SUCCESS, " ");
    if (odd && m < 2) {
        CHECK(part == MPI_COMM_NULL, "the other side has no such color");
    } else {
        check_inter(part, odd ? n / 2 : (n + 1) / 2, odd ? m / 2 : (m + 1) / 2);
        int last = n - 1 - (n - 1 - odd) % 2;
        CHECK(rank_in(part) == (last - rank) / 2, "%d of %d", rank_in(part), rank);
        MPI_Comm_free(&part);
    }
    CHECK(MPI_Comm_split(inter, left ? 5 : 6, 0, &part) == MPI_SUCCESS, " ");
    CHECK(part == MPI_COMM_NULL, " ");
    CHECK(MPI_Comm_split(inter, left || rank == 0 ? 1 : MPI_UNDEFINED, 0, &part) == MPI_SUCCESS,
          " ");
    if (left || rank == 0) {
        check_inter(part, left ? n : 1, left ? 1 : m);
        CHECK(members(part, 0, own) == (left ? n : 1) && members(part, 1, them) > 0, " ");
        MPI_Comm_free(&part);
    } else {
        CHECK(part == MPI_COMM_NULL, " ");
    }
}

// The last of each side alone; all in another order; none of one side.
static void
parts(MPI_Comm inter, int left)
{
    int n = size_of(inter), m = remote_size(inter), rank = rank_in(inter), turned[64], last = n - 1;
    MPI_Group group, one, all;
    MPI_Comm part;
    MPI_Comm_group(inter, &group);
    MPI_Group_incl(group, 1, &last, &one);
    for (int i = 0; i < n; i++)
        turned[i] = n - 1 - i;
    MPI_Group_incl(group, n, turned, &all);
    CHECK(MPI_Comm_create(inter, one, &part) == MPI_SUCCESS, " ");
    if (rank == last) {
        check_inter(part, 1, 1);
        MPI_Comm_free(&part);
    } else {
        CHECK(part == MPI_COMM_NULL, " ");
    }
    CHECK(MPI_Comm_create(inter, all, &part) == MPI_SUCCESS, " ");
    check_inter(part, n, m);
    CHECK(rank_in(part) == last - rank, "%d", rank_in(part));
    CHECK(comparison(part, inter) == (n == 1 && m == 1 ? MPI_CONGRUENT : MPI_SIMILAR), " ");
    MPI_Comm_free(&part);
    CHECK(MPI_Comm_create(inter, left ? all : MPI_GROUP_EMPTY, &part) == MPI_SUCCESS, " ");
    CHECK(part == MPI_COMM_NULL, " ");
    MPI_Group_free(&group);
    MPI_Group_free(&one);
    MPI_Group_free(&all);
}

static void
from_groups(MPI_Comm inter)
{
    MPI_Group mine, theirs;
    MPI_Comm again = MPI_COMM_NULL, empty = MPI_COMM_WORLD;
    MPI_Errhandler handler;
    MPI_Comm_group(inter, &mine);
    MPI_Comm_remote_group(inter, &theirs);
    for (int i = 0; i < 3; i++) {
        CHECK(MPI_Intercomm_create_from_groups(mine, 0, theirs, 0, "a tag", MPI_INFO_NULL,
                                               MPI_ERRORS_RETURN, &again) == MPI_SUCCESS,
              " ");
        CHECK(comparison(again, inter) == MPI_CONGRUENT, " ");
        check_inter(again, size_of(inter), remote_size(inter));
        MPI_Comm_get_errhandler(again, &handler);
        CHECK(handler == MPI_ERRORS_RETURN, " ");
        MPI_Comm_free(&again);
    }
    CHECK(MPI_Intercomm_create_from_groups(MPI_GROUP_EMPTY, 0, theirs, 0, "a tag", MPI_INFO_NULL,
                                           MPI_ERRORS_RETURN, &empty) == MPI_SUCCESS,
          " ");
    CHECK(empty == MPI_COMM_NULL, " ");
    MPI_Group_free(&mine);
    MPI_Group_free(&theirs);
}

// One whose peer communicator is itself an intercommunicator.
static void
over_inter(MPI_Comm inter, MPI_Comm half)
{
    MPI_Comm again;
    CHECK(MPI_Intercomm_create(half, 0, inter, 0, 3, &again) == MPI_SUCCESS, " ");
    CHECK(comparison(again, inter) == MPI_CONGRUENT, " ");
    check_inter(again, size_of(inter), remote_size(inter));
    MPI_Comm_free(&again);
}

/* ---- errors ---- */

static void
errors(MPI_Comm inter, MPI_Comm half, int left)
{
    MPI_Comm none = MPI_COMM_SELF;
    MPI_Group group;
    int x = 0, m = remote_size(inter), err, flag;
    char text[64];
    MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(half, MPI_ERRORS_RETURN);
    CHECK(class_of(err = MPI_Send(&x, 1, MPI_INT, m, 0, inter)) == MPI_ERR_RANK, "%d", err);
    snprintf(text, sizeof text, "rank %d is not in the remote group of", m);
    check_text(err, text);
    snprintf(text, sizeof text, "(0..%d)", m - 1);
    check_text(err, text);
    err = MPI_Recv(&x, 1, MPI_INT, m, 0, inter, MPI_STATUS_IGNORE);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    err = MPI_Iprobe(m, 0, inter, &flag, MPI_STATUS_IGNORE);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    CHECK(class_of(err = MPI_Comm_remote_size(half, &x)) == MPI_ERR_COMM, "%d", err);
    check_text(err, "not an intercommunicator");
    CHECK(class_of(err = MPI_Comm_remote_group(half, &group)) == MPI_ERR_COMM, "%d", err);
    CHECK(class_of(err = MPI_Comm_remote_size(inter, NULL)) == MPI_ERR_ARG, "%d", err);
    CHECK(class_of(err = MPI_Intercomm_merge(half, 0, &none)) == MPI_ERR_COMM, "%d", err);
    CHECK(class_of(err = MPI_Intercomm_merge(inter, 0, NULL)) == MPI_ERR_ARG, "%d", err);
    MPI_Comm_group(half, &group);
    err = MPI_Comm_create_group(inter, group, 0, &none);
    CHECK(class_of(err) == MPI_ERR_COMM, "%d", err);
    MPI_Group_free(&group);
    err = MPI_Intercomm_create(inter, 0, MPI_COMM_WORLD, 0, 0, &none);
    CHECK(class_of(err) == MPI_ERR_COMM, "%d", err);
    err = MPI_Intercomm_create(half, size_of(half), MPI_COMM_WORLD, 0, 0, &none);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    CHECK(none == MPI_COMM_SELF, " ");
    // What the leader finds, all of its group are told.
    int leads = rank_in(half) == 0;
    err = MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, leads ? world_size() : 0, 0, &none);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    check_text(err, "remote leader");
    err = MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, world_rank(), leads ? -5 : 0, &none);
    CHECK(class_of(err) == MPI_ERR_TAG, "%d", err);
    err = MPI_Intercomm_create(half, 0, leads ? MPI_COMM_NULL : MPI_COMM_WORLD, 0, 0, &none);
    CHECK(class_of(err) == MPI_ERR_COMM, "%d", err);
    err = MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, world_rank(), 0, &none);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    // One side of the three calls that need all to agree.
    if (size_of(inter) > 1 && left) {
        err = MPI_Intercomm_merge(inter, rank_in(inter) == 1, &none);
        CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
        check_text(err, "on rank 0 of the local group");
    } else if (left || m > 1) {
        err = MPI_Intercomm_merge(inter, 0, &none);
        CHECK(left ? err == MPI_SUCCESS : class_of(err) == MPI_ERR_ARG, "%d", err);
        if (!left)
            check_text(err, "on rank 0 of the remote group");
        else
            MPI_Comm_free(&none);
    } else {
        MPI_Intercomm_merge(inter, 0, &none);
        MPI_Comm_free(&none);
    }
}

// Two sides in different calls learn of it, by names that both know.
static void
other_calls(MPI_Comm inter, int left)
{
    MPI_Comm dup, none = MPI_COMM_SELF;
    int err;
    MPI_Comm_dup(inter, &dup);
    err = left ? MPI_Comm_split(dup, 0, 0, &none) : MPI_Intercomm_merge(dup, 0, &none);
    CHECK(class_of(err) == MPI_ERR_OTHER && none == MPI_COMM_SELF, "%d", err);
    check_text(err, "of the job called MPI_Comm_split");
    check_text(err, "of the job called MPI_Intercomm_merge");
    MPI_Comm_free(&dup);
    err = MPI_Barrier(inter);
    CHECK(err == MPI_SUCCESS, "%d", err);
}

static void
disagreeing_groups(MPI_Comm inter, int left)
{
    int rank = rank_in(inter), n = size_of(inter), m = remote_size(inter), err;
    MPI_Group all, one;
    MPI_Comm part = MPI_COMM_SELF;
    MPI_Comm_group(inter, &all);
    MPI_Group_incl(all, 1, &rank, &one);
    err = MPI_Comm_create(inter, left && rank == 0 ? one : all, &part);
    if ((left ? n : m) > 1) {
        CHECK(class_of(err) == MPI_ERR_GROUP, "%d", err);
        check_text(err, left ? "of the local group gave" : "of the remote group gave");
    } else {
        CHECK(err == MPI_SUCCESS, "%d", err);
        MPI_Comm_free(&part);
    }
    if ((left ? n : m) > 1) { // each alone, of the same size
        err = MPI_Comm_create(inter, left ? one : all, &part);
        CHECK(class_of(err) == MPI_ERR_GROUP, "%d", err);
    }
    MPI_Group_free(&all);
    MPI_Group_free(&one);
}

// The groups of both sides must be apart.
static void
overlapping(void)
{
    MPI_Comm dup, none = MPI_COMM_NULL;
    MPI_Group all, self;
    int rank = world_rank(), size = world_size(), err;
    if (size < 2)
        return;
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(dup, MPI_ERRORS_RETURN);
    MPI_Comm ring;
    MPI_Comm_split(dup, rank < 2 ? 0 : MPI_UNDEFINED, 0, &ring);
    if (rank < 2) {
        MPI_Comm_set_errhandler(ring, MPI_ERRORS_RETURN);
        MPI_Comm mine = rank == 0 ? ring : MPI_COMM_SELF;
        if (rank == 0) // rank 1 leads {1}, rank 0 would lead {0, 1} but for rank 1's other call
            err = MPI_Intercomm_create(MPI_COMM_SELF, 0, dup, 0, 0, &none);
        else
            err = MPI_Intercomm_create(mine, 0, dup, 1, 0, &none);
        CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
        check_text(err, "is the local leader too");
        MPI_Comm_free(&ring);
    }
    MPI_Comm_group(dup, &all);
    MPI_Group_incl(all, 1, &rank, &self);
    err = MPI_Intercomm_create_from_groups(all, 0, self, 0, "x", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                           &none);
    CHECK(class_of(err) == MPI_ERR_GROUP, "%d", err);
    check_text(err, "overlap");
    MPI_Group other;
    int next = (rank + 1) % size;
    MPI_Group_incl(all, 1, &next, &other);
    err = MPI_Intercomm_create_from_groups(other, 0, self, 0, "x", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                           &none);
    CHECK(class_of(err) == MPI_ERR_GROUP, "%d", err);
    check_text(err, "is not in local_group");
    err = MPI_Intercomm_create_from_groups(self, 1, other, 0, "x", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                           &none);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    err = MPI_Intercomm_create_from_groups(self, 0, other, 1, "x", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                           &none);
    CHECK(class_of(err) == MPI_ERR_RANK, "%d", err);
    err = MPI_Intercomm_create_from_groups(self, 0, other, 0, NULL, MPI_INFO_NULL,
                                           MPI_ERRORS_RETURN, &none);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    err = MPI_Intercomm_create_from_groups(self, 0, other, 0, "x", MPI_INFO_NULL,
                                           MPI_ERRHANDLER_NULL, &none);
    CHECK(class_of(err) == MPI_ERR_ERRHANDLER, "%d", err);
    MPI_Group_free(&other);
    MPI_Group_free(&all);
    MPI_Group_free(&self);
    MPI_Comm_free(&dup);
}

// Leaders whose groups share a process that leads neither: both sides are told.
static void
sharing(void)
{
    MPI_Comm part, none = MPI_COMM_NULL;
    int rank = world_rank(), err;
    if (world_size() < 3)
        return;
    // {0, 2} and {1, 2}: rank 2 learns it in two calls, one after the other.
    MPI_Group world, group;
    int pair[2] = {0, 2};
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Comm first = MPI_COMM_NULL, second = MPI_COMM_NULL;
    MPI_Group_incl(world, 2, pair, &group);
    MPI_Comm_create(MPI_COMM_WORLD, group, &first);
    MPI_Group_free(&group);
    pair[0] = 1;
    MPI_Group_incl(world, 2, pair, &group);
    MPI_Comm_create(MPI_COMM_WORLD, group, &second);
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    part = rank == 0 ? first : second;
    if (rank < 3)
        MPI_Comm_set_errhandler(rank == 2 ? first : part, MPI_ERRORS_RETURN);
    if (rank == 2)
        MPI_Comm_set_errhandler(second, MPI_ERRORS_RETURN);
    if (rank < 2) {
        err = MPI_Intercomm_create(part, 0, MPI_COMM_WORLD, 1 - rank, 9, &none);
        CHECK(class_of(err) == MPI_ERR_COMM, "%d", err);
        check_text(err, "the groups overlap: process 2 of the job is rank 1 of the local group");
    } else if (rank == 2) {
        for (int i = 0; i < 2; i++) {
            err = MPI_Intercomm_create(i ? second : first, 0, MPI_COMM_NULL, 0, 9, &none);
            CHECK(class_of(err) == MPI_ERR_COMM, "%d", err);
            check_text(err, "the leader, rank 0: the groups overlap");
        }
    }
    if (first != MPI_COMM_NULL)
        MPI_Comm_free(&first);
    if (second != MPI_COMM_NULL)
        MPI_Comm_free(&second);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    int size = world_size(), left;
    const struct {
        int (*rule)(int, int);
        int by;
    } ways[] = {{less_than, 1}, {less_than, (size + 1) / 2}, {every, 2}, {less_than, size - 1}};
    for (size_t i = 0; size > 1 && i < sizeof ways / sizeof *ways; i++) {
        MPI_Comm half, inter = make(ways[i].rule, ways[i].by, &left, &half);
        check_inter(inter, size_of(half), size - size_of(half));
        if (i == 0)
            talk(inter);
        merges(inter, left);
        copies(inter);
        splits(inter, left);
        parts(inter, left);
        from_groups(inter);
        over_inter(inter, half);
        errors(inter, half, left);
        disagreeing_groups(inter, left);
        other_calls(inter, left);
        MPI_Comm_free(&half);
        MPI_Comm_free(&inter);
        CHECK(inter == MPI_COMM_NULL, " ");
    }
    overlapping();
    sharing();
    MPI_Finalize();
    return 0;
}
