// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Every kernel against the definition, one element at a time, for all lengths around a vector's, at
 * aligned and odd addresses; and which types each operation takes. */
#include "op/kernels.h"

#include "base/unit.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 70
#define ROOM (MOST * 32 + 64)

typedef __int128 wide;

enum kind { SIGNED, UNSIGNED, FLOAT, COMPLEX, PAIR };

// How the elements of a type lie: `size` bytes of a number; twice that for complex ones; an index
// of `index_size` at `index_at` for pairs.
static const struct repr {
    unsigned basic;
    enum kind kind;
    size_t size, extent, index_at, index_size;
} reprs[] = {
    {BASIC_INT8, SIGNED, 1, 1, 0, 0},          {BASIC_INT16, SIGNED, 2, 2, 0, 0},
    {BASIC_INT32, SIGNED, 4, 4, 0, 0},         {BASIC_INT64, SIGNED, 8, 8, 0, 0},
    {BASIC_UINT8, UNSIGNED, 1, 1, 0, 0},       {BASIC_UINT16, UNSIGNED, 2, 2, 0, 0},
    {BASIC_UINT32, UNSIGNED, 4, 4, 0, 0},      {BASIC_UINT64, UNSIGNED, 8, 8, 0, 0},
    {BASIC_INTEGER1, SIGNED, 1, 1, 0, 0},      {BASIC_INTEGER2, SIGNED, 2, 2, 0, 0},
    {BASIC_INTEGER4, SIGNED, 4, 4, 0, 0},      {BASIC_INTEGER8, SIGNED, 8, 8, 0, 0},
    {BASIC_INTEGER16, SIGNED, 16, 16, 0, 0},   {BASIC_COUNT, SIGNED, 8, 8, 0, 0},
    {BASIC_BYTE, UNSIGNED, 1, 1, 0, 0},        {BASIC_LOGICAL1, UNSIGNED, 1, 1, 0, 0},
    {BASIC_LOGICAL2, UNSIGNED, 2, 2, 0, 0},    {BASIC_LOGICAL4, UNSIGNED, 4, 4, 0, 0},
    {BASIC_LOGICAL8, UNSIGNED, 8, 8, 0, 0},    {BASIC_LOGICAL16, UNSIGNED, 16, 16, 0, 0},
    {BASIC_FLOAT2, FLOAT, 2, 2, 0, 0},         {BASIC_FLOAT4, FLOAT, 4, 4, 0, 0},
    {BASIC_FLOAT8, FLOAT, 8, 8, 0, 0},         {BASIC_FLOAT16, FLOAT, 160, 16, 0, 0},
    {BASIC_LONG_DOUBLE, FLOAT, 16, 16, 0, 0},  {BASIC_COMPLEX4, COMPLEX, 2, 4, 0, 0},
    {BASIC_COMPLEX8, COMPLEX, 4, 8, 0, 0},     {BASIC_COMPLEX16, COMPLEX, 8, 16, 0, 0},
    {BASIC_COMPLEX32, COMPLEX, 160, 32, 0, 0}, {BASIC_COMPLEX_LONG_DOUBLE, COMPLEX, 16, 32, 0, 0},
    {BASIC_FLOAT_INT, PAIR, 4, 8, 4, 4},       {BASIC_DOUBLE_INT, PAIR, 8, 16, 8, 4},
    {BASIC_LONG_INT, PAIR, 80, 16, 8, 4},      {BASIC_2INT, PAIR, 40, 8, 4, 4},
    {BASIC_SHORT_INT, PAIR, 20, 8, 4, 4},      {BASIC_LONG_DOUBLE_INT, PAIR, 16, 32, 16, 4},
    {BASIC_2REAL, PAIR, 4, 8, 4, 0},           {BASIC_2DOUBLE, PAIR, 8, 16, 8, 0},
};

