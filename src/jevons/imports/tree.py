"""A configuration as it was read: values, and where each of them stands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Part", "Path", "dotted", "leaves")

Path = tuple[str | int, ...]
"""Keys and positions from the root down."""


class Part(NamedTuple):
    """A value, and where it stands. What is not there has the value None."""

    path: Path
    value: object

    def at(self, key: str) -> Part:
        """Take the value under a key; None if there is none."""
        value = self.value
        inside = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
        return Part((*self.path, key), inside)

    def parts(self) -> tuple[Part, ...]:
        """Take what is directly inside, in order."""
        return tuple([Part((*self.path, step), value) for step, value in _inside(self.value)])

    def texts(self) -> Iterator[str]:
        """Yield every text that is it or is in it."""
        if self.text:
            yield self.text
        for part in self.parts():
            yield from part.texts()

    @property
    def key(self) -> str:
        """The last step of the way to it."""
        return str(self.path[-1]) if self.path else ""

    @property
    def text(self) -> str:
        """It, if it is text; else nothing."""
        return self.value.strip() if isinstance(self.value, str) else ""

    @property
    def number(self) -> float | None:
        """It, if it is a finite number, also one that is written as text; else None."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            return None
        try:
            number = float(self.value)
        except (ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None


def leaves(value: object, path: Path = ()) -> Iterator[Path]:
    """Find everything that holds nothing else: scalars, and what is empty."""
    inside = tuple(_inside(value))
    if not inside:
        yield path
    for step, each in inside:
        yield from leaves(each, (*path, step))


def dotted(path: Path) -> str:
    """Write a path as people do: `model_list[0].litellm_params.model`."""
    said = ""
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum():
            said += f".{step}" if said else step
        else:
            said += f"[{step!r}]"
    return said


def _inside(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        yield from cast("dict[str, object]", value).items()
    elif isinstance(value, list):
        yield from enumerate(cast("list[object]", value))
