// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers
#ifndef MUSTER_SHM_STAGING_H
#define MUSTER_SHM_STAGING_H

#include "shm/segment.h"

struct piece {
    line_aligned _Atomic uint32_t busy;
};

#endif
