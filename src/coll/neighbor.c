// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"

#include <stdlib.h>

/* Neighborhood collectives (MPI 5.0, 8.6 and 8.7): an exchange along the edges of a topology. Each
 * outgoing edge is a lane; the topology tells which lane of a source an incoming edge is. */

static int
plan(struct call *call, const struct comm *comm, const struct transfer *args, enum coll_kind kind)
{
    if (unlikely(!comm->topology))
        return error_new(MPI_ERR_TOPOLOGY, "%s has no topology",
                         comm->name[0] ? comm->name : "the communicator");
    if (unlikely(args->send.base == MPI_IN_PLACE))
        return in_place_error("sendbuf");
    if (unlikely(args->recv.base == MPI_IN_PLACE))
        return in_place_error("recvbuf");
    call_among(call, comm);
    call->flow = FLOW_EDGES;
    call->edges = comm->topology;
    call->signature = signature_make(kind, -1);
    // How many lanes a source has is not known here, nor what others have to give.
    call->windowed = true;
    return MPI_SUCCESS;
}

// Both buffers, as a whole.
static int
check_overlap(const struct call *call, int nsend)
{
    const struct side *s = &call->send, *r = &call->recv;
    struct part send = part_make(s->base, s->count * nsend, s->type, false);
    struct part recv = part_make(r->base, r->count * call->edges->in.n, r->type, false);
    return overlap_check(&send, &recv);
}

/* ---- MPI_Neighbor_allgather ---- */

static int
neighbor_allgather_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = plan(call, comm, args, COLL_NEIGHBOR_ALLGATHER);
    if (unlikely(err) || unlikely(err = side_check(&call->send, &args->send, 1, "send")) ||
        unlikely(err = side_check(&call->recv, &args->recv, call->edges->in.n, "recv")))
        return err;
    call->bytes = side_bytes(&call->send, 0);
    return check_overlap(call, 1);
}

int
PMPI_Neighbor_allgather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                        int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_call(comm, neighbor_allgather_plan, &args, "MPI_Neighbor_allgather");
}
weak_alias(PMPI_Neighbor_allgather, MPI_Neighbor_allgather);

int
PMPI_Neighbor_allgather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                          void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_call(comm, neighbor_allgather_plan, &args, "MPI_Neighbor_allgather");
}
weak_alias(PMPI_Neighbor_allgather_c, MPI_Neighbor_allgather_c);

int
PMPI_Ineighbor_allgather(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                         int recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, neighbor_allgather_plan, &args, request, "MPI_Ineighbor_allgather");
}
weak_alias(PMPI_Ineighbor_allgather, MPI_Ineighbor_allgather);

int
PMPI_Ineighbor_allgather_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                           void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm,
                           MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, neighbor_allgather_plan, &args, request, "MPI_Ineighbor_allgather");
}
weak_alias(PMPI_Ineighbor_allgather_c, MPI_Ineighbor_allgather_c);

int
PMPI_Neighbor_allgather_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype,
                             void *recvbuf, int recvcount, MPI_Datatype recvtype, MPI_Comm comm,
                             MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, neighbor_allgather_plan, &args, info, request,
                     "MPI_Neighbor_allgather_init");
}
weak_alias(PMPI_Neighbor_allgather_init, MPI_Neighbor_allgather_init);

int
PMPI_Neighbor_allgather_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                               void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype,
                               MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, neighbor_allgather_plan, &args, info, request,
                     "MPI_Neighbor_allgather_init");
}
weak_alias(PMPI_Neighbor_allgather_init_c, MPI_Neighbor_allgather_init_c);

/* ---- MPI_Neighbor_allgatherv ---- */

static int
neighbor_allgatherv_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    int err = plan(call, comm, args, COLL_NEIGHBOR_ALLGATHERV);
    if (unlikely(err) || unlikely(err = side_check(&call->send, &args->send, 1, "send")) ||
        unlikely(err = side_check_vector(&call->recv, &args->recv, call->edges->in.n, "recv")))
        return err;
    call->bytes = side_bytes(&call->send, 0);
    return MPI_SUCCESS;
}

