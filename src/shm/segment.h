// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The job's segment: one memfd that the launcher makes and every rank maps.
 *
 *   struct segment            one page: identity, layout, failure, counters
 *   guests                    other jobs whose processes know this one
 *   struct rank_block  x N    what peers must know of a rank; its inbound ring's counters
 *   wanting            x N x (N bits, in lines)   who waits for room in a rank's ring
 *   struct slot        x N x ring_slots      the inbound rings (ring.h)
 *   struct xfer        x N x XFERS           a rank's outgoing large messages (xfer.h)
 *   struct piece       x N x pieces          one line per staging piece (staging.h)
 *   payload            x N x pieces x PIECE_SIZE
 *   heap                                     what ranks allocate later (arena.h)
 *
 * The file is sparse: its size covers the whole heap from the start and pages appear when they are
 * touched. (Growing it with ftruncate while ranks run cannot be made safe: two growers that
 * computed different sizes may run in either order, and the smaller one would cut the other's
 * pages off.) Nothing here has a name in a file system; when the last process is gone, so is it.
 *
 * How many ranks. Parts of the segment have the size that the job's number of ranks gives them, and
 * a rank's number has 22 bits where it shares a word with something else (a ring's claim, the
 * failure): as many as a Linux kernel can have process ids. So a job has as many ranks as the
 * kernel starts, and MAX_RANKS is not a limit of ours.
 */
#ifndef MUSTER_SHM_SEGMENT_H
#define MUSTER_SHM_SEGMENT_H

#include "base/base.h"

#define SEGMENT_MAGIC   UINT64_C(0x3172657473756d00) // "\0muster1"
#define SEGMENT_VERSION 4
#define RANK_BITS       22
#define MAX_RANKS       (1 << RANK_BITS) // PID_MAX_LIMIT of the kernel: it has no more process ids
#define RING_SLOTS      256
#define XFERS           64
#define PIECE_SIZE      (16 * 1024)
#define JOB_BITS        42        // of a job's identity: with a number of ranks, one word
#define GUEST_JOBS      16384     // other jobs that may ever produce here
#define GUESTS          (1 << 16) // and their processes
#define WAITING_WORDS   3 // the length of "MPI_Reduce_scatter_block", and the rest of a line

/* Life of a rank's slot. The rank itself writes it; the launcher reads it when the process ends. */
enum rank_state {
    RANK_FREE = 0,      // no process has joined under this rank
    RANK_JOINED = 1,    // a process claimed it in MPI_Init
    RANK_FINALIZED = 2, // that process has returned from MPI_Finalize
    RANK_SESSION = 3,   // it has sessions only (MPI_Session_init); with the last it is FINALIZED
};

/* How far MPI_Finalize is. */
enum rank_leaves {
    LEAVES_NOT = 0,
    LEAVES = 1,       // it will receive nothing more
    LEAVES_QUIET = 2, // it will send nothing more, and takes what others still send
};

static inline bool
rank_state_inside(uint32_t state)
{
    return state == RANK_JOINED || state == RANK_SESSION;
}

enum failure_kind {
    FAILURE_NONE = 0,
    FAILURE_EXIT = 1,   // exited with code, not finalized
    FAILURE_SIGNAL = 2, // killed by signal number code
    FAILURE_ABORT = 3,  // MPI_Abort(code)
    FAILURE_ENDED = 4,  // the launcher was told to end the job (a signal, --timeout)
    FAILURE_FAMILY = 5, // a job that this one spawned, or that spawned this one, has failed
};

/* The first failure of the job, packed into one word so that one compare-and-swap publishes it. */
struct failure {
    uint32_t kind : 32 - RANK_BITS; // enum failure_kind; 0 means none
    uint32_t rank : RANK_BITS;
    int32_t code; // exit code or signal number
};
static_assert(sizeof(struct failure) == 8, "a failure is one word");

#define FIRST_CONTEXT 16 // the predefined communicators have the ids below

struct segment {
    // Written by the maker before any rank runs, read-only afterwards.
    uint64_t magic;
    uint32_t version;
    uint32_t nranks;
    uint64_t size;      // bytes of the file and of every mapping
    uint64_t job;       // random identity of JOB_BITS, not 0, also in the environment
    uint64_t guests_at; // offsets from the start of the segment, as the following
    uint64_t ranks_at;
    uint64_t wanting_at;
    uint64_t rings_at;
    uint64_t xfers_at;
    uint64_t pieces_at;
    uint64_t payload_at;
    uint64_t heap_at;
    uint32_t npieces;       // staging pieces of each rank
    uint32_t wanting_words; // of each rank: a bit for each of the ranks, in whole lines; the last
                            // word is the guests'
    uint32_t ncpus;         // CPUs granted to the job (affinity and cgroup quota)
    int32_t launcher;       // pid, for PR_SET_PTRACER

    // Written once, by whoever sees the first failure (launcher, or a rank in MPI_Abort): a
    // compare-and-swap from 0. Read by every rank on every poll, so nothing else is on its line.
    line_aligned _Atomic uint64_t failure;

