// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The engine's one global, its lock, and waiting.
 *
 * Every MPI call that touches shared state runs between engine_enter and engine_leave. Below
 * MPI_THREAD_MULTIPLE these only check that MPI is running. With it they hold one lock per process;
 * a thread that waits gives the lock away while it sleeps, and looks whether somebody wants it
 * while it spins. Of the threads that wait, one at a time owns progress (polls, and sleeps on the
 * rank's bell); the others sleep on `engine.changed` and look again at what they wait for when it
 * moves.
 */
#ifndef MUSTER_CORE_ENGINE_H
#define MUSTER_CORE_ENGINE_H

#include "core/api.h"
#include "core/error.h"
#include "core/event.h"
#include "core/match.h"
#include "core/object.h"
#include "core/pace.h"
#include "core/pages.h"
#include "core/request.h"
#include "core/task.h"
#include "shm/bell.h"
#include "shm/segment.h"
#include "shm/staging.h"
#include "shm/xfer.h"

enum engine_state { ENGINE_NEW = 0, ENGINE_RUNNING, ENGINE_FINALIZED, ENGINE_FORKED };

/* The World model: MPI_Init to MPI_Finalize, once. Sessions have their own lives (core/init.h). */
enum world_state { WORLD_NEW = 0, WORLD_RUNNING, WORLD_FINALIZED };

/* Own xfers, XFERS together. */
struct outgoing_table {
    struct xfer *xfers;
    uint64_t used; // bit per xfer
    struct outgoing_table *next;
    struct outgoing {
        struct request *send; // NULL: the data is all in staging, or it is not used
        struct peer *peer;
        struct type_info *theirs; // the receiver's layout, once this side has needed it; or NULL
    } of[XFERS];
};

struct engine {
    _Atomic uint32_t state;         // enum engine_state
    bool threads;                   // MPI_THREAD_MULTIPLE: the lock is taken
    _Atomic bool events_waiting;    // event_hook has something to do
    _Atomic uint32_t events_wanted; // bit per enum event_kind
    int thread_level;
    uint64_t main_thread;

    struct segment_view view; // base is NULL in a process alone
    struct segment *seg;      // == view.base
    struct rank_block *block; // own
    struct ring_in inbox;
    struct staging staging;          // own
    int rank, size;                  // in the job
    struct peer *peers;              // [size + GUESTS], made when first needed: see peer_get
    struct jobs *jobs;               // other jobs that this process knows (jobs.h), or NULL
    MPI_Comm parent;                 // MPI_Comm_get_parent's
    struct comm *world, *self;       // NULL outside the World model
    struct coll_pool *coll;          // of the collectives (src/coll/window.c), or NULL
    uint64_t next_context;           // of a process alone; a job's stands in the segment
    struct error_codes *error_codes; // that the user added (src/errh), or NULL
    struct memory_block *blocks;     // of MPI_Alloc_mem (src/tool/memory.c)

    // Who uses the engine (core/init.h).
    _Atomic uint32_t world_state;       // enum world_state
    int world_level;                    // of threads, as MPI_Init_thread gave it
    uint32_t users;                     // the World model and sessions
    bool joined, stopping;              // the rank is this process's; the last user is leaving
    int32_t pid;                        // that has joined
    struct comm *everyone;              // of the job, for messages without a communicator, or NULL
    struct errhandler *late_errhandler; // of MPI_COMM_SELF, after MPI_Finalize; or NULL
    MPI_Comm late_owner;                // whose it was

    uint32_t spins;         // polls before yielding; 0 when ranks exceed CPUs
    uint32_t yields;        // yields before sleeping; before MPI_Init, of both: PATIENCE_UNSET
    int (*interrupt)(void); // called in a blocked thread after EINTR; non-zero abandons the call

    // Messages (message.c).
    struct match_queue posted;                          // receives
    struct match_queue unexpected;                      // messages
    struct message *first_unexpected, *last_unexpected; // in order of arrival
    uint32_t posted_wild;                               // posted receives with a wildcard
    bool wild_indexed;                 // unexpected messages stand under wildcard keys too
    struct request *receiving;         // receives whose xfer is under way
    struct peer *deferred;             // peers with deferred sends, linked by deferred_next
    struct outgoing_table outgoing;    // own xfers: those of the segment, then more from the heap
    uint32_t outgoing_count;           // that are in use
    struct pace pace[2][PACE_CLASSES]; // of what this process has received; [1]: with holes
    struct pages pages;                // large messages of this process, sent or received
    uint32_t direct_classes[2];        // bit per class: the last message sent was copied directly
    uint32_t pieces_out;               // own pieces that readers may still hold (upper bound)
    struct bsend_buffer *buffer;       // of the process (src/p2p/bsend.h), or NULL

    // Tasks (task.c), in the order in which they were started.
    struct task *tasks, *last_task;
    struct task *next_task; // while they are stepped
    bool tasks_busy;

    struct errhandler *file_errhandler; // that files begin with; NULL: MPI_ERRORS_RETURN

    // The tool interface (src/tool).
    uint64_t direct_from, direct_always; // bytes: see transfer.c
    uint64_t pages_from;
    uint32_t hand_over;      // bytes: see message.c
    uint32_t under_way;      // large messages to a peer at first: see transfer.c
    uint64_t interrupt_look; // ns: see engine.c
    struct counters counters;
    void (*event_hook)(void);   // gives the tool its events; not under the lock
    _Atomic bool events_giving; // some thread is in it

    // The lock: 0 free, 1 held, 2 held and wanted. Then who waits (see engine.c).
    _Atomic uint32_t lock;
    _Atomic uint32_t wanted;  // threads in engine_enter that do not have it yet
    _Atomic uint32_t changed; // futex word: grows when a request is done or progress is free
    uint32_t waiters;         // threads asleep on `changed`
    bool progress_owned;
};

#define PATIENCE_UNSET UINT32_MAX // MPI_Init chooses

extern struct engine engine;

void engine_lock_slow(void);
void engine_unlock_slow(void);

/* Why a call may not run now: nothing initialized, finalized, or in a forked child. */
int engine_unusable(void) cold;
int engine_forked(void) cold;

static inline void
engine_lock(void)
{
    uint32_t zero = 0;
    // acquire: pairs with the release in engine_unlock.
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            &engine.lock, &zero, 1, memory_order_acquire, memory_order_relaxed)))
        engine_lock_slow();
}

