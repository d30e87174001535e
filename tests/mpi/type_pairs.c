// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Random pairs of datatypes of one signature, of every constructor and nested, beside lists of
 * where each item is: packed, unpacked, packed for external32, sent from one to the other in every
 * way that a message can go (by size, in own memory and in the segment's, to itself), and cut off
 * where there is no room. type_pairs [first seed] [seeds] */
#include "check.h"

#include <stdbool.h>
#include <string.h>

#define ITEMS 4000      // in a message, at most
#define POOL  (4 << 20) // bytes of a buffer
#define CLEAN 0x5a

static unsigned long random_state;

static int
below(int n)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return (int)((random_state >> 33) % (unsigned long)n);
}

/* ---- signatures ---- */

// What a type consists of: basic elements, or runs of them that lie together.
struct item {
    MPI_Datatype type;
    int size, elements;
};

static struct item kinds[6]; // the last is a run
static struct item signature[ITEMS];

static void
make_kinds(void)
{
    kinds[0] = (struct item){MPI_CHAR, 1, 1};
    kinds[1] = (struct item){MPI_SHORT, 2, 1};
    kinds[2] = (struct item){MPI_INT, 4, 1};
    kinds[3] = (struct item){MPI_DOUBLE, 8, 1};
    kinds[4] = (struct item){MPI_C_DOUBLE_COMPLEX, 16, 1};
    int n = 1 + below(below(3) ? 50 : 3000);
    kinds[5] = (struct item){MPI_DATATYPE_NULL, 4 * n, n};
    MPI_Type_contiguous(n, MPI_INT, &kinds[5].type);
}

// A period of a few items, repeated.
static int
make_signature(int periods)
{
    int period = 1 + below(below(2) ? 2 : 6);
    for (int i = 0; i < period; i++)
        signature[i] = kinds[below(6)];
    for (int i = period; i < period * periods; i++)
        signature[i] = signature[i - period];
    return period;
}

/* ---- types, and where their items are ---- */

struct made {
    MPI_Datatype type;
    int n;
    long *at;    // of item i
    long lo, hi; // the first byte, and behind the last
};

static struct made make(int first, int n);

static struct made
made_new(int n)
{
    return (struct made){.n = n, .at = malloc((size_t)n * sizeof(long))};
}

// Item by item, the blocks of `one` at `places`.
static struct made
made_of(const struct made *one, int m, const long *places)
{
    struct made all = made_new(one->n * m);
    all.lo = all.hi = one->lo + places[0];
    for (int i = 0; i < m; i++) {
        for (int k = 0; k < one->n; k++)
            all.at[i * one->n + k] = places[i] + one->at[k];
        all.lo = places[i] + one->lo < all.lo ? places[i] + one->lo : all.lo;
        all.hi = places[i] + one->hi > all.hi ? places[i] + one->hi : all.hi;
    }
    return all;
}

static void
replace(struct made *made, MPI_Datatype by)
{
    MPI_Type_free(&made->type);
    made->type = by;
}

static struct made
make_item(int first)
{
    struct made made = made_new(1);
    made.at[0] = 0;
    made.hi = signature[first].size;
    MPI_Type_dup(signature[first].type, &made.type);
    return made;
}

// With an extent of its span and something more, so that neighbors do not touch.
static long
spread(struct made *one)
{
    MPI_Datatype type;
    long extent = one->hi - one->lo + (below(2) ? 0 : below(20));
    MPI_Type_create_resized(one->type, one->lo - below(5), extent, &type);
    replace(one, type);
    return extent;
}

// m different numbers below `room`, in any order or ascending.
static void
choose(int *list, int m, int room)
{
    int *all = malloc((size_t)room * sizeof *all);
    for (int i = 0; i < room; i++)
        all[i] = i;
    bool ascending = below(2);
    for (int i = 0, next = 0; i < m; i++) {
        int k = ascending ? next + below((room - next) / (m - i)) : i + below(room - i);
        int taken = all[k];
        all[k] = all[i];
        all[i] = taken;
        list[i] = ascending ? k : taken;
        next = k + 1;
    }
    free(all);
}

static int
divisor(int m)
{
    int d = 1 + below(m);
    while (m % d)
        d--;
    return d;
}

static MPI_Datatype
make_vector(int m, long extent, MPI_Datatype old, long *places)
{
    MPI_Datatype type;
    int length = divisor(m), stride = (length + below(3)) * (below(3) ? 1 : -1);
    for (int i = 0; i < m; i++)
        places[i] = (i / length * stride + i % length) * extent;
    if (below(2))
        MPI_Type_vector(m / length, length, stride, old, &type);
    else
        MPI_Type_create_hvector(m / length, length, stride * extent, old, &type);
    return type;
}

