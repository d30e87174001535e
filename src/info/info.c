// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The user's calls on info objects (MPI 5.0, chapter 10; MPI_Info_get and MPI_Info_get_valuelen are
 * deprecated: 16.2). */
#include "info/info.h"
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
info_create(MPI_Info *handle)
{
    struct info *info;
    int err = check_pointer(handle, "info");
    if (!err && !(err = info_begin(&info)))
        err = info_give(info, MPI_SUCCESS, handle);
    return err;
}

int
PMPI_Info_create(MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_create(info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_create", err);
}
weak_alias(PMPI_Info_create, MPI_Info_create);

static int
info_create_env(int argc, char **argv, MPI_Info *handle)
{
    int err = check_pointer(handle, "info");
    if (!err && argc < 0)
        err = negative_error(MPI_ERR_ARG, "argc", argc);
    if (!err && argc > 0)
        err = check_pointer(argv, "argv");
    struct info *info;
    if (err || (err = info_begin(&info)))
        return err;
    return info_give(info, info_put_environment(info, argc, argv), handle);
}

int
PMPI_Info_create_env(int argc, char *argv[], MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_create_env(argc, argv, info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_create_env", err);
}
weak_alias(PMPI_Info_create_env, MPI_Info_create_env);

// An object that may be changed, which MPI_INFO_ENV is not.
static int
find_own(MPI_Info handle, struct info **info)
{
    int err = info_find(handle, info);
    if (!err && handle == MPI_INFO_ENV)
        err = error_new(MPI_ERR_INFO, "MPI_INFO_ENV cannot be changed or freed");
    return err;
}

static int
check_key(const char *key)
{
    int err = key ? MPI_SUCCESS : error_new(MPI_ERR_INFO_KEY, "the key is a null pointer");
    if (!err && (!key[0] || strnlen(key, MPI_MAX_INFO_KEY) == MPI_MAX_INFO_KEY))
        err = error_new(MPI_ERR_INFO_KEY, "the key is empty or longer than %d characters",
                        MPI_MAX_INFO_KEY - 1);
    return err;
}

static int
info_set(MPI_Info handle, const char *key, const char *value)
{
    struct info *info = NULL;
    int err = find_own(handle, &info);
    if (!err)
        err = check_key(key);
    if (!err && !value)
        err = error_new(MPI_ERR_INFO_VALUE, "the value of key '%s' is a null pointer", key);
    return err ? err : info_put(info, key, value);
}

int
PMPI_Info_set(MPI_Info info, const char *key, const char *value)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_set(info, key, value);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_set", err);
}
weak_alias(PMPI_Info_set, MPI_Info_set);

static int
info_delete(MPI_Info handle, const char *key)
{
    struct info *info = NULL;
    int err = find_own(handle, &info), i = 0;
    if (!err)
        err = check_key(key);
    if (err)
        return err;
    while (i < info->count && strcmp(info->pairs[i].key, key) != 0)
        i++;
    if (i == info->count)
        return error_new(MPI_ERR_INFO_NOKEY, "there is no key '%s'", key);
    free(info->pairs[i].key);
    free(info->pairs[i].value);
    info->count--;
    memmove(&info->pairs[i], &info->pairs[i + 1],
            (size_t)(info->count - i) * sizeof info->pairs[0]);
    return MPI_SUCCESS;
}

int
PMPI_Info_delete(MPI_Info info, const char *key)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_delete(info, key);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_delete", err);
}
weak_alias(PMPI_Info_delete, MPI_Info_delete);

// The value of a key, or NULL, and where to say whether there is one.
static int
look_up(MPI_Info handle, const char *key, int *flag, const char **value)
{
    struct info *info = NULL;
    int err = info_find(handle, &info);
    if (!err)
        err = check_key(key);
    if (!err)
        err = check_pointer(flag, "flag");
    if (!err)
        *value = info_value(info, key);
    return err;
}

static int
info_get_string(MPI_Info handle, const char *key, int *length, char *out, int *flag)
{
    const char *value = NULL;
    int err = look_up(handle, key, flag, &value);
    if (!err)
        err = check_pointer(length, "buflen");
    if (!err && *length < 0)
        err = negative_error(MPI_ERR_ARG, "buflen", *length);
    if (!err && *length > 0)
        err = check_pointer(out, "value");
    if (err)
        return err;
    *flag = value != NULL;
    if (!value)
        return MPI_SUCCESS;
    if (*length > 0)
        snprintf(out, (size_t)*length, "%s", value);
    *length = (int)strlen(value) + 1; // what the whole would need
    return MPI_SUCCESS;
}

