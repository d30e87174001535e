// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* How a datatype was made (MPI 5.0, 5.1.13). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

// The arguments, counted, and told where there is an array for them. A count is an integer of a
// type made by the int form, else a large count; a displacement an address, or a large count.
struct telling {
    MPI_Count integers, addresses, counts;
    int *integer_array;
    MPI_Aint *address_array;
    MPI_Count *count_array;
    bool large;
};

static void
tell_integer(struct telling *t, int value)
{
    if (t->integer_array)
        t->integer_array[t->integers] = value;
    t->integers++;
}

static void
tell_large(struct telling *t, MPI_Count value)
{
    if (t->count_array)
        t->count_array[t->counts] = value;
    t->counts++;
}

static void
tell_count(struct telling *t, MPI_Count value)
{
    if (t->large)
        tell_large(t, value);
    else
        tell_integer(t, (int)value);
}

static void
tell_address(struct telling *t, MPI_Count value)
{
    if (t->large) {
        tell_large(t, value);
        return;
    }
    if (t->address_array)
        t->address_array[t->addresses] = (MPI_Aint)value;
    t->addresses++;
}

static void
tell_counts(struct telling *t, struct numbers a, MPI_Count n)
{
    for (MPI_Count i = 0; i < n; i++)
        tell_count(t, number_at(a, i));
}

static void
tell_addresses(struct telling *t, struct numbers a, MPI_Count n)
{
    for (MPI_Count i = 0; i < n; i++)
        tell_address(t, number_at(a, i));
}

static void
tell_integers(struct telling *t, const int *values, int n)
{
    for (int i = 0; i < n; i++)
        tell_integer(t, values[i]);
}

static void
tell_vector(const struct recipe *r, struct telling *t)
{
    tell_count(t, r->count);
    tell_count(t, r->length);
    if (r->combiner == MPI_COMBINER_VECTOR)
        tell_count(t, r->stride);
    else
        tell_address(t, r->stride);
}

static void
tell_blocks(const struct recipe *r, struct telling *t)
{
    tell_count(t, r->count);
    if (r->combiner == MPI_COMBINER_INDEXED_BLOCK || r->combiner == MPI_COMBINER_HINDEXED_BLOCK)
        tell_count(t, r->length);
    else
        tell_counts(t, r->lengths, r->count);
    if (r->combiner == MPI_COMBINER_INDEXED || r->combiner == MPI_COMBINER_INDEXED_BLOCK)
        tell_counts(t, r->displs, r->count);
    else
        tell_addresses(t, r->displs, r->count);
}

static void
tell_array(const struct recipe *r, struct telling *t)
{
    if (r->combiner == MPI_COMBINER_DARRAY) {
        tell_integer(t, r->size);
        tell_integer(t, r->rank);
    }
    tell_integer(t, r->ndims);
    tell_counts(t, r->sizes, r->ndims);
    if (r->combiner == MPI_COMBINER_DARRAY) {
        tell_integers(t, r->distribs, r->ndims);
        tell_integers(t, r->dargs, r->ndims);
        tell_integers(t, r->psizes, r->ndims);
    } else {
        tell_counts(t, r->subsizes, r->ndims);
        tell_counts(t, r->starts, r->ndims);
    }
    tell_integer(t, r->order);
}

static void
tell_fortran(const struct recipe *r, struct telling *t)
{
    if (r->combiner != MPI_COMBINER_F90_INTEGER)
        tell_integer(t, r->p);
    tell_integer(t, r->r);
}

static void
tell(const struct recipe *r, struct telling *t)
{
    t->large = r->large;
    switch (r->combiner) {
    case MPI_COMBINER_DUP:
        break;
    case MPI_COMBINER_CONTIGUOUS:
        tell_count(t, r->length);
        break;
    case MPI_COMBINER_VECTOR:
    case MPI_COMBINER_HVECTOR:
        tell_vector(r, t);
        break;
    case MPI_COMBINER_SUBARRAY:
    case MPI_COMBINER_DARRAY:
        tell_array(r, t);
        break;
    case MPI_COMBINER_RESIZED:
        tell_address(t, r->lb);
        tell_address(t, r->extent);
        break;
    case MPI_COMBINER_F90_REAL:
    case MPI_COMBINER_F90_COMPLEX:
    case MPI_COMBINER_F90_INTEGER:
        tell_fortran(r, t);
        break;
    default:
        tell_blocks(r, t);
    }
}

// The int forms cannot tell of large counts (5.1.13).
static int
check_narrow(const struct type *type, bool narrow)
{
    if (!narrow || !type->contents || !type->contents->recipe.large)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_TYPE, "the datatype was made with large counts, which only the _c "
                                   "form of this function tells");
}

