"""A prompt as numbers: which words stand in it, and what it looks like.

Rule 1: long texts are read at both ends only: the task is said there, and reading costs time.
Rule 2: words and pairs of words are hashed and not kept. Numbers are told by their length: which
    one it is says nothing of how hard a task is.
Rule 3: nothing is learned here: the same text gives the same numbers in every house.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

__all__ = ("BUCKETS", "LOOKS", "Prompt", "pack", "read", "unpack")

BUCKETS = 1 << 18
"""Into which words are hashed."""
LOOKS = 16
"""Figures of how a prompt looks."""

_END_CHARS = 1000
_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_CODE = re.compile(r"\b(?:def|return|import|class|function|SELECT|const|void)\b")
_SIGNS = np.frombuffer(b"?\\$=+([,.%", dtype=np.uint8)
_DIGITS_CAPITALS = np.array((ord("0"), ord("9") + 1, ord("A"), ord("Z") + 1))
"""Where either begins and ends, one after the other."""
_NEWLINE = ord("\n")
_SCALE = np.array((0.2, 0.25, 0.33, 1.0, 0.0, 0.0, *[0.5] * len(_SIGNS)))
_FIRST = np.ones(1, dtype=bool)
_PAIR = np.uint64(0x9E3779B1)  # 2**32 over the golden ratio: neighbours land far apart
_SHIFT = np.uint64(9)
_MASK = np.uint64(BUCKETS - 1)
_WEIGHTS = (1.0 + np.log(np.maximum(np.arange(8 * (_END_CHARS + 1)), 1))).astype(np.float32)
"""What a bucket counts that is hit so often: both ends of a text, twice as long in lower case at most, may
have a word at each character, and pairs of them, and all may fall into one bucket."""


class Prompt(NamedTuple):
    """What is known of one request before anybody answers it."""

    columns: Ints
    """Buckets of its words and pairs of words, in order, each once."""
    counts: Floats
    """How often each stands there, as 1 + log."""
    looks: Floats
    """How it looks: length, digits, signs, code."""
    route: str
    """What the house knows and no text says: by whom, through which system prompt it is asked."""


def read(text: str, *, route: str = "") -> Prompt:
    """Read one prompt.

    Args:
        text: What is asked; the last turn of a conversation.
        route: Names the kind of traffic, as a hash of key and system prompt.
    """
    both = text if len(text) <= 2 * _END_CHARS else f"{text[:_END_CHARS]}\n{text[-_END_CHARS:]}"
    words = _WORD.findall(both.lower())
    columns, counts = _hashed(words)
    return Prompt(columns, counts, _looks(both, len(text), len(words)), route)


def pack(prompt: Prompt) -> tuple[bytes, bytes, bytes]:
    """Write columns, counts and looks as bytes, little-endian."""
    columns, counts, looks, _ = prompt
    return (
        columns.astype("<i4").tobytes(),
        counts.astype("<f4").tobytes(),
        looks.astype("<f4").tobytes(),
    )


def unpack(columns: bytes, counts: bytes, looks: bytes, *, route: str) -> Prompt:
    """Read what `pack` wrote."""
    return Prompt(
        np.frombuffer(columns, dtype="<i4"),
        np.frombuffer(counts, dtype="<f4"),
        np.frombuffer(looks, dtype="<f4"),
        route,
    )


def _hashed(words: list[str]) -> tuple[Ints, Floats]:
    # Joined they are encoded at once; no word has a line feed in it.
    told = "\n".join([f"#{len(each)}" if each.isdigit() else each for each in words])
    codes = [crc32(each) for each in told.encode(errors="replace").split(b"\n")] if words else []
    singles = np.array(codes, dtype=np.uint64)
    pairs = singles[:-1] * _PAIR + singles[1:]
    # The multiplication wraps; its middle bits depend on both words.
    buckets = (np.concatenate((singles, pairs >> _SHIFT)) & _MASK).astype(np.int32)
    buckets.sort()
    is_first = np.concatenate((_FIRST, buckets[1:] != buckets[:-1]))[: len(buckets)]
    ends = np.concatenate((is_first.nonzero()[0], (len(buckets),)))
    return buckets[is_first], _WEIGHTS[ends[1:] - ends[:-1]]


def _looks(text: str, length: int, words: int) -> Floats:
    """Scale each to about the size of 1; logarithms, since lengths have no upper end.

    They are length, words, lines, words of code; shares of digits and capitals; signs.
    """
    bytes_ = text.encode(errors="ignore")
    size = max(len(bytes_), 1)
    tally = np.bincount(np.frombuffer(bytes_, dtype=np.uint8), minlength=256)
    told = np.zeros(LOOKS)
    told[:4] = length, words, tally[_NEWLINE], len(_CODE.findall(text))
    told[6:] = tally[_SIGNS]
    told = np.log1p(told) * _SCALE
    told[4:6] = np.add.reduceat(tally, _DIGITS_CAPITALS)[::2] * (4.0 / size)
    return told.astype(np.float32)
