// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Two processes make a launcher:
 *
 *   front    the process that the user started. It has the terminal's signals, writes the output of
 *            the ranks, and returns the exit code. It may block in a write for as long as the
 *            reader likes.
 *   keeper   its child, in a process group of its own. It makes the segment, is the parent of all
 *            ranks, sees them fail, publishes that, and ends them. It never blocks on anything that
 *            a rank or a reader can hold up.
 *
 *       shell --- front --- keeper --+-- rank 0 --- its children
 *                                    +-- rank 1
 *
 * They talk over a pair of sockets (control.h), whose closing tells one that the other is gone.
 *
 * Nothing is left after any end. Both are child subreapers: what a dead rank has started, in
 * whatever session or group, becomes the keeper's child, so "the keeper has no child" means
 * "nothing is left" (orphans.h). The cases:
 *   - A rank ends: what is left in its process group is ended; what has left that group, when the
 *     last rank ends.
 *   - The front is killed: the keeper's socket closes; it kills all and ends.
 *   - The keeper is killed: the ranks die by their parent-death signal, all that they left becomes
 *     the front's child, and the front kills that. (The keeper is neither in the front's process
 *     group nor called like it, so that it takes some intent to kill both at once; even then the
 *     ranks die.)
 *   - The segment has no name: it goes with the last process that has it.
 *
 * Each rank leads a process group, so the terminal's signals reach the front alone, which tells the
 * keeper, which tells each group once. How standard input from a terminal works nevertheless is in
 * terminal.h; where it is a file or a pipe, rank 0 simply inherits it.
 *
 * All signals are blocked in both processes and read from descriptors: no handler runs, and no call
 * is interrupted. Ranks get back the mask, the limits and the dispositions that mpiexec began with.
 *
 * The order in which ranks ended is that in which their pidfds became readable: epoll keeps it,
 * wait() does not. Where pidfds cannot be had, SIGCHLD and wait() serve as well but for that.
 */
#include "job.h"

#include "boot/wire.h"
#include "control.h"
#include "deadline.h"
#include "environment.h"
#include "front.h"
#include "keeper.h"
#include "refusal.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS_SPARE 24

void
job_say(const char *text)
{
    char line[1100];
    int n = snprintf(line, sizeof line, "mpiexec: %s\n", text);
    (void)!write(2, line, min_size((size_t)n, sizeof line - 1));
}

/* Descriptors 0 to 2 are open from here on, so that no other gets their numbers. */
static void
fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd < 3);
    if (fd >= 3)
        close(fd);
}

/* In a rank of another job its segment is open here: it is not for the ranks of this one. */
static void
leave_outer_job(char **env)
{
    const char *ticket = environment_get(env, WIRE_ENVIRONMENT);
    unsigned long long inode;
    int fd;
    struct stat st;
    if (ticket && sscanf(ticket, "%*d:%*x:%*d:%*d:%d:%llu", &fd, &inode) == 2 && fd > 2 &&
        fstat(fd, &st) == 0 && st.st_ino == inode)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool
can_run(const struct job *job)
{
    char why[256];
    if (!refusal_certain(job->options->nranks, why, sizeof why))
        return true;
    job_say(why);
    return false;
}

/* Channels of each rank that the front holds. */
static unsigned long
channels(const struct outputs *outputs)
{
    unsigned long n = outputs->route[0] != ROUTE_DIRECT;
    return n + (outputs->route[1] != ROUTE_DIRECT && !outputs->merged);
}

/* Descriptors without which the job cannot run. The front has the outputs of all ranks, the keeper
 * those that it has not handed over yet, and some more are open in both. */
static unsigned long
descriptors(const struct job *job)
{
    unsigned long nranks = (unsigned long)job->options->nranks;
    unsigned long held = nranks * channels(&job->outputs);
    return max_size(held, min_size(2 * held, NOTE_STREAMS_MOST)) + DESCRIPTORS_SPARE;
}

/* The soft limit is raised as far as it takes, for outputs and for the keeper's pidfds. */
static void
raise_limit(struct job *job, unsigned long most)
{
    struct rlimit limit = job->nofile;
    unsigned long want = max_size(descriptors(job), (unsigned long)job->options->nranks + 1024);
    if (limit.rlim_cur >= want)
        return;
    limit.rlim_cur = most;
    job->limit_raised = most > job->nofile.rlim_cur && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/*
 * Where even the hard limit does not allow a channel for each output of each rank, some outputs go
 * where the launcher's own go, standard error first: nothing is lost, but the lines of ranks that
 * write at once may mix, and there is nobody to put tags before them.
 */
static bool
fit_limit(struct job *job)
{
    struct outputs *outputs = &job->outputs;
    if (getrlimit(RLIMIT_NOFILE, &job->nofile) != 0)
        return true;
    unsigned long need = descriptors(job), most = job->nofile.rlim_max;
    bool fits = need <= most;
    if (!fits && !job->options->tag) {
        outputs->route[1] = outputs->merged ? outputs->route[1] : ROUTE_DIRECT;
        if (descriptors(job) > most)
            outputs->route[0] = outputs->route[1] = ROUTE_DIRECT;
    }
    if (!fits) {
        char text[256];
        snprintf(text, sizeof text,
                 "to collect the output of %d ranks takes %lu open files, the limit is %lu "
                 "(ulimit -Hn)%s",
                 job->options->nranks, need, most,
                 job->options->tag                   ? ""
                 : descriptors(job) > most           ? ": too few for any job"
                 : outputs->route[0] == ROUTE_DIRECT ? ": their lines may mix"
                                                     : ": lines of standard error may mix");
        job_say(text);
    }
    raise_limit(job, most);
    return descriptors(job) <= most;
}

/* Give the keeper another name than the front's, in ps and for pkill. */
static void
take_title(const struct job *job)
{
    prctl(PR_SET_NAME, "muster-keeper", 0, 0, 0);
    memset(job->title, 0, job->title_bytes);
    snprintf(job->title, job->title_bytes, "muster-keeper");
}

static _Noreturn void
become_keeper(const struct job *job, const int control[2])
{
    close(control[0]);
    setpgid(0, 0);
    take_title(job);
    keeper_run(job, control[1]);
    _exit(0);
}

int
job_home(const struct options *options, char *title, size_t title_bytes, struct plan *plan)
{
    struct job job = {.options = options,
                      .title = title,
                      .title_bytes = title_bytes,
                      .started = now_ns(),
                      .plan = plan};
    fill_standard_descriptors();
    signals_block(&job.taken, &job.mask);
    take_title(&job);
    keeper_run(&job, -1);
    return 0;
}

int
job_run(const struct options *options, char **env, char *title, size_t title_bytes,
        struct plan *plan)
{
    struct job job = {.options = options,
                      .env = env,
                      .title = title,
                      .title_bytes = title_bytes,
                      .front_group = getpgrp(),
                      .started = now_ns(),
                      .plan = plan};
    int control[2];
    fill_standard_descriptors();
    leave_outer_job(env);
    job.outputs = outputs_plan(options);
    if (!can_run(&job) || !fit_limit(&job))
        return 1;
    signals_block(&job.taken, &job.mask);
    // Inherited by no one; the keeper asks for it itself.
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t keeper = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0)
        keeper = fork();
    if (keeper == 0)
        become_keeper(&job, control);
    if (keeper < 0) {
        char text[160];
        snprintf(text, sizeof text, "cannot start the job: %s", strerror(errno));
        job_say(text);
        return 1;
    }
    close(control[1]);
    if (plan)
        close(plan->fd); // the keeper replies
    return front_run(&job, control[0], keeper);
}
