// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Finding a program's file, and saying why it cannot be run. */
#ifndef MUSTER_LAUNCHER_PROGRAM_H
#define MUSTER_LAUNCHER_PROGRAM_H

#include "base/base.h"

enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

/* Where to look for a program. */
struct place {
    const char *wdir; // ranks change to it first: what is relative is relative to it; or NULL
    const char *path; // looked through before PATH; or NULL
    const char *PATH; // the ranks' PATH; NULL: the usual directories
};

/*
 * The file to execute for `name`, in the manner of a shell: a name with a '/' is a path, others are
 * looked for in the place's directories and at last in the working directory. Returns 0 and the
 * file (size m), or an exit code and a sentence in `why` (size n).
 */
int program_find(const char *name, const struct place *place, char *file, size_t m, char *why,
                 size_t n);

/* The same exit code and sentence for a file that execve refused with `error`. */
int program_explain(const char *file, int error, char *why, size_t n);

/* Could a shell run this file, for which execve gave ENOEXEC? (It is text without "#!".) */
bool program_is_script(const char *file, const char *wdir);

#endif
