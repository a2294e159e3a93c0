"""Ollama's own dialect, as endpoints are asked in it: `/api/chat`.

Source: Ollama docs, "API", "Generate a chat message", read 2026-11.
"""

from jevons.wire.ollama.reader import Reader, read_whole
from jevons.wire.ollama.request import render_request

__all__ = ("Reader", "read_whole", "render_request")
