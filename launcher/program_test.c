// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Which file a name stands for, and what is said where there is none. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct row {
    const char *name;
    struct place place;
    int code;
    const char *text; // the file, or a part of the sentence
};

/* In a folder that has bin/tool, bin/plain (not executable), other/tool, here, script.py, dir/. */
static const struct row rows[] = {
    {"tool", {.PATH = "nowhere:bin:other"}, 0, "bin/tool"},
    {"tool", {.PATH = "bin", .path = "other"}, 0, "other/tool"},
    {"tool", {.PATH = "bin", .path = "nowhere"}, 0, "bin/tool"},
    {"here", {.PATH = "bin"}, 0, "./here"},
    {"here", {.PATH = "bin:"}, 0, "./here"},
    {"sh", {.PATH = NULL}, 0, "/bin/sh"},
    {"./here", {.PATH = "bin"}, 0, "./here"},
    {"./tool", {.wdir = "other", .PATH = ""}, 0, "./tool"},
    {"tool", {.wdir = "other", .PATH = "nowhere"}, 0, "./tool"},
    {"bin/tool", {.wdir = "other"}, 127, "cannot run 'bin/tool': No such file or directory"},
    {"missing", {.PATH = "bin"}, 127, "cannot run 'missing': no such program in PATH or in the"},
    {"plain", {.PATH = "bin"}, 126, "cannot run 'plain': Permission denied"},
    {"./script.py", {.PATH = "bin"}, 126, "Permission denied (a Python file runs as: mpiexec"},
    {"./dir", {.PATH = "bin"}, 126, "cannot run './dir': Is a directory"},
    {"here/x", {.PATH = "bin"}, 127, "cannot run 'here/x': Not a directory"},
    {"here",
     {.wdir = "nowhere"},
     126,
     "cannot enter the working directory 'nowhere': No such file"},
    {"here", {.wdir = "here"}, 126, "cannot enter the working directory 'here': Not a directory"},
};

static void
make_file(const char *name, mode_t mode, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0) {
        perror(name);
        exit(1);
    }
}

static void
make_folder(void)
{
    static const char *const dirs[] = {"bin", "other", "dir"};
    for (size_t i = 0; i < 3; i++)
        mkdir(dirs[i], 0700);
    make_file("bin/tool", 0700, "");
    make_file("bin/plain", 0600, "");
    make_file("other/tool", 0700, "");
    make_file("here", 0700, "echo hello\n");
    make_file("script.py", 0600, "");
}

static void
remove_folder(const char *root)
{
    static const char *const names[] = {"bin/tool",  "bin/plain", "other/tool", "here",
                                        "script.py", "bin",       "other",      "dir"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(names[i]);
    remove(root);
}

static int
check(const struct row *row)
{
    char file[200] = "", why[400] = "";
    int code = program_find(row->name, &row->place, file, sizeof file, why, sizeof why);
    bool good = code == row->code &&
                (code ? strstr(why, row->text) != NULL
                      : strcmp(file, row->text) == 0 || strcmp(file, "/usr/bin/sh") == 0);
    if (!good)
        fprintf(stderr, "%s: code %d, file '%s', %s\n", row->name, code, file, why);
    return !good;
}

int
main(void)
{
    char root[] = "/tmp/muster-program-test-XXXXXX";
    char why[200];
    int failed = 0;
    if (!mkdtemp(root) || chdir(root) != 0) {
        perror(root);
        return 1;
    }
    make_folder();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    failed += !program_is_script("here", NULL) || program_is_script("tool", "other");
    failed += program_explain("x", ENOENT, why, sizeof why) != 127 || !strstr(why, "interpreter");
    failed += program_explain("x", ENOEXEC, why, sizeof why) != 126 || !strstr(why, "format");
    remove_folder(root);
    return failed != 0;
}
