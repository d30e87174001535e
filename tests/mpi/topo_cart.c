// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Grids: places, neighbors, slices, processes outside, and what is refused. */
#include "errors.h"

#include <limits.h>
#include <string.h>

// Row-major, by the definition.
static void
places(MPI_Comm grid, int ndims, const int *dims, const int *periods)
{
    int size, rank, got[8], gdims[8], gperiods[8], gcoords[8], n;
    MPI_Comm_size(grid, &size);
    MPI_Comm_rank(grid, &rank);
    CHECK(MPI_Cartdim_get(grid, &n) == MPI_SUCCESS && n == ndims, "%d", n);
    CHECK(MPI_Cart_get(grid, 8, gdims, gperiods, gcoords) == MPI_SUCCESS, " ");
    for (int r = 0; r < size; r++) {
        int rest = r, back = -1;
        CHECK(MPI_Cart_coords(grid, r, ndims, got) == MPI_SUCCESS, " ");
        for (int d = ndims - 1; d >= 0; d--) {
            CHECK(got[d] == rest % dims[d], "rank %d: coords[%d] is %d", r, d, got[d]);
            CHECK(gdims[d] == dims[d] && gperiods[d] == periods[d], "%d", d);
            CHECK(r != rank || gcoords[d] == got[d], "%d", d);
            rest /= dims[d];
        }
        CHECK(MPI_Cart_rank(grid, got, &back) == MPI_SUCCESS && back == r, "%d: %d", r, back);
        for (int d = 0; d < ndims; d++) {
            got[d] -= 3 * dims[d];
            int code = MPI_Cart_rank(grid, got, &back);
            CHECK(periods[d] ? code == MPI_SUCCESS && back == r : class_of(code) == MPI_ERR_ARG,
                  "%d", d);
            got[d] += 3 * dims[d];
        }
    }
}

// Where a step leads is where the coordinates say.
static void
shifts(MPI_Comm grid, int ndims, const int *dims, const int *periods)
{
    static const int steps[] = {0, 1, -1, 2, -3, 7, INT_MAX, INT_MIN};
    int rank, coords[8], from, to;
    MPI_Comm_rank(grid, &rank);
    for (int d = 0; d < ndims; d++) {
        for (int s = 0; s < 8; s++) {
            int expected[2];
            for (int way = 0; way < 2; way++) {
                MPI_Cart_coords(grid, rank, ndims, coords);
                long long at = (long long)coords[d] + (way ? -1LL : 1LL) * steps[s];
                int inside = at >= 0 && at < dims[d];
                coords[d] = (int)((at % dims[d] + dims[d]) % dims[d]);
                MPI_Cart_rank(grid, coords, &expected[way]);
                if (!inside && !periods[d])
                    expected[way] = MPI_PROC_NULL;
            }
            CHECK(MPI_Cart_shift(grid, d, steps[s], &from, &to) == MPI_SUCCESS, " ");
            CHECK(to == expected[0] && from == expected[1], "direction %d, %d: %d %d, not %d %d", d,
                  steps[s], from, to, expected[1], expected[0]);
        }
    }
}

static int
sum_of(MPI_Comm comm, int value)
{
    int sum;
    MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, comm);
    return sum;
}

// Every choice of dimensions that remain: the slice holds those with my other coordinates.
static void
slices(MPI_Comm grid, int ndims, const int *dims, const int *periods)
{
    int rank, coords[8], remain[8], sdims[8], speriods[8], scoords[8];
    MPI_Comm_rank(grid, &rank);
    MPI_Cart_coords(grid, rank, ndims, coords);
    for (int set = 0; set < 1 << ndims; set++) {
        MPI_Comm slice;
        int size = 1, n = 0, key = 0, got, place;
        for (int d = 0; d < ndims; d++) {
            remain[d] = (set >> d & 1) * 5; // any value but 0 is true
            size *= remain[d] ? dims[d] : 1;
            key = key * 100 + (remain[d] ? 0 : coords[d]);
        }
        CHECK(MPI_Cart_sub(grid, remain, &slice) == MPI_SUCCESS, " ");
        MPI_Comm_size(slice, &got);
        CHECK(got == size, "%d, not %d", got, size);
        CHECK(MPI_Cart_get(slice, 8, sdims, speriods, scoords) == MPI_SUCCESS, " ");
        for (int d = 0; d < ndims; d++) {
            if (!remain[d])
                continue;
            CHECK(sdims[n] == dims[d] && speriods[n] == periods[d] && scoords[n] == coords[d],
                  "%d of set %d", d, set);
            n++;
        }
        MPI_Cartdim_get(slice, &got);
        CHECK(got == n, "%d", got);
        MPI_Comm_rank(slice, &place);
        CHECK(n == 0 || (MPI_Cart_rank(slice, scoords, &got) == MPI_SUCCESS && got == place), " ");
        CHECK(sum_of(slice, key) == key * size, "set %d", set);
        MPI_Comm_free(&slice);
    }
}

static void
grids(void)
{
    int size = world_size();
    for (int ndims = 0; ndims <= 4; ndims++) {
        for (int set = 0; set < 1 << ndims; set++) {
            int dims[4] = {0}, periods[4], kind, mapped, result;
            MPI_Comm grid, copy;
            for (int d = 0; d < ndims; d++)
                periods[d] = set >> d & 1;
            if (ndims)
                MPI_Dims_create(size, ndims, dims);
            MPI_Cart_map(MPI_COMM_WORLD, ndims, dims, periods, &mapped);
            CHECK(MPI_Cart_create(MPI_COMM_WORLD, ndims, dims, periods, set & 1, &grid) ==
                      MPI_SUCCESS,
                  " ");
            if (ndims == 0 && world_rank() > 0) {
                CHECK(grid == MPI_COMM_NULL && mapped == MPI_UNDEFINED, " ");
                continue;
            }
            CHECK(MPI_Topo_test(grid, &kind) == MPI_SUCCESS && kind == MPI_CART, "%d", kind);
            MPI_Comm_rank(grid, &result);
            CHECK(result == mapped, "%d, not %d", result, mapped);
            places(grid, ndims, dims, periods);
            shifts(grid, ndims, dims, periods);
            slices(grid, ndims, dims, periods);
            CHECK(MPI_Comm_dup(grid, &copy) == MPI_SUCCESS, " ");
            MPI_Comm_free(&grid);
            places(copy, ndims, dims, periods);
            MPI_Comm_free(&copy);
        }
    }
}

