// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What the tool interface (src/tool) is told of the engine.
 *
 * Counters are always kept: each is one addition to a line that its place writes anyway, or stands
 * where a system call is made. Events are noted only while a tool has asked for their kind: one
 * word is looked at where they happen. They happen in the middle of the engine's work, so they are
 * kept in a queue and given to the tool's functions later: at the end of the call (engine_leave) or
 * in a wait, without the lock, where the functions may call anything. A queue that is full drops
 * new events and counts them.
 *
 * Who has the engine's lock, or is the only thread in MPI, writes; a tool's thread may read at any
 * time. So counters are atomic, and need no more.
 */
#ifndef MUSTER_CORE_EVENT_H
#define MUSTER_CORE_EVENT_H

#include "base/base.h"

typedef _Atomic uint64_t tally;

static inline void
tally_add(tally *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline uint64_t
tally_value(const tally *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/* A level and the highest it has been since somebody lowered `most` to it. */
struct level {
    tally now, most;
};

static inline void
level_set(struct level *level, uint64_t now)
{
    atomic_store_explicit(&level->now, now, memory_order_relaxed);
    if (unlikely(now > tally_value(&level->most)))
        atomic_store_explicit(&level->most, now, memory_order_relaxed);
}

/* How the data of a large message goes. */
enum large_way { LARGE_STAGED, LARGE_DIRECT, LARGE_MAPPED, LARGE_WAYS };

struct counters {
    struct level unexpected, posted; // messages, receives
    tally sleeps, slept;             // how often; ns
    tally yields;
    tally waited;            // ns asleep and in yields, while `timed`
    _Atomic bool timed;      // somebody wants `waited`
    tally large[LARGE_WAYS]; // messages received
    tally large_bytes[LARGE_WAYS];
};

/* Messages to and from one peer, without those of the engine's own. */
struct traffic {
    tally sent, sent_bytes, received, received_bytes;
};

enum event_kind {
    EVENT_UNEXPECTED,  // a message arrived that no receive waits for: source, tag, bytes
    EVENT_SLEEP,       // a thread fell asleep in a call: peer, tag
    EVENT_WAKE,        // and woke: peer, tag, ns
    EVENT_LARGE_BEGIN, // a large message was matched: source, tag, bytes
    EVENT_LARGE_END,   // and is received: source, tag, bytes
    EVENT_KINDS
};

struct event {
    uint64_t number; // from 1
    uint64_t time;   // clock_ns
    uint64_t amount; // bytes or ns
    int32_t rank, tag;
    uint32_t kind; // enum event_kind
};

#define EVENTS 1024 // that wait at most

/* Keep an event, or count it as dropped. Under the lock; event_note looks first whether anybody
 * wants it. */
void event_push(enum event_kind kind, int rank, int tag, uint64_t amount) cold;

/* Take the oldest that waits; false if none does. Under the lock. */
bool event_pop(struct event *event);

/* The number of the last event that happened; of those of a kind that were dropped. */
uint64_t events_last(void);
uint64_t events_dropped(enum event_kind kind);

#endif
