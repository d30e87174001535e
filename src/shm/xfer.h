// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A large (or synchronous) message under way. The sender owns the descriptor and announces it in
 * the receiver's ring; the receiver works on it after it has matched the message.
 *
 * Streaming. The sender fills staging pieces, writes their numbers into piece[] and counts them in
 * `ready`; the receiver empties them, gives them back and counts them in `taken`. Both copy at the
 * same time, up to XFER_WINDOW pieces apart.
 *
 * Direct. When the receiver can read the sender's memory (it lies in the segment, or the kernel
 * copies between the processes), it publishes that and chunks are claimed from `cursor` by
 * whichever side is inside MPI; `done` counts the bytes that have arrived.
 *
 * `state` ends it: the receiver stores XFER_CLOSED as its last access to the descriptor and to the
 * sender's memory, and only then may the sender reuse either.
 */
#ifndef MUSTER_SHM_XFER_H
#define MUSTER_SHM_XFER_H

#include "shm/segment.h"

#define XFER_WINDOW 16

enum xfer_state {
    XFER_OPEN = 0,    // the sender: announced, not matched
    XFER_MATCHED = 1, // the receiver: a receive has taken it
    XFER_CLOSED = 2,  // the receiver: done with it, whole, truncated or given up
};

struct xfer {
    // The sender writes, the receiver reads.
    line_aligned _Atomic uint64_t ready; // pieces filled so far
    uint64_t size;                       // bytes of the message
    uint64_t address;                    // of the data in the sender; 0: it is not contiguous
    uint64_t offset;                     // of the data in the segment; 0: it is not there
    uint16_t piece[XFER_WINDOW];         // number of the i-th piece at i % XFER_WINDOW

    // The receiver writes, the sender reads.
    line_aligned _Atomic uint64_t taken; // pieces emptied so far
    _Atomic uint32_t state;              // enum xfer_state
    _Atomic uint32_t direct;             // 1: the cursor decides, no more pieces are wanted
    uint64_t to_address;                 // of the receive buffer in the receiver
    uint64_t to_offset;                  // of it in the segment; 0: it is not there
    uint64_t direct_from;                // first byte that goes the direct way

    // Both.
    line_aligned _Atomic uint64_t cursor;
    _Atomic uint64_t done;
};
static_assert(sizeof(struct xfer) == 192, "three lines");

static inline struct xfer *
xfer_of(struct segment *seg, int rank, uint32_t index)
{
    return (struct xfer *)segment_at(seg, seg->xfers_at) + (size_t)rank * XFERS + index;
}

#endif
