"""Connections are kept, shared in turn, and dropped with the exchange that has no more use for them."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jevons.testing import Listener
from jevons.testing.reply import chunk, event, refusal, respond, stream, usage, whole
from jevons.types.errors import (
    CallerLeft,
    Misconfigured,
    ProviderGarbled,
    ProviderTimeout,
    ProviderUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from conftest import Bench
    from jevons.types.decision import Outcome
    from jevons.types.event import Event

pytestmark = pytest.mark.anyio

TEXT = (chunk("Hel"), chunk("lo"))
GOOD = stream(*TEXT, chunk(finish="stop"), event({"choices": [], "usage": usage(5, 2)}))
STALLED = GOOD.stall(at=GOOD.after(1))
ENDLESS = stream(*TEXT, done=0).for_ever(chunk("x" * 10_000))


class Slow(Listener):
    """Has room for one event, and then only when the test says so."""

    def __init__(self) -> None:
        super().__init__(room=1)
        self.room = asyncio.Event()

    async def send(self, event: Event) -> None:
        await self.room.wait()
        await super().send(event)

    def leave(self) -> None:
        super().leave()
        self.room.set()


async def until_heard(bench: Bench, count: int) -> None:
    """Wait until the vendor has heard so many requests."""
    async with asyncio.timeout(5):
        while len(bench.vendor.heard) < count:  # noqa: ASYNC110 what is waited for has no event
            await asyncio.sleep(0.002)


async def test_a_connection_is_kept_and_used_again(bench: Bench) -> None:
    await bench.open(GOOD, whole(), refusal(429), GOOD)
    for is_stream in (True, False, True, True):
        await bench.ask(stream=is_stream)
    assert bench.vendor.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        respond(b"{}", headers={"connection": "close"}),
        stream(*TEXT, chunk(finish="stop"), framed="close"),
        GOOD.longer(b"HTTP/1.1 500 No\r\n\r\n"),
        GOOD.replaced(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["it said so", "until close", "bytes nobody asked for", "HTTP/1.0"],
)
async def test_a_connection_that_cannot_be_kept_is_not(bench: Bench, reply: object) -> None:
    await bench.open(reply, GOOD)  # pyright: ignore[reportArgumentType] a Reply
    await bench.ask()
    outcome, _ = await bench.ask()
    assert outcome.error is None
    assert bench.vendor.connections == 2


async def test_a_kept_connection_that_died_unheard_is_replaced_once(bench: Bench) -> None:
    await bench.open(GOOD)
    await asyncio.gather(*[bench.ask() for _ in range(3)])
    for dead in (GOOD.cut(at=0), GOOD.cut(at=0).closing()):
        bench.vendor.then(dead, GOOD)
        outcome, _ = await bench.ask()
        assert outcome.error is None
    bench.vendor.then(GOOD.cut(at=0))
    asked = len(bench.vendor.heard)
    outcome, _ = await bench.ask()
    assert isinstance(outcome.error, ProviderUnavailable)
    assert len(bench.vendor.heard) == asked + 2


@pytest.mark.parametrize("at", [1, 30, GOOD.after(0)])
async def test_nothing_is_asked_twice_once_a_byte_has_come(bench: Bench, at: int) -> None:
    await bench.open(GOOD)
    await bench.ask()
    bench.vendor.then(GOOD.cut(at=at), GOOD)
    outcome, _ = await bench.ask()
    assert outcome.error is not None
    assert len(bench.vendor.heard) == 2


async def test_a_vendor_that_restarts_is_not_noticed(bench: Bench) -> None:
    await bench.open(GOOD)
    await bench.ask()
    bench.vendor.drop()
    outcome, _ = await bench.ask()
    assert outcome.error is None


async def test_bytes_on_an_idle_connection_close_it(bench: Bench) -> None:
    await bench.open(GOOD)
    await bench.ask()
    bench.vendor.say(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    async with asyncio.timeout(2):
        while bench.vendor.open_connections:  # noqa: ASYNC110 what is waited for has no event
            await asyncio.sleep(0.002)
    outcome, _ = await bench.ask()
    assert outcome.error is None


async def test_many_answers_at_once_are_not_mixed_up(bench: Bench) -> None:
    replies = [stream(chunk(str(number)), chunk(finish="stop")).drip() for number in range(20)]
    await bench.open(*replies, max_connections=7)
    heard = await asyncio.gather(*[bench.ask(seed=number) for number in range(20)])
    told = sorted(body for _, body in heard)
    assert told == sorted(chunk(str(number)) for number in range(20))
    assert bench.vendor.connections == 7


async def test_who_comes_first_is_served_first(bench: Bench) -> None:
    await bench.open(GOOD.stall(at=0), GOOD, max_connections=1)
    order: list[int] = []

    async def ask(number: int) -> None:
        await bench.ask()
        order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(ask(number))
            await asyncio.sleep(0)
        await until_heard(bench, 1)
        bench.vendor.go_on()
    assert order == [0, 1, 2, 3, 4]
    assert bench.vendor.connections == 1


async def test_the_line_has_an_end(bench: Bench) -> None:
    await bench.open(STALLED, max_connections=1, first_byte_timeout_s=0.05, idle_timeout_s=5)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(bench.ask())
        await until_heard(bench, 1)
        outcome, _ = await bench.ask()
        assert isinstance(outcome.error, ProviderTimeout)
        assert "came free" in str(outcome.error)
        bench.vendor.go_on()
    assert first.result()[0].error is None
    outcome, _ = await bench.ask()
    assert outcome.error is None


async def test_who_waits_in_line_is_not_forgotten_when_a_connection_fails(bench: Bench) -> None:
    await bench.open(GOOD.cut(at=0), max_connections=2)
    outcomes = await asyncio.gather(*[bench.ask() for _ in range(10)])
    assert all(isinstance(each.error, ProviderUnavailable) for each, _ in outcomes)
    bench.provider = bench.aim("http://127.0.0.1:1/v1", max_connections=2)
    outcomes = await asyncio.gather(*[bench.ask() for _ in range(10)])
    assert all(isinstance(each.error, ProviderUnavailable) for each, _ in outcomes)


async def test_what_cannot_be_reached_is_unavailable(bench: Bench) -> None:
    for url in ("http://127.0.0.1:1/v1", "http://nowhere.invalid/v1", "https://127.0.0.1:1/v1"):
        bench.provider = bench.aim(url)
        outcome, _ = await bench.ask()
        assert isinstance(outcome.error, ProviderUnavailable)
        assert "no connection to" in str(outcome.error)


@asynccontextmanager
async def mute() -> AsyncGenerator[str]:
    """A server that takes connections and never says a word: no handshake with it ends."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_a_connection_takes_no_longer_than_its_limit(bench: Bench) -> None:
    async with mute() as url:
        bench.provider = bench.aim(url, connect_timeout_s=0.05)
        outcome, _ = await bench.ask()
    assert isinstance(outcome.error, ProviderTimeout)
    assert "no connection to" in str(outcome.error)


