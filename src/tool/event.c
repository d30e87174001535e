// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The types of events, and their one source, the clock (MPI 5.0, 15.3.8). What is done with them is
 * in registration.c. */

#include "base/clock.h"
#include "info/info.h"
#include "tool/tool.h"

#include <string.h>

#define RANK(name)                                                                                 \
    {                                                                                              \
        name, MPI_INT, offsetof(struct event_data, rank)                                           \
    }
#define TAG                                                                                        \
    {                                                                                              \
        "tag", MPI_INT, offsetof(struct event_data, tag)                                           \
    }
#define AMOUNT(name)                                                                               \
    {                                                                                              \
        name, MPI_UNSIGNED_LONG_LONG, offsetof(struct event_data, amount)                          \
    }

static const struct event_element message[ELEMENTS] = {RANK("source"), TAG, AMOUNT("bytes")};
static const struct event_element waiting[ELEMENTS] = {RANK("peer"), TAG};
static const struct event_element woken[ELEMENTS] = {RANK("peer"), TAG, AMOUNT("nanoseconds")};

static const struct event_type types[EVENT_KINDS] = {
    [EVENT_UNEXPECTED] = {"muster_unexpected_message",
                          "a message has arrived that no receive waits for", CATEGORY_MESSAGES,
                          MPI_T_VERBOSITY_USER_DETAIL, message, 3},
    [EVENT_SLEEP] = {"muster_sleep",
                     "a thread goes to sleep in a call that waits for this peer and tag (or any, "
                     "or for what has none)",
                     CATEGORY_WAITING, MPI_T_VERBOSITY_USER_ALL, waiting, 2},
    [EVENT_WAKE] = {"muster_wake", "the thread is awake again, after so long", CATEGORY_WAITING,
                    MPI_T_VERBOSITY_USER_ALL, woken, 3},
    [EVENT_LARGE_BEGIN] = {"muster_large_begin",
                           "a message larger than a piece, or synchronous, has met its receive",
                           CATEGORY_MESSAGES, MPI_T_VERBOSITY_USER_DETAIL, message, 3},
    [EVENT_LARGE_END] = {"muster_large_end", "all of it is received", CATEGORY_MESSAGES,
                         MPI_T_VERBOSITY_USER_DETAIL, message, 3},
};

const struct event_type *
event_type_at(int index)
{
    return index >= 0 && index < EVENT_KINDS ? &types[index] : NULL;
}

enum tool_category
event_category(int i)
{
    return types[i].category;
}

/* ---- the source ---- */

// An info object without keys, into what may be NULL.
static int
give_info(MPI_Info *handle)
{
    if (!handle)
        return MPI_SUCCESS;
    engine_lock();
    struct info *info = info_new();
    if (info)
        *handle = (MPI_Info)handle_of(HANDLE_INFO, info);
    engine_unlock();
    return info ? MPI_SUCCESS : MPI_T_ERR_MEMORY;
}

int
PMPI_T_source_get_num(int *num_sources)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!num_sources)
        return MPI_T_ERR_INVALID;
    *num_sources = 1;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_source_get_num, MPI_T_source_get_num);

int
PMPI_T_source_get_info(int source_index, char *name, int *name_len, char *desc, int *desc_len,
                       MPI_T_source_order *ordering, MPI_Count *ticks_per_second,
                       MPI_Count *max_ticks, MPI_Info *info)
{
    int err = tool_usable();
    if (err)
        return err;
    if (source_index != 0)
        return MPI_T_ERR_INVALID_INDEX;
    give_string("muster_clock", name, name_len);
    give_string("the clock of MPI_Wtime, in nanoseconds", desc, desc_len);
    if (ordering)
        *ordering = MPI_T_SOURCE_ORDERED;
    if (ticks_per_second)
        *ticks_per_second = 1000000000;
    if (max_ticks)
        *max_ticks = INT64_MAX;
    return give_info(info);
}
weak_alias(PMPI_T_source_get_info, MPI_T_source_get_info);

int
PMPI_T_source_get_timestamp(int source_index, MPI_Count *timestamp)
{
    int err = tool_usable();
    if (err)
        return err;
    if (source_index != 0)
        return MPI_T_ERR_INVALID_INDEX;
    if (!timestamp)
        return MPI_T_ERR_INVALID;
    *timestamp = (MPI_Count)clock_ns();
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_source_get_timestamp, MPI_T_source_get_timestamp);

/* ---- types ---- */

int
PMPI_T_event_get_num(int *num_events)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!num_events)
        return MPI_T_ERR_INVALID;
    *num_events = EVENT_KINDS;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_event_get_num, MPI_T_event_get_num);

// As many as there is room for; *number becomes how many there are. Any pointer may be NULL.
static void
give_elements(const struct event_type *type, MPI_Datatype *datatypes, MPI_Aint *displacements,
              int *number)
{
    if (!number)
        return;
    for (int i = 0; i < type->count && i < *number; i++) {
        if (datatypes)
            datatypes[i] = type->elements[i].type;
        if (displacements)
            displacements[i] = (MPI_Aint)type->elements[i].at;
    }
    *number = type->count;
}

int
PMPI_T_event_get_info(int event_index, char *name, int *name_len, int *verbosity,
                      MPI_Datatype array_of_datatypes[], MPI_Aint array_of_displacements[],
                      int *num_elements, MPI_T_enum *enumtype, MPI_Info *info, char *desc,
                      int *desc_len, int *bind)
{
    const struct event_type *type = event_type_at(event_index);
    int err = tool_usable();
    if (err)
        return err;
    if (!type)
        return MPI_T_ERR_INVALID_INDEX;
    give_string(type->name, name, name_len);
    give_string(type->text, desc, desc_len);
    give_int(type->verbosity, verbosity);
    give_elements(type, array_of_datatypes, array_of_displacements, num_elements);
    give_int(MPI_T_BIND_NO_OBJECT, bind);
    if (enumtype)
        *enumtype = enum_handle(ENUM_EVENTS + event_index);
    return give_info(info);
}
weak_alias(PMPI_T_event_get_info, MPI_T_event_get_info);

int
PMPI_T_event_get_index(const char *name, int *event_index)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!name || !event_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (strcmp(name, types[i].name) != 0)
            continue;
        *event_index = i;
        return MPI_SUCCESS;
    }
    return MPI_T_ERR_INVALID_NAME;
}
weak_alias(PMPI_T_event_get_index, MPI_T_event_get_index);
