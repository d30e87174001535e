// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The performance variables (MPI 5.0, 15.3.7). None is bound to an object: messages are counted by
 * the process they go to and come from, an array in the order of MPI_COMM_WORLD; a count for each
 * communicator besides would cost the short way of a message another line.
 */

#include "shm/segment.h"
#include "tool/tool.h"

#include <string.h>
#include <sys/stat.h>

/* ---- values ---- */

// A rank that nothing went to or came from is all zeros.
static const struct traffic *
traffic_of(int i)
{
    static const struct traffic none;
    return engine.peers && i < engine.size ? &engine.peers[i].traffic : &none;
}

static uint64_t
sent(int i)
{
    return tally_value(&traffic_of(i)->sent);
}

static uint64_t
sent_bytes(int i)
{
    return tally_value(&traffic_of(i)->sent_bytes);
}

static uint64_t
received(int i)
{
    return tally_value(&traffic_of(i)->received);
}

static uint64_t
received_bytes(int i)
{
    return tally_value(&traffic_of(i)->received_bytes);
}

static uint64_t
unexpected(int i)
{
    (void)i;
    return tally_value(&engine.counters.unexpected.now);
}

static uint64_t
posted(int i)
{
    (void)i;
    return tally_value(&engine.counters.posted.now);
}

static uint64_t
staged(int i)
{
    (void)i;
    return tally_value(&engine.counters.large[LARGE_STAGED]);
}

static uint64_t
staged_bytes(int i)
{
    (void)i;
    return tally_value(&engine.counters.large_bytes[LARGE_STAGED]);
}

static uint64_t
direct(int i)
{
    (void)i;
    return tally_value(&engine.counters.large[LARGE_DIRECT]);
}

static uint64_t
direct_bytes(int i)
{
    (void)i;
    return tally_value(&engine.counters.large_bytes[LARGE_DIRECT]);
}

static uint64_t
mapped(int i)
{
    (void)i;
    return tally_value(&engine.counters.large[LARGE_MAPPED]);
}

static uint64_t
mapped_bytes(int i)
{
    (void)i;
    return tally_value(&engine.counters.large_bytes[LARGE_MAPPED]);
}

static uint64_t
sleeps(int i)
{
    (void)i;
    return tally_value(&engine.counters.sleeps);
}

static uint64_t
yields(int i)
{
    (void)i;
    return tally_value(&engine.counters.yields);
}

static uint64_t
slept(int i)
{
    (void)i;
    return tally_value(&engine.counters.slept);
}

static uint64_t
waited(int i)
{
    (void)i;
    return tally_value(&engine.counters.waited);
}

static uint64_t
state(int i)
{
    (void)i;
    return atomic_load_explicit(&engine.state, memory_order_relaxed);
}

static uint64_t
communicators(int i)
{
    (void)i;
    return pools[HANDLE_COMM].live;
}

static uint64_t
groups(int i)
{
    (void)i;
    return pools[HANDLE_GROUP].live;
}

static uint64_t
datatypes(int i)
{
    (void)i;
    return pools[HANDLE_TYPE].live;
}

static uint64_t
requests(int i)
{
    (void)i;
    return pools[HANDLE_REQUEST].live;
}

static uint64_t
infos(int i)
{
    (void)i;
    return pools[HANDLE_INFO].live;
}

// Pages of all ranks: the segment is sparse.
static uint64_t
segment_memory(int i)
{
    (void)i;
    struct stat s;
    if (!engine.seg || fstat(engine.view.fd, &s) != 0)
        return 0;
    return (uint64_t)s.st_blocks * 512;
}

static uint64_t
segment_size(int i)
{
    (void)i;
    return engine.seg ? engine.seg->size : 0;
}

static uint64_t
heap_memory(int i)
{
    (void)i;
    if (!engine.seg)
        return 0;
    return atomic_load_explicit(&engine.seg->heap_top, memory_order_relaxed) - engine.seg->heap_at;
}

