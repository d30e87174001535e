# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""tools/demo.py: what it takes out of a program's output, and the table it prints."""

import importlib.util
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "demo.py"


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("demo", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    yield module
    del sys.modules["demo"]


@pytest.mark.parametrize(
    "output, checked, timed, serial, failure",
    [
        ("checked: all\n", "all", None, None, ""),
        ("hello\nchecked: all\ntimed: 0.5 s\n", "all", 0.5, None, ""),
        ("timed: 0.5 s, serial 1.25 s\nchecked: all", "all", 0.5, 1.25, ""),
        ("it checked: all\n", "", None, None, "no line that begins with 'checked:'"),
        ("checked: all\ntimed: soon\n", "all", None, None, ""),
        ("", "", None, None, "no line that begins with 'checked:'"),
    ],
)
def test_read_report(demo, output, checked, timed, serial, failure):
    run = demo.read_report(demo.Program("a.py"), 2, output)
    assert (run.checked, run.timed, run.serial, run.failure) == (checked, timed, serial, failure)


def test_read_report_wants_the_text_of_the_program(demo):
    run = demo.read_report(demo.Program("a.py", output="% Time"), 2, "checked: all\n")
    assert run.failure == "no '% Time' in the output"


def test_speed_up(demo):
    slow = demo.Program("slow.py")
    fast = demo.Program("fast.py", against="slow.py")
    scaled = demo.Program("scaled.py", against="scaled.py")
    runs = [
        demo.Run(slow, 2, 1.0, timed=8.0),
        demo.Run(slow, 4, 1.0, timed=6.0),
        demo.Run(fast, 1, 1.0, timed=4.0),  # slow.py has no run of 1 rank: its first
        demo.Run(fast, 4, 1.0, timed=2.0),  # against slow.py at 4 ranks
        demo.Run(scaled, 1, 1.0, timed=9.0),
        demo.Run(scaled, 2, 1.0, timed=4.5),
        demo.Run(slow, 8, 1.0, timed=2.0, serial=5.0),
        demo.Run(fast, 8, 1.0),
    ]
    assert [demo.speed_up(run, runs) for run in runs] == [None, None, 2, 3, 1, 2, 2.5, None]


def test_table(demo):
    program = demo.Program("a.py", against="a.py")
    lines = demo.table(
        [
            demo.Run(program, 0, 0.5, checked="all"),
            demo.Run(program, 2, 1.0, checked="all of it", timed=0.25, date="2026-01-02 03:04"),
            demo.Run(program, 4, 12.0, failure="exit code 1"),
        ]
    )
    assert lines == [
        "program  ranks  checked                  run  timed part  speed-up  when",
        "------------------------------------------------------------------------------------",
        "a.py         -  all                   0.50 s                        now",
        "a.py         2  all of it             1.00 s     0.250 s      1.00  2026-01-02 03:04",
        "a.py         4  FAILED: exit code 1  12.00 s                        now",
    ]


@pytest.fixture
def examples(demo, tmp_path, monkeypatch):
    """A folder of examples: one program that says how often it ran, and one that uses a helper."""
    monkeypatch.setattr(demo, "EXAMPLES", tmp_path)
    monkeypatch.setattr(demo, "PICTURES", tmp_path)
    monkeypatch.setattr(demo, "KEPT", tmp_path / "runs.json")
    programs = [
        demo.Program("a.py", ranks=(0,)),
        demo.Program("b.py", ranks=(0,), uses=("helper.py",), leaves=("b.png",)),
    ]
    monkeypatch.setattr(demo, "PROGRAMS", programs)
    (tmp_path / "a.py").write_text("print('checked: a\\ntimed: 0.5 s, serial 1.0 s')\n")
    (tmp_path / "b.py").write_text("import helper\nprint('checked: b')\n")
    (tmp_path / "helper.py").write_text("open('b.png', 'w')\n")
    return tmp_path


def runs_anew(demo, again=False):
    """The programs that one call runs and does not take from the record."""
    return [run.program.name for run in demo.run_all(again) if not run.date]


def test_a_second_call_runs_nothing(demo, examples):
    first = demo.run_all(False)
    assert [run.date for run in first] == ["", ""]
    second = demo.run_all(False)
    assert all(run.date for run in second)
    values = [[(run.checked, run.timed, run.serial, run.seconds) for run in runs]
              for runs in (first, second)]
    assert values[0] == values[1]
    assert runs_anew(demo, again=True) == ["a.py", "b.py"]


def test_what_has_changed_is_run_again(demo, examples, monkeypatch):
    demo.run_all(False)
    with open(examples / "a.py", "a") as file:
        file.write("# more\n")
    assert runs_anew(demo) == ["a.py"]
    with open(examples / "helper.py", "a") as file:
        file.write("# more\n")
    assert runs_anew(demo) == ["b.py"]
    (examples / "b.png").unlink()
    assert runs_anew(demo) == ["b.py"]
    (examples / "runs.json").write_text("{ spoiled")
    assert runs_anew(demo) == ["a.py", "b.py"]
    monkeypatch.setattr(demo, "installation", lambda: b"another library")
    assert runs_anew(demo) == ["a.py", "b.py"]
    assert runs_anew(demo) == []


def test_a_failure_is_not_kept(demo, examples):
    demo.run_all(False)
    right = (examples / "a.py").read_text()
    (examples / "a.py").write_text("raise SystemExit('wrong')\n")
    assert runs_anew(demo) == runs_anew(demo) == ["a.py"]
    (examples / "a.py").write_text(right)
    assert runs_anew(demo) == ["a.py"]


def test_the_installation_is_looked_at(demo, tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    library = tmp_path / "lib" / "libmpi_abi.so.1"
    library.write_text("one")
    monkeypatch.setattr(demo, "BIN", tmp_path / "bin")
    one = demo.installation()
    assert demo.installation() == one
    library.write_text("two")
    assert demo.installation() != one


def test_every_example_is_run(demo):
    helpers = {"photographs.py"}
    programs = {path.name for path in demo.EXAMPLES.glob("*.[cp]*") if path.is_file()}
    assert {program.name for program in demo.PROGRAMS} == programs - helpers


def test_examples_are_short(demo):
    lengths = {p.name: len(p.read_text().splitlines()) for p in demo.EXAMPLES.glob("*.[cp]*")}
    assert {name: length for name, length in lengths.items() if length >= 60} == {}


def test_an_example_that_fails_is_named(demo, tmp_path, monkeypatch):
    (tmp_path / "bad.py").write_text("import sys\nprint('before')\nsys.exit('wrong: 1 is not 2')\n")
    (tmp_path / "silent.py").write_text("")
    monkeypatch.setattr(demo, "EXAMPLES", tmp_path)
    bad = demo.run_program(demo.Program("bad.py"), 0)
    assert bad.failure == "exit code 1"
    assert "before" in bad.output and "wrong: 1 is not 2" in bad.output
    silent = demo.run_program(demo.Program("silent.py"), 0)
    assert silent.failure == "no line that begins with 'checked:'"


def test_an_example_that_hangs_is_ended(demo, tmp_path, monkeypatch):
    (tmp_path / "hang.py").write_text("import time\nprint('on', flush=True)\ntime.sleep(60)\n")
    monkeypatch.setattr(demo, "EXAMPLES", tmp_path)
    monkeypatch.setattr(demo, "LIMIT", 0.5)
    run = demo.run_program(demo.Program("hang.py"), 0)
    assert run.failure == "not done after 0.5 s"
    assert run.output == "on\n"
    assert run.seconds < 10
