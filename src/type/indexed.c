// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Blocks anywhere: of one type, and of different ones (MPI 5.0, 5.1.2). */
#include "core/api.h"
#include "type/type.h"

// MPI_Aint is MPI_Count wherever there is an engine.
static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "one kind of wide displacements");

static struct numbers
addresses(const MPI_Aint displs[])
{
    return (struct numbers){.wide = (const MPI_Count *)displs};
}

int
PMPI_Type_indexed(int count, const int array_of_blocklengths[], const int array_of_displacements[],
                  MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_INDEXED,

                       .count = count,
                       .lengths = {.narrow = array_of_blocklengths},
                       .displs = {.narrow = array_of_displacements},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_indexed");
}
weak_alias(PMPI_Type_indexed, MPI_Type_indexed);

int
PMPI_Type_indexed_c(MPI_Count count, const MPI_Count array_of_blocklengths[],
                    const MPI_Count array_of_displacements[], MPI_Datatype oldtype,
                    MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_INDEXED,
                       .large = true,
                       .count = count,
                       .lengths = {.wide = array_of_blocklengths},
                       .displs = {.wide = array_of_displacements},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_indexed_c");
}
weak_alias(PMPI_Type_indexed_c, MPI_Type_indexed_c);

int
PMPI_Type_create_hindexed(int count, const int array_of_blocklengths[],
                          const MPI_Aint array_of_displacements[], MPI_Datatype oldtype,
                          MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_HINDEXED,

                       .count = count,
                       .lengths = {.narrow = array_of_blocklengths},
                       .displs = addresses(array_of_displacements),
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_hindexed");
}
weak_alias(PMPI_Type_create_hindexed, MPI_Type_create_hindexed);

int
PMPI_Type_create_hindexed_c(MPI_Count count, const MPI_Count array_of_blocklengths[],
                            const MPI_Count array_of_displacements[], MPI_Datatype oldtype,
                            MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_HINDEXED,
                       .large = true,
                       .count = count,
                       .lengths = {.wide = array_of_blocklengths},
                       .displs = {.wide = array_of_displacements},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_hindexed_c");
}
weak_alias(PMPI_Type_create_hindexed_c, MPI_Type_create_hindexed_c);

int
PMPI_Type_create_indexed_block(int count, int blocklength, const int array_of_displacements[],
                               MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_INDEXED_BLOCK,

                       .count = count,
                       .length = blocklength,
                       .displs = {.narrow = array_of_displacements},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_indexed_block");
}
weak_alias(PMPI_Type_create_indexed_block, MPI_Type_create_indexed_block);

int
PMPI_Type_create_indexed_block_c(MPI_Count count, MPI_Count blocklength,
                                 const MPI_Count array_of_displacements[], MPI_Datatype oldtype,
                                 MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_INDEXED_BLOCK,
                       .large = true,
                       .count = count,
                       .length = blocklength,
                       .displs = {.wide = array_of_displacements},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_indexed_block_c");
}
weak_alias(PMPI_Type_create_indexed_block_c, MPI_Type_create_indexed_block_c);

int
PMPI_Type_create_hindexed_block(int count, int blocklength, const MPI_Aint array_of_displacements[],
                                MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_HINDEXED_BLOCK,

                       .count = count,
                       .length = blocklength,
                       .displs = addresses(array_of_displacements),
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_hindexed_block");
}
weak_alias(PMPI_Type_create_hindexed_block, MPI_Type_create_hindexed_block);

int
PMPI_Type_create_hindexed_block_c(MPI_Count count, MPI_Count blocklength,
                                  const MPI_Count array_of_displacements[], MPI_Datatype oldtype,
                                  MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_HINDEXED_BLOCK,
                       .large = true,
                       .count = count,
                       .length = blocklength,
                       .displs = {.wide = array_of_displacements},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_hindexed_block_c");
}
weak_alias(PMPI_Type_create_hindexed_block_c, MPI_Type_create_hindexed_block_c);

int
PMPI_Type_create_struct(int count, const int array_of_blocklengths[],
                        const MPI_Aint array_of_displacements[],
                        const MPI_Datatype array_of_types[], MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_STRUCT,

                       .count = count,
                       .lengths = {.narrow = array_of_blocklengths},
                       .displs = addresses(array_of_displacements),
                       .ntypes = count};
    return type_make(&r, array_of_types, newtype, "MPI_Type_create_struct");
}
weak_alias(PMPI_Type_create_struct, MPI_Type_create_struct);

int
PMPI_Type_create_struct_c(MPI_Count count, const MPI_Count array_of_blocklengths[],
                          const MPI_Count array_of_displacements[],
                          const MPI_Datatype array_of_types[], MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_STRUCT,
                       .large = true,
                       .count = count,
                       .lengths = {.wide = array_of_blocklengths},
                       .displs = {.wide = array_of_displacements},
                       .ntypes = count};
    return type_make(&r, array_of_types, newtype, "MPI_Type_create_struct_c");
}
weak_alias(PMPI_Type_create_struct_c, MPI_Type_create_struct_c);
