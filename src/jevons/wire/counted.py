"""Counting the tokens of a prompt: what is common to the dialects that can be asked to.

A count is a request like any other, but that nothing is written: it is judged, it goes where
it may, and it has its receipt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished
from jevons.wire.rendered import Rendered
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ("NOTHING", "keeping", "read_count", "whole_count")

NOTHING = Usage(counted_by="endpoint")
"""What a count itself uses: no vendor charges for one."""

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def keeping(rendered: Rendered, fields: Collection[str]) -> Rendered:
    """Leave of a request only what a count may say; the rest is about an answer."""
    said: dict[str, msgspec.Raw] = _FIELDS.decode(rendered.body)
    kept = {name: value for name, value in said.items() if name in fields}
    return Rendered(_encode(kept), rendered.changed)


def read_count(body: bytes, field: str) -> Whole:
    """Read a count.

    Args:
        body: An object, as it came.
        field: Where in it the number is.

    Raises:
        ProviderGarbled: There is none.
    """
    try:
        tokens = msgspec.json.decode(body, type=dict[str, msgspec.Raw])[field]
        return whole_count(msgspec.json.decode(tokens, type=int))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError) as error:
        message = f"a count of tokens came without {field}: {error}"
        raise ProviderGarbled(message) from None


def whole_count(tokens: int) -> Whole:
    """Make the answer to a count: no words, and how many tokens the prompt has."""
    finished = Finished(reason="stop", usage=Usage(input=tokens, counted_by="endpoint"))
    return Whole((finished,), "stop", NOTHING, None)
