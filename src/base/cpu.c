// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A process's cgroup directory is found in two steps: /proc/self/cgroup gives its path inside the
 * hierarchy, /proc/self/mountinfo where that hierarchy is mounted and which part of it. Where a
 * container shows only a part that does not contain the path, the mount point itself is the best
 * answer. A controller lives in one hierarchy: a v1 line that names it wins over v2's "0::".
 * Limits bind at every level, so each reader walks from the directory up to the mount point.
 */
#include "base/cpu.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct cgroup {
    char path[PATH_MAX]; // directory of the level in hand
    size_t top;          // length of the mount point in it
    bool v2;
};

/* A small file's first n - 1 bytes as a string; false if there are none. */
static bool
read_text(const char *path, char *text, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t len = 0;
    ssize_t got;
    // The kernel hands such files out a page at a time.
    while (len < n - 1 && (got = read(fd, text + len, n - 1 - len)) > 0)
        len += (size_t)got;
    close(fd);
    text[len] = '\0';
    return len > 0;
}

static bool
read_at(const struct cgroup *cg, const char *file, char *text, size_t n)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", cg->path, file);
    return read_text(path, text, n);
}

/* The number in a cgroup file; false where there is none ("max", "-1", no such file). */
static bool
read_number(const struct cgroup *cg, const char *file, uint64_t *value)
{
    char text[64];
    if (!read_at(cg, file, text, sizeof text) || text[0] < '0' || text[0] > '9')
        return false;
    *value = strtoull(text, NULL, 10);
    return true;
}

/* The number after `key` at the start of a line; 0 if there is no such line. */
static uint64_t
keyed_number(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && (line[len] == ' ' || line[len] == ':'))
            return strtoull(line + len + 1, NULL, 10);
    }
    return 0;
}

/* Is `word` one of the comma-separated words of `list`? */
static bool
has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += len)
        if ((p == list || p[-1] == ',') && (p[len] == ',' || p[len] == '\0'))
            return true;
    return false;
}

/* The process's path in the hierarchy of `controller`. */
static bool
cgroup_path(const char *root, const char *controller, char *path, size_t n, bool *v2)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *f = fopen(name, "re");
    if (!f)
        return false;
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (getline(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *where = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!where)
            continue;
        *where++ = '\0';
        controllers++;
        bool unified = *controllers == '\0';
        if (!unified && !has_word(controllers, controller))
            continue;
        if (unified && found)
            continue;
        snprintf(path, n, "%s", where);
        *v2 = unified;
        found = true;
        if (!unified)
            break;
    }
    free(line);
    fclose(f);
    return found;
}

/*
 * One line of mountinfo: "36 35 98:0 /root /mount/point rw,noatime shared:1 - cgroup2 name
 * options". True if it is the hierarchy we look for; then `from` and `at` are the fields 4 and 5.
 */
static bool
mount_matches(char *line, const char *controller, bool v2, char **from, char **at)
{
    char *rest = strstr(line, " - cgroup");
    if (!rest)
        return false;
    *rest = '\0';
    char *save = NULL;
    char *type = strtok_r(rest + 3, " ", &save);
    char *source = strtok_r(NULL, " ", &save);
    char *options = strtok_r(NULL, " \n", &save);
    if (!type || !source || !options)
        return false;
    if (strcmp(type, v2 ? "cgroup2" : "cgroup") != 0 || (!v2 && !has_word(options, controller)))
        return false;
    char *field = strtok_r(line, " ", &save);
    for (int i = 1; field && i < 4; i++)
        field = strtok_r(NULL, " ", &save);
    *from = field;
    *at = strtok_r(NULL, " ", &save);
    return *from && *at;
}

