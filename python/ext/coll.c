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

/* Where this process stands in the communicator. */
struct place {
    int rank, size;
};

static bool
place_find(PyObject *self, struct place *place)
{
    return check(state_of(self), MPI_Comm_rank(comm_of(self), &place->rank)) &&
           check(state_of(self), MPI_Comm_size(comm_of(self), &place->size));
}

static struct ask
ask_for(PyObject *self, const struct params *params)
{
    return (struct ask){state_of(self), params->func};
}

// A buffer, or IN_PLACE where that is allowed.
static bool
message_or_in_place(struct ask ask, PyObject *object, enum access access, int blocks,
                    struct message *m)
{
    if (!is_in_place(ask.st, object))
        return message_parse(ask, object, access, 0, blocks, m);
    *m = (struct message){.addr = MPI_IN_PLACE, .type = MPI_DATATYPE_NULL};
    return true;
}

static bool
vector_or_in_place(struct ask ask, PyObject *object, enum access access, int blocks,
                   struct vector *v)
{
    if (!is_in_place(ask.st, object))
        return vector_parse(ask, object, access, 0, blocks, v);
    *v = (struct vector){.addr = MPI_IN_PLACE, .type = MPI_DATATYPE_NULL};
    return true;
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
        !place_find(self, &here) ||
        !message_parse(ask, arg[0], here.rank == root ? READ : WRITE, root, 0, &m))
        return NULL;
    struct call call;
    call_begin(&call, ask.st);
    bool done = call_end(&call, MPI_Bcast_c(m.addr, m.count, m.type, root, comm_of(self)));
    message_clear(&m);
    return none_if(done);
}

// Gather, Scatter: (sendbuf, recvbuf, root)

struct rooted {
    PyObject *send, *recv; // BORROWED
    int root;
    struct place here;
};

static bool
rooted_parse(PyObject *self, const struct params *params, PyObject *const *args, Py_ssize_t nargs,
             PyObject *kwnames, struct rooted *rooted)
{
    PyObject *arg[3];
    rooted->root = 0;
    if (!params_bind(params, args, nargs, kwnames, arg) ||
        !int_arg(params, 2, arg[2], &rooted->root) || !place_find(self, &rooted->here))
        return false;
    rooted->send = arg[0];
    rooted->recv = arg[1];
    return true;
}

// The rank whose buffer matters: PROC_NULL on all but the root.
static int
root_only(const struct rooted *rooted)
{
    return rooted->here.rank == rooted->root ? 0 : MPI_PROC_NULL;
}

// The buffer that every rank has; at the root it may be IN_PLACE.
static bool
rooted_own(struct ask ask, const struct rooted *rooted, PyObject *object, enum access access,
           struct message *m)
{
    if (rooted->here.rank == rooted->root)
        return message_or_in_place(ask, object, access, 0, m);
    return message_parse(ask, object, access, rooted->root, 0, m);
}

PyObject *
comm_Gather(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Gather", 3, 2, {"sendbuf", "recvbuf", "root"}};
    struct rooted g;
    struct message s, r;
    struct ask ask = ask_for(self, &params);
    if (!rooted_parse(self, &params, args, nargs, kwnames, &g) ||
        !message_parse(ask, g.recv, WRITE, root_only(&g), g.here.size, &r))
        return NULL;
    bool done = rooted_own(ask, &g, g.send, READ, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Gather_c(s.addr, s.count, s.type, r.addr, r.count, r.type,
                                            g.root, comm_of(self)));
        message_clear(&s);
    }
    message_clear(&r);
    return none_if(done);
}

PyObject *
comm_Gatherv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Gatherv", 3, 2, {"sendbuf", "recvbuf", "root"}};
    struct rooted g;
    struct message s;
    struct vector r;
    struct ask ask = ask_for(self, &params);
    if (!rooted_parse(self, &params, args, nargs, kwnames, &g) ||
        !vector_parse(ask, g.recv, WRITE, root_only(&g), g.here.size, &r))
        return NULL;
    bool done = rooted_own(ask, &g, g.send, READ, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Gatherv_c(s.addr, s.count, s.type, r.addr, r.counts, r.displs,
                                             r.type, g.root, comm_of(self)));
        message_clear(&s);
    }
    vector_clear(&r);
    return none_if(done);
}

PyObject *
comm_Scatter(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Scatter", 3, 2, {"sendbuf", "recvbuf", "root"}};
    struct rooted g;
    struct message s, r;
    struct ask ask = ask_for(self, &params);
    if (!rooted_parse(self, &params, args, nargs, kwnames, &g) ||
        !message_parse(ask, g.send, READ, root_only(&g), g.here.size, &s))
        return NULL;
    bool done = rooted_own(ask, &g, g.recv, WRITE, &r);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Scatter_c(s.addr, s.count, s.type, r.addr, r.count, r.type,
                                             g.root, comm_of(self)));
        message_clear(&r);
    }
    message_clear(&s);
    return none_if(done);
}

