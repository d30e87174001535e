// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Making grids (MPI 5.0, 8.5.1, 8.5.6 and 8.5.7). Ranks stand in row-major order: the last
 * dimension is the quickest. */
#include "topo/cart.h"

#include "coll/agree.h"
#include "comm/comm.h"
#include "group/group.h"

#include <stdlib.h>

static int
grid_size(int ndims, const int *dims, const int *periods, int limit, int *size)
{
    int64_t n = 1;
    if (ndims < 0)
        return negative_error(MPI_ERR_DIMS, "ndims", ndims);
    if (ndims > 0 && !dims)
        return null_error("dims");
    if (ndims > 0 && !periods)
        return null_error("periods");
    for (int d = 0; d < ndims; d++) {
        if (dims[d] <= 0)
            return error_new(MPI_ERR_DIMS,
                             "dims[%d] is %d; a grid has at least 1 process in each "
                             "dimension",
                             d, dims[d]);
        if ((n *= dims[d]) > limit)
            return error_new(MPI_ERR_DIMS,
                             "the grid has more processes (%lld with dims[%d]) than the "
                             "communicator (%d)",
                             (long long)n, d, limit);
    }
    *size = (int)n;
    return MPI_SUCCESS;
}

void
cart_place(const struct topology *grid, int rank, int *coords)
{
    for (int d = grid->ndims - 1; d >= 0; d--) {
        coords[d] = rank % grid->dims[d];
        rank /= grid->dims[d];
    }
}

int
cart_neighbor(const struct topology *grid, int rank, int direction, int64_t disp)
{
    int size = grid->dims[direction], stride = 1;
    for (int d = direction + 1; d < grid->ndims; d++)
        stride *= grid->dims[d];
    int from = rank / stride % size;
    int64_t to = from + disp;
    if (to < 0 || to >= size) {
        if (!grid->periods[direction])
            return MPI_PROC_NULL;
        to = (to % size + size) % size;
    }
    return rank + ((int)to - from) * stride;
}

// The block that a process sends in one direction arrives as the one from the opposite direction.
static void
find_edges(struct topology *grid, int rank)
{
    for (int e = 0; e < grid->in.n; e++) {
        int other = cart_neighbor(grid, rank, e / 2, e % 2 ? 1 : -1);
        grid->in.ranks[e] = grid->out.ranks[e] = other;
        grid->in.lanes[e] = other == MPI_PROC_NULL ? -1 : e ^ 1;
    }
}

// For a process outside (rank >= size) there is none.
static int
grid_make(int ndims, const int *dims, const int *periods, int rank, struct topology **result)
{
    struct topology *grid = topology_new(TOPOLOGY_CART);
    int *block = calloc(3 * (size_t)ndims + 1, sizeof *block);
    if (!grid || !block) {
        topology_release(grid);
        free(block);
        return error_new(MPI_ERR_NO_MEM, "no memory for a grid of %d dimensions", ndims);
    }
    *result = grid;
    grid->ndims = ndims;
    grid->dims = block;
    grid->periods = block + ndims;
    grid->coords = block + 2 * (size_t)ndims;
    for (int d = 0; d < ndims; d++) {
        grid->dims[d] = dims[d];
        grid->periods[d] = periods[d] != 0;
    }
    int err = edges_make(&grid->in, 2 * ndims, false, true);
    if (!err)
        err = edges_make(&grid->out, 2 * ndims, false, false);
    if (err)
        return err;
    cart_place(grid, rank, grid->coords);
    find_edges(grid, rank);
    return MPI_SUCCESS;
}

/* ---- create ---- */

struct cart_args {
    int ndims;
    const int *dims, *periods;
};

static uint64_t
hash_args(const struct cart_args *args)
{
    uint64_t hash = hash_ints((uint64_t)args->ndims, args->dims, args->ndims);
    for (int d = 0; d < args->ndims; d++)
        hash = hash_ints(hash, &(int){args->periods[d] != 0}, 1);
    return hash;
}

static int
create_held(struct comm *comm, const struct cart_args *args, int size, MPI_Comm *newcomm)
{
    struct topology *grid = NULL;
    uint64_t context;
    int err = topology_agree(comm, COLL_CART_CREATE, 1, hash_args(args), "another grid", &context);
    if (!err && comm->rank < size)
        err = grid_make(args->ndims, args->dims, args->periods, comm->rank, &grid);
    if (err) {
        topology_release(grid);
        return err;
    }
    return topology_comm(comm, size, context, grid, newcomm);
}

