// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Groups (MPI 5.0, 7.3). A group never changes once it is made, so communicators and the user's
 * handles share it. Everything takes time in proportion to the sizes of the groups, not to their
 * product. */
#ifndef MUSTER_GROUP_GROUP_H
#define MUSTER_GROUP_GROUP_H

#include "core/object.h"

static inline void
group_hold(struct group *group)
{
    group->refs++;
}
void group_release(struct group *group);

/* A handle for the user: one more that MPI_Group_free must be called for. */
MPI_Group group_give(struct group *group);

/* As group_new, with an error; a size of 0 gives the empty group. */
int group_make(int size, struct group **group);

/* `group` was made of `from`: errors of both are heard of by the same session, if any. */
void group_inherit(struct group *group, const struct group *from);

/* Set group->rank once all peers are in. */
void group_find_self(struct group *group);

/* MPI_IDENT, MPI_SIMILAR or MPI_UNEQUAL. */
int group_compare(struct group *a, struct group *b, int *result);

/* Ranks by peer, for many look-ups. `start` returns MPI_SUCCESS or a code; `stop` frees. */
struct group_map {
    const struct group *group;
    int *slots; // rank + 1, or 0
    size_t mask;
};
int group_map_start(struct group_map *map, const struct group *group);
void group_map_stop(struct group_map *map);
int group_map_find(const struct group_map *map, const struct peer *peer);

#endif
