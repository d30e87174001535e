// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Each kind of window with each kind of epoch: what is put is there when the epoch ends, what is
 * fetched is what was there, with any layout on either side. */

#include "check.h"

#include <string.h>

#define LONGS 64

enum kind { CREATE, CREATE_SHARED, ALLOCATE, SHARED, SHARED_APART, DYNAMIC, KINDS };

struct window {
    MPI_Win win;
    long *own;
    MPI_Aint at[64]; // of each rank, to be added to displacements
    void *free_mem, *free_plain;
    enum kind kind;
};

static int rank, size;

static void
make_dynamic(struct window *w)
{
    MPI_Aint address;
    w->own = w->free_plain = calloc(LONGS, sizeof(long));
    MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &w->win);
    MPI_Win_attach(w->win, w->own, LONGS * sizeof(long));
    MPI_Get_address(w->own, &address);
    MPI_Allgather(&address, 1, MPI_AINT, w->at, 1, MPI_AINT, MPI_COMM_WORLD);
}

static void
make_shared(struct window *w, const char *noncontig)
{
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "alloc_shared_noncontig", noncontig);
    MPI_Win_allocate_shared(LONGS * sizeof(long), 1, info, MPI_COMM_WORLD, &w->own, &w->win);
    MPI_Info_free(&info);
}

static void
make(struct window *w, enum kind kind)
{
    const MPI_Aint bytes = LONGS * sizeof(long);
    *w = (struct window){.kind = kind};
    switch (kind) {
    case CREATE:
        w->own = w->free_plain = calloc(LONGS, sizeof(long));
        MPI_Win_create(w->own, bytes, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &w->win);
        break;
    case CREATE_SHARED:
        MPI_Alloc_mem(bytes, MPI_INFO_NULL, &w->free_mem);
        w->own = w->free_mem;
        memset(w->own, 0, (size_t)bytes);
        MPI_Win_create(w->own, bytes, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &w->win);
        break;
    case ALLOCATE:
        MPI_Win_allocate(bytes, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &w->own, &w->win);
        break;
    case SHARED:
        make_shared(w, "false");
        break;
    case SHARED_APART:
        make_shared(w, "true");
        break;
    default:
        make_dynamic(w);
    }
}

static void
end(struct window *w)
{
    if (w->kind == DYNAMIC)
        MPI_Win_detach(w->win, w->own);
    MPI_Win_free(&w->win);
    CHECK(w->win == MPI_WIN_NULL, "the handle is left");
    if (w->free_mem)
        MPI_Free_mem(w->free_mem);
    free(w->free_plain);
}

static MPI_Aint
place(const struct window *w, int target, int i)
{
    return w->at[target] + (MPI_Aint)(i * (int)sizeof(long));
}

/* ---- epochs: each puts to the right neighbor, and gets what it has put ---- */

static void
put_and_get(struct window *w, int target, long value)
{
    long back = -1;
    MPI_Put(&value, 1, MPI_LONG, target, place(w, target, 3), 1, MPI_LONG, w->win);
    MPI_Get(&back, 1, MPI_LONG, target, place(w, target, 3), 1, MPI_LONG, w->win);
    CHECK(back == value, "%ld, not %ld", back, value);
}

static void
look(struct window *w, const char *epoch, long value)
{
    int left = (rank + size - 1) % size;
    MPI_Win_sync(w->win);
    CHECK(w->own[3] == value + left, "%s: %ld, not %ld", epoch, w->own[3], value + left);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void
by_fence(struct window *w, int right)
{
    MPI_Win_fence(MPI_MODE_NOPRECEDE, w->win);
    put_and_get(w, right, 100 + rank);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, w->win);
    look(w, "fence", 100);
}

static void
by_post(struct window *w, int right)
{
    int left = (rank + size - 1) % size, flag = 0;
    MPI_Group all, to, from;
    MPI_Win_get_group(w->win, &all);
    MPI_Group_incl(all, 1, &right, &to);
    MPI_Group_incl(all, 1, &left, &from);
    for (int i = 0; i < 10; i++) {
        MPI_Win_post(from, 0, w->win);
        MPI_Win_start(to, 0, w->win);
        if (i % 3) // an epoch without an access is one as well
            put_and_get(w, right, 200 + i + rank);
        MPI_Win_complete(w->win);
        while (i % 2 && !flag)
            MPI_Win_test(w->win, &flag);
        if (i % 2 == 0)
            MPI_Win_wait(w->win);
        flag = 0;
        if (i % 3)
            look(w, "post", 200 + i);
    }
    MPI_Group_free(&all);
    MPI_Group_free(&to);
    MPI_Group_free(&from);
}

static void
by_lock(struct window *w, int right, int type, int given)
{
    MPI_Win_lock(type, right, given, w->win);
    put_and_get(w, right, 300 + rank);
    MPI_Win_flush(right, w->win);
    MPI_Win_flush_local(right, w->win);
    MPI_Win_unlock(right, w->win);
    MPI_Barrier(MPI_COMM_WORLD);
    look(w, "lock", 300);
}

static void
by_lock_all(struct window *w, int right)
{
    MPI_Win_lock_all(0, w->win);
    put_and_get(w, right, 400 + rank);
    MPI_Win_flush_all(w->win);
    MPI_Win_flush_local_all(w->win);
    MPI_Barrier(MPI_COMM_WORLD);
    look(w, "lock_all", 400);
    MPI_Win_unlock_all(w->win);
}

