// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The lock and the waiting of engine.h.
 *
 * One thread waits: engine_wait polls; then spins; then yields; then announces that it will sleep
 * (bell_prepare) and returns once more, so that the caller looks at its condition after the
 * announcement; then sleeps. A peer that changes the condition after that look sees the
 * announcement and rings.
 *
 * Several threads wait: the first to sleep owns progress. The others sleep on `changed`. Whatever
 * they wait for is changed either by a thread of this process, which rings the owner's bell and
 * bumps `changed` (request_done, a message to this process itself), or by a peer in the segment,
 * which wakes the owner, if the owner has announced its sleep. So the owner bumps `changed` after
 * each announcement: the others look at their conditions once after it, and sleep knowing that the
 * owner will be woken.
 */
#include "core/engine.h"

#include "base/clock.h"
#include "core/jobs.h"
#include "core/message.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// A blocked thread with an interrupt callback looks up this often: a signal that came just before
// it went to sleep has not ended the sleep.
#define INTERRUPT_LOOK_NS 200000000

// Up to here a piece is handed over (bench/latency: 1 KiB 0.49 us instead of 0.58, 4 KiB 1.05
// instead of 1.25; 16 KiB as before).
#define HAND_OVER (8u << 10)

// Polls of a wait between two looks at who shares this CPU: more than a peer in step needs.
#define POLLS_ALONE 16

struct engine engine = {.view = {.fd = -1},
                        .spins = PATIENCE_UNSET,
                        .yields = PATIENCE_UNSET,
                        .direct_from = PACE_FROM,
                        .direct_always = PACE_ALWAYS,
                        .pages_from = PAGES_FROM,
                        .hand_over = HAND_OVER,
                        .under_way = UNDER_WAY,
                        .interrupt_look = INTERRUPT_LOOK_NS};

// How long to sleep at most, in ns; -1: no limit. Nobody rings when another job fails.
static int64_t
longest_sleep(const struct wait *wait)
{
    int64_t longest = engine.interrupt ? (int64_t)engine.interrupt_look : -1;
    if (unlikely(engine.jobs != NULL || wait->look) && (longest < 0 || longest > JOBS_LOOK_NS))
        return JOBS_LOOK_NS;
    return longest;
}

static struct timespec
timespec_of(int64_t ns)
{
    const int64_t second = 1000000000;
    return (struct timespec){.tv_sec = (time_t)(ns / second), .tv_nsec = (long)(ns % second)};
}

static long
futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

void
engine_lock_slow(void)
{
    atomic_fetch_add_explicit(&engine.wanted, 1, memory_order_relaxed);
    // acquire: pairs with the release in engine_unlock.
    while (atomic_exchange_explicit(&engine.lock, 2, memory_order_acquire) != 0)
        futex(&engine.lock, FUTEX_WAIT, 2);
    atomic_fetch_sub_explicit(&engine.wanted, 1, memory_order_relaxed);
}

void
engine_unlock_slow(void)
{
    futex(&engine.lock, FUTEX_WAKE, 1);
}

int
engine_forked(void)
{
    return error_new(MPI_ERR_OTHER, "this process was forked from a rank and is outside MPI (start "
                                    "MPI programs with mpiexec)");
}

int
engine_unusable(void)
{
    switch (atomic_load_explicit(&engine.state, memory_order_relaxed)) {
    case ENGINE_NEW:
        return error_new(MPI_ERR_OTHER, "MPI is not initialized: call MPI_Init before");
    case ENGINE_FINALIZED:
        return error_new(MPI_ERR_OTHER, "MPI_Finalize has already been called");
    default:
        return engine_forked();
    }
}

int
engine_failure(void)
{
    struct failure f = segment_failure(engine.seg);
    switch (f.kind) {
    case FAILURE_EXIT:
        return error_new(MPI_ERR_PROC_ABORTED, "rank %d failed: it exited with code %d", f.rank,
                         f.code);
    case FAILURE_SIGNAL:
        return error_new(MPI_ERR_PROC_ABORTED, "rank %d failed: signal %d killed it", f.rank,
                         f.code);
    case FAILURE_ABORT:
        return error_new(MPI_ERR_PROC_ABORTED, "rank %d called MPI_Abort with code %d", f.rank,
                         f.code);
    case FAILURE_FAMILY:
        return error_new(MPI_ERR_PROC_ABORTED,
                         "a job that was spawned by this one, or that spawned it, has failed");
    default:
        return error_new(MPI_ERR_PROC_ABORTED, "the job is being ended");
    }
}

/* ---- waiting ---- */

