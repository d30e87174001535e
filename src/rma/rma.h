// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Windows (MPI 5.0, chapter 12).
 *
 * A target does nothing: the origin of a put, get or accumulate does all of it in the call, so that
 * it is complete when the call returns, at both ends.
 *
 * Where memory lies in the segment (MPI_Win_allocate, MPI_Win_allocate_shared, MPI_Alloc_mem) the
 * origin maps it: a put is a copy from layout to layout, an element of an accumulate of 1, 2, 4 or
 * 8 bytes is changed by one atomic instruction or a compare-and-swap; where it is wider, has holes
 * or is not aligned, the target's lock for accumulates is held instead. It is always the same of
 * the two for the same element, whatever the operation.
 * Other memory (MPI_Win_create, MPI_Win_attach) is read and written by process_vm_readv and writev
 * (remote.c), or, where a copy is refused to some member when the window is made, by a thread that
 * each member has for that (helper.c). Accumulates hold the target's lock, the owner's own as well.
 *
 * What members share of a window is its board. Epochs are words in it:
 *   fence          `arrived` counts members; the barrier k is over when it is k times their number
 *   post, start    the target sets its bit in the row of each origin; the origin takes it when it
 *                  first needs the target, or in MPI_Win_complete
 *   complete, wait the origin adds one to `completes` of each target; who waits knows how many come
 *   lock           `lock` of the target: who has it alone, how many share it. An exclusive lock
 *                  counts in `all` too, which MPI_Win_lock_all shares: both are one step each
 * Who waits for one of them says so (`waits`, `waiting`) and sleeps in engine_wait; who has changed
 * one wakes those who said so. A member that dies fails the job, which ends every wait. Locks of
 * one who has ended in order are taken from it: `lock` and `atomics` say whose they are.
 */
#ifndef MUSTER_RMA_RMA_H
#define MUSTER_RMA_RMA_H

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

/* What one member has on the board. */
struct win_member {
    // Origins: how many share the lock in the low half; who has it alone, its rank in the window
    // + 1, in the high half.
    line_aligned _Atomic uint64_t lock;
    // An origin that has waited long for it, as rank + 1; others stand back for a moment.
    _Atomic uint32_t wanted;

    // Who holds the lock for accumulates on this member's memory, as rank + 1.
    line_aligned _Atomic uint32_t atomics;

    // Origins: epochs of theirs that are complete on this member.
    line_aligned _Atomic uint64_t completes;
    // The member: its threads that wait for something of this window.
    _Atomic uint32_t waits;
    // The member writes, origins read: what is attached (attach.c). Odd while it changes.
    line_aligned _Atomic uint64_t attach_version;
    _Atomic uint64_t attached; // offset of a struct win_regions; 0: none
};
static_assert(offsetof(struct win_member, atomics) == 64, "locks have their own line");

struct win_board {
    line_aligned _Atomic uint64_t arrived; // members, in all barriers together
    // MPI_Win_lock_all: how many hold it in the low half; exclusive locks of any in the high half.
    line_aligned _Atomic uint64_t all;
    line_aligned _Atomic uint32_t waiting; // threads of all members that wait
    _Atomic uint32_t left;                 // members that have freed the window
    struct win_member members[];
    // Behind them a row for each member, of a bit for each: who has posted to it.
};

enum lock_kind { UNLOCKED, LOCKED_SHARED, LOCKED_EXCLUSIVE, LOCKED_UNCHECKED };

/* What this process knows of a member. */
struct win_target {
    char *base;    // of its memory, where this process maps it; with `direct`
    uint64_t size; // bytes
    MPI_Aint disp_unit;
    bool plain;       // direct, and displacements count from the base
    bool direct;      // loads and stores reach it
    bool cpu;         // and so do everybody's, atomic ones as well
    bool open;        // it may be accessed in this epoch
    bool started;     // a target of MPI_Win_start
    uint8_t locked;   // enum lock_kind
    uint64_t address; // of its memory in its own process
    uint64_t heap;    // where that process maps the segment
    struct win_member *member;
    struct peer *peer;
    struct helper *helper; // that reads and writes for this process, or NULL
};

