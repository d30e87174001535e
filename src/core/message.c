// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/message.h"

#include "core/layout.h"

#include <stdlib.h>
#include <string.h>

// Pieces a stream may fill before it is matched: enough to keep both sides copying from the start.
#define PREFILL 4

static_assert(XFERS <= 64, "outgoing_used has a bit for each");

/* ---- user buffers ---- */

static void
copy_out(const struct request *send, uint64_t at, void *to, size_t n)
{
    if (likely(send->type->contiguous))
        memcpy(to, (const char *)send->base + send->type->true_lb + at, n);
    else
        layout_pack(send->type, send->base, send->count, at, to, n);
}

static void
copy_in(const struct request *recv, uint64_t at, const void *from, size_t n)
{
    if (likely(recv->type->contiguous))
        memcpy((char *)(uintptr_t)recv->base + recv->type->true_lb + at, from, n);
    else
        layout_unpack(recv->type, (void *)(uintptr_t)recv->base, recv->count, at, from, n);
}

/* ---- lists of requests ---- */

static void
list_push(struct request **list, struct request *request)
{
    request->next = *list;
    request->link = list;
    if (request->next)
        request->next->link = &request->next;
    *list = request;
}

static void
list_remove(struct request *request)
{
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
    request->link = NULL;
}

/* ---- staging: who holds the pieces ---- */

// Count the pieces that readers have given back. Their readers do not say so, because a sender that
// has enough of them does not need to know.
static void
pieces_collect(void)
{
    struct staging *s = &engine.staging;
    for (uint32_t i = 0; i < s->npieces; i++) {
        struct piece *piece = &s->pieces[i];
        // acquire: pairs with the release in staging_give_back.
        if (!piece->reader || atomic_load_explicit(&piece->busy, memory_order_acquire))
            continue;
        engine.peers[piece->reader - 1].pieces_out--;
        engine.pieces_out--;
        piece->reader = 0;
    }
}

static bool
pieces_allowed(const struct peer *peer)
{
    uint32_t n = engine.staging.npieces;
    return peer->pieces_out < n / 4 && engine.pieces_out < n - n / 4;
}

// A piece for `peer`, or -1. `matched`: its reader is at work on it, so it will come back.
static int
piece_take(struct peer *peer, bool matched)
{
    if (unlikely(!matched && !pieces_allowed(peer))) {
        pieces_collect();
        if (!pieces_allowed(peer))
            return -1;
    }
    int i = staging_take(&engine.staging);
    if (unlikely(i < 0))
        return -1;
    struct piece *piece = &engine.staging.pieces[i];
    if (piece->reader) {
        engine.peers[piece->reader - 1].pieces_out--;
        engine.pieces_out--;
    }
    piece->reader = (uint32_t)peer->rank + 1;
    peer->pieces_out++;
    engine.pieces_out++;
    return i;
}

/* ---- sending ---- */

static void
slot_address(struct slot *slot, const struct request *send, enum slot_kind kind, uint32_t ref)
{
    slot->context = send->context;
    slot->source = send->rank;
    slot->tag = send->tag;
    slot->size = send->size;
    slot->sender = (uint16_t)engine.rank;
    slot->kind = (uint16_t)kind;
    slot->ref = ref;
}

static bool
send_inline(struct request *send)
{
    struct peer *peer = send->peer;
    uint64_t position;
    struct slot *slot = ring_claim(&peer->ring, engine.rank, &position);
    if (!slot)
        return false;
    slot_address(slot, send, SLOT_INLINE_DATA, 0);
    copy_out(send, 0, slot->data, send->size);
    ring_publish(slot, position);
    bell_notify(peer->segment, peer->block);
    request_done(send, MPI_SUCCESS);
    return true;
}