void
engine_changed(void)
{
    if (unlikely(engine.progress_owned))
        bell_notify(engine.seg, engine.block); // the owner, asleep, may be who waits for it
    if (likely(!engine.waiters))
        return;
    // relaxed: what has changed is read under the lock; the futex orders its own word.
    atomic_fetch_add_explicit(&engine.changed, 1, memory_order_relaxed);
    futex(&engine.changed, FUTEX_WAKE, INT_MAX);
}

static void
waiting_publish(struct wait *wait)
{
    uint64_t op[WAITING_WORDS] = {0};
    if (wait->published || !engine.block)
        return;
    struct waiting *w = &engine.block->waiting;
    wait->published = true;
    memcpy(op, wait->op, strnlen(wait->op, sizeof op));
    for (int i = 0; i < WAITING_WORDS; i++)
        atomic_store_explicit(&w->op[i], op[i], memory_order_relaxed);
    atomic_store_explicit(&w->peer, wait->peer, memory_order_relaxed);
    atomic_store_explicit(&w->tag, wait->tag, memory_order_relaxed);
    atomic_store_explicit(&w->context, wait->context, memory_order_relaxed);
    // release: pairs with a reader's acquire, which then sees the rest.
    atomic_store_explicit(&w->since, clock_ns(), memory_order_release);
}

static int
interrupted(void)
{
    engine_give();
    int stop = engine.interrupt();
    engine_take();
    return stop ? error_new(MPI_ERR_OTHER, "the call was interrupted by a signal") : MPI_SUCCESS;
}

// Ctrl-C reaches all ranks, and the first that ends by it fails the job: for the others the signal
// comes first.
static cold int
failed_or_interrupted(int failure)
{
    int err = engine.interrupt ? interrupted() : MPI_SUCCESS;
    return err ? err : failure;
}

// What tools are told of sleeping, which costs more than to tell it. Returns when it began.
static uint64_t
sleep_begin(const struct wait *wait)
{
    event_note(EVENT_SLEEP, wait->peer, wait->tag, 0);
    tally_add(&engine.counters.sleeps, 1);
    return clock_ns();
}

static void
sleep_end(const struct wait *wait, uint64_t began)
{
    uint64_t ns = clock_ns() - began;
    tally_add(&engine.counters.slept, ns);
    if (atomic_load_explicit(&engine.counters.timed, memory_order_relaxed))
        tally_add(&engine.counters.waited, ns);
    event_note(EVENT_WAKE, wait->peer, wait->tag, ns);
}

// Another thread polls: sleep until something changes.
static int
wait_for_owner(const struct wait *wait)
{
    uint32_t seen = atomic_load_explicit(&engine.changed, memory_order_relaxed);
    engine.waiters++;
    uint64_t began = sleep_begin(wait);
    engine_unlock();
    int64_t longest = longest_sleep(wait);
    struct timespec look = timespec_of(longest);
    long rc = syscall(SYS_futex, &engine.changed, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, seen,
                      longest < 0 ? NULL : &look, NULL, 0);
    bool look_up = rc != 0 && (errno == EINTR || errno == ETIMEDOUT);
    engine_lock();
    engine.waiters--;
    sleep_end(wait, began);
    return look_up && engine.interrupt ? interrupted() : MPI_SUCCESS;
}

// A process alone has nobody to wait for but its own threads.
static int
sleep_alone(const struct wait *wait)
{
    if (engine.threads)
        return wait_for_owner(wait);
    struct timespec look = timespec_of((int64_t)engine.interrupt_look);
    uint64_t began = sleep_begin(wait);
    nanosleep(&look, NULL);
    sleep_end(wait, began);
    return engine.interrupt ? interrupted() : MPI_SUCCESS;
}

int
engine_nap(void)
{
    engine_give();
    bool look_up = nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL) != 0;
    engine_take();
    int err = engine_failed();
    if (err)
        return failed_or_interrupted(err);
    return look_up && engine.interrupt ? interrupted() : MPI_SUCCESS;
}

