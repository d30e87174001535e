// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The objects, what all kinds share, and MPI_Topo_test. */
#include "topo/topo.h"

#include "coll/agree.h"
#include "comm/comm.h"
#include "group/group.h"

#include <stdlib.h>

struct topology *
topology_new(enum topology_kind kind)
{
    struct topology *topology = calloc(1, sizeof *topology);
    if (!topology)
        return NULL;
    topology->refs = 1;
    topology->kind = kind;
    return topology;
}

struct topology *
topology_hold(struct topology *topology)
{
    if (topology)
        topology->refs++;
    return topology;
}

static void
edges_free(struct edges *edges)
{
    free(edges->ranks);
    free(edges->weights);
    free(edges->lanes);
}

void
topology_release(struct topology *topology)
{
    if (!topology || --topology->refs)
        return;
    edges_free(&topology->in);
    edges_free(&topology->out);
    free(topology->dims);
    free(topology->index);
    free(topology->neighbors);
    free(topology);
}

static int *
ints(int n)
{
    return calloc(n ? (size_t)n : 1, sizeof(int));
}

int
edges_make(struct edges *edges, int n, bool weights, bool lanes)
{
    edges->n = n;
    edges->ranks = ints(n);
    if (weights)
        edges->weights = ints(n);
    if (lanes)
        edges->lanes = ints(n);
    if (edges->ranks && (!weights || edges->weights) && (!lanes || edges->lanes))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_NO_MEM, "no memory for %d edges of a topology", n);
}

static const char *
label(const struct comm *comm)
{
    return comm->name[0] ? comm->name : "the communicator";
}

static int
none_error(const struct comm *comm)
{
    return error_new(MPI_ERR_TOPOLOGY, "%s has no topology", label(comm));
}

int
topology_find(MPI_Comm handle, enum topology_kind kind, const struct topology **topology)
{
    static const char *const names[] = {"a Cartesian", "a graph", "a distributed graph"};
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err)
        return err;
    if (!comm->topology)
        return none_error(comm);
    if (comm->topology->kind != kind)
        return error_new(MPI_ERR_TOPOLOGY, "%s has %s topology, not %s one", label(comm),
                         names[comm->topology->kind], names[kind]);
    *topology = comm->topology;
    return MPI_SUCCESS;
}

int
topology_parent(MPI_Comm handle, struct comm **comm)
{
    int err = comm_find(handle, comm);
    if (err || !comm_is_inter(*comm))
        return err;
    return error_new(MPI_ERR_COMM,
                     "%s is an intercommunicator (of %d and %d ranks), which has no topology",
                     label(*comm), (*comm)->size, (*comm)->remote->size);
}

static struct group *
first_ranks(struct group *all, int n, int rank)
{
    if (n == all->size) {
        group_hold(all);
        return all;
    }
    struct group *group = group_new(n);
    for (int i = 0; group && i < n; i++)
        group->peers[i] = all->peers[i];
    if (group)
        group->rank = rank;
    return group;
}

int
topology_comm(struct comm *parent, int n, uint64_t context, struct topology *topology,
              MPI_Comm *newcomm)
{
    if (parent->rank >= n) {
        topology_release(topology);
        *newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    struct group *group = first_ranks(parent->group, n, parent->rank);
    struct comm *comm = group ? comm_child(parent, group, context) : NULL;
    if (!comm) {
        topology_release(topology);
        return error_new(MPI_ERR_NO_MEM, "no memory for a communicator of %d ranks", n);
    }
    comm->topology = topology;
    *newcomm = comm->handle;
    return MPI_SUCCESS;
}

uint64_t
hash_ints(uint64_t hash, const int *values, int n)
{
    for (int i = 0; i < n; i++)
        hash = (hash ^ (uint32_t)values[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 31);
    return hash;
}

int
topology_agree(struct comm *parent, int kind, uint64_t contexts, uint64_t hash, const char *what,
               uint64_t *context)
{
    struct {
        uint64_t context, hash;
    } first = {0, hash};
    if (parent->rank == 0)
        first.context = contexts_take(contexts);
    int err = agree_give(parent, (enum coll_kind)kind, &first, sizeof first);
    if (!err && first.hash != hash)
        err = error_new(MPI_ERR_ARG, "rank %d gives %s than rank 0", parent->rank, what);
    *context = first.context;
    return err;
}

static int
topo_test(MPI_Comm handle, int *status)
{
    static const int kinds[] = {MPI_CART, MPI_GRAPH, MPI_DIST_GRAPH};
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (!err && !(err = check_pointer(status, "status")))
        *status = comm->topology ? kinds[comm->topology->kind] : MPI_UNDEFINED;
    return err;
}

int
PMPI_Topo_test(MPI_Comm comm, int *status)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = topo_test(comm, status);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Topo_test", err);
}
weak_alias(PMPI_Topo_test, MPI_Topo_test);
