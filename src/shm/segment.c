// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "shm/segment.h"

#include "base/cpu.h"
#include "shm/ring.h"
#include "shm/staging.h"
#include "shm/xfer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define PAGE       4096u
#define LINE_WORDS (CACHE_LINE / sizeof(uint64_t))

/* Staging: larger than a core's L2 cache, so that a piece's lines have left it before the piece
 * comes round again (staging.h), but never more than this in all. */
#define STAGING_BYTES     (4u << 20)
#define STAGING_BYTES_ALL (512u << 20)
#define PIECES_MIN        8 // of a rank, however many there are

static uint32_t
piece_count(int nranks)
{
    size_t each = STAGING_BYTES_ALL / (size_t)nranks;
    if (each > STAGING_BYTES)
        each = STAGING_BYTES;
    uint32_t pieces = (uint32_t)(each / PIECE_SIZE);
    return pieces < PIECES_MIN ? PIECES_MIN : pieces;
}

/* Address space for what ranks allocate later: twice the machine's memory (the rest could never be
 * touched), cut by the limits of this process. */
static uint64_t
heap_size(void)
{
    struct sysinfo info;
    uint64_t heap = UINT64_C(64) << 30;
    if (sysinfo(&info) == 0)
        heap = (uint64_t)info.totalram * info.mem_unit * 2;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        heap > limit.rlim_cur / 4)
        heap = limit.rlim_cur / 4;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        heap > limit.rlim_cur / 2)
        heap = limit.rlim_cur / 2;
    return heap & ~(uint64_t)(PAGE - 1);
}

static struct segment
plan_layout(int nranks, uint32_t npieces)
{
    size_t n = (size_t)nranks;
    struct segment seg = {
        .magic = SEGMENT_MAGIC,
        .version = SEGMENT_VERSION,
        .nranks = (uint32_t)nranks,
        .npieces = npieces,
        .wanting_words = (uint32_t)align_up((n + 63) / 64 + 1, LINE_WORDS),
        .ncpus = (uint32_t)cpu_granted(),
        .launcher = getpid(),
        .next_context = FIRST_CONTEXT,
    };
    uint64_t at = PAGE;
    seg.guests_at = at;
    at = align_up(at + GUEST_JOBS * sizeof(uint64_t), PAGE);
    seg.ranks_at = at;
    at = align_up(at + n * sizeof(struct rank_block), PAGE);
    seg.wanting_at = at;
    at = align_up(at + n * seg.wanting_words * sizeof(uint64_t), PAGE);
    seg.rings_at = at;
    at = align_up(at + n * RING_SLOTS * sizeof(struct slot), PAGE);
    seg.xfers_at = at;
    at = align_up(at + n * XFERS * sizeof(struct xfer), PAGE);
    seg.pieces_at = at;
    at = align_up(at + n * seg.npieces * sizeof(struct piece), PAGE);
    seg.payload_at = at;
    at = align_up(at + n * seg.npieces * (size_t)PIECE_SIZE, 2u << 20);
    seg.heap_at = at;
    seg.heap_top = at;
    seg.size = at + heap_size();
    return seg;
}

static uint64_t
random_job(void)
{
    uint64_t job = 0;
    if (getrandom(&job, sizeof job, GRND_NONBLOCK) != (ssize_t)sizeof job || job == 0)
        job =
            ((uint64_t)getpid() << 32) ^ (uint64_t)(uintptr_t)&job ^ (uint64_t)sysconf(_SC_CLK_TCK);
    job &= (UINT64_C(1) << JOB_BITS) - 1;
    return job ? job : 1;
}

// Where a job's ids of communicators with other jobs' processes begin: so far from those of any
// other job that they never meet. Even, and below the bits that the engine uses.
static uint64_t
random_context(uint64_t job)
{
    uint64_t at = 0;
    if (getrandom(&at, sizeof at, GRND_NONBLOCK) != (ssize_t)sizeof at)
        at = job << 18;
    return (at & ((UINT64_C(1) << 61) - 1) & ~UINT64_C(1)) | UINT64_C(1) << 60;
}

static int
view_map(struct segment_view *view, uint64_t size, int fd)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED)
        return errno;
    *view = (struct segment_view){.base = p, .fd = fd};
    return 0;
}

