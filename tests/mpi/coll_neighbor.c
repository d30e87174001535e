// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Neighborhood collectives in all forms: random graphs with edges to oneself, several between the
 * same two and none at all, grids with and without borders; small and large blocks. */
#include "coll_data.h"

enum { MOST = 64 * 2, FORMS = 3 };

static int rank, size;
static uint64_t id;

/* Edges of this process in the order of the topology. What travels along an edge is a function of
 * its key, which both of its ends know; 0: the edge leads nowhere. */
struct side {
    int n, ranks[MOST];
    uint64_t keys[MOST];
};

static struct side in, out;

#define ISSUE(form, request, function, starting, ...)                                              \
    switch (form) {                                                                                \
    case 0:                                                                                        \
        function(__VA_ARGS__);                                                                     \
        break;                                                                                     \
    case 1:                                                                                        \
        starting(__VA_ARGS__, request);                                                            \
        MPI_Wait(request, MPI_STATUS_IGNORE);                                                      \
        break;                                                                                     \
    default:                                                                                       \
        function##_init(__VA_ARGS__, MPI_INFO_NULL, request);                                      \
        for (int i = 0; i < 3; i++) {                                                              \
            MPI_Start(request);                                                                    \
            MPI_Wait(request, MPI_STATUS_IGNORE);                                                  \
        }                                                                                          \
        MPI_Request_free(request);                                                                 \
    }

static void
fill_block(char *to, uint64_t key, uint64_t n)
{
    fill_bytes(to, id * 31 + key, 1, 0, n);
}

static void
check_block(const char *from, uint64_t key, uint64_t n, const char *what)
{
    if (key) {
        check_bytes(from, id * 31 + key, 1, 0, n, what);
        return;
    }
    for (uint64_t k = 0; k < n; k++)
        CHECK(from[k] == (char)0xa5, "%s wrote where there is no neighbor", what);
}

// As many bytes as an edge of an irregular call carries.
static int
bytes_of(uint64_t key, uint64_t most)
{
    uint64_t h = mix(id * 7 + key);
    return h % 3 ? (int)(h % (most + 1)) : 0;
}

static void
place(const struct side *s, uint64_t most, int counts[MOST], int displs[MOST], uint64_t *all)
{
    *all = 0;
    for (int i = 0; i < s->n; i++) {
        counts[i] = bytes_of(s->keys[i], most);
        displs[i] = (int)*all;
        *all += (uint64_t)counts[i] + 1;
    }
}

// What rank r gives to all of its neighbors.
static uint64_t
key_of_rank(int r)
{
    return 1000000 + (uint64_t)r;
}

static void
gathers(MPI_Comm comm, int form, uint64_t n, int irregular)
{
    MPI_Request request;
    int counts[MOST], displs[MOST];
    uint64_t all = n * (uint64_t)in.n;
    if (irregular) {
        all = 0;
        for (int i = 0; i < in.n; i++) {
            counts[i] = in.keys[i] ? bytes_of(key_of_rank(in.ranks[i]), n) : 3;
            displs[i] = (int)all;
            all += (uint64_t)counts[i] + 1;
        }
    }
    uint64_t mine = irregular ? (uint64_t)bytes_of(key_of_rank(rank), n) : n;
    char *from = buffer_new(mine), *to = buffer_new(all);
    fill_block(from, key_of_rank(rank), mine);
    if (irregular) {
        ISSUE(form, &request, MPI_Neighbor_allgatherv, MPI_Ineighbor_allgatherv, from, (int)mine,
              MPI_BYTE, to, counts, displs, MPI_BYTE, comm)
    } else {
        ISSUE(form, &request, MPI_Neighbor_allgather, MPI_Ineighbor_allgather, from, (int)n,
              MPI_BYTE, to, (int)n, MPI_BYTE, comm)
    }
    for (int i = 0; i < in.n; i++)
        check_block(to + (irregular ? (uint64_t)displs[i] : n * (uint64_t)i),
                    in.keys[i] ? key_of_rank(in.ranks[i]) : 0, irregular ? (uint64_t)counts[i] : n,
                    "neighbor_allgather");
    buffer_free(from, mine, "neighbor_allgather");
    buffer_free(to, all, "neighbor_allgather");
    id++;
}

static void
exchange(MPI_Comm comm, int form, uint64_t n)
{
    MPI_Request request;
    uint64_t give = n * (uint64_t)out.n, take = n * (uint64_t)in.n;
    char *from = buffer_new(give), *to = buffer_new(take);
    for (int i = 0; i < out.n; i++)
        fill_block(from + n * (uint64_t)i, out.keys[i], n);
    ISSUE(form, &request, MPI_Neighbor_alltoall, MPI_Ineighbor_alltoall, from, (int)n, MPI_BYTE, to,
          (int)n, MPI_BYTE, comm)
    for (int i = 0; i < in.n; i++)
        check_block(to + n * (uint64_t)i, in.keys[i], n, "neighbor_alltoall");
    buffer_free(from, give, "neighbor_alltoall");
    buffer_free(to, take, "neighbor_alltoall");
    id++;
}

