// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/bsend.h"

#include <limits.h>

/* Attaching, detaching and flushing the buffers of the process and of communicators (MPI 5.0,
 * 3.6.1 to 3.6.3). */

/* Where a buffer is attached. */
struct place {
    bool process; // else to the communicator
    MPI_Comm handle;
    struct comm *comm; // held during the call; NULL: the process
    struct bsend_buffer **at;
    const char *function;
};

static int
place_enter(struct place *place)
{
    int err = engine_enter();
    if (err)
        return err;
    place->at = &engine.buffer;
    if (place->process)
        return MPI_SUCCESS;
    if ((err = comm_find(place->handle, &place->comm))) {
        engine_leave();
        return err;
    }
    comm_hold(place->comm);
    place->at = &place->comm->buffer;
    return MPI_SUCCESS;
}

static void
place_leave(const struct place *place)
{
    if (place->comm)
        comm_release(place->comm);
    engine_leave();
}

static int
place_raise(const struct place *place, int err)
{
    if (likely(!err))
        return MPI_SUCCESS;
    return place->process ? world_raise(place->function, err)
                          : raise_on(place->handle, place->function, err);
}

static int
attach(struct place place, void *buffer, MPI_Count size)
{
    int err = place_enter(&place);
    if (!err) {
        err = bsend_attach(place.at, buffer, size);
        place_leave(&place);
    }
    return place_raise(&place, err);
}

static int
detach(struct place place, void *buffer_addr, MPI_Count *size)
{
    int err = place_enter(&place);
    if (!err) {
        if (!(err = check_pointer(buffer_addr, "buffer_addr")) &&
            !(err = check_pointer(size, "size")))
            err = bsend_detach(place.at, (void **)buffer_addr, size, place.function);
        place_leave(&place);
    }
    return place_raise(&place, err);
}

// What does not fit an int is MPI_UNDEFINED.
static int
detach_int(struct place place, void *buffer_addr, int *size)
{
    MPI_Count large = 0;
    int err = detach(place, buffer_addr, size ? &large : NULL);
    if (!err)
        *size = large > INT_MAX ? MPI_UNDEFINED : (int)large;
    return err;
}

static int
flush(struct place place)
{
    int err = place_enter(&place);
    if (!err) {
        err = bsend_flush(*place.at, place.function);
        place_leave(&place);
    }
    return place_raise(&place, err);
}

static int
iflush(struct place place, MPI_Request *request)
{
    int err = place_enter(&place);
    if (!err) {
        if (!(err = check_pointer(request, "request")))
            err = bsend_iflush(*place.at, request);
        place_leave(&place);
    }
    return place_raise(&place, err);
}

static struct place
process(const char *function)
{
    return (struct place){.process = true, .function = function};
}

static struct place
comm_place(MPI_Comm comm, const char *function)
{
    return (struct place){.handle = comm, .function = function};
}

/* ---- of the process ---- */

int
PMPI_Buffer_attach(void *buffer, int size)
{
    return attach(process("MPI_Buffer_attach"), buffer, size);
}
weak_alias(PMPI_Buffer_attach, MPI_Buffer_attach);

int
PMPI_Buffer_attach_c(void *buffer, MPI_Count size)
{
    return attach(process("MPI_Buffer_attach"), buffer, size);
}
weak_alias(PMPI_Buffer_attach_c, MPI_Buffer_attach_c);

int
PMPI_Buffer_detach(void *buffer_addr, int *size)
{
    return detach_int(process("MPI_Buffer_detach"), buffer_addr, size);
}
weak_alias(PMPI_Buffer_detach, MPI_Buffer_detach);

int
PMPI_Buffer_detach_c(void *buffer_addr, MPI_Count *size)
{
    return detach(process("MPI_Buffer_detach"), buffer_addr, size);
}
weak_alias(PMPI_Buffer_detach_c, MPI_Buffer_detach_c);

int
PMPI_Buffer_flush(void)
{
    return flush(process("MPI_Buffer_flush"));
}
weak_alias(PMPI_Buffer_flush, MPI_Buffer_flush);

int
PMPI_Buffer_iflush(MPI_Request *request)
{
    return iflush(process("MPI_Buffer_iflush"), request);
}
weak_alias(PMPI_Buffer_iflush, MPI_Buffer_iflush);

/* ---- of a communicator ---- */

int
PMPI_Comm_attach_buffer(MPI_Comm comm, void *buffer, int size)
{
    return attach(comm_place(comm, "MPI_Comm_attach_buffer"), buffer, size);
}
weak_alias(PMPI_Comm_attach_buffer, MPI_Comm_attach_buffer);

int
PMPI_Comm_attach_buffer_c(MPI_Comm comm, void *buffer, MPI_Count size)
{
    return attach(comm_place(comm, "MPI_Comm_attach_buffer"), buffer, size);
}
weak_alias(PMPI_Comm_attach_buffer_c, MPI_Comm_attach_buffer_c);

int
PMPI_Comm_detach_buffer(MPI_Comm comm, void *buffer_addr, int *size)
{
    return detach_int(comm_place(comm, "MPI_Comm_detach_buffer"), buffer_addr, size);
}
weak_alias(PMPI_Comm_detach_buffer, MPI_Comm_detach_buffer);

int
PMPI_Comm_detach_buffer_c(MPI_Comm comm, void *buffer_addr, MPI_Count *size)
{
    return detach(comm_place(comm, "MPI_Comm_detach_buffer"), buffer_addr, size);
}
weak_alias(PMPI_Comm_detach_buffer_c, MPI_Comm_detach_buffer_c);

int
PMPI_Comm_flush_buffer(MPI_Comm comm)
{
    return flush(comm_place(comm, "MPI_Comm_flush_buffer"));
}
weak_alias(PMPI_Comm_flush_buffer, MPI_Comm_flush_buffer);

int
PMPI_Comm_iflush_buffer(MPI_Comm comm, MPI_Request *request)
{
    return iflush(comm_place(comm, "MPI_Comm_iflush_buffer"), request);
}
weak_alias(PMPI_Comm_iflush_buffer, MPI_Comm_iflush_buffer);
