// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Put wdir before a relative file name. */
static void
seen_from_here(const char *file, const char *wdir, char *path, size_t n)
{
    bool relative = wdir && file[0] != '/';
    snprintf(path, n, "%s%s%s", relative ? wdir : "", relative ? "/" : "", file);
}

/* 0 if the file can be executed, else an errno value. */
static int
check_file(const char *file, const char *wdir)
{
    char path[2 * PATH_MAX];
    struct stat st;
    seen_from_here(file, wdir, path, sizeof path);
    if (stat(path, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* Try name in each directory of a list; the error is the last one that is not "not there". */
static int
search(const char *dirs, const char *name, const char *wdir, char *file, size_t m)
{
    int error = ENOENT;
    for (const char *p = dirs;; p++) {
        int len = (int)strcspn(p, ":");
        snprintf(file, m, "%.*s%s%s", len, p, len ? "/" : "./", name);
        int err = check_file(file, wdir);
        if (err == 0)
            return 0;
        if (err != ENOENT && err != ENOTDIR && err != EISDIR)
            error = err;
        p += len;
        if (*p == '\0')
            return error;
    }
}

static bool
ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

int
program_explain(const char *file, int error, char *why, size_t n)
{
    const char *hint = "";
    if (error == EACCES && ends_in(file, ".py"))
        hint = " (a Python file runs as: mpiexec -n 4 python FILE)";
    else if (error == ENOENT)
        hint = " (it, or the interpreter that it names)";
    snprintf(why, n, "cannot run '%s': %s%s", file, strerror(error), hint);
    return error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static int
cannot_enter(const char *wdir, char *why, size_t n)
{
    struct stat st;
    if (stat(wdir, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(wdir, X_OK) == 0)
        return 0;
    snprintf(why, n, "cannot enter the working directory '%s': %s", wdir, strerror(errno));
    return EXIT_CANNOT_RUN;
}

int
program_find(const char *name, const struct place *place, char *file, size_t m, char *why, size_t n)
{
    int code = place->wdir ? cannot_enter(place->wdir, why, n) : 0;
    if (code)
        return code;
    if (strchr(name, '/')) {
        snprintf(file, m, "%s", name);
        int err = check_file(file, place->wdir);
        if (err == ENOENT) {
            snprintf(why, n, "cannot run '%s': %s", name, strerror(err));
            return EXIT_NOT_FOUND;
        }
        return err ? program_explain(name, err, why, n) : 0;
    }
    int err = ENOENT;
    if (place->path)
        err = search(place->path, name, place->wdir, file, m);
    if (err)
        err = search(place->PATH ? place->PATH : "/usr/local/bin:/usr/bin:/bin", name, place->wdir,
                     file, m);
    if (err == ENOENT)
        err = search("", name, place->wdir, file, m);
    if (err == ENOENT) {
        snprintf(why, n, "cannot run '%s': no such program in PATH or in the working directory",
                 name);
        return EXIT_NOT_FOUND;
    }
    return err ? program_explain(name, err, why, n) : 0;
}

bool
program_is_script(const char *file, const char *wdir)
{
    char path[2 * PATH_MAX];
    char head[256];
    seen_from_here(file, wdir, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, head, sizeof head);
    close(fd);
    return len > 0 && !memchr(head, '\0', (size_t)len);
}