// A number of a pair or of a float or complex type; `size` above 16 is a mark: 160 _Float128, 20,
// 40 and 80 integers of 2, 4 and 8 bytes.
static void
put(size_t size, void *to, int value)
{
    switch (size) {
#ifdef HAVE_FLOAT16
    case 2:
        memcpy(to, &(_Float16){(_Float16)value}, 2);
        return;
#endif
    case 4:
        memcpy(to, &(float){(float)value}, 4);
        return;
    case 8:
        memcpy(to, &(double){value}, 8);
        return;
    case 16:
        memcpy(to, &(long double){value}, 10);
        return;
#ifdef HAVE_FLOAT128
    case 160:
        memcpy(to, &(_Float128){value}, 16);
        return;
#endif
    case 20:
        memcpy(to, &(short){(short)value}, 2);
        return;
    case 40:
        memcpy(to, &value, 4);
        return;
    case 80:
        memcpy(to, &(long){value}, 8);
        return;
    default:
        CHECK(!"a size");
    }
}

static void
put_integer(size_t size, void *to, wide value)
{
    memcpy(to, &value, size); // little endian, as all machines this runs on
}

static wide
get_integer(const struct repr *r, const void *from)
{
    wide value = 0;
    memcpy(&value, from, r->size);
    unsigned unused = 128 - 8 * (unsigned)r->size;
    value = (wide)((unsigned __int128)value << unused);
    return r->kind == SIGNED ? value >> unused : (wide)((unsigned __int128)value >> unused);
}

static bool
is_logical(unsigned code)
{
    return code == OP_LAND || code == OP_LOR || code == OP_LXOR;
}

static wide
combine(unsigned code, wide x, wide y)
{
    switch (code) {
    case OP_SUM:
        return (wide)((unsigned __int128)x + (unsigned __int128)y);
    case OP_PROD:
        return (wide)((unsigned __int128)x * (unsigned __int128)y);
    case OP_MIN:
        return x < y ? x : y;
    case OP_MAX:
        return x > y ? x : y;
    case OP_BAND:
        return x & y;
    case OP_BOR:
        return x | y;
    case OP_BXOR:
        return x ^ y;
    case OP_LAND:
        return x && y;
    case OP_LOR:
        return x || y;
    case OP_LXOR:
        return !x != !y;
    default:
        CHECK(!"an operation on integers");
        return 0;
    }
}

static void
fill_integer(const struct repr *r, unsigned code, unsigned char *x, unsigned char *y,
             unsigned char *e)
{
    for (size_t i = 0; i < r->size; i++) {
        x[i] = (unsigned char)rand();
        y[i] = (unsigned char)rand();
    }
    if (is_logical(code) && rand() % 2)
        memset(x, 0, r->size);
    if (is_logical(code) && rand() % 2)
        memset(y, 0, r->size);
    put_integer(r->size, e, combine(code, get_integer(r, x), get_integer(r, y)));
}

// Products and sums of these are exact in every type; without 0, whose sign an int does not have.
static int
small(void)
{
    int value = rand() % 30 - 15;
    return value < 0 ? value : value + 1;
}

static void
fill_complex(const struct repr *r, unsigned code, unsigned char *x, unsigned char *y,
             unsigned char *e)
{
    int xr = small(), xi = small(), yr = small(), yi = small();
    size_t half = r->extent / 2;
    bool sum = code == OP_SUM;
    put(r->size, x, xr), put(r->size, x + half, xi);
    put(r->size, y, yr), put(r->size, y + half, yi);
    put(r->size, e, sum ? xr + yr : xr * yr - xi * yi);
    put(r->size, e + half, sum ? xi + yi : xr * yi + xi * yr);
}

