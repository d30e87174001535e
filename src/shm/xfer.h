// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A large (or synchronous) message under way. The sender owns the descriptor and announces it in
 * the receiver's ring; the receiver works on it once a receive has taken the message.
 *
 * The bytes of the message are divided by `cursor`, which counts units of 4 KiB that have an owner:
 * in the low half from the front, in the high half from the back. Whoever adds to it owns the range
 * passed and delivers it in one of three ways.
 *   staged   the sender copies its range into a staging piece, with the range's place in the
 *            piece's header, and counts the piece in `ready`; the receiver empties it and counts
 *            `taken`.
 *   read     the receiver copies its range out of the sender's memory.
 *   written  the sender copies its range into the receiver's memory and adds it to `written`.
 * The sender stages until the receiver sets `direct`, which the receiver does when the message lies
 * in the segment or is so large that copies between the processes are faster. A range that a side
 * could not copy (the kernel refused) is staged: the sender's own at once, the receiver's after it
 * has put it into `failed_at` and `failed_length` and set `direct` to XFER_STAGED_AGAIN.
 *
 * Data with holes can be copied like that by a side which has a chart of the other's layout; it is
 * walked together with the side's own. The receiver's chart is there while a range of the sender's
 * is not written.
 *
 * Ends. The receiver stores XFER_CLOSED as its last access to the descriptor and to the sender's
 * memory: only then may the sender reuse the descriptor, and its buffer if any range was not its
 * own. A side that gives up takes the rest of the cursor, so that no new range begins, and waits
 * until the other's `reading` or `writing` is 0 or the other has died.
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

enum xfer_direct { XFER_STAGED = 0, XFER_DIRECT = 1, XFER_STAGED_AGAIN = 2 };

struct xfer {
    // The sender writes, the receiver reads.
    line_aligned _Atomic uint64_t ready; // pieces filled so far
    uint64_t size;                       // bytes of the message
    uint64_t address;                    // of the first byte in the sender; 0: do not read
    uint64_t offset;                     // of it in the segment; 0: the data is not there
    uint16_t piece[XFER_WINDOW];         // number of the i-th piece at i % XFER_WINDOW

    // The receiver writes, the sender reads.
    line_aligned _Atomic uint64_t taken; // pieces emptied so far
    _Atomic uint32_t state;              // enum xfer_state
    _Atomic uint32_t direct;             // enum xfer_direct
    uint64_t to_address;                 // of the receive buffer in the receiver; 0: do not write
    uint64_t to_offset;                  // of it in the segment; 0: it is not there
    uint64_t to_layout;                  // as the sender's, of the receive buffer
    uint64_t failed_at, failed_length;
    _Atomic uint32_t reading; // 1: copying out of the sender's memory

    // Both.
    line_aligned _Atomic uint64_t cursor; // units that somebody owns: front | back << 32
    _Atomic uint64_t written;             // the sender: bytes put into the receiver's memory
    _Atomic uint32_t writing;             // the sender, 1: copying into the receiver's memory
    uint64_t layout; // the sender, before it is announced: a chart (core/chart.h) in the segment;
                     // 0: the data is one block
};
static_assert(sizeof(struct xfer) == 192, "three lines");

/* The XFERS of a rank that the segment has from the start. */
static inline struct xfer *
xfers_of(struct segment *seg, int rank)
{
    return (struct xfer *)segment_at(seg, seg->xfers_at) + (size_t)rank * XFERS;
}

#endif