int
PMPI_Info_get_string(MPI_Info info, const char *key, int *buflen, char *value, int *flag)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_get_string(info, key, buflen, value, flag);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_get_string", err);
}
weak_alias(PMPI_Info_get_string, MPI_Info_get_string);

// valuelen is without the terminator: the buffer has room for valuelen + 1.
static int
info_get(MPI_Info handle, const char *key, int valuelen, char *out, int *flag)
{
    const char *value = NULL;
    int err = look_up(handle, key, flag, &value);
    if (!err && valuelen < 0)
        err = negative_error(MPI_ERR_ARG, "valuelen", valuelen);
    if (!err)
        err = check_pointer(out, "value");
    if (err)
        return err;
    *flag = value != NULL;
    if (value)
        snprintf(out, (size_t)valuelen + 1, "%s", value);
    return MPI_SUCCESS;
}

int
PMPI_Info_get(MPI_Info info, const char *key, int valuelen, char *value, int *flag)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_get(info, key, valuelen, value, flag);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_get", err);
}
weak_alias(PMPI_Info_get, MPI_Info_get);

static int
info_get_valuelen(MPI_Info handle, const char *key, int *valuelen, int *flag)
{
    const char *value = NULL;
    int err = look_up(handle, key, flag, &value);
    if (!err)
        err = check_pointer(valuelen, "valuelen");
    if (err)
        return err;
    *flag = value != NULL;
    if (value)
        *valuelen = (int)strlen(value);
    return MPI_SUCCESS;
}

int
PMPI_Info_get_valuelen(MPI_Info info, const char *key, int *valuelen, int *flag)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_get_valuelen(info, key, valuelen, flag);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_get_valuelen", err);
}
weak_alias(PMPI_Info_get_valuelen, MPI_Info_get_valuelen);

static int
info_get_nkeys(MPI_Info handle, int *nkeys)
{
    struct info *info = NULL;
    int err = info_find(handle, &info);
    if (!err)
        err = check_pointer(nkeys, "nkeys");
    if (!err)
        *nkeys = info->count;
    return err;
}

int
PMPI_Info_get_nkeys(MPI_Info info, int *nkeys)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_get_nkeys(info, nkeys);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_get_nkeys", err);
}
weak_alias(PMPI_Info_get_nkeys, MPI_Info_get_nkeys);

static int
info_get_nthkey(MPI_Info handle, int n, char *key)
{
    struct info *info = NULL;
    int err = info_find(handle, &info);
    if (!err)
        err = check_pointer(key, "key");
    if (err)
        return err;
    if (n < 0 || n >= info->count)
        return error_new(MPI_ERR_ARG, "n is %d; the info object has %d keys, from 0", n,
                         info->count);
    strcpy(key, info->pairs[n].key);
    return MPI_SUCCESS;
}

int
PMPI_Info_get_nthkey(MPI_Info info, int n, char *key)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_get_nthkey(info, n, key);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_get_nthkey", err);
}
weak_alias(PMPI_Info_get_nthkey, MPI_Info_get_nthkey);

static int
info_dup(MPI_Info handle, MPI_Info *result)
{
    struct info *info = NULL, *copy;
    int err = info_find(handle, &info);
    if (!err)
        err = check_pointer(result, "newinfo");
    if (err || (err = info_begin(&copy)))
        return err;
    for (int i = 0; !err && i < info->count; i++)
        err = info_put(copy, info->pairs[i].key, info->pairs[i].value);
    return info_give(copy, err, result);
}

int
PMPI_Info_dup(MPI_Info info, MPI_Info *newinfo)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_dup(info, newinfo);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_dup", err);
}
weak_alias(PMPI_Info_dup, MPI_Info_dup);

static int
info_free(MPI_Info *handle)
{
    struct info *info = NULL;
    int err = check_pointer(handle, "info");
    if (!err)
        err = find_own(*handle, &info);
    if (err)
        return err;
    info_end(info);
    *handle = MPI_INFO_NULL;
    return MPI_SUCCESS;
}

int
PMPI_Info_free(MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_free(info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Info_free", err);
}
weak_alias(PMPI_Info_free, MPI_Info_free);
