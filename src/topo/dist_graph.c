// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Distributed graphs (MPI 5.0, 8.5.4 and 8.5.5): each process knows its own edges.
 *
 * Making one takes up to five agreements of the parent:
 *   1, 2  MPI_Dist_graph_create: any rank may tell of any edge. Each edge goes to both its ends;
 *         they list what they were told in the order of the tellers' ranks, and of the telling.
 *   3     Rank 0's context id, and whether there are weights, which all must say alike.
 *   4, 5  Each source tells each destination how many edges lead there, and their lanes. What
 *         MPI_Dist_graph_create_adjacent was told at one end alone has none: whoever uses such an
 *         edge finds out.
 */
#include "topo/topo.h"

#include "coll/agree.h"
#include "comm/comm.h"
#include "info/info.h"

#include <stdlib.h>
#include <string.h>

static int
no_memory(const struct comm *comm)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for a graph of %d processes", comm->size);
}

/* ---- blocks of ints, one for each rank ---- */

struct blocks {
    int *values;
    MPI_Count *counts, *displs; // bytes; displs with one more at the end
};

static void
blocks_free(struct blocks *b)
{
    free(b->values);
    free(b->counts);
    free(b->displs);
}

static bool
blocks_make(struct blocks *b, int size)
{
    b->counts = calloc((size_t)size, sizeof *b->counts);
    b->displs = calloc((size_t)size + 1, sizeof *b->displs);
    return b->counts && b->displs;
}

// Once the counts stand.
static bool
blocks_place(struct blocks *b, int size)
{
    for (int r = 0; r < size; r++)
        b->displs[r + 1] = b->displs[r] + b->counts[r];
    b->values = malloc((size_t)b->displs[size] + 1);
    return b->values != NULL;
}

static int
blocks_exchange(struct comm *comm, enum coll_kind kind, const struct blocks *out,
                const struct blocks *in)
{
    struct agree_blocks send = {out->values, out->counts, out->displs};
    struct agree_blocks recv = {in->values, in->counts, in->displs};
    return agree_alltoallv(comm, kind, &send, &recv);
}

// What the others have for this rank: first how much, then all.
static int
hear(struct comm *comm, enum coll_kind kind, const struct blocks *out, struct blocks *in)
{
    int err = agree_alltoall(comm, kind, out->counts, in->counts, sizeof *in->counts);
    if (err)
        return err;
    return blocks_place(in, comm->size) ? blocks_exchange(comm, kind, out, in) : no_memory(comm);
}

/* ---- lanes ---- */

// Each source tells each of its destinations the lanes of the edges there, in order.
static int
lanes_put(const struct edges *out, struct blocks *b, int size)
{
    for (int e = 0; e < out->n; e++)
        b->counts[out->ranks[e]] += (MPI_Count)sizeof(int);
    if (!blocks_place(b, size))
        return MPI_ERR_NO_MEM;
    memset(b->counts, 0, (size_t)size * sizeof *b->counts);
    for (int e = 0; e < out->n; e++) {
        int r = out->ranks[e];
        b->values[(b->displs[r] + b->counts[r]) / (MPI_Count)sizeof(int)] = e;
        b->counts[r] += (MPI_Count)sizeof(int);
    }
    return MPI_SUCCESS;
}

// What was told of edges from a source beyond those that it tells of stays without a lane.
static void
lanes_take(struct edges *in, struct blocks *b)
{
    for (int e = 0; e < in->n; e++) {
        int r = in->ranks[e];
        bool told = b->counts[r] > 0;
        in->lanes[e] = told ? b->values[b->displs[r] / (MPI_Count)sizeof(int)] : -1;
        b->displs[r] += told ? (MPI_Count)sizeof(int) : 0;
        b->counts[r] -= told ? (MPI_Count)sizeof(int) : 0;
    }
}

