// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* mpiexec, also installed as mpirun. */
#include "boot/wire.h"
#include "help.h"
#include "job.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

extern char **environ;

/* A copy of the arguments: the keeper overwrites the place where the kernel put them. */
static char **
copy_words(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof *copy);
    for (int i = 0; copy && i < argc; i++)
        if (!(copy[i] = strdup(argv[i])))
            return NULL;
    return copy;
}

static size_t
words_bytes(int argc, char **argv)
{
    return argc > 0 ? (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1 : 0;
}

/* Print and return 0, or 1 if standard output took it not. */
static int
print(void (*printer)(void))
{
    printer();
    return fflush(stdout) == 0 ? 0 : 1;
}

/* Started by a process in MPI. */
static int
run_plan(int fd, char *title, size_t bytes)
{
    static struct plan plan;
    static struct options options;
    if (!plan_read(&plan, fd, &options)) {
        plan_reply(&plan, EXIT_USAGE, 0, "the plan cannot be read");
        return EXIT_USAGE;
    }
    if (plan.head.mode == LAUNCH_HOME)
        return job_home(&options, title, bytes, &plan);
    int code = job_run(&options, environ, title, bytes, &plan);
    plan_reply(&plan, code ? code : 1, 0, "the launcher could not start the job");
    return code;
}

int
main(int argc, char **argv)
{
    struct options options;
    char why[1024];
    char **words = copy_words(argc, argv);
    const char *launch = getenv(WIRE_LAUNCH);
    if (argc < 1 || !words)
        return EXIT_USAGE;
    if (launch)
        return run_plan(atoi(launch), argv[0], words_bytes(argc, argv));
    if (!options_parse(&options, argc - 1, words + 1, why, sizeof why)) {
        job_say(why);
        return EXIT_USAGE;
    }
    switch (options.request) {
    case REQUEST_HELP:
        return print(help_print);
    case REQUEST_VERSION:
        return print(version_print);
    case REQUEST_RUN:
        break;
    }
    return job_run(&options, environ, argv[0], words_bytes(argc, argv), NULL);
}
