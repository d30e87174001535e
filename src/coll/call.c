// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/call.h"

#include "core/message.h"
#include "shm/arena.h"

#include <stdio.h>
#include <stdlib.h>

#define TAG_BOARD  (-1100)    // and below: of the internal messages that say where a board is
#define TAGS_BOARD (1u << 30) // as many
#define TREE       8          // children of a member in the tree of these messages

static const char *const kind_names[COLL_KINDS] = {
    [COLL_BARRIER] = "MPI_Barrier",
    [COLL_BCAST] = "MPI_Bcast",
    [COLL_GATHER] = "MPI_Gather",
    [COLL_GATHERV] = "MPI_Gatherv",
    [COLL_SCATTER] = "MPI_Scatter",
    [COLL_SCATTERV] = "MPI_Scatterv",
    [COLL_ALLGATHER] = "MPI_Allgather",
    [COLL_ALLGATHERV] = "MPI_Allgatherv",
    [COLL_ALLTOALL] = "MPI_Alltoall",
    [COLL_ALLTOALLV] = "MPI_Alltoallv",
    [COLL_ALLTOALLW] = "MPI_Alltoallw",
    [COLL_REDUCE] = "MPI_Reduce",
    [COLL_ALLREDUCE] = "MPI_Allreduce",
    [COLL_REDUCE_SCATTER] = "MPI_Reduce_scatter",
    [COLL_REDUCE_SCATTER_BLOCK] = "MPI_Reduce_scatter_block",
    [COLL_SCAN] = "MPI_Scan",
    [COLL_EXSCAN] = "MPI_Exscan",
    [COLL_NEIGHBOR_ALLGATHER] = "MPI_Neighbor_allgather",
    [COLL_NEIGHBOR_ALLGATHERV] = "MPI_Neighbor_allgatherv",
    [COLL_NEIGHBOR_ALLTOALL] = "MPI_Neighbor_alltoall",
    [COLL_NEIGHBOR_ALLTOALLV] = "MPI_Neighbor_alltoallv",
    [COLL_NEIGHBOR_ALLTOALLW] = "MPI_Neighbor_alltoallw",
    [COLL_COMM_DUP] = "MPI_Comm_dup",
    [COLL_COMM_IDUP] = "MPI_Comm_idup",
    [COLL_COMM_IDUP_WITH_INFO] = "MPI_Comm_idup_with_info",
    [COLL_COMM_SPLIT] = "MPI_Comm_split",
    [COLL_COMM_CREATE] = "MPI_Comm_create",
    [COLL_CART_CREATE] = "MPI_Cart_create",
    [COLL_CART_SUB] = "MPI_Cart_sub",
    [COLL_GRAPH_CREATE] = "MPI_Graph_create",
    [COLL_DIST_GRAPH_CREATE] = "MPI_Dist_graph_create",
    [COLL_DIST_GRAPH_CREATE_ADJACENT] = "MPI_Dist_graph_create_adjacent",
    [COLL_COMM_DUP_WITH_INFO] = "MPI_Comm_dup_with_info",
    [COLL_COMM_SPLIT_TYPE] = "MPI_Comm_split_type",
    [COLL_COMM_DISCONNECT] = "MPI_Comm_disconnect",
    [COLL_INTERCOMM_CREATE] = "MPI_Intercomm_create",
    [COLL_INTERCOMM_FROM_GROUPS] = "MPI_Intercomm_create_from_groups",
    [COLL_INTERCOMM_MERGE] = "MPI_Intercomm_merge",
    [COLL_FILE_OPEN] = "MPI_File_open",
    [COLL_FILE_CLOSE] = "MPI_File_close",
    [COLL_FILE_SET_SIZE] = "MPI_File_set_size",
    [COLL_FILE_PREALLOCATE] = "MPI_File_preallocate",
    [COLL_FILE_SYNC] = "MPI_File_sync",
    [COLL_FILE_SET_INFO] = "MPI_File_set_info",
    [COLL_FILE_SET_VIEW] = "MPI_File_set_view",
    [COLL_FILE_SET_ATOMICITY] = "MPI_File_set_atomicity",
    [COLL_FILE_SEEK_SHARED] = "MPI_File_seek_shared",
    [COLL_FILE_READ_AT_ALL] = "MPI_File_read_at_all",
    [COLL_FILE_READ_AT_ALL_BEGIN] = "MPI_File_read_at_all_begin",
    [COLL_FILE_READ_ALL] = "MPI_File_read_all",
    [COLL_FILE_READ_ALL_BEGIN] = "MPI_File_read_all_begin",
    [COLL_FILE_READ_ORDERED] = "MPI_File_read_ordered",
    [COLL_FILE_READ_ORDERED_BEGIN] = "MPI_File_read_ordered_begin",
    [COLL_FILE_WRITE_AT_ALL] = "MPI_File_write_at_all",
    [COLL_FILE_WRITE_AT_ALL_BEGIN] = "MPI_File_write_at_all_begin",
    [COLL_FILE_WRITE_ALL] = "MPI_File_write_all",
    [COLL_FILE_WRITE_ALL_BEGIN] = "MPI_File_write_all_begin",
    [COLL_FILE_WRITE_ORDERED] = "MPI_File_write_ordered",
    [COLL_FILE_WRITE_ORDERED_BEGIN] = "MPI_File_write_ordered_begin",
    [COLL_WIN_CREATE] = "MPI_Win_create",
    [COLL_WIN_ALLOCATE] = "MPI_Win_allocate",
    [COLL_WIN_ALLOCATE_SHARED] = "MPI_Win_allocate_shared",
    [COLL_WIN_CREATE_DYNAMIC] = "MPI_Win_create_dynamic",
    [COLL_COMM_SPAWN] = "MPI_Comm_spawn",
    [COLL_COMM_SPAWN_MULTIPLE] = "MPI_Comm_spawn_multiple",
    [COLL_COMM_ACCEPT] = "MPI_Comm_accept",
    [COLL_COMM_CONNECT] = "MPI_Comm_connect",
    [COLL_COMM_JOIN] = "MPI_Comm_join",
};

