"""Texts as vectors, in Gemini's dialect: `batchEmbedContents`.

Vectors that are shorter than the model's own are not of length one, unlike OpenAI's, for
`gemini-embedding-001`: they go on as they come.

Source: Gemini API reference, "Embeddings"; Gemini API docs, "Embeddings", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.account import Usage
from jevons.wire.fields import WRONG
from jevons.wire.leftover import check_one_answer, left_out
from jevons.wire.openai_chat.answer import fault_of, garbled_by
from jevons.wire.rendered import Rendered
from jevons.wire.texts import texts_of
from jevons.wire.vector import read_vector, whole_vectors
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from jevons.types.request import Generate

__all__ = ("read_vectors", "render_embed")

_DIALECT = "Gemini's dialect"
_OWN = frozenset({"taskType", "title"})
"""Its own words for what vectors are for: a caller may say them beside OpenAI's."""
_encode = msgspec.json.Encoder().encode


class _Embedding(msgspec.Struct):
    values: msgspec.Raw


class _Counts(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None


class _Answer(msgspec.Struct, rename="camel"):
    embeddings: list[_Embedding] | None = None
    usage_metadata: _Counts | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_ANSWER = msgspec.json.Decoder(_Answer)


def render_embed(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for vectors for an endpoint that speaks this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        owner: Vendor that serves it; nothing here depends on it.

    Raises:
        Unsupported: An input is ids of tokens, or it asks for what this dialect cannot say.
    """
    check_one_answer(request, dialect=_DIALECT)
    fields = request.source.fields
    same: dict[str, Any] = {
        "model": f"models/{model}",
        **{name: fields[name] for name in sorted(_OWN & fields.keys())},
    }
    if request.embed is not None and request.embed.dimensions is not None:
        same["outputDimensionality"] = request.embed.dimensions
    texts = texts_of(request, dialect=_DIALECT)
    asked = [{**same, "content": {"parts": [{"text": text}]}} for text in texts]
    changed = left_out(request, dialect=_DIALECT, written=_OWN)
    return Rendered(_encode({"requests": asked}), tuple(changed))


def read_vectors(request: Generate, body: bytes) -> Whole:
    """Read the answer, and hold it against what was asked.

    Raises:
        ProviderGarbled: It is none, or not to this request.
    """
    try:
        said = _ANSWER.decode(body)
        error = fault_of(said.error, None)
    except WRONG as wrong:
        raise garbled_by(wrong) from None
    if error is not None:
        return Whole((), None, None, error)
    vectors = [read_vector(each.values) for each in said.embeddings or ()]
    counts = said.usage_metadata
    tokens = (counts and counts.prompt_token_count) or 0
    usage = Usage(input=tokens, counted_by="endpoint") if tokens > 0 else None
    return whole_vectors(vectors, request, usage)