static int
cart_create(MPI_Comm handle, const struct cart_args *args, MPI_Comm *newcomm)
{
    struct comm *comm;
    int size, err = topology_parent(handle, &comm);
    if (err || (err = check_pointer(newcomm, "comm_cart")))
        return err;
    *newcomm = MPI_COMM_NULL; // programs look at it after an error too
    if ((err = grid_size(args->ndims, args->dims, args->periods, comm->size, &size)) ||
        (err = engine_failed()))
        return err;
    comm_hold(comm);
    err = create_held(comm, args, size, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Cart_create(MPI_Comm comm_old, int ndims, const int dims[], const int periods[], int reorder,
                 MPI_Comm *comm_cart)
{
    (void)reorder;
    struct cart_args args = {ndims, dims, periods};
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_create(comm_old, &args, comm_cart);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm_old, "MPI_Cart_create", err);
}
weak_alias(PMPI_Cart_create, MPI_Cart_create);

/* ---- sub ---- */

// The slices of a grid: those dimensions that remain, and which slice a process is in.
struct slice {
    int ndims, size, count; // dimensions and processes of one; how many slices
    int rank, number;       // of this process
    int *dims, *periods;    // two halves of one block
};

static void
find_slice(const struct topology *grid, const int *remain, struct slice *slice)
{
    slice->size = slice->count = 1;
    for (int d = 0; d < grid->ndims; d++) {
        int size = grid->dims[d], at = grid->coords[d];
        if (remain[d]) {
            slice->dims[slice->ndims] = size;
            slice->periods[slice->ndims++] = grid->periods[d];
            slice->rank = slice->rank * size + at;
            slice->size *= size;
        } else {
            slice->number = slice->number * size + at;
            slice->count *= size;
        }
    }
}

// The others of the slice: of the whole grid's ranks those that agree where nothing remains.
static struct group *
slice_group(const struct comm *comm, const struct slice *slice, const int *remain)
{
    const struct topology *grid = comm->topology;
    struct group *group = group_new(slice->size);
    if (!group)
        return NULL;
    for (int i = 0; i < slice->size; i++) {
        int rest = i, rank = 0, stride = 1;
        for (int d = grid->ndims - 1; d >= 0; d--) {
            int at = remain[d] ? rest % grid->dims[d] : grid->coords[d];
            rest = remain[d] ? rest / grid->dims[d] : rest;
            rank += at * stride;
            stride *= grid->dims[d];
        }
        group->peers[i] = comm->peers[rank];
    }
    group->rank = slice->rank;
    return group;
}

static int
sub_agreed(struct comm *comm, const struct slice *slice, const int *remain, uint64_t context,
           MPI_Comm *newcomm)
{
    struct topology *grid = NULL;
    struct group *group = slice_group(comm, slice, remain);
    if (!group)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", slice->size);
    int err = grid_make(slice->ndims, slice->dims, slice->periods, slice->rank, &grid);
    struct comm *child = NULL;
    if (err)
        group_release(group);
    else if (!(child = comm_child(comm, group, context)))
        err = error_new(MPI_ERR_NO_MEM, "no memory for a communicator of %d ranks", slice->size);
    if (err) {
        topology_release(grid);
        return err;
    }
    child->topology = grid;
    *newcomm = child->handle;
    return MPI_SUCCESS;
}

static int
sub_held(struct comm *comm, const int *remain, MPI_Comm *newcomm)
{
    const struct topology *grid = comm->topology;
    struct slice slice = {.dims = calloc(2 * (size_t)grid->ndims + 1, sizeof(int))};
    uint64_t context, hash = (uint64_t)grid->ndims;
    if (!slice.dims)
        return error_new(MPI_ERR_NO_MEM, "no memory for a grid of %d dimensions", grid->ndims);
    slice.periods = slice.dims + grid->ndims;
    find_slice(grid, remain, &slice);
    for (int d = 0; d < grid->ndims; d++)
        hash = hash_ints(hash, &(int){remain[d] != 0}, 1);
    int err = topology_agree(comm, COLL_CART_SUB, (uint64_t)slice.count, hash, "other remain_dims",
                             &context);
    if (!err)
        err = sub_agreed(comm, &slice, remain, context + 2 * (uint64_t)slice.number, newcomm);
    free(slice.dims);
    return err;
}

static int
cart_sub(MPI_Comm handle, const int *remain, MPI_Comm *newcomm)
{
    const struct topology *grid;
    int err = topology_find(handle, TOPOLOGY_CART, &grid);
    if (!err && grid->ndims > 0)
        err = check_pointer(remain, "remain_dims");
    if (err || (err = check_pointer(newcomm, "newcomm")) || (err = engine_failed()))
        return err;
    struct comm *comm = comm_get(handle);
    comm_hold(comm);
    err = sub_held(comm, remain, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Cart_sub(MPI_Comm comm, const int remain_dims[], MPI_Comm *newcomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_sub(comm, remain_dims, newcomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cart_sub", err);
}
weak_alias(PMPI_Cart_sub, MPI_Cart_sub);

/* ---- map ---- */

static int
cart_map(MPI_Comm handle, const struct cart_args *args, int *newrank)
{
    struct comm *comm;
    int size, err = topology_parent(handle, &comm);
    if (err || (err = check_pointer(newrank, "newrank")) ||
        (err = grid_size(args->ndims, args->dims, args->periods, comm->size, &size)))
        return err;
    *newrank = comm->rank < size ? comm->rank : MPI_UNDEFINED;
    return MPI_SUCCESS;
}

int
PMPI_Cart_map(MPI_Comm comm, int ndims, const int dims[], const int periods[], int *newrank)
{
    struct cart_args args = {ndims, dims, periods};
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_map(comm, &args, newrank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cart_map", err);
}
weak_alias(PMPI_Cart_map, MPI_Cart_map);
