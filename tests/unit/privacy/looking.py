"""What the tests of detectors share."""

from __future__ import annotations

from jevons.privacy import Detector

__all__ = ("seen",)

_DETECTOR = Detector()


def seen(text: str, detector: Detector = _DETECTOR) -> list[tuple[str, str]]:
    """List what is found: its kind, and as it stands in the text."""
    return [(kind, text[start:end]) for start, end, kind in detector.find(text)]
