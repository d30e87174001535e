// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Equal up to the first dot, where only one of them has one. */
static bool
same_host(const char *a, const char *b)
{
    size_t n = strcspn(a, "."), m = strcspn(b, ".");
    if (a[n] && b[m])
        return strcasecmp(a, b) == 0;
    return n == m && strncasecmp(a, b, n) == 0;
}

/* The address's bytes, or NULL for a family that is not IP's. */
static const void *
address_bytes(const struct sockaddr *addr)
{
    if (addr && addr->sa_family == AF_INET)
        return &((const struct sockaddr_in *)(const void *)addr)->sin_addr;
    if (addr && addr->sa_family == AF_INET6)
        return &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;
    return NULL;
}

/* Does an interface of this machine have this address? */
static bool
address_is_here(int family, const void *bytes, size_t len)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return false;
    bool found = false;
    for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        const void *own = address_bytes(i->ifa_addr);
        found = own && i->ifa_addr->sa_family == family && memcmp(own, bytes, len) == 0;
    }
    freeifaddrs(all);
    return found;
}

static bool
host_is_here(const char *name)
{
    static const char *const names[] = {"localhost",  "localhost.localdomain", "localhost4",
                                        "localhost6", "ip6-localhost",         "ip6-loopback"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    struct in_addr v4;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127 || address_is_here(AF_INET, &v4, sizeof v4);
    struct in6_addr v6;
    if (inet_pton(AF_INET6, name, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6) || address_is_here(AF_INET6, &v6, sizeof v6);
    char own[256];
    if (gethostname(own, sizeof own) != 0)
        return false;
    own[sizeof own - 1] = '\0';
    return same_host(name, own);
}

/* Take a count of slots off "host:4" and the brackets off "[::1]:4"; a bare IPv6 address stays. */
static void
strip_slots(char *host)
{
    if (host[0] == '[') {
        char *end = strchr(host, ']');
        if (end)
            *end = '\0';
        memmove(host, host + 1, strlen(host));
    } else {
        char *colon = strchr(host, ':');
        if (colon && !strchr(colon + 1, ':'))
            *colon = '\0';
    }
}

static bool
check_one(char *host, char *why, size_t n)
{
    strip_slots(host);
    if (host_is_here(host))
        return true;
    char own[256] = "";
    gethostname(own, sizeof own - 1);
    snprintf(why, n,
             "host '%s' is not this machine ('%s'): a Muster job runs on the machine that "
             "starts it",
             host, own);
    return false;
}

bool
hosts_check(const char *list, char *why, size_t n)
{
    char *copy = strdup(list);
    char *save = NULL;
    bool good = copy != NULL;
    for (char *host = good ? strtok_r(copy, ", ", &save) : NULL; good && host;
         host = strtok_r(NULL, ", ", &save))
        good = check_one(host, why, n);
    free(copy);
    return good;
}

bool
hostfile_check(const char *path, char *why, size_t n)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        snprintf(why, n, "cannot read the host file %s: %s", path, strerror(errno));
        return false;
    }
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    for (int number = 1; good && getline(&line, &room, f) > 0; number++) {
        char *save = NULL;
        char *host = strtok_r(line, " \t\r\n", &save);
        char text[512];
        if (!host || host[0] == '#')
            continue;
        good = check_one(host, text, sizeof text);
        if (!good)
            snprintf(why, n, "%s, line %d: %s", path, number, text);
    }
    free(line);
    fclose(f);
    return good;
}
