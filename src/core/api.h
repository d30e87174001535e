// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* mpi.h as the engine's own files include it: everything else is hidden (-fvisibility=hidden), so
 * the public prototypes, and through them the definitions, are made visible here. */
#ifndef MUSTER_CORE_API_H
#define MUSTER_CORE_API_H

#pragma GCC visibility push(default)
#include "mpi.h"
#pragma GCC visibility pop

#endif
