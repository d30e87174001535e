// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Command lines, and what becomes of them: a plan or a sentence. */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "options_test.conf"

struct row {
    const char *line; // words apart by one space; '_' stands for an empty word
    const char *plan; // as printed by describe
    const char *file; // content of FILE_NAME
    const char *why;  // a part of the sentence, where the line is wrong
};

static const struct row rows[] = {
    // Programs and counts.
    {"a.out", "1 a.out", NULL, NULL},
    {"-n 4 a.out -x 3", "4 a.out -x 3", NULL, NULL},
    {"--np 4 a.out", "4 a.out", NULL, NULL},
    {"-np=4 a.out", "4 a.out", NULL, NULL},
    {"-c 2 a.out", "2 a.out", NULL, NULL},
    {"-N 3 a.out", "3 a.out", NULL, NULL},
    {"-N 3 -n 2 a.out", "2 a.out", NULL, NULL},
    {"-n 1 a : -n 2 b c : d", "1 a | 2 b c | 1 d", NULL, NULL},
    {"-n 4097 a", "4097 a", NULL, NULL},
    {"-n 4194304 a", "4194304 a", NULL, NULL},
    {"-n 2 -- -odd -n", "2 -odd -n", NULL, NULL},
    {"-n 2 -", "2 -", NULL, NULL},
    {"", NULL, NULL, "no program is given (try"},
    {"-n 4", NULL, NULL, "no program is given"},
    {"-n 4 --", NULL, NULL, "no program is given"},
    {"-n 4 a :", NULL, NULL, "no program is given after ':'"},
    {": a", NULL, NULL, "no program is given"},
    {"a : : b", NULL, NULL, "no program is given after ':'"},
    {"-n", NULL, NULL, "-n needs a value"},
    {"-n 0 a", NULL, NULL, "-n 0: a job has at least one rank"},
    {"-n -3 a", NULL, NULL, "-n -3: a job has at least one rank"},
    {"-n 4194305 a", NULL, NULL, "-n 4194305: no kernel runs more than 4194304 processes"},
    {"-n 99999999999999999999 a", NULL, NULL, "no kernel runs more than 4194304"},
    {"-n 4x a", NULL, NULL, "-n 4x: '4x' is not a number"},
    {"-np= a", NULL, NULL, "-np : '' is not a number"},
    {"--np=x a", NULL, NULL, "--np x: 'x' is not a number"},
    {"-n 4194300 a : -n 5 b", NULL, NULL, "4194305 ranks in all: no kernel runs more"},
    {"-n 2 _", NULL, NULL, "the program's name is empty"},
    // Environment and directory.
    {"-env K V a", "1 a K=V", NULL, NULL},
    {"-env K V -env L W a : b", "1 a K=V L=W | 1 b", NULL, NULL},
    {"--env K=V a", "1 a K=V", NULL, NULL},
    {"-x K=V -x L a", "1 a K=V L", NULL, NULL},
    {"-genv G 1 a : b", "1 a | 1 b genv G=1", NULL, NULL},
    {"a : -genv G=1 b", "1 a | 1 b genv G=1", NULL, NULL},
    {"-envnone a : -envlist A,B b", "1 a none | 1 b list A,B", NULL, NULL},
    {"-genvlist A a", "1 a genv list A", NULL, NULL},
    {"-genvall -envall a", "1 a", NULL, NULL},
    {"-env K", NULL, NULL, "-env needs two values"},
    {"-x =V a", NULL, NULL, "-x '=V': a variable needs a name"},
    {"-env _ V a", NULL, NULL, "a variable needs a name"},
    {"-wdir /x a : -wd /y b : --wdir=/z c", "1 a in /x | 1 b in /y | 1 c in /z", NULL, NULL},
    {"-gwdir /x a", "1 a wdir /x", NULL, NULL},
    {"-path /opt a", "1 a from /opt", NULL, NULL},
    // The job.
    {"-l a", "1 a tag", NULL, NULL},
    {"--tag-output a", "1 a tag", NULL, NULL},
    {"-prepend-rank a", "1 a tag", NULL, NULL},
    {"--output tag a", "1 a tag", NULL, NULL},
    {"--output rank,merge a", "1 a tag merge", NULL, NULL},
    {"--output timestamp a", NULL, NULL, "'timestamp' is not supported"},
    {"--timeout 2.5 a", "1 a timeout 2.5", NULL, NULL},
    {"--timeout=7 a", "1 a timeout 7", NULL, NULL},
    {"--timeout 0 a", NULL, NULL, "--timeout 0: the time must be a number of seconds above 0"},
    {"--timeout soon a", NULL, NULL, "--timeout soon"},
    {"--timeout nan a", NULL, NULL, "--timeout nan"},
    {"-initial-errhandler mpi_errors_return a", "1 a mpi_errors_return", NULL, NULL},
    {"--initial-errhandler=mpi_errors_abort a", "1 a mpi_errors_abort", NULL, NULL},
    {"-initial-errhandler none a", NULL, NULL, "none: the error handlers are mpi_errors_are_fatal"},
    {"-stdin none a", "1 a no stdin", NULL, NULL},
    {"-s 0 a", "1 a", NULL, NULL},
    {"--stdin all a", NULL, NULL, "--stdin all: standard input goes to rank 0"},
    {"-host localhost a", "1 a", NULL, NULL},
    {"-hosts localhost:4,127.0.0.1 a", "1 a", NULL, NULL},
    {"-H [::1]:2,::1 a", "1 a", NULL, NULL},
    {"-host nowhere.invalid a", NULL, NULL, "host 'nowhere.invalid' is not this machine ('"},
    {"-host 203.0.113.9 a", NULL, NULL, "'203.0.113.9' is not this machine"},
    {"-f " FILE_NAME " a", "1 a", "# nodes\nlocalhost slots=4\n\n127.0.0.1:2\n", NULL},
    {"--hostfile " FILE_NAME " a", NULL, "localhost\nfar.invalid\n",
     "options_test.conf, line 2: host 'far.invalid'"},
    {"-machinefile /nonexistent/hosts a", NULL, NULL, "cannot read the host file /nonexistent"},
    // Taken without a word.
    {"--oversubscribe --allow-run-as-root --bind-to core --map-by ppr:2:node a", "1 a", NULL, NULL},
    {"--mca btl self,vader --prtemca a b --rank-by slot --report-bindings -q a", "1 a", NULL, NULL},
    {"-launcher ssh -bind-to none -ppn 4 -rr -iface lo -genvall a", "1 a", NULL, NULL},
    {"--use-hwthread-cpus=true --display map -v a", "1 a", NULL, NULL},
    {"-rankmap 0,0 -gpus-per-proc 1 -hosts-group n[1-2] -prot a", "1 a", NULL, NULL},
    {"--debug-daemons --spawn-timeout 9 --report-child-jobs-separately a", "1 a", NULL, NULL},
    {"--mca btl", NULL, NULL, "--mca needs two values"},
    // Refused.
    {"--oversubscibe a", NULL, NULL,
     "unknown option '--oversubscibe'; the nearest known one is '--oversubscribe'"},
    {"-nn 4 a", NULL, NULL, "unknown option '-nn'; the nearest known one is '-n'"},
    {"--timeuot=4 a", NULL, NULL,
     "unknown option '--timeuot'; the nearest known one is '--timeout'"},
    {"-l=3 a", NULL, NULL, "-l=3: -l takes no value"},
    {"-outfile-pattern out.%r a", NULL, NULL, "-outfile-pattern is not supported: redirect"},
    {"-disable-auto-cleanup a", NULL, NULL, "is not supported: a failed rank ends the job"},
    // Files.
    {"-configfile " FILE_NAME, "2 a b c | 1 d", "# two\n-n 2 a 'b c'\n\n  -n 1 d\n", NULL},
    {"-configfile " FILE_NAME, "2 a b", "-n 2 \\\n  a b\n", NULL},
    {"-l -configfile " FILE_NAME, "1 a x\"y tag", "a \"x\\\"y\"", NULL},
    {"-configfile " FILE_NAME, NULL, "a\n'b\n", "options_test.conf, line 2: a quote is not closed"},
    {"-configfile " FILE_NAME, "1 a | 2 b genv G=1 tag", "-genv G 1\na\n-l\n-n 2 b\n", NULL},
    {"-configfile " FILE_NAME, NULL, "-n 2\na\n", "no program is given"},
    {"-configfile " FILE_NAME, "1 a | 1 b", "a :\nb\n", NULL},
    {"-configfile " FILE_NAME, NULL, "# nothing\n", "no program is given"},
    {"-configfile " FILE_NAME, NULL, "-configfile " FILE_NAME "\n", "name each other without end"},
    {"-configfile " FILE_NAME, NULL, "-bogus a\n", "unknown option '-bogus'"},
    {"-configfile /nonexistent/f", NULL, NULL, "cannot read /nonexistent/f: No such file"},
    // Asking.
    {"--help", "help", NULL, NULL},
    {"-n 2 -h", "help", NULL, NULL},
    {"--version", "version", NULL, NULL},
    {"-V nothing", "version", NULL, NULL},
    {"a --help", "1 a --help", NULL, NULL},
};

