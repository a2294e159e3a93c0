"""What we mean to do, and what became of it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from jevons.types.account import Measured, SetAside, Usage
from jevons.types.custody import UNLABELLED, Label
from jevons.types.errors import JevonsError
from jevons.types.event import Event
from jevons.types.model import Endpoint
from jevons.types.request import Dialect, Effort

__all__ = ("Attempt", "Candidate", "Canonical", "Outcome", "Plan", "Remembered", "Verdict")


class Canonical(NamedTuple):
    """What an answer comes to, where it has one way to be written."""

    kind: str
    """`number`, `choice`, `label`, `json` or `calls`."""
    value: str
    beside: str = ""
    """What a choice says besides its letter."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Policy's answer: who may serve it, under which rules."""

    endpoints: tuple[Endpoint, ...]
    """Allowed, in the catalogue's order; never empty."""
    rules: tuple[str, ...]
    """Names of the rules that were asked and allowed it."""
    policy: str
    """SHA-256 of the rules and their settings, hex."""
    veiled: frozenset[str] = frozenset()
    """Names of the endpoints that may have it only with tokens for the identifiers in it."""
    label: Label = UNLABELLED
    """What the rules took its data to be."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given, as it may be given again to whoever asks the same."""

    receipt: str
    """Of the request that it answered, `req_…`."""
    key: str
    """The key that asked: when that is revoked or erased it is given to nobody any more."""
    endpoint: Endpoint
    """Which wrote it."""
    certificate: str
    """What it was chosen under; empty where nothing was promised."""
    arm: str = ""
    """The arm of `auto` that it is; empty where the caller named a model."""
    at_s: float
    """Clock's monotonic second at which it ended."""
    dialect: Dialect
    """What it was heard in; the bytes of its frames are of that."""
    stream: bool
    want_usage: bool
    events: tuple[Event, ...]
    closing: tuple[Event, ...]
    """What ends it."""
    usage: Usage
    """What it used then."""
    finish: str
    changed: tuple[str, ...] = ()
    """Fields of the request that were dropped or altered for it."""
    core: str = ""
    """What it comes to, where that can be compared with another; else empty."""
    likeness: float | None = None
    """How like what was asked then is to what is asked now; None where it is the same."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint that may serve a request."""

    endpoint: Endpoint
    why: str
    """The sentence the receipt shows for this choice."""
    chosen: str = ""
    """How `auto` came to it, in one word; empty where the caller named a model."""
    certificate: str = ""
    """Of what `auto` promises; empty where nothing is promised."""
    arm: str = ""
    """Of `auto`, by its name; empty where the caller named a model."""
    effort: Effort | None = None
    """How hard it is told to think; None leaves that to the caller."""
    tenant: str = ""
    """Whose traffic `auto` takes the request for; empty is the whole house."""
    traffic: str = ""
    """Which class of it; empty where the caller named a model."""
    remembered: Remembered | None = None
    """The answer that is given again, in which case nobody is asked."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates in the order they will be tried."""

    candidates: tuple[Candidate, ...]
    aside: tuple[SetAside, ...] = ()
    """Those that stand at its end, or are not asked, only because they kept failing."""
    drafts: int = 0
    """So many of the first only draft the answer: it goes out if all of them come to the same, and
    else those after them are asked. 0, or two and more."""
    ignore: frozenset[str] = frozenset()
    """Names of fields of JSON that do not count where drafts are compared."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at one candidate."""

    number: int
    """1 for the first."""
    candidate: Candidate
    after_s: float = 0.0
    """Seconds to wait before it."""
    is_draft: bool = False
    """Whether nothing of it goes to the caller before others came to the same."""
    traceparent: str = ""
    """The trace that its endpoint is told it is part of (W3C Trace Context); empty tells none."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt."""

    attempt: Attempt
    error: JevonsError | None = None
    """None if it succeeded. An upstream failure is a fact for the plan, not an accident."""
    committed: bool = False
    """Whether any of this attempt's answer has been pushed to the caller."""
    first_byte_s: float | None = None
    """Clock's monotonic second at which the answer began."""
    usage: Usage = Usage()
    measured: Measured = Measured()
    finish: str = "error"
    closing: tuple[Event, ...] = ()
    """What ends the answer, held back until the receipt is durable. A `Frame` in it has
    already been cleared of what the caller did not ask for."""
    changed: tuple[str, ...] = ()
    """Fields of the request that this attempt dropped or altered."""
    form: Canonical | None = None
    """What a draft comes to; None if that cannot be told, and for what is no draft."""
