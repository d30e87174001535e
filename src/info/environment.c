// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What MPI_INFO_ENV says (MPI 5.0, 11.2.1): how this process was started, as far as it can know. */
#include "boot/wire.h"
#include "core/engine.h"
#include "info/info.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

// What does not fit a value is left out: half an answer is none.
static int
put_fitting(struct info *info, const char *key, const char *value)
{
    return strlen(value) < MPI_MAX_INFO_VAL ? info_put(info, key, value) : MPI_SUCCESS;
}

// "argv": the arguments after the command, with blanks between.
static int
put_arguments(struct info *info, int argc, char **argv)
{
    char line[MPI_MAX_INFO_VAL] = "";
    size_t at = 0;
    if (!argv[0])
        return MPI_SUCCESS;
    int err = put_fitting(info, "command", argv[0]);
    for (int i = 1; i < argc && argv[i]; i++) {
        size_t n = strlen(argv[i]);
        if (at + 1 + n >= sizeof line)
            return err;
        at += (size_t)snprintf(line + at, sizeof line - at, i > 1 ? " %s" : "%s", argv[i]);
    }
    return err || argc < 2 ? err : info_put(info, "argv", line);
}

// The same from the kernel, which has them one after the other with zeros between.
static int
put_command_line(struct info *info)
{
    char text[4096], *argv[256];
    int argc = 0, fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return MPI_SUCCESS;
    text[n] = '\0';
    bool whole = n < (ssize_t)sizeof text - 1;
    for (char *p = text; p < text + n && argc < 256; p += strlen(p) + 1)
        argv[argc++] = p;
    return put_arguments(info, whole && argc < 256 ? argc : 1, argv);
}

int
info_job_size(void)
{
    int size = engine.size, rank;
    const char *job = getenv(WIRE_ENVIRONMENT);
    if (!size && (!job || sscanf(job, "%*d:%*[^:]:%d:%d", &rank, &size) != 2))
        size = 1;
    return size;
}

// Of the part of the command line that this process was started by.
static int
put_size(struct info *info)
{
    char value[16];
    const char *part = getenv(WIRE_PART);
    int size;
    if (!part || sscanf(part, "%*d:%d", &size) != 1)
        size = info_job_size();
    snprintf(value, sizeof value, "%d", size);
    int err = info_put(info, "maxprocs", value);
    return err ? err : info_put(info, "soft", value);
}

int
info_put_environment(struct info *info, int argc, char **argv)
{
    struct utsname name;
    char folder[MPI_MAX_INFO_VAL];
    int err = argc > 0 ? put_arguments(info, argc, argv) : put_command_line(info);
    if (!err)
        err = put_size(info);
    if (!err && uname(&name) == 0 && !(err = put_fitting(info, "host", name.nodename)))
        err = put_fitting(info, "arch", name.machine);
    if (!err && getcwd(folder, sizeof folder))
        err = put_fitting(info, "wdir", folder);
    return err;
}
