// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* All collectives between two groups (MPI 5.0, 6.2.2) in all forms, with groups of any sizes, the
 * root in either. */
#include "coll_data.h"

enum { MOST = 64, FORMS = 3, NOBODY = -1 };

static MPI_Comm comm;
static int rank, size, others; // in the own group, and in the other
static int high;               // which group
static uint64_t id;

#define ISSUE(form, function, starting, ...)                                                       \
    do {                                                                                           \
        MPI_Request request;                                                                       \
        if (form == 0) {                                                                           \
            function(__VA_ARGS__);                                                                 \
            break;                                                                                 \
        }                                                                                          \
        if (form == 1) {                                                                           \
            starting(__VA_ARGS__, &request);                                                       \
            MPI_Wait(&request, MPI_STATUS_IGNORE);                                                 \
            break;                                                                                 \
        }                                                                                          \
        function##_init(__VA_ARGS__, MPI_INFO_NULL, &request);                                     \
        for (int i_ = 0; i_ < 2; i_++) {                                                           \
            MPI_Start(&request);                                                                   \
            MPI_Wait(&request, MPI_STATUS_IGNORE);                                                 \
        }                                                                                          \
        MPI_Request_free(&request);                                                                \
    } while (0)

// A number for a member of a group.
static int
who(int group, int member)
{
    return group * MOST + member;
}

// The root as this process names it: `at` of `group`.
static int
root_of(int group, int at)
{
    if (group != high)
        return at;
    return at == rank ? MPI_ROOT : MPI_PROC_NULL;
}

// Bytes from a to b; those of one group are of another size.
static int
bytes_of(int group, int a, int b, uint64_t n)
{
    return (int)(mix(id * 5 + (uint64_t)who(group, a) * 1000 + (uint64_t)b) % (n + 1));
}

static void
bcast(int form, uint64_t n, int group, int at)
{
    int root = root_of(group, at);
    char *p = buffer_new(n);
    if (root == MPI_ROOT)
        fill_bytes(p, id, who(group, at), 0, n);
    ISSUE(form, MPI_Bcast, MPI_Ibcast, p, (int)n, MPI_BYTE, root, comm);
    if (root >= 0)
        check_bytes(p, id, who(group, at), 0, n, "bcast");
    buffer_free(p, n, "bcast");
}

// gather and gatherv, of what the members of the other group give to the root.
static void
gather(int form, uint64_t n, int group, int at, int irregular)
{
    int root = root_of(group, at), counts[MOST], displs[MOST];
    uint64_t all = 0;
    for (int m = 0; m < others; m++) {
        counts[m] = irregular ? bytes_of(!high, m, 0, n) : (int)n;
        displs[m] = (int)all;
        all += (uint64_t)counts[m];
    }
    uint64_t mine = irregular ? (uint64_t)bytes_of(high, rank, 0, n) : n;
    char *from = buffer_new(mine), *to = buffer_new(all);
    fill_bytes(from, id, who(high, rank), 0, mine);
    if (irregular)
        ISSUE(form, MPI_Gatherv, MPI_Igatherv, from, (int)mine, MPI_BYTE, to, counts, displs,
              MPI_BYTE, root, comm);
    else
        ISSUE(form, MPI_Gather, MPI_Igather, from, (int)n, MPI_BYTE, to, (int)n, MPI_BYTE, root,
              comm);
    for (int m = 0; m < others && root == MPI_ROOT; m++)
        check_bytes(to + displs[m], id, who(!high, m), 0, (uint64_t)counts[m], "gather");
    buffer_free(from, mine, "gather");
    buffer_free(to, all, "gather");
}

static void
scatter(int form, uint64_t n, int group, int at, int irregular)
{
    int root = root_of(group, at), counts[MOST], displs[MOST];
    uint64_t all = 0;
    for (int m = 0; m < others; m++) {
        counts[m] = irregular ? bytes_of(!high, m, 1, n) : (int)n;
        displs[m] = (int)all;
        all += (uint64_t)counts[m];
    }
    uint64_t mine = irregular ? (uint64_t)bytes_of(high, rank, 1, n) : n;
    char *from = buffer_new(all), *to = buffer_new(mine);
    for (int m = 0; m < others; m++)
        fill_bytes(from + displs[m], id, who(!high, m), 0, (uint64_t)counts[m]);
    if (irregular)
        ISSUE(form, MPI_Scatterv, MPI_Iscatterv, from, counts, displs, MPI_BYTE, to, (int)mine,
              MPI_BYTE, root, comm);
    else
        ISSUE(form, MPI_Scatter, MPI_Iscatter, from, (int)n, MPI_BYTE, to, (int)n, MPI_BYTE, root,
              comm);
    if (root >= 0)
        check_bytes(to, id, who(high, rank), 0, mine, "scatter");
    buffer_free(from, all, "scatter");
    buffer_free(to, mine, "scatter");
}

