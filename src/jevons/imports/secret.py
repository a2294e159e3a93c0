"""Keys: never carried, only named.

Rule 1: a key that stands in a configuration becomes the name of an environment variable. The
    report says which to set, and for what; the key itself is in nothing that leaves this room.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ("Keys", "Needed")

_PLACEHOLDERS = frozenset(
    {"", "-", "x", "xx", "xxx", "none", "null", "nil", "na", "n/a", "empty", "dummy", "fake"}
    | {"anything", "any", "unused", "ignored", "not-needed", "not-required", "no-key", "nokey"}
    | {"fake-key", "dummy-key", "fake-api-key", "sk-no-key-required", "no-key-required"}
)
"""What people write where a server wants no key and a client insists on one."""


class Needed(NamedTuple):
    """An environment variable to set before the start."""

    name: str
    why: str


class Keys:
    """Names the variables that keys are to be set in."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken: dict[str, int] = {}
        self._needed: dict[str, str] = {}

    @property
    def needed(self) -> tuple[Needed, ...]:
        """Every variable to set, in the order in which it was met."""
        return tuple([Needed(name, why) for name, why in self._needed.items()])

    def reserve(self, name: str) -> None:
        """Keep a variable's name from being given to another key."""
        self._taken.setdefault(name, 1)

    def refer(self, name: str, why: str) -> str:
        """Refer to a variable that the configuration names.

        Returns:
            A setting: `env:NAME`.
        """
        self.reserve(name)
        self._needed.setdefault(name, why)
        return f"env:{name}"

    def name(self, secret: str, label: str, why: str) -> str:
        """Refer to a key by a variable of its own; the same key has the same variable.

        Args:
            secret: It. Kept only to tell it from others.
            label: Whose it is; the variable's name comes of it.
            why: What it is for, without it.

        Returns:
            A setting: `env:NAME`; empty if the key is a placeholder.
        """
        if secret.strip().lower() in _PLACEHOLDERS:
            return ""
        if secret not in self._names:
            self._names[secret] = self._free(f"{_word(label)}_API_KEY")
        return self.refer(self._names[secret], why)

    def _free(self, wanted: str) -> str:
        name = wanted
        while name in self._taken:
            self._taken[wanted] += 1
            name = f"{wanted}_{self._taken[wanted]}"
        return name


def _word(label: str) -> str:
    word = re.sub(r"[^A-Z0-9]+", "_", label.upper()).strip("_") or "JEVONS"
    return f"KEY_{word}" if word[0].isdigit() else word
