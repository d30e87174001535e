// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Graphs and distributed graphs: what goes in comes out, with self-edges, multiple edges and
 * weights; and what is refused. */
#include "errors.h"

#include <string.h>

// The number of edges from a to b: some pairs have several, some none, some processes themselves.
static int
edges_between(int a, int b)
{
    return (3 * a + 5 * b) % 4;
}

/* ---- MPI_Graph_create ---- */

static void
graphs(void)
{
    int size = world_size(), nodes = size > 1 ? size - 1 : 1, n = 0;
    int *index = malloc(sizeof(int) * (size_t)nodes), *edges = malloc(sizeof(int) * 4096);
    int *got_index = malloc(sizeof(int) * (size_t)nodes), *got = malloc(sizeof(int) * 4096);
    int mapped, rank, a, b;
    MPI_Comm graph, copy;
    for (int i = 0; i < nodes; i++) {
        for (int j = 0; j < nodes; j++)
            for (int k = edges_between(i, j); k > 0; k--)
                edges[n++] = j;
        index[i] = n;
    }
    CHECK(MPI_Graph_map(MPI_COMM_WORLD, nodes, index, edges, &mapped) == MPI_SUCCESS, " ");
    CHECK(MPI_Graph_create(MPI_COMM_WORLD, nodes, index, edges, 1, &graph) == MPI_SUCCESS, " ");
    CHECK((graph == MPI_COMM_NULL) == (world_rank() >= nodes), " ");
    if (graph == MPI_COMM_NULL) {
        CHECK(mapped == MPI_UNDEFINED, "%d", mapped);
        return;
    }
    MPI_Comm_dup(graph, &copy);
    MPI_Comm_free(&graph);
    MPI_Comm_rank(copy, &rank);
    CHECK(mapped == rank, "%d", mapped);
    CHECK(MPI_Topo_test(copy, &a) == MPI_SUCCESS && a == MPI_GRAPH, "%d", a);
    CHECK(MPI_Graphdims_get(copy, &a, &b) == MPI_SUCCESS && a == nodes && b == n, "%d %d", a, b);
    CHECK(MPI_Graph_get(copy, nodes, n, got_index, got) == MPI_SUCCESS, " ");
    CHECK(!memcmp(index, got_index, sizeof(int) * (size_t)nodes), " ");
    CHECK(!memcmp(edges, got, sizeof(int) * (size_t)n), " ");
    for (int i = 0; i < nodes; i++) {
        int first = i ? index[i - 1] : 0, count = index[i] - first;
        CHECK(MPI_Graph_neighbors_count(copy, i, &a) == MPI_SUCCESS && a == count, "%d", a);
        CHECK(MPI_Graph_neighbors(copy, i, count, got) == MPI_SUCCESS, " ");
        CHECK(!memcmp(edges + first, got, sizeof(int) * (size_t)count), "%d", i);
    }
    MPI_Comm_free(&copy);
    free(index), free(edges), free(got_index), free(got);
}