int
PMPI_Neighbor_allgatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                         const int recvcounts[], const int displs[], MPI_Datatype recvtype,
                         MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv =
                                blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype)};
    return form_call(comm, neighbor_allgatherv_plan, &args, "MPI_Neighbor_allgatherv");
}
weak_alias(PMPI_Neighbor_allgatherv, MPI_Neighbor_allgatherv);

int
PMPI_Neighbor_allgatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                           void *recvbuf, const MPI_Count recvcounts[], const MPI_Aint displs[],
                           MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype)};
    return form_call(comm, neighbor_allgatherv_plan, &args, "MPI_Neighbor_allgatherv");
}
weak_alias(PMPI_Neighbor_allgatherv_c, MPI_Neighbor_allgatherv_c);

int
PMPI_Ineighbor_allgatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                          const int recvcounts[], const int displs[], MPI_Datatype recvtype,
                          MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv =
                                blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype)};
    return form_start(comm, neighbor_allgatherv_plan, &args, request, "MPI_Ineighbor_allgatherv");
}
weak_alias(PMPI_Ineighbor_allgatherv, MPI_Ineighbor_allgatherv);

int
PMPI_Ineighbor_allgatherv_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                            void *recvbuf, const MPI_Count recvcounts[], const MPI_Aint displs[],
                            MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype)};
    return form_start(comm, neighbor_allgatherv_plan, &args, request, "MPI_Ineighbor_allgatherv");
}
weak_alias(PMPI_Ineighbor_allgatherv_c, MPI_Ineighbor_allgatherv_c);

int
PMPI_Neighbor_allgatherv_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype,
                              void *recvbuf, const int recvcounts[], const int displs[],
                              MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                              MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv =
                                blocks_v(recvbuf, narrow(recvcounts), narrow(displs), recvtype)};
    return form_init(comm, neighbor_allgatherv_plan, &args, info, request,
                     "MPI_Neighbor_allgatherv_init");
}
weak_alias(PMPI_Neighbor_allgatherv_init, MPI_Neighbor_allgatherv_init);

int
PMPI_Neighbor_allgatherv_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                                void *recvbuf, const MPI_Count recvcounts[],
                                const MPI_Aint displs[], MPI_Datatype recvtype, MPI_Comm comm,
                                MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(displs), recvtype)};
    return form_init(comm, neighbor_allgatherv_plan, &args, info, request,
                     "MPI_Neighbor_allgatherv_init");
}
weak_alias(PMPI_Neighbor_allgatherv_init_c, MPI_Neighbor_allgatherv_init_c);

/* ---- MPI_Neighbor_alltoall ---- */

static int
neighbor_alltoall_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call->lanes = true;
    int err = plan(call, comm, args, COLL_NEIGHBOR_ALLTOALL);
    if (unlikely(err) ||
        unlikely(err = side_check(&call->send, &args->send, call->edges->out.n, "send")) ||
        unlikely(err = side_check(&call->recv, &args->recv, call->edges->in.n, "recv")))
        return err;
    call->bytes = side_bytes(&call->send, 0);
    return check_overlap(call, call->edges->out.n);
}

int
PMPI_Neighbor_alltoall(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                       int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_call(comm, neighbor_alltoall_plan, &args, "MPI_Neighbor_alltoall");
}
weak_alias(PMPI_Neighbor_alltoall, MPI_Neighbor_alltoall);

int
PMPI_Neighbor_alltoall_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                         void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_call(comm, neighbor_alltoall_plan, &args, "MPI_Neighbor_alltoall");
}
weak_alias(PMPI_Neighbor_alltoall_c, MPI_Neighbor_alltoall_c);

