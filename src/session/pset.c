// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Process sets (MPI 5.0, 11.3.2): the job and the process itself, which is all that a launcher of
 * one machine knows of. Names are URIs: scheme and authority do not depend on case. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "group/group.h"
#include "info/info.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum pset { PSET_WORLD, PSET_SELF, PSETS };

static const char *const names[PSETS] = {"mpi://WORLD", "mpi://SELF"};

static int
pset_size(int pset)
{
    return pset == PSET_WORLD ? engine.size : 1;
}

static int
pset_find(const char *name, int *pset)
{
    int err = check_pointer(name, "pset_name");
    for (int p = 0; !err && p < PSETS; p++) {
        if (strcasecmp(name, names[p]) == 0) {
            *pset = p;
            return MPI_SUCCESS;
        }
    }
    return err ? err
               : error_new(MPI_ERR_ARG, "there is no process set '%.200s', only %s and %s", name,
                           names[PSET_WORLD], names[PSET_SELF]);
}

static int
look_up(MPI_Session handle, MPI_Info info_handle)
{
    struct session *session;
    struct info *info;
    int err = session_find(handle, &session);
    if (!err && info_handle != MPI_INFO_NULL)
        err = info_find(info_handle, &info);
    return err;
}

/* ---- names ---- */

static int
get_num_psets(MPI_Session session, MPI_Info info, int *n)
{
    int err = look_up(session, info);
    if (!err && !(err = check_pointer(n, "npset_names")))
        *n = PSETS;
    return err;
}

int
PMPI_Session_get_num_psets(MPI_Session session, MPI_Info info, int *npset_names)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get_num_psets(session, info, npset_names);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_get_num_psets", err);
}
weak_alias(PMPI_Session_get_num_psets, MPI_Session_get_num_psets);

struct nth_args {
    MPI_Info info;
    int n;
    int *length; // of the array, then of what the name needs; 0: the name is not wanted
    char *name;
};

static int
get_nth_pset(MPI_Session session, const struct nth_args *args)
{
    int err = look_up(session, args->info);
    if (err || (err = check_pointer(args->length, "pset_len")))
        return err;
    if (args->n < 0 || args->n >= PSETS)
        return error_new(MPI_ERR_ARG, "n is %d; there are %d process sets, from 0", args->n, PSETS);
    if (*args->length < 0)
        return negative_error(MPI_ERR_ARG, "pset_len", *args->length);
    if (*args->length > 0 && (err = check_pointer(args->name, "pset_name")))
        return err;
    if (*args->length > 0)
        snprintf(args->name, (size_t)*args->length, "%s", names[args->n]);
    *args->length = (int)strlen(names[args->n]) + 1;
    return MPI_SUCCESS;
}

int
PMPI_Session_get_nth_pset(MPI_Session session, MPI_Info info, int n, int *pset_len, char *pset_name)
{
    struct nth_args args = {info, n, pset_len, pset_name};
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get_nth_pset(session, &args);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_get_nth_pset", err);
}
weak_alias(PMPI_Session_get_nth_pset, MPI_Session_get_nth_pset);

/* ---- what they are ---- */

static int
get_pset_info(MPI_Session session, const char *name, MPI_Info *result)
{
    char size[16];
    struct info *info;
    int pset = 0, err = look_up(session, MPI_INFO_NULL);
    if (err || (err = pset_find(name, &pset)) || (err = check_pointer(result, "info")) ||
        (err = info_begin(&info)))
        return err;
    snprintf(size, sizeof size, "%d", pset_size(pset));
    return info_give(info, info_put(info, "mpi_size", size), result);
}

int
PMPI_Session_get_pset_info(MPI_Session session, const char *pset_name, MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get_pset_info(session, pset_name, info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_get_pset_info", err);
}
weak_alias(PMPI_Session_get_pset_info, MPI_Session_get_pset_info);

static int
group_from_pset(MPI_Session handle, const char *name, MPI_Group *result)
{
    struct session *session;
    int pset = 0, err = session_find(handle, &session);
    if (err || (err = check_pointer(result, "newgroup")))
        return err;
    *result = MPI_GROUP_NULL; // also where there is no such set (11.3.2)
    if ((err = pset_find(name, &pset)))
        return err;
    int size = pset_size(pset), first = pset == PSET_SELF ? engine.rank : 0;
    struct group *group = group_new(size);
    if (!group)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", size);
    for (int i = 0; i < size; i++)
        group->peers[i] = &engine.peers[first + i];
    group->rank = engine.rank - first;
    session_hold(group->session = session);
    *result = group_give(group);
    group_release(group);
    return MPI_SUCCESS;
}

int
PMPI_Group_from_session_pset(MPI_Session session, const char *pset_name, MPI_Group *newgroup)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = group_from_pset(session, pset_name, newgroup);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Group_from_session_pset", err);
}
weak_alias(PMPI_Group_from_session_pset, MPI_Group_from_session_pset);
