"""Whatever an endpoint of any dialect does, callers of any dialect see the answer whole or its error.

Each test is a cell of a table, which `make faults` prints: what is expected, and what was seen.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.contract.providers.spoken import FAULT, GUESSED, PAIRS, SPOKEN
from tests.contract.providers.tongues import Line, asking, essence, is_refused, understood

from jevons.testing import Listener, Vendor
from jevons.testing.reply import respond
from jevons.types.errors import JevonsError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.contract.providers.conftest import Scores
    from tests.contract.providers.spoken import Odd, Spoken

    from jevons.testing import Reply
    from jevons.types.account import Usage
    from jevons.types.decision import Outcome
    from jevons.types.request import Dialect, Generate

pytestmark = pytest.mark.anyio

WHOLE = "whole"
AN_ERROR = "an error at each"
EXPECTED = [
    ("ReasoningDelta", "hm"),
    ("TextDelta", "Hello"),
    ("weather", '{"place":"Here"}'),
]
ENVELOPE = b'{"error":{"message":"%b","type":"server_error","code":null}}' % FAULT.encode()


def replied(said: Spoken, pieces: Iterable[bytes] | None = None) -> Reply:
    return respond(*(pieces or said.pieces), kind=said.kind, framed="chunked")


def seen(request: Generate, caller: Listener, outcome: Outcome, used: Usage) -> str:
    """Say what a caller got: the answer whole, the code of an error, or something else."""
    error = outcome.error
    if error is not None:
        if outcome.closing or outcome.finish != "error":
            return f"{error.code}, and an end"
        if caller.heard and not is_refused(request, caller.heard, error):
            return f"{error.code}, and a success to its caller"
        return error.code if outcome.committed or not caller.heard else "heard in secret"
    heard = [*essence(understood(request, [*caller.heard, *outcome.closing]))]
    if heard[:-1] != EXPECTED or heard[-1][0] != "tool_calls":
        return f"another answer: {heard}"
    if used is GUESSED:
        return WHOLE if outcome.usage.counted_by == "guess" else f"counted {outcome.usage}"
    return WHOLE if outcome.usage == heard[-1][1] == used else f"counted {outcome.usage}"


# what a dialect may say in another way, or wrong

SAID_ODDLY = {
    "the start twice": WHOLE,
    "the finish on the last piece": WHOLE,
    "usage in a chunk of its own": WHOLE,
    "usage on the finish": WHOLE,
    "usage in the choice": WHOLE,
    "usage never": WHOLE,
    "everything in one piece": WHOLE,
    "two last words": WHOLE,
    "a malformed line": "provider_garbled",
    "an error in the middle": "provider_unavailable",
    "a line of 10 MB": "provider_garbled",
}


@pytest.mark.parametrize(
    ("fault", "asked", "spoken"),
    [
        (fault, asked, spoken)
        for fault in SAID_ODDLY
        for asked, spoken in PAIRS
        if fault in SPOKEN[spoken].odd
    ],
)
async def test_what_is_said_oddly(
    fault: str, asked: Dialect, spoken: Dialect, scores: Scores
) -> None:
    said = SPOKEN[spoken]
    odd: Odd = said.odd[fault]
    async with Vendor(replied(said, odd.pieces)) as vendor:
        caller = Listener()
        request = asking(asked, is_stream=True)
        outcome = await Line(vendor, spoken).ask(request, caller)
    saw = seen(request, caller, outcome, odd.used or said.used)
    scores.note(fault, asked, spoken, SAID_ODDLY[fault], saw)
    if saw == "provider_unavailable":
        assert FAULT in str(outcome.error)


# what any server may do


@dataclass(frozen=True)
class Fault:
    """What a server does to a good reply."""

    expected: str
    done: Callable[[Spoken], Reply]
    is_stream: bool = True


def first(said: Spoken) -> int:
    """Find the offset before the first token."""
    return replied(said).after(said.first)


def after_first(said: Spoken) -> int:
    return replied(said).after(said.first + 1)


def named(kind: str) -> Callable[[Spoken], Reply]:
    return lambda said: respond(*said.pieces, kind=kind, framed="chunked")


FAULTS: dict[str, Fault] = {
    "silence before the head": Fault(
        "provider_timeout", lambda said: replied(said).stall(at=0)
    ),
    "silence before the first token": Fault(
        "provider_timeout", lambda said: replied(said).stall(at=first(said))
    ),
    "silence after the first token": Fault(
        "provider_timeout", lambda said: replied(said).stall(at=after_first(said))
    ),
    "silence in a whole answer": Fault(
        "provider_timeout", lambda said: respond(said.whole).stall(at=200), is_stream=False
    ),
    "cut before the head": Fault(
        "provider_unavailable", lambda said: replied(said).cut(at=0)
    ),
    "cut before the first token": Fault(
        "provider_truncated", lambda said: replied(said).cut(at=first(said))
    ),
    "cut after the first token": Fault(
        "provider_truncated", lambda said: replied(said).cut(at=after_first(said))
    ),
    "ended before its end": Fault(
        "provider_truncated", lambda said: replied(said, said.pieces[: -1 - said.spare])
    ),
    "an error with status 200": Fault("provider_unavailable", lambda _: respond(ENVELOPE)),
    "the same, not streamed": Fault(
        "provider_unavailable", lambda _: respond(ENVELOPE), is_stream=False
    ),
    "another content type": Fault("provider_garbled", named("text/plain")),
    "a page of HTML": Fault(
        "provider_garbled", lambda _: respond(b"<html>\n\n</html>\n\n", kind="text/html")
    ),
    "the same page, not streamed": Fault(
        "provider_garbled",
        lambda _: respond(b"<html></html>", kind="text/html"),
        is_stream=False,
    ),
    "JSON for a stream": Fault("provider_garbled", lambda said: respond(said.whole)),
    "a stream for JSON": Fault("provider_garbled", replied, is_stream=False),
}  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "asked", "spoken"), [(fault, *pair) for fault in FAULTS for pair in PAIRS]
)
async def test_what_a_server_does(
    fault: str, asked: Dialect, spoken: Dialect, scores: Scores
) -> None:
    it = FAULTS[fault]
    async with Vendor(it.done(SPOKEN[spoken])) as vendor:
        caller = Listener()
        line = Line(vendor, spoken, idle_timeout_s=0.05)
        request = asking(asked, is_stream=it.is_stream)
        outcome = await line.ask(request, caller)
    scores.note(
        fault, asked, spoken, it.expected, seen(request, caller, outcome, SPOKEN[spoken].used)
    )


@pytest.mark.parametrize("fault", ["silence before the first token", "cut before the first token"])
@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_before_the_first_token_another_endpoint_can_still_answer(
    fault: str, asked: Dialect, spoken: Dialect, scores: Scores
) -> None:
    async with Vendor(FAULTS[fault].done(SPOKEN[spoken])) as vendor:
        caller = Listener()
        line = Line(vendor, spoken, idle_timeout_s=0.05)
        outcome = await line.ask(asking(asked, is_stream=True), caller)
    saw = "committed" if outcome.committed or caller.heard else "another can answer"
    scores.note(f"{fault.split(maxsplit=1)[0]}, and then", asked, spoken, "another can answer", saw)


@pytest.mark.parametrize("fault", ["before the first token", "after the first token"])
@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_a_caller_that_leaves_ends_the_exchange(
    fault: str, asked: Dialect, spoken: Dialect, scores: Scores
) -> None:
    said = SPOKEN[spoken]
    at = first(said) if fault.startswith("before") else after_first(said)
    async with Vendor(replied(said).stall(at=at)) as vendor:
        caller = Listener()
        request = asking(asked, is_stream=True)
        answering = asyncio.ensure_future(Line(vendor, spoken).ask(request, caller))
        async with asyncio.timeout(2):
            while not vendor.heard or vendor.heard[0].sent_bytes < at:  # noqa: ASYNC110 no event
                await asyncio.sleep(0.001)
        caller.leave()
        outcome = await answering
        await vendor.heard[0].hung_up()
    saw = seen(request, caller, outcome, said.used)
    scores.note(f"the caller leaves {fault}", asked, spoken, "caller_left", saw)


# cut wherever it may be cut


def cuts(reply: Reply, *, is_full: bool) -> Iterable[int]:
    """Say where: at every byte, or around the end of the head and of each piece."""
    if is_full:
        return range(len(reply.raw))
    return sorted({max(end + by, 0) for end in reply.ends for by in (-3, -1, 0)})


@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_what_is_cut_is_never_a_success(
    asked: Dialect, spoken: Dialect, scores: Scores, *, is_stream: bool
) -> None:
    said = SPOKEN[spoken]
    reply = replied(said) if is_stream else respond(said.whole)
    # The last bytes of a chunk say that it is over, and nothing of the answer.
    ended = reply.after(len(said.pieces) - said.spare) - 2 if is_stream else len(reply.raw)
    saw = AN_ERROR
    async with Vendor() as vendor:
        line, request = Line(vendor, spoken), asking(asked, is_stream=is_stream)
        for at in cuts(reply, is_full=scores.is_full):
            vendor.then(reply.cut(at=at))
            caller = Listener()
            outcome = await line.ask(request, caller)
            if at < ended and not isinstance(outcome.error, ProviderError):
                saw = f"{outcome.error or WHOLE} at {at}"
            elif isinstance(outcome.error, JevonsError) and outcome.closing:
                saw = f"an end at {at}"
            elif not outcome.error and seen(request, caller, outcome, GUESSED)[:7] == "another":
                saw = f"another answer at {at}"
    name = "cut at every byte" if is_stream else "cut at every byte, not streamed"
    scores.note(name, asked, spoken, AN_ERROR, saw)
