// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Arguments looked at before they are used. Each returns MPI_SUCCESS or a code whose text holds the
 * value. The look-ups give a null pointer where they fail.
 */
#ifndef MUSTER_CORE_CHECK_H
#define MUSTER_CORE_CHECK_H

#include "core/error.h"
#include "core/object.h"

/* The error of a handle that names no live object of the wanted kind: says what it is instead (a
 * null handle, one of another kind, a freed one). */
int handle_error(enum handle_kind wanted, const void *handle) cold;

/* The errors of an argument that must not be NULL, or not be negative. */
int null_error(const char *argument) cold;
int negative_error(int errclass, const char *argument, MPI_Count value) cold;

/* The error of a datatype that was not committed. */
int uncommitted_error(const struct type *type) cold;

static inline int
comm_find(MPI_Comm handle, struct comm **comm)
{
    *comm = comm_get(handle);
    return likely(*comm) ? MPI_SUCCESS : handle_error(HANDLE_COMM, handle);
}

static inline int
type_find(MPI_Datatype handle, struct type **type)
{
    *type = type_get(handle);
    return likely(*type) ? MPI_SUCCESS : handle_error(HANDLE_TYPE, handle);
}

/* The same, for data that moves. */
static inline int
type_find_committed(MPI_Datatype handle, struct type **type)
{
    int err = type_find(handle, type);
    return likely(err || (*type)->committed) ? err : uncommitted_error(*type);
}

static inline int
op_find(MPI_Op handle, struct op **op)
{
    *op = op_get(handle);
    return likely(*op) ? MPI_SUCCESS : handle_error(HANDLE_OP, handle);
}

static inline int
group_find(MPI_Group handle, struct group **group)
{
    *group = group_get(handle);
    return likely(*group) ? MPI_SUCCESS : handle_error(HANDLE_GROUP, handle);
}

static inline int
errhandler_find(MPI_Errhandler handle, struct errhandler **errhandler)
{
    *errhandler = errhandler_get(handle);
    return likely(*errhandler) ? MPI_SUCCESS : handle_error(HANDLE_ERRHANDLER, handle);
}

static inline int
session_find(MPI_Session handle, struct session **session)
{
    *session = session_get(handle);
    return likely(*session) ? MPI_SUCCESS : handle_error(HANDLE_SESSION, handle);
}

static inline int
file_find(MPI_File handle, struct file **file)
{
    *file = file_get(handle);
    return likely(*file) ? MPI_SUCCESS : handle_error(HANDLE_FILE, handle);
}

static inline int
win_find(MPI_Win handle, struct win **win)
{
    *win = win_get(handle);
    return likely(*win) ? MPI_SUCCESS : handle_error(HANDLE_WIN, handle);
}

static inline int
check_pointer(const void *pointer, const char *argument)
{
    return likely(pointer) ? MPI_SUCCESS : null_error(argument);
}

static inline int
check_count(MPI_Count count, const char *argument)
{
    return likely(count >= 0) ? MPI_SUCCESS : negative_error(MPI_ERR_COUNT, argument, count);
}

#endif
