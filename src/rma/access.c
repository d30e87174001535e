// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The arguments of calls that access a window (MPI 5.0, 12.3). */
#include "rma/rma.h"

/* ---- the origin ---- */

static cold int
check_no_address(const struct origin_args *args, const char *name, const struct origin *origin)
{
    if (!origin->bytes)
        return MPI_SUCCESS;
    if (args->buffer == MPI_IN_PLACE)
        return error_new(MPI_ERR_BUFFER, "%s is MPI_IN_PLACE, which has no meaning here", name);
    if (origin->type->predefined)
        return error_new(MPI_ERR_BUFFER, "%s is a null pointer, but the count is %lld", name,
                         (long long)origin->count);
    return MPI_SUCCESS;
}

static cold int
bad_count(const char *whose, MPI_Count count)
{
    return error_new(MPI_ERR_COUNT, "the %s count %lld is negative or too large for the datatype",
                     whose, (long long)count);
}

static inline bool
bytes_of(const struct type *type, MPI_Count count, uint64_t *bytes)
{
    return likely(count >= 0) &&
           likely(!__builtin_mul_overflow((uint64_t)count, (uint64_t)type->size, bytes)) &&
           likely(*bytes <= INT64_MAX);
}

int
origin_find(const struct origin_args *args, const char *name, struct origin *origin)
{
    int err = type_find_committed(args->type, &origin->type);
    if (unlikely(err))
        return err;
    if (!bytes_of(origin->type, args->count, &origin->bytes))
        return bad_count("origin", args->count);
    origin->buffer = (void *)(uintptr_t)args->buffer;
    origin->count = args->count;
    if (unlikely((uintptr_t)args->buffer <= (uintptr_t)MPI_IN_PLACE))
        return check_no_address(args, name, origin);
    return MPI_SUCCESS;
}

/* ---- the target ---- */

// What `count` elements cover, from where their displacements begin; false: nothing that can be
// told in 64 bits.
static bool
span_of(const struct type *type, MPI_Count count, int64_t *low, int64_t *high)
{
    int64_t rest;
    if (__builtin_mul_overflow((int64_t)(count - 1), (int64_t)type->extent, &rest) ||
        __builtin_add_overflow((int64_t)type->true_lb, (int64_t)type->true_extent, high))
        return false;
    *low = type->true_lb;
    return rest < 0 ? !__builtin_add_overflow(*low, rest, low)
                    : !__builtin_add_overflow(*high, rest, high);
}

static cold int
range_error(const struct place *place, MPI_Aint disp)
{
    return error_new(MPI_ERR_RMA_RANGE,
                     "displacement %lld (unit %lld) and %lld elements reach beyond the window of "
                     "%llu bytes",
                     (long long)disp, (long long)place->target->disp_unit, (long long)place->count,
                     (unsigned long long)place->target->size);
}

static cold int
negative_disp(MPI_Aint disp)
{
    return error_new(MPI_ERR_DISP, "the target displacement is negative: %lld", (long long)disp);
}

// In a dynamic window displacements are addresses.
static int
find_attached(struct place *place, MPI_Aint disp)
{
    struct win_target *t = place->target;
    int64_t low = 0, high = 0;
    place->address = (uint64_t)disp;
    if (!place->bytes)
        return MPI_SUCCESS;
    if (!span_of(place->type, place->count, &low, &high))
        return range_error(place, disp);
    uint64_t from = place->address + (uint64_t)low, to = place->address + (uint64_t)high;
    int err = attached_check(place->win, t, from, to);
    uint64_t at = from - t->heap;
    const struct segment *seg = t->peer->segment;
    if (err)
        return err;
    place->direct = t->direct;
    place->cpu = t->cpu;
    place->at = (char *)(uintptr_t)place->address;
    if (seg && from >= t->heap && at < seg->size && to - t->heap <= seg->size) {
        place->direct = place->cpu = true;
        place->at = (char *)((uintptr_t)seg + (uintptr_t)(place->address - t->heap));
    }
    return MPI_SUCCESS;
}

static int
find_in_window(struct place *place, MPI_Aint disp)
{
    const struct win_target *t = place->target;
    int64_t low = 0, high = 0, at;
    if (unlikely(disp < 0))
        return negative_disp(disp);
    if (unlikely(__builtin_mul_overflow((int64_t)disp, (int64_t)t->disp_unit, &at)))
        return range_error(place, disp);
    if (likely(place->bytes)) {
        if (unlikely(!span_of(place->type, place->count, &low, &high)) ||
            unlikely(__builtin_add_overflow(low, at, &low) || low < 0) ||
            unlikely(__builtin_add_overflow(high, at, &high) || (uint64_t)high > t->size))
            return range_error(place, disp);
    }
    place->at = (char *)((uintptr_t)t->base + (uintptr_t)at);
    place->address = t->address + (uint64_t)at;
    place->direct = t->direct;
    place->cpu = t->cpu;
    return MPI_SUCCESS;
}

int
place_find(struct win *win, const struct target_args *args, struct place *place)
{
    if (unlikely(args->rank < 0 || args->rank >= win->group->size))
        return win_bad_rank(win, args->rank);
    int err = type_find_committed(args->type, &place->type);
    if (unlikely(err))
        return err;
    if (unlikely(!bytes_of(place->type, args->count, &place->bytes)))
        return bad_count("target", args->count);
    place->win = win;
    place->target = &win->targets[args->rank];
    place->count = args->count;
    if (unlikely(!win->open && !place->target->open) && (err = win_open(win, args->rank)))
        return err;
    if (unlikely(win->flavor == MPI_WIN_FLAVOR_DYNAMIC))
        return find_attached(place, args->disp);
    return find_in_window(place, args->disp);
}