/* Set cg to the directory that belongs to `path` under a mount of `from` at `at`. */
static void
cgroup_place(struct cgroup *cg, const char *root, const char *from, const char *at,
             const char *path)
{
    size_t skip = strcmp(from, "/") == 0 ? 0 : strlen(from);
    bool inside = strncmp(path, from, skip) == 0 && (path[skip] == '/' || path[skip] == '\0');
    if (!inside || strstr(path, "/.."))
        path = "";
    else
        path += skip;
    int top = snprintf(cg->path, sizeof cg->path, "%s%s", root, at);
    cg->top = min_size((size_t)top, sizeof cg->path - 1);
    snprintf(cg->path + cg->top, sizeof cg->path - cg->top, "%s", path);
    size_t len = strlen(cg->path);
    if (len > cg->top && cg->path[len - 1] == '/')
        cg->path[len - 1] = '\0';
}

static bool
cgroup_find(struct cgroup *cg, const char *root, const char *controller)
{
    char path[PATH_MAX];
    char name[PATH_MAX];
    if (!cgroup_path(root, controller, path, sizeof path, &cg->v2))
        return false;
    snprintf(name, sizeof name, "%s/proc/self/mountinfo", root);
    FILE *f = fopen(name, "re");
    if (!f)
        return false;
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (!found && getline(&line, &room, f) > 0) {
        char *from, *at;
        if (mount_matches(line, controller, cg->v2, &from, &at)) {
            cgroup_place(cg, root, from, at, path);
            found = true;
        }
    }
    free(line);
    fclose(f);
    return found;
}

/* Go one level up; false at the mount point. */
static bool
cgroup_up(struct cgroup *cg)
{
    char *last = strrchr(cg->path + cg->top, '/');
    if (!last)
        return false;
    *last = '\0';
    return true;
}

/* The level's CPU bandwidth in CPUs, rounded up; 0 if it has no limit. */
static int
level_quota(const struct cgroup *cg)
{
    uint64_t quota = 0, period = 0;
    char text[64];
    if (cg->v2) {
        if (!read_at(cg, "cpu.max", text, sizeof text) || text[0] < '0' || text[0] > '9')
            return 0;
        char *end;
        quota = strtoull(text, &end, 10);
        period = strtoull(end, NULL, 10);
    } else if (!read_number(cg, "cpu.cfs_quota_us", &quota) ||
               !read_number(cg, "cpu.cfs_period_us", &period)) {
        return 0;
    }
    if (quota == 0 || period == 0)
        return 0;
    uint64_t cpus = (quota + period - 1) / period;
    return cpus < INT_MAX ? (int)cpus : 0;
}

int
cpu_quota(const char *root)
{
    struct cgroup cg;
    if (!cgroup_find(&cg, root, "cpu"))
        return 0;
    int best = 0;
    do {
        int quota = level_quota(&cg);
        if (quota && (!best || quota < best))
            best = quota;
    } while (cgroup_up(&cg));
    return best;
}

int
cpu_granted(void)
{
    // The system call itself, because glibc's wrapper wants a mask as large as the machine.
    unsigned long mask[8192 / sizeof(unsigned long)];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int cpus = 0;
    for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof mask[0]; i++)
        cpus += __builtin_popcountl(mask[i]);
    if (cpus == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        cpus = online > 0 ? (int)online : 1;
    }
    int quota = cpu_quota("");
    return quota && quota < cpus ? quota : cpus;
}

/* What a level's limit leaves, page cache counted as free; false if it has no limit. */
static bool
level_headroom(const struct cgroup *cg, uint64_t *limit, uint64_t *left)
{
    uint64_t used;
    char stat[8192];
    if (!read_number(cg, cg->v2 ? "memory.max" : "memory.limit_in_bytes", limit) ||
        !read_number(cg, cg->v2 ? "memory.current" : "memory.usage_in_bytes", &used))
        return false;
    if (*limit >= UINT64_C(1) << 60) // v1 writes "no limit" as the largest multiple of a page
        return false;
    if (read_at(cg, "memory.stat", stat, sizeof stat)) {
        uint64_t cache = keyed_number(stat, cg->v2 ? "inactive_file" : "total_inactive_file") +
                         keyed_number(stat, cg->v2 ? "active_file" : "total_active_file");
        used -= cache < used ? cache : used;
    }
    *left = used < *limit ? *limit - used : 0;
    return true;
}

