// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A collective under way in this process.
 *
 *   call_start     number and signature; the communicator's board is made if there is none
 *   call_run       blocking: steps and waits until it is finished, and ends it
 * or, by who shares the algorithms:
 *   call_step      what can be done now
 *   call_end       after STEP_DONE or STEP_ERROR: the call is over for this member
 *
 * A call posts once (call_room, then call_post) and is then bound to finish or to break the board.
 */
#ifndef MUSTER_COLL_CALL_H
#define MUSTER_COLL_CALL_H

#include "coll/coll.h"
#include "coll/side.h"
#include "coll/window.h"
#include "core/check.h"
#include "errh/raise.h"
#include "op/op.h"

/* Functions that must agree among the members, for signatures and texts
 * (call.c has their names). */
enum coll_kind {
    COLL_BARRIER = 1,
    COLL_BCAST,
    COLL_GATHER,
    COLL_GATHERV,
    COLL_SCATTER,
    COLL_SCATTERV,
    COLL_ALLGATHER,
    COLL_ALLGATHERV,
    COLL_ALLTOALL,
    COLL_ALLTOALLV,
    COLL_ALLTOALLW,
    COLL_REDUCE,
    COLL_ALLREDUCE,
    COLL_REDUCE_SCATTER,
    COLL_REDUCE_SCATTER_BLOCK,
    COLL_SCAN,
    COLL_EXSCAN,
    COLL_NEIGHBOR_ALLGATHER,
    COLL_NEIGHBOR_ALLGATHERV,
    COLL_NEIGHBOR_ALLTOALL,
    COLL_NEIGHBOR_ALLTOALLV,
    COLL_NEIGHBOR_ALLTOALLW,
    COLL_COMM_DUP,
    COLL_COMM_IDUP,
    COLL_COMM_IDUP_WITH_INFO,
    COLL_COMM_SPLIT,
    COLL_COMM_CREATE,
    COLL_CART_CREATE,
    COLL_CART_SUB,
    COLL_GRAPH_CREATE,
    COLL_DIST_GRAPH_CREATE,
    COLL_DIST_GRAPH_CREATE_ADJACENT,
    COLL_COMM_DUP_WITH_INFO,
    COLL_COMM_SPLIT_TYPE,
    COLL_COMM_DISCONNECT,
    COLL_INTERCOMM_CREATE,
    COLL_INTERCOMM_FROM_GROUPS,
    COLL_INTERCOMM_MERGE,
    COLL_FILE_OPEN,
    COLL_FILE_CLOSE,
    COLL_FILE_SET_SIZE,
    COLL_FILE_PREALLOCATE,
    COLL_FILE_SYNC,
    COLL_FILE_SET_INFO,
    COLL_FILE_SET_VIEW,
    COLL_FILE_SET_ATOMICITY,
    COLL_FILE_SEEK_SHARED,
    COLL_FILE_READ_AT_ALL,
    COLL_FILE_READ_AT_ALL_BEGIN,
    COLL_FILE_READ_ALL,
    COLL_FILE_READ_ALL_BEGIN,
    COLL_FILE_READ_ORDERED,
    COLL_FILE_READ_ORDERED_BEGIN,
    COLL_FILE_WRITE_AT_ALL,
    COLL_FILE_WRITE_AT_ALL_BEGIN,
    COLL_FILE_WRITE_ALL,
    COLL_FILE_WRITE_ALL_BEGIN,
    COLL_FILE_WRITE_ORDERED,
    COLL_FILE_WRITE_ORDERED_BEGIN,
    COLL_WIN_CREATE,
    COLL_WIN_ALLOCATE,
    COLL_WIN_ALLOCATE_SHARED,
    COLL_WIN_CREATE_DYNAMIC,
    COLL_COMM_SPAWN,
    COLL_COMM_SPAWN_MULTIPLE,
    COLL_COMM_ACCEPT,
    COLL_COMM_CONNECT,
    COLL_COMM_JOIN,
    COLL_KINDS
};

