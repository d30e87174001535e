// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Data for the tests of collectives: what each rank contributes to a call is a function of the
 * call, the rank and the index, so that every rank can tell what every result must be. */
#ifndef COLL_DATA_H
#define COLL_DATA_H

#include "check.h"

#include <stdint.h>
#include <string.h>

static inline uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* The same sequence on every rank. */
struct dice {
    uint64_t state;
};

static inline uint64_t
roll(struct dice *dice, uint64_t n)
{
    return mix(dice->state++) % n;
}

/* Element k of what `rank` contributes to call `call`. */
static inline unsigned char
byte_of(uint64_t call, int rank, uint64_t k)
{
    return (unsigned char)(mix(call * 1000003 + (uint64_t)rank) + k * 31 + (k >> 8) * 7);
}

static inline int64_t
number_of(uint64_t call, int rank, uint64_t k)
{
    return (int64_t)((mix(call * 1000003 + (uint64_t)rank) >> 40) + k * 3 + (uint64_t)rank);
}

static inline void
fill_bytes(void *buffer, uint64_t call, int rank, uint64_t first, uint64_t n)
{
    unsigned char *p = buffer;
    for (uint64_t k = 0; k < n; k++)
        p[k] = byte_of(call, rank, first + k);
}

static inline void
check_bytes(const void *buffer, uint64_t call, int rank, uint64_t first, uint64_t n,
            const char *what)
{
    const unsigned char *p = buffer;
    for (uint64_t k = 0; k < n; k++)
        CHECK(p[k] == byte_of(call, rank, first + k),
              "%s, call %llu: byte %llu of %llu from rank %d is %d, not %d", what,
              (unsigned long long)call, (unsigned long long)k, (unsigned long long)n, rank, p[k],
              byte_of(call, rank, first + k));
}

static inline void
fill_numbers(int64_t *p, uint64_t call, int rank, uint64_t first, uint64_t n)
{
    for (uint64_t k = 0; k < n; k++)
        p[k] = number_of(call, rank, first + k);
}

/* p[k] must be the sum of elements first + k of ranks [low, high). */
static inline void
check_sums(const int64_t *p, uint64_t call, int low, int high, uint64_t first, uint64_t n,
           const char *what)
{
    for (uint64_t k = 0; k < n; k++) {
        int64_t sum = 0;
        for (int r = low; r < high; r++)
            sum += number_of(call, r, first + k);
        CHECK(p[k] == sum, "%s, call %llu: element %llu of %llu is %lld, not %lld", what,
              (unsigned long long)call, (unsigned long long)k, (unsigned long long)n,
              (long long)p[k], (long long)sum);
    }
}

/* A buffer of n bytes with a guard on each side; buffer_check finds what was written outside. */
#define GUARD 64

static inline void *
buffer_new(size_t n)
{
    unsigned char *p = malloc(n + 2 * GUARD);
    CHECK(p, "no memory for %zu bytes", n);
    memset(p, 0xa5, n + 2 * GUARD);
    return p + GUARD;
}

static inline void
buffer_check(const void *buffer, size_t n, const char *what)
{
    const unsigned char *p = (const unsigned char *)buffer - GUARD;
    for (int i = 0; i < GUARD; i++)
        CHECK(p[i] == 0xa5 && p[GUARD + n + (size_t)i] == 0xa5, "%s wrote outside of the buffer",
              what);
}

static inline void
buffer_free(void *buffer, size_t n, const char *what)
{
    buffer_check(buffer, n, what);
    free((unsigned char *)buffer - GUARD);
}

#endif
