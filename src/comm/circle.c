// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What the members of a group agree on in MPI_Comm_create_group (MPI 5.0, 7.4.2), without the rest
 * of the communicator, and in MPI_Comm_create_from_group and MPI_Intercomm_create_from_groups,
 * where there is none. The member with the
 * lowest rank leads: the others tell it the group that they were called with, and it answers each
 * with the new context id, or with the two groups that differ. Who leads does not depend on the
 * order of a group, so that most mistakes meet there.
 *
 * The messages have a context of their own and the user's tag. So groups with different tags can be
 * made at once, by several threads, and beside messages and other calls with the same tag. Of two
 * members the messages of one tag come in the order of the calls that both are in.
 *
 * Without a communicator the ranks are those of the job, and a hash of function and stringtag, 92
 * bits of it, stands for context and tag.
 *
 * A leader that waits for a member, while the member waits for its answer in a call with another
 * tag, tells both tags to all its group. Where processes have threads nobody can know that.
 */
#include "comm/comm.h"
#include "core/init.h"
#include "core/jobs.h"
#include "group/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CIRCLE_CONTEXT (UINT64_C(1) << 63) // no communicator's id ever gets there
#define STRING_CONTEXT (UINT64_C(3) << 62) // nor there, nor would one with CIRCLE_CONTEXT
#define SHOWN          16                  // ranks of a group that a text may name

// The group that a member was called with. Fits a slot.
struct view {
    uint64_t hash; // of all ranks, in order
    int32_t size;
    int32_t rank; // of the member in the communicator
    int32_t ranks[SHOWN];
    int32_t half;    // how many of them are the first group of two, or 0
    int32_t threads; // last: internal_meet looks at it
};
static_assert(sizeof(struct view) <= SLOT_INLINE, "it is sent without staging");

struct answer {
    uint64_t context; // 0: the views differ, or the calls do
    struct view views[2];
    int32_t tags[2];
    bool other_call;
};

static struct view
own_view(const struct circle *c)
{
    struct view view = {
        .size = c->size, .rank = c->comm->rank, .half = c->half, .threads = engine.threads};
    for (int i = 0; i < c->size; i++)
        view.hash = (view.hash ^ (uint64_t)c->ranks[i]) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    memcpy(view.ranks, c->ranks, min_size(SHOWN, (size_t)c->size) * sizeof *view.ranks);
    return view;
}

/* ---- messages ---- */

static uint64_t
hash_string(const char *s, uint64_t hash)
{
    for (; *s; s++)
        hash = (hash ^ (unsigned char)*s) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return hash ^ hash >> 32;
}

static struct internal
member(const struct circle *c, int rank)
{
    uint64_t context = c->comm->context | CIRCLE_CONTEXT;
    int tag = c->tag;
    if (c->stringtag) {
        context = hash_string(c->stringtag, hash_string(c->op, 1)) << 1 | STRING_CONTEXT;
        tag = (int)(hash_string(c->stringtag, 2) & INT32_MAX);
    }
    return (struct internal){c->op, c->comm, context, rank, tag};
}

static int
give(const struct circle *c, int to, const void *data, size_t n)
{
    struct internal other = member(c, to);
    return internal_send(&other, data, n);
}

static int
take_view(const struct circle *c, int from, struct view *view, struct internal *stray)
{
    struct internal other = member(c, from);
    return internal_meet(&other, view, sizeof *view, stray);
}

static int
take_answer(const struct circle *c, int from, struct answer *answer)
{
    struct internal other = member(c, from);
    return internal_recv(&other, answer, sizeof *answer, NULL);
}

/* ---- views and calls that differ ---- */

static void
describe(const struct view *view, char *text, size_t n)
{
    size_t at = (size_t)snprintf(text, n, "{");
    for (int i = 0; i < view->size && i < SHOWN && at < n; i++)
        at += (size_t)snprintf(text + at, n - at, "%s%d", i ? ", " : "", view->ranks[i]);
    if (at < n)
        snprintf(text + at, n - at, view->size > SHOWN ? ", ...} of %d ranks" : "}", view->size);
}