static void
fill_pair(const struct repr *r, unsigned code, unsigned char *x, unsigned char *y, unsigned char *e)
{
    int xv = small() / 8, yv = small() / 8, xi = rand() % 4, yi = rand() % 4; // many equal ones
    bool less = code == OP_MINLOC ? xv < yv : xv > yv;
    bool first = less || (xv == yv && xi < yi);
    size_t index = r->index_size ? 40 : r->size;
    put(r->size, x, xv), put(index, x + r->index_at, xi);
    put(r->size, y, yv), put(index, y + r->index_at, yi);
    put(r->size, e, first ? xv : yv), put(index, e + r->index_at, first ? xi : yi);
}

static void
fill(const struct repr *r, unsigned code, unsigned char *x, unsigned char *y, unsigned char *e)
{
    if (r->kind == SIGNED || r->kind == UNSIGNED) {
        fill_integer(r, code, x, y, e);
    } else if (r->kind == COMPLEX) {
        fill_complex(r, code, x, y, e);
    } else if (r->kind == PAIR) {
        fill_pair(r, code, x, y, e);
    } else {
        int xv = small(), yv = small();
        put(r->size, x, xv);
        put(r->size, y, yv);
        put(r->size, e, (int)combine(code, xv, yv));
    }
}

// The 6 bytes behind an 80-bit number mean nothing and are not compared.
static bool
same(const struct repr *r, const unsigned char *x, const unsigned char *y)
{
    size_t n = r->size == 16 && r->kind > UNSIGNED ? 10 : r->extent;
    if (memcmp(x, y, n) != 0)
        return false;
    return r->kind != COMPLEX || r->size != 16 || memcmp(x + 16, y + 16, 10) == 0;
}

static void
try_length(op_kernel *kernel, const struct repr *r, unsigned code, size_t n, size_t shift)
{
    static unsigned char a[ROOM], b[ROOM], out[ROOM], expected[ROOM];
    unsigned char *in = a + shift, *with = b + shift, *to = out + shift, *e = expected + shift;
    memset(a, 0x55, ROOM), memset(b, 0x55, ROOM), memset(out, 0x55, ROOM);
    memset(expected, 0x55, ROOM);
    for (size_t i = 0; i < n; i++)
        fill(r, code, in + i * r->extent, with + i * r->extent, e + i * r->extent);
    kernel(in, with, to, n);
    for (size_t i = 0; i < n; i++)
        CHECK(same(r, to + i * r->extent, e + i * r->extent));
    CHECK(to[n * r->extent] == 0x55 && (shift == 0 || to[-1] == 0x55));
    kernel(in, with, with, n); // in place
    for (size_t i = 0; i < n; i++)
        CHECK(same(r, with + i * r->extent, e + i * r->extent));
    CHECK(with[n * r->extent] == 0x55);
}

/* ---- which types each operation takes (MPI 5.0, 6.9.2) ---- */

enum set {
    C_INTEGER = 1,
    FORTRAN_INTEGER = 2,
    MULTI = 4,
    BYTE = 8,
    LOGICAL = 16,
    REAL = 32,
    CPLX = 64,
    LOC = 128
};

static unsigned
set_of(unsigned basic)
{
    if (basic >= BASIC_INT8 && basic <= BASIC_UINT64)
        return C_INTEGER;
    if (basic >= BASIC_INTEGER1 && basic <= BASIC_INTEGER16)
        return FORTRAN_INTEGER;
    if (basic == BASIC_COUNT)
        return MULTI;
    if (basic == BASIC_BYTE)
        return BYTE;
    if (basic >= BASIC_LOGICAL1 && basic <= BASIC_LOGICAL16)
        return LOGICAL;
    if (basic >= BASIC_FLOAT2 && basic <= BASIC_LONG_DOUBLE)
        return REAL;
    if (basic >= BASIC_COMPLEX4 && basic <= BASIC_COMPLEX_LONG_DOUBLE)
        return CPLX;
    return basic == BASIC_NONE ? 0 : LOC;
}

