// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The representation "external32" (MPI 5.0, 14.5.2): big-endian, no padding, each predefined type
 * of the size that the standard's table gives it. Data goes through the packed stream, a few
 * thousand bytes at a time: what it consists of is known from how its type was made.
 */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/pack.h"

#include <float.h>
#include <string.h>
#include <wchar.h>

#define BUFFER 4096

/* ---- predefined types ---- */

enum conversion {
    REVERSED, // the same bytes, most significant first
    SIGNED,   // an integer of another size
    UNSIGNED,
    EXTENDED, // the 80 bits of a long double, as an IEEE number of 128
};

// A predefined type is `n` components of `native` bytes here, `external` there.
struct component {
    MPI_Count n, native, external;
    enum conversion how;
};

static struct component
component_of(const struct type *type)
{
    MPI_Datatype handle = type->handle;
    MPI_Count size = type->size;
    struct component c = {1, size, size, REVERSED};
    if (handle == MPI_LONG || handle == MPI_UNSIGNED_LONG) {
        c.external = 4;
        c.how = handle == MPI_LONG ? SIGNED : UNSIGNED;
    } else if (handle == MPI_WCHAR) {
        c.external = 2;
        c.how = UNSIGNED;
    } else if (handle == MPI_COMPLEX || handle == MPI_DOUBLE_COMPLEX || handle == MPI_C_COMPLEX ||
               handle == MPI_C_DOUBLE_COMPLEX || handle == MPI_C_LONG_DOUBLE_COMPLEX ||
               handle == MPI_CXX_FLOAT_COMPLEX || handle == MPI_CXX_DOUBLE_COMPLEX ||
               handle == MPI_CXX_LONG_DOUBLE_COMPLEX || handle == MPI_COMPLEX4 ||
               handle == MPI_COMPLEX8 || handle == MPI_COMPLEX16 || handle == MPI_COMPLEX32) {
        c = (struct component){2, size / 2, size / 2, REVERSED};
    }
    if (LDBL_MANT_DIG == 64 && (handle == MPI_LONG_DOUBLE || handle == MPI_C_LONG_DOUBLE_COMPLEX ||
                                handle == MPI_CXX_LONG_DOUBLE_COMPLEX)) {
        c.external = 16;
        c.how = EXTENDED;
    }
    return c;
}

MPI_Count
external_size(const struct type *type)
{
    const struct type *two[2];
    if (type->size == 0)
        return 0;
    if (type->uniform && type->uniform != type)
        return type->size / type->uniform->size * external_size(type->uniform);
    if (type_pair(type, two))
        return external_size(two[0]) + external_size(two[1]);
    if (type->uniform) {
        struct component c = component_of(type);
        return c.n * c.external;
    }
    const struct recipe *r = &type->contents->recipe;
    if (r->combiner != MPI_COMBINER_STRUCT)
        return type->size / r->types[0]->size * external_size(r->types[0]);
    MPI_Count size = 0;
    for (MPI_Count i = 0; i < r->count; i++)
        size += recipe_length(r, i) * external_size(r->types[i]);
    return size;
}

/* ---- numbers ---- */

static void
reverse(char *to, const char *from, MPI_Count n)
{
    for (MPI_Count i = 0; i < n; i++)
        to[i] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? from[n - 1 - i] : from[i];
}

// Integers of at most 8 bytes, in the processor's order and in the external one.
static uint64_t
native_integer(const char *from, MPI_Count n)
{
    uint64_t eight;
    uint32_t four;
    if (n == 8) {
        memcpy(&eight, from, 8);
        return eight;
    }
    memcpy(&four, from, 4);
    return four;
}

static void
put_integer(char *to, uint64_t value, MPI_Count n)
{
    for (MPI_Count i = n; i-- > 0; value >>= 8)
        to[i] = (char)value;
}

static uint64_t
get_integer(const char *from, MPI_Count n)
{
    uint64_t value = 0;
    for (MPI_Count i = 0; i < n; i++)
        value = value << 8 | (unsigned char)from[i];
    return value;
}

static uint64_t
extend_sign(uint64_t value, MPI_Count bytes)
{
    int shift = 64 - 8 * (int)bytes;
    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static int
integer_out(char *to, const char *from, const struct component *c)
{
    uint64_t value = native_integer(from, c->native), narrow;
    put_integer(to, value, c->external);
    narrow = get_integer(to, c->external);
    if (c->how == SIGNED) {
        value = extend_sign(value, c->native);
        narrow = extend_sign(narrow, c->external);
    }
    if (narrow == value)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_CONVERSION, "%lld does not fit in the %lld bytes of external32",
                     (long long)value, (long long)c->external);
}

