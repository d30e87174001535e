// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Random collectives of random sizes, types, roots and communicators in all three forms, each
 * result computed independently. Started ones stay under way while others go by, and every rank
 * completes its own in an order of its own. coll_random [seconds [seed]]
 */
#include "coll_data.h"

#include <time.h>
#include <unistd.h>

enum { COMMS = 4, MOST = 64, UNDER_WAY = 90, BATCH = 4 };

enum form { BLOCKING, STARTED, PERSISTENT };

static struct dice dice;  // the same on every rank
static struct dice own;   // each rank's
static MPI_Datatype pair; // what `compose` takes
static MPI_Datatype wide; // the same with a hole behind each
static MPI_Datatype holed;
static MPI_Op compose, compose_wide;

/* Bytes [at, at + n) of a buffer hold elements from `first` on of what `from` contributes. */
struct piece {
    uint64_t at, n, first;
    int from;
};

struct blocks {
    int counts[MOST], displs[MOST];
    uint64_t all;
};

/* One call, under way or not, on a communicator whose members may differ. */
struct call {
    const struct kind *kind;
    enum form form;
    MPI_Comm comm;
    MPI_Request request;
    int rank, size, root;
    int in_place, user, holes;
    uint64_t id, n;
    struct blocks s, r;
    MPI_Datatype type, types[MOST];
    char *send, *recv;
    uint64_t nsend, nrecv; // bytes
    struct piece sends[MOST], recvs[MOST];
    int given, taken;            // pieces
    int low, high;               // reductions: of whom
    uint64_t first, units, nown; // first element of the result, elements of it, of the input
};

struct kind {
    const char *name;
    void (*make)(struct call *c);
    void (*issue)(struct call *c);
    int reduces;
};

#define ISSUE(c, function, starting, ...)                                                          \
    switch ((c)->form) {                                                                           \
    case BLOCKING:                                                                                 \
        function(__VA_ARGS__);                                                                     \
        break;                                                                                     \
    case STARTED:                                                                                  \
        starting(__VA_ARGS__, &(c)->request);                                                      \
        break;                                                                                     \
    case PERSISTENT:                                                                               \
        function##_init(__VA_ARGS__, MPI_INFO_NULL, &(c)->request);                                \
        break;                                                                                     \
    }

/* ---- what is copied: bytes, or every other byte ---- */

static int
is_root(const struct call *c)
{
    return c->rank == c->root;
}

static uint64_t
spot(const struct call *c, uint64_t k)
{
    return c->holes ? 2 * k : k;
}

static void
gives(struct call *c, uint64_t at, uint64_t n, int from)
{
    c->sends[c->given++] = (struct piece){.at = at, .n = n, .from = from};
}

static void
takes(struct call *c, uint64_t at, uint64_t n, uint64_t first, int from)
{
    c->recvs[c->taken++] = (struct piece){.at = at, .n = n, .first = first, .from = from};
}

static void
fill_pieces(struct call *c)
{
    char *to = c->in_place ? c->recv : c->send;
    for (int i = 0; i < c->given; i++)
        for (uint64_t k = 0; k < c->sends[i].n; k++)
            to[spot(c, c->sends[i].at + k)] = (char)byte_of(c->id, c->sends[i].from, k);
}

static void
check_pieces(const struct call *c)
{
    const unsigned char *p = (unsigned char *)c->recv;
    for (int i = 0; i < c->taken; i++) {
        const struct piece *t = &c->recvs[i];
        for (uint64_t k = 0; k < t->n; k++)
            CHECK(p[spot(c, t->at + k)] == byte_of(c->id, t->from, t->first + k),
                  "%s %llu, form %d, rank %d of %d: byte %llu of %llu from %d", c->kind->name,
                  (unsigned long long)c->id, c->form, c->rank, c->size, (unsigned long long)k,
                  (unsigned long long)t->n, t->from);
    }
    if (c->holes)
        for (uint64_t k = 1; k < c->nrecv; k += 2)
            CHECK(p[k] == 0xa5, "%s wrote into a hole", c->kind->name);
}

static void
make_bcast(struct call *c)
{
    c->nrecv = c->n;
    c->in_place = 1; // one buffer
    if (is_root(c))
        gives(c, 0, c->n, c->root);
    takes(c, 0, c->n, 0, c->root);
}

static void
bcast(struct call *c)
{
    ISSUE(c, MPI_Bcast, MPI_Ibcast, c->recv, (int)c->n, c->type, c->root, c->comm)
}

