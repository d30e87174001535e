// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Union, intersection and difference (MPI 5.0, 7.3.2): the members of the first group that are
 * wanted, in its order; for a union then those of the second that the first has not. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "group/group.h"

enum set_operation { UNION, INTERSECTION, DIFFERENCE };

// Those members of `group` that are in `other`, or are not, go to `out`, which may be NULL.
static int
keep(const struct group *group, const struct group_map *other, bool in, struct peer **out)
{
    int n = 0;
    for (int i = 0; i < group->size; i++) {
        if ((group_map_find(other, group->peers[i]) != MPI_UNDEFINED) != in)
            continue;
        if (out)
            out[n] = group->peers[i];
        n++;
    }
    return n;
}

static int
make_union(const struct group *a, const struct group *b, struct group **result)
{
    struct group_map in_a;
    int err = group_map_start(&in_a, a);
    if (err)
        return err;
    err = group_make(a->size + keep(b, &in_a, false, NULL), result);
    if (!err) {
        for (int i = 0; i < a->size; i++)
            (*result)->peers[i] = a->peers[i];
        keep(b, &in_a, false, (*result)->peers + a->size);
    }
    group_map_stop(&in_a);
    return err;
}

static int
make_part(const struct group *a, const struct group *b, bool in, struct group **result)
{
    struct group_map in_b;
    int err = group_map_start(&in_b, b);
    if (err)
        return err;
    err = group_make(keep(a, &in_b, in, NULL), result);
    if (!err)
        keep(a, &in_b, in, (*result)->peers);
    group_map_stop(&in_b);
    return err;
}

static int
combine(MPI_Group handle1, MPI_Group handle2, enum set_operation operation, MPI_Group *handle)
{
    struct group *a = NULL, *b = NULL, *result = NULL;
    int err = group_find(handle1, &a);
    if (!err)
        err = group_find(handle2, &b);
    if (!err)
        err = check_pointer(handle, "newgroup");
    if (!err)
        err = operation == UNION ? make_union(a, b, &result)
                                 : make_part(a, b, operation == INTERSECTION, &result);
    if (err)
        return err;
    group_inherit(result, a);
    group_inherit(result, b);
    group_find_self(result);
    *handle = group_give(result);
    group_release(result);
    return MPI_SUCCESS;
}

int
PMPI_Group_union(MPI_Group group1, MPI_Group group2, MPI_Group *newgroup)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = combine(group1, group2, UNION, newgroup);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group1, "MPI_Group_union", err);
}
weak_alias(PMPI_Group_union, MPI_Group_union);

int
PMPI_Group_intersection(MPI_Group group1, MPI_Group group2, MPI_Group *newgroup)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = combine(group1, group2, INTERSECTION, newgroup);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group1, "MPI_Group_intersection", err);
}
weak_alias(PMPI_Group_intersection, MPI_Group_intersection);

int
PMPI_Group_difference(MPI_Group group1, MPI_Group group2, MPI_Group *newgroup)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = combine(group1, group2, DIFFERENCE, newgroup);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group1, "MPI_Group_difference", err);
}
weak_alias(PMPI_Group_difference, MPI_Group_difference);
