"""Requests for vectors, as they go to an endpoint that speaks OpenAI's dialect.

Rule 1: what came goes as it came, but for the model's name: no surface asks for vectors in
    another dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from jevons.types.request import Generate

__all__ = ("render_request",)

_encode = msgspec.json.Encoder().encode


def render_request(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for `POST /embeddings`.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        owner: Vendor that serves it; nothing here depends on it.
    """
    return Rendered(_encode({**request.source.fields, "model": model}), ())