static MPI_Datatype
make_blocks(int m, long extent, MPI_Datatype old, long *places)
{
    MPI_Datatype type;
    int length = divisor(m), n = m / length, list[ITEMS];
    MPI_Aint bytes[ITEMS];
    choose(list, n, n + below(n + 2));
    for (int i = 0; i < n; i++) {
        list[i] *= length;
        bytes[i] = list[i] * extent;
    }
    for (int i = 0; i < m; i++)
        places[i] = (list[i / length] + i % length) * extent;
    if (below(2))
        MPI_Type_create_indexed_block(n, length, list, old, &type);
    else
        MPI_Type_create_hindexed_block(n, length, bytes, old, &type);
    return type;
}

static MPI_Datatype
make_lists(int m, long extent, MPI_Datatype old, long *places)
{
    MPI_Datatype type, all[ITEMS];
    int n = 0, lengths[ITEMS], list[ITEMS];
    MPI_Aint bytes[ITEMS];
    for (int i = 0, at = below(9) - 4; i < m; i += lengths[n++]) {
        lengths[n] = below(5) ? 1 + below(m - i < 6 ? m - i : 6) : 0;
        list[n] = at + below(3);
        bytes[n] = list[n] * extent;
        all[n] = old;
        at = list[n] + lengths[n];
        for (int k = 0; k < lengths[n]; k++)
            places[i + k] = (list[n] + k) * extent;
        if (n == ITEMS - 1)
            lengths[n] = m - i;
    }
    int way = below(3);
    if (way == 0)
        MPI_Type_indexed(n, lengths, list, old, &type);
    else if (way == 1)
        MPI_Type_create_hindexed(n, lengths, bytes, old, &type);
    else
        MPI_Type_create_struct(n, lengths, bytes, all, &type);
    return type;
}

static MPI_Datatype
make_subarray(int m, long extent, MPI_Datatype old, long *places)
{
    MPI_Datatype type;
    int a = divisor(m), b = divisor(m / a), part[3] = {a, b, m / a / b}, sizes[3], starts[3];
    int order = below(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
    for (int d = 0; d < 3; d++) {
        sizes[d] = part[d] + below(3);
        starts[d] = below(sizes[d] - part[d] + 1);
    }
    int fast = order == MPI_ORDER_C ? 2 : 0, slow = 2 - fast;
    for (int i = 0; i < m; i++) {
        int x = i % part[fast], y = i / part[fast] % part[1], z = i / part[fast] / part[1];
        places[i] =
            (((z + starts[slow]) * sizes[1] + y + starts[1]) * sizes[fast] + x + starts[fast]) *
            extent;
    }
    MPI_Type_create_subarray(3, sizes, part, starts, order, old, &type);
    return type;
}

// The part of one of several processes, dealt in blocks.
static MPI_Datatype
make_darray(int m, long extent, MPI_Datatype old, long *places)
{
    MPI_Datatype type;
    int block = divisor(m), processes = 1 + below(3), rank = below(processes);
    int size = m * processes, distribution = MPI_DISTRIBUTE_CYCLIC;
    if (block == MPI_DISTRIBUTE_DFLT_DARG) // a number as any other, but it means another
        block = m;
    if (block == MPI_DISTRIBUTE_DFLT_DARG)
        block = 1;
    for (int i = 0; i < m; i++)
        places[i] = ((i / block * processes + rank) * block + i % block) * extent;
    MPI_Type_create_darray(processes, rank, 1, &size, &distribution, &block, &processes,
                           MPI_ORDER_C, old, &type);
    return type;
}

// A period of the signature, m times.
static struct made
make_repeated(int first, int n, int m)
{
    static MPI_Datatype (*const ways[])(int, long, MPI_Datatype, long *) = {
        make_vector, make_blocks, make_lists, make_subarray, make_darray};
    struct made one = make(first, n / m);
    long *places = malloc((size_t)m * sizeof *places), extent = spread(&one);
    MPI_Datatype type = ways[below(5)](m, extent, one.type, places);
    struct made all = made_of(&one, m, places);
    all.type = type;
    MPI_Type_free(&one.type);
    free(one.at);
    free(places);
    return all;
}

// Different things, one after the other in the signature, in any order in memory.
static struct made
make_struct(int first, int n)
{
    int k = 2 + below(n - 1 < 4 ? n - 1 : 4), lengths[6], order[6], begin[7] = {0};
    struct made all = made_new(n), parts[6];
    MPI_Aint at[6];
    MPI_Datatype types[6];
    if (k > n)
        k = n;
    for (int i = 0; i < k; i++) {
        begin[i + 1] = i + 1 == k ? n : begin[i] + 1 + below((n - begin[i]) / (k - i));
        lengths[i] = 1;
        parts[i] = make(first + begin[i], begin[i + 1] - begin[i]);
        types[i] = parts[i].type;
    }
    long end = below(40) - 20;
    choose(order, k, k);
    all.lo = end;
    for (int i = 0; i < k; i++) {
        struct made *part = &parts[order[i]];
        end += i ? below(9) : 0;
        at[order[i]] = end - part->lo;
        end += part->hi - part->lo;
    }
    all.hi = end;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < parts[i].n; j++)
            all.at[begin[i] + j] = at[i] + parts[i].at[j];
    MPI_Type_create_struct(k, lengths, at, types, &all.type);
    for (int i = 0; i < k; i++) {
        MPI_Type_free(&types[i]);
        free(parts[i].at);
    }
    return all;
}

