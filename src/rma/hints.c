// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What a user says of a window (MPI 5.0, 12.2.1, 12.2.3, 12.2.7). Only how memory is laid out when
 * the window is made depends on it: alloc_shared_noncontig and mpi_minimum_memory_alignment. The
 * rest is kept and told. Keys and values that are not known here are ignored.
 */
#include "info/info.h"
#include "rma/rma.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_LOCKS, SAME_SIZE, SAME_DISP_UNIT, NONCONTIG, SAME_OP, FLAGS };

static const char *const flag_keys[] = {
    [NO_LOCKS] = "no_locks",
    [SAME_SIZE] = "same_size",
    [SAME_DISP_UNIT] = "same_disp_unit",
    [NONCONTIG] = "alloc_shared_noncontig",
};

#define OPS_KEY         "accumulate_ops"
#define ORDERING_KEY    "accumulate_ordering"
#define ALIGNMENT_KEY   "mpi_minimum_memory_alignment"
#define GRANULARITY_KEY "mpi_accumulate_granularity"
#define KINDS_KEY       "mpi_memory_alloc_kinds"
#define KINDS           "mpi,system"

static const char *const orders[] = {"rar", "raw", "war", "waw"};
#define ORDERS 4

void
win_hints_default(struct win *win)
{
    win->ordering = (1u << ORDERS) - 1;
}

bool
win_hint_noncontig(const struct win *win)
{
    return win->hints >> NONCONTIG & 1;
}

static void
set_flag(struct win *win, int flag, bool value)
{
    unsigned bit = 1u << flag;
    win->hints = (uint8_t)(value ? win->hints | bit : win->hints & ~bit);
}

static void
put_flags(struct win *win, const struct info *info)
{
    for (int i = 0; i < SAME_OP; i++) {
        const char *value = info_value(info, flag_keys[i]);
        if (value && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0))
            set_flag(win, i, *value == 't');
    }
    const char *ops = info_value(info, OPS_KEY);
    if (ops && (strcmp(ops, "same_op") == 0 || strcmp(ops, "same_op_no_op") == 0))
        set_flag(win, SAME_OP, strcmp(ops, "same_op") == 0);
}

// "none", or some of the four, with commas between.
static void
put_ordering(struct win *win, const char *value)
{
    unsigned ordering = 0;
    if (!value)
        return;
    for (const char *at = value; strcmp(value, "none") != 0; at += 4) {
        int i = 0;
        while (i < ORDERS && strncmp(at, orders[i], 3) != 0)
            i++;
        if (i == ORDERS || (at[3] && at[3] != ','))
            return;
        ordering |= 1u << i;
        if (!at[3])
            break;
    }
    win->ordering = (uint8_t)ordering;
}

static void
put_number(uint64_t *number, const char *value, bool power)
{
    char *end;
    if (!value || *value < '0' || *value > '9')
        return;
    unsigned long long n = strtoull(value, &end, 10);
    if (*end || n > INT64_MAX || (power && (n == 0 || n & (n - 1))))
        return;
    *number = n;
}

void
win_hints_put(struct win *win, const struct info *info)
{
    put_flags(win, info);
    put_ordering(win, info_value(info, ORDERING_KEY));
    put_number(&win->granularity, info_value(info, GRANULARITY_KEY), false);
    put_number(&win->alignment, info_value(info, ALIGNMENT_KEY), true);
}

static int
set_info(MPI_Win handle, MPI_Info info_handle)
{
    struct win *win;
    struct info *info;
    int err = win_find(handle, &win);
    if (err || (err = info_find(info_handle, &info)))
        return err;
    win_hints_put(win, info);
    return MPI_SUCCESS;
}

// Info objects may be used in any thread (MPI 5.0, 11.6), so the lock is always taken.
static int
enter(void)
{
    if (atomic_load_explicit(&engine.state, memory_order_relaxed) != ENGINE_RUNNING)
        return engine_unusable();
    engine_lock();
    return MPI_SUCCESS;
}

int
PMPI_Win_set_info(MPI_Win win, MPI_Info info)
{
    int err = enter();
    if (likely(!err)) {
        err = set_info(win, info);
        engine_unlock();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_set_info", err);
}
weak_alias(PMPI_Win_set_info, MPI_Win_set_info);

/* ---- telling ---- */

static int
tell_flags(const struct win *win, struct info *info)
{
    int err = MPI_SUCCESS;
    for (int i = 0; i < SAME_OP && !err; i++)
        if (i != NONCONTIG || win->flavor == MPI_WIN_FLAVOR_SHARED)
            err = info_put(info, flag_keys[i], win->hints >> i & 1 ? "true" : "false");
    if (!err)
        err = info_put(info, OPS_KEY, win->hints >> SAME_OP & 1 ? "same_op" : "same_op_no_op");
    return err;
}

static int
tell_ordering(const struct win *win, struct info *info)
{
    char text[ORDERS * 4 + 1] = "none";
    size_t n = 0;
    for (int i = 0; i < ORDERS; i++)
        if (win->ordering >> i & 1)
            n += (size_t)snprintf(text + n, sizeof text - n, n ? ",%s" : "%s", orders[i]);
    return info_put(info, ORDERING_KEY, text);
}

static int
tell_number(struct info *info, const char *key, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return number ? info_put(info, key, text) : MPI_SUCCESS;
}

static int
tell(const struct win *win, struct info *info)
{
    int err = tell_flags(win, info);
    if (!err)
        err = tell_ordering(win, info);
    if (!err)
        err = tell_number(info, GRANULARITY_KEY, win->granularity);
    if (!err)
        err = tell_number(info, ALIGNMENT_KEY, win->alignment);
    return err ? err : info_put(info, KINDS_KEY, KINDS);
}

static int
get_info(MPI_Win handle, MPI_Info *info_used)
{
    struct win *win;
    int err = win_find(handle, &win);
    if (err || (err = check_pointer(info_used, "info_used")))
        return err;
    struct info *info = info_new();
    if (!info)
        return error_new(MPI_ERR_NO_MEM, "no memory for another info object");
    if ((err = tell(win, info)))
        info_end(info);
    else
        *info_used = (MPI_Info)handle_of(HANDLE_INFO, info);
    return err;
}

int
PMPI_Win_get_info(MPI_Win win, MPI_Info *info_used)
{
    int err = enter();
    if (likely(!err)) {
        err = get_info(win, info_used);
        engine_unlock();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Win_get_info", err);
}
weak_alias(PMPI_Win_get_info, MPI_Win_get_info);