static bool
send_piece(struct request *send)
{
    struct peer *peer = send->peer;
    int i = piece_take(peer, false);
    if (i < 0)
        return false;
    uint64_t position;
    struct slot *slot = ring_claim(&peer->ring, engine.rank, &position);
    if (!slot) {
        staging_give_back(&engine.staging, (uint32_t)i);
        return false;
    }
    copy_out(send, 0, staging_payload(&engine.staging, (uint32_t)i), send->size);
    slot_address(slot, send, SLOT_PIECE, (uint32_t)i);
    ring_publish(slot, position);
    bell_notify(peer->segment, peer->block);
    request_done(send, MPI_SUCCESS);
    return true;
}

static uint64_t
offset_in_segment(const void *p)
{
    uint64_t at = (uint64_t)((uintptr_t)p - (uintptr_t)engine.seg);
    return at < engine.seg->size ? at : 0;
}

static void
xfer_prepare(struct xfer *xfer, const struct request *send)
{
    const char *data = (const char *)send->base + send->type->true_lb;
    bool plain = send->type->contiguous && send->size;
    atomic_store_explicit(&xfer->ready, 0, memory_order_relaxed);
    atomic_store_explicit(&xfer->taken, 0, memory_order_relaxed);
    atomic_store_explicit(&xfer->state, XFER_OPEN, memory_order_relaxed);
    atomic_store_explicit(&xfer->direct, 0, memory_order_relaxed);
    atomic_store_explicit(&xfer->cursor, 0, memory_order_relaxed);
    atomic_store_explicit(&xfer->done, 0, memory_order_relaxed);
    xfer->size = send->size;
    xfer->address = plain ? (uint64_t)(uintptr_t)data : 0;
    xfer->offset = plain ? offset_in_segment(data) : 0;
}

// Fill pieces of a stream while there are any and the receiver keeps up.
static bool
stream_fill(struct request *send)
{
    struct xfer *xfer = send->xfer;
    bool moved = false;
    bool matched = atomic_load_explicit(&xfer->state, memory_order_relaxed) != XFER_OPEN;
    uint64_t window = matched ? XFER_WINDOW : PREFILL;
    while (send->moved < send->size) {
        // relaxed: that the piece is free is known from its own flag.
        uint64_t taken = atomic_load_explicit(&xfer->taken, memory_order_relaxed);
        if (send->pieces - taken >= window)
            break;
        int i = piece_take(send->peer, matched);
        if (i < 0)
            break;
        size_t n = min_size(PIECE_SIZE, send->size - send->moved);
        copy_out(send, send->moved, staging_payload(&engine.staging, (uint32_t)i), n);
        send->moved += n;
        xfer->piece[send->pieces % XFER_WINDOW] = (uint16_t)i;
        // release: pairs with the acquire in stream_empty; the piece's number and contents.
        atomic_store_explicit(&xfer->ready, ++send->pieces, memory_order_release);
        bell_notify(send->peer->segment, send->peer->block);
        moved = true;
    }
    return moved;
}

static bool
send_xfer(struct request *send)
{
    struct peer *peer = send->peer;
    if (engine.outgoing_used == UINT64_MAX || peer->xfers_out >= XFERS / 4)
        return false;
    uint64_t position;
    struct slot *slot = ring_claim(&peer->ring, engine.rank, &position);
    if (!slot)
        return false;
    uint32_t index = (uint32_t)__builtin_ctzll(~engine.outgoing_used);
    engine.outgoing_used |= UINT64_C(1) << index;
    engine.outgoing[index] = (struct outgoing){.send = send, .peer = peer, .used = true};
    peer->xfers_out++;
    send->xfer = xfer_of(engine.seg, engine.rank, index);
    xfer_prepare(send->xfer, send);
    slot_address(slot, send, SLOT_XFER, index);
    ring_publish(slot, position);
    bell_notify(peer->segment, peer->block);
    stream_fill(send);
    if (send->moved == send->size && !send->sync) {
        engine.outgoing[index].send = NULL;
        request_done(send, MPI_SUCCESS);
    }
    return true;
}

