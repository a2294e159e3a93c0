"""Rooms that decide nothing, for a test that is about something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from jevons.ports import Veiled
from jevons.types.account import Charge, Veil
from jevons.types.budget import Amounts
from jevons.types.custody import DataClass
from jevons.types.decision import Candidate, Plan, Verdict
from jevons.types.errors import Unauthenticated, UnknownModel
from jevons.types.message import Message, Text
from jevons.types.request import Inspected
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons import ports
    from jevons.ports import Caller
    from jevons.types.actor import Actor
    from jevons.types.decision import Outcome
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("Allow", "InOrder", "Look", "NoMeter", "Ring", "let_through")

_NOTHING = Unknown(why="a test does not meter")


class Ring:
    """Keys known by heart.

    Args:
        keys: Actors by the key they present.
    """

    def __init__(self, keys: Mapping[str, Actor]) -> None:
        self._keys = keys

    def find(self, presented: str) -> Actor | None:
        """Look a key up. None if it is not on the ring."""
        return self._keys.get(presented)


class Allow:
    """A policy that allows every key every endpoint of the model it names.

    Args:
        endpoints: What there is.
    """

    def __init__(self, *endpoints: Endpoint) -> None:
        self._endpoints = endpoints

    def judge(self, request: Generate) -> Verdict:
        """Allow all that have the name.

        Raises:
            Unauthenticated: No key.
            UnknownModel: None has it.
        """
        named = [each for each in self.visible(request.actor) if _answers_to(each, request.model)]
        if not named:
            message = f"no endpoint of the test is called {request.model!r}"
            raise UnknownModel(message, param="model")
        return Verdict(endpoints=tuple(named), rules=("allow",), policy="00" * 32)

    def visible(self, actor: Actor | None) -> tuple[Endpoint, ...]:
        """List all of them.

        Raises:
            Unauthenticated: No key.
        """
        if actor is None:
            message = "the test lets nobody through without a key"
            raise Unauthenticated(message, rule="allow")
        return self._endpoints


class InOrder:
    """A pick that keeps the order it is given."""

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        """Take endpoints as they come."""
        return Plan(
            candidates=tuple(
                [Candidate(endpoint=each, why="in order") for each in verdict.endpoints]
            )
        )


class NoMeter:
    """A meter that knows nothing, and says so."""

    def charge(self, endpoint: Endpoint, outcome: Outcome, *, at_ms: int | None = None) -> Charge:
        """Say that there is no figure."""
        return Charge(cost=_NOTHING, energy_mj=_NOTHING, carbon_mg=_NOTHING)

    def worst(self, endpoint: Endpoint, request: Generate) -> Amounts:
        """Say that there is no bound either."""
        return Amounts()


class Look:
    """A privacy that finds certain words, and puts a token for each.

    Args:
        words: What identifies people.
        unread: What it cannot look through.
        quick_bytes: Length of a request up to which looking is said to be quick.
    """

    def __init__(
        self, *words: str, unread: tuple[str, ...] = (), quick_bytes: int = 1 << 20
    ) -> None:
        self.quick_bytes = quick_bytes
        self._words = words
        self._unread = unread

    def inspect(self, request: Generate) -> Inspected:
        """Look for the words."""
        found = any(word in _said(request) for word in self._words)
        data_class = DataClass.PERSONAL if found else DataClass.PUBLIC
        return Inspected(found=("word",) * found, data_class=data_class, unread=self._unread)

    def veil(self, request: Generate, caller: Caller) -> Veiled:
        """Write tokens for the words, and hear the answer as it is."""
        names = {word: f"WORD_{number}" for number, word in enumerate(self._words)}
        text = _said(request)
        for word, token in names.items():
            text = text.replace(word, token)
        hidden = replace(
            request,
            messages=(Message(role="user", parts=(Text(text=text),)),),
            inspected=replace(request.inspected or Inspected(), is_veiled=True),
        )
        return Veiled(hidden, caller, lambda: Veil(hidden=len(names)))


def let_through(request: Generate) -> None:
    """Let whatever is about to leave go."""


def _said(request: Generate) -> str:
    parts = [part for message in request.messages for part in message.parts]
    return "\n".join([part.text for part in parts if isinstance(part, Text)])


def _answers_to(endpoint: Endpoint, name: str) -> bool:
    return name in {endpoint.name, endpoint.model, *endpoint.aliases}


if TYPE_CHECKING:
    _keys: type[ports.Keys] = Ring
    _policy: type[ports.Policy] = Allow
    _pick: type[ports.Pick] = InOrder
    _meter: type[ports.Meter] = NoMeter
    _privacy: type[ports.Privacy] = Look
