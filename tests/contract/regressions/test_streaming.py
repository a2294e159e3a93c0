"""What streams of other gateways broke, hid or doubled is whole, told and single here.

Each test names the public thread in which it was reported.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.regressions.corridor import SURFACES, ask, claude, endpoint

from jevons.testing.reply import chunk, event, refusal, stream, usage, whole

if TYPE_CHECKING:
    from tests.contract.regressions.corridor import Answer, Lab

    from jevons.testing import Reply

pytestmark = pytest.mark.anyio

START = chunk("", role="assistant")
TEXT = (START, chunk("Hel"), chunk("lo"))
FINISH = chunk(finish="stop")
COUNTS = event({"choices": [], "usage": usage(5, 2)})
GOOD = stream(*TEXT, FINISH, COUNTS)


def text(answer: Answer) -> str:
    """Join the text of a stream, whatever its dialect."""
    said = ""
    for each in answer.events:
        if each.get("type") == "response.output_text.delta":
            said += each["delta"]
        elif each.get("type") == "content_block_delta":
            said += each["delta"].get("text", "")
    return said or answer.said()


def finishes(answer: Answer) -> list[str]:
    """List the finish reasons of a chat stream."""
    choices = [choice for each in answer.events for choice in each.get("choices", ())]
    return [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]


async def test_a_finish_reason_is_not_lost_beside_log_probabilities(lab: Lab) -> None:
    """BerriAI/litellm#10686: with `logprobs` the last chunk lost its finish reason."""
    token: dict[str, Any] = {"token": "lo", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    choice = {
        "index": 0,
        "delta": {"content": "lo"},
        "logprobs": {"content": [token], "refusal": None},
        "finish_reason": "stop",
    }
    last = event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})
    vendor = await lab.vendor(stream(START, chunk("Hel"), last, COUNTS))
    await lab.house(endpoint(vendor))
    answer = await lab.chat(stream=True, logprobs=True)
    assert finishes(answer) == ["stop"]
    assert answer.said() == "Hello"
    assert (await lab.receipt(answer))["finish"] == "stop"


@SURFACES
@pytest.mark.parametrize(
    "reply",
    [
        GOOD,
        stream(START, chunk("Hel"), chunk("lo", finish="stop"), COUNTS),
        stream(*TEXT, chunk(finish="stop", counted=usage(5, 2))),
    ],
    ids=["usage in a chunk of its own", "finish on the last text", "usage on the finish"],
)
async def test_an_end_that_is_said_in_another_way_is_an_end(
    lab: Lab, surface: str, reply: Reply
) -> None:
    """NousResearch/hermes-agent#91373: good streams of vLLM were taken for broken ones."""
    vendor = await lab.vendor(reply)
    await lab.house(endpoint(vendor))
    answer = await ask(lab, surface)
    assert text(answer) == "Hello"
    assert answer.is_done
    receipt = await lab.receipt(answer)
    assert (receipt["finish"], receipt["error"]) == ("stop", None)
    assert receipt["usage"]["output"] == 2


BROKEN = ("closed", "stalled", "malformed")


def broken_off(how: str, after: int) -> Reply:
    """Break a stream off after some of its events."""
    at = GOOD.after(after)
    bad = stream(*TEXT[:after], b"data: oops\n\n", *TEXT[after:], FINISH)
    return {"closed": GOOD.cut(at=at), "stalled": GOOD.stall(at=at), "malformed": bad}[how]


@SURFACES
@pytest.mark.parametrize("how", BROKEN)
async def test_a_stream_that_breaks_before_its_first_token_goes_on_elsewhere(
    lab: Lab, surface: str, how: str
) -> None:
    """BerriAI/litellm#40404: a closed socket, a stall or one bad line, and no fallback ran."""
    broken = await lab.vendor(broken_off(how, 0))
    good = await lab.vendor(GOOD)
    await lab.house(endpoint(broken, "first", first_byte_timeout_s=0.1), endpoint(good, "second"))
    answer = await ask(lab, surface)
    assert text(answer) == "Hello"
    assert answer.is_done
    tried = (await lab.receipt(answer))["tried"]
    assert [(each["endpoint"], bool(each["error"])) for each in tried] == [
        ("first", True),
        ("second", False),
    ]


