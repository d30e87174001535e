// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What is wrong with a call on a window is an error of the right class, given to the window's error
 * handler, and changes nothing: ranks, ranges, types, operations, epochs, flavors. */

#include "check.h"

#include <string.h>

static int rank, size, handled;

static void
handler(MPI_Win *win, int *code, ...)
{
    (void)win, (void)code;
    handled++;
}

static int
class_of(int code)
{
    int errclass;
    MPI_Error_class(code, &errclass);
    return errclass;
}

#define FAILS(want, call)                                                                          \
    do {                                                                                           \
        handled = 0;                                                                               \
        int got_ = class_of(call);                                                                 \
        CHECK(got_ == (want), "%s: class %d, not %d", #call, got_, (want));                        \
        CHECK(handled == 1, "%s: the handler was called %d times", #call, handled);                \
    } while (0)

static void
arguments(MPI_Win win, long *own)
{
    long x[4] = {1, 2, 3, 4}, y = 0;
    MPI_Op op;
    MPI_Datatype mixed, raw;
    MPI_Op_create((MPI_User_function *)(void (*)(void))handler, 1, &op);
    MPI_Type_create_struct(2, (int[]){1, 1}, (MPI_Aint[]){0, 8},
                           (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &mixed);
    MPI_Type_commit(&mixed);
    MPI_Type_contiguous(2, MPI_LONG, &raw);
    MPI_Win_lock_all(0, win);
    FAILS(MPI_ERR_RANK, MPI_Put(x, 1, MPI_LONG, size, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RANK, MPI_Get(x, 1, MPI_LONG, -7, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(x, 1, MPI_LONG, 0, 8, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Get(x, 2, MPI_LONG, 0, 7, 2, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(x, 1, MPI_LONG, 0, (MPI_Aint)1 << 61, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Fetch_and_op(x, &y, MPI_LONG, 0, 8, MPI_SUM, win));
    FAILS(MPI_ERR_DISP, MPI_Put(x, 1, MPI_LONG, 0, -1, 1, MPI_LONG, win));
    FAILS(MPI_ERR_COUNT, MPI_Put(x, -1, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_COUNT, MPI_Put(x, 1, MPI_LONG, 0, 0, -1, MPI_LONG, win));
    FAILS(MPI_ERR_TYPE, MPI_Put(x, 1, raw, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_TYPE, MPI_Put(x, 1, MPI_DATATYPE_NULL, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_BUFFER, MPI_Put(NULL, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_BUFFER, MPI_Get(MPI_IN_PLACE, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_TRUNCATE, MPI_Put(x, 2, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_TYPE, MPI_Accumulate(x, 1, mixed, 0, 0, 1, mixed, MPI_SUM, win));
    FAILS(MPI_ERR_TYPE, MPI_Accumulate(x, 1, MPI_LONG, 0, 0, 1, MPI_DOUBLE, MPI_SUM, win));
    FAILS(MPI_ERR_OP, MPI_Accumulate(x, 1, MPI_LONG, 0, 0, 1, MPI_LONG, op, win));
    FAILS(MPI_ERR_OP, MPI_Accumulate(x, 1, MPI_DOUBLE, 0, 0, 1, MPI_DOUBLE, MPI_BAND, win));
    FAILS(MPI_ERR_OP, MPI_Fetch_and_op(x, &y, MPI_LONG, 0, 0, MPI_MAXLOC, win));
    FAILS(MPI_ERR_TYPE, MPI_Compare_and_swap(x, x, &y, MPI_DOUBLE, 0, 0, win));
    FAILS(MPI_ERR_ARG, MPI_Fetch_and_op(x, NULL, MPI_LONG, 0, 0, MPI_SUM, win));
    FAILS(MPI_ERR_ARG, MPI_Rput(x, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win, NULL));
    MPI_Win_unlock_all(win);
    for (int i = 0; i < 8; i++)
        CHECK(own[i] == 0 && y == 0, "an error has changed element %d", i);
    MPI_Op_free(&op);
    MPI_Type_free(&mixed);
    MPI_Type_free(&raw);
}

static void
epochs(MPI_Win win)
{
    long x = 1;
    int flag;
    MPI_Group all, none = MPI_GROUP_EMPTY;
    MPI_Win_get_group(win, &all);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&x, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock_all(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_flush(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_flush_all(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_complete(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_wait(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_test(win, &flag));
    FAILS(MPI_ERR_LOCKTYPE, MPI_Win_lock(1, 0, 0, win));
    FAILS(MPI_ERR_ASSERT, MPI_Win_fence(1, win));
    FAILS(MPI_ERR_ASSERT, MPI_Win_lock(MPI_LOCK_SHARED, 0, 1 << 20, win));
    FAILS(MPI_ERR_RANK, MPI_Win_lock(MPI_LOCK_SHARED, size, 0, win));
    FAILS(MPI_ERR_GROUP, MPI_Win_start(MPI_GROUP_NULL, 0, win));

    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock_all(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_fence(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_start(all, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_free(&win));
    if (size > 1) {
        FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&x, 1, MPI_LONG, 1, 0, 1, MPI_LONG, win));
        FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(1, win));
    }
    MPI_Win_unlock(0, win);
    MPI_Win_lock_all(0, win);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
    MPI_Win_unlock_all(win);

    MPI_Win_post(none, 0, win);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_post(none, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_fence(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_free(&win));
    MPI_Win_wait(win);
    MPI_Win_start(none, 0, win);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&x, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_start(none, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
    MPI_Win_complete(win);
    // After a fence that nothing was accessed after, any epoch may begin; the fence's has ended.
    MPI_Win_fence(0, win);
    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
    MPI_Win_unlock(0, win);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Get(&x, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win));
    MPI_Group_free(&all);
}

static void
attached(void)
{
    static long memory[16];
    MPI_Win win;
    MPI_Errhandler errhandler;
    MPI_Aint address, bytes;
    int unit;
    void *base;
    long x = 1;
    MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_create_errhandler(handler, &errhandler);
    MPI_Win_set_errhandler(win, errhandler);
    MPI_Errhandler_free(&errhandler);
    MPI_Get_address(memory, &address);
    MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win);
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(&x, 1, MPI_LONG, rank, address, 1, MPI_LONG, win));
    MPI_Win_attach(win, memory, sizeof memory / 2);
    MPI_Win_attach(win, memory + 8, sizeof memory / 2);
    CHECK(MPI_Put(&x, 1, MPI_LONG, rank, address, 1, MPI_LONG, win) == MPI_SUCCESS, "put");
    CHECK(MPI_Put(memory, 16, MPI_LONG, rank, address, 16, MPI_LONG, win) == MPI_SUCCESS,
          "over two that touch");
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(memory, 16, MPI_LONG, rank, address + 8, 16, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_attach(win, memory + 2, 8));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_attach(win, memory, 8));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_detach(win, memory + 1));
    FAILS(MPI_ERR_SIZE, MPI_Win_attach(win, memory, -1));
    FAILS(MPI_ERR_RMA_FLAVOR, MPI_Win_shared_query(win, 0, &bytes, &unit, &base));
    MPI_Win_detach(win, memory);
    FAILS(MPI_ERR_RMA_RANGE, MPI_Get(&x, 1, MPI_LONG, rank, address, 1, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_detach(win, memory));
    MPI_Win_detach(win, memory + 8);
    MPI_Win_unlock(rank, win);
    MPI_Win_free(&win);
}

// A bad argument of one member is an error of all.
static void
creation(void)
{
    MPI_Win win = MPI_WIN_NULL;
    void *base;
    long memory[4];
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int bad = rank == size - 1;
    int err = MPI_Win_create(memory, bad ? -1 : 8, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    CHECK(class_of(err) == MPI_ERR_SIZE, "class %d", class_of(err));
    err = MPI_Win_allocate(8, bad ? 0 : 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    CHECK(class_of(err) == MPI_ERR_DISP, "class %d", class_of(err));
    err = MPI_Win_allocate_shared(8, 1, bad ? (MPI_Info)1 : MPI_INFO_NULL, MPI_COMM_WORLD, &base,
                                  &win);
    CHECK(class_of(err) == MPI_ERR_INFO, "class %d", class_of(err));
    err = MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, bad ? NULL : &win);
    CHECK(class_of(err) == MPI_ERR_ARG, "class %d", class_of(err));
    err = MPI_Win_allocate((MPI_Aint)1 << 60, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    CHECK(class_of(err) == MPI_ERR_NO_MEM, "class %d", class_of(err));
    CHECK(win == MPI_WIN_NULL, "a window was made");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

int
main(int argc, char **argv)
{
    MPI_Win win;
    MPI_Errhandler errhandler;
    long *own;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Win_allocate(8 * sizeof(long), sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &own, &win);
    MPI_Win_create_errhandler(handler, &errhandler);
    MPI_Win_set_errhandler(win, errhandler);
    MPI_Errhandler_free(&errhandler);
    arguments(win, own);
    epochs(win);
    FAILS(MPI_ERR_RMA_FLAVOR, MPI_Win_attach(win, own, 8));
    FAILS(MPI_ERR_RMA_FLAVOR, MPI_Win_detach(win, own));
    MPI_Win_free(&win);
    attached();
    creation();
    MPI_Finalize();
    return 0;
}
