# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The C programs of tests/mpi and tests/regress, which check themselves, with several ranks.

Built with the installed mpicc, and again under AddressSanitizer and UndefinedBehaviorSanitizer;
those with several threads also under ThreadSanitizer.
"""

import os

import pytest
from support import RANKS, ROOT, run

SOURCES = {
    path.stem: path
    for folder in ("mpi", "regress")
    for path in sorted((ROOT / "tests" / folder).glob("*.c"))
}
HUGE = ["coll_huge", "p2p_huge"]  # 5 GiB of memory
ALONE = {  # those that have a test of their own below
    *HUGE,
    "coll_failure",
    "failure_seen_among_many_is_fatal",
    "get_status_never_tells_of_failure",
    "io_failure",
    "rma_holder_dies",
}
PROGRAMS = sorted(SOURCES.keys() - ALONE)
THREADED = [name for name in PROGRAMS if "thread" in name]
WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "src"]


def source(program):
    return SOURCES[program]


@pytest.fixture(scope="session")
def plain(mpicc, build):
    """Compile a program once, return its path."""
    made = {}

    def compile_one(program):
        if program not in made:
            made[program] = build / program
            run([mpicc, *WARNINGS, "-O1", "-g", source(program), "-o", made[program], "-lm",
                 "-lpthread"])
        return made[program]

    return compile_one


def compiled_with(sanitizers, engine, build):
    """The same, with sanitizers in program and engine."""
    made = {}

    def compile_one(program):
        if program not in made:
            made[program] = build / f"{program}.{sanitizers.replace(',', '.')}"
            run(["cc", *WARNINGS, "-O1", "-g", f"-fsanitize={sanitizers}", "-I",
                 ROOT / "include", source(program), "-o", made[program],
                 engine / "src" / "libmpi_abi.so.1", f"-Wl,-rpath,{engine / 'src'}", "-lm",
                 "-lpthread"])
        return made[program]

    return compile_one


@pytest.fixture(scope="session")
def checked(sanitized, build):
    return compiled_with("address,undefined", sanitized, build)


@pytest.fixture(scope="session")
def checked_threads(thread_sanitized, build):
    return compiled_with("thread", thread_sanitized, build)


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program, ranks, plain, mpiexec):
    run([mpiexec, "-n", ranks, "--timeout", 100, plain(program)])


@pytest.mark.parametrize("ranks", [1, 3, 4])
@pytest.mark.parametrize("program", PROGRAMS)
def test_program_under_sanitizers(program, ranks, checked, mpiexec):
    # What the process still holds at its end is not looked at: handles of a test that has ended.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="halt_on_error=1")
    run([mpiexec, "-n", ranks, "--timeout", 100, checked(program)], env=environment)


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("program", THREADED)
def test_program_under_thread_sanitizer(program, ranks, checked_threads, mpiexec):
    environment = dict(os.environ, TSAN_OPTIONS="exitcode=66")
    run([mpiexec, "-n", ranks, "--timeout", 100, checked_threads(program)], env=environment)


@pytest.mark.parametrize("program", HUGE)
def test_huge(program, plain, mpiexec):
    run([mpiexec, "-n", 2, "--timeout", 100, plain(program)])


@pytest.mark.parametrize("ranks", [2, 4])
def test_failure_is_seen_by_who_polls(ranks, plain, mpiexec):
    program = plain("get_status_never_tells_of_failure")
    done = run([mpiexec, "-n", ranks, "--timeout", 30, program], check=False)
    assert done.returncode == 3, done.stdout
    assert done.stdout.count("knows") == ranks - 1


@pytest.mark.parametrize(
    "call", ["waitall", "waitany", "waitsome", "testall", "testany", "testsome"]
)
def test_failure_is_seen_among_many(call, plain, mpiexec):
    program = plain("failure_seen_among_many_is_fatal")
    done = run([mpiexec, "-n", 3, "--timeout", 30, program, call], check=False)
    assert done.returncode == 3, done.stdout
    assert done.stdout.count("knows") == 2


@pytest.mark.parametrize("ranks", [2, 4])
def test_failure_is_seen_by_started_collectives(ranks, plain, mpiexec):
    done = run([mpiexec, "-n", ranks, "--timeout", 30, plain("coll_failure")], check=False)
    assert done.returncode == 137, done.stdout
    assert done.stdout.count("knows") == ranks - 1


@pytest.mark.parametrize("what", ["lock", "lock_all", "fence", "post", "start"])
def test_failure_is_seen_by_who_waits_for_a_window(what, plain, mpiexec):
    done = run([mpiexec, "-n", 3, "--timeout", 30, plain("rma_holder_dies"), what], check=False)
    assert done.returncode == 137, done.stdout
    assert done.stdout.count("knows") == 2


@pytest.mark.parametrize("ranks", [2, 5])
def test_others_learn_of_a_rank_that_dies_in_a_file_access(mpiexec, plain, ranks):
    done = run([mpiexec, "-n", ranks, "--timeout", 30, plain("io_failure")], check=False)
    assert done.returncode == 137, done.stdout
    assert done.stdout.count("knows") == ranks - 1