/* The epoch of this process as an origin. After a fence one begins with the first access. */
enum win_access { ACCESS_NONE, ACCESS_FENCE, ACCESS_START, ACCESS_LOCK, ACCESS_LOCK_ALL };

/* ---- life (window.c) ---- */

/* What a member tells the others of itself. */
struct win_record {
    int32_t errclass; // it cannot take part
    int32_t direct;   // its memory is at `offset` of its segment
    uint64_t address, size, offset;
    int64_t disp_unit;
    uint64_t heap, probe;
    uint64_t board;     // member 0's: where the board is
    uint64_t noncontig; // the hint
};

/* A window of a communicator's group, which it holds, or a code. It has no board yet, and no
 * handle; win_discard ends it. */
int win_new(const struct comm *comm, struct win **win);
void win_discard(struct win *win);

/* A board, by member 0, for the record; afterwards win_use fills in all that records tell. */
int win_make_board(struct win *win, struct win_record *record);
int win_use(struct win *win, const struct win_record *records);

/* `size` bytes for this process's part, aligned to a power of two, zeroed. */
int win_memory(struct win *win, uint64_t size, uint64_t alignment, char **base);

/* Where memory lies in the segment, or 0. */
static inline uint64_t
offset_of(const void *p)
{
    uint64_t at = engine.seg ? (uint64_t)((uintptr_t)p - (uintptr_t)engine.seg) : 0;
    return engine.seg && at < engine.seg->size ? at : 0;
}

/* ---- waiting (wait.c) ---- */

/*
 *     struct win_wait wait;
 *     win_wait_begin(&wait, win, "MPI_Win_lock");
 *     while (!condition && !(err = engine_wait(&wait.wait)))
 *         ;
 *     win_wait_end(&wait);
 */
struct win_wait {
    struct wait wait;
    struct win *win;
};
void win_wait_begin(struct win_wait *wait, struct win *win, const char *op);
void win_wait_end(struct win_wait *wait);

/* Something on the board has changed that members may wait for. */
void win_changed(struct win *win);
void win_changed_for(struct win *win, int member);

/* All members meet. */
int win_barrier(struct win *win, const char *op);

/* Has a process ended in order, so that the job goes on without it? One that has not fails the job,
 * which those who wait are told of. */
static inline bool
has_left(const struct rank_block *block)
{
    return block && atomic_load_explicit(&block->ended, memory_order_relaxed) &&
           !rank_state_inside(atomic_load_explicit(&block->state, memory_order_relaxed));
}

/* Between tries of a lock that its holder gives back without waiting for anybody. */
struct pause {
    uint32_t tries;
};
int pause_take(struct pause *pause);

/* ---- epochs ---- */

/* Make a target accessible, or tell what epoch is missing. */
int win_open(struct win *win, int rank) cold;

/* MPI_ERR_ASSERT for unknown bits (fence.c). */
int win_check_assert(int given);

/* Wait for the post of a target of MPI_Win_start (pscw.c). */
int win_await_post(struct win *win, int target, const char *op);

/* The look-up of every call on a window. */
static inline int
win_enter(MPI_Win handle, struct win **win)
{
    int err = win_find(handle, win);
    return likely(!err) ? engine_failed() : err;
}

int win_bad_rank(const struct win *win, int rank) cold;

/* The error of an epoch that is missing, or in the way. */
int win_sync_error(const struct win *win, const char *what) cold;

/* No epoch of access is under way that `what` would be in the way of; one that a fence has opened
 * ends if nobody has accessed anything in it. */
int win_end_fence(struct win *win, const char *what);

/* ---- access (access.c) ---- */

/* Where data of a target goes to or comes from. */
struct place {
    struct win *win;
    struct win_target *target;
    char *at;         // where the type's displacements begin: here, if it is direct ...
    uint64_t address; // ... and in its own process
    bool direct, cpu;
    struct type *type;
    MPI_Count count;
    uint64_t bytes;
};

/* The arguments of a call that name a target. */
struct target_args {
    int rank;
    MPI_Aint disp;
    MPI_Count count;
    MPI_Datatype type;
};

/* The target of a call: epoch, rank, type and range are right, or a code. The rank is not
 * MPI_PROC_NULL. */
int place_find(struct win *win, const struct target_args *args, struct place *place);

