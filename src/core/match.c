// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/match.h"

#include <stdlib.h>

static inline uint32_t
key_hash(struct match_key key)
{
    // Multiplicative hashing; the high bits are the good ones.
    uint64_t h = (key.context * UINT64_C(0x9e3779b97f4a7c15)) ^
                 ((uint64_t)(uint32_t)key.source << 32 | (uint32_t)key.tag);
    h *= UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(h >> 32);
}

static inline bool
key_equal(struct match_key a, struct match_key b)
{
    return a.tag == b.tag && a.source == b.source && a.context == b.context;
}

static bool
queue_grow(struct match_queue *queue)
{
    uint32_t n = queue->nbuckets ? queue->nbuckets * 4 : 64;
    struct match_list **buckets = calloc(n, sizeof *buckets);
    if (!buckets)
        return queue->nbuckets != 0; // a longer chain is still right
    for (uint32_t i = 0; i < queue->nbuckets; i++) {
        for (struct match_list *list = queue->buckets[i], *next; list; list = next) {
            next = list->chain;
            struct match_list **bucket = &buckets[key_hash(list->key) & (n - 1)];
            list->chain = *bucket;
            *bucket = list;
        }
    }
    free(queue->buckets);
    queue->buckets = buckets;
    queue->nbuckets = n;
    return true;
}

static struct match_list *
list_find(const struct match_queue *queue, struct match_key key)
{
    if (!queue->lists)
        return NULL;
    struct match_list *list = queue->buckets[key_hash(key) & (queue->nbuckets - 1)];
    while (list && !key_equal(list->key, key))
        list = list->chain;
    return list;
}

static struct match_list *
list_new(struct match_queue *queue, struct match_key key)
{
    if (queue->lists >= queue->nbuckets && !queue_grow(queue))
        return NULL;
    struct match_list *list = queue->spare;
    if (list)
        queue->spare = list->chain;
    else if (!(list = malloc(sizeof *list)))
        return NULL;
    struct match_list **bucket = &queue->buckets[key_hash(key) & (queue->nbuckets - 1)];
    *list = (struct match_list){.key = key, .chain = *bucket};
    *bucket = list;
    queue->lists++;
    return list;
}

static void
list_retire(struct match_queue *queue, struct match_list *list)
{
    struct match_list **link = &queue->buckets[key_hash(list->key) & (queue->nbuckets - 1)];
    while (*link != list)
        link = &(*link)->chain;
    *link = list->chain;
    list->chain = queue->spare;
    queue->spare = list;
    queue->lists--;
}

bool
match_append(struct match_queue *queue, struct match_node *node, struct match_key key)
{
    struct match_list *list = list_find(queue, key);
    if (!list && !(list = list_new(queue, key)))
        return false;
    *node = (struct match_node){.list = list, .prev = list->last, .order = ++queue->counter};
    *(list->last ? &list->last->next : &list->first) = node;
    list->last = node;
    queue->nodes++;
    return true;
}

struct match_node *
match_first(const struct match_queue *queue, struct match_key key)
{
    const struct match_list *list = list_find(queue, key);
    return list ? list->first : NULL;
}

void
match_remove(struct match_queue *queue, struct match_node *node)
{
    struct match_list *list = node->list;
    *(node->prev ? &node->prev->next : &list->first) = node->next;
    *(node->next ? &node->next->prev : &list->last) = node->prev;
    node->list = NULL;
    queue->nodes--;
    if (!list->first)
        list_retire(queue, list);
}