/* Its name: "MPI_Bcast". */
const char *coll_name(enum coll_kind kind);

/* signature: kind, operation, arithmetic of the type, form (8 bits each), root + 1 (high half). */
static inline uint64_t
signature_make(enum coll_kind kind, int root)
{
    return (uint64_t)kind | (uint64_t)(uint32_t)(root + 1) << 32;
}

static inline uint64_t
signature_reduce(enum coll_kind kind, int root, const struct op *op, const struct type *type)
{
    uint64_t code = op->predefined ? op->code : 0xff;
    return signature_make(kind, root) | code << 8 | (uint64_t)type->basic << 16;
}

static inline uint64_t
signature_with(uint64_t signature, enum form form)
{
    return signature | (uint64_t)form << 24;
}

static inline enum form
signature_form(uint64_t signature)
{
    return (enum form)(signature >> 24 & 3);
}

enum step { STEP_DONE, STEP_WAIT, STEP_ERROR };

/* How a call runs: exchange.c, slices.c, tree.c, chain.c. */
enum algorithm { RUN_EXCHANGE, RUN_SLICES, RUN_TREE, RUN_CHAIN };

/* Up to FLAT members everybody looks at everybody; more make a tree for up to TREE_MAX bytes. */
#define FLAT     16
#define PIECE    (16u * 1024) // what is copied at a time
#define TREE_MAX (16u * 1024)

/* Who gives and who takes, in an exchange. */
enum flow {
    FLOW_ALL,   // all, all
    FLOW_DOWN,  // the root, all others
    FLOW_UP,    // all others, the root
    FLOW_SCAN,  // all, those of higher rank (each takes from those below it)
    FLOW_EDGES, // along the edges of a topology
    FLOW_NONE,  // in the root's group of an intercommunicator, all but the root
};

#define WAITS 3

/* First what changes while it runs: a persistent call begins with that part of its plan again. */
struct call {
    struct coll *coll;
    struct posting *own; // NULL: the board is not there yet
    uint64_t seq, flag, signature;
    uint64_t before; // the flag of the call that had this posting before
    int error;       // with STEP_ERROR
    // With STEP_WAIT: the members of on_coll of whom one must move first.
    int waits, on[WAITS];
    struct coll *on_coll;
    bool posted;
    bool tight;    // a ring is shorter than what it carries: readers say what they have taken
    bool held;     // its types, operation and communicator
    bool whole;    // a reduction whose elements cannot be cut into pieces
    bool self;     // own block of send goes to own block of recv
    uint8_t stage; // in a tree

    // Where it is; the algorithm's own. Zero at the start, but for what the collective knows.
    int peer;        // the next one to take from in the present round
    int reader;      // the next one to ask for room
    int source;      // the next one to collect from
    uint64_t bytes;  // of one contribution
    uint64_t window; // offset in the segment; 0: none
    uint64_t stride, ring, piece;
    uint64_t rounds_out, rounds_in;
    uint64_t filled, middle, taken;
    uint64_t units; // reduction: elements; of one chunk
    uint64_t chunk;
    uint64_t copied; // of `self`
    char *scratch;   // owned

    // What to do; filled in by the collective.
    struct comm *comm;
    uint8_t algorithm; // enum algorithm
    uint8_t flow;      // enum flow
    bool lanes;        // each reader gets something else
    bool irregular;    // and of a size that the members need not agree on beforehand
    bool windowed;     // no member's data stand in its posting, whose counters are needed
    bool in_place;
    bool up, down; // ways through a tree
    bool exclude;  // a scan leaves out this member's own
    bool apart;    // the result's buffer holds the contribution: each piece is reduced elsewhere
    bool late;     // the same, and it is needed to the end
    bool part;     // the result is a part of what is reduced: the elements from `skip` on
    int root;      // on the board; -1: none
    int from, to;  // with whom it is, on the board, itself left out
    bool inter;    // between the groups of an intercommunicator; then
    int local;     // this member's rank in its own group
    uint8_t side;  // whose root: the first group's (1) or the second's (2); 0: there is none
    const struct topology *edges; // FLOW_EDGES
    struct side send, recv;
    uint64_t skip;
    struct op *op;       // not NULL: takers reduce what they take
    struct type *type;   // of a reduction
    MPI_Count *displs;   // owned
    struct type **types; // owned
    int ntypes;          // in it
    void *arrays;        // owned: copies of the user's counts and displacements (call_keep_arrays)
    bool kept;           // these four are a plan's (form.h)
};

