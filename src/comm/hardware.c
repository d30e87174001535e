// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "comm/hardware.h"

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "info/info.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CPU_FOLDER  "/sys/devices/system/cpu/cpu%d/"
#define NODE_FOLDER "/sys/devices/system/node/node%d/cpulist"
#define SCHEME      "hwloc://"
#define CPUS        16384 // more than any kernel has

static const struct {
    const char *name;
    const char *other; // another name in use, or NULL
    const char *file;  // in the folder of a CPU: the CPUs of the part that it belongs to
    char level;        // of a cache
} types[HARDWARE_TYPES] = {
    [HARDWARE_MACHINE] = {.name = SCHEME "Machine"},
    [HARDWARE_PACKAGE] = {SCHEME "Package", "Socket", "topology/core_siblings_list", 0},
    [HARDWARE_NUMA_NODE] = {.name = SCHEME "NUMANode"},
    [HARDWARE_L3] = {.name = SCHEME "L3Cache", .level = '3'},
    [HARDWARE_L2] = {.name = SCHEME "L2Cache", .level = '2'},
    [HARDWARE_L1] = {.name = SCHEME "L1Cache", .level = '1'},
    [HARDWARE_CORE] = {SCHEME "Core", NULL, "topology/thread_siblings_list", 0},
    [HARDWARE_PU] = {.name = SCHEME "PU", .other = "HWThread"},
};

const char *
hardware_name(enum hardware type)
{
    return types[type].name;
}

enum hardware
hardware_find(const char *name)
{
    size_t scheme = strlen(SCHEME);
    if (strncasecmp(name, SCHEME, scheme) == 0)
        name += scheme;
    for (int t = 0; t < HARDWARE_TYPES; t++)
        if (strcasecmp(name, types[t].name + scheme) == 0 ||
            (types[t].other && strcasecmp(name, types[t].other) == 0))
            return (enum hardware)t;
    return HARDWARE_TYPES;
}

/* ---- sets of CPUs ---- */

struct cpus {
    unsigned long bits[CPUS / (8 * sizeof(unsigned long))];
};

static void
add_cpu(struct cpus *cpus, int cpu)
{
    CPU_SET_S((size_t)cpu, sizeof *cpus, (cpu_set_t *)(void *)cpus);
}

static bool
has_cpu(const struct cpus *cpus, int cpu)
{
    return CPU_ISSET_S((size_t)cpu, sizeof *cpus, (const cpu_set_t *)(const void *)cpus);
}

static int
first_cpu(const struct cpus *cpus)
{
    int cpu = 0;
    while (cpu < CPUS && !has_cpu(cpus, cpu))
        cpu++;
    return cpu;
}

static bool
is_within(const struct cpus *a, const struct cpus *b)
{
    for (size_t i = 0; i < sizeof a->bits / sizeof *a->bits; i++)
        if (a->bits[i] & ~b->bits[i])
            return false;
    return true;
}

static bool
read_line(const char *path, char *line, size_t n)
{
    FILE *file = fopen(path, "re");
    bool good = file && fgets(line, (int)n, file);
    if (file)
        fclose(file);
    return good;
}

// "0-3,8,10-11"
static bool
read_cpus(const char *path, struct cpus *cpus)
{
    char line[4096], *p = line;
    *cpus = (struct cpus){0};
    if (!read_line(path, line, sizeof line))
        return false;
    while (*p >= '0' && *p <= '9') {
        long from = strtol(p, &p, 10), to = from;
        if (*p == '-')
            to = strtol(p + 1, &p, 10);
        for (; from <= to && from < CPUS; from++)
            add_cpu(cpus, (int)from);
        p += *p == ',';
    }
    return first_cpu(cpus) < CPUS;
}

/* ---- the part that a CPU belongs to ---- */

static bool
read_node(int cpu, struct cpus *part)
{
    char path[128];
    int node = -1;
    snprintf(path, sizeof path, CPU_FOLDER, cpu);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && node < 0 && (entry = readdir(folder));)
        if (sscanf(entry->d_name, "node%d", &node) != 1)
            node = -1;
    if (folder)
        closedir(folder);
    snprintf(path, sizeof path, NODE_FOLDER, node);
    return node >= 0 && read_cpus(path, part);
}

// Instructions have caches of their own, which are not meant.
static bool
read_cache(int cpu, char level, struct cpus *part)
{
    char path[128], line[64];
    for (int i = 0;; i++) {
        snprintf(path, sizeof path, CPU_FOLDER "cache/index%d/level", cpu, i);
        if (!read_line(path, line, sizeof line))
            return false;
        if (line[0] != level)
            continue;
        snprintf(path, sizeof path, CPU_FOLDER "cache/index%d/type", cpu, i);
        if (!read_line(path, line, sizeof line) || line[0] == 'I')
            continue;
        snprintf(path, sizeof path, CPU_FOLDER "cache/index%d/shared_cpu_list", cpu, i);
        return read_cpus(path, part);
    }
}

static bool
read_part(enum hardware type, int cpu, struct cpus *part)
{
    char path[128];
    if (types[type].level)
        return read_cache(cpu, types[type].level, part);
    if (type == HARDWARE_NUMA_NODE)
        return read_node(cpu, part);
    if (type == HARDWARE_PU) {
        *part = (struct cpus){0};
        add_cpu(part, cpu);
        return true;
    }
    snprintf(path, sizeof path, CPU_FOLDER "%s", cpu, types[type].file);
    return read_cpus(path, part);
}

int
hardware_place(enum hardware type)
{
    struct cpus mine, part;
    if (type == HARDWARE_MACHINE)
        return 0;
    mine = (struct cpus){0};
    if (sched_getaffinity(0, sizeof mine, (cpu_set_t *)(void *)&mine) != 0 ||
        !read_part(type, first_cpu(&mine), &part))
        return HARDWARE_UNKNOWN;
    return is_within(&mine, &part) ? first_cpu(&part) : HARDWARE_SEVERAL;
}

/* ---- the user's call ---- */

static int
get_info(MPI_Info *handle)
{
    struct info *info;
    int err = check_pointer(handle, "hw_info");
    if (err || (err = info_begin(&info)))
        return err;
    for (int t = 0; t < HARDWARE_TYPES && !err; t++) {
        int place = hardware_place((enum hardware)t);
        if (place != HARDWARE_UNKNOWN)
            err = info_put(info, types[t].name, place >= 0 ? "true" : "false");
    }
    return info_give(info, err, handle);
}

int
PMPI_Get_hw_resource_info(MPI_Info *hw_info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get_info(hw_info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Get_hw_resource_info", err);
}
weak_alias(PMPI_Get_hw_resource_info, MPI_Get_hw_resource_info);
