// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Quotas and limits read from made-up /proc and cgroup trees. */
#include "base/cpu.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

struct file {
    const char *path;
    const char *text;
};

struct row {
    const char *name;
    struct file files[12];
    int quota;
    uint64_t headroom;
    const char *what; // a part of the sentence
    uint64_t kills;
    uint64_t processes, most; // 0: no limit
    const char *processes_what;
};

#define V2_MOUNT "30 25 0:26 / /cg rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNTS                                                                                  \
    "30 25 0:26 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                             \
    "31 25 0:27 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n"                                       \
    "32 25 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n"
#define MEMINFO(kib) "MemTotal:       99999999 kB\nMemFree: 5 kB\nMemAvailable:   " #kib " kB\n"

static const struct row rows[] = {
    {.name = "nothing can be read", .headroom = UINT64_MAX, .what = "no limit"},
    {.name = "a machine without cgroups",
     .files = {{"proc/meminfo", MEMINFO(2048)}, {"proc/vmstat", "nr_free 7\noom_kill 4\nx 1\n"}},
     .headroom = 2 * MIB,
     .what = "available memory (2 MiB)",
     .kills = 4},
    {.name = "v2: the parent binds, page cache counts as free",
     .files = {{"proc/self/cgroup", "0::/a/b\n"},
               {"proc/self/mountinfo", "1 2 3:4 / / rw - ext4 /dev/x rw\n" V2_MOUNT},
               {"proc/meminfo", MEMINFO(8000000)},
               {"cg/a/b/cpu.max", "max 100000\n"},
               {"cg/a/b/memory.max", "max\n"},
               {"cg/a/b/memory.events", "low 0\nhigh 0\nmax 8\noom 3\noom_kill 2\n"},
               {"cg/a/cpu.max", "250000 100000\n"},
               {"cg/a/memory.max", "536870912\n"},
               {"cg/a/memory.current", "104857600\n"},
               {"cg/a/memory.stat", "anon 5\ninactive_file 10485760\nactive_file 20971520\n"}},
     .quota = 3,
     .headroom = (512 - 70) * MIB,
     .what = "cgroup /a (512 MiB)",
     .kills = 2},
    {.name = "processes: the kernel's ids bind",
     .files = {{"proc/loadavg", "0.0 0.1 0.2 3/1768 4711\n"},
               {"proc/sys/kernel/pid_max", "32768\n"},
               {"proc/sys/kernel/threads-max", "190000\n"},
               {"proc/self/cgroup", "0::/a\n"},
               {"proc/self/mountinfo", V2_MOUNT},
               {"cg/a/pids.max", "max\n"},
               {"cg/a/pids.current", "12\n"}},
     .headroom = UINT64_MAX,
     .what = "no limit",
     .processes = 31000,
     .most = 32768,
     .processes_what = "the kernel has 32768 process ids (kernel.pid_max)"},
    {.name = "processes: the parent's cgroup binds",
     .files = {{"proc/loadavg", "0.0 0.1 0.2 3/100 4711\n"},
               {"proc/sys/kernel/pid_max", "4194304\n"},
               {"proc/self/cgroup", "0::/a/b\n"},
               {"proc/self/mountinfo", V2_MOUNT},
               {"cg/a/b/pids.max", "500\n"},
               {"cg/a/b/pids.current", "12\n"},
               {"cg/a/pids.max", "20\n"},
               {"cg/a/pids.current", "21\n"}},
     .headroom = UINT64_MAX,
     .what = "no limit",
     .processes = 0,
     .most = 20,
     .processes_what = "cgroup /a allows 20 processes (pids.max)"},
    {.name = "v2: inside a cgroup namespace",
     .files = {{"proc/self/cgroup", "0::/\n"},
               {"proc/self/mountinfo", V2_MOUNT},
               {"cg/cpu.max", "50000 100000\n"},
               {"cg/memory.max", "1048576\n"},
               {"cg/memory.current", "2097152\n"}},
     .quota = 1,
     .headroom = 0,
     .what = "cgroup / (1 MiB)"},
    {.name = "v2: a container sees its own part of the tree",
     .files = {{"proc/self/cgroup", "0::/docker/abc/sub\n"},
               {"proc/self/mountinfo", "30 25 0:26 /docker/abc /cg rw - cgroup2 cgroup2 rw\n"},
               {"cg/sub/cpu.max", "400000 100000\n"},
               {"cg/cpu.max", "300000 100000\n"}},
     .quota = 3,
     .headroom = UINT64_MAX,
     .what = "no limit"},
    {.name = "v2: the path lies outside of the part that is mounted",
     .files = {{"proc/self/cgroup", "0::/system/x\n"},
               {"proc/self/mountinfo", "30 25 0:26 /docker/abc /cg rw - cgroup2 cgroup2 rw\n"},
               {"cg/cpu.max", "150000 100000\n"}},
     .quota = 2,
     .headroom = UINT64_MAX,
     .what = "no limit"},
    {.name = "v1 beside an unused v2",
     .files = {{"proc/self/cgroup", "9:name=systemd:/\n4:memory:/m/n\n3:cpuset:/\n"
                                    "2:cpu,cpuacct:/c\n0::/\n"},
               {"proc/self/mountinfo", V2_MOUNT V1_MOUNTS},
               {"cg/cpu,cpuacct/c/cpu.cfs_quota_us", "150000\n"},
               {"cg/cpu,cpuacct/c/cpu.cfs_period_us", "50000\n"},
               {"cg/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
               {"cg/memory/m/n/memory.limit_in_bytes", "9223372036854771712\n"},
               {"cg/memory/m/n/memory.usage_in_bytes", "1\n"},
               {"cg/memory/m/n/memory.oom_control",
                "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n"},
               {"cg/memory/m/memory.limit_in_bytes", "33554432\n"},
               {"cg/memory/m/memory.usage_in_bytes", "16777216\n"}},
     .quota = 3,
     .headroom = 16 * MIB,
     .what = "cgroup /m (32 MiB)",
     .kills = 6},
};

static bool
processes_right(const char *root, const struct row *row)
{
    char what[200];
    uint64_t most, left = process_headroom_under(root, &most, what, sizeof what);
    bool none = !row->processes_what;
    if (left == (none ? UINT64_MAX : row->processes) && most == (none ? UINT64_MAX : row->most) &&
        strstr(what, none ? "no limit" : row->processes_what))
        return true;
    fprintf(stderr, "%s: %llu of %llu processes, \"%s\"\n", row->name, (unsigned long long)left,
            (unsigned long long)most, what);
    return false;
}

static void
make_file(const char *root, const struct file *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, file->path);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    FILE *f = fopen(path, "we");
    if (!f || fputs(file->text, f) < 0 || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

static int
check(const struct row *row)
{
    char root[] = "/tmp/muster-cpu-test-XXXXXX";
    if (!mkdtemp(root)) {
        perror("mkdtemp");
        return 1;
    }
    for (const struct file *file = row->files; file->path; file++)
        make_file(root, file);
    char what[200];
    int quota = cpu_quota(root);
    uint64_t headroom = memory_headroom_under(root, what, sizeof what);
    uint64_t kills = memory_oom_kills_under(root);
    bool processes = processes_right(root, row);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (processes && quota == row->quota && headroom == row->headroom && kills == row->kills &&
        strstr(what, row->what))
        return 0;
    fprintf(stderr, "%s: quota %d, headroom %llu, \"%s\", kills %llu\n", row->name, quota,
            (unsigned long long)headroom, what, (unsigned long long)kills);
    return 1;
}

int
main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    char what[200];
    if (cpu_granted() < 1 || memory_headroom(what, sizeof what) == 0) {
        fprintf(stderr, "this machine: %d CPUs, %s\n", cpu_granted(), what);
        failed++;
    }
    return failed != 0;
}
