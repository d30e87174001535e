// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/init.h"

#include "boot/join.h"
#include "core/jobs.h"
#include "core/message.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// How long to look before sleeping: about 50 us of polling where each rank has a CPU; otherwise
// nothing but a few yields, because the peer needs this CPU.
#define SPINS                 1000
#define YIELDS                10
#define YIELDS_OVERSUBSCRIBED 100

// Where a CPU has more ranks than this, fewer yields, because each gives all of them their turn: of
// 4,000 ranks on 2 CPUs a message is passed on in 770 us after 100 yields, in 320 after 10.
#define YIELDING_RANKS 256
#define YIELDS_LEAST   10

static void
forked_child(void)
{
    if (atomic_load_explicit(&engine.state, memory_order_relaxed) == ENGINE_RUNNING)
        atomic_store_explicit(&engine.state, ENGINE_FORKED, memory_order_relaxed);
}

cold void
engine_use_segment(void)
{
    struct segment *seg = engine.view.base;
    engine.seg = seg;
    engine.block = segment_rank(seg, engine.rank);
    engine.inbox = ring_in_of(seg, engine.rank);
    engine.staging = staging_of(seg, engine.rank);
    engine.outgoing.xfers = xfers_of(seg, engine.rank);
    bell_register(seg);
}

cold void
peer_open(struct peer *peer)
{
    int rank = peer_number(peer);
    if (unlikely(rank >= engine.size)) {
        jobs_open_peer(peer);
        return;
    }
    peer->open = true;
    peer->rank = rank;
    peer->other = rank != engine.rank;
    peer->before = rank < engine.rank;
    if (!engine.seg)
        return;
    peer->segment = engine.seg;
    peer->block = segment_rank(engine.seg, rank);
    peer->ring = ring_out_of(engine.seg, rank);
    peer->ring.me = peer->ring.want = engine.rank;
}

static uint32_t
yields_oversubscribed(void)
{
    uint32_t each = engine.seg ? (uint32_t)engine.size / engine.seg->ncpus : 1;
    if (each <= YIELDING_RANKS)
        return YIELDS_OVERSUBSCRIBED;
    uint32_t yields = YIELDS_OVERSUBSCRIBED * YIELDING_RANKS / each;
    return yields < YIELDS_LEAST ? YIELDS_LEAST : yields;
}

// What the user has set (control variables, before MPI_Init) stays.
static void
set_patience(void)
{
    bool room = engine.size > 1 && engine.size <= (int)engine.seg->ncpus;
    if (engine.spins == PATIENCE_UNSET)
        engine.spins = room ? SPINS : 0;
    if (engine.yields == PATIENCE_UNSET)
        engine.yields = room ? YIELDS : yields_oversubscribed();
}

static int
make_communicator(struct comm **comm, int first, int size, uint64_t context, const char *name)
{
    struct group *group = group_new(size);
    if (!group)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", size);
    for (int i = 0; i < size; i++)
        group->peers[i] = &engine.peers[first + i];
    group->rank = engine.rank - first;
    if (!(*comm = comm_new(group, context)))
        return error_new(MPI_ERR_NO_MEM, "no memory for a communicator of %d ranks", size);
    snprintf((*comm)->name, sizeof(*comm)->name, "%s", name);
    return MPI_SUCCESS;
}

static int
make_communicators(void)
{
    int err = make_communicator(&engine.world, 0, engine.size, WORLD_CONTEXT, "MPI_COMM_WORLD");
    if (!err)
        err = make_communicator(&engine.self, engine.rank, 1, SELF_CONTEXT, "MPI_COMM_SELF");
    if (err)
        return err;
    engine.world->handle = MPI_COMM_WORLD;
    engine.self->handle = MPI_COMM_SELF;
    return MPI_SUCCESS;
}

static int
join(void)
{
    char why[256];
    struct join join;
    if (join_job(&join, why, sizeof why) != 0)
        return error_new(MPI_ERR_OTHER, "%s", why);
    engine.view = join.view;
    engine.rank = join.rank;
    engine.size = join.size;
    engine.peers = calloc((size_t)join.size + GUESTS, sizeof *engine.peers);
    if (!engine.peers)
        return error_new(MPI_ERR_NO_MEM, "no memory for %d ranks", join.size);
    if (engine.view.base)
        engine_use_segment();
    set_patience();
    return MPI_SUCCESS;
}

