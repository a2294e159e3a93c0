"""The same is asked twice, and answered once: in any dialect, whole or as a stream."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
import msgspec
import pytest
from click.testing import CliRunner

from jevons.boot import open_house
from jevons.cache import AnswerCache
from jevons.cli import main
from jevons.settings import AutoSettings, CacheSettings, EndpointSettings, Settings
from jevons.store import erase
from jevons.testing import Vendor
from jevons.testing.make import a_price
from jevons.testing.reply import chunk, respond, stream, usage, whole
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.boot import House
    from jevons.testing import Heard
    from jevons.testing.reply import Reply
    from jevons.types.decision import Remembered

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SAID = [{"role": "user", "content": "What is 2 + 2?"}]
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"


EXACT = CacheSettings(mode="exact")
NO_AUTO = AutoSettings()


class Talker:
    """A model that says another number each time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, heard: Heard) -> Reply:
        self.asked += 1
        if heard.path.endswith("/embeddings"):
            vector = {"object": "embedding", "index": 0, "embedding": [0.5, self.asked]}
            return respond(
                msgspec.json.encode({"data": [vector], "model": "m", "usage": usage(3, 0)})
            )
        words = ["It is", f" {self.asked}", "."]
        if json.loads(heard.body).get("stream"):
            pieces = [chunk(word) for word in words]
            return stream(*pieces, chunk(finish="stop"), chunk(counted=usage(20, 5)))
        return whole("".join(words), counted=usage(20, 5))