static void
exchange_vw(MPI_Comm comm, int form, uint64_t n, int w)
{
    MPI_Request request;
    MPI_Datatype types[MOST];
    MPI_Aint sat[MOST], rat[MOST];
    int scounts[MOST], sdispls[MOST], rcounts[MOST], rdispls[MOST];
    uint64_t give, take;
    place(&out, n, scounts, sdispls, &give);
    place(&in, n, rcounts, rdispls, &take);
    char *from = buffer_new(give), *to = buffer_new(take);
    for (int i = 0; i < MOST; i++) {
        types[i] = i % 2 ? MPI_BYTE : MPI_CHAR;
        sat[i] = i < out.n ? sdispls[i] : 0;
        rat[i] = i < in.n ? rdispls[i] : 0;
    }
    for (int i = 0; i < out.n; i++)
        fill_block(from + sdispls[i], out.keys[i], (uint64_t)scounts[i]);
    if (w) {
        ISSUE(form, &request, MPI_Neighbor_alltoallw, MPI_Ineighbor_alltoallw, from, scounts, sat,
              types, to, rcounts, rat, types, comm)
    } else {
        ISSUE(form, &request, MPI_Neighbor_alltoallv, MPI_Ineighbor_alltoallv, from, scounts,
              sdispls, MPI_BYTE, to, rcounts, rdispls, MPI_BYTE, comm)
    }
    for (int i = 0; i < in.n; i++)
        check_block(to + rdispls[i], in.keys[i], (uint64_t)rcounts[i], "neighbor_alltoallv");
    buffer_free(from, give, "neighbor_alltoallv");
    buffer_free(to, take, "neighbor_alltoallv");
    id++;
}

static void
all_kinds(MPI_Comm comm)
{
    static const uint64_t sizes[] = {0, 1, 8, 100, 5000, 60000, 700000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int form = 0; form < FORMS; form++) {
            if (sizes[s] * (uint64_t)size > 3000000)
                continue;
            gathers(comm, form, sizes[s], 0);
            gathers(comm, form, sizes[s], 1);
            exchange(comm, form, sizes[s]);
            exchange_vw(comm, form, sizes[s], 0);
            exchange_vw(comm, form, sizes[s], 1);
        }
}

/* ---- topologies ---- */

// The k-th edge from a to b.
static uint64_t
edge_key(int a, int b, int k)
{
    return ((uint64_t)a * 100 + (uint64_t)b) * 10 + (uint64_t)k + 1;
}

static void
add_edges(struct side *s, int peer, int n, int a, int b)
{
    for (int k = 0; k < n; k++) {
        s->ranks[s->n] = peer;
        s->keys[s->n++] = edge_key(a, b, k);
    }
}

static void
random_graph(struct dice *dice, uint64_t most)
{
    MPI_Comm comm;
    in.n = out.n = 0;
    for (int a = 0; a < size; a++)
        for (int b = 0; b < size; b++) {
            int n = (int)roll(dice, most);
            if (a == rank)
                add_edges(&out, b, n, a, b);
            if (b == rank)
                add_edges(&in, a, n, a, b);
        }
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, in.n, in.ranks, MPI_UNWEIGHTED, out.n, out.ranks,
                                   MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &comm);
    all_kinds(comm);
    MPI_Comm_free(&comm);
}

static void
grid(int periodic)
{
    MPI_Comm comm;
    int dims[2] = {0, 0}, periods[2] = {periodic, 0};
    MPI_Dims_create(size, 2, dims);
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &comm);
    in.n = out.n = 4;
    for (int d = 0; d < 2; d++)
        MPI_Cart_shift(comm, d, 1, &in.ranks[2 * d], &in.ranks[2 * d + 1]);
    for (int e = 0; e < 4; e++) {
        int peer = out.ranks[e] = in.ranks[e];
        out.keys[e] = peer < 0 ? 0 : (uint64_t)(rank * 4 + e + 1);
        in.keys[e] = peer < 0 ? 0 : (uint64_t)(peer * 4 + (e ^ 1) + 1);
    }
    all_kinds(comm);
    MPI_Comm_free(&comm);
}

static void
expect(int err, int errclass, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int is, n;
    MPI_Error_class(err, &is);
    MPI_Error_string(err, text, &n);
    CHECK(is == errclass, "%s gave class %d, not %d (%s)", what, is, errclass, text);
}

static void
errors(void)
{
    MPI_Comm comm;
    MPI_Request request;
    char a[16], b[64];
    int dims = size, periods = 1;
    expect(MPI_Neighbor_allgather(a, 1, MPI_CHAR, b, 1, MPI_CHAR, MPI_COMM_WORLD), MPI_ERR_TOPOLOGY,
           "no topology");
    expect(MPI_Cart_create(MPI_COMM_WORLD, 1, &dims, &periods, 0, &comm), MPI_SUCCESS, "a ring");
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    expect(MPI_Neighbor_alltoall(MPI_IN_PLACE, 1, MPI_CHAR, b, 1, MPI_CHAR, comm), MPI_ERR_BUFFER,
           "in place");
    expect(MPI_Ineighbor_alltoall(a, -1, MPI_CHAR, b, 1, MPI_CHAR, comm, &request), MPI_ERR_COUNT,
           "a negative count");
    expect(MPI_Neighbor_alltoall(a, 1, MPI_CHAR, a, 1, MPI_CHAR, comm), MPI_ERR_BUFFER, "overlap");
    // Not the size that the neighbor gives.
    if (size > 1)
        expect(MPI_Neighbor_allgather(a, 1 + rank % 8, MPI_CHAR, b, 1 + rank % 8, MPI_CHAR, comm),
               MPI_ERR_TRUNCATE, "sizes");
    MPI_Comm_free(&comm);
}

int
main(int argc, char **argv)
{
    struct dice dice = {argc > 1 ? (uint64_t)atoi(argv[1]) : 5};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    random_graph(&dice, 1); // no edge
    random_graph(&dice, 2);
    random_graph(&dice, 4);
    grid(0);
    grid(1);
    errors();
    MPI_Finalize();
    return 0;
}