// For the launcher, should this process end.
static void
say_inside(void)
{
    bool world = atomic_load_explicit(&engine.world_state, memory_order_relaxed) == WORLD_RUNNING;
    if (engine.block)
        atomic_store_explicit(&engine.block->state, world ? RANK_JOINED : RANK_SESSION,
                              memory_order_relaxed);
}

// The rank is still this process's.
static void
resume(void)
{
    // relaxed: a peer that sends to this rank has heard from it since, in making a communicator.
    if (engine.block)
        atomic_store_explicit(&engine.block->leaves, LEAVES_NOT, memory_order_relaxed);
}

static int
run(void)
{
    static bool registered;
    int err = MPI_SUCCESS;
    if (engine.joined)
        resume();
    else if ((err = join()))
        return err;
    engine.joined = true;
    engine.pid = (int32_t)getpid();
    if (!registered)
        registered = pthread_atfork(NULL, NULL, forked_child) == 0;
    // release: pairs with the acquire in MPI_Initialized; the rest of the engine stands.
    atomic_store_explicit(&engine.state, ENGINE_RUNNING, memory_order_release);
    return MPI_SUCCESS;
}

static int
level_of(int required)
{
    if (required < MPI_THREAD_FUNNELED)
        return MPI_THREAD_SINGLE;
    return required > MPI_THREAD_MULTIPLE ? MPI_THREAD_MULTIPLE : required;
}

static int
begin(int required, bool locking, int *granted)
{
    int err = MPI_SUCCESS, level = level_of(required);
    while (engine.stopping) { // another thread's last user is leaving
        engine_unlock();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        engine_lock();
    }
    if (engine.joined && engine.pid != (int32_t)getpid())
        return engine_forked();
    bool first = engine.users == 0;
    if (first) {
        if ((err = run()))
            return err;
        engine.threads = locking;
        engine.main_thread = (uint64_t)pthread_self();
        engine.thread_level = level;
    } else if (locking && !engine.threads) {
        engine.threads = engine.main_thread == (uint64_t)pthread_self();
        level = engine.threads ? level : MPI_THREAD_SINGLE;
    }
    if (level > engine.thread_level)
        engine.thread_level = level;
    engine.users++;
    *granted = level;
    say_inside();
    return MPI_SUCCESS;
}

int
engine_start(int required, int *granted)
{
    return begin(required, required > MPI_THREAD_SINGLE, granted);
}

int
world_start(int required, int *provided)
{
    int err = MPI_SUCCESS, level = MPI_THREAD_SINGLE;
    switch (atomic_load_explicit(&engine.world_state, memory_order_relaxed)) {
    case WORLD_RUNNING:
        return error_new(MPI_ERR_OTHER, "MPI is already initialized");
    case WORLD_FINALIZED:
        return error_new(MPI_ERR_OTHER, "MPI_Finalize has already been called; after it only "
                                        "sessions can be started (MPI_Session_init)");
    }
    bool locking = required >= (engine.users ? MPI_THREAD_FUNNELED : MPI_THREAD_MULTIPLE);
    if ((err = begin(required, locking, &level)))
        return err;
    if ((err = make_communicators())) {
        engine_stop("MPI_Init");
        return err;
    }
    engine.main_thread = (uint64_t)pthread_self();
    engine.world_level = level;
    // release: pairs with the acquire in MPI_Initialized; this thread may use MPI now.
    atomic_store_explicit(&engine.world_state, WORLD_RUNNING, memory_order_release);
    say_inside();
    if (provided)
        *provided = level;
    return MPI_SUCCESS;
}

// Others may wait in MPI_Finalize for this rank to receive what it has not received. Few jobs have
// such ranks, so not everybody looks at everybody's bell: either this rank sees that somebody
// lingers, or who does sees that this rank leaves, in its last look before it sleeps.
static void
say_that_it_leaves(void)
{
    // release: who is woken sees it.
    atomic_store_explicit(&engine.block->leaves, LEAVES, memory_order_release);
    bell_order(engine.seg);
    if (!atomic_load_explicit(&engine.seg->lingering, memory_order_relaxed))
        return;
    for (int r = 0; r < engine.size; r++)
        if (r != engine.rank)
            bell_notify(engine.seg, segment_rank(engine.seg, r));
}

// Until what this rank has sent is received, or nobody is left to do so.
static int
linger(struct wait *wait, bool (*pending)(void))
{
    int err = MPI_SUCCESS;
    if (!pending())
        return MPI_SUCCESS;
    // relaxed: before the bell_barrier of engine_wait.
    atomic_fetch_add_explicit(&engine.seg->lingering, 1, memory_order_relaxed);
    while (pending() && !(err = engine_wait(wait)))
        ;
    atomic_fetch_sub_explicit(&engine.seg->lingering, 1, memory_order_relaxed);
    return err;
}

