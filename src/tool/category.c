// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Categories (MPI 5.0, 15.3.9): one with all the others in it, and in each of those its variables
 * and events. They never change. */

#include "tool/tool.h"

#include <string.h>

static const struct {
    const char *name, *text;
} categories[CATEGORIES] = {
    [CATEGORY_ALL] = {"muster", "all that the library tells of itself"},
    [CATEGORY_MESSAGES] = {"muster_messages", "point-to-point messages, and how they go"},
    [CATEGORY_WAITING] = {"muster_waiting", "how calls wait, and how long"},
    [CATEGORY_OBJECTS] = {"muster_objects", "what the program has made and not freed"},
    [CATEGORY_MEMORY] = {"muster_memory", "memory that ranks share"},
};

/* The indices of those of `all` whose category is `category`: at most `room` of them are put into
 * `indices`; returns how many there are. */
static int
members(int all, enum tool_category (*of)(int i), int category, int room, int *indices)
{
    int n = 0;
    for (int i = 0; i < all; i++) {
        if ((int)of(i) != category)
            continue;
        if (n < room)
            indices[n] = i;
        n++;
    }
    return n;
}

// All others are in the first.
static enum tool_category
parent(int i)
{
    return i == CATEGORY_ALL ? CATEGORIES : CATEGORY_ALL;
}

static int
check(int index)
{
    int err = tool_usable();
    if (err)
        return err;
    return index >= 0 && index < CATEGORIES ? MPI_SUCCESS : MPI_T_ERR_INVALID_INDEX;
}

int
PMPI_T_category_get_num(int *num_cat)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!num_cat)
        return MPI_T_ERR_INVALID;
    *num_cat = CATEGORIES;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_category_get_num, MPI_T_category_get_num);

int
PMPI_T_category_get_info(int cat_index, char *name, int *name_len, char *desc, int *desc_len,
                         int *num_cvars, int *num_pvars, int *num_categories)
{
    int err = check(cat_index);
    if (err)
        return err;
    give_string(categories[cat_index].name, name, name_len);
    give_string(categories[cat_index].text, desc, desc_len);
    give_int(members(cvar_number(), cvar_category, cat_index, 0, NULL), num_cvars);
    give_int(members(pvar_number(), pvar_category, cat_index, 0, NULL), num_pvars);
    give_int(members(CATEGORIES, parent, cat_index, 0, NULL), num_categories);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_category_get_info, MPI_T_category_get_info);

int
PMPI_T_category_get_num_events(int cat_index, int *num_events)
{
    int err = check(cat_index);
    if (err)
        return err;
    if (!num_events)
        return MPI_T_ERR_INVALID;
    *num_events = members(EVENT_KINDS, event_category, cat_index, 0, NULL);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_category_get_num_events, MPI_T_category_get_num_events);

int
PMPI_T_category_get_index(const char *name, int *cat_index)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!name || !cat_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < CATEGORIES; i++) {
        if (strcmp(name, categories[i].name) != 0)
            continue;
        *cat_index = i;
        return MPI_SUCCESS;
    }
    return MPI_T_ERR_INVALID_NAME;
}
weak_alias(PMPI_T_category_get_index, MPI_T_category_get_index);

static int
give_members(int category, int len, int *indices, int all, enum tool_category (*of)(int i))
{
    int err = check(category);
    if (err)
        return err;
    if (len < 0 || (len > 0 && !indices))
        return MPI_T_ERR_INVALID;
    members(all, of, category, len, indices);
    return MPI_SUCCESS;
}

int
PMPI_T_category_get_cvars(int cat_index, int len, int indices[])
{
    return give_members(cat_index, len, indices, cvar_number(), cvar_category);
}
weak_alias(PMPI_T_category_get_cvars, MPI_T_category_get_cvars);

int
PMPI_T_category_get_pvars(int cat_index, int len, int indices[])
{
    return give_members(cat_index, len, indices, pvar_number(), pvar_category);
}
weak_alias(PMPI_T_category_get_pvars, MPI_T_category_get_pvars);

int
PMPI_T_category_get_events(int cat_index, int len, int indices[])
{
    return give_members(cat_index, len, indices, EVENT_KINDS, event_category);
}
weak_alias(PMPI_T_category_get_events, MPI_T_category_get_events);

int
PMPI_T_category_get_categories(int cat_index, int len, int indices[])
{
    return give_members(cat_index, len, indices, CATEGORIES, parent);
}
weak_alias(PMPI_T_category_get_categories, MPI_T_category_get_categories);

int
PMPI_T_category_changed(int *update_number)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!update_number)
        return MPI_T_ERR_INVALID;
    *update_number = 0;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_category_changed, MPI_T_category_changed);
