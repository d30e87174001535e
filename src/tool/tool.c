// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "tool/tool.h"

#include <string.h>

static _Atomic int users; // MPI_T_init_thread minus MPI_T_finalize

int
tool_usable(void)
{
    if (atomic_load_explicit(&users, memory_order_relaxed) == 0)
        return MPI_T_ERR_NOT_INITIALIZED;
    if (atomic_load_explicit(&engine.state, memory_order_relaxed) == ENGINE_FORKED)
        return MPI_T_ERR_NOT_ACCESSIBLE; // another thread of the parent may have had the lock
    return MPI_SUCCESS;
}

int
tool_enter(void)
{
    int err = tool_usable();
    if (!err)
        engine_lock();
    return err;
}

int
PMPI_T_init_thread(int required, int *provided)
{
    (void)required;
    if (!provided)
        return MPI_T_ERR_INVALID;
    *provided = MPI_THREAD_MULTIPLE;
    atomic_fetch_add_explicit(&users, 1, memory_order_relaxed);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_init_thread, MPI_T_init_thread);

int
PMPI_T_finalize(void)
{
    int err = tool_enter();
    if (err)
        return err;
    if (atomic_fetch_sub_explicit(&users, 1, memory_order_relaxed) == 1) {
        pvar_end_all();
        event_end_all();
    }
    tool_leave();
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_finalize, MPI_T_finalize);

/* ---- objects ---- */

void *
tool_alloc(enum tool_kind kind)
{
    struct tool *tool = pool_alloc(HANDLE_TOOL, TOOL_SIZE);
    if (tool)
        tool->kind = kind;
    return tool;
}

void
tool_free(void *object)
{
    pool_free(HANDLE_TOOL, object);
}

void *
tool_get(enum tool_kind kind, const void *handle)
{
    struct tool *tool = handle_get(HANDLE_TOOL, handle);
    return tool && tool->kind == kind ? tool : NULL;
}

/* ---- what is given out ---- */

void
give_string(const char *text, char *out, int *length)
{
    if (!length)
        return;
    if (out && *length > 0) {
        size_t n = min_size(strlen(text), (size_t)*length - 1);
        memcpy(out, text, n);
        out[n] = '\0';
    }
    *length = (int)strlen(text) + 1;
}

// Its levels are the tool's business: nothing here looks at them (MPI 5.0, 15.2.4).
int
PMPI_Pcontrol(const int level, ...)
{
    (void)level;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Pcontrol, MPI_Pcontrol);
