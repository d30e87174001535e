// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "options.h"

#include "hosts.h"
#include "option_table.h"
#include "shm/segment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct options *options;
    char **words;
    int count;
    int at; // the next word
    // Of the part in hand.
    struct program program;
    bool started; // it has an option or a word
    bool in_file; // the words are those of a -configfile
    int per_node;
    char *why;
    size_t n;
};

/* An option as the user wrote it, with its values. */
struct given {
    const struct option *option;
    char *word;
    const char *value[2];
};

static bool printf_like(2, 3) fail(struct parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->why, p->n, format, args);
    va_end(args);
    return false;
}

/* Room for one more element; NULL if there is no memory. */
static void *
grow(void *array, size_t count, size_t size)
{
    return realloc(array, (count + 1) * size);
}

static bool
read_count(struct parser *p, const struct given *given, int *count)
{
    const char *text = given->value[0];
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end)
        return fail(p, "%s %s: '%s' is not a number", given->word, text, text);
    if (value < 1)
        return fail(p, "%s %s: a job has at least one rank", given->word, text);
    if (errno || value > MAX_RANKS)
        return fail(p, "%s %s: no kernel runs more than %d processes", given->word, text,
                    MAX_RANKS);
    *count = (int)value;
    return true;
}

static bool
read_timeout(struct parser *p, const struct given *given)
{
    const char *text = given->value[0];
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value > 0) || value > 1e9)
        return fail(p, "%s %s: the time must be a number of seconds above 0", given->word, text);
    p->options->timeout = value;
    return true;
}

static bool
env_add(struct parser *p, struct env_plan *plan, const char *name, const char *value)
{
    struct assignment *set = grow(plan->set, plan->count, sizeof *set);
    if (!set)
        return fail(p, "out of memory");
    plan->set = set;
    set[plan->count++] = (struct assignment){.name = name, .value = value};
    return true;
}

/* -env K V, -env K=V, -x K=V, -x K. A name ends at '=' or at the string's end. */
static bool
read_assignment(struct parser *p, struct env_plan *plan, const struct given *given)
{
    const char *name = given->value[0];
    const char *equals = strchr(name, '=');
    if (name[0] == '\0' || equals == name)
        return fail(p, "%s '%s': a variable needs a name", given->word, name);
    return env_add(p, plan, name, equals ? equals + 1 : given->value[1]);
}

static bool
env_base(struct env_plan *plan, enum env_base base, const char *list)
{
    plan->base = base;
    plan->list = list;
    return true;
}

static bool
read_errhandler(struct parser *p, const struct given *given)
{
    static const char *const names[] = {"mpi_errors_are_fatal", "mpi_errors_abort",
                                        "mpi_errors_return"};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(given->value[0], names[i]) == 0) {
            p->options->errhandler = names[i];
            return true;
        }
    return fail(p, "%s %s: the error handlers are %s, %s and %s", given->word, given->value[0],
                names[0], names[1], names[2]);
}

/* Open MPI's --output takes words: those that name ranks are -l, others are not done. */
static bool
read_output(struct parser *p, const struct given *given)
{
    static const char *const tags[] = {"tag", "tag-detailed", "tag-fullname", "rank"};
    static const char *const merge[] = {"merge", "merge-stderr-to-stdout"};
    for (const char *word = given->value[0]; *word;) {
        size_t len = strcspn(word, ",:");
        bool known = false;
        for (size_t i = 0; i < 4; i++)
            if (strlen(tags[i]) == len && strncmp(word, tags[i], len) == 0)
                known = p->options->tag = true;
        for (size_t i = 0; i < 2; i++)
            if (strlen(merge[i]) == len && strncmp(word, merge[i], len) == 0)
                known = p->options->merge = true;
        if (!known)
            return fail(p, "%s %s: '%.*s' is not supported; use tag (the same as -l)", given->word,
                        given->value[0], (int)len, word);
        word += len + (word[len] != '\0');
    }
    return true;
}

static bool
read_stdin(struct parser *p, const struct given *given)
{
    p->options->no_stdin = strcmp(given->value[0], "none") == 0;
    if (p->options->no_stdin || strcmp(given->value[0], "0") == 0)
        return true;
    return fail(p, "%s %s: standard input goes to rank 0 or to 'none'", given->word,
                given->value[0]);
}

static bool parse_words(struct parser *p, char **words, int count);

