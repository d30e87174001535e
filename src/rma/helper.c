// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Where the kernel refuses copies between processes, each process that has windows over memory of
 * its own has one thread that sleeps until somebody asks it to copy pieces of that memory to or
 * from a block in the segment. One origin at a time has the block; it says so in `owner`, so that
 * the block of one that has ended can be taken from it.
 *
 * The thread touches nothing of the engine but the segment, so it needs no lock.
 */
#include "rma/rma.h"
#include "shm/arena.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct helper {
    // Origins: who has the block, its rank in the job + 1.
    line_aligned _Atomic uint32_t owner;
    // The owner adds one to `asked` when its request stands (futex word), the thread stores that
    // number to `answered`.
    line_aligned _Atomic uint32_t asked;
    _Atomic uint32_t answered;
    _Atomic uint32_t stop; // its process: end the thread
    // The owner's request.
    uint32_t npieces;
    uint32_t direction;
    struct run_piece pieces[HELPER_PIECES]; // at addresses
    unsigned char data[HELPER_ROOM];
};

// This process's.
static struct {
    uint32_t windows;
    struct helper *helper;
    uint64_t at;
    pthread_t thread;
} own;

/* ---- is it needed ---- */

static _Atomic uint64_t probe;

uint64_t
helper_probe(void)
{
    return (uint64_t)(uintptr_t)&probe;
}

// Nobody looks at the value: it is read and written to see that it can be.
bool
helper_refused(const struct peer *peer, uint64_t address)
{
    uint64_t value = 0;
    pid_t pid = atomic_load_explicit(&peer->block->pid, memory_order_relaxed);
    struct iovec local = {&value, sizeof value};
    struct iovec remote = {(void *)(uintptr_t)address, sizeof value};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0) != sizeof value ||
           process_vm_writev(pid, &local, 1, &remote, 1, 0) != sizeof value;
}

/* ---- the thread ---- */

static void
serve(struct helper *h)
{
    unsigned char *data = h->data;
    for (uint32_t i = 0; i < h->npieces && i < HELPER_PIECES; i++) {
        void *at = (void *)(uintptr_t)h->pieces[i].offset;
        size_t n = min_size(h->pieces[i].length, (size_t)(h->data + HELPER_ROOM - data));
        if (h->direction == WRITE)
            memcpy(at, data, n);
        else
            memcpy(data, at, n);
        data += n;
    }
}

static void *
helper_main(void *arg)
{
    struct helper *h = arg;
    struct segment *seg = engine.seg;
    uint32_t seen = 0;
    while (!atomic_load_explicit(&h->stop, memory_order_relaxed)) {
        // acquire: pairs with the release in ask; the request stands.
        uint32_t asked = atomic_load_explicit(&h->asked, memory_order_acquire);
        if (asked == seen) {
            syscall(SYS_futex, &h->asked, FUTEX_WAIT, asked, NULL, NULL, 0);
            continue;
        }
        uint32_t owner = atomic_load_explicit(&h->owner, memory_order_relaxed);
        if (!atomic_load_explicit(&h->stop, memory_order_relaxed))
            serve(h);
        seen = asked;
        // release: pairs with the acquire in ask; the data.
        atomic_store_explicit(&h->answered, asked, memory_order_release);
        if (owner && owner <= seg->nranks)
            bell_notify(seg, segment_rank(seg, (int)owner - 1));
    }
    return NULL;
}

static void
wake(struct helper *h)
{
    syscall(SYS_futex, &h->asked, FUTEX_WAKE, 1, NULL, NULL, 0);
}

// Signals are for the threads of the program.
static int
start_thread(void)
{
    sigset_t all, before;
    pthread_attr_t small;
    sigfillset(&all);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128u << 10);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&own.thread, &small, helper_main, own.helper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&small);
    return failed;
}

static int
helper_start(void)
{
    char why[256];
    own.at = arena_alloc(engine.seg, sizeof *own.helper, why, sizeof why);
    if (!own.at)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    own.helper = segment_at(engine.seg, own.at);
    int failed = start_thread();
    if (!failed)
        return MPI_SUCCESS;
    arena_free(engine.seg, own.at);
    return error_new(MPI_ERR_NO_MEM, "no thread can be started to serve the window: %s",
                     strerror(failed));
}

int
helper_hold(uint64_t *at)
{
    int err = own.windows ? MPI_SUCCESS : helper_start();
    if (err)
        return err;
    own.windows++;
    *at = own.at;
    return MPI_SUCCESS;
}

// The windows are freed, so nobody asks any more.
void
helper_release(void)
{
    if (--own.windows)
        return;
    atomic_store_explicit(&own.helper->stop, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&own.helper->asked, 1, memory_order_release);
    wake(own.helper);
    pthread_join(own.thread, NULL);
    arena_free(engine.seg, own.at);
}

/* ---- asking ---- */

static void
take_from_ended(struct helper *h, const struct peer *peer)
{
    uint32_t owner = atomic_load_explicit(&h->owner, memory_order_relaxed);
    if (!owner || owner > peer->segment->nranks)
        return;
    const struct rank_block *block = segment_rank(peer->segment, (int)owner - 1);
    if (has_left(block))
        atomic_compare_exchange_strong_explicit(&h->owner, &owner, 0, memory_order_relaxed,
                                                memory_order_relaxed);
}

static int
block_take(struct helper *h, const struct peer *peer)
{
    struct pause pause = {0};
    uint32_t none = 0, me = (uint32_t)engine.rank + 1;
    int err;
    // acquire: pairs with the release in block_give.
    while (!atomic_compare_exchange_strong_explicit(&h->owner, &none, me, memory_order_acquire,
                                                    memory_order_relaxed)) {
        none = 0;
        if ((err = pause_take(&pause)))
            return err;
        take_from_ended(h, peer);
    }
    return MPI_SUCCESS;
}

static void
block_give(struct helper *h)
{
    atomic_store_explicit(&h->owner, 0, memory_order_release);
}

// An interrupt is told when the thread has answered: until then it may touch the block.
static int
ask(struct helper *h)
{
    struct wait wait = {.op = "a window", .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    int err = MPI_SUCCESS, failure = MPI_SUCCESS;
    // release: pairs with the acquire in helper_main.
    uint32_t asked = atomic_fetch_add_explicit(&h->asked, 1, memory_order_release) + 1;
    wake(h);
    while (atomic_load_explicit(&h->answered, memory_order_acquire) != asked && !failure) {
        int now = engine_wait(&wait);
        err = err ? err : now;
        failure = now ? engine_failed() : MPI_SUCCESS;
    }
    wait_end(&wait);
    return err;
}

int
helper_copy(const struct place *place, const struct run_piece *pieces, size_t n, void *block,
            enum direction direction)
{
    struct helper *h = place->target->helper;
    size_t bytes = 0;
    int err = block_take(h, place->target->peer);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        h->pieces[i] = (struct run_piece){place->address + pieces[i].offset, pieces[i].length};
        bytes += pieces[i].length;
    }
    h->npieces = (uint32_t)n;
    h->direction = direction;
    if (direction == WRITE)
        memcpy(h->data, block, bytes);
    err = ask(h);
    if (!err && direction == READ)
        memcpy(block, h->data, bytes);
    block_give(h);
    return err;
}
