// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * One member's access. What lies together in the file is one system call; reading small pieces that
 * lie close to each other reads what is between them as well. Writing never does: another process
 * may write there.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

/* Pieces smaller than this are read with what lies between them, if that is at most so many times
 * as much. A call costs about a microsecond, in which a page cache gives 8 KiB. */
#define SIEVE_PIECE 4096
#define SIEVE_TIMES 8

static int
need_bounce(struct access *a)
{
    if (!a->bounce)
        a->bounce = malloc(BOUNCE_DATA + BOUNCE_FILE);
    return a->bounce ? MPI_SUCCESS
                     : error_new(MPI_ERR_NO_MEM, "no memory for a buffer of %u bytes",
                                 BOUNCE_DATA + BOUNCE_FILE);
}

/* ---- streams ---- */

int
stream_write(struct access *a, uint64_t at, const char *from, uint64_t n)
{
    int err = MPI_SUCCESS;
    struct cursor cursor = cursor_make(a->view->tile, a->view->disp, a->pos + at);
    while (n && !err) {
        struct stretch p = cursor_take(&cursor, n);
        err = system_write(a->io, from, p.length, p.offset);
        from += p.length;
        n -= p.length;
    }
    return err;
}

static bool
sieve_pays(const struct access *a)
{
    const struct type *tile = a->view->tile;
    if (tile->contiguous || !a->io->seekable)
        return false;
    uint64_t size = (uint64_t)tile->size, extent = (uint64_t)tile->extent;
    return size / tile->info->pieces < SIEVE_PIECE && extent / SIEVE_TIMES <= size;
}

static int
read_pieces(struct access *a, struct cursor *cursor, char *to, uint64_t n, uint64_t *got)
{
    int err = MPI_SUCCESS;
    for (*got = 0; *got < n && !err;) {
        uint64_t some = 0;
        struct stretch p = cursor_take(cursor, n - *got);
        err = system_read(a->io, to + *got, p.length, p.offset, &some);
        *got += some;
        if (some < p.length)
            break;
    }
    return err;
}

// A block of the file in the bounce buffer.
struct block {
    MPI_Offset at, end;
    bool last; // the file ends in it
};

static int
read_block(struct access *a, MPI_Offset at, struct block *block)
{
    uint64_t some = 0;
    int err = system_read(a->io, a->bounce + BOUNCE_DATA, BOUNCE_FILE, at, &some);
    *block = (struct block){at, at + (MPI_Offset)some, some < BOUNCE_FILE};
    return err;
}

static int
read_sieved(struct access *a, struct cursor *cursor, char *to, uint64_t n, uint64_t *got)
{
    struct block block = {0, 0, false};
    int err = MPI_SUCCESS;
    *got = 0;
    while (*got < n) {
        MPI_Offset at = cursor->rest.offset;
        if (at < block.at || at >= block.end) {
            if (block.last || (err = read_block(a, at, &block)) || block.at == block.end)
                break;
        }
        struct stretch p = cursor_take(cursor, min_size(n - *got, (uint64_t)(block.end - at)));
        memcpy(to + *got, a->bounce + BOUNCE_DATA + (at - block.at), p.length);
        *got += p.length;
    }
    return err;
}

int
stream_read(struct access *a, uint64_t at, char *to, uint64_t n, uint64_t *got)
{
    struct cursor cursor = cursor_make(a->view->tile, a->view->disp, a->pos + at);
    if (!sieve_pays(a))
        return read_pieces(a, &cursor, to, n, got);
    int err = need_bounce(a);
    return err ? err : read_sieved(a, &cursor, to, n, got);
}

/* ---- native data ---- */

static int
move_together(struct access *a)
{
    char *data = (char *)((uintptr_t)a->buf + (uintptr_t)a->type->true_lb);
    if (!a->write)
        return stream_read(a, 0, data, a->bytes, &a->moved);
    int err = stream_write(a, 0, data, a->bytes);
    a->moved = err ? 0 : a->bytes;
    return err;
}

static int
move_part(struct access *a, uint64_t n, uint64_t *got)
{
    if (a->write) {
        *got = n;
        layout_pack(a->type, a->buf, a->count, a->moved, a->bounce, n);
        return stream_write(a, a->moved, a->bounce, n);
    }
    int err = stream_read(a, a->moved, a->bounce, n, got);
    if (!err)
        layout_unpack(a->type, a->buf, a->count, a->moved, a->bounce, *got);
    return err;
}

static int
move_parts(struct access *a)
{
    int err = need_bounce(a);
    for (uint64_t n, got; a->moved < a->bytes && !err; a->moved += got) {
        n = min_size(a->bytes - a->moved, BOUNCE_DATA);
        err = move_part(a, n, &got);
        if (err)
            break;
        if (got < n) {
            a->moved += got;
            break;
        }
    }
    return err;
}

static int
move(struct access *a)
{
    if (a->view->rep)
        return datarep_move(a);
    return a->type->contiguous ? move_together(a) : move_parts(a);
}

/* ---- atomic mode ---- */

static int
move_atomically(struct access *a)
{
    MPI_Offset at = view_offset(a->view, a->pos);
    MPI_Offset end = view_offset(a->view, a->pos + a->bytes - 1) + 1;
    pthread_mutex_lock(&a->io->one);
    int err = system_lock(a->io, a->write, at, end);
    if (!err) {
        err = move(a);
        system_unlock(a->io, at, end);
    }
    pthread_mutex_unlock(&a->io->one);
    return err;
}

int
access_move(struct access *a)
{
    if (a->bytes == 0)
        return MPI_SUCCESS;
    return unlikely(a->io->atomic) ? move_atomically(a) : move(a);
}