const char *
coll_name(enum coll_kind kind)
{
    return kind_names[kind];
}

// The name of the function that a signature stands for.
static const char *
name_of(uint64_t signature, char *text, size_t n)
{
    unsigned kind = (unsigned)(signature & 0xff) % COLL_KINDS;
    const char *name = kind_names[kind];
    if (kind >= COLL_COMM_DUP)
        return name;
    switch (signature_form(signature)) {
    case FORM_BLOCKING:
        return name;
    case FORM_STARTED:
        snprintf(text, n, "MPI_I%c%s", name[4] | 0x20, name + 5);
        break;
    case FORM_PERSISTENT:
        snprintf(text, n, "%s_init", name);
        break;
    }
    return text;
}

/* ---- the board ---- */

static size_t
set_words(int size)
{
    return size <= 64 ? 0 : align_up((size_t)size, 512) / 64; // whole lines
}

static void
attach(struct coll *coll, uint64_t at)
{
    coll->board = segment_at(coll->mixed ? peer_get(coll->peers[0])->segment : engine.seg, at);
    coll->own = &coll->board->members[coll->rank];
    if (coll->size > 64)
        coll->set = (_Atomic uint64_t *)(void *)&coll->board->members[coll->size];
    coll->quick = coll->size <= FLAT && coll->lane_piece == PIECE && !engine.threads &&
                  !coll->inter && !coll->mixed;
}

static uint64_t
make_board(int size, char *why, size_t n)
{
    size_t bytes = sizeof(struct board) + (size_t)size * sizeof(struct member) +
                   (size_t)size * set_words(size) * sizeof(uint64_t);
    return arena_alloc(engine.seg, bytes, why, n);
}

static int
no_board(const struct coll *coll, const char *why)
{
    return error_new(coll->error, "rank 0 has no room for the communicator's board%s%s",
                     why[0] ? ": " : "", why);
}

static struct internal
member(const struct coll *coll, int rank)
{
    struct comm *comm = coll->comm;
    return (struct internal){"a collective", comm, comm->context + 1, rank, coll->tag};
}

// Where the board is goes down a tree: the children of r are TREE * r + 1 .. TREE * r + TREE.
static int
tell_children(const struct coll *coll)
{
    int err = MPI_SUCCESS;
    for (int i = 1; i <= TREE && !err; i++) {
        int64_t child = (int64_t)TREE * coll->rank + i;
        struct internal to = member(coll, (int)child);
        if (child < coll->size)
            err = internal_post(&to, &coll->at, sizeof coll->at);
    }
    return err;
}