static bool
read_configfile(struct parser *p, const char *path)
{
    struct options *o = p->options;
    struct words *files = grow(o->files, o->nfiles, sizeof *files);
    if (!files)
        return fail(p, "out of memory");
    o->files = files;
    if (o->nfiles >= 16)
        return fail(p, "-configfile %s: the files name each other without end", path);
    if (!words_read(&files[o->nfiles], path, p->why, p->n))
        return false;
    struct words read = files[o->nfiles++];
    return parse_words(p, read.word, read.count);
}

/* An option of the program of its part. *mine tells whether it is one. */
static bool
apply_to_program(struct parser *p, const struct given *given, bool *mine)
{
    struct program *program = &p->program;
    *mine = true;
    switch ((enum option_kind)given->option->kind) {
    case OPTION_COUNT:
        return read_count(p, given, &program->ranks);
    case OPTION_PER_NODE:
        return read_count(p, given, &p->per_node);
    case OPTION_ENV:
    case OPTION_EXPORT:
        return read_assignment(p, &program->env, given);
    case OPTION_ENV_ALL:
        return env_base(&program->env, ENV_ALL, NULL);
    case OPTION_ENV_NONE:
        return env_base(&program->env, ENV_NONE, NULL);
    case OPTION_ENV_LIST:
        return env_base(&program->env, ENV_LIST, given->value[0]);
    case OPTION_WDIR:
        program->wdir = given->value[0];
        return true;
    case OPTION_PATH:
        program->path = given->value[0];
        return true;
    default:
        *mine = false;
        return true;
    }
}

/* An option of the whole job. */
static bool
apply_to_job(struct parser *p, const struct given *given)
{
    struct options *o = p->options;
    const char *value = given->value[0];
    switch ((enum option_kind)given->option->kind) {
    case OPTION_UNSUPPORTED:
        return fail(p, "%s is not supported: %s", given->word, given->option->hint);
    case OPTION_HELP:
        o->request = REQUEST_HELP;
        return true;
    case OPTION_VERSION:
        o->request = REQUEST_VERSION;
        return true;
    case OPTION_GLOBAL_ENV:
        return read_assignment(p, &o->env, given);
    case OPTION_GLOBAL_ENV_ALL:
        return env_base(&o->env, ENV_ALL, NULL);
    case OPTION_GLOBAL_ENV_NONE:
        return env_base(&o->env, ENV_NONE, NULL);
    case OPTION_GLOBAL_ENV_LIST:
        return env_base(&o->env, ENV_LIST, value);
    case OPTION_GLOBAL_WDIR:
        o->wdir = value;
        return true;
    case OPTION_TAG:
        o->tag = true;
        return true;
    case OPTION_MERGE:
        o->merge = true;
        return true;
    case OPTION_OUTPUT:
        return read_output(p, given);
    case OPTION_STDIN:
        return read_stdin(p, given);
    case OPTION_TIMEOUT:
        return read_timeout(p, given);
    case OPTION_CONFIGFILE:
        return read_configfile(p, value);
    case OPTION_ERRHANDLER:
        return read_errhandler(p, given);
    case OPTION_HOSTS:
        return hosts_check(value, p->why, p->n);
    case OPTION_HOSTFILE:
        return hostfile_check(value, p->why, p->n);
    default: // OPTION_IGNORED
        return true;
    }
}

static bool
unknown_option(struct parser *p, const char *word, const char *name, size_t len)
{
    const struct option *nearest = option_nearest(name, len);
    return fail(p, "unknown option '%.*s'; the nearest known one is '%.*s%s'",
                (int)(name - word + (ptrdiff_t)len), word, (int)(name - word), word, nearest->name);
}

