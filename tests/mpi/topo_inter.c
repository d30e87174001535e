// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A communicator of two groups has no topology, and none is made of it. */
#include "errors.h"

int
main(void)
{
    int dims[1] = {1}, periods[1] = {0}, index[1] = {1}, edge[1] = {0}, value, status;
    MPI_Comm half, inter, comm;
    MPI_Init(NULL, NULL);
    int side = world_rank() % 2;
    if (world_size() > 1) {
        MPI_Comm_split(MPI_COMM_WORLD, side, 0, &half);
        MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - side, 0, &inter);
        MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN);
        CHECK(class_of(MPI_Cart_create(inter, 1, dims, periods, 0, &comm)) == MPI_ERR_COMM, " ");
        CHECK(class_of(MPI_Cart_map(inter, 1, dims, periods, &value)) == MPI_ERR_COMM, " ");
        CHECK(class_of(MPI_Graph_create(inter, 1, index, edge, 0, &comm)) == MPI_ERR_COMM, " ");
        CHECK(class_of(MPI_Graph_map(inter, 1, index, edge, &value)) == MPI_ERR_COMM, " ");
        CHECK(class_of(MPI_Dist_graph_create(inter, 0, NULL, NULL, NULL, MPI_UNWEIGHTED,
                                             MPI_INFO_NULL, 0, &comm)) == MPI_ERR_COMM,
              " ");
        CHECK(class_of(MPI_Dist_graph_create_adjacent(inter, 0, NULL, MPI_UNWEIGHTED, 0, NULL,
                                                      MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &comm)) ==
                  MPI_ERR_COMM,
              " ");
        CHECK(class_of(MPI_Cartdim_get(inter, &value)) == MPI_ERR_TOPOLOGY, " ");
        CHECK(MPI_Topo_test(inter, &status) == MPI_SUCCESS && status == MPI_UNDEFINED, " ");
        MPI_Comm_free(&inter);
        MPI_Comm_free(&half);
    }
    MPI_Finalize();
    return 0;
}