// Where the board is is known; at 0 there is none.
static int
board_known(struct coll *coll)
{
    int err = tell_children(coll);
    if (coll->at)
        attach(coll, coll->at);
    else
        coll->error = MPI_ERR_NO_MEM;
    return err;
}

static int
open_board(struct coll *coll)
{
    char why[256] = "";
    if (coll->rank != 0) {
        struct internal from = member(coll, (coll->rank - 1) / TREE);
        return internal_expect(&from, &coll->at, sizeof coll->at, &coll->opening);
    }
    coll->at = make_board(coll->size, why, sizeof why);
    int err = board_known(coll);
    return coll->error ? no_board(coll, why) : err;
}

int
coll_open(struct comm *comm, enum form form, struct coll **result)
{
    struct coll *coll = calloc(1, sizeof *coll);
    if (!coll)
        return error_new(MPI_ERR_NO_MEM, "no memory for the collectives of a communicator");
    const struct group *all = comm->all;
    *coll = (struct coll){.rank = all->rank, .size = all->size, .peers = all->peers};
    coll->lane_piece = exchange_piece(all->size, true, comm->mixed);
    coll->inter = comm_is_inter(comm);
    coll->mixed = comm->mixed;
    coll->comm = comm;
    coll->tag = TAG_BOARD - (int)form;
    if (form == FORM_PERSISTENT)
        coll->tag -= (int)(comm->boards++ % TAGS_BOARD);
    *result = coll;
    coll_reap();
    int err = open_board(coll);
    if (err)
        coll->error = error_class(err);
    return err;
}

int
coll_opened(struct coll *coll)
{
    struct request *opening = coll->opening;
    int err = opening->error ? opening->error : board_known(coll);
    coll->opening = NULL;
    request_free(opening);
    if (err)
        coll->error = error_class(err);
    return err;
}

// STEP_DONE when the board is there, and call->own with it.
static noinline_ enum step
board_step(struct call *call)
{
    struct coll *coll = call->coll;
    int err = MPI_SUCCESS;
    call->waits = 0;
    if (coll->opening && !coll->opening->done)
        return STEP_WAIT;
    if (coll->opening)
        err = coll_opened(coll);
    if (coll->error)
        return call_fail(call, err ? err : no_board(coll, ""));
    call->own = posting_of(coll, coll->rank, call->seq);
    return STEP_DONE;
}

/* ---- broken boards ---- */

// No call on this board any more: whatever windows others keep for us, we shall not read them.
static void
leave_board(struct coll *coll)
{
    coll->done = UINT64_MAX;
    coll->quick = false;
    // release: as in coll_over.
    atomic_store_explicit(&coll->own->done, UINT64_MAX, memory_order_release);
    coll_changed(coll);
}

static cold int
broken_error(struct coll *coll)
{
    if (!coll->board)
        return error_new(coll->error, "the communicator's first collective failed");
    if (!coll->error) {
        coll->error = coll->board->errclass;
        leave_board(coll);
    }
    return error_new(coll->error, "%s", coll->board->why);
}

static inline int
check_broken(struct coll *coll)
{
    // acquire: pairs with the release in coll_break; the reason stands.
    if (likely(!coll->error && (!coll->board || atomic_load_explicit(&coll->board->broken,
                                                                     memory_order_acquire) != 2)))
        return MPI_SUCCESS;
    return broken_error(coll);
}

static cold void
coll_break(struct coll *coll, int errclass, const char *why)
{
    struct board *board = coll->board;
    uint32_t whole = 0;
    if (!atomic_compare_exchange_strong_explicit(&board->broken, &whole, 1, memory_order_relaxed,
                                                 memory_order_relaxed))
        return;
    board->errclass = errclass;
    snprintf(board->why, sizeof board->why, "%s", why);
    // release: pairs with the acquire in check_broken and wait_and_step; the reason stands.
    atomic_store_explicit(&board->broken, 2, memory_order_release);
    coll->error = errclass;
    leave_board(coll);
    for (int m = 0; m < coll->size; m++)
        if (m != coll->rank)
            segment_ring_bell(peer_get(coll->peers[m])->segment, coll->peers[m]->rank);
}

