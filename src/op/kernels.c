// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * One small function for each operation and C type, written by a macro from one expression, and a
 * table that says which of them serves which predefined types (MPI 5.0, 6.9.2).
 *
 * The types are declared with an alignment of 1, so that a user's misaligned buffer is slow at
 * worst. Sums, products and bits are computed on unsigned integers: they wrap, as users expect, and
 * are the same for signed ones. Comparisons are C's: MAX and MIN give b unless a is greater (less),
 * so a NaN is kept only where it stands in b.
 */
#include "op/kernels.h"

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

#define ANY_ADDRESS __attribute__((aligned(1), may_alias))

typedef int8_t i8 ANY_ADDRESS;
typedef int16_t i16 ANY_ADDRESS;
typedef int32_t i32 ANY_ADDRESS;
typedef int64_t i64 ANY_ADDRESS;
typedef uint8_t u8 ANY_ADDRESS;
typedef uint16_t u16 ANY_ADDRESS;
typedef uint32_t u32 ANY_ADDRESS;
typedef uint64_t u64 ANY_ADDRESS;
typedef float f4 ANY_ADDRESS;
typedef double f8 ANY_ADDRESS;
typedef long double ld ANY_ADDRESS;
typedef float complex c8 ANY_ADDRESS;
typedef double complex c16 ANY_ADDRESS;
typedef long double complex cld ANY_ADDRESS;
#ifdef __SIZEOF_INT128__
typedef __int128 i128 ANY_ADDRESS;
typedef unsigned __int128 u128 ANY_ADDRESS;
#define IF_INT128(...) __VA_ARGS__
#else
#define IF_INT128(...)
#endif
#ifdef HAVE_FLOAT16 // 16 bits
typedef _Float16 f2 ANY_ADDRESS;
typedef _Complex _Float16 c4 ANY_ADDRESS;
#define IF_FLOAT16(...) __VA_ARGS__
#else
#define IF_FLOAT16(...)
#endif
#ifdef HAVE_FLOAT128
typedef _Float128 f16 ANY_ADDRESS;
typedef _Complex _Float128 c32 ANY_ADDRESS;
#define IF_FLOAT128(...) __VA_ARGS__
#else
#define IF_FLOAT128(...)
#endif

// x stands for a[i], y for b[i]. ivdep: out may be b, but then only at the same place.
#define KERNEL(op, type, expression)                                                               \
    static void op##_##type(const void *a, const void *b, void *out, size_t n)                     \
    {                                                                                              \
        const type *restrict from = a;                                                             \
        const type *with = b;                                                                      \
        type *to = out;                                                                            \
        IVDEP for (size_t i = 0; i < n; i++)                                                       \
        {                                                                                          \
            const type x = from[i], y = with[i];                                                   \
            to[i] = (type)(expression);                                                            \
        }                                                                                          \
    }
#ifdef __clang__
#define IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define IVDEP _Pragma("GCC ivdep")
#endif

#define INTEGER_KERNELS(signed_, unsigned_)                                                        \
    KERNEL(sum, unsigned_, 1u * x + y)                                                             \
    KERNEL(prod, unsigned_, 1u * x * y) /* no int in between: it could overflow */                 \
    KERNEL(band, unsigned_, x &y)                                                                  \
    KERNEL(bor, unsigned_, x | y)                                                                  \
    KERNEL(bxor, unsigned_, x ^ y)                                                                 \
    KERNEL(land, unsigned_, (x != 0) & (y != 0))                                                   \
    KERNEL(lor, unsigned_, (x != 0) | (y != 0))                                                    \
    KERNEL(lxor, unsigned_, (x != 0) ^ (y != 0))                                                   \
    KERNEL(min, signed_, x < y ? x : y)                                                            \
    KERNEL(max, signed_, x > y ? x : y)

#define UNSIGNED_KERNELS(type)                                                                     \
    KERNEL(min, type, x < y ? x : y)                                                               \
    KERNEL(max, type, x > y ? x : y)

#define FLOAT_KERNELS(type)                                                                        \
    KERNEL(sum, type, x + y)                                                                       \
    KERNEL(prod, type, x *y)                                                                       \
    KERNEL(min, type, x < y ? x : y)                                                               \
    KERNEL(max, type, x > y ? x : y)

