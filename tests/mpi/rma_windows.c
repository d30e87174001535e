// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a window is: attributes of its own and the user's, names, groups, hints, the memory of
 * others, its number; many of them, on many communicators; sizes that are not the same; sparse ones
 * beyond 4 GiB. */

#include "check.h"

#include <string.h>
#include <sys/mman.h>

static int rank, size, deleted;

static int
erase(MPI_Win win, int keyval, void *value, void *extra)
{
    (void)keyval;
    CHECK(win != MPI_WIN_NULL && value == &deleted && extra == &rank, "other arguments");
    deleted++;
    return MPI_SUCCESS;
}

static int
refuse_once(MPI_Win win, int keyval, void *value, void *extra)
{
    (void)win, (void)keyval, (void)value;
    return ++*(int *)extra == 1 ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static void
attributes(void)
{
    char memory[16];
    void *value;
    int flag, keyval, stubborn, refusals = 0;
    MPI_Win win;
    MPI_Win_create(memory, 8 + rank, 2, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_get_attr(win, MPI_WIN_BASE, &value, &flag);
    CHECK(flag && value == memory, "base %p", value);
    MPI_Win_get_attr(win, MPI_WIN_SIZE, &value, &flag);
    CHECK(flag && *(MPI_Aint *)value == 8 + rank, "size");
    MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, &value, &flag);
    CHECK(flag && *(int *)value == 2, "unit");
    MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &value, &flag);
    CHECK(flag && *(int *)value == MPI_WIN_FLAVOR_CREATE, "flavor");
    MPI_Win_get_attr(win, MPI_WIN_MODEL, &value, &flag);
    CHECK(flag && *(int *)value == MPI_WIN_UNIFIED, "model");
    MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, erase, &keyval, &rank);
    MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, refuse_once, &stubborn, &refusals);
    MPI_Win_get_attr(win, keyval, &value, &flag);
    CHECK(!flag, "an attribute that nobody has set");
    MPI_Win_set_attr(win, keyval, &deleted);
    MPI_Win_delete_attr(win, keyval);
    CHECK(deleted == 1, "deleted %d times", deleted);
    MPI_Win_set_attr(win, keyval, &deleted);
    MPI_Win_free_keyval(&keyval);
    // A delete function that fails keeps the window.
    MPI_Win_set_attr(win, stubborn, NULL);
    MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN);
    CHECK(MPI_Win_free(&win) == MPI_ERR_OTHER || refusals == 1, "%d", refusals);
    CHECK(win != MPI_WIN_NULL && MPI_Win_fence(0, win) == MPI_SUCCESS, "the window is gone");
    MPI_Win_free(&win);
    CHECK(deleted == 2 && refusals == 2, "deleted %d and %d times", deleted, refusals);
    MPI_Win_free_keyval(&stubborn);
}

static void
names(void)
{
    char name[MPI_MAX_OBJECT_NAME], longest[2 * MPI_MAX_OBJECT_NAME];
    int length, result, *own;
    MPI_Win win;
    MPI_Group group, world;
    MPI_Win_allocate(4, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &own, &win);
    MPI_Win_get_name(win, name, &length);
    CHECK(length == 0 && !*name, "'%s'", name);
    MPI_Win_set_name(win, "a window");
    MPI_Win_get_name(win, name, &length);
    CHECK(length == 8 && strcmp(name, "a window") == 0, "'%s'", name);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    MPI_Win_set_name(win, longest);
    MPI_Win_get_name(win, name, &length);
    CHECK(length == MPI_MAX_OBJECT_NAME - 1, "%d", length);
    MPI_Win_get_name(MPI_WIN_NULL, name, &length);
    CHECK(strcmp(name, "MPI_WIN_NULL") == 0, "'%s'", name);
    CHECK(MPI_Win_fromint(MPI_Win_toint(win)) == win, "the number of a window");
    CHECK(MPI_Win_fromint(MPI_Win_toint(MPI_WIN_NULL)) == MPI_WIN_NULL, "of none");
    MPI_Win_get_group(win, &group);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_compare(group, world, &result);
    CHECK(result == MPI_IDENT, "%d", result);
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    MPI_Win_free(&win);
}

static void
told(MPI_Win win, const char *key, const char *want)
{
    char value[MPI_MAX_INFO_VAL + 1] = "nothing";
    int n = sizeof value, flag;
    MPI_Info info;
    MPI_Win_get_info(win, &info);
    MPI_Info_get_string(info, key, &n, value, &flag);
    CHECK(flag && strcmp(value, want) == 0, "%s: '%s', not '%s'", key, value, want);
    MPI_Info_free(&info);
}

