// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "dyn/dyn.h"

#include "base/clock.h"
#include "core/check.h"
#include "group/group.h"
#include "info/info.h"
#include "shm/arena.h"

#include <stdio.h>
#include <string.h>

// Contexts of knocks: odd, as no communicator's own messages are with these bits.
#define PORT_CONTEXT (UINT64_C(3) << 61)

struct knock {
    struct peer_name who;
    uint64_t bridge; // context for the two
    uint64_t at;     // in the segment of who knocks, of an enum patience
};

/* Who hears the knock takes it, unless who knocked has given up: one compare-and-swap each. */
enum patience { WAITING = 1, TAKEN, GIVEN_UP };

static _Atomic uint64_t *
patience_at(struct segment *seg, uint64_t at)
{
    return (_Atomic uint64_t *)segment_at(seg, at);
}

static bool
patience_ends(struct segment *seg, uint64_t at, enum patience how)
{
    uint64_t waiting = WAITING;
    // relaxed: the word is all there is to know.
    return atomic_compare_exchange_strong_explicit(patience_at(seg, at), &waiting, how,
                                                   memory_order_relaxed, memory_order_relaxed);
}

static struct wait
wait_of(const struct meet *m)
{
    return (struct wait){.op = m->op,
                         .peer = MPI_ANY_SOURCE,
                         .tag = MPI_ANY_TAG,
                         .context = m->local->context,
                         .look = true};
}

// A communicator of the two roots, in an order that both know.
static int
make_bridge(struct peer *other, uint64_t context, struct comm **bridge)
{
    struct peer *self = peer_get(&engine.peers[engine.rank]);
    struct group *group = group_new(2);
    if (group) {
        bool first = peer_name_compare(peer_name(self), peer_name(other)) < 0;
        group->peers[first ? 0 : 1] = self;
        group->peers[first ? 1 : 0] = other;
        group->rank = first ? 0 : 1;
        *bridge = comm_new(group, context);
    }
    if (group && *bridge)
        return MPI_SUCCESS;
    if (group)
        group_release(group);
    return error_new(MPI_ERR_NO_MEM, "no memory for another communicator");
}

static struct internal
across(const struct meet *m, struct comm *bridge)
{
    return (struct internal){m->op, bridge, bridge->context, 1 - bridge->rank, -1};
}

/* ---- the one that knocks ---- */

static cold int
timed_out(const struct meet *m)
{
    return error_new(MPI_ERR_PORT, "nobody has accepted the connection within %g s",
                     (double)m->timeout / 1e9);
}

// May this process go on waiting?
static int
check_patience(const struct meet *m, uint64_t at, uint64_t until)
{
    int err = port_check(m->port);
    if (!err && until && clock_ns() > until)
        err = timed_out(m);
    // Who has taken the knock answers.
    return err && patience_ends(engine.seg, at, GIVEN_UP) ? err : MPI_SUCCESS;
}

static int
send_knock(const struct meet *m, struct peer *owner, const struct knock *knock)
{
    struct request send = {.on_stack = true,
                           .kind = REQUEST_SEND,
                           .type = type_get(MPI_BYTE),
                           .base = knock,
                           .count = sizeof *knock,
                           .size = sizeof *knock,
                           .peer = owner,
                           .context = PORT_CONTEXT | m->port->id};
    struct wait wait = wait_of(m);
    int err = MPI_SUCCESS;
    message_send(&send);
    while (!send.done && !(err = engine_wait(&wait)))
        if ((err = port_check(m->port)) && !send.done)
            break;
    wait_end(&wait);
    if (!send.done)
        message_abandon(&send);
    return send.done ? send.error : err;
}

// Until the one at the port opens.
static int
await_answer(const struct meet *m, struct comm *bridge, uint64_t at)
{
    struct internal from = across(m, bridge);
    struct request *answer;
    struct wait wait = wait_of(m);
    uint64_t context, until = m->timeout ? clock_ns() + m->timeout : 0;
    int err = internal_expect(&from, &context, sizeof context, &answer);
    if (err)
        return err;
    wait.context = bridge->context;
    while (!answer->done && !(err = engine_wait(&wait)))
        if ((err = check_patience(m, at, until)) && !answer->done)
            break;
    wait_end(&wait);
    if (!answer->done)
        message_abandon(answer);
    else
        err = answer->error;
    request_free(answer);
    return err;
}

static int
knock_and_wait(const struct meet *m, struct peer *owner, uint64_t at, struct comm **bridge)
{
    struct knock knock = {peer_name(&engine.peers[engine.rank]), context_shared(1), at};
    int err = make_bridge(peer_get(owner), knock.bridge, bridge);
    if (err)
        return err;
    atomic_store_explicit(patience_at(engine.seg, at), WAITING, memory_order_relaxed);
    if (!(err = send_knock(m, owner, &knock)))
        err = await_answer(m, *bridge, at);
    if (err) {
        comm_drop(*bridge);
        *bridge = NULL;
    }
    return err;
}