/* Read the option at p->at and its values. */
static bool
read_option(struct parser *p)
{
    struct given given = {.word = p->words[p->at++]};
    const char *name = given.word + (given.word[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const char *attached = name[len] ? name + len + 1 : NULL;
    given.option = option_find(name, len);
    if (!given.option)
        return unknown_option(p, given.word, name, len);
    if (attached && given.option->words == 0 && given.option->kind != OPTION_IGNORED)
        return fail(p, "%s: -%s takes no value", given.word, given.option->name);
    for (int i = 0; i < given.option->words; i++) {
        // "-env K=V" is complete after one word.
        if (i == 1 && strchr(given.value[0], '=') && given.option->kind != OPTION_IGNORED)
            break;
        given.value[i] = attached ? attached : p->at < p->count ? p->words[p->at++] : NULL;
        attached = NULL;
        if (!given.value[i])
            return fail(p, "%s needs %s", given.word,
                        given.option->words == 1 ? "a value" : "two values");
    }
    given.word[len + (size_t)(name - given.word)] = '\0'; // of "--np=4" messages print "--np 4"
    bool of_program;
    bool good = apply_to_program(p, &given, &of_program);
    p->started |= of_program;
    return of_program ? good : apply_to_job(p, &given);
}

static bool
check_total(struct parser *p, int ranks)
{
    if (p->options->nranks + ranks <= MAX_RANKS)
        return true;
    return fail(p, "%d ranks in all: no kernel runs more than %d processes",
                p->options->nranks + ranks, MAX_RANKS);
}

/* The part that began after the last ":" is complete. */
static bool
end_part(struct parser *p)
{
    struct options *o = p->options;
    if (!p->program.argv)
        return fail(p, "no program is given%s (try: mpiexec -n 4 PROGRAM)",
                    o->nprograms ? " after ':'" : "");
    if (p->program.ranks == 0)
        p->program.ranks = p->per_node ? p->per_node : 1;
    if (!check_total(p, p->program.ranks))
        return false;
    struct program *programs = grow(o->programs, o->nprograms, sizeof *programs);
    if (!programs)
        return fail(p, "out of memory");
    o->programs = programs;
    p->program.part = (int)o->nprograms;
    programs[o->nprograms++] = p->program;
    o->nranks += p->program.ranks;
    p->program = (struct program){0};
    p->started = false;
    p->per_node = 0;
    return true;
}

/* From p->at to the ":" or the end: the program and its arguments. */
static bool
read_program(struct parser *p)
{
    p->started = true;
    p->program.argv = p->words + p->at;
    while (p->at < p->count && strcmp(p->words[p->at], ":") != 0)
        p->at++;
    if (p->program.argv[0][0] == '\0')
        return fail(p, "the program's name is empty");
    if (p->at == p->count)
        return end_part(p);
    p->words[p->at++] = NULL;
    if (!end_part(p))
        return false;
    p->started = !p->in_file; // after ":" a program must follow; after a line none
    return true;
}

static bool
parse_rest(struct parser *p)
{
    while (p->at < p->count) {
        const char *word = p->words[p->at];
        if (strcmp(word, ":") == 0) {
            if (p->started || !p->in_file)
                return end_part(p);
            p->at++; // a line without a program, with options of the whole job at most
            continue;
        }
        if (strcmp(word, "--") == 0) {
            p->at++;
            if (p->at == p->count)
                return end_part(p);
        } else if (word[0] == '-' && word[1] != '\0') {
            if (!read_option(p))
                return false;
            if (p->options->request != REQUEST_RUN)
                return true;
            continue;
        }
        if (!read_program(p))
            return false;
    }
    return !p->started || end_part(p);
}

/* Parse a list of words as parts of their own; the caller's place is kept. */
static bool
parse_words(struct parser *p, char **words, int count)
{
    struct parser outer = *p;
    p->in_file = p->options->nfiles > 0;
    p->words = words;
    p->count = count;
    p->at = 0;
    p->program = (struct program){0};
    p->started = false;
    p->per_node = 0;
    bool good = parse_rest(p);
    if (!good)
        free(p->program.env.set);
    p->words = outer.words;
    p->count = outer.count;
    p->at = outer.at;
    p->program = outer.program;
    p->started = outer.started;
    p->in_file = outer.in_file;
    p->per_node = outer.per_node;
    return good;
}

bool
options_parse(struct options *options, int argc, char **argv, char *why, size_t n)
{
    *options = (struct options){.request = REQUEST_RUN};
    struct parser p = {.options = options, .why = why, .n = n};
    if (!parse_words(&p, argv, argc))
        return false;
    if (options->request == REQUEST_RUN && options->nprograms == 0)
        return end_part(&p);
    return true;
}

void
options_free(struct options *options)
{
    for (size_t i = 0; i < options->nprograms; i++)
        free(options->programs[i].env.set);
    for (size_t i = 0; i < options->nfiles; i++)
        words_free(&options->files[i]);
    free(options->programs);
    free(options->files);
    free(options->env.set);
    *options = (struct options){0};
}