async def test_a_closed_pool_gives_nothing_more(bench: Bench) -> None:
    provider = await bench.open(STALLED, max_connections=1)
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(bench.ask()) for _ in range(3)]
        await until_heard(bench, 1)
        provider.close()
    outcomes = [each.result()[0] for each in asking]
    assert all(each.error is not None for each in outcomes)
    outcome, _ = await bench.ask()
    assert isinstance(outcome.error, ProviderUnavailable)
    assert bench.vendor.open_connections == 0 or len(bench.vendor.heard) == 1


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a server's context, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    path = folder / "server.pem"
    path.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


async def test_tls_is_spoken_and_its_connections_kept(bench: Bench, tmp_path: Path) -> None:
    await bench.open(GOOD, GOOD.drip(), tls=certificate(tmp_path))
    for _ in range(2):
        outcome, heard = await bench.ask()
        assert (outcome.error, heard) == (None, b"".join(TEXT))
    assert bench.vendor.connections == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    bench: Bench, tmp_path: Path
) -> None:
    server, _ = certificate(tmp_path)
    await bench.open(GOOD, tls=(server, ssl.create_default_context()))
    outcome, _ = await bench.ask()
    assert isinstance(outcome.error, ProviderUnavailable)
    assert "certificate" in str(outcome.error)
    assert bench.vendor.heard == []


