"""What was used, what it came to, and what goes into the books.

Every record is one leaf of the ledger: its bytes are its canonical JSON, and they never
change. Fields may be added with a default; none is ever renamed or given a new meaning.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jevons.types.budget import DEFAULT_LINE, Account, Alert, Amounts, Budget, Limit
from jevons.types.custody import UNKNOWN_PLACE, PerClass
from jevons.types.person import Role
from jevons.types.review import Verdict
from jevons.types.units import Cost, Quantity

__all__ = (
    "Certified",
    "Charge",
    "Deed",
    "Ended",
    "Erased",
    "Expired",
    "Feedback",
    "Genesis",
    "Impact",
    "Intent",
    "KeyChange",
    "Measured",
    "Media",
    "Opened",
    "PersonChange",
    "Receipt",
    "Record",
    "Refused",
    "Restored",
    "Reviewed",
    "SecretChange",
    "SetAside",
    "Tried",
    "Usage",
    "Veil",
)


class Media(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens that are no text, of those in the buckets: some price lists charge them otherwise.

    Each is part of one bucket of `Usage`, which is in its name, and at most all of it.
    """

    input_audio: int = 0
    cache_read_audio: int = 0
    input_image: int = 0
    input_video: int = 0
    output_audio: int = 0
    output_image: int = 0
    output_video: int = 0


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, in buckets that do not overlap: their sum is what was processed."""

    input: int = 0
    """Prompt tokens that were neither read from nor written to a cache."""
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    """Those of `cache_write` that are kept for an hour, which costs more; not in the sum again."""
    output: int = 0
    """Answer tokens that are not reasoning."""
    reasoning: int = 0
    media: Media | None = None
    """Which of them are no text, as far as the endpoint tells; None is none. Not in the sum again."""
    other_models: int = 0
    """Tokens of other models that helped to answer or stood in, as the endpoint tells: the
    endpoint's price is not theirs, and a helper's are in no bucket."""
    counted_by: Literal["endpoint", "guess", "nobody", "cache"] = "nobody"
    """`guess`: the answer broke off before its usage came, and we counted its pieces. `cache`: an
    answer was given again, and nothing was processed."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a door could observe about the work itself. None is not observed."""

    cpu_s: float | None = None
    """Processor seconds of the engine that fall to this request."""
    threads: int | None = None
    """Processor threads that the engine may use."""
    counter_mj: float | None = None
    """Millijoules that a hardware counter read, and that fall to this request."""
    counter: Literal["measured-rapl", "measured-nvml"] | None = None


