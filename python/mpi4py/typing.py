# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Types of the arguments of MPI calls, for annotations."""

import sys
from typing import (
    Any,
    Dict,
    List,
    Optional,
    Protocol,
    Sequence,
    SupportsIndex,
    Tuple,
    TypeVar,
    Union,
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

    def __dlpack__(self, /, *, stream: Optional[Any] = None) -> object:
        """Return the data in a capsule."""

    def __dlpack_device__(self) -> Tuple[int, int]:
        """Return type and number of the device that holds the data."""


class SupportsCAI(Protocol):
    """An object with the CUDA array interface."""

    @property
    def __cuda_array_interface__(self) -> Dict[str, Any]:
        """Where the data lies and what it is."""


Buffer = Union[SupportsBuffer, SupportsDLPack, SupportsCAI]
"""Anything that holds memory."""

Bottom = Union[BottomType, None]
"""The start of the address space."""

InPlace = Union[InPlaceType, None]
"""The result goes where the input is."""

Aint = SupportsIndex
"""An address, or a difference of addresses."""

Count = SupportsIndex
"""A number of entries."""

Displ = SupportsIndex
"""A displacement in entries."""

Offset = SupportsIndex
"""An offset in a file."""

TypeSpec = Union[Datatype, str]
"""The type of entries: an MPI datatype or a code for one."""

BufSpec = Union[
    Buffer,
    Tuple[Buffer, Count],
    Tuple[Buffer, TypeSpec],
    Tuple[Buffer, Count, TypeSpec],
    Tuple[Bottom, Count, Datatype],
    List[Any],
]
"""A message: a buffer, with count and type if they are not its own."""

BufSpecB = Union[
    Buffer,
    Tuple[Buffer, Count],
    Tuple[Buffer, TypeSpec],
    Tuple[Buffer, Count, TypeSpec],
    List[Any],
]
"""A message in equal blocks, one for each rank; a count is that of one block."""

BufSpecV = Union[
    Buffer,
    Tuple[Buffer, Sequence[Count]],
    Tuple[Buffer, Tuple[Sequence[Count], Sequence[Displ]]],
    Tuple[Buffer, TypeSpec],
    Tuple[Buffer, Sequence[Count], TypeSpec],
    Tuple[Buffer, Tuple[Sequence[Count], Sequence[Displ]], TypeSpec],
    Tuple[Buffer, Sequence[Count], Sequence[Displ], TypeSpec],
    Tuple[Bottom, Tuple[Sequence[Count], Sequence[Displ]], Datatype],
    Tuple[Bottom, Sequence[Count], Sequence[Displ], Datatype],
    List[Any],
]
"""A message in blocks of any size: counts and displacements, one for each rank."""

BufSpecW = Union[
    Tuple[Buffer, Sequence[Datatype]],
    Tuple[Buffer, Tuple[Sequence[Count], Sequence[Displ]], Sequence[Datatype]],
    Tuple[Buffer, Sequence[Count], Sequence[Displ], Sequence[Datatype]],
    Tuple[Bottom, Tuple[Sequence[Count], Sequence[Displ]], Sequence[Datatype]],
    Tuple[Bottom, Sequence[Count], Sequence[Displ], Sequence[Datatype]],
    List[Any],
]
"""A message in blocks of any size and type; displacements are in bytes."""

TargetSpec = Union[
    Displ,
    Tuple[()],
    Tuple[Displ],
    Tuple[Displ, Count],
    Tuple[Displ, Count, TypeSpec],
    List[Any],
]
"""Where in a window: displacement, count, type."""

S = TypeVar("S")
T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
