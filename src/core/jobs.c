// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/jobs.h"

#include "base/clock.h"
#include "boot/ask.h"
#include "boot/launch.h"
#include "core/handle.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
    uint64_t id;
    struct segment *seg;
    int first;   // the number here of its rank 0
    int guest;   // the number there of rank 0 of this job
    bool failed; // nobody of it is to be waited for
};

struct jobs {
    int count, room;
    bool failed;     // one of them has
    uint64_t looked; // when they were last looked at
    struct job *job;
};

/* ---- names ---- */

static struct job *
job_of_number(int number)
{
    for (int i = 0; engine.jobs && i < engine.jobs->count; i++) {
        struct job *job = &engine.jobs->job[i];
        if (number >= job->first && number < job->first + (int)job->seg->nranks)
            return job;
    }
    return NULL;
}

struct peer_name
peer_name(const struct peer *peer)
{
    int number = peer_number(peer);
    if (number < engine.size)
        return (struct peer_name){engine.seg ? engine.seg->job : 0, number};
    const struct job *job = job_of_number(number);
    return (struct peer_name){job->id, number - job->first};
}

int
peer_name_compare(struct peer_name a, struct peer_name b)
{
    if (a.job != b.job)
        return a.job < b.job ? -1 : 1;
    return (a.rank > b.rank) - (a.rank < b.rank);
}

bool
jobs_mixed(struct peer *const *peers, int n)
{
    for (int i = 0; engine.jobs && i < n; i++)
        if (peer_number(peers[i]) >= engine.size)
            return true;
    return false;
}

/* ---- mapping ---- */

static struct job *
job_room(void)
{
    struct jobs *jobs = engine.jobs ? engine.jobs : calloc(1, sizeof *jobs);
    if (!jobs)
        return NULL;
    if (jobs->count == jobs->room) {
        int room = jobs->room ? jobs->room * 2 : 8;
        struct job *more = realloc(jobs->job, (size_t)room * sizeof *more);
        if (more) {
            jobs->job = more;
            jobs->room = room;
        }
    }
    if (jobs->count < jobs->room) {
        engine.jobs = jobs;
        return &jobs->job[jobs->count];
    }
    if (!engine.jobs)
        free(jobs);
    return NULL;
}

// Where one of the segments has a process whose kernel refuses membarrier, all others fence.
static void
share_fences(struct segment *a, struct segment *b)
{
    if (atomic_load_explicit(&a->fence_needed, memory_order_relaxed) ||
        atomic_load_explicit(&b->fence_needed, memory_order_relaxed)) {
        atomic_store_explicit(&a->fence_needed, 1, memory_order_relaxed);
        atomic_store_explicit(&b->fence_needed, 1, memory_order_relaxed);
    }
}

static void
wake_guests(uint64_t bits)
{
    for (int i = 0; i < engine.jobs->count; i++) {
        const struct job *job = &engine.jobs->job[i];
        for (int r = 0; r < (int)job->seg->nranks; r++)
            if (bits >> ((job->first + r) % 64) & 1)
                segment_ring_bell(job->seg, r);
    }
}

static int
job_map(uint64_t id, struct job **result)
{
    struct segment_view view = {.fd = -1};
    int err = ask_segment(id, &view.fd);
    if (err || (err = segment_map(&view, view.fd)))
        return error_new(MPI_ERR_PORT, "the job %llx is gone, or cannot be reached: %s",
                         (unsigned long long)id, ask_text(err));
    struct job *job = job_room();
    int n = (int)view.base->nranks;
    int first = job ? segment_guest(engine.seg, id, n) : -1;
    int guest = first < 0 ? -1 : segment_guest(view.base, engine.seg->job, engine.size);
    if (guest < 0) {
        segment_unmap(&view);
        return error_new(MPI_ERR_NO_MEM, "no room for %d more processes of other jobs", n);
    }
    ask_close(view.fd);
    *job = (struct job){.id = id, .seg = view.base, .first = first, .guest = guest};
    engine.jobs->count++;
    engine.inbox.wake_guests = wake_guests;
    share_fences(engine.seg, view.base);
    *result = job;
    return MPI_SUCCESS;
}

static int
job_find(uint64_t id, struct job **job)
{
    for (int i = 0; engine.jobs && i < engine.jobs->count; i++)
        if (engine.jobs->job[i].id == id) {
            *job = &engine.jobs->job[i];
            return MPI_SUCCESS;
        }
    return job_map(id, job);
}

int
jobs_segment(uint64_t id, struct segment **seg)
{
    struct job *job;
    if (id == engine.seg->job) {
        *seg = engine.seg;
        return MPI_SUCCESS;
    }
    int err = job_find(id, &job);
    if (!err)
        *seg = job->seg;
    return err;
}

int
peer_find(struct peer_name name, struct peer **peer)
{
    struct job *job;
    if (!engine.seg || name.job == engine.seg->job) {
        *peer = &engine.peers[name.rank];
        return MPI_SUCCESS;
    }
    int err = job_find(name.job, &job);
    if (err)
        return err;
    if (name.rank < 0 || name.rank >= (int64_t)job->seg->nranks)
        return error_new(MPI_ERR_PORT, "the job %llx has no rank %lld",
                         (unsigned long long)name.job, (long long)name.rank);
    *peer = peer_get(&engine.peers[job->first + (int)name.rank]);
    return MPI_SUCCESS;
}

bool
jobs_know(int number)
{
    struct job *job;
    int rank;
    if (job_of_number(number))
        return true;
    uint64_t id = segment_guest_job(engine.seg, number, &rank);
    return id && job_find(id, &job) == MPI_SUCCESS;
}

