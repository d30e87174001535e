// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Parts of arrays of several dimensions (MPI 5.0, 5.1.3 and 5.1.4). */
#include "core/check.h"
#include "type/type.h"

#include <limits.h>

static MPI_Count
smaller(MPI_Count a, MPI_Count b)
{
    return a < b ? a : b;
}

// Elements of a block that one process has at once, along dimension d of a darray.
static MPI_Count
block_of(const struct recipe *r, int d)
{
    MPI_Count all = number_at(r->sizes, d);
    int parts = r->psizes[d];
    if (r->distribs[d] == MPI_DISTRIBUTE_NONE)
        return all;
    if (r->dargs[d] != MPI_DISTRIBUTE_DFLT_DARG)
        return smaller(r->dargs[d], all);
    return r->distribs[d] == MPI_DISTRIBUTE_CYCLIC ? 1 : all / parts + (all % parts != 0);
}

// The rank's place in dimension d of the grid of processes, whose last dimension runs fastest.
static int
place_of(const struct recipe *r, int d)
{
    int rest = r->rank;
    for (int i = r->ndims - 1; i > d; i--)
        rest /= r->psizes[i];
    return rest % r->psizes[d];
}

// Every block of `block` elements goes to the next process; the last one may be smaller. A place
// beyond the array has nothing.
static struct axis
distributed_axis(const struct recipe *r, int d)
{
    MPI_Count all = number_at(r->sizes, d), block = block_of(r, d), at, step;
    int parts = r->distribs[d] == MPI_DISTRIBUTE_NONE ? 1 : r->psizes[d];
    struct axis a = {.size = all, .block = block};
    int place = parts == 1 ? 0 : place_of(r, d);
    if (__builtin_mul_overflow(block, place, &at) || at >= all)
        return a;
    if (__builtin_mul_overflow(block, parts, &step) || step > all)
        step = all; // there is no second block
    MPI_Count blocks = (all - at) / step, rest = (all - at) % step;
    a.first = at;
    a.step = step;
    a.full = blocks + (rest >= block);
    a.tail = rest < block ? rest : 0;
    return a;
}

struct axis
recipe_axis(const struct recipe *r, int d)
{
    if (r->combiner == MPI_COMBINER_DARRAY)
        return distributed_axis(r, d);
    MPI_Count n = number_at(r->subsizes, d);
    return (struct axis){.first = number_at(r->starts, d),
                         .block = n,
                         .step = n,
                         .full = 1,
                         .size = number_at(r->sizes, d)};
}

/* ---- arguments ---- */

static int
bad_number(const char *what, int d, MPI_Count value, const char *least, MPI_Count most)
{
    return error_new(MPI_ERR_ARG, "%s[%d] is %lld, not in %s..%lld", what, d, (long long)value,
                     least, (long long)most);
}

static int
check_subarray(const struct recipe *r)
{
    if (!numbers_given(r->subsizes) || !numbers_given(r->starts))
        return null_error(numbers_given(r->subsizes) ? "array_of_starts" : "array_of_subsizes");
    for (int d = 0; d < r->ndims; d++) {
        MPI_Count all = number_at(r->sizes, d), n = number_at(r->subsizes, d);
        MPI_Count start = number_at(r->starts, d);
        if (n < 1 || n > all)
            return bad_number("array_of_subsizes", d, n, "1", all);
        if (start < 0 || start > all - n)
            return bad_number("array_of_starts", d, start, "0", all - n);
    }
    return MPI_SUCCESS;
}

static int
check_distribution(const struct recipe *r, int d)
{
    int how = r->distribs[d], arg = r->dargs[d], parts = r->psizes[d];
    MPI_Count all = number_at(r->sizes, d);
    if (how != MPI_DISTRIBUTE_BLOCK && how != MPI_DISTRIBUTE_CYCLIC && how != MPI_DISTRIBUTE_NONE)
        return error_new(MPI_ERR_ARG, "array_of_distribs[%d] is %d, which is no distribution", d,
                         how);
    if (parts < 1)
        return bad_number("array_of_psizes", d, parts, "1", INT_MAX);
    if (how == MPI_DISTRIBUTE_NONE && parts != 1)
        return error_new(MPI_ERR_ARG,
                         "array_of_psizes[%d] is %d, but the dimension is not distributed", d,
                         parts);
    if (how == MPI_DISTRIBUTE_NONE || arg == MPI_DISTRIBUTE_DFLT_DARG)
        return MPI_SUCCESS;
    if (arg < 1)
        return bad_number("array_of_dargs", d, arg, "1", INT_MAX);
    if (how == MPI_DISTRIBUTE_BLOCK && (MPI_Count)arg * parts < all)
        return error_new(MPI_ERR_ARG,
                         "array_of_dargs[%d] is %d: blocks of that for %d processes do not hold "
                         "%lld elements",
                         d, arg, parts, (long long)all);
    return MPI_SUCCESS;
}

