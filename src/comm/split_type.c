// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MPI_Comm_split_type (MPI 5.0, 7.4.2). All members first show each other what they were called
 * with and where they may run; then each finds its color in the same table, and the communicator is
 * split by them.
 */
#include "coll/agree.h"
#include "comm/comm.h"
#include "comm/hardware.h"
#include "core/check.h"
#include "info/info.h"

#include <stdlib.h>
#include <string.h>

#define RESOURCE_KEY "mpi_hw_resource_type"
#define PSET_KEY     "mpi_pset_name"

struct member_type {
    int type;                   // split_type
    uint64_t hash;              // of the resource's name; 0: none
    int places[HARDWARE_TYPES]; // MPI_COMM_TYPE_HW_UNGUIDED
};

struct type_args {
    MPI_Comm comm;
    int type, key;
    MPI_Info info;
    MPI_Comm *newcomm;
};

// What the info object asks for.
struct wish {
    const char *resource, *pset; // or NULL
};

static int
find_wish(const struct type_args *args, struct info *info, struct wish *wish)
{
    *wish = (struct wish){0};
    bool resource = args->type == MPI_COMM_TYPE_RESOURCE_GUIDED;
    if (!info || (!resource && args->type != MPI_COMM_TYPE_HW_GUIDED))
        return MPI_SUCCESS;
    wish->resource = info_value(info, RESOURCE_KEY);
    wish->pset = resource ? info_value(info, PSET_KEY) : NULL;
    if (wish->resource && wish->pset)
        return error_new(MPI_ERR_INFO, "the info object has both %s (%s) and %s (%s)", RESOURCE_KEY,
                         wish->resource, PSET_KEY, wish->pset);
    return MPI_SUCCESS;
}

static uint64_t
hash_of(const struct wish *wish)
{
    const char *name = wish->resource ? wish->resource : wish->pset;
    uint64_t hash = wish->pset ? 2 : 1;
    for (; name && *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return name ? hash : 0;
}

/* ---- colors ---- */

static int
resource_color(const char *name)
{
    if (strcmp(name, "mpi_shared_memory") == 0)
        return 0;
    enum hardware type = hardware_find(name);
    int place = type == HARDWARE_TYPES ? HARDWARE_UNKNOWN : hardware_place(type);
    return place >= 0 ? place : MPI_UNDEFINED;
}

static int
pset_color(const char *name)
{
    if (strcmp(name, "mpi://WORLD") == 0)
        return 0;
    return strcmp(name, "mpi://SELF") == 0 ? engine.rank : MPI_UNDEFINED;
}

static int
by_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return x < y ? -1 : x > y;
}

// Into how many parts a type of hardware divides the members; 0: one of them has all members, or
// none of them any. `places` is room for as many as there are members.
static int
count_parts(const struct member_type *members, int n, int type, int *places)
{
    int parts = 0, taking = 0;
    for (int i = 0; i < n; i++) {
        places[i] = members[i].places[type];
        taking += members[i].type != MPI_UNDEFINED && places[i] >= 0;
        if (members[i].type == MPI_UNDEFINED)
            places[i] = HARDWARE_UNKNOWN;
    }
    qsort(places, (size_t)n, sizeof *places, by_int);
    for (int i = 0; i < n; i++)
        parts += places[i] >= 0 && (i == 0 || places[i] != places[i - 1]);
    return parts == 1 && taking == n ? 0 : parts;
}

// The type that makes the fewest parts; of two, the one that has larger ones in most machines.
static int
unguided_type(const struct member_type *members, int n, int *type)
{
    int *places = malloc((size_t)n * sizeof *places), least = 0;
    if (!places)
        return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", n);
    *type = HARDWARE_TYPES;
    for (int t = 0; t < HARDWARE_TYPES; t++) {
        int parts = count_parts(members, n, t, places);
        if (parts && (!least || parts < least)) {
            least = parts;
            *type = t;
        }
    }
    free(places);
    return MPI_SUCCESS;
}

/* ---- the agreement ---- */

// A text that is the same on all members.
static int
check_members(const struct member_type *members, int n)
{
    int first = 0;
    while (first < n && members[first].type == MPI_UNDEFINED)
        first++;
    for (int i = first + 1; i < n; i++) {
        if (members[i].type == MPI_UNDEFINED)
            continue;
        if (members[i].type != members[first].type)
            return error_new(MPI_ERR_ARG, "split_type is %d on rank %d, but %d on rank %d",
                             members[first].type, first, members[i].type, i);
        if (members[i].hash != members[first].hash)
            return error_new(MPI_ERR_INFO_VALUE,
                             "rank %d and rank %d ask for different resources (%s or %s)", first, i,
                             RESOURCE_KEY, PSET_KEY);
    }
    return MPI_SUCCESS;
}