static const struct taken {
    unsigned code, sets;
} takes[] = {
    {OP_MAX, C_INTEGER | FORTRAN_INTEGER | REAL | MULTI},
    {OP_MIN, C_INTEGER | FORTRAN_INTEGER | REAL | MULTI},
    {OP_SUM, C_INTEGER | FORTRAN_INTEGER | REAL | CPLX | MULTI},
    {OP_PROD, C_INTEGER | FORTRAN_INTEGER | REAL | CPLX | MULTI},
    {OP_LAND, C_INTEGER | LOGICAL | MULTI},
    {OP_LOR, C_INTEGER | LOGICAL | MULTI},
    {OP_LXOR, C_INTEGER | LOGICAL | MULTI},
    {OP_BAND, C_INTEGER | FORTRAN_INTEGER | BYTE | MULTI},
    {OP_BOR, C_INTEGER | FORTRAN_INTEGER | BYTE | MULTI},
    {OP_BXOR, C_INTEGER | FORTRAN_INTEGER | BYTE | MULTI},
    {OP_MINLOC, LOC},
    {OP_MAXLOC, LOC},
    {OP_REPLACE, 0},
    {OP_NO_OP, 0},
};

static bool
compiler_has(unsigned basic)
{
#ifndef HAVE_FLOAT16
    if (basic == BASIC_FLOAT2 || basic == BASIC_COMPLEX4)
        return false;
#endif
#ifndef HAVE_FLOAT128
    if (basic == BASIC_FLOAT16 || basic == BASIC_COMPLEX32)
        return false;
#endif
    return basic != BASIC_NONE;
}

static void
try_operation(const struct taken *taken, const struct repr *r)
{
    op_kernel *kernel = op_kernel_find(taken->code, r->basic);
    bool wanted = taken->sets & set_of(r->basic) && compiler_has(r->basic);
    CHECK(wanted == (kernel != NULL));
    for (size_t n = 0; kernel && n < MOST; n++)
        for (size_t shift = 0; shift < 3; shift++)
            try_length(kernel, r, taken->code, n, shift);
}

static void
not_numbers(void)
{
    double nan_ = NAN, one = 1, zero = 0.0, minus_zero = -0.0, r;
    op_kernel *max = op_kernel_find(OP_MAX, BASIC_FLOAT8);
    max(&nan_, &one, &r, 1);
    CHECK(r == 1);
    max(&one, &nan_, &r, 1);
    CHECK(isnan(r));
    max(&zero, &minus_zero, &r, 1);
    CHECK(r == 0 && signbit(r));
    op_kernel_find(OP_SUM, BASIC_FLOAT8)(&minus_zero, &minus_zero, &r, 1);
    CHECK(r == 0 && signbit(r));
}

static bool
alike(double x, double y)
{
    return isnan(x) ? isnan(y) : x == y;
}

// Infinities survive a product as C says (C11, G.5.1).
static void
infinite_products(void)
{
    static const double parts[] = {0, 1, -2, INFINITY, -INFINITY, NAN};
    op_kernel *prod = op_kernel_find(OP_PROD, BASIC_COMPLEX16);
    for (int i = 0; i < 6 * 6 * 6 * 6; i++) {
        double complex x = CMPLX(parts[i % 6], parts[i / 6 % 6]), r;
        double complex y = CMPLX(parts[i / 36 % 6], parts[i / 216]), wanted = x * y;
        prod(&x, &y, &r, 1);
        CHECK(alike(creal(r), creal(wanted)) && alike(cimag(r), cimag(wanted)));
    }
}

int
main(void)
{
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        for (size_t k = 0; k < sizeof reprs / sizeof *reprs; k++)
            try_operation(&takes[i], &reprs[k]);
        CHECK(!op_kernel_find(takes[i].code, BASIC_NONE));
    }
    CHECK(sizeof reprs / sizeof *reprs == BASICS - 1);
    CHECK(!op_kernel_find(OP_CODES, BASIC_INT32) && !op_kernel_find(OP_SUM, BASICS));
    not_numbers();
    infinite_products();
    return 0;
}