struct text {
    char s[4096];
    size_t len;
};

static void printf_like(2, 3) say(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->s + t->len, sizeof t->s - t->len, format, args);
    va_end(args);
    t->len += (size_t)n;
}

static void
say_env(struct text *t, const struct env_plan *env)
{
    if (env->base == ENV_NONE)
        say(t, " none");
    if (env->base == ENV_LIST)
        say(t, " list %s", env->list);
    for (size_t i = 0; i < env->count; i++) {
        say(t, " %.*s", (int)strcspn(env->set[i].name, "="), env->set[i].name);
        if (env->set[i].value)
            say(t, "=%s", env->set[i].value);
    }
}

static void
say_program(struct text *t, const struct program *program)
{
    say(t, "%d", program->ranks);
    for (char **word = program->argv; *word; word++)
        say(t, " %s", *word);
    if (program->wdir)
        say(t, " in %s", program->wdir);
    if (program->path)
        say(t, " from %s", program->path);
    say_env(t, &program->env);
}

static void
describe(struct text *t, const struct options *o)
{
    if (o->request != REQUEST_RUN) {
        say(t, "%s", o->request == REQUEST_HELP ? "help" : "version");
        return;
    }
    for (size_t i = 0; i < o->nprograms; i++) {
        say(t, "%s", i ? " | " : "");
        say_program(t, &o->programs[i]);
    }
    if (o->env.base != ENV_ALL || o->env.count) {
        say(t, " genv");
        say_env(t, &o->env);
    }
    if (o->wdir)
        say(t, " wdir %s", o->wdir);
    say(t, "%s%s%s", o->tag ? " tag" : "", o->merge ? " merge" : "",
        o->no_stdin ? " no stdin" : "");
    if (o->timeout > 0)
        say(t, " timeout %g", o->timeout);
    if (o->errhandler)
        say(t, " %s", o->errhandler);
}

static void
write_file(const char *text)
{
    FILE *f = fopen(FILE_NAME, "we");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        perror(FILE_NAME);
        exit(1);
    }
}

static int
split(char *line, char **words)
{
    int count = 0;
    char *save = NULL;
    for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
        words[count++] = strcmp(word, "_") == 0 ? word + 1 : word;
    words[count] = NULL;
    return count;
}

static int
check(const struct row *row)
{
    char line[512];
    char *words[64];
    char why[512] = "";
    struct options options;
    struct text text = {.len = 0};
    snprintf(line, sizeof line, "%s", row->line);
    if (row->file)
        write_file(row->file);
    bool good = options_parse(&options, split(line, words), words, why, sizeof why);
    if (good)
        describe(&text, &options);
    options_free(&options);
    if (row->file)
        unlink(FILE_NAME);
    if (row->plan ? good && strcmp(text.s, row->plan) == 0 : !good && strstr(why, row->why))
        return 0;
    fprintf(stderr, "mpiexec %s\n    gives  %s%s\n    wanted %s\n", row->line, text.s, why,
            row->plan ? row->plan : row->why);
    return 1;
}

int
main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    return failed != 0;
}