async def leave_when(bench: Bench, caller: Listener, heard: int) -> Outcome:
    """Ask, and leave once the vendor has heard so many requests and some of it came."""
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(bench.ask(caller))
        await until_heard(bench, heard)
        async with asyncio.timeout(5):
            while heard and bench.vendor.heard[-1].sent_bytes == 0:  # noqa: ASYNC110 as above
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.01)
        caller.leave()
    return asking.result()[0]


async def test_a_caller_that_left_before_is_not_served(bench: Bench) -> None:
    await bench.open(GOOD)
    caller = Listener()
    caller.leave()
    outcome, _ = await bench.ask(caller)
    assert isinstance(outcome.error, CallerLeft)
    assert bench.vendor.heard == []
    await bench.ask()
    outcome, _ = await bench.ask(caller)
    assert isinstance(outcome.error, CallerLeft)
    outcome, _ = await bench.ask()
    assert outcome.error is None
    assert bench.vendor.connections == 1, "nothing was wasted on who had left"


async def test_a_caller_that_leaves_before_the_first_byte_stops_the_vendor(bench: Bench) -> None:
    await bench.open(GOOD.stall(at=1))
    outcome = await leave_when(bench, Listener(), 1)
    assert isinstance(outcome.error, CallerLeft)
    assert outcome.usage.counted_by == "nobody"
    await bench.vendor.heard[0].hung_up()


async def test_a_caller_that_leaves_in_the_middle_stops_the_vendor_and_pays_so_far(
    bench: Bench,
) -> None:
    await bench.open(STALLED)
    outcome = await leave_when(bench, Listener(), 1)
    assert isinstance(outcome.error, CallerLeft)
    assert outcome.committed
    assert (outcome.usage.output, outcome.usage.counted_by) == (1, "guess")
    await bench.vendor.heard[0].hung_up()


async def test_a_caller_that_leaves_an_answer_in_one_piece_stops_it(bench: Bench) -> None:
    reply = whole("x" * 1000)
    await bench.open(reply.stall(at=reply.after(0) + 10))
    caller = Listener()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(bench.ask(caller, stream=False))
        await until_heard(bench, 1)
        await asyncio.sleep(0.01)
        caller.leave()
    assert isinstance(asking.result()[0].error, CallerLeft)
    await bench.vendor.heard[0].hung_up()


async def test_a_caller_that_leaves_the_line_loses_nobody_elses_place(bench: Bench) -> None:
    await bench.open(STALLED, GOOD, max_connections=1)
    caller = Listener()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(bench.ask())
        await until_heard(bench, 1)
        second = group.create_task(bench.ask(caller))
        await asyncio.sleep(0)
        third = group.create_task(bench.ask())
        await asyncio.sleep(0.01)
        caller.leave()
        assert isinstance((await second)[0].error, CallerLeft)
        bench.vendor.go_on()
    assert first.result()[0].error is None
    assert third.result()[0].error is None
    assert len(bench.vendor.heard) == 2


async def test_a_caller_that_leaves_while_connecting_leaves_nothing_behind(bench: Bench) -> None:
    async with mute() as url:
        bench.provider = bench.aim(url, max_connections=1, connect_timeout_s=0.05)
        caller = Listener()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(bench.ask(caller))
            await asyncio.sleep(0.01)
            caller.leave()
        assert isinstance(asking.result()[0].error, CallerLeft)
        again, _ = await bench.ask()
    assert "no connection to" in str(again.error), "its place is free again"


