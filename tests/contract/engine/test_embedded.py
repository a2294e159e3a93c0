"""The embedded engine keeps a provider's promises, with a real model."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest

from jevons.engine import Embedded
from jevons.engine.load import Loaded, load
from jevons.engine.pull import pull
from jevons.testing import Listener
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate, Outcome
from jevons.types.errors import CallerLeft, Misconfigured, PromptTooLong, ProviderRejected
from jevons.types.event import Finished, TextDelta, ToolCallDelta
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from jevons.engine.pull import Progress
    from jevons.ports import Caller
    from jevons.types.event import Event
    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[3] / ".jevons" / "weights"
SLOTS = 8
CONTEXT_TOKENS = 2048
ATTEMPT = Attempt(number=1, candidate=Candidate(endpoint=an_endpoint(), why="the test says so"))


@pytest.fixture(scope="session")
def weights() -> Path:
    """The smallest of the catalogue; `JEVONS_TEST_WEIGHTS` names a folder to keep it in."""
    folder = Path(os.environ.get("JEVONS_TEST_WEIGHTS") or FOLDER)
    return pull("smollm2-135m", folder, _silence).path


@pytest.fixture(scope="session")
def loaded(weights: Path) -> Loaded:
    return load(weights, name="smol", slots=SLOTS, context_tokens=CONTEXT_TOKENS, threads=None)


@pytest.fixture
def engine(loaded: Loaded) -> Iterator[Embedded]:
    engine = Embedded(loaded, slots=SLOTS, power=None)
    yield engine
    engine.close()


def ask(text: str = "Tell me a story.", **fields: Any) -> Generate:
    """Make a request as it comes off the wire."""
    body = {
        "model": "smol",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 12,
        "temperature": 0,
        "stream": True,
        **fields,
    }
    return parse_request(msgspec.json.encode(body), id="req_1", at_ms=0, actor=an_actor())


async def serve(engine: Embedded, request: Generate, caller: Caller | None = None) -> Outcome:
    return await engine.serve(ATTEMPT, request, caller or Listener())


async def answer(engine: Embedded, request: Generate) -> tuple[str, Outcome]:
    """Ask, and put the text together."""
    caller = Listener()
    outcome = await serve(engine, request, caller)
    return text_of(caller), outcome


def text_of(caller: Listener) -> str:
    return "".join([event.text for event in caller.heard if isinstance(event, TextDelta)])


def _silence(_: Progress) -> None:
    pass


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 12}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
TICKET = {
    "type": "function",
    "function": {
        "name": "open_ticket",
        "parameters": {
            "type": "object",
            "properties": {"priority": {"enum": ["low", "high"]}},
            "required": ["priority"],
            "additionalProperties": False,
        },
    },
}


class Waited(Listener):
    """Says when it hears something."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    def push(self, event: Event) -> bool:
        self.begun.set()
        return super().push(event)


class Leaves(Listener):
    """Hangs up at the first text."""

    def push(self, event: Event) -> bool:
        taken = super().push(event)
        self.leave()
        return taken


async def test_an_answer_streams_and_its_end_is_held_back(engine: Embedded) -> None:
    caller = Listener()
    outcome = await serve(engine, ask(max_tokens=12), caller)
    assert outcome.error is None
    assert outcome.committed
    assert len([event for event in caller.heard if isinstance(event, TextDelta)]) > 3
    assert not [event for event in caller.heard if isinstance(event, Finished)]
    assert outcome.closing == (Finished(reason="length", usage=outcome.usage),)
    assert outcome.finish == "length"


async def test_usage_is_the_engines_own_count_in_disjoint_buckets(engine: Embedded) -> None:
    asked = ask("Name three colours, and then three more of them, please.", max_tokens=5)
    first = (await serve(engine, asked)).usage
    again = (await serve(engine, asked)).usage
    assert first.counted_by == "endpoint"
    assert first.output == 5
    assert again.cache_read > 0
    assert again.input + again.cache_read == first.input + first.cache_read


async def test_a_seed_gives_the_same_answer_again(engine: Embedded) -> None:
    def asked(seed: int) -> Awaitable[tuple[str, Any]]:
        return answer(engine, ask(seed=seed, temperature=1, top_p=0.95, max_tokens=16))

    first, _ = await asked(7)
    again, _ = await asked(7)
    other, _ = await asked(8)
    assert first == again
    assert first != other


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
async def test_the_most_tokens_are_kept_to(engine: Embedded, field: str) -> None:
    limits: dict[str, Any] = {"max_tokens": None, field: 3}
    outcome = await serve(engine, ask(**limits))
    assert outcome.usage.output == 3
    assert outcome.finish == "length"