void
jobs_open_peer(struct peer *peer)
{
    int number = peer_number(peer);
    const struct job *job = job_of_number(number);
    struct peer_name self = {engine.seg->job, engine.rank};
    peer->open = peer->other = true;
    peer->rank = number - job->first;
    peer->before = peer_name_compare((struct peer_name){job->id, peer->rank}, self) < 0;
    peer->segment = job->seg;
    peer->block = segment_rank(job->seg, peer->rank);
    peer->ring = ring_out_of(job->seg, peer->rank);
    peer->ring.me = job->guest + engine.rank;
    peer->ring.want = ring_guest_bit(job->seg, peer->ring.me);
}

/* ---- a process alone ---- */

int
jobs_home(void)
{
    char why[256];
    struct launch home = {.mode = LAUNCH_HOME};
    if (engine.seg)
        return MPI_SUCCESS;
    if (launch_start(&home, NULL, why, sizeof why) != 0)
        return error_new(MPI_ERR_OTHER, "this process cannot start a launcher: %s", why);
    struct launch_reply reply;
    int err = launch_wait(&home, &reply);
    if (!err && reply.code)
        return error_new(MPI_ERR_OTHER, "its launcher says: %s", reply.why);
    int fd = -1;
    err = err ? err : ask_segment(reply.job, &fd);
    if (err || (err = segment_map(&engine.view, fd)))
        return error_new(MPI_ERR_OTHER, "its launcher does not answer: %s", ask_text(err));
    engine_use_segment();
    engine.peers[0].open = false; // and is opened again, with what it has now
    atomic_store_explicit(&engine.block->state,
                          atomic_load_explicit(&engine.world_state, memory_order_relaxed) ==
                                  WORLD_RUNNING
                              ? RANK_JOINED
                              : RANK_SESSION,
                          memory_order_relaxed);
    return MPI_SUCCESS;
}

/* ---- ends ---- */

// The process has ended: its launcher says so, or it is gone and its launcher too.
static bool
rank_has_ended(struct segment *seg, int rank)
{
    struct rank_block *block = segment_rank(seg, rank);
    // acquire: pairs with the launcher's release when it has reaped the process.
    if (atomic_load_explicit(&block->ended, memory_order_acquire))
        return true;
    int32_t pid = atomic_load_explicit(&block->pid, memory_order_relaxed);
    return pid && kill(pid, 0) != 0 && errno == ESRCH;
}

bool
jobs_skip_dead(void)
{
    int number = ring_absent_guest(&engine.inbox);
    if (number < 0 || !jobs_know(number))
        return number >= 0 && ring_skip(&engine.inbox); // its job is gone altogether
    const struct job *job = job_of_number(number);
    return rank_has_ended(job->seg, number - job->first) && ring_skip(&engine.inbox);
}

// Somebody of it has ended between its MPI_Init and its MPI_Finalize.
static bool
has_failed(struct segment *seg)
{
    if (segment_failure(seg).kind)
        return true;
    for (int r = 0; r < (int)seg->nranks; r++)
        if (rank_state_inside(
                atomic_load_explicit(&segment_rank(seg, r)->state, memory_order_relaxed)) &&
            rank_has_ended(seg, r))
            return true;
    return false;
}

static void
look(struct jobs *jobs)
{
    for (int i = 0; i < jobs->count; i++)
        if (!jobs->job[i].failed && has_failed(jobs->job[i].seg))
            jobs->job[i].failed = jobs->failed = true;
}

int
jobs_comm_failed(const struct comm *comm)
{
    for (int i = 0; engine.jobs && engine.jobs->failed && i < comm->all->size; i++) {
        const struct job *job = job_of_number(peer_number(comm->all->peers[i]));
        if (job && job->failed)
            return error_new(MPI_ERR_PROC_ABORTED, "the job of %s has failed (process %d of it)",
                             comm->name[0] ? comm->name : "a process of the communicator",
                             (int)peer_name(comm->all->peers[i]).rank);
    }
    return MPI_SUCCESS;
}

// A wait in a communicator, by its context.
static int
failed_comm(uint64_t context)
{
    const struct pool *pool = &pools[HANDLE_COMM];
    int err = MPI_SUCCESS;
    for (uint32_t i = 0; i < pool->count && !err; i++) {
        const struct comm *comm = (const struct comm *)pool_at(pool, i);
        if (comm->object.generation & 1 && comm->all && comm->context == context)
            err = jobs_comm_failed(comm);
    }
    return err;
}

// A wait for several requests: one of them, or any other that is pending, needs a job that failed.
static int
failed_request(void)
{
    const struct pool *pool = &pools[HANDLE_REQUEST];
    int err = MPI_SUCCESS;
    for (uint32_t i = 0; i < pool->count && !err; i++) {
        const struct request *request = (const struct request *)pool_at(pool, i);
        if (request->object.generation & 1 && !request->done && request->comm)
            err = jobs_comm_failed(request->comm);
    }
    return err;
}

int
jobs_failed(const struct wait *wait)
{
    struct jobs *jobs = engine.jobs;
    uint64_t now = clock_ns();
    if (now - jobs->looked > JOBS_LOOK_NS / 2) {
        jobs->looked = now;
        look(jobs);
    }
    if (likely(!jobs->failed))
        return MPI_SUCCESS;
    return wait->context ? failed_comm(wait->context & ~UINT64_C(1)) : failed_request();
}
