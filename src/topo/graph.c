// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Graphs that every process is told as a whole (MPI 5.0, 8.5.3, 8.5.5 and 8.5.8). */
#include "topo/topo.h"

#include "coll/agree.h"
#include "comm/comm.h"

#include <stdlib.h>
#include <string.h>

struct graph_args {
    int nnodes;
    const int *index, *edges; // node i's neighbors end at edges[index[i]]
};

static int
check_index(const struct graph_args *args)
{
    int before = 0;
    for (int i = 0; i < args->nnodes; i++) {
        if (args->index[i] < before)
            return error_new(MPI_ERR_ARG, "index[%d] is %d, less than %d before it", i,
                             args->index[i], before);
        before = args->index[i];
    }
    return MPI_SUCCESS;
}

static int
graph_check(const struct graph_args *args, const struct comm *comm)
{
    int err = MPI_SUCCESS, n = args->nnodes;
    if (n < 0)
        return negative_error(MPI_ERR_ARG, "nnodes", n);
    if (n > comm->size)
        return error_new(MPI_ERR_ARG, "nnodes is %d; the communicator has %d processes", n,
                         comm->size);
    if (n == 0)
        return MPI_SUCCESS;
    if ((err = check_pointer(args->index, "index")) || (err = check_index(args)))
        return err;
    if (args->index[n - 1] > 0)
        err = check_pointer(args->edges, "edges");
    for (int e = 0; !err && e < args->index[n - 1]; e++)
        if (args->edges[e] < 0 || args->edges[e] >= n)
            err = error_new(MPI_ERR_ARG, "edges[%d] is %d; the graph's nodes are 0..%d", e,
                            args->edges[e], n - 1);
    return err;
}

// The neighbors of a node: where they begin, and how many.
static const int *
neighbors_of(const struct topology *graph, int node, int *n)
{
    int first = node ? graph->index[node - 1] : 0;
    *n = graph->index[node] - first;
    return graph->neighbors + first;
}

// The k-th edge between two nodes, as the one lists it, is the k-th as the other does. next[j] is
// where to go on in j's list.
static void
find_lanes(const struct topology *graph, const struct edges *in, int rank, int *next)
{
    for (int i = 0; i < in->n; i++) {
        int n, j = in->ranks[i];
        const int *list = neighbors_of(graph, j, &n);
        while (next[j] < n && list[next[j]] != rank)
            next[j]++;
        in->lanes[i] = next[j] < n ? next[j]++ : -1;
    }
}

static int
find_edges(struct topology *graph, int rank)
{
    int n;
    const int *list = neighbors_of(graph, rank, &n);
    int err = edges_make(&graph->in, n, false, true);
    if (!err)
        err = edges_make(&graph->out, n, false, false);
    if (err || !n)
        return err;
    int *next = calloc((size_t)graph->nnodes, sizeof *next);
    if (!next)
        return error_new(MPI_ERR_NO_MEM, "no memory for a graph of %d nodes", graph->nnodes);
    memcpy(graph->in.ranks, list, (size_t)n * sizeof *list);
    memcpy(graph->out.ranks, list, (size_t)n * sizeof *list);
    find_lanes(graph, &graph->in, rank, next);
    free(next);
    return MPI_SUCCESS;
}

static int *
copy_ints(const int *values, int n)
{
    int *copy = malloc(((size_t)n + 1) * sizeof *copy);
    if (copy && n)
        memcpy(copy, values, (size_t)n * sizeof *copy);
    return copy;
}

static int
graph_make(const struct graph_args *args, int rank, struct topology **result)
{
    struct topology *graph = *result = topology_new(TOPOLOGY_GRAPH);
    int nedges = args->index[args->nnodes - 1];
    if (graph) {
        graph->nnodes = args->nnodes;
        graph->index = copy_ints(args->index, args->nnodes);
        graph->neighbors = copy_ints(args->edges, nedges);
    }
    if (!graph || !graph->index || !graph->neighbors)
        return error_new(MPI_ERR_NO_MEM, "no memory for a graph of %d nodes and %d edges",
                         args->nnodes, nedges);
    return find_edges(graph, rank);
}

/* ---- create, map ---- */

static int
create_held(struct comm *comm, const struct graph_args *args, MPI_Comm *newcomm)
{
    struct topology *graph = NULL;
    uint64_t context, hash = hash_ints((uint64_t)args->nnodes, args->index, args->nnodes);
    if (args->nnodes)
        hash = hash_ints(hash, args->edges, args->index[args->nnodes - 1]);
    int err = topology_agree(comm, COLL_GRAPH_CREATE, 1, hash, "another graph", &context);
    if (!err && comm->rank < args->nnodes)
        err = graph_make(args, comm->rank, &graph);
    if (err) {
        topology_release(graph);
        return err;
    }
    return topology_comm(comm, args->nnodes, context, graph, newcomm);
}