async def test_a_stop_word_ends_the_answer_and_is_not_in_it(engine: Embedded) -> None:
    free, _ = await answer(engine, ask(max_tokens=24))
    word = free.split()[3]
    text, outcome = await answer(engine, ask(max_tokens=24, stop=[word]))
    assert outcome.finish == "stop"
    assert word not in text
    assert free.startswith(text)


async def test_a_schema_binds_the_answer(engine: Embedded) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "score": {"type": "boolean"}},
        "required": ["mood", "score"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "mood", "schema": schema}}
    text, outcome = await answer(engine, ask(response_format=wanted, max_tokens=64))
    said: dict[str, Any] = msgspec.json.decode(text)
    assert outcome.finish == "stop"
    assert said["mood"] in {"good", "bad"}
    assert isinstance(said["score"], bool)


async def test_json_mode_writes_json(engine: Embedded) -> None:
    text, _ = await answer(engine, ask(response_format={"type": "json_object"}, max_tokens=16))
    assert text.lstrip().startswith("{")


async def test_log_probabilities_come_in_openais_shape(engine: Embedded) -> None:
    caller = Listener()
    await serve(engine, ask(logprobs=True, top_logprobs=2, max_tokens=3), caller)
    pieces = [event for event in caller.heard if isinstance(event, TextDelta)]
    tokens: list[Any] = [
        token
        for piece in pieces
        for token in msgspec.json.decode(piece.logprobs or b"{}")["content"]
    ]
    assert "".join([token["token"] for token in tokens]) == text_of(caller)
    assert all(token["logprob"] <= 0 and len(token["top_logprobs"]) == 2 for token in tokens)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", {"get_weather", "open_ticket"}),
        ({"type": "function", "function": {"name": "open_ticket"}}, {"open_ticket"}),
    ],
)
async def test_a_tool_that_must_be_called_is(
    engine: Embedded, choice: Any, names: set[str]
) -> None:
    caller = Listener()
    asked = ask("Weather in Rome?", tools=[WEATHER, TICKET], tool_choice=choice, max_tokens=64)
    outcome = await serve(engine, asked, caller)
    calls = [event for event in caller.heard if isinstance(event, ToolCallDelta)]
    arguments = msgspec.json.decode("".join([call.arguments for call in calls]))
    assert outcome.finish == "tool_calls"
    assert len(calls) == len(caller.heard) > 2
    assert calls[0].id.startswith("call_")
    assert calls[0].name in names
    assert set(arguments) == ({"city"} if calls[0].name == "get_weather" else {"priority"})
    assert any(change.startswith("tools: compiled") for change in outcome.changed)


async def test_a_tool_that_may_be_called_is_called_or_a_reply_comes(engine: Embedded) -> None:
    caller = Listener()
    outcome = await serve(engine, ask("Hi!", tools=[TICKET], max_tokens=48), caller)
    called = any(isinstance(event, ToolCallDelta) for event in caller.heard)
    assert caller.heard
    assert "{" not in text_of(caller)
    assert outcome.finish in ({"tool_calls", "length"} if called else {"stop", "length"})


async def test_a_field_that_the_engine_does_not_know_is_named(engine: Embedded) -> None:
    outcome = await serve(engine, ask(verbosity="low", id_slot=3, max_tokens=1))
    assert outcome.changed == (
        "id_slot: dropped, the engine does not know it",
        "verbosity: dropped, the engine does not know it",
    )


async def test_a_prompt_that_is_too_long_says_how_long(engine: Embedded) -> None:
    outcome = await serve(engine, ask("word " * 2 * CONTEXT_TOKENS))
    assert isinstance(outcome.error, PromptTooLong)
    assert outcome.error.param == "messages"
    assert str(CONTEXT_TOKENS) in str(outcome.error)
    assert not outcome.committed
    assert outcome.closing == ()


async def test_what_the_engine_raises_is_a_refusal(engine: Embedded) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nope"}}}
    outcome = await serve(engine, ask(response_format=wanted))
    assert isinstance(outcome.error, ProviderRejected)


async def test_a_count_is_what_the_answer_will_say_that_it_read(engine: Embedded) -> None:
    request = ask("One two three four five.")
    answered = (await serve(engine, request)).usage
    outcome = await serve(engine, msgspec.structs.replace(request, counts=True, stream=False))
    assert outcome.error is None
    (finished,) = outcome.closing
    assert isinstance(finished, Finished)
    assert finished.usage.input == answered.input + answered.cache_read
    assert outcome.usage.input == outcome.usage.output == 0
    assert not outcome.committed
    assert outcome.measured.threads


async def test_a_count_of_what_is_too_long_says_so(engine: Embedded) -> None:
    request = ask("word " * CONTEXT_TOKENS)
    outcome = await serve(engine, msgspec.structs.replace(request, counts=True))
    assert isinstance(outcome.error, PromptTooLong)
    assert outcome.closing == ()


