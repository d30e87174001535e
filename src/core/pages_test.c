// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pages.h"

#include "base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MIB ((size_t)1 << 20)

#define MIB ((size_t)1 << 20)

// Of the mapping that begins at `at`, KiB: "Rss" or "AnonHugePages".
static long
mapping(const void *at, const char *what)
{
    char line[256];
    unsigned long from, to;
    long found = -1;
    bool here = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    CHECK(file != NULL);
    while (found < 0 && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = from == (uintptr_t)at;
        else if (here && strncmp(line, what, strlen(what)) == 0)
            found = atol(line + strlen(what) + 1);
    }
    fclose(file);
    return found;
}

// 16 MiB from a block's start, in a mapping of their own.
static char *
map(void)
{
    char *all = mmap(NULL, 20 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(all != MAP_FAILED);
    char *data = (char *)align_up((uintptr_t)all, 2 * MIB);
    CHECK(mprotect(data, 16 * MIB, PROT_READ | PROT_WRITE) == 0);
    return data;
}

static void
use(struct pages *pages, const char *data, size_t size, int times)
{
    for (int i = 0; i < times; i++)
        pages_used(pages, data, size);
}

static void
check_contents(const char *data)
{
    for (size_t i = 0; i < 16 * MIB; i += 4096)
        CHECK(data[i] == (char)(i >> 12), "at %zu", i);
}

static char *
map_and_fill(void)
{
    char *data = map();
    for (size_t i = 0; i < 16 * MIB; i += 4096)
        data[i] = (char)(i >> 12);
    return data;
}

// KiB after a move: a kernel that uses huge pages by itself may have more of them before.
static long
huge(long before, long moved, bool can)
{
    return can && before < moved ? moved : before;
}

static bool
kernel_can(void)
{
    char *data = map_and_fill();
    return madvise(data, 2 * MIB, 25) == 0 && mapping(data, "AnonHugePages") == 2048;
}

// A buffer whose first and last blocks hold other data too.
static void
check_moved(bool can)
{
    char *data = map_and_fill();
    struct pages pages = {0};
    long before = mapping(data, "AnonHugePages");
    use(&pages, data + 5 * MIB, 6 * MIB, PAGES_AFTER);
    CHECK(mapping(data, "AnonHugePages") == before);
    use(&pages, data + 5 * MIB, 6 * MIB, PAGES_PARTS);
    CHECK(mapping(data, "AnonHugePages") == huge(before, 8192, can));
    check_contents(data);
}

// Nothing comes into memory that was not there.
static void
check_not_there(bool can)
{
    char *data = map();
    struct pages pages = {0};
    memset(data + 3 * MIB, 1, 4 * MIB);
    long rss = mapping(data, "Rss"), before = mapping(data, "AnonHugePages");
    use(&pages, data + 3 * MIB, 4 * MIB, PAGES_AFTER + PAGES_PARTS);
    CHECK(mapping(data, "Rss") == rss);
    CHECK(mapping(data, "AnonHugePages") == huge(before, 2048, can));
    use(&pages, data, 16 * MIB, PAGES_AFTER + PAGES_PARTS);
    CHECK(mapping(data, "Rss") == rss);
}

// Other memory at the same address later.
static void
check_again(bool can)
{
    char *data = map_and_fill();
    struct pages pages = {0};
    use(&pages, data, 16 * MIB, PAGES_AGAIN / 2);
    CHECK(mapping(data, "AnonHugePages") == huge(0, 16384, can));
    CHECK(madvise(data, 16 * MIB, MADV_DONTNEED) == 0);
    memset(data, 2, 16 * MIB);
    long before = mapping(data, "AnonHugePages");
    use(&pages, data, 16 * MIB, PAGES_AGAIN / 2);
    CHECK(mapping(data, "AnonHugePages") == before);
    use(&pages, data, 16 * MIB, PAGES_AGAIN / 2);
    CHECK(mapping(data, "AnonHugePages") == huge(before, 16384, can));
}

// The wrong ends of the address space.
static void
check_nonsense(void)
{
    struct pages pages = {0};
    use(&pages, NULL, 4 * MIB, PAGES_AFTER + PAGES_PARTS);
    use(&pages, (const char *)(UINTPTR_MAX - 8 * MIB), 4 * MIB, PAGES_AFTER + PAGES_PARTS);
}

int
main(void)
{
    bool can = kernel_can();
    if (!can)
        printf("this kernel moves no memory into huge pages\n");
    check_moved(can);
    check_not_there(can);
    check_again(can);
    check_nonsense();
    return 0;
}
