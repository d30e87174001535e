// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the kernel refuses to a job of many ranks, in one sentence with the numbers. */
#ifndef MUSTER_LAUNCHER_REFUSAL_H
#define MUSTER_LAUNCHER_REFUSAL_H

#include "base/base.h"

/* Can the kernel not run so many processes at all? Then `why` (size n) says so. */
bool refusal_certain(int nranks, char *why, size_t n);

/* fork has failed with EAGAIN or ENOMEM after `started` ranks of `nranks`. */
void refusal_explain(int started, int nranks, int error, char *why, size_t n);

#endif
