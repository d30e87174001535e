# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The module: functions, constants, options, signatures, import and exit.

Nothing here depends on the number of ranks: one is enough (tests/test_python.py).
"""

import ast
import inspect
import pathlib

import mpi4py
import pytest
from alone import on_rank_0, run_alone
from mpi4py import MPI


def test_functions():
    assert MPI.Is_initialized() and not MPI.Is_finalized()
    assert MPI.Is_thread_main()
    assert MPI.THREAD_SINGLE <= MPI.Query_thread() <= MPI.THREAD_MULTIPLE
    assert MPI.Get_version() >= (3, 0) and len(MPI.Get_version()) == 2
    assert isinstance(MPI.Get_library_version(), str) and MPI.Get_library_version()
    assert MPI.Get_abi_version()[0] == 1
    name, version = MPI.get_vendor()
    assert MPI.Get_library_version().startswith(name) and version > (0, 0, 0)
    assert len(version) == 3
    assert isinstance(MPI.Get_processor_name(), str) and MPI.Get_processor_name()
    start = MPI.Wtime()
    assert 0 < MPI.Wtick() < 1 and MPI.Wtime() >= start
    assert (MPI.VERSION, MPI.SUBVERSION) == (5, 0)


def test_constants():
    assert MPI.ANY_SOURCE < 0 and MPI.PROC_NULL < 0 and MPI.ANY_SOURCE != MPI.PROC_NULL
    assert MPI.SUCCESS == 0 < MPI.ERR_BUFFER < MPI.ERR_LASTCODE
    assert MPI.DISP_CUR == MPI.DISPLACEMENT_CURRENT and MPI.ORDER_F == MPI.ORDER_FORTRAN
    assert MPI.MAX_ERROR_STRING >= 255 and isinstance(MPI.UNWEIGHTED, int)
    names = [n for n in dir(MPI) if n.startswith("ERR_")]
    assert len(names) > 60


def test_package():
    assert mpi4py.__version__.startswith("4.1")
    assert pathlib.Path(mpi4py.get_include()).name == "include"
    assert isinstance(mpi4py.get_config(), dict)
    assert repr(mpi4py.rc) == "<mpi4py.rc>"
    with pytest.raises(TypeError):
        mpi4py.rc.nothing = 1
    with pytest.raises(TypeError):
        mpi4py.rc(nothing=1)
    with pytest.raises(ValueError, match="no-such"):
        mpi4py.profile("no-such-profiler")
    import mpi4py.rc as rc

    assert rc is mpi4py.rc
    import muster

    assert muster.__version__ == "0.1.0"


STUB = pathlib.Path(mpi4py.__file__).parent / "MPI.pyi"


def stub_signatures():
    """Of every function in the type stub: (class or None, name, parameters)."""
    tree = ast.parse(STUB.read_text())
    for node in tree.body:
        owner, body = (node.name, node.body) if isinstance(node, ast.ClassDef) else (None, [node])
        for item in body:
            if isinstance(item, ast.FunctionDef):
                yield owner, item


def parameters(function):
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    defaults = [None] * (len(names) - len(arguments.defaults)) + [
        ast.unparse(d) for d in arguments.defaults
    ]
    return list(zip(names, defaults, strict=True))


def value(text):
    return None if text is None else eval(text, dict(vars(MPI)))


def test_signatures_are_those_of_the_stub():
    checked = 0
    for owner, function in stub_signatures():
        name = function.name
        holder = getattr(MPI, owner) if owner else MPI
        assert hasattr(holder, name), (owner, name)
        target = getattr(holder, name)
        if name.startswith("_") or not callable(target):
            continue
        wanted = parameters(function)
        signature = inspect.signature(target)
        decorated = {ast.unparse(d) for d in function.decorator_list}
        if owner and "staticmethod" not in decorated and "classmethod" in decorated:
            wanted = wanted[1:]
        if "overload" in decorated or function.args.vararg or function.args.kwarg:
            continue
        got = [
            (p.name, None if p.default is p.empty else p.default)
            for p in signature.parameters.values()
        ]
        assert [n for n, _ in got] == [n for n, _ in wanted], (owner, name, got, wanted)
        for (_, have), (_, text) in zip(got, wanted, strict=True):
            if text == "..." or have is ...:  # Python's signatures hold no object
                continue
            assert have == value(text), (owner, name, have, text)
        checked += 1
    assert checked > 150


def test_everything_public_is_in_the_stub():
    tree = ast.parse(STUB.read_text())
    known = {None: set()}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            known[node.name] = names = set()
            known[None].add(node.name)
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    names.add(item.name)
                elif isinstance(item, ast.AnnAssign):
                    names.add(item.target.id)
                elif isinstance(item, ast.Assign):
                    names.update(t.id for t in item.targets)
        elif isinstance(node, ast.FunctionDef):
            known[None].add(node.name)
        elif isinstance(node, (ast.AnnAssign, ast.Assign)):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            known[None].update(t.id for t in targets)
    for name in dir(MPI):
        if name.startswith("__"):
            continue
        assert name in known[None], name
        cls = getattr(MPI, name)
        if isinstance(cls, type):
            for attribute in vars(cls):
                if not attribute.startswith("_"):
                    assert attribute in known[cls.__name__], (name, attribute)


def test_everything_has_a_docstring():
    for name in dir(MPI):
        target = getattr(MPI, name)
        if name.startswith("_") or isinstance(target, (int, float)):
            continue
        assert inspect.getdoc(target), name
        if isinstance(target, type):
            for attribute, member in vars(target).items():
                if not attribute.startswith("_"):
                    assert inspect.getdoc(member), (name, attribute)


@on_rank_0
def test_import_loads_little():
    program = """
