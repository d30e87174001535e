// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* For unit tests: CHECK(condition) or CHECK(condition, format, values...) ends the process, with
 * the place and the values, when the condition does not hold. */
#ifndef MUSTER_BASE_UNIT_H
#define MUSTER_BASE_UNIT_H

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define CHECK(condition, ...)                                                                      \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, " " __VA_ARGS__))

__attribute__((noreturn, format(printf, 4, 5))) static inline void
check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "%s:%d: %s", file, line, condition);
    vfprintf(stderr, format, values);
    fprintf(stderr, "\n");
    va_end(values);
    fflush(stdout); // what the test has said before
    _exit(1);       // a forked child leaves the exit handlers to its parent
}

#endif
