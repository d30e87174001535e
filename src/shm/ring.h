// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers
#ifndef MUSTER_SHM_RING_H
#define MUSTER_SHM_RING_H

#include "shm/segment.h"

struct slot {
    line_aligned _Atomic uint64_t flag;
    unsigned char bytes[120];
};

#endif