struct envelope {
    MPI_Count integers, addresses, counts, types;
    int combiner;
};

static int
get_envelope(MPI_Datatype handle, bool narrow, struct envelope *out)
{
    struct type *type = NULL;
    struct telling t = {.integers = 0};
    int err = type_find(handle, &type);
    if (!err)
        err = check_narrow(type, narrow);
    if (err)
        return err;
    *out = (struct envelope){.combiner = MPI_COMBINER_NAMED};
    if (!type->contents)
        return MPI_SUCCESS;
    const struct recipe *r = &type->contents->recipe;
    tell(r, &t);
    *out = (struct envelope){t.integers, t.addresses, t.counts, r->ntypes, r->combiner};
    return MPI_SUCCESS;
}

int
PMPI_Type_get_envelope(MPI_Datatype datatype, int *num_integers, int *num_addresses,
                       int *num_datatypes, int *combiner)
{
    struct envelope e = {0};
    int err = engine_enter();
    if (likely(!err)) {
        err = get_envelope(datatype, true, &e);
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
        err = get_envelope(datatype, false, &e);
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

// Where the contents go, and how much there is room for.
struct room {
    struct envelope most;
    struct telling to;
    MPI_Datatype *types;
    bool narrow;
};

static int
check_room(const char *what, MPI_Count needed, MPI_Count most, const void *array)
{
    if (most < needed)
        return error_new(MPI_ERR_ARG, "max_%s is %lld, but the contents are %lld of them", what,
                         (long long)most, (long long)needed);
    if (needed && !array)
        return error_new(MPI_ERR_ARG, "the argument array_of_%s is a null pointer", what);
    return MPI_SUCCESS;
}

static int
check_rooms(const struct envelope *needed, const struct room *room)
{
    const struct telling *to = &room->to;
    const struct envelope *most = &room->most;
    int err = check_room("integers", needed->integers, most->integers, to->integer_array);
    if (!err)
        err = check_room("addresses", needed->addresses, most->addresses, to->address_array);
    if (!err)
        err = check_room("large_counts", needed->counts, most->counts, to->count_array);
    return err ? err : check_room("datatypes", needed->types, most->types, room->types);
}

// Each type comes back as a handle of its own, for the user to free unless it is predefined.
static int
get_contents(MPI_Datatype handle, struct room *room)
{
    struct type *type = NULL;
    struct envelope needed;
    int err = get_envelope(handle, room->narrow, &needed);
    if (!err)
        err = type_find(handle, &type);
    if (!err && !type->contents)
        err = error_new(MPI_ERR_TYPE, "%s is predefined and has no contents", type->label);
    if (!err)
        err = check_rooms(&needed, room);
    if (err)
        return err;
    const struct recipe *r = &type->contents->recipe;
    tell(r, &room->to);
    for (MPI_Count i = 0; i < r->ntypes; i++)
        room->types[i] = type_give(r->types[i]);
    return MPI_SUCCESS;
}

static int
contents_or_raise(MPI_Datatype handle, struct room room, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = get_contents(handle, &room);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

int
PMPI_Type_get_contents(MPI_Datatype datatype, int max_integers, int max_addresses,
                       int max_datatypes, int array_of_integers[], MPI_Aint array_of_addresses[],
                       MPI_Datatype array_of_datatypes[])
{
    struct room room = {
        .most = {.integers = max_integers, .addresses = max_addresses, .types = max_datatypes},
        .to = {.integer_array = array_of_integers, .address_array = array_of_addresses},
        .types = array_of_datatypes,
        .narrow = true,
    };
    return contents_or_raise(datatype, room, "MPI_Type_get_contents");
}
weak_alias(PMPI_Type_get_contents, MPI_Type_get_contents);

int
PMPI_Type_get_contents_c(MPI_Datatype datatype, MPI_Count max_integers, MPI_Count max_addresses,
                         MPI_Count max_large_counts, MPI_Count max_datatypes,
                         int array_of_integers[], MPI_Aint array_of_addresses[],
                         MPI_Count array_of_large_counts[], MPI_Datatype array_of_datatypes[])
{
    struct room room = {
        .most = {.integers = max_integers,
                 .addresses = max_addresses,
                 .counts = max_large_counts,
                 .types = max_datatypes},
        .to = {.integer_array = array_of_integers,
               .address_array = array_of_addresses,
               .count_array = array_of_large_counts},
        .types = array_of_datatypes,
    };
    return contents_or_raise(datatype, room, "MPI_Type_get_contents_c");
}
weak_alias(PMPI_Type_get_contents_c, MPI_Type_get_contents_c);
