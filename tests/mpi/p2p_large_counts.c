// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Counts beyond an int through every form of a message: of a type without data, and elements that
 * lie gigabytes apart. */

#include "check.h"

#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>

#define MANY  ((MPI_Count)1 << 33)
#define APART ((MPI_Count)3 << 30) // bytes from one element to the next
enum { TAG = 3 };

static int rank, size, left, right;
static char *far_out, *far_in; // addresses of 2 * APART bytes, of which few are touched

/* One message from here to the right, and one from the left to here. */
struct message {
    const void *out;
    void *in;
    MPI_Count count;
    MPI_Datatype type;
};

static void
wait_both(MPI_Request *r, MPI_Status *status)
{
    MPI_Status both[2];
    MPI_Waitall(2, r, both);
    *status = both[1];
}

static void
started(const struct message *m, MPI_Status *status)
{
    MPI_Request r[2];
    MPI_Isend_c(m->out, m->count, m->type, right, TAG, MPI_COMM_WORLD, &r[0]);
    MPI_Irecv_c(m->in, m->count, m->type, left, TAG, MPI_COMM_WORLD, &r[1]);
    wait_both(r, status);
}

typedef int init_fn(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static void
persistent(const struct message *m, MPI_Status *status)
{
    init_fn *const inits[] = {MPI_Send_init_c, MPI_Ssend_init_c, MPI_Bsend_init_c,
                              MPI_Rsend_init_c};
    for (int i = 0; i < 4; i++) {
        MPI_Request r[2];
        MPI_Recv_init_c(m->in, m->count, m->type, left, TAG, MPI_COMM_WORLD, &r[1]);
        inits[i](m->out, m->count, m->type, right, TAG, MPI_COMM_WORLD, &r[0]);
        MPI_Start(&r[1]);
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Start(&r[0]);
        wait_both(r, status);
        MPI_Request_free(&r[0]);
        MPI_Request_free(&r[1]);
    }
}

static void
buffered(const struct message *m, MPI_Status *status)
{
    MPI_Request r;
    MPI_Bsend_c(m->out, m->count, m->type, right, TAG, MPI_COMM_WORLD);
    MPI_Recv_c(m->in, m->count, m->type, left, TAG, MPI_COMM_WORLD, status);
    MPI_Ibsend_c(m->out, m->count, m->type, right, TAG, MPI_COMM_WORLD, &r);
    MPI_Recv_c(m->in, m->count, m->type, left, TAG, MPI_COMM_WORLD, status);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}

static void
combined(const struct message *m, MPI_Status *status)
{
    MPI_Request r;
    MPI_Isendrecv_c(m->out, m->count, m->type, right, TAG, m->in, m->count, m->type, left, TAG,
                    MPI_COMM_WORLD, &r);
    MPI_Wait(&r, status);
    // The replacing ones go from the left to here, and back to the right.
    MPI_Isendrecv_replace_c(m->in, m->count, m->type, left, TAG, right, TAG, MPI_COMM_WORLD, &r);
    MPI_Wait(&r, status);
    MPI_Sendrecv_replace_c(m->in, m->count, m->type, right, TAG, left, TAG, MPI_COMM_WORLD, status);
}

static void
partitioned(const struct message *m, MPI_Status *status)
{
    MPI_Request r[2];
    int n = m->count < 4 ? (int)m->count : 4;
    MPI_Psend_init_c(m->out, n, m->count / n, m->type, right, TAG, MPI_COMM_WORLD, MPI_INFO_NULL,
                     &r[0]);
    MPI_Precv_init_c(m->in, 1, m->count, m->type, left, TAG, MPI_COMM_WORLD, MPI_INFO_NULL, &r[1]);
    MPI_Startall(2, r);
    MPI_Pready_range(0, n - 1, r[0]);
    wait_both(r, status);
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

static void (*const forms[])(const struct message *, MPI_Status *) = {started, persistent, buffered,
                                                                      combined, partitioned};

static void
without_data(void)
{
    MPI_Datatype nothing;
    char x;
    MPI_Type_contiguous(0, MPI_INT, &nothing);
    MPI_Type_commit(&nothing);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        MPI_Status status;
        MPI_Count n = -1;
        int small = -1;
        forms[i](&(struct message){&x, &x, MANY, nothing}, &status);
        MPI_Get_count_c(&status, MPI_BYTE, &n);
        MPI_Get_count(&status, nothing, &small);
        CHECK(n == 0 && small == 0 && status.MPI_SOURCE == left, "form %zu: %lld bytes, count %d",
              i, (long long)n, small);
    }
    MPI_Type_free(&nothing);
}

static int *
element(char *base, int i)
{
    return (int *)(void *)(base + i * APART);
}

static void
look(int form)
{
    for (int i = 0; i < 2; i++) {
        CHECK(*element(far_in, i) == 100 * left + i, "form %d, element %d: %d", form, i,
              *element(far_in, i));
        *element(far_in, i) = -1;
    }
}

// As two elements of a large extent, and as one that spans them.
static void
far_apart(void)
{
    MPI_Datatype wide, vector;
    MPI_Type_create_resized(MPI_INT, 0, APART, &wide);
    MPI_Type_create_hvector(2, 1, APART, MPI_INT, &vector);
    MPI_Type_commit(&wide);
    MPI_Type_commit(&vector);
    for (int i = 0; i < 2; i++)
        *element(far_out, i) = 100 * rank + i;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        MPI_Status status;
        forms[i](&(struct message){far_out, far_in, 2, wide}, &status);
        look((int)i);
        forms[i](&(struct message){far_out, far_in, 1, vector}, &status);
        look((int)i);
    }
    MPI_Type_free(&wide);
    MPI_Type_free(&vector);
}

static void
too_many(void)
{
    MPI_Request r = MPI_REQUEST_NULL;
    char x;
    int class;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
#define FAILS(call)                                                                                \
    do {                                                                                           \
        MPI_Error_class(call, &class);                                                             \
        CHECK(class == MPI_ERR_COUNT && r == MPI_REQUEST_NULL, "class %d", class);                 \
    } while (0)
    FAILS(MPI_Send_init_c(&x, INT64_MAX, MPI_INT, 0, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_Recv_init_c(&x, INT64_MAX / 2, MPI_INT, 0, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_Isendrecv_replace_c(&x, INT64_MAX, MPI_INT, 0, 1, 0, 1, MPI_COMM_WORLD, &r));
    FAILS(MPI_Psend_init_c(&x, INT_MAX, INT64_MAX / 1000, MPI_BYTE, 0, 1, MPI_COMM_WORLD,
                           MPI_INFO_NULL, &r));
    FAILS(MPI_Precv_init_c(&x, INT_MAX, INT64_MAX / 1000, MPI_BYTE, 0, 1, MPI_COMM_WORLD,
                           MPI_INFO_NULL, &r));
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

static char *
address_space(void)
{
    void *p = mmap(NULL, 2 * APART, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED, "no address space");
    return p;
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    far_out = address_space();
    far_in = address_space();
    MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0);
    without_data();
    far_apart();
    too_many();
    MPI_Finalize();
    return 0;
}
