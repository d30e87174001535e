// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLAN_MOST (UINT64_C(1) << 30)

struct reader {
    char *at, *end;
};

static bool
read_all(int fd, void *data, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t m = read(fd, (char *)data + at, n - at);
        if (m == 0 || (m < 0 && errno != EINTR))
            return false;
        at += m > 0 ? (size_t)m : 0;
    }
    return true;
}

// The next string; the text ends in a zero.
static char *
next(struct reader *r)
{
    char *s = r->at;
    if (s >= r->end)
        return r->end;
    r->at += strlen(s) + 1;
    return s;
}

static size_t
next_number(struct reader *r)
{
    return strtoul(next(r), NULL, 10);
}

static bool
read_environment(struct reader *r, struct env_plan *env)
{
    size_t n = next_number(r);
    env->set = calloc(n + 1, sizeof *env->set);
    for (; env->set && env->count < n && r->at < r->end; env->count++) {
        env->set[env->count].name = next(r);
        env->set[env->count].value = next(r);
    }
    return env->set && env->count == n;
}

static bool
read_program(struct reader *r, struct program *program)
{
    program->ranks = (int)next_number(r);
    const char *wdir = next(r), *path = next(r);
    program->wdir = *wdir ? wdir : NULL;
    program->path = *path ? path : NULL;
    if (!read_environment(r, &program->env))
        return false;
    size_t n = next_number(r), got = 0;
    program->argv = n <= (size_t)(r->end - r->at) ? calloc(n + 1, sizeof *program->argv) : NULL;
    for (; program->argv && got < n && r->at < r->end; got++)
        program->argv[got] = next(r);
    return program->argv && got == n && n > 0 && program->ranks > 0;
}

static bool
read_programs(struct plan *plan, struct reader *r, struct options *options)
{
    size_t n = (size_t)plan->head.nprograms;
    options->programs = calloc(n + 1, sizeof *options->programs);
    for (; options->programs && options->nprograms < n; options->nprograms++) {
        struct program *program = &options->programs[options->nprograms];
        program->part = (int)options->nprograms;
        if (!read_program(r, program))
            return false;
        options->nranks += program->ranks;
    }
    return options->programs && options->nranks > 0;
}

static bool
read_parent(struct plan *plan, struct options *options)
{
    const struct launch_head *head = &plan->head;
    plan->parent = malloc(64);
    if (!plan->parent)
        return false;
    snprintf(plan->parent, 64, "%llx:%d:%llx", (unsigned long long)head->parent, head->rank,
             (unsigned long long)head->port);
    options->parent = plan->parent;
    options->errhandler = head->errhandler[0] ? head->errhandler : NULL;
    return true;
}

bool
plan_read(struct plan *plan, int fd, struct options *options)
{
    *plan = (struct plan){.fd = fd};
    *options = (struct options){.request = REQUEST_RUN, .no_stdin = true};
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    struct launch_head *head = &plan->head;
    if (!read_all(fd, head, sizeof *head) || head->bytes > PLAN_MOST)
        return false;
    head->errhandler[sizeof head->errhandler - 1] = '\0';
    plan->text = calloc(head->bytes + 1, 1);
    if (!plan->text || !read_all(fd, plan->text, head->bytes))
        return false;
    struct reader reader = {plan->text, plan->text + head->bytes};
    if (head->mode == LAUNCH_HOME) {
        options->nranks = 1;
        return true;
    }
    return head->mode == LAUNCH_SPAWN && read_programs(plan, &reader, options) &&
           read_parent(plan, options);
}

void
plan_reply(struct plan *plan, int code, uint64_t job, const char *why)
{
    struct launch_reply reply = {.code = code, .job = job};
    if (plan->replied)
        return;
    plan->replied = true;
    snprintf(reply.why, sizeof reply.why, "%s", why);
    send(plan->fd, &reply, sizeof reply, MSG_NOSIGNAL);
    close(plan->fd);
}
