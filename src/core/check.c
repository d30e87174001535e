// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/check.h"

static const struct kind {
    int errclass;
    const char *name;     // with its article
    const char *null;     // the name of its null handle
    uintptr_t null_value; // MPI 5.0, appendix A: the null handle is the first of its kind
    uintptr_t last;       // that a predefined handle of this kind can be
} kinds[HANDLE_KINDS] = {
    [HANDLE_COMM] = {MPI_ERR_COMM, "a communicator", "MPI_COMM_NULL", 0x100, 0x107},
    [HANDLE_GROUP] = {MPI_ERR_GROUP, "a group", "MPI_GROUP_NULL", 0x108, 0x10f},
    [HANDLE_TYPE] = {MPI_ERR_TYPE, "a datatype", "MPI_DATATYPE_NULL", 0x200, 0x3ff},
    [HANDLE_OP] = {MPI_ERR_OP, "a reduction operation", "MPI_OP_NULL", 0x20, 0x3f},
    [HANDLE_REQUEST] = {MPI_ERR_REQUEST, "a request", "MPI_REQUEST_NULL", 0x180, 0x187},
    [HANDLE_MESSAGE] = {MPI_ERR_REQUEST, "a message", "MPI_MESSAGE_NULL", 0x128, 0x12f},
    [HANDLE_ERRHANDLER] = {MPI_ERR_ERRHANDLER, "an error handler", "MPI_ERRHANDLER_NULL", 0x140,
                           0x147},
    [HANDLE_INFO] = {MPI_ERR_INFO, "an info object", "MPI_INFO_NULL", 0x130, 0x137},
    [HANDLE_WIN] = {MPI_ERR_WIN, "a window", "MPI_WIN_NULL", 0x110, 0x117},
    [HANDLE_FILE] = {MPI_ERR_FILE, "a file", "MPI_FILE_NULL", 0x118, 0x11f},
    [HANDLE_SESSION] = {MPI_ERR_SESSION, "a session", "MPI_SESSION_NULL", 0x120, 0x127},
    [HANDLE_TOOL] = {MPI_T_ERR_INVALID_HANDLE, "the tool interface", "NULL", 0, 0},
};

// The kind that a value claims to be by its form, live or not; NULL if none.
static const struct kind *
kind_of(uintptr_t handle)
{
    for (int k = 1; handle < 4096 && k < HANDLE_KINDS; k++)
        if (handle >= kinds[k].null_value && handle <= kinds[k].last)
            return &kinds[k];
    uint32_t low = (uint32_t)handle, kind = low >> HANDLE_INDEX_BITS;
    uint32_t index = low & ((1u << HANDLE_INDEX_BITS) - 1);
    if (handle < 4096 || kind == 0 || kind >= HANDLE_KINDS || index >= pools[kind].count)
        return NULL;
    return &kinds[kind];
}

int
handle_error(enum handle_kind wanted, const void *handle)
{
    uintptr_t h = (uintptr_t)handle;
    const struct kind *want = &kinds[wanted], *is = kind_of(h);
    if (h == 0)
        return error_new(want->errclass, "a null pointer is not %s", want->name);
    if (h == want->null_value)
        return error_new(want->errclass, "%s is not %s that can be used here", want->null,
                         want->name);
    if (is == want && h >= 4096)
        return error_new(want->errclass, "the handle 0x%zx is that of %s that was freed", (size_t)h,
                         want->name);
    if (is && is != want)
        return error_new(want->errclass, "the handle 0x%zx is that of %s, not of %s", (size_t)h,
                         is->name, want->name);
    return error_new(want->errclass, "0x%zx is not the handle of %s", (size_t)h, want->name);
}

int
null_error(const char *argument)
{
    return error_new(MPI_ERR_ARG, "the argument %s is a null pointer", argument);
}

int
negative_error(int errclass, const char *argument, MPI_Count value)
{
    return error_new(errclass, "the argument %s is negative: %lld", argument, (long long)value);
}

int
uncommitted_error(const struct type *type)
{
    return error_new(MPI_ERR_TYPE, "%s is not committed (MPI_Type_commit)",
                     type->name ? type->name : type->label);
}