/* ---- the table ---- */

#define COUNTS(what)  MPI_T_PVAR_CLASS_COUNTER, MPI_UNSIGNED_LONG_LONG, what
#define SUMS(what)    MPI_T_PVAR_CLASS_AGGREGATE, MPI_UNSIGNED_LONG_LONG, what
#define LEVELS(what)  MPI_T_PVAR_CLASS_LEVEL, MPI_UNSIGNED_LONG_LONG, what
#define HIGHEST(what) MPI_T_PVAR_CLASS_HIGHWATERMARK, MPI_UNSIGNED_LONG_LONG, what
#define TIMES(what)   MPI_T_PVAR_CLASS_TIMER, MPI_DOUBLE, what

static const struct pvar pvars[] = {
    {"muster_sent_messages",
     "point-to-point messages sent to each rank of the job, this one included",
     COUNTS(CATEGORY_MESSAGES), .per_peer = true, .value = sent},
    {"muster_sent_bytes", "bytes of point-to-point messages sent to each rank of the job",
     SUMS(CATEGORY_MESSAGES), .per_peer = true, .value = sent_bytes},
    {"muster_received_messages",
     "point-to-point messages from each rank of the job that receives have matched",
     COUNTS(CATEGORY_MESSAGES), .per_peer = true, .value = received},
    {"muster_received_bytes",
     "bytes of point-to-point messages from each rank of the job that receives have matched",
     SUMS(CATEGORY_MESSAGES), .per_peer = true, .value = received_bytes},
    {"muster_unexpected_queue",
     "messages that have arrived and that no receive has matched, those between the ranks' "
     "libraries "
     "included",
     LEVELS(CATEGORY_MESSAGES), .value = unexpected},
    {"muster_unexpected_queue_most", "the most of them since the start", HIGHEST(CATEGORY_MESSAGES),
     .value = unexpected, .most = &engine.counters.unexpected.most},
    {"muster_posted_queue",
     "receives that no message has matched, those between the ranks' libraries included",
     LEVELS(CATEGORY_MESSAGES), .value = posted},
    {"muster_posted_queue_most", "the most of them since the start", HIGHEST(CATEGORY_MESSAGES),
     .value = posted, .most = &engine.counters.posted.most},
    {"muster_large_staged",
     "messages received piece by piece through the segment: larger than a piece, or synchronous",
     COUNTS(CATEGORY_MESSAGES), .value = staged},
    {"muster_large_staged_bytes", "bytes of them", SUMS(CATEGORY_MESSAGES), .value = staged_bytes},
    {"muster_large_direct", "messages received by copies between the processes",
     COUNTS(CATEGORY_MESSAGES), .value = direct},
    {"muster_large_direct_bytes", "bytes of them", SUMS(CATEGORY_MESSAGES), .value = direct_bytes},
    {"muster_large_mapped",
     "messages received by a copy from or to memory of the segment (MPI_Alloc_mem)",
     COUNTS(CATEGORY_MESSAGES), .value = mapped},
    {"muster_large_mapped_bytes", "bytes of them", SUMS(CATEGORY_MESSAGES), .value = mapped_bytes},
    {"muster_times_slept", "how often a thread has slept in a call", COUNTS(CATEGORY_WAITING),
     .value = sleeps},
    {"muster_times_yielded", "how often a thread has given its CPU away in a call",
     COUNTS(CATEGORY_WAITING), .value = yields},
    {"muster_time_slept", "seconds that threads have slept in calls", TIMES(CATEGORY_WAITING),
     .nanoseconds = true, .value = slept},
    {"muster_time_waited",
     "seconds that threads have slept or given their CPUs away in calls; what they look before is "
     "not in it",
     TIMES(CATEGORY_WAITING), .nanoseconds = true, .value = waited},
    {"muster_state", "of MPI in this process", MPI_T_PVAR_CLASS_STATE, MPI_INT, CATEGORY_OBJECTS,
     .value = state},
    {"muster_communicators", "communicators alive, predefined ones included",
     LEVELS(CATEGORY_OBJECTS), .value = communicators},
    {"muster_groups", "groups alive, those of communicators included", LEVELS(CATEGORY_OBJECTS),
     .value = groups},
    {"muster_datatypes", "derived datatypes alive", LEVELS(CATEGORY_OBJECTS), .value = datatypes},
    {"muster_requests", "requests alive", LEVELS(CATEGORY_OBJECTS), .value = requests},
    {"muster_infos", "info objects alive", LEVELS(CATEGORY_OBJECTS), .value = infos},
    {"muster_segment_memory", "bytes of memory that the job's segment takes, of all ranks together",
     LEVELS(CATEGORY_MEMORY), .value = segment_memory},
    {"muster_segment_size", "bytes of addresses that the job's segment has", MPI_T_PVAR_CLASS_SIZE,
     MPI_UNSIGNED_LONG_LONG, CATEGORY_MEMORY, .value = segment_size},
    {"muster_heap_size",
     "bytes of the segment's heap that ranks have taken for boards, windows and MPI_Alloc_mem",
     LEVELS(CATEGORY_MEMORY), .value = heap_memory},
};
#define PVARS ((int)(sizeof pvars / sizeof *pvars))

