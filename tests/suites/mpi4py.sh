#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers

# Upstream mpi4py's own tests on the library in MUSTER_PREFIX (.venv): mpi4py.sh --help
exec "${PYTHON:-python3}" "$(dirname "$0")/mpi4py_suite.py" "$@"