static inline void
engine_unlock(void)
{
    // release: pairs with the acquire in engine_lock and engine_lock_slow.
    if (unlikely(atomic_exchange_explicit(&engine.lock, 0, memory_order_release) == 2))
        engine_unlock_slow();
}

/* Begin a call: MPI_SUCCESS with the lock held, or a code without it. Does not look at failures of
 * other ranks: calls that communicate do, with engine_failed. */
static inline int
engine_enter(void)
{
    if (unlikely(atomic_load_explicit(&engine.state, memory_order_relaxed) != ENGINE_RUNNING))
        return engine_unusable();
    if (unlikely(engine.threads))
        engine_lock();
    return MPI_SUCCESS;
}

static inline void
engine_leave(void)
{
    if (unlikely(engine.threads))
        engine_unlock();
    // acquire: pairs with the release in event_push.
    if (unlikely(atomic_load_explicit(&engine.events_waiting, memory_order_acquire)))
        engine.event_hook();
}

/* Give the lock away in the middle of a call, and take it again. */
static inline void
engine_give(void)
{
    if (unlikely(engine.threads))
        engine_unlock();
}

static inline void
engine_take(void)
{
    if (unlikely(engine.threads))
        engine_lock();
}

/* Something has happened that a tool may want to hear of. Under the lock. */
static inline void
event_note(enum event_kind kind, int rank, int tag, uint64_t amount)
{
    if (unlikely(atomic_load_explicit(&engine.events_wanted, memory_order_relaxed) >> kind & 1))
        event_push(kind, rank, tag, amount);
}

