// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Which end of a rank fails the job, what mpiexec returns and what it says. Nothing here touches a
 * process: the keeper tells what it sees and asks for the verdict.
 *
 * A rank fails the job when it is killed by a signal, or when it has joined (MPI_Init, or a
 * session) and its process ends before MPI_Finalize, whatever its exit code. A non-zero exit code
 * of a rank that has finalized or never joined is kept for mpiexec's own exit code and ends no one
 * else.
 */
#ifndef MUSTER_LAUNCHER_JUDGE_H
#define MUSTER_LAUNCHER_JUDGE_H

#include "shm/segment.h"

enum { EXIT_TIMEOUT = 124 };

/* The end of a rank's process. */
struct ending {
    int rank;
    int code;           // exit code or signal number
    bool signaled;      // killed by a signal
    bool joined;        // between MPI_Init and MPI_Finalize, or in a session
    bool session;       // in a session only
    bool out_of_memory; // and the kernel did it for want of memory
    double at;          // seconds after the job's start
};

enum cause {
    CAUSE_NONE,
    CAUSE_RANK,    // the culprit's process ended
    CAUSE_ABORT,   // the culprit called MPI_Abort
    CAUSE_TOLD,    // the launcher was told to end the job, and had to kill for it
    CAUSE_TIMEOUT, // --timeout
    CAUSE_FAMILY,  // a job that it spawned, or that spawned it
};

struct judge {
    enum cause cause;
    bool provisional;      // the culprit has published its failure and has not ended yet
    bool has_early;        // a rank ended with another code than 0 before there was a cause
    int told;              // the signal that told the launcher to end the job, or 0
    struct ending culprit; // of CAUSE_RANK and CAUSE_ABORT; `at` is set for every cause
    struct ending early;
    int family; // exit code of a spawned job that was not 0
    double timeout;
};

/* What the end of a rank means for the others; kind FAILURE_NONE: nothing. */
struct failure ending_failure(const struct ending *ending);

/* A rank has ended; `published` is the segment's failure word after ending_failure's was tried.
 * True if this gave the job its cause: the others are to be ended. */
bool judge_end(struct judge *judge, const struct ending *ending, struct failure published);

/* The launcher ends the job, by --timeout or because a signal's grace is over. False if the job
 * has a cause already. */
bool judge_stop(struct judge *judge, enum cause cause, double at);

/* mpiexec's exit code, once all ranks have ended. */
int judge_code(const struct judge *judge);

/* The one message, without a newline; empty if the exit code is 0. */
void judge_message(const struct judge *judge, char *text, size_t n);

#endif
