// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Put and get (MPI 5.0, 12.3.1, 12.3.2, 12.3.5): done when the call returns. */
#include "rma/rma.h"

#include "core/layout.h"
#include "p2p/p2p.h"

#include <string.h>

static cold int
truncated(uint64_t bytes, uint64_t room)
{
    return error_new(MPI_ERR_TRUNCATE, "%llu bytes do not fit in %llu", (unsigned long long)bytes,
                     (unsigned long long)room);
}

static cold int
check_none(const struct origin_args *args)
{
    struct origin origin;
    return origin_find(args, "origin_addr", &origin);
}

static int
copy_layouts(const struct place *place, const struct origin *origin, enum direction direction,
             uint64_t bytes)
{
    struct layout_side target = {place->type, place->at, place->count};
    struct layout_side own = {origin->type, origin->buffer, origin->count};
    if (direction == WRITE)
        layout_copy(&own, &target, 0, bytes);
    else
        layout_copy(&target, &own, 0, bytes);
    return MPI_SUCCESS;
}

// One word at once: who polls it never sees a part of it.
static inline void
copy_bytes(char *to, const char *from, uint64_t bytes)
{
    if (likely(bytes == 8))
        memcpy(to, from, 8);
    else if (bytes == 4)
        memcpy(to, from, 4);
    else
        memmove(to, from, bytes);
}

static inline int
copy_direct(const struct place *place, const struct origin *origin, enum direction direction,
            uint64_t bytes)
{
    if (unlikely(!place->type->contiguous || !origin->type->contiguous))
        return copy_layouts(place, origin, direction, bytes);
    char *target = place->at + place->type->true_lb;
    char *own = (char *)((uintptr_t)origin->buffer + (uintptr_t)origin->type->true_lb);
    if (direction == WRITE)
        copy_bytes(target, own, bytes);
    else
        copy_bytes(own, target, bytes);
    return MPI_SUCCESS;
}

// One predefined type on both sides, as many here as there.
static inline bool
transfer_quick(struct win *win, const struct origin_args *from, const struct target_args *to,
               enum direction direction)
{
    uintptr_t handle = (uintptr_t)from->type;
    if (from->type != to->type || handle >= 4096 || (uint64_t)from->count > INT32_MAX ||
        from->count != to->count || (uintptr_t)from->buffer <= (uintptr_t)MPI_IN_PLACE)
        return false;
    const struct type *type = type_special(from->type);
    if (unlikely(!type || !type->contiguous))
        return false;
    uint64_t bytes = (uint64_t)from->count * (uint64_t)type->size;
    char *own = (char *)(uintptr_t)from->buffer, *at = place_quick(win, to->rank, to->disp, bytes);
    if (unlikely(!at))
        return false;
    if (direction == READ)
        copy_bytes(own, at, bytes);
    else
        copy_bytes(at, own, bytes);
    win->stored |= direction == WRITE;
    return true;
}

static noinline_ int
transfer_any(MPI_Win handle, const struct origin_args *from, const struct target_args *to,
             enum direction direction)
{
    struct win *win;
    struct origin origin;
    struct place place;
    int err = win_enter(handle, &win);
    if (unlikely(err))
        return err;
    if (unlikely(to->rank == MPI_PROC_NULL))
        return check_none(from);
    if (unlikely((err = origin_find(from, "origin_addr", &origin))) ||
        unlikely((err = place_find(win, to, &place))))
        return err;
    uint64_t bytes = direction == WRITE ? origin.bytes : place.bytes;
    uint64_t room = direction == WRITE ? place.bytes : origin.bytes;
    if (unlikely(bytes > room))
        return truncated(bytes, room);
    if (unlikely(!bytes))
        return MPI_SUCCESS;
    win->stored = true;
    if (likely(place.direct))
        return copy_direct(&place, &origin, direction, bytes);
    return place_copy(&place, &origin, direction, bytes);
}

