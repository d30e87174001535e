// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "keeper.h"

#include "answer.h"
#include "base/cpu.h"
#include "boot/wire.h"
#include "control.h"
#include "deadline.h"
#include "environment.h"
#include "family.h"
#include "judge.h"
#include "orphans.h"
#include "program.h"
#include "refusal.h"
#include "signals.h"
#include "spawn.h"
#include "terminal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAVE_TIME   (2 * SECOND)        // after a failure, before SIGTERM
#define TERM_TIME    (1 * SECOND)        // from SIGTERM to SIGKILL
#define TOLD_TIME    (5 * SECOND)        // after a forwarded ^C, before SIGKILL
#define REPEAT_TIME  (100 * MILLISECOND) // the same signal sent twice (timeout(1) does) counts once
#define GIVE_UP_TIME (10 * SECOND)       // for a process that hangs in the kernel
#define LEFT_TIME    (200 * MILLISECOND) // for what a rank leaves in its group, before SIGTERM

/* Kept free of pidfds: for the outputs of a rank, those not handed over yet, who asks. */
#define DESCRIPTORS_KEPT (2 * NOTE_STREAMS_MOST + 16)

/* Of more ranks than that the pidfds stand apart. */
#define MANY_RANKS   256
#define PIDFDS_BEGIN 512

/* Shells use low descriptor numbers for redirections of their own. */
#define SEGMENT_FD 100

struct rank {
    pid_t pid; // also its process group
    int pidfd; // -1: none
    bool running;
    bool wants_terminal;
    int64_t left_at; // when something happens to what it left in its group
    int left_signal; // and what: SIGTERM, then SIGKILL; 0: nothing is left
};

struct keeper {
    const struct job *job;
    struct segment_view view;
    struct rank *ranks;
    int nranks; // 0 until there is a segment and room for them
    int running;
    int control;
    int epoll;
    int children; // signalfd of SIGCHLD
    int listener;
    struct answers answers;
    struct family family;
    bool home; // of a process that this one has not started: it gets no signals
    struct judge judge;
    struct terminal terminal;
    uint64_t memory_kills; // the kernel's count before the first rank was started
    bool killed;           // all have been sent SIGKILL
    int nleft;             // ranks with something left in their groups
    int high;              // where pidfds begin, or 0
    int64_t told_at;
    int64_t term_at, kill_at, timeout_at, give_up_at; // NEVER: not planned
    struct note streams;                              // to be sent
    int stream_fds[NOTE_STREAMS_MOST];
    char why[512];
};

/* What an event of the epoll set is about: a kind, and in the low half a rank or a descriptor. */
enum { ON_RANK, ON_CHILDREN, ON_CONTROL, ON_LISTENER, ON_ASKER, ON_REPORT, ON_FAMILY };

static void
watch(struct keeper *k, int fd, unsigned kind, int value)
{
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = (uint64_t)kind << 32 | (uint32_t)value};
    if (fd >= 0)
        epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd, &event);
}

static double
seconds(const struct keeper *k)
{
    return (double)(now_ns() - k->job->started) / (double)SECOND;
}

/* Send a signal to the groups of the ranks that run, but not to group `except`. */
static void
signal_ranks(struct keeper *k, int signal, pid_t except)
{
    for (int r = 0; r < k->nranks && !k->home; r++)
        if (k->ranks[r].running && k->ranks[r].pid != except)
            kill(-k->ranks[r].pid, signal);
}

/* SIGTERM, and what is stopped must run to see it. */
static void
terminate(struct rank *rank)
{
    kill(-rank->pid, SIGTERM);
    kill(-rank->pid, SIGCONT);
}

static void
publish(struct keeper *k, struct failure failure)
{
    if (k->view.base && failure.kind != FAILURE_NONE && segment_fail(k->view.base, failure))
        segment_ring_all_bells(k->view.base);
}

/* --- Ending the job ------------------------------------------------------------------------- */

