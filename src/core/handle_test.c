// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Handles: live ones are found, all others are not. */

#include "core/handle.h"

#include <stdio.h>

struct thing {
    struct object object;
    int value;
};

static int failures;

static void
expect(bool condition, const char *what)
{
    if (condition)
        return;
    printf("%s\n", what);
    failures++;
}

static const void *
as_handle(uintptr_t h)
{
    return (const void *)h;
}

static void
life_of_one(void)
{
    struct thing *t = pool_alloc(HANDLE_OP, sizeof *t);
    t->value = 7;
    uintptr_t h = handle_of(HANDLE_OP, t);
    expect(handle_get(HANDLE_OP, as_handle(h)) == t, "a live handle is not found");
    expect((h & 0x7fffffff) >= 4096, "a low word below the predefined handles");
    expect((h & 0x80000000) == 0, "bit 31 is set");
    expect(handle_get(HANDLE_INFO, as_handle(h)) == NULL, "found as another kind");
    expect(handle_get(HANDLE_OP, as_handle(h ^ UINT64_C(1) << 40)) == NULL, "a wild generation");
    expect(handle_get(HANDLE_OP, as_handle(h + 5000)) == NULL, "a wild index");
    expect(handle_from_low(HANDLE_OP, (uint32_t)h) == h, "the low word does not lead back");
    pool_free(HANDLE_OP, t);
    expect(handle_get(HANDLE_OP, as_handle(h)) == NULL, "a freed handle is found");
    expect(handle_from_low(HANDLE_OP, (uint32_t)h) == 0, "the low word of a freed one is found");
    struct thing *again = pool_alloc(HANDLE_OP, sizeof *again);
    expect(again == t, "the place is not used again");
    expect(again->value == 0, "the new object is not zeroed");
    expect(handle_get(HANDLE_OP, as_handle(h)) == NULL, "the old handle names the new object");
    pool_free(HANDLE_OP, again);
}

// Objects keep their places while the pool grows.
static void
many(void)
{
    enum { N = 10000 };
    static struct thing *things[N];
    static uintptr_t handles[N];
    for (int i = 0; i < N; i++) {
        things[i] = pool_alloc(HANDLE_GROUP, sizeof(struct thing));
        things[i]->value = i;
        handles[i] = handle_of(HANDLE_GROUP, things[i]);
    }
    for (int i = 0; i < N; i++)
        expect(handle_get(HANDLE_GROUP, as_handle(handles[i])) == things[i], "lost");
    for (int i = 0; i < N; i += 2)
        pool_free(HANDLE_GROUP, things[i]);
    for (int i = 0; i < N; i++) {
        struct thing *t = (struct thing *)handle_get(HANDLE_GROUP, as_handle(handles[i]));
        expect(i % 2 ? t == things[i] && t->value == i : t == NULL, "wrong after freeing half");
    }
}

int
main(void)
{
    life_of_one();
    many();
    return failures != 0;
}
