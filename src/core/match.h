// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Match queues: nodes under a key (context, source, tag), first in first out under each key.
 *
 * A key has a list; lists hang in a hash table that grows with their number, so that append, first
 * and remove cost the same with one and with 100,000 nodes in any pattern of keys.
 *
 * Posted receives stand under the key they were posted with, wildcards included; an arriving
 * message looks under the four keys that can match it and takes the receive that was posted first
 * (`order`). Messages that arrived early stand under their own key; once the process has used a
 * wildcard they stand under the three wildcard keys as well, so a receive looks under one key only.
 * MPI's order (3.5) follows: of the messages of one sender that match, the first; of the receives
 * that match a message, the first posted.
 */
#ifndef MUSTER_CORE_MATCH_H
#define MUSTER_CORE_MATCH_H

#include "base/base.h"

struct match_key {
    uint64_t context;
    int32_t source; // MPI_ANY_SOURCE is a key of its own
    int32_t tag;
};

struct match_list;

struct match_node {
    struct match_list *list; // NULL: in no queue
    struct match_node *prev, *next;
    uint64_t order; // set by match_append from the queue's counter
};

struct match_list {
    struct match_key key;
    struct match_node *first, *last;
    struct match_list *chain;
};

struct match_queue {
    struct match_list **buckets;
    uint32_t nbuckets; // a power of two, or 0 before the first append
    uint32_t lists;
    uint64_t nodes;
    uint64_t counter;
    struct match_list *spare;
};

/* Put the node last under its key; false when memory is out. */
bool match_append(struct match_queue *queue, struct match_node *node, struct match_key key);

/* The first node under a key, or NULL. */
struct match_node *match_first(const struct match_queue *queue, struct match_key key);

void match_remove(struct match_queue *queue, struct match_node *node);

#endif
