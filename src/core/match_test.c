// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Match queues against a plain list that is searched from its start. */

#include "core/match.h"

#include <stdio.h>
#include <stdlib.h>

#define NODES 3000

struct item {
    struct match_node node;
    struct match_key key;
    int number;
    bool in;
};

static struct item items[NODES];

static struct item *
reference_first(struct match_key key)
{
    struct item *best = NULL;
    for (int i = 0; i < NODES; i++) {
        struct item *it = &items[i];
        if (it->in && it->key.context == key.context && it->key.source == key.source &&
            it->key.tag == key.tag && (!best || it->node.order < best->node.order))
            best = it;
    }
    return best;
}

static int
check_first(const struct match_queue *queue, struct match_key key)
{
    struct match_node *node = match_first(queue, key);
    struct item *found = node ? container_of(node, struct item, node) : NULL;
    struct item *want = reference_first(key);
    if (found == want)
        return 0;
    printf("key (%llu, %d, %d): %d, not %d\n", (unsigned long long)key.context, key.source, key.tag,
           found ? found->number : -1, want ? want->number : -1);
    return 1;
}

static void
free_tables(struct match_queue *queue)
{
    for (struct match_list *list = queue->spare, *next; list; list = next) {
        next = list->chain;
        free(list);
    }
    free(queue->buckets);
}

// Few keys make long lists, many keys make the table grow.
static int
random_case(int keys, unsigned seed)
{
    struct match_queue queue = {0};
    int bad = 0;
    srand(seed);
    for (int i = 0; i < NODES; i++)
        items[i] = (struct item){.number = i};
    for (int step = 0; step < 3 * NODES && !bad; step++) {
        struct item *it = &items[rand() % NODES];
        int k = rand() % keys;
        if (it->in) {
            match_remove(&queue, &it->node);
        } else {
            it->key = (struct match_key){(uint64_t)(k % 3), k / 3 % 7 - 1, k};
            bad |= !match_append(&queue, &it->node, it->key);
        }
        it->in = !it->in;
        bad |= check_first(&queue, it->key);
    }
    for (int i = 0; i < NODES; i++)
        if (items[i].in)
            match_remove(&queue, &items[i].node);
    bad |= queue.nodes != 0 || queue.lists != 0;
    free_tables(&queue);
    return bad;
}

int
main(void)
{
    static const struct {
        int keys;
        unsigned seed;
    } cases[] = {{1, 1}, {3, 2}, {50, 3}, {2000, 4}, {100000, 5}};
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (random_case(cases[i].keys, cases[i].seed)) {
            printf("%d keys, seed %u\n", cases[i].keys, cases[i].seed);
            bad = 1;
        }
    return bad;
}