/* ---- texts ---- */

// Members of two groups have no ranks that all would read alike.
static int
name_member(const struct coll *coll, int rank, char *text, size_t n)
{
    return coll->inter ? snprintf(text, n, "process %d of the job", peer_rank(coll->peers[rank]))
                       : snprintf(text, n, "rank %d", rank);
}

static void
describe(const struct coll *coll, char *text, size_t n, int rank, uint64_t signature,
         uint64_t bytes)
{
    unsigned kind = signature & 0xff, code = signature >> 8 & 0xff;
    int root = (int)(signature >> 32) - 1, at = name_member(coll, rank, text, n);
    char name[48];
    at += snprintf(text + at, n - (size_t)at, " called %s", name_of(signature, name, sizeof name));
    if (kind >= COLL_COMM_DUP && root >= 0)
        snprintf(text + at, n - (size_t)at, " (leader %d)", root);
    if (kind == COLL_BARRIER || kind >= COLL_COMM_DUP)
        return;
    at += snprintf(text + at, n - (size_t)at, " (");
    if (root >= 0 && coll->inter)
        at += snprintf(text + at, n - (size_t)at, "the root is process %d, ",
                       peer_rank(coll->peers[root]));
    else if (root >= 0)
        at += snprintf(text + at, n - (size_t)at, "root %d, ", root);
    if (code == 0xff)
        at += snprintf(text + at, n - (size_t)at, "a user operation, ");
    else if (code)
        at += snprintf(text + at, n - (size_t)at, "%s, ", op_code_label((uint8_t)code));
    snprintf(text + at, n - (size_t)at, "%llu bytes)", (unsigned long long)bytes);
}

static int
mismatch_class(uint64_t mine, uint64_t theirs)
{
    uint64_t differ = mine ^ theirs;
    if (differ & 0xff || signature_form(mine) != signature_form(theirs))
        return MPI_ERR_OTHER;
    if (differ >> 32)
        return MPI_ERR_ROOT;
    return differ & 0xff00 ? MPI_ERR_OP : MPI_ERR_TYPE;
}

// The first of the last POSTINGS calls that this member and `rank` have
// posted differently; 0: none.
static uint64_t
first_difference(const struct coll *coll, int rank, uint64_t seq)
{
    for (uint64_t at = seq >= POSTINGS ? seq - POSTINGS + 1 : 1; at <= seq; at++) {
        const struct posting *a = posting_of(coll, coll->rank, at);
        const struct posting *b = posting_of(coll, rank, at);
        if (a->seq == at && b->seq == at &&
            atomic_load_explicit(&a->flag, memory_order_relaxed) !=
                atomic_load_explicit(&b->flag, memory_order_relaxed))
            return at;
    }
    return 0;
}

// Break the board with a text that names the first call in which this member and `rank` differ.
static cold int
mismatch(struct call *call, int rank)
{
    struct coll *coll = call->coll;
    char a[120], b[120], why[376];
    int errclass = MPI_ERR_OTHER;
    uint64_t at = first_difference(coll, rank, call->seq);
    const struct posting *mine = posting_of(coll, coll->rank, at);
    const struct posting *theirs = posting_of(coll, rank, at);
    if (at) {
        describe(coll, a, sizeof a, coll->rank, mine->signature, mine->bytes);
        describe(coll, b, sizeof b, rank, theirs->signature, theirs->bytes);
        snprintf(why, sizeof why, "%s as collective call %llu on this communicator, but %s", b,
                 (unsigned long long)at, a);
        errclass = mismatch_class(mine->signature, theirs->signature);
    } else {
        name_member(coll, coll->rank, a, sizeof a);
        name_member(coll, rank, b, sizeof b);
        snprintf(
            why, sizeof why,
            "%s and %s called different collectives on this communicator, more than %d calls ago",
            a, b, POSTINGS);
    }
    coll_break(coll, errclass, why);
    return error_new(errclass, "%s", why);
}