uint64_t
memory_headroom_under(const char *root, char *what, size_t n)
{
    uint64_t best = UINT64_MAX;
    char path[PATH_MAX];
    char text[2048];
    snprintf(what, n, "no limit");
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (read_text(path, text, sizeof text) && strstr(text, "MemAvailable:")) {
        best = keyed_number(text, "MemAvailable") << 10;
        snprintf(what, n, "the machine's available memory (%llu MiB)",
                 (unsigned long long)(best >> 20));
    }
    struct cgroup cg;
    if (!cgroup_find(&cg, root, "memory"))
        return best;
    do {
        uint64_t limit, left;
        if (level_headroom(&cg, &limit, &left) && left < best) {
            best = left;
            snprintf(what, n, "the memory limit of cgroup %s (%llu MiB)",
                     cg.path[cg.top] ? cg.path + cg.top : "/", (unsigned long long)(limit >> 20));
        }
    } while (cgroup_up(&cg));
    return best;
}

uint64_t
memory_headroom(char *what, size_t n)
{
    return memory_headroom_under("", what, n);
}

uint64_t
memory_oom_kills_under(const char *root)
{
    struct cgroup cg;
    char text[8192];
    if (cgroup_find(&cg, root, "memory") &&
        read_at(&cg, cg.v2 ? "memory.events" : "memory.oom_control", text, sizeof text) &&
        strstr(text, "oom_kill "))
        return keyed_number(text, "oom_kill");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/vmstat", root);
    return read_text(path, text, sizeof text) ? keyed_number(text, "oom_kill") : 0;
}

uint64_t
memory_oom_kills(void)
{
    return memory_oom_kills_under("");
}

/* ---- processes ---- */

struct room {
    uint64_t left, most;
};

/* Take a limit's room if it is less than what there is. */
static bool
take_less(struct room *room, uint64_t most, uint64_t used)
{
    uint64_t left = used < most ? most - used : 0;
    if (left >= room->left)
        return false;
    *room = (struct room){left, most};
    return true;
}

/* The number in a file under /proc/sys/kernel, or UINT64_MAX. */
static uint64_t
kernel_number(const char *root, const char *name)
{
    char path[PATH_MAX], text[64];
    snprintf(path, sizeof path, "%s/proc/sys/kernel/%s", root, name);
    return read_text(path, text, sizeof text) ? strtoull(text, NULL, 10) : UINT64_MAX;
}

/* All threads of the machine, the fourth number of "0.1 0.2 0.3 2/345 678". */
static uint64_t
threads_running(const char *root)
{
    char path[PATH_MAX], text[128];
    snprintf(path, sizeof path, "%s/proc/loadavg", root);
    const char *slash = read_text(path, text, sizeof text) ? strchr(text, '/') : NULL;
    return slash ? strtoull(slash + 1, NULL, 10) : 0;
}

uint64_t
process_headroom_under(const char *root, uint64_t *most, char *what, size_t n)
{
    struct room room = {UINT64_MAX, UINT64_MAX};
    uint64_t limit, threads = threads_running(root);
    struct cgroup cg;
    snprintf(what, n, "no limit");
    if (take_less(&room, limit = kernel_number(root, "pid_max"), threads))
        snprintf(what, n, "the kernel has %llu process ids (kernel.pid_max)",
                 (unsigned long long)limit);
    if (take_less(&room, limit = kernel_number(root, "threads-max"), threads))
        snprintf(what, n, "the kernel allows %llu threads (kernel.threads-max)",
                 (unsigned long long)limit);
    bool found = cgroup_find(&cg, root, "pids");
    for (uint64_t used; found; found = cgroup_up(&cg))
        if (read_number(&cg, "pids.max", &limit) && read_number(&cg, "pids.current", &used) &&
            take_less(&room, limit, used))
            snprintf(what, n, "cgroup %s allows %llu processes (pids.max)",
                     cg.path[cg.top] ? cg.path + cg.top : "/", (unsigned long long)limit);
    *most = room.most;
    return room.left;
}

uint64_t
process_headroom(uint64_t *most, char *what, size_t n)
{
    return process_headroom_under("", most, what, n);
}