// The plain product, unless both its parts are NaN: then infinities are looked for, as C asks (C11,
// G.5.1). The compiler's own form of this is half as fast.
#define COMPLEX_KERNELS(type)                                                                      \
    KERNEL(sum, type, x + y)                                                                       \
    static inline type multiply_##type(type x, type y)                                             \
    {                                                                                              \
        type plain = y;                                                                            \
        __real__ plain = __real__ x * __real__ y - __imag__ x * __imag__ y;                        \
        __imag__ plain = __real__ x * __imag__ y + __imag__ x * __real__ y;                        \
        bool none = __real__ plain != __real__ plain && __imag__ plain != __imag__ plain;          \
        return __builtin_expect(none, 0) ? x * y : plain;                                          \
    }                                                                                              \
    KERNEL(prod, type, multiply_##type(x, y))

INTEGER_KERNELS(i8, u8)
INTEGER_KERNELS(i16, u16)
INTEGER_KERNELS(i32, u32)
INTEGER_KERNELS(i64, u64)
UNSIGNED_KERNELS(u8)
UNSIGNED_KERNELS(u16)
UNSIGNED_KERNELS(u32)
UNSIGNED_KERNELS(u64)
FLOAT_KERNELS(f4)
FLOAT_KERNELS(f8)
FLOAT_KERNELS(ld)
COMPLEX_KERNELS(c8)
COMPLEX_KERNELS(c16)
COMPLEX_KERNELS(cld)
IF_INT128(INTEGER_KERNELS(i128, u128))
IF_FLOAT16(FLOAT_KERNELS(f2) COMPLEX_KERNELS(c4))
IF_FLOAT128(FLOAT_KERNELS(f16) COMPLEX_KERNELS(c32))

// The smaller (greater) value with its index; of equal values the smaller index (6.9.4). Member by
// member, so that the room between and behind them is left alone.
#define LOC_KERNEL(op, name, compare)                                                              \
    static void op##_##name(const void *a, const void *b, void *out, size_t n)                     \
    {                                                                                              \
        const struct name *from = a, *with = b;                                                    \
        struct name *to = out;                                                                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            const struct name x = from[i], y = with[i];                                            \
            bool first = x.value compare y.value || (x.value == y.value && x.index < y.index);     \
            to[i].value = first ? x.value : y.value;                                               \
            to[i].index = first ? x.index : y.index;                                               \
        }                                                                                          \
    }
