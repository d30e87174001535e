// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a launcher is told of programs to spawn (boot/launch.h), from commands and their info keys
 * (MPI 5.0, 11.8.4): host, wdir, path, soft, env. Keys that are not known here are ignored. */

#include "boot/launch.h"
#include "dyn/dyn.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* ---- how many ---- */

// One of "a", "a:b", "a:b:c": the largest of its numbers that is not above `most`, or -1; -2 when
// it cannot be read.
static long
largest_in(const char *text, char **end, long most)
{
    long a = strtol(text, end, 10), b = a, c = 1;
    if (*end == text)
        return -2;
    if (**end == ':') {
        text = *end + 1;
        b = strtol(text, end, 10);
        if (*end == text)
            return -2;
    }
    if (**end == ':') {
        text = *end + 1;
        c = strtol(text, end, 10);
        if (*end == text || c == 0)
            return -2;
    }
    if (c > 0 && b > most)
        b = most;
    if (c > 0)
        return a <= b ? a + (b - a) / c * c : -1;
    if (a > most) // downwards: the first that is not above
        a -= (a - most + -c - 1) / -c * -c;
    return a >= b ? a : -1;
}

int
plan_count(struct command *command)
{
    const char *soft = info_get(command->info, "soft");
    command->count = command->maxprocs;
    if (!soft)
        return MPI_SUCCESS;
    long best = -1;
    for (char *p = (char *)(uintptr_t)soft; *p;) {
        long n = largest_in(p, &p, command->maxprocs);
        if (n == -2 || (*p && *p != ','))
            return error_new(MPI_ERR_ARG, "soft is \"%.100s\", which is no list of a, a:b or a:b:c",
                             soft);
        best = n > best ? n : best;
        p += *p == ',';
    }
    if (best < 1)
        return error_new(MPI_ERR_SPAWN, "soft, \"%.100s\", allows no number from 1 to %d", soft,
                         command->maxprocs);
    command->count = (int)best;
    return MPI_SUCCESS;
}

/* ---- the text ---- */

struct text {
    char *at;
    size_t bytes, room;
    bool full;
};

static void
add_bytes(struct text *t, const char *s, size_t n)
{
    if (t->bytes + n + 1 > t->room) {
        size_t room = 2 * (t->bytes + n + 64);
        char *more = realloc(t->at, room);
        if (!more) {
            t->full = true;
            return;
        }
        t->at = more;
        t->room = room;
    }
    memcpy(t->at + t->bytes, s, n);
    t->at[t->bytes + n] = '\0';
    t->bytes += n + 1;
}

static void
add(struct text *t, const char *s)
{
    add_bytes(t, s, strlen(s));
}

static void
add_number(struct text *t, size_t n)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", n);
    add(t, number);
}

// "env": lines, each NAME=VALUE.
static void
add_environment(struct text *t, const char *env)
{
    size_t n = 0;
    for (const char *p = env; p && *p; p += strspn(p, "\n")) {
        size_t length = strcspn(p, "\n");
        n += memchr(p, '=', length) != NULL;
        p += length;
    }
    add_number(t, n);
    for (const char *p = env; p && *p; p += strspn(p, "\n")) {
        size_t length = strcspn(p, "\n"), name = strcspn(p, "=");
        if (name < length) {
            add_bytes(t, p, name);
            add_bytes(t, p + name + 1, length - name - 1);
        }
        p += length;
    }
}

static void
add_command(struct text *t, const struct command *command)
{
    const char *wdir = info_get(command->info, "wdir"), *path = info_get(command->info, "path");
    size_t n = 0;
    while (command->argv && command->argv[n])
        n++;
    add_number(t, (size_t)command->count);
    add(t, wdir ? wdir : "");
    add(t, path ? path : "");
    add_environment(t, info_get(command->info, "env"));
    add_number(t, n + 1);
    add(t, command->name);
    for (size_t i = 0; i < n; i++)
        add(t, command->argv[i]);
}

/* ---- the plan ---- */

static bool
is_here(const char *host, size_t n)
{
    struct utsname name;
    static const char *const local[] = {"localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (strlen(local[i]) == n && memcmp(local[i], host, n) == 0)
            return true;
    if (uname(&name) != 0)
        return false;
    size_t whole = strlen(name.nodename), first = strcspn(name.nodename, ".");
    return (n == whole || n == first) && memcmp(name.nodename, host, n) == 0;
}

static int
check_hosts(const char *hosts)
{
    for (const char *p = hosts; p && *p; p += *p == ',') {
        size_t n = strcspn(p, ",");
        if (!is_here(p, n))
            return error_new(MPI_ERR_SPAWN, "the host \"%.*s\" is not this machine", (int)n, p);
        p += n;
    }
    return MPI_SUCCESS;
}

int
plan_make(struct command *commands, int n, struct launch *launch)
{
    struct text text = {0};
    int err = MPI_SUCCESS;
    for (int i = 0; i < n && !err; i++) {
        const char *errhandler = info_get(commands[i].info, "mpi_initial_errhandler");
        if (errhandler)
            launch->errhandler = errhandler;
        if (!(err = check_hosts(info_get(commands[i].info, "host"))))
            err = plan_count(&commands[i]);
        add_command(&text, &commands[i]);
    }
    if (!err && text.full)
        err = error_new(MPI_ERR_NO_MEM, "no memory for the commands to spawn");
    launch->mode = LAUNCH_SPAWN;
    launch->nprograms = n;
    launch->text = text.at;
    launch->bytes = text.bytes;
    return err;
}
