"""Looking requests through, as the house has it."""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING

from jevons.ner import Names
from jevons.privacy import Detector, Inspector
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.ports import Privacy
    from jevons.settings import PrivacySettings

__all__ = ("open_privacy",)


def open_privacy(settings: PrivacySettings) -> Privacy | None:
    """Make what looks requests through; None if nothing is to.

    Raises:
        Misconfigured: A region or an identifier is none, the dictionary's file cannot be read, or
            names are to be found and what finds them is not installed.
    """
    if settings.look == "never":
        return None
    finders = (Names(),) if settings.names else ()
    return Inspector(_detector(settings), finders, key=token_bytes(32))


def _detector(settings: PrivacySettings) -> Detector:
    own = settings.dictionary
    if settings.dictionary_file is not None:
        own = (*own, *_lines(settings.dictionary_file))
    try:
        return Detector(settings.regions, own)
    except ValueError as error:
        message = f"privacy: {error}"
        raise Misconfigured(message) from None


def _lines(path: Path) -> list[str]:
    """Read identifiers, one a line; lines of blanks are none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"privacy.dictionary_file {str(path)!r}: {error}"
        raise Misconfigured(message) from None
    return [line.strip() for line in text.splitlines() if line.strip()]
