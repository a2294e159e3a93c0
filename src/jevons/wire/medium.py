"""Tokens that are no text, sorted into the buckets that they are part of."""

from __future__ import annotations

from jevons.types.account import Media

__all__ = ("Seen", "media")

Seen = tuple[int, int, int]
"""Tokens of audio, image and video."""

_NONE: Seen = (0, 0, 0)


def media(
    *,
    fresh: tuple[int, Seen],
    cached: tuple[int, Seen] = (0, _NONE),
    written: tuple[int, Seen],
) -> Media | None:
    """Sort what an endpoint counts; None if all of it is text.

    Args:
        fresh: All input tokens that were in no cache, and which of them are no text.
        cached: The same of those that were read from one.
        written: The same of the answer.
    """
    if not (any(fresh[1]) or any(cached[1]) or any(written[1])):
        return None
    heard, seen, watched = _within(*fresh)
    spoken, drawn, filmed = _within(*written)
    return Media(
        input_audio=heard,
        cache_read_audio=_within(*cached)[0],
        input_image=seen,
        input_video=watched,
        output_audio=spoken,
        output_image=drawn,
        output_video=filmed,
    )


def _within(total: int, counts: Seen) -> Seen:
    """Take no more than there are: some endpoints count what was read from a cache as well."""
    left = total
    taken: list[int] = []
    for count in counts:
        taken.append(min(max(count, 0), left))
        left -= taken[-1]
    return taken[0], taken[1], taken[2]