async def test_a_caller_without_room_stops_the_reading_and_misses_nothing(bench: Bench) -> None:
    texts = [chunk("x" * 10_000) for _ in range(100)]
    await bench.open(stream(*texts, chunk(finish="stop")), idle_timeout_s=0.05)
    caller = Slow()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(bench.ask(caller))
        await until_heard(bench, 1)
        await asyncio.sleep(0.1)  # its silence is not upstream's
        caller.room.set()
    outcome, heard = asking.result()
    assert outcome.error is None
    assert heard == b"".join(texts)


async def test_a_caller_without_room_stops_a_vendor_that_never_ends(bench: Bench) -> None:
    await bench.open(ENDLESS)
    caller = Slow()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(bench.ask(caller))
        await until_heard(bench, 1)
        sent = -1
        async with asyncio.timeout(10):
            while sent != (sent := bench.vendor.heard[0].sent_bytes) or not sent:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert sent < 20_000_000, "what a socket's buffers hold, and no more"
        caller.leave()
    assert isinstance(asking.result()[0].error, CallerLeft)
    await bench.vendor.heard[0].hung_up()


async def test_a_caller_that_leaves_what_it_had_no_room_for_is_not_a_success(bench: Bench) -> None:
    await bench.open(GOOD.drip())
    caller = Slow()
    outcome = await leave_when(bench, caller, 1)
    assert isinstance(outcome.error, CallerLeft)
    assert outcome.closing == ()


async def test_a_house_that_stops_drops_what_is_under_way(bench: Bench) -> None:
    await bench.open(STALLED)
    asking = asyncio.ensure_future(bench.ask())
    await until_heard(bench, 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await bench.vendor.heard[0].hung_up()


async def test_a_house_that_stops_while_it_connects_stops(bench: Bench) -> None:
    await bench.open(STALLED, max_connections=1)
    first = asyncio.ensure_future(bench.ask())
    await until_heard(bench, 1)
    second = asyncio.ensure_future(bench.ask())
    await asyncio.sleep(0.01)
    for each in (second, first):
        each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await each


async def test_a_refusal_that_comes_before_the_request_was_sent_ends_the_connection(
    bench: Bench,
) -> None:
    early = refusal(413, "too long")
    await bench.open(early, GOOD)
    outcome, _ = await bench.ask(padding="x" * 30_000_000)
    assert outcome.error is not None
    outcome, _ = await bench.ask()
    assert outcome.error is None


@pytest.mark.parametrize(
    "url",
    [
        "", "far", "ftp://far/v1", "http://", "http://far:port/v1", "http://far:99999/v1",
        "http://key@far/v1", "http://far/v1?key=1", "http://far/v 1", "http://fär/v1",
        "http://far/v1\r\nx: y", "http://[::1/v1",
    ],
)  # fmt: skip
async def test_a_url_that_is_none_is_refused_at_the_start(bench: Bench, url: str) -> None:
    with pytest.raises(Misconfigured, match="it must look like"):
        bench.aim(url)


async def test_a_key_that_no_header_may_hold_is_refused_without_being_told(bench: Bench) -> None:
    with pytest.raises(Misconfigured) as caught:
        bench.aim("http://far/v1", api_key="sk-secret\r\n")
    assert "secret" not in str(caught.value)


async def test_what_is_not_a_response_is_garbled_and_closes_the_connection(bench: Bench) -> None:
    await bench.open(GOOD.replaced(b"HTTP", b"SMTP"), GOOD)
    outcome, _ = await bench.ask()
    assert isinstance(outcome.error, ProviderGarbled)
    outcome, _ = await bench.ask()
    assert outcome.error is None
    assert bench.vendor.connections == 2
