// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What an error code is and says. */
#ifndef ERRORS_H
#define ERRORS_H

#include "check.h"

#include <string.h>

static inline int
class_of(int code)
{
    int errclass = -1;
    MPI_Error_class(code, &errclass);
    return errclass;
}

/* Are both in its text? */
static inline int
says(int code, const char *a, const char *b)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n;
    MPI_Error_string(code, text, &n);
    return strstr(text, a) && strstr(text, b);
}

static inline void
check_text(int code, const char *part)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n;
    MPI_Error_string(code, text, &n);
    CHECK(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

#endif
