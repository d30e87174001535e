// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/message.h"

#include "core/jobs.h"
#include "core/layout.h"
#include "core/transfer.h"

#include <stdlib.h>
#include <string.h>

/* ---- sending ---- */

static bool
send_inline(struct request *send)
{
    struct peer *peer = send->peer;
    uint64_t position;
    struct slot *slot = ring_claim(&peer->ring, peer->ring.me, &position);
    if (!slot)
        return false;
    slot_address(slot, send, SLOT_INLINE_DATA, 0);
    request_copy_out(send, 0, slot->data, send->size);
    ring_publish(slot, position);
    bell_notify(peer->segment, peer->block);
    request_done(send, MPI_SUCCESS);
    return true;
}

static bool
send_piece(struct request *send)
{
    struct peer *peer = send->peer;
    bool brief = send->size <= engine.hand_over;
    int i = piece_take(peer, false, brief);
    if (i < 0)
        return false;
    uint64_t position;
    struct slot *slot = ring_claim(&peer->ring, peer->ring.me, &position);
    if (!slot) {
        staging_give_back(&engine.staging, (uint32_t)i);
        return false;
    }
    char *payload = staging_payload(&engine.staging, (uint32_t)i);
    request_copy_out(send, 0, payload, send->size);
    slot_address(slot, send, SLOT_PIECE, (uint32_t)i);
    ring_publish(slot, position);
    if (brief) // after the slot: before it, the reader would wait for that
        cpu_hand_over(payload, send->size);
    bell_notify(peer->segment, peer->block);
    request_done(send, MPI_SUCCESS);
    return true;
}

