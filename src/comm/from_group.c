// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Comm_create_from_group (MPI 5.0, 7.4.2): its members alone agree, without a parent. */
#include "comm/comm.h"
#include "core/check.h"
#include "group/group.h"
#include "info/info.h"

#include <string.h>

struct from_group_args {
    MPI_Group group;
    const char *stringtag;
    MPI_Info info;
    MPI_Errhandler errhandler;
    MPI_Comm *newcomm;
};

// What was looked up, held.
struct origin {
    struct group *group;
    struct errhandler *errhandler;
    uint16_t hints;
};

static int
check_tag(const char *stringtag)
{
    int err = check_pointer(stringtag, "stringtag");
    if (!err && strnlen(stringtag, MPI_MAX_STRINGTAG_LEN) == MPI_MAX_STRINGTAG_LEN)
        err = error_new(MPI_ERR_ARG, "the stringtag has more than %d characters",
                        MPI_MAX_STRINGTAG_LEN - 1);
    return err;
}

static int
look_up(const struct from_group_args *args, struct origin *o)
{
    struct info *info = NULL;
    int err = group_find(args->group, &o->group);
    if (err || (err = check_tag(args->stringtag)) ||
        (args->info != MPI_INFO_NULL && (err = info_find(args->info, &info))) ||
        (err = errhandler_find(args->errhandler, &o->errhandler)) ||
        (err = errhandler_check(o->errhandler, ERRH_COMM)) ||
        (err = check_pointer(args->newcomm, "newcomm")))
        return err;
    o->hints = 0;
    if (info)
        hints_put(&o->hints, info);
    if (o->group->size > 0 && o->group->rank == MPI_UNDEFINED)
        err = error_new(MPI_ERR_GROUP, "this process is not in the group of %d ranks",
                        o->group->size);
    return err ? err : engine_failed();
}

// Other threads run while the members agree.
static int
create_held(const struct origin *o, const struct from_group_args *args)
{
    uint64_t context;
    int err = group_agree(o->group, 0, "MPI_Comm_create_from_group", args->stringtag, &context);
    if (err)
        return err;
    struct comm *comm = comm_new(o->group, context);
    if (!comm)
        return error_new(MPI_ERR_NO_MEM, "no memory for a communicator of %d ranks",
                         o->group->size);
    group_hold(o->group);
    errhandler_release(comm->errhandler);
    comm->errhandler = o->errhandler;
    errhandler_hold(o->errhandler);
    comm->hints = o->hints;
    *args->newcomm = comm->handle;
    return MPI_SUCCESS;
}

static int
from_group(const struct from_group_args *args)
{
    struct origin o;
    int err = look_up(args, &o);
    if (err)
        return err;
    if (o.group->size == 0) {
        *args->newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    group_hold(o.group);
    errhandler_hold(o.errhandler);
    err = create_held(&o, args);
    errhandler_release(o.errhandler);
    group_release(o.group);
    return err;
}

int
PMPI_Comm_create_from_group(MPI_Group group, const char *stringtag, MPI_Info info,
                            MPI_Errhandler errhandler, MPI_Comm *newcomm)
{
    struct from_group_args args = {group, stringtag, info, errhandler, newcomm};
    int err = engine_enter();
    if (likely(!err)) {
        err = from_group(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS
                        : errhandler_raise(errhandler, "MPI_Comm_create_from_group", err);
}
weak_alias(PMPI_Comm_create_from_group, MPI_Comm_create_from_group);
