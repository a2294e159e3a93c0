"""The same request, asked of a real server directly and through us, means the same.

llama.cpp's server speaks all three dialects itself, so we stand in front of each of them, and
callers ask in each of them: nine pairs, whole and streamed, held to what that server says in the
endpoint's own dialect.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from tests.contract.clients.front import opened_before
from tests.contract.clients.meaning import (
    PATHS,
    Meaning,
    Wanted,
    ask_in,
    meaning_of,
    meaning_of_stream,
)
from tests.contract.providers.served import KEY, pulled, served

from jevons.settings import EndpointSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.clients.front import Front

    from jevons.types.request import Dialect

pytestmark = pytest.mark.slow

DIALECTS: tuple[Dialect, ...] = ("openai-chat", "openai-responses", "anthropic-messages")
TEMPLATE = """\
{%- if tools %}<|im_start|>system
You may call functions: <tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>
Call one as <tool_call>{"name": <name>, "arguments": <object>}</tool_call><|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}{% for call in message.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""The model's own has no place for tools."""

VISITS = tuple(
    [
        turn
        for city in ("Rome", "Bath")
        for turn in (
            ("user", f"Visit {city}."),
            ("call", json.dumps({"city": city})),
            ("result", "done"),
        )
    ]
)
CITIES = ["Bath", "Rome"]
BRIEF = Wanted(said=(("user", "Bath or Rome?"),), most=12)
CUT = Wanted(said=(("user", "Count to three."),), most=5)
TOLD = Wanted(
    system="Be kind.",
    said=(("user", "Hello."), ("assistant", "Hello! Where to?"), ("user", "Bath or Rome?")),
    most=8,
)
SHAPED = Wanted(said=(("user", "Bath or Rome?"),), most=8, shape={"enum": CITIES})
CALLS = Wanted(
    said=(*VISITS, ("user", "Visit Bath.")),
    most=40,
    tool={"type": "object", "properties": {"city": {"enum": CITIES}}, "required": ["city"]},
)


class Server:
    """The real server, and us in front of it, one endpoint for each of its dialects."""

    def __init__(self, direct: str, front: Front) -> None:
        self._direct = _client(direct, KEY)
        self._through = _client(front.root, front.key)
        self._known: dict[tuple[str, int], Meaning] = {}

    def direct(self, dialect: str, wanted: Wanted) -> Meaning:
        """Ask it, once for all who want to know."""
        key = dialect, id(wanted)
        if key not in self._known:
            self._known[key] = _ask(self._direct, dialect, wanted, model="small", stream=False)
        return self._known[key]

    def streamed(self, dialect: str, wanted: Wanted) -> Meaning:
        """Ask it for a stream."""
        return _ask(self._direct, dialect, wanted, model="small", stream=True)

    def through(self, surface: str, dialect: str, wanted: Wanted, *, stream: bool) -> Meaning:
        """Ask us, on one surface, for the endpoint of one dialect."""
        return _ask(self._through, surface, wanted, model=dialect, stream=stream)

    def close(self) -> None:
        self._direct.close()
        self._through.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        pytest.MonkeyPatch.context() as patched,
        served(str(pulled()), TEMPLATE) as address,
        start_blocking_portal(name="jevons") as portal,
    ):
        patched.setenv("LLAMA_KEY", KEY)
        endpoints = [_endpoint(address, dialect) for dialect in DIALECTS]
        opening = opened_before(endpoints, tmp_path_factory.mktemp("differential"))
        with portal.wrap_async_context_manager(opening) as front:
            server = Server(address, front)
            yield server
            server.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("surface", DIALECTS)
@pytest.mark.parametrize("wanted", [BRIEF, CUT, TOLD], ids=["brief", "cut", "told"])
def test_text_finish_and_usage(
    server: Server, wanted: Wanted, surface: str, dialect: str, *, stream: bool
) -> None:
    told = server.direct(dialect, wanted)
    assert told.text
    assert server.through(surface, dialect, wanted, stream=stream) == told


@pytest.mark.parametrize("wanted", [BRIEF, CUT, TOLD], ids=["brief", "cut", "told"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_server_says_the_same_in_each_dialect(
    server: Server, dialect: str, wanted: Wanted
) -> None:
    """Else holding us to each of them would show less than it seems to."""
    told, chat = server.direct(dialect, wanted), server.direct("openai-chat", wanted)
    assert server.streamed(dialect, wanted) == told
    if dialect == "openai-responses" and chat.finish == "length":
        told = told._replace(finish="length")  # it calls an answer that was cut off `completed`
    assert told == chat


@pytest.mark.parametrize("surface", DIALECTS)
def test_json_of_a_shape(server: Server, surface: str) -> None:
    """In chat: in its other dialects the server takes a shape and forgets it."""
    told = server.direct("openai-chat", SHAPED)
    assert json.loads(told.text) in CITIES
    assert server.through(surface, "openai-chat", SHAPED, stream=True) == told


@pytest.mark.parametrize(
    ("surface", "dialect", "stream"),
    [
        ("openai-chat", "openai-chat", True),
        ("openai-responses", "openai-chat", True),
        ("openai-chat", "anthropic-messages", False),
        ("anthropic-messages", "openai-responses", True),
    ],
)
def test_calls_of_a_tool(server: Server, surface: str, dialect: str, *, stream: bool) -> None:
    told = server.direct("openai-chat", CALLS)
    assert (told.finish, told.calls) == ("tool_calls", (("visit", '{"city":"Bath"}'),))
    assert server.through(surface, dialect, CALLS, stream=stream) == told


def _client(url: str, key: str) -> httpx2.Client:
    told = {"authorization": f"Bearer {key}"}
    fresh = httpx2.Limits(max_keepalive_connections=0)  # the server ends idle ones as they are used
    return httpx2.Client(base_url=url, headers=told, timeout=60, limits=fresh)


def _endpoint(address: str, dialect: Dialect) -> EndpointSettings:
    return EndpointSettings(
        name=dialect,
        model=f"small/{dialect}",
        url=address if dialect == "anthropic-messages" else f"{address}/v1",
        dialect=dialect,
        upstream_model="small",
        api_key="env:LLAMA_KEY",
        place="on-prem",
        can=("text", "tools", "json", "json_schema"),
    )


def _ask(
    client: httpx2.Client, dialect: str, wanted: Wanted, *, model: str, stream: bool
) -> Meaning:
    asked = ask_in(dialect, wanted, model=model, stream=stream)
    answer = client.post(PATHS[dialect], json=asked)
    assert answer.status_code == 200, answer.text
    return (
        meaning_of_stream(dialect, answer.content) if stream else meaning_of(dialect, answer.json())
    )