static int
show(struct comm *comm, const struct type_args *args, const struct wish *wish,
     struct member_type *members)
{
    struct member_type *own = &members[comm->all->rank];
    *own = (struct member_type){.type = args->type, .hash = hash_of(wish)};
    if (args->type == MPI_COMM_TYPE_HW_UNGUIDED)
        for (int t = 0; t < HARDWARE_TYPES; t++)
            own->places[t] = hardware_place((enum hardware)t);
    int err = agree_gather(comm, COLL_COMM_SPLIT_TYPE, members, sizeof *members);
    return err ? err : check_members(members, comm->all->size);
}

// The color, and the name of the hardware that was chosen, or NULL.
static int
find_color(const struct comm *comm, const struct type_args *args, const struct wish *wish,
           const struct member_type *members, int *color, const char **chosen)
{
    int type = HARDWARE_TYPES, err = MPI_SUCCESS;
    *color = MPI_UNDEFINED;
    switch (args->type) {
    case MPI_COMM_TYPE_SHARED:
        *color = 0;
        break;
    case MPI_COMM_TYPE_HW_UNGUIDED:
        err = unguided_type(members, comm->all->size, &type);
        if (err || type == HARDWARE_TYPES || members[comm->all->rank].places[type] < 0)
            break;
        *color = members[comm->all->rank].places[type];
        *chosen = hardware_name((enum hardware)type);
        break;
    case MPI_UNDEFINED:
        break;
    default:
        if (wish->resource)
            *color = resource_color(wish->resource);
        else if (wish->pset)
            *color = pset_color(wish->pset);
    }
    return err;
}

static int
split_by(struct comm *comm, const struct type_args *args, struct info *info,
         const struct wish *wish, struct member_type *members)
{
    const char *chosen = NULL;
    struct split split = {.key = args->key};
    int err = show(comm, args, wish, members);
    if (!err)
        err = find_color(comm, args, wish, members, &split.color, &chosen);
    if (!err)
        err = comm_split(comm, COLL_COMM_SPLIT_TYPE, &split, args->newcomm);
    if (!err && *args->newcomm != MPI_COMM_NULL && info) {
        hints_put(&comm_get(*args->newcomm)->hints, info);
        if (chosen && args->info != MPI_INFO_ENV)
            err = info_put(info, RESOURCE_KEY, chosen);
    }
    return err;
}

static int
check_type(int type)
{
    switch (type) {
    case MPI_COMM_TYPE_SHARED:
    case MPI_COMM_TYPE_HW_UNGUIDED:
    case MPI_COMM_TYPE_HW_GUIDED:
    case MPI_COMM_TYPE_RESOURCE_GUIDED:
    case MPI_UNDEFINED:
        return MPI_SUCCESS;
    default:
        return error_new(MPI_ERR_ARG, "split_type %d is not one of MPI_COMM_TYPE_SHARED and so on",
                         type);
    }
}

static int
split_type(const struct type_args *args)
{
    struct comm *comm;
    struct info *info = NULL;
    struct wish wish;
    int err = comm_find(args->comm, &comm);
    if (err || (err = check_pointer(args->newcomm, "newcomm")) || (err = check_type(args->type)))
        return err;
    if (args->info != MPI_INFO_NULL && (err = info_find(args->info, &info)))
        return err;
    if ((err = find_wish(args, info, &wish)) || (err = engine_failed()))
        return err;
    struct member_type *members = calloc((size_t)comm->all->size, sizeof *members);
    if (!members)
        return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", comm->all->size);
    comm_hold(comm);
    err = split_by(comm, args, info, &wish, members);
    comm_release(comm);
    free(members);
    return err;
}

int
PMPI_Comm_split_type(MPI_Comm comm, int split_type_, int key, MPI_Info info, MPI_Comm *newcomm)
{
    struct type_args args = {comm, split_type_, key, info, newcomm};
    int err = engine_enter();
    if (likely(!err)) {
        err = split_type(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_split_type", err);
}
weak_alias(PMPI_Comm_split_type, MPI_Comm_split_type);