static int
find_lanes(struct comm *comm, enum coll_kind kind, struct topology *graph)
{
    struct blocks out = {0}, in = {0};
    int err = MPI_SUCCESS;
    if (!blocks_make(&out, comm->size) || !blocks_make(&in, comm->size) ||
        lanes_put(&graph->out, &out, comm->size) != MPI_SUCCESS)
        err = no_memory(comm);
    if (!err)
        err = hear(comm, kind, &out, &in);
    if (!err)
        lanes_take(&graph->in, &in);
    blocks_free(&out);
    blocks_free(&in);
    return err;
}

/* ---- do all say the same? ---- */

struct verdict {
    uint64_t context; // of rank 0
    int32_t weighted;
};

static int
judge(const struct verdict *all, int size)
{
    for (int r = 0; r < size; r++) {
        const struct verdict *v = &all[r];
        if (v->weighted != all[0].weighted)
            return error_new(MPI_ERR_ARG, "rank %d gives %s, but rank 0 %s", r,
                             v->weighted ? "weights" : "MPI_UNWEIGHTED",
                             all[0].weighted ? "weights" : "MPI_UNWEIGHTED");
    }
    return MPI_SUCCESS;
}

static int
agree_all(struct comm *comm, enum coll_kind kind, struct verdict *verdict)
{
    struct verdict *all = calloc((size_t)comm->size, sizeof *all);
    if (!all)
        return no_memory(comm);
    if (comm->rank == 0)
        verdict->context = contexts_take(1);
    all[comm->rank] = *verdict;
    int err = agree_gather(comm, kind, all, sizeof *all);
    if (!err)
        err = judge(all, comm->size);
    verdict->context = all[0].context;
    free(all);
    return err;
}

/* ---- what the user says ---- */

static int
check_weights(const int *weights, int n, const char *name)
{
    if (weights == MPI_UNWEIGHTED || n == 0)
        return MPI_SUCCESS;
    if (!weights || weights == MPI_WEIGHTS_EMPTY)
        return error_new(MPI_ERR_ARG, "%s is %s, but there are %d edges", name,
                         weights ? "MPI_WEIGHTS_EMPTY" : "a null pointer", n);
    for (int i = 0; i < n; i++)
        if (weights[i] < 0)
            return error_new(MPI_ERR_ARG, "%s[%d] is negative: %d", name, i, weights[i]);
    return MPI_SUCCESS;
}

static int
check_ranks(const struct comm *comm, const int *ranks, int n, const char *name)
{
    int err = n ? check_pointer(ranks, name) : MPI_SUCCESS;
    for (int i = 0; !err && i < n; i++)
        if (ranks[i] < 0 || ranks[i] >= comm->size)
            err = error_new(MPI_ERR_RANK, "%s[%d] is %d; the communicator's ranks are 0..%d", name,
                            i, ranks[i], comm->size - 1);
    return err;
}

static int
check_info(MPI_Info handle)
{
    struct info *info;
    return handle == MPI_INFO_NULL ? MPI_SUCCESS : info_find(handle, &info);
}

// The rest, when this process has its edges; `graph` is taken over.
static int
finish(struct comm *comm, enum coll_kind kind, struct topology *graph, struct verdict *verdict,
       MPI_Comm *newcomm)
{
    int err = agree_all(comm, kind, verdict);
    if (!err)
        err = find_lanes(comm, kind, graph);
    if (err) {
        topology_release(graph);
        return err;
    }
    return topology_comm(comm, comm->size, verdict->context, graph, newcomm);
}

/* ---- adjacent ---- */

struct side_args { // of create_adjacent
    int degree;
    const int *ranks, *weights;
};

struct adjacent_args {
    struct side_args in, out;
    MPI_Info info;
};

static int
check_side(const struct comm *comm, const struct side_args *side, const char *const names[3])
{
    if (side->degree < 0)
        return negative_error(MPI_ERR_ARG, names[0], side->degree);
    int err = check_ranks(comm, side->ranks, side->degree, names[1]);
    return err ? err : check_weights(side->weights, side->degree, names[2]);
}

