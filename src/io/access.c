// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Accesses (MPI 5.0, 14.4). One is checked, gets its place, which moves the pointer that it uses,
 * and is done without the lock.
 *
 * A started one is done when it is started, a collective one too: it waits for nobody, so it is not
 * merged. Its request is done from the beginning, and tells its error where it is completed. A
 * split collective is done by its first half together with the others'.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

/* ---- arguments ---- */

static int
check_buffer(const struct asked *given, const struct type *type)
{
    int err = check_count(given->count, "count");
    if (!err && given->buf == MPI_IN_PLACE && given->count)
        err = error_new(MPI_ERR_BUFFER, "MPI_IN_PLACE is no buffer for a file");
    if (!err && type->size && given->count > INT64_MAX / type->size)
        err = error_new(MPI_ERR_COUNT, "%lld elements of %lld bytes are too many",
                        (long long)given->count, (long long)type->size);
    if (!err && !given->buf && type->size && given->count && type->predefined)
        err = error_new(MPI_ERR_BUFFER, "the buffer is a null pointer, but the count is %lld",
                        (long long)given->count);
    return err;
}

static int
check_etypes(const struct access *a)
{
    if (a->bytes % a->view->unit == 0)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_IO, "%llu bytes are no whole number of etypes, of %llu bytes each",
                     (unsigned long long)a->bytes, (unsigned long long)a->view->unit);
}

static int
measure(struct access *a)
{
    int err = datarep_type(a->view->rep, a->type, &a->in_file);
    if (err)
        return err;
    if (a->in_file->size && a->count > INT64_MAX / a->in_file->size)
        return error_new(MPI_ERR_COUNT, "%lld elements of %lld bytes are too many",
                         (long long)a->count, (long long)a->in_file->size);
    a->bytes = (uint64_t)(a->count * a->in_file->size);
    if (a->bytes && a->view->tile->size == 0)
        return error_new(MPI_ERR_IO, "the view has no data, but %llu bytes are to be moved",
                         (unsigned long long)a->bytes);
    return check_etypes(a);
}

// What it holds is let go by access_close, also after an error.
static int
access_open(struct access *a, struct io *io, const struct way *form, const struct asked *given)
{
    struct type *type;
    *a = (struct access){.io = io, .write = form->write, .view = view_hold(io->view)};
    int err = type_find_committed(given->type, &type);
    if (!err)
        err = check_buffer(given, type);
    if (err)
        return err;
    type_hold(a->type = type);
    a->buf = given->buf;
    a->count = given->count;
    a->bounce = io->bounce;
    io->bounce = NULL;
    return measure(a);
}

static void
access_close(struct access *a)
{
    if (!a->io->bounce)
        a->io->bounce = a->bounce;
    else
        free(a->bounce);
    if (a->in_file)
        type_release(a->in_file);
    if (a->type)
        type_release(a->type);
    view_release(a->view);
}

/* ---- places ---- */

static int
access_place(struct access *a, const struct way *form, MPI_Offset at)
{
    int64_t units = (int64_t)(a->bytes / a->view->unit);
    if (form->place == PLACE_OWN)
        at = a->io->pointer;
    if (form->place == PLACE_SHARED)
        at = atomic_load_explicit(&a->io->shared->pointer, memory_order_relaxed);
    if (at < 0)
        return negative_error(MPI_ERR_ARG, "offset", at);
    int err = view_reaches(a->view, at, a->bytes);
    if (err)
        return err;
    if (form->place == PLACE_OWN)
        a->io->pointer = at + units;
    // relaxed: the pointer guards nothing; each gets a place of its own.
    if (form->place == PLACE_SHARED)
        at = atomic_fetch_add_explicit(&a->io->shared->pointer, units, memory_order_relaxed);
    a->pos = (uint64_t)at * a->view->unit;
    return MPI_SUCCESS;
}

/* ---- alone ---- */

static int
move(struct access *a)
{
    engine_give();
    int err = access_move(a);
    engine_take();
    return err;
}