static int
wait_sleep(struct wait *wait)
{
    if (!engine.seg)
        return sleep_alone(wait);
    // After the announcement too: a peer may have taken this process out of its watchers since.
    if (unlikely(engine.tasks != NULL) && tasks_arm())
        return MPI_SUCCESS;
    if (!wait->armed) {
        if (unlikely(engine.deferred) && message_insist())
            return MPI_SUCCESS;
        waiting_publish(wait);
        if (engine.inbox.head != engine.inbox.published)
            ring_publish_head(&engine.inbox);
        wait->bell = bell_prepare(engine.seg, engine.block);
        wait->armed = true;
        engine_changed();
        return MPI_SUCCESS;
    }
    wait->armed = false;
    if (ring_skip_dead(&engine.inbox) || (unlikely(engine.jobs != NULL) && jobs_skip_dead())) {
        bell_awake(engine.block);
        return MPI_SUCCESS;
    }
    engine.progress_owned = true;
    uint64_t began = sleep_begin(wait);
    engine_give();
    int err = bell_sleep(engine.block, wait->bell, longest_sleep(wait));
    engine_take();
    engine.progress_owned = false;
    sleep_end(wait, began);
    wait->spins = wait->yields = 0;
    engine_changed();
    return err && engine.interrupt ? interrupted() : MPI_SUCCESS;
}

// Another thread may announce its own sleep meanwhile, so ours is taken back first. It counts as a
// yield, and in the end as all spins: waiting threads that let each other in would never sleep
// otherwise. Who sleeps gives the lock away as well.
static int
let_others_in(struct wait *wait)
{
    uint32_t yields = wait->yields + 1;
    wait_end(wait);
    wait->yields = yields;
    if (yields >= engine.yields)
        wait->spins = engine.spins;
    engine_unlock();
    sched_yield();
    engine_lock();
    return MPI_SUCCESS;
}

static void
yield(void)
{
    bool timed = atomic_load_explicit(&engine.counters.timed, memory_order_relaxed);
    uint64_t began = timed ? clock_ns() : 0;
    engine_give();
    sched_yield();
    engine_take();
    tally_add(&engine.counters.yields, 1);
    if (timed)
        tally_add(&engine.counters.waited, clock_ns() - began);
}

// For this thread to give out.
static bool
events_ready(void)
{
    return atomic_load_explicit(&engine.events_waiting, memory_order_relaxed) &&
           !atomic_load_explicit(&engine.events_giving, memory_order_relaxed);
}

// Tools get their events, and may call MPI meanwhile: as others who are let in.
static cold int
let_events_out(struct wait *wait)
{
    wait_end(wait);
    engine_give();
    engine.event_hook();
    engine_take();
    return MPI_SUCCESS;
}

// Where ranks do not exceed CPUs, somebody else's process may still have put two of them on one.
// There the peer that this rank waits for cannot run until it yields; and nothing separates them
// while all CPUs are busy. What others have published may be old: the price is a yield too many.
static bool
cpu_shared(void)
{
    uint32_t cpu = (uint32_t)sched_getcpu() + 1;
    if (atomic_load_explicit(&engine.block->cpu, memory_order_relaxed) != cpu)
        atomic_store_explicit(&engine.block->cpu, cpu, memory_order_relaxed);
    for (int r = 0; r < engine.size; r++)
        if (r != engine.rank &&
            atomic_load_explicit(&segment_rank(engine.seg, r)->cpu, memory_order_relaxed) == cpu)
            return true;
    return false;
}

int
engine_wait(struct wait *wait)
{
    if (unlikely(engine.progress_owned))
        return wait_for_owner(wait);
    if (progress_poll()) {
        wait_end(wait);
        return MPI_SUCCESS;
    }
    int err = engine_failed();
    if (unlikely(engine.jobs != NULL) && !err)
        err = jobs_failed(wait);
    if (unlikely(err))
        return failed_or_interrupted(err);
    // Without threads the lock is not this one's to give away: others take it for a moment, in
    // calls that are allowed at any time.
    if (unlikely(atomic_load_explicit(&engine.wanted, memory_order_relaxed)) && engine.threads &&
        (wait->yields < engine.yields || wait->spins < engine.spins))
        return let_others_in(wait);
    if (unlikely(events_ready()))
        return let_events_out(wait);
    if (wait->spins < engine.spins) {
        if (unlikely(++wait->spins % POLLS_ALONE == 0) && cpu_shared())
            yield();
        else
            cpu_relax();
        return MPI_SUCCESS;
    }
    if (wait->yields < engine.yields) {
        wait->yields++;
        yield();
        return MPI_SUCCESS;
    }
    return wait_sleep(wait);
}

void
wait_end(struct wait *wait)
{
    wait->spins = wait->yields = 0;
    if (unlikely(wait->armed)) {
        wait->armed = false;
        bell_awake(engine.block);
    }
    if (unlikely(wait->published)) {
        wait->published = false;
        atomic_store_explicit(&engine.block->waiting.since, 0, memory_order_relaxed);
        // A reader that sees a word of the next operation sees the 0 or what is stored after it.
        atomic_thread_fence(memory_order_release);
    }
}