static int
knock_at(const struct meet *m, struct comm **bridge)
{
    char why[200];
    struct peer *owner;
    int err = peer_find(m->port->owner, &owner);
    if (err || (err = port_check(m->port)))
        return err;
    uint64_t at = arena_alloc(engine.seg, CACHE_LINE, why, sizeof why);
    if (!at)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    err = knock_and_wait(m, owner, at, bridge);
    // After giving up the word stays: who hears the knock late looks there.
    if (!err)
        arena_free(engine.seg, at);
    return err;
}

/* ---- the one that waits ---- */

// Spawned processes that end before they are up.
static int
check_child(const struct meet *m)
{
    struct segment *seg;
    int err = m->child ? jobs_segment(m->child, &seg) : MPI_SUCCESS;
    if (err)
        return error_new(MPI_ERR_SPAWN, "the spawned processes ended before MPI_Init");
    for (int r = 0; m->child && r < (int)seg->nranks; r++)
        if (atomic_load_explicit(&segment_rank(seg, r)->ended, memory_order_relaxed))
            return error_new(MPI_ERR_SPAWN, "the spawned process %d ended before all were up", r);
    return MPI_SUCCESS;
}

static int
hear_knock(const struct meet *m, struct knock *knock)
{
    struct request recv = {.on_stack = true,
                           .kind = REQUEST_RECV,
                           .type = type_get(MPI_BYTE),
                           .base = knock,
                           .count = sizeof *knock,
                           .size = sizeof *knock,
                           .context = PORT_CONTEXT | m->port->id};
    struct wait wait = wait_of(m);
    int err = message_recv(&recv);
    if (err)
        return err;
    while (!recv.done && !(err = engine_wait(&wait)))
        if ((err = m->child ? check_child(m) : port_check(m->port)) && !recv.done)
            break;
    wait_end(&wait);
    if (!recv.done)
        message_abandon(&recv);
    return recv.done ? recv.error : err;
}

// The process that knocked, if it is there and still waits.
static bool
find_knocker(const struct knock *knock, struct peer **other)
{
    struct segment *seg;
    return peer_find(knock->who, other) == MPI_SUCCESS &&
           jobs_segment(knock->who.job, &seg) == MPI_SUCCESS && knock->at < seg->size &&
           !peer_leaves(peer_get(*other)) && patience_ends(seg, knock->at, TAKEN);
}

static int
wait_at(const struct meet *m, struct comm **bridge)
{
    struct knock knock;
    struct peer *other;
    int err;
    do
        err = hear_knock(m, &knock);
    while (!err && !find_knocker(&knock, &other));
    if (err || (err = make_bridge(peer_get(other), knock.bridge, bridge)))
        return err;
    struct internal to = across(m, *bridge);
    return internal_send(&to, &knock.bridge, sizeof knock.bridge);
}

int
dyn_comm(MPI_Comm handle, int root, struct comm **comm)
{
    int err = comm_find(handle, comm);
    if (!err && comm_is_inter(*comm))
        err = error_new(MPI_ERR_COMM, "%s is an intercommunicator", comm_name(*comm));
    if (!err && (unsigned)root >= (unsigned)(*comm)->size)
        err = error_new(MPI_ERR_ROOT, "root %d is not in %s (0..%d)", root, comm_name(*comm),
                        (*comm)->size - 1);
    return err;
}

int
info_check(MPI_Info handle)
{
    struct info *info;
    return handle == MPI_INFO_NULL ? MPI_SUCCESS : info_find(handle, &info);
}

const char *
info_get(MPI_Info handle, const char *key)
{
    struct info *info;
    return handle == MPI_INFO_NULL || info_find(handle, &info) ? NULL : info_value(info, key);
}

int
dyn_meet(const struct meet *m, int err, MPI_Comm *newcomm)
{
    struct comm *bridge = NULL;
    if (!err && m->local->rank == m->root)
        err = m->knock ? knock_at(m, &bridge) : wait_at(m, &bridge);
    struct inter_meeting meeting = {.op = m->op,
                                    .kind = m->kind,
                                    .local = m->local,
                                    .leader = m->root,
                                    .bridge = bridge,
                                    .other = bridge ? 1 - bridge->rank : 0,
                                    .context = bridge ? bridge->context | LEADERS_CONTEXT : 0,
                                    .errclass = MPI_ERR_COMM};
    err = inter_meet(&meeting, err, newcomm);
    if (bridge)
        comm_drop(bridge);
    return err;
}
