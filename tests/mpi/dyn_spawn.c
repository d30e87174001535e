// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Spawned processes (MPI 5.0, 11.8): what they and their parents see of each other, every kind of
 * communication on the intercommunicator and on the merged one, and errors. */
#include "check.h"

#include <string.h>
#include <unistd.h>

#define COUNT (1 << 18)

static char *self;

static int
class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

/* ---- what both do together ---- */

static void
check_messages(MPI_Comm comm, int rank, int size)
{
    int *out = malloc(COUNT * sizeof *out), *in = malloc(COUNT * sizeof *in);
    int to = (rank + 1) % size, from = (rank + size - 1) % size;
    for (int n = 1; n <= COUNT; n *= 8) {
        for (int i = 0; i < n; i++)
            out[i] = rank * 7 + i;
        MPI_Request requests[2];
        MPI_Irecv(in, n, MPI_INT, from, n % 100, comm, &requests[0]);
        if (n % 64 == 0)
            MPI_Issend(out, n, MPI_INT, to, n % 100, comm, &requests[1]);
        else
            MPI_Isend(out, n, MPI_INT, to, n % 100, comm, &requests[1]);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
        for (int i = 0; i < n; i++)
            CHECK(in[i] == from * 7 + i, "%d of %d: %d", i, n, in[i]);
    }
    // More than a ring holds, to one that takes them late.
    for (int i = 0; i < 600 && rank != 0; i++)
        MPI_Send(&i, 1, MPI_INT, 0, 5, comm);
    for (int r = 1; r < size && rank == 0; r++)
        for (int i = 0; i < 600; i++) {
            MPI_Recv(in, 1, MPI_INT, r, 5, comm, MPI_STATUS_IGNORE);
            CHECK(in[0] == i, "%d of %d: %d", i, r, in[0]);
        }
    free(out);
    free(in);
}

static void
check_collectives(MPI_Comm comm, int rank, int size)
{
    static int out[COUNT], in[COUNT];
    for (int n = 1; n <= COUNT; n *= 16) {
        for (int i = 0; i < n; i++)
            out[i] = rank + i;
        MPI_Allreduce(out, in, n, MPI_INT, MPI_SUM, comm);
        for (int i = 0; i < n; i++)
            CHECK(in[i] == size * (size - 1) / 2 + size * i, "%d of %d: %d", i, n, in[i]);
        MPI_Scan(out, in, n, MPI_INT, MPI_SUM, comm);
        for (int i = 0; i < n; i++)
            CHECK(in[i] == rank * (rank + 1) / 2 + (rank + 1) * i, "%d of %d", i, n);
        memcpy(in, out, (size_t)n * sizeof *in);
        MPI_Request request;
        MPI_Ibcast(in, n, MPI_INT, size - 1, comm, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        CHECK(in[n - 1] == size - 1 + n - 1, "%d: %d", n, in[n - 1]);
        int each = n / size;
        MPI_Alltoall(out, each, MPI_INT, in, each, MPI_INT, comm);
        for (int r = 0; r < size && each; r++)
            CHECK(in[r * each] == r + rank * each, "%d: %d", r, in[r * each]);
    }
    MPI_Comm half, dup;
    MPI_Comm_split(comm, rank % 2, -rank, &half);
    int one = 1, all, members;
    MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_SUM, half);
    MPI_Comm_size(half, &members);
    CHECK(all == members, "%d of %d", all, members);
    MPI_Comm_dup(half, &dup);
    MPI_Barrier(dup);
    MPI_Comm_free(&dup);
    MPI_Comm_free(&half);
}

static void
check_inter(MPI_Comm inter, int parent)
{
    int rank, size, remote, root = parent ? MPI_PROC_NULL : 0, value = 0, sum;
    MPI_Comm_rank(inter, &rank);
    MPI_Comm_size(inter, &size);
    MPI_Comm_remote_size(inter, &remote);
    if (parent && rank == 0) {
        root = MPI_ROOT;
        value = 4711;
    }
    MPI_Bcast(&value, 1, MPI_INT, root, inter);
    CHECK(value == 4711 || (parent && rank), "%d", value);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, inter);
    CHECK(sum == remote * (remote - 1) / 2, "%d", sum);
    for (int r = 0; r < remote; r++)
        MPI_Send(&rank, 1, MPI_INT, r, 3, inter);
    for (int r = 0; r < remote; r++) {
        MPI_Recv(&value, 1, MPI_INT, r, 3, inter, MPI_STATUS_IGNORE);
        CHECK(value == r, "%d from %d", value, r);
    }
}

static void
meet(MPI_Comm inter, int parent)
{
    MPI_Comm merged;
    int rank, size, both[2];
    check_inter(inter, parent);
    MPI_Intercomm_merge(inter, !parent, &merged);
    MPI_Comm_rank(merged, &rank);
    MPI_Comm_size(merged, &size);
    MPI_Comm_size(inter, &both[0]);
    MPI_Comm_remote_size(inter, &both[1]);
    CHECK(size == both[0] + both[1], "%d", size);
    CHECK(parent ? rank < both[0] : rank >= both[1], "%d", rank);
    check_messages(merged, rank, size);
    check_collectives(merged, rank, size);
    MPI_Comm_free(&merged);
}

/* ---- children ---- */