/* The job has failed: ranks may leave by themselves, then they are ended. What a signal has planned
 * before stands. */
static void
plan_end(struct keeper *k)
{
    int64_t now = now_ns();
    family_tell(&k->family, FAMILY_FAILED, judge_code(&k->judge));
    if (k->judge.told)
        return;
    k->term_at = now + LEAVE_TIME;
    k->kill_at = earlier(k->kill_at, k->term_at + TERM_TIME);
}

static void
kill_all(struct keeper *k)
{
    k->killed = true;
    k->term_at = k->kill_at = NEVER;
    k->give_up_at = now_ns() + GIVE_UP_TIME;
    if (k->judge.told)
        judge_stop(&k->judge, CAUSE_TOLD, seconds(k));
    publish(k, (struct failure){.kind = FAILURE_ENDED, .code = k->judge.told});
    family_tell(&k->family, FAMILY_FAILED, judge_code(&k->judge));
    signal_ranks(k, SIGKILL, 0);
    for (int r = 0; r < k->nranks; r++)
        if (k->ranks[r].left_signal) {
            k->ranks[r].left_signal = SIGKILL;
            k->ranks[r].left_at = 0;
        }
}

/* --timeout. Ranks in MPI learn it there and may leave in order; others get SIGTERM at once. */
static void
on_timeout(struct keeper *k)
{
    k->timeout_at = NEVER;
    if (!judge_stop(&k->judge, CAUSE_TIMEOUT, seconds(k)))
        return;
    publish(k, (struct failure){.kind = FAILURE_ENDED, .code = EXIT_TIMEOUT});
    plan_end(k);
    for (int r = 0; r < k->nranks; r++)
        if (k->ranks[r].running &&
            !rank_state_inside(
                atomic_load_explicit(&segment_rank(k->view.base, r)->state, memory_order_relaxed)))
            terminate(&k->ranks[r]);
}

/* A moment ago the job was told to end: what comes now may be the same signal, sent twice. */
static bool
just_told(const struct keeper *k)
{
    return k->judge.told && now_ns() - k->told_at < REPEAT_TIME;
}

/* A signal that asks for the end. A second one, or five seconds, and the ranks are killed. */
static void
on_told(struct keeper *k, int signal)
{
    int64_t now = now_ns();
    family_tell(&k->family, FAMILY_TOLD, signal);
    if (!k->judge.told) {
        k->judge.told = signal;
        k->told_at = now;
        k->kill_at = earlier(k->kill_at, now + TOLD_TIME);
    } else if (!just_told(k)) {
        k->kill_at = now;
    }
}

/* The terminal has sent a signal to the holder's group; the others have not got it. A rank that is
 * alone with the terminal knows itself what ^C means, as an interpreter's prompt does. */
static void
on_terminal_signal(struct keeper *k, int signal, pid_t holder)
{
    if (signal == SIGWINCH) // comes back as a signal, after the ranks' terminals are changed
        note_send(k->control, &(struct note){.kind = NOTE_RESIZED}, NULL);
    else
        signal_ranks(k, signal, holder);
    if (signal_ends(signal) && (k->nranks > 1 || signal == SIGHUP))
        on_told(k, signal);
}

static void
revoke_terminal(struct keeper *k)
{
    pid_t holder = k->terminal.holder;
    int signal = terminal_revoke(&k->terminal);
    if (signal)
        on_terminal_signal(k, signal, holder);
}

static void
on_term_time(struct keeper *k)
{
    k->term_at = NEVER;
    for (int r = 0; r < k->nranks && !k->home; r++)
        if (k->ranks[r].running)
            terminate(&k->ranks[r]);
}

