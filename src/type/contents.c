// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* How a datatype was made (MPI 5.0, 5.1.13), and the Fortran type of a class and size (19.1.9). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

struct envelope {
    MPI_Count integers, addresses, counts, types;
    int combiner;
};

static int
get_envelope(MPI_Datatype handle, struct envelope *out)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (err)
        return err;
    *out = (struct envelope){.combiner = MPI_COMBINER_NAMED};
    if (type->contents) {
        out->combiner = type->contents->combiner;
        out->types = type->contents->ntypes;
    }
    return MPI_SUCCESS;
}

int
PMPI_Type_get_envelope(MPI_Datatype datatype, int *num_integers, int *num_addresses,
                       int *num_datatypes, int *combiner)
{
    struct envelope e = {0};
    int err = engine_enter();
    if (likely(!err)) {
        err = get_envelope(datatype, &e);
        if (!err && (!num_integers || !num_addresses || !num_datatypes || !combiner))
            err = null_error("num_integers, num_addresses, num_datatypes or combiner");
        engine_leave();
    }
    if (unlikely(err))
        return world_raise("MPI_Type_get_envelope", err);
    *num_integers = (int)e.integers;
    *num_addresses = (int)e.addresses;
    *num_datatypes = (int)e.types;
    *combiner = e.combiner;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Type_get_envelope, MPI_Type_get_envelope);

int
PMPI_Type_get_envelope_c(MPI_Datatype datatype, MPI_Count *num_integers, MPI_Count *num_addresses,
                         MPI_Count *num_large_counts, MPI_Count *num_datatypes, int *combiner)
{
    struct envelope e = {0};
    int err = engine_enter();
    if (likely(!err)) {
        err = get_envelope(datatype, &e);
        if (!err &&
            (!num_integers || !num_addresses || !num_large_counts || !num_datatypes || !combiner))
            err = null_error("num_integers, num_addresses, num_large_counts, num_datatypes or "
                             "combiner");
        engine_leave();
    }
    if (unlikely(err))
        return world_raise("MPI_Type_get_envelope_c", err);
    *num_integers = e.integers;
    *num_addresses = e.addresses;
    *num_large_counts = e.counts;
    *num_datatypes = e.types;
    *combiner = e.combiner;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Type_get_envelope_c, MPI_Type_get_envelope_c);

// Each type comes back as a handle of its own, for the user to free unless it is predefined.
static int
get_contents(MPI_Datatype handle, MPI_Count room, MPI_Datatype *types)
{
    struct type *type = NULL;
    int err = type_find(handle, &type);
    if (err)
        return err;
    struct type_contents *c = type->contents;
    if (!c)
        return error_new(MPI_ERR_TYPE, "%s is predefined and has no contents", type->label);
    if (room < c->ntypes)
        return error_new(MPI_ERR_ARG, "max_datatypes is %lld; the contents are %lld datatypes",
                         (long long)room, (long long)c->ntypes);
    err = check_pointer(types, "array_of_datatypes");
    for (MPI_Count i = 0; !err && i < c->ntypes; i++)
        types[i] = type_give(c->types[i]);
    return err;
}

// There is nothing but types in the contents of what can be made so far.
int
PMPI_Type_get_contents(MPI_Datatype datatype, int max_integers, int max_addresses,
                       int max_datatypes, int array_of_integers[], MPI_Aint array_of_addresses[],
                       MPI_Datatype array_of_datatypes[])
{
    (void)max_integers, (void)max_addresses, (void)array_of_integers, (void)array_of_addresses;
    int err = engine_enter();
    if (likely(!err)) {
        err = get_contents(datatype, max_datatypes, array_of_datatypes);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_get_contents", err);
}
weak_alias(PMPI_Type_get_contents, MPI_Type_get_contents);

int
PMPI_Type_get_contents_c(MPI_Datatype datatype, MPI_Count max_integers, MPI_Count max_addresses,
                         MPI_Count max_large_counts, MPI_Count max_datatypes,
                         int array_of_integers[], MPI_Aint array_of_addresses[],
                         MPI_Count array_of_large_counts[], MPI_Datatype array_of_datatypes[])
{
    (void)max_integers, (void)max_addresses, (void)max_large_counts;
    (void)array_of_integers, (void)array_of_addresses, (void)array_of_large_counts;
    int err = engine_enter();
    if (likely(!err)) {
        err = get_contents(datatype, max_datatypes, array_of_datatypes);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_get_contents_c", err);
}
weak_alias(PMPI_Type_get_contents_c, MPI_Type_get_contents_c);

static const struct match {
    int typeclass, size;
    MPI_Datatype type;
} matches[] = {
    {MPI_TYPECLASS_INTEGER, 1, MPI_INTEGER1},   {MPI_TYPECLASS_INTEGER, 2, MPI_INTEGER2},
    {MPI_TYPECLASS_INTEGER, 4, MPI_INTEGER4},   {MPI_TYPECLASS_INTEGER, 8, MPI_INTEGER8},
    {MPI_TYPECLASS_INTEGER, 16, MPI_INTEGER16}, {MPI_TYPECLASS_REAL, 2, MPI_REAL2},
    {MPI_TYPECLASS_REAL, 4, MPI_REAL4},         {MPI_TYPECLASS_REAL, 8, MPI_REAL8},
    {MPI_TYPECLASS_REAL, 16, MPI_REAL16},       {MPI_TYPECLASS_COMPLEX, 4, MPI_COMPLEX4},
    {MPI_TYPECLASS_COMPLEX, 8, MPI_COMPLEX8},   {MPI_TYPECLASS_COMPLEX, 16, MPI_COMPLEX16},
    {MPI_TYPECLASS_COMPLEX, 32, MPI_COMPLEX32},
};

static int
match_size(int typeclass, int size, MPI_Datatype *datatype)
{
    int err = check_pointer(datatype, "datatype");
    if (err)
        return err;
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
        if (matches[i].typeclass != typeclass || matches[i].size != size)
            continue;
        *datatype = matches[i].type;
        return MPI_SUCCESS;
    }
    if (typeclass < MPI_TYPECLASS_INTEGER || typeclass > MPI_TYPECLASS_COMPLEX)
        return error_new(MPI_ERR_ARG, "%d is no type class", typeclass);
    return error_new(MPI_ERR_ARG, "there is no type of %d bytes in the type class", size);
}

int
PMPI_Type_match_size(int typeclass, int size, MPI_Datatype *datatype)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = match_size(typeclass, size, datatype);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Type_match_size", err);
}
weak_alias(PMPI_Type_match_size, MPI_Type_match_size);
