// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Errors inside the engine.
 *
 * Every function that can fail returns MPI_SUCCESS or a code. Who detects an error makes the code
 * with error_new, which keeps the text with its values; everyone above hands the code on; only the
 * MPI_ entry gives it to the error handler (errh/raise.h). A code made here carries its class in
 * the low bits and the number of its text above (MPI_Error_class and MPI_Error_string take either
 * a code or a class). Texts are kept for the last ERROR_TEXTS errors of the process.
 */
#ifndef MUSTER_CORE_ERROR_H
#define MUSTER_CORE_ERROR_H

#include "base/base.h"
#include "core/api.h"

#define ERROR_DYNAMIC    (1 << 30) // set in codes that have a text of their own
#define ERROR_CLASS_BITS 8
#define ERROR_TEXTS      1024

/* A code of class `errclass` (a predefined class) whose text is fmt. Any thread. */
int error_new(int errclass, const char *fmt, ...) printf_like(2, 3) cold;

/* Put "where: " before the text of a code that has one and has no place yet. `where` is kept, not
 * copied: a literal, the name of the MPI function. */
void error_place(int code, const char *where);

/* The predefined class of a code made here; any other code unchanged. */
static inline int
error_class(int code)
{
    return code & ERROR_DYNAMIC ? code & ((1 << ERROR_CLASS_BITS) - 1) : code;
}

/* Copy the text of a code or predefined class ("MPI_ERR_RANK: MPI_Send: rank 9 is ...") into
 * `text` (size n, always terminated); false if the code is unknown. */
bool error_text(int code, char *text, size_t n);

/* "MPI_ERR_RANK" of a predefined class, or NULL. */
const char *error_class_name(int errclass);

#endif