class Veil(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the identifiers for which an endpoint was sent tokens."""

    hidden: int = 0
    """Identifiers that were replaced, each counted once."""
    restored: int = 0
    """Tokens of the answer that were turned back."""
    unrestored: int = 0
    """What looked like one and could not be turned back: the caller got it as it was."""


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer came to beside its energy and the carbon of its place's electricity."""

    market_mg: Quantity
    """Milligrams of CO2 equivalent, market-based: by the electricity that was contracted."""
    embodied_mg: Quantity
    """Milligrams of CO2 equivalent that were emitted to make the hardware; in no other figure."""
    water_site_ul: Quantity
    """Microlitres of water that evaporated where the machines stand."""
    water_grid_ul: Quantity
    """Microlitres that making their electricity took."""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What one request came to."""

    cost: Cost
    energy_mj: Quantity
    """Millijoules at the wall."""
    carbon_mg: Quantity
    """Milligrams of CO2 equivalent, location-based."""
    impact: Impact | None = None
    """None where nobody asked for it."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as the receipt lists it."""

    endpoint: str
    error: str | None = None
    """Code of what went wrong; None for the attempt that stands."""
    detail: str | None = None
    after_ms: float = 0.0
    """Milliseconds that were to pass before it: an endpoint that had failed was asked again."""
    usage: Usage | None = None
    """What it used; None for the attempt that stands, whose usage the receipt has, and for one that
    is not known to have used anything."""
    draft: str = ""
    """What became of it if it was only to draft the answer: `taken` went out, `agreed` came to the
    same, `dropped` did not, or failed. Empty for any other, and where it ended with this one."""
    cost: Cost | None = None
    """What it cost, in a cascade; None elsewhere, and if it is not known to have used anything."""


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that was to be asked after all others, since it kept failing."""

    endpoint: str
    until_ms: int
    """Unix milliseconds until which it is so."""
    failures: int
    """In a row."""
    error: str
    """Code of the last."""


class Genesis(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="genesis"):
    """The first leaf: which log this is."""

    at_ms: int
    origin: str
    """Name of the log, as in its checkpoints."""
    public_key: str
    """Ed25519 key that signs its checkpoints, base64."""


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="key"):
    """A key was made, got a new secret, was revoked, put on legal hold, or released from it."""

    at_ms: int
    act: Literal["created", "rotated", "revoked", "held", "released"]
    key: str
    name: str
    row: str = ""
    """SHA-256 of what is stored of the key, hex."""
    account: tuple[str, ...] = DEFAULT_LINE
    """Accounts that it is charged to: its project, and what that is part of."""
    former_until_ms: int | None = None
    """Unix milliseconds until which the secret before this one is good, if there was one."""
    reason: str = ""
    """Why, as whoever did it says; empty where nothing was said."""
    by: str = ""
    """Who did it: a person, or `cli:NAME`; empty where nobody was asked yet."""


class PersonChange(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="person"):
    """Somebody was let sign in with a token, got a new one, came from a sign-on server, or was removed."""

    at_ms: int
    act: Literal["added", "rotated", "signed_in", "removed"]
    name: str
    role: Role
    accounts: tuple[str, ...] = ()
    """Accounts that the role is of; none for one of the whole house."""
    token: str = ""
    """SHA-256 of the token, hex; it is of 32 random bytes, so nobody guesses it. Empty for none."""
    issuer: str = ""
    """The sign-on server that says who they are; empty for those who have a token."""
    by: str = ""
    """Who did it, as in each such record."""


class SecretChange(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="secret"):
    """A secret of the vault was set or removed, or all were sealed with another master key.

    Nothing here is made of its value.
    """

    at_ms: int
    act: Literal["set", "removed", "rotated"]
    name: str = ""
    """What settings call it; empty where it was about all."""
    by: str = ""
    """Who did it: `cli:NAME`."""


class Erased(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="erased"):
    """What linked a key's records to anybody was destroyed, and every answer kept for it."""

    at_ms: int
    key: str
    """Public id of the key. Its row is gone, and with it what its commitments are opened with."""
    answers: int
    """Kept answers that were destroyed."""
    reason: str = ""
    """Why, as whoever did it says; empty where nothing was said."""
    by: str = ""
    """Who did it: a person, or `cli:NAME`; empty where nobody was asked yet."""


class Expired(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="expired"):
    """Kept answers that were older than the house keeps them were destroyed."""

    at_ms: int
    """When that began. After a fall there may be two records of one moment: it was done once."""
    answers: PerClass
    """How many of each class."""
    keep_days: PerClass
    """Days after which they were to be."""


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="opened"):
    """The house opened, under this policy: what the hash on each receipt stands for."""

    at_ms: int
    version: str
    """Of jevons."""
    policy: str
    """SHA-256 of the rules and their settings, hex, as receipts carry it."""
    rules: tuple[str, ...]
    """Name and version of each, in the order in which they are asked."""
    profile: str = ""
    """The profile that is switched on; empty where none is."""
    policies: str = ""
    """SHA-256 of its Cedar policies, hex."""
    schema: str = ""
    """SHA-256 of the schema that they are written in, hex."""
    proof: str = ""
    """SHA-256 of what was proved of them, hex."""
    proved: tuple[str, ...] = ()
    """Names of the promises that were proved."""
    data_class: str = "public"
    """What data is taken to be where neither key nor request says."""
    region: str = UNKNOWN_PLACE