// Of processes with the same group, which divide it differently.
static int
halves_error(const struct view *views)
{
    return error_new(MPI_ERR_GROUP,
                     "rank %d of the job called it with groups of %d and %d processes, but rank %d "
                     "with %d and %d",
                     views[0].rank, views[0].half, views[0].size - views[0].half, views[1].rank,
                     views[1].half, views[1].size - views[1].half);
}

static int
views_error(const struct circle *c, const struct view *views)
{
    char a[240], b[240], tag[64];
    if (views[0].half != views[1].half && views[0].hash == views[1].hash)
        return halves_error(views);
    describe(&views[0], a, sizeof a);
    describe(&views[1], b, sizeof b);
    if (c->stringtag)
        snprintf(tag, sizeof tag, "stringtag \"%.40s\"", c->stringtag);
    else
        snprintf(tag, sizeof tag, "tag %d", c->tag);
    return error_new(MPI_ERR_GROUP,
                     "rank %d called it with the group %s of %s's ranks, but rank %d with %s (%s)",
                     views[0].rank, a, c->comm->name[0] ? c->comm->name : "the communicator",
                     views[1].rank, b, tag);
}

static int
calls_error(const struct circle *c, const struct answer *answer)
{
    int a = answer->views[0].rank, b = answer->views[1].rank;
    if (c->stringtag)
        return error_new(MPI_ERR_ARG,
                         "ranks %d and %d of the job called it with different stringtags (here "
                         "\"%.40s\")",
                         a, b, c->stringtag);
    if (answer->tags[0] == answer->tags[1])
        return error_new(MPI_ERR_COMM, "ranks %d and %d called it with different communicators", a,
                         b);
    return error_new(MPI_ERR_TAG, "rank %d called it with tag %d, but rank %d with tag %d", a,
                     answer->tags[0], b, answer->tags[1]);
}

static int
answer_error(const struct circle *c, const struct answer *answer)
{
    return answer->other_call ? calls_error(c, answer) : views_error(c, answer->views);
}

static bool
is_member(const struct circle *c, int rank)
{
    for (int i = 0; i < c->size; i++)
        if (c->ranks[i] == rank)
            return true;
    return false;
}

// Whoever is in one of the groups waits for an answer, or will.
static int
refuse(const struct circle *c, const struct answer *answer)
{
    const struct view *theirs = &answer->views[1];
    int err = MPI_SUCCESS;
    for (int i = 0; i < c->size && !err; i++)
        if (c->ranks[i] != c->comm->rank)
            err = give(c, c->ranks[i], answer, sizeof *answer);
    for (int i = 0; i < theirs->size && i < SHOWN && !err; i++)
        if (!is_member(c, theirs->ranks[i]))
            err = give(c, theirs->ranks[i], answer, sizeof *answer);
    return err ? err : answer_error(c, answer);
}

// Member `at` of the group is in another call, or divides the same group differently. All are in
// such calls, and each is answered in its own.
static int
refuse_all(const struct circle *c, const struct answer *answer, int at,
           const struct internal *stray)
{
    struct internal *others = calloc((size_t)c->size, sizeof *others);
    struct view view;
    int err = MPI_SUCCESS;
    if (!others)
        return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", c->size);
    others[at] = *stray;
    for (int i = at + 1; i < c->size && !err; i++)
        if (c->ranks[i] != c->comm->rank)
            err = take_view(c, c->ranks[i], &view, &others[i]);
    for (int i = 0; i < c->size && !err; i++) {
        if (others[i].op)
            err = internal_send(&others[i], answer, sizeof *answer);
        else if (c->ranks[i] != c->comm->rank)
            err = give(c, c->ranks[i], answer, sizeof *answer);
    }
    free(others);
    return err ? err : answer_error(c, answer);
}

/* ---- both sides ---- */

static bool
views_differ(const struct view *a, const struct view *b)
{
    return a->hash != b->hash || a->size != b->size;
}

static bool
halves_differ(const struct view *a, const struct view *b)
{
    return !views_differ(a, b) && a->half != b->half;
}

