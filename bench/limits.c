// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What the machine can do, without any MPI: "NAME BYTES MICROSECONDS" on each line, the best of
 * several rounds. Two processes on two CPUs. Every way moves a message there and back, from buffer
 * to buffer, so that what is sent has just been written; half of the time of both counts.
 *   line        a cache line to the other CPU
 *   memcpy      within one process, between two buffers of this size
 *   ring R      through a ring of R bytes in pieces of 16 KiB, both copying at once
 *   kernel      process_vm_readv by the receiver
 *   kernel both the same, and process_vm_writev by the sender, in ranges from a cursor
 *   kernel_huge kernel both, with buffers in huge pages
 *   shared      memcpy by the receiver from a buffer in shared memory
 *   shared both the same, each copying a half
 *   yield       sched_yield with nobody else there
 *   wake        a futex wake-up of one that sleeps
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RANGE  (128u << 10)
#define LARGE  (64u << 20)
#define ROUNDS 7

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

struct shared {
    _Alignas(64) _Atomic uint64_t filled; // the sender: pieces put into the ring
    _Alignas(64) _Atomic uint64_t taken;  // the receiver: pieces taken out
    _Alignas(64) _Atomic uint64_t cursor; // both: bytes that somebody copies
    _Alignas(64) _Atomic uint64_t copied; // both: bytes that are there
    _Alignas(64) _Atomic uint32_t turn[2];
    _Alignas(64) _Atomic uint32_t word;
    _Atomic int huge; // sides whose buffer is in huge pages
    pid_t pids[2];
    char *buffers[2];
    _Alignas(4096) char ring[LARGE];
    char memory[2][LARGE];
};

static struct shared *s;
static char *mine; // this process's buffer
static int side;
static int from; // the side that sends in this turn

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

// Both sides meet.
static void
meet(void)
{
    static uint32_t n;
    atomic_store_explicit(&s->turn[side], ++n, memory_order_release);
    while (atomic_load_explicit(&s->turn[!side], memory_order_acquire) < n)
        __builtin_ia32_pause();
}

static void
line(size_t n)
{
    (void)n;
    static uint32_t turn;
    turn++;
    if (side == from)
        atomic_store_explicit(&s->word, turn, memory_order_release);
    while (atomic_load_explicit(&s->word, memory_order_acquire) < turn)
        __builtin_ia32_pause();
}

static void
copy(size_t n)
{
    if (side == 0)
        memcpy(mine + LARGE, mine, n);
}

static size_t ring_bytes, piece_bytes;
static uint64_t done; // pieces that this side has moved through the ring

static void
ring(size_t n)
{
    uint64_t places = ring_bytes / piece_bytes;
    for (size_t at = 0; at < n; at += piece_bytes, done++) {
        size_t part = n - at < piece_bytes ? n - at : piece_bytes;
        char *piece = s->ring + done % places * piece_bytes;
        if (side == from) {
            while (done - atomic_load_explicit(&s->taken, memory_order_acquire) >= places)
                __builtin_ia32_pause();
            memcpy(piece, mine + at, part);
            atomic_store_explicit(&s->filled, done + 1, memory_order_release);
        } else {
            while (atomic_load_explicit(&s->filled, memory_order_acquire) <= done)
                __builtin_ia32_pause();
            memcpy(mine + at, piece, part);
            atomic_store_explicit(&s->taken, done + 1, memory_order_release);
        }
    }
}

static void
kernel(size_t n)
{
    struct iovec here = {mine, n}, there = {s->buffers[from], n};
    meet();
    if (side != from && process_vm_readv(s->pids[from], &here, 1, &there, 1, 0) != (ssize_t)n)
        _exit(1);
}

// Ranges from a cursor until none is left, by `move`; a turn begins and ends with both there.
static void
ranges(size_t n, void (*move)(size_t at, size_t n))
{
    meet();
    if (side == 0) {
        atomic_store_explicit(&s->copied, 0, memory_order_relaxed);
        atomic_store_explicit(&s->cursor, 0, memory_order_relaxed);
    }
    meet();
    size_t range = n / 4 < RANGE ? n / 4 : RANGE;
    for (size_t at; (at = atomic_fetch_add(&s->cursor, range)) < n;) {
        size_t part = n - at < range ? n - at : range;
        move(at, part);
        atomic_fetch_add(&s->copied, part);
    }
    while (atomic_load_explicit(&s->copied, memory_order_acquire) < n)
        __builtin_ia32_pause();
}

