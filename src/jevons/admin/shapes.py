"""What the API is told and what it tells, as types: each is checked, and each is in its document.

Rule 1: figures are integers: nano-dollars, millijoules, micrograms, Unix milliseconds. Null is not
    known, or none.
Rule 2: a field that is not here is refused, so that nobody believes that it did something.
"""

# ruff: noqa: D101 the summary of each operation says what these are for

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from jevons.types.account import Deed, Receipt, Refused
from jevons.types.budget import Level, Per, Unit
from jevons.types.custody import PLACE, REGION
from jevons.types.person import Role

__all__ = (
    "AccountSaid",
    "AccountTold",
    "BalanceTold",
    "BecameTold",
    "BudgetSaid",
    "BudgetTold",
    "CheckpointTold",
    "DecidedTold",
    "DeedsTold",
    "EndpointTold",
    "EraseSaid",
    "ErasedTold",
    "ErrorTold",
    "ExplainSaid",
    "InclusionTold",
    "KeyMade",
    "KeySaid",
    "KeyTold",
    "LabelTold",
    "LimitSaid",
    "LimitTold",
    "MeTold",
    "PersonMade",
    "PersonSaid",
    "PersonTold",
    "Problem",
    "ReasonSaid",
    "ReceiptTold",
    "ReceiptsTold",
    "RotateSaid",
    "Said",
    "Told",
    "WantsTold",
    "WouldTold",
)

Text = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=63)]
Figure = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Pace = Annotated[int, Meta(ge=1, le=10**12)]
DataClassWord = Literal["public", "internal", "personal", "special"]


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request."""


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an answer."""


class MeTold(Told, frozen=True, kw_only=True):
    person: str
    shown: str
    role: Role
    accounts: tuple[str, ...]
    how: Literal["token", "oidc"]


class AccountSaid(Said, frozen=True, kw_only=True):
    name: Name
    level: Level = "project"
    under: Name | None = None


class AccountTold(Told, frozen=True, kw_only=True):
    account: str
    level: Level
    under: str | None