/* Begin and end a call that MPI allows at any time, in any thread (MPI 5.0, 11.4.1 and 11.6): it
 * fails in a forked child only, and always takes the lock. */
static inline int
engine_enter_always(void)
{
    if (unlikely(atomic_load_explicit(&engine.state, memory_order_relaxed) == ENGINE_FORKED))
        return engine_unusable();
    engine_lock();
    return MPI_SUCCESS;
}

static inline void
engine_leave_always(void)
{
    engine_unlock();
}

/* A code of class MPI_ERR_PROC_ABORTED that says who failed. */
int engine_failure(void) cold;

/* The rank is on a segment from now on: at the start, or of a process that was alone. */
void engine_use_segment(void) cold;

/* MPI_SUCCESS, or engine_failure() when some rank of the job has failed. Each call that
 * communicates begins with it. */
static inline int
engine_failed(void)
{
    if (likely(!engine.seg || !atomic_load_explicit(&engine.seg->failure, memory_order_relaxed)))
        return MPI_SUCCESS;
    return engine_failure();
}

/* ---- peers: under the lock ---- */

void peer_open(struct peer *peer) cold;

/* The peer, ready for everything. What only compares or passes on pointers needs it not. */
static inline struct peer *
peer_get(struct peer *peer)
{
    if (unlikely(!peer->open))
        peer_open(peer);
    return peer;
}

/* Its number here: the ranks of this job, then processes of others as its segment numbers them. */
static inline int
peer_number(const struct peer *peer)
{
    return (int)(peer - engine.peers);
}

/* What goes to the peer now will not be received: it has said so, or it is of another job and has
 * ended. A rank of this job that ends without a word fails the job, which waits must tell. */
static inline bool
peer_leaves(const struct peer *peer)
{
    if (!peer->block)
        return false;
    return atomic_load_explicit(&peer->block->leaves, memory_order_relaxed) == LEAVES ||
           (peer_number(peer) >= engine.size &&
            atomic_load_explicit(&peer->block->ended, memory_order_relaxed));
}

/* Its rank in its job, ready or not: one that is not is of this job. */
static inline int
peer_rank(const struct peer *peer)
{
    return peer->open ? peer->rank : (int)(peer - engine.peers);
}

/*
 * Waiting, under the lock:
 *
 *     struct wait wait = {.op = "MPI_Recv", .peer = source, .tag = tag, .context = comm->context};
 *     while (!condition && !(err = engine_wait(&wait)))
 *         ;
 *     wait_end(&wait);
 *
 * Each engine_wait polls once, and spins, yields or sleeps as it finds nothing. It returns
 * MPI_SUCCESS when the condition should be looked at again, or a code when the call must be
 * abandoned: the job has failed, or the interrupt callback said so. Conditions are changed either
 * by progress in this process or by peers in the segment; peers call bell_notify after a change.
 */
struct wait {
    const char *op; // the MPI function, for reports
    int peer, tag;
    uint64_t context;
    bool look; // the condition may change without anybody's waking this process
    // private
    uint32_t spins, yields, bell;
    bool armed;     // the sleep is announced
    bool published; // so is what we wait for
};

int engine_wait(struct wait *wait);

/* Give the lock away for a millisecond, where nobody would ring; a code as engine_wait's. */
int engine_nap(void);

/* Something that other threads of this process may wait for has changed. */
void engine_changed(void);

void wait_end(struct wait *wait);

/* Do what can be done now for all operations of this process; true if anything moved. Under the
 * lock. (src/core/progress.c) */
bool progress_poll(void);

/* End the job: MPI_Abort, and what a fatal error handler does after it has printed. A forked child
 * ends alone. */
_Noreturn void engine_abort(int code);

#endif