/* A rank has ended and its group has not: first a while, then SIGTERM, then SIGKILL. */
static void
on_left_time(struct keeper *k, struct rank *rank)
{
    if (orphans_in_group(rank->pid)) {
        kill(-rank->pid, rank->left_signal);
        kill(-rank->pid, SIGCONT);
        rank->left_at = rank->left_signal == SIGTERM ? now_ns() + TERM_TIME : NEVER;
        rank->left_signal = rank->left_signal == SIGTERM ? SIGKILL : 0;
    } else {
        rank->left_signal = 0;
    }
    k->nleft -= rank->left_signal == 0;
}

static void
on_time(struct keeper *k)
{
    int64_t now = now_ns();
    if (k->timeout_at <= now)
        on_timeout(k);
    if (k->kill_at <= now)
        kill_all(k);
    if (k->term_at <= now)
        on_term_time(k);
    for (int r = 0; r < k->nranks && k->nleft > 0; r++)
        if (k->ranks[r].left_signal && k->ranks[r].left_at <= now)
            on_left_time(k, &k->ranks[r]);
}

static int64_t
next_time(const struct keeper *k)
{
    int64_t next = earlier(earlier(k->term_at, k->kill_at), earlier(k->timeout_at, k->give_up_at));
    for (int r = 0; r < k->nranks && k->nleft > 0; r++)
        if (k->ranks[r].left_signal)
            next = earlier(next, k->ranks[r].left_at);
    return next;
}

/* --- Ranks that end or stop ------------------------------------------------------------------ */

/* Peers may now take it that the process that joined under this rank stores nothing any more. */
static void
mark_ended(struct keeper *k, int r)
{
    // release: pairs with the acquire in ring_skip_dead and stop_copies.
    atomic_store_explicit(&segment_rank(k->view.base, r)->ended, 1, memory_order_release);
}

static struct ending
read_ending(struct keeper *k, int r)
{
    siginfo_t info = {.si_pid = 0, .si_code = CLD_EXITED};
    if (!k->home) // else nobody's exit code to know
        waitid(P_PID, (id_t)k->ranks[r].pid, &info, WEXITED);
    struct ending ending = {.rank = r,
                            .code = info.si_status,
                            .signaled = info.si_code != CLD_EXITED,
                            .at = seconds(k)};
    struct rank_block *block = segment_rank(k->view.base, r);
    // relaxed: the process has ended, and with waitid all its stores have come before.
    uint32_t state = atomic_load_explicit(&block->state, memory_order_relaxed);
    ending.joined = rank_state_inside(state);
    ending.session = state == RANK_SESSION;
    ending.out_of_memory = ending.signaled && ending.code == SIGKILL && !k->killed &&
                           memory_oom_kills() != k->memory_kills;
    pid_t joined = atomic_load_explicit(&block->pid, memory_order_relaxed);
    // Where a wrapper has ended before the process that joined, see on_orphan.
    if (joined == 0 || joined == k->ranks[r].pid || kill(joined, 0) != 0)
        mark_ended(k, r);
    return ending;
}

/* What is left in the rank's group ends with it. */
static void
end_group(struct keeper *k, struct rank *rank)
{
    if (kill(-rank->pid, 0) != 0)
        return;
    k->nleft++;
    rank->left_signal = k->killed ? SIGKILL : SIGTERM;
    rank->left_at = k->killed ? 0 : now_ns() + LEFT_TIME;
}

static void
on_rank_end(struct keeper *k, int r)
{
    struct rank *rank = &k->ranks[r];
    struct segment *seg = k->view.base;
    if (!rank->running)
        return;
    if (k->terminal.holder == rank->pid)
        revoke_terminal(k);
    struct ending ending = read_ending(k, r);
    rank->running = false;
    k->running--;
    if (rank->pidfd >= 0)
        close(rank->pidfd);
    publish(k, ending_failure(&ending));
    struct failure failure = segment_failure(seg);
    if (judge_end(&k->judge, &ending, failure)) {
        plan_end(k);
        if (failure.kind == FAILURE_ABORT) // it may have died before it rang them
            segment_ring_all_bells(seg);
    }
    if (!k->home)
        end_group(k, rank);
}

