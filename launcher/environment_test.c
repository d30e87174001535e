// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What becomes of an environment. */
#include "environment.h"

#include <stdio.h>
#include <string.h>

struct row {
    const char *name;
    const char *from[12];
    struct env_plan global, local;
    const char *errhandler;
    size_t parts;
    int part, ranks;
    const char *result; // joined by spaces
};

static struct assignment set_a[] = {{"A", "1"}};
static struct assignment set_a_again[] = {{"A", "2"}, {"A", "3"}};
static struct assignment equals[] = {{"A=x=y", "x=y"}};
static struct assignment export[] = {{"B", NULL}, {"NONE", NULL}};
static struct assignment rank[] = {{"PMI_RANK", "9"}};

static const struct row rows[] = {
    {.name = "as it was", .from = {"A=0", "B=b", "C="}, .result = "A=0 B=b C="},
    {.name = "set anew and replaced",
     .from = {"A=0", "B=b"},
     .global = {.set = set_a, .count = 1},
     .local = {.set = set_a_again, .count = 2},
     .result = "A=3 B=b"},
    {.name = "added", .from = {"AA=0"}, .local = {.set = set_a, .count = 1}, .result = "AA=0 A=1"},
    {.name = "a value with '='",
     .from = {"B=b"},
     .local = {.set = equals, .count = 1},
     .result = "B=b A=x=y"},
    {.name = "nothing but what is named",
     .from = {"A=0", "B=b"},
     .local = {.base = ENV_NONE, .set = export, .count = 2},
     .result = "B=b"},
    {.name = "a list, for all",
     .from = {"A=0", "AB=1", "B=b"},
     .global = {.base = ENV_LIST, .list = "B,A,ZZ"},
     .result = "A=0 B=b"},
    {.name = "a program's own base wins",
     .from = {"A=0", "B=b"},
     .global = {.base = ENV_NONE},
     .local = {.base = ENV_LIST, .list = "B"},
     .result = "B=b"},
    {.name = "what other launchers said",
     .from = {"PMI_RANK=3", "PMIX_NAMESPACE=x", "OMPI_COMM_WORLD_RANK=3", "OMPI_UNIVERSE_SIZE=4",
              "MUSTER_JOB=1:2:3:4:5:6", "MUSTER_ERRHANDLER=mpi_errors_return", "PMI=kept",
              "OMPI_MCA_btl=kept", "MUSTER_JOBS=kept", "MPI_LOCALRANKID=3"},
     .result = "PMI=kept OMPI_MCA_btl=kept MUSTER_JOBS=kept"},
    {.name = "set by hand, such a name stays",
     .from = {"PMI_RANK=3"},
     .local = {.set = rank, .count = 1},
     .result = "PMI_RANK=9"},
    {.name = "empty", .from = {NULL}, .result = ""},
    {.name = "error handler",
     .from = {"A=0"},
     .errhandler = "mpi_errors_abort",
     .result = "A=0 MUSTER_ERRHANDLER=mpi_errors_abort"},
    {.name = "the part of the command line; not that of another job",
     .from = {"A=0", "MUSTER_PART=7:1"},
     .parts = 3,
     .part = 2,
     .ranks = 12,
     .result = "A=0 MUSTER_PART=2:12"},
    {.name = "the first part",
     .from = {"A=0"},
     .parts = 2,
     .ranks = 5,
     .result = "A=0 MUSTER_PART=0:5"},
    {.name = "the only part",
     .from = {"A=0", "MUSTER_PART=7:1"},
     .parts = 1,
     .ranks = 5,
     .result = "A=0"},
};

static int
check(const struct row *row)
{
    struct options options = {
        .env = row->global, .errhandler = row->errhandler, .nprograms = row->parts};
    struct program program = {.env = row->local, .part = row->part, .ranks = row->ranks};
    char text[1000] = "";
    char **env = environment_make(&options, &program, (char **)(uintptr_t)row->from);
    for (char **entry = env + 1; *entry; entry++) {
        strncat(text, *entry, sizeof text - strlen(text) - 1);
        strncat(text, entry[1] ? " " : "", sizeof text - strlen(text) - 1);
    }
    const char *b = environment_get(env + 1, "B");
    bool good = strcmp(text, row->result) == 0 && (b != NULL) == (strstr(text, "B=b") != NULL);
    if (!good)
        fprintf(stderr, "%s: %s\n", row->name, text);
    environment_free(env);
    return !good;
}

int
main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    return failed != 0;
}