async def test_a_count_that_nobody_waits_for_leaves_nothing_behind(engine: Embedded) -> None:
    request = msgspec.structs.replace(ask("Count me."), counts=True)
    counting = asyncio.ensure_future(serve(engine, request))
    await asyncio.sleep(0)
    counting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await counting
    assert (await serve(engine, request)).error is None


async def test_a_caller_that_leaves_stops_the_answer(engine: Embedded) -> None:
    outcome = await serve(engine, ask(max_tokens=1500), Leaves())
    assert isinstance(outcome.error, CallerLeft)
    assert outcome.finish == "error"
    assert outcome.usage.counted_by == "guess"
    assert 0 < outcome.usage.output < 100
    assert outcome.usage.input + outcome.usage.cache_read > 0
    await _stands_still()


async def test_a_caller_that_leaves_while_its_prompt_is_read_stops_that(engine: Embedded) -> None:
    whole = await serve(engine, ask("b " * 1800, max_tokens=1))
    caller = Listener()
    began_s = time.process_time()
    serving = asyncio.ensure_future(serve(engine, ask("a " * 1800), caller))
    await asyncio.sleep(0.05)
    caller.leave()
    outcome = await serving
    assert isinstance(outcome.error, CallerLeft)
    assert outcome.usage.input <= 1024
    assert not outcome.committed
    spent_s = time.process_time() - began_s
    # Two batches of its four, however slow the machine.
    await _stands_still(0.8 * _cpu_s([whole]) - spent_s)


async def test_a_caller_that_leaves_the_line_takes_no_turn(loaded: Loaded) -> None:
    engine = Embedded(loaded, slots=1, power=None)
    first = Waited()
    serving = asyncio.ensure_future(serve(engine, ask(max_tokens=1500), first))
    waiting = Listener()
    waits = asyncio.ensure_future(serve(engine, ask(), waiting))
    await first.begun.wait()
    waiting.leave()
    outcome = await waits
    assert isinstance(outcome.error, CallerLeft)
    assert outcome.usage.output == 0
    assert not serving.done()
    first.leave()
    await serving
    engine.close()


async def test_a_cancelled_answer_stops_before_the_cancellation_is_through(
    engine: Embedded,
) -> None:
    caller = Waited()
    serving = asyncio.ensure_future(engine.serve(ATTEMPT, ask(max_tokens=1500), caller))
    await caller.begun.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    await _stands_still()
    assert (await serve(engine, ask(max_tokens=2))).usage.output == 2


async def test_eight_at_once_take_less_than_one_after_another(engine: Embedded) -> None:
    asked = [ask(f"Count to {number}0.", max_tokens=24) for number in range(1, 9)]
    one_by_one = [await serve(engine, each) for each in asked]
    together = await asyncio.gather(*[serve(engine, each) for each in asked])
    assert _cpu_s(together) < 0.8 * _cpu_s(one_by_one)


async def test_processor_time_is_shared_out_whole(engine: Embedded) -> None:
    before_s = time.process_time()
    lengths = (4, 8, 32)
    outcomes = await asyncio.gather(*[serve(engine, ask(max_tokens=each)) for each in lengths])
    used_s = time.process_time() - before_s
    assert _cpu_s(outcomes) == pytest.approx(used_s, rel=0.05, abs=0.01)
    shares = [outcome.measured.cpu_s for outcome in outcomes]
    assert shares == sorted(shares, key=lambda share: share or 0)


async def test_the_librarys_own_port_is_closed_to_all(loaded: Loaded) -> None:
    url = f"{loaded.server.listening_address}/v1/chat/completions"
    answered = await asyncio.to_thread(httpx2.post, url, json={"messages": []})
    assert answered.status_code == 401


async def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "no.gguf"
    file.write_bytes(b"GGUF and then nothing")
    opening = Embedded.open(file, name="no", slots=1, context_tokens=512, threads=1)
    with pytest.raises(Misconfigured, match=r"no\.gguf"):
        async with opening:
            pass


async def test_a_model_serves_from_opening_to_closing(weights: Path) -> None:
    opening = Embedded.open(weights, name="smol", slots=1, context_tokens=512, threads=None)
    async with opening as engine:
        assert (await serve(engine, ask(max_tokens=2))).error is None


async def _stands_still(most_s: float = 2.0) -> None:
    """Hold that the engine soon computes nothing: a batch of prompt that it has begun it ends.

    Args:
        most_s: Of the processor, until then. Not of a clock: a slow machine takes its time.
    """
    began_s = before_s = time.process_time()
    while before_s - began_s < most_s:
        await asyncio.sleep(0.1)
        before_s, last_s = time.process_time(), before_s
        if before_s - last_s < 0.05:
            return
    pytest.fail("the engine computes on for nobody")


def _cpu_s(outcomes: Any) -> float:
    return sum([outcome.measured.cpu_s for outcome in outcomes])