/* A process that a rank left has ended. It may be the one that joined under the rank. */
static void
on_orphan(struct keeper *k, pid_t pid)
{
    for (int r = 0; r < k->nranks; r++)
        if (!k->ranks[r].running &&
            pid == atomic_load_explicit(&segment_rank(k->view.base, r)->pid, memory_order_relaxed))
            mark_ended(k, r);
}

static void
stop_front(struct keeper *k, int signal)
{
    note_send(k->control, &(struct note){.kind = NOTE_STOP, .value = signal}, NULL);
}

/* A rank was stopped. For the terminal's sake: give it the terminal, or stop with it. By ^Z while
 * it had the terminal: the whole job stops. Else somebody did it by hand, and knows. */
static void
on_rank_stop(struct keeper *k, struct rank *rank, int signal)
{
    if (signal == SIGTTIN || signal == SIGTTOU) {
        rank->wants_terminal = !terminal_grant(&k->terminal, rank->pid);
        if (rank->wants_terminal)
            stop_front(k, SIGTTIN);
        else
            watch(k, k->terminal.reports, ON_REPORT, 0);
    } else if (signal == SIGTSTP && rank->pid == k->terminal.holder) {
        revoke_terminal(k);
        signal_ranks(k, SIGTSTP, rank->pid);
        stop_front(k, SIGTSTP);
    }
}

static int
rank_of(const struct keeper *k, pid_t pid)
{
    for (int r = 0; r < k->nranks; r++)
        if (k->ranks[r].running && k->ranks[r].pid == pid)
            return r;
    return -1;
}

static void
on_children(struct keeper *k)
{
    struct signalfd_siginfo drop;
    (void)!read(k->children, &drop, sizeof drop);
    siginfo_t info = {.si_pid = 0};
    while (waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid) {
        int r = rank_of(k, info.si_pid);
        if (r >= 0)
            on_rank_stop(k, &k->ranks[r], info.si_status);
        info.si_pid = 0;
    }
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        int r = rank_of(k, info.si_pid);
        if (r >= 0) {
            on_rank_end(k, r);
        } else {
            on_orphan(k, info.si_pid);
            waitid(P_PID, (id_t)info.si_pid, &info, WEXITED);
        }
        info.si_pid = 0;
    }
}

/* --- The front's and the terminal's signals --------------------------------------------------- */

/* The front could not stop: no shell would continue it. So nothing may stay stopped; a rank that
 * wanted the terminal gets what the kernel gives to those whose shell is gone. */
static void
on_unstopped(struct keeper *k)
{
    for (int r = 0; r < k->nranks; r++)
        if (k->ranks[r].running && k->ranks[r].wants_terminal)
            kill(-k->ranks[r].pid, SIGHUP);
    signal_ranks(k, SIGCONT, 0);
}

static void
on_control(struct keeper *k)
{
    struct note note;
    int fds[NOTE_STREAMS_MOST];
    int got = note_receive(k->control, &note, fds);
    if (got == 0) { // the front was killed
        epoll_ctl(k->epoll, EPOLL_CTL_DEL, k->control, NULL);
        kill_all(k);
    } else if (got > 0 && note.kind == NOTE_UNSTOPPED) {
        on_unstopped(k);
    } else if (got > 0 && note.kind == NOTE_SIGNAL) {
        if (note.value == k->judge.told && just_told(k))
            return; // the ranks have it, and clean up
        signal_ranks(k, note.value, 0);
        if (signal_ends(note.value))
            on_told(k, note.value);
    }
}

static void
on_report(struct keeper *k)
{
    unsigned char signal;
    ssize_t n = read(k->terminal.reports, &signal, 1);
    if (n == 1)
        on_terminal_signal(k, signal, k->terminal.holder);
    else if (n == 0) // somebody has killed the sentinel
        revoke_terminal(k);
}