int
segment_plan(struct segment *plan, int nranks, const struct headroom *have, char *why, size_t n)
{
    uint32_t pieces = piece_count(nranks);
    uint64_t each = (uint64_t)nranks * (PIECE_SIZE + sizeof(struct piece));
    uint64_t rings = plan_layout(nranks, 0).heap_at; // rounded up
    if (have->bytes < rings + PIECES_MIN * each) {
        snprintf(
            why, n,
            "%d ranks need %llu KiB of shared memory for their rings and %llu KiB for staging, "
            "but %s leaves %llu KiB",
            nranks, (unsigned long long)(rings >> 10),
            (unsigned long long)(PIECES_MIN * each >> 10), have->what,
            (unsigned long long)(have->bytes >> 10));
        return ENOMEM;
    }
    if (rings + pieces * each > have->bytes)
        pieces = (uint32_t)((have->bytes - rings) / each);
    *plan = plan_layout(nranks, pieces);
    return 0;
}

int
segment_create(struct segment_view *view, int nranks, char *why, size_t n)
{
    struct segment plan;
    struct headroom have;
    have.bytes = memory_headroom(have.what, sizeof have.what);
    int err = segment_plan(&plan, nranks, &have, why, n);
    if (err)
        return err;
    int fd = memfd_create("muster", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)plan.size) != 0 || (err = view_map(view, plan.size, fd))) {
        err = err ? err : errno;
        snprintf(why, n, "cannot make a segment of %llu MiB (address space) for %d ranks: %s%s",
                 (unsigned long long)(plan.size >> 20), nranks, strerror(err),
                 err == EFBIG ? " (ulimit -f)" : "");
        if (fd >= 0)
            close(fd);
        return err;
    }
    plan.job = random_job();
    plan.next_shared_context = random_context(plan.job);
    *view->base = plan;
    return 0;
}

int
segment_map(struct segment_view *view, int fd)
{
    struct segment head;
    if (pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        return errno ? errno : EINVAL;
    struct stat st;
    if (head.magic != SEGMENT_MAGIC || head.version != SEGMENT_VERSION || fstat(fd, &st) != 0 ||
        (uint64_t)st.st_size != head.size)
        return EINVAL;
    return view_map(view, head.size, fd);
}

void
segment_unmap(struct segment_view *view)
{
    if (view->base)
        munmap(view->base, view->base->size);
    if (view->fd >= 0)
        close(view->fd);
    *view = (struct segment_view){.base = NULL, .fd = -1};
}

static _Atomic uint64_t *
guest_entry(struct segment *seg, int i)
{
    return (_Atomic uint64_t *)segment_at(seg, seg->guests_at) + i;
}

int
segment_guest(struct segment *seg, uint64_t job, int nranks)
{
    uint64_t word = job << RANK_BITS | (uint64_t)nranks;
    int64_t at = seg->nranks;
    for (int i = 0; i < GUEST_JOBS && at + nranks <= (int64_t)seg->nranks + GUESTS; i++) {
        uint64_t seen = 0;
        // relaxed: the word says all.
        if (atomic_compare_exchange_strong_explicit(guest_entry(seg, i), &seen, word,
                                                    memory_order_relaxed, memory_order_relaxed) ||
            seen == word)
            return (int)at;
        at += (int64_t)(seen & (MAX_RANKS - 1));
    }
    return -1;
}

uint64_t
segment_guest_job(struct segment *seg, int number, int *rank)
{
    int64_t at = seg->nranks;
    for (int i = 0; i < GUEST_JOBS && number >= at; i++) {
        uint64_t word = atomic_load_explicit(guest_entry(seg, i), memory_order_relaxed);
        int64_t n = (int64_t)(word & (MAX_RANKS - 1));
        if (!word)
            return 0;
        if (number < at + n) {
            *rank = (int)(number - at);
            return word >> RANK_BITS;
        }
        at += n;
    }
    return 0;
}

bool
segment_fail(struct segment *seg, struct failure failure)
{
    union {
        struct failure failure;
        uint64_t word;
    } u = {.failure = failure};
    uint64_t none = 0;
    // release: pairs with the acquire in segment_failure; what the failing rank did before is seen.
    return atomic_compare_exchange_strong_explicit(&seg->failure, &none, u.word,
                                                   memory_order_release, memory_order_relaxed);
}

void
segment_ring_bell(struct segment *seg, int rank)
{
    struct rank_block *block = segment_rank(seg, rank);
    // release: as in bell_wake.
    atomic_fetch_add_explicit(&block->bell, 1, memory_order_release);
    syscall(SYS_futex, &block->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void
segment_ring_all_bells(struct segment *seg)
{
    for (int r = 0; r < (int)seg->nranks; r++)
        segment_ring_bell(seg, r);
}
