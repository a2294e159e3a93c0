"""Every path there is, and whether it needs a key.

Rule 1: a path that is not in `ROUTES` does not exist, and a route cannot be written
    without saying whether it needs a key.
Rule 2: a key is found here and judged by policy: the edge refuses nobody by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.edge.desk import Desk
from jevons.edge.exchange import Exchange
from jevons.edge.feedback import feedback
from jevons.edge.generate import generate
from jevons.edge.keeping import kept
from jevons.edge.surface import CHAT, COUNT, EMBEDDINGS, MESSAGES, RESPONSES, Surface
from jevons.entries import opening
from jevons.telemetry import render_process
from jevons.types.account import Ended
from jevons.types.actor import Actor
from jevons.types.errors import MethodNotAllowed, NotFound
from jevons.types.proof import Inclusion
from jevons.wire.openai_chat import render_models
from jevons.wire.openai_chat.render import AUTO, auto_object, model_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.model import Endpoint

__all__ = ("ROUTES", "Route", "find_route")

Answer = Callable[[Desk, Exchange, Actor | None, str], Awaitable[None]]
"""Given the actor and what follows the path's prefix."""

_encode = msgspec.json.Encoder().encode


class Route(NamedTuple):
    """One path, or all paths below a prefix."""

    path: str
    """Ends in `/` if it stands for everything below it."""
    methods: tuple[str, ...]
    needs_key: bool
    answer: Answer
    surface: Surface = CHAT
    """The dialect of its answers and errors."""


class _Filed(msgspec.Struct):
    """A receipt as `/v1/receipts/{id}` shows it."""

    receipt: msgspec.Raw
    leaf: bytes
    leaf_hash: str
    salt: bytes
    inclusion: Inclusion | None


class _Readiness(msgspec.Struct):
    ready: bool
    missing: tuple[str, ...]


async def _models(desk: Desk, exchange: Exchange, actor: Actor | None, _: str) -> None:
    visible = desk.rooms.policy.visible(actor)
    auto = _auto(desk, visible)
    await exchange.reply(render_models(visible, created_s=_created_s(desk), auto=auto))


async def _model(desk: Desk, exchange: Exchange, actor: Actor | None, name: str) -> None:
    visible = desk.rooms.policy.visible(actor)
    for endpoint in visible:
        if _is_called(endpoint, name):
            await exchange.reply(_encode(model_object(endpoint, _created_s(desk))))
            return
    reference = _auto(desk, visible)
    if name == AUTO and reference is not None:
        await exchange.reply(_encode(auto_object(reference, _created_s(desk))))
        return
    message = f"no model {name!r} for this key; /v1/models lists those there are"
    raise NotFound(message, param="model")


async def _receipt(desk: Desk, exchange: Exchange, actor: Actor | None, name: str) -> None:
    desk.rooms.policy.visible(actor)  # a key that is revoked or expired is refused here
    filed = await desk.rooms.ledger.find(name)
    ended = None if filed is None else msgspec.json.decode(filed.leaf, type=Ended)
    if filed is None or ended is None or actor is None or ended.key != actor.key:
        message = f"no receipt {name!r} of this key"
        raise NotFound(message)
    body = _Filed(
        receipt=msgspec.Raw(filed.leaf),
        leaf=filed.leaf,
        leaf_hash=filed.leaf_hash,
        salt=opening(actor, ended.id),
        inclusion=filed.inclusion,
    )
    await exchange.reply(_encode(body))


async def _compacted(_: Desk, __: Exchange, ___: Actor | None, ____: str) -> None:
    message = "no conversation is compacted here; send it shortened, or whole"
    raise NotFound(message)


async def _health(_: Desk, exchange: Exchange, __: Actor | None, ___: str) -> None:
    await exchange.reply(b'{"status":"ok"}')


async def _ready(desk: Desk, exchange: Exchange, _: Actor | None, __: str) -> None:
    missing = tuple([name for name, is_there in desk.ready().items() if not is_there])
    body = _encode(_Readiness(ready=not missing, missing=missing))
    await exchange.reply(body, status=503 if missing else 200)


async def _metrics(desk: Desk, exchange: Exchange, _: Actor | None, __: str) -> None:
    process = await asyncio.to_thread(render_process)
    body = desk.metrics.render() + process
    await exchange.reply(body, kind=b"text/plain; version=0.0.4; charset=utf-8")


ROUTES = (
    Route("/v1/chat/completions", ("POST",), needs_key=True, answer=generate),
    Route("/v1/responses", ("POST",), needs_key=True, answer=generate, surface=RESPONSES),
    Route("/v1/responses/compact", ("POST",), needs_key=True, answer=_compacted, surface=RESPONSES),
    Route(
        "/v1/responses/", ("GET", "HEAD", "DELETE"), needs_key=True, answer=kept, surface=RESPONSES
    ),
    Route("/v1/messages", ("POST",), needs_key=True, answer=generate, surface=MESSAGES),
    Route("/v1/messages/count_tokens", ("POST",), needs_key=True, answer=generate, surface=COUNT),
    Route("/v1/embeddings", ("POST",), needs_key=True, answer=generate, surface=EMBEDDINGS),
    Route("/v1/feedback", ("POST",), needs_key=True, answer=feedback),
    Route("/v1/models", ("GET", "HEAD"), needs_key=True, answer=_models),
    Route("/v1/models/", ("GET", "HEAD"), needs_key=True, answer=_model),
    Route("/v1/receipts/", ("GET", "HEAD"), needs_key=True, answer=_receipt),
    Route("/healthz", ("GET", "HEAD"), needs_key=False, answer=_health),
    Route("/readyz", ("GET", "HEAD"), needs_key=False, answer=_ready),
    Route("/metrics", ("GET", "HEAD"), needs_key=False, answer=_metrics),
)

_EXACT = MappingProxyType({route.path: route for route in ROUTES if not route.path.endswith("/")})
_BELOW = tuple([route for route in ROUTES if route.path.endswith("/")])


def find_route(method: str, path: str) -> tuple[Route, str]:
    """Find what answers a path.

    Returns:
        The route, and what follows its prefix.

    Raises:
        NotFound: Nothing does.
        MethodNotAllowed: Something does, but not by this method.
    """
    route, rest = _by_path(path)
    if method not in route.methods:
        accepted = ", ".join(route.methods)
        message = f"{method} {route.path}; it accepts {accepted}"
        raise MethodNotAllowed(message, allowed=route.methods)
    return route, rest


def _by_path(path: str) -> tuple[Route, str]:
    route = _EXACT.get(path)
    if route is not None:
        return route, ""
    for route in _BELOW:
        if path.startswith(route.path) and len(path) > len(route.path):
            return route, path[len(route.path) :]
    message = f"no path {path!r}"
    raise NotFound(message)


def _auto(desk: Desk, visible: Sequence[Endpoint]) -> Endpoint | None:
    """Find the endpoint that `auto` is held against; None if this key may not use it."""
    return next((each for each in visible if each.name == desk.auto), None)


def _created_s(desk: Desk) -> int:
    return desk.rooms.clock.now_ms() // 1000


def _is_called(endpoint: Endpoint, name: str) -> bool:
    return name in (endpoint.name, endpoint.model, *endpoint.aliases)


if TYPE_CHECKING:
    _answers: tuple[Answer, ...] = (
        generate,
        feedback,
        kept,
        _compacted,
        _models,
        _model,
        _receipt,
        _health,
        _ready,
        _metrics,
    )