int
PMPI_Ineighbor_alltoall(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
                        int recvcount, MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, neighbor_alltoall_plan, &args, request, "MPI_Ineighbor_alltoall");
}
weak_alias(PMPI_Ineighbor_alltoall, MPI_Ineighbor_alltoall);

int
PMPI_Ineighbor_alltoall_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                          void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype, MPI_Comm comm,
                          MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_start(comm, neighbor_alltoall_plan, &args, request, "MPI_Ineighbor_alltoall");
}
weak_alias(PMPI_Ineighbor_alltoall_c, MPI_Ineighbor_alltoall_c);

int
PMPI_Neighbor_alltoall_init(const void *sendbuf, int sendcount, MPI_Datatype sendtype,
                            void *recvbuf, int recvcount, MPI_Datatype recvtype, MPI_Comm comm,
                            MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, neighbor_alltoall_plan, &args, info, request,
                     "MPI_Neighbor_alltoall_init");
}
weak_alias(PMPI_Neighbor_alltoall_init, MPI_Neighbor_alltoall_init);

int
PMPI_Neighbor_alltoall_init_c(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                              void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype,
                              MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks(sendbuf, sendcount, sendtype),
                            .recv = blocks(recvbuf, recvcount, recvtype)};
    return form_init(comm, neighbor_alltoall_plan, &args, info, request,
                     "MPI_Neighbor_alltoall_init");
}
weak_alias(PMPI_Neighbor_alltoall_init_c, MPI_Neighbor_alltoall_init_c);

/* ---- MPI_Neighbor_alltoallv ---- */

static int
neighbor_alltoallv_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call->lanes = call->irregular = true;
    int err = plan(call, comm, args, COLL_NEIGHBOR_ALLTOALLV);
    if (unlikely(err) ||
        unlikely(err = side_check_vector(&call->send, &args->send, call->edges->out.n, "send")) ||
        unlikely(err = side_check_vector(&call->recv, &args->recv, call->edges->in.n, "recv")))
        return err;
    return MPI_SUCCESS;
}

int
PMPI_Neighbor_alltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
                        MPI_Datatype sendtype, void *recvbuf, const int recvcounts[],
                        const int rdispls[], MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {
        .send = blocks_v(sendbuf, narrow(sendcounts), narrow(sdispls), sendtype),
        .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(rdispls), recvtype)};
    return form_call(comm, neighbor_alltoallv_plan, &args, "MPI_Neighbor_alltoallv");
}
weak_alias(PMPI_Neighbor_alltoallv, MPI_Neighbor_alltoallv);

int
PMPI_Neighbor_alltoallv_c(const void *sendbuf, const MPI_Count sendcounts[],
                          const MPI_Aint sdispls[], MPI_Datatype sendtype, void *recvbuf,
                          const MPI_Count recvcounts[], const MPI_Aint rdispls[],
                          MPI_Datatype recvtype, MPI_Comm comm)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(sdispls), sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(rdispls), recvtype)};
    return form_call(comm, neighbor_alltoallv_plan, &args, "MPI_Neighbor_alltoallv");
}
weak_alias(PMPI_Neighbor_alltoallv_c, MPI_Neighbor_alltoallv_c);

int
PMPI_Ineighbor_alltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
                         MPI_Datatype sendtype, void *recvbuf, const int recvcounts[],
                         const int rdispls[], MPI_Datatype recvtype, MPI_Comm comm,
                         MPI_Request *request)
{
    struct transfer args = {
        .send = blocks_v(sendbuf, narrow(sendcounts), narrow(sdispls), sendtype),
        .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(rdispls), recvtype)};
    return form_start(comm, neighbor_alltoallv_plan, &args, request, "MPI_Ineighbor_alltoallv");
}
weak_alias(PMPI_Ineighbor_alltoallv, MPI_Ineighbor_alltoallv);