static int
run_alone(struct access *a, struct file *file, const struct way *form, const struct asked *given)
{
    int err = access_open(a, file->io, form, given);
    if (likely(!err))
        err = access_place(a, form, given->offset);
    return likely(!err) ? move(a) : err;
}

/* ---- together ---- */

#define FEW 16

static struct meeting
meet(const struct access *a, int err)
{
    if (err)
        return (struct meeting){.errclass = error_class(err)};
    const struct type *tile = a->view->tile;
    struct meeting m = {.bytes = a->bytes,
                        .piece = UINT32_MAX,
                        .units = a->bytes / a->view->unit,
                        .off = a->io->hints.off};
    if (!a->bytes)
        return m;
    m.first = view_offset(a->view, a->pos);
    m.end = view_offset(a->view, a->pos + a->bytes - 1) + 1;
    if (!tile->contiguous)
        m.piece = (uint32_t)min_size((uint64_t)tile->size / tile->info->pieces, UINT32_MAX);
    return m;
}

// Ordered: the pointer moves once for all, and each begins where those of lower rank end.
static int
place_ordered(struct access *a, struct comm *comm, const struct way *form,
              const struct meeting *all)
{
    int64_t at = 0, before = 0, units = 0;
    for (int i = 0; i < comm->size; i++) {
        before += i < comm->rank ? (int64_t)all[i].units : 0;
        units += (int64_t)all[i].units;
    }
    if (comm->rank == 0)
        at = atomic_fetch_add_explicit(&a->io->shared->pointer, units, memory_order_relaxed);
    int err = agree_give(comm, form->kind, &at, sizeof at);
    if (!err)
        err = view_reaches(a->view, at + before, a->bytes);
    a->pos = (uint64_t)(at + before) * a->view->unit;
    return err;
}

static int
move_together(struct access *a, struct comm *comm, const struct way *form, struct meeting *all,
              int err)
{
    int leader = 0;
    int agreed = agree_gather(comm, form->kind, all, sizeof *all);
    if (agreed)
        return err ? err : agreed;
    while (leader < comm->size && !all[leader].errclass)
        leader++;
    if (leader < comm->size)
        return io_tell(comm, form->kind, leader, all[leader].errclass, err);
    if (form->ordered && (err = place_ordered(a, comm, form, all)))
        return err;
    if (!form->ordered && merge_pays(a->io, all, comm->size))
        return merge_move(a, comm, form->kind, all);
    return move(a);
}

// An error of any member leaves the pointer where it was.
static int
run_together(struct access *a, struct file *file, const struct way *form, const struct asked *given)
{
    struct comm *comm = file->comm;
    struct meeting few[FEW], *all = few;
    MPI_Offset before = file->io->pointer;
    int err = access_open(a, file->io, form, given);
    if (!err && !form->ordered)
        err = access_place(a, form, given->offset);
    if (comm->size > FEW && !(all = malloc((size_t)comm->size * sizeof *all)))
        return error_new(MPI_ERR_NO_MEM, "no memory for the accesses of %d ranks", comm->size);
    all[comm->rank] = meet(a, err);
    err = move_together(a, comm, form, all, err);
    if (err && form->place == PLACE_OWN)
        file->io->pointer = before;
    if (all != few)
        free(all);
    return err;
}

/* ---- functions ---- */

static int
flags_of(const struct way *form)
{
    return (form->write ? FILE_WRITES : FILE_READS) | (form->collective ? FILE_COLLECTIVE : 0) |
           (form->place == PLACE_SHARED ? 0 : FILE_AT_OFFSET);
}

static int
run(struct file *file, const struct way *form, const struct asked *given, struct result *result)
{
    struct access a;
    int err = form->kind ? run_together(&a, file, form, given) : run_alone(&a, file, form, given);
    result->bytes = err ? 0 : access_bytes(&a);
    access_close(&a);
    return err;
}