// The groups give each other blocks of different sizes; `none`: this one gives nothing.
static void
allgather(int form, uint64_t n, int irregular, int none)
{
    int counts[MOST], displs[MOST];
    uint64_t give = none == high ? 0 : n + (uint64_t)high, take = none == !high ? 0 : n + !high;
    uint64_t all = 0;
    for (int m = 0; m < others; m++) {
        counts[m] = irregular ? bytes_of(!high, m, 2, take) : (int)take;
        displs[m] = (int)all;
        all += (uint64_t)counts[m];
    }
    give = irregular ? (uint64_t)bytes_of(high, rank, 2, give) : give;
    char *from = buffer_new(give), *to = buffer_new(all);
    fill_bytes(from, id, who(high, rank), 0, give);
    if (irregular)
        ISSUE(form, MPI_Allgatherv, MPI_Iallgatherv, from, (int)give, MPI_BYTE, to, counts, displs,
              MPI_BYTE, comm);
    else
        ISSUE(form, MPI_Allgather, MPI_Iallgather, from, (int)give, MPI_BYTE, to, (int)take,
              MPI_BYTE, comm);
    for (int m = 0; m < others; m++)
        check_bytes(to + displs[m], id, who(!high, m), 0, (uint64_t)counts[m], "allgather");
    buffer_free(from, give, "allgather");
    buffer_free(to, all, "allgather");
}

static void
place(int group, int irregular, int from, uint64_t n, int counts[MOST], int displs[MOST],
      uint64_t *all)
{
    *all = 0;
    for (int m = 0; m < others; m++) {
        int a = from ? m : rank, b = from ? rank : m;
        counts[m] = irregular ? bytes_of(group, a, b + 3, n) : (int)n;
        displs[m] = (int)*all;
        *all += (uint64_t)counts[m];
    }
}

static void
alltoall(int form, uint64_t n, int kind)
{
    int sc[MOST], sd[MOST], rc[MOST], rd[MOST];
    uint64_t give = n + (uint64_t)high, take = n + !high, nsend, nrecv;
    MPI_Datatype types[MOST];
    place(high, kind, 0, give, sc, sd, &nsend);
    place(!high, kind, 1, take, rc, rd, &nrecv);
    char *from = buffer_new(nsend), *to = buffer_new(nrecv);
    for (int m = 0; m < others; m++) {
        types[m] = m % 2 ? MPI_BYTE : MPI_CHAR;
        fill_bytes(from + sd[m], id, who(high, rank) * MOST + m, 0, (uint64_t)sc[m]);
    }
    if (kind == 0)
        ISSUE(form, MPI_Alltoall, MPI_Ialltoall, from, (int)give, MPI_BYTE, to, (int)take, MPI_BYTE,
              comm);
    else if (kind == 1)
        ISSUE(form, MPI_Alltoallv, MPI_Ialltoallv, from, sc, sd, MPI_BYTE, to, rc, rd, MPI_BYTE,
              comm);
    else
        ISSUE(form, MPI_Alltoallw, MPI_Ialltoallw, from, sc, sd, types, to, rc, rd, types, comm);
    for (int m = 0; m < others; m++)
        check_bytes(to + rd[m], id, who(!high, m) * MOST + rank, 0, (uint64_t)rc[m], "alltoall");
    buffer_free(from, nsend, "alltoall");
    buffer_free(to, nrecv, "alltoall");
}

/* ---- reductions of what the other group gives ---- */

// In the order of ranks it is the last that stands.
static void
last_of(void *in, void *inout, int *n, MPI_Datatype *type)
{
    (void)in;
    (void)inout;
    (void)n;
    (void)type;
}

static void
check_reduced(const int64_t *p, uint64_t first, uint64_t n, int user, const char *what)
{
    if (user)
        for (uint64_t k = 0; k < n; k++)
            CHECK(p[k] == number_of(id, who(!high, others - 1), first + k), "%s, element %llu",
                  what, (unsigned long long)k);
    else
        check_sums(p, id, who(!high, 0), who(!high, others), first, n, what);
}

static void
reduce(int form, uint64_t n, int group, int at, MPI_Op op)
{
    int root = root_of(group, at);
    int64_t *from = buffer_new(n * 8), *to = buffer_new(n * 8);
    fill_numbers(from, id, who(high, rank), 0, n);
    ISSUE(form, MPI_Reduce, MPI_Ireduce, root == MPI_ROOT ? NULL : from, to, (int)n, MPI_INT64_T,
          op, root, comm);
    if (root == MPI_ROOT)
        check_reduced(to, 0, n, op != MPI_SUM, "reduce");
    buffer_free(from, n * 8, "reduce");
    buffer_free(to, n * 8, "reduce");
}

static void
allreduce(int form, uint64_t n, MPI_Op op)
{
    int64_t *from = buffer_new(n * 8), *to = buffer_new(n * 8);
    fill_numbers(from, id, who(high, rank), 0, n);
    ISSUE(form, MPI_Allreduce, MPI_Iallreduce, from, to, (int)n, MPI_INT64_T, op, comm);
    check_reduced(to, 0, n, op != MPI_SUM, "allreduce");
    buffer_free(from, n * 8, "allreduce");
    buffer_free(to, n * 8, "allreduce");
}

