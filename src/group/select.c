// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Including and excluding ranks (MPI 5.0, 7.3.2). Ranges are written out first: their ranks must be
 * distinct, so there are never more than the group has. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "group/group.h"

#include <stdlib.h>

// Ranks in the user's order, each marked so that a second one is seen.
struct selection {
    const struct group *group;
    int n;
    int *ranks;   // [group->size]
    bool *chosen; // [group->size]
};

static int
selection_start(struct selection *s, const struct group *group)
{
    size_t size = group->size ? (size_t)group->size : 1;
    *s = (struct selection){
        .group = group,
        .ranks = malloc(size * sizeof *s->ranks),
        .chosen = calloc(size, sizeof *s->chosen),
    };
    if (s->ranks && s->chosen)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_NO_MEM, "no memory to select from %d ranks", group->size);
}

static void
selection_stop(struct selection *s)
{
    free(s->ranks);
    free(s->chosen);
}

static int
choose(struct selection *s, int64_t rank, const char *what, int i)
{
    if (rank < 0 || rank >= s->group->size)
        return error_new(MPI_ERR_RANK, "%s[%d] names rank %lld; the group's ranks are 0..%d", what,
                         i, (long long)rank, s->group->size - 1);
    if (s->chosen[rank])
        return error_new(MPI_ERR_RANK, "%s[%d] names rank %lld a second time", what, i,
                         (long long)rank);
    s->chosen[rank] = true;
    s->ranks[s->n++] = (int)rank;
    return MPI_SUCCESS;
}

static int
choose_ranks(struct selection *s, int n, const int *ranks)
{
    int err = MPI_SUCCESS;
    for (int i = 0; !err && i < n; i++)
        err = choose(s, ranks[i], "ranks", i);
    return err;
}

static int
choose_range(struct selection *s, const int range[3], int i)
{
    int64_t first = range[0], last = range[1], stride = range[2];
    int err = MPI_SUCCESS;
    if (stride == 0 || (stride > 0 && first > last) || (stride < 0 && first < last))
        return error_new(MPI_ERR_ARG,
                         "ranges[%d] is (%d, %d, %d): the stride never reaches the end", i,
                         range[0], range[1], range[2]);
    for (int64_t r = first; !err && (stride > 0 ? r <= last : r >= last); r += stride)
        err = choose(s, r, "ranges", i);
    return err;
}

static int
choose_ranges(struct selection *s, int n, int ranges[][3])
{
    int err = MPI_SUCCESS;
    for (int i = 0; !err && i < n; i++)
        err = choose_range(s, ranges[i], i);
    return err;
}

static int
make_included(const struct selection *s, struct group **result)
{
    int err = group_make(s->n, result);
    for (int i = 0; !err && i < s->n; i++)
        (*result)->peers[i] = s->group->peers[s->ranks[i]];
    return err;
}

static int
make_excluded(const struct selection *s, struct group **result)
{
    int err = group_make(s->group->size - s->n, result);
    for (int i = 0, n = 0; !err && i < s->group->size; i++)
        if (!s->chosen[i])
            (*result)->peers[n++] = s->group->peers[i];
    return err;
}

struct args {
    MPI_Group group;
    int n;
    const int *ranks; // one of these two is given
    int (*ranges)[3];
    bool exclude;
    MPI_Group *result;
};

static int
select_checked(const struct args *args, const struct group *group)
{
    struct selection s;
    struct group *result = NULL;
    int err = selection_start(&s, group);
    if (!err)
        err = args->ranges ? choose_ranges(&s, args->n, args->ranges)
                           : choose_ranks(&s, args->n, args->ranks);
    if (!err)
        err = args->exclude ? make_excluded(&s, &result) : make_included(&s, &result);
    selection_stop(&s);
    if (err)
        return err;
    group_inherit(result, group);
    group_find_self(result);
    *args->result = group_give(result);
    group_release(result);
    return MPI_SUCCESS;
}

static int
group_select(const struct args *args)
{
    struct group *group = NULL;
    int err = group_find(args->group, &group);
    if (!err && args->n < 0)
        err = negative_error(MPI_ERR_ARG, "n", args->n);
    if (!err && args->n > 0 && !args->ranges && !args->ranks)
        err = null_error("ranks");
    if (!err)
        err = check_pointer(args->result, "newgroup");
    return err ? err : select_checked(args, group);
}

static int
select_raise(const struct args *args, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = group_select(args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(args->group, function, err);
}

int
PMPI_Group_incl(MPI_Group group, int n, const int ranks[], MPI_Group *newgroup)
{
    struct args args = {.group = group, .n = n, .ranks = ranks, .result = newgroup};
    return select_raise(&args, "MPI_Group_incl");
}
weak_alias(PMPI_Group_incl, MPI_Group_incl);

int
PMPI_Group_excl(MPI_Group group, int n, const int ranks[], MPI_Group *newgroup)
{
    struct args args = {
        .group = group, .n = n, .ranks = ranks, .exclude = true, .result = newgroup};
    return select_raise(&args, "MPI_Group_excl");
}
weak_alias(PMPI_Group_excl, MPI_Group_excl);

int
PMPI_Group_range_incl(MPI_Group group, int n, int ranges[][3], MPI_Group *newgroup)
{
    struct args args = {.group = group, .n = n, .ranges = ranges, .result = newgroup};
    return select_raise(&args, "MPI_Group_range_incl");
}
weak_alias(PMPI_Group_range_incl, MPI_Group_range_incl);

int
PMPI_Group_range_excl(MPI_Group group, int n, int ranges[][3], MPI_Group *newgroup)
{
    struct args args = {
        .group = group, .n = n, .ranges = ranges, .exclude = true, .result = newgroup};
    return select_raise(&args, "MPI_Group_range_excl");
}
weak_alias(PMPI_Group_range_excl, MPI_Group_range_excl);