/* --- Starting --------------------------------------------------------------------------------- */

/* Put the segment's descriptor where ranks inherit it, and write their tickets' constant part. */
static bool
share_segment(struct keeper *k, int *fd, unsigned long long *inode)
{
    struct stat st;
    *fd = fcntl(k->view.fd, F_DUPFD, SEGMENT_FD);
    if (*fd < 0) // the limit of descriptors is lower
        *fd = fcntl(k->view.fd, F_DUPFD, 3);
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return false;
    *inode = (unsigned long long)st.st_ino;
    return true;
}

/* Give the front its ends of the channels that were opened since the last time. */
static void
send_streams(struct keeper *k)
{
    if (k->streams.value == 0)
        return;
    note_send(k->control, &k->streams, k->stream_fds);
    for (int i = 0; i < k->streams.value; i++)
        close(k->stream_fds[i]);
    k->streams.value = 0;
}

/* Many go in one note, so that a small job costs the front one wake-up. */
static void
add_stream(struct keeper *k, struct stream_id id, int fd)
{
    k->streams.kind = NOTE_STREAMS;
    k->streams.streams[k->streams.value] = id;
    k->stream_fds[k->streams.value++] = fd;
    if (k->streams.value == NOTE_STREAMS_MOST)
        send_streams(k);
}

/* Open the rank's channels. */
static bool
open_outputs(struct keeper *k, int r, int stdio[3])
{
    const struct outputs *outputs = &k->job->outputs;
    for (int i = 0; i < 2; i++) {
        struct channel channel;
        stdio[i + 1] = i == 1 && outputs->merged ? stdio[1] : i + 1;
        if (outputs->route[i] == ROUTE_DIRECT || (i == 1 && outputs->merged))
            continue;
        int err = channel_open(&channel, outputs, i);
        if (err == EMFILE && k->streams.value > 0) { // too many are still to be handed over
            send_streams(k);
            err = channel_open(&channel, outputs, i);
        }
        if (err) {
            errno = err;
            return false;
        }
        stdio[i + 1] = channel.writer;
        add_stream(k, (struct stream_id){.rank = r, .output = i}, channel.reader);
    }
    return true;
}

static void
close_outputs(const int stdio[3])
{
    if (stdio[1] > 2)
        close(stdio[1]);
    if (stdio[2] > 2 && stdio[2] != stdio[1])
        close(stdio[2]);
}

/* Say why a rank could not be started; returns the exit code. */
static int
explain_start(struct keeper *k, int r, const struct start *start)
{
    if (start->no_wdir)
        snprintf(k->why, sizeof k->why, "cannot enter the working directory '%s': %s", start->wdir,
                 strerror(start->error));
    else if (start->error == EAGAIN || start->error == ENOMEM)
        refusal_explain(r, k->nranks, start->error, k->why, sizeof k->why);
    else
        return program_explain(start->file, start->error, k->why, sizeof k->why);
    return start->error == EAGAIN || start->error == ENOMEM ? 1 : EXIT_CANNOT_RUN;
}

/* As shells do with a script that does not name its interpreter. */
static pid_t
spawn_by_shell(struct start *start)
{
    size_t n = 0;
    while (start->argv[n])
        n++;
    char **argv = calloc(n + 2, sizeof *argv);
    if (!argv)
        return -1;
    struct start shell = *start;
    shell.file = "/bin/sh";
    argv[0] = (char *)(uintptr_t) "sh";
    argv[1] = (char *)(uintptr_t)start->file;
    memcpy(argv + 2, start->argv + 1, (n - 1) * sizeof *argv);
    shell.argv = argv;
    pid_t pid = spawn(&shell);
    free(argv);
    return pid;
}

/* Where the pidfds of many ranks begin (spawn.c): above all that ranks may inherit. 0: they need
 * no place of their own. */
