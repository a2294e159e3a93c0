"""Which earlier question is most like this one.

Rule 1: only whole texts are held against each other: of a long one both ends are read, and two may
    differ between them.
Rule 2: what turns a question round or names another amount is the same in both, in order: their
    numbers, and their negations. Words alone would say that they are alike.
Rule 3: no text is kept: hashed words, and a hash of the rest.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.features import read

if TYPE_CHECKING:
    from collections.abc import Collection

    from jevons.auto.rows import Floats, Ints

__all__ = ("LONGEST", "Found", "Nearest")

LONGEST = 2000
"""Characters of a text that is read whole."""
_MOST = 200
"""Of one kind, that are held against a question: the newest."""
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_NEGATION = re.compile(
    r"\b(?:no|not|none|never|nor|neither|nobody|nothing|without|except|unless|cannot|\w+n['\u2019]t"
    r"|nicht|kein\w*|nie|niemals|ohne|au\u00dfer"
    r"|ne|pas|jamais|sans|aucun\w*|sauf"
    r"|nunca|sin|ning\u00fan\w*|jam\u00e1s|non|mai|senza|n\u00e3o|sem)\b"
)
"""Of English, German, French, Spanish, Italian and Portuguese."""


class Found(NamedTuple):
    """The most alike that there is."""

    name: bytes
    likeness: float
    """From 0 to 1, which is the same words as often in the same order, as far as pairs of words tell."""


class _Text(NamedTuple):
    columns: Ints
    values: Floats
    """Of length 1 together."""


class Nearest:
    """Texts that were asked, by what they have to share with whatever is held against them.

    Args:
        most: Texts that are remembered in all; those of the kind not asked for longest go first.
    """

    def __init__(self, *, most: int = 50_000) -> None:
        self._most = most
        self._count = 0
        self._kinds: OrderedDict[bytes, dict[bytes, _Text]] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def find(self, frame: bytes, text: str) -> Found | None:
        """Find the one that is most like a text; None if there is none to hold against it.

        Args:
            frame: All else that was asked, hashed, and by whom.
            text: What is asked.
        """
        own = _read(text)
        kind = None if own is None else _kind(frame, text)
        kept = None if kind is None else self._kinds.get(kind)
        if own is None or kind is None or not kept:
            return None
        self._kinds.move_to_end(kind)
        likes = _likes(own, [*kept.values()])
        best = int(likes.argmax())
        return Found([*kept][best], float(likes[best]))

    def add(self, frame: bytes, text: str, name: bytes) -> None:
        """Remember a text by a name; one that is too long to be read whole is not."""
        own = _read(text)
        if own is None:
            return
        kind = _kind(frame, text)
        kept = self._kinds.setdefault(kind, {})
        self._kinds.move_to_end(kind)
        self._count -= kept.pop(name, None) is not None
        kept[name] = own
        self._count += 1
        if len(kept) > _MOST:
            del kept[next(iter(kept))]
            self._count -= 1
        while self._count > self._most:
            _, oldest = self._kinds.popitem(last=False)
            self._count -= len(oldest)

    def keep_only(self, names: Collection[bytes]) -> None:
        """Forget every text but those of some names."""
        for kind, kept in [*self._kinds.items()]:
            left = {name: text for name, text in kept.items() if name in names}
            self._count -= len(kept) - len(left)
            if left:
                self._kinds[kind] = left
            else:
                del self._kinds[kind]


def _read(text: str) -> _Text | None:
    if len(text) > LONGEST:
        return None
    prompt = read(text)
    norm = float(np.sqrt(prompt.counts @ prompt.counts))
    return _Text(prompt.columns, prompt.counts / norm) if norm else None


def _kind(frame: bytes, text: str) -> bytes:
    """Hash what has to be the same."""
    low = text.lower()
    said = "\0".join([*_NUMBER.findall(low), "", *_NEGATION.findall(low)])
    return sha256(frame + said.encode(errors="replace")).digest()


def _likes(own: _Text, others: list[_Text]) -> Floats:
    """Hold a text against others at once: the cosine of the angle between each two."""
    columns = np.concatenate([each.columns for each in others])
    values = np.concatenate([each.values for each in others])
    sizes = np.array([len(each.columns) for each in others])
    at = np.searchsorted(own.columns, columns)
    at[at == len(own.columns)] = 0
    products = np.where(own.columns[at] == columns, own.values[at] * values, 0.0)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    return np.minimum(np.add.reduceat(products, starts), 1.0)