static int
copy_side(const struct side_args *side, struct edges *edges, bool weighted, bool lanes)
{
    size_t n = (size_t)side->degree * sizeof(int);
    int err = edges_make(edges, side->degree, weighted, lanes);
    if (err || !n)
        return err;
    memcpy(edges->ranks, side->ranks, n);
    if (weighted)
        memcpy(edges->weights, side->weights, n);
    return MPI_SUCCESS;
}

static int
adjacent_held(struct comm *comm, const struct adjacent_args *args, MPI_Comm *newcomm)
{
    const enum coll_kind kind = COLL_DIST_GRAPH_CREATE_ADJACENT;
    struct verdict verdict = {.weighted = args->in.weights != MPI_UNWEIGHTED};
    struct topology *graph = topology_new(TOPOLOGY_DIST_GRAPH);
    if (!graph)
        return no_memory(comm);
    int err = copy_side(&args->in, &graph->in, verdict.weighted, true);
    if (!err)
        err = copy_side(&args->out, &graph->out, verdict.weighted, false);
    if (err) {
        topology_release(graph);
        return err;
    }
    return finish(comm, kind, graph, &verdict, newcomm);
}

static int
adjacent(MPI_Comm handle, const struct adjacent_args *args, MPI_Comm *newcomm)
{
    static const char *const in[] = {"indegree", "sources", "sourceweights"};
    static const char *const out[] = {"outdegree", "destinations", "destweights"};
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_side(comm, &args->in, in)) ||
        (err = check_side(comm, &args->out, out)) || (err = check_info(args->info)) ||
        (err = check_pointer(newcomm, "comm_dist_graph")) || (err = engine_failed()))
        return err;
    if ((args->in.weights == MPI_UNWEIGHTED) != (args->out.weights == MPI_UNWEIGHTED))
        return error_new(MPI_ERR_ARG, "only one of sourceweights and destweights is "
                                      "MPI_UNWEIGHTED");
    comm_hold(comm);
    err = adjacent_held(comm, args, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Dist_graph_create_adjacent(MPI_Comm comm_old, int indegree, const int sources[],
                                const int sourceweights[], int outdegree, const int destinations[],
                                const int destweights[], MPI_Info info, int reorder,
                                MPI_Comm *comm_dist_graph)
{
    (void)reorder;
    struct adjacent_args args = {
        {indegree, sources, sourceweights}, {outdegree, destinations, destweights}, info};
    int err = engine_enter();
    if (likely(!err)) {
        err = adjacent(comm_old, &args, comm_dist_graph);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm_old, "MPI_Dist_graph_create_adjacent", err);
}
weak_alias(PMPI_Dist_graph_create_adjacent, MPI_Dist_graph_create_adjacent);

/* ---- any edges from any rank ---- */

struct create_args {
    int n; // nodes that this rank tells of
    const int *sources, *degrees, *destinations, *weights;
    MPI_Info info;
};

// One edge, told to one of its ends.
struct told {
    int32_t other, weight;
    int32_t in; // 1: from other, 0: to it
};

static int
check_degrees(const struct create_args *args, int *nedges)
{
    int64_t sum = 0;
    int err = args->n ? check_pointer(args->degrees, "degrees") : MPI_SUCCESS;
    for (int i = 0; !err && i < args->n; i++) {
        if (args->degrees[i] < 0)
            err = error_new(MPI_ERR_ARG, "degrees[%d] is negative: %d", i, args->degrees[i]);
        else if ((sum += args->degrees[i]) > INT32_MAX)
            err =
                error_new(MPI_ERR_ARG, "there are more than %d edges at degrees[%d]", INT32_MAX, i);
    }
    *nedges = (int)sum;
    return err;
}

static int
create_check(const struct comm *comm, const struct create_args *args)
{
    int nedges, err;
    if (args->n < 0)
        return negative_error(MPI_ERR_ARG, "n", args->n);
    if ((err = check_ranks(comm, args->sources, args->n, "sources")) ||
        (err = check_degrees(args, &nedges)) ||
        (err = check_ranks(comm, args->destinations, nedges, "destinations")) ||
        (err = check_weights(args->weights, nedges, "weights")))
        return err;
    return check_info(args->info);
}

// Count what goes to each rank or, once the blocks are placed, put it there.
static void
tell(const struct create_args *args, struct blocks *b, bool put)
{
    bool weighted = args->weights != MPI_UNWEIGHTED;
    for (int i = 0, e = 0; i < args->n; i++) {
        for (int end = e + args->degrees[i]; e < end; e++) {
            int ends[2] = {args->sources[i], args->destinations[e]};
            for (int in = 0; in < 2; in++) {
                struct told told = {ends[1 - in], weighted ? args->weights[e] : 0, in};
                MPI_Count *n = &b->counts[ends[in]];
                if (put)
                    memcpy((char *)b->values + b->displs[ends[in]] + *n, &told, sizeof told);
                *n += (MPI_Count)sizeof told;
            }
        }
    }
}

static bool
tell_all(const struct create_args *args, struct blocks *b, int size)
{
    if (!blocks_make(b, size))
        return false;
    tell(args, b, false);
    if (!blocks_place(b, size))
        return false;
    memset(b->counts, 0, (size_t)size * sizeof *b->counts);
    tell(args, b, true);
    return true;
}

static int
edges_from(const struct blocks *b, int size, bool weighted, struct topology *graph)
{
    const struct told *told = (const void *)b->values;
    MPI_Count count = b->displs[size] / (MPI_Count)sizeof *told, incoming = 0;
    for (MPI_Count i = 0; i < count; i++)
        incoming += told[i].in;
    if (count > INT32_MAX)
        return error_new(MPI_ERR_ARG, "a process has %lld edges", (long long)count);
    int err = edges_make(&graph->in, (int)incoming, weighted, true);
    if (!err)
        err = edges_make(&graph->out, (int)(count - incoming), weighted, false);
    int at[2] = {0, 0};
    for (MPI_Count i = 0; !err && i < count; i++) {
        struct edges *edges = told[i].in ? &graph->in : &graph->out;
        int e = at[told[i].in]++;
        edges->ranks[e] = told[i].other;
        if (weighted)
            edges->weights[e] = told[i].weight;
    }
    return err;
}

static int
hear_of_edges(struct comm *comm, const struct create_args *args, struct topology *graph)
{
    struct blocks out = {0}, in = {0};
    int err = no_memory(comm);
    if (tell_all(args, &out, comm->size) && blocks_make(&in, comm->size))
        err = hear(comm, COLL_DIST_GRAPH_CREATE, &out, &in);
    if (!err)
        err = edges_from(&in, comm->size, args->weights != MPI_UNWEIGHTED, graph);
    blocks_free(&out);
    blocks_free(&in);
    return err;
}

static int
create_held(struct comm *comm, const struct create_args *args, MPI_Comm *newcomm)
{
    struct verdict verdict = {.weighted = args->weights != MPI_UNWEIGHTED};
    struct topology *graph = topology_new(TOPOLOGY_DIST_GRAPH);
    int err = graph ? hear_of_edges(comm, args, graph) : no_memory(comm);
    if (err) {
        topology_release(graph);
        return err;
    }
    return finish(comm, COLL_DIST_GRAPH_CREATE, graph, &verdict, newcomm);
}

static int
create(MPI_Comm handle, const struct create_args *args, MPI_Comm *newcomm)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = create_check(comm, args)) ||
        (err = check_pointer(newcomm, "comm_dist_graph")) || (err = engine_failed()))
        return err;
    comm_hold(comm);
    err = create_held(comm, args, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Dist_graph_create(MPI_Comm comm_old, int n, const int sources[], const int degrees[],
                       const int destinations[], const int weights[], MPI_Info info, int reorder,
                       MPI_Comm *comm_dist_graph)
{
    (void)reorder;
    struct create_args args = {n, sources, degrees, destinations, weights, info};
    int err = engine_enter();
    if (likely(!err)) {
        err = create(comm_old, &args, comm_dist_graph);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm_old, "MPI_Dist_graph_create", err);
}
weak_alias(PMPI_Dist_graph_create, MPI_Dist_graph_create);

/* ---- what it is ---- */

static int
neighbors_count(MPI_Comm handle, int *indegree, int *outdegree, int *weighted)
{
    const struct topology *graph;
    int err = topology_find(handle, TOPOLOGY_DIST_GRAPH, &graph);
    if (err || (err = check_pointer(indegree, "indegree")) ||
        (err = check_pointer(outdegree, "outdegree")) ||
        (err = check_pointer(weighted, "weighted")))
        return err;
    *indegree = graph->in.n;
    *outdegree = graph->out.n;
    *weighted = graph->in.weights != NULL;
    return MPI_SUCCESS;
}

int
PMPI_Dist_graph_neighbors_count(MPI_Comm comm, int *indegree, int *outdegree, int *weighted)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = neighbors_count(comm, indegree, outdegree, weighted);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Dist_graph_neighbors_count", err);
}
weak_alias(PMPI_Dist_graph_neighbors_count, MPI_Dist_graph_neighbors_count);