static int
pidfds_begin(int nranks)
{
    int high = PIDFDS_BEGIN;
    DIR *dir = nranks > MANY_RANKS ? opendir("/proc/self/fd") : NULL;
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (atoi(entry->d_name) >= high)
            high = atoi(entry->d_name) + 1;
    closedir(dir);
    return high;
}

/* A pidfd, or -1: where descriptors are short, SIGCHLD serves as well. */
static int
open_pidfd(pid_t pid, int high)
{
    struct rlimit limit;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    int moved = high && fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, high) : -1;
    if (moved >= 0) {
        close(fd);
        fd = moved;
    }
    if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        (rlim_t)fd + min_size(DESCRIPTORS_KEPT, limit.rlim_cur / 2) < limit.rlim_cur)
        return fd;
    close(fd);
    return -1;
}

/* The rank gets these. */
static int
above(const int stdio[3], int high)
{
    for (int i = 0; i < 3 && high; i++)
        if (stdio[i] >= high)
            high = stdio[i] + 1;
    return high;
}

static int
start_rank(struct keeper *k, int r, struct start *start)
{
    if (!open_outputs(k, r, start->stdio)) {
        snprintf(k->why, sizeof k->why, "cannot make the pipes of rank %d of %d: %s", r, k->nranks,
                 strerror(errno));
        return 1;
    }
    start->high = above(start->stdio, k->high);
    pid_t pid = spawn(start);
    if (pid < 0 && start->error == ENOEXEC && program_is_script(start->file, start->wdir))
        pid = spawn_by_shell(start);
    close_outputs(start->stdio);
    if (pid < 0)
        return explain_start(k, r, start);
    struct rank *rank = &k->ranks[r];
    rank->pid = pid;
    rank->running = true;
    rank->pidfd = open_pidfd(pid, k->high);
    k->running++;
    watch(k, rank->pidfd, ON_RANK, r);
    return 0;
}

/* What the ranks of all programs have in common. */
struct common {
    int null;
    int segment;
    unsigned long long inode;
};

static int
start_program(struct keeper *k, const struct program *program, int first, const struct common *c)
{
    const struct job *job = k->job;
    const struct options *options = job->options;
    char file[PATH_MAX], ticket[128];
    char **env = environment_make(options, program, job->env);
    if (!env) {
        snprintf(k->why, sizeof k->why, "no memory for the environment");
        return 1;
    }
    struct place place = {.wdir = program->wdir ? program->wdir : options->wdir,
                          .path = program->path,
                          .PATH = environment_get(env + 1, "PATH")};
    struct start start = {.file = file,
                          .argv = program->argv,
                          .env = env,
                          .wdir = place.wdir,
                          .mask = &job->mask,
                          .nofile = job->limit_raised ? &job->nofile : NULL,
                          .parent = getpid()};
    env[0] = ticket;
    int code = program_find(program->argv[0], &place, file, sizeof file, k->why, sizeof k->why);
    for (int r = first; r < first + program->ranks && code == 0; r++) {
        snprintf(ticket, sizeof ticket, WIRE_ENVIRONMENT "=%d:%llx:%d:%d:%d:%llu", WIRE_VERSION,
                 (unsigned long long)k->view.base->job, r, k->nranks, c->segment, c->inode);
        start.stdio[0] = r == 0 && !options->no_stdin ? 0 : c->null;
        code = start_rank(k, r, &start);
    }
    environment_free(env);
    return code;
}