class Town(NamedTuple):
    """A house, who answers behind it, and who asks before it."""

    house: House
    talker: Talker
    client: httpx2.AsyncClient

    async def ask(
        self, path: str = CHAT, *, headers: dict[str, str] | None = None, **fields: Any
    ) -> httpx2.Response:
        said: dict[str, Any] = {"model": "a/dear", **fields}
        if path == RESPONSES:
            said.setdefault("input", SAID[0]["content"])
            said.setdefault("store", False)
        else:
            said.setdefault("messages", SAID)
        answer = await self.client.post(path, json=said, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    async def receipt(self, answer: httpx2.Response) -> dict[str, Any]:
        name = answer.headers["x-request-id"]
        found = await self.client.get(f"/v1/receipts/{name}")
        return found.json()["receipt"]


@asynccontextmanager
async def town(
    folder: Path, cache: CacheSettings = EXACT, auto: AutoSettings = NO_AUTO
) -> AsyncGenerator[Town]:
    talker = Talker()
    async with Vendor(talker) as vendor:
        settings = Settings(
            data_dir=folder,
            cache=cache,
            auto=auto,
            endpoint=(
                EndpointSettings(
                    name="dear",
                    model="a/dear",
                    price=a_price("10", "20"),
                    url=vendor.url,
                    dialect="openai-chat",
                    place="DE",
                    can=("text", "tools", "embedding"),
                ),
            ),
        )
        async with open_house(settings) as house:
            key = (folder / "key").read_text().strip()
            transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
            async with httpx2.AsyncClient(
                transport=transport,
                base_url="http://house",
                headers={"authorization": f"Bearer {key}"},
            ) as client:
                yield Town(house, talker, client)


def is_hit(answer: httpx2.Response) -> bool:
    return answer.headers.get("x-jevons-cache") == "hit" and answer.headers["age"].isdigit()


async def test_what_was_answered_is_answered_again_and_costs_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        first, second = await there.ask(), await there.ask()
        assert not is_hit(first)
        assert "age" not in first.headers
        assert is_hit(second)
        assert second.content == first.content
        assert there.talker.asked == 1

        earlier, receipt = await there.receipt(first), await there.receipt(second)
        assert earlier["cost"]["nusd"] > 0
        assert receipt["repeats"] == earlier["id"]
        assert receipt["cost"]["nusd"] == receipt["energy_mj"]["p95"] == 0
        assert receipt["usage"]["counted_by"] == "cache"
        assert receipt["chosen"] == receipt["endpoint"] == "cache"
        assert (receipt["model"], receipt["place"]) == ("a/dear", "on-prem")
        assert receipt["why"].startswith("the same was asked 0 s ago; the answer of receipt req_")
        assert receipt["charged"] == {"cost_nusd": 0, "energy_mj": 0, "carbon_ug": 0}
        assert json.loads(second.headers["x-jevons-receipt"])["cost_nusd"] == 0


async def test_in_a_house_with_auto_it_is_so_for_auto_unless_something_else_is_said(
    tmp_path: Path,
) -> None:
    auto = AutoSettings(reference="dear")
    async with town(tmp_path, CacheSettings(), auto) as there:
        first, again = await there.ask(model="auto"), await there.ask(model="auto")
        assert first.headers["x-jevons-chosen"] == "uncertified"
        assert (is_hit(again), again.headers["x-jevons-chosen"]) == (True, "cache")
        named = [is_hit(await there.ask(model="dear")) for _ in range(2)]
        assert (named, there.talker.asked) == ([False, False], 3)
    async with town(tmp_path, CacheSettings(models="all"), auto) as there:
        assert [is_hit(await there.ask(model="dear")) for _ in range(2)] == [False, True]
    async with town(tmp_path, CacheSettings(mode="off"), auto) as there:
        assert [is_hit(await there.ask(model="auto")) for _ in range(2)] == [False, False]
    async with town(tmp_path, CacheSettings()) as there:
        assert [is_hit(await there.ask()) for _ in range(2)] == [False, False]


async def test_no_endpoint_has_the_name_that_receipts_give_to_memory(tmp_path: Path) -> None:
    endpoint = EndpointSettings(
        name="cache", model="a/dear", url="http://127.0.0.1:1/v1", dialect="openai-chat", place="DE"
    )
    settings = Settings(data_dir=tmp_path, cache=EXACT, endpoint=(endpoint,))
    with pytest.raises(Misconfigured, match="rename it"):
        async with open_house(settings):
            pass


async def test_vectors_are_given_again_to_the_same_text_in_the_same_shape(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        first = await there.ask("/v1/embeddings", input="hello", messages=None)
        again = await there.ask("/v1/embeddings", input="hello", messages=None)
        assert (is_hit(again), again.content) == (True, first.content)
        other = await there.ask(
            "/v1/embeddings", input="hello", messages=None, encoding_format="base64"
        )
        assert not is_hit(other)


async def test_a_stream_is_given_again_as_it_came(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        first, second = await there.ask(stream=True), await there.ask(stream=True)
        assert is_hit(second)
        assert words_of(second) == words_of(first) == "It is 1."
        assert said(second) == said(first)
        assert ': jevons {"receipt":' in second.text
        assert there.talker.asked == 1


@pytest.mark.parametrize("first", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize("second", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize(("was_stream", "is_stream"), [(False, True), (True, False), (True, True)])
async def test_it_is_given_in_the_dialect_of_whoever_asks(
    tmp_path: Path, *, first: str, second: str, was_stream: bool, is_stream: bool
) -> None:
    async with town(tmp_path) as there:
        for path, streams in ((first, was_stream), (second, is_stream)):
            name = "max_output_tokens" if path == RESPONSES else "max_tokens"
            answer = await there.ask(path, stream=streams, headers={}, **{name: 100})
            assert words_of(answer) == "It is 1."
            assert counted(answer) in {(20, 5), None}
        assert is_hit(answer)
        assert there.talker.asked == 1


async def test_whoever_wants_another_answer_gets_one(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        await there.ask()
        anew = await there.ask(headers={"cache-control": "no-cache"})
        assert (words_of(anew), is_hit(anew)) == ("It is 2.", False)
        assert words_of(await there.ask()) == "It is 2."
        secret = await there.ask(headers={"cache-control": "no-store"})
        assert (words_of(secret), is_hit(secret)) == ("It is 3.", False)
        assert words_of(await there.ask()) == "It is 2."
        assert words_of(await there.ask(user="somebody else")) == "It is 4."
        assert words_of(await there.ask(temperature=0.5)) == "It is 5."


async def test_an_answer_goes_with_the_key_that_asked(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        keys = there.house.books.keys
        other = await keys.create("another")
        apart = await keys.create("of another account", account=("elsewhere", "main"))
        headers = {"authorization": f"Bearer {other.secret}"}
        assert not is_hit(await there.ask(headers=headers))
        assert is_hit(await there.ask())
        stranger = {"authorization": f"Bearer {apart.secret}"}
        assert not is_hit(await there.ask(headers=stranger))
        await erase(there.house.books, None, other.actor.key)
        await asyncio.sleep(0)
        assert [each.key for each in remembered(there.house).values()] == [apart.actor.key]
        assert not is_hit(await there.ask())


async def test_a_key_that_another_process_revokes_takes_its_answers_along(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        other = await there.house.books.keys.create("another")
        await there.ask(headers={"authorization": f"Bearer {other.secret}"})
        assert len(remembered(there.house)) == 1
        await asyncio.to_thread(report, tmp_path, "keys", "revoke", other.actor.key)
        async with asyncio.timeout(10):
            while remembered(there.house):  # noqa: ASYNC110 the server looks once a second
                await asyncio.sleep(0.05)


async def test_reports_tell_it_apart(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        for _ in range(4):
            await there.ask()
    told = report(tmp_path, "report", "spend", "--by", "endpoint")
    rows = {row["endpoint"]: row for row in told}
    assert (rows["dear"]["requests"], rows["cache"]["requests"]) == (1, 3)
    assert rows["cache"]["cost_nusd"] == 0
    told = report(tmp_path, "report", "auto")
    assert (told["repeated"], told["chosen"]) == (3, {"cache": 3})
    assert told["spared_nusd"] == 3 * 300_000


def remembered(house: House) -> dict[bytes, Remembered]:
    cache = house.rooms.providers["cache"]
    assert isinstance(cache, AnswerCache)
    return cache.memory.answers()


def report(folder: Path, *words: str) -> Any:
    """Ask the books, as whoever runs the house would."""
    (folder / "jevons.toml").write_text(f'data_dir = "{folder}"\n')
    asked = [*words, "--json", "--config", str(folder / "jevons.toml")]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(answer: httpx2.Response) -> list[str]:
    """All but the receipt's line."""
    return [line for line in answer.text.splitlines() if not line.startswith(":")]


def words_of(answer: httpx2.Response) -> str:
    """Read what was said, in whatever dialect."""
    if "event-stream" not in answer.headers["content-type"]:
        body = answer.json()
        if "choices" in body:
            return body["choices"][0]["message"]["content"]
        if "output" in body:
            return body["output"][0]["content"][0]["text"]
        return body["content"][0]["text"]
    text = ""
    for event in events_of(answer):
        for choice in event.get("choices", ()):
            text += str(choice["delta"].get("content") or "")
        delta: Any = event.get("delta")
        if event.get("type") == "response.output_text.delta":
            text += delta
        elif event.get("type") == "content_block_delta":
            text += delta["text"]
    return text


def counted(answer: httpx2.Response) -> tuple[int, int] | None:
    """Read what usage it tells."""
    if "event-stream" in answer.headers["content-type"]:
        return None
    told = answer.json()["usage"]
    both = ("prompt_tokens", "completion_tokens")
    names = both if "prompt_tokens" in told else ("input_tokens", "output_tokens")
    return told[names[0]], told[names[1]]
