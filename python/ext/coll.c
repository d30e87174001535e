// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Collectives on buffers, for intracommunicators. Which of the two buffers matters on a rank, and
 * for how many ranks it has entries, is all that differs between them.
 */
#include "buffer.h"
#include "call.h"
#include "comm.h"
#include "op.h"

static struct ask
ask_for(PyObject *self, const struct params *params)
{
    return (struct ask){state_of(self), params->func};
}

static PyObject *
none_if(bool done)
{
    return done ? Py_NewRef(Py_None) : NULL;
}

// Barrier, Bcast

PyObject *
comm_Barrier(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct call call;
    call_begin(&call, state_of(self));
    return none_if(call_end(&call, MPI_Barrier(comm_of(self))));
}

PyObject *
comm_Bcast(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Bcast", 2, 1, {"buf", "root"}};
    PyObject *arg[2];
    struct place here;
    struct message m;
    int root = 0;
    struct ask ask = ask_for(self, &params);
    if (!params_bind(&params, args, nargs, kwnames, arg) || !int_arg(&params, 1, arg[1], &root) ||
        !comm_place(self, &here) ||
        !message_parse(ask, arg[0], here.rank == root ? READ : WRITE, root, 0, &m))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done = call_end(&call, MPI_Bcast_c(m.addr, m.count, m.type, root, comm_of(self)));
    message_clear(&m);
    return none_if(done);
}

// Exchanges: (sendbuf, recvbuf) and perhaps root

/* What a buffer holds: one message, equal blocks for all ranks, or parts that are told. */
enum form { WHOLE, BLOCKS, VECTOR, WVECTOR };

struct side {
    enum form form;
    union {
        struct message m; // WHOLE and BLOCKS
        struct vector v;
        struct wvector w;
    };
};

static bool
side_parse(struct ask ask, PyObject *object, enum access access, int peer, int ranks,
           struct side *side)
{
    switch (side->form) {
    case WHOLE:
        return message_parse(ask, object, access, peer, 0, &side->m);
    case BLOCKS:
        return message_parse(ask, object, access, peer, ranks, &side->m);
    case VECTOR:
        return vector_parse(ask, object, access, peer, ranks, &side->v);
    case WVECTOR:
        return wvector_parse(ask, object, access, ranks, &side->w);
    }
    return false;
}

static void
side_in_place(struct side *side)
{
    if (side->form == WVECTOR)
        side->w = (struct wvector){.addr = MPI_IN_PLACE};
    else if (side->form == VECTOR)
        side->v = (struct vector){.addr = MPI_IN_PLACE, .type = MPI_DATATYPE_NULL};
    else
        side->m = (struct message){.addr = MPI_IN_PLACE, .type = MPI_DATATYPE_NULL};
}

static void
side_clear(struct side *side)
{
    if (side->form == WVECTOR)
        wvector_clear(&side->w);
    else if (side->form == VECTOR)
        vector_clear(&side->v);
    else
        message_clear(&side->m);
}

typedef int exchange_fn(const struct side *s, const struct side *r, int root, MPI_Comm comm);

/*
 * Of the two buffers one has a part for each rank: the send buffer where something is scattered,
 * else the receive buffer. With a root it matters on that rank alone. The other one matters on all,
 * and may be IN_PLACE where the first one is.
 */
struct exchange {
    struct params params;
    bool rooted, scatters;
    enum form parts, other;
    exchange_fn *call;
};

static PyObject *
exchange_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
             const struct exchange *x)
{
    PyObject *arg[3] = {NULL, NULL, NULL};
    struct place here;
    int root = 0;
    struct ask ask = ask_for(self, &x->params);
    if (!params_bind(&x->params, args, nargs, kwnames, arg) ||
        !int_arg(&x->params, 2, arg[2], &root) || !comm_place(self, &here))
        return NULL;
    bool matters = !x->rooted || here.rank == root;
    struct side parts = {.form = x->parts}, other = {.form = x->other};
    if (!side_parse(ask, arg[x->scatters ? 0 : 1], x->scatters ? READ : WRITE,
                    matters ? 0 : MPI_PROC_NULL, here.size, &parts))
        return NULL;
    PyObject *object = arg[x->scatters ? 1 : 0];
    bool in_place = matters && is_in_place(ask.st, object), done = true;
    if (in_place)
        side_in_place(&other);
    else
        done = side_parse(ask, object, x->scatters ? WRITE : READ, root, here.size, &other);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, x->scatters ? x->call(&parts, &other, root, comm_of(self))
                                           : x->call(&other, &parts, root, comm_of(self)));
        side_clear(&other);
    }
    side_clear(&parts);
    return none_if(done);
}