cold enum step
call_disagrees(struct call *call, int rank)
{
    char a[120], b[120], why[376];
    const struct posting *theirs = peer_posting(call, rank);
    int errclass = mismatch_class(call->signature, theirs->signature);
    describe(call->coll, a, sizeof a, call->coll->rank, call->signature, call->bytes);
    describe(call->coll, b, sizeof b, rank, theirs->signature, theirs->bytes);
    snprintf(why, sizeof why, "%s, but %s", b, a);
    coll_break(call->coll, errclass, why);
    return call_fail(call, error_new(errclass, "%s", why));
}

// The flag of this member's call `seq`, one of the last 2 * POSTINGS; 0 before the first.
static uint64_t
own_flag(const struct coll *coll, uint64_t seq)
{
    return (int64_t)seq > 0 ? coll->flags[seq % (2 * POSTINGS)] : 0;
}

static uint64_t
flag_of(const struct coll *coll, int rank, uint64_t seq)
{
    // acquire: pairs with the release in posting_publish.
    return atomic_load_explicit(&posting_of(coll, rank, seq)->flag, memory_order_acquire);
}

// Whether `rank`, which has not posted this call, has posted another one before. It may be waiting
// for nobody, or have ended: then only who waits for it can tell. A posting used for a call after
// this one looks the same; whoever sees that one sees this call's as well.
static bool
has_strayed(const struct call *call, int rank)
{
    const struct coll *coll = call->coll;
    for (uint64_t at = call->seq - 1; at > 0 && at + POSTINGS > call->seq; at--) {
        uint64_t flag = flag_of(coll, rank, at);
        if (flag == own_flag(coll, at))
            return false;
        if (flag != own_flag(coll, at - POSTINGS))
            return flag_of(coll, rank, call->seq) == own_flag(coll, call->seq - POSTINGS);
    }
    return false;
}

cold enum step
posting_unseen(struct call *call, int rank)
{
    uint64_t flag = flag_of(call->coll, rank, call->seq);
    if (flag == call->flag)
        return STEP_DONE;
    if (flag == call->before)
        return call_wait(call, rank);
    return call_fail(call, mismatch(call, rank));
}

cold enum step
call_truncated(struct call *call, int rank, uint64_t gives, uint64_t wants)
{
    char why[250], name[48], a[40], b[40];
    name_member(call->coll, rank, a, sizeof a);
    name_member(call->coll, call->coll->rank, b, sizeof b);
    snprintf(why, sizeof why, "%s: %s gives %llu bytes where %s wants %llu",
             name_of(call->signature, name, sizeof name), a, (unsigned long long)gives, b,
             (unsigned long long)wants);
    // Who has nothing left to give holds nobody up; otherwise the others must hear of it.
    if (!call->posted || call->filled < call->rounds_out || call->algorithm != RUN_EXCHANGE)
        coll_break(call->coll, MPI_ERR_TRUNCATE, why);
    return call_fail(call, error_new(MPI_ERR_TRUNCATE, "%s", strchr(why, ':') + 2));
}

/* ---- waiting ---- */

// Enter this member in the set of those who wait for `rank`; true if it was not there. Where there
// are sets, a bit of `watched` stands for every 64th word of the member's.
static bool
watch(struct coll *coll, int rank)
{
    struct member *member = &coll->board->members[rank];
    uint64_t bit = UINT64_C(1) << (coll->set ? coll->rank / 64 % 64 : coll->rank);
    bool added = false;
    if (coll->set) {
        _Atomic uint64_t *word =
            &coll->set[(size_t)rank * set_words(coll->size) + (size_t)coll->rank / 64];
        uint64_t me = UINT64_C(1) << (coll->rank % 64);
        added = !(atomic_fetch_or_explicit(word, me, memory_order_relaxed) & me);
    }
    // release: who takes the bit finds the one in the set.
    return !(atomic_fetch_or_explicit(&member->watched, bit, memory_order_release) & bit) || added;
}

static void
wake_set(struct coll *coll, uint64_t set, int first)
{
    for (; set; set &= set - 1) {
        const struct peer *peer = peer_get(coll->peers[first + __builtin_ctzll(set)]);
        bell_notify(peer->segment, peer->block);
    }
}

