// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Random datatypes against their type maps: sizes and bounds, packing and unpacking, counting in
 * elements, and making them again from what MPI_Type_get_contents tells. */
#include "type_map.h"

static void
check_bounds(const struct map *map)
{
    MPI_Count size, lb, extent, true_lb, true_extent;
    long first = 0, end = 0;
    MPI_Type_size_c(map->type, &size);
    MPI_Type_get_extent_c(map->type, &lb, &extent);
    MPI_Type_get_true_extent_c(map->type, &true_lb, &true_extent);
    for (int i = 0; i < map->n; i++) {
        const struct entry *e = &map->entries[i];
        first = i == 0 || e->at < first ? e->at : first;
        end = i == 0 || e->at + e->size > end ? e->at + e->size : end;
    }
    CHECK(size == map_size(map), "%lld %ld", (long long)size, map_size(map));
    CHECK(lb == map->lb && extent == map->ub - map->lb, "%lld %lld, not %ld %ld", (long long)lb,
          (long long)extent, map->lb, map->ub - map->lb);
    CHECK(true_lb == first && true_extent == end - first, "%lld %lld, not %ld %ld",
          (long long)true_lb, (long long)true_extent, first, end - first);
}

static void
check_byte(char *byte, long number, void *more)
{
    const char *packed = more;
    CHECK(*byte == packed[number], "byte %ld", number);
}

static void
check_and_clear(char *byte, long number, void *more)
{
    check_byte(byte, number, more);
    *byte = 0x5a;
}

static void
check_untouched(const char *room, long bytes)
{
    for (long i = 0; i < bytes; i++)
        CHECK(room[i] == 0x5a, "byte %ld of %ld", i, bytes);
}

// Random types may reach far: eight ranks shall need no more than a gigabyte.
static bool
is_near(const struct map *map, int count)
{
    long first, end;
    map_reach(map, count, &first, &end);
    return end - first < 64 << 20;
}

static void
check_packing(const struct map *map, int count)
{
    char *buffer;
    if (!is_near(map, count))
        return;
    long bytes, size = map_size(map) * count;
    int packed_size, position = 3;
    char *room = map_room(map, count, &buffer, &bytes);
    char *packed = malloc((size_t)size + 8);
    map_each(map, count, buffer, map_put_number, NULL);
    MPI_Pack_size(count, map->type, MPI_COMM_SELF, &packed_size);
    CHECK(packed_size == size, "%d %ld", packed_size, size);
    MPI_Pack(buffer, count, map->type, packed, (int)size + 8, &position, MPI_COMM_SELF);
    CHECK(position == size + 3, "%d %ld", position, size);
    map_each(map, count, buffer, check_byte, packed + 3);
    if (!map_overlaps(map, count)) {
        MPI_Count wide = 3;
        memset(room, 0x5a, (size_t)bytes);
        MPI_Unpack_c(packed, size + 8, &wide, buffer, count, map->type, MPI_COMM_SELF);
        CHECK(wide == size + 3, "%lld %ld", (long long)wide, size);
        map_each(map, count, buffer, check_and_clear, packed + 3);
        check_untouched(room, bytes);
    }
    free(packed);
    free(room);
}

// n basic elements, set and asked for, and what bytes inside of one are.
static void
check_elements(const struct map *map)
{
    MPI_Status status;
    MPI_Count got, whole, bytes = 0;
    for (int n = 0; n <= 3 * map->n; n += 1 + map->n / 20) {
        MPI_Status_set_elements_c(&status, map->type, n);
        MPI_Get_elements_c(&status, map->type, &got);
        MPI_Get_count_c(&status, map->type, &whole);
        CHECK(got == n, "%lld of %d", (long long)got, n);
        CHECK(whole == (n % map->n ? MPI_UNDEFINED : n / map->n), "%lld of %d", (long long)whole,
              n);
        MPI_Get_elements_c(&status, MPI_BYTE, &bytes);
        if (n == 0 || map->entries[(n - 1) % map->n].size == 1)
            continue;
        MPI_Status_set_elements_c(&status, MPI_BYTE, bytes - 1);
        MPI_Get_elements_c(&status, map->type, &got);
        CHECK(got == MPI_UNDEFINED, "%lld of %d and a part", (long long)got, n);
    }
}

/* ---- made again from the contents ---- */

struct contents {
    MPI_Count nintegers, naddresses, ncounts, ntypes;
    int combiner;
    int integers[100];
    MPI_Aint addresses[100];
    MPI_Count counts[100];
    MPI_Datatype types[100];
};

