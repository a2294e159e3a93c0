"""Answers of OpenAI's embeddings dialect, as endpoints give them.

Rule 1: vectors come out in the order of their texts, whatever order they came in.
Rule 2: an answer that is in that order, and written as the caller wants it, goes on as it came.

Sources, read 2026-11: OpenAI API reference, "Create embeddings"; Mistral API reference,
"Embeddings"; Alibaba Cloud Model Studio docs, "OpenAI compatible - Embedding".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderGarbled
from jevons.types.event import Frame
from jevons.wire.fields import WRONG
from jevons.wire.openai_chat.answer import Counts, Status, fault_of, garbled_by, usage_of
from jevons.wire.vector import is_base64, read_vector, whole_vectors
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.request import Generate

__all__ = ("read_answer",)


class _Item(msgspec.Struct):
    embedding: msgspec.Raw
    index: int | None = None
    """Of its text; nobody says it if nobody does."""


class _Answer(msgspec.Struct):
    data: list[_Item] | None = None
    usage: Counts | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
    base_resp: Status | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


def read_answer(request: Generate, body: bytes) -> Whole:
    """Read an answer, and hold it against what was asked.

    Raises:
        ProviderGarbled: It is none, or not to this request.
    """
    try:
        body.decode()  # it may go on as it is, and so must be what it says
        said = _ANSWER.decode(body)
        error = fault_of(said.error, said.base_resp)
    except WRONG as wrong:
        raise garbled_by(wrong) from None
    if error is not None:
        return Whole((), None, None, error)
    items = said.data or []
    vectors = [read_vector(item.embedding) for item in _in_order(items)]
    whole = whole_vectors(vectors, request, usage_of(said.usage))
    return whole._replace(events=(Frame(body),)) if _is_fit(items, request) else whole


def _in_order(items: Sequence[_Item]) -> Sequence[_Item]:
    """Sort by index.

    Raises:
        ProviderGarbled: The indices are not each there once.
    """
    if all(item.index is None for item in items):
        return items
    ordered = {item.index: item for item in items}
    found = [ordered[index] for index in range(len(items)) if index in ordered]
    if len(found) == len(items):
        return found
    message = "the indices of embeddings are not those of the texts, each once"
    raise ProviderGarbled(message)


def _is_fit(items: Sequence[_Item], request: Generate) -> bool:
    """Whether a caller can be given them as they came."""
    wants_text = request.embed is not None and request.embed.encoding == "base64"
    return all(
        item.index == index and is_base64(item.embedding) is wants_text
        for index, item in enumerate(items)
    )
