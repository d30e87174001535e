# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Types of the arguments of MPI calls, for annotations."""

import sys
from collections.abc import Sequence
from typing import (
    Any,
    Protocol,
    SupportsIndex,
    TypeVar,
)

from .MPI import BottomType, Datatype, InPlaceType

__all__ = [
    "SupportsBuffer",
    "SupportsDLPack",
    "SupportsCAI",
    "Buffer",
    "Bottom",
    "InPlace",
    "Aint",
    "Count",
    "Displ",
    "Offset",
    "TypeSpec",
    "BufSpec",
    "BufSpecB",
    "BufSpecV",
    "BufSpecW",
    "TargetSpec",
]


class SupportsBuffer(Protocol):
    """An object with the buffer protocol of Python."""

    if sys.version_info >= (3, 12):

        def __buffer__(self, flags: int, /) -> memoryview:
            """Return a view of the object's memory."""


class SupportsDLPack(Protocol):
    """An object that exchanges data by DLPack."""

    def __dlpack__(self, /, *, stream: Any | None = None) -> object:
        """Return the data in a capsule."""

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return type and number of the device that holds the data."""


class SupportsCAI(Protocol):
    """An object with the CUDA array interface."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Where the data lies and what it is."""


Buffer = SupportsBuffer | SupportsDLPack | SupportsCAI
"""Anything that holds memory."""

Bottom = BottomType | None
"""The start of the address space."""

InPlace = InPlaceType | None
"""The result goes where the input is."""

Aint = SupportsIndex
"""An address, or a difference of addresses."""

Count = SupportsIndex
"""A number of entries."""

Displ = SupportsIndex
"""A displacement in entries."""

Offset = SupportsIndex
"""An offset in a file."""

TypeSpec = Datatype | str
"""The type of entries: an MPI datatype or a code for one."""

BufSpec = (
    Buffer
    | tuple[Buffer, Count]
    | tuple[Buffer, TypeSpec]
    | tuple[Buffer, Count, TypeSpec]
    | tuple[Bottom, Count, Datatype]
    | list[Any]
)
"""A message: a buffer, with count and type if they are not its own."""

BufSpecB = (
    Buffer
    | tuple[Buffer, Count]
    | tuple[Buffer, TypeSpec]
    | tuple[Buffer, Count, TypeSpec]
    | list[Any]
)
"""A message in equal blocks, one for each rank; a count is that of one block."""

BufSpecV = (
    Buffer
    | tuple[Buffer, Sequence[Count]]
    | tuple[Buffer, tuple[Sequence[Count], Sequence[Displ]]]
    | tuple[Buffer, TypeSpec]
    | tuple[Buffer, Sequence[Count], TypeSpec]
    | tuple[Buffer, tuple[Sequence[Count], Sequence[Displ]], TypeSpec]
    | tuple[Buffer, Sequence[Count], Sequence[Displ], TypeSpec]
    | tuple[Bottom, tuple[Sequence[Count], Sequence[Displ]], Datatype]
    | tuple[Bottom, Sequence[Count], Sequence[Displ], Datatype]
    | list[Any]
)
"""A message in blocks of any size: counts and displacements, one for each rank."""

BufSpecW = (
    tuple[Buffer, Sequence[Datatype]]
    | tuple[Buffer, tuple[Sequence[Count], Sequence[Displ]], Sequence[Datatype]]
    | tuple[Buffer, Sequence[Count], Sequence[Displ], Sequence[Datatype]]
    | tuple[Bottom, tuple[Sequence[Count], Sequence[Displ]], Sequence[Datatype]]
    | tuple[Bottom, Sequence[Count], Sequence[Displ], Sequence[Datatype]]
    | list[Any]
)
"""A message in blocks of any size and type; displacements are in bytes."""

TargetSpec = (
    Displ
    | tuple[()]
    | tuple[Displ]
    | tuple[Displ, Count]
    | tuple[Displ, Count, TypeSpec]
    | list[Any]
)
"""Where in a window: displacement, count, type."""

S = TypeVar("S")
T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