int
PMPI_Ineighbor_alltoallv_c(const void *sendbuf, const MPI_Count sendcounts[],
                           const MPI_Aint sdispls[], MPI_Datatype sendtype, void *recvbuf,
                           const MPI_Count recvcounts[], const MPI_Aint rdispls[],
                           MPI_Datatype recvtype, MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(sdispls), sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(rdispls), recvtype)};
    return form_start(comm, neighbor_alltoallv_plan, &args, request, "MPI_Ineighbor_alltoallv");
}
weak_alias(PMPI_Ineighbor_alltoallv_c, MPI_Ineighbor_alltoallv_c);

int
PMPI_Neighbor_alltoallv_init(const void *sendbuf, const int sendcounts[], const int sdispls[],
                             MPI_Datatype sendtype, void *recvbuf, const int recvcounts[],
                             const int rdispls[], MPI_Datatype recvtype, MPI_Comm comm,
                             MPI_Info info, MPI_Request *request)
{
    struct transfer args = {
        .send = blocks_v(sendbuf, narrow(sendcounts), narrow(sdispls), sendtype),
        .recv = blocks_v(recvbuf, narrow(recvcounts), narrow(rdispls), recvtype)};
    return form_init(comm, neighbor_alltoallv_plan, &args, info, request,
                     "MPI_Neighbor_alltoallv_init");
}
weak_alias(PMPI_Neighbor_alltoallv_init, MPI_Neighbor_alltoallv_init);

int
PMPI_Neighbor_alltoallv_init_c(const void *sendbuf, const MPI_Count sendcounts[],
                               const MPI_Aint sdispls[], MPI_Datatype sendtype, void *recvbuf,
                               const MPI_Count recvcounts[], const MPI_Aint rdispls[],
                               MPI_Datatype recvtype, MPI_Comm comm, MPI_Info info,
                               MPI_Request *request)
{
    struct transfer args = {.send = blocks_v(sendbuf, wide(sendcounts), wide(sdispls), sendtype),
                            .recv = blocks_v(recvbuf, wide(recvcounts), wide(rdispls), recvtype)};
    return form_init(comm, neighbor_alltoallv_plan, &args, info, request,
                     "MPI_Neighbor_alltoallv_init");
}
weak_alias(PMPI_Neighbor_alltoallv_init_c, MPI_Neighbor_alltoallv_init_c);

/* ---- MPI_Neighbor_alltoallw ---- */

static int
neighbor_alltoallw_plan(struct call *call, struct comm *comm, const void *arguments)
{
    const struct transfer *args = arguments;
    call->lanes = call->irregular = true;
    int err = plan(call, comm, args, COLL_NEIGHBOR_ALLTOALLW);
    if (unlikely(err))
        return err;
    int nin = call->edges->in.n, nout = call->edges->out.n, n = nin + nout;
    call->types = calloc(n ? (size_t)n : 1, sizeof *call->types);
    if (!call->types)
        return error_new(MPI_ERR_NO_MEM, "no memory for the types of %d neighbors", n);
    call->ntypes = n;
    err = side_check_types(&call->recv, &args->recv, call->types, nin, "recv");
    if (unlikely(err))
        return err;
    return side_check_types(&call->send, &args->send, call->types + nin, nout, "send");
}

int
PMPI_Neighbor_alltoallw(const void *sendbuf, const int sendcounts[], const MPI_Aint sdispls[],
                        const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
                        const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm)
{
    struct transfer args = {.send = blocks_w(sendbuf, narrow(sendcounts), wide(sdispls), sendtypes),
                            .recv =
                                blocks_w(recvbuf, narrow(recvcounts), wide(rdispls), recvtypes)};
    return form_call(comm, neighbor_alltoallw_plan, &args, "MPI_Neighbor_alltoallw");
}
weak_alias(PMPI_Neighbor_alltoallw, MPI_Neighbor_alltoallw);