static void
again_small(const struct contents *c, MPI_Datatype *new)
{
    const int *i = c->integers;
    int n = i[0], dims = i[c->combiner == MPI_COMBINER_DARRAY ? 2 : 0];
    const MPI_Aint *a = c->addresses;
    MPI_Datatype old = c->types[0];
    if (c->combiner == MPI_COMBINER_CONTIGUOUS)
        MPI_Type_contiguous(n, old, new);
    else if (c->combiner == MPI_COMBINER_VECTOR)
        MPI_Type_vector(n, i[1], i[2], old, new);
    else if (c->combiner == MPI_COMBINER_HVECTOR)
        MPI_Type_create_hvector(n, i[1], a[0], old, new);
    else if (c->combiner == MPI_COMBINER_INDEXED)
        MPI_Type_indexed(n, i + 1, i + 1 + n, old, new);
    else if (c->combiner == MPI_COMBINER_HINDEXED)
        MPI_Type_create_hindexed(n, i + 1, a, old, new);
    else if (c->combiner == MPI_COMBINER_INDEXED_BLOCK)
        MPI_Type_create_indexed_block(n, i[1], i + 2, old, new);
    else if (c->combiner == MPI_COMBINER_HINDEXED_BLOCK)
        MPI_Type_create_hindexed_block(n, i[1], a, old, new);
    else if (c->combiner == MPI_COMBINER_STRUCT)
        MPI_Type_create_struct(n, i + 1, a, c->types, new);
    else if (c->combiner == MPI_COMBINER_SUBARRAY)
        MPI_Type_create_subarray(dims, i + 1, i + 1 + dims, i + 1 + 2 * dims, i[1 + 3 * dims], old,
                                 new);
    else if (c->combiner == MPI_COMBINER_DARRAY)
        MPI_Type_create_darray(i[0], i[1], dims, i + 3, i + 3 + dims, i + 3 + 2 * dims,
                               i + 3 + 3 * dims, i[3 + 4 * dims], old, new);
    else if (c->combiner == MPI_COMBINER_RESIZED)
        MPI_Type_create_resized(old, a[0], a[1], new);
    else
        CHECK(0, "combiner %d", c->combiner);
}

static void
again_large(const struct contents *c, MPI_Datatype *new)
{
    const int *i = c->integers;
    const MPI_Count *l = c->counts;
    MPI_Count n = l[0];
    int dims = i[c->combiner == MPI_COMBINER_DARRAY ? 2 : 0];
    MPI_Datatype old = c->types[0];
    CHECK(c->naddresses == 0, "%lld", (long long)c->naddresses);
    if (c->combiner == MPI_COMBINER_CONTIGUOUS)
        MPI_Type_contiguous_c(n, old, new);
    else if (c->combiner == MPI_COMBINER_VECTOR)
        MPI_Type_vector_c(n, l[1], l[2], old, new);
    else if (c->combiner == MPI_COMBINER_HVECTOR)
        MPI_Type_create_hvector_c(n, l[1], l[2], old, new);
    else if (c->combiner == MPI_COMBINER_INDEXED)
        MPI_Type_indexed_c(n, l + 1, l + 1 + n, old, new);
    else if (c->combiner == MPI_COMBINER_HINDEXED)
        MPI_Type_create_hindexed_c(n, l + 1, l + 1 + n, old, new);
    else if (c->combiner == MPI_COMBINER_INDEXED_BLOCK)
        MPI_Type_create_indexed_block_c(n, l[1], l + 2, old, new);
    else if (c->combiner == MPI_COMBINER_HINDEXED_BLOCK)
        MPI_Type_create_hindexed_block_c(n, l[1], l + 2, old, new);
    else if (c->combiner == MPI_COMBINER_STRUCT)
        MPI_Type_create_struct_c(n, l + 1, l + 1 + n, c->types, new);
    else if (c->combiner == MPI_COMBINER_SUBARRAY)
        MPI_Type_create_subarray_c(dims, l, l + dims, l + 2 * dims, i[1], old, new);
    else if (c->combiner == MPI_COMBINER_DARRAY)
        MPI_Type_create_darray_c(i[0], i[1], dims, l, i + 3, i + 3 + dims, i + 3 + 2 * dims,
                                 i[3 + 3 * dims], old, new);
    else if (c->combiner == MPI_COMBINER_RESIZED)
        MPI_Type_create_resized_c(old, l[0], l[1], new);
    else
        CHECK(0, "combiner %d", c->combiner);
}

static MPI_Datatype
made_again(MPI_Datatype type)
{
    struct contents c;
    MPI_Datatype new;
    MPI_Type_get_envelope_c(type, &c.nintegers, &c.naddresses, &c.ncounts, &c.ntypes, &c.combiner);
    if (c.combiner == MPI_COMBINER_NAMED)
        return type;
    CHECK(c.nintegers <= 100 && c.naddresses <= 100 && c.ncounts <= 100 && c.ntypes <= 100, "%lld",
          (long long)c.nintegers);
    MPI_Type_get_contents_c(type, c.nintegers, c.naddresses, c.ncounts, c.ntypes, c.integers,
                            c.addresses, c.counts, c.types);
    for (int i = 0; i < c.ntypes; i++) {
        MPI_Datatype old = c.types[i];
        c.types[i] = made_again(old);
        if (c.types[i] != old)
            MPI_Type_free(&old);
    }
    if (c.combiner == MPI_COMBINER_DUP)
        MPI_Type_dup(c.types[0], &new);
    else if (c.ncounts)
        again_large(&c, &new);
    else
        again_small(&c, &new);
    for (int i = 0; i < c.ntypes; i++) {
        MPI_Count n[4];
        int combiner;
        MPI_Type_get_envelope_c(c.types[i], &n[0], &n[1], &n[2], &n[3], &combiner);
        if (combiner != MPI_COMBINER_NAMED)
            MPI_Type_free(&c.types[i]);
    }
    return new;
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    for (unsigned long seed = 1; seed <= 1500; seed++) {
        random_state = seed * 1000003 + (unsigned long)world_rank();
        struct map map = map_random(random_in(1, 10), false);
        check_bounds(&map);
        MPI_Type_commit(&map.type);
        for (int count = 0; count < 4; count++)
            check_packing(&map, count);
        check_packing(&map, 150);
        if (map.n)
            check_elements(&map);
        MPI_Datatype old = map.type;
        map.type = made_again(old);
        if (old != map.type) {
            MPI_Type_free(&old);
            MPI_Type_commit(&map.type);
            check_bounds(&map);
            check_packing(&map, 2);
        }
        map_end(&map);
    }
    MPI_Finalize();
    return 0;
}
