// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Fortran's types by what they must hold, and by class and size (MPI 5.0, 19.1.9). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

#include <stdlib.h>

/* ---- by digits and exponents ---- */

// What a type holds: `digits` decimal digits, exponents to `range`.
struct kind {
    int digits, range;
    MPI_Datatype type;
};

static const struct kind integers[] = {
    {0, 2, MPI_INTEGER1},  {0, 4, MPI_INTEGER2},   {0, 9, MPI_INTEGER4},
    {0, 18, MPI_INTEGER8}, {0, 38, MPI_INTEGER16},
};
static const struct kind reals[] = {
    {6, 37, MPI_REAL4},
    {15, 307, MPI_REAL8},
    {33, 4931, MPI_REAL16},
};
static const struct kind complexes[] = {
    {6, 37, MPI_COMPLEX8},
    {15, 307, MPI_COMPLEX16},
    {33, 4931, MPI_COMPLEX32},
};
static const struct kinds {
    int combiner;
    const char *what;
    const struct kind *kinds;
    size_t n;
} all_kinds[] = {
    {MPI_COMBINER_F90_INTEGER, "integer", integers, sizeof integers / sizeof *integers},
    {MPI_COMBINER_F90_REAL, "real", reals, sizeof reals / sizeof *reals},
    {MPI_COMBINER_F90_COMPLEX, "complex", complexes, sizeof complexes / sizeof *complexes},
};

// Those made so far: equal arguments give the same handle, and nobody frees it.
static struct made {
    struct made *next;
    struct type *type;
} * all_made;

static struct type *
find_made(const struct recipe *r)
{
    for (const struct made *m = all_made; m; m = m->next) {
        const struct recipe *of = &m->type->contents->recipe;
        if (of->combiner == r->combiner && of->p == r->p && of->r == r->r)
            return m->type;
    }
    return NULL;
}

// A predefined type in all but the contents.
static struct type *
make_fortran(const struct recipe *r, const struct type *as)
{
    struct made *made = malloc(sizeof *made);
    struct type_contents *contents = contents_new(r);
    struct type *type = made && contents ? type_new(contents) : NULL;
    if (!type) {
        free(made);
        contents_free(contents);
        return NULL;
    }
    struct type own = *type;
    *type = *as;
    type->object = own.object;
    type->handle = own.handle;
    type->contents = contents;
    *made = (struct made){all_made, type};
    all_made = made;
    return type;
}

static const struct kind *
find_kind(const struct kinds *of, int digits, int range)
{
    for (size_t i = 0; i < of->n; i++)
        if (digits <= of->kinds[i].digits && range <= of->kinds[i].range)
            return &of->kinds[i];
    return NULL;
}

static int
create_fortran(const struct kinds *of, int p, int r, MPI_Datatype *result)
{
    int err = check_pointer(result, "newtype");
    bool integer = of->combiner == MPI_COMBINER_F90_INTEGER;
    if (err)
        return err;
    if (p == MPI_UNDEFINED && r == MPI_UNDEFINED)
        return error_new(MPI_ERR_ARG, "p and r are both MPI_UNDEFINED");
    if ((p < 0 && p != MPI_UNDEFINED) || (r < 0 && r != MPI_UNDEFINED))
        return error_new(MPI_ERR_ARG, "p = %d or r = %d is negative", p, r);
    const struct kind *kind = find_kind(of, p, r);
    if (!kind && integer)
        return error_new(MPI_ERR_ARG, "there is no Fortran integer of %d digits", r);
    if (!kind)
        return error_new(MPI_ERR_ARG, "there is no Fortran %s of p = %d digits and range r = %d",
                         of->what, p, r);
    struct recipe recipe = {.combiner = of->combiner, .p = p, .r = r};
    struct type *type = find_made(&recipe);
    if (!type)
        type = make_fortran(&recipe, type_get(kind->type));
    if (!type)
        return error_new(MPI_ERR_NO_MEM, "no memory for another datatype");
    *result = type->handle;
    return MPI_SUCCESS;
}

static int
create_or_raise(const struct kinds *of, int p, int r, MPI_Datatype *result, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = create_fortran(of, p, r, result);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

int
PMPI_Type_create_f90_integer(int r, MPI_Datatype *newtype)
{
    return create_or_raise(&all_kinds[0], 0, r, newtype, "MPI_Type_create_f90_integer");
}
weak_alias(PMPI_Type_create_f90_integer, MPI_Type_create_f90_integer);

int
PMPI_Type_create_f90_real(int p, int r, MPI_Datatype *newtype)
{
    return create_or_raise(&all_kinds[1], p, r, newtype, "MPI_Type_create_f90_real");
}
weak_alias(PMPI_Type_create_f90_real, MPI_Type_create_f90_real);

int
PMPI_Type_create_f90_complex(int p, int r, MPI_Datatype *newtype)
{
    return create_or_raise(&all_kinds[2], p, r, newtype, "MPI_Type_create_f90_complex");
}
weak_alias(PMPI_Type_create_f90_complex, MPI_Type_create_f90_complex);

/* ---- by class and size ---- */

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
