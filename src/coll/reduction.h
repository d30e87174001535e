// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the reductions share: their arguments, and applying the operation. */
#ifndef MUSTER_COLL_REDUCTION_H
#define MUSTER_COLL_REDUCTION_H

#include "coll/call.h"

#define SLICE_WORTH 4096 // bytes: see reduction_of_many

struct reduce_args {
    const void *sendbuf;
    void *recvbuf;
    MPI_Count count;
    struct vector recvcounts; // of MPI_Reduce_scatter
    MPI_Datatype datatype;
    MPI_Op op;
    int root; // of MPI_Reduce
};

/* What the arguments do not say. */
struct reduction {
    MPI_Count count; // of one block
    MPI_Count own;   // cut: elements that this member reduces
    int blocks;      // of the contribution
    bool cut;
    bool result;   // this member gets one
    bool no_input; // and gives nothing: sendbuf is not significant
};

/* Check the arguments, and fill in both sides, op, type, units, bytes, and `self`. */
int reduction_check(struct call *call, const struct reduce_args *args, const struct reduction *r);

/* What a member gives itself is copied in a communicator of one only. */
static inline void
reduction_alone(struct call *call, const struct comm *comm)
{
    call->self &= comm->all->size == 1;
}

/* Bytes of an element, where elements stand one after the other. */
static inline uint64_t
reduction_unit(const struct call *call)
{
    return (uint64_t)call->type->extent;
}

/* May the vector be cut between elements, of at most `most` bytes? */
static inline bool
reduction_cuts(const struct call *call, uint64_t most)
{
    return (call->send.raw || call->type->contiguous) && reduction_unit(call) <= most;
}

/*
 * How more than FLAT members reduce what can be cut. Slices need a look at every member, which
 * small ones are not worth: 40 KB of 800 ranks on 2 CPUs take 2.8 s in slices of 50 bytes and
 * 0.11 s along a tree, 400 KB of 128 ranks, in slices of 3 KB, 0.15 s and 0.05 s. A tree needs room
 * for the whole vector; from some thousands of members on, slices of one element have none.
 */
static inline enum algorithm
reduction_of_many(const struct call *call, const struct comm *comm)
{
    int size = comm->size;
    bool worth =
        call->bytes / (uint64_t)size >= SLICE_WORTH || call->bytes > window_limit(comm->mixed);
    return worth && reduction_unit(call) <= slices_most(size, comm->mixed) ? RUN_SLICES : RUN_TREE;
}

/* inout[i] = in[i] op inout[i], for n elements that stand one after the other. */
static inline void
reduction_apply(const struct call *call, const void *in, void *inout, uint64_t n)
{
    MPI_Count lb = call->type->true_lb;
    op_apply(call->op, call->type, (const char *)in - lb, (char *)inout - lb, (MPI_Count)n);
}

/* out[i] = a[i] op b[i]; out is b, or overlaps neither. */
static inline void
reduction_apply3(const struct call *call, const void *a, const void *b, void *out, uint64_t n)
{
    if (likely(call->op->predefined)) {
        op_apply3(call->op, call->type, a, b, out, (MPI_Count)n);
        return;
    }
    if (out != b)
        memcpy(out, b, n * reduction_unit(call));
    reduction_apply(call, a, out, n);
}

#endif
