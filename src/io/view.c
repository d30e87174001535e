// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Views (MPI 5.0, 14.3), and what is counted in them. */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

struct view *
view_new(void)
{
    struct view *view = calloc(1, sizeof *view);
    if (view)
        view->refs = 1;
    return view;
}

void
view_release(struct view *view)
{
    if (--view->refs)
        return;
    struct type *const types[] = {view->etype, view->filetype, view->tile};
    for (int i = 0; i < 3; i++)
        if (types[i])
            type_release(types[i]);
    free(view);
}

/* ---- places ---- */

MPI_Offset
view_offset(const struct view *view, uint64_t pos)
{
    if (view->tile->size == 0)
        return view->disp;
    return cursor_offset(view->tile, view->disp, pos);
}

int
view_reaches(const struct view *view, MPI_Offset at, uint64_t bytes)
{
    MPI_Offset pos, end, tiles;
    const struct type *tile = view->tile;
    bool far = __builtin_mul_overflow(at, (MPI_Offset)view->unit, &pos) ||
               __builtin_add_overflow(pos, (MPI_Offset)bytes, &end);
    if (!far && tile->size)
        far = __builtin_mul_overflow(end / tile->size + 1, tile->extent, &tiles) ||
              __builtin_add_overflow(tiles, view->disp, &tiles) ||
              __builtin_add_overflow(tiles, tile->true_lb + tile->true_extent, &tiles);
    return far ? error_new(MPI_ERR_ARG, "offset %lld is too large", (long long)at) : MPI_SUCCESS;
}

// How many bytes of the view lie before byte `size` of the file: its places are in order.
static uint64_t
bytes_before(const struct view *view, MPI_Offset size)
{
    const struct type *tile = view->tile;
    uint64_t low = 0, high = (uint64_t)tile->size;
    if (tile->extent > 0)
        high *= (uint64_t)((size - view->disp) / tile->extent + 2);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (view_offset(view, middle) < size)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

MPI_Offset
view_end(const struct view *view, MPI_Offset size)
{
    if (size <= view->disp || view->tile->size == 0)
        return 0;
    return (MPI_Offset)((bytes_before(view, size) + view->unit - 1) / view->unit);
}

/* ---- MPI_File_set_view ---- */

struct set_view {
    MPI_Offset disp;
    MPI_Datatype etype, filetype;
    const char *datarep;
    MPI_Info info;
};

static int
check_types(const struct io *io, const struct type *etype, const struct type *filetype)
{
    if (etype->size == 0 ? filetype->size != 0 : filetype->size % etype->size != 0)
        return error_new(MPI_ERR_ARG,
                         "the file type has %lld bytes of data, the etype %lld: no whole number",
                         (long long)filetype->size, (long long)etype->size);
    return layout_check_order(filetype, !(io->amode & MPI_MODE_RDONLY));
}

// MPI_DISPLACEMENT_CURRENT: where the shared file pointer of a sequential file is (14.3).
static int
check_disp(const struct io *io, MPI_Offset *disp)
{
    bool sequential = io->amode & MPI_MODE_SEQUENTIAL;
    if (sequential && *disp == MPI_DISPLACEMENT_CURRENT) {
        int64_t at = atomic_load_explicit(&io->shared->pointer, memory_order_relaxed);
        *disp = view_offset(io->view, (uint64_t)at * io->view->unit);
        return MPI_SUCCESS;
    }
    if (sequential)
        return error_new(MPI_ERR_UNSUPPORTED_OPERATION,
                         "a sequential file needs MPI_DISPLACEMENT_CURRENT, not displacement %lld",
                         (long long)*disp);
    return *disp >= 0 ? MPI_SUCCESS : negative_error(MPI_ERR_ARG, "disp", *disp);
}

static int
fill_types(struct view *view, const struct io *io)
{
    struct type *in_file = NULL;
    int err = check_types(io, view->etype, view->filetype);
    if (!err)
        err = datarep_type(view->rep, view->etype, &in_file);
    if (err)
        return err;
    view->unit = in_file->size ? (uint64_t)in_file->size : 1;
    type_release(in_file);
    return datarep_type(view->rep, view->filetype, &view->tile);
}

static int
fill(struct view *view, const struct io *io, const struct set_view *args)
{
    struct type *etype, *filetype;
    int err = type_find_committed(args->etype, &etype);
    if (!err)
        err = type_find_committed(args->filetype, &filetype);
    if (!err)
        err = check_pointer(args->datarep, "datarep");
    if (!err)
        err = datarep_find(args->datarep, &view->rep);
    view->disp = args->disp;
    if (!err)
        err = check_disp(io, &view->disp);
    if (err)
        return err;
    type_hold(view->etype = etype);
    type_hold(view->filetype = filetype);
    strcpy(view->name, args->datarep);
    return fill_types(view, io);
}

// What must be the same everywhere.
struct view_vote {
    uint64_t unit, name;
    int64_t pointer;
};

static uint64_t
hash(const char *text)
{
    uint64_t h = 0;
    while (*text)
        h = flag_chain(h, (unsigned char)*text++);
    return h;
}

static int
agree_same(struct comm *comm, struct view_vote mine)
{
    struct view_vote *all = calloc((size_t)comm->size, sizeof *all);
    if (!all)
        return error_new(MPI_ERR_NO_MEM, "no memory for the views of %d ranks", comm->size);
    all[comm->rank] = mine;
    int err = agree_gather(comm, COLL_FILE_SET_VIEW, all, sizeof *all);
    for (int i = 0; i < comm->size && !err; i++) {
        if (all[i].unit != mine.unit)
            err = error_new(MPI_ERR_NOT_SAME,
                            "the etype has %llu bytes in the file at rank %d, %llu at rank %d",
                            (unsigned long long)mine.unit, comm->rank,
                            (unsigned long long)all[i].unit, i);
        else if (all[i].name != mine.name)
            err = error_new(MPI_ERR_NOT_SAME, "ranks %d and %d give other data representations",
                            comm->rank, i);
    }
    free(all);
    return err;
}

// The shared pointer is set when all have come, and none has gone on.
static int
install(struct file *file, struct view *view)
{
    struct io *io = file->io;
    struct view_vote mine = {.unit = view->unit, .name = hash(view->name)};
    int err = agree_same(file->comm, mine);
    err = io_agree(file->comm, COLL_FILE_SET_VIEW, err);
    if (err)
        return err;
    if (file->comm->rank == 0)
        atomic_store_explicit(&io->shared->pointer, 0, memory_order_relaxed);
    char over = 0;
    err = agree_give(file->comm, COLL_FILE_SET_VIEW, &over, 1);
    if (err)
        return err;
    view_release(io->view);
    io->view = view_hold(view);
    io->pointer = 0;
    return MPI_SUCCESS;
}

static int
set_view(struct file *file, const struct set_view *args)
{
    struct view *view = view_new();
    int err = view ? fill(view, file->io, args) : error_new(MPI_ERR_NO_MEM, "no memory for a view");
    if (!err)
        err = hints_take(file->io, args->info);
    err = io_agree(file->comm, COLL_FILE_SET_VIEW, err);
    if (!err)
        err = install(file, view);
    if (view)
        view_release(view);
    return err;
}

int
PMPI_File_set_view(MPI_File fh, MPI_Offset disp, MPI_Datatype etype, MPI_Datatype filetype,
                   const char *datarep, MPI_Info info)
{
    struct set_view args = {disp, etype, filetype, datarep, info};
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE);
    if (likely(!err)) {
        err = set_view(file, &args);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_set_view", err);
}
weak_alias(PMPI_File_set_view, MPI_File_set_view);

static int
get_view(const struct io *io, MPI_Offset *disp, MPI_Datatype *etype, MPI_Datatype *filetype,
         char *datarep)
{
    int err = check_pointer(disp, "disp");
    if (!err)
        err = check_pointer(etype, "etype");
    if (!err)
        err = check_pointer(filetype, "filetype");
    if (!err)
        err = check_pointer(datarep, "datarep");
    if (err)
        return err;
    *disp = io->view->disp;
    *etype = type_give(io->view->etype);
    *filetype = type_give(io->view->filetype);
    strcpy(datarep, io->view->name);
    return MPI_SUCCESS;
}

int
PMPI_File_get_view(MPI_File fh, MPI_Offset *disp, MPI_Datatype *etype, MPI_Datatype *filetype,
                   char *datarep)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = get_view(file->io, disp, etype, filetype, datarep);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_view", err);
}
weak_alias(PMPI_File_get_view, MPI_File_get_view);

