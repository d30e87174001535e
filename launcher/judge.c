// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "judge.h"

#include "signals.h"

#include <stdarg.h>
#include <stdio.h>

struct failure
ending_failure(const struct ending *ending)
{
    struct failure failure = {.kind = FAILURE_NONE,
                              .rank = (unsigned)ending->rank & (MAX_RANKS - 1),
                              .code = ending->code};
    if (ending->signaled)
        failure.kind = FAILURE_SIGNAL;
    else if (ending->joined)
        failure.kind = FAILURE_EXIT;
    return failure;
}

/* Take the cause from the failure word: somebody's failure, first of all. */
static void
name_culprit(struct judge *judge, const struct ending *ending, struct failure published)
{
    judge->cause = published.kind == FAILURE_ABORT ? CAUSE_ABORT : CAUSE_RANK;
    judge->culprit = *ending;
    if (judge->cause == CAUSE_ABORT) {
        judge->culprit.rank = published.rank;
        judge->culprit.code = published.code;
    } else if (published.rank != ending->rank) {
        judge->provisional = true;
        judge->culprit = (struct ending){.rank = published.rank,
                                         .code = published.code,
                                         .signaled = published.kind == FAILURE_SIGNAL,
                                         .joined = true,
                                         .at = ending->at};
    }
}

bool
judge_end(struct judge *judge, const struct ending *ending, struct failure published)
{
    if (judge->provisional && judge->culprit.rank == ending->rank) {
        judge->provisional = false;
        judge->culprit = *ending;
    }
    if (judge->cause != CAUSE_NONE)
        return false;
    if (published.kind == FAILURE_NONE || published.kind == FAILURE_ENDED) {
        if (ending->code != 0 && !judge->has_early) {
            judge->has_early = true;
            judge->early = *ending;
        }
        return false;
    }
    name_culprit(judge, ending, published);
    return true;
}

bool
judge_stop(struct judge *judge, enum cause cause, double at)
{
    if (judge->cause != CAUSE_NONE)
        return false;
    judge->cause = cause;
    judge->culprit.at = at;
    return true;
}

static int
ending_code(const struct ending *ending)
{
    if (ending->signaled)
        return 128 + ending->code;
    return ending->code ? ending->code : 1;
}

int
judge_code(const struct judge *judge)
{
    if (judge->cause == CAUSE_TIMEOUT)
        return EXIT_TIMEOUT;
    if (judge->has_early)
        return ending_code(&judge->early);
    switch (judge->cause) {
    case CAUSE_RANK:
        return ending_code(&judge->culprit);
    case CAUSE_ABORT:
        return judge->culprit.code & 255 ? judge->culprit.code & 255 : 1;
    case CAUSE_TOLD:
        return 128 + judge->told;
    case CAUSE_NONE:
    case CAUSE_FAMILY:
    case CAUSE_TIMEOUT:
        break;
    }
    return judge->family;
}

struct text {
    char *s;
    size_t n;
    size_t len;
};

static void printf_like(2, 3) say(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(t->s + t->len, t->n - t->len, format, args);
    va_end(args);
    t->len = min_size(t->len + (size_t)len, t->n - 1);
}

static void
say_time(struct text *t, double at)
{
    say(t, " after %.*f s", at < 1 ? 2 : at < 100 ? 1 : 0, at);
}

static void
say_signal(struct text *t, const char *before, int signal)
{
    char name[80];
    signal_describe(signal, name, sizeof name);
    say(t, "%s signal %d (%s)", before, signal, name);
}

static void
say_ending(struct text *t, const struct ending *ending)
{
    say(t, "rank %d ", ending->rank);
    if (ending->signaled)
        say_signal(t, "was killed by", ending->code);
    else
        say(t, "exited with code %d", ending->code);
    if (ending->out_of_memory)
        say(t, ": out of memory,");
    if (ending->joined && !ending->signaled)
        say(t, " without calling %s", ending->session ? "MPI_Session_finalize" : "MPI_Finalize");
    say_time(t, ending->at);
}

void
judge_message(const struct judge *judge, char *text, size_t n)
{
    struct text t = {.s = text, .n = n};
    text[0] = '\0';
    if (judge->has_early) {
        say_ending(&t, &judge->early);
        if (judge->cause != CAUSE_NONE)
            say(&t, "; ");
    }
    switch (judge->cause) {
    case CAUSE_NONE:
    case CAUSE_FAMILY: // its launcher says it
        break;
    case CAUSE_RANK:
        say_ending(&t, &judge->culprit);
        break;
    case CAUSE_ABORT:
        say(&t, "rank %d called MPI_Abort with code %d", judge->culprit.rank, judge->culprit.code);
        say_time(&t, judge->culprit.at);
        break;
    case CAUSE_TOLD:
        say_signal(&t, "the job was ended by", judge->told);
        say_time(&t, judge->culprit.at);
        break;
    case CAUSE_TIMEOUT:
        say(&t, "the job was ended");
        say_time(&t, judge->culprit.at);
        say(&t, " (--timeout %g)", judge->timeout);
        break;
    }
    if (t.len && judge->told && judge->cause != CAUSE_TOLD)
        say_signal(&t, "; mpiexec had received", judge->told);
}
