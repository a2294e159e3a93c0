"""The corridor, walked by the house for itself."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.flow import walk
from jevons.telemetry import log
from jevons.types.custody import DataClass
from jevons.types.errors import JevonsError
from jevons.types.units import Priced
from jevons.wire.openai_chat import parse_request, render_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jevons.flow import Rooms
    from jevons.grading.standing import Standing
    from jevons.ports import Caller, Ids
    from jevons.types.account import Receipt
    from jevons.types.actor import Actor
    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("Asking", "Told")


class Told(NamedTuple):
    """What an arm answered."""

    text: str
    cost_nusd: float | None
    data_class: DataClass = max(DataClass)
    """What the rules took the data in it to be."""


class Asking(NamedTuple):
    """The corridor, walked by the house for itself."""

    rooms: Rooms
    ids: Ids
    standing: Standing

    async def answer(
        self, request: Generate, endpoint: str, messages: Sequence[tuple[str, str]]
    ) -> Told | None:
        """Ask one endpoint; None if it may not be asked, or failed."""
        actor = await self._actor(request)
        if actor is None:
            log.info("auto.not_asked", endpoint=endpoint, error="ended")
            return None
        body: dict[str, object] = {
            "model": endpoint,
            "messages": [{"role": role, "content": text} for role, text in messages],
        }
        if request.sampling.max_tokens is not None:
            body["max_completion_tokens"] = request.sampling.max_tokens
        asked = parse_request(
            msgspec.json.encode(body),
            id=self.ids.new("req"),
            at_ms=self.rooms.clock.now_ms(),
            actor=actor,
        )
        asked = msgspec.structs.replace(
            asked, data_class=request.data_class, identifiers=request.identifiers
        )
        ear = _Ear(asked)
        try:
            receipt = await walk(asked, ear, self.rooms)
        except JevonsError as error:
            log.info("auto.not_asked", endpoint=endpoint, error=error.code)
            return None
        if receipt.finish != "stop":
            return None
        cost = receipt.cost
        return Told(
            ear.text(),
            float(cost.nusd) if isinstance(cost, Priced) else None,
            DataClass[receipt.data_class.upper()],
        )

    async def _actor(self, request: Generate) -> Actor | None:
        """Give the house's key what the caller may now, and no more; None if either is refused."""
        caller = None if request.actor is None else await self.standing.caller(request.actor)
        house = self.standing.house()
        if caller is None or house is None:
            return None
        return msgspec.structs.replace(
            house,
            endpoints=caller.endpoints,
            places=caller.places,
            data_class=caller.data_class,
            region=caller.region,
        )


class _Ear:
    """Hears an answer whole, and sends it nowhere."""

    def __init__(self, request: Generate) -> None:
        self._request = request
        self._events: list[Event] = []
        self._answer = b""

    @property
    def left(self) -> bool:
        """Never: the house waits."""
        return False

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Nothing to call."""

    def push(self, event: Event) -> bool:
        """Take an event."""
        self._events.append(event)
        return True

    async def send(self, event: Event) -> None:
        """Take an event."""
        self._events.append(event)

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Nothing is kept."""

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Write the answer as OpenAI's chat dialect has it."""
        self._answer = render_answer((*self._events, *closing), self._request)
        return sha256(self._answer).digest()

    async def close(self, receipt: Receipt) -> None:
        """Nobody waits for it."""

    def text(self) -> str:
        """Give what was said."""
        return _decoder.decode(self._answer).choices[0].message.content or ""


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said


class _Whole(msgspec.Struct):
    choices: list[_Choice]


_decoder = msgspec.json.Decoder(_Whole)


if TYPE_CHECKING:
    _ear: type[Caller] = _Ear