static void
place_blocks(struct blocks *b, int size, int gap)
{
    b->all = 0;
    for (int r = size - 1; r >= 0; r--) { // the last stands first
        b->displs[r] = (int)b->all;
        b->all += (uint64_t)(b->counts[r] + gap);
    }
}

static void
same_blocks(struct blocks *b, int size, uint64_t n)
{
    for (int r = 0; r < size; r++) {
        b->counts[r] = (int)n;
        b->displs[r] = r * (int)n;
    }
    b->all = n * (uint64_t)size;
}

// What `a` and `b` exchange in this call; for in place it is the same both ways.
static int
count_between(const struct call *c, int a, int b)
{
    uint64_t x =
        c->in_place ? (uint64_t)(a < b ? a * MOST + b : b * MOST + a) : (uint64_t)(a * MOST + b);
    uint64_t h = mix(c->id * 77 + x);
    return h % 4 ? (int)(h % (c->n / (uint64_t)c->size + 1)) : 0;
}

static void
blocks_from(struct call *c, struct blocks *b, int irregular, int gap)
{
    same_blocks(b, c->size, c->n / (uint64_t)c->size);
    for (int r = 0; r < c->size && irregular; r++)
        b->counts[r] = count_between(c, r, 0);
    if (irregular)
        place_blocks(b, c->size, gap);
}

static void
make_gathering(struct call *c, int irregular, int taker)
{
    blocks_from(c, &c->r, irregular, 3);
    uint64_t mine = (uint64_t)c->r.counts[c->rank];
    c->in_place = c->in_place && taker;
    c->nsend = mine;
    c->nrecv = taker ? c->r.all : 0;
    gives(c, c->in_place ? (uint64_t)c->r.displs[c->rank] : 0, mine, c->rank);
    for (int m = 0; m < c->size && taker; m++)
        takes(c, (uint64_t)c->r.displs[m], (uint64_t)c->r.counts[m], 0, m);
}

static void
make_gather(struct call *c)
{
    make_gathering(c, 0, is_root(c));
}

static void
make_gatherv(struct call *c)
{
    make_gathering(c, 1, is_root(c));
}

static void
make_allgather(struct call *c)
{
    make_gathering(c, 0, 1);
}

static void
make_allgatherv(struct call *c)
{
    make_gathering(c, 1, 1);
}

static const void *
input(const struct call *c)
{
    return c->in_place ? MPI_IN_PLACE : c->send;
}

static void
gather(struct call *c)
{
    int n = c->r.counts[0];
    ISSUE(c, MPI_Gather, MPI_Igather, input(c), n, c->type, c->recv, n, c->type, c->root, c->comm)
}

static void
gatherv(struct call *c)
{
    ISSUE(c, MPI_Gatherv, MPI_Igatherv, input(c), c->r.counts[c->rank], c->type, c->recv,
          c->r.counts, c->r.displs, c->type, c->root, c->comm)
}

static void
allgather(struct call *c)
{
    int n = c->r.counts[0];
    ISSUE(c, MPI_Allgather, MPI_Iallgather, input(c), n, c->type, c->recv, n, c->type, c->comm)
}

static void
allgatherv(struct call *c)
{
    ISSUE(c, MPI_Allgatherv, MPI_Iallgatherv, input(c), c->r.counts[c->rank], c->type, c->recv,
          c->r.counts, c->r.displs, c->type, c->comm)
}

static void
make_scattering(struct call *c, int irregular)
{
    int in_place = c->in_place && is_root(c);
    c->in_place = 0;
    blocks_from(c, &c->s, irregular, 1);
    c->nsend = is_root(c) ? c->s.all : 0;
    c->nrecv = (uint64_t)c->s.counts[c->rank];
    if (is_root(c))
        gives(c, 0, c->s.all, c->root);
    if (in_place)
        c->r.all = 1; // said to the call
    else
        takes(c, 0, c->nrecv, (uint64_t)c->s.displs[c->rank], c->root);
}

static void
make_scatter(struct call *c)
{
    make_scattering(c, 0);
}

static void
make_scatterv(struct call *c)
{
    make_scattering(c, 1);
}

static void
scatter(struct call *c)
{
    int n = c->s.counts[0];
    void *to = c->r.all ? MPI_IN_PLACE : c->recv;
    ISSUE(c, MPI_Scatter, MPI_Iscatter, c->send, n, c->type, to, n, c->type, c->root, c->comm)
}