    // Any rank, rarely.
    line_aligned _Atomic uint64_t next_context; // fetch-add: context ids never run out
    _Atomic uint64_t heap_top;                  // compare-and-swap: arenas take chunks here
    _Atomic uint32_t fence_needed;              // 1: some rank has no membarrier, senders fence
    _Atomic uint32_t lingering;                 // ranks in MPI_Finalize with messages left
    _Atomic uint64_t next_shared_context; // fetch-add: of communicators with other jobs' processes
};

/*
 * What a rank is blocked in, for reports; written by the rank, before it sleeps. A reader takes
 * `since`, what it wants, and `since` again: the same value, not 0, says that it belongs together.
 */
struct waiting {
    _Atomic uint64_t since; // CLOCK_MONOTONIC, ns; 0: not blocked
    _Atomic uint64_t context;
    _Atomic int32_t peer; // rank in the communicator, or MPI_ANY_SOURCE
    _Atomic int32_t tag;
    _Atomic uint64_t op[WAITING_WORDS]; // name of the MPI function, cut or filled with zeros
};

struct rank_block {
    // The rank writes, launcher and peers read.
    _Atomic int32_t pid;     // compare-and-swap from 0 in MPI_Init claims the rank
    _Atomic uint32_t state;  // enum rank_state
    _Atomic uint32_t ended;  // the launcher alone: 1 after the rank's process has been reaped
    _Atomic uint32_t leaves; // enum rank_leaves
    struct waiting waiting;

    // The rank writes `sleeping`, peers read it after each message and write `bell` if it is set.
    line_aligned _Atomic uint32_t sleeping;
    _Atomic uint32_t bell; // futex word
    _Atomic uint32_t cpu;  // the rank, when it changes: 1 + where it last waited; 0: unknown

    // Inbound ring. `head` is written by the rank alone, a quarter lap at a time; producers read.
    line_aligned _Atomic uint64_t head;
    _Atomic uint32_t space_wanted; // a producer set its bit (segment_wanting): wake it when head
                                   // moves

    // Written by whichever producer claimed last; a hint that is never ahead of the claims.
    line_aligned _Atomic uint64_t tail;

    // claims[i]: of slot i's last claim, its lap and the claimer's rank (ring.h). Producers only.
    line_aligned _Atomic uint64_t claims[RING_SLOTS];
};
static_assert(offsetof(struct rank_block, sleeping) == 64, "the doorbell has its own line");
static_assert(offsetof(struct rank_block, head) == 128, "the ring's head has its own line");
static_assert(offsetof(struct rank_block, claims) == 256, "so has each other part of it");
static_assert(sizeof(struct segment) <= 4096, "the header fits a page");

/* A process's view of the segment. */
struct segment_view {
    struct segment *base; // NULL: not mapped
    int fd;
};

/* Memory that may still be used, and the limit that says so (base/cpu.h). */
struct headroom {
    uint64_t bytes;
    char what[160];
};

/*
 * The layout for `nranks`, so that all that ranks touch without asking again (blocks, rings, xfers,
 * staging) fits into what there is: staging is made smaller where it does not. 0, or ENOMEM with
 * the sizes in `why`.
 */
int segment_plan(struct segment *plan, int nranks, const struct headroom *have, char *why,
                 size_t n);

/*
 * Make a segment for `nranks` (1..MAX_RANKS) ranks; view->fd is close-on-exec. Returns 0, or an
 * errno value; `why` (size n) then holds one sentence with the sizes.
 */
int segment_create(struct segment_view *view, int nranks, char *why, size_t n);

/* Map an existing segment. The view owns fd afterwards. Returns 0 or an errno value. */
int segment_map(struct segment_view *view, int fd);

/* Unmap, and close fd. */
void segment_unmap(struct segment_view *view);

static inline void *
segment_at(struct segment *seg, uint64_t offset)
{
    return (char *)seg + offset;
}

static inline struct rank_block *
segment_rank(struct segment *seg, int rank)
{
    return (struct rank_block *)segment_at(seg, seg->ranks_at) + rank;
}

/* The bits of the ranks that wait for room in the ring of `rank`: they set, the rank clears. */
static inline _Atomic uint64_t *
segment_wanting(struct segment *seg, int rank)
{
    return (_Atomic uint64_t *)segment_at(seg, seg->wanting_at) + (size_t)rank * seg->wanting_words;
}

/*
 * The number that rank 0 of another job has here, its other ranks following: the job's place in a
 * list that only grows. -1 when the list is full. Processes of other jobs are guests: their numbers
 * come after those of the ranks, and mean the same to all who map the segment.
 */
int segment_guest(struct segment *seg, uint64_t job, int nranks);

/* Whose number that is: the job, and its rank in *rank; 0: nobody's. */
uint64_t segment_guest_job(struct segment *seg, int number, int *rank);

/* Publish the first failure; true if this call was the first. Does not wake anyone. */
bool segment_fail(struct segment *seg, struct failure failure);

/* The job's failure; kind 0 if there is none. */
static inline struct failure
segment_failure(struct segment *seg)
{
    union {
        uint64_t word;
        struct failure failure;
    } u = {.word = atomic_load_explicit(&seg->failure, memory_order_relaxed)};
    return u.failure;
}

/* Wake one rank, or all of them, whether or not they say they sleep: for the slow paths. */
void segment_ring_bell(struct segment *seg, int rank);
void segment_ring_all_bells(struct segment *seg);

#endif
