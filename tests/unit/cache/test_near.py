"""To what is like what was asked an answer is given under a certificate, and never else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.cache.answers import USED, an_answer
from tests.unit.cache.test_cache import REQUEST, Town, words

from jevons.cache.again import text_of
from jevons.cache.near import framed
from jevons.testing.make import a_request, an_actor, an_endpoint
from jevons.testing.reply import DONE, chunk
from jevons.types.decision import Verdict
from jevons.types.event import Finished, Frame, ReasoningDelta, Started, TextDelta
from jevons.types.message import Image, Message, Text
from jevons.types.request import Embed, Output, Sampling, Tool

if TYPE_CHECKING:
    from collections.abc import Collection

    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio

VERDICT = Verdict(endpoints=(an_endpoint(),), rules=("allow",), policy="00" * 32)


class Spot(NamedTuple):
    name: bytes
    likeness: float


class Knows:
    """Takes the last question for the one that is most like any, and is told what to give."""

    def __init__(self) -> None:
        self.certificate = ""
        self.kept: list[tuple[bytes, str, bytes]] = []
        self.labels: list[tuple[float, str, bool]] = []

    def find(self, frame: bytes, text: str) -> Spot | None:
        alike = [name for other, _, name in self.kept if other == frame]
        return Spot(alike[-1], 0.9) if alike else None

    def add(self, frame: bytes, text: str, name: bytes) -> None:
        self.kept.append((frame, text, name))

    def keep_only(self, names: Collection[bytes]) -> None:
        self.kept = [each for each in self.kept if each[2] in names]

    def core(self, answer: str) -> str:
        return answer if len(answer) < 9 else ""

    def gives(self, likeness: float, request: str) -> str:
        return self.certificate

    def compare(self, likeness: float, request: str, *, same: bool) -> None:
        self.labels.append((likeness, request, same))


def asking(text: str, **fields: Any) -> Generate:
    return a_request(text, **{"actor": an_actor(), **fields})


async def test_without_a_certificate_it_is_asked_anew_and_held_against_what_is_said() -> None:
    near = Knows()
    town = Town(near=near)
    await town.ask(asking("What is 2 + 2?"))
    assert near.labels == []
    receipt = await town.ask(asking("what is 2 + 2"))
    assert (receipt.repeats, town.asked) == ("", 2)
    assert near.labels == [(0.9, "req_2", True)]
    assert (await town.ask(asking("what is 2 + 2"))).repeats == "req_2", "the same is the same"
    assert len(near.labels) == 1


async def test_under_one_it_is_given_and_the_receipt_names_it() -> None:
    near = Knows()
    town = Town(near=near)
    first = await town.ask(asking("What is 2 + 2?"))
    near.certificate = "cert_like"
    receipt = await town.ask(asking("what is 2 + 2"))
    assert (receipt.repeats, receipt.certificate, receipt.likeness) == (first.id, "cert_like", 0.9)
    assert receipt.why.startswith("something like it (0.900 of 1) was asked 0 s ago")
    assert (words(town.listener.heard), town.asked, near.labels) == ("hello", 1, [])
    fresh = await town.ask(asking("what is 2 + 2", cache="renew"))
    assert (fresh.repeats, near.labels) == ("", []), "whoever asks anew is not drawn by lot"


async def test_an_answer_that_cannot_be_compared_is_given_to_nothing_like_it() -> None:
    near = Knows()
    near.certificate = "cert_like"
    town = Town(TextDelta("a long answer"), near=near)
    await town.ask(asking("What is 2 + 2?"))
    assert not (await town.ask(asking("what is 2 + 2"))).repeats
    assert (near.kept, near.labels) == ([], [])


async def test_what_is_forgotten_is_found_by_nothing() -> None:
    near = Knows()
    town = Town(near=near)
    await town.ask(asking("What is 2 + 2?"))
    ((_, _, name),) = near.kept
    town.memory.drop(name)
    assert not (await town.ask(asking("what is 2 + 2"))).repeats
    assert near.labels == []
    assert [each[1] for each in near.kept] == ["What is 2 + 2?", "what is 2 + 2"]
    town.cache.expire()
    assert [each[1] for each in near.kept] == ["what is 2 + 2"]
    town.bad.add("key_1")
    town.cache.forget()
    assert near.kept == []


async def test_what_is_asked_in_no_plain_words_is_like_nothing() -> None:
    near = Knows()
    town = Town(near=near)
    request = asking("What is 2 + 2?", tools=(Tool(name="a"),))
    await town.ask(request)
    await town.ask(replace(request, tools=(Tool(name="b"),)))
    assert (near.kept, near.labels, len(town.memory)) == ([], [], 2)


def turn(*parts: Any, **fields: Any) -> tuple[Message, ...]:
    return (Message(role="user", parts=parts, **fields),)


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": ()},
        {"messages": (Message(role="assistant", parts=(Text(text="a"),)),)},
        {"messages": turn(Text(text="a"), Text(text="b"))},
        {"messages": turn(Text(text="a"), name="Anna")},
        {"messages": turn(Text(text="a"), extra={"a": msgspec.Raw(b"1")})},
        {"messages": turn(Text(text="a", extra={"a": msgspec.Raw(b"1")}))},
        {"messages": turn(Image(url="data:,"))},
        {"embed": Embed()},
        {"sampling": Sampling(logprobs=True)},
        {"needs": frozenset({"text", "logprobs"})},
        {"keep": True},
    ],
)
def test_only_plain_words_are_held_against_others(fields: dict[str, Any]) -> None:
    assert framed(asking("a", **fields), VERDICT) is None


def test_all_but_the_last_words_has_to_be_the_same() -> None:
    def frame(request: Generate) -> bytes:
        found = framed(request, VERDICT)
        assert found is not None
        return found[0]

    said = Message(role="system", parts=(Text(text="Be brief."),))
    last = REQUEST.messages
    assert framed(asking("hello"), VERDICT) == (frame(asking("bye")), "hello")
    others = [
        asking("hello", messages=(said, *last)),
        asking("hello", output=Output(kind="json"), needs=frozenset({"text", "json"})),
        asking("hello", actor=an_actor(account=("other",))),
        asking("hello", sampling=Sampling(max_tokens=5)),
    ]
    assert len({frame(each) for each in (REQUEST, *others)}) == 5


END = Finished(reason="stop", usage=USED)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ({"closing": (Started(), TextDelta("a"), TextDelta("b", block=1), END)}, "ab"),
        (
            {
                "stream": True,
                "closing": (Frame(b"".join((chunk("4"), chunk(finish="stop"), DONE))),),
            },
            "4",
        ),
        ({"stream": True, "closing": (Frame(b"data: {"),)}, None),
        ({"closing": (ReasoningDelta("hm"), TextDelta("a"), END)}, None),
    ],
)
def test_text_is_read_where_there_is_nothing_else(heard: dict[str, Any], said: str | None) -> None:
    assert text_of(an_answer(**heard)) == said