static void
scatterv(struct call *c)
{
    void *to = c->r.all ? MPI_IN_PLACE : c->recv;
    ISSUE(c, MPI_Scatterv, MPI_Iscatterv, c->send, c->s.counts, c->s.displs, c->type, to,
          c->s.counts[c->rank], c->type, c->root, c->comm)
}

static void
make_exchange(struct call *c, int irregular)
{
    same_blocks(&c->s, c->size, c->n / (uint64_t)c->size);
    c->r = c->s;
    for (int m = 0; m < c->size && irregular; m++) {
        c->s.counts[m] = count_between(c, c->rank, m);
        c->r.counts[m] = count_between(c, m, c->rank);
    }
    if (irregular) {
        place_blocks(&c->s, c->size, 0);
        place_blocks(&c->r, c->size, c->in_place ? 0 : 5);
    }
    c->nsend = c->s.all;
    c->nrecv = c->r.all;
    for (int m = 0; m < c->size; m++) {
        gives(c, (uint64_t)c->s.displs[m], (uint64_t)c->s.counts[m], c->rank * MOST + m);
        takes(c, (uint64_t)c->r.displs[m], (uint64_t)c->r.counts[m], 0, m * MOST + c->rank);
    }
}

static void
make_alltoall(struct call *c)
{
    make_exchange(c, 0);
}

static void
make_alltoallv(struct call *c)
{
    make_exchange(c, 1);
}

// Displacements in bytes.
static void
make_alltoallw(struct call *c)
{
    make_exchange(c, 1);
    for (int m = 0; m < c->size; m++) {
        c->types[m] = c->holes ? holed : m % 2 ? MPI_BYTE : MPI_UINT8_T;
        c->s.displs[m] *= c->holes ? 2 : 1;
        c->r.displs[m] *= c->holes ? 2 : 1;
    }
}

static void
alltoall(struct call *c)
{
    int n = c->s.counts[0];
    ISSUE(c, MPI_Alltoall, MPI_Ialltoall, input(c), n, c->type, c->recv, n, c->type, c->comm)
}

static void
alltoallv(struct call *c)
{
    ISSUE(c, MPI_Alltoallv, MPI_Ialltoallv, input(c), c->s.counts, c->s.displs, c->type, c->recv,
          c->r.counts, c->r.displs, c->type, c->comm)
}

static void
alltoallw(struct call *c)
{
    ISSUE(c, MPI_Alltoallw, MPI_Ialltoallw, input(c), c->s.counts, c->s.displs, c->types, c->recv,
          c->r.counts, c->r.displs, c->types, c->comm)
}

/* ---- what is reduced: sums of int64, or functions x -> a x + b of integers, composed ---- */

struct affine {
    uint32_t a, b;
};

static struct affine
affine_of(int64_t number)
{
    return (struct affine){(uint32_t)number | 1, (uint32_t)(number >> 7)};
}

static void
compose_some(void *in, void *inout, int *n, MPI_Datatype *type)
{
    struct affine *f = in, *g = inout;
    (void)type;
    for (int i = 0; i < *n; i++)
        g[i] = (struct affine){f[i].a * g[i].a, f[i].a * g[i].b + f[i].b};
}

static void
compose_some_wide(void *in, void *inout, int *n, MPI_Datatype *type)
{
    int one = 1;
    for (int i = 0; i < *n; i++)
        compose_some((char *)in + 16 * i, (char *)inout + 16 * i, &one, type);
}

// Bytes from operand to operand: int64, `pair`, `wide`.
static uint64_t
stride(const struct call *c)
{
    return c->user == 2 ? 16 : 8;
}

static void
fill_operands(struct call *c)
{
    char *to = c->in_place ? c->recv : c->send;
    for (uint64_t k = 0; k < c->nown; k++) {
        int64_t number = number_of(c->id, c->rank, k);
        struct affine f = affine_of(number);
        memcpy(to + stride(c) * k, c->user ? (void *)&f : (void *)&number, 8);
    }
}

static void
check_composed(const struct call *c, uint64_t k)
{
    struct affine is, want = affine_of(number_of(c->id, c->high - 1, c->first + k));
    int one = 1;
    for (int m = c->high - 2; m >= c->low; m--) {
        struct affine f = affine_of(number_of(c->id, m, c->first + k));
        compose_some(&f, &want, &one, NULL);
    }
    memcpy(&is, c->recv + stride(c) * k, 8);
    CHECK(is.a == want.a && is.b == want.b, "%s %llu, form %d: element %llu of %llu", c->kind->name,
          (unsigned long long)c->id, c->form, (unsigned long long)k, (unsigned long long)c->units);
}

