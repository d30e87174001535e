// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The lanes of edges, in several processes without the launcher: what each source says of its
 * outgoing edges against what each destination takes them for. */
#include "topo/topo.h"

#include "base/unit.h"
#include "boot/wire.h"
#include "core/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MOST 512 // edges of a process on one side

static int rank, size;

// The number of edges from a to b: some pairs have several, some none, some processes themselves.
static int
edges_between(int a, int b)
{
    return (3 * a + 5 * b) % 4;
}

static int
weight_of(int a, int b, int k)
{
    return 100 * a + 10 * b + k;
}

// A process's outgoing edges, as it tells the others.
struct told {
    int n;
    int ranks[MOST], weights[MOST];
};

// Each incoming edge is one outgoing edge of its source, with the same weight, and no two are the
// same; and each outgoing edge to this process is there. Frees the communicator.
static void
check_lanes(MPI_Comm handle)
{
    static struct told mine;
    const struct topology *topology = comm_get(handle)->topology;
    const struct edges *in = &topology->in, *out = &topology->out;
    struct told *all = malloc((size_t)size * sizeof *all);
    CHECK(all && out->n <= MOST);
    memset(&mine, 0, sizeof mine);
    mine.n = out->n;
    for (int e = 0; e < out->n; e++) {
        mine.ranks[e] = out->ranks[e];
        mine.weights[e] = out->weights ? out->weights[e] : 0;
    }
    MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, handle);
    for (int e = 0; e < in->n; e++) {
        int from = in->ranks[e], lane = in->lanes[e];
        if (from == MPI_PROC_NULL) {
            CHECK(lane == -1, "%d", lane);
            continue;
        }
        CHECK(lane >= 0 && lane < all[from].n, "edge %d from %d: lane %d", e, from, lane);
        CHECK(all[from].ranks[lane] == rank, "edge %d from %d: lane %d", e, from, lane);
        CHECK(!in->weights || in->weights[e] == all[from].weights[lane], "%d", in->weights[e]);
        all[from].ranks[lane] = -1; // taken
    }
    for (int r = 0; r < size; r++)
        for (int e = 0; e < all[r].n; e++)
            CHECK(all[r].ranks[e] != rank, "nobody takes edge %d of %d", e, r);
    free(all);
    MPI_Comm_free(&handle);
}

static void
grids(void)
{
    for (int ndims = 1; ndims <= 3; ndims++) {
        for (int set = 0; set < 1 << ndims; set++) {
            int dims[3] = {0}, periods[3];
            MPI_Comm grid;
            for (int d = 0; d < ndims; d++)
                periods[d] = set >> d & 1;
            MPI_Dims_create(size, ndims, dims);
            MPI_Cart_create(MPI_COMM_WORLD, ndims, dims, periods, 0, &grid);
            const struct edges *in = &comm_get(grid)->topology->in;
            for (int e = 0; e < in->n; e++) // from the opposite direction, even where both are one
                CHECK(in->lanes[e] == (in->ranks[e] == MPI_PROC_NULL ? -1 : e ^ 1), "%d", e);
            check_lanes(grid);
        }
    }
}

static void
graphs(void)
{
    int index[16], *edges = malloc(sizeof *edges * 16 * 16 * 8), n = 0;
    MPI_Comm graph;
    for (int a = 0; a < size; a++) {
        for (int b = 0; b < size; b++)
            for (int k = edges_between(a, b) + edges_between(b, a); k > 0; k--)
                edges[n++] = b;
        index[a] = n;
    }
    MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &graph);
    check_lanes(graph);
    free(edges);
}

// Each end lists its edges in another order.
static void
adjacent(void)
{
    static struct told in, out;
    MPI_Comm graph;
    in.n = out.n = 0;
    for (int r = size - 1; r >= 0; r--) {
        for (int k = 0; k < edges_between(r, rank); k++) {
            in.ranks[in.n] = r;
            in.weights[in.n++] = weight_of(r, rank, k);
        }
    }
    for (int k = 0; k < 4; k++) {
        for (int r = 0; r < size; r++) {
            if (k >= edges_between(rank, r))
                continue;
            out.ranks[out.n] = r;
            out.weights[out.n++] = weight_of(rank, r, k);
        }
    }
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, in.n, in.ranks, in.weights, out.n, out.ranks,
                                   out.weights, MPI_INFO_NULL, 0, &graph);
    check_lanes(graph);
}

// Edge (a, b, k) is told by rank (a + b + k) % size.
static void
told_by_any(void)
{
    static int sources[16], degrees[16];
    static struct told told;
    MPI_Comm graph;
    told.n = 0;
    for (int a = 0; a < size; a++) {
        sources[a] = a;
        degrees[a] = -told.n;
        for (int b = 0; b < size; b++) {
            for (int k = 0; k < edges_between(a, b); k++) {
                if ((a + b + k) % size != rank)
                    continue;
                told.ranks[told.n] = b;
                told.weights[told.n++] = weight_of(a, b, k);
            }
        }
        degrees[a] += told.n;
    }
    MPI_Dist_graph_create(MPI_COMM_WORLD, size, sources, degrees, told.ranks, told.weights,
                          MPI_INFO_NULL, 0, &graph);
    check_lanes(graph);
}

// Everybody says that an edge comes from everybody; rank 0 alone says that one leads to itself.
static void
one_sided(void)
{
    int all[16], self = 0;
    MPI_Comm graph;
    for (int r = 0; r < size; r++)
        all[r] = r;
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, size, all, MPI_UNWEIGHTED, rank == 0, &self,
                                   MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &graph);
    const struct edges *in = &comm_get(graph)->topology->in;
    for (int e = 0; e < in->n; e++)
        CHECK(in->lanes[e] == (rank == 0 && e == 0 ? 0 : -1), "%d: %d", e, in->lanes[e]);
    MPI_Comm_free(&graph);
}

/* ---- the job ---- */

static void
run_rank(struct segment_view *view, int r, int n)
{
    char job[128];
    struct stat st;
    fcntl(view->fd, F_SETFD, 0);
    CHECK(fstat(view->fd, &st) == 0);
    snprintf(job, sizeof job, "%d:%llx:%d:%d:%d:%llu", WIRE_VERSION,
             (unsigned long long)view->base->job, r, n, view->fd, (unsigned long long)st.st_ino);
    setenv(WIRE_ENVIRONMENT, job, 1);
    CHECK(PMPI_Init(NULL, NULL) == MPI_SUCCESS);
    rank = engine.rank;
    size = engine.size;
    CHECK(rank == r && size == n);
    grids();
    graphs();
    adjacent();
    told_by_any();
    one_sided();
    PMPI_Finalize();
    _exit(0);
}

static void
run_job(int n)
{
    struct segment_view view;
    char why[256];
    bool failed = false;
    CHECK(segment_create(&view, n, why, sizeof why) == 0, "%s", why);
    for (int r = 0; r < n; r++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            run_rank(&view, r, n);
    }
    for (int i = 0; i < n; i++) {
        int status;
        CHECK(wait(&status) > 0);
        if (status == 0)
            continue;
        failed = true; // the others are told, so that nobody waits for it
        segment_fail(view.base, (struct failure){.kind = FAILURE_EXIT, .code = 1});
        segment_ring_all_bells(view.base);
    }
    CHECK(!failed, "%d ranks", n);
    segment_unmap(&view);
}

int
main(void)
{
    static const int sizes[] = {1, 2, 3, 4, 5, 8, 12};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        run_job(sizes[i]);
    printf("ok\n");
    return 0;
}