class Restored(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="restored"):
    """A backup was put in the place of the ledger."""

    at_ms: int
    size: int
    """Records in the backup; this one comes after them."""
    lost: int
    """Records that are known to have been acknowledged and are not in it. Whatever was signed over
    them is of another history than what follows here."""
    newest: int = 0
    """Size of the newest checkpoint that was known to be lost; 0 if none was."""
    root: str = ""
    """Its root, base64."""
    by: str = ""
    """Who did it: `cli:NAME`."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="refused"):
    """A rule said no: nothing left the house, and nothing follows."""

    id: str
    at_ms: int
    key: str
    asked: str
    """Model as the caller wrote it."""
    rule: str
    error: str
    """Code of the refusal."""
    says: str
    """The sentence that the caller was told."""
    data_class: str
    region: str
    policy: str
    """SHA-256 of the rules and their settings, hex."""
    request: str
    """Commitment to the request's bytes, hex."""
    found: tuple[str, ...] = ()
    """Kinds of identifiers that were found in it."""
    unread: tuple[str, ...] = ()
    """What of it could not be looked through."""


class Intent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="intent"):
    """What is about to leave; durable before any of it does."""

    id: str
    at_ms: int
    key: str
    asked: str
    """Model as the caller wrote it."""
    endpoints: tuple[str, ...]
    """The plan, in order."""
    rules: tuple[str, ...]
    """Rules that allowed it."""
    policy: str
    """SHA-256 of the rules and their settings, hex."""
    request: str
    """Commitment to the request's bytes, hex; see `jevons.ledger.commitment`."""
    data_class: str = "public"
    """Class of its data, as the rules took it: `public`, `internal`, `personal`, `special`."""
    region: str = UNKNOWN_PLACE
    """Where the people live whom its data is about."""
    account: tuple[str, ...] = ()
    """Accounts that it is charged to, from the project up; none in records of before there were
    accounts."""
    held: Amounts | None = None
    """What is set aside for it, its worst case; None if nothing is, since it has no budget."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="receipt"):
    """What became of a request; durable before the last byte of the answer goes out."""

    id: str
    at_ms: int
    """When the answer ended, Unix milliseconds."""
    key: str
    asked: str
    endpoint: str | None
    """The endpoint that answered; None when none did."""
    model: str | None
    host: str | None
    place: str | None
    why: str
    """Why this endpoint, in one sentence."""
    rules: tuple[str, ...]
    policy: str
    stream: bool
    first_byte_ms: float | None
    """From arrival to the first byte of the answer; None when there was none."""
    total_ms: float
    usage: Usage
    """Of the attempt that stands: the last, or the draft that went out."""
    cost: Cost
    """Of every attempt that used something; `energy_mj` and `carbon_mg` too."""
    energy_mj: Quantity
    carbon_mg: Quantity
    finish: str
    """`stop`, `length`, `tool_calls`, `content_filter`, or `error`, `caller_left`, `lost`."""
    error: str | None = None
    """Code of what went wrong, if anything did."""
    tried: tuple[Tried, ...] = ()
    aside: tuple[SetAside, ...] = ()
    """Endpoints that stood behind the others of the plan, and until when."""
    changed: tuple[str, ...] = ()
    """Fields of the request that were dropped or altered on the way, and how."""
    request: str
    """Commitment to the request's bytes, hex."""
    answer: str | None
    """Commitment to the answer's bytes as the caller was sent them, hex; None if there were none."""
    data_class: str = "public"
    region: str = UNKNOWN_PLACE
    found: tuple[str, ...] = ()
    """Kinds of identifiers that were found in the request."""
    unread: tuple[str, ...] = ()
    """What of it could not be looked through."""
    veil: Veil | None = None
    """None if it was sent as it came."""
    account: tuple[str, ...] = ()
    """Accounts that it was charged to, from the project up."""
    day: str = ""
    """Day on which it was asked, UTC, `2026-11-23`: budgets are charged as of it."""
    charged: Amounts | None = None
    """What budgets were charged: the medians of what is known; what was set aside where a figure is
    not; nothing where the endpoint refused. None in records of before there were budgets."""
    impact: Impact | None = None
    """Of every attempt that used something; None in records of before it was told."""
    chosen: str = ""
    """How `auto` came to this endpoint: `certified`, `uncertified`, `barred`, `new`, `holdout`, `sticky`,
    `named`, `fallback` or `no-reference`; empty where the caller named a model. `cache`, whatever was asked for:
    an answer was given again."""
    certificate: str = ""
    """The certificate that it was chosen under, `cert_…`; empty where none held."""
    arm: str = ""
    """The arm of `auto` that it is, as `cheap`, `dear@low`, `cheap+local`: of a cascade `endpoint` says
    whose answer went out. Empty where the caller named a model, and in records of before."""
    tenant: str = ""
    """Whose traffic `auto` took it for: an account, a key, or empty for the whole house."""
    traffic: str = ""
    """Which class of it; empty where `auto` was not asked for."""
    repeats: str = ""
    """The receipt of the answer that was given again, in which case nobody was asked; else empty."""
    likeness: float | None = None
    """How like what was asked then it is, from 0 to 1; None where it is the same, or nothing is repeated."""


