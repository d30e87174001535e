// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Random views, in which the ranks' data alternate, against a model of the file in memory: every
 * way of writing and reading, small pieces and large, with holes, and beyond the end. */
#include "io_temporary.h"

#define BLOCKS 12
#define WAYS   7

static unsigned long long state;
static int rank, size;

static int
below(int n)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((state >> 33) % (unsigned)n);
}

// All ranks make the same plan, for all of them.
struct plan {
    int unit, nblocks, atomic;
    int owner[BLOCKS]; // -1: nobody's
    long long at[BLOCKS], length[BLOCKS], tile, disp;
    long long first[64], count[64], bytes[64]; // in units; of one tile
    int way_out[64], way_in, memory;
};

static void
make_plan(struct plan *p)
{
    int large = below(4) == 0;
    p->unit = 1 << below(4);
    p->nblocks = 1 + below(BLOCKS);
    p->disp = below(100);
    p->atomic = below(5) == 0;
    p->tile = 0;
    memset(p->bytes, 0, sizeof p->bytes);
    for (int i = 0; i < p->nblocks; i++) {
        p->owner[i] = below(size + 1) - 1;
        p->at[i] = p->tile;
        p->length[i] = (long long)p->unit * (1 + below(large ? 600 : 30));
        p->tile += p->length[i];
        if (p->owner[i] >= 0)
            p->bytes[p->owner[i]] += p->length[i];
    }
    p->tile += below(3) * p->unit;
    int way = below(WAYS), together = below(2);
    for (int r = 0; r < size; r++) {
        p->first[r] = below(40);
        p->count[r] = p->bytes[r] ? below(large ? 300000 / p->unit : 4000) : 0;
        int own = below(3);
        p->way_out[r] = together ? 3 + way % 4 : own;
    }
    p->way_in = below(WAYS);
    p->memory = below(2);
}

// Where byte `pos` of a rank's view is.
static long long
place(const struct plan *p, int r, long long pos)
{
    long long at = p->disp + pos / p->bytes[r] * p->tile, rest = pos % p->bytes[r];
    for (int i = 0;; i++) {
        if (p->owner[i] != r)
            continue;
        if (rest < p->length[i])
            return at + p->at[i] + rest;
        rest -= p->length[i];
    }
}

static unsigned char
value(int r, long long pos)
{
    return (unsigned char)(r * 131 + pos * 7 + (pos >> 8) + 1);
}

static MPI_Datatype
file_type(const struct plan *p, MPI_Datatype etype)
{
    int n = 0, lengths[BLOCKS];
    MPI_Aint at[BLOCKS];
    MPI_Datatype blocks, tiled;
    for (int i = 0; i < p->nblocks; i++)
        if (p->owner[i] == rank) {
            lengths[n] = (int)(p->length[i] / p->unit);
            at[n++] = p->at[i];
        }
    MPI_Type_create_hindexed(n, lengths, at, etype, &blocks);
    MPI_Type_create_resized(blocks, 0, p->tile, &tiled);
    MPI_Type_commit(&tiled);
    MPI_Type_free(&blocks);
    return tiled;
}

// In memory: together, or each unit followed by as much that is not touched.
static MPI_Datatype
memory_type(const struct plan *p, MPI_Datatype etype)
{
    MPI_Datatype type;
    if (p->memory)
        MPI_Type_create_resized(etype, 0, 2 * p->unit, &type);
    else
        MPI_Type_dup(etype, &type);
    MPI_Type_commit(&type);
    return type;
}

static unsigned char *
memory_at(const struct plan *p, unsigned char *buf, long long i)
{
    return buf + (p->memory ? i / p->unit * 2 * p->unit + i % p->unit : i);
}

static void
write_by(MPI_File file, int way, long long at, const void *buf, int n, MPI_Datatype type,
         MPI_Status *status)
{
    MPI_Request request;
    if (way != 0 && way != 3 && way != 5)
        CHECK_OK(MPI_File_seek(file, at, MPI_SEEK_SET));
    switch (way) {
    case 0:
        CHECK_OK(MPI_File_write_at(file, at, buf, n, type, status));
        break;
    case 1:
        CHECK_OK(MPI_File_write(file, buf, n, type, status));
        break;
    case 2:
        CHECK_OK(MPI_File_iwrite(file, buf, n, type, &request));
        CHECK_OK(MPI_Wait(&request, status));
        break;
    case 3:
        CHECK_OK(MPI_File_write_at_all(file, at, buf, n, type, status));
        break;
    case 4:
        CHECK_OK(MPI_File_write_all(file, buf, n, type, status));
        break;
    case 5:
        CHECK_OK(MPI_File_write_at_all_begin(file, at, buf, n, type));
        CHECK_OK(MPI_File_write_at_all_end(file, buf, status));
        break;
    default:
        CHECK_OK(MPI_File_iwrite_all(file, buf, n, type, &request));
        CHECK_OK(MPI_Wait(&request, status));
    }
}

static void
read_by(MPI_File file, int way, long long at, void *buf, int n, MPI_Datatype type,
        MPI_Status *status)
{
    MPI_Request request;
    if (way != 0 && way != 3 && way != 5)
        CHECK_OK(MPI_File_seek(file, at, MPI_SEEK_SET));
    switch (way) {
    case 0:
        CHECK_OK(MPI_File_read_at(file, at, buf, n, type, status));
        break;
    case 1:
        CHECK_OK(MPI_File_read(file, buf, n, type, status));
        break;
    case 2:
        CHECK_OK(MPI_File_iread(file, buf, n, type, &request));
        CHECK_OK(MPI_Wait(&request, status));
        break;
    case 3:
        CHECK_OK(MPI_File_read_at_all(file, at, buf, n, type, status));
        break;
    case 4:
        CHECK_OK(MPI_File_read_all(file, buf, n, type, status));
        break;
    case 5:
        CHECK_OK(MPI_File_read_at_all_begin(file, at, buf, n, type));
        CHECK_OK(MPI_File_read_at_all_end(file, buf, status));
        break;
    default:
        CHECK_OK(MPI_File_iread_all(file, buf, n, type, &request));
        CHECK_OK(MPI_Wait(&request, status));
    }
}