static int
child(int argc, char **argv, MPI_Comm parent)
{
    char name[MPI_MAX_OBJECT_NAME], folder[4096];
    int n, *appnum, flag;
    MPI_Comm again;
    MPI_Comm_get_name(parent, name, &n);
    CHECK(strcmp(name, "MPI_COMM_PARENT") == 0, "%s", name);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &appnum, &flag);
    CHECK(flag && argc > 2 && *appnum == atoi(argv[1]), "%d", flag ? *appnum : -1);
    if (strcmp(argv[2], "root") == 0)
        CHECK(getcwd(folder, sizeof folder) && strcmp(folder, "/") == 0 && getenv("DYN_TEST") &&
                  strcmp(getenv("DYN_TEST"), "a b=c") == 0,
              "%s", folder);
    if (strcmp(argv[2], "nested") == 0) {
        char *args[] = {"0", "leaf", NULL};
        MPI_Comm inter;
        MPI_Comm_spawn(self, args, 2, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter,
                       MPI_ERRCODES_IGNORE);
        meet(inter, 1);
        MPI_Comm_disconnect(&inter);
    }
    meet(parent, 0);
    MPI_Comm_disconnect(&parent);
    MPI_Comm_get_parent(&again);
    CHECK(again == MPI_COMM_NULL, " ");
    MPI_Finalize();
    return 0;
}

/* ---- parents ---- */

static void
simple(const char *how, int n)
{
    char *args[] = {"0", (char *)(size_t)how, NULL};
    int codes[8] = {-1, -1, -1, -1, -1, -1, -1, -1}, remote;
    MPI_Comm inter;
    MPI_Comm_spawn(self, args, n, MPI_INFO_NULL, world_size() - 1, MPI_COMM_WORLD, &inter, codes);
    MPI_Comm_remote_size(inter, &remote);
    CHECK(remote == n, "%d", remote);
    for (int i = 0; i < n; i++)
        CHECK(codes[i] == MPI_SUCCESS, "%d: %d", i, codes[i]);
    meet(inter, 1);
    MPI_Comm_disconnect(&inter);
}

static void
several(void)
{
    char *args0[] = {"0", "root", NULL}, *args1[] = {"1", "leaf", NULL}, **args[] = {args0, args1};
    char *names[] = {self, self};
    int most[] = {3, 2}, codes[5], remote;
    MPI_Info infos[2] = {MPI_INFO_NULL, MPI_INFO_NULL};
    MPI_Comm inter;
    MPI_Info_create(&infos[0]);
    MPI_Info_set(infos[0], "wdir", "/");
    MPI_Info_set(infos[0], "env", "DYN_TEST=a b=c\n");
    MPI_Info_set(infos[0], "soft", "0:8:2");
    MPI_Info_set(infos[0], "host", "localhost");
    MPI_Comm_spawn_multiple(2, names, args, most, infos, 0, MPI_COMM_WORLD, &inter, codes);
    MPI_Comm_remote_size(inter, &remote);
    CHECK(remote == 4, "%d", remote);
    for (int i = 0; i < 5; i++)
        CHECK(codes[i] == (i == 2 ? MPI_ERR_SPAWN : MPI_SUCCESS), "%d: %d", i, codes[i]);
    meet(inter, 1);
    MPI_Comm_disconnect(&inter);
    MPI_Info_free(&infos[0]);
}

static void
fails(const char *name, MPI_Info info)
{
    int codes[2] = {0, 0};
    MPI_Comm inter = MPI_COMM_NULL;
    int err = MPI_Comm_spawn(name, MPI_ARGV_NULL, 2, info, 0, MPI_COMM_WORLD, &inter, codes);
    CHECK(class_of(err) == MPI_ERR_SPAWN && inter == MPI_COMM_NULL, "%s: %d", name, err);
    CHECK(codes[0] != MPI_SUCCESS && codes[1] != MPI_SUCCESS, "%s", name);
}

static void
errors(void)
{
    MPI_Info info;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    fails("/no/such/program", MPI_INFO_NULL);
    MPI_Info_create(&info);
    MPI_Info_set(info, "host", "no-such-host");
    fails(self, info);
    MPI_Info_free(&info);
    MPI_Comm inter = MPI_COMM_NULL;
    int err = MPI_Comm_spawn(self, MPI_ARGV_NULL, 0, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter,
                             MPI_ERRCODES_IGNORE);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    err = MPI_Comm_spawn(self, MPI_ARGV_NULL, 1, MPI_INFO_NULL, world_size(), MPI_COMM_WORLD,
                         &inter, MPI_ERRCODES_IGNORE);
    CHECK(class_of(err) == MPI_ERR_ROOT, "%d", err);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

static void
each_alone(void)
{
    char *args[] = {"0", "leaf", NULL};
    MPI_Comm inter;
    MPI_Comm_spawn(self, args, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter, MPI_ERRCODES_IGNORE);
    meet(inter, 1);
    MPI_Comm_disconnect(&inter);
}

int
main(int argc, char **argv)
{
    static char path[4096];
    MPI_Comm parent;
    MPI_Init(&argc, &argv);
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK(n > 0, "%zd", n);
    self = path;
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL)
        return child(argc, argv, parent);
    int *universe, flag;
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_UNIVERSE_SIZE, &universe, &flag);
    CHECK(flag && *universe > world_size(), "%d", *universe);
    simple("leaf", 3);
    simple("nested", 1);
    several();
    if (world_size() <= 3)
        each_alone();
    errors();
    simple("leaf", 1);
    MPI_Finalize();
    return 0;
}