static bool
send_try(struct request *send)
{
    if (!send->sync && send->size <= SLOT_INLINE)
        return send_inline(send);
    if (!send->sync && send->size <= PIECE_SIZE && send_piece(send))
        return true;
    return transfer_start(send);
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
                ring_want_space(&peer->ring, peer->ring.want);
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

/* ---- counting ---- */

static void
count_sent(struct request *send)
{
    struct traffic *traffic = &send->peer->traffic;
    if (!message_is_users(send->context))
        return;
    tally_add(&traffic->sent, 1);
    tally_add(&traffic->sent_bytes, send->size);
}

static void
count_received(struct peer *peer, uint64_t context, uint64_t size)
{
    if (!message_is_users(context))
        return;
    tally_add(&peer->traffic.received, 1);
    tally_add(&peer->traffic.received_bytes, size);
}

/* ---- a message to this process itself ---- */

static void receive_local(struct request *recv, struct request *send);
static struct message *message_new(uint32_t kind, struct match_key key, uint64_t size);
static void message_drop(struct message *message);
static struct request *posted_take(uint64_t context, int source, int tag);

// The data of a local send that nothing waits for yet; false, and nothing done, without memory.
static bool
local_keep(struct message *message, struct request *send)
{
    void *data = malloc(send->size ? send->size : 1);
    if (!data)
        return false;
    request_copy_out(send, 0, data, send->size);
    message->local = NULL;
    message->kind = MESSAGE_COPY;
    message->data = data;
    return true;
}

// A blocking send is kept whatever its size: nobody else could take it while
// this thread is blocked.
static void
local_leave(struct message *message, struct request *send)
{
    if (send->sync || (send->size > PIECE_SIZE && !send->on_stack))
        return;
    if (local_keep(message, send)) {
        request_done(send, MPI_SUCCESS);
    } else if (send->on_stack) {
        message_drop(message);
        request_done(send, error_new(MPI_ERR_NO_MEM,
                                     "no memory to keep a message of %llu bytes to this process "
                                     "itself",
                                     (unsigned long long)send->size));
    }
}

static void
send_local(struct request *send)
{
    struct request *recv = posted_take(send->context, send->rank, send->tag);
    if (recv) {
        count_received(send->peer, send->context, send->size);
        receive_local(recv, send);
        return;
    }
    struct match_key key = {send->context, send->rank, send->tag};
    struct message *message = message_new(MESSAGE_LOCAL, key, send->size);
    if (!message) {
        request_done(send, error_new(MPI_ERR_NO_MEM, "no memory to queue a message of %llu bytes",
                                     (unsigned long long)send->size));
        return;
    }
    message->peer = send->peer;
    message->local = send;
    send->message = message;
    engine_changed(); // another thread may be probing for it
    local_leave(message, send);
}

void
message_send(struct request *send)
{
    count_sent(send);
    if (send->peer == &engine.peers[engine.rank])
        send_local(send);
    else if (send->peer->deferred || !send_try(send))
        send_defer(send);
}

/* ---- receiving ---- */

// What was sent are other elements than those that are received (MPI 5.0, 3.3.1).
static cold int
part_of_element(const struct request *recv, uint64_t size, const struct type *element)
{
    return error_new(MPI_ERR_TYPE,
                     "a message of %llu bytes (source %d, tag %d) ends within an element of the "
                     "receive's datatype: they are %s, of %lld bytes",
                     (unsigned long long)size, recv->rank, recv->tag, element->label,
                     (long long)element->size);
}

static uint64_t
receive_room(struct request *recv, uint64_t size)
{
    uint64_t room = recv->size;
    recv->size = size;
    if (likely(size == room))
        return size;
    if (size < room) {
        const struct type *element = recv->type->uniform;
        if (element && element->size > 1 && unlikely(size % (uint64_t)element->size))
            recv->error = part_of_element(recv, size, element);
        return size;
    }
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
    request_copy_in(recv, 0, from, n);
    request_done(recv, recv->error);
}

static void
receive_local(struct request *recv, struct request *send)
{
    recv->rank = send->rank;
    recv->tag = send->tag;
    recv->peer = send->peer;
    uint64_t n = receive_room(recv, send->size);
    struct layout_side from = {send->type, (void *)(uintptr_t)send->base, send->count};
    struct layout_side to = {recv->type, (void *)(uintptr_t)recv->base, recv->count};
    layout_copy(&from, &to, 0, n);
    request_done(send, MPI_SUCCESS);
    request_done(recv, recv->error);
}

static void
receive_transfer(struct request *recv, struct peer *peer, uint64_t xfer, uint64_t size)
{
    recv->peer = peer;
    recv->size = receive_room(recv, size);
    transfer_accept(recv, xfer, size);
}

static uint64_t
slot_xfer(const unsigned char *data)
{
    uint64_t offset;
    memcpy(&offset, data, sizeof offset);
    return offset;
}

static inline struct staging
staging_of_sender(const struct peer *peer)
{
    if (likely(peer_number(peer) < engine.size))
        return staging_of(engine.seg, peer_number(peer));
    return staging_of(peer->segment, peer->rank);
}

static void
receive_slot(struct request *recv, struct slot *slot)
{
    struct peer *peer = &engine.peers[slot->sender];
    recv->rank = slot->source;
    recv->tag = slot->tag;
    recv->peer = peer;
    count_received(peer, slot->context, slot->size);
    if (likely(slot->kind == SLOT_INLINE_DATA)) {
        receive_bytes(recv, slot->data, slot->size);
    } else if (slot->kind == SLOT_PIECE) {
        struct staging staging = staging_of_sender(peer);
        uint32_t piece = slot->ref;
        receive_bytes(recv, staging_payload(&staging, piece), slot->size);
        staging_give_back(&staging, piece);
    } else {
        receive_transfer(recv, peer_get(peer), slot_xfer(slot->data), slot->size);
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
    level_set(&engine.counters.posted, engine.posted.nodes);
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

static bool
message_is_queued(const struct message *message)
{
    return message->nodes[0].list != NULL;
}

void
message_take(struct message *message)
{
    for (int i = 0; i < 4; i++)
        if (message->nodes[i].list)
            match_remove(&engine.unexpected, &message->nodes[i]);
    *(message->prev ? &message->prev->next : &engine.first_unexpected) = message->next;
    *(message->next ? &message->next->prev : &engine.last_unexpected) = message->prev;
    level_set(&engine.counters.unexpected, tally_value(&engine.counters.unexpected.now) - 1);
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
    level_set(&engine.counters.unexpected, tally_value(&engine.counters.unexpected.now) + 1);
    if (match_append(&engine.unexpected, &message->nodes[0], key) &&
        (!engine.wild_indexed || message_index(message, key))) {
        if (message_is_users(key.context))
            event_note(EVENT_UNEXPECTED, key.source, key.tag, size);
        return message;
    }
    message_take(message);
    pool_free(HANDLE_MESSAGE, message);
    return NULL;
}

static void
message_end(struct message *message)
{
    free(message->data);
    pool_free(HANDLE_MESSAGE, message);
}

// Nobody will receive it.
static void
message_drop(struct message *message)
{
    message_take(message);
    message_end(message);
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
message_recv_matched(struct request *recv, struct message *message)
{
    recv->rank = message->source;
    recv->tag = message->tag;
    recv->peer = message->peer;
    count_received(message->peer, message->context, message->size);
    if (message->kind == MESSAGE_LOCAL)
        receive_local(recv, message->local);
    else if (message->kind == MESSAGE_XFER)
        receive_transfer(recv, message->peer, message->xfer, message->size);
    else
        receive_bytes(recv, message->kind == MESSAGE_COPY ? message->data : message->bytes,
                      message->size);
    message_end(message);
}

bool
message_deliver(struct slot *slot)
{
    // Of a process of another job that this one does not know, and cannot get to know: it is gone.
    if (unlikely(slot->sender >= (uint32_t)engine.size) && !jobs_know((int)slot->sender))
        return true;
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
    message->peer = peer_get(&engine.peers[slot->sender]);
    if (slot->kind == SLOT_INLINE_DATA)
        memcpy(message->bytes, slot->data, slot->size);
    else if (slot->kind == SLOT_XFER)
        message->xfer = slot_xfer(slot->data);
    if (slot->kind != SLOT_PIECE)
        return true;
    if (!(message->data = malloc(slot->size))) {
        message_drop(message);
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
        message_take(message);
        message_recv_matched(recv, message);
        return MPI_SUCCESS;
    }
    struct match_key key = {recv->context, recv->rank, recv->tag};
    if (!match_append(&engine.posted, &recv->node, key))
        return error_new(MPI_ERR_NO_MEM, "no memory to post a receive");
    engine.posted_wild += is_wild(recv);
    level_set(&engine.counters.posted, engine.posted.nodes);
    return MPI_SUCCESS;
}

/* ---- the end of operations ---- */

static void
deferred_remove(struct request *send)
{
    struct peer *peer = send->peer;
    if (!send->next)
        peer->deferred_tail = send->link;
    request_unlink(send);
    // A peer whose queue is empty leaves the engine's list at the next poll.
}

static bool
is_local(const struct request *send)
{
    return send->peer == &engine.peers[engine.rank];
}

static bool
withdraw_send(struct request *send)
{
    if (is_local(send) && message_is_queued(send->message))
        message_drop(send->message);
    else if (!is_local(send) && !send->xfer)
        deferred_remove(send);
    else
        return false;
    return true;
}

bool
message_withdraw(struct request *request)
{
    if (request->kind == REQUEST_SEND)
        return withdraw_send(request);
    if (!request->node.list)
        return false;
    posted_remove(request);
    return true;
}

static void
abandon_recv(struct request *recv)
{
    if (!message_withdraw(recv) && recv->xfer)
        transfer_drop(recv);
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

// Go on with the send from a copy of its data, so that the caller has its buffer back. Without
// memory for that the message is lost, and the receiver waits in vain.
static void
abandon_send(struct request *send)
{
    struct request *copy = request_alloc(REQUEST_SEND);
    char *data = copy ? malloc(send->size ? send->size : 1) : NULL;
    if (copy && !data) {
        request_free(copy);
        copy = NULL;
    }
    if (send->xfer)
        transfer_take_rest(send);
    if (copy) {
        request_copy_out(send, 0, data, send->size);
        struct object object = copy->object;
        *copy = *send;
        copy->object = object;
        copy->on_stack = copy->persistent = copy->active = false;
        copy->class = NULL;
        copy->of = copy->parent = NULL;
        copy->orphan = copy->buffered = true;
        copy->base = data;
        copy->type = type_get(MPI_BYTE);
        type_hold(copy->type);
        copy->count = (MPI_Count)send->size;
        copy->comm = NULL;
    }
    if (send->xfer)
        transfer_replace(send, copy);
    else if (copy)
        deferred_replace(send, copy);
    else
        deferred_remove(send);
}

// The same for a message that a probe may have taken already. Lost, it is one of no bytes.
static void
abandon_local(struct request *send)
{
    struct message *message = send->message;
    if (local_keep(message, send))
        return;
    if (message_is_queued(message)) {
        message_drop(message);
        return;
    }
    message->local = NULL;
    message->kind = MESSAGE_COPY;
    message->size = 0;
}

void
message_abandon(struct request *request)
{
    if (request->done)
        return;
    if (request->kind == REQUEST_RECV)
        abandon_recv(request);
    else if (is_local(request))
        abandon_local(request);
    else
        abandon_send(request);
}

bool
message_progress(void)
{
    bool moved = false;
    if (engine.receiving || engine.outgoing_count)
        moved = transfer_progress();
    if (unlikely(engine.deferred))
        moved |= deferred_progress();
    return moved;
}

bool
message_insist(void)
{
    for (struct peer *peer = engine.deferred; peer; peer = peer->deferred_next)
        transfer_allow_more(peer);
    return engine.deferred && deferred_progress();
}

bool
message_dropped(void)
{
    const struct pool *pool = &pools[HANDLE_REQUEST];
    for (uint32_t i = 0; pool->live && i < pool->count; i++) {
        const struct request *r = (const struct request *)pool_at(pool, i);
        if (r->object.generation & 1 && r->kind == REQUEST_RECV && !r->done &&
            (r->orphan || (r->parent && r->parent->orphan)))
            return true;
    }
    return false;
}

bool
message_orphans(void)
{
    for (const struct peer *peer = engine.deferred; peer; peer = peer->deferred_next)
        for (const struct request *send = peer->deferred; send; send = send->next)
            if (send->orphan && !peer_leaves(peer))
                return true;
    return transfer_orphans();
}

bool
message_pending(void)
{
    for (const struct peer *peer = engine.deferred; peer; peer = peer->deferred_next)
        if (peer->deferred && !peer_leaves(peer))
            return true;
    return transfer_pending();
}

/* ---- the engine's own messages ---- */

static int
internal_wait(struct request *request, const struct internal *other)
{
    struct wait wait = {.op = other->op,
                        .peer = other->rank,
                        .tag = other->tag < 0 ? MPI_ANY_TAG : other->tag,
                        .context = other->comm->context};
    int err = MPI_SUCCESS;
    while (!request->done && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    if (err)
        message_abandon(request);
    return err ? err : request->error;
}

static void
internal_fill_send(struct request *send, const struct internal *to, const void *data, size_t n)
{
    send->kind = REQUEST_SEND;
    send->type = type_get(MPI_BYTE);
    send->base = data;
    send->count = (MPI_Count)n;
    send->size = n;
    send->peer = peer_get(to->comm->all->peers[to->rank]);
    send->rank = to->comm->all->rank;
    send->tag = to->tag;
    send->context = to->context;
}

static void
internal_fill_recv(struct request *recv, const struct internal *from, void *data, size_t n)
{
    recv->kind = REQUEST_RECV;
    recv->type = type_get(MPI_BYTE);
    recv->base = data;
    recv->count = (MPI_Count)n;
    recv->size = n;
    recv->rank = from->rank;
    recv->tag = from->tag;
    recv->context = from->context;
}

int
internal_send(const struct internal *to, const void *data, size_t n)
{
    struct request send = {.on_stack = true};
    internal_fill_send(&send, to, data, n);
    message_send(&send);
    return internal_wait(&send, to);
}

int
internal_recv(const struct internal *from, void *data, size_t n, size_t *got)
{
    struct request recv = {.on_stack = true};
    internal_fill_recv(&recv, from, data, n);
    int err = message_recv(&recv);
    if (!err)
        err = internal_wait(&recv, from);
    if (!err && got)
        *got = recv.size;
    return err;
}

static const void *
message_bytes(const struct message *message)
{
    return message->kind == MESSAGE_INLINE ? message->bytes : message->data;
}

// What the other process has sent for a call of the same kind with another key.
static struct message *
find_stray(const struct internal *from, size_t n)
{
    const uint64_t kind = UINT64_C(3) << 62 | 1;
    const struct peer *peer = peer_get(from->comm->all->peers[from->rank]);
    for (struct message *m = engine.threads ? NULL : engine.first_unexpected; m; m = m->next) {
        if (m->peer != peer || m->size != n || (m->context ^ from->context) & kind ||
            (m->context == from->context && m->tag == from->tag) || m->kind > MESSAGE_COPY)
            continue;
        int threads;
        memcpy(&threads, (const char *)message_bytes(m) + n - sizeof threads, sizeof threads);
        if (!threads)
            return m;
    }
    return NULL;
}

int
internal_meet(const struct internal *from, void *data, size_t n, struct internal *stray)
{
    struct wait wait = {.op = from->op,
                        .peer = from->rank,
                        .tag = from->tag < 0 ? MPI_ANY_TAG : from->tag,
                        .context = from->comm->context};
    struct request recv = {.on_stack = true};
    struct message *other = NULL;
    *stray = (struct internal){0};
    internal_fill_recv(&recv, from, data, n);
    int err = message_recv(&recv);
    if (err)
        return err;
    while (!recv.done && !(other = find_stray(from, n)) && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    if (err || other)
        message_abandon(&recv);
    if (!other)
        return err ? err : recv.error;
    *stray = (struct internal){from->op, from->comm, other->context, from->rank, other->tag};
    memcpy(data, message_bytes(other), n);
    message_take(other);
    message_end(other);
    return MPI_SUCCESS;
}

static cold int
no_request(void)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for a request");
}

int
internal_post(const struct internal *to, const void *data, size_t n)
{
    struct request *send = request_alloc(REQUEST_SEND);
    void *copy = send ? malloc(n ? n : 1) : NULL;
    if (!copy) {
        if (send)
            request_free(send);
        return no_request();
    }
    internal_fill_send(send, to, memcpy(copy, data, n), n);
    type_hold(send->type);
    send->buffered = send->orphan = true;
    message_send(send);
    return MPI_SUCCESS;
}

int
internal_expect(const struct internal *from, void *data, size_t n, struct request **recv)
{
    *recv = request_alloc(REQUEST_RECV);
    if (!*recv)
        return no_request();
    internal_fill_recv(*recv, from, data, n);
    type_hold((*recv)->type);
    int err = message_recv(*recv);
    if (err) {
        request_free(*recv);
        *recv = NULL;
    }
    return err;
}
