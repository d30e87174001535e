// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "option_table.h"

#include <string.h>

// clang-format off
static const struct option table[] = {
    // What mpiexec does.
    {"n", 1, OPTION_COUNT, NULL}, {"np", 1, OPTION_COUNT, NULL}, {"c", 1, OPTION_COUNT, NULL},
    {"N", 1, OPTION_PER_NODE, NULL}, {"npernode", 1, OPTION_PER_NODE, NULL},
    {"env", 2, OPTION_ENV, NULL}, {"genv", 2, OPTION_GLOBAL_ENV, NULL},
    {"x", 1, OPTION_EXPORT, NULL},
    {"envall", 0, OPTION_ENV_ALL, NULL}, {"envnone", 0, OPTION_ENV_NONE, NULL},
    {"envlist", 1, OPTION_ENV_LIST, NULL}, {"genvall", 0, OPTION_GLOBAL_ENV_ALL, NULL},
    {"genvnone", 0, OPTION_GLOBAL_ENV_NONE, NULL}, {"genvlist", 1, OPTION_GLOBAL_ENV_LIST, NULL},
    {"wdir", 1, OPTION_WDIR, NULL}, {"wd", 1, OPTION_WDIR, NULL}, {"dir", 1, OPTION_WDIR, NULL},
    {"gwdir", 1, OPTION_GLOBAL_WDIR, NULL}, {"path", 1, OPTION_PATH, NULL},
    {"l", 0, OPTION_TAG, NULL}, {"tag-output", 0, OPTION_TAG, NULL},
    {"prepend-rank", 0, OPTION_TAG, NULL}, {"merge-stderr-to-stdout", 0, OPTION_MERGE, NULL},
    {"output", 1, OPTION_OUTPUT, NULL}, {"stdin", 1, OPTION_STDIN, NULL},
    {"s", 1, OPTION_STDIN, NULL}, {"timeout", 1, OPTION_TIMEOUT, NULL},
    {"configfile", 1, OPTION_CONFIGFILE, NULL}, {"app", 1, OPTION_CONFIGFILE, NULL},
    {"initial-errhandler", 1, OPTION_ERRHANDLER, NULL},
    {"host", 1, OPTION_HOSTS, NULL}, {"hosts", 1, OPTION_HOSTS, NULL},
    {"H", 1, OPTION_HOSTS, NULL}, {"add-host", 1, OPTION_HOSTS, NULL},
    {"hostfile", 1, OPTION_HOSTFILE, NULL}, {"machinefile", 1, OPTION_HOSTFILE, NULL},
    {"machine", 1, OPTION_HOSTFILE, NULL}, {"f", 1, OPTION_HOSTFILE, NULL},
    {"default-hostfile", 1, OPTION_HOSTFILE, NULL}, {"add-hostfile", 1, OPTION_HOSTFILE, NULL},
    {"help", 0, OPTION_HELP, NULL}, {"h", 0, OPTION_HELP, NULL}, {"?", 0, OPTION_HELP, NULL},
    {"version", 0, OPTION_VERSION, NULL}, {"V", 0, OPTION_VERSION, NULL},
    {"info", 0, OPTION_VERSION, NULL},

    // What would matter and is not done.
    {"outfile-pattern", 1, OPTION_UNSUPPORTED, "redirect the output inside the program, or use -l"},
    {"errfile-pattern", 1, OPTION_UNSUPPORTED, "redirect the output inside the program, or use -l"},
    {"outfile", 1, OPTION_UNSUPPORTED, "redirect mpiexec's output"},
    {"output-filename", 1, OPTION_UNSUPPORTED, "redirect mpiexec's output; -l names the ranks"},
    {"output-directory", 1, OPTION_UNSUPPORTED, "redirect mpiexec's output; -l names the ranks"},
    {"prepend-pattern", 1, OPTION_UNSUPPORTED, "use -l"},
    {"timestamp-output", 0, OPTION_UNSUPPORTED, "use -l"},
    {"xml", 0, OPTION_UNSUPPORTED, "use -l"},
    {"disable-auto-cleanup", 0, OPTION_UNSUPPORTED, "a failed rank ends the job"},
    {"enable-recovery", 0, OPTION_UNSUPPORTED, "a failed rank ends the job"},
    {"recoverable", 0, OPTION_UNSUPPORTED, "a failed rank ends the job"},
    {"with-ft", 1, OPTION_UNSUPPORTED, "a failed rank ends the job"},
    {"continuous", 0, OPTION_UNSUPPORTED, "a failed rank ends the job"},
    {"max-restarts", 1, OPTION_UNSUPPORTED, "a failed rank ends the job"},
    {"index-argv-by-rank", 0, OPTION_UNSUPPORTED, "read the rank inside the program"},
    {"daemonize", 0, OPTION_UNSUPPORTED, "end the command with &"},
    {"file", 1, OPTION_UNSUPPORTED, "use -configfile"},
    {"do-not-launch", 0, OPTION_UNSUPPORTED, "leave mpiexec out"},
    {"set-cwd-to-session-dir", 0, OPTION_UNSUPPORTED, "use -wdir"},
    {"stop-on-exec", 0, OPTION_UNSUPPORTED, "start the debugger as the program"},
    {"stop-in-init", 0, OPTION_UNSUPPORTED, "start the debugger as the program"},
    {"debug", 0, OPTION_UNSUPPORTED, "start the debugger as the program"},
    {"debugger", 1, OPTION_UNSUPPORTED, "start the debugger as the program"},
    {"gdb", 0, OPTION_UNSUPPORTED, "start gdb as the program"},
    {"tv", 0, OPTION_UNSUPPORTED, "start the debugger as the program"},
    {"gtool", 1, OPTION_UNSUPPORTED, "start the tool as the program"},
    {"gtoolfile", 1, OPTION_UNSUPPORTED, "start the tool as the program"},
    {"xterm", 1, OPTION_UNSUPPORTED, "start xterm as the program"},
    {"umask", 1, OPTION_UNSUPPORTED, "set it before mpiexec"},
    {"report-uri", 1, OPTION_UNSUPPORTED, "a job has no address"},
    {"report-pid", 1, OPTION_UNSUPPORTED, "the shell's $! has it"},
    {"prepend-timestamp", 0, OPTION_UNSUPPORTED, "use -l"},
    {"xml-file", 1, OPTION_UNSUPPORTED, "redirect mpiexec's output"},
    {"output-proctable", 0, OPTION_UNSUPPORTED, "use -l"},
    {"stop-in-app", 0, OPTION_UNSUPPORTED, "start the debugger as the program"},
    {"gdba", 1, OPTION_UNSUPPORTED, "attach gdb to the process"},
    {"gdb-args", 1, OPTION_UNSUPPORTED, "start gdb as the program"},
    {"trace", 0, OPTION_UNSUPPORTED, "start the tool as the program"},
    {"check-mpi", 0, OPTION_UNSUPPORTED, "start the tool as the program"},
    {"aps", 0, OPTION_UNSUPPORTED, "start the tool as the program"},
    {"mps", 0, OPTION_UNSUPPORTED, "start the tool as the program"},
    {"envexcl", 1, OPTION_UNSUPPORTED, "use -envlist, or env -u NAME before mpiexec"},
    {"genvexcl", 1, OPTION_UNSUPPORTED, "use -genvlist, or env -u NAME before mpiexec"},
    {"unset-env", 1, OPTION_UNSUPPORTED, "use env -u NAME before mpiexec"},
    {"prepend-env", 2, OPTION_UNSUPPORTED, "use -x NAME=VALUE"},
    {"append-env", 2, OPTION_UNSUPPORTED, "use -x NAME=VALUE"},

    // The MPI standard's, for other machines.
    {"soft", 1, OPTION_IGNORED, NULL}, {"arch", 1, OPTION_IGNORED, NULL},

    // MPICH and Intel MPI.
    {"launcher", 1, OPTION_IGNORED, NULL}, {"launcher-exec", 1, OPTION_IGNORED, NULL},
    {"bootstrap", 1, OPTION_IGNORED, NULL}, {"bootstrap-exec", 1, OPTION_IGNORED, NULL},
    {"bootstrap-exec-args", 1, OPTION_IGNORED, NULL}, {"rmk", 1, OPTION_IGNORED, NULL},
    {"ppn", 1, OPTION_IGNORED, NULL}, {"perhost", 1, OPTION_IGNORED, NULL},
    {"grr", 1, OPTION_IGNORED, NULL}, {"rr", 0, OPTION_IGNORED, NULL},
    {"iface", 1, OPTION_IGNORED, NULL}, {"demux", 1, OPTION_IGNORED, NULL},
    {"topolib", 1, OPTION_IGNORED, NULL}, {"binding", 1, OPTION_IGNORED, NULL},
    {"bind-to", 1, OPTION_IGNORED, NULL}, {"map-by", 1, OPTION_IGNORED, NULL},
    {"membind", 1, OPTION_IGNORED, NULL}, {"usize", 1, OPTION_IGNORED, NULL},
    {"ranks-per-proc", 1, OPTION_IGNORED, NULL}, {"order-nodes", 1, OPTION_IGNORED, NULL},
    {"hostos", 1, OPTION_IGNORED, NULL}, {"localhost", 1, OPTION_IGNORED, NULL},
    {"tmpdir", 1, OPTION_IGNORED, NULL}, {"pmi-port", 0, OPTION_IGNORED, NULL},
    {"pmi-args", 1, OPTION_IGNORED, NULL}, {"pmi-connect", 1, OPTION_IGNORED, NULL},
    {"pmi-aggregate", 0, OPTION_IGNORED, NULL}, {"pmi-noaggregate", 0, OPTION_IGNORED, NULL},
    {"pmi_args", 1, OPTION_IGNORED, NULL}, {"skip-launch-node", 0, OPTION_IGNORED, NULL},
    {"enable-auto-cleanup", 0, OPTION_IGNORED, NULL},
    {"enable-hostname-propagation", 0, OPTION_IGNORED, NULL},
    {"disable-hostname-propagation", 0, OPTION_IGNORED, NULL},
    {"enable-x", 0, OPTION_IGNORED, NULL}, {"disable-x", 0, OPTION_IGNORED, NULL},
    {"print-all-exitcodes", 0, OPTION_IGNORED, NULL}, {"print-rank-map", 0, OPTION_IGNORED, NULL},
    {"profile", 0, OPTION_IGNORED, NULL}, {"verbose", 0, OPTION_IGNORED, NULL},
    {"v", 0, OPTION_IGNORED, NULL}, {"ilp64", 0, OPTION_IGNORED, NULL},
    {"ordered-output", 0, OPTION_IGNORED, NULL}, {"nolocal", 0, OPTION_IGNORED, NULL},
    {"cleanup", 0, OPTION_IGNORED, NULL}, {"ckpointlib", 1, OPTION_IGNORED, NULL},
    {"rankmap", 1, OPTION_IGNORED, NULL}, {"hybrid-hosts", 0, OPTION_IGNORED, NULL},
    {"gpus-per-proc", 1, OPTION_IGNORED, NULL}, {"gpu-subdevs-per-proc", 1, OPTION_IGNORED, NULL},
    {"nameserver", 1, OPTION_IGNORED, NULL}, {"hosts-group", 1, OPTION_IGNORED, NULL},
    {"cpu-bind", 1, OPTION_IGNORED, NULL}, {"prot", 0, OPTION_IGNORED, NULL},
    {"silent-abort", 0, OPTION_IGNORED, NULL},

    // Open MPI 4 and 5.
    {"oversubscribe", 0, OPTION_IGNORED, NULL}, {"nooversubscribe", 0, OPTION_IGNORED, NULL},
    {"no-oversubscribe", 0, OPTION_IGNORED, NULL}, {"overload-allowed", 0, OPTION_IGNORED, NULL},
    {"allow-run-as-root", 0, OPTION_IGNORED, NULL},
    {"mca", 2, OPTION_IGNORED, NULL}, {"gmca", 2, OPTION_IGNORED, NULL},
    {"omca", 2, OPTION_IGNORED, NULL}, {"gomca", 2, OPTION_IGNORED, NULL},
    {"prtemca", 2, OPTION_IGNORED, NULL}, {"gprtemca", 2, OPTION_IGNORED, NULL},
    {"pmixmca", 2, OPTION_IGNORED, NULL}, {"gpmixmca", 2, OPTION_IGNORED, NULL},
    {"am", 1, OPTION_IGNORED, NULL}, {"tune", 1, OPTION_IGNORED, NULL},
    {"rank-by", 1, OPTION_IGNORED, NULL}, {"ppr", 1, OPTION_IGNORED, NULL},
    {"pernode", 0, OPTION_IGNORED, NULL}, {"npersocket", 1, OPTION_IGNORED, NULL},
    {"cpu-set", 1, OPTION_IGNORED, NULL}, {"cpu-list", 1, OPTION_IGNORED, NULL},
    {"cpus-per-proc", 1, OPTION_IGNORED, NULL}, {"cpus-per-rank", 1, OPTION_IGNORED, NULL},
    {"slot-list", 1, OPTION_IGNORED, NULL}, {"rankfile", 1, OPTION_IGNORED, NULL},
    {"rf", 1, OPTION_IGNORED, NULL}, {"bynode", 0, OPTION_IGNORED, NULL},
    {"byslot", 0, OPTION_IGNORED, NULL}, {"bycore", 0, OPTION_IGNORED, NULL},
    {"bysocket", 0, OPTION_IGNORED, NULL}, {"bind-to-core", 0, OPTION_IGNORED, NULL},
    {"bind-to-socket", 0, OPTION_IGNORED, NULL}, {"bind-to-none", 0, OPTION_IGNORED, NULL},
    {"use-hwthread-cpus", 0, OPTION_IGNORED, NULL}, {"hetero-nodes", 0, OPTION_IGNORED, NULL},
    {"report-bindings", 0, OPTION_IGNORED, NULL}, {"display", 1, OPTION_IGNORED, NULL},
    {"display-map", 0, OPTION_IGNORED, NULL}, {"display-devel-map", 0, OPTION_IGNORED, NULL},
    {"display-allocation", 0, OPTION_IGNORED, NULL},
    {"display-devel-allocation", 0, OPTION_IGNORED, NULL},
    {"display-topo", 0, OPTION_IGNORED, NULL}, {"display-diffable-map", 0, OPTION_IGNORED, NULL},
    {"display-comm", 0, OPTION_IGNORED, NULL},
    {"display-comm-finalize", 0, OPTION_IGNORED, NULL},
    {"show-progress", 0, OPTION_IGNORED, NULL}, {"quiet", 0, OPTION_IGNORED, NULL},
    {"q", 0, OPTION_IGNORED, NULL}, {"parsable", 0, OPTION_IGNORED, NULL},
    {"parseable", 0, OPTION_IGNORED, NULL}, {"prefix", 1, OPTION_IGNORED, NULL},
    {"noprefix", 0, OPTION_IGNORED, NULL}, {"personality", 1, OPTION_IGNORED, NULL},
    {"preload-binary", 0, OPTION_IGNORED, NULL}, {"preload-files", 1, OPTION_IGNORED, NULL},
    {"novm", 0, OPTION_IGNORED, NULL}, {"no-local", 0, OPTION_IGNORED, NULL},
    {"leave-session-attached", 0, OPTION_IGNORED, NULL}, {"set-sid", 0, OPTION_IGNORED, NULL},
    {"launch-agent", 1, OPTION_IGNORED, NULL},
    {"forward-signals", 1, OPTION_IGNORED, NULL}, {"stream-buffering", 1, OPTION_IGNORED, NULL},
    {"runtime-options", 1, OPTION_IGNORED, NULL}, {"do-not-resolve", 0, OPTION_IGNORED, NULL},
    {"disable-recovery", 0, OPTION_IGNORED, NULL}, {"max-vm-size", 1, OPTION_IGNORED, NULL},
    {"get-stack-traces", 0, OPTION_IGNORED, NULL},
    {"report-state-on-timeout", 0, OPTION_IGNORED, NULL},
    {"pset", 1, OPTION_IGNORED, NULL}, {"memory-alloc-kinds", 1, OPTION_IGNORED, NULL},
    {"fwd-mpirun-port", 0, OPTION_IGNORED, NULL}, {"tree-spawn", 0, OPTION_IGNORED, NULL},
    {"keep-fqdn-hostnames", 0, OPTION_IGNORED, NULL},
    {"default-rank-file", 1, OPTION_IGNORED, NULL},
    {"debug-daemons", 0, OPTION_IGNORED, NULL}, {"debug-daemons-file", 0, OPTION_IGNORED, NULL},
    {"spawn-timeout", 1, OPTION_IGNORED, NULL}, {"gpu-support", 1, OPTION_IGNORED, NULL},
    {"keepalive", 1, OPTION_IGNORED, NULL}, {"dvm", 0, OPTION_IGNORED, NULL},
    {"hnp", 1, OPTION_IGNORED, NULL}, {"ompi-server", 1, OPTION_IGNORED, NULL},
    {"system-server", 0, OPTION_IGNORED, NULL}, {"singleton", 1, OPTION_IGNORED, NULL},
    {"no-ready-msg", 0, OPTION_IGNORED, NULL}, {"use-regexp", 0, OPTION_IGNORED, NULL},
    {"no-app-prefix", 0, OPTION_IGNORED, NULL}, {"pmix-prefix", 1, OPTION_IGNORED, NULL},
    {"report-child-jobs-separately", 0, OPTION_IGNORED, NULL},
    {"report-events", 1, OPTION_IGNORED, NULL}, {"cartofile", 1, OPTION_IGNORED, NULL},
    {"cf", 1, OPTION_IGNORED, NULL}, {"enable-instant-on-support", 0, OPTION_IGNORED, NULL},
};
// clang-format on

#define NAMES (sizeof table / sizeof table[0])

const struct option *
option_find(const char *name, size_t len)
{
    for (size_t i = 0; i < NAMES; i++)
        if (strncmp(table[i].name, name, len) == 0 && table[i].name[len] == '\0')
            return &table[i];
    return NULL;
}

/* Letters to insert, delete, replace or swap with their neighbour to make b of a. */
static size_t
distance(const char *a, size_t n, const char *b, size_t m)
{
    enum { LONGEST = 64 };
    size_t rows[3][LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min_size(row[j], min_size(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_size(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const struct option *
option_nearest(const char *name, size_t len)
{
    const struct option *best = &table[0];
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < NAMES; i++) {
        size_t d = distance(name, len, table[i].name, strlen(table[i].name));
        if (d < least) {
            least = d;
            best = &table[i];
        }
    }
    return best;
}
