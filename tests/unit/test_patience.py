"""Every wait that is not stopped is told, once, after its time, in the order of its beginning."""

from __future__ import annotations

import asyncio

import pytest

from jevons.patience import Patience

pytestmark = pytest.mark.anyio

DELAY_S = 0.02


async def test_those_that_wait_are_told_in_turn_and_those_stopped_are_not() -> None:
    told: list[str] = []
    patience = Patience[str](DELAY_S, told.append)
    for name in ("a", "b", "c"):
        patience.start(name)
    patience.stop("b")
    patience.stop("nobody")
    assert told == []
    await asyncio.sleep(3 * DELAY_S)
    assert told == ["a", "c"]


async def test_one_that_begins_later_is_told_later() -> None:
    told: list[str] = []
    patience = Patience[str](DELAY_S, told.append)
    patience.start("a")
    await asyncio.sleep(DELAY_S * 0.6)
    patience.start("b")
    patience.start("a")  # anew
    await asyncio.sleep(DELAY_S * 0.7)
    assert told == []
    await asyncio.sleep(DELAY_S)
    assert told == ["b", "a"]


async def test_it_works_again_after_all_have_been_told() -> None:
    told: list[str] = []
    patience = Patience[str](DELAY_S, told.append)
    for name in ("a", "b"):
        patience.start(name)
        await asyncio.sleep(2 * DELAY_S)
    assert told == ["a", "b"]


async def test_who_is_told_may_stop_another() -> None:
    told: list[str] = []
    patience = Patience[str](DELAY_S, lambda name: (told.append(name), patience.stop("b"))[0])
    patience.start("a")
    patience.start("b")
    await asyncio.sleep(3 * DELAY_S)
    assert told == ["a"]
