// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A collective access whose members touch many small pieces, close to each other.
 *
 * The part of the file that they touch is gone through in rounds. Of a round's part there is a
 * picture in the segment, into which each member copies what it writes; when all have, each member
 * writes its share of the picture, in as few calls as there are runs of bytes that somebody gave.
 * Reading is the other way round. So a byte is copied once more than by a system call of its own,
 * and a small piece costs no system call. There are two pictures, used in turn: then one agreement
 * in each round is enough.
 *
 * Who gave what stands in a map, a bit for each byte. What nobody gave is never written: it may be
 * written by others meanwhile.
 */
#include "io/io.h"
#include "shm/arena.h"

#include <stdlib.h>
#include <string.h>

/* Merged below this piece. 4 ranks on 2 CPUs that write blocks in turn into a page cache, in MB/s,
 * merged and by single calls (bench/io.c): 16 KiB 1000 and 2200, 8 KiB 1150 and 2300, 4 KiB 1600
 * and 1000, 1 KiB 2200 and 600, 64 bytes 1500 and 70. */
#define MERGE_PIECE 8192
#define MERGE_LEAST (64u << 10) // bytes of all members together
#define MERGE_TIMES 8           // as in move.c: how much may lie between them

#define PICTURE (2u << 20) // bytes of a picture
#define WORDS   (PICTURE / 64)

struct picture {
    _Atomic uint64_t map[WORDS];
    char bytes[PICTURE];
};

struct room {
    struct picture pictures[2];
};

bool
merge_pays(const struct io *io, const struct meeting *all, int n)
{
    uint64_t bytes = 0;
    int64_t first = INT64_MAX, end = 0;
    bool small = false;
    if (n == 1 || io->atomic || !io->regular || io->view->rep || !io->hints.merge)
        return false;
    for (int i = 0; i < n; i++) {
        if (all[i].off)
            return false;
        if (all[i].bytes == 0)
            continue;
        bytes += all[i].bytes;
        first = all[i].first < first ? all[i].first : first;
        end = all[i].end > end ? all[i].end : end;
        small |= all[i].piece < MERGE_PIECE;
    }
    return small && bytes >= MERGE_LEAST && (uint64_t)(end - first) / MERGE_TIMES <= bytes;
}

/* ---- one round ---- */

struct merge {
    struct access *a;
    struct picture *picture;
    int64_t first, end;   // of the file: all that is touched
    int64_t at, until;    // this round's part of it
    int64_t mine, others; // this member's share: [mine, others)
    struct cursor cursor;
    uint64_t placed; // of the access's stream
    int64_t eof;     // where the file ends for this member, or INT64_MAX
};

static void
map_set(struct picture *picture, uint64_t from, uint64_t n)
{
    while (n) {
        uint64_t bit = from % 64, m = min_size(n, 64 - bit);
        uint64_t bits = (m == 64 ? UINT64_MAX : (UINT64_C(1) << m) - 1) << bit;
        _Atomic uint64_t *word = &picture->map[from / 64];
        // relaxed: the agreement that ends the round comes between this and the reader.
        if (m == 64)
            atomic_store_explicit(word, bits, memory_order_relaxed);
        else
            atomic_fetch_or_explicit(word, bits, memory_order_relaxed);
        from += m;
        n -= m;
    }
}

// Bytes of the access's stream to or from a place of the picture.
static void
copy(struct merge *m, char *place, uint64_t n)
{
    struct access *a = m->a;
    if (a->write)
        layout_pack(a->type, a->buf, a->count, m->placed, place, n);
    else
        layout_unpack(a->type, a->buf, a->count, m->placed, place, n);
}

// This member's pieces in the round's part: their places are in order.
static void
place_pieces(struct merge *m)
{
    engine_give();
    while (m->placed < m->a->bytes && m->cursor.rest.offset < m->until) {
        uint64_t most =
            min_size(m->a->bytes - m->placed, (uint64_t)(m->until - m->cursor.rest.offset));
        struct stretch p = cursor_take(&m->cursor, most);
        uint64_t at = (uint64_t)(p.offset - m->at);
        copy(m, m->picture->bytes + at, p.length);
        if (m->a->write)
            map_set(m->picture, at, p.length);
        m->placed += p.length;
    }
    engine_take();
}

// The first byte from `at` on that somebody gave (or, not `given`, that nobody did); at most `end`.
static uint64_t
map_find(struct picture *picture, uint64_t at, uint64_t end, bool given)
{
    while (at < end) {
        uint64_t word = atomic_load_explicit(&picture->map[at / 64], memory_order_relaxed);
        uint64_t bits = (given ? word : ~word) >> at % 64;
        if (bits) {
            at += (uint64_t)__builtin_ctzll(bits);
            break;
        }
        at += 64 - at % 64;
    }
    return at < end ? at : end;
}

static int
write_share(struct merge *m)
{
    uint64_t at = (uint64_t)(m->mine - m->at), end = (uint64_t)(m->others - m->at), to = at;
    int err = MPI_SUCCESS;
    while (!err && (to = map_find(m->picture, to, end, true)) < end) {
        uint64_t from = to;
        to = map_find(m->picture, from, end, false);
        err = system_write(m->a->io, m->picture->bytes + from, to - from, m->at + (int64_t)from);
    }
    // Shares begin and end at whole words, but for the last, behind which there is nothing.
    memset((void *)&m->picture->map[at / 64], 0, (end - at + 63) / 64 * 8);
    return err;
}