static bool
others_may_send(void)
{
    for (int r = 0; r < engine.size; r++) {
        struct rank_block *block = segment_rank(engine.seg, r);
        // acquire: pairs with the release in await_dropped; what it has sent is in the inbox.
        bool quiet = atomic_load_explicit(&block->leaves, memory_order_acquire) == LEAVES_QUIET ||
                     atomic_load_explicit(&block->state, memory_order_acquire) == RANK_FINALIZED ||
                     atomic_load_explicit(&block->ended, memory_order_acquire);
        if (r != engine.rank && !quiet)
            return true;
    }
    return false;
}

// Receives that the user has let go of go on while some rank may still send. One that waits here as
// well, and has sent all, will not.
static int
await_dropped(void)
{
    int err = MPI_SUCCESS;
    while (!err && engine.seg && message_dropped()) {
        if (!message_pending())
            atomic_store_explicit(&engine.block->leaves, LEAVES_QUIET, memory_order_release);
        bool more = others_may_send();
        if (progress_poll())
            continue;
        if (!more)
            break;
        err = engine_nap();
    }
    return err;
}

static int
drain(const char *op)
{
    struct wait wait = {.op = op, .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    int err = MPI_SUCCESS;
    // The user has let go of some of them (MPI_Request_free); the others need what they bring.
    while ((engine.receiving || engine.tasks) && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    err = err ? err : await_dropped();
    if (engine.seg) {
        say_that_it_leaves();
        err = err ? err : linger(&wait, message_pending);
    }
    wait_end(&wait);
    return err;
}

int
engine_stop(const char *op)
{
    bool world = atomic_load_explicit(&engine.world_state, memory_order_relaxed) != WORLD_NEW;
    if (--engine.users)
        return MPI_SUCCESS;
    engine.stopping = true;
    int err = drain(op);
    // release: pairs with the acquire in others_may_send.
    if (engine.block)
        atomic_store_explicit(&engine.block->state, RANK_FINALIZED, memory_order_release);
    atomic_store_explicit(&engine.state, world ? ENGINE_FINALIZED : ENGINE_NEW,
                          memory_order_relaxed);
    engine.stopping = false;
    return err;
}

// Sessions go on, but perhaps not in MPI: what the user has let go of in the World model ends here,
// for all that is in it ends with MPI_Finalize. What is let go in a session waits for the last
// user: its receivers may still wait for something else from here.
static int
let_go(void)
{
    struct wait wait = {.op = "MPI_Finalize", .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    int err = engine.seg ? linger(&wait, message_orphans) : MPI_SUCCESS;
    wait_end(&wait);
    return err;
}

int
world_check(void)
{
    switch (atomic_load_explicit(&engine.world_state, memory_order_relaxed)) {
    case WORLD_RUNNING:
        return MPI_SUCCESS;
    case WORLD_NEW:
        return error_new(MPI_ERR_OTHER, "MPI_Init has not been called (there are only sessions)");
    default:
        return error_new(MPI_ERR_OTHER, "MPI_Finalize has already been called");
    }
}

int
world_stop(void)
{
    int err = world_check();
    if (err)
        return err;
    err = engine.users > 1 ? let_go() : MPI_SUCCESS;
    int stopped = engine_stop("MPI_Finalize");
    err = err ? err : stopped;
    struct comm *owner = engine.self->errhandler_set ? engine.self : engine.world;
    engine.late_errhandler = owner->errhandler;
    engine.late_errhandler->refs++;
    engine.late_owner = owner->handle;
    engine.world = engine.self = NULL;
    atomic_store_explicit(&engine.world_state, WORLD_FINALIZED, memory_order_relaxed);
    if (engine.users)
        say_inside();
    return err;
}

_Noreturn void
engine_abort(int code)
{
    if (engine.seg && engine.pid == (int32_t)getpid()) { // not in a forked child
        struct failure failure = {
            .kind = FAILURE_ABORT, .rank = (unsigned)engine.rank & (MAX_RANKS - 1), .code = code};
        // Only the first rings the bells, or the launcher should it die before.
        if (segment_fail(engine.seg, failure))
            segment_ring_all_bells(engine.seg);
    }
    fflush(NULL);
    _exit(code & 0xff ? code & 0xff : 1);
}