static void
check_reduced(const struct call *c)
{
    if (c->low >= c->high)
        return;
    if (!c->user)
        check_sums((int64_t *)(void *)c->recv, c->id, c->low, c->high, c->first, c->units,
                   c->kind->name);
    for (uint64_t k = 0; k < c->units && c->user; k++)
        check_composed(c, k);
}

// `taker`: it has a result, of all below `high`.
static void
make_reduction(struct call *c, int taker, int high)
{
    uint64_t n = c->n / 8;
    c->in_place = c->in_place && taker;
    c->nown = c->units = n;
    c->nsend = n * stride(c);
    c->nrecv = n * stride(c);
    c->high = taker ? high : 0;
}

static void
make_reduce(struct call *c)
{
    make_reduction(c, is_root(c), c->size);
}

static void
make_allreduce(struct call *c)
{
    make_reduction(c, 1, c->size);
}

static void
make_scan(struct call *c)
{
    make_reduction(c, 1, c->rank + 1);
}

static void
make_exscan(struct call *c)
{
    make_reduction(c, 1, c->rank);
}

static MPI_Datatype
number(const struct call *c)
{
    return c->user == 2 ? wide : c->user ? pair : MPI_INT64_T;
}

static MPI_Op
op(const struct call *c)
{
    return c->user == 2 ? compose_wide : c->user ? compose : MPI_SUM;
}

static void
reduce(struct call *c)
{
    ISSUE(c, MPI_Reduce, MPI_Ireduce, input(c), c->recv, (int)c->units, number(c), op(c), c->root,
          c->comm)
}

static void
allreduce(struct call *c)
{
    ISSUE(c, MPI_Allreduce, MPI_Iallreduce, input(c), c->recv, (int)c->units, number(c), op(c),
          c->comm)
}

static void
scan(struct call *c)
{
    ISSUE(c, MPI_Scan, MPI_Iscan, input(c), c->recv, (int)c->units, number(c), op(c), c->comm)
}

static void
exscan(struct call *c)
{
    ISSUE(c, MPI_Exscan, MPI_Iexscan, input(c), c->recv, (int)c->units, number(c), op(c), c->comm)
}

static void
make_reduce_scatter(struct call *c)
{
    for (int r = 0; r < c->size; r++) {
        c->r.counts[r] = count_between(c, 0, r) / 8;
        c->first += r < c->rank ? (uint64_t)c->r.counts[r] : 0;
        c->nown += (uint64_t)c->r.counts[r];
    }
    c->units = (uint64_t)c->r.counts[c->rank];
    c->nsend = c->nown * stride(c);
    c->nrecv = (c->in_place ? c->nown : c->units) * stride(c);
    c->high = c->size;
}

static void
make_reduce_scatter_block(struct call *c)
{
    c->units = c->n / 8 / (uint64_t)c->size;
    c->nown = c->units * (uint64_t)c->size;
    c->first = c->units * (uint64_t)c->rank;
    c->nsend = c->nown * stride(c);
    c->nrecv = (c->in_place ? c->nown : c->units) * stride(c);
    c->high = c->size;
}

static void
reduce_scatter(struct call *c)
{
    ISSUE(c, MPI_Reduce_scatter, MPI_Ireduce_scatter, input(c), c->recv, c->r.counts, number(c),
          op(c), c->comm)
}

static void
reduce_scatter_block(struct call *c)
{
    ISSUE(c, MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, input(c), c->recv, (int)c->units,
          number(c), op(c), c->comm)
}

static void
make_barrier(struct call *c)
{
    c->in_place = 0;
}

static void
barrier(struct call *c)
{
    ISSUE(c, MPI_Barrier, MPI_Ibarrier, c->comm)
}