static bool
repeats(int first, int n, int period)
{
    for (int i = period; i < n; i++)
        if (signature[first + i].type != signature[first + i - period].type)
            return false;
    return true;
}

static struct made
make(int first, int n)
{
    if (n == 1)
        return make_item(first);
    if (below(8))
        for (int tries = 0; tries < 4; tries++) {
            int m = divisor(n);
            if (m > 1 && repeats(first, n, n / m))
                return make_repeated(first, n, m);
        }
    return make_struct(first, n);
}

/* ---- one side of a message ---- */

struct side {
    struct made one;
    int count;
    long extent, bytes; // of one; of the data of all
    char *room, *buffer;
    long first, reach; // of all in memory
};

static struct side
side_new(int n, int count, char *pool)
{
    MPI_Aint lb, span;
    struct side s = {.one = make(0, n), .count = count, .room = pool};
    s.extent = spread(&s.one);
    if (!below(4) && count > 1) { // the elements go backwards
        MPI_Datatype type;
        s.extent = -s.extent;
        MPI_Type_create_resized(s.one.type, s.one.lo, s.extent, &type);
        replace(&s.one, type);
    }
    MPI_Type_commit(&s.one.type);
    MPI_Type_get_true_extent(s.one.type, &lb, &span);
    CHECK(lb == s.one.lo && span == s.one.hi - s.one.lo, "%ld %ld, not %ld %ld", (long)lb,
          (long)span, s.one.lo, s.one.hi - s.one.lo);
    long last = (count - 1) * s.extent;
    s.first = s.one.lo + (last < 0 ? last : 0);
    s.reach = s.one.hi - s.one.lo + (last < 0 ? -last : last);
    s.buffer = pool - s.first + 64;
    for (int i = 0; i < n; i++)
        s.bytes += signature[i].size;
    s.bytes *= count;
    return s;
}

static bool
side_fits(const struct side *s)
{
    return s->reach + 128 <= POOL;
}

static void
side_end(struct side *s)
{
    MPI_Type_free(&s->one.type);
    free(s->one.at);
}

static char
value(long i, int salt)
{
    return (char)(i * 7 + i / 253 + salt);
}

static void
side_clear(const struct side *s)
{
    memset(s->room, CLEAN, (size_t)s->reach + 128);
}

static void
side_fill(const struct side *s, int salt)
{
    long k = 0;
    side_clear(s);
    for (int c = 0; c < s->count; c++)
        for (int i = 0; i < s->one.n; i++)
            for (int b = 0; b < signature[i].size; b++)
                s->buffer[c * s->extent + s->one.at[i] + b] = value(k++, salt);
}

// The first `bytes` of the data are there, and nothing else has changed.
static void
side_check(const struct side *s, int salt, long bytes, const char *what)
{
    long k = 0;
    for (int c = 0; c < s->count && k < bytes; c++)
        for (int i = 0; i < s->one.n && k < bytes; i++)
            for (int b = 0; b < signature[i].size && k < bytes; b++, k++) {
                char *at = &s->buffer[c * s->extent + s->one.at[i] + b];
                CHECK(*at == value(k, salt), "%s: byte %ld of %ld is %d, not %d", what, k, bytes,
                      *at, value(k, salt));
                *at = CLEAN;
            }
    for (long i = 0; i < s->reach + 128; i++)
        CHECK(s->room[i] == CLEAN, "%s: byte %ld of %ld beside the data", what, i, s->reach);
}

/* ---- what is done with them ---- */

static char *packed;