static void
graph_mistakes(void)
{
    int one[1] = {1}, self[1] = {0}, back[2] = {2, 1}, wild[1] = {7}, two[2] = {0, 0}, a, b;
    MPI_Comm comm, graph;
    MPI_Comm world = MPI_COMM_WORLD;
    CHECK(MPI_Graph_create(world, 0, NULL, NULL, 0, &comm) == MPI_SUCCESS, " ");
    CHECK(comm == MPI_COMM_NULL, " ");
    CHECK(class_of(MPI_Graph_create(world, -1, one, self, 0, &comm)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_create(world, world_size() + 1, one, self, 0, &comm)) == MPI_ERR_ARG,
          " ");
    CHECK(class_of(MPI_Graph_create(world, 1, NULL, self, 0, &comm)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_create(world, 1, one, NULL, 0, &comm)) == MPI_ERR_ARG, " ");
    CHECK(says(MPI_Graph_create(world, 1, one, wild, 0, &comm), "edges[0]", "7"), " ");
    CHECK(class_of(MPI_Graph_create(world, 1, one, self, 0, NULL)) == MPI_ERR_ARG, " ");
    if (world_size() > 1)
        CHECK(says(MPI_Graph_create(world, 2, back, two, 0, &comm), "index[1]", "1"), " ");
    CHECK(class_of(MPI_Graph_map(world, 1, one, wild, &a)) == MPI_ERR_ARG, " ");
    CHECK(MPI_Graph_create(world, 1, one, self, 0, &graph) == MPI_SUCCESS, " ");
    if (graph == MPI_COMM_NULL)
        return;
    MPI_Comm_set_errhandler(graph, MPI_ERRORS_RETURN);
    CHECK(class_of(MPI_Graphdims_get(world, &a, &b)) == MPI_ERR_TOPOLOGY, " ");
    CHECK(class_of(MPI_Cartdim_get(graph, &a)) == MPI_ERR_TOPOLOGY, " ");
    CHECK(class_of(MPI_Graphdims_get(graph, NULL, &b)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_get(graph, 0, 1, one, self)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_get(graph, 1, 0, one, self)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_get(graph, 1, 1, NULL, self)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_neighbors_count(graph, 1, &a)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Graph_neighbors_count(graph, 0, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_neighbors(graph, -1, 1, self)) == MPI_ERR_RANK, " ");
    CHECK(class_of(MPI_Graph_neighbors(graph, 0, 0, self)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graph_neighbors(graph, 0, 1, NULL)) == MPI_ERR_ARG, " ");
    MPI_Comm_free(&graph);
}

/* ---- distributed ---- */

struct side {
    int n, ranks[512], weights[512];
};

static int
weight_of(int a, int b, int k)
{
    return 100 * a + 10 * b + k;
}

// What a process has, ordered by the other end.
static void
fill(struct side *in, struct side *out)
{
    int size = world_size(), me = world_rank();
    in->n = out->n = 0;
    for (int r = 0; r < size; r++) {
        for (int k = 0; k < edges_between(r, me); k++) {
            in->ranks[in->n] = r;
            in->weights[in->n++] = weight_of(r, me, k);
        }
        for (int k = 0; k < edges_between(me, r); k++) {
            out->ranks[out->n] = r;
            out->weights[out->n++] = weight_of(me, r, k);
        }
    }
}

static void
expect_dist(MPI_Comm graph, const struct side *in, const struct side *out, int weighted)
{
    static struct side got_in, got_out;
    int a, b, w;
    CHECK(MPI_Topo_test(graph, &a) == MPI_SUCCESS && a == MPI_DIST_GRAPH, "%d", a);
    CHECK(MPI_Dist_graph_neighbors_count(graph, &a, &b, &w) == MPI_SUCCESS, " ");
    CHECK(a == in->n && b == out->n && !w == !weighted, "%d %d %d", a, b, w);
    memset(got_in.weights, -1, sizeof got_in.weights);
    CHECK(MPI_Dist_graph_neighbors(graph, in->n, got_in.ranks, got_in.weights, out->n,
                                   got_out.ranks, got_out.weights) == MPI_SUCCESS,
          " ");
    for (int i = 0; i < in->n; i++) {
        CHECK(got_in.ranks[i] == in->ranks[i], "%d: %d", i, got_in.ranks[i]);
        CHECK(got_in.weights[i] == (weighted ? in->weights[i] : -1), "%d", got_in.weights[i]);
    }
    for (int i = 0; i < out->n; i++) {
        CHECK(got_out.ranks[i] == out->ranks[i], "%d: %d", i, got_out.ranks[i]);
        CHECK(!weighted || got_out.weights[i] == out->weights[i], "%d", got_out.weights[i]);
    }
    // Fewer are given as well, and weights need not be taken.
    CHECK(MPI_Dist_graph_neighbors(graph, in->n ? 1 : 0, got_in.ranks, MPI_UNWEIGHTED, 0, NULL,
                                   MPI_UNWEIGHTED) == MPI_SUCCESS,
          " ");
    CHECK(in->n == 0 || got_in.ranks[0] == in->ranks[0], " ");
}

static void
adjacent(int weighted)
{
    static struct side in, out;
    MPI_Comm graph, copy;
    fill(&in, &out);
    const int *w_in = !weighted ? MPI_UNWEIGHTED : in.n ? in.weights : MPI_WEIGHTS_EMPTY;
    const int *w_out = !weighted ? MPI_UNWEIGHTED : out.n ? out.weights : MPI_WEIGHTS_EMPTY;
    CHECK(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, in.n, in.ranks, w_in, out.n, out.ranks,
                                         w_out, MPI_INFO_NULL, 0, &graph) == MPI_SUCCESS,
          " ");
    expect_dist(graph, &in, &out, weighted);
    MPI_Comm_dup(graph, &copy);
    MPI_Comm_free(&graph);
    expect_dist(copy, &in, &out, weighted);
    MPI_Comm_free(&copy);
}