static const struct kind kinds[] = {
    {"barrier", make_barrier, barrier, 0},
    {"bcast", make_bcast, bcast, 0},
    {"gather", make_gather, gather, 0},
    {"gatherv", make_gatherv, gatherv, 0},
    {"scatter", make_scatter, scatter, 0},
    {"scatterv", make_scatterv, scatterv, 0},
    {"allgather", make_allgather, allgather, 0},
    {"allgatherv", make_allgatherv, allgatherv, 0},
    {"alltoall", make_alltoall, alltoall, 0},
    {"alltoallv", make_alltoallv, alltoallv, 0},
    {"alltoallw", make_alltoallw, alltoallw, 0},
    {"reduce", make_reduce, reduce, 1},
    {"allreduce", make_allreduce, allreduce, 1},
    {"scan", make_scan, scan, 1},
    {"exscan", make_exscan, exscan, 1},
    {"reduce_scatter", make_reduce_scatter, reduce_scatter, 1},
    {"reduce_scatter_block", make_reduce_scatter_block, reduce_scatter_block, 1},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- the life of a call ---- */

static uint64_t
random_size(void)
{
    static const uint64_t limits[] = {1, 9, 33, 300, 3000, 20000, 200000, 3000000};
    uint64_t limit = limits[roll(&dice, roll(&dice, 60) ? 6 : 8)];
    return roll(&dice, limit);
}

static void
call_new(struct call *c, MPI_Comm comm, enum form form)
{
    static uint64_t calls;
    *c = (struct call){.comm = comm, .form = form, .request = MPI_REQUEST_NULL, .id = calls++};
    c->kind = &kinds[roll(&dice, KINDS)];
    uint64_t root = roll(&dice, 1 << 20);
    c->n = random_size();
    c->in_place = roll(&dice, 3) == 0;
    c->user = (int)roll(&dice, 6) % 4 % 3;
    c->holes = !c->kind->reduces && roll(&dice, 4) == 0;
    MPI_Comm_rank(comm, &c->rank);
    MPI_Comm_size(comm, &c->size);
    c->root = (int)(root % (uint64_t)c->size);
    c->type = c->holes ? holed : MPI_BYTE;
    c->kind->make(c);
    c->nsend = spot(c, c->nsend);
    c->nrecv = spot(c, c->nrecv);
    c->send = buffer_new(c->nsend);
    c->recv = buffer_new(c->nrecv);
}

static void
call_fill(struct call *c)
{
    memset(c->recv, 0xa5, c->nrecv);
    if (c->kind->reduces)
        fill_operands(c);
    else
        fill_pieces(c);
}

static void
call_check(const struct call *c)
{
    if (c->kind->reduces)
        check_reduced(c);
    else
        check_pieces(c);
    buffer_check(c->send, c->nsend, c->kind->name);
    buffer_check(c->recv, c->nrecv, c->kind->name);
}

static void
call_free(struct call *c)
{
    buffer_free(c->send, c->nsend, c->kind->name);
    buffer_free(c->recv, c->nrecv, c->kind->name);
    free(c);
}

/* ---- under way ---- */

static struct call *calls[UNDER_WAY];
static MPI_Request requests[UNDER_WAY];
static int under_way;

static void
is_over(int i)
{
    struct call *c = calls[i];
    CHECK(requests[i] == MPI_REQUEST_NULL, "request %d", i);
    call_check(c);
    call_free(c);
    calls[i] = NULL;
}

// Close the gaps.
static void
close_up(void)
{
    int n = 0;
    for (int i = 0; i < under_way; i++)
        if (calls[i]) {
            calls[n] = calls[i];
            requests[n++] = requests[i];
        }
    under_way = n;
}

static void
complete_some(void)
{
    int n, flag, at[UNDER_WAY], i = (int)roll(&own, (uint64_t)under_way);
    switch (roll(&own, 5)) {
    case 0:
        MPI_Wait(&requests[i], MPI_STATUS_IGNORE);
        is_over(i);
        break;
    case 1:
        MPI_Test(&requests[i], &flag, MPI_STATUS_IGNORE);
        if (flag)
            is_over(i);
        break;
    case 2:
        MPI_Waitany(under_way, requests, &i, MPI_STATUS_IGNORE);
        is_over(i);
        break;
    case 3:
        MPI_Waitsome(under_way, requests, &n, at, MPI_STATUSES_IGNORE);
        for (int k = 0; k < n; k++)
            is_over(at[k]);
        break;
    default:
        MPI_Testsome(under_way, requests, &n, at, MPI_STATUSES_IGNORE);
        for (int k = 0; k < n; k++)
            is_over(at[k]);
    }
    close_up();
}

static void
start_one(MPI_Comm comm)
{
    while (under_way == UNDER_WAY)
        complete_some();
    struct call *c = malloc(sizeof *c);
    call_new(c, comm, STARTED);
    call_fill(c);
    c->kind->issue(c);
    requests[under_way] = c->request;
    calls[under_way++] = c;
}

static void
run_one(MPI_Comm comm)
{
    struct call *c = malloc(sizeof *c);
    call_new(c, comm, BLOCKING);
    call_fill(c);
    c->kind->issue(c);
    call_check(c);
    call_free(c);
}

/* ---- persistent: each rank starts and completes them in an order of its own ---- */

static void
shuffle(int *at, int n)
{
    for (int i = 0; i < n; i++) {
        int j = (int)roll(&own, (uint64_t)i + 1);
        at[i] = at[j];
        at[j] = i;
    }
}

static void
batch(MPI_Comm comms[COMMS])
{
    struct call *c[BATCH];
    int at[BATCH];
    for (int i = 0; i < BATCH; i++) {
        c[i] = malloc(sizeof *c[i]);
        call_new(c[i], comms[roll(&dice, COMMS)], PERSISTENT);
        c[i]->kind->issue(c[i]);
    }
    for (uint64_t rounds = roll(&dice, 4); rounds; rounds--) {
        shuffle(at, BATCH);
        for (int i = 0; i < BATCH; i++) {
            call_fill(c[at[i]]);
            MPI_Start(&c[at[i]]->request);
        }
        shuffle(at, BATCH);
        for (int i = 0; i < BATCH; i++) {
            MPI_Wait(&c[at[i]]->request, MPI_STATUS_IGNORE);
            call_check(c[at[i]]);
        }
    }
    for (int i = 0; i < BATCH; i++) {
        MPI_Request_free(&c[i]->request);
        call_free(c[i]);
    }
}

/* ---- beside them ---- */

static void
messages(void)
{
    static char from[100000], to[100000];
    int rank = world_rank(), size = world_size(), n = (int)random_size() % 100000;
    memset(from, rank, (size_t)n);
    MPI_Sendrecv(from, n, MPI_BYTE, (rank + 1) % size, 1, to, n, MPI_BYTE, (rank + size - 1) % size,
                 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int i = 0; i < n; i++)
        CHECK(to[i] == (char)((rank + size - 1) % size), "byte %d of a message", i);
}

static void
one_turn(MPI_Comm comms[COMMS])
{
    MPI_Comm comm = comms[roll(&dice, COMMS)];
    uint64_t what = roll(&dice, 100);
    if (what < 45)
        run_one(comm);
    else if (what < 90)
        start_one(comm);
    else if (what < 94)
        batch(comms);
    else
        messages();
    if (under_way && roll(&own, 3) == 0)
        complete_some();
    if (roll(&own, 400) == 0)
        usleep((unsigned)roll(&own, 2000));
}

static void
make_comms(MPI_Comm comms[COMMS])
{
    int rank = world_rank(), size = world_size();
    comms[0] = MPI_COMM_WORLD;
    MPI_Comm_dup(MPI_COMM_WORLD, &comms[1]);
    MPI_Comm_split(MPI_COMM_WORLD, 0, size - rank, &comms[2]); // backwards
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &comms[3]);
}