cold void
coll_wake(struct coll *coll)
{
    // acquire: pairs with the release in watch; the bits in the sets are there.
    uint64_t set = atomic_exchange_explicit(&coll->own->watched, 0, memory_order_acquire);
    if (!coll->set) {
        wake_set(coll, set, 0);
        return;
    }
    for (; set; set &= set - 1) {
        size_t words = set_words(coll->size);
        for (size_t w = (size_t)__builtin_ctzll(set); w < words; w += 64) {
            _Atomic uint64_t *word = &coll->set[(size_t)coll->rank * words + w];
            wake_set(coll, atomic_exchange_explicit(word, 0, memory_order_relaxed), (int)w * 64);
        }
    }
}

// True if one of those for whom the call waits did not know yet.
bool
call_watch(const struct call *call)
{
    bool added = false;
    for (int i = 0; i < call->waits; i++)
        added |= watch(call->on_coll, call->on[i]);
    return added;
}

// Before engine_wait may sleep, whoever we wait for must know. True: look again first. It sleeps at
// once when another thread owns progress, else only after its spins and yields.
static bool
must_look_again(const struct call *call, const struct wait *wait)
{
    if (likely(!engine.progress_owned &&
               (wait->spins < engine.spins || wait->yields < engine.yields)))
        return false;
    if (!call_watch(call))
        return false;
    bell_barrier(engine.seg);
    return true;
}

/* ---- the life of a call ---- */

// While this thread waits, or a user's function runs, another one may free what the call uses.
static cold void
hold_or_release(const struct call *call, int by)
{
    struct type *types[] = {call->send.type, call->recv.type, call->type};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i] && (types[i]->refs += by) == 0)
            type_end(types[i]);
    for (int i = 0; i < call->ntypes; i++)
        if (call->types[i] && (call->types[i]->refs += by) == 0)
            type_end(call->types[i]);
    if (call->op && (call->op->refs += by) == 0)
        op_end(call->op);
    if ((call->comm->refs += by) == 0)
        comm_end(call->comm);
}

static inline void
hold_arguments(struct call *call)
{
    call->held |= engine.threads || (call->op && !call->op->predefined);
    if (unlikely(call->held))
        hold_or_release(call, 1);
}

void
call_hold(struct call *call)
{
    call->held = true;
    hold_or_release(call, 1);
}

void
call_drop(struct call *call)
{
    if (call->kept)
        return;
    free(call->displs);
    free(call->types);
    free(call->arrays);
}

static size_t
array_bytes(const struct call *call, struct vector v, int n)
{
    if (!vector_given(v) || (v.wide && v.wide == call->displs))
        return 0;
    return align_up((size_t)n * (v.narrow ? sizeof *v.narrow : sizeof *v.wide), sizeof *v.wide);
}

static char *
keep_array(const struct call *call, struct vector *v, int n, char *to)
{
    size_t bytes = array_bytes(call, *v, n);
    if (!bytes)
        return to;
    memcpy(to, v->narrow ? (const void *)v->narrow : v->wide,
           (size_t)n * (v->narrow ? sizeof *v->narrow : sizeof *v->wide));
    *v = v->narrow ? narrow((int *)(void *)to) : wide((MPI_Count *)(void *)to);
    return to + bytes;
}

int
call_keep_arrays(struct call *call)
{
    struct side *sides[] = {&call->send, &call->recv};
    size_t bytes = 0;
    for (int i = 0; i < 2; i++)
        bytes += array_bytes(call, sides[i]->counts, sides[i]->n) +
                 array_bytes(call, sides[i]->displs, sides[i]->n);
    if (!bytes)
        return MPI_SUCCESS;
    char *to = call->arrays = malloc(bytes);
    if (!to)
        return error_new(MPI_ERR_NO_MEM, "no memory for the counts of a collective");
    for (int i = 0; i < 2; i++) {
        to = keep_array(call, &sides[i]->counts, sides[i]->n, to);
        to = keep_array(call, &sides[i]->displs, sides[i]->n, to);
    }
    return MPI_SUCCESS;
}

void
call_release(struct call *call)
{
    if (unlikely(call->held))
        hold_or_release(call, -1);
    if (unlikely(call->displs || call->types || call->arrays))
        call_drop(call);
}

void
call_among(struct call *call, const struct comm *comm)
{
    bool inter = comm_is_inter(comm);
    call->from = inter && comm->first ? comm->size : 0;
    call->to = call->from + (inter ? comm->remote->size : comm->size);
    call->inter = inter;
    call->local = comm->rank;
}