static inline int
transfer(MPI_Win handle, const struct origin_args *from, const struct target_args *to,
         enum direction direction)
{
    struct win *win;
    int err = win_enter(handle, &win);
    if (unlikely(err) || likely(transfer_quick(win, from, to, direction)))
        return err;
    return transfer_any(handle, from, to, direction);
}

static inline int
transfer_call(MPI_Win win, const struct origin_args *from, const struct target_args *to,
              enum direction direction, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = transfer(win, from, to, direction);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, function, err);
}

static int
transfer_request(MPI_Win win, const struct origin_args *from, const struct target_args *to,
                 enum direction direction, const char *function, MPI_Request *request)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(request, "request");
        if (!err)
            err = transfer(win, from, to, direction);
        if (!err)
            err = request_over(REQUEST_SEND, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, function, err);
}

#define FROM (&(struct origin_args){origin_addr, origin_count, origin_datatype})
#define TO   (&(struct target_args){target_rank, target_disp, target_count, target_datatype})

int
PMPI_Put(const void *origin_addr, int origin_count, MPI_Datatype origin_datatype, int target_rank,
         MPI_Aint target_disp, int target_count, MPI_Datatype target_datatype, MPI_Win win)
{
    return transfer_call(win, FROM, TO, WRITE, "MPI_Put");
}
weak_alias(PMPI_Put, MPI_Put);

int
PMPI_Put_c(const void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype,
           int target_rank, MPI_Aint target_disp, MPI_Count target_count,
           MPI_Datatype target_datatype, MPI_Win win)
{
    return transfer_call(win, FROM, TO, WRITE, "MPI_Put_c");
}
weak_alias(PMPI_Put_c, MPI_Put_c);

int
PMPI_Get(void *origin_addr, int origin_count, MPI_Datatype origin_datatype, int target_rank,
         MPI_Aint target_disp, int target_count, MPI_Datatype target_datatype, MPI_Win win)
{
    return transfer_call(win, FROM, TO, READ, "MPI_Get");
}
weak_alias(PMPI_Get, MPI_Get);

int
PMPI_Get_c(void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype, int target_rank,
           MPI_Aint target_disp, MPI_Count target_count, MPI_Datatype target_datatype, MPI_Win win)
{
    return transfer_call(win, FROM, TO, READ, "MPI_Get_c");
}
weak_alias(PMPI_Get_c, MPI_Get_c);

int
PMPI_Rput(const void *origin_addr, int origin_count, MPI_Datatype origin_datatype, int target_rank,
          MPI_Aint target_disp, int target_count, MPI_Datatype target_datatype, MPI_Win win,
          MPI_Request *request)
{
    return transfer_request(win, FROM, TO, WRITE, "MPI_Rput", request);
}
weak_alias(PMPI_Rput, MPI_Rput);

int
PMPI_Rput_c(const void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype,
            int target_rank, MPI_Aint target_disp, MPI_Count target_count,
            MPI_Datatype target_datatype, MPI_Win win, MPI_Request *request)
{
    return transfer_request(win, FROM, TO, WRITE, "MPI_Rput_c", request);
}
weak_alias(PMPI_Rput_c, MPI_Rput_c);

int
PMPI_Rget(void *origin_addr, int origin_count, MPI_Datatype origin_datatype, int target_rank,
          MPI_Aint target_disp, int target_count, MPI_Datatype target_datatype, MPI_Win win,
          MPI_Request *request)
{
    return transfer_request(win, FROM, TO, READ, "MPI_Rget", request);
}
weak_alias(PMPI_Rget, MPI_Rget);

int
PMPI_Rget_c(void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype,
            int target_rank, MPI_Aint target_disp, MPI_Count target_count,
            MPI_Datatype target_datatype, MPI_Win win, MPI_Request *request)
{
    return transfer_request(win, FROM, TO, READ, "MPI_Rget_c", request);
}
weak_alias(PMPI_Rget_c, MPI_Rget_c);