static int
graph_create(MPI_Comm handle, const struct graph_args *args, MPI_Comm *newcomm)
{
    struct comm *comm;
    int err = topology_parent(handle, &comm);
    if (err || (err = check_pointer(newcomm, "comm_graph")) || (err = graph_check(args, comm)) ||
        (err = engine_failed()))
        return err;
    comm_hold(comm);
    err = create_held(comm, args, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Graph_create(MPI_Comm comm_old, int nnodes, const int index[], const int edges[], int reorder,
                  MPI_Comm *comm_graph)
{
    (void)reorder;
    struct graph_args args = {nnodes, index, edges};
    int err = engine_enter();
    if (likely(!err)) {
        err = graph_create(comm_old, &args, comm_graph);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm_old, "MPI_Graph_create", err);
}
weak_alias(PMPI_Graph_create, MPI_Graph_create);

static int
graph_map(MPI_Comm handle, const struct graph_args *args, int *newrank)
{
    struct comm *comm;
    int err = topology_parent(handle, &comm);
    if (err || (err = check_pointer(newrank, "newrank")) || (err = graph_check(args, comm)))
        return err;
    *newrank = comm->rank < args->nnodes ? comm->rank : MPI_UNDEFINED;
    return MPI_SUCCESS;
}

int
PMPI_Graph_map(MPI_Comm comm, int nnodes, const int index[], const int edges[], int *newrank)
{
    struct graph_args args = {nnodes, index, edges};
    int err = engine_enter();
    if (likely(!err)) {
        err = graph_map(comm, &args, newrank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Graph_map", err);
}
weak_alias(PMPI_Graph_map, MPI_Graph_map);

/* ---- what it is ---- */

static int
find(MPI_Comm handle, const struct topology **graph)
{
    return topology_find(handle, TOPOLOGY_GRAPH, graph);
}

static int
graphdims_get(MPI_Comm handle, int *nnodes, int *nedges)
{
    const struct topology *graph;
    int err = find(handle, &graph);
    if (err || (err = check_pointer(nnodes, "nnodes")) || (err = check_pointer(nedges, "nedges")))
        return err;
    *nnodes = graph->nnodes;
    *nedges = graph->index[graph->nnodes - 1];
    return MPI_SUCCESS;
}

int
PMPI_Graphdims_get(MPI_Comm comm, int *nnodes, int *nedges)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = graphdims_get(comm, nnodes, nedges);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Graphdims_get", err);
}
weak_alias(PMPI_Graphdims_get, MPI_Graphdims_get);

// A user's array with room for `most` of the graph's `n`.
static int
check_room(int most, int n, const int *array, const char *most_name, const char *name)
{
    if (most < n)
        return error_new(MPI_ERR_ARG, "%s is %d; the graph has %d", most_name, most, n);
    return n ? check_pointer(array, name) : MPI_SUCCESS;
}

static int
graph_get(MPI_Comm handle, int maxindex, int maxedges, int *index, int *edges)
{
    const struct topology *graph;
    int err = find(handle, &graph);
    if (err)
        return err;
    int n = graph->nnodes, nedges = graph->index[n - 1];
    if ((err = check_room(maxindex, n, index, "maxindex", "index")) ||
        (err = check_room(maxedges, nedges, edges, "maxedges", "edges")))
        return err;
    memcpy(index, graph->index, (size_t)n * sizeof *index);
    if (nedges)
        memcpy(edges, graph->neighbors, (size_t)nedges * sizeof *edges);
    return MPI_SUCCESS;
}

int
PMPI_Graph_get(MPI_Comm comm, int maxindex, int maxedges, int index[], int edges[])
{
    int err = engine_enter();
    if (likely(!err)) {
        err = graph_get(comm, maxindex, maxedges, index, edges);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Graph_get", err);
}
weak_alias(PMPI_Graph_get, MPI_Graph_get);

static int
find_neighbors(MPI_Comm handle, int rank, const int **list, int *n)
{
    const struct topology *graph;
    int err = find(handle, &graph);
    if (err)
        return err;
    if (rank < 0 || rank >= graph->nnodes)
        return error_new(MPI_ERR_RANK, "rank %d is not in the graph (0..%d)", rank,
                         graph->nnodes - 1);
    *list = neighbors_of(graph, rank, n);
    return MPI_SUCCESS;
}

static int
neighbors_count(MPI_Comm handle, int rank, int *nneighbors)
{
    const int *list = NULL;
    int n = 0, err = find_neighbors(handle, rank, &list, &n);
    if (!err && !(err = check_pointer(nneighbors, "nneighbors")))
        *nneighbors = n;
    return err;
}

int
PMPI_Graph_neighbors_count(MPI_Comm comm, int rank, int *nneighbors)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = neighbors_count(comm, rank, nneighbors);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Graph_neighbors_count", err);
}
weak_alias(PMPI_Graph_neighbors_count, MPI_Graph_neighbors_count);

static int
neighbors(MPI_Comm handle, int rank, int most, int *out)
{
    const int *list = NULL;
    int n = 0, err = find_neighbors(handle, rank, &list, &n);
    if (!err)
        err = check_room(most, n, out, "maxneighbors", "neighbors");
    if (!err && n)
        memcpy(out, list, (size_t)n * sizeof *out);
    return err;
}

int
PMPI_Graph_neighbors(MPI_Comm comm, int rank, int maxneighbors, int list[])
{
    int err = engine_enter();
    if (likely(!err)) {
        err = neighbors(comm, rank, maxneighbors, list);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Graph_neighbors", err);
}
weak_alias(PMPI_Graph_neighbors, MPI_Graph_neighbors);