static cold int
root_error(const struct comm *comm, int root)
{
    const char *name = comm->name[0] ? comm->name : "the communicator";
    if (!comm_is_inter(comm))
        return error_new(MPI_ERR_ROOT, "root %d is not in %s (0..%d)", root, name, comm->size - 1);
    return error_new(MPI_ERR_ROOT,
                     "root %d is not in the remote group of %s (0..%d), nor MPI_ROOT or "
                     "MPI_PROC_NULL",
                     root, name, comm->remote->size - 1);
}

static int
inter_root(struct call *call, const struct comm *comm, int root)
{
    bool remote = (unsigned)root < (unsigned)comm->remote->size;
    if (remote)
        call->root = call->from + root;
    else if (root == MPI_ROOT)
        call->root = comm->all->rank;
    else if (root == MPI_PROC_NULL)
        call->flow = FLOW_NONE;
    else
        return root_error(comm, root);
    call->side = remote == comm->first ? 2 : 1;
    return MPI_SUCCESS;
}

int
call_rooted(struct call *call, const struct comm *comm, enum flow flow, int root)
{
    call_among(call, comm);
    call->flow = (uint8_t)flow;
    if (unlikely(comm_is_inter(comm)))
        return inter_root(call, comm, root);
    call->root = root;
    return likely((unsigned)root < (unsigned)comm->size) ? MPI_SUCCESS : root_error(comm, root);
}

// What all members know of the call. Of an intercommunicator only one group knows the root, and not
// all know what is reduced: who takes compares that with whom it takes from (check_source).
static uint64_t
agreed(const struct call *call)
{
    if (likely(!call->side))
        return call->signature;
    return (call->signature & 0xff0000ff) | (uint64_t)call->side << 32;
}

int
call_start_on(struct call *call, struct comm *comm, struct coll *coll, uint64_t signature)
{
    int err = engine_failed();
    if (unlikely(err) || unlikely(err = check_broken(coll)))
        return err;
    call->comm = comm;
    call->coll = coll;
    call->signature = signature;
    if (!call->posted)
        coll_next(coll, agreed(call));
    call->seq = coll->seq;
    call->flag = coll->flag;
    call->before = own_flag(coll, coll->seq - POSTINGS);
    if (likely(coll->board != NULL))
        call->own = posting_of(coll, coll->rank, call->seq);
    hold_arguments(call);
    return MPI_SUCCESS;
}

int
call_start(struct call *call, struct comm *comm, uint64_t signature)
{
    enum form form = signature_form(signature);
    struct coll **coll = form == FORM_STARTED ? &comm->started : &comm->coll;
    if (unlikely(!*coll)) {
        int err = engine_failed();
        if (err || (err = coll_open(comm, form, coll)))
            return err;
    }
    return call_start_on(call, comm, *coll, signature);
}

static inline enum step
algorithm_step(struct call *call)
{
    switch ((enum algorithm)call->algorithm) {
    case RUN_EXCHANGE:
        return exchange_step(call);
    case RUN_SLICES:
        return slices_step(call);
    case RUN_TREE:
        return tree_step(call);
    case RUN_CHAIN:
        return chain_step(call);
    }
    __builtin_unreachable();
}

enum step
call_step(struct call *call)
{
    enum step step;
    if (unlikely(!call->own) && (step = board_step(call)) != STEP_DONE)
        return step;
    return algorithm_step(call);
}

enum step
call_step_whole(struct call *call)
{
    int err = check_broken(call->coll);
    return unlikely(err) ? call_fail(call, err) : call_step(call);
}

uint64_t
call_mark(const struct call *call)
{
    uint64_t mark = call->filled + call->middle + call->taken + call->copied + call->stage +
                    call->posted + (call->own != NULL) + (call->window != 0);
    for (int i = 0; i < call->waits; i++)
        mark = mark * 31 + (uint64_t)call->on[i];
    return mark + (uint64_t)(uint32_t)(call->peer + call->reader + call->source);
}