@SURFACES
@pytest.mark.parametrize("how", BROKEN)
async def test_a_stream_that_breaks_after_its_first_token_says_so_and_is_not_begun_anew(
    lab: Lab, surface: str, how: str
) -> None:
    """BerriAI/litellm#40404, the other half: what has gone out cannot be taken back."""
    broken, good = await lab.vendor(broken_off(how, 2)), await lab.vendor(GOOD)
    await lab.house(endpoint(broken, "first"), endpoint(good, "second"))
    answer = await ask(lab, surface)
    assert text(answer) == "Hel"
    assert not answer.is_done
    codes = {
        "closed": "provider_truncated",
        "stalled": "provider_timeout",
        "malformed": "provider_garbled",
    }
    assert answer.error["code"] == codes[how]
    assert not good.heard


@SURFACES
async def test_what_a_broken_stream_used_is_in_the_books(lab: Lab, surface: str) -> None:
    """BerriAI/litellm#39462: its partial usage was not billed."""
    vendor = await lab.vendor(GOOD.cut(at=GOOD.after(3)))
    await lab.house(endpoint(vendor))
    receipt = await lab.receipt(await ask(lab, surface))
    assert receipt["error"] == "provider_truncated"
    assert receipt["usage"]["counted_by"] == "guess"
    assert receipt["usage"]["output"] >= 2
    assert receipt["cost"]["nusd"] > 0


@SURFACES
async def test_a_stream_that_had_only_said_who_speaks_is_followed_without_an_echo(
    lab: Lab, surface: str
) -> None:
    """BerriAI/litellm#32835: nothing had been generated, and the retry doubled the text."""
    broken, good = await lab.vendor(GOOD.cut(at=GOOD.after(1))), await lab.vendor(GOOD)
    await lab.house(endpoint(broken, "first"), endpoint(good, "second"))
    answer = await ask(lab, surface)
    assert text(answer) == "Hello"
    assert sum("role" in delta for delta in answer.deltas) <= 1
    assert answer.is_done


@SURFACES
@pytest.mark.parametrize("done", [0, 1])
async def test_an_answer_that_upstream_cut_off_never_ends_well(
    lab: Lab, surface: str, done: int
) -> None:
    """maximhq/bifrost#5665: a truncated answer was passed on with a clean `[DONE]`."""
    vendor = await lab.vendor(stream(*TEXT, done=done))
    await lab.house(endpoint(vendor))
    answer = await ask(lab, surface)
    assert text(answer) == "Hello"
    assert not answer.is_done
    assert answer.error["code"] == "provider_truncated"
    assert (await lab.receipt(answer))["finish"] == "error"


async def test_callers_that_leave_do_not_disturb_those_that_stay(lab: Lab) -> None:
    """maximhq/bifrost#6143: a stream that was cancelled raced with its own end."""
    long = stream(START, *[chunk(f"word {number} ") for number in range(200)], FINISH, COUNTS)
    vendor = await lab.vendor(long.stall(at=long.after(100)))
    await lab.house(endpoint(vendor, idle_timeout_s=5.0))
    gone = await asyncio.gather(*[lab.leave_after(500 * number) for number in range(1, 6)])
    for heard in vendor.heard:
        await heard.hung_up()
    for name in gone:
        receipt = await lab.receipt(name)
        assert (receipt["finish"], receipt["error"]) == ("caller_left", "caller_left")
    vendor.then(GOOD)
    answers = await asyncio.gather(*[lab.chat(stream=True) for _ in range(5)])
    assert [answer.said() for answer in answers] == ["Hello"] * 5


@SURFACES
async def test_a_large_body_is_streamed_like_a_small_one(lab: Lab, surface: str) -> None:
    """envoyproxy/ai-gateway#805: streams with a large body were answered 500."""
    vendor = await lab.vendor(stream(START, chunk("x" * 500_000), FINISH, COUNTS))
    await lab.house(endpoint(vendor))
    question = {"role": "user", "content": "y" * 3_000_000}
    asks = {"chat": lab.chat, "responses": lab.responses, "messages": lab.messages}
    answer = await asks[surface](question, stream=True)
    assert answer.status == 200
    assert len(text(answer)) == 500_000
    assert answer.is_done
    assert b"y" * 3_000_000 in vendor.heard[0].body