struct wanted { // one side of MPI_Dist_graph_neighbors; the first `most` edges are enough
    int most;
    int *ranks, *weights;
};

static int
check_wanted(const struct wanted *w, const struct edges *edges, const char *const names[3])
{
    int n = w->most < edges->n ? w->most : edges->n;
    if (w->most < 0)
        return negative_error(MPI_ERR_ARG, names[0], w->most);
    int err = n ? check_pointer(w->ranks, names[1]) : MPI_SUCCESS;
    if (!err && n && edges->weights && w->weights != MPI_UNWEIGHTED)
        err = w->weights == MPI_WEIGHTS_EMPTY
                  ? error_new(MPI_ERR_ARG, "%s is MPI_WEIGHTS_EMPTY, but there are %d edges",
                              names[2], edges->n)
                  : check_pointer(w->weights, names[2]);
    return err;
}

static void
copy_wanted(const struct wanted *w, const struct edges *edges)
{
    size_t n = (size_t)(w->most < edges->n ? w->most : edges->n);
    if (!n)
        return;
    memcpy(w->ranks, edges->ranks, n * sizeof(int));
    if (edges->weights && w->weights != MPI_UNWEIGHTED)
        memcpy(w->weights, edges->weights, n * sizeof(int));
}

static int
neighbors(MPI_Comm handle, const struct wanted *in, const struct wanted *out)
{
    static const char *const in_names[] = {"maxindegree", "sources", "sourceweights"};
    static const char *const out_names[] = {"maxoutdegree", "destinations", "destweights"};
    const struct topology *graph;
    int err = topology_find(handle, TOPOLOGY_DIST_GRAPH, &graph);
    if (err || (err = check_wanted(in, &graph->in, in_names)) ||
        (err = check_wanted(out, &graph->out, out_names)))
        return err;
    copy_wanted(in, &graph->in);
    copy_wanted(out, &graph->out);
    return MPI_SUCCESS;
}

int
PMPI_Dist_graph_neighbors(MPI_Comm comm, int maxindegree, int sources[], int sourceweights[],
                          int maxoutdegree, int destinations[], int destweights[])
{
    struct wanted in = {maxindegree, sources, sourceweights};
    struct wanted out = {maxoutdegree, destinations, destweights};
    int err = engine_enter();
    if (likely(!err)) {
        err = neighbors(comm, &in, &out);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Dist_graph_neighbors", err);
}
weak_alias(PMPI_Dist_graph_neighbors, MPI_Dist_graph_neighbors);
