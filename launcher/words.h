// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A file of mpiexec arguments (MPI 5.0, section 11.5, -configfile). */
#ifndef MUSTER_LAUNCHER_WORDS_H
#define MUSTER_LAUNCHER_WORDS_H

#include "base/base.h"

struct words {
    char **word;  // NULL-terminated; the reader may overwrite its elements
    char **owned; // the same strings, for words_free
    int count;
};

/*
 * Read a file's words. Each line is one part of a command line, so that a ":" stands between two
 * lines' words; '#' starts a comment line, a '\' at a line's end continues it; quotes and '\' work
 * as in a shell. False if the file cannot be read or a quote stays open: `why` then says so.
 */
bool words_read(struct words *words, const char *path, char *why, size_t n);

void words_free(struct words *words);

#endif
