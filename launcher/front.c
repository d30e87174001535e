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
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct front {
    const struct job *job;
    pid_t keeper;
    int control; // -1: the keeper has gone
    int signals;
    int done; // eventfd of the sinks
    struct sink *sinks[2];
    int nsinks, nfinished;
    int code;
    char text[512]; // the job's one message
};

/* Standard input belongs to rank 0: were it open here too, its writer would not notice rank 0's end. */
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
resize(struct front *front)
{
    for (int i = 0; i < 2; i++)
        if (front->sinks[i])
            sink_resize(front->sinks[i]);
}

static void
on_signal(struct front *front)
{
    struct signalfd_siginfo info;
    if (read(front->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    int signal = (int)info.ssi_signo;
    if (front->control < 0) {
        // All has ended but the output's reader, which takes nothing.
        if (signal_ends(signal))
            _exit(front->code ? front->code : 128 + signal);
    } else {
        note_send(front->control, &(struct note){.kind = NOTE_SIGNAL, .value = signal}, NULL);
    }
    if (signal == SIGWINCH)
        resize(front);
    if (signal == SIGTSTP)
        stop_self(front, signal);
}

static void
add_stream(struct front *front, struct stream_id id, int fd)
{
    int output = id.output;
    if (!front->sinks[output]) {
        front->sinks[output] = sink_start(output + 1, front->job->options->tag, front->done);
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
        resize(front);
        break;
    case NOTE_DONE:
        front->code = note.value;
        snprintf(front->text, sizeof front->text, "%s", note.text);
        waitpid(front->keeper, NULL, 0); // with it the segment goes
        keeper_gone(front);
        break;
    case NOTE_SIGNAL:
    case NOTE_UNSTOPPED:
        break;
    }
}

/* Free the sinks; output that could not be written is a failure of its own. */
static void
finish_output(struct front *front)
{
    for (int i = 0; i < 2; i++) {
        bool mid_line = false;
        int error = front->sinks[i] ? sink_finish(front->sinks[i], &mid_line) : 0;
        if (mid_line && front->text[0])
            (void)!write(2, "\n", 1);
        if (error == 0 || error == EPIPE || error == EIO)
            continue;
        char text[160];
        snprintf(text, sizeof text, "cannot write standard %s: %s", i ? "error" : "output",
                 strerror(error));
        job_say(text);
        front->code = front->code ? front->code : 1;
    }
}

int
front_run(const struct job *job, int control, pid_t keeper)
{
    struct front front = {.job = job, .keeper = keeper, .control = control};
    front.signals = signalfd(-1, &job->taken, SFD_CLOEXEC | SFD_NONBLOCK);
    front.done = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE | EFD_NONBLOCK);
    leave_input();
    while (front.control >= 0 || front.nfinished < front.nsinks) {
        struct pollfd fds[] = {{.fd = front.control, .events = POLLIN},
                               {.fd = front.signals, .events = POLLIN},
                               {.fd = front.done, .events = POLLIN}};
        poll(fds, 3, -1);
        uint64_t count;
        if (fds[2].revents && read(front.done, &count, sizeof count) > 0)
            front.nfinished++;
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