/* Begin: failures of others, the board, number and flag. Nothing is posted yet; but with
 * call->posted the call began the short way (quick.h), which has posted it. */
int call_start(struct call *call, struct comm *comm, uint64_t signature);

/* The same on another board of the communicator. */
int call_start_on(struct call *call, struct comm *comm, struct coll *coll, uint64_t signature);

enum step call_step(struct call *call);

/* The same of one that nobody waits for: looks first whether the board is broken. */
enum step call_step_whole(struct call *call);

/* Changes when a step has moved anything. */
uint64_t call_mark(const struct call *call);

/* Before a sleep: those for whom the call waits shall wake this process. True if one of them did
 * not know yet: then look again. */
bool call_watch(const struct call *call);

/* True if one of those makes other calls: the call has failed, as after STEP_ERROR. */
bool call_strayed(struct call *call);

/* The call is over for this member; frees what it owns. */
void call_end(struct call *call);

/* Free what a call owns that has not begun. */
void call_drop(struct call *call);

/* Copy the user's counts and displacements: the call outlives the function that was called. */
int call_keep_arrays(struct call *call);

/* Hold what a plan refers to; and the end of that, and of what it owns. */
void call_hold(struct call *call);
void call_release(struct call *call);

/* With whom the call is: all others, of an intercommunicator the remote group. */
void call_among(struct call *call, const struct comm *comm);

/* The same of a call with a root, as the argument names it: sets flow and root too. */
int call_rooted(struct call *call, const struct comm *comm, enum flow flow, int root);

static inline bool
call_is_root(const struct call *call, const struct comm *comm)
{
    return call->root == comm->all->rank;
}

/* In a communicator of one: the own contribution is the result. */
int call_alone(struct call *call);

/* Run to the end. `name` is the function, for reports. Returns MPI_SUCCESS or a code. */
int call_run(struct call *call, const char *name);

/* ---- for the algorithms ---- */

void coll_wake(struct coll *coll) cold;

/* Something of this member that others may wait for has been stored, with release. */
static inline void
coll_changed(struct coll *coll)
{
    // The watcher's membarrier stands between its bit and its last look; see bell_notify.
    if (unlikely(atomic_load_explicit(&engine.seg->fence_needed, memory_order_relaxed)))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
    if (unlikely(atomic_load_explicit(&coll->own->watched, memory_order_relaxed)))
        coll_wake(coll);
}

