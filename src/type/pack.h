// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The arguments of packing and unpacking, native and external. */
#ifndef MUSTER_TYPE_PACK_H
#define MUSTER_TYPE_PACK_H

#include "type/type.h"

struct packing {
    void *buffer; // the user's data
    MPI_Count count;
    struct type *type;
    char *packed;
    MPI_Count room; // bytes at `packed`
    bool unpack;
};

/* Look at the datatype, which is set, count and buffer. */
int packing_check(struct packing *p, MPI_Datatype handle);

/* Are there `bytes` at `packed` from position on? MPI_ERR_TRUNCATE if not. */
int packing_check_room(const struct packing *p, MPI_Count position, MPI_Count bytes);

/* Around the moving of so many bytes: where they are many, other threads may have the lock
 * meanwhile. The type is held. */
void packing_begin(const struct packing *p, MPI_Count bytes);
void packing_end(const struct packing *p, MPI_Count bytes);
/* Bytes of one element in external32. */
MPI_Count external_size(const struct type *type);

/* Convert `count` elements, and of a uniform type `more` predefined ones after them: arguments that
 * are right. */
int external_convert(const struct packing *p, MPI_Count more);

#endif