/* Edge (a, b, k) is told by rank (a + b + k) % size, in the order of a, b, k. So both ends hear of
 * them by the teller first. */
static void
expect_told(struct side *in, struct side *out)
{
    int size = world_size(), me = world_rank();
    in->n = out->n = 0;
    for (int teller = 0; teller < size; teller++)
        for (int a = 0; a < size; a++)
            for (int b = 0; b < size; b++)
                for (int k = 0; k < edges_between(a, b); k++) {
                    if ((a + b + k) % size != teller)
                        continue;
                    if (b == me) {
                        in->ranks[in->n] = a;
                        in->weights[in->n++] = weight_of(a, b, k);
                    }
                    if (a == me) {
                        out->ranks[out->n] = b;
                        out->weights[out->n++] = weight_of(a, b, k);
                    }
                }
}

static void
told_by_any(int weighted)
{
    static struct side in, out;
    static int sources[64], degrees[64], destinations[4096], weights[4096];
    int size = world_size(), me = world_rank(), n = 0, e = 0;
    MPI_Comm graph;
    for (int a = 0; a < size; a++) {
        int before = e;
        for (int b = 0; b < size; b++)
            for (int k = 0; k < edges_between(a, b); k++)
                if ((a + b + k) % size == me) {
                    destinations[e] = b;
                    weights[e++] = weight_of(a, b, k);
                }
        sources[n] = a;
        degrees[n++] = e - before;
    }
    CHECK(MPI_Dist_graph_create(MPI_COMM_WORLD, n, sources, degrees, destinations,
                                !weighted ? MPI_UNWEIGHTED
                                : e       ? weights
                                          : MPI_WEIGHTS_EMPTY,
                                MPI_INFO_NULL, 1, &graph) == MPI_SUCCESS,
          " ");
    expect_told(&in, &out);
    expect_dist(graph, &in, &out, weighted);
    MPI_Comm_free(&graph);
}

static void
no_edges(void)
{
    MPI_Comm graph;
    int a, b, w;
    CHECK(MPI_Dist_graph_create(MPI_COMM_WORLD, 0, NULL, NULL, NULL, MPI_WEIGHTS_EMPTY,
                                MPI_INFO_NULL, 0, &graph) == MPI_SUCCESS,
          " ");
    MPI_Dist_graph_neighbors_count(graph, &a, &b, &w);
    CHECK(a == 0 && b == 0 && w, "%d %d %d", a, b, w);
    MPI_Comm_free(&graph);
}

