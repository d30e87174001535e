// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Memory of another process that is not mapped here: the kernel copies, or the target's helper. */
#include "rma/rma.h"

#include "core/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define RUN_PIECES 512          // at most, in one call of the kernel (IOV_MAX is 1024)
#define RUN_ROOM   (512u << 10) // bytes that are packed at a time

/* ---- one run ---- */

static cold int
copy_error(const struct place *place, int number)
{
    int rank = (int)(place->target - place->win->targets), err = engine_failed();
    if (err)
        return err;
    if (number == EFAULT)
        return error_new(MPI_ERR_RMA_RANGE, "the memory of rank %d cannot be accessed there: %s",
                         rank, strerror(number));
    return error_new(MPI_ERR_OTHER,
                     "the kernel refuses to copy to or from the memory of rank %d: %s", rank,
                     strerror(number));
}

static ssize_t
kernel_copy(const struct place *place, struct iovec *remote, size_t n, struct iovec *local,
            enum direction direction)
{
    pid_t pid = atomic_load_explicit(&place->target->peer->block->pid, memory_order_relaxed);
    return direction == WRITE ? process_vm_writev(pid, local, 1, remote, n, 0)
                              : process_vm_readv(pid, local, 1, remote, n, 0);
}

static size_t
skip_done(struct iovec *remote, size_t n, size_t done)
{
    size_t i = 0;
    while (i < n && done >= remote[i].iov_len)
        done -= remote[i++].iov_len;
    if (i < n) {
        remote[i].iov_base = (char *)remote[i].iov_base + done;
        remote[i].iov_len -= done;
    }
    return i;
}

static int
copy_by_kernel(const struct place *place, const struct run_piece *pieces, size_t n, void *block,
               enum direction direction)
{
    struct iovec vector[RUN_PIECES], *remote = vector, local = {.iov_base = block};
    for (size_t i = 0; i < n; i++) {
        vector[i].iov_base = (void *)(uintptr_t)(place->address + pieces[i].offset);
        vector[i].iov_len = pieces[i].length;
        local.iov_len += pieces[i].length;
    }
    while (local.iov_len) {
        ssize_t done = kernel_copy(place, remote, n, &local, direction);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return copy_error(place, done ? errno : EFAULT);
        local.iov_base = (char *)local.iov_base + done;
        local.iov_len -= (size_t)done;
        size_t skip = skip_done(remote, n, (size_t)done);
        remote += skip;
        n -= skip;
    }
    return MPI_SUCCESS;
}

static int
copy_here(const struct place *place, const struct run_piece *pieces, size_t n, char *block,
          enum direction direction)
{
    for (size_t i = 0; i < n; i++) {
        char *at = (char *)((uintptr_t)place->at + (uintptr_t)pieces[i].offset);
        if (direction == WRITE)
            memcpy(at, block, pieces[i].length);
        else
            memcpy(block, at, pieces[i].length);
        block += pieces[i].length;
    }
    return MPI_SUCCESS;
}

// As much as the helper takes at a time; a piece may be cut.
static int
copy_by_helper(const struct place *place, const struct run_piece *pieces, size_t n, char *block,
               enum direction direction)
{
    struct run_piece some[HELPER_PIECES];
    uint64_t taken = 0;
    for (size_t i = 0; i < n;) {
        size_t k = 0, bytes = 0;
        while (i < n && k < HELPER_PIECES && bytes < HELPER_ROOM) {
            uint64_t length = min_size(pieces[i].length - taken, HELPER_ROOM - bytes);
            some[k++] = (struct run_piece){pieces[i].offset + taken, length};
            bytes += length;
            taken += length;
            if (taken == pieces[i].length) {
                taken = 0;
                i++;
            }
        }
        int err = helper_copy(place, some, k, block, direction);
        if (err)
            return err;
        block += bytes;
    }
    return MPI_SUCCESS;
}

