// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the programs about files have in common. */
#ifndef IO_TEMPORARY_H
#define IO_TEMPORARY_H

#include "check.h"

#include <string.h>
#include <unistd.h>

/* A name for a file that no other job has, the same in all ranks. */
static inline const char *
temporary(const char *what)
{
    static char name[256];
    int pid = (int)getpid();
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    snprintf(name, sizeof name, "/tmp/muster-%s-%d", what, pid);
    return name;
}

static inline int
class_of(int code)
{
    int errclass = -1;
    MPI_Error_class(code, &errclass);
    return errclass;
}

static inline const char *
text_of(int code)
{
    static char text[MPI_MAX_ERROR_STRING];
    int length;
    MPI_Error_string(code, text, &length);
    return text;
}

#define CHECK_OK(call)                                                                             \
    do {                                                                                           \
        int code_ = (call);                                                                        \
        CHECK(code_ == MPI_SUCCESS, "%s", text_of(code_));                                         \
    } while (0)

#define CHECK_FAILS(call, errclass)                                                                \
    do {                                                                                           \
        int code_ = (call);                                                                        \
        CHECK(class_of(code_) == (errclass), "%d: %s", class_of(code_), text_of(code_));           \
    } while (0)

static inline long long
count_of(const MPI_Status *status, MPI_Datatype type)
{
    MPI_Count count;
    MPI_Get_count_c(status, type, &count);
    return count;
}

#endif