static bool
send_try(struct request *send)
{
    if (!send->sync && send->size <= SLOT_INLINE)
        return send_inline(send);
    if (!send->sync && send->size <= PIECE_SIZE && send_piece(send))
        return true;
    return send_xfer(send);
}

static void
send_defer(struct request *send)
{
    struct peer *peer = send->peer;
    if (!peer->deferred)
        peer->deferred_tail = &peer->deferred;
    if (!peer->deferred_listed) {
        peer->deferred_listed = true;
        peer->deferred_next = engine.deferred;
        engine.deferred = peer;
    }
    send->next = NULL;
    send->link = peer->deferred_tail;
    *peer->deferred_tail = send;
    peer->deferred_tail = &send->next;
}

static bool
deferred_progress(void)
{
    bool moved = false;
    for (struct peer **link = &engine.deferred, *peer; (peer = *link);) {
        for (struct request *send; (send = peer->deferred);) {
            // Off the queue first: a send that is done may be gone afterwards.
            struct request *next = send->next;
            if (!send_try(send)) {
                ring_want_space(&peer->ring, engine.rank);
                if (!send_try(send))
                    break;
            }
            peer->deferred = next;
            if (next)
                next->link = &peer->deferred;
            moved = true;
        }
        if (peer->deferred) {
            link = &peer->deferred_next;
            continue;
        }
        peer->deferred_listed = false;
        *link = peer->deferred_next;
    }
    return moved;
}

// The receiver has closed the xfer, or everything is in staging: what is left to do here?
static bool
outgoing_progress(uint32_t index)
{
    struct outgoing *out = &engine.outgoing[index];
    struct xfer *xfer = xfer_of(engine.seg, engine.rank, index);
    // acquire: pairs with the release in xfer_close; after it the receiver touches nothing here.
    uint32_t state = atomic_load_explicit(&xfer->state, memory_order_acquire);
    struct request *send = out->send;
    bool moved = false;
    if (send && state != XFER_CLOSED)
        moved = stream_fill(send);
    if (send && (state == XFER_CLOSED ||
                 (send->moved == send->size && (!send->sync || state == XFER_MATCHED)))) {
        out->send = NULL;
        request_done(send, MPI_SUCCESS);
        moved = true;
    }
    if (state != XFER_CLOSED)
        return moved;
    // A receiver that gave up left pieces untaken.
    uint64_t ready = atomic_load_explicit(&xfer->ready, memory_order_relaxed);
    for (uint64_t i = atomic_load_explicit(&xfer->taken, memory_order_relaxed); i < ready; i++)
        staging_give_back(&engine.staging, xfer->piece[i % XFER_WINDOW]);
    out->used = false;
    out->peer->xfers_out--;
    engine.outgoing_used &= ~(UINT64_C(1) << index);
    return true;
}

/* ---- a message to this process itself ---- */

static void receive_local(struct request *recv, struct request *send);
static struct message *message_new(uint32_t kind, struct match_key key, uint64_t size);
static struct request *posted_take(uint64_t context, int source, int tag);

// The data of a local send that nothing waits for yet. A blocking send, too, is kept: nobody else
// could take it while this thread is blocked.
static bool
local_keep(struct message *message, struct request *send)
{
    message->local = NULL;
    message->kind = MESSAGE_COPY;
    message->data = malloc(send->size ? send->size : 1);
    if (!message->data)
        return false;
    copy_out(send, 0, message->data, send->size);
    return true;
}

static void
send_local(struct request *send)
{
    struct request *recv = posted_take(send->context, send->rank, send->tag);
    if (recv) {
        receive_local(recv, send);
        return;
    }
    struct match_key key = {send->context, send->rank, send->tag};
    struct message *message = message_new(MESSAGE_LOCAL, key, send->size);
    if (!message) {
        request_done(send, error_new(MPI_ERR_NO_MEM, "no memory to queue a message"));
        return;
    }
    message->peer = send->peer;
    message->local = send;
    if (!send->sync && (send->size <= PIECE_SIZE || send->on_stack) && local_keep(message, send))
        request_done(send, MPI_SUCCESS);
}