static int
read_share(struct merge *m)
{
    uint64_t n = (uint64_t)(m->others - m->mine), got = n;
    int err = system_read(m->a->io, m->picture->bytes + (m->mine - m->at), n, m->mine, &got);
    if (!err && got < n)
        m->eof = m->mine + (int64_t)got;
    return err;
}

static int
do_share(struct merge *m)
{
    if (m->mine >= m->others)
        return MPI_SUCCESS;
    engine_give();
    int err = m->a->write ? write_share(m) : read_share(m);
    engine_take();
    return err;
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Shares are whole pages but for the last.
static void
cut(struct merge *m, struct room *room, uint64_t round, const struct comm *comm)
{
    m->picture = &room->pictures[round % 2];
    m->at = m->first + (int64_t)(round * PICTURE);
    m->until = least(m->at + PICTURE, m->end);
    int64_t share = ((m->until - m->at) / comm->size + 4096) & ~INT64_C(4095);
    m->mine = least(m->at + share * comm->rank, m->until);
    m->others = least(m->mine + share, m->until);
}

/* ---- all rounds ---- */

// What members say after each: the end of the file, and whether a share has failed.
struct word {
    int64_t eof;
    int64_t errclass;
};

static int
agree_round(struct merge *m, struct comm *comm, enum coll_kind kind, struct word *all, int err)
{
    all[comm->rank] = (struct word){m->eof, err ? error_class(err) : MPI_SUCCESS};
    int agreed = agree_gather(comm, kind, all, sizeof *all);
    if (agreed || err)
        return agreed ? agreed : err;
    for (int i = 0; i < comm->size; i++) {
        m->eof = least(m->eof, all[i].eof);
        if (all[i].errclass)
            return error_new((int)all[i].errclass, "rank %d cannot %s its share of %.200s", i,
                             m->a->write ? "write" : "read", m->a->io->path);
    }
    return MPI_SUCCESS;
}

// All go through all rounds, so that all know of every error.
static int
write_rounds(struct merge *m, struct room *room, struct comm *comm, enum coll_kind kind,
             struct word *all)
{
    int err = MPI_SUCCESS, failed = MPI_SUCCESS;
    for (uint64_t round = 0; m->first + (int64_t)(round * PICTURE) < m->end; round++) {
        cut(m, room, round, comm);
        place_pieces(m);
        err = agree_round(m, comm, kind, all, failed);
        if (err)
            return err;
        failed = do_share(m);
    }
    return agree_round(m, comm, kind, all, failed);
}

static int
read_rounds(struct merge *m, struct room *room, struct comm *comm, enum coll_kind kind,
            struct word *all)
{
    for (uint64_t round = 0; m->first + (int64_t)(round * PICTURE) < m->end; round++) {
        cut(m, room, round, comm);
        int err = agree_round(m, comm, kind, all, do_share(m));
        if (err)
            return err;
        m->until = least(m->until, m->eof);
        place_pieces(m);
    }
    return MPI_SUCCESS;
}

static int
run(struct merge *m, struct room *room, struct comm *comm, enum coll_kind kind)
{
    struct word *all = calloc((size_t)comm->size, sizeof *all);
    if (!all)
        return error_new(MPI_ERR_NO_MEM, "no memory for the answers of %d ranks", comm->size);
    int err = m->a->write ? write_rounds(m, room, comm, kind, all)
                          : read_rounds(m, room, comm, kind, all);
    free(all);
    if (err)
        m->a->io->hints.merge = false; // the maps may not be empty; all members know of it
    return err;
}

// Rank 0 allocates once; where it cannot, no access of this file is merged.
static int
find_room(struct io *io, struct comm *comm, enum coll_kind kind, struct room **room)
{
    char why[256];
    if (!io->room) {
        uint64_t at =
            comm->rank ? 0 : arena_alloc(engine.seg, sizeof(struct room), why, sizeof why);
        int err = agree_give(comm, kind, &at, sizeof at);
        if (err)
            return err;
        io->room = at;
    }
    io->hints.merge &= io->room != 0;
    *room = io->room ? segment_at(peer_get(comm->peers[0])->segment, io->room) : NULL;
    return MPI_SUCCESS;
}

int
merge_move(struct access *a, struct comm *comm, enum coll_kind kind, const struct meeting *all)
{
    struct room *room;
    struct merge m = {.a = a, .first = INT64_MAX, .eof = INT64_MAX};
    for (int i = 0; i < comm->size; i++) {
        if (all[i].bytes == 0)
            continue;
        m.first = least(m.first, all[i].first);
        m.end = m.end > all[i].end ? m.end : all[i].end;
    }
    m.first &= ~INT64_C(4095);
    int err = find_room(a->io, comm, kind, &room);
    if (err)
        return err;
    if (!room) {
        engine_give();
        err = access_move(a);
        engine_take();
        return err;
    }
    if (a->bytes)
        m.cursor = cursor_make(a->view->tile, a->view->disp, a->pos);
    err = run(&m, room, comm, kind);
    a->moved = err ? 0 : m.placed;
    return err;
}
