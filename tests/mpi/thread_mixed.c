// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Eight threads in every rank, each with everything that MPI has: what the threads of one number do
 * together is drawn by dice, so at any time the eight do different things. */
#include "coll_data.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 15, LIMIT = 30000 };

static int rank, size, left, right, keyval;

struct thread {
    pthread_t id;
    int number;
    MPI_Comm comm;   // of the threads of this number
    MPI_Comm strict; // the same, with an error handler of ours
    unsigned char out[LIMIT], in[LIMIT];
    struct dice dice;
};

static void
look(const struct thread *t, int n, int round, const char *what)
{
    check_bytes(t->in, (uint64_t)(t->number * 1000 + round), left, 0, (uint64_t)n, what);
}

// An allreduce: the communicator works.
static void
sums(MPI_Comm comm, int line)
{
    int n, one = 1, sum = 0;
    MPI_Comm_size(comm, &n);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    CHECK(sum == n, "line %d: %d of %d", line, sum, n);
}

/* ---- messages ---- */

static void
cancelled(struct thread *t, int n, int round)
{
    MPI_Request never, r;
    MPI_Status status;
    int flag;
    MPI_Irecv(t->in, 1, MPI_BYTE, left, 9999, t->comm, &never);
    MPI_Irecv(t->in, n, MPI_BYTE, left, round, t->comm, &r);
    MPI_Cancel(&never);
    MPI_Send(t->out, n, MPI_BYTE, right, round, t->comm);
    MPI_Wait(&never, &status);
    MPI_Test_cancelled(&status, &flag);
    CHECK(flag, "thread %d", t->number);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    look(t, n, round, "cancelled");
}

// Sends that nobody waits for; the last message comes after them all.
static void
dropped(struct thread *t, int n, int round)
{
    MPI_Request r[3];
    MPI_Isend(t->out, n, MPI_BYTE, right, 3, t->comm, &r[0]);
    MPI_Issend(t->out, n, MPI_BYTE, right, 3, t->comm, &r[1]);
    MPI_Send_init(t->out, n, MPI_BYTE, right, 3, t->comm, &r[2]);
    MPI_Start(&r[2]);
    for (int i = 0; i < 3; i++)
        MPI_Request_free(&r[i]);
    for (int i = 0; i < 3; i++) {
        MPI_Recv(t->in, n, MPI_BYTE, left, 3, t->comm, MPI_STATUS_IGNORE);
        look(t, n, round, "dropped");
    }
    MPI_Sendrecv(NULL, 0, MPI_BYTE, left, 4, NULL, 0, MPI_BYTE, right, 4, t->comm,
                 MPI_STATUS_IGNORE); // the right one has them: the buffer is ours again
}

// Several under way, taken as they come, and looked at before.
static void
several(struct thread *t, int n, int round)
{
    MPI_Request r[8];
    int part = n / 4, count, indices[8], done = 0, flag;
    for (int i = 0; i < 4; i++)
        MPI_Irecv(t->in + i * part, part, MPI_BYTE, left, i, t->comm, &r[i]);
    for (int i = 3; i >= 0; i--)
        MPI_Isend(t->out + i * part, part, MPI_BYTE, right, i, t->comm, &r[4 + i]);
    MPI_Request_get_status(r[0], &flag, MPI_STATUS_IGNORE);
    while (done < 8) {
        if (round % 2)
            MPI_Waitsome(8, r, &count, indices, MPI_STATUSES_IGNORE);
        else
            MPI_Testsome(8, r, &count, indices, MPI_STATUSES_IGNORE);
        done += count;
    }
    look(t, 4 * part, round, "several");
}

static void
packed(struct thread *t, int n, int round)
{
    static _Thread_local unsigned char holes[2 * LIMIT], pack[LIMIT];
    MPI_Datatype every;
    int at = 0;
    MPI_Type_vector(n, 1, 2, MPI_BYTE, &every);
    MPI_Type_commit(&every);
    for (int i = 0; i < n; i++)
        holes[2 * i] = t->out[i];
    MPI_Pack(holes, 1, every, pack, LIMIT, &at, t->comm);
    MPI_Sendrecv(pack, at, MPI_PACKED, right, round, holes, 1, every, left, round, t->comm,
                 MPI_STATUS_IGNORE);
    at = 0;
    MPI_Pack(holes, 1, every, t->in, LIMIT, &at, t->comm);
    MPI_Type_free(&every);
    look(t, n, round, "packed");
}

/* ---- communicators, with attributes whose functions call MPI ---- */

static int
copy_attr(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag)
{
    MPI_Group group;
    int n;
    (void)key, (void)extra;
    MPI_Comm_group(comm, &group);
    MPI_Group_size(group, &n);
    MPI_Group_free(&group);
    CHECK(n == size, "%d", n);
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}

static int
delete_attr(MPI_Comm comm, int key, void *value, void *extra)
{
    int n, sum = 0;
    (void)key, (void)extra;
    MPI_Comm_size(comm, &n);
    MPI_Reduce_local(&n, &sum, 1, MPI_INT, MPI_SUM);
    CHECK(sum == size, "%d", sum);
    __atomic_fetch_sub((int *)value, 1, __ATOMIC_RELAXED);
    return MPI_SUCCESS;
}

static void
copies(struct thread *t, int n, int round)
{
    MPI_Comm dup, idup, part;
    MPI_Request r;
    int alive = 3;
    (void)n;
    MPI_Comm_set_attr(t->comm, keyval, &alive);
    MPI_Comm_dup(t->comm, &dup);
    MPI_Comm_idup(t->comm, &idup, &r);
    sums(dup, __LINE__);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    sums(idup, __LINE__);
    MPI_Comm_split(idup, rank % 2, -rank, &part);
    sums(part, __LINE__);
    MPI_Comm_free(&part);
    MPI_Comm_free(&idup);
    MPI_Comm_free(&dup);
    MPI_Comm_delete_attr(t->comm, keyval);
    CHECK(alive == 0, "thread %d round %d: %d", t->number, round, alive);
}

