// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Ends of ranks in their order, and the verdict. */
#include "judge.h"

#include "signals.h"

#include <stdio.h>
#include <string.h>

enum { MAX_EVENTS = 4 };

struct event {
    enum { NOTHING, END, ABORTED, MARKED, TOLD, KILLED, TIMED_OUT } what;
    struct ending ending; // ABORTED and MARKED: a rank writes its failure into the segment
};

struct row {
    const char *name;
    struct event events[MAX_EVENTS];
    int cause_at; // the event that gives the job its cause, -1: none
    int code;
    const char *message;
};

#define EXIT(r, c, t)                                                                              \
    {                                                                                              \
        END,                                                                                       \
        {                                                                                          \
            .rank = r, .code = c, .at = t                                                          \
        }                                                                                          \
    }
#define LEAVE(r, c, t)                                                                             \
    {                                                                                              \
        END,                                                                                       \
        {                                                                                          \
            .rank = r, .code = c, .joined = true, .at = t                                          \
        }                                                                                          \
    }
#define KILL(r, s, t)                                                                              \
    {                                                                                              \
        END,                                                                                       \
        {                                                                                          \
            .rank = r, .code = s, .signaled = true, .at = t                                        \
        }                                                                                          \
    }
#define FATAL(r, s, t)                                                                             \
    {                                                                                              \
        END,                                                                                       \
        {                                                                                          \
            .rank = r, .code = s, .signaled = true, .joined = true, .at = t                        \
        }                                                                                          \
    }
#define STARVE(r, t)                                                                               \
    {                                                                                              \
        END,                                                                                       \
        {                                                                                          \
            .rank = r, .code = 9, .signaled = true, .out_of_memory = true, .at = t                 \
        }                                                                                          \
    }
#define ABORT(r, c)                                                                                \
    {                                                                                              \
        ABORTED,                                                                                   \
        {                                                                                          \
            .rank = r, .code = c                                                                   \
        }                                                                                          \
    }
#define MARK(r, c)                                                                                 \
    {                                                                                              \
        MARKED,                                                                                    \
        {                                                                                          \
            .rank = r, .code = c                                                                   \
        }                                                                                          \
    }
#define SIGNAL(s)                                                                                  \
    {                                                                                              \
        TOLD,                                                                                      \
        {                                                                                          \
            .code = s                                                                              \
        }                                                                                          \
    }
#define FORCE(t)                                                                                   \
    {                                                                                              \
        KILLED,                                                                                    \
        {                                                                                          \
            .at = t                                                                                \
        }                                                                                          \
    }
#define EXPIRE(t)                                                                                  \
    {                                                                                              \
        TIMED_OUT,                                                                                 \
        {                                                                                          \
            .at = t                                                                                \
        }                                                                                          \
    }

