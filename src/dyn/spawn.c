// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MPI_Comm_spawn (MPI 5.0, 11.8.2 and 11.8.3). The root starts a launcher for the new job, which is
 * a job like any other, and waits at a port of its own until rank 0 of it is up. The launcher stays
 * in touch with that of the root's job, so that they end together.
 */

#include "boot/launch.h"
#include "coll/agree.h"
#include "core/check.h"
#include "dyn/dyn.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spawn {
    const char *op;
    enum coll_kind kind;
    int count;
    char **names;
    char ***argvs;
    const int *maxprocs;
    const MPI_Info *infos;
    int root;
    MPI_Comm comm, *newcomm;
    int *codes;
};

/* ---- the root ---- */

static int
check_command(const struct command *c, int i)
{
    char what[64];
    snprintf(what, sizeof what, "the command (%d)", i);
    int err = check_pointer(c->name, what);
    if (!err && !c->name[0])
        err = error_new(MPI_ERR_ARG, "the command (%d) has no name", i);
    if (!err && c->maxprocs < 1)
        err = error_new(MPI_ERR_ARG, "maxprocs (of command %d) is %d", i, c->maxprocs);
    return err ? err : info_check(c->info);
}

static int
read_commands(const struct spawn *s, struct command *commands)
{
    int err = MPI_SUCCESS;
    for (int i = 0; i < s->count && !err; i++) {
        commands[i] = (struct command){.name = s->names[i],
                                       .argv = s->argvs ? s->argvs[i] : NULL,
                                       .maxprocs = s->maxprocs[i],
                                       .info = s->infos[i],
                                       .count = s->maxprocs[i]};
        err = check_command(&commands[i], i);
    }
    return err;
}

// The file of the launcher that runs this job.
static const char *
own_launcher(char *file, size_t n)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)engine.seg->launcher);
    ssize_t length = readlink(link, file, n - 1);
    file[length > 0 ? length : 0] = '\0';
    return length > 0 ? file : NULL;
}

static int
start_job(struct launch *launch, uint64_t *job)
{
    char why[300], file[PATH_MAX];
    struct launch_reply reply;
    engine_give();
    int failed = launch_start(launch, own_launcher(file, sizeof file), why, sizeof why);
    int lost = failed ? 0 : launch_wait(launch, &reply);
    engine_take();
    if (failed)
        return error_new(MPI_ERR_SPAWN, "%s", why);
    if (lost)
        return error_new(MPI_ERR_SPAWN, "the launcher of the new processes ended: %s",
                         strerror(lost));
    if (reply.code)
        return error_new(MPI_ERR_SPAWN, "%.300s", reply.why);
    *job = reply.job;
    return MPI_SUCCESS;
}

static int
start_commands(const struct spawn *s, struct command *commands, const struct port *port,
               uint64_t *job)
{
    struct launch launch = {.parent = engine.seg->job, .rank = engine.rank, .port = port->id};
    int err = plan_make(commands, s->count, &launch);
    if (!err)
        err = start_job(&launch, job);
    free(launch.text);
    return err;
}

static int
check_arrays(const struct spawn *s)
{
    int err = MPI_SUCCESS;
    if (s->count < 1)
        return error_new(MPI_ERR_ARG, "the number of commands is %d", s->count);
    if (!(err = check_pointer(s->names, "array_of_commands")) &&
        !(err = check_pointer(s->maxprocs, "array_of_maxprocs")))
        err = check_pointer(s->infos, "array_of_info");
    return err;
}

// At the root: *commands is the caller's to free.
static int
start_at_root(const struct spawn *s, struct command **commands, struct port *port, uint64_t *job)
{
    int err = check_arrays(s);
    if (err)
        return err;
    *commands = calloc((size_t)s->count, sizeof **commands);
    if (!*commands)
        return error_new(MPI_ERR_NO_MEM, "no memory for %d commands", s->count);
    if ((err = read_commands(s, *commands)) || (err = jobs_home()))
        return err;
    port->owner = (struct peer_name){engine.seg->job, engine.rank};
    port->id = port_id();
    return start_commands(s, *commands, port, job);
}

