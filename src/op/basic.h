// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The arithmetic of predefined datatypes: one value for each representation and each of the sets of
 * types that the standard's reduction operations distinguish (MPI 5.0, 6.9.2). */
#ifndef MUSTER_OP_BASIC_H
#define MUSTER_OP_BASIC_H

enum basic {
    BASIC_NONE, // MPI_WCHAR, MPI_PACKED ...: no operation takes it
    // C integers
    BASIC_INT8,
    BASIC_INT16,
    BASIC_INT32,
    BASIC_INT64,
    BASIC_UINT8,
    BASIC_UINT16,
    BASIC_UINT32,
    BASIC_UINT64,
    // Fortran integers
    BASIC_INTEGER1,
    BASIC_INTEGER2,
    BASIC_INTEGER4,
    BASIC_INTEGER8,
    BASIC_INTEGER16,
    // multi-language types: MPI_AINT, MPI_OFFSET, MPI_COUNT
    BASIC_COUNT,
    BASIC_BYTE,
    // logical
    BASIC_LOGICAL1,
    BASIC_LOGICAL2,
    BASIC_LOGICAL4,
    BASIC_LOGICAL8,
    BASIC_LOGICAL16,
    // floating point
    BASIC_FLOAT2,
    BASIC_FLOAT4,
    BASIC_FLOAT8,
    BASIC_FLOAT16,
    BASIC_LONG_DOUBLE,
    // complex, of two of these
    BASIC_COMPLEX4,
    BASIC_COMPLEX8,
    BASIC_COMPLEX16,
    BASIC_COMPLEX32,
    BASIC_COMPLEX_LONG_DOUBLE,
    // value and index, for MPI_MINLOC and MPI_MAXLOC
    BASIC_FLOAT_INT,
    BASIC_DOUBLE_INT,
    BASIC_LONG_INT,
    BASIC_2INT,
    BASIC_SHORT_INT,
    BASIC_LONG_DOUBLE_INT,
    BASIC_2REAL,
    BASIC_2DOUBLE,
    BASICS
};

#endif
