"""A server killed under load: what was answered has its receipt, what left has its intent.

Whole and streamed requests go through a real server to an upstream that remembers what it
was asked. The server is killed at random moments and started again on the same ledger.
`JEVONS_KILLS` says how often (`make kill`: 100).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import pytest

from jevons.clock import SystemClock, Ulids
from jevons.ledger.commitment import commit
from jevons.ledger.record import decode
from jevons.store import Books, export, verify
from jevons.store.export import load
from jevons.types.account import Intent, Receipt

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.types.actor import Actor

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KILLS = int(os.environ.get("JEVONS_KILLS", "4"))
CALLERS = 12

CHUNK = '{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}'
LAST = '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
USAGE = '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}'
WHOLE = (
    '{"choices":[{"index":0,"message":{"role":"assistant","content":"aaaa"},'
    '"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}'
)


class Answered(NamedTuple):
    """An answer that came whole."""

    request: str
    body: bytes


class Round(NamedTuple):
    """What happened between a start and a kill."""

    sent: dict[str, bytes]
    """Bodies by their marker."""
    answered: list[Answered]


async def upstream(
    heard: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer requests on one connection, slowly enough to be killed in the middle."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            heard.append(body["messages"][0]["content"])
            if body.get("stream"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
                writer.write(b"connection: close\r\n\r\n")
                for data in (CHUNK, CHUNK, CHUNK, CHUNK, LAST, USAGE, "[DONE]"):
                    writer.write(f"data: {data}\n\n".encode())
                    await asyncio.sleep(0.004)
                return
            await asyncio.sleep(0.01)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE.encode()))
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


@asynccontextmanager
async def serving(config: Path) -> AsyncGenerator[tuple[asyncio.subprocess.Process, int]]:
    """Run a server; it is killed at the end unless it has ended by itself."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jevons", "serve", "--no-engine", "--json"),
        *("--config", str(config), "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    try:
        line = await asyncio.wait_for(child.stdout.readline(), 30)
        yield child, int(re.findall(rb":(\d+)/v1", line)[0])
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def ask(port: int, key: str, body: bytes) -> Answered | None:
    """Ask once; None if the answer did not come whole."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return None
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        b"authorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b"
        % (key.encode(), len(body), body)
    )
    try:
        said = await reader.read(-1)
    except ConnectionError:
        return None
    finally:
        writer.close()
    head, _, payload = said.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        return None
    request = re.findall(rb"x-request-id: (\S+)", head)[0].decode()
    if b"chunked" in head:
        payload, whole = dechunked(payload)
        if not whole or not payload.endswith(b"data: [DONE]\n\n"):
            return None
        return Answered(request, re.sub(rb": jevons [^\n]*\n\n", b"", payload))
    length = int(re.findall(rb"content-length: (\d+)", head)[0])
    return Answered(request, payload) if len(payload) == length else None


def dechunked(payload: bytes) -> tuple[bytes, bool]:
    """Undo chunked coding; say whether its end came."""
    parts: list[bytes] = []
    while payload:
        size, _, rest = payload.partition(b"\r\n")
        count = int(size or b"0", 16)
        if count == 0:
            return b"".join(parts), size == b"0"
        parts.append(rest[:count])
        payload = rest[count + 2 :]
    return b"".join(parts), False


async def call(port: int, key: str, round_: Round, number: int, dead: asyncio.Event) -> None:
    """Ask again and again until the server is dead."""
    dice = random.Random()
    while not dead.is_set():
        marker = f"m{number}-{dice.getrandbits(64):x}"
        asked = {
            "model": "an/endpoint",
            "stream": dice.random() < 0.5,
            "messages": [{"role": "user", "content": marker}],
        }
        body = json.dumps(asked).encode()
        round_.sent[marker] = body
        answered = await ask(port, key, body)
        if answered is None:
            await asyncio.sleep(0.01)
        else:
            round_.answered.append(answered)


async def killed(config: Path, key_file: Path, after_s: float) -> Round:
    """Start a server, put load on it, kill it after a while."""
    round_ = Round({}, [])
    dead = asyncio.Event()
    async with serving(config) as (child, port):
        key = key_file.read_text().strip()  # noqa: ASYNC240 a few bytes, once a kill
        callers = [
            asyncio.ensure_future(call(port, key, round_, number, dead))
            for number in range(CALLERS)
        ]
        await asyncio.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        await child.wait()
        dead.set()
        await asyncio.gather(*callers)
    return round_


@pytest.mark.parametrize("level", ["disk", "os"])
async def test_a_server_killed_under_load_has_lost_nothing(tmp_path: Path, level: str) -> None:
    heard: list[str] = []
    server = await asyncio.start_server(
        lambda reader, writer: upstream(heard, reader, writer), "127.0.0.1", 0
    )
    config = tmp_path / "jevons.toml"
    config.write_text(
        f'data_dir = "{tmp_path}"\n[ledger]\ncommit = "{level}"\n'
        f'[[endpoint]]\nname = "here"\nmodel = "an/endpoint"\nplace = "on-prem"\n'
        f'url = "http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"\n'
    )
    dice = random.Random()
    moments = [dice.uniform(0.02, 0.5) for _ in range(max(1, KILLS // 2))]
    moments.append(1.0)  # long enough for some answers, however slow the machine
    rounds = [await killed(config, tmp_path / "key", moment) for moment in moments]
    server.close()
    actor = await reopened(tmp_path / "ledger.db")
    report = verify(tmp_path / "ledger.db")
    assert report.ok, report.findings
    assert report.intents == report.receipts
    check(rounds, heard, tmp_path, actor)


async def reopened(path: Path) -> Actor:
    """Open and close the books as a server that starts and stops does; return its key."""
    clock = SystemClock()
    async with Books.open(
        path, commit="disk", origin="jevons.local/ledger", clock=clock, ids=Ulids(clock)
    ) as books:
        (actor,) = books.keys.list()
    return actor


def check(rounds: list[Round], heard: list[str], folder: Path, actor: Actor) -> None:
    """Hold what the callers and the upstream saw against the ledger."""
    export(folder / "ledger.db", folder / "out")
    records = [decode(leaf) for leaf in load((folder / "out").read_bytes()).leaves]
    receipts = {each.id: each for each in records if isinstance(each, Receipt)}
    intents = [each for each in records if isinstance(each, Intent)]
    answers = [answered for each in rounds for answered in each.answered]
    assert answers, "no answer came whole: nothing was tested"
    for answered in answers:
        digest = sha256(answered.body).digest()
        receipt = receipts[answered.request]
        assert (receipt.finish, receipt.error) == ("stop", None)
        assert receipt.answer == commit(actor.salting, receipt.id, digest)
    bodies = {marker: body for each in rounds for marker, body in each.sent.items()}
    committed = {
        (intent.id, intent.request) for intent in intents
    }  # what left: each body heard upstream must open one of these
    unheard = {commitment for _, commitment in committed}
    ids = [intent.id for intent in intents]
    for marker in heard:
        digest = sha256(bodies[marker]).digest()
        found = next((c for i in ids if (c := commit(actor.salting, i, digest)) in unheard), None)
        assert found is not None, f"{marker} left without an intent"
        unheard.discard(found)