@SURFACES
async def test_a_stream_is_metered_though_nobody_asked_for_usage(lab: Lab, surface: str) -> None:
    """mozilla-ai/otari#256: a streamed answer counted as no tokens and no cost."""
    vendor = await lab.vendor(GOOD)
    await lab.house(endpoint(vendor))
    receipt = await lab.receipt(await ask(lab, surface))
    assert (receipt["usage"]["input"], receipt["usage"]["output"]) == (5, 2)
    assert receipt["usage"]["counted_by"] == "endpoint"
    assert receipt["cost"]["nusd"] == 5 * 1000 + 2 * 4000


@SURFACES
async def test_a_busy_endpoint_is_asked_again_and_the_caller_hears_one_answer(
    lab: Lab, surface: str
) -> None:
    """BerriAI/litellm#40404: what may pass is waited for, where there is nowhere else to go."""
    busy = refusal(429, "slow down", headers={"retry-after-ms": "20"})
    vendor = await lab.vendor(busy, refusal(503, "busy", headers={"retry-after-ms": "10"}), GOOD)
    await lab.house(endpoint(vendor), tries=2)
    answer = await ask(lab, surface)
    assert text(answer) == "Hello"
    tried = (await lab.receipt(answer))["tried"]
    assert [(each["error"], each["after_ms"]) for each in tried] == [
        ("provider_throttled", 0.0),
        ("provider_unavailable", 20.0),
        (None, 10.0),
    ]


@SURFACES
async def test_not_every_request_pays_for_an_endpoint_that_is_down(lab: Lab, surface: str) -> None:
    down, good = await lab.vendor(refusal(503, "down")), await lab.vendor(GOOD)
    await lab.house(endpoint(down, "first"), endpoint(good, "second"))
    answers = [await ask(lab, surface) for _ in range(5)]
    assert [text(answer) for answer in answers] == ["Hello"] * 5
    assert len(down.heard) == 3
    (aside,) = (await lab.receipt(answers[-1]))["aside"]
    assert (aside["endpoint"], aside["failures"]) == ("first", 3)


async def test_a_wait_that_is_too_long_is_the_callers_to_decide(lab: Lab) -> None:
    vendor = await lab.vendor(refusal(503, "down", headers={"retry-after": "120"}), whole())
    await lab.house(endpoint(vendor), tries=2)
    answer = await lab.chat(stream=True)
    assert (answer.status, answer.headers["retry-after"]) == (503, "120")
    assert len(vendor.heard) == 1


async def test_of_several_waits_that_are_too_long_the_caller_is_told_the_shortest(lab: Lab) -> None:
    """BerriAI/litellm#40404: no fallback is left, and when to come back is known."""
    waits = [await lab.vendor(refusal(429, headers={"retry-after": wait})) for wait in ("90", "60")]
    await lab.house(*[endpoint(each, f"far-{at}") for at, each in enumerate(waits)], tries=2)
    answer = await lab.chat(stream=True)
    assert (answer.status, answer.error["code"]) == (502, "exhausted")
    assert answer.headers["retry-after"] == "60"


async def test_a_caller_that_leaves_while_an_endpoint_is_waited_for_is_not_waited_with(
    lab: Lab,
) -> None:
    """maximhq/bifrost#6143: what was cancelled went on behind the caller's back."""
    vendor = await lab.vendor(refusal(429, headers={"retry-after": "5"}), GOOD)
    await lab.house(endpoint(vendor), tries=2)
    asking = asyncio.ensure_future(lab.chat(stream=True))
    async with asyncio.timeout(2):
        while not vendor.heard:  # noqa: ASYNC110 a vendor has no event for it
            await asyncio.sleep(0.002)
    asking.cancel()
    await lab.counted('jevons_answers_total{endpoint="none",finish="caller_left"} 1.0')
    assert len(vendor.heard) == 1


@SURFACES
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
async def test_a_stream_of_anthropics_reaches_every_caller(
    lab: Lab, surface: str, line_end: bytes
) -> None:
    """envoyproxy/ai-gateway#1894: 200 and not one byte of body, where a cloud streamed Claude."""
    said = {"type": "text", "text": "Hello"}
    counts = {"input_tokens": 5, "output_tokens": 2}
    vendor = await lab.vendor(claude(said, counts=counts, is_stream=True, line_end=line_end))
    await lab.house(endpoint(vendor, dialect="anthropic-messages"))
    answer = await ask(lab, surface)
    assert text(answer) == "Hello"
    assert answer.is_done
    receipt = await lab.receipt(answer)
    assert (receipt["usage"]["input"], receipt["usage"]["output"]) == (5, 2)