int
access_run(MPI_File fh, const struct way *form, struct asked given, MPI_Status *status)
{
    struct file *file;
    struct result result = {0};
    int err = file_enter(fh, &file, flags_of(form));
    if (likely(!err)) {
        err = run(file, form, &given, &result);
        file_leave(file);
    }
    if (unlikely(err))
        return file_raise(fh, form->name, err);
    status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, result.bytes);
    return MPI_SUCCESS;
}

/* ---- started ---- */

struct started {
    struct file *file; // held
    uint64_t bytes;
};

static int
started_status(struct request *request, MPI_Status *status)
{
    const struct started *s = request->of;
    status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, s->bytes);
    return request->error;
}

static int
started_cancel(struct request *request)
{
    (void)request; // it is done
    return MPI_SUCCESS;
}

static int
started_free(struct request *request)
{
    struct started *s = request->of;
    file_release(s->file);
    free(s);
    return MPI_SUCCESS;
}

static const struct request_class started_class = {
    .status = started_status, .cancel = started_cancel, .free = started_free};

static int
start_placed(struct access *a, struct file *file, MPI_Request *handle)
{
    struct started *s = malloc(sizeof *s);
    struct request *request = s ? request_of_class(&started_class, s, file->comm) : NULL;
    if (!request) {
        free(s);
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    }
    file_hold(s->file = file);
    int err = move(a);
    s->bytes = access_bytes(a);
    request_done(request, err);
    *handle = request_handle(request);
    return MPI_SUCCESS;
}

static int
start(struct file *file, const struct way *form, const struct asked *given, MPI_Request *request)
{
    struct access a;
    int err = check_pointer(request, "request");
    if (err)
        return err;
    err = access_open(&a, file->io, form, given);
    if (!err)
        err = access_place(&a, form, given->offset);
    if (!err)
        err = start_placed(&a, file, request);
    access_close(&a);
    return err;
}

int
access_start(MPI_File fh, const struct way *form, struct asked given, MPI_Request *request)
{
    struct file *file;
    int err = file_enter(fh, &file, flags_of(form));
    if (likely(!err)) {
        err = start(file, form, &given, request);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, form->name, err);
}

/* ---- split ---- */

// What goes wrong with the file is told where the access ends, as for started ones; what is wrong
// with the arguments here.
static int
begin(struct file *file, const struct way *form, const struct asked *given)
{
    struct io *io = file->io;
    struct result result = {0};
    int err = run(file, form, given, &result);
    int errclass = error_class(err);
    if (err && (errclass == MPI_ERR_TYPE || errclass == MPI_ERR_COUNT || errclass == MPI_ERR_ARG ||
                errclass == MPI_ERR_BUFFER || errclass == MPI_ERR_PROC_ABORTED))
        return err;
    io->split = form;
    io->split_buffer = given->buf;
    result.err = err;
    io->result = result;
    return MPI_SUCCESS;
}

int
access_begin(MPI_File fh, const struct way *form, struct asked given)
{
    struct file *file;
    int err = file_enter(fh, &file, flags_of(form));
    if (likely(!err)) {
        err = begin(file, form, &given);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, form->name, err);
}

static int
end(struct io *io, const struct way *form, const void *buf, struct result *result)
{
    if (!io->split)
        return error_new(MPI_ERR_IO, "no split collective is under way on %.200s", io->path);
    if (io->split != form)
        return error_new(MPI_ERR_IO, "%s is under way on %.200s", io->split->name, io->path);
    if (io->split_buffer != buf)
        return error_new(MPI_ERR_BUFFER, "%s was called with the buffer %p, not %p",
                         io->split->name, io->split_buffer, buf);
    *result = io->result;
    io->split = NULL;
    return result->err;
}

int
access_end(MPI_File fh, const struct way *form, const void *buf, const char *name,
           MPI_Status *status)
{
    struct file *file;
    struct result result = {0};
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = end(file->io, form, buf, &result);
        file_leave(file);
    }
    if (unlikely(err))
        return file_raise(fh, name, err);
    status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, result.bytes);
    return MPI_SUCCESS;
}