// Pieces close to each other are read with what lies between them: the kernel takes as long for a
// piece as for a few hundred bytes. False: they are not close, or not all of it can be read.
#define SPAN_MOST (1u << 20)

static bool
read_span(const struct place *place, const struct run_piece *pieces, size_t n, char *block)
{
    const struct run_piece *last = &pieces[n - 1];
    uint64_t from = pieces[0].offset, bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += pieces[i].length;
        if (i && (int64_t)pieces[i].offset < (int64_t)(pieces[i - 1].offset + pieces[i - 1].length))
            return false;
    }
    uint64_t span = last->offset + last->length - from;
    char *all = span <= SPAN_MOST && span - bytes <= n * 256 ? malloc(span) : NULL;
    struct run_piece whole = {from, span};
    bool done = all && copy_by_kernel(place, &whole, 1, all, READ) == MPI_SUCCESS;
    for (size_t i = 0; i < n && done; block += pieces[i++].length)
        memcpy(block, all + (pieces[i].offset - from), pieces[i].length);
    free(all);
    return done;
}

int
run_copy(const struct place *place, const struct run_piece *pieces, size_t n, void *block,
         enum direction direction)
{
    if (place->direct)
        return copy_here(place, pieces, n, block, direction);
    if (place->target->helper)
        return copy_by_helper(place, pieces, n, block, direction);
    if (direction == READ && n > 1 && read_span(place, pieces, n, block))
        return MPI_SUCCESS;
    return copy_by_kernel(place, pieces, n, block, direction);
}

/* ---- a whole layout ---- */

struct runs {
    const struct place *place;
    const struct origin *origin;
    enum direction direction;
    uint64_t at;    // of the run, in the stream
    uint64_t bytes; // in it
    size_t n;
    char *packed; // room for what the origin's layout is packed to, or NULL: it has no holes
    struct run_piece pieces[RUN_PIECES];
};

static int
run_end(struct runs *r)
{
    const struct origin *o = r->origin;
    int err = MPI_SUCCESS;
    if (!r->n)
        return MPI_SUCCESS;
    char *block = r->packed;
    if (!block)
        block = (char *)((uintptr_t)o->buffer + (uintptr_t)o->type->true_lb + r->at);
    else if (r->direction == WRITE)
        layout_pack(o->type, o->buffer, o->count, r->at, block, r->bytes);
    err = run_copy(r->place, r->pieces, r->n, block, r->direction);
    if (!err && r->packed && r->direction == READ)
        layout_unpack(o->type, o->buffer, o->count, r->at, block, r->bytes);
    r->at += r->bytes;
    r->bytes = r->n = 0;
    return err;
}

static int
run_add(void *of, MPI_Count offset, uint64_t length)
{
    struct runs *r = of;
    while (length) {
        uint64_t part = r->packed ? min_size(length, RUN_ROOM - r->bytes) : length;
        r->pieces[r->n++] = (struct run_piece){(uint64_t)offset, part};
        r->bytes += part;
        offset += (MPI_Count)part;
        length -= part;
        if (r->n < RUN_PIECES && r->bytes < RUN_ROOM)
            continue;
        int err = run_end(r);
        if (err)
            return err;
    }
    return MPI_SUCCESS;
}

int
place_copy(const struct place *place, const struct origin *origin, enum direction direction,
           uint64_t bytes)
{
    struct runs r = {.place = place, .origin = origin, .direction = direction};
    if (!origin->type->contiguous && !(r.packed = malloc(RUN_ROOM)))
        return error_new(MPI_ERR_NO_MEM, "no memory to pack %u bytes", RUN_ROOM);
    struct type *types[2] = {place->type, origin->type};
    type_hold(types[0]); // a helper is waited for
    type_hold(types[1]);
    int err = pieces_visit(place->type, bytes, run_add, &r);
    if (!err)
        err = run_end(&r);
    free(r.packed);
    type_release(types[0]);
    type_release(types[1]);
    return err;
}