/* ---- what is counted in a view ---- */

static int
get_byte_offset(const struct io *io, MPI_Offset offset, MPI_Offset *disp)
{
    int err = check_pointer(disp, "disp");
    if (err)
        return err;
    if (offset < 0)
        return negative_error(MPI_ERR_ARG, "offset", offset);
    if ((err = view_reaches(io->view, offset, 0)))
        return err;
    *disp = view_offset(io->view, (uint64_t)offset * io->view->unit);
    return MPI_SUCCESS;
}

int
PMPI_File_get_byte_offset(MPI_File fh, MPI_Offset offset, MPI_Offset *disp)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_AT_OFFSET);
    if (likely(!err)) {
        err = get_byte_offset(file->io, offset, disp);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_byte_offset", err);
}
weak_alias(PMPI_File_get_byte_offset, MPI_File_get_byte_offset);

static int
get_type_extent(const struct io *io, MPI_Datatype handle, MPI_Count *extent)
{
    struct type *type, *in_file;
    int err = type_find(handle, &type);
    if (!err)
        err = check_pointer(extent, "extent");
    if (!err)
        err = datarep_type(io->view->rep, type, &in_file);
    if (err)
        return err;
    *extent = in_file->extent;
    type_release(in_file);
    return MPI_SUCCESS;
}

static int
type_extent_or_raise(MPI_File fh, MPI_Datatype datatype, MPI_Count *extent, const char *function)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = get_type_extent(file->io, datatype, extent);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, function, err);
}

static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "an extent is either");

int
PMPI_File_get_type_extent(MPI_File fh, MPI_Datatype datatype, MPI_Aint *extent)
{
    return type_extent_or_raise(fh, datatype, (MPI_Count *)extent, "MPI_File_get_type_extent");
}
weak_alias(PMPI_File_get_type_extent, MPI_File_get_type_extent);

int
PMPI_File_get_type_extent_c(MPI_File fh, MPI_Datatype datatype, MPI_Count *extent)
{
    return type_extent_or_raise(fh, datatype, extent, "MPI_File_get_type_extent_c");
}
weak_alias(PMPI_File_get_type_extent_c, MPI_File_get_type_extent_c);