static void
hints(void)
{
    char *own;
    MPI_Win win;
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_minimum_memory_alignment", "8192");
    MPI_Info_set(info, "no_locks", "true");
    MPI_Info_set(info, "accumulate_ordering", "waw,rar");
    MPI_Info_set(info, "accumulate_ops", "same_op");
    MPI_Info_set(info, "same_size", "perhaps");
    MPI_Win_allocate(100, 1, info, MPI_COMM_WORLD, &own, &win);
    CHECK((uintptr_t)own % 8192 == 0, "%p", (void *)own);
    told(win, "mpi_minimum_memory_alignment", "8192");
    told(win, "no_locks", "true");
    told(win, "accumulate_ordering", "rar,waw");
    told(win, "accumulate_ops", "same_op");
    told(win, "same_size", "false");
    MPI_Info_set(info, "accumulate_ordering", "none");
    MPI_Info_set(info, "same_disp_unit", "true");
    MPI_Win_set_info(win, info);
    told(win, "accumulate_ordering", "none");
    told(win, "same_disp_unit", "true");
    MPI_Info_free(&info);
    MPI_Win_free(&win);
}

// Part r of a shared window has r longs; the last one has none. They lie one behind the other.
static void
shared(void)
{
    long *own, *base;
    MPI_Aint bytes;
    int unit;
    MPI_Win win;
    int mine = rank == size - 1 ? 0 : rank + 1;
    MPI_Win_allocate_shared(mine * (MPI_Aint)sizeof(long), sizeof(long), MPI_INFO_NULL,
                            MPI_COMM_WORLD, &own, &win);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
    for (int i = 0; i < mine; i++)
        own[i] = rank * 100 + i;
    MPI_Win_sync(win);
    MPI_Barrier(MPI_COMM_WORLD);
    long *all = NULL;
    for (int r = 0, k = 0; r < size; r++) {
        int n = r == size - 1 ? 0 : r + 1;
        MPI_Win_shared_query(win, r, &bytes, &unit, &base);
        CHECK(bytes == n * (MPI_Aint)sizeof(long) && unit == sizeof(long), "%d: %ld", r,
              (long)bytes);
        all = r ? all : base;
        for (int i = 0; i < n; i++, k++)
            CHECK(base[i] == r * 100 + i && &base[i] == &all[k], "%d of %d: %ld", i, r, base[i]);
    }
    MPI_Win_shared_query(win, MPI_PROC_NULL, &bytes, &unit, &base);
    CHECK(size == 1 ? bytes == 0 : base == all, "%p", (void *)base);
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
}

static void
many(void)
{
    enum { WINDOWS = 1000 };
    static MPI_Win wins[WINDOWS];
    static int *own[WINDOWS];
    MPI_Comm half, copy;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    const MPI_Comm comms[] = {MPI_COMM_WORLD, half, copy, MPI_COMM_SELF};
    for (int i = 0; i < WINDOWS; i++)
        MPI_Win_allocate(8, 4, MPI_INFO_NULL, comms[i % 4], &own[i], &wins[i]);
    MPI_Comm_free(&half);
    MPI_Comm_free(&copy);
    for (int i = 0; i < WINDOWS; i++) {
        MPI_Group group;
        int n, one = 1;
        MPI_Win_get_group(wins[i], &group);
        MPI_Group_size(group, &n);
        MPI_Group_free(&group);
        MPI_Win_lock(MPI_LOCK_SHARED, n - 1, 0, wins[i]);
        MPI_Accumulate(&one, 1, MPI_INT, n - 1, 1, 1, MPI_INT, MPI_SUM, wins[i]);
        MPI_Win_unlock(n - 1, wins[i]);
        MPI_Win_fence(0, wins[i]);
        int last, me;
        MPI_Win_get_group(wins[i], &group);
        MPI_Group_rank(group, &me);
        MPI_Group_free(&group);
        last = me == n - 1;
        CHECK(own[i][1] == (last ? n : 0), "window %d: %d", i, own[i][1]);
    }
    for (int i = 0; i < WINDOWS; i++)
        MPI_Win_free(&wins[i]);
}

// Only what is touched takes memory.
static void
sparse(void)
{
    const size_t bytes = (size_t)5 << 30;
    char *own = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MPI_Win win;
    long value = 77 + rank, back = 0;
    int right = (rank + 1) % size;
    if (own == MAP_FAILED)
        return; // the address space is limited, as with sanitizers it may be
    MPI_Win_create(own, (MPI_Aint)bytes, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_fence(0, win);
    MPI_Put(&value, 1, MPI_LONG, right, (MPI_Aint)bytes - 8, 1, MPI_LONG, win);
    MPI_Accumulate(&value, 1, MPI_LONG, right, (MPI_Aint)bytes - 8, 1, MPI_LONG, MPI_SUM, win);
    MPI_Get(&back, 1, MPI_LONG, right, (MPI_Aint)bytes - 8, 1, MPI_LONG, win);
    MPI_Win_fence(0, win);
    CHECK(back == 2 * value, "%ld", back);
    MPI_Win_free(&win);
    munmap(own, bytes);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    attributes();
    names();
    hints();
    shared();
    many();
    sparse();
    MPI_Finalize();
    return 0;
}
