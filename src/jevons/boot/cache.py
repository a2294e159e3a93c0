"""The answer cache, as the settings have it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from jevons.cache import PROVIDER, AnswerCache, Memory
from jevons.store import Likes
from jevons.types.custody import DataClass
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from jevons.cache import Near
    from jevons.grading import Alike
    from jevons.ports import Clock
    from jevons.settings import AutoSettings, Settings
    from jevons.store.keys import KeyRing

__all__ = ("arms_share", "open_cache", "open_near")

_AUTO = "auto"
_LOOK_S = 60.0
"""How often what is too old goes, while nobody asks."""


def open_cache(
    settings: Settings,
    keys: KeyRing,
    *,
    near: Near | None,
    clock: Clock,
    closing: AsyncExitStack,
) -> AnswerCache | None:
    """Open what remembers answers; None in a house that remembers none.

    Args:
        settings: Whether, and how much.
        keys: Says which keys are good, and when that has changed.
        near: Knows how like two questions are; None in a house that answers only the same.
        clock: Says how old answers are.
        closing: What to close, and when.

    Raises:
        Misconfigured: An endpoint has the cache's name.
    """
    said, has_auto = settings.cache, bool(settings.auto.reference)
    mode = said.mode or ("exact" if has_auto else "off")
    if mode == "off":
        return None
    if any(each.name == PROVIDER for each in settings.endpoint):
        message = (
            f"an endpoint is called {PROVIDER!r}, as receipts call what is given again; rename it"
        )
        raise Misconfigured(message)
    models = said.models or ("auto" if has_auto else "all")
    cache = AnswerCache(
        Memory(most_bytes=said.max_mb * 1_000_000, longest_s=said.seconds),
        clock=clock,
        is_good=keys.is_good,
        model=_AUTO if models == "auto" else "",
        most_bytes=said.max_answer_kb * 1000,
        data_class=DataClass[said.data_class.upper()],
        near=near,
    )
    _forget_in_time(cache, keys, min(said.seconds, _LOOK_S), closing)
    return cache


def open_near(settings: Settings, *, clock: Clock) -> Alike | None:
    """Prepare what knows how like two questions are; None in a house that answers only the same.

    Raises:
        Misconfigured: The extra that it takes is not installed.
    """
    said, auto = settings.cache, settings.auto
    if said.mode != "semantic":
        return None
    try:
        from jevons.auto import Likeness, Nearest, Terms  # noqa: PLC0415 numpy is an extra
        from jevons.grading import Alike  # noqa: PLC0415 as above
    except ModuleNotFoundError as error:
        message = f"[cache] mode 'semantic' takes `.venv/bin/pip install -e '.[auto]'`: {error}"
        raise Misconfigured(message) from None
    share = said.loss_share if auto.reference else 1.0
    terms = Terms(auto.loss * share, (1.0 - auto.confidence) * share, auto.days, auto.requests)
    rows = Likes(settings.data_dir / "cache.db")
    return Alike(Likeness(terms), Nearest(), rows, clock, holdout=said.holdout, terms=terms)


def arms_share(settings: Settings) -> AutoSettings:
    """Take from what `auto` may lose what answers to like questions may: all adds up to what was said."""
    said, left = settings.auto, 1.0 - settings.cache.loss_share
    if settings.cache.mode != "semantic":
        return said
    confidence = 1.0 - (1.0 - said.confidence) * left
    return msgspec.structs.replace(said, loss=said.loss * left, confidence=confidence)


def _forget_in_time(
    cache: AnswerCache, keys: KeyRing, every_s: float, closing: AsyncExitStack
) -> None:
    """Have it forget, once in a while and whenever a key has changed."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        nonlocal timer
        cache.expire()
        timer = loop.call_later(every_s, look)

    def forget() -> None:
        loop.call_soon_threadsafe(cache.forget)

    def end() -> None:
        timer.cancel()
        keys.on_change = None

    timer = loop.call_later(every_s, look)
    keys.on_change = forget
    closing.callback(end)
