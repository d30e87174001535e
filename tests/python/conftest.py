# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Every file here runs on any number of ranks: ``mpiexec -n N python -m pytest -q FILE``.

All ranks run the same tests in the same order. Rank 0 prints. A test that fails on one rank ends
the job at once, with its report: the other ranks may wait for it.
"""

import faulthandler
import os

import pytest
from mpi4py import MPI

HANG = int(os.environ.get("MUSTER_TEST_HANG", "120"))


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.real_stderr = os.fdopen(os.dup(2), "w")  # pytest captures descriptor 2 later
    if MPI.COMM_WORLD.rank > 0:
        reporter = config.pluginmanager.getplugin("terminalreporter")
        config.pluginmanager.unregister(reporter)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    if HANG > 0:
        faulthandler.dump_traceback_later(HANG, exit=True, file=item.config.real_stderr)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    comm = MPI.COMM_WORLD
    if report.failed and comm.size > 1:
        text = f"\nrank {comm.rank} of {comm.size}: {item.nodeid} failed\n{report.longreprtext}\n"
        item.config.real_stderr.write(text)
        item.config.real_stderr.flush()
        comm.Abort(1)


@pytest.fixture
def comm():
    """A communicator of all ranks that no other test has used."""
    fresh = MPI.COMM_WORLD.Dup()
    yield fresh
    fresh.Free()


@pytest.fixture
def rank():
    return MPI.COMM_WORLD.rank


@pytest.fixture
def size():
    return MPI.COMM_WORLD.size
