// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Copies of large messages from buffer to buffer, for transfer.c: between processes by the kernel,
 * or where the buffer of one of them lies in the segment. Either side copies ranges of the message;
 * for that it needs to know where the other's data is (struct ground).
 */
#ifndef MUSTER_CORE_DIRECT_H
#define MUSTER_CORE_DIRECT_H

#include "core/engine.h"
#include "core/layout.h"

/* Where a message's data is in its process. */
struct ground {
    char *first;     // byte in memory
    uint64_t offset; // of it in the segment, when all of the data is there; else 0
    bool holes;
    bool rough; // so small pieces that the kernel would take too long
};

struct ground ground_of(const struct request *request);

/* A chart of the request's data for the other side: its offset in the segment, 0 where there is
 * none (too large, or no memory). chart_erase ends it. */
uint64_t chart_publish(const struct request *request, const struct ground *ground);
void chart_erase(uint64_t chart);

/* Copy a range of the message out of the sender's memory into that of the request, and the reverse
 * for a send. False: it has to be staged. *theirs is a copy of the other side's chart, or NULL;
 * made when it is needed, the caller ends it. */
bool direct_read(const struct request *recv, struct type_info **theirs, struct byte_range range);
bool direct_write(const struct request *send, struct type_info **theirs, struct byte_range range);

#endif
