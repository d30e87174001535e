// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Asking grids (MPI 5.0, 8.5.5 and 8.5.6). */
#include "topo/cart.h"

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

static int
find(MPI_Comm handle, const struct topology **grid)
{
    return topology_find(handle, TOPOLOGY_CART, grid);
}

// Arrays of the user's for each dimension.
static int
check_maxdims(int maxdims, const struct topology *grid)
{
    if (maxdims < grid->ndims)
        return error_new(MPI_ERR_ARG, "maxdims is %d; the grid has %d dimensions", maxdims,
                         grid->ndims);
    return MPI_SUCCESS;
}

static int
check_array(const int *array, const struct topology *grid, const char *name)
{
    return grid->ndims ? check_pointer(array, name) : MPI_SUCCESS;
}

static int
cartdim_get(MPI_Comm handle, int *ndims)
{
    const struct topology *grid;
    int err = find(handle, &grid);
    if (!err && !(err = check_pointer(ndims, "ndims")))
        *ndims = grid->ndims;
    return err;
}

int
PMPI_Cartdim_get(MPI_Comm comm, int *ndims)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = cartdim_get(comm, ndims);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cartdim_get", err);
}
weak_alias(PMPI_Cartdim_get, MPI_Cartdim_get);

static int
cart_get(MPI_Comm handle, int maxdims, int *dims, int *periods, int *coords)
{
    const struct topology *grid;
    int err = find(handle, &grid);
    if (err || (err = check_maxdims(maxdims, grid)) || (err = check_array(dims, grid, "dims")) ||
        (err = check_array(periods, grid, "periods")) ||
        (err = check_array(coords, grid, "coords")))
        return err;
    for (int d = 0; d < grid->ndims; d++) {
        dims[d] = grid->dims[d];
        periods[d] = grid->periods[d];
        coords[d] = grid->coords[d];
    }
    return MPI_SUCCESS;
}

int
PMPI_Cart_get(MPI_Comm comm, int maxdims, int dims[], int periods[], int coords[])
{
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_get(comm, maxdims, dims, periods, coords);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cart_get", err);
}
weak_alias(PMPI_Cart_get, MPI_Cart_get);

static int
cart_rank(MPI_Comm handle, const int *coords, int *rank)
{
    const struct topology *grid;
    int found = 0, err = find(handle, &grid);
    if (err || (err = check_array(coords, grid, "coords")) || (err = check_pointer(rank, "rank")))
        return err;
    for (int d = 0; d < grid->ndims; d++) {
        int size = grid->dims[d], at = coords[d];
        if (at < 0 || at >= size) {
            if (!grid->periods[d])
                return error_new(MPI_ERR_ARG,
                                 "coords[%d] is %d; this dimension is not periodic, its "
                                 "coordinates are 0..%d",
                                 d, at, size - 1);
            at = (at % size + size) % size;
        }
        found = found * size + at;
    }
    *rank = found;
    return MPI_SUCCESS;
}

int
PMPI_Cart_rank(MPI_Comm comm, const int coords[], int *rank)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_rank(comm, coords, rank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cart_rank", err);
}
weak_alias(PMPI_Cart_rank, MPI_Cart_rank);

static int
cart_coords(MPI_Comm handle, int rank, int maxdims, int *coords)
{
    const struct topology *grid;
    int err = find(handle, &grid);
    if (err || (err = check_maxdims(maxdims, grid)) || (err = check_array(coords, grid, "coords")))
        return err;
    int size = comm_get(handle)->size;
    if (rank < 0 || rank >= size)
        return error_new(MPI_ERR_RANK, "rank %d is not in the grid (0..%d)", rank, size - 1);
    cart_place(grid, rank, coords);
    return MPI_SUCCESS;
}

int
PMPI_Cart_coords(MPI_Comm comm, int rank, int maxdims, int coords[])
{
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_coords(comm, rank, maxdims, coords);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cart_coords", err);
}
weak_alias(PMPI_Cart_coords, MPI_Cart_coords);

static int
cart_shift(MPI_Comm handle, int direction, int disp, int *source, int *dest)
{
    const struct topology *grid;
    int err = find(handle, &grid);
    if (err || (err = check_pointer(source, "rank_source")) ||
        (err = check_pointer(dest, "rank_dest")))
        return err;
    if (direction < 0 || direction >= grid->ndims)
        return error_new(MPI_ERR_ARG, "direction is %d; the grid has %d dimensions, from 0",
                         direction, grid->ndims);
    int rank = comm_get(handle)->rank;
    *source = cart_neighbor(grid, rank, direction, -(int64_t)disp);
    *dest = cart_neighbor(grid, rank, direction, disp);
    return MPI_SUCCESS;
}

int
PMPI_Cart_shift(MPI_Comm comm, int direction, int disp, int *rank_source, int *rank_dest)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = cart_shift(comm, direction, disp, rank_source, rank_dest);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Cart_shift", err);
}
weak_alias(PMPI_Cart_shift, MPI_Cart_shift);
