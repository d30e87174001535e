// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A thread that packs, unpacks or reduces much by itself stops no other: calls of the main thread
 * begin and end between the first byte that it has written and the last. The types are freed
 * meanwhile. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { N = 8 << 20, WANTED = 20, ROUNDS = 200 };

static char *wide, *narrow, *again;
static char *_Atomic first, *_Atomic last; // what the call writes first and last; NULL: not yet
static _Atomic int rounds, over;
static MPI_Datatype type;

// Until these two bytes change.
static void
begin(char *a, char *b)
{
    *a = *b = 0x54;
    last = b;
    first = a;
}

static void
end(void)
{
    first = NULL;
    rounds++;
}

static void
pack(void)
{
    int at = 0;
    begin(narrow, narrow + N - 1);
    MPI_Pack(wide, 1, type, narrow, N, &at, MPI_COMM_WORLD);
    end();
    CHECK(at == N && narrow[N - 2] == (char)(N - 1), "%d", at);
}

static void
unpack(void)
{
    MPI_Count at = 0;
    begin(wide, wide + 2 * (N - 1));
    MPI_Unpack_c(narrow, N, &at, wide, 1, type, MPI_COMM_WORLD);
    end();
    CHECK(at == N && wide[2 * (N - 2)] == (char)(N - 1), "%lld", (long long)at);
}

static void
external(void)
{
    MPI_Count at = 0;
    begin(again, again + N - 1);
    MPI_Pack_external_c("external32", narrow, N / 4, MPI_INT32_T, again, N, &at);
    end();
    CHECK(at == N && again[0] == narrow[3], "%lld", (long long)at);
}

static void
reduce(void)
{
    memset(again, 0, N);
    begin(again, again + N - 1);
    MPI_Reduce_local(narrow, again, N, MPI_SIGNED_CHAR, MPI_SUM);
    end();
    CHECK(memcmp(again + 1, narrow + 1, N - 2) == 0, " ");
}

static void (*const calls[])(void) = {pack, unpack, external, reduce};

static void *
work(void *call)
{
    while (!over) {
        MPI_Type_vector(N, 1, 2, MPI_CHAR, &type);
        MPI_Type_commit(&type);
        (*(void (*const *)(void))call)();
        MPI_Type_free(&type);
    }
    return NULL;
}

// It looks at what another thread writes, on purpose.
__attribute__((no_sanitize("thread"))) static int
under_way(void)
{
    volatile char *a = first, *b = last;
    return a && *a != 0x54 && *b == 0x54;
}

// The most of our own calls that ran within one of the other thread's.
static int
calls_within(void)
{
    int most = 0, now = 0, round = 0, flag;
    for (int since = rounds; most < WANTED && rounds - since < ROUNDS;) {
        int before = rounds, within = under_way();
        MPI_Iprobe(MPI_ANY_SOURCE, 1, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
        within = within && under_way() && rounds == before;
        now = within ? (before == round ? now + 1 : 1) : 0;
        round = before;
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
        wide[2 * i] = narrow[i] = (char)(i | 1);
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
