// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pieces.h"

static inline __attribute__((always_inline)) void
copy_each(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length, uint64_t n)
{
    for (; n >= 4; n -= 4, to += 4 * t, from += 4 * f) {
        memcpy(to, from, length);
        memcpy(to + t, from + f, length);
        memcpy(to + 2 * t, from + 2 * f, length);
        memcpy(to + 3 * t, from + 3 * f, length);
    }
    for (; n; n--, to += t, from += f)
        memcpy(to, from, length);
}

// A length that the compiler knows becomes one load and one store.
#define COPY(known)                                                                                \
    static void copy_##known(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length,  \
                             uint64_t n)                                                           \
    {                                                                                              \
        (void)length;                                                                              \
        copy_each(to, t, from, f, known, n);                                                       \
    }
COPY(1)
COPY(2)
COPY(4)
COPY(8)
COPY(12)
COPY(16)
COPY(24)
COPY(32)
#undef COPY

static void
copy_any(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length, uint64_t n)
{
    for (; n; n--, to += t, from += f)
        copy_piece(to, from, length);
}

strided_copy *
copy_of_length(size_t length)
{
    static strided_copy *const by_words[] = {copy_any, copy_4,  copy_8,   copy_12, copy_16,
                                             copy_any, copy_24, copy_any, copy_32};
    if (length <= 32 && length % 4 == 0)
        return by_words[length / 4];
    return length == 1 ? copy_1 : length == 2 ? copy_2 : copy_any;
}

static inline __attribute__((always_inline)) void
copy_piece_at(const struct places *p, char *at, MPI_Count offset, bool gather, size_t length)
{
    if (gather)
        memcpy(at, p->base + offset, length);
    else
        memcpy(p->base + offset, at, length);
}

static inline __attribute__((always_inline)) void
copy_at_each(struct places p, bool gather, size_t length, uint64_t n)
{
    char *at = p.at;
    if (p.offsets.near) {
        for (uint64_t i = 0; i < n; i++, at += p.step)
            copy_piece_at(&p, at, p.offsets.near[i], gather, length);
    } else {
        for (uint64_t i = 0; i < n; i++, at += p.step)
            copy_piece_at(&p, at, p.offsets.far[i], gather, length);
    }
}

static noinline_ void
copy_at_any(struct places p, size_t length, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++, p.at += p.step) {
        char *place = p.base + offset_at(p.offsets, i);
        if (p.gather)
            copy_piece(p.at, place, length);
        else
            copy_piece(place, p.at, length);
    }
}

void
copy_at(struct places p, size_t length, uint64_t n)
{
#define CASE(known)                                                                                \
    case known:                                                                                    \
        if (p.gather)                                                                              \
            copy_at_each(p, true, known, n);                                                       \
        else                                                                                       \
            copy_at_each(p, false, known, n);                                                      \
        return
    switch (length) {
        CASE(1);
        CASE(2);
        CASE(4);
        CASE(8);
        CASE(12);
        CASE(16);
        CASE(24);
        CASE(32);
    }
#undef CASE
    copy_at_any(p, length, n);
}