import sys
before = set(sys.modules)
import mpi4py.MPI
print(sorted(m for m in set(sys.modules) - before if not m.startswith("mpi4py")))
"""
    done = run_alone("-c", program)
    loaded = ast.literal_eval(done.stdout)
    for heavy in ("pickle", "numpy", "threading", "ctypes", "pathlib", "logging"):
        assert heavy not in loaded, loaded


@on_rank_0
@pytest.mark.parametrize(
    ("options", "check"),
    [
        ("", "MPI.Is_initialized()"),
        ("rc.initialize = False", "not MPI.Is_initialized()"),
        (
            "rc(initialize=False)",
            "not MPI.Is_initialized() and (MPI.Init() or MPI.Is_initialized())",
        ),
        ("rc.initialize = False", "MPI.Init_thread() == MPI.THREAD_MULTIPLE"),
        ("rc.initialize = False", "MPI.Init_thread(required=0) >= 0"),
        ("rc.threads = False", "MPI.Is_initialized()"),
        ("rc.thread_level = 'single'", "MPI.Query_thread() >= MPI.THREAD_SINGLE"),
        ("rc.thread_level = 'serialized'", "MPI.Query_thread() >= MPI.THREAD_SERIALIZED"),
        ("", "MPI.COMM_WORLD.Get_errhandler() == MPI.ERRORS_RETURN"),
        ("rc.errors = 'fatal'", "MPI.COMM_SELF.Get_errhandler() == MPI.ERRORS_ARE_FATAL"),
        ("rc.errors = 'abort'", "MPI.COMM_WORLD.Dup().Get_errhandler() == MPI.ERRORS_ABORT"),
        ("rc.errors = 'default'", "MPI.COMM_SELF.Get_errhandler() != MPI.ERRORS_RETURN"),
        ("rc.recv_mprobe = False", "MPI.COMM_SELF.sendrecv(5, 0) == 5"),
        ("rc.fast_reduce = False", "MPI.COMM_SELF.allreduce(5) == 5"),
    ],
)
def test_options(options, check):
    done = run_alone(
        "-c",
        f"import sys\nfrom mpi4py import rc\n{options}\nfrom mpi4py import MPI\nassert {check}\n"
        "if MPI.Is_initialized(): MPI.Finalize()",
    )
    assert (done.returncode, done.stderr) == (0, ""), done


@on_rank_0
def test_options_from_the_environment(monkeypatch):
    program = "from mpi4py import MPI\nprint(MPI.Is_initialized())"
    for value, stdout in (("no", "False\n"), ("1", "True\n")):
        monkeypatch.setenv("MPI4PY_RC_INITIALIZE", value)
        assert run_alone("-c", program).stdout == stdout


@on_rank_0
@pytest.mark.parametrize("option", ["initialize", "threads", "thread_level", "finalize", "errors"])
def test_wrong_options_are_warned_about(option):
    done = run_alone("-c", f"from mpi4py import rc\nrc.{option} = 'xyz'\nfrom mpi4py import MPI")
    assert done.returncode == 0
    assert f"RuntimeWarning: mpi4py.rc.{option}: unexpected value 'xyz'" in done.stderr


@on_rank_0
@pytest.mark.parametrize(
    ("end", "code", "words"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(0)", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('message')", 1, "message"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("MPI.Finalize()", 0, ""),
        ("MPI.Finalize(); sys.exit(4)", 4, ""),
        ("os._exit(5)", 5, ""),
        ("os.fork() or sys.exit(0); os.wait()", 0, ""),
        ("request = MPI.COMM_WORLD.irecv(source=0); sys.exit(2)", 2, ""),
    ],
)
def test_ends(end, code, words):
    done = run_alone(
        "-c", f"import os, sys\nfrom mpi4py import MPI\nMPI.COMM_WORLD.Barrier()\n{end}"
    )
    assert done.returncode == code, done
    assert words in done.stderr and (words or not done.stderr), done


THREADS = """
import sys, threading, time
from mpi4py import MPI

