// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "environment.h"

#include "boot/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a launcher tells its ranks: of no use to ranks of another job, and misleading. A name that
 * ends in '_' stands for all that begin so. */
static const char *const identity[] = {
    WIRE_ENVIRONMENT,
    WIRE_PART,
    WIRE_PARENT,
    WIRE_LAUNCH,
    "MUSTER_ERRHANDLER",
    "PMI_",
    "PMI2_",
    "PMIX_",
    "HYDI_",
    "HYDRA_PMI_",
    "MPI_LOCALNRANKS",
    "MPI_LOCALRANKID",
    "MPIR_CVAR_CH4_OFI_PROC_ID",
    "OMPI_COMM_WORLD_",
    "OMPI_APP_CTX_NUM_PROCS",
    "OMPI_ARGV",
    "OMPI_COMMAND",
    "OMPI_FILE_LOCATION",
    "OMPI_FIRST_RANKS",
    "OMPI_NUM_APP_CTX",
    "OMPI_UNIVERSE_SIZE",
    "OMPI_WORLD_LOCAL_SIZE",
    "OMPI_WORLD_SIZE",
    "OMPI_MCA_ess_",
    "OMPI_MCA_orte_",
    "OMPI_MCA_initial_wdir",
    "PRTE_",
};

static bool
is_identity(const char *entry)
{
    size_t len = strcspn(entry, "=");
    for (size_t i = 0; i < sizeof identity / sizeof identity[0]; i++) {
        size_t n = strlen(identity[i]);
        bool prefix = identity[i][n - 1] == '_';
        if ((prefix ? len >= n : len == n) && strncmp(entry, identity[i], n) == 0)
            return true;
    }
    return false;
}

/* Is the entry's name one of a comma-separated list? */
static bool
is_listed(const char *entry, const char *list)
{
    size_t len = strcspn(entry, "=");
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, entry, n) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static char **
entry_of(char **env, const char *name, size_t len)
{
    for (; *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return env;
    return env;
}

const char *
environment_get(char **env, const char *name)
{
    size_t len = strlen(name);
    char **entry = entry_of(env, name, len);
    return *entry ? *entry + len + 1 : NULL;
}

/* Set one variable in `list`, which has room for it. */
static bool
assign(char **list, const struct assignment *set, char **from)
{
    size_t len = strcspn(set->name, "=");
    const char *value = set->value;
    if (!value) {
        char **own = entry_of(from, set->name, len);
        if (!*own)
            return true;
        value = *own + len + 1;
    }
    size_t size = len + strlen(value) + 2;
    char *text = malloc(size);
    if (!text)
        return false;
    snprintf(text, size, "%.*s=%s", (int)len, set->name, value);
    char **entry = entry_of(list, set->name, len);
    if (!*entry)
        entry[1] = NULL;
    free(*entry);
    *entry = text;
    return true;
}

static bool
assign_all(char **list, const struct env_plan *plan, char **from)
{
    for (size_t i = 0; i < plan->count; i++)
        if (!assign(list, &plan->set[i], from))
            return false;
    return true;
}

static bool
copy_base(char **list, const struct env_plan *plan, char **from)
{
    for (; *from && plan->base != ENV_NONE; from++) {
        if (is_identity(*from) || (plan->base == ENV_LIST && !is_listed(*from, plan->list)))
            continue;
        *list = strdup(*from);
        if (!*list++)
            return false;
    }
    return true;
}

char **
environment_make(const struct options *options, const struct program *program, char **from)
{
    size_t count = 0;
    while (from[count])
        count++;
    char **env = calloc(count + options->env.count + program->env.count + 5, sizeof *env);
    if (!env)
        return NULL;
    const struct env_plan *base = program->env.base == ENV_ALL ? &options->env : &program->env;
    struct assignment errhandler = {"MUSTER_ERRHANDLER", options->errhandler};
    char number[32];
    struct assignment part = {WIRE_PART, number};
    struct assignment parent = {WIRE_PARENT, options->parent};
    snprintf(number, sizeof number, "%d:%d", program->part, program->ranks);
    if (copy_base(env + 1, base, from) && assign_all(env + 1, &options->env, from) &&
        assign_all(env + 1, &program->env, from) &&
        (!options->errhandler || assign(env + 1, &errhandler, from)) &&
        (options->nprograms < 2 || assign(env + 1, &part, from)) &&
        (!options->parent || assign(env + 1, &parent, from)))
        return env;
    environment_free(env);
    return NULL;
}

void
environment_free(char **env)
{
    for (char **entry = env ? env + 1 : NULL; entry && *entry; entry++)
        free(*entry);
    free(env);
}