static void
integer_in(char *to, const char *from, const struct component *c)
{
    uint64_t value = get_integer(from, c->external);
    if (c->how == SIGNED)
        value = extend_sign(value, c->external);
    uint32_t four = (uint32_t)value;
    if (c->native == 8)
        memcpy(to, &value, 8);
    else
        memcpy(to, &four, 4);
}

// 64 bits of fraction, whose first one is written out, become 112, whose first one is not.
static void
extended_out(char *to, const char *from)
{
    uint64_t fraction;
    uint16_t top;
    memcpy(&fraction, from, 8);
    memcpy(&top, from + 8, 2);
    if (!(top & 0x7fff) && fraction >> 63)
        top++; // 1.x with the least exponent, written as if it were less
    fraction <<= 1;
    put_integer(to, top, 2);
    put_integer(to + 2, fraction >> 16, 6);
    put_integer(to + 8, fraction << 48, 8);
}

// Rounded to the nearest, of two to the even one.
static void
extended_in(char *to, const char *from)
{
    uint16_t top = (uint16_t)get_integer(from, 2);
    uint64_t high = get_integer(from + 2, 8), low = get_integer(from + 10, 6);
    bool special = (top & 0x7fff) == 0x7fff;
    uint64_t fraction = high >> 1, rest = (high & 1) << 48 | low, half = UINT64_C(1) << 48;
    if (special)
        fraction |= (uint64_t)(rest != 0) << 61; // not a number it stays
    else if (rest > half || (rest == half && fraction & 1))
        fraction++;
    if (fraction >> 63) { // rounded up to the next power of two
        fraction = 0;
        top++;
    }
    fraction |= (uint64_t)((top & 0x7fff) != 0) << 63;
    memset(to, 0, sizeof(long double));
    memcpy(to, &fraction, 8);
    memcpy(to + 8, &top, 2);
}

/* ---- the stream ---- */

struct external {
    const struct packing *packing;
    uint64_t at; // in the packed stream
    char *to;    // the external side
};

static int
convert_one(char *native, char *external, const struct component *c, bool in)
{
    if (c->how == REVERSED)
        reverse(in ? native : external, in ? external : native, c->native);
    else if (c->how == EXTENDED && in)
        extended_in(native, external);
    else if (c->how == EXTENDED)
        extended_out(external, native);
    else if (in)
        integer_in(native, external, c);
    else
        return integer_out(external, native, c);
    return MPI_SUCCESS;
}

// n elements of a predefined type of one component or more alike.
static int
convert_plain(struct external *e, const struct type *basic, MPI_Count n)
{
    const struct packing *p = e->packing;
    struct component c = component_of(basic);
    char native[BUFFER];
    int err = MPI_SUCCESS;
    MPI_Count most = BUFFER / c.native;
    for (MPI_Count left = n * c.n, m; left && !err; left -= m) {
        m = left < most ? left : most;
        size_t bytes = (size_t)(m * c.native);
        if (!p->unpack)
            layout_pack(p->type, p->buffer, p->count, e->at, native, bytes);
        for (MPI_Count i = 0; i < m && !err; i++)
            err = convert_one(native + i * c.native, e->to + i * c.external, &c, p->unpack);
        if (p->unpack)
            layout_unpack(p->type, p->buffer, p->count, e->at, native, bytes);
        e->at += bytes;
        e->to += m * c.external;
    }
    return err;
}

static int
convert_basic(struct external *e, const struct type *basic, MPI_Count n)
{
    const struct type *two[2];
    if (!type_pair(basic, two))
        return convert_plain(e, basic, n);
    int err = MPI_SUCCESS;
    for (; n && !err; n--) {
        err = convert_plain(e, two[0], 1);
        if (!err)
            err = convert_plain(e, two[1], 1);
    }
    return err;
}

// n elements of a type.
static int
convert(struct external *e, const struct type *type, MPI_Count n)
{
    if (type->size == 0)
        return MPI_SUCCESS;
    if (type->uniform)
        return convert_basic(e, type->uniform, type->size / type->uniform->size * n);
    const struct recipe *r = &type->contents->recipe;
    if (r->combiner != MPI_COMBINER_STRUCT)
        return convert(e, r->types[0], type->size / r->types[0]->size * n);
    int err = MPI_SUCCESS;
    for (; n && !err; n--)
        for (MPI_Count i = 0; i < r->count && !err; i++)
            err = convert(e, r->types[i], recipe_length(r, i));
    return err;
}

int
external_convert(const struct packing *p, MPI_Count more)
{
    struct external e = {.packing = p, .to = p->packed};
    int err = convert(&e, p->type, p->count);
    if (!err && more)
        err = convert_basic(&e, p->type->uniform, more);
    return err;
}