PyObject *
comm_Scatterv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Scatterv", 3, 2, {"sendbuf", "recvbuf", "root"}};
    struct rooted g;
    struct vector s;
    struct message r;
    struct ask ask = ask_for(self, &params);
    if (!rooted_parse(self, &params, args, nargs, kwnames, &g) ||
        !vector_parse(ask, g.send, READ, root_only(&g), g.here.size, &s))
        return NULL;
    bool done = rooted_own(ask, &g, g.recv, WRITE, &r);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Scatterv_c(s.addr, s.counts, s.displs, s.type, r.addr, r.count,
                                              r.type, g.root, comm_of(self)));
        message_clear(&r);
    }
    vector_clear(&s);
    return none_if(done);
}

// Allgather, Alltoall: (sendbuf, recvbuf)

static bool
pair_parse(PyObject *self, const struct params *params, PyObject *const *args, Py_ssize_t nargs,
           PyObject *kwnames, PyObject **arg, struct place *here)
{
    return params_bind(params, args, nargs, kwnames, arg) && place_find(self, here);
}

PyObject *
comm_Allgather(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Allgather", 2, 2, {"sendbuf", "recvbuf"}};
    PyObject *arg[2];
    struct place here;
    struct message s, r;
    struct ask ask = ask_for(self, &params);
    if (!pair_parse(self, &params, args, nargs, kwnames, arg, &here) ||
        !message_parse(ask, arg[1], WRITE, 0, here.size, &r))
        return NULL;
    bool done = message_or_in_place(ask, arg[0], READ, 0, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Allgather_c(s.addr, s.count, s.type, r.addr, r.count, r.type,
                                               comm_of(self)));
        message_clear(&s);
    }
    message_clear(&r);
    return none_if(done);
}

PyObject *
comm_Allgatherv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Allgatherv", 2, 2, {"sendbuf", "recvbuf"}};
    PyObject *arg[2];
    struct place here;
    struct message s;
    struct vector r;
    struct ask ask = ask_for(self, &params);
    if (!pair_parse(self, &params, args, nargs, kwnames, arg, &here) ||
        !vector_parse(ask, arg[1], WRITE, 0, here.size, &r))
        return NULL;
    bool done = message_or_in_place(ask, arg[0], READ, 0, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Allgatherv_c(s.addr, s.count, s.type, r.addr, r.counts, r.displs,
                                                r.type, comm_of(self)));
        message_clear(&s);
    }
    vector_clear(&r);
    return none_if(done);
}

PyObject *
comm_Alltoall(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Alltoall", 2, 2, {"sendbuf", "recvbuf"}};
    PyObject *arg[2];
    struct place here;
    struct message s, r;
    struct ask ask = ask_for(self, &params);
    if (!pair_parse(self, &params, args, nargs, kwnames, arg, &here) ||
        !message_parse(ask, arg[1], WRITE, 0, here.size, &r))
        return NULL;
    bool done = message_or_in_place(ask, arg[0], READ, here.size, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(
            &call, MPI_Alltoall_c(s.addr, s.count, s.type, r.addr, r.count, r.type, comm_of(self)));
        message_clear(&s);
    }
    message_clear(&r);
    return none_if(done);
}

PyObject *
comm_Alltoallv(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Alltoallv", 2, 2, {"sendbuf", "recvbuf"}};
    PyObject *arg[2];
    struct place here;
    struct vector s, r;
    struct ask ask = ask_for(self, &params);
    if (!pair_parse(self, &params, args, nargs, kwnames, arg, &here) ||
        !vector_parse(ask, arg[1], WRITE, 0, here.size, &r))
        return NULL;
    bool done = vector_or_in_place(ask, arg[0], READ, here.size, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Alltoallv_c(s.addr, s.counts, s.displs, s.type, r.addr, r.counts,
                                               r.displs, r.type, comm_of(self)));
        vector_clear(&s);
    }
    vector_clear(&r);
    return none_if(done);
}

PyObject *
comm_Alltoallw(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const struct params params = {"Alltoallw", 2, 2, {"sendbuf", "recvbuf"}};
    PyObject *arg[2];
    struct place here;
    struct wvector s = {.addr = MPI_IN_PLACE}, r;
    struct ask ask = ask_for(self, &params);
    if (!pair_parse(self, &params, args, nargs, kwnames, arg, &here) ||
        !wvector_parse(ask, arg[1], WRITE, here.size, &r))
        return NULL;
    bool done = is_in_place(ask.st, arg[0]) || wvector_parse(ask, arg[0], READ, here.size, &s);
    if (done) {
        struct call call;
        call_begin(&call, ask.st);
        done = call_end(&call, MPI_Alltoallw_c(s.addr, s.counts, s.displs, s.types, r.addr,
                                               r.counts, r.displs, r.types, comm_of(self)));
        wvector_clear(&s);
    }
    wvector_clear(&r);
    return none_if(done);
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
        !place_find(self, &here))
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
        !op_arg(ask.st, &params, 2, arg[2], &red.op) || !place_find(self, &here) ||
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
    if (!message_or_in_place(ask, send, READ, 0, &red->s)) {
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
        !op_arg(ask.st, &params, 3, arg[3], &red.op) || !place_find(self, &here) ||
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