struct model {
    unsigned char *bytes;
    long long size;
};

static struct model
make_model(const struct plan *p, long long before)
{
    struct model m = {NULL, before};
    for (int r = 0; r < size; r++)
        for (int i = 0; i < 2 && p->count[r]; i++) {
            long long end = place(p, r, (p->first[r] + p->count[r]) * p->unit - 1) + 1;
            m.size = end > m.size ? end : m.size;
        }
    m.bytes = calloc((size_t)m.size + 1, 1);
    memset(m.bytes, 0xA5, (size_t)before);
    for (int r = 0; r < size; r++)
        for (long long i = 0; i < p->count[r] * p->unit; i++) {
            long long pos = p->first[r] * p->unit + i;
            m.bytes[place(p, r, pos)] = value(r, pos);
        }
    return m;
}

static void
compare_file(const char *name, const struct model *m, int seed)
{
    FILE *f = fopen(name, "rb");
    CHECK(f, "%s", name);
    unsigned char *all = malloc((size_t)m->size + 2);
    long long got = (long long)fread(all, 1, (size_t)m->size + 2, f);
    fclose(f);
    CHECK(got == m->size, "seed %d: %lld bytes, not %lld", seed, got, m->size);
    for (long long i = 0; i < got; i++)
        CHECK(all[i] == m->bytes[i], "seed %d: byte %lld is %d, not %d", seed, i, all[i],
              m->bytes[i]);
    free(all);
}

static void
write_out(const struct plan *p, MPI_File file, MPI_Datatype type)
{
    long long n = p->count[rank] * p->unit;
    unsigned char *buf = calloc((size_t)n * 2 + 1, 1);
    MPI_Status status;
    for (long long i = 0; i < n; i++)
        *memory_at(p, buf, i) = value(rank, p->first[rank] * p->unit + i);
    write_by(file, p->way_out[rank], p->first[rank], buf, (int)p->count[rank], type, &status);
    CHECK(count_of(&status, type) == p->count[rank], "%lld", count_of(&status, type));
    free(buf);
}

// Some more than was written, from a little before.
static void
read_back(const struct plan *p, MPI_File file, MPI_Datatype type, const struct model *m, int seed)
{
    long long first = p->first[rank] / 2, count = p->bytes[rank] ? p->count[rank] + 50 : 0;
    unsigned char *buf = malloc((size_t)(count * p->unit) * 2 + 1);
    MPI_Status status;
    memset(buf, 0x5A, (size_t)(count * p->unit) * 2 + 1);
    read_by(file, p->way_in, first, buf, (int)count, type, &status);
    long long want = 0;
    while (want < count * p->unit && place(p, rank, first * p->unit + want) < m->size)
        want++;
    MPI_Count got;
    MPI_Get_elements_c(&status, MPI_BYTE, &got);
    CHECK(got == want, "seed %d: %lld bytes, not %lld", seed, (long long)got, want);
    for (long long i = 0; i < want; i++)
        CHECK(*memory_at(p, buf, i) == m->bytes[place(p, rank, first * p->unit + i)],
              "seed %d: byte %lld is %d, not %d", seed, i, *memory_at(p, buf, i),
              m->bytes[place(p, rank, first * p->unit + i)]);
    if (p->memory)
        for (long long i = 0; i < count * p->unit; i++)
            CHECK(memory_at(p, buf, i)[p->unit] == 0x5A, "seed %d: %lld", seed, i);
    free(buf);
}

static void
one(const char *name, int seed)
{
    static const int kinds[] = {1, 2, 4, 8};
    MPI_Datatype types[] = {MPI_BYTE, MPI_SHORT, MPI_INT, MPI_DOUBLE}, etype = MPI_BYTE;
    struct plan p;
    MPI_File file;
    state = (unsigned)seed * 77777u + 1;
    make_plan(&p);
    long long before = below(5000);
    struct model m = make_model(&p, before);
    for (int i = 0; i < 4; i++)
        if (kinds[i] == p.unit)
            etype = types[i];
    if (rank == 0) {
        FILE *f = fopen(name, "wb");
        for (long long i = 0; i < before; i++)
            fputc(0xA5, f);
        fclose(f);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR, MPI_INFO_NULL, &file));
    MPI_Datatype view = p.bytes[rank] ? file_type(&p, etype) : etype;
    MPI_Datatype type = memory_type(&p, etype);
    CHECK_OK(MPI_File_set_view(file, p.disp, etype, view, "native", MPI_INFO_NULL));
    CHECK_OK(MPI_File_set_atomicity(file, p.atomic));
    write_out(&p, file, type);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        compare_file(name, &m, seed);
    read_back(&p, file, type, &m, seed);
    CHECK_OK(MPI_File_close(&file));
    if (p.bytes[rank])
        MPI_Type_free(&view);
    MPI_Type_free(&type);
    free(m.bytes);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    const char *name = temporary("io-random");
    int from = argc > 1 ? atoi(argv[1]) : 1, n = argc > 2 ? atoi(argv[2]) : 40;
    for (int seed = from; seed < from + n; seed++)
        one(name, seed);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK_OK(MPI_File_delete(name, MPI_INFO_NULL));
    MPI_Finalize();
    return 0;
}
