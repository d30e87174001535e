// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Elements side by side, and blocks of them at equal distances (MPI 5.0, 5.1.2). */
#include "core/api.h"
#include "type/type.h"

static int
make_contiguous(MPI_Count count, bool large, MPI_Datatype old, MPI_Datatype *result,
                const char *function)
{
    struct recipe r = {.combiner = MPI_COMBINER_CONTIGUOUS,
                       .large = large,
                       .count = 1,
                       .length = count,
                       .ntypes = 1};
    return type_make(&r, &old, result, function);
}

int
PMPI_Type_contiguous(int count, MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    return make_contiguous(count, false, oldtype, newtype, "MPI_Type_contiguous");
}
weak_alias(PMPI_Type_contiguous, MPI_Type_contiguous);

int
PMPI_Type_contiguous_c(MPI_Count count, MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    return make_contiguous(count, true, oldtype, newtype, "MPI_Type_contiguous_c");
}
weak_alias(PMPI_Type_contiguous_c, MPI_Type_contiguous_c);

int
PMPI_Type_vector(int count, int blocklength, int stride, MPI_Datatype oldtype,
                 MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_VECTOR,
                       .count = count,
                       .length = blocklength,
                       .stride = stride,
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_vector");
}
weak_alias(PMPI_Type_vector, MPI_Type_vector);

int
PMPI_Type_vector_c(MPI_Count count, MPI_Count blocklength, MPI_Count stride, MPI_Datatype oldtype,
                   MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_VECTOR,
                       .large = true,
                       .count = count,
                       .length = blocklength,
                       .stride = stride,
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_vector_c");
}
weak_alias(PMPI_Type_vector_c, MPI_Type_vector_c);

int
PMPI_Type_create_hvector(int count, int blocklength, MPI_Aint stride, MPI_Datatype oldtype,
                         MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_HVECTOR,
                       .count = count,
                       .length = blocklength,
                       .stride = stride,
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_hvector");
}
weak_alias(PMPI_Type_create_hvector, MPI_Type_create_hvector);

int
PMPI_Type_create_hvector_c(MPI_Count count, MPI_Count blocklength, MPI_Count stride,
                           MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_HVECTOR,
                       .large = true,
                       .count = count,
                       .length = blocklength,
                       .stride = stride,
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_hvector_c");
}
weak_alias(PMPI_Type_create_hvector_c, MPI_Type_create_hvector_c);
