// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Packing by hand (MPI 5.0, 5.2). What is packed is the data without holes and without a header, so
 * that it can be sent as MPI_PACKED and received as what it is, and the other way round. */
#include "type/pack.h"
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <limits.h>

// Bytes that take a few microseconds to move, longer than it takes to give the lock away.
#define LONG (64 << 10)

int
packing_check(struct packing *p, MPI_Datatype handle)
{
    int err = type_find_committed(handle, &p->type);
    if (!err)
        err = check_count(p->count, p->unpack ? "outcount" : "incount");
    if (!err && p->type->size && p->count > INT64_MAX / p->type->size)
        err = error_new(MPI_ERR_COUNT, "%lld elements of %lld bytes are too many",
                        (long long)p->count, (long long)p->type->size);
    if (!err && !p->buffer && p->type->size && p->count && p->type->predefined)
        err = error_new(MPI_ERR_BUFFER, "the buffer is a null pointer, but the count is %lld",
                        (long long)p->count);
    return err;
}

int
packing_check_room(const struct packing *p, MPI_Count position, MPI_Count bytes)
{
    if (p->room < 0)
        return negative_error(MPI_ERR_ARG, p->unpack ? "insize" : "outsize", p->room);
    if (position < 0 || position > p->room)
        return error_new(MPI_ERR_ARG, "position %lld is not in the buffer of %lld bytes",
                         (long long)position, (long long)p->room);
    if (bytes && !p->packed)
        return error_new(MPI_ERR_BUFFER, "the %s buffer is a null pointer",
                         p->unpack ? "input" : "output");
    if (bytes > p->room - position)
        return error_new(MPI_ERR_TRUNCATE,
                         "%lld bytes %s, but from position %lld the buffer has %lld",
                         (long long)bytes, p->unpack ? "are wanted" : "are packed",
                         (long long)position, (long long)(p->room - position));
    return MPI_SUCCESS;
}

void
packing_begin(const struct packing *p, MPI_Count bytes)
{
    type_hold(p->type);
    if (bytes >= LONG)
        engine_give();
}

void
packing_end(const struct packing *p, MPI_Count bytes)
{
    if (bytes >= LONG)
        engine_take();
    type_release(p->type);
}

static int
pack(struct packing *p, MPI_Datatype handle, MPI_Comm comm, MPI_Count *position)
{
    struct comm *of;
    int err = comm_find(comm, &of);
    if (!err)
        err = packing_check(p, handle);
    if (!err)
        err = check_pointer(position, "position");
    if (err)
        return err;
    MPI_Count bytes = p->count * p->type->size;
    err = packing_check_room(p, *position, bytes);
    if (err)
        return err;
    packing_begin(p, bytes);
    if (p->unpack)
        layout_unpack(p->type, p->buffer, p->count, 0, p->packed + *position, (size_t)bytes);
    else
        layout_pack(p->type, p->buffer, p->count, 0, p->packed + *position, (size_t)bytes);
    packing_end(p, bytes);
    *position += bytes;
    return MPI_SUCCESS;
}

static int
pack_or_raise(struct packing p, MPI_Datatype handle, MPI_Comm comm, MPI_Count *position,
              const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = pack(&p, handle, comm, position);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, function, err);
}

static int
pack_narrow(struct packing p, MPI_Datatype handle, MPI_Comm comm, int *position,
            const char *function)
{
    MPI_Count wide = position ? *position : 0;
    int err = pack_or_raise(p, handle, comm, position ? &wide : NULL, function);
    if (!err)
        *position = (int)wide; // at most the size of the buffer
    return err;
}

static struct packing
out_of(const void *buffer, MPI_Count count, void *packed, MPI_Count room)
{
    return (struct packing){
        .buffer = (void *)(uintptr_t)buffer, .count = count, .packed = packed, .room = room};
}

static struct packing
into(void *buffer, MPI_Count count, const void *packed, MPI_Count room)
{
    return (struct packing){.buffer = buffer,
                            .count = count,
                            .packed = (char *)(uintptr_t)packed,
                            .room = room,
                            .unpack = true};
}

int
PMPI_Pack(const void *inbuf, int incount, MPI_Datatype datatype, void *outbuf, int outsize,
          int *position, MPI_Comm comm)
{
    struct packing p = out_of(inbuf, incount, outbuf, outsize);
    return pack_narrow(p, datatype, comm, position, "MPI_Pack");
}
weak_alias(PMPI_Pack, MPI_Pack);

int
PMPI_Pack_c(const void *inbuf, MPI_Count incount, MPI_Datatype datatype, void *outbuf,
            MPI_Count outsize, MPI_Count *position, MPI_Comm comm)
{
    struct packing p = out_of(inbuf, incount, outbuf, outsize);
    return pack_or_raise(p, datatype, comm, position, "MPI_Pack_c");
}
weak_alias(PMPI_Pack_c, MPI_Pack_c);

int
PMPI_Unpack(const void *inbuf, int insize, int *position, void *outbuf, int outcount,
            MPI_Datatype datatype, MPI_Comm comm)
{
    struct packing p = into(outbuf, outcount, inbuf, insize);
    return pack_narrow(p, datatype, comm, position, "MPI_Unpack");
}
weak_alias(PMPI_Unpack, MPI_Unpack);

int
PMPI_Unpack_c(const void *inbuf, MPI_Count insize, MPI_Count *position, void *outbuf,
              MPI_Count outcount, MPI_Datatype datatype, MPI_Comm comm)
{
    struct packing p = into(outbuf, outcount, inbuf, insize);
    return pack_or_raise(p, datatype, comm, position, "MPI_Unpack_c");
}
weak_alias(PMPI_Unpack_c, MPI_Unpack_c);

static int
pack_size(MPI_Count count, MPI_Datatype handle, MPI_Comm comm, MPI_Count *size)
{
    struct comm *of;
    struct packing p = {.buffer = &of, .count = count}; // no buffer is looked at
    int err = comm_find(comm, &of);
    if (!err)
        err = packing_check(&p, handle);
    if (!err)
        err = check_pointer(size, "size");
    if (!err)
        *size = count * p.type->size;
    return err;
}

static int
pack_size_or_raise(struct packing p, MPI_Datatype handle, MPI_Comm comm, MPI_Count *size,
                   const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = pack_size(p.count, handle, comm, size);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, function, err);
}

// What does not fit an int is MPI_UNDEFINED.
int
PMPI_Pack_size(int incount, MPI_Datatype datatype, MPI_Comm comm, int *size)
{
    MPI_Count wide = 0;
    int err = pack_size_or_raise((struct packing){.count = incount}, datatype, comm,
                                 size ? &wide : NULL, "MPI_Pack_size");
    if (!err)
        *size = wide > INT_MAX ? MPI_UNDEFINED : (int)wide;
    return err;
}
weak_alias(PMPI_Pack_size, MPI_Pack_size);

int
PMPI_Pack_size_c(MPI_Count incount, MPI_Datatype datatype, MPI_Comm comm, MPI_Count *size)
{
    return pack_size_or_raise((struct packing){.count = incount}, datatype, comm, size,
                              "MPI_Pack_size_c");
}
weak_alias(PMPI_Pack_size_c, MPI_Pack_size_c);
