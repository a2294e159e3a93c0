"""Vectors as endpoints write them: JSON numbers, or base64 of binary32.

Rule 1: a vector is one finite number of binary32 or more.
Rule 2: numbers that came as JSON go on as they came: binary32 may hold less.
Rule 3: an answer has a vector for each text that was asked about, and all are of one length;
    what has not is no answer, whatever its status says.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode, b64encode
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished, Vector
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.request import Generate

__all__ = ("in_base64", "in_numbers", "is_base64", "read_vector", "whole_vectors")

_VALUE_BYTES = 4  # binary32
_NUMBERS = msgspec.json.Decoder(list[float])
_STRING = msgspec.json.Decoder(str)
_WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, binascii.Error)
_encode = msgspec.json.Encoder().encode


def is_base64(raw: msgspec.Raw) -> bool:
    """Whether one is written as base64, if it is one."""
    return bytes(raw).startswith(b'"')


def read_vector(raw: msgspec.Raw) -> Vector:
    """Read one, whichever way it is written.

    Raises:
        ProviderGarbled: It is no vector.
    """
    try:
        if is_base64(raw):
            return _finite(Vector(values=b64decode(_STRING.decode(raw), validate=True)))
        numbers = _NUMBERS.decode(raw)
        # JSON has no word for what is not finite, and what binary32 cannot hold is not packed.
        return _some(Vector(values=struct.pack(f"<{len(numbers)}f", *numbers), said=raw))
    except _WRONG as error:
        message = f"an embedding is neither numbers nor base64 of binary32: {error}"
        raise ProviderGarbled(message) from None


def in_numbers(vector: Vector) -> msgspec.Raw:
    """Write one as a JSON array; each number is exactly what it was."""
    return vector.said or msgspec.Raw(_encode(_numbers(vector)))


def in_base64(vector: Vector) -> str:
    """Write one as base64 of little-endian binary32."""
    return b64encode(vector.values).decode()


def whole_vectors(vectors: Sequence[Vector], request: Generate, usage: Usage | None) -> Whole:
    """Make the answer to a request for vectors.

    Args:
        vectors: In the order of its texts.
        request: What was asked.
        usage: As the endpoint counted it; None if it did not.

    Raises:
        ProviderGarbled: They are not as many, or not as long, as was asked.
    """
    if len(vectors) != len(request.messages):
        message = f"{len(request.messages)} embeddings were asked for, {len(vectors)} came"
        raise ProviderGarbled(message)
    asked = request.embed.dimensions if request.embed is not None else None
    lengths = {len(vector.values) // _VALUE_BYTES for vector in vectors}
    if len(lengths) != 1 or asked not in {None, *lengths}:
        came = ", ".join(map(str, sorted(lengths)))
        wanted = f"{asked} were asked for" if asked else "all have as many"
        message = f"the embeddings have {came} dimensions; {wanted}"
        raise ProviderGarbled(message)
    finished = Finished(reason="stop", usage=usage or Usage())
    return Whole((*vectors, finished), "stop", usage, None)


def _finite(vector: Vector) -> Vector:
    """Hold a vector to numbers that are finite.

    A sum of fewer than 2**896 numbers of binary32 stays within what a float holds, so it is finite
    if and only if each of them is.
    """
    if not isfinite(sum(_numbers(_some(vector)))):
        message = "an embedding holds what is not a number, or not a finite one"
        raise ProviderGarbled(message)
    return vector


def _some(vector: Vector) -> Vector:
    """Hold a vector to being a row of binary32."""
    if not vector.values or len(vector.values) % _VALUE_BYTES:
        message = f"an embedding is {len(vector.values)} bytes, which is no row of binary32"
        raise ProviderGarbled(message)
    return vector


def _numbers(vector: Vector) -> tuple[float, ...]:
    return struct.unpack(f"<{len(vector.values) // _VALUE_BYTES}f", vector.values)