static void
dist_mistakes(void)
{
    int zero[1] = {0}, wild[1] = {1000}, negative[1] = {-1}, a, b, w, self[1] = {world_rank()};
    MPI_Comm world = MPI_COMM_WORLD, comm = MPI_COMM_NULL;
#define ADJACENT(in, ranks, weights, out, ranks2, weights2)                                        \
    MPI_Dist_graph_create_adjacent(world, in, ranks, weights, out, ranks2, weights2,               \
                                   MPI_INFO_NULL, 0, &comm)
#define CREATE(n, sources, degrees, destinations, weights)                                         \
    MPI_Dist_graph_create(world, n, sources, degrees, destinations, weights, MPI_INFO_NULL, 0,     \
                          &comm)
    CHECK(class_of(ADJACENT(-1, zero, MPI_UNWEIGHTED, 0, zero, MPI_UNWEIGHTED)) == MPI_ERR_ARG,
          " ");
    CHECK(class_of(ADJACENT(1, wild, MPI_UNWEIGHTED, 0, zero, MPI_UNWEIGHTED)) == MPI_ERR_RANK,
          " ");
    CHECK(
        says(ADJACENT(0, zero, MPI_UNWEIGHTED, 1, wild, MPI_UNWEIGHTED), "destinations[0]", "1000"),
        " ");
    CHECK(class_of(ADJACENT(1, NULL, MPI_UNWEIGHTED, 0, zero, MPI_UNWEIGHTED)) == MPI_ERR_ARG, " ");
    CHECK(class_of(ADJACENT(1, zero, NULL, 0, zero, zero)) == MPI_ERR_ARG, " ");
    CHECK(class_of(ADJACENT(1, zero, MPI_WEIGHTS_EMPTY, 0, zero, zero)) == MPI_ERR_ARG, " ");
    CHECK(says(ADJACENT(1, zero, negative, 0, zero, zero), "sourceweights[0]", "-1"), " ");
    CHECK(class_of(ADJACENT(1, zero, MPI_UNWEIGHTED, 1, zero, zero)) == MPI_ERR_ARG, " ");
    CHECK(class_of(CREATE(-1, zero, zero, zero, MPI_UNWEIGHTED)) == MPI_ERR_ARG, " ");
    CHECK(class_of(CREATE(1, wild, zero, zero, MPI_UNWEIGHTED)) == MPI_ERR_RANK, " ");
    CHECK(class_of(CREATE(1, zero, negative, zero, MPI_UNWEIGHTED)) == MPI_ERR_ARG, " ");
    CHECK(class_of(CREATE(1, zero, (int[]){1}, wild, MPI_UNWEIGHTED)) == MPI_ERR_RANK, " ");
    CHECK(class_of(CREATE(1, zero, (int[]){1}, NULL, MPI_UNWEIGHTED)) == MPI_ERR_ARG, " ");
    CHECK(class_of(CREATE(1, zero, NULL, zero, MPI_UNWEIGHTED)) == MPI_ERR_ARG, " ");
    CHECK(class_of(CREATE(1, zero, (int[]){1}, zero, negative)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dist_graph_neighbors_count(world, &a, &b, &w)) == MPI_ERR_TOPOLOGY, " ");

    CHECK(ADJACENT(1, self, self, 1, self, self) == MPI_SUCCESS, " ");
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    CHECK(class_of(MPI_Dist_graph_neighbors_count(comm, &a, NULL, &w)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dist_graph_neighbors(comm, -1, &a, &b, 0, &a, &b)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dist_graph_neighbors(comm, 1, NULL, &b, 0, &a, &b)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dist_graph_neighbors(comm, 0, &a, &b, 1, &a, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Dist_graph_neighbors(comm, 0, &a, &b, 1, &a, MPI_WEIGHTS_EMPTY)) ==
              MPI_ERR_ARG,
          " ");
    MPI_Comm_free(&comm);
}

// Edges that one end alone tells of are kept as they were told.
static void
one_sided(void)
{
    int all[64], a, b, w;
    MPI_Comm graph;
    for (int r = 0; r < world_size(); r++)
        all[r] = r;
    CHECK(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, world_size(), all, MPI_UNWEIGHTED,
                                         world_rank() == 0, all, MPI_UNWEIGHTED, MPI_INFO_NULL, 0,
                                         &graph) == MPI_SUCCESS,
          " ");
    MPI_Dist_graph_neighbors_count(graph, &a, &b, &w);
    CHECK(a == world_size() && b == (world_rank() == 0) && !w, "%d %d %d", a, b, w);
    MPI_Comm_free(&graph);
}

// Weights of some only: all learn it, in the same words.
static void
disagreement(void)
{
    int size = world_size(), me = world_rank(), last[1] = {size - 1}, one[1] = {1}, n;
    char mine[MPI_MAX_ERROR_STRING] = "", first[MPI_MAX_ERROR_STRING] = "";
    MPI_Comm comm = MPI_COMM_NULL;
    if (size == 1)
        return;
    int code = MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &me, one, last,
                                     me == 1 ? MPI_UNWEIGHTED : one, MPI_INFO_NULL, 0, &comm);
    CHECK(class_of(code) == MPI_ERR_ARG && comm == MPI_COMM_NULL, "%d", code);
    MPI_Error_string(code, mine, &n);
    memcpy(first, mine, sizeof first);
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    CHECK(!strcmp(mine, first) && strstr(mine, "rank 1 gives MPI_UNWEIGHTED"), "%s", mine);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    graphs();
    graph_mistakes();
    for (int weighted = 0; weighted < 2; weighted++) {
        adjacent(weighted);
        told_by_any(weighted);
    }
    no_edges();
    dist_mistakes();
    one_sided();
    disagreement();
    MPI_Finalize();
    return 0;
}
