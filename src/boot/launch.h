// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A process starts a launcher: for a job that it spawns, or for itself, when it was started alone
 * and others are to meet it.
 *
 * The launcher is mpiexec, with the descriptor of a socket in MUSTER_LAUNCH instead of a command
 * line. It is nobody's child that the program could see: who starts it ends at once, without
 * SIGCHLD, and can only be waited for with __WCLONE. The plan goes to it through the socket: a
 * struct launch_head, then strings, each with its zero; what it has to say comes back as one struct
 * launch_reply.
 *
 *     for each program: ranks, working directory, directories to look in, number of variables,
 *     name and value of each, number of words, the words
 */
#ifndef MUSTER_BOOT_LAUNCH_H
#define MUSTER_BOOT_LAUNCH_H

#include "base/base.h"

enum launch_mode {
    LAUNCH_HOME = 1, // of the process that asks, which stays as it is
    LAUNCH_SPAWN,    // of the programs of the plan
};

struct launch_head {
    uint32_t mode;
    int32_t pid;     // of the process that asks
    uint64_t parent; // its job
    int32_t rank;    // and its rank there
    int32_t nprograms;
    uint64_t port;  // where the spawned rank 0 reports
    uint64_t bytes; // of the strings
    char errhandler[64];
};

struct launch_reply {
    int32_t code; // 0: it runs
    int32_t part; // the program that does not
    uint64_t job;
    char why[512];
};

struct launch {
    enum launch_mode mode;
    uint64_t parent, port;
    int rank, nprograms;
    const char *errhandler; // or NULL
    char *text;             // the strings, owned by the caller
    size_t bytes;
    int fd;
};

/* Start it and give it the plan. `launcher` is the file of the one that runs this job, or NULL: it
 * is looked for beside this library, and in PATH. 0, or -1 with one sentence in `why`. */
int launch_start(struct launch *launch, const char *launcher, char *why, size_t n);

/* Its reply; blocks. 0 or an errno value. Closes the socket. */
int launch_wait(struct launch *launch, struct launch_reply *reply);

#endif
