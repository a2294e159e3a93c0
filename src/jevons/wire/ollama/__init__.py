"""Ollama's own dialect, as endpoints are asked in it: `/api/chat` and `/api/embed`.

Source: Ollama docs, "API", "Generate a chat message" and "Generate embeddings", read 2026-11.
"""

from jevons.wire.ollama.embed import read_vectors, render_embed
from jevons.wire.ollama.reader import Reader, read_whole
from jevons.wire.ollama.request import render_request

__all__ = ("Reader", "read_vectors", "read_whole", "render_embed", "render_request")
