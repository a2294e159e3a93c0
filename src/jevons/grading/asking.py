"""The corridor, walked by the house for itself."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.flow import walk
from jevons.pick import form_of
from jevons.telemetry import log
from jevons.types.arm import Step
from jevons.types.custody import DataClass
from jevons.types.errors import JevonsError
from jevons.types.units import Estimate, Priced
from jevons.wire.heard import heard
from jevons.wire.openai_chat import parse_request, render_answer, render_request
from jevons.wire.told_effort import says_effort, with_effort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.flow import Rooms
    from jevons.grading.standing import Standing
    from jevons.ports import Caller, Ids
    from jevons.types.account import Receipt
    from jevons.types.actor import Actor
    from jevons.types.decision import Canonical
    from jevons.types.event import Event
    from jevons.types.request import Generate
    from jevons.types.units import Quantity

__all__ = ("Asking", "Told")


class Told(NamedTuple):
    """What an arm answered."""

    text: str
    cost_nusd: float | None
    energy_mj: float | None = None
    carbon_mg: float | None = None
    form: Canonical | None = None
    """What it comes to; None for prose."""
    data_class: DataClass = max(DataClass)
    """What the rules took the data in it to be."""


class Asking(NamedTuple):
    """The corridor, walked by the house for itself."""

    rooms: Rooms
    ids: Ids
    standing: Standing
    ignore: frozenset[str] = frozenset()
    """Names of fields of JSON that do not count where answers are compared."""

    async def answer(
        self, request: Generate, endpoint: str, messages: Sequence[tuple[str, str]]
    ) -> Told | None:
        """Ask one endpoint something else about a request; None if it may not be asked, or failed."""
        body: dict[str, object] = {
            "model": endpoint,
            "messages": [{"role": role, "content": text} for role, text in messages],
        }
        if request.sampling.max_tokens is not None:
            body["max_completion_tokens"] = request.sampling.max_tokens
        return await self._ask(request, body, Step(endpoint))

    async def again(self, request: Generate, step: Step) -> Told | None:
        """Ask one endpoint the same again, whole; None if it may not be asked, or failed."""
        try:
            body = _as_chat(request, step.endpoint)
        except JevonsError as error:  # it says what that dialect cannot
            log.info("auto.not_asked", endpoint=step.endpoint, error=error.code)
            return None
        return await self._ask(request, body, step)

    async def _ask(self, request: Generate, body: Mapping[str, object], step: Step) -> Told | None:
        actor = await self._actor(request)
        if actor is None:
            log.info("auto.not_asked", endpoint=step.endpoint, error="ended")
            return None
        asked = parse_request(
            msgspec.json.encode(body),
            id=self.ids.new("req"),
            at_ms=self.rooms.clock.now_ms(),
            actor=actor,
        )
        asked = msgspec.structs.replace(
            asked,
            data_class=request.data_class,
            identifiers=request.identifiers,
            cache="never",  # what is graded is what they answer now
        )
        if step.effort is not None and not says_effort(asked):
            asked, _ = with_effort(asked, step.effort, model=step.endpoint)
        return await self._told(asked, step.endpoint)

    async def _told(self, asked: Generate, endpoint: str) -> Told | None:
        ear = _Ear(asked)
        try:
            receipt = await walk(asked, ear, self.rooms)
        except JevonsError as error:
            log.info("auto.not_asked", endpoint=endpoint, error=error.code)
            return None
        if receipt.finish not in {"stop", "tool_calls"}:
            return None
        cost = receipt.cost
        return Told(
            heard(ear.events, asked).text,
            float(cost.nusd) if isinstance(cost, Priced) else None,
            _median(receipt.energy_mj),
            _median(receipt.carbon_mg),
            form_of(ear.events, receipt.finish, asked, self.ignore),
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


def _median(quantity: Quantity) -> float | None:
    return quantity.p50 if isinstance(quantity, Estimate) else None


class _Ear:
    """Hears an answer whole, and sends it nowhere."""

    def __init__(self, request: Generate) -> None:
        self._request = request
        self.events: list[Event] = []

    @property
    def left(self) -> bool:
        """Never: the house waits."""
        return False

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Nothing to call."""

    def push(self, event: Event) -> bool:
        """Take an event."""
        self.events.append(event)
        return True

    async def send(self, event: Event) -> None:
        """Take an event."""
        self.events.append(event)

    def again(self, age_s: int) -> None:
        """No matter: it is asked anew."""

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Nothing is kept."""

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Write the answer as OpenAI's chat dialect has it."""
        self.events += closing
        return sha256(render_answer(self.events, self._request)).digest()

    async def close(self, receipt: Receipt) -> None:
        """Nobody waits for it."""


def _as_chat(request: Generate, model: str) -> dict[str, msgspec.Raw]:
    """Write a request of any dialect anew in OpenAI's chat dialect."""
    source = msgspec.structs.replace(request.source, dialect="gemini", fields={})  # not as it came
    plain = msgspec.structs.replace(request, stream=False, source=source)
    body = _FIELDS.decode(render_request(plain, model=model).body)
    if "max_tokens" in body:  # which newer models refuse
        body["max_completion_tokens"] = body.pop("max_tokens")
    return body


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


if TYPE_CHECKING:
    _ear: type[Caller] = _Ear
