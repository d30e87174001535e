// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "front.h"

#include "control.h"
#include "orphans.h"
#include "output.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct front {
    const struct job *job;
    pid_t keeper;
    int control; // -1: the keeper has gone
    int signals;
    int reports[2]; // a pipe from the sinks
    struct sink *sinks[2];
    int nsinks, nfinished;
    int code;
    char text[512]; // the job's one message
};

/* Standard input belongs to rank 0: were it open here too, its writer would not
 * notice rank 0's end. */
static void
leave_input(void)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, 0);
    if (null > 0)
        close(null);
}

/* Stop as the signal's default action does; the shell sees it and takes the terminal. */
static void
stop_self(struct front *front, int signal)
{
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, signal);
    raise(signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    // The kernel stops nobody whom no shell could continue: then no SIGCONT has come either.
    sigpending(&pending);
    if (!sigismember(&pending, SIGCONT))
        note_send(front->control, &(struct note){.kind = NOTE_UNSTOPPED, .value = signal}, NULL);
}

static void
forward(struct front *front, int signal)
{
    if (front->control >= 0)
        note_send(front->control, &(struct note){.kind = NOTE_SIGNAL, .value = signal}, NULL);
}

/* The ranks' terminals get the new size first, then the ranks the signal. */
static void
on_resize(struct front *front)
{
    bool asked = false;
    for (int i = 0; i < 2; i++)
        if (front->sinks[i] && front->job->outputs.route[i] == ROUTE_TERMINAL) {
            sink_resize(front->sinks[i]);
            asked = true;
        }
    if (!asked)
        forward(front, SIGWINCH);
}

static void
on_signal(struct front *front)
{
    struct signalfd_siginfo info;
    if (read(front->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    int signal = (int)info.ssi_signo;
    // When all has ended but the output's reader, which takes nothing:
    if (front->control < 0 && signal_ends(signal))
        _exit(front->code ? front->code : 128 + signal);
    if (signal == SIGWINCH)
        on_resize(front);
    else
        forward(front, signal);
    if (signal == SIGTSTP)
        stop_self(front, signal);
}

static void
on_report(struct front *front)
{
    unsigned char report;
    if (read(front->reports[0], &report, 1) != 1)
        return;
    if (report == SINK_RESIZED)
        forward(front, SIGWINCH);
    else
        front->nfinished++;
}

static void
add_stream(struct front *front, struct stream_id id, int fd)
{
    int output = id.output;
    if (!front->sinks[output]) {
        front->sinks[output] = sink_start(output + 1, front->job->options->tag, front->reports[1]);
        if (!front->sinks[output]) {
            char text[160];
            snprintf(text, sizeof text, "cannot forward the output of ranks: %s", strerror(errno));
            job_say(text);
            _exit(1); // the keeper sees it
        }
        front->nsinks++;
    }
    sink_add(front->sinks[output], fd, id.rank);
}

/* The keeper is gone, and with it all that it kept. */
static void
keeper_gone(struct front *front)
{
    close(front->control);
    front->control = -1;
    for (int i = 0; i < 2; i++)
        if (front->sinks[i])
            sink_drain(front->sinks[i]);
}

/* It went without a word. */
static void
keeper_lost(struct front *front)
{
    int status = 0;
    waitpid(front->keeper, &status, 0);
    orphans_end(false);
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : SIGKILL;
    char name[80];
    signal_describe(signal, name, sizeof name);
    snprintf(front->text, sizeof front->text, "the launcher's keeper was killed by signal %d (%s)",
             signal, name);
    front->code = 128 + signal;
    keeper_gone(front);
}

static void
on_note(struct front *front)
{
    struct note note;
    int fds[NOTE_STREAMS_MOST];
    int got = note_receive(front->control, &note, fds);
    if (got == 0)
        keeper_lost(front);
    if (got <= 0)
        return;
    switch ((enum note_kind)note.kind) {
    case NOTE_STREAMS:
        for (int i = 0; i < note.value; i++)
            add_stream(front, note.streams[i], fds[i]);
        break;
    case NOTE_STOP:
        stop_self(front, note.value);
        break;
    case NOTE_RESIZED:
        on_resize(front);
        break;
    case NOTE_DONE:
        front->code = note.value;
        snprintf(front->text, sizeof front->text, "%s", note.text);
        keeper_gone(front);
        waitpid(front->keeper, NULL, 0); // with it the segment goes
        break;
    case NOTE_SIGNAL:
    case NOTE_UNSTOPPED:
        break;
    }
}

/* Output that could not be written is a failure of its own, and may have caused those of ranks. */
static void
blame_output(struct front *front, int output, int error)
{
    char text[sizeof front->text];
    int n = snprintf(text, sizeof text, "cannot write standard %s: %s", output ? "error" : "output",
                     strerror(error));
    if (front->text[0])
        snprintf(text + n, sizeof text - (size_t)n, "; %s", front->text);
    memcpy(front->text, text, sizeof text);
    front->code = front->code ? front->code : 1;
}

static void
finish_output(struct front *front)
{
    bool mid_line[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        int error = front->sinks[i] ? sink_finish(front->sinks[i], &mid_line[i]) : 0;
        // A reader that has gone is no error: ranks have learnt it by SIGPIPE.
        if (error != 0 && error != EPIPE && error != EIO)
            blame_output(front, i, error);
    }
    if (front->text[0] && (mid_line[0] || mid_line[1]))
        (void)!write(2, "\n", 1);
}

int
front_run(const struct job *job, int control, pid_t keeper)
{
    struct front front = {.job = job, .keeper = keeper, .control = control};
    front.signals = signalfd(-1, &job->taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (pipe2(front.reports, O_CLOEXEC) != 0)
        return 1; // the keeper sees it
    leave_input();
    while (front.control >= 0 || front.nfinished < front.nsinks) {
        struct pollfd fds[] = {{.fd = front.control, .events = POLLIN},
                               {.fd = front.signals, .events = POLLIN},
                               {.fd = front.reports[0], .events = POLLIN}};
        poll(fds, 3, -1);
        if (fds[2].revents)
            on_report(&front);
        if (fds[1].revents)
            on_signal(&front);
        if (fds[0].revents)
            on_note(&front);
    }
    finish_output(&front);
    if (front.text[0])
        job_say(front.text);
    return front.code;
}