comm = MPI.COMM_WORLD

def bad():
    raise ValueError("in a thread")

def bad_later():
    time.sleep(0.7)
    bad()

def waits():
    comm.recv(source=0, tag=5)

def start(target, **options):
    thread = threading.Thread(target=target, **options)
    thread.start()
    return thread
"""


@on_rank_0
@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("start(bad).join(); comm.recv()", 1),
        ("start(bad_later); comm.recv()", 1),
        ("start(waits); start(bad)", 1),
        ("start(bad); request = comm.irecv(); request.wait()", 1),
        ("start(bad); time.sleep(1.2); print('done')", 0),
        (
            "start(waits, daemon=True); start(bad); time.sleep(1); "
            "comm.send(1, 0, 5); print('done')",
            0,
        ),
        ("start(waits); start(bad); time.sleep(1); comm.send(1, 0, 5); print('done')", 0),
        ("start(lambda: sys.exit(3)); time.sleep(1); print('done')", 0),
        (
            "start(bad); r = comm.irecv(); end = time.time() + 1.2\n"
            "while time.time() < end: r.test()\nr.cancel(); r.wait(); print('done')",
            0,
        ),
    ],
)
def test_exception_in_a_thread(program, code):
    done = run_alone("-c", THREADS + program)
    assert done.returncode == code, done
    assert ("ValueError: in a thread" in done.stderr) == ("bad" in program)
    assert done.stdout == ("" if code else "done\n")


@on_rank_0
def test_thread_hook_of_the_user_stays():
    program = (
        THREADS
        + """
threading.excepthook = lambda args: print(args.exc_type.__name__)
start(bad).join()
start(lambda: (time.sleep(0.9), comm.send(1, 0)))
comm.recv()
"""
    )
    done = run_alone("-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ValueError\n", "")


SIGNALS = """
import os, signal, threading, time
import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
seen = []
signal.signal(signal.SIGUSR1, lambda *args: seen.append(1))

def signals():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