class KeySaid(Said, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    project: Name = "default"
    endpoints: tuple[Text, ...] = ()
    places: tuple[Annotated[str, Meta(pattern=PLACE)], ...] = ()
    days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    data_class: DataClassWord | None = None
    region: Annotated[str, Meta(pattern=REGION)] | None = None


class RotateSaid(Said, frozen=True, kw_only=True):
    grace_hours: Annotated[int, Meta(ge=0, le=8760)] = 24


class ReasonSaid(Said, frozen=True, kw_only=True):
    reason: Text = ""


class EraseSaid(Said, frozen=True, kw_only=True):
    confirm: str
    """The key's id once more."""
    reason: Text = ""


class KeyTold(Told, frozen=True, kw_only=True):
    key: str
    name: str
    account: tuple[str, ...]
    owner: str | None
    endpoints: tuple[str, ...] | None
    places: tuple[str, ...] | None
    data_class: DataClassWord | None
    region: str | None
    expires_ms: int | None
    revoked: bool
    held: bool
    former_until_ms: int | None
    last_used_ms: int | None


class KeyMade(KeyTold, frozen=True, kw_only=True):
    secret: str
    """Shown this once."""


class ErasedTold(Told, frozen=True, kw_only=True):
    key: str
    answers: int
    at_ms: int


class BudgetSaid(Said, frozen=True, kw_only=True):
    cost_nusd: Figure | None = None
    energy_mj: Figure | None = None
    carbon_ug: Figure | None = None
    hard: bool = True
    alert_at: Annotated[tuple[Annotated[int, Meta(ge=1, le=1000)], ...], Meta(max_length=20)] = ()


class BudgetTold(Told, frozen=True, kw_only=True):
    account: str
    per: Per
    cost_nusd: int | None
    energy_mj: int | None
    carbon_ug: int | None
    hard: bool
    alert_at: tuple[int, ...]


class BalanceTold(Told, frozen=True, kw_only=True):
    account: str
    per: Per
    period: str
    unit: Unit
    limit: int
    spent: int
    held: int
    unknown: int
    hard: bool
    left: int
    renews: str


class LimitSaid(Said, frozen=True, kw_only=True):
    requests: Pace | None = None
    tokens: Pace | None = None
    parallel: Pace | None = None
    reasoning: Pace | None = None
    steps: Pace | None = None


class LimitTold(Told, frozen=True, kw_only=True):
    account: str
    requests: int | None
    tokens: int | None
    parallel: int | None
    reasoning: int | None
    steps: int | None


class PersonSaid(Said, frozen=True, kw_only=True):
    name: Name
    role: Role
    accounts: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()


class PersonTold(Told, frozen=True, kw_only=True):
    person: str
    role: Role
    accounts: tuple[str, ...]
    issuer: str | None
    removed: bool
    at_ms: int
    by: str


class PersonMade(PersonTold, frozen=True, kw_only=True):
    token: str
    """Shown this once."""


class InclusionTold(Told, frozen=True, kw_only=True):
    index: int
    size: int
    path: tuple[str, ...]
    checkpoint: str


class ReceiptTold(Told, frozen=True, kw_only=True):
    record: Receipt | Refused
    leaf: str
    """Its exact bytes, base64."""
    leaf_hash: str
    inclusion: InclusionTold | None
    """Null for the second until it is under a checkpoint."""


class ReceiptsTold(Told, frozen=True, kw_only=True):
    found: tuple[Receipt | Refused, ...]
    next: str | None
    """`cursor` of the page of older ones; null where there are none."""


class DeedsTold(Told, frozen=True, kw_only=True):
    found: tuple[Deed, ...]
    next: str | None
    """`cursor` of the page of older ones; null where there are none."""


class EndpointTold(Told, frozen=True, kw_only=True):
    endpoint: str
    model: str
    host: str
    place: str
    aside_until_ms: int | None
    """Until when it is asked last, since it kept failing; null if it is not."""
    failures: int
    """In a row; 0 if it answered last, or was not asked since the start."""
    error: str | None
    """Code of the last failure."""


class ExplainSaid(Said, frozen=True, kw_only=True):
    model: Annotated[str, Meta(min_length=1, max_length=300)]
    key: Text | None = None
    data_class: DataClassWord | None = None
    region: Annotated[str, Meta(pattern=REGION)] | None = None
    unread: bool = False
    """Whether there is something in it that cannot be looked through, as a picture."""


class LabelTold(Told, frozen=True, kw_only=True):
    data_class: DataClassWord
    region: str


class DecidedTold(Told, frozen=True, kw_only=True):
    endpoint: str
    is_allowed: bool
    is_veiled: bool
    rules: tuple[str, ...]
    says: str


class WantsTold(Told, frozen=True, kw_only=True):
    endpoint: str
    wants: tuple[str, ...]
    """What would have to be otherwise for it."""


class WouldTold(Told, frozen=True, kw_only=True):
    label: LabelTold
    is_allowed: bool
    endpoints: tuple[DecidedTold, ...]
    nearest: str | None
    nearest_is_veiled: bool
    differs: tuple[str, ...]
    refused: tuple[WantsTold, ...]


class BecameTold(Told, frozen=True, kw_only=True):
    request: str
    at_ms: int
    key: str
    asked: str
    label: LabelTold
    policy: str
    is_allowed: bool
    says: str
    nearest: str | None
    """The endpoint that answered, or the one that could have it now."""
    rules: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    rule: str | msgspec.UnsetType = msgspec.UNSET
    nearest_is_veiled: bool | msgspec.UnsetType = msgspec.UNSET
    differs: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    refused: tuple[WantsTold, ...] | msgspec.UnsetType = msgspec.UNSET


class CheckpointTold(Told, frozen=True, kw_only=True):
    note: str | None
    """The newest signed note; null in the first second of a log."""


class Problem(Told, frozen=True, kw_only=True):
    message: str
    param: str | None
    code: str
    retry: Literal["never", "elsewhere", "later"]
    rule: str | msgspec.UnsetType = msgspec.UNSET


class ErrorTold(Told, frozen=True, kw_only=True):
    error: Problem