// Calls may end out of order; `done` is the last before which none is under way.
void
coll_over_slow(struct coll *coll, uint64_t seq)
{
    if (coll->done == UINT64_MAX)
        return;                                          // left
    coll->over |= UINT64_C(1) << (seq - coll->done - 1); // posted: at most POSTINGS ahead
    while (coll->over & 1) {
        coll->over >>= 1;
        coll->done++;
    }
    // release: as in coll_over.
    atomic_store_explicit(&coll->own->done, coll->done, memory_order_release);
    coll_changed(coll);
}

void
call_end(struct call *call)
{
    if (likely(call->own != NULL))
        coll_over(call->coll, call->seq);
    if (unlikely(call->scratch != NULL))
        free(call->scratch);
    call_release(call);
}

// In a topology of one process all edges lead to itself.
static int
edges_alone(const struct call *call)
{
    const struct edges *in = &call->edges->in;
    int err = MPI_SUCCESS;
    for (int i = 0; i < in->n && !err; i++) {
        if (in->ranks[i] < 0 || in->lanes[i] < 0)
            continue;
        struct part from = side_part(&call->send, call->lanes ? in->lanes[i] : 0);
        struct part to = side_part(&call->recv, i);
        err = self_check(from.bytes, to.bytes);
        if (!err)
            part_copy(&from, &to);
    }
    return err;
}

int
call_alone(struct call *call)
{
    int err = engine_failed();
    if (!err && call->edges)
        err = edges_alone(call);
    if (!err && call->self) {
        struct part from = side_part(&call->send, 0), to = side_part(&call->recv, 0);
        part_copy(&from, &to);
    }
    call_drop(call);
    return err;
}

cold enum step
call_give_up(struct call *call, int err)
{
    char why[376], text[MPI_MAX_ERROR_STRING], name[48], who[40];
    // Before the board is there nobody can be told: the others wait for this member as for a late
    // one.
    if (!call->own)
        call->coll->error = error_class(err);
    else if (error_class(err) != MPI_ERR_PROC_ABORTED && error_text(err, text, sizeof text)) {
        name_member(call->coll, call->coll->rank, who, sizeof who);
        snprintf(why, sizeof why, "%s gave up %s on this communicator (%.240s)", who,
                 name_of(call->signature, name, sizeof name), text);
        coll_break(call->coll, MPI_ERR_OTHER, why);
    }
    return call_fail(call, err);
}

// The member of those waited for that makes other calls; -1: none.
static int
strayed_member(const struct call *call)
{
    if (call->on_coll != call->coll || call->seq != call->coll->seq)
        return -1;
    for (int i = 0; i < call->waits; i++)
        if (has_strayed(call, call->on[i]))
            return call->on[i];
    return -1;
}

bool
call_strayed(struct call *call)
{
    int rank = strayed_member(call);
    if (likely(rank < 0))
        return false;
    call_fail(call, mismatch(call, rank));
    return true;
}

static enum step
wait_and_step(struct call *call, struct wait *wait)
{
    int err = check_broken(call->coll);
    if (unlikely(err))
        return call_fail(call, err);
    if (must_look_again(call, wait)) {
        if (unlikely(call_strayed(call)))
            return STEP_ERROR;
    } else {
        wait->peer = call->waits ? call->on[0] : 0;
        err = engine_wait(wait);
        if (unlikely(err))
            return call_give_up(call, err);
    }
    return call_step(call);
}

int
call_run(struct call *call, const char *name)
{
    enum step step = call_step(call);
    if (step == STEP_WAIT) {
        struct wait wait = {.op = name, .tag = MPI_ANY_TAG, .context = call->comm->context};
        while (step == STEP_WAIT)
            step = wait_and_step(call, &wait);
        wait_end(&wait);
    }
    call_end(call);
    return likely(step == STEP_DONE) ? MPI_SUCCESS : call->error;
}

enum step
call_window(struct call *call, uint64_t size)
{
    int err = window_take(call->coll, call->seq, size, &call->window, &call->on_coll);
    if (likely(!err))
        return STEP_DONE;
    if (err != MPI_ERR_PENDING)
        return call_give_up(call, err);
    call->on[0] = call->on_coll->slowest;
    call->waits = 1;
    return STEP_WAIT;
}

char *
call_scratch(struct call *call, size_t size)
{
    if (!call->scratch)
        call->scratch = aligned_alloc(CACHE_LINE, align_up(size ? size : 1, CACHE_LINE));
    return call->scratch;
}
