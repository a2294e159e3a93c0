"""Gemini's dialect, as endpoints are asked in it: `generateContent`, `batchEmbedContents` and others.

Source: Gemini API reference, "Generating content" and "Embeddings"; Vertex AI API reference, the same, read
2026-11.
"""

from jevons.wire.gemini.count import read_count, render_count
from jevons.wire.gemini.embed import read_vectors, render_embed
from jevons.wire.gemini.reader import Reader, read_whole
from jevons.wire.gemini.request import render_request

__all__ = (
    "Reader",
    "read_count",
    "read_vectors",
    "read_whole",
    "render_count",
    "render_embed",
    "render_request",
)