class Certified(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="certified"):
    """What `auto` promises from now on, and on what evidence; or that it promises it no longer."""

    at_ms: int
    id: str
    """`cert_` and a hash of the policy that was tested."""
    policy: str
    """SHA-256 of that: models, arms, trade; hex."""
    reference: str
    arms: tuple[str, ...]
    loss: float
    """Most of the reference's quality that may be lost, as a share."""
    confidence: float
    """How sure that is."""
    labels: int
    """Graded pairs, none of them learned from."""
    estimate: float
    """Share that was lost on them; below 0 was gained."""
    bound: float
    """Largest share that they do not rule out."""
    until_ms: int
    """Unix milliseconds from which it no longer holds, whatever happens."""
    ended: str = ""
    """Why it no longer holds: `age`, `volume`, `drift`, `quality`, `feedback` or `settings`; empty
    where it begins to."""
    tenant: str = ""
    """Whose traffic it is of: an account, a key, or empty for the whole house."""
    traffic: str = ""
    """Which class of it: `text`, `json` or `tools`, and after a colon a name that callers give it. Empty
    in records of versions that knew but one."""
    spend: str = "money"
    """What is saved by it: `money`, `energy` or `carbon`."""
    of: Literal["arms", "cache"] = "arms"
    """What is promised: that arms serve in the reference's place; or that an answer is given again to a
    question that is like the one that it was given to. Of that there is no reference and no arm."""
    likeness: float | None = None
    """How like it has to be, from 0 to 1; None where it is of arms."""


class Feedback(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="feedback"):
    """Whoever asked says how good an answer was. Of several on one answer the last counts."""

    at_ms: int
    receipt: str
    """`req_` id of the answer."""
    key: str
    """Which asked, and says so."""
    endpoint: str
    """Which answered."""
    score: float
    """From 0 to 1."""
    chosen: str = ""
    """How `auto` came to the endpoint, as the receipt has it."""
    certificate: str = ""
    tenant: str = ""
    """Whose traffic it was taken for, as the receipt has it; `traffic` too."""
    traffic: str = ""


class Reviewed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="reviewed"):
    """Somebody graded two answers to one prompt, and was not told whose they were."""

    at_ms: int
    label: str
    """Of the graded prompt; made of its request's id."""
    arms: tuple[str, str]
    """The reference, and the one beside it."""
    verdict: Verdict
    """Which is better: `reference`, `arm`, `both` are as good, or `neither` is any good."""
    by: str = ""
    """Who, as in each such record."""


Ended = Receipt | Refused
"""What a request came to."""

Deed = (
    KeyChange
    | PersonChange
    | SecretChange
    | Erased
    | Restored
    | Reviewed
    | Account
    | Budget
    | Limit
)
"""What somebody did to the house; `by` says who."""

Record = (
    Genesis
    | KeyChange
    | PersonChange
    | SecretChange
    | Erased
    | Expired
    | Certified
    | Feedback
    | Opened
    | Intent
    | Receipt
    | Refused
    | Restored
    | Reviewed
    | Account
    | Budget
    | Limit
    | Alert
)