static int
start_all(struct keeper *k)
{
    const struct options *options = k->job->options;
    struct common common = {.null = open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (common.null < 0 || !share_segment(k, &common.segment, &common.inode)) {
        snprintf(k->why, sizeof k->why, "cannot start the ranks: %s: %s",
                 common.null < 0 ? "/dev/null" : "the segment's descriptor", strerror(errno));
        return 1;
    }
    int code = 0;
    for (size_t i = 0, first = 0; i < options->nprograms && code == 0; i++) {
        code = start_program(k, &options->programs[i], (int)first, &common);
        first += (size_t)options->programs[i].ranks;
    }
    send_streams(k);
    // The ranks have what they need; whoever reads or writes the other ends sees only them.
    for (int fd = 0; fd < 3; fd++)
        dup2(common.null, fd);
    close(common.null);
    close(common.segment);
    return code;
}

/* Everything that is there before the first rank. */
static bool
prepare(struct keeper *k)
{
    int nranks = k->job->options->nranks;
    if (segment_create(&k->view, nranks, k->why, sizeof k->why) != 0)
        return false;
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    k->ranks = calloc((size_t)nranks, sizeof *k->ranks);
    k->epoll = epoll_create1(EPOLL_CLOEXEC);
    k->children = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!k->ranks || k->epoll < 0 || k->children < 0) {
        snprintf(k->why, sizeof k->why, "cannot prepare %d ranks: %s", nranks, strerror(errno));
        return false;
    }
    k->nranks = nranks;
    k->high = pidfds_begin(nranks);
    k->listener = answer_listen(k->view.base->job);
    k->answers.view = &k->view;
    watch(k, k->children, ON_CHILDREN, 0);
    watch(k, k->control, ON_CONTROL, 0);
    watch(k, k->listener, ON_LISTENER, k->listener);
    return true;
}

/* The process that was there before: it is told where its segment is, and takes its rank. */
static int
start_home(struct keeper *k)
{
    struct rank *rank = &k->ranks[0];
    rank->pid = k->job->plan->head.pid;
    rank->pidfd = (int)syscall(SYS_pidfd_open, rank->pid, 0);
    if (rank->pidfd < 0) {
        snprintf(k->why, sizeof k->why, "it cannot watch process %d: %s", (int)rank->pid,
                 strerror(errno));
        return 1;
    }
    atomic_store_explicit(&segment_rank(k->view.base, 0)->pid, rank->pid, memory_order_relaxed);
    rank->running = true;
    k->running++;
    watch(k, rank->pidfd, ON_RANK, 0);
    return 0;
}

/* A spawned job is in touch with the one that spawned it before its ranks run. */
static int
start_spawned(struct keeper *k)
{
    int err = family_join(&k->family, k->job->plan->head.parent);
    if (err) {
        snprintf(k->why, sizeof k->why, "the launcher of the spawning job does not answer: %s",
                 strerror(err));
        return 1;
    }
    watch(k, k->family.parent, ON_FAMILY, k->family.parent);
    return start_all(k);
}

static int
start(struct keeper *k)
{
    struct plan *plan = k->job->plan;
    int code = !prepare(k)                      ? 1
               : !plan                          ? start_all(k)
               : plan->head.mode == LAUNCH_HOME ? start_home(k)
                                                : start_spawned(k);
    if (plan)
        plan_reply(plan, code, k->view.base ? k->view.base->job : 0, k->why);
    if (plan && code) { // who asked says it, and goes on
        k->why[0] = '\0';
        k->family.told = true;
    }
    return code;
}

/* --- The loop --------------------------------------------------------------------------------- */

/* A request: it may publish a name, whose socket is served from now on, or be a relative. */
static void
on_asker(struct keeper *k, int fd)
{
    enum answer_next next = answer_serve(fd, &k->answers);
    if (k->answers.listener >= 0)
        watch(k, k->answers.listener, ON_LISTENER, k->answers.listener);
    if (next == ANSWER_WAIT)
        return;
    epoll_ctl(k->epoll, EPOLL_CTL_DEL, fd, NULL);
    if (next == ANSWER_FAMILY && family_add(&k->family, fd))
        watch(k, fd, ON_FAMILY, fd);
    else
        close(fd);
}

/* A job of the family has failed: this one does too. */
static void
on_family_failure(struct keeper *k, int code)
{
    k->judge.family = k->judge.family ? k->judge.family : code;
    publish(k, (struct failure){.kind = FAILURE_FAMILY, .code = code});
    if (judge_stop(&k->judge, CAUSE_FAMILY, seconds(k)))
        plan_end(k);
}