void
message_send(struct request *send)
{
    if (send->peer == &engine.peers[engine.rank])
        send_local(send);
    else if (send->peer->deferred || !send_try(send))
        send_defer(send);
}

/* ---- receiving ---- */

static uint64_t
receive_room(struct request *recv, uint64_t size)
{
    uint64_t room = recv->size;
    recv->size = size;
    if (likely(size <= room))
        return size;
    recv->error =
        error_new(MPI_ERR_TRUNCATE,
                  "a message of %llu bytes (source %d, tag %d) does not fit in the "
                  "receive buffer of %llu bytes",
                  (unsigned long long)size, recv->rank, recv->tag, (unsigned long long)room);
    recv->size = room;
    return room;
}

static void
receive_bytes(struct request *recv, const void *from, uint64_t size)
{
    uint64_t n = receive_room(recv, size);
    copy_in(recv, 0, from, n);
    request_done(recv, recv->error);
}

static void
receive_local(struct request *recv, struct request *send)
{
    recv->rank = send->rank;
    recv->tag = send->tag;
    recv->peer = send->peer;
    uint64_t n = receive_room(recv, send->size);
    if (send->type->contiguous) {
        copy_in(recv, 0, (const char *)send->base + send->type->true_lb, n);
    } else {
        char part[4096];
        for (uint64_t at = 0; at < n; at += sizeof part) {
            size_t m = min_size(sizeof part, n - at);
            copy_out(send, at, part, m);
            copy_in(recv, at, part, m);
        }
    }
    request_done(send, MPI_SUCCESS);
    request_done(recv, recv->error);
}

static void
xfer_close(struct request *recv)
{
    struct peer *peer = recv->peer;
    // release: pairs with the acquire in outgoing_progress; our last access to the xfer.
    atomic_store_explicit(&recv->xfer->state, XFER_CLOSED, memory_order_release);
    bell_notify(peer->segment, peer->block);
    recv->xfer = NULL;
}

// Empty the pieces that are ready; true if any were. Closes the xfer when all that fits has come.
static bool
stream_empty(struct request *recv)
{
    struct xfer *xfer = recv->xfer;
    struct peer *peer = recv->peer;
    struct staging staging = staging_of(peer->segment, peer->rank);
    // acquire: pairs with the release in stream_fill.
    uint64_t ready = atomic_load_explicit(&xfer->ready, memory_order_acquire);
    bool moved = recv->pieces < ready;
    while (recv->pieces < ready && recv->moved < recv->size) {
        uint32_t i = xfer->piece[recv->pieces % XFER_WINDOW];
        size_t n = min_size(PIECE_SIZE, recv->size - recv->moved);
        copy_in(recv, recv->moved, staging_payload(&staging, i), n);
        recv->moved += n;
        staging_give_back(&staging, i);
        // release: the piece's number has been read; the sender may reuse its place.
        atomic_store_explicit(&xfer->taken, ++recv->pieces, memory_order_release);
        bell_notify(peer->segment, peer->block);
    }
    if (recv->moved == recv->size)
        xfer_close(recv);
    return moved || !recv->xfer;
}

static void
receive_xfer(struct request *recv, struct peer *peer, uint32_t index, uint64_t size)
{
    recv->xfer = xfer_of(peer->segment, peer->rank, index);
    recv->size = receive_room(recv, size);
    atomic_store_explicit(&recv->xfer->state, XFER_MATCHED, memory_order_relaxed);
    bell_notify(peer->segment, peer->block);
    stream_empty(recv);
    if (recv->xfer)
        list_push(&engine.receiving, recv);
    else
        request_done(recv, recv->error);
}

static bool
receiving_progress(void)
{
    bool moved = false;
    for (struct request *recv = engine.receiving, *next; recv; recv = next) {
        next = recv->next;
        moved |= stream_empty(recv);
        if (recv->xfer)
            continue;
        list_remove(recv);
        request_done(recv, recv->error);
    }
    return moved;
}

