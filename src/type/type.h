// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Datatypes (MPI 5.0, chapter 5). struct type is in core/object.h, the layout in core/layout.h. */
#ifndef MUSTER_TYPE_TYPE_H
#define MUSTER_TYPE_TYPE_H

#include "core/layout.h"

/* The basic elements of one element of a type, in order: runs of equal sizes. */
struct type_run {
    MPI_Count count, size;
};
struct type_elements {
    MPI_Count total;
    const struct type_run *runs; // as many as make up `total`
};

/* How a type was made: what MPI_Type_get_envelope and MPI_Type_get_contents tell. Holds `types`. */
struct type_contents {
    int combiner;
    MPI_Count ntypes;
    struct type *types[];
};

/* A handle for the user: one more that MPI_Type_free must be called for. Predefined types have
 * theirs always. */
MPI_Datatype type_give(struct type *type);

#endif
