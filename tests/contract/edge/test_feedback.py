"""Who asked says how good an answer was; nobody else can, and what is no word changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI

from jevons.types.account import Feedback
from jevons.types.errors import ProviderUnavailable

if TYPE_CHECKING:
    from conftest import House, Reply

pytestmark = pytest.mark.anyio


async def say(house: House, said: object, *, key: str | None = None) -> Reply:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return await house.ask("POST", "/v1/feedback", body, key=key or house.key)


def words(house: House) -> list[Feedback]:
    return [each for each in house.book.records if isinstance(each, Feedback)]


async def answered(house: House) -> str:
    return (await house.chat()).headers["x-request-id"]


@pytest.mark.parametrize(
    ("said", "score"), [({"score": 0.25}, 0.25), ({"thumbs": "up"}, 1.0), ({"thumbs": "down"}, 0.0)]
)
async def test_a_word_of_who_asked_is_in_the_books(
    house: House, said: dict[str, Any], score: float
) -> None:
    asked = await answered(house)
    reply = await say(house, {"receipt": asked, **said})
    assert (reply.status, reply.json) == (
        200,
        {"object": "feedback", "receipt": asked, "score": score},
    )
    (word,) = words(house)
    assert (word.receipt, word.key, word.endpoint, word.score) == (asked, "key_1", "here", score)


async def test_each_word_is_on_record_the_last_one_last(house: House) -> None:
    asked = await answered(house)
    for score in (1, 0):
        assert (await say(house, {"receipt": asked, "score": score})).status == 200
    assert [each.score for each in words(house)] == [1.0, 0.0]


async def test_a_comment_is_nowhere_and_its_writer_is_told_so(house: House) -> None:
    asked = await answered(house)
    reply = await say(house, {"receipt": asked, "thumbs": "up", "comment": "by Ada Lovelace"})
    assert reply.json["comment"] == "not kept"
    assert "Lovelace" not in repr(house.book.records)


async def test_what_another_asked_and_what_nobody_did_are_not_found_in_the_same_words(
    house: House,
) -> None:
    house.stage.act = house.fails(ProviderUnavailable("down"))
    failed = (await house.chat()).headers["x-request-id"]
    house.stage.act = house.answers()
    asked = await answered(house)
    told = {
        name: await say(house, {"receipt": name, "score": 1}, key=key)
        for name, key in ((asked, house.other), ("req_nobody", house.key), (failed, house.key))
    }
    assert {each.status for each in told.values()} == {404}
    said = {each.json["error"]["message"].replace(name, "it") for name, each in told.items()}
    assert said == {"no answer 'it' of this key"}
    assert words(house) == []


async def test_without_a_good_key_nothing_is_read(house: House) -> None:
    asked = await answered(house)
    for key in ("jv_nobody", "jv_revoked"):
        assert (await say(house, {"receipt": asked, "score": 1}, key=key)).status == 401
    assert (await house.ask("GET", "/v1/feedback", key=house.key)).status == 405
    assert words(house) == []


@pytest.mark.parametrize(
    "said",
    [
        {"score": 1},
        {"receipt": "", "score": 1},
        {"receipt": "r" * 65, "score": 1},
        {"receipt": 7, "score": 1},
        {"receipt": "req_1"},
        {"receipt": "req_1", "score": 1.01},
        {"receipt": "req_1", "score": -0.0001},
        {"receipt": "req_1", "score": True},
        {"receipt": "req_1", "score": "1"},
        {"receipt": "req_1", "thumbs": "sideways"},
        {"receipt": "req_1", "score": 1, "thumbs": "up"},
        {"receipt": "req_1", "score": 1, "by": "somebody"},
        {"receipt": "req_1", "score": 1, "comment": "c" * 4001},
        b'{"receipt": "req_1", "score": NaN}',
        b'{"receipt": "req_1", "score": 1e999}',
        b'{"receipt": "\xff", "score": 1}',
        b"[",
        b"",
        [],
    ],
)
async def test_what_is_no_word_is_refused(house: House, said: object) -> None:
    reply = await say(house, said)
    assert (reply.status, reply.json["error"]["code"]) == (400, "malformed")
    assert words(house) == []


async def test_a_long_word_is_not_read(house: House) -> None:
    reply = await say(house, b" " * 16_385)
    assert reply.status == 413


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.text(max_size=80).map(lambda each: json.dumps({"receipt": each, "score": 1}).encode())
)
async def test_whatever_is_sent_is_answered_by_the_house_s_own_words(
    house: House, said: bytes
) -> None:
    reply = await say(house, said)
    assert reply.status in {400, 404}
    assert words(house) == []


async def test_the_openai_client_can_say_it_too(house: House) -> None:
    async with AsyncOpenAI(base_url=house.url, api_key=house.key, max_retries=0) as client:
        answer = await client.chat.completions.create(
            model="here", messages=[{"role": "user", "content": "Hi"}]
        )
        asked = answer._request_id  # pyright: ignore[reportPrivateUsage] public, says its README
        told: Any = await client.post(
            "/feedback", body={"receipt": asked, "thumbs": "up"}, cast_to=object
        )
    assert told == {"object": "feedback", "receipt": asked, "score": 1.0}