static int
lead(const struct circle *c, const struct view *mine, uint64_t *context)
{
    struct answer answer = {.views = {*mine}, .tags = {c->tag}};
    struct internal stray;
    int err = MPI_SUCCESS;
    for (int i = 0; i < c->size; i++) {
        if (c->ranks[i] == c->comm->rank)
            continue;
        if ((err = take_view(c, c->ranks[i], &answer.views[1], &stray)))
            return err;
        answer.tags[1] = stray.tag;
        answer.other_call = stray.op;
        if (stray.op || halves_differ(&answer.views[1], mine))
            return refuse_all(c, &answer, i, &stray);
        if (views_differ(&answer.views[1], mine))
            return refuse(c, &answer);
    }
    *context = contexts_take(1);
    for (int i = 0; i < c->size && !err; i++)
        if (c->ranks[i] != c->comm->rank)
            err = give(c, c->ranks[i], context, sizeof *context);
    return err;
}

static int
follow(const struct circle *c, const struct view *mine, int leader, uint64_t *context)
{
    struct answer answer;
    int err = give(c, leader, mine, sizeof *mine);
    if (err || (err = take_answer(c, leader, &answer)))
        return err;
    if (!answer.context)
        return answer_error(c, &answer);
    *context = answer.context;
    return MPI_SUCCESS;
}

int
circle_agree(const struct circle *c, uint64_t *context)
{
    struct view mine = own_view(c);
    int leader = c->ranks[0];
    for (int i = 1; i < c->size; i++)
        if (c->ranks[i] < leader)
            leader = c->ranks[i];
    return leader == c->comm->rank ? lead(c, &mine, context) : follow(c, &mine, leader, context);
}

/* ---- without a communicator ---- */

// Made when it is first needed; nobody gets its handle.
static int
find_everyone(struct comm **everyone)
{
    if ((*everyone = engine.everyone))
        return MPI_SUCCESS;
    struct group *group = group_new(engine.size);
    for (int i = 0; group && i < engine.size; i++)
        group->peers[i] = &engine.peers[i];
    if (group)
        group->rank = engine.rank;
    struct comm *comm = group ? comm_new(group, EVERYONE_CONTEXT) : NULL;
    if (!comm) {
        if (group)
            group_release(group);
        return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", engine.size);
    }
    handle_retire(comm);
    strcpy(comm->name, "the job");
    *everyone = engine.everyone = comm;
    return MPI_SUCCESS;
}

// A communicator of a group with processes of other jobs, in the order of their names, which all
// know alike: the engine's own, for this one call.
static int
make_common(const struct group *group, struct comm **common)
{
    struct group *sorted = group_new(group->size);
    if (sorted) {
        for (int i = 0; i < group->size; i++) {
            struct peer *peer = group->peers[i];
            int at = i;
            for (;
                 at > 0 && peer_name_compare(peer_name(peer), peer_name(sorted->peers[at - 1])) < 0;
                 at--)
                sorted->peers[at] = sorted->peers[at - 1];
            sorted->peers[at] = peer;
        }
        group_find_self(sorted);
    }
    *common = sorted ? comm_new(sorted, EVERYONE_CONTEXT) : NULL;
    if (*common)
        return MPI_SUCCESS;
    if (sorted)
        group_release(sorted);
    return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", group->size);
}

static int
agree_in(struct circle *circle, const struct group *group, uint64_t *context)
{
    struct group_map map;
    int err = group_map_start(&map, circle->comm->all);
    int *ranks = err ? NULL : malloc(sizeof *ranks * (size_t)group->size);
    if (!err && !ranks)
        err = error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", group->size);
    for (int i = 0; !err && i < group->size; i++)
        ranks[i] = group_map_find(&map, group->peers[i]);
    group_map_stop(&map);
    circle->ranks = ranks;
    if (!err)
        err = circle_agree(circle, context);
    free(ranks);
    return err;
}

int
group_agree(struct group *group, int half, const char *op, const char *stringtag, uint64_t *context)
{
    struct circle circle = {.op = op, .size = group->size, .half = half, .stringtag = stringtag};
    bool mixed = jobs_mixed(group->peers, group->size);
    int err = mixed ? make_common(group, &circle.comm) : find_everyone(&circle.comm);
    if (!err)
        err = agree_in(&circle, group, context);
    if (mixed && circle.comm)
        comm_drop(circle.comm);
    return err;
}
