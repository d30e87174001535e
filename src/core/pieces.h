// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Copying pieces of one length: the innermost loops of everything that moves data with holes
 * (core/layout.c). */
#ifndef MUSTER_CORE_PIECES_H
#define MUSTER_CORE_PIECES_H

#include "core/layout.h"

#include <string.h>

// Short ones without a call: the two loads overlap.
static inline __attribute__((always_inline)) void
copy_piece(char *to, const char *from, size_t n)
{
    uint64_t first, last;
    uint32_t first4, last4;
    struct {
        uint64_t word[2];
    } a, b, c, d;
    if (n > 64) {
        memcpy(to, from, n);
    } else if (n > 32) {
        memcpy(&a, from, sizeof a);
        memcpy(&b, from + 16, sizeof b);
        memcpy(&c, from + n - 32, sizeof c);
        memcpy(&d, from + n - 16, sizeof d);
        memcpy(to, &a, sizeof a);
        memcpy(to + 16, &b, sizeof b);
        memcpy(to + n - 32, &c, sizeof c);
        memcpy(to + n - 16, &d, sizeof d);
    } else if (n > 16) {
        memcpy(&a, from, sizeof a);
        memcpy(&b, from + n - sizeof b, sizeof b);
        memcpy(to, &a, sizeof a);
        memcpy(to + n - sizeof b, &b, sizeof b);
    } else if (n >= 8) {
        memcpy(&first, from, 8);
        memcpy(&last, from + n - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + n - 8, &last, 8);
    } else if (n >= 4) {
        memcpy(&first4, from, 4);
        memcpy(&last4, from + n - 4, 4);
        memcpy(to, &first4, 4);
        memcpy(to + n - 4, &last4, 4);
    } else {
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
    }
}

/* Pieces of one length, on each side so many bytes apart. */
struct strided {
    char *to;
    const char *from;
    MPI_Count to_stride, from_stride;
};

typedef void strided_copy(char *to, MPI_Count t, const char *from, MPI_Count f, size_t length,
                          uint64_t n);

/* The loop for pieces of `length` bytes. */
strided_copy *copy_of_length(size_t length);

static inline void
copy_strided(struct strided s, size_t length, uint64_t n)
{
    copy_of_length(length)(s.to, s.to_stride, s.from, s.from_stride, length, n);
}

/* Pieces of one length: `step` apart on one side, at `offsets` from a base on the other. */
struct places {
    char *at;
    MPI_Count step;
    char *base;
    struct offsets offsets;
    bool gather; // from the base to `at`
};

void copy_at(struct places p, size_t length, uint64_t n);

#endif
