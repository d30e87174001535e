// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Enumerations (MPI 5.0, 15.3.5): of the states of MPI, then the names of each event's elements. */

#include "tool/tool.h"

static const char *const states[] = {[ENGINE_NEW] = "not initialized",
                                     [ENGINE_RUNNING] = "initialized",
                                     [ENGINE_FINALIZED] = "finalized",
                                     [ENGINE_FORKED] = "forked"};
#define STATES ((int)(sizeof states / sizeof *states))

// Its number, or -1.
static int
enum_of(MPI_T_enum handle)
{
    uintptr_t i = (uintptr_t)handle - ENUM_HANDLES;
    return i < ENUM_EVENTS + EVENT_KINDS ? (int)i : -1;
}

static int
items(int i)
{
    return i == ENUM_STATE ? STATES : event_type_at(i - ENUM_EVENTS)->count;
}

static const char *
item_name(int i, int item)
{
    return i == ENUM_STATE ? states[item] : event_type_at(i - ENUM_EVENTS)->elements[item].name;
}

int
PMPI_T_enum_get_info(MPI_T_enum enumtype, int *num, char *name, int *name_len)
{
    int i = enum_of(enumtype), err = tool_usable();
    if (err)
        return err;
    if (i < 0)
        return MPI_T_ERR_INVALID_HANDLE;
    give_int(items(i), num);
    give_string(i == ENUM_STATE ? "muster_state" : event_type_at(i - ENUM_EVENTS)->name, name,
                name_len);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_enum_get_info, MPI_T_enum_get_info);

int
PMPI_T_enum_get_item(MPI_T_enum enumtype, int index, int *value, char *name, int *name_len)
{
    int i = enum_of(enumtype), err = tool_usable();
    if (err)
        return err;
    if (i < 0)
        return MPI_T_ERR_INVALID_HANDLE;
    if (index < 0 || index >= items(i))
        return MPI_T_ERR_INVALID_INDEX;
    give_int(index, value);
    give_string(item_name(i, index), name, name_len);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_enum_get_item, MPI_T_enum_get_item);
