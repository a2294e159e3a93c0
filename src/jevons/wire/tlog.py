"""What a log that outsiders read has under which path.

Source: C2SP tlog-tiles, "APIs", c2sp.org, read 2026-11.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ("FULL", "Resource", "read_path")

FULL = 256
"""Hashes or leaves in what does not grow any more."""

_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<number>(?:x[0-9]{3}/){0,4}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
"""Levels go to 63, partial widths from 1 to 255 ("Merkle Tree")."""


class Resource(NamedTuple):
    """What of a log can be asked for besides its checkpoint: hashes, or the leaves themselves."""

    level: int | None
    """Of a tile of hashes; None is a bundle of leaves."""
    number: int
    width: int = FULL
    """Hashes or leaves in it; fewer than `FULL` at the edge of a tree that still grows."""

    @property
    def path(self) -> str:
        """Its path below the log's prefix."""
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        what = "entries" if self.level is None else str(self.level)
        end = f".p/{self.width}" if self.width < FULL else ""
        return f"tile/{what}/" + "/".join(reversed(groups)) + end


def read_path(path: str) -> Resource | None:
    """Read a path below a log's prefix; None if no log has anything of that name."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level, number, width = found["level"], found["number"], found["width"]
    asked = Resource(
        None if level == "entries" else int(level),
        int(number.replace("/", "").replace("x", "")),
        FULL if width is None else int(width),
    )
    return asked if asked.path == path else None  # x000/007 is 7, under a name that it has not
