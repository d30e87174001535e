// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What a user asserts of a communicator (MPI 5.0, 7.4.4 and 11.4.3). The assertions are kept and
 * told, and nothing depends on them. Keys and values that are not known here are ignored, so they
 * are not told either. No communicator has those of another: a duplicate begins anew.
 */
#include "comm/comm.h"
#include "core/check.h"
#include "info/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const assertions[] = {
    "mpi_assert_no_any_tag",
    "mpi_assert_no_any_source",
    "mpi_assert_exact_length",
    "mpi_assert_allow_overtaking",
    "mpi_assert_strict_persistent_collective_ordering",
};
#define ASSERTIONS (sizeof assertions / sizeof *assertions)

// Of memory (MPI 5.0, 11.4.3): what is there, and what the user asserts to use.
#define KINDS_KEY    "mpi_memory_alloc_kinds"
#define KINDS        "mpi,system"
#define KINDS_ASSERT "mpi_assert_memory_alloc_kinds"

// The bits of hints after those of the assertions.
enum {
    KINDS_ASSERTED = 1 << ASSERTIONS,
    SYSTEM_FIRST = KINDS_ASSERTED << 1,
    KIND_0 = SYSTEM_FIRST << 1,
};
static const char *const kinds[] = {
    "mpi", "mpi:alloc_mem", "mpi:win_allocate", "mpi:win_allocate_shared", "system",
};
#define ALL_KINDS (sizeof kinds / sizeof *kinds)
#define SYSTEM    (ALL_KINDS - 1)
static_assert((uint64_t)KIND_0 << ALL_KINDS <= UINT16_MAX + 1, "hints are 16 bits");

static unsigned
restrictor_bit(const char *text, size_t n)
{
    for (size_t i = 1; i < SYSTEM; i++)
        if (strlen(kinds[i] + 4) == n && memcmp(kinds[i] + 4, text, n) == 0)
            return KIND_0 << i;
    return 0;
}

// The bits of one kind with its restrictors ("mpi:alloc_mem:win_allocate"), or 0: it is not known.
static unsigned
kind_bits(const char *text, size_t n)
{
    unsigned bits = 0, bit;
    if (n == 6 && memcmp(text, "system", n) == 0)
        return KIND_0 << SYSTEM;
    if (n < 3 || memcmp(text, "mpi", 3) != 0)
        return 0;
    for (size_t at = 3, end; at < n; at = end) {
        for (end = at + 1; end < n && text[end] != ':';)
            end++;
        bit = text[at] == ':' ? restrictor_bit(text + at + 1, end - at - 1) : 0;
        if (!bit)
            return 0;
        bits |= bit;
    }
    return bits ? bits : KIND_0;
}

// The bits of a list of kinds, or 0 when it has one that is not there. An empty list is one.
static unsigned
kinds_bits(const char *value)
{
    unsigned all = KINDS_ASSERTED;
    for (size_t n; *value; value += n + (value[n] == ',')) {
        n = strcspn(value, ",");
        unsigned bits = kind_bits(value, n);
        if (!bits)
            return 0;
        if (bits == KIND_0 << SYSTEM && all == KINDS_ASSERTED)
            all |= SYSTEM_FIRST;
        all |= bits;
    }
    return all;
}

static void
kinds_text(unsigned hints, char *text, size_t room)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < ALL_KINDS; i++) {
        size_t kind = !(hints & SYSTEM_FIRST) ? i : i ? i - 1 : SYSTEM;
        if (hints >> kind & KIND_0)
            at += (size_t)snprintf(text + at, room - at, "%s%s", at ? "," : "", kinds[kind]);
    }
}

static void
put_kinds(uint16_t *hints, const char *value)
{
    unsigned bits = value ? kinds_bits(value) : 0;
    if (bits)
        *hints = (uint16_t)((*hints & (KINDS_ASSERTED - 1)) | bits);
}

void
hints_put(uint16_t *hints, const struct info *info)
{
    for (size_t i = 0; i < ASSERTIONS; i++) {
        const char *value = info_value(info, assertions[i]);
        if (value && strcmp(value, "true") == 0)
            *hints = (uint16_t)(*hints | 1u << i);
        else if (value && strcmp(value, "false") == 0)
            *hints = (uint16_t)(*hints & ~(1u << i));
    }
    put_kinds(hints, info_value(info, KINDS_ASSERT));
}

static int
set_info(MPI_Comm handle, MPI_Info info_handle)
{
    struct comm *comm;
    struct info *info;
    int err = comm_find(handle, &comm);
    if (!err && !(err = info_find(info_handle, &info)))
        hints_put(&comm->hints, info);
    return err;
}

// Info objects may be used in any thread (MPI 5.0, 11.6), so the lock is always taken.
static int
enter(void)
{
    if (atomic_load_explicit(&engine.state, memory_order_relaxed) != ENGINE_RUNNING)
        return engine_unusable();
    engine_lock();
    return MPI_SUCCESS;
}

int
PMPI_Comm_set_info(MPI_Comm comm, MPI_Info info)
{
    int err = enter();
    if (likely(!err)) {
        err = set_info(comm, info);
        engine_unlock();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_set_info", err);
}
weak_alias(PMPI_Comm_set_info, MPI_Comm_set_info);

static int
get_info(MPI_Comm handle, MPI_Info *info_used)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(info_used, "info_used")))
        return err;
    struct info *info = info_new();
    if (!info)
        return error_new(MPI_ERR_NO_MEM, "no memory for another info object");
    for (size_t i = 0; i < ASSERTIONS && !err; i++)
        err = info_put(info, assertions[i], comm->hints >> i & 1 ? "true" : "false");
    if (!err)
        err = info_put(info, KINDS_KEY, KINDS);
    char text[128];
    kinds_text(comm->hints, text, sizeof text);
    if (!err && comm->hints & KINDS_ASSERTED)
        err = info_put(info, KINDS_ASSERT, text);
    if (err) {
        info_end(info);
        return err;
    }
    *info_used = (MPI_Info)handle_of(HANDLE_INFO, info);
    return MPI_SUCCESS;
}

int
PMPI_Comm_get_info(MPI_Comm comm, MPI_Info *info_used)
{
    int err = enter();
    if (likely(!err)) {
        err = get_info(comm, info_used);
        engine_unlock();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_get_info", err);
}
weak_alias(PMPI_Comm_get_info, MPI_Comm_get_info);
