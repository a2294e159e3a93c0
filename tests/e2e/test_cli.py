"""The commands say of a running server what is so, to people and to programs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from jevons.testing import Vendor
from jevons.testing.reply import chunk, refusal, stream, usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ANSWER = stream(chunk("Hel"), chunk("lo"), chunk(finish="stop"), chunk(counted=usage(3, 2)))
BROKEN = ANSWER.cut(at=ANSWER.after(2))


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """What a program read on standard output."""
        return json.loads(self.out)


class House:
    """A server with one endpoint, and the commands in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            "JEVONS_DATA_DIR": str(folder),
            "JEVONS_ENGINE_ENABLED": "false",
        }

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jevons", *words),
            cwd=self.folder,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *words: str) -> Done:
        """Run a command to its end."""
        child = await self.start(*words)
        out, err = await asyncio.wait_for(child.communicate(), 30)
        assert child.returncode is not None
        return Done(child.returncode, out.decode(), err.decode())


def housed(folder: Path, vendor: Vendor) -> House:
    """Make a house that knows one endpoint."""
    (folder / "jevons.toml").write_text(
        f'[[endpoint]]\nname = "far"\nmodel = "a/b"\nurl = "{vendor.url}"\nplace = "CH"\n'
    )
    return House(folder)


@asynccontextmanager
async def serving(folder: Path, vendor: Vendor) -> AsyncGenerator[House]:
    """Serve it, at the address that `JEVONS_URL` then says."""
    house = housed(folder, vendor)
    server = await house.start("serve", "--no-engine", "--port", "0", "--json")
    assert server.stdout is not None
    try:
        line = await asyncio.wait_for(server.stdout.readline(), 30)
        house.environ["JEVONS_URL"] = json.loads(line)["url"]
        yield house
    finally:
        server.terminate()
        await asyncio.wait_for(server.communicate(), 30)