static void
from_group(struct thread *t, int n, int round)
{
    char tag[40];
    MPI_Group group;
    MPI_Comm made[2];
    (void)n;
    snprintf(tag, sizeof tag, "thread %d", t->number);
    MPI_Comm_group(t->comm, &group);
    MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &made[0]);
    MPI_Comm_create_group(t->comm, group, round, &made[1]);
    MPI_Group_free(&group);
    for (int i = 0; i < 2; i++) {
        sums(made[i], __LINE__);
        MPI_Comm_free(&made[i]);
    }
}

static void
collectives(struct thread *t, int n, int round)
{
    int64_t in[64], out[64];
    MPI_Request r[2];
    uint64_t call = (uint64_t)(t->number * 1000 + round);
    fill_numbers(in, call, rank, 0, 64);
    MPI_Iallreduce(in, out, 64, MPI_INT64_T, MPI_SUM, t->comm, &r[0]);
    MPI_Ibarrier(t->comm, &r[1]);
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    check_sums(out, call, 0, size, 0, 64, "iallreduce");
    memcpy(t->in, t->out, (size_t)n);
    MPI_Bcast(t->in, n, MPI_BYTE, left == rank ? 0 : round % size, t->comm);
    check_bytes(t->in, call, left == rank ? 0 : round % size, 0, (uint64_t)n, "bcast");
}

/* ---- errors, tools ---- */

static _Thread_local int heard;

static void
hear(MPI_Comm *comm, int *code, ...)
{
    char text[MPI_MAX_ERROR_STRING];
    int n, class;
    MPI_Error_class(*code, &class);
    MPI_Error_string(*code, text, &n);
    MPI_Comm_size(*comm, &n);
    CHECK(class == MPI_ERR_RANK && n == size, "%s, %d", text, n);
    CHECK(strstr(text, "MPI_Send") && strchr(text, '0' + size % 10), "%s", text);
    heard++;
}

static void
errors(struct thread *t, int n, int round)
{
    heard = 0;
    for (int i = 0; i < 3; i++)
        CHECK(MPI_Send(t->out, n, MPI_BYTE, size + 10 * i, round, t->strict) != MPI_SUCCESS, " ");
    CHECK(heard == 3, "thread %d: %d", t->number, heard);
}

static void
tools(struct thread *t, int n, int round)
{
    int index, count;
    unsigned long long before[64], after[64];
    MPI_T_pvar_session session;
    MPI_T_pvar_handle handle;
    MPI_T_pvar_session_create(&session);
    MPI_T_pvar_get_index("muster_sent_bytes", MPI_T_PVAR_CLASS_AGGREGATE, &index);
    MPI_T_pvar_handle_alloc(session, index, NULL, &handle, &count);
    MPI_T_pvar_start(session, handle);
    MPI_T_pvar_read(session, handle, before);
    MPI_Sendrecv(t->out, n, MPI_BYTE, right, round, t->in, n, MPI_BYTE, left, round, t->comm,
                 MPI_STATUS_IGNORE);
    MPI_T_pvar_read(session, handle, after);
    CHECK(after[right] >= before[right] + (unsigned)n, "%llu %llu", before[right], after[right]);
    MPI_T_pvar_handle_free(session, &handle);
    MPI_T_pvar_session_free(&session);
    look(t, n, round, "tools");
}

static const struct way {
    const char *name;
    void (*run)(struct thread *t, int n, int round);
} ways[] = {{"cancelled", cancelled}, {"dropped", dropped},         {"several", several},
            {"packed", packed},       {"copies", copies},           {"from_group", from_group},
            {"errors", errors},       {"collectives", collectives}, {"tools", tools}};

static void *
run(void *arg)
{
    static const int sizes[] = {4, 88, 1000, 17000, LIMIT};
    struct thread *t = arg;
    for (int round = 0; round < ROUNDS; round++) {
        const struct way *way = &ways[roll(&t->dice, sizeof ways / sizeof *ways)];
        int n = sizes[roll(&t->dice, sizeof sizes / sizeof *sizes)];
        fill_bytes(t->out, (uint64_t)(t->number * 1000 + round), rank, 0, (uint64_t)n);
        memset(t->in, 0, sizeof t->in);
        way->run(t, n, round);
    }
    return NULL;
}

static void
begin(struct thread *t, int number, MPI_Errhandler handler)
{
    t->number = number;
    t->dice.state = (uint64_t)number * 77; // the same in the neighbours
    MPI_Comm_dup(MPI_COMM_WORLD, &t->comm);
    MPI_Comm_dup(MPI_COMM_WORLD, &t->strict);
    MPI_Comm_set_errhandler(t->strict, handler);
}

int
main(int argc, char **argv)
{
    static struct thread threads[THREADS];
    MPI_Errhandler handler;
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    MPI_Comm_create_keyval(copy_attr, delete_attr, &keyval, NULL);
    MPI_Comm_create_errhandler(hear, &handler);
    for (int i = 0; i < THREADS; i++)
        begin(&threads[i], i, handler);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i].id, NULL, run, &threads[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i].id, NULL);
        MPI_Comm_free(&threads[i].comm);
        MPI_Comm_free(&threads[i].strict);
    }
    MPI_Errhandler_free(&handler);
    MPI_Comm_free_keyval(&keyval);
    MPI_T_finalize();
    MPI_Finalize();
    return 0;
}