int
PMPI_Neighbor_alltoallw_c(const void *sendbuf, const MPI_Count sendcounts[],
                          const MPI_Aint sdispls[], const MPI_Datatype sendtypes[], void *recvbuf,
                          const MPI_Count recvcounts[], const MPI_Aint rdispls[],
                          const MPI_Datatype recvtypes[], MPI_Comm comm)
{
    struct transfer args = {.send = blocks_w(sendbuf, wide(sendcounts), wide(sdispls), sendtypes),
                            .recv = blocks_w(recvbuf, wide(recvcounts), wide(rdispls), recvtypes)};
    return form_call(comm, neighbor_alltoallw_plan, &args, "MPI_Neighbor_alltoallw");
}
weak_alias(PMPI_Neighbor_alltoallw_c, MPI_Neighbor_alltoallw_c);

int
PMPI_Ineighbor_alltoallw(const void *sendbuf, const int sendcounts[], const MPI_Aint sdispls[],
                         const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
                         const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm,
                         MPI_Request *request)
{
    struct transfer args = {.send = blocks_w(sendbuf, narrow(sendcounts), wide(sdispls), sendtypes),
                            .recv =
                                blocks_w(recvbuf, narrow(recvcounts), wide(rdispls), recvtypes)};
    return form_start(comm, neighbor_alltoallw_plan, &args, request, "MPI_Ineighbor_alltoallw");
}
weak_alias(PMPI_Ineighbor_alltoallw, MPI_Ineighbor_alltoallw);

int
PMPI_Ineighbor_alltoallw_c(const void *sendbuf, const MPI_Count sendcounts[],
                           const MPI_Aint sdispls[], const MPI_Datatype sendtypes[], void *recvbuf,
                           const MPI_Count recvcounts[], const MPI_Aint rdispls[],
                           const MPI_Datatype recvtypes[], MPI_Comm comm, MPI_Request *request)
{
    struct transfer args = {.send = blocks_w(sendbuf, wide(sendcounts), wide(sdispls), sendtypes),
                            .recv = blocks_w(recvbuf, wide(recvcounts), wide(rdispls), recvtypes)};
    return form_start(comm, neighbor_alltoallw_plan, &args, request, "MPI_Ineighbor_alltoallw");
}
weak_alias(PMPI_Ineighbor_alltoallw_c, MPI_Ineighbor_alltoallw_c);

int
PMPI_Neighbor_alltoallw_init(const void *sendbuf, const int sendcounts[], const MPI_Aint sdispls[],
                             const MPI_Datatype sendtypes[], void *recvbuf, const int recvcounts[],
                             const MPI_Aint rdispls[], const MPI_Datatype recvtypes[],
                             MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks_w(sendbuf, narrow(sendcounts), wide(sdispls), sendtypes),
                            .recv =
                                blocks_w(recvbuf, narrow(recvcounts), wide(rdispls), recvtypes)};
    return form_init(comm, neighbor_alltoallw_plan, &args, info, request,
                     "MPI_Neighbor_alltoallw_init");
}
weak_alias(PMPI_Neighbor_alltoallw_init, MPI_Neighbor_alltoallw_init);

int
PMPI_Neighbor_alltoallw_init_c(const void *sendbuf, const MPI_Count sendcounts[],
                               const MPI_Aint sdispls[], const MPI_Datatype sendtypes[],
                               void *recvbuf, const MPI_Count recvcounts[],
                               const MPI_Aint rdispls[], const MPI_Datatype recvtypes[],
                               MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct transfer args = {.send = blocks_w(sendbuf, wide(sendcounts), wide(sdispls), sendtypes),
                            .recv = blocks_w(recvbuf, wide(recvcounts), wide(rdispls), recvtypes)};
    return form_init(comm, neighbor_alltoallw_plan, &args, info, request,
                     "MPI_Neighbor_alltoallw_init");
}
weak_alias(PMPI_Neighbor_alltoallw_init_c, MPI_Neighbor_alltoallw_init_c);
