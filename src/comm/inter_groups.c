// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Intercomm_create_from_groups (MPI 5.0, 7.6.2): without any communicator. All know both
 * groups, so they agree as the members of one group of all of them (circle.c). */
#include "comm/comm.h"
#include "core/check.h"
#include "core/jobs.h"
#include "group/group.h"
#include "info/info.h"

#include <string.h>

int
groups_apart(const struct group *local, const struct group *remote, int errclass)
{
    struct group_map map;
    int err = group_map_start(&map, local);
    if (err)
        return err;
    for (int i = 0; i < remote->size && !err; i++) {
        int at = group_map_find(&map, remote->peers[i]);
        if (at != MPI_UNDEFINED)
            err = error_new(errclass,
                            "the groups overlap: process %d of the job is rank %d of the local "
                            "group and rank %d of the remote one",
                            peer_rank(remote->peers[i]), at, i);
    }
    group_map_stop(&map);
    return err;
}

struct groups_args {
    MPI_Group local;
    int leader;
    MPI_Group remote;
    int remote_leader;
    const char *tag;
    MPI_Info info;
    MPI_Errhandler errhandler;
    MPI_Comm *newcomm;
};

static int
make_from_groups(const struct groups_args *args, struct comm_plan *plan)
{
    plan->all = comm_join(plan->group, plan->remote, comm_goes_first(plan->group, plan->remote));
    if (!plan->all)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks",
                         plan->group->size + plan->remote->size);
    bool first = comm_goes_first(plan->group, plan->remote);
    int err = group_agree(plan->all, first ? plan->group->size : plan->remote->size,
                          "MPI_Intercomm_create_from_groups", args->tag, &plan->context);
    if (!err)
        err = comm_make(plan, args->newcomm);
    group_release(plan->all);
    return err;
}

static int
check_leader(const char *argument, int leader, const struct group *group)
{
    if ((unsigned)leader < (unsigned)group->size)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_RANK, "%s is %d; the group's ranks are 0..%d", argument, leader,
                     group->size - 1);
}

static int
check_stringtag(const char *tag)
{
    int err = check_pointer(tag, "stringtag");
    if (!err && strnlen(tag, MPI_MAX_STRINGTAG_LEN) == MPI_MAX_STRINGTAG_LEN)
        err = error_new(MPI_ERR_ARG, "the stringtag is longer than %d characters",
                        MPI_MAX_STRINGTAG_LEN - 1);
    return err;
}

static int
check_groups(const struct groups_args *args, const struct comm_plan *plan)
{
    int err = check_leader("local_leader", args->leader, plan->group);
    if (!err && plan->group->rank == args->leader)
        err = check_leader("remote_leader", args->remote_leader, plan->remote);
    if (!err && plan->group->rank == MPI_UNDEFINED)
        err = error_new(MPI_ERR_GROUP, "this process (%d of the job) is not in local_group",
                        engine.rank);
    return err ? err : groups_apart(plan->group, plan->remote, MPI_ERR_GROUP);
}

static int
inter_from_groups(const struct groups_args *args)
{
    struct comm_plan plan = {0};
    struct info *info = NULL;
    int err = group_find(args->local, &plan.group);
    if (!err)
        err = group_find(args->remote, &plan.remote);
    if (!err)
        err = check_stringtag(args->tag);
    if (!err && args->info != MPI_INFO_NULL)
        err = info_find(args->info, &info);
    if (!err)
        err = errhandler_find(args->errhandler, &plan.errhandler);
    if (!err && plan.errhandler->kind > ERRH_COMM)
        err = error_new(MPI_ERR_ERRHANDLER, "the error handler is not one for communicators");
    if (err || (err = check_pointer(args->newcomm, "newintercomm")) || (err = engine_failed()))
        return err;
    if (info)
        hints_put(&plan.hints, info);
    if (plan.group->size == 0 || plan.remote->size == 0) {
        *args->newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    if ((err = check_groups(args, &plan)))
        return err;
    group_hold(plan.group);
    group_hold(plan.remote);
    errhandler_hold(plan.errhandler);
    err = make_from_groups(args, &plan);
    errhandler_release(plan.errhandler);
    group_release(plan.remote);
    group_release(plan.group);
    return err;
}

int
PMPI_Intercomm_create_from_groups(MPI_Group local_group, int local_leader, MPI_Group remote_group,
                                  int remote_leader, const char *stringtag, MPI_Info info,
                                  MPI_Errhandler errhandler, MPI_Comm *newintercomm)
{
    struct groups_args args = {local_group, local_leader, remote_group, remote_leader,
                               stringtag,   info,         errhandler,   newintercomm};
    int err = engine_enter();
    if (likely(!err)) {
        err = inter_from_groups(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Intercomm_create_from_groups", err);
}
weak_alias(PMPI_Intercomm_create_from_groups, MPI_Intercomm_create_from_groups);
