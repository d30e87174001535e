// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The kernel refuses copies between processes (a seccomp filter, as in many containers): to all ranks,
 * to even ranks only, or from the second one on. Very large messages arrive all the same. */

#include "check.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define SIZE (40 << 20)

static void
refuse(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_writev, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "errno %d", errno);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "errno %d", errno);
}

// Pairs of neighbors exchange in both directions.
static void
exchange(unsigned char *out, unsigned char *in, int round)
{
    int rank = world_rank(), partner = rank ^ 1;
    if (partner >= world_size())
        return;
    for (size_t i = 0; i < SIZE; i++)
        out[i] = (unsigned char)(i * 3 + (i >> 16) + (size_t)rank + (size_t)round);
    memset(in, 0, SIZE);
    MPI_Sendrecv(out, SIZE, MPI_BYTE, partner, 0, in, SIZE, MPI_BYTE, partner, 0, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    for (size_t i = 0; i < SIZE; i++) {
        unsigned char want = (unsigned char)(i * 3 + (i >> 16) + (size_t)partner + (size_t)round);
        CHECK(in[i] == want, "round %d, byte %zu: %d, not %d", round, i, in[i], want);
    }
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    unsigned char *out = malloc(SIZE), *in = malloc(SIZE);
    exchange(out, in, 0);
    if (world_rank() % 2 == 0)
        refuse();
    exchange(out, in, 1);
    exchange(out, in, 2);
    if (world_rank() % 2 == 1)
        refuse();
    exchange(out, in, 3);
    exchange(out, in, 4);
    MPI_Finalize();
    free(out);
    free(in);
    return 0;
}
