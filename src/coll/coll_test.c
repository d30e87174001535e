// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Collectives of several processes without the launcher: datatypes made by hand (with holes, with
 * elements larger than a piece, that do not begin at their address), and more ranks than one word
 * of a set of watchers holds. */
#include "boot/wire.h"
#include "coll/call.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(cond)                                                                                \
    ((cond) ? (void)0                                                                              \
            : (fprintf(stderr, "rank %d, line %d: %s\n", engine.rank, __LINE__, #cond), _exit(1)))

#define DIES 42 // exit code of a rank that is meant to

static int rank, size;

/* ---- datatypes ---- */

// An int64 at 8 and an int32 at 20 of 32 bytes; 4 bytes of each element's end are a hole.
static struct type *
type_with_holes(void)
{
    static const struct layout_run runs[] = {{8, 0}, {20, 8}, {0, 12}};
    struct type *type = pool_alloc(HANDLE_TYPE, sizeof *type);
    struct type_info *info = calloc(1, sizeof *info);
    CHECK(type && info);
    *info = (struct type_info){
        .form = LAYOUT_RUNS, .size = 12, .pieces = 2, .count = 2, .length = 1, .runs = runs};
    type->refs = 1;
    type->committed = true;
    type->size = 12;
    type->lb = 0;
    type->extent = 32;
    type->true_lb = 8;
    type->true_extent = 16;
    type->info = info;
    type->label = "a type with holes";
    type->handle = (MPI_Datatype)handle_of(HANDLE_TYPE, type);
    return type;
}

// `bytes` in one block, `lb` bytes after the element's address.
static struct type *
type_block(MPI_Count bytes, MPI_Count lb)
{
    struct type *type = pool_alloc(HANDLE_TYPE, sizeof *type);
    CHECK(type);
    type->refs = 1;
    type->committed = type->contiguous = true;
    type->size = type->extent = type->true_extent = bytes;
    type->lb = type->true_lb = lb;
    type->label = "a block";
    type->handle = (MPI_Datatype)handle_of(HANDLE_TYPE, type);
    return type;
}

/* ---- with holes ---- */

struct element {
    char hole[8];
    int64_t a;
    int32_t other_hole;
    int32_t b;
    char end[8];
};
static_assert(sizeof(struct element) == 32, "as type_with_holes says");

static void
fill(struct element *p, int from, int n)
{
    memset(p, 0x5a, (size_t)n * sizeof *p);
    for (int i = 0; i < n; i++) {
        p[i].a = from * 1000000 + i;
        p[i].b = from + 3 * i;
    }
}

static void
holes_are_whole(const struct element *p, int n)
{
    for (int i = 0; i < n; i++)
        CHECK(p[i].hole[3] == 0x5a && p[i].other_hole == 0x5a5a5a5a && p[i].end[7] == 0x5a);
}

static void
is_from(const struct element *p, int from, int first, int n)
{
    for (int i = 0; i < n; i++)
        CHECK(p[i].a == from * 1000000 + first + i && p[i].b == from + 3 * (first + i));
    holes_are_whole(p, n);
}

static void
copies(MPI_Datatype type, int n)
{
    struct element *p = malloc((size_t)(n * size) * sizeof *p);
    struct element *q = malloc((size_t)(n * size) * sizeof *q);
    fill(p, rank, n * size);
    fill(q, 99, n * size);
    MPI_Alltoall(p, n, type, q, n, type, MPI_COMM_WORLD);
    for (int r = 0; r < size; r++)
        is_from(q + r * n, r, rank * n, n);
    fill(q, 99, n * size);
    MPI_Allgather(p, n, type, q, n, type, MPI_COMM_WORLD);
    for (int r = 0; r < size; r++)
        is_from(q + r * n, r, 0, n);
    MPI_Bcast(p, n, type, size - 1, MPI_COMM_WORLD);
    is_from(p, size - 1, 0, n);
    free(p);
    free(q);
}

// The difference of both, so that the order matters: in - inout.
static void
subtract(void *in, void *inout, int *n, MPI_Datatype *type)
{
    struct element *x = in, *y = inout;
    (void)type;
    for (int i = 0; i < *n; i++) {
        y[i].a = x[i].a - y[i].a;
        y[i].b = x[i].b - y[i].b;
    }
}

// r0 - (r1 - (r2 - ..)) of ranks [0, high), element i.
static void
is_difference(const struct element *p, int high, int first, int n)
{
    for (int i = 0; i < n; i++) {
        int64_t a = 0, b = 0;
        for (int r = high - 1; r >= 0; r--) {
            a = r * 1000000 + first + i - a;
            b = r + 3 * (first + i) - b;
        }
        CHECK(p[i].a == a && p[i].b == (int32_t)b);
    }
    holes_are_whole(p, n);
}

static void
reductions(MPI_Datatype type, MPI_Op op, int n)
{
    struct element *p = malloc((size_t)(n * size) * sizeof *p);
    struct element *q = malloc((size_t)(n * size) * sizeof *q);
    fill(p, rank, n * size);
    fill(q, 99, n * size);
    MPI_Allreduce(p, q, n, type, op, MPI_COMM_WORLD);
    is_difference(q, size, 0, n);
    fill(q, rank, n);
    MPI_Reduce(rank == 1 ? MPI_IN_PLACE : p, q, n, type, op, 1, MPI_COMM_WORLD);
    if (rank == 1)
        is_difference(q, size, 0, n);
    fill(q, 99, n);
    MPI_Scan(p, q, n, type, op, MPI_COMM_WORLD);
    is_difference(q, rank + 1, 0, n);
    fill(q, rank, n * size);
    MPI_Reduce_scatter_block(MPI_IN_PLACE, q, n, type, op, MPI_COMM_WORLD);
    is_difference(q, size, rank * n, n);
    free(p);
    free(q);
}

static void
types_with_holes(void)
{
    MPI_Datatype type = type_with_holes()->handle;
    MPI_Op op;
    MPI_Op_create(subtract, 0, &op);
    static const int counts[] = {1, 10, 1000, 40000, 400000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        copies(type, counts[i] / size + 1);
        reductions(type, op, counts[i] / size + 1);
    }
    MPI_Op_free(&op);
}

/* ---- large elements, and an offset ---- */

#define LARGE 50000

static void
add_large(void *in, void *inout, int *n, MPI_Datatype *type)
{
    (void)type;
    for (size_t i = 0; i < (size_t)*n * LARGE / 8; i++)
        ((int64_t *)inout)[i] += ((int64_t *)in)[i];
}

static void
large_elements(void)
{
    MPI_Datatype type = type_block(LARGE, 0)->handle;
    MPI_Op op;
    MPI_Op_create(add_large, 1, &op);
    size_t n = 3 * LARGE / 8;
    int64_t *p = malloc(3 * LARGE), *q = malloc(3 * LARGE);
    for (size_t i = 0; i < n; i++)
        p[i] = (int64_t)i * (rank + 1);
    MPI_Allreduce(p, q, 3, type, op, MPI_COMM_WORLD);
    for (size_t i = 0; i < n; i++)
        CHECK(q[i] == (int64_t)i * size * (size + 1) / 2);
    MPI_Exscan(p, q, 3, type, op, MPI_COMM_WORLD);
    for (size_t i = 0; i < n && rank > 0; i++)
        CHECK(q[i] == (int64_t)i * rank * (rank + 1) / 2);
    MPI_Op_free(&op);
    free(p);
    free(q);
}

static void
elements_that_begin_later(void)
{
    MPI_Datatype type = type_block(8, 16)->handle;
    int64_t p[12], q[12];
    for (int i = 0; i < 12; i++) {
        p[i] = rank * 100 + i;
        q[i] = -1;
    }
    MPI_Allreduce(MPI_IN_PLACE, p + 9, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        memcpy(q, p, sizeof q);
    MPI_Bcast(q, 4, type, 0, MPI_COMM_WORLD);
    for (int i = 2; i < 6; i++)
        CHECK(q[i] == i);
    CHECK(rank == 0 || (q[1] == -1 && q[6] == -1));
}

/* ---- many ranks ---- */

static void
many_ranks(void)
{
    double from[40], to[40];
    int sum;
    for (int turn = 0; turn < 6; turn++) {
        MPI_Barrier(MPI_COMM_WORLD);
        if (rank == turn * 13 % size)
            usleep(20000); // the others sleep by then
        for (int i = 0; i < 40; i++)
            from[i] = rank + i;
        MPI_Allreduce(from, to, turn % 2 ? 40 : 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        CHECK(to[0] == size * (size - 1) / 2.0);
        MPI_Reduce(from, to, 5, MPI_DOUBLE, MPI_MAX, size - 2, MPI_COMM_WORLD);
        CHECK(rank != size - 2 || to[4] == size + 3);
        MPI_Bcast(from, turn % 2 ? 40 : 1, MPI_DOUBLE, size / 2, MPI_COMM_WORLD);
        CHECK(from[0] == size / 2);
        MPI_Scan(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        CHECK(sum == rank * (rank + 1) / 2);
    }
}

/* ---- calls that are given up ---- */

static void
expect(int code, int errclass, const char *part)
{
    char text[MPI_MAX_ERROR_STRING];
    CHECK(code != MPI_SUCCESS && error_text(code, text, sizeof text));
    if (error_class(code) != errclass || !strstr(text, part))
        fprintf(stderr, "rank %d: '%s' has class %d\n", rank, text, error_class(code));
    CHECK(error_class(code) == errclass && strstr(text, part));
}

static void
do_nothing(int signal)
{
    (void)signal;
}

static int
stop(void)
{
    return 1;
}

// Rank 0 is interrupted while it waits; the others hear of it in their present or next call.
static void
an_interrupted_call(void)
{
    int a = 0;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    CHECK(MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS);
    if (rank == 0) {
        struct itimerval soon = {.it_value = {.tv_usec = 30000}};
        sigaction(SIGALRM, &(struct sigaction){.sa_handler = do_nothing}, NULL);
        engine.interrupt = stop;
        setitimer(ITIMER_REAL, &soon, NULL);
        expect(MPI_Barrier(MPI_COMM_WORLD), MPI_ERR_OTHER, "interrupted");
    } else if (rank == 1) {
        expect(MPI_Barrier(MPI_COMM_WORLD), MPI_ERR_OTHER, "rank 0 gave up MPI_Barrier");
    } else {
        usleep(100000);
    }
    expect(MPI_Bcast(&a, 1, MPI_INT, 0, MPI_COMM_WORLD), MPI_ERR_OTHER,
           "rank 0 gave up MPI_Barrier");
    expect(MPI_Barrier(MPI_COMM_WORLD), MPI_ERR_OTHER, "gave up");
}

// The last rank ends without a word; the others wait for it, each in a call that needs it.
static void
a_dead_rank(void)
{
    static char large[1 << 20];
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    CHECK(MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS);
    if (rank == size - 1) {
        usleep(30000);
        _exit(DIES);
    }
    expect(MPI_Bcast(large, sizeof large, MPI_BYTE, size - 1, MPI_COMM_WORLD), MPI_ERR_PROC_ABORTED,
           "failed");
    expect(MPI_Barrier(MPI_COMM_WORLD), MPI_ERR_PROC_ABORTED, "failed");
}

/* ---- the job ---- */

static void
run_rank(struct segment_view *view, int r, int n, void (*test)(void))
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
    test();
    PMPI_Finalize();
    _exit(0);
}

// When one fails the others are told, so that nobody waits for it.
static void
run_job(int n, void (*test)(void))
{
    struct segment_view view;
    char why[256];
    CHECK(segment_create(&view, n, why, sizeof why) == 0);
    for (int r = 0; r < n; r++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            run_rank(&view, r, n, test);
    }
    bool failed = false;
    for (int i = 0; i < n; i++) {
        int status;
        CHECK(wait(&status) > 0);
        if (status == 0)
            continue;
        failed |= !(WIFEXITED(status) && WEXITSTATUS(status) == DIES);
        segment_fail(view.base, (struct failure){.kind = FAILURE_EXIT, .code = 1});
        segment_ring_all_bells(view.base);
    }
    CHECK(!failed);
    segment_unmap(&view);
}

int
main(void)
{
    for (int n = 2; n <= 4; n++) {
        run_job(n, types_with_holes);
        run_job(n, large_elements);
        run_job(n, elements_that_begin_later);
    }
    run_job(3, an_interrupted_call);
    run_job(4, a_dead_rank);
    run_job(20, a_dead_rank);
    run_job(18, large_elements);
    run_job(18, many_ranks);
    run_job(70, many_ranks);
    printf("ok\n");
    return 0;
}
