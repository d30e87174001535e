// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "info/info.h"

#include "core/check.h"

#include <stdlib.h>
#include <string.h>

struct info *
info_new(void)
{
    return pool_alloc(HANDLE_INFO, sizeof(struct info));
}

void
info_end(struct info *info)
{
    for (int i = 0; i < info->count; i++) {
        free(info->pairs[i].key);
        free(info->pairs[i].value);
    }
    free(info->pairs);
    pool_free(HANDLE_INFO, info);
}

int
info_begin(struct info **info)
{
    *info = info_new();
    return *info ? MPI_SUCCESS : error_new(MPI_ERR_NO_MEM, "no memory for another info object");
}

int
info_give(struct info *info, int err, MPI_Info *handle)
{
    if (err)
        info_end(info);
    else
        *handle = (MPI_Info)handle_of(HANDLE_INFO, info);
    return err;
}

// MPI_INFO_ENV's pairs are looked up when they are first asked for, and then stay.
static int
find_environment(struct info **info)
{
    static struct info environment;
    *info = &environment;
    return environment.count ? MPI_SUCCESS : info_put_environment(&environment, 0, NULL);
}

int
info_find(MPI_Info handle, struct info **info)
{
    if (handle == MPI_INFO_ENV)
        return find_environment(info);
    *info = handle_get(HANDLE_INFO, handle);
    return *info ? MPI_SUCCESS : handle_error(HANDLE_INFO, handle);
}

static struct info_pair *
find_pair(const struct info *info, const char *key)
{
    for (int i = 0; i < info->count; i++)
        if (strcmp(info->pairs[i].key, key) == 0)
            return &info->pairs[i];
    return NULL;
}

const char *
info_value(const struct info *info, const char *key)
{
    const struct info_pair *pair = find_pair(info, key);
    return pair ? pair->value : NULL;
}

static struct info_pair *
add_pair(struct info *info, const char *key)
{
    if (info->count == info->room) {
        int room = info->room ? 2 * info->room : 8;
        struct info_pair *pairs = realloc(info->pairs, (size_t)room * sizeof *pairs);
        if (!pairs)
            return NULL;
        info->pairs = pairs;
        info->room = room;
    }
    struct info_pair *pair = &info->pairs[info->count];
    pair->value = NULL;
    pair->key = strdup(key);
    if (!pair->key)
        return NULL;
    info->count++;
    return pair;
}

static int
no_memory(const char *key)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for the value of key '%s'", key);
}

int
info_put(struct info *info, const char *key, const char *value)
{
    size_t nkey = strlen(key), nvalue = strlen(value);
    if (nkey == 0 || nkey >= MPI_MAX_INFO_KEY)
        return error_new(MPI_ERR_INFO_KEY, "the key has %zu characters; 1 to %d are allowed", nkey,
                         MPI_MAX_INFO_KEY - 1);
    if (nvalue >= MPI_MAX_INFO_VAL)
        return error_new(MPI_ERR_INFO_VALUE,
                         "the value of key '%s' has %zu characters; at most %d are allowed", key,
                         nvalue, MPI_MAX_INFO_VAL - 1);
    char *copy = strdup(value);
    struct info_pair *pair = find_pair(info, key);
    if (copy && !pair)
        pair = add_pair(info, key);
    if (!copy || !pair) {
        free(copy);
        return no_memory(key);
    }
    free(pair->value);
    pair->value = copy;
    return MPI_SUCCESS;
}
