// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Virtual topologies (MPI 5.0, chapter 8).
 *
 * A topology never changes once it is made, so a communicator and its duplicates share one. It
 * holds what the user asks for (a grid, a graph, or what this process was told of a distributed
 * graph) and, for every kind alike, the edges of this process in the order of 8.6.
 *
 * No rank is ever moved: `reorder` gives the identity. On one machine a process is not bound to a
 * CPU unless the user does it, so a rank has no place that another one could be nearer to.
 */
#ifndef MUSTER_TOPO_TOPO_H
#define MUSTER_TOPO_TOPO_H

#include "core/object.h"

/* One more holder; the last one's release ends it. Either may be given NULL. */
struct topology *topology_hold(struct topology *topology);
void topology_release(struct topology *topology);

/* A zeroed one with one reference, or NULL. */
struct topology *topology_new(enum topology_kind kind);

/* Memory for n edges: ranks, and where wanted weights and lanes. */
int edges_make(struct edges *edges, int n, bool weights, bool lanes);

/* The communicator's topology, which must be of this kind; `what` says so in the error's text. */
int topology_find(MPI_Comm handle, enum topology_kind kind, const struct topology **topology);

/* A communicator of which another one with a topology can be made: it has one group. */
int topology_parent(MPI_Comm handle, struct comm **comm);

/* A communicator of the first `n` ranks of the parent, MPI_COMM_NULL in the others. Takes over the
 * topology, also when it fails. */
int topology_comm(struct comm *parent, int n, uint64_t context, struct topology *topology,
                  MPI_Comm *newcomm);

/* The context id for it, from rank 0, when all have given the same: `hash` is of the arguments,
 * `what` names them in the error of who has others. */
int topology_agree(struct comm *parent, int kind, uint64_t contexts, uint64_t hash,
                   const char *what, uint64_t *context);
uint64_t hash_ints(uint64_t hash, const int *values, int n);

#endif