int
pvar_number(void)
{
    return PVARS;
}

enum tool_category
pvar_category(int i)
{
    return pvars[i].category;
}

const struct pvar *
pvar_at(int index)
{
    return index >= 0 && index < PVARS ? &pvars[index] : NULL;
}

bool
pvar_is_view(const struct pvar *pvar)
{
    return pvar->varclass == MPI_T_PVAR_CLASS_LEVEL || pvar->varclass == MPI_T_PVAR_CLASS_SIZE ||
           pvar->varclass == MPI_T_PVAR_CLASS_STATE;
}

int
PMPI_T_pvar_get_num(int *num_pvar)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!num_pvar)
        return MPI_T_ERR_INVALID;
    *num_pvar = PVARS;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_pvar_get_num, MPI_T_pvar_get_num);

int
PMPI_T_pvar_get_info(int pvar_index, char *name, int *name_len, int *verbosity, int *var_class,
                     MPI_Datatype *datatype, MPI_T_enum *enumtype, char *desc, int *desc_len,
                     int *bind, int *readonly, int *continuous, int *atomic)
{
    const struct pvar *pvar = pvar_at(pvar_index);
    int err = tool_usable();
    if (err)
        return err;
    if (!pvar)
        return MPI_T_ERR_INVALID_INDEX;
    give_string(pvar->name, name, name_len);
    give_string(pvar->text, desc, desc_len);
    give_int(MPI_T_VERBOSITY_USER_DETAIL, verbosity);
    give_int(pvar->varclass, var_class);
    give_int(MPI_T_BIND_NO_OBJECT, bind);
    give_int(pvar_is_view(pvar), readonly);
    give_int(pvar_is_view(pvar), continuous);
    give_int(!pvar_is_view(pvar), atomic);
    bool is_state = pvar->varclass == MPI_T_PVAR_CLASS_STATE;
    if (datatype)
        *datatype = pvar->type;
    if (enumtype)
        *enumtype = is_state ? enum_handle(ENUM_STATE) : MPI_T_ENUM_NULL;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_pvar_get_info, MPI_T_pvar_get_info);

int
PMPI_T_pvar_get_index(const char *name, int var_class, int *pvar_index)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!name || !pvar_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < PVARS; i++) {
        if (pvars[i].varclass != var_class || strcmp(name, pvars[i].name) != 0)
            continue;
        *pvar_index = i;
        return MPI_SUCCESS;
    }
    return MPI_T_ERR_INVALID_NAME;
}
weak_alias(PMPI_T_pvar_get_index, MPI_T_pvar_get_index);