static int
check_grid(const struct recipe *r)
{
    MPI_Count product = 1;
    for (int d = 0; d < r->ndims; d++)
        product = smaller(product * r->psizes[d], INT_MAX + (MPI_Count)1);
    if (product != r->size)
        return error_new(MPI_ERR_ARG, "size is %d, but array_of_psizes makes %lld processes",
                         r->size, (long long)product);
    return MPI_SUCCESS;
}

static int
check_darray(const struct recipe *r)
{
    if (!r->distribs || !r->dargs || !r->psizes)
        return null_error("array_of_distribs, array_of_dargs or array_of_psizes");
    if (r->size < 1)
        return error_new(MPI_ERR_ARG, "size is %d: not positive", r->size);
    if (r->rank < 0 || r->rank >= r->size)
        return error_new(MPI_ERR_ARG, "rank %d is not in 0..%d", r->rank, r->size - 1);
    int err = MPI_SUCCESS;
    for (int d = 0; !err && d < r->ndims; d++)
        err = check_distribution(r, d);
    return err ? err : check_grid(r);
}

int
recipe_check_arrays(const struct recipe *r)
{
    if (r->ndims < 1)
        return error_new(MPI_ERR_ARG, "ndims is %d: not positive", r->ndims);
    if (r->order != MPI_ORDER_C && r->order != MPI_ORDER_FORTRAN)
        return error_new(MPI_ERR_ARG, "order is %d, neither MPI_ORDER_C nor MPI_ORDER_FORTRAN",
                         r->order);
    bool darray = r->combiner == MPI_COMBINER_DARRAY;
    if (!numbers_given(r->sizes))
        return null_error(darray ? "array_of_gsizes" : "array_of_sizes");
    for (int d = 0; d < r->ndims; d++)
        if (number_at(r->sizes, d) < 1)
            return bad_number(darray ? "array_of_gsizes" : "array_of_sizes", d,
                              number_at(r->sizes, d), "1", INT64_MAX);
    return darray ? check_darray(r) : check_subarray(r);
}

/* ---- entries ---- */

int
PMPI_Type_create_subarray(int ndims, const int array_of_sizes[], const int array_of_subsizes[],
                          const int array_of_starts[], int order, MPI_Datatype oldtype,
                          MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_SUBARRAY,
                       .ndims = ndims,
                       .order = order,
                       .sizes = {.narrow = array_of_sizes},
                       .subsizes = {.narrow = array_of_subsizes},
                       .starts = {.narrow = array_of_starts},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_subarray");
}
weak_alias(PMPI_Type_create_subarray, MPI_Type_create_subarray);

int
PMPI_Type_create_subarray_c(int ndims, const MPI_Count array_of_sizes[],
                            const MPI_Count array_of_subsizes[], const MPI_Count array_of_starts[],
                            int order, MPI_Datatype oldtype, MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_SUBARRAY,
                       .large = true,
                       .ndims = ndims,
                       .order = order,
                       .sizes = {.wide = array_of_sizes},
                       .subsizes = {.wide = array_of_subsizes},
                       .starts = {.wide = array_of_starts},
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_subarray_c");
}
weak_alias(PMPI_Type_create_subarray_c, MPI_Type_create_subarray_c);

int
PMPI_Type_create_darray(int size, int rank, int ndims, const int array_of_gsizes[],
                        const int array_of_distribs[], const int array_of_dargs[],
                        const int array_of_psizes[], int order, MPI_Datatype oldtype,
                        MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_DARRAY,
                       .size = size,
                       .rank = rank,
                       .ndims = ndims,
                       .order = order,
                       .sizes = {.narrow = array_of_gsizes},
                       .distribs = array_of_distribs,
                       .dargs = array_of_dargs,
                       .psizes = array_of_psizes,
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_darray");
}
weak_alias(PMPI_Type_create_darray, MPI_Type_create_darray);

int
PMPI_Type_create_darray_c(int size, int rank, int ndims, const MPI_Count array_of_gsizes[],
                          const int array_of_distribs[], const int array_of_dargs[],
                          const int array_of_psizes[], int order, MPI_Datatype oldtype,
                          MPI_Datatype *newtype)
{
    struct recipe r = {.combiner = MPI_COMBINER_DARRAY,
                       .large = true,
                       .size = size,
                       .rank = rank,
                       .ndims = ndims,
                       .order = order,
                       .sizes = {.wide = array_of_gsizes},
                       .distribs = array_of_distribs,
                       .dargs = array_of_dargs,
                       .psizes = array_of_psizes,
                       .ntypes = 1};
    return type_make(&r, &oldtype, newtype, "MPI_Type_create_darray_c");
}
weak_alias(PMPI_Type_create_darray_c, MPI_Type_create_darray_c);