static void
receive_slot(struct request *recv, struct slot *slot)
{
    struct peer *peer = &engine.peers[slot->sender];
    recv->rank = slot->source;
    recv->tag = slot->tag;
    recv->peer = peer;
    if (likely(slot->kind == SLOT_INLINE_DATA)) {
        receive_bytes(recv, slot->data, slot->size);
    } else if (slot->kind == SLOT_PIECE) {
        struct staging staging = staging_of(peer->segment, peer->rank);
        uint32_t piece = slot->ref;
        receive_bytes(recv, staging_payload(&staging, piece), slot->size);
        staging_give_back(&staging, piece);
    } else {
        receive_xfer(recv, peer, slot->ref, slot->size);
    }
}

/* ---- posted receives ---- */

static bool
is_wild(const struct request *recv)
{
    return recv->rank == MPI_ANY_SOURCE || recv->tag == MPI_ANY_TAG;
}

static void
posted_remove(struct request *recv)
{
    engine.posted_wild -= is_wild(recv);
    match_remove(&engine.posted, &recv->node);
}

// Of the receives that match, the one that was posted first.
static struct match_node *
posted_first(uint64_t context, int source, int tag)
{
    struct match_node *best = match_first(&engine.posted, (struct match_key){context, source, tag});
    if (likely(!engine.posted_wild))
        return best;
    const struct match_key wild[] = {{context, source, MPI_ANY_TAG},
                                     {context, MPI_ANY_SOURCE, tag},
                                     {context, MPI_ANY_SOURCE, MPI_ANY_TAG}};
    // MPI_ANY_TAG does not match the engine's internal contexts, which never post it.
    for (int i = 0; i < 3; i++) {
        struct match_node *node = match_first(&engine.posted, wild[i]);
        if (node && (!best || node->order < best->order))
            best = node;
    }
    return best;
}

static struct request *
posted_take(uint64_t context, int source, int tag)
{
    if (!engine.posted.nodes)
        return NULL;
    struct match_node *node = posted_first(context, source, tag);
    if (!node)
        return NULL;
    struct request *recv = container_of(node, struct request, node);
    posted_remove(recv);
    return recv;
}

/* ---- unexpected messages ---- */

static struct match_key
wild_key(struct match_key key, int i)
{
    if (i & 1)
        key.tag = MPI_ANY_TAG;
    if (i & 2)
        key.source = MPI_ANY_SOURCE;
    return key;
}

static bool
message_index(struct message *message, struct match_key key)
{
    for (int i = 1; i < 4; i++)
        if (!match_append(&engine.unexpected, &message->nodes[i], wild_key(key, i)))
            return false;
    return true;
}

static void
message_unqueue(struct message *message)
{
    for (int i = 0; i < 4; i++)
        if (message->nodes[i].list)
            match_remove(&engine.unexpected, &message->nodes[i]);
    *(message->prev ? &message->prev->next : &engine.first_unexpected) = message->next;
    *(message->next ? &message->next->prev : &engine.last_unexpected) = message->prev;
}

static struct message *
message_new(uint32_t kind, struct match_key key, uint64_t size)
{
    struct message *message = pool_alloc(HANDLE_MESSAGE, sizeof *message);
    if (!message)
        return NULL;
    message->kind = kind;
    message->context = key.context;
    message->source = key.source;
    message->tag = key.tag;
    message->size = size;
    message->prev = engine.last_unexpected;
    *(message->prev ? &message->prev->next : &engine.first_unexpected) = message;
    engine.last_unexpected = message;
    if (match_append(&engine.unexpected, &message->nodes[0], key) &&
        (!engine.wild_indexed || message_index(message, key)))
        return message;
    message_unqueue(message);
    pool_free(HANDLE_MESSAGE, message);
    return NULL;
}

