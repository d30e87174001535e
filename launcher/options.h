// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The command line as a plan of the job. */
#ifndef MUSTER_LAUNCHER_OPTIONS_H
#define MUSTER_LAUNCHER_OPTIONS_H

#include "words.h"

struct assignment {
    const char *name;
    const char *value; // NULL: the launcher's own value, if it has one
};

enum env_base { ENV_ALL, ENV_NONE, ENV_LIST };

/* What a program's environment is made of: a base, then assignments, the last one wins. */
struct env_plan {
    enum env_base base;
    const char *list; // of names, for ENV_LIST
    struct assignment *set;
    size_t count;
};

/* One part of the command line between two ":". */
struct program {
    int ranks;
    int part;    // its place among the programs
    char **argv; // NULL-terminated, part of the command line or of a -configfile
    const char *wdir;
    const char *path; // directories to look in before PATH
    struct env_plan env;
};

enum request { REQUEST_RUN, REQUEST_HELP, REQUEST_VERSION };

struct options {
    enum request request;
    struct program *programs;
    size_t nprograms;
    int nranks;       // of all programs
    const char *wdir; // of programs that name none
    struct env_plan env;
    const char *errhandler; // the standard's name, or NULL
    double timeout;         // seconds; 0: none
    bool tag;
    bool merge;         // standard error goes where standard output goes
    bool no_stdin;      // rank 0 reads nothing either
    const char *parent; // of spawned ranks, for the environment (boot/wire.h); NULL: not spawned
    struct words *files;
    size_t nfiles;
};

/*
 * Read the words of a command line, the program's name not among them. False if there is something
 * wrong: `why` then holds one sentence. Strings are borrowed from argv, which must outlive the
 * options and in which NULL replaces each ":". Call options_free in either case.
 */
bool options_parse(struct options *options, int argc, char **argv, char *why, size_t n);

void options_free(struct options *options);

#endif