/* ---- entries ---- */

static int
check_datarep(const char *datarep)
{
    int err = check_pointer(datarep, "datarep");
    if (!err && strcmp(datarep, "external32") != 0)
        err = error_new(MPI_ERR_ARG, "there is no data representation \"%.40s\", but external32",
                        datarep);
    return err;
}

static int
pack_external(const char *datarep, struct packing *p, MPI_Datatype handle, MPI_Count *position)
{
    int err = check_datarep(datarep);
    if (!err)
        err = packing_check(p, handle);
    if (!err)
        err = check_pointer(position, "position");
    if (err)
        return err;
    MPI_Count bytes = p->count * external_size(p->type);
    err = packing_check_room(p, *position, bytes);
    struct external e = {.packing = p, .to = p->packed + *position};
    if (err)
        return err;
    packing_begin(p, bytes);
    err = convert(&e, p->type, p->count);
    packing_end(p, bytes);
    if (!err)
        *position += bytes;
    return err;
}

static int
external_or_raise(const char *datarep, struct packing p, MPI_Datatype handle, MPI_Count *position,
                  const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = pack_external(datarep, &p, handle, position);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "a position is either");

int
PMPI_Pack_external(const char *datarep, const void *inbuf, int incount, MPI_Datatype datatype,
                   void *outbuf, MPI_Aint outsize, MPI_Aint *position)
{
    struct packing p = {
        .buffer = (void *)(uintptr_t)inbuf, .count = incount, .packed = outbuf, .room = outsize};
    return external_or_raise(datarep, p, datatype, (MPI_Count *)position, "MPI_Pack_external");
}
weak_alias(PMPI_Pack_external, MPI_Pack_external);

int
PMPI_Pack_external_c(const char *datarep, const void *inbuf, MPI_Count incount,
                     MPI_Datatype datatype, void *outbuf, MPI_Count outsize, MPI_Count *position)
{
    struct packing p = {
        .buffer = (void *)(uintptr_t)inbuf, .count = incount, .packed = outbuf, .room = outsize};
    return external_or_raise(datarep, p, datatype, position, "MPI_Pack_external_c");
}
weak_alias(PMPI_Pack_external_c, MPI_Pack_external_c);

int
PMPI_Unpack_external(const char datarep[], const void *inbuf, MPI_Aint insize, MPI_Aint *position,
                     void *outbuf, int outcount, MPI_Datatype datatype)
{
    struct packing p = {.buffer = outbuf,
                        .count = outcount,
                        .packed = (char *)(uintptr_t)inbuf,
                        .room = insize,
                        .unpack = true};
    return external_or_raise(datarep, p, datatype, (MPI_Count *)position, "MPI_Unpack_external");
}
weak_alias(PMPI_Unpack_external, MPI_Unpack_external);

int
PMPI_Unpack_external_c(const char datarep[], const void *inbuf, MPI_Count insize,
                       MPI_Count *position, void *outbuf, MPI_Count outcount, MPI_Datatype datatype)
{
    struct packing p = {.buffer = outbuf,
                        .count = outcount,
                        .packed = (char *)(uintptr_t)inbuf,
                        .room = insize,
                        .unpack = true};
    return external_or_raise(datarep, p, datatype, position, "MPI_Unpack_external_c");
}
weak_alias(PMPI_Unpack_external_c, MPI_Unpack_external_c);

static int
pack_external_size(const char *datarep, MPI_Count count, MPI_Datatype handle, MPI_Count *size)
{
    struct packing p = {.buffer = &p, .count = count}; // no buffer is looked at
    int err = check_datarep(datarep);
    if (!err)
        err = packing_check(&p, handle);
    if (!err)
        err = check_pointer(size, "size");
    if (!err)
        *size = count * external_size(p.type);
    return err;
}

static int
external_size_or_raise(const char *datarep, MPI_Count count, MPI_Datatype handle, MPI_Count *size,
                       const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = pack_external_size(datarep, count, handle, size);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

int
PMPI_Pack_external_size(const char *datarep, int incount, MPI_Datatype datatype, MPI_Aint *size)
{
    return external_size_or_raise(datarep, incount, datatype, (MPI_Count *)size,
                                  "MPI_Pack_external_size");
}
weak_alias(PMPI_Pack_external_size, MPI_Pack_external_size);

int
PMPI_Pack_external_size_c(const char *datarep, MPI_Count incount, MPI_Datatype datatype,
                          MPI_Count *size)
{
    return external_size_or_raise(datarep, incount, datatype, size, "MPI_Pack_external_size_c");
}
weak_alias(PMPI_Pack_external_size_c, MPI_Pack_external_size_c);