/* ---- all ---- */

struct counts {
    int max, started;
};

static void
put_codes(const struct spawn *s, const struct counts *counts, int n, bool failed)
{
    int *code = s->codes;
    for (int i = 0; code && i < n; i++)
        for (int k = 0; k < counts[i].max; k++)
            *code++ = failed || k >= counts[i].started ? MPI_ERR_SPAWN : MPI_SUCCESS;
}

// How many were asked for, and how many were started, of each command: for the error codes.
static int
tell_codes(const struct spawn *s, struct comm *comm, const struct command *commands, bool failed)
{
    struct {
        int n;
        bool failed;
    } head = {commands ? s->count : 0, failed};
    int err = agree_give_from(comm, s->kind, s->root, &head, sizeof head);
    if (err || !head.n)
        return err;
    struct counts *counts = calloc((size_t)head.n, sizeof *counts);
    if (!counts)
        return error_new(MPI_ERR_NO_MEM, "no memory for the codes of %d commands", head.n);
    for (int i = 0; commands && i < head.n; i++)
        counts[i] =
            (struct counts){commands[i].maxprocs > 0 ? commands[i].maxprocs : 0, commands[i].count};
    err = agree_give_from(comm, s->kind, s->root, counts, (size_t)head.n * sizeof *counts);
    if (!err)
        put_codes(s, counts, head.n, head.failed);
    free(counts);
    return err;
}

static int
spawn_held(const struct spawn *s, struct comm *comm)
{
    struct command *commands = NULL;
    struct port port = {.at = 0};
    uint64_t job = 0;
    int err = comm->rank == s->root ? start_at_root(s, &commands, &port, &job) : MPI_SUCCESS;
    int failed = tell_codes(s, comm, commands, err != MPI_SUCCESS);
    free(commands);
    struct meet m = {
        .op = s->op, .kind = s->kind, .local = comm, .root = s->root, .port = &port, .child = job};
    return failed ? failed : dyn_meet(&m, err, s->newcomm);
}

static int
spawn(const struct spawn *s)
{
    struct comm *comm;
    int err = dyn_comm(s->comm, s->root, &comm);
    if (err || (err = check_pointer(s->newcomm, "intercomm")) || (err = engine_failed()))
        return err;
    comm_hold(comm);
    err = spawn_held(s, comm);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_spawn(const char *command, char *argv[], int maxprocs, MPI_Info info, int root,
                MPI_Comm comm, MPI_Comm *intercomm, int array_of_errcodes[])
{
    char *name = (char *)(uintptr_t)command;
    struct spawn s = {"MPI_Comm_spawn", COLL_COMM_SPAWN, 1,    &name, &argv,
                      &maxprocs,        &info,           root, comm,  intercomm,
                      array_of_errcodes};
    int err = engine_enter();
    if (likely(!err)) {
        err = spawn(&s);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_spawn", err);
}
weak_alias(PMPI_Comm_spawn, MPI_Comm_spawn);

int
PMPI_Comm_spawn_multiple(int count, char *array_of_commands[], char **array_of_argv[],
                         const int array_of_maxprocs[], const MPI_Info array_of_info[], int root,
                         MPI_Comm comm, MPI_Comm *intercomm, int array_of_errcodes[])
{
    struct spawn s = {"MPI_Comm_spawn_multiple",
                      COLL_COMM_SPAWN_MULTIPLE,
                      count,
                      array_of_commands,
                      array_of_argv,
                      array_of_maxprocs,
                      array_of_info,
                      root,
                      comm,
                      intercomm,
                      array_of_errcodes};
    int err = engine_enter();
    if (likely(!err)) {
        err = spawn(&s);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_spawn_multiple", err);
}
weak_alias(PMPI_Comm_spawn_multiple, MPI_Comm_spawn_multiple);
