"""Pictures, sounds and documents as Gemini's dialect has them: with a media type, always.

Rule: the type is what the caller says, or what the name ends in, or what is usual.

Source: Gemini API docs, "Image understanding", "Audio understanding", "Video understanding" and
"Document understanding", supported types, and "File input methods", read 2026-11.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jevons.types.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("write_file",)

_DATA = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,(?P<data>.*)", re.DOTALL
)
_ENDING = re.compile(r"\.(\w{2,5})(?:[?#].*)?$", re.DOTALL)

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "webp": "image/webp",
        "heic": "image/heic",
        "heif": "image/heif",
        "gif": "image/gif",
        "pdf": "application/pdf",
        "txt": "text/plain",
        "md": "text/markdown",
        "csv": "text/csv",
        "html": "text/html",
        "xml": "text/xml",
        "json": "application/json",
        "wav": "audio/wav",
        "mp3": "audio/mp3",
        "aiff": "audio/aiff",
        "aac": "audio/aac",
        "ogg": "audio/ogg",
        "flac": "audio/flac",
        "mp4": "video/mp4",
        "mpeg": "video/mpeg",
        "mov": "video/mov",
        "webm": "video/webm",
    }
)


def write_file(url: str, *, name: str = "", usual: str, where: str) -> dict[str, Any]:
    """Write a file: its bytes, or where the endpoint finds them.

    Args:
        url: `data:`, or an address.
        name: What the caller calls it.
        usual: Media type, where nothing tells it.
        where: What it is part of.

    Raises:
        Unsupported: Its bytes are written in another way than base64.
    """
    found = _DATA.fullmatch(url)
    if found is not None:
        kind = found["type"] or _type_of(name) or usual
        return {"inlineData": {"mimeType": kind, "data": found["data"]}}
    if url.startswith("data:"):
        message = f"{where} holds a data: URL that is not base64, which Gemini cannot be told"
        raise Unsupported(message, param=where)
    kind = _type_of(url) or _type_of(name) or usual
    return {"fileData": {"mimeType": kind, "fileUri": url}}


def _type_of(name: str) -> str | None:
    """Tell a media type by the end of a name or an address."""
    found = _ENDING.search(name)
    return _TYPES.get(found[1].lower()) if found else None
