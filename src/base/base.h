// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What every layer uses: attributes, alignment, and the few arithmetic helpers. */
#ifndef MUSTER_BASE_BASE_H
#define MUSTER_BASE_BASE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 64

#define likely(x)              __builtin_expect(!!(x), 1)
#define unlikely(x)            __builtin_expect(!!(x), 0)
#define cold                   __attribute__((cold, noinline))
#define noinline_              __attribute__((noinline))
#define line_aligned           _Alignas(CACHE_LINE)
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* The second name of a function, one line each: MPI_X is a weak alias of PMPI_X (MPI 5.0, 15.2). */
#define weak_alias(old, new) extern __typeof__(old) new __attribute__((weak, alias(#old)))

static inline size_t
align_up(size_t n, size_t to)
{
    return (n + to - 1) & ~(to - 1);
}

static inline size_t
max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline size_t
min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline void
cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* What was written there is for another CPU to read: let it leave this one's caches for the shared
 * one. A hint; does nothing where the processor has none (CLDEMOTE is a no-operation there). */
static inline void
cpu_hand_over(const void *data, size_t n)
{
#if defined(__x86_64__)
    for (const char *line = data; line < (const char *)data + n; line += CACHE_LINE)
        __asm__ __volatile__(".byte 0x0f, 0x1c, 0x00" : : "a"(line)); // cldemote (%rax)
#else
    (void)data, (void)n;
#endif
}

#endif