for call in CALLS:
    threading.Thread(target=signals).start()
    try:
        call()
    except KeyboardInterrupt as error:
        assert error.__context__ is None
        print("interrupted", len(seen))
request = comm.irecv(tag=2)
comm.send("still works", 0, 2)
print(request.wait())
"""


@on_rank_0
def test_signals_reach_python_in_blocked_calls():
    if "Muster" not in MPI.Get_library_version():
        return  # other engines do not call back
    calls = """(
    lambda: comm.Recv(np.zeros(1), 0, 1),
    lambda: comm.recv(tag=1),
    lambda: comm.probe(tag=1),
    lambda: comm.irecv(tag=1).wait(),
    lambda: MPI.Request.waitall([comm.irecv(tag=1), comm.irecv(tag=1)]),
    lambda: comm.Mprobe(tag=1),
)"""
    done = run_alone("-c", SIGNALS.replace("CALLS", calls))
    assert done.returncode == 0, done
    want = [f"interrupted {n + 1}" for n in range(6)] + ["still works"]
    assert done.stdout.splitlines() == want, done


@on_rank_0
def test_after_finalize():
    program = """
from mpi4py import MPI
comm = MPI.COMM_WORLD
info = MPI.Info.Create({"a": "b"})
group = comm.Get_group()
request = comm.isend([1] * 10000, 0)
comm.recv(source=0)
request.wait()
MPI.Finalize()
assert MPI.Is_finalized() and MPI.Is_initialized()
assert MPI.Get_version() and MPI.Get_error_string(MPI.ERR_RANK) and info.Get("a") == "b"
info.free()
group.free()
assert not group
"""
    done = run_alone("-c", program)
    assert (done.returncode, done.stderr) == (0, ""), done


@on_rank_0
def test_run_module():
    done = run_alone("-m", "mpi4py", "--version")
    assert done.stdout == f"mpi4py {mpi4py.__version__}\n"
    done = run_alone("-m", "mpi4py", "-rc", "threads=False", "-c", "print(__name__, 7)")
    assert (done.returncode, done.stdout) == (0, "__main__ 7\n"), done
    done = run_alone("-m", "mpi4py.run", "--mpi-std-version")
    assert done.stdout.startswith("MPI 5.0")
    done = run_alone("-m", "mpi4py", "--help")
    assert done.returncode == 0 and "-rc" in done.stdout
    done = run_alone("-m", "mpi4py", "--nothing")
    assert done.returncode == 1 and "--nothing" in done.stderr
    done = run_alone("-m", "mpi4py", "-c", "from mpi4py import MPI; import sys; sys.exit(3)")
    assert done.returncode == 3


@on_rank_0
def test_objects_under_a_limit_of_address_space():
    program = """
import resource
from mpi4py import MPI
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
comm = MPI.COMM_SELF
requests = [comm.irecv(tag=i) for i in range(100)]
sent = [comm.isend("x" * (1 << 19), 0, i) for i in range(100)]
assert MPI.Request.waitall(requests) == ["x" * (1 << 19)] * 100
assert comm.sendrecv(b"y" * (50 << 20), 0) == b"y" * (50 << 20)
"""
    done = run_alone("-c", program)
    assert (done.returncode, done.stderr) == (0, ""), done


@on_rank_0
def test_quiet_hook_is_not_installed_without_need():
    done = run_alone(
        "-c",
        "import sys\nfrom mpi4py import MPI\n"
        "try: MPI.COMM_WORLD.send(1, 99)\n"
        "except MPI.Exception: pass\n"
        "assert sys.excepthook is sys.__excepthook__",
    )
    assert (done.returncode, done.stderr) == (0, "")


@on_rank_0
def test_subinterpreter_is_told():
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        return  # this Python has other ones
    other = interpreters.create()
    with pytest.raises(interpreters.RunFailedError, match="main interpreter"):
        interpreters.run_string(other, "import mpi4py.MPI")
    interpreters.destroy(other)