async def test_a_refusal_of_the_server_keeps_its_code_and_its_rule(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor, serving(tmp_path, vendor) as house:
        made = await house.run("keys", "create", "guest", "--endpoint", "none", "--json")
        named = await house.run("keys", "create", "named", "--endpoint", "far", "--json")
        stranger = await house.run("ask", "Hi", "--api-key", "jv_nobody", "--json")
        unknown = await house.run("ask", "Hi", "-m", "near", "--json")
        guest = "ask", "Hi", "-m", "far", "--api-key", made.told["secret"], "--json"
        refused = await house.run(*guest)
        for _ in range(20):  # a server notices a key within a second
            if refused.told["error"]["code"] == "forbidden":
                break
            refused = await house.run(*guest)
    assert [done.status for done in (stranger, unknown, refused)] == [1, 1, 1]
    assert [done.told["error"]["code"] for done in (stranger, unknown, refused)] == [
        "unauthenticated",
        "unknown_model",
        "forbidden",
    ]
    assert refused.told["error"]["rule"] == "endpoint-allowed"
    assert "there is no endpoint 'none' yet" in made.err
    assert "Warning" not in named.err


async def test_half_an_answer_is_an_error_and_not_an_answer(tmp_path: Path) -> None:
    async with Vendor(BROKEN) as vendor, serving(tmp_path, vendor) as house:
        done = await house.run("ask", "Hi", "--json")
        seen = await house.run("ask", "Hi")
    assert (done.status, seen.status) == (1, 1)
    assert done.told["error"]["code"] == "provider_truncated"
    assert "answer" not in done.told
    assert seen.out == "Hello\n"
    assert seen.err.startswith("Error: ")


async def test_an_answer_goes_to_one_stream_and_its_receipt_to_the_other(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor, serving(tmp_path, vendor) as house:
        seen = await house.run("ask", "Hi")
        told = (await house.run("ask", "Hi", "--json")).told
        found = await house.run("receipt", told["receipt"]["id"], "--json")
        again = await house.run("receipt", told["receipt"]["id"])
    assert seen.out == "Hello\n"
    assert "CH · a/b · req_" in seen.err
    assert told["answer"] == "Hello"
    assert found.told["receipt"] == told["receipt"]
    assert found.told["proof"]["state"] in {"waits", "holds"}
    assert again.status == 0
    assert told["receipt"]["id"] in again.out


async def test_what_is_asked_is_what_was_typed_with_documents_before_the_question(
    tmp_path: Path,
) -> None:
    (tmp_path / "note.txt").write_text("Three crates.")
    (tmp_path / "answer.json").write_text('{"type": "object"}')
    words = ("--system", "Be brief.", "--max-tokens", "9", "--temperature", "0", "--schema")
    async with Vendor(ANSWER) as vendor, serving(tmp_path, vendor) as house:
        done = await house.run("ask", "How many?", "note.txt", *words, "answer.json")
        sent = json.loads(vendor.heard[0].body)
    assert done.status == 0
    assert [each["content"] for each in sent["messages"]] == [
        "Be brief.",
        "note.txt:\nThree crates.\n\nHow many?",
    ]
    assert (sent["max_tokens"], sent["temperature"], sent["stream"]) == (9, 0, True)
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "object"}


async def test_who_is_interrupted_says_so(tmp_path: Path) -> None:
    silent = ANSWER.stall(at=ANSWER.after(1))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # else none in the background
    async with Vendor(silent) as vendor, serving(tmp_path, vendor) as house:
        asking = await house.start("ask", "Hi", "--json")
        signal.signal(signal.SIGINT, before)
        async with asyncio.timeout(30):
            while not vendor.heard:  # noqa: ASYNC110 a vendor has no event for it
                await asyncio.sleep(0.01)
        asking.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(asking.communicate(), 30)
    assert asking.returncode == 1
    assert json.loads(out)["error"]["code"] == "interrupted"


async def test_a_demo_that_cannot_be_done_is_an_error_and_ends_so(tmp_path: Path) -> None:
    async with Vendor(refusal(400, "not today")) as vendor:
        house = housed(tmp_path, vendor)
        done = await house.run("serve", "--no-engine", "--port", "0", "--demo", "--once", "--json")
    error, address = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 1
    assert error["error"]["code"] == "provider_rejected"
    assert address["url"].startswith("http://127.0.0.1:")
    assert "Error: " in done.err


async def test_the_demo_verifies_once_its_last_receipt_is_covered(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor, serving(tmp_path, vendor) as house:
        done = await house.run("demo")
    assert done.status == 1  # this vendor's invoice is no invoice
    assert "ledger verified" in done.out
    assert "not signed" not in done.out


async def test_verify_says_of_a_record_just_written_that_it_is_about_to_be_signed(
    tmp_path: Path,
) -> None:
    async with Vendor(ANSWER) as vendor, serving(tmp_path, vendor) as house:
        asking = await house.start("bench", "--requests", "10000")  # there is always a newest
        try:
            for _ in range(20):
                if "not signed yet" in (await house.run("verify")).out:
                    return
        finally:
            asking.terminate()
            await asyncio.wait_for(asking.communicate(), 30)
    pytest.fail("every record was signed before it could be looked at")


async def test_a_bench_knows_what_it_cost_the_server(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor, serving(tmp_path, vendor) as house:
        figures = (await house.run("bench", "--requests", "4", "--json")).told
    assert figures["answers"] == 4
    assert 0 < figures["server_cpu_s_an_answer"] < 1
    if sys.platform == "linux":
        assert figures["server_resident_mb"] > 1


async def test_a_demo_that_ends_with_its_server_gives_nobody_an_address(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor:
        house = housed(tmp_path, vendor)
        done = await house.run("serve", "--no-engine", "--port", "0", "--demo", "--once")
    assert "curl" not in done.out
    assert "address" not in done.out


async def test_help_says_the_whole_of_each_sentence(tmp_path: Path) -> None:
    house = House(tmp_path)
    for group in ((), ("keys",), ("catalog",), ("policy",)):
        helped = await house.run(*group, "--help")
        assert "..." not in helped.out.partition("Commands:")[2].partition("Example")[0]
