// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_TOPO_CART_H
#define MUSTER_TOPO_CART_H

#include "topo/topo.h"

/* The coordinates of a rank. */
void cart_place(const struct topology *grid, int rank, int *coords);

/* The rank `disp` steps from `rank` in a direction, MPI_PROC_NULL beyond the border. */
int cart_neighbor(const struct topology *grid, int rank, int direction, int64_t disp);

#endif