static const struct row rows[] = {
    {"all is well", {EXIT(0, 0, 1), EXIT(1, 0, 1)}, -1, 0, ""},
    {"an exit code of a program without MPI, or after finalize",
     {EXIT(1, 3, 0.25), EXIT(0, 4, 1)},
     -1,
     3,
     "rank 1 exited with code 3 after 0.25 s"},
    {"left without finalize",
     {LEAVE(2, 7, 1.25), LEAVE(0, 1, 1.5)},
     0,
     7,
     "rank 2 exited with code 7 without calling MPI_Finalize after 1.2 s"},
    {"left within a session",
     {{END, {.rank = 1, .code = 0, .joined = true, .session = true, .at = 2}}},
     0,
     1,
     "rank 1 exited with code 0 without calling MPI_Session_finalize after 2.0 s"},
    {"left without finalize, with code 0",
     {LEAVE(0, 0, 150)},
     0,
     1,
     "rank 0 exited with code 0 without calling MPI_Finalize after 150 s"},
    {"killed",
     {FATAL(1, SIGSEGV, 2), FATAL(0, SIGKILL, 5)},
     0,
     139,
     "rank 1 was killed by signal 11 (SIGSEGV, Segmentation fault) after 2.0 s"},
    {"killed, without MPI",
     {KILL(1, SIGKILL, 2)},
     0,
     137,
     "rank 1 was killed by signal 9 (SIGKILL, Killed) after 2.0 s"},
    {"out of memory",
     {STARVE(1, 2)},
     0,
     137,
     "rank 1 was killed by signal 9 (SIGKILL, Killed): out of memory, after 2.0 s"},
    {"an early code, then a failure",
     {EXIT(1, 3, 1), KILL(0, SIGABRT, 2)},
     1,
     3,
     "rank 1 exited with code 3 after 1.0 s; "
     "rank 0 was killed by signal 6 (SIGABRT, Aborted) after 2.0 s"},
    {"abort, another rank's end is seen first",
     {ABORT(3, 5), LEAVE(0, 1, 1), LEAVE(3, 5, 1)},
     1,
     5,
     "rank 3 called MPI_Abort with code 5 after 1.0 s"},
    {"abort with 0",
     {ABORT(0, 0), LEAVE(0, 0, 1)},
     1,
     1,
     "rank 0 called MPI_Abort with code 0 after 1.0 s"},
    {"abort with 256",
     {ABORT(0, 256), LEAVE(0, 0, 1)},
     1,
     1,
     "rank 0 called MPI_Abort with code 256 after 1.0 s"},
    {"marked failed by its exit handler, another rank's end is seen first",
     {MARK(2, 1), LEAVE(0, 9, 1), LEAVE(2, 4, 2)},
     1,
     4,
     "rank 2 exited with code 4 without calling MPI_Finalize after 2.0 s"},
    {"marked failed, and its end is seen",
     {MARK(2, 1), LEAVE(2, 1, 2)},
     1,
     1,
     "rank 2 exited with code 1 without calling MPI_Finalize after 2.0 s"},
    {"interrupted",
     {SIGNAL(SIGINT), FATAL(0, SIGINT, 1)},
     1,
     130,
     "rank 0 was killed by signal 2 (SIGINT, Interrupt) after 1.0 s; "
     "mpiexec had received signal 2 (SIGINT, Interrupt)"},
    {"interrupted, and all leave in order", {SIGNAL(SIGINT), EXIT(0, 0, 1)}, -1, 0, ""},
    {"told to end, and no rank heeds it",
     {SIGNAL(SIGTERM), FORCE(5), KILL(0, 9, 5)},
     1,
     143,
     "the job was ended by signal 15 (SIGTERM, Terminated) after 5.0 s"},
    {"timeout",
     {EXIT(1, 3, 1), EXPIRE(2), KILL(0, 9, 5)},
     1,
     124,
     "rank 1 exited with code 3 after 1.0 s; the job was ended after 2.0 s (--timeout 2)"},
    {"timeout too late",
     {KILL(0, 9, 1), EXPIRE(2)},
     0,
     137,
     "rank 0 was killed by signal 9 (SIGKILL, Killed) after 1.0 s"},
};

/* What the keeper does, with a variable for the segment's word. True if there is a cause now. */
static bool
play(struct judge *judge, struct failure *word, const struct event *event)
{
    switch (event->what) {
    case END: {
        struct failure failure = ending_failure(&event->ending);
        if (word->kind == FAILURE_NONE)
            *word = failure;
        return judge_end(judge, &event->ending, *word);
    }
    case ABORTED:
    case MARKED:
        word->kind = event->what == ABORTED ? FAILURE_ABORT : FAILURE_EXIT;
        word->rank = (uint16_t)event->ending.rank;
        word->code = event->ending.code;
        return false;
    case TOLD:
        judge->told = event->ending.code;
        return false;
    case KILLED:
        return judge_stop(judge, CAUSE_TOLD, event->ending.at);
    case TIMED_OUT:
        return judge_stop(judge, CAUSE_TIMEOUT, event->ending.at);
    case NOTHING:
        break;
    }
    return false;
}

static int
check(const struct row *row)
{
    struct judge judge = {.timeout = 2};
    struct failure word = {0};
    int cause_at = -1;
    char message[400];
    for (int i = 0; i < MAX_EVENTS; i++)
        if (play(&judge, &word, &row->events[i]))
            cause_at = i;
    judge_message(&judge, message, sizeof message);
    if (cause_at == row->cause_at && judge_code(&judge) == row->code &&
        strcmp(message, row->message) == 0)
        return 0;
    fprintf(stderr, "%s: cause at %d, code %d, \"%s\"\n", row->name, cause_at, judge_code(&judge),
            message);
    return 1;
}

int
main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    char small[16];
    judge_message(&(struct judge){.cause = CAUSE_TIMEOUT}, small, sizeof small);
    failed += strcmp(small, "the job was end") != 0;
    return failed != 0;
}
