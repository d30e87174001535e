// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers
#ifndef MUSTER_SHM_XFER_H
#define MUSTER_SHM_XFER_H

#include "shm/segment.h"

struct xfer {
    line_aligned _Atomic uint64_t state;
    unsigned char bytes[192];
};

#endif