/* The flag of a call with this signature after one with `flag`. */
static inline uint64_t
flag_chain(uint64_t flag, uint64_t signature)
{
    flag = ((flag ^ signature) + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    return flag ^ flag >> 29;
}

/* Number and flag of the next call. */
static inline uint64_t
coll_next(struct coll *coll, uint64_t signature)
{
    uint64_t seq = ++coll->seq;
    coll->flag = flag_chain(coll->flag, signature);
    coll->flags[seq % (2 * POSTINGS)] = coll->flag;
    return seq;
}

void coll_over_slow(struct coll *coll, uint64_t seq);

/* Call `seq` is over for this member. */
static inline void
coll_over(struct coll *coll, uint64_t seq)
{
    if (unlikely(seq != coll->done + 1 || coll->over)) {
        coll_over_slow(coll, seq);
        return;
    }
    coll->done = seq;
    // release: pairs with the acquire in coll_all_done; our loads from others' memory come before.
    atomic_store_explicit(&coll->own->done, seq, memory_order_release);
    coll_changed(coll);
}

static inline struct posting *
posting_of(const struct coll *coll, int rank, uint64_t seq)
{
    return &coll->board->members[rank].postings[seq % POSTINGS];
}

/* What a member's posting calls `at`, which is in the segment of its job. */
static inline char *
member_window(const struct coll *coll, int rank, uint64_t at)
{
    if (likely(!coll->mixed))
        return segment_at(engine.seg, at);
    return segment_at(peer_get(coll->peers[rank])->segment, at);
}

static inline struct posting *
peer_posting(const struct call *call, int rank)
{
    return posting_of(call->coll, rank, call->seq);
}

/* Wait for a member too. A step that tries several things clears `waits` before each turn. */
static inline enum step
call_wait(struct call *call, int rank)
{
    call->on_coll = call->coll;
    call->on[call->waits < WAITS ? call->waits++ : 0] = rank;
    return STEP_WAIT;
}

static inline enum step
call_fail(struct call *call, int error)
{
    call->error = error;
    return STEP_ERROR;
}

/* May the posting be used? If not, call->on says for whom to wait. */
static inline bool
call_room(struct call *call)
{
    struct coll *coll = call->coll;
    if (likely(call->seq <= coll->all_done + POSTINGS) || coll_all_done(coll, call->seq - POSTINGS))
        return true;
    call->waits = 0;
    call_wait(call, coll->slowest);
    return false;
}

static inline void
posting_publish(struct posting *own, uint64_t seq, uint64_t flag, uint64_t bytes)
{
    own->bytes = bytes;
    own->seq = seq;
    // release: who sees the flag (posting_seen) sees the posting's contents.
    atomic_store_explicit(&own->flag, flag, memory_order_release);
}

/* Publish the posting, whose data (or window and counters) have been filled in. */
static inline void
call_post(struct call *call, uint64_t bytes)
{
    call->own->signature = call->signature;
    posting_publish(call->own, call->seq, call->flag, bytes);
    call->posted = true;
    coll_changed(call->coll);
}

/* The posting of a member whose flag is not ours: late (STEP_WAIT), or of another mind. */
enum step posting_unseen(struct call *call, int rank) cold;

/* STEP_DONE when the member has posted this call and agrees with us in all before. */
static inline enum step
posting_seen(struct call *call, int rank)
{
    // acquire: pairs with the release in posting_publish.
    if (likely(atomic_load_explicit(&peer_posting(call, rank)->flag, memory_order_acquire) ==
               call->flag))
        return STEP_DONE;
    return posting_unseen(call, rank);
}

/* MPI_ERR_TRUNCATE: `rank` gives (or, up a tree, has) other sizes than we take. */
enum step call_truncated(struct call *call, int rank, uint64_t gives, uint64_t wants) cold;

/* MPI_ERR_ROOT or another: `rank` has made the same calls, but this one with other arguments. */
enum step call_disagrees(struct call *call, int rank) cold;

/* A window of `size` bytes: STEP_DONE, with call->window; or what the step returns. */
enum step call_window(struct call *call, uint64_t size);

/* Nobody else will finish the call either: break the board, and fail with `err`. */
enum step call_give_up(struct call *call, int err) cold;

/* `size` bytes, 64-byte aligned, for the rest of the call; NULL when memory is out. */
char *call_scratch(struct call *call, size_t size);

/* The largest element that slices can cut between. */
uint64_t slices_most(int size, bool mixed);

/* Bytes of a piece of an exchange among `size` members. */
uint64_t exchange_piece(int size, bool lanes, bool mixed);

/* What of an exchange follows from the call and its board alone. A step does it, but for a
 * persistent call's plan, for which it is done once. */
void exchange_plan(struct call *call);

enum step exchange_step(struct call *call);
enum step slices_step(struct call *call);
enum step tree_step(struct call *call);
enum step chain_step(struct call *call);

#endif
