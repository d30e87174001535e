// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "help.h"

#include <stdio.h>

// clang-format off
static const char text[] =
"mpiexec, mpirun - run a parallel program on this machine\n"
"\n"
"SYNOPSIS\n"
"    mpiexec [-n N] [OPTION]... PROGRAM [ARGUMENT]...\n"
"    mpiexec -n N PROGRAM... : -n M PROGRAM...\n"
"    mpiexec -configfile FILE\n"
"\n"
"    mpiexec -n 4 python script.py\n"
"    mpicc hello.c -o hello && mpiexec -n 4 ./hello\n"
"\n"
"DESCRIPTION\n"
"    Starts N processes of PROGRAM, the ranks 0 to N-1 of one MPI job, and waits for\n"
"    all of them. Without -n there is one. Programs between ':' belong to the same job:\n"
"    their ranks are numbered in the order of the command line. Programs without MPI\n"
"    run as well. There is no limit by the number of CPUs, and nothing to be set up.\n"
"\n"
"    A PROGRAM without '/' is looked for in PATH, then in the working directory. What\n"
"    follows it up to ':' belongs to it. '--' ends the options.\n"
"\n"
"OPTIONS\n"
"    One dash or two, '--name value' or '--name=value': all the same.\n"
"\n"
"    -n N, -np N          number of ranks\n"
"    -wdir DIR, -wd DIR   working directory of this program (-gwdir: of all); a relative\n"
"                         PROGRAM is then relative to it\n"
"    -path DIRS           look for PROGRAM in DIRS (a:b:c) before PATH\n"
"    -env NAME VALUE      set a variable for this program (-genv: for all)\n"
"    -x NAME[=VALUE]      the same; without VALUE, pass mpiexec's own one\n"
"    -envall, -envnone, -envlist A,B\n"
"                         pass all variables (the default), none, or those named\n"
"                         (-genvall, -genvnone, -genvlist: for all programs)\n"
"    -l, --tag-output, -prepend-rank\n"
"                         begin each line of output with its rank: \"[2] hello\"\n"
"    --merge-stderr-to-stdout\n"
"                         write the ranks' standard error to standard output\n"
"    -stdin 0|none        whether rank 0 gets standard input (it does)\n"
"    --timeout SECONDS    end the job after this time, with exit code 124\n"
"    -initial-errhandler NAME\n"
"                         the error handler that ranks begin with: mpi_errors_are_fatal,\n"
"                         mpi_errors_abort or mpi_errors_return\n"
"    -configfile FILE     read the programs from FILE, one to a line, as they would stand\n"
"                         between ':'; a line that begins with '#' is a comment, one\n"
"                         that ends in '\\' goes on in the next\n"
"    -host LIST, -hosts LIST, -H LIST, -f FILE, --hostfile FILE\n"
"                         accepted if every host is this machine\n"
"    -h, --help           this text\n"
"    -V, --version        the version\n"
"\n"
"    Options of MPICH, Intel MPI and Open MPI that mean nothing on one machine are taken\n"
"    and do nothing: --oversubscribe, --allow-run-as-root, --bind-to X, --map-by X,\n"
"    --mca K V, -launcher X, -ppn N, -iface X and so on. Those that would change what\n"
"    the job does, and cannot, are errors that say what to do instead.\n"
"\n"
"INPUT AND OUTPUT\n"
"    Rank 0 has mpiexec's standard input; nothing is read before it reads. The other\n"
"    ranks read from /dev/null.\n"
"\n"
"    What ranks write comes out in whole lines, each rank's in its order, every byte\n"
"    unchanged. An unfinished line is shown at once on a terminal; elsewhere it waits\n"
"    until it is complete, longer than 64 KiB, or the last of the job. Where mpiexec's\n"
"    output is a terminal, so is that of the ranks.\n"
"\n"
"HOW A JOB ENDS\n"
"    When all ranks have ended. What they have started and left ends with them.\n"
"\n"
"    A rank fails the job when it is killed by a signal, calls MPI_Abort, or ends\n"
"    between MPI_Init and MPI_Finalize, or with a session open. The MPI calls of the\n"
"    others then return an error (in Python: raise an exception); after 2 s they get\n"
"    SIGTERM, 1 s later SIGKILL.\n"
"    One line says which rank failed first, how and when. An exit code other than 0\n"
"    after MPI_Finalize, or of a program without MPI, ends no other rank.\n"
"\n"
"    Signals to mpiexec go to all ranks: SIGINT (Ctrl-C), SIGTERM, SIGHUP, SIGQUIT,\n"
"    SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP (Ctrl-Z) and SIGCONT. After one of the first\n"
"    four the ranks have 5 s to leave, or until the second one; then they are killed.\n"
"\n"
"EXIT CODE\n"
"    0      all ranks ended with 0\n"
"    N      that of the rank that failed first; 128+S if signal S killed it; that of\n"
"           MPI_Abort (1 if that was 0); 1 if it ended with 0 without MPI_Finalize\n"
"    128+S  signal S told mpiexec to end the job, and the ranks did not go\n"
"    124    --timeout\n"
"    126    a program could not be run\n"
"    127    a program was not found\n"
"    2      the command line is wrong\n"
"\n"
"ENVIRONMENT\n"
"    MUSTER_JOB           set in ranks: the job, the rank, and where the job's memory is\n"
"    MUSTER_ERRHANDLER    set in ranks by -initial-errhandler\n"
"    What other launchers set for their own ranks (PMI_RANK, OMPI_COMM_WORLD_RANK and\n"
"    so on) is removed. mpiexec in a rank starts a job of its own.\n";
// clang-format on

void
help_print(void)
{
    fputs(text, stdout);
}

void
version_print(void)
{
    puts("mpiexec (Muster) " MUSTER_VERSION);
}
