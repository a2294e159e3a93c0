"""What every provider promises: an upstream behind a socket and a script of a test alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest

from jevons.testing import Listener, Script, Stop
from jevons.testing.reply import chunk, event, stream, usage
from jevons.types.account import Usage
from jevons.types.errors import CallerLeft, ProviderUnavailable
from jevons.types.event import TextDelta

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from conftest import Bench
    from jevons.testing import Reply

pytestmark = pytest.mark.anyio

FINISH = event({"choices": [{"index": 0, "finish_reason": "length"}], "usage": usage(5, 2)})
ANSWERS = stream(chunk("Hel"), chunk("lo"), FINISH)
FAILS = stream(chunk("Hel"), event({"error": {"message": "down"}}))
SILENT = stream(event({"error": {"message": "down"}}), done=0)
USED = Usage(input=5, output=2, counted_by="endpoint")


class Staged(NamedTuple):
    """A provider that says one word and then stands still."""

    begun: Callable[[], Awaitable[object]]
    go_on: Callable[[], object]


class Upstream:
    """A real provider, and a vendor over a socket."""

    async def answers(self, bench: Bench) -> Staged:
        return await self._staged(bench, ANSWERS)

    async def fails(self, bench: Bench) -> Staged:
        return await self._staged(bench, FAILS)

    async def fails_at_once(self, bench: Bench) -> None:
        await bench.open(SILENT)

    async def _staged(self, bench: Bench, reply: Reply) -> Staged:
        await bench.open(reply.stall(at=reply.after(1)))
        return Staged(lambda: self._begun(bench, reply.after(1)), bench.vendor.go_on)

    async def _begun(self, bench: Bench, sent_bytes: int) -> None:
        async with asyncio.timeout(5):
            while not bench.vendor.heard or bench.vendor.heard[-1].sent_bytes < sent_bytes:  # noqa: ASYNC110 what is waited for has no event
                await asyncio.sleep(0.002)


class Scripted:
    """The double."""

    async def answers(self, bench: Bench) -> Staged:
        stop = Stop()
        bench.provider = Script(
            TextDelta("Hel"), stop, TextDelta("lo"), usage=USED, finish="length"
        )
        return Staged(stop.reached, stop.open)

    async def fails(self, bench: Bench) -> Staged:
        stop = Stop()
        bench.provider = Script(TextDelta("Hel"), stop, ProviderUnavailable("down"))
        return Staged(stop.reached, stop.open)

    async def fails_at_once(self, bench: Bench) -> None:
        bench.provider = Script(ProviderUnavailable("down"))


Kind = Upstream | Scripted
every = pytest.mark.parametrize("kind", [Upstream(), Scripted()], ids=["upstream", "script"])


@every
async def test_an_answer_is_pushed_in_order_and_its_end_held_back(bench: Bench, kind: Kind) -> None:
    staged = await kind.answers(bench)
    staged.go_on()
    outcome, heard = await bench.ask()
    assert heard.index(b"Hel") < heard.index(b'"lo"')
    assert b"length" not in heard
    assert outcome.error is None
    assert outcome.committed
    assert outcome.first_byte_s is not None
    assert (outcome.finish, outcome.usage) == ("length", USED)
    assert len(outcome.closing) == 1
    assert outcome.attempt.number == 1


@every
async def test_a_caller_with_little_room_gets_all_of_it_in_order(bench: Bench, kind: Kind) -> None:
    wide, narrow = Listener(), Listener(room=0)
    staged = await kind.answers(bench)
    staged.go_on()
    await bench.ask(wide)
    outcome, heard = await bench.ask(narrow)
    assert outcome.error is None
    assert heard.index(b"Hel") < heard.index(b'"lo"')


@every
async def test_a_failure_is_returned_and_what_was_said_before_it_counted(
    bench: Bench, kind: Kind
) -> None:
    staged = await kind.fails(bench)
    staged.go_on()
    outcome, heard = await bench.ask()
    assert b"Hel" in heard
    assert isinstance(outcome.error, ProviderUnavailable)
    assert "down" in str(outcome.error)
    assert outcome.committed
    assert (outcome.usage.output, outcome.usage.counted_by) == (1, "guess")
    assert (outcome.finish, outcome.closing) == ("error", ())


@every
async def test_a_failure_before_the_first_word_leaves_room_for_another(
    bench: Bench, kind: Kind
) -> None:
    await kind.fails_at_once(bench)
    outcome, heard = await bench.ask()
    assert isinstance(outcome.error, ProviderUnavailable)
    assert (heard, outcome.committed, outcome.first_byte_s) == (b"", False, None)


@every
async def test_a_caller_that_leaves_stops_the_work(bench: Bench, kind: Kind) -> None:
    staged = await kind.answers(bench)
    caller = Listener()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(bench.ask(caller))
        await staged.begun()
        await asyncio.sleep(0.01)
        caller.leave()
    outcome, heard = asking.result()
    assert isinstance(outcome.error, CallerLeft)
    assert b"Hel" in heard
    assert outcome.committed
    assert (outcome.usage.output, outcome.closing) == (1, ())


@every
async def test_a_house_that_stops_is_not_held_up(bench: Bench, kind: Kind) -> None:
    staged = await kind.answers(bench)
    asking = asyncio.ensure_future(bench.ask())
    await staged.begun()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_script_remembers_what_it_was_asked(bench: Bench) -> None:
    script = bench.provider = Script(TextDelta("Hel"))
    await bench.ask(seed=1)
    await bench.ask(seed=2)
    assert [each.sampling.seed for each in script.heard] == [1, 2]
    assert [each.number for each in script.attempts] == [1, 1]
