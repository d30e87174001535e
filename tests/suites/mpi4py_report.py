# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""In a rank: run upstream's test/main.py as it is, and write down what became of each test.

A file named by the rank in MUSTER_REPORTS, one JSON list [test, state, reason] a line, the last one
of a test counts: "running" stays where the process dies or hangs. With MUSTER_STANDIN, a test that
does not pass and has called a function that is still to come counts as missing, not as failed.
"""

import ctypes
import json
import os
import runpy
import sys
import unittest

states = {}


def write(name, state, reason=""):
    states[name] = state
    if not hasattr(write, "file"):
        rank = sys.modules["mpi4py.MPI"].COMM_WORLD.Get_rank()
        write.file = open(os.path.join(os.environ["MUSTER_REPORTS"], str(rank)), "w")
    print(json.dumps([name, state, reason]), file=write.file, flush=True)


class Result(unittest.TextTestResult):
    """Notes each test, and the calls of stand-ins in it."""

    before = 0
    standin = ctypes.CDLL(os.environ["MUSTER_STANDIN"]) if "MUSTER_STANDIN" in os.environ else None

    def calls(self):
        return ctypes.c_int.in_dll(self.standin, "muster_missing_calls").value

    def startTest(self, test):
        super().startTest(test)
        write(test.id(), "running")
        self.before = self.calls() if self.standin else 0

    def note(self, test, state, reason=""):
        test = getattr(test, "test_case", test)  # of a part of a test
        if self.standin and state in ("failed", "error"):
            if self.calls() != self.before:
                name = (ctypes.c_char * 64).in_dll(self.standin, "muster_missing_name").value
                state, reason = "missing", name.decode()
            elif "MPI_ERR_UNSUPPORTED_OPERATION" in reason:
                state, reason = "missing", "(to-load-its-module)"
        if not isinstance(test, unittest.TestCase):  # a class or module that could not be set up
            write(test.id(), state, reason)
        elif states[test.id()] in ("running", "passed", "skipped"):
            write(test.id(), state, reason)

    def addSuccess(self, test):
        super().addSuccess(test)
        if states[test.id()] == "running":
            self.note(test, "passed")

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, "error", self._exc_info_to_string(error, test))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, "failed", self._exc_info_to_string(error, test))

    def addSubTest(self, test, part, error):
        super().addSubTest(test, part, error)
        if error is not None:
            state = "failed" if issubclass(error[0], test.failureException) else "error"
            self.note(test, state, self._exc_info_to_string(error, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.note(test, "passed", "expected failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failed", "unexpected success")


if __name__ == "__main__":
    unittest.TextTestRunner.resultclass = Result
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(sys.argv[0])
    sys.dont_write_bytecode = True
    runpy.run_path(sys.argv[0], run_name="__main__")