// `value_`, `index_`: of any alignment, in a struct that has the layout of the plain one.
#define LOC_KERNELS(name, value_, index_)                                                          \
    struct plain_##name {                                                                          \
        value_ value;                                                                              \
        index_ index;                                                                              \
    };                                                                                             \
    struct name {                                                                                  \
        value_ value;                                                                              \
        char between[offsetof(struct plain_##name, index) - sizeof(value_)];                       \
        index_ index;                                                                              \
        char behind[sizeof(struct plain_##name) - offsetof(struct plain_##name, index) -           \
                    sizeof(index_)];                                                               \
    } __attribute__((packed, may_alias));                                                          \
    _Static_assert(sizeof(struct name) == sizeof(struct plain_##name) &&                           \
                       offsetof(struct name, index) == offsetof(struct plain_##name, index),       \
                   "the same layout");                                                             \
    LOC_KERNEL(minloc, name, <)                                                                    \
    LOC_KERNEL(maxloc, name, >)

LOC_KERNELS(float_int, float, int)
LOC_KERNELS(double_int, double, int)
LOC_KERNELS(long_int, long, int)
LOC_KERNELS(two_int, int, int)
LOC_KERNELS(short_int, short, int)
LOC_KERNELS(long_double_int, long double, int)
LOC_KERNELS(two_real, float, float)
LOC_KERNELS(two_double, double, double)

/* ---- which types each operation takes ---- */

#define C_INTEGERS(op)                                                                             \
    [BASIC_INT8] = op##_i8, [BASIC_INT16] = op##_i16, [BASIC_INT32] = op##_i32,                    \
    [BASIC_INT64] = op##_i64, [BASIC_UINT8] = op##_u8, [BASIC_UINT16] = op##_u16,                  \
    [BASIC_UINT32] = op##_u32, [BASIC_UINT64] = op##_u64
#define FORTRAN_INTEGERS(op)                                                                       \
    [BASIC_INTEGER1] = op##_i8, [BASIC_INTEGER2] = op##_i16, [BASIC_INTEGER4] = op##_i32,          \
    [BASIC_INTEGER8] = op##_i64,                                                                   \
    IF_INT128([BASIC_INTEGER16] = op##_i128, )[BASIC_COUNT] = op##_i64
#define C_INTEGERS_UNSIGNED(op)                                                                    \
    [BASIC_INT8] = op##_u8, [BASIC_INT16] = op##_u16, [BASIC_INT32] = op##_u32,                    \
    [BASIC_INT64] = op##_u64, [BASIC_UINT8] = op##_u8, [BASIC_UINT16] = op##_u16,                  \
    [BASIC_UINT32] = op##_u32, [BASIC_UINT64] = op##_u64
#define FORTRAN_INTEGERS_UNSIGNED(op)                                                              \
    [BASIC_INTEGER1] = op##_u8, [BASIC_INTEGER2] = op##_u16, [BASIC_INTEGER4] = op##_u32,          \
    [BASIC_INTEGER8] = op##_u64,                                                                   \
    IF_INT128([BASIC_INTEGER16] = op##_u128, )[BASIC_COUNT] = op##_u64
#define LOGICALS(op)                                                                               \
    [BASIC_LOGICAL1] = op##_u8, [BASIC_LOGICAL2] = op##_u16, [BASIC_LOGICAL4] = op##_u32,          \
    IF_INT128([BASIC_LOGICAL16] = op##_u128, )[BASIC_LOGICAL8] = op##_u64
#define FLOATS(op)                                                                                 \
    [BASIC_FLOAT4] = op##_f4, [BASIC_FLOAT8] = op##_f8,                                            \
    IF_FLOAT16([BASIC_FLOAT2] = op##_f2, )                                                         \
        IF_FLOAT128([BASIC_FLOAT16] = op##_f16, )[BASIC_LONG_DOUBLE] = op##_ld
#define COMPLEXES(op)                                                                              \
    [BASIC_COMPLEX8] = op##_c8, [BASIC_COMPLEX16] = op##_c16,                                      \
    IF_FLOAT16([BASIC_COMPLEX4] = op##_c4, )                                                       \
        IF_FLOAT128([BASIC_COMPLEX32] = op##_c32, )[BASIC_COMPLEX_LONG_DOUBLE] = op##_cld
#define PAIRS(op)                                                                                  \
    [BASIC_FLOAT_INT] = op##_float_int, [BASIC_DOUBLE_INT] = op##_double_int,                      \
    [BASIC_LONG_INT] = op##_long_int, [BASIC_2INT] = op##_two_int,                                 \
    [BASIC_SHORT_INT] = op##_short_int, [BASIC_LONG_DOUBLE_INT] = op##_long_double_int,            \
    [BASIC_2REAL] = op##_two_real, [BASIC_2DOUBLE] = op##_two_double

// The standard has no logical operation on multi-language types (6.9.2); programs for MPICH have.
static op_kernel *const kernels[OP_CODES][BASICS] = {
    [OP_MAX] = {C_INTEGERS(max), FORTRAN_INTEGERS(max), FLOATS(max)},
    [OP_MIN] = {C_INTEGERS(min), FORTRAN_INTEGERS(min), FLOATS(min)},
    [OP_SUM] = {C_INTEGERS_UNSIGNED(sum), FORTRAN_INTEGERS_UNSIGNED(sum), FLOATS(sum),
                COMPLEXES(sum)},
    [OP_PROD] = {C_INTEGERS_UNSIGNED(prod), FORTRAN_INTEGERS_UNSIGNED(prod), FLOATS(prod),
                 COMPLEXES(prod)},
    [OP_LAND] = {C_INTEGERS_UNSIGNED(land), LOGICALS(land), [BASIC_COUNT] = land_u64},
    [OP_LOR] = {C_INTEGERS_UNSIGNED(lor), LOGICALS(lor), [BASIC_COUNT] = lor_u64},
    [OP_LXOR] = {C_INTEGERS_UNSIGNED(lxor), LOGICALS(lxor), [BASIC_COUNT] = lxor_u64},
    [OP_BAND] = {C_INTEGERS_UNSIGNED(band),
                 FORTRAN_INTEGERS_UNSIGNED(band), [BASIC_BYTE] = band_u8},
    [OP_BOR] = {C_INTEGERS_UNSIGNED(bor), FORTRAN_INTEGERS_UNSIGNED(bor), [BASIC_BYTE] = bor_u8},
    [OP_BXOR] = {C_INTEGERS_UNSIGNED(bxor),
                 FORTRAN_INTEGERS_UNSIGNED(bxor), [BASIC_BYTE] = bxor_u8},
    [OP_MINLOC] = {PAIRS(minloc)},
    [OP_MAXLOC] = {PAIRS(maxloc)},
};

op_kernel *
op_kernel_find(unsigned code, unsigned basic)
{
    return code < OP_CODES && basic < BASICS ? kernels[code][basic] : NULL;
}