/* The short way: where `bytes` at a displacement are, or NULL when anything is not as usual. */
static inline char *
place_quick(const struct win *win, int rank, MPI_Aint disp, uint64_t bytes)
{
    uint64_t at;
    if (unlikely((unsigned)rank >= (unsigned)win->group->size))
        return NULL;
    const struct win_target *t = &win->targets[rank];
    if (unlikely(!t->plain || (!win->open && !t->open) ||
                 __builtin_mul_overflow((uint64_t)disp, (uint64_t)t->disp_unit, &at) ||
                 at > t->size || bytes > t->size - at))
        return NULL;
    return t->base + at;
}

/* The other side. */
struct origin {
    void *buffer;
    MPI_Count count;
    struct type *type;
    uint64_t bytes;
};
struct origin_args {
    const void *buffer;
    MPI_Count count;
    MPI_Datatype type;
};
int origin_find(const struct origin_args *args, const char *name, struct origin *origin);

/* ---- pieces of a layout (pieces.c) ---- */

/* Calls fn for each piece of the first `bytes` of the stream, in order, those that touch as one,
 * until it returns a code. */
typedef int piece_fn(void *of, MPI_Count offset, uint64_t length);
int pieces_visit(const struct type *type, uint64_t bytes, piece_fn *fn, void *of);

/* ---- memory that is not mapped here (remote.c, helper.c) ---- */

enum direction { READ, WRITE };

/* Copy the first `bytes` of the place's stream to or from `origin`. */
int place_copy(const struct place *place, const struct origin *origin, enum direction direction,
               uint64_t bytes);

/* A run of pieces of a place, together `bytes`, to or from one block. */
struct run_piece {
    uint64_t offset, length; // from place->at
};
int run_copy(const struct place *place, const struct run_piece *pieces, size_t n, void *block,
             enum direction direction);

#define HELPER_PIECES 256
#define HELPER_ROOM   (64u << 10)

/* What the word is for that others try to read and to write. */
uint64_t helper_probe(void);

/* Is this process refused a copy from or to a peer's probe? */
bool helper_refused(const struct peer *peer, uint64_t probe);

/* Start this process's thread, or hold it once more: its offset in the segment. */
int helper_hold(uint64_t *at);
void helper_release(void);

/* Let a peer's do it: at most HELPER_PIECES pieces and HELPER_ROOM bytes. The place's address is
 * added to the offsets. */
int helper_copy(const struct place *place, const struct run_piece *pieces, size_t n, void *block,
                enum direction direction);

/* ---- accumulates (accumulate.c, atomic.c) ---- */

/* The lock for accumulates on a target. The lock of the engine is given away while it waits. */
int atomics_lock(struct win *win, struct win_target *target);
void atomics_unlock(struct win *win, struct win_target *target);

struct accumulate {
    struct place place;
    struct op *op;
    const struct type *element; // the predefined type that all is made of
    struct origin origin, result;
    bool fetch; // there is a result
};
int accumulate_run(const struct accumulate *a);

/* One element of 1, 2, 4 or 8 bytes, aligned; `old` may be NULL. */
void element_apply(const struct op *op, const struct type *type, void *at, const void *in,
                   void *old);
void element_swap(size_t size, void *at, const void *in, const void *compare, void *old);

static inline bool
is_atomic_size(MPI_Count size)
{
    return size == 8 || size == 4 || size == 2 || size == 1;
}

static inline bool
is_atomic_type(const struct type *type)
{
    return type->size == type->extent && is_atomic_size(type->size);
}

/* The type that elements are computed as. */
const struct type *accumulate_element(const struct type *element);

/* MPI_SUCCESS when the operation may be used in an accumulate of elements of the type. */
int accumulate_check(const struct op *op, const struct type *element);

/* ---- dynamic windows (attach.c) ---- */

/* Is [low, high) attached at the target? */
int attached_check(const struct win *win, const struct win_target *target, uint64_t low,
                   uint64_t high);
void attached_free(struct win *win);

/* ---- hints (hints.c) ---- */

struct info;
void win_hints_put(struct win *win, const struct info *info);
void win_hints_default(struct win *win);
bool win_hint_noncontig(const struct win *win);

#endif