static void
packing(const struct side *a, const struct side *b)
{
    MPI_Count position = 5, back = 5;
    side_fill(a, 3);
    MPI_Pack_c(a->buffer, a->count, a->one.type, packed, POOL, &position, MPI_COMM_SELF);
    CHECK(position == a->bytes + 5, "%lld", (long long)position);
    for (long i = 0; i < a->bytes; i++)
        CHECK(packed[i + 5] == value(i, 3), "packed byte %ld", i);
    side_clear(b);
    MPI_Unpack_c(packed, POOL, &back, b->buffer, b->count, b->one.type, MPI_COMM_SELF);
    side_check(b, 3, b->bytes, "unpacked");
    MPI_Count size, at = 0, from = 0;
    MPI_Pack_external_size_c("external32", a->count, a->one.type, &size);
    MPI_Pack_external_c("external32", a->buffer, a->count, a->one.type, packed, size, &at);
    CHECK(at == size, "%lld %lld", (long long)at, (long long)size);
    side_clear(b);
    MPI_Unpack_external_c("external32", packed, size, &from, b->buffer, b->count, b->one.type);
    side_check(b, 3, b->bytes, "external32");
}

static void
received(const struct side *b, const MPI_Status *status, int salt, const char *what)
{
    MPI_Count elements, whole, count;
    int each = 0;
    for (int i = 0; i < b->one.n; i++)
        each += signature[i].elements;
    whole = (MPI_Count)each * b->count;
    MPI_Get_elements_c(status, b->one.type, &elements);
    MPI_Get_count_c(status, b->one.type, &count);
    CHECK(elements == whole && count == b->count, "%s: %lld of %lld", what, (long long)elements,
          (long long)whole);
    side_check(b, salt, b->bytes, what);
}

static void
to_itself(const struct side *a, const struct side *b)
{
    MPI_Status status;
    side_fill(a, 4);
    side_clear(b);
    MPI_Sendrecv(a->buffer, a->count, a->one.type, 0, 1, b->buffer, b->count, b->one.type, 0, 1,
                 MPI_COMM_SELF, &status);
    received(b, &status, 4, "to itself");
}

static void
between(const struct side *a, const struct side *b, int times)
{
    int rank = world_rank(), right = rank ^ 1;
    if (right >= world_size())
        return;
    for (int i = 0; i < times; i++) {
        MPI_Status status;
        MPI_Request request;
        side_fill(a, i + rank);
        side_clear(b);
        MPI_Irecv(b->buffer, b->count, b->one.type, right, 2, MPI_COMM_WORLD, &request);
        if (i & 1)
            MPI_Ssend(a->buffer, a->count, a->one.type, right, 2, MPI_COMM_WORLD);
        else
            MPI_Send(a->buffer, a->count, a->one.type, right, 2, MPI_COMM_WORLD);
        MPI_Wait(&request, &status);
        received(b, &status, i + right, "between two");
    }
}

// There is room for one element less.
static void
cut_off(const struct side *a, struct side *b)
{
    int rank = world_rank(), right = rank ^ 1, class;
    long bytes = b->bytes / b->count * (b->count - 1);
    if (right >= world_size())
        return;
    MPI_Request request;
    side_fill(a, rank);
    side_clear(b);
    MPI_Irecv(b->buffer, b->count - 1, b->one.type, right, 3, MPI_COMM_WORLD, &request);
    MPI_Send(a->buffer, a->count, a->one.type, right, 3, MPI_COMM_WORLD);
    MPI_Error_class(MPI_Wait(&request, MPI_STATUS_IGNORE), &class);
    CHECK(class == MPI_ERR_TRUNCATE, "%d", class);
    side_check(b, right, bytes, "cut off");
}

static void
one_pair(char *pools[4])
{
    make_kinds();
    int most = below(3) ? 8 : 60, a = 1 + below(most), b = 1 + below(most), times = 1 + below(3);
    int period = make_signature(a > b ? a : b);
    // Both ranks of two make the same choices.
    struct side from = side_new(period * a, b * times, pools[below(2)]);
    struct side to = side_new(period * b, a * times, pools[2 + below(2)]);
    if (side_fits(&from) && side_fits(&to) && from.bytes + 5 <= POOL) {
        packing(&from, &to);
        to_itself(&from, &to);
        between(&from, &to, from.bytes >= 32 << 10 ? 10 : 2);
        cut_off(&from, &to);
    }
    side_end(&from);
    side_end(&to);
    MPI_Type_free(&kinds[5].type);
}

int
main(int argc, char **argv)
{
    char *pools[4];
    MPI_Init(&argc, &argv);
    unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    unsigned long seeds = argc > 2 ? strtoul(argv[2], NULL, 10) : 120;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    packed = malloc(POOL);
    for (int i = 0; i < 4; i++) {
        if (i & 1)
            MPI_Alloc_mem(POOL, MPI_INFO_NULL, &pools[i]);
        else
            pools[i] = malloc(POOL);
    }
    for (unsigned long seed = first; seed < first + seeds; seed++) {
        random_state = seed * 7919;
        one_pair(pools);
    }
    MPI_Finalize();
    return 0;
}
