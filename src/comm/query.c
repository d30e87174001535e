// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a communicator is: size, rank, group, comparison, name (MPI 5.0, 7.4.1 and 7.8). */

#include "comm/comm.h"
#include "core/check.h"
#include "group/group.h"

#include <string.h>

static int
get_int(MPI_Comm handle, int *out, const char *name, int (*value)(const struct comm *))
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (!err && !(err = check_pointer(out, name)))
        *out = value(comm);
    return err;
}

static int
size_of(const struct comm *comm)
{
    return comm->size;
}

static int
rank_of(const struct comm *comm)
{
    return comm->rank;
}

static int
inter_of(const struct comm *comm)
{
    return comm_is_inter(comm);
}

int
PMPI_Comm_size(MPI_Comm comm, int *size)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_int(comm, size, "size", size_of);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_size", err);
}
weak_alias(PMPI_Comm_size, MPI_Comm_size);

int
PMPI_Comm_rank(MPI_Comm comm, int *rank)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_int(comm, rank, "rank", rank_of);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_rank", err);
}
weak_alias(PMPI_Comm_rank, MPI_Comm_rank);

int
PMPI_Comm_test_inter(MPI_Comm comm, int *flag)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_int(comm, flag, "flag", inter_of);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_test_inter", err);
}
weak_alias(PMPI_Comm_test_inter, MPI_Comm_test_inter);

static int
compare(MPI_Comm handle1, MPI_Comm handle2, int *result)
{
    struct comm *comm1, *comm2;
    int err = check_pointer(result, "result");
    if (err || (err = comm_find(handle1, &comm1)) || (err = comm_find(handle2, &comm2)))
        return err;
    if (comm1 == comm2) {
        *result = MPI_IDENT;
        return MPI_SUCCESS;
    }
    int groups = MPI_UNEQUAL, remotes = MPI_IDENT;
    if (comm_is_inter(comm1) == comm_is_inter(comm2))
        err = group_compare(comm1->group, comm2->group, &groups);
    if (!err && comm_is_inter(comm1) && comm_is_inter(comm2))
        err = group_compare(comm1->remote, comm2->remote, &remotes);
    if (err)
        return err;
    if (groups == MPI_UNEQUAL || remotes == MPI_UNEQUAL)
        *result = MPI_UNEQUAL;
    else
        *result = groups == MPI_IDENT && remotes == MPI_IDENT ? MPI_CONGRUENT : MPI_SIMILAR;
    return MPI_SUCCESS;
}

int
PMPI_Comm_compare(MPI_Comm comm1, MPI_Comm comm2, int *result)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = compare(comm1, comm2, result);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm1, "MPI_Comm_compare", err);
}
weak_alias(PMPI_Comm_compare, MPI_Comm_compare);

static int
get_group(MPI_Comm handle, MPI_Group *group)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(group, "group")))
        return err;
    *group = group_give(comm->group);
    return MPI_SUCCESS;
}

int
PMPI_Comm_group(MPI_Comm comm, MPI_Group *group)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_group(comm, group);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_group", err);
}
weak_alias(PMPI_Comm_group, MPI_Comm_group);

static int
set_name(MPI_Comm handle, const char *name)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(name, "comm_name")))
        return err;
    size_t n = strnlen(name, MPI_MAX_OBJECT_NAME - 1); // longer names are cut (7.8)
    memcpy(comm->name, name, n);
    comm->name[n] = '\0';
    return MPI_SUCCESS;
}

int
PMPI_Comm_set_name(MPI_Comm comm, const char *comm_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = set_name(comm, comm_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_set_name", err);
}
weak_alias(PMPI_Comm_set_name, MPI_Comm_set_name);

static int
get_name(MPI_Comm handle, char *name, int *length)
{
    struct comm *comm = NULL;
    int err = handle == MPI_COMM_NULL ? MPI_SUCCESS : comm_find(handle, &comm);
    if (err || (err = check_pointer(name, "comm_name")) ||
        (err = check_pointer(length, "resultlen")))
        return err;
    strcpy(name, handle == MPI_COMM_NULL ? "MPI_COMM_NULL" : comm->name);
    *length = (int)strlen(name);
    return MPI_SUCCESS;
}

int
PMPI_Comm_get_name(MPI_Comm comm, char *comm_name, int *resultlen)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_name(comm, comm_name, resultlen);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_get_name", err);
}
weak_alias(PMPI_Comm_get_name, MPI_Comm_get_name);

static int
find_inter(MPI_Comm handle, struct comm **comm)
{
    int err = comm_find(handle, comm);
    if (!err && !comm_is_inter(*comm))
        err = error_new(MPI_ERR_COMM, "%s is not an intercommunicator", comm_name(*comm));
    return err;
}

static int
get_remote_size(MPI_Comm handle, int *size)
{
    struct comm *comm;
    int err = find_inter(handle, &comm);
    if (!err && !(err = check_pointer(size, "size")))
        *size = comm->remote->size;
    return err;
}

int
PMPI_Comm_remote_size(MPI_Comm comm, int *size)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_remote_size(comm, size);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_remote_size", err);
}
weak_alias(PMPI_Comm_remote_size, MPI_Comm_remote_size);

static int
get_remote_group(MPI_Comm handle, MPI_Group *group)
{
    struct comm *comm;
    int err = find_inter(handle, &comm);
    if (!err && !(err = check_pointer(group, "group")))
        *group = group_give(comm->remote);
    return err;
}

int
PMPI_Comm_remote_group(MPI_Comm comm, MPI_Group *group)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_remote_group(comm, group);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_remote_group", err);
}
weak_alias(PMPI_Comm_remote_group, MPI_Comm_remote_group);
