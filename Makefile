# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers

# make demo    install into .venv and run every example (AGAIN=1: also what has not changed)
# make check   install into .venv and run every test
# make suites  run MPICH's test programs and upstream mpi4py's tests (RANKS="1 2 3 4 5 8";
#              UNTIMED=--untimed leaves out those that judge by the times they measure)
# make bench   measure beside the peers, write docs/performance.md
# make format  put C and Python sources into the project's form
# make clean   remove what all of them made

PYTHON ?= python3
VENV   := .venv
PEERS  := build/peers
BIN    := $(VENV)/bin
CC     ?= cc
RANKS  ?= 1 2 3 4 5 8
MPI4PY ?= --abi --peer

.DELETE_ON_ERROR:
.PHONY: all demo check suites suite-mpich suite-tsan suite-mpi4py bench format clean tools-present

SOURCES := $(shell find include src launcher python -type f -not -name '*.pyc' 2>/dev/null) \
           meson.build meson.options pyproject.toml

all: $(VENV)/.installed

tools-present:
	@sh tools/prerequisites.sh $(PYTHON) $(CC)

$(VENV)/.made: | tools-present
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The build folder is kept, so that only what has changed is compiled again.
$(VENV)/.installed: $(VENV)/.made $(SOURCES)
	$(BIN)/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
	    --config-settings=build-dir=build/install .
	@touch $@

$(VENV)/.demo: $(VENV)/.made examples/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r examples/requirements.txt
	@touch $@

$(VENV)/.check: $(VENV)/.made tests/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

# MPICH's package, for its header and library: in an environment of its own, because both packages
# bring include/mpi.h and bin/mpiexec.
$(PEERS)/.made: | tools-present
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check 'mpich>=5.0.2'
	@touch $@

demo: $(VENV)/.installed $(VENV)/.demo
	$(BIN)/python tools/demo.py $(if $(AGAIN),--again)

check: $(VENV)/.installed $(VENV)/.check $(PEERS)/.made
	MUSTER_MPICH="$(CURDIR)/$(PEERS)" $(BIN)/python -m pytest -q $(TESTS)

# Those of MPICH with several threads in a rank also under ThreadSanitizer; those of mpi4py also as
# built for MPICH's library, with ours in its place, and on that library.
suites: suite-mpich suite-tsan suite-mpi4py

suite-mpich: $(VENV)/.installed
	MUSTER_PREFIX="$(CURDIR)/$(VENV)" PYTHON=$(PYTHON) tests/suites/mpich.sh $(UNTIMED)

suite-tsan: $(VENV)/.installed $(VENV)/.check
	MUSTER_PREFIX="$(CURDIR)/$(VENV)" PYTHON=$(PYTHON) tests/suites/mpich.sh --tsan

suite-mpi4py: $(VENV)/.installed
	MUSTER_PREFIX="$(CURDIR)/$(VENV)" PYTHON=$(PYTHON) tests/suites/mpi4py.sh $(MPI4PY) $(RANKS)

bench: $(VENV)/.installed $(VENV)/.check
	$(BIN)/python bench/run.py --write

format: $(VENV)/.check
	git ls-files '*.c' '*.h' | xargs $(BIN)/clang-format -i
	$(BIN)/ruff format tests tools python examples bench
	$(BIN)/ruff check --fix tests tools python examples bench

clean:
	rm -rf build $(VENV)
