// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The parts of the machine that a process may be restricted to, as the kernel tells them in sysfs.
 * Their names are those of hwloc, as MPI 5.0, 9.1.2.4 proposes. */
#ifndef MUSTER_COMM_HARDWARE_H
#define MUSTER_COMM_HARDWARE_H

#include "base/base.h"

enum hardware {
    HARDWARE_MACHINE,
    HARDWARE_PACKAGE,
    HARDWARE_NUMA_NODE,
    HARDWARE_L3,
    HARDWARE_L2,
    HARDWARE_L1,
    HARDWARE_CORE,
    HARDWARE_PU,
    HARDWARE_TYPES
};

/* "hwloc://Package". */
const char *hardware_name(enum hardware type);

/* The type of a name, with or without "hwloc://", in capitals or not; HARDWARE_TYPES: none. */
enum hardware hardware_find(const char *name);

/* The one part of this type that the calling thread may run on, by the number of its first CPU; or
 * one of these. */
#define HARDWARE_SEVERAL (-1) // it may run on several
#define HARDWARE_UNKNOWN (-2) // the kernel tells nothing of such parts
int hardware_place(enum hardware type);

#endif
