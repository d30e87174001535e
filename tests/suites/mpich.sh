#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers

# MPICH's own test programs on the library in MUSTER_PREFIX (.venv): mpich.sh --help
exec "${PYTHON:-python3}" "$(dirname "$0")/mpich.py" "$@"