static void
message_end(struct message *message)
{
    free(message->data);
    pool_free(HANDLE_MESSAGE, message);
}

// From the first wildcard on, messages stand under the wildcard keys, too.
static bool
wild_start(void)
{
    if (engine.wild_indexed)
        return true;
    for (struct message *m = engine.first_unexpected; m; m = m->next)
        if (!m->nodes[1].list &&
            !message_index(m, (struct match_key){m->context, m->source, m->tag}))
            return false;
    engine.wild_indexed = true;
    return true;
}

struct message *
message_find(uint64_t context, int source, int tag)
{
    if (!engine.first_unexpected)
        return NULL;
    struct match_key key = {context, source, tag};
    int i = (tag == MPI_ANY_TAG) | (source == MPI_ANY_SOURCE) << 1;
    if (i && !wild_start())
        return NULL;
    struct match_node *node = match_first(&engine.unexpected, key);
    return node ? container_of(node - i, struct message, nodes[0]) : NULL;
}

void
message_take(struct message *message)
{
    message_unqueue(message);
}

void
message_recv_matched(struct request *recv, struct message *message)
{
    recv->rank = message->source;
    recv->tag = message->tag;
    recv->peer = message->peer;
    if (message->kind == MESSAGE_LOCAL)
        receive_local(recv, message->local);
    else if (message->kind == MESSAGE_XFER)
        receive_xfer(recv, message->peer, message->ref, message->size);
    else
        receive_bytes(recv, message->kind == MESSAGE_COPY ? message->data : message->bytes,
                      message->size);
    message_end(message);
}

bool
message_deliver(struct slot *slot)
{
    struct request *recv = posted_take(slot->context, slot->source, slot->tag);
    if (likely(recv)) {
        receive_slot(recv, slot);
        return true;
    }
    static const uint32_t kinds[] = {[SLOT_INLINE_DATA] = MESSAGE_INLINE,
                                     [SLOT_PIECE] = MESSAGE_COPY,
                                     [SLOT_XFER] = MESSAGE_XFER};
    struct match_key key = {slot->context, slot->source, slot->tag};
    struct message *message = message_new(kinds[slot->kind], key, slot->size);
    if (!message)
        return false;
    message->peer = &engine.peers[slot->sender];
    message->ref = slot->ref;
    if (slot->kind == SLOT_INLINE_DATA)
        memcpy(message->bytes, slot->data, slot->size);
    if (slot->kind != SLOT_PIECE)
        return true;
    if (!(message->data = malloc(slot->size))) {
        message_unqueue(message);
        message_end(message);
        return false;
    }
    struct staging staging = staging_of(message->peer->segment, message->peer->rank);
    memcpy(message->data, staging_payload(&staging, slot->ref), slot->size);
    staging_give_back(&staging, slot->ref);
    return true;
}

int
message_recv(struct request *recv)
{
    struct message *message = message_find(recv->context, recv->rank, recv->tag);
    if (message) {
        message_unqueue(message);
        message_recv_matched(recv, message);
        return MPI_SUCCESS;
    }
    struct match_key key = {recv->context, recv->rank, recv->tag};
    if (!match_append(&engine.posted, &recv->node, key))
        return error_new(MPI_ERR_NO_MEM, "no memory to post a receive");
    engine.posted_wild += is_wild(recv);
    return MPI_SUCCESS;
}

/* ---- the end of operations ---- */

bool
message_withdraw(struct request *recv)
{
    if (!recv->node.list)
        return false;
    posted_remove(recv);
    return true;
}

static void
abandon_recv(struct request *recv)
{
    if (message_withdraw(recv) || !recv->xfer)
        return;
    list_remove(recv);
    xfer_close(recv);
}

static void
deferred_remove(struct request *send)
{
    struct peer *peer = send->peer;
    if (!send->next)
        peer->deferred_tail = send->link;
    list_remove(send);
    // A peer whose queue is empty leaves the engine's list at the next poll.
}

