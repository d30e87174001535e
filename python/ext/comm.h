// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_COMM_H
#define MUSTER_EXT_COMM_H

#include "handle.h"

static inline MPI_Comm
comm_of(PyObject *self)
{
    return handle_of(self)->u.comm;
}

/* Where this process stands in a communicator; false with an exception. */
struct place {
    int rank, size;
};
bool comm_place(PyObject *self, struct place *place);

/* An object for a communicator of somebody else's: new reference. */
PyObject *comm_from(struct state *st, MPI_Comm comm);

/* Sets the error handler that mpi4py.rc.errors asks for; false with an exception. */
bool comm_apply_errors(struct state *st, MPI_Comm comm);

/* Messages from and into buffers: p2p.c */
method_fn comm_Send, comm_Ssend, comm_Bsend, comm_Rsend, comm_Recv;
method_fn comm_Isend, comm_Issend, comm_Ibsend, comm_Irsend, comm_Irecv;
method_fn comm_Sendrecv, comm_Sendrecv_replace;
method_fn comm_Probe, comm_Iprobe, comm_Mprobe, comm_Improbe;

/* Messages with objects: object.c */
method_fn comm_send, comm_ssend, comm_bsend, comm_recv, comm_sendrecv;
method_fn comm_isend, comm_issend, comm_ibsend, comm_irecv;

/* Collectives on buffers: coll.c */
method_fn comm_Bcast, comm_Gather, comm_Gatherv, comm_Scatter, comm_Scatterv;
method_fn comm_Allgather, comm_Allgatherv, comm_Alltoall, comm_Alltoallv, comm_Alltoallw;
method_fn comm_Reduce, comm_Allreduce, comm_Reduce_scatter, comm_Reduce_scatter_block;
method_fn comm_Scan, comm_Exscan;
PyObject *comm_Barrier(PyObject *self, PyObject *unused);

/* Collectives on objects: object_coll.c */
method_fn comm_bcast, comm_gather, comm_scatter, comm_allgather, comm_alltoall;
method_fn comm_reduce, comm_allreduce, comm_scan, comm_exscan;

bool comm_add_type(struct state *st, PyObject *module);

#endif