static void
make_types(void)
{
    MPI_Type_contiguous(2, MPI_UINT32_T, &pair);
    MPI_Type_create_resized(MPI_BYTE, 0, 2, &holed);
    MPI_Type_create_resized(pair, 0, 16, &wide);
    MPI_Type_commit(&pair);
    MPI_Type_commit(&wide);
    MPI_Type_commit(&holed);
    MPI_Op_create(compose_some, 0, &compose);
    MPI_Op_create(compose_some_wide, 0, &compose_wide);
}

// Rank 0's clock decides for all, now and then.
static int
time_is_over(time_t end)
{
    int over = time(NULL) >= end;
    MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return over;
}

int
main(int argc, char **argv)
{
    MPI_Comm comms[COMMS];
    MPI_Init(&argc, &argv);
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3);
    dice.state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    own.state = mix(dice.state) + (uint64_t)world_rank() * 1000000007;
    make_comms(comms);
    make_types();
    uint64_t turns = 0;
    while (turns % 50 || !time_is_over(end)) {
        one_turn(comms);
        turns++;
    }
    while (under_way)
        complete_some();
    if (world_rank() == 0)
        printf("%llu turns\n", (unsigned long long)turns);
    for (int i = 1; i < COMMS; i++)
        MPI_Comm_free(&comms[i]);
    MPI_Type_free(&pair);
    MPI_Type_free(&wide);
    MPI_Type_free(&holed);
    MPI_Op_free(&compose);
    MPI_Op_free(&compose_wide);
    MPI_Finalize();
    return 0;
}