static void
deferred_replace(struct request *send, struct request *copy)
{
    copy->link = send->link;
    copy->next = send->next;
    *copy->link = copy;
    if (copy->next)
        copy->next->link = &copy->next;
    else
        send->peer->deferred_tail = &copy->next;
}

static void
outgoing_replace(const struct request *send, struct request *by)
{
    for (uint32_t i = 0; i < XFERS; i++)
        if (engine.outgoing[i].used && engine.outgoing[i].send == send)
            engine.outgoing[i].send = by;
}

// Go on with the send from a copy of its data, so that the caller has its buffer back.
static void
abandon_send(struct request *send)
{
    struct request *copy = request_alloc(REQUEST_SEND);
    char *data = copy ? malloc(send->size ? send->size : 1) : NULL;
    if (!data) {
        if (copy)
            request_free(copy);
        outgoing_replace(send, NULL); // no memory: the receiver waits in vain
        if (!send->xfer)
            deferred_remove(send);
        return;
    }
    copy_out(send, 0, data, send->size);
    struct object object = copy->object;
    *copy = *send;
    copy->object = object;
    copy->on_stack = false;
    copy->orphan = copy->buffered = true;
    copy->base = data;
    copy->type = type_get(MPI_BYTE);
    copy->count = (MPI_Count)send->size;
    copy->comm = NULL;
    if (!send->xfer) {
        deferred_replace(send, copy);
        return;
    }
    outgoing_replace(send, copy);
}

void
message_abandon(struct request *request)
{
    if (request->done)
        return;
    if (request->kind == REQUEST_RECV)
        abandon_recv(request);
    else if (request->peer != &engine.peers[engine.rank])
        abandon_send(request);
    else
        for (struct message *m = engine.first_unexpected; m; m = m->next)
            if (m->kind == MESSAGE_LOCAL && m->local == request)
                local_keep(m, request);
}

bool
message_progress(void)
{
    bool moved = false;
    if (unlikely(engine.receiving))
        moved |= receiving_progress();
    for (uint64_t used = engine.outgoing_used; used; used &= used - 1)
        moved |= outgoing_progress((uint32_t)__builtin_ctzll(used));
    if (unlikely(engine.deferred))
        moved |= deferred_progress();
    return moved;
}

bool
message_pending(void)
{
    if (engine.deferred || engine.receiving)
        return true;
    for (uint64_t used = engine.outgoing_used; used; used &= used - 1)
        if (engine.outgoing[__builtin_ctzll(used)].send)
            return true;
    return false;
}

/* ---- the engine's own messages ---- */

static int
internal_wait(struct request *request, const char *op)
{
    struct wait wait = {
        .op = op, .peer = request->rank, .tag = request->tag, .context = request->context};
    int err = MPI_SUCCESS;
    while (!request->done && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    if (err)
        message_abandon(request);
    return err ? err : request->error;
}

int
internal_send(struct comm *comm, int dest, int tag, const void *data, size_t n)
{
    struct request send = {.kind = REQUEST_SEND,
                           .on_stack = true,
                           .type = type_get(MPI_BYTE),
                           .base = data,
                           .count = (MPI_Count)n,
                           .size = n,
                           .peer = comm->peers[dest],
                           .rank = comm->rank,
                           .tag = tag,
                           .context = comm->context + 1};
    message_send(&send);
    return internal_wait(&send, "an internal send");
}

int
internal_recv(struct comm *comm, int source, int tag, void *data, size_t n, size_t *got)
{
    struct request recv = {.kind = REQUEST_RECV,
                           .on_stack = true,
                           .type = type_get(MPI_BYTE),
                           .base = data,
                           .count = (MPI_Count)n,
                           .size = n,
                           .rank = source,
                           .tag = tag,
                           .context = comm->context + 1};
    int err = message_recv(&recv);
    if (!err)
        err = internal_wait(&recv, "an internal receive");
    if (!err && got)
        *got = recv.size;
    return err;
}