static void
move_kernel(size_t at, size_t n)
{
    struct iovec here = {mine + at, n}, there = {s->buffers[!side] + at, n};
    ssize_t moved = side == from ? process_vm_writev(s->pids[!side], &here, 1, &there, 1, 0)
                                 : process_vm_readv(s->pids[from], &here, 1, &there, 1, 0);
    if (moved != (ssize_t)n)
        _exit(1);
}

static void
kernel_both(size_t n)
{
    ranges(n, move_kernel);
}

static void
shared(size_t n)
{
    meet();
    if (side != from)
        memcpy(s->memory[side], s->memory[from], n);
}

static void
move_shared(size_t at, size_t n)
{
    memcpy(s->memory[!from] + at, s->memory[from] + at, n);
}

static void
shared_both(size_t n)
{
    ranges(n, move_shared);
}

static void
yield(size_t n)
{
    (void)n;
    if (side == 0)
        sched_yield();
}

static void
wake(size_t n)
{
    (void)n;
    static uint32_t turn;
    turn += 2;
    if (side == 0) {
        atomic_store(&s->word, turn - 1);
        syscall(SYS_futex, &s->word, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    for (uint32_t seen; (seen = atomic_load(&s->word)) < turn - (uint32_t)side;)
        syscall(SYS_futex, &s->word, FUTEX_WAIT, seen, NULL, NULL, 0);
    if (side == 1) {
        atomic_store(&s->word, turn);
        syscall(SYS_futex, &s->word, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
}

static void
measure(const char *name, void (*way)(size_t), size_t n, int turns, double share)
{
    double best = 1e30;
    for (int round = 0; round < ROUNDS; round++) {
        meet();
        double start = now();
        for (int i = 0; i < turns; i++) {
            from = i & 1;
            way(n);
        }
        meet();
        double t = (now() - start) / turns * share;
        best = t < best ? t : best;
    }
    if (side == 0)
        printf("%s %zu %.4f\n", name, n, best);
}

static void
measure_ring(size_t n, int turns, size_t bytes, size_t piece)
{
    char name[64];
    snprintf(name, sizeof name, "ring_%zuK/%zuK", bytes >> 10, piece >> 10);
    ring_bytes = bytes;
    piece_bytes = piece;
    done = 0;
    meet();
    if (side == 0) {
        atomic_store(&s->filled, 0);
        atomic_store(&s->taken, 0);
    }
    meet();
    measure(name, ring, n, turns, 1);
}

static void
run(void)
{
    static const size_t sizes[] = {4096, 16384, 65536, 1 << 18, 1 << 20, 4 << 20, 16 << 20};
    static const size_t rings[] = {256 << 10, 4 << 20, 16 << 20};
    measure("line", line, 64, 100000, 1);
    measure("yield", yield, 0, 20000, 1);
    measure("wake", wake, 0, 2000, 0.5);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];
        int turns = (int)((64u << 20) / n) < 20 ? 20 : (int)((64u << 20) / n);
        measure("memcpy", copy, n, turns, 1);
        for (size_t r = 0; r < sizeof rings / sizeof *rings; r++)
            for (size_t piece = 4096; piece <= 65536; piece *= 4)
                if (piece <= n)
                    measure_ring(n, turns, rings[r], piece);
        measure("kernel", kernel, n, turns, 1);
        measure("kernel_both", kernel_both, n, turns, 1);
        measure("shared", shared, n, turns, 1);
        measure("shared_both", shared_both, n, turns, 1);
    }
    atomic_fetch_add(&s->huge, madvise(mine, LARGE, MADV_COLLAPSE) == 0);
    meet();
    if (s->huge < 2)
        return;
    for (size_t n = 1 << 20; n <= 16 << 20; n *= 4)
        measure("kernel_huge", kernel_both, n, (int)((128u << 20) / n), 1);
}

int
main(void)
{
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return 1;
    s->pids[0] = getpid();
    pid_t pid = fork();
    side = pid == 0;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(side, &set);
    sched_setaffinity(0, sizeof set, &set);
    mine = aligned_alloc(2 << 20, 2 * (size_t)LARGE);
    memset(mine, side, 2 * (size_t)LARGE);
    memset(s->memory[side], 1, LARGE);
    s->pids[side] = getpid();
    s->buffers[side] = mine;
    run();
    return side ? 0 : (wait(NULL), 0);
}