/* The connection has broken. A spawned job's says before how it has ended; the parent's launcher
 * does not end before this one, unless it is killed. */
static void
on_family_gone(struct keeper *k, int fd, bool done)
{
    bool parent = fd == k->family.parent;
    epoll_ctl(k->epoll, EPOLL_CTL_DEL, fd, NULL);
    family_drop(&k->family, fd);
    if (parent)
        kill_all(k);
    else if (!done)
        on_family_failure(k, 1);
}

static void
on_family(struct keeper *k, int fd)
{
    struct family_note note;
    int got = family_hear(fd, &note);
    if (got == 0) {
        on_family_gone(k, fd, false);
    } else if (got > 0 && note.kind == FAMILY_DONE) {
        k->judge.family = k->judge.family ? k->judge.family : note.code;
        on_family_gone(k, fd, true);
    } else if (got > 0 && note.kind == FAMILY_FAILED) {
        on_family_failure(k, note.code);
    } else if (got > 0 && note.kind == FAMILY_TOLD) {
        signal_ranks(k, note.code, 0);
        on_told(k, note.code);
    }
}

static void
on_event(struct keeper *k, uint64_t data)
{
    int value = (int)(uint32_t)data;
    switch (data >> 32) {
    case ON_RANK:
        on_rank_end(k, value);
        break;
    case ON_CONTROL:
        on_control(k);
        break;
    case ON_LISTENER:
        value = answer_accept(value);
        watch(k, value, ON_ASKER, value);
        break;
    case ON_ASKER:
        on_asker(k, value);
        break;
    case ON_FAMILY:
        on_family(k, value);
        break;
    case ON_REPORT:
        if (k->terminal.reports >= 0)
            on_report(k);
        break;
    }
}

static void
run_loop(struct keeper *k)
{
    struct epoll_event events[64];
    while ((k->running > 0 || k->family.nspawned > 0) && now_ns() < k->give_up_at) {
        bool children = false;
        int n = epoll_wait(k->epoll, events, 64, milliseconds_until(next_time(k)));
        // Ranks first, in the order in which they ended; wait() has them in another one.
        for (int i = 0; i < n; i++) {
            if (events[i].data.u64 >> 32 == ON_CHILDREN)
                children = true;
            else
                on_event(k, events[i].data.u64);
        }
        if (children)
            on_children(k);
        on_time(k);
    }
}

static void
tell_front(struct keeper *k, int code)
{
    struct note note = {.kind = NOTE_DONE, .value = code};
    if (code)
        snprintf(note.text, sizeof note.text, "%s", k->why);
    note_send(k->control, &note, NULL);
}

void
keeper_run(const struct job *job, int control)
{
    struct keeper k = {.job = job,
                       .control = control,
                       .view.fd = -1,
                       .family.parent = -1,
                       .home = job->plan && job->plan->head.mode == LAUNCH_HOME,
                       .judge.timeout = job->options->timeout,
                       .term_at = NEVER,
                       .kill_at = NEVER,
                       .timeout_at = NEVER,
                       .give_up_at = NEVER};
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    terminal_init(&k.terminal, job->front_group);
    if (job->options->timeout > 0)
        k.timeout_at = job->started + (int64_t)(job->options->timeout * (double)SECOND);
    k.memory_kills = memory_oom_kills();
    int code = start(&k);
    bool started = code == 0;
    if (code) {
        kill_all(&k);
    } else {
        run_loop(&k);
        code = judge_code(&k.judge);
        judge_message(&k.judge, k.why, sizeof k.why);
    }
    family_tell(&k.family, FAMILY_DONE, started ? code : 0);
    terminal_fini(&k.terminal);
    orphans_end(!k.killed);
    tell_front(&k, code);
}
