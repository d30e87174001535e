// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The kernel refuses copies between processes (a seccomp filter, as in many containers): to all
 * ranks, to even ranks only, or from the second one on. Large messages arrive all the same: very
 * large ones, which are copied directly at once, and those that try both ways first. */

#include "check.h"
#include "refuse.h"

#include <string.h>

#define LARGEST (40u << 20)
#define TRIES   12 // more than it takes to choose a way

// Pairs of neighbors exchange in both directions.
static void
exchange(unsigned char *out, unsigned char *in, size_t n, int round)
{
    int rank = world_rank(), partner = rank ^ 1;
    if (partner >= world_size())
        return;
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)(i * 3 + (i >> 16) + (size_t)rank + (size_t)round);
    memset(in, 0, n);
    MPI_Sendrecv(out, (int)n, MPI_BYTE, partner, 0, in, (int)n, MPI_BYTE, partner, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (size_t i = 0; i < n; i++) {
        unsigned char want = (unsigned char)(i * 3 + (i >> 16) + (size_t)partner + (size_t)round);
        CHECK(in[i] == want, "round %d, byte %zu of %zu: %d, not %d", round, i, n, in[i], want);
    }
}

static void
exchanges(unsigned char *out, unsigned char *in, int rounds)
{
    static const size_t sizes[] = {200 << 10, 3 << 20};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int i = 0; i < TRIES; i++)
            exchange(out, in, sizes[s], i);
    for (int i = 0; i < rounds; i++)
        exchange(out, in, LARGEST, i);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    unsigned char *out = malloc(LARGEST), *in = malloc(LARGEST);
    exchanges(out, in, 1);
    if (world_rank() % 2 == 0)
        refuse();
    exchanges(out, in, 2);
    if (world_rank() % 2 == 1)
        refuse();
    exchanges(out, in, 2);
    MPI_Finalize();
    free(out);
    free(in);
    return 0;
}