// One process fewer than there are.
static void
outside(void)
{
    int dims[1] = {world_size() - 1}, periods[1] = {0}, got, n;
    MPI_Comm grid;
    if (!dims[0])
        return;
    CHECK(MPI_Cart_create(MPI_COMM_WORLD, 1, dims, periods, 0, &grid) == MPI_SUCCESS, " ");
    CHECK((grid == MPI_COMM_NULL) == (world_rank() == dims[0]), " ");
    MPI_Cart_map(MPI_COMM_WORLD, 1, dims, periods, &got);
    CHECK(got == (world_rank() == dims[0] ? MPI_UNDEFINED : world_rank()), "%d", got);
    if (grid == MPI_COMM_NULL)
        return;
    MPI_Comm_size(grid, &n);
    CHECK(n == dims[0] && sum_of(grid, 1) == n, "%d", n);
    MPI_Comm_free(&grid);
}

static void
mistakes(void)
{
    int dims[2] = {world_size(), 1}, periods[2] = {0, 1}, zero[2] = {1, 0};
    int large[3] = {65536, 65536, 65536}, none[2] = {0, 0}, value, a, b, out[2];
    MPI_Comm grid, comm;
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
    MPI_Comm_set_errhandler(grid, MPI_ERRORS_RETURN);
    CHECK(class_of(MPI_Cart_create(MPI_COMM_WORLD, -1, dims, periods, 0, &comm)) == MPI_ERR_DIMS,
          " ");
    CHECK(class_of(MPI_Cart_create(MPI_COMM_WORLD, 2, zero, periods, 0, &comm)) == MPI_ERR_DIMS,
          " ");
    CHECK(class_of(MPI_Cart_create(MPI_COMM_WORLD, 3, large, large, 0, &comm)) == MPI_ERR_DIMS,
          " ");
    CHECK(class_of(MPI_Cart_create(MPI_COMM_WORLD, 2, NULL, periods, 0, &comm)) == MPI_ERR_ARG,
          " ");
    CHECK(class_of(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, NULL, 0, &comm)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_create(MPI_COMM_NULL, 2, dims, periods, 0, &comm)) == MPI_ERR_COMM,
          " ");
    CHECK(says(MPI_Cart_create(MPI_COMM_WORLD, 2, zero, periods, 0, &comm), "dims[1]", "0"), " ");
    CHECK(class_of(MPI_Cart_map(MPI_COMM_WORLD, 2, zero, periods, &value)) == MPI_ERR_DIMS, " ");
    CHECK(class_of(MPI_Cart_map(MPI_COMM_WORLD, 2, dims, periods, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cartdim_get(MPI_COMM_WORLD, &value)) == MPI_ERR_TOPOLOGY, " ");
    CHECK(says(MPI_Cartdim_get(MPI_COMM_WORLD, &value), "MPI_COMM_WORLD", "no topology"), " ");
    CHECK(class_of(MPI_Cartdim_get(grid, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Graphdims_get(grid, &a, &b)) == MPI_ERR_TOPOLOGY, " ");
    CHECK(says(MPI_Graphdims_get(grid, &a, &b), "Cartesian", "graph"), " ");
    CHECK(class_of(MPI_Dist_graph_neighbors_count(grid, &a, &b, &value)) == MPI_ERR_TOPOLOGY, " ");
    CHECK(class_of(MPI_Cart_get(grid, 1, out, out, out)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_get(grid, 2, out, NULL, out)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_coords(grid, 0, 1, out)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_coords(grid, -1, 2, out)) == MPI_ERR_RANK, " ");
    CHECK(says(MPI_Cart_coords(grid, 1000, 2, out), "1000", "0.."), " ");
    CHECK(class_of(MPI_Cart_rank(grid, NULL, &value)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_rank(grid, none, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_shift(grid, 2, 1, &a, &b)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_shift(grid, -1, 1, &a, &b)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_shift(grid, 0, 1, NULL, &b)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_sub(grid, NULL, &comm)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Cart_sub(MPI_COMM_WORLD, none, &comm)) == MPI_ERR_TOPOLOGY, " ");
    CHECK(class_of(MPI_Topo_test(grid, NULL)) == MPI_ERR_ARG, " ");
    CHECK(MPI_Topo_test(MPI_COMM_WORLD, &value) == MPI_SUCCESS && value == MPI_UNDEFINED, " ");
    MPI_Comm_free(&grid);
}

// Who gives another grid than rank 0 is told so.
static void
disagreement(void)
{
    int last = world_size() - 1, mine = world_rank() == last && last > 0;
    int dims[2] = {mine ? 1 : world_size(), mine ? world_size() : 1}, periods[2] = {0, 0};
    MPI_Comm comm = MPI_COMM_NULL;
    int code = MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &comm);
    CHECK(mine ? class_of(code) == MPI_ERR_ARG : code == MPI_SUCCESS, "%d", code);
    if (comm != MPI_COMM_NULL)
        MPI_Comm_free(&comm);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    grids();
    outside();
    mistakes();
    disagreement();
    MPI_Finalize();
    return 0;
}
