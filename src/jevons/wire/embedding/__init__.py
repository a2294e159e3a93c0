"""OpenAI's embeddings dialect: texts in, vectors out.

Source: OpenAI API reference, "Create embeddings", read 2026-11.
"""

from jevons.wire.embedding.read import read_answer
from jevons.wire.embedding.render import render_answer
from jevons.wire.embedding.request import parse_request
from jevons.wire.embedding.write import render_request

__all__ = ("parse_request", "read_answer", "render_answer", "render_request")
