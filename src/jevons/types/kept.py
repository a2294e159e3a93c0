"""What is kept of an answer, for a caller who said that it shall be."""

from __future__ import annotations

import msgspec

from jevons.types.custody import DataClass

__all__ = ("REVIEW", "Kept")

REVIEW = "lab_"
"""Begins the names of graded prompts that wait for a person: no answers that anybody asked to keep."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and what it answers."""

    id: str
    """What the caller calls it, `resp_…`."""
    key: str
    """Public id of the key that it belongs to; to every other there is no such answer."""
    at_ms: int
    """When it was asked for, Unix milliseconds."""
    previous: str = ""
    """The kept answer that it goes on from; empty if it is the first of its conversation."""
    input: bytes
    """The items that the caller sent, as a JSON array; none of those that were kept before."""
    answer: bytes
    """The body of the answer, as the caller got it."""
    data_class: DataClass = DataClass.PUBLIC
    """What the rules took the data in it to be: it decides how long this is kept, and what goes on
    from it holds that data too."""
