// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "orphans.h"

#include "deadline.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Called for each child; true ends the walk. */
typedef bool visit(pid_t child, pid_t argument);

/* The parent of a process, from its stat line; the name in it may hold any character. */
static pid_t
parent_of(const char *pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return -1;
    text[len] = '\0';
    char *end = strrchr(text, ')');
    return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : -1;
}

/* Walk over all processes, where the kernel has no list of a process's children. */
static bool
walk_all(visit *fn, pid_t argument)
{
    DIR *dir = opendir("/proc");
    if (!dir)
        return false;
    pid_t self = getpid();
    bool stop = false;
    for (struct dirent *entry; !stop && (entry = readdir(dir));)
        if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == self)
            stop = fn((pid_t)strtol(entry->d_name, NULL, 10), argument);
    closedir(dir);
    return stop;
}

static bool
walk_children(visit *fn, pid_t argument)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "re");
    if (!f)
        return walk_all(fn, argument);
    int child;
    bool stop = false;
    while (!stop && fscanf(f, "%d", &child) == 1)
        stop = fn(child, argument);
    fclose(f);
    return stop;
}

static bool
in_group(pid_t child, pid_t group)
{
    return getpgid(child) == group;
}

bool
orphans_in_group(pid_t group)
{
    return walk_children(in_group, group);
}

static bool
send_signal(pid_t child, pid_t signal)
{
    if (getpgid(child) == child)
        kill(-child, signal);
    kill(child, signal);
    if (signal != SIGKILL)
        kill(child, SIGCONT);
    return false;
}

/* Reap what has ended until no child is left (true) or the time is over. Whoever became a child by
 * another's end gets the signal too. */
static bool
wait_for_none(int signal, int64_t until)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    for (bool news = true;;) {
        pid_t gone;
        while ((gone = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
            news = true;
        if (gone < 0 && errno == ECHILD)
            return true;
        int64_t left = until - now_ns();
        if (left <= 0)
            return false;
        if (signal == SIGKILL || (signal && news))
            walk_children(send_signal, signal);
        news = false;
        // What dies without a SIGCHLD, because it changed its parent in between, is seen after
        // a while.
        left = earlier(left, SECOND / 10);
        struct timespec t = {.tv_sec = left / SECOND, .tv_nsec = left % SECOND};
        sigtimedwait(&chld, NULL, &t);
    }
}

bool
orphans_end(bool gently)
{
    if (waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD)
        return true;
    if (gently &&
        (wait_for_none(0, now_ns() + SECOND / 5) || wait_for_none(SIGTERM, now_ns() + SECOND)))
        return true;
    return wait_for_none(SIGKILL, now_ns() + 5 * SECOND);
}
