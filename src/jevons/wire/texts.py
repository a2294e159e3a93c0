"""What is to become vectors, for dialects that take texts and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import Unsupported
from jevons.types.message import Text

if TYPE_CHECKING:
    from jevons.types.request import Generate

__all__ = ("texts_of",)


def texts_of(request: Generate, *, dialect: str) -> list[str]:
    """List the texts of a request for vectors.

    Args:
        request: What was asked.
        dialect: What it is to be said in, as a person calls it.

    Raises:
        Unsupported: One is not text, but ids of tokens.
    """
    texts: list[str] = []
    for index, message in enumerate(request.messages):
        for part in message.parts:
            if not isinstance(part, Text):
                text = f"input[{index}] is ids of tokens, which {dialect} cannot take; send text"
                raise Unsupported(text, param="input")
            texts.append(part.text)
    return texts