// Both groups give as many elements, each cut among the members of the other.
static void
reduce_scatter(int form, uint64_t n, int block, MPI_Op op)
{
    uint64_t all = n * (uint64_t)(size * others), own = n * (uint64_t)others, first = 0;
    int counts[MOST];
    for (int m = 0; m < size; m++)
        counts[m] = (int)own;
    if (!block && size > 1) { // not all the same
        counts[0] += (int)(own / 2);
        counts[size - 1] -= (int)(own / 2);
    }
    for (int m = 0; m < rank; m++)
        first += (uint64_t)counts[m];
    own = (uint64_t)counts[rank];
    int64_t *from = buffer_new(all * 8), *to = buffer_new(own * 8);
    fill_numbers(from, id, who(high, rank), 0, all);
    if (block)
        ISSUE(form, MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, from, to, counts[0],
              MPI_INT64_T, op, comm);
    else
        ISSUE(form, MPI_Reduce_scatter, MPI_Ireduce_scatter, from, to, counts, MPI_INT64_T, op,
              comm);
    check_reduced(to, first, own, op != MPI_SUM, "reduce_scatter");
    buffer_free(from, all * 8, "reduce_scatter");
    buffer_free(to, own * 8, "reduce_scatter");
}

static void
rooted(int form, uint64_t n, int group, MPI_Op op)
{
    int in_it = group == high ? size : others;
    for (int at = 0; at<in_it; at += in_it> 2 ? in_it - 1 : 1) {
        bcast(form, n, group, at);
        id++;
        gather(form, n, group, at, 0);
        gather(form, n, group, at, 1);
        scatter(form, n, group, at, 0);
        scatter(form, n, group, at, 1);
        id++;
        reduce(form, n / 8, group, at, op);
        id++;
    }
}

static void
all_kinds(int form, uint64_t n, MPI_Op op)
{
    ISSUE(form, MPI_Barrier, MPI_Ibarrier, comm);
    rooted(form, n, 0, op);
    rooted(form, n, 1, op);
    for (int none = NOBODY; none < 2; none++) {
        allgather(form, n, 0, none);
        allgather(form, n, 1, none);
        id++;
    }
    for (int kind = 0; kind < 3; kind++)
        alltoall(form, n, kind);
    id++;
    allreduce(form, n / 8, op);
    reduce_scatter(form, n / 8 / (uint64_t)(size * others), 0, op);
    reduce_scatter(form, n / 8 / (uint64_t)(size * others), 1, op);
    id++;
}

static void
expect(int err, int errclass, const char *what)
{
    int is;
    MPI_Error_class(err, &is);
    CHECK(is == errclass, "%s gave class %d, not %d", what, is, errclass);
}

static void
errors(void)
{
    int64_t a[2] = {0}, b[2 * MOST];
    expect(MPI_Bcast(a, 1, MPI_INT, others, comm), MPI_ERR_ROOT, "a root that is not there");
    expect(MPI_Allreduce(MPI_IN_PLACE, b, 1, MPI_INT, MPI_SUM, comm), MPI_ERR_BUFFER, "in place");
    expect(MPI_Allgather(MPI_IN_PLACE, 1, MPI_INT, b, 1, MPI_INT, comm), MPI_ERR_BUFFER,
           "in place");
    expect(MPI_Scan(a, b, 1, MPI_INT, MPI_SUM, comm), MPI_ERR_COMM, "a scan");
    // One group takes for the root who does not know it.
    int err = MPI_Bcast(a, 1, MPI_INT, high ? 0 : MPI_PROC_NULL, comm);
    if (high)
        expect(err, MPI_ERR_ROOT, "nobody is root");
}

int
main(int argc, char **argv)
{
    static const uint64_t sizes[] = {0, 8, 100, 3000, 40000, 1000000};
    MPI_Comm half;
    MPI_Op last;
    int world, in_world;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &world);
    MPI_Comm_size(MPI_COMM_WORLD, &in_world);
    MPI_Op_create(last_of, 0, &last);
    for (int cut = 1; cut<in_world; cut += in_world> 3 ? in_world / 2 : 1) {
        high = world >= cut;
        MPI_Comm_split(MPI_COMM_WORLD, high, world, &half);
        MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, high ? 0 : cut, 7, &comm);
        MPI_Comm_rank(comm, &rank);
        MPI_Comm_size(comm, &size);
        MPI_Comm_remote_size(comm, &others);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int form = 0; form < FORMS; form++)
                all_kinds(form, sizes[s], s % 2 ? last : MPI_SUM);
        MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
        errors();
        MPI_Comm_free(&comm);
        MPI_Comm_free(&half);
    }
    MPI_Op_free(&last);
    MPI_Finalize();
    return 0;
}
