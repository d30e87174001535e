// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A thread that packs, unpacks or reduces much by itself stops no other: many short calls of the
 * main thread run to their ends within one of its. The types and the operation are freed
 * meanwhile. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { N = 4 << 20, WANTED = 50, TRIES = 500 };

static _Atomic int round_of, inside, over; // the how manieth call, and whether it is under way
static char *wide, *narrow, *again;

static void
begin(void)
{
    round_of++;
    inside = 1;
}

static void
end(void)
{
    inside = 0;
}

static MPI_Datatype
every_other(void)
{
    MPI_Datatype type;
    MPI_Type_vector(N, 1, 2, MPI_CHAR, &type);
    MPI_Type_commit(&type);
    return type;
}

static void
pack(void)
{
    MPI_Datatype type = every_other();
    int at = 0;
    begin();
    MPI_Pack(wide, 1, type, narrow, N, &at, MPI_COMM_WORLD);
    end();
    CHECK(at == N && narrow[N - 1] == (char)(N - 1), "%d", at);
    MPI_Type_free(&type);
}

static void
unpack(void)
{
    MPI_Datatype type = every_other();
    MPI_Count at = 0;
    memset(wide, 0, 2 * N);
    begin();
    MPI_Unpack_c(narrow, N, &at, wide, 1, type, MPI_COMM_WORLD);
    end();
    CHECK(at == N && wide[2 * (N - 1)] == (char)(N - 1), "%lld", (long long)at);
    MPI_Type_free(&type);
}

static void
external(void)
{
    MPI_Count at = 0;
    begin();
    MPI_Pack_external_c("external32", narrow, N / 4, MPI_INT32_T, again, N, &at);
    end();
    CHECK(at == N, "%lld", (long long)at);
    at = 0;
    MPI_Unpack_external_c("external32", again, N, &at, wide, N / 4, MPI_INT32_T);
    CHECK(memcmp(wide, narrow, N) == 0, " ");
}

static void
reduce(void)
{
    memset(again, 0, N);
    begin();
    MPI_Reduce_local(narrow, again, N, MPI_SIGNED_CHAR, MPI_SUM);
    end();
    CHECK(memcmp(again, narrow, N) == 0, " ");
}

static void (*const calls[])(void) = {pack, unpack, external, reduce};

static void *
work(void *call)
{
    while (!over)
        (*(void (*const *)(void))call)();
    return NULL;
}

// The most of our own calls that ran within one of the other thread's.
static int
calls_within(void)
{
    int most = 0, now = 0, before = 0, flag;
    for (int tries = 0; tries < TRIES && most < WANTED; before = round_of) {
        if (before != round_of || !inside) {
            tries += before != round_of;
            now = 0;
        }
        MPI_Iprobe(MPI_ANY_SOURCE, 1, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
        now = inside && before == round_of ? now + 1 : 0;
        most = now > most ? now : most;
    }
    return most;
}

int
main(void)
{
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    wide = malloc(2 * N);
    narrow = malloc(N);
    again = malloc(N);
    for (int i = 0; i < N; i++)
        wide[2 * i] = narrow[i] = (char)i;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        pthread_t thread;
        over = 0;
        pthread_create(&thread, NULL, work, (void *)(uintptr_t)&calls[i]);
        int most = calls_within();
        over = 1;
        pthread_join(thread, NULL);
        CHECK(most >= WANTED, "call %zu: %d calls of another thread within it", i, most);
    }
    free(again);
    free(narrow);
    free(wide);
    MPI_Finalize();
    return 0;
}
