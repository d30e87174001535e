// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Collectives (MPI 5.0, chapter 6) in the segment.
 *
 * The idea. Each member of a communicator posts what it contributes where it alone writes, and
 * takes what it needs from where the others posted. There is no message and no lock; a word has one
 * writer. Every collective is such an exchange; what differs is who posts, who takes, and whether
 * what is taken is copied or reduced.
 *
 * The board. A communicator of two and more has a board in the segment for its blocking calls and
 * one for those that were started, each made at the first of its calls: so a started call may
 * stand before a blocking one in one rank and behind it in another, which other libraries allow.
 * The member with rank 0 allocates it and tells the others along a tree of internal messages, for
 * which a call waits as it waits for its peers. On it each member has a struct member with POSTINGS
 * postings; call number s (each member counts its calls) uses posting s % POSTINGS.
 *
 * A posting begins with `flag`, a hash that chains the signatures (function, root, operation) of
 * all calls of this member up to s. Members that have made the same calls have the same flag, so
 * one load and comparison says that a peer has arrived and that it agrees, now and in all calls
 * before. A peer that is late still has the flag of call s - POSTINGS, which all have made; any
 * other value is that of a peer that disagrees, and then the two signatures make the error's text.
 * Every member posts on every call, whether or not it has anything to give: two members that wait
 * for each other in different calls both see it. Sizes are compared by whoever takes the data.
 *
 * Up to POSTING_INLINE bytes stand in the posting, the first 32 on the flag's own line. More lie in
 * a window: a part of the buffer that the process has in the segment for all its communicators
 * (window.h). A window is a ring of pieces (or, where each reader gets something else, one such
 * ring, a lane, for each reader). The first round of pieces is filled before the posting; the
 * others are counted in `filled`, and readers count what they have taken in their own posting when,
 * and only when, the ring is too short for all of it.
 *
 * When may what be overwritten. `done` of a member says: all calls up to this one are over for me.
 * A posting is used again, and a window returned, when every member's `done` has reached its call.
 * So nothing is ever reset: the owner clears the counters of its own posting before it posts, and
 * nobody can still be looking. `done` is read only when a posting or a window is needed and the
 * last look does not suffice: once in several calls. A root that broadcasts can
 * be POSTINGS calls ahead.
 *
 * Waiting. A member about to sleep enters itself in the `watched` set of the member it waits for,
 * makes that visible (membarrier), looks again, and sleeps. A member that has changed anything
 * looks at its own `watched`, a line that nobody else touches as long as nobody sleeps.
 *
 * What if a member dies
 *   before its posting          the others wait; the job fails and their wait ends with an error.
 *   while it fills              the same: the flag, or the count, has not been stored.
 *   after its last store        its data stand in the segment, which outlives it.
 *   while it breaks the board   `broken` stays 1 (being written); the job has failed anyway.
 * In no case does a live member touch memory of a dead one: only the segment is shared.
 *
 * Abandoned. Who gives up a call (a signal, a mismatch, no memory) breaks the board: the reason is
 * stored there once, and every member's present or next call on the communicator returns it. No
 * peer ever touches a user's buffer, so nothing needs to be withdrawn.
 *
 * Leaving. Freeing a communicator is not synchronised: a member sets its `done` to the end of time
 * and counts itself in `left` when none of its windows is in use by that board; rank 0's process
 * frees the board when all have left (coll_free, later calls of coll_reap).
 *
 * Forms. A call under way is a struct call: a state machine with a step function that does what can
 * be done now, never waits, and says whether it is finished. Blocking calls run step and
 * engine_wait in turn. Of one that was started (form.h) every poll of this process makes a step: it
 * goes on while the process is in any MPI call. Persistent ones have a board each: what was
 * initialized in the same order may be started in any.
 *
 * While a process computes, its calls go as far as what it has posted takes the others. The first
 * step, at the start, posts all it can give at once and goes on to fill its window: 4 MiB for all
 * readers together, less with more than 128 ranks. So
 *   copies (and small reductions) up to that size are complete for all the others without it,
 *   larger ones stop for those who want its next piece, until it is in MPI again,
 *   reductions by slices wait for its slice, those along a tree for its part of the way.
 * What it takes itself it takes when it is in MPI: at the start, if the others were there before.
 * A call that is started when more than POSTINGS before it are not over for some member posts when
 * that member has gone on.
 *
 * Two groups. The board of an intercommunicator is that of both groups, the same order on both
 * sides; ranks here are places in it, and `call->from`, `call->to` say with whom a call is. The
 * members of the root's group do not know which of them it is: what all agree on is its group, and
 * who takes compares the whole signature with that of whom it takes from.
 *
 * Neighborhoods. The lanes of a member are the outgoing edges of its topology, which tells each
 * destination whose lanes its incoming edges are. All members post; only neighbors wait for each
 * other.
 */
