"""Two cheap endpoints that agree replace a dear one: learned, certified, served and paid for."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from jevons.boot import open_house
from jevons.ledger.record import decode, unpack
from jevons.settings import AutoSettings, EndpointSettings, Settings
from jevons.store import PairRow, Pairs, chosen_records
from jevons.store.read import glance, segments
from jevons.store.schema import look_into
from jevons.testing import Vendor
from jevons.testing.make import a_price
from jevons.testing.reply import chunk, stream, usage, whole
from jevons.types.account import Certified, Intent, Receipt
from jevons.types.units import Priced

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from jevons.boot.house import House
    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CHEAP, DEAR = 30_000, 300_000
"""What an answer costs, nano-dollars: 20 tokens read and 5 written, at ten times the price."""


def question(number: int) -> str:
    number = 100 + number * 37 % 800
    return f"add {number} and {number + 1}: say only the sum"


def sums(heard: Heard) -> str:
    """Each cheap one errs on another seventh of all sums, in its own way; the dear one never does."""
    asked = json.loads(heard.body)
    words = asked["messages"][-1]["content"].split()
    first, second = int(words[1]), int(words[3].rstrip(":"))
    wrong = {"cheap": (0, 10), "local": (3, 20)}.get(asked["model"].rpartition("/")[2])
    is_wrong = wrong is not None and first % 7 == wrong[0]
    return f"{first + second + (wrong[1] if wrong is not None and is_wrong else 0):,}"


def answers(heard: Heard) -> Reply:
    said, counted = sums(heard), usage(20, 5)
    if not json.loads(heard.body).get("stream"):
        return whole(said, counted=counted)
    return stream(chunk(said[:1]), chunk(said[1:], finish="stop"), chunk(None, counted=counted))


def a_house(folder: Path, vendor: Vendor, **auto: Any) -> Settings:
    common: dict[str, Any] = {"url": vendor.url, "dialect": "openai-chat", "place": "on-prem"}
    prices = {"dear": ("10", "20"), "cheap": ("1", "2"), "local": ("1", "2")}
    usual: dict[str, Any] = {
        "reference": "dear",
        "arms": ("cheap+local",),
        "loss": 0.1,
        "learn": 40,
        "labels": 200,
        "holdout": 0.0,
    }
    return Settings(
        data_dir=folder,
        endpoint=tuple(
            EndpointSettings(name=name, model=f"a/{name}", price=a_price(*price), **common)
            for name, price in prices.items()
        ),
        auto=AutoSettings(**{**usual, **auto}),
    )


class Talk:
    """A client of a house."""

    def __init__(self, house: House, folder: Path, client: httpx2.AsyncClient) -> None:
        self.house, self.folder, self._client = house, folder, client
        self.key = (folder / "key").read_text().strip()
        self.gone = asyncio.Event()
        """Set once the client hangs up."""

    async def post(self, body: dict[str, Any], **headers: str) -> httpx2.Response:
        said = {"authorization": f"Bearer {self.key}", **headers}
        return await self._client.post("/v1/chat/completions", json=body, headers=said)

    async def ask(self, text: str, *, stream: bool = False, arm: str = "") -> httpx2.Response:
        body = {
            "model": "auto",
            "messages": [{"role": "user", "content": text}],
            **({"stream": True} if stream else {}),
        }
        return await self.post(body, **({"x-jevons-arm": arm} if arm else {}))

    async def get(self, path: str) -> Any:
        said = {"authorization": f"Bearer {self.key}"}
        answer = await self._client.get(path, headers=said)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def receipt(self, answer: httpx2.Response) -> dict[str, Any]:
        return (await self.get(f"/v1/receipts/{answer.headers['x-request-id']}"))["receipt"]


@pytest.fixture
async def vendor() -> AsyncGenerator[Vendor]:
    async with Vendor(answers) as vendor:
        yield vendor


async def talking(
    folder: Path, vendor: Vendor, act: Callable[[Talk], Any], **auto: Any
) -> list[Receipt | Certified | Any]:
    """Do something in an open house; read its books once it is closed."""
    async with open_house(a_house(folder, vendor, **auto)) as house:
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
        async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:
            await act(Talk(house, folder, client))
    return [*chosen_records(folder / "ledger.db")]


def graded(folder: Path) -> list[PairRow]:
    """Read what came of grading so far."""
    return [row for _, row in Pairs(folder / "ledger.db").after(0) if row.grades]


async def test_a_cascade_is_learned_certified_and_served_at_its_own_cost(
    tmp_path: Path, vendor: Vendor
) -> None:
    seen: list[tuple[str, str, int]] = []

    async def act(talk: Talk) -> None:
        first = await talk.ask(question(0))
        assert (first.headers["x-jevons-arm"], first.headers["x-jevons-chosen"]) == (
            "dear",
            "uncertified",
        )
        for number in range(3000):
            answer = await talk.ask(question(number))
            if answer.headers["x-jevons-arm"] == "cheap+local":
                break
            await asyncio.sleep(0.002)
        for number in range(60):
            answer = await talk.ask(question(number))
            words = question(number).split()
            right = f"{int(words[1]) + int(words[3].rstrip(':')):,}"
            assert answer.json()["choices"][0]["message"]["content"] == right
            if answer.headers["x-jevons-arm"] != "cheap+local":
                continue  # unlike what was graded
            line = json.loads(answer.headers["x-jevons-receipt"])
            assert line["arm"] == "cheap+local"
            assert answer.headers["x-jevons-certificate"]
            receipt = await talk.receipt(answer)
            costs = [each["cost"]["nusd"] for each in receipt["tried"]]
            assert sum(costs) == receipt["cost"]["nusd"] == line["cost_nusd"]
            seen.append((line["endpoint"], receipt["tried"][0]["draft"], line["cost_nusd"]))

    records = await talking(tmp_path, vendor, act, share=1.0)
    (certificate, *_) = [each for each in records if isinstance(each, Certified)]
    assert certificate.arms == ("dear", "cheap+local")
    assert certificate.bound <= 0.1
    taken = [each for each in seen if each == ("cheap", "taken", 2 * CHEAP)]
    differ = [each for each in seen if each == ("dear", "dropped", 2 * CHEAP + DEAR)]
    assert len(taken) + len(differ) == len(seen)
    assert len(taken) > len(differ) > 0
    rows = graded(tmp_path)
    assert {row.grades["cheap+local"] for row in rows} == {1.0}
    assert {row.costs["cheap+local"] for row in rows} == {2 * CHEAP, 2 * CHEAP + DEAR}
    assert {row.costs["dear"] for row in rows} == {DEAR}


async def test_a_stream_begins_once_both_agree_and_else_is_the_reference_s(
    tmp_path: Path, vendor: Vendor
) -> None:
    async def act(talk: Talk) -> None:
        named = "cheap+local"
        agreed = await talk.ask("add 100 and 900: say only the sum", stream=True, arm=named)
        assert [words(agreed), ended(agreed)] == ["1,000", True]
        line = told(agreed)
        assert (line["arm"], line["endpoint"], line["cost_nusd"]) == (
            "cheap+local",
            "cheap",
            2 * CHEAP,
        )
        # 98 is one of those at which `cheap` errs, and 100 none at which either does.
        differs = await talk.ask("add 98 and 2: say only the sum", stream=True, arm=named)
        assert [words(differs), ended(differs)] == ["100", True]
        line = told(differs)
        assert (line["endpoint"], line["cost_nusd"]) == ("dear", 2 * CHEAP + DEAR)
        assert (await talk.ask(question(0), arm="cheap+dear")).status_code == 403

    await talking(tmp_path, vendor, act)


def events(answer: httpx2.Response) -> list[Any]:
    lines = [
        line.removeprefix("data: ") for line in answer.text.splitlines() if line[:5] == "data:"
    ]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def words(answer: httpx2.Response) -> str:
    deltas = [choice["delta"] for each in events(answer) for choice in each["choices"]]
    return "".join(each.get("content") or "" for each in deltas)


def ended(answer: httpx2.Response) -> bool:
    return "data: [DONE]" in answer.text


def told(answer: httpx2.Response) -> dict[str, Any]:
    (line,) = [line for line in answer.text.splitlines() if line.startswith(": jevons ")]
    return json.loads(line.removeprefix(": jevons "))


async def test_a_client_that_leaves_amid_a_draft_leaves_no_intent_without_a_receipt(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    def slow(heard: Heard) -> Reply:
        model = json.loads(heard.body)["model"].rpartition("/")[2]
        asked.append(model)
        reply = answers(heard)
        return reply.stall(at=reply.after(1)) if model == "local" else reply

    async with Vendor(slow) as vendor:

        async def act(talk: Talk) -> None:
            leaving = asyncio.ensure_future(leave(talk))
            for _ in range(1000):
                if "local" in asked:
                    break
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.2)
            assert not leaving.done()
            talk.gone.set()
            await asyncio.wait_for(leaving, 5)

        records = await talking(tmp_path, vendor, act)
    (receipt,) = [each for each in records if isinstance(each, Receipt)]
    assert (receipt.finish, receipt.endpoint, receipt.chosen) == ("caller_left", None, "named")
    assert [each.endpoint for each in receipt.tried] == ["cheap", "local"]
    assert isinstance(receipt.cost, Priced)
    assert asked == ["cheap", "local"]
    assert sum(isinstance(each, Intent) for each in whole_ledger(tmp_path)) == 1


async def leave(talk: Talk) -> None:
    """Ask as a server would have a client do, and hang up when told to."""
    body = {
        "model": "auto",
        "stream": True,
        "messages": [{"role": "user", "content": question(0)}],
    }
    heard = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> Any:
        if heard:
            return heard.pop()
        await talk.gone.wait()
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {talk.key}".encode()),
            (b"x-jevons-arm", b"cheap+local"),
        ],
    }
    await talk.house.app(scope, receive, send)
    assert sent == [], "nothing of a draft went out"


def whole_ledger(folder: Path) -> list[Any]:
    with closing(look_into(folder / "ledger.db")) as connection, glance(connection):
        return [decode(leaf) for _, body in segments(connection) for leaf in unpack(body)]


async def test_auto_is_listed_for_whoever_may_use_its_reference(
    tmp_path: Path, vendor: Vendor
) -> None:
    async def act(talk: Talk) -> None:
        listed = (await talk.get("/v1/models"))["data"]
        assert [each["id"] for each in listed] == ["dear", "cheap", "local", "auto"]
        assert listed[-1]["owned_by"] == "jevons"
        assert await talk.get("/v1/models/auto") == listed[-1]

    await talking(tmp_path, vendor, act)


async def test_functions_and_json_are_graded_by_what_they_come_to(
    tmp_path: Path,
) -> None:
    def calls(heard: Heard) -> Reply:
        asked = json.loads(heard.body)
        model = asked["model"].rpartition("/")[2]
        counted = usage(20, 5)
        if "tools" not in asked:
            assert asked["response_format"]["type"] == "json_schema"
            said = {"dear": '{"sum": 3}', "cheap": '{ "sum": 3.0 }', "local": '{"sum": "3"}'}
            return whole(said[model], counted=counted)
        arguments = {"dear": '{"a":1}', "cheap": '{"a": 1}', "local": '{"a":2}'}[model]
        call = {
            "id": model,
            "type": "function",
            "function": {"name": "add", "arguments": arguments},
        }
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return whole(choices=[choice], counted=counted)

    schema = {
        "type": "object",
        "properties": {"sum": {"type": "number"}},
        "required": ["sum"],
    }
    bodies: list[dict[str, Any]] = [
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": {}}}]},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "s", "schema": schema},
            }
        },
    ]
    async with Vendor(calls) as vendor:

        async def act(talk: Talk) -> None:
            for body in bodies:
                said = [{"role": "user", "content": "1"}]
                answer = await talk.post({"model": "auto", "messages": said, **body})
                assert answer.status_code == 200, answer.text
            for _ in range(500):
                if len(graded(tmp_path)) == len(bodies):
                    break
                await asyncio.sleep(0.02)

        arms = ("cheap", "local", "cheap+local")
        await talking(tmp_path, vendor, act, share=1.0, arms=arms)
    rows = graded(tmp_path)
    assert [row.grades for row in rows] == [
        {"dear": 1.0, "cheap": 1.0, "local": 0.0, "cheap+local": 1.0}
    ] * 2
    assert [row.costs["cheap+local"] for row in rows] == [2 * CHEAP + DEAR] * 2


async def test_fields_that_do_not_count_do_not_in_grading_nor_in_serving(tmp_path: Path) -> None:
    def reasons(heard: Heard) -> Reply:
        model = json.loads(heard.body)["model"].rpartition("/")[2]
        said = json.dumps({"reasoning": f"as {model} sees it", "answer": 42})
        return whole(said, counted=usage(20, 5))

    async with Vendor(reasons) as vendor:

        async def act(talk: Talk) -> None:
            named = await talk.ask("how many?", arm="cheap+local")
            assert json.loads(named.headers["x-jevons-receipt"])["endpoint"] == "cheap"
            await talk.ask("how many?")
            for _ in range(500):
                if graded(tmp_path):
                    break
                await asyncio.sleep(0.02)

        await talking(tmp_path, vendor, act, share=1.0, ignore=("reasoning",))
    (row,) = graded(tmp_path)
    assert row.grades == {"dear": 1.0, "cheap+local": 1.0}
    assert row.costs["cheap+local"] == 2 * CHEAP
    assert row.models == {"dear": "a/dear", "cheap+local": "a/cheap+a/local without reasoning"}


async def test_an_effort_is_told_in_the_endpoint_s_words_and_stands_on_the_receipt(
    tmp_path: Path,
) -> None:
    told_effort: list[Any] = []

    def remember(heard: Heard) -> Reply:
        told_effort.append(json.loads(heard.body).get("reasoning_effort"))
        return answers(heard)

    async with Vendor(remember) as vendor:

        async def act(talk: Talk) -> None:
            low = await talk.ask(question(0), arm="dear@low")
            assert low.headers["x-jevons-arm"] == "dear@low"
            receipt = await talk.receipt(low)
            assert (receipt["arm"], receipt["endpoint"]) == ("dear@low", "dear")
            assert receipt["changed"] == ["thinking.effort: set to 'low', as its arm has it"]
            plain = await talk.ask(question(0))
            assert plain.headers["x-jevons-arm"] == "dear"

        await talking(tmp_path, vendor, act, arms=("dear@low",))
    assert told_effort == ["low", None]