static int
call_gather(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    return MPI_Gather_c(s->m.addr, s->m.count, s->m.type, r->m.addr, r->m.count, r->m.type, root,
                        comm);
}

PyObject *
comm_Gather(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Gather", 3, 2, {"sendbuf", "recvbuf", "root"}},
        .rooted = true,
        .parts = BLOCKS,
        .other = WHOLE,
        .call = call_gather,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_gatherv(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    return MPI_Gatherv_c(s->m.addr, s->m.count, s->m.type, r->v.addr, r->v.counts, r->v.displs,
                         r->v.type, root, comm);
}

PyObject *
comm_Gatherv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Gatherv", 3, 2, {"sendbuf", "recvbuf", "root"}},
        .rooted = true,
        .parts = VECTOR,
        .other = WHOLE,
        .call = call_gatherv,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_scatter(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    return MPI_Scatter_c(s->m.addr, s->m.count, s->m.type, r->m.addr, r->m.count, r->m.type, root,
                         comm);
}

PyObject *
comm_Scatter(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Scatter", 3, 2, {"sendbuf", "recvbuf", "root"}},
        .rooted = true,
        .scatters = true,
        .parts = BLOCKS,
        .other = WHOLE,
        .call = call_scatter,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_scatterv(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    return MPI_Scatterv_c(s->v.addr, s->v.counts, s->v.displs, s->v.type, r->m.addr, r->m.count,
                          r->m.type, root, comm);
}

PyObject *
comm_Scatterv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Scatterv", 3, 2, {"sendbuf", "recvbuf", "root"}},
        .rooted = true,
        .scatters = true,
        .parts = VECTOR,
        .other = WHOLE,
        .call = call_scatterv,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_allgather(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    (void)root;
    return MPI_Allgather_c(s->m.addr, s->m.count, s->m.type, r->m.addr, r->m.count, r->m.type,
                           comm);
}

PyObject *
comm_Allgather(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Allgather", 2, 2, {"sendbuf", "recvbuf"}},
        .parts = BLOCKS,
        .other = WHOLE,
        .call = call_allgather,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_allgatherv(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    (void)root;
    return MPI_Allgatherv_c(s->m.addr, s->m.count, s->m.type, r->v.addr, r->v.counts, r->v.displs,
                            r->v.type, comm);
}

PyObject *
comm_Allgatherv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Allgatherv", 2, 2, {"sendbuf", "recvbuf"}},
        .parts = VECTOR,
        .other = WHOLE,
        .call = call_allgatherv,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_alltoall(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    (void)root;
    return MPI_Alltoall_c(s->m.addr, s->m.count, s->m.type, r->m.addr, r->m.count, r->m.type, comm);
}

PyObject *
comm_Alltoall(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Alltoall", 2, 2, {"sendbuf", "recvbuf"}},
        .parts = BLOCKS,
        .other = BLOCKS,
        .call = call_alltoall,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_alltoallv(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    (void)root;
    return MPI_Alltoallv_c(s->v.addr, s->v.counts, s->v.displs, s->v.type, r->v.addr, r->v.counts,
                           r->v.displs, r->v.type, comm);
}

PyObject *
comm_Alltoallv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Alltoallv", 2, 2, {"sendbuf", "recvbuf"}},
        .parts = VECTOR,
        .other = VECTOR,
        .call = call_alltoallv,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

static int
call_alltoallw(const struct side *s, const struct side *r, int root, MPI_Comm comm)
{
    (void)root;
    return MPI_Alltoallw_c(s->w.addr, s->w.counts, s->w.displs, s->w.types, r->w.addr, r->w.counts,
                           r->w.displs, r->w.types, comm);
}

PyObject *
comm_Alltoallw(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct exchange exchange = {
        .params = {"Alltoallw", 2, 2, {"sendbuf", "recvbuf"}},
        .parts = WVECTOR,
        .other = WVECTOR,
        .call = call_alltoallw,
    };
    return exchange_run(self, args, nargs, kwnames, &exchange);
}

// Reductions

/* Both buffers of a reduction, in agreement. */
struct reduction {
    struct message s, r;
    MPI_Op op;
};

static void
reduction_clear(struct reduction *red)
{
    message_clear(&red->s);
    message_clear(&red->r);
}

static bool
reduction_agrees(struct ask ask, const struct reduction *red)
{
    if (red->s.type != red->r.type) {
        PyErr_Format(PyExc_ValueError, "%s(): mismatch in send and receive MPI datatypes",
                     ask.func);
        return false;
    }
    if (red->s.count != red->r.count) {
        PyErr_Format(PyExc_ValueError, "%s(): mismatch in send count %lld and receive count %lld",
                     ask.func, (long long)red->s.count, (long long)red->r.count);
        return false;
    }
    return true;
}

// Parses both buffers; the send buffer has `blocks` times the entries of the other.
static bool
reduction_parse(struct ask ask, PyObject *send, PyObject *recv, int blocks, struct reduction *red)
{
    bool in_place = is_in_place(ask.st, send);
    if (!message_parse(ask, recv, WRITE, 0, in_place ? blocks : 0, &red->r))
        return false;
    red->s = red->r;
    red->s.keep = NULL;
    if (in_place) {
        red->s.addr = MPI_IN_PLACE;
        return true;
    }
    if (!message_parse(ask, send, READ, 0, blocks, &red->s)) {
        message_clear(&red->r);
        return false;
    }
    if (red->s.addr == red->r.addr && red->r.count > 0)
        red->s.addr = MPI_IN_PLACE;
    if (reduction_agrees(ask, red))
        return true;
    reduction_clear(red);
    return false;
}

PyObject *
comm_Reduce(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Reduce", 4, 2, {"sendbuf", "recvbuf", "op", "root"}};
    PyObject *arg[4];
    struct place here;
    struct reduction red = {.op = MPI_SUM};
    int root = 0;
    struct ask ask = ask_for(self, &params);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !op_arg(ask.st, &params, 2, arg[2], &red.op) || !int_arg(&params, 3, arg[3], &root) ||
        !comm_place(self, &here))
        return NULL;
    if (here.rank == root ? !reduction_parse(ask, arg[0], arg[1], 0, &red)
                          : !message_parse(ask, arg[0], READ, root, 0, &red.s))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done = call_end(&call, MPI_Reduce_c(red.s.addr, red.r.addr, red.s.count, red.s.type,
                                             red.op, root, comm_of(self)));
    reduction_clear(&red);
    return none_if(done);
}

typedef int reduce_fn(const void *, void *, MPI_Count, MPI_Datatype, MPI_Op, MPI_Comm);

// Allreduce and the scans: (sendbuf, recvbuf, op)
static PyObject *
reduce_all(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
           const struct params *params, reduce_fn *function)
{
    PyObject *arg[3];
    struct reduction red = {.op = MPI_SUM};
    struct ask ask = ask_for(self, params);
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        !op_arg(ask.st, params, 2, arg[2], &red.op) ||
        !reduction_parse(ask, arg[0], arg[1], 0, &red))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done = call_end(
        &call, function(red.s.addr, red.r.addr, red.r.count, red.r.type, red.op, comm_of(self)));
    reduction_clear(&red);
    return none_if(done);
}

PyObject *
comm_Allreduce(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Allreduce", 3, 2, {"sendbuf", "recvbuf", "op"}};
    return reduce_all(self, args, nargs, kwnames, &params, MPI_Allreduce_c);
}

PyObject *
comm_Scan(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Scan", 3, 2, {"sendbuf", "recvbuf", "op"}};
    return reduce_all(self, args, nargs, kwnames, &params, MPI_Scan_c);
}

PyObject *
comm_Exscan(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Exscan", 3, 2, {"sendbuf", "recvbuf", "op"}};
    return reduce_all(self, args, nargs, kwnames, &params, MPI_Exscan_c);
}

PyObject *
comm_Reduce_scatter_block(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                          PyObject *kwnames)
{
    static const struct params params = {
        "Reduce_scatter_block", 3, 2, {"sendbuf", "recvbuf", "op"}};
    PyObject *arg[3];
    struct place here;
    struct reduction red = {.op = MPI_SUM};
    struct ask ask = ask_for(self, &params);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !op_arg(ask.st, &params, 2, arg[2], &red.op) || !comm_place(self, &here) ||
        !reduction_parse(ask, arg[0], arg[1], here.size, &red))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done = call_end(&call, MPI_Reduce_scatter_block_c(red.s.addr, red.r.addr, red.r.count,
                                                           red.r.type, red.op, comm_of(self)));
    reduction_clear(&red);
    return none_if(done);
}

// Reduce_scatter has a count for each rank, told by the user or by the receive buffers.

static bool
scatter_counts(PyObject *self, struct ask ask, PyObject *given, const struct reduction *red,
               int size, MPI_Count *counts)
{
    bool in_place = red->s.addr == MPI_IN_PLACE;
    if (given != NULL && given != Py_None)
        return counts_from(ask.func, given, size, counts);
    if (in_place) {
        PyErr_Format(PyExc_TypeError, "%s(): recvcounts are needed with IN_PLACE", ask.func);
        return false;
    }
    MPI_Count own = red->r.count;
    struct call call;
    call_begin(&call, ask.st);
    return call_end(&call,
                    MPI_Allgather_c(&own, 1, MPI_COUNT, counts, 1, MPI_COUNT, comm_of(self)));
}

static bool
scatter_agrees(struct ask ask, const struct reduction *red, const MPI_Count *counts,
               struct place here)
{
    MPI_Count sum = 0;
    for (int i = 0; i < here.size; i++)
        sum += counts[i];
    bool in_place = red->s.addr == MPI_IN_PLACE;
    const struct message *whole = in_place ? &red->r : &red->s;
    if (!in_place && red->s.type != red->r.type) {
        PyErr_Format(PyExc_ValueError, "%s(): mismatch in send and receive MPI datatypes",
                     ask.func);
        return false;
    }
    if (whole->count != sum) {
        PyErr_Format(PyExc_ValueError, "%s(): mismatch in %s count %lld and sum(counts) %lld",
                     ask.func, in_place ? "receive" : "send", (long long)whole->count,
                     (long long)sum);
        return false;
    }
    if (!in_place && red->r.count != counts[here.rank]) {
        PyErr_Format(PyExc_ValueError, "%s(): mismatch in receive count %lld and counts[%d] %lld",
                     ask.func, (long long)red->r.count, here.rank, (long long)counts[here.rank]);
        return false;
    }
    return true;
}

static bool
scatter_parse(struct ask ask, PyObject *send, PyObject *recv, struct reduction *red)
{
    if (!message_parse(ask, recv, WRITE, 0, 0, &red->r))
        return false;
    if (is_in_place(ask.st, send)) {
        red->s = (struct message){.addr = MPI_IN_PLACE, .type = MPI_DATATYPE_NULL};
    } else if (!message_parse(ask, send, READ, 0, 0, &red->s)) {
        message_clear(&red->r);
        return false;
    }
    if (red->s.addr == red->r.addr && red->r.count > 0)
        red->s.addr = MPI_IN_PLACE;
    return true;
}

PyObject *
comm_Reduce_scatter(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {
        "Reduce_scatter", 4, 2, {"sendbuf", "recvbuf", "recvcounts", "op"}};
    PyObject *arg[4];
    struct place here;
    struct reduction red = {.op = MPI_SUM};
    struct ask ask = ask_for(self, &params);
    if (!params_bind(&params, args, nargs, kwnames, arg) ||
        !op_arg(ask.st, &params, 3, arg[3], &red.op) || !comm_place(self, &here) ||
        !scatter_parse(ask, arg[0], arg[1], &red))
        return NULL;
    MPI_Count *counts = PyMem_Malloc((size_t)here.size * sizeof(MPI_Count));
    bool done = counts != NULL;
    if (!done)
        PyErr_NoMemory();
    done = done && scatter_counts(self, ask, arg[2], &red, here.size, counts) &&
           scatter_agrees(ask, &red, counts, here);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Reduce_scatter_c(red.s.addr, red.r.addr, counts, red.r.type,
                                                    red.op, comm_of(self)));
    }
    PyMem_Free(counts);
    reduction_clear(&red);
    return none_if(done);
}