#ifndef MUSTER_COLL_COLL_H
#define MUSTER_COLL_COLL_H

#include "core/engine.h"

#define POSTINGS       8
#define POSTING_INLINE 224
#define POSTING_STAGE  128

/* What one member has in one call. Written by the member alone (but for watchers, below); read by
 * all others. */
struct posting {
    line_aligned _Atomic uint64_t flag; // stored last: a store after it would take the line back
    uint64_t seq;                       // the number of the call
    uint64_t signature;
    uint64_t bytes; // of what it gives to each reader (or wants, when it gives nothing)
    union {
        unsigned char data[POSTING_INLINE];
        struct {
            uint64_t at;     // of the window in the segment; 0: none
            uint64_t stride; // from lane to lane
            uint64_t ring;   // pieces in a lane
            uint64_t piece;  // bytes of a piece
            // Its own line from here.
            _Atomic uint64_t filled; // rounds of pieces put into the window
            _Atomic uint64_t middle; // rounds reduced, or stage of the way up a tree
            _Atomic uint64_t
                taken; // rounds taken from the others' windows, or stage of the way down
            uint64_t unused2[5];
            unsigned char stage[POSTING_STAGE]; // partial result in a tree
        };
    };
};
static_assert(sizeof(struct posting) == 256, "four lines");
static_assert(offsetof(struct posting, data) == 32, "32 bytes of data stand on the flag's line");
static_assert(offsetof(struct posting, filled) == 64, "the counters have their own line");
static_assert(offsetof(struct posting, stage) == 128, "a partial result has two lines");

struct member {
    // The member writes, the others read: all calls up to this one are over for it.
    line_aligned _Atomic uint64_t done;
    // Others set bits before they sleep, the member takes them: who waits for it. With more than 64
    // members bit g stands for words g, g + 64, ... of its set on the board, a bit for each rank.
    line_aligned _Atomic uint64_t watched;
    struct posting postings[POSTINGS];
};
static_assert(offsetof(struct member, watched) == 64, "watchers do not touch `done`");

struct board {
    // 0, then 1 by the compare-and-swap of the first who breaks it, then 2 when the reason stands.
    // Read by all on every call.
    line_aligned _Atomic uint32_t broken;
    int32_t errclass;
    char why[376];
    line_aligned _Atomic uint32_t left; // members that have left for good
    // Whoever has looked at all members' `done` stores the least here, so that the others need not
    // look at each again: with N members that would be N * N lines.
    line_aligned _Atomic uint64_t all_done;
    line_aligned struct member members[];
};

/* What this process keeps of a board. */
struct coll {
    struct board *board;     // NULL: nobody has said yet where it is, or it could not be made
    struct request *opening; // receives where it is, or NULL
    uint64_t at;             // what it receives
    struct comm *comm;       // whose it is; good until the board is there
    int tag;                 // of the messages that say where it is
    struct task closing;     // closed before that is known
    struct member *own;
    int rank, size;               // in comm->all, as peers
    struct peer **peers;          // of the communicator, which outlives every call
    uint64_t seq;                 // calls started
    uint64_t flag;                // of the last one
    uint64_t flags[2 * POSTINGS]; // of call s at s % (2 * POSTINGS)
    uint64_t done;                // == own->done
    uint64_t over;                // bit i: call done + 1 + i is over, though one before it is not
    uint64_t all_done;            // no member's `done` is below
    int slowest;                  // whose it was
    uint64_t lane_piece;          // exchange_piece of lanes
    bool mixed;                   // some are of other jobs
    bool inter;                   // the members are the two groups of an intercommunicator
    bool quick;                   // small collectives may go the short way (quick.h)
    int error;                    // class of the error when it is broken, else 0
    uint32_t windows;             // in use for calls on it
    bool counted;                 // in board->left
    struct coll *next;            // among those left
    _Atomic uint64_t *set; // the board's sets of watchers, [size][words]; NULL up to 64 members
};

/* How a collective was called. Calls of different forms do not match (MPI 5.0, 6.12). */
enum form { FORM_BLOCKING, FORM_STARTED, FORM_PERSISTENT };

/* Another board for the members of a communicator: its one for blocking calls, its one for started
 * calls, or that of a persistent call, which every member opens in the same order. It does not
 * wait: calls on the board do, until they know where it is. Under the lock. */
int coll_open(struct comm *comm, enum form form, struct coll **coll);

/* Where it is has been received (coll->opening is done): a code when there is none. */
int coll_opened(struct coll *coll);

/* The end of a board, or of a communicator's: leave it. Under the lock; does not wait. */
void coll_close(struct coll *coll);
void coll_free(struct comm *comm);

#endif
