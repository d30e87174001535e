# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Muster: a message passing interface for Python and C on one machine."""

__version__ = "0.1.0"