/* ---- layouts ---- */

// Every second of 8 here, the last first of 4 pairs there.
static void
layouts(struct window *w, int right)
{
    MPI_Datatype apart, backwards;
    long out[16], in[16];
    MPI_Type_vector(8, 1, 2, MPI_LONG, &apart);
    MPI_Type_indexed(4, (int[]){2, 2, 2, 2}, (int[]){12, 8, 4, 0}, MPI_LONG, &backwards);
    MPI_Type_commit(&apart);
    MPI_Type_commit(&backwards);
    for (int i = 0; i < 16; i++) {
        out[i] = rank * 1000 + i;
        in[i] = -1;
    }
    memset(w->own, 0, LONGS * sizeof(long));
    MPI_Win_fence(0, w->win);
    MPI_Put(out, 1, apart, right, place(w, right, 10), 1, backwards, w->win);
    MPI_Win_fence(0, w->win);
    int left = (rank + size - 1) % size;
    for (int i = 0; i < 8; i++) {
        long got = w->own[10 + 12 - i / 2 * 4 + i % 2];
        CHECK(got == left * 1000 + 2 * i, "element %d: %ld", i, got);
    }
    CHECK(w->own[12] == 0 && w->own[9] == 0 && w->own[24] == 0, "beyond the layout");
    MPI_Get(in, 1, apart, right, place(w, right, 10), 1, backwards, w->win);
    MPI_Win_fence(0, w->win);
    for (int i = 0; i < 16; i++)
        CHECK(in[i] == (i % 2 ? -1 : out[i]), "element %d: %ld", i, in[i]);
    // Three elements of a sum with both layouts.
    MPI_Accumulate(out, 1, apart, right, place(w, right, 10), 1, backwards, MPI_SUM, w->win);
    MPI_Win_fence(0, w->win);
    for (int i = 0; i < 8; i++) {
        long got = w->own[10 + 12 - i / 2 * 4 + i % 2];
        CHECK(got == 2 * (left * 1000 + 2 * i), "sum of element %d: %ld", i, got);
    }
    MPI_Win_fence(MPI_MODE_NOSUCCEED, w->win);
    MPI_Type_free(&apart);
    MPI_Type_free(&backwards);
}

static void
requests(struct window *w, int right)
{
    long value = 7 * rank, back = -1, old = -1;
    MPI_Request request[3];
    MPI_Win_lock_all(0, w->win);
    MPI_Rput(&value, 1, MPI_LONG, right, place(w, right, 40), 1, MPI_LONG, w->win, &request[0]);
    MPI_Wait(&request[0], MPI_STATUS_IGNORE);
    CHECK(request[0] == MPI_REQUEST_NULL, "the request is left");
    MPI_Rget(&back, 1, MPI_LONG, right, place(w, right, 40), 1, MPI_LONG, w->win, &request[0]);
    MPI_Raccumulate(&value, 1, MPI_LONG, right, place(w, right, 40), 1, MPI_LONG, MPI_SUM, w->win,
                    &request[1]);
    MPI_Rget_accumulate(&value, 1, MPI_LONG, &old, 1, MPI_LONG, right, place(w, right, 40), 1,
                        MPI_LONG, MPI_REPLACE, w->win, &request[2]);
    MPI_Waitall(3, request, MPI_STATUSES_IGNORE);
    CHECK(back == value && old == 2 * value, "%ld and %ld", back, old);
    MPI_Rput(&value, 1, MPI_LONG, MPI_PROC_NULL, 0, 1, MPI_LONG, w->win, &request[0]);
    MPI_Wait(&request[0], MPI_STATUS_IGNORE);
    MPI_Win_unlock_all(w->win);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void
nothing(struct window *w, int right)
{
    long value = 1;
    MPI_Win_fence(0, w->win);
    MPI_Put(&value, 1, MPI_LONG, MPI_PROC_NULL, 0, 1, MPI_LONG, w->win);
    MPI_Put(NULL, 0, MPI_LONG, right, 0, 0, MPI_LONG, w->win);
    MPI_Get(NULL, 0, MPI_LONG, right, 0, 0, MPI_LONG, w->win);
    MPI_Accumulate(NULL, 0, MPI_LONG, right, 0, 0, MPI_LONG, MPI_SUM, w->win);
    MPI_Get_accumulate(NULL, 0, MPI_LONG, NULL, 0, MPI_LONG, right, 0, 0, MPI_LONG, MPI_NO_OP,
                       w->win);
    MPI_Win_fence(0, w->win);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int right = (rank + 1) % size;
    for (int kind = 0; kind < KINDS; kind++) {
        struct window w;
        make(&w, (enum kind)kind);
        by_fence(&w, right);
        by_post(&w, right);
        by_lock(&w, right, MPI_LOCK_EXCLUSIVE, 0);
        by_lock(&w, right, MPI_LOCK_SHARED, 0);
        by_lock(&w, right, MPI_LOCK_EXCLUSIVE, MPI_MODE_NOCHECK);
        by_lock_all(&w, right);
        layouts(&w, right);
        requests(&w, right);
        nothing(&w, right);
        end(&w);
    }
    MPI_Finalize();
    return 0;
}
