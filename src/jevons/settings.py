"""One typed tree of settings: `jevons.toml`, then the environment over it.

Rule 1: only `boot` and `cli` read settings; a room is given what it needs.
Rule 2: a wrong setting names the file, the setting and what it accepts, and stops the start.
Rule 3: a secret is never written in the file: `api_key = "secret:NAME"` names it in the vault that
    `jevons secrets` fills, `env:NAME` in the environment.
"""

from __future__ import annotations

import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from jevons.types.custody import PLACE, REGION, Custody, PerClass
from jevons.types.errors import Misconfigured
from jevons.types.model import Currency, ExchangeRate, Footprint, Price, Reported, Site
from jevons.types.request import Dialect, Need

__all__ = (
    "AdminSettings",
    "AnswersSettings",
    "AutoSettings",
    "BudgetSettings",
    "CacheSettings",
    "CheckSettings",
    "EndpointSettings",
    "EngineSettings",
    "HouseSettings",
    "LedgerSettings",
    "LimitsSettings",
    "OidcSettings",
    "OtelSettings",
    "PolicySettings",
    "PrivacySettings",
    "PublishSettings",
    "RetrySettings",
    "ServerSettings",
    "Settings",
    "StampSettings",
    "WitnessSettings",
    "load",
)

ENV_PREFIX = "JEVONS_"


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and how to listen."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback is refused while there is no key."""
    port: int = 8000
    """Port to listen on; 0 takes a free one."""
    max_body_bytes: int = 32 * 1024 * 1024
    """Longest request body."""
    read_timeout_s: float = 30.0
    """Longest wait for a request to arrive whole."""
    keep_alive_s: float = 75.0
    """How long an idle connection is kept."""


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the books are, and how durable is durable."""

    commit: Literal["disk", "os"] = "disk"
    """`disk`: flushed to the device before an answer ends. `os`: survives the process, flushed
    within 50 ms."""
    database: str = ""
    """A PostgreSQL database that any number of replicas share, as `postgresql://user@host/name`, or
    `secret:NAME` or `env:NAME` of one with its password. Takes `.venv/bin/pip install
    -e '.[postgres]'`. Unset: `ledger.db`, a SQLite file in the data folder."""
    signing_key: str = ""
    """With `database`: `secret:NAME` or `env:NAME` of the log's signing key, 32 bytes in base64.
    Unset: `signing.key` in the data folder, which every replica needs a copy of."""
    origin: Annotated[str, msgspec.Meta(pattern=r"^[^\s+]+$")] = "jevons.local/ledger"
    """Name of the log in its checkpoints, without spaces or `+`; best a URL that is yours, without
    its scheme. Cannot change once the log has begun."""
    witness_every_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """Shortest time between two checkpoints that are shown to the witnesses."""
    erase_after_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Days after a key was revoked, or ran out, until it is erased as `jevons erase` does it: nobody can
    tell any more what its records stand for. A key on legal hold is not. Unset: never."""


class PublishSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener of its own from which outsiders read the log; it answers nothing else."""

    port: int | None = None
    """Port to listen on; 0 takes a free one. Unset: nothing is published."""
    host: str = "127.0.0.1"
    """Address to listen on. Whoever reaches it learns how many records there are, and when."""
    records: str = ""
    """Who may read the records themselves, which name keys, models and costs: `secret:NAME` or
    `env:NAME`, whoever shows that token; `anyone`. Unset: nobody, and only hashes are shown."""


class AdminSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener of its own for whoever looks after the house; `jevons people` says who that is."""

    port: int | None = None
    """Port to listen on; 0 takes a free one. Unset: nobody can sign in."""
    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback is refused without an `url` of https."""
    url: str = ""
    """Where people reach it, as `https://jevons.example`: a proxy that ends TLS and hands requests on.
    Unset: on this machine only."""
    idle_minutes: Annotated[int, msgspec.Meta(ge=1)] = 30
    """Minutes without a request after which somebody is signed out."""
    session_hours: Annotated[int, msgspec.Meta(ge=1)] = 12
    """Hours after which somebody has to sign in again in any case."""


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another server, by OpenID Connect, that says who people are who look after the house.

    Takes `.venv/bin/pip install -e '.[oidc]'`. It is told to send people back to `/sign-in/oidc/back` below
    `[admin] url`.
    """

    issuer: str = ""
    """What the server calls itself, as `https://login.example.org/realms/main`. Unset: people sign in
    with tokens only."""
    client_id: str = ""
    """What it calls us."""
    client_secret: str = ""
    """`secret:NAME` or `env:NAME` of what we show it; unset for a client that has none."""
    scopes: tuple[str, ...] = ("openid", "profile")
    """What it is asked for; `openid` has to be there, and whatever makes it tell the groups."""
    groups: str = "groups"
    """Claim that lists somebody's groups; a name with dots leads into it, as `realm_access.roles`."""
    roles: dict[str, str] = {}
    """What each group may do: `admin`, `operator`, `auditor`, `manager of research, search` or
    `member of search`. Whoever is in none may not sign in."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """Longest wait for an answer of the server."""


class WitnessSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody else who cosigns this log's checkpoints. It is sent those, and nothing else."""

    url: str
    """Its submission prefix, as `https://witness.example`."""
    key: str
    """Its key as C2SP signed-note writes it: `name+id+base64`."""
    place: Annotated[str, msgspec.Meta(pattern=PLACE)] | None = None
    """Where it runs: `on-prem` or an ISO 3166-1 alpha-2 code, for the profile that is switched on;
    unset: unknown, which is the worst place."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """Longest wait for its answer."""


class StampSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An authority of time (RFC 3161) that stamps checkpoints. It is sent a hash, and nothing else.

    Takes `.venv/bin/pip install -e '.[stamp]'`.
    """

    url: str = ""
    """Where it takes questions, as `https://freetsa.org/tsr`. Unset: nothing is stamped."""
    roots: Path | None = None
    """PEM file of the certificates that its signatures come from; unset: signatures are not checked here."""
    every_s: Annotated[float, msgspec.Meta(gt=0)] = 86400.0
    """Time between two stamps."""
    place: Annotated[str, msgspec.Meta(pattern=PLACE)] | None = None
    """Where it runs: `on-prem` or an ISO 3166-1 alpha-2 code, for the profile that is switched on;
    unset: unknown, which is the worst place."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """Longest wait for its answer."""


class OtelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Traces: one OpenTelemetry span a request, never with a word of prompt or answer.

    Takes `.venv/bin/pip install -e '.[otel]'`.
    """

    url: str = ""
    """Base URL of a collector that takes OTLP over HTTP, as `http://127.0.0.1:4318`; spans go to
    `/v1/traces` below it. Unset: nobody is told anything."""
    place: str | None = None
    """Where the collector runs: `on-prem` or an ISO 3166-1 alpha-2 code. The profile that is switched
    on is asked whether internal data may go there; unset: unknown, which is the worst place."""
    custody: Custody | None = None
    """Who could get at what it is sent, as `[endpoint.custody]` says it; unset: unknown, which is the
    worst; for a place `on-prem`, nobody but you."""
    headers: tuple[str, ...] = ()
    """Header lines for the collector, each as `authorization: secret:NAME`, or `env:NAME`."""
    service: str = "jevons"
    """What this house is called in traces."""
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """Of the requests whose callers have not decided it, how many get spans, from 0 to 1."""
    hand_on: Literal["never", "on-prem", "everywhere"] = "never"
    """Which endpoints are sent a `traceparent`, so that their spans join ours. It tells them which
    requests belong together."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    """Longest wait for the collector. No answer waits for it."""


class AnswersSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers that callers ask to have kept, with `"store": true`."""

    keep: Literal["asked", "never"] = "asked"
    """`asked`: what a caller says shall be kept, encrypted. `never`: nothing is, such requests are
    refused, and what was kept before is deleted at the start."""
    keep_days: Annotated[int, msgspec.Meta(ge=1)] = 183
    """Days after which a kept answer is destroyed; also those kept before this was changed. The usual
    is the six months that the EU's AI Act asks of logs."""
    public_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The same for answers whose data the rules took to be public; unset: `keep_days`."""
    internal_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """For internal data."""
    personal_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """For personal data."""
    special_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """For special data."""
    max_mb: Annotated[int, msgspec.Meta(ge=1)] = 1024
    """Most megabytes that are kept. Once reached, nothing more is until something is deleted."""

    @property
    def days(self) -> PerClass:
        """Days after which an answer of each class is destroyed."""
        usual = self.keep_days
        return PerClass(
            public=self.public_days or usual,
            internal=self.internal_days or usual,
            personal=self.personal_days or usual,
            special=self.special_days or usual,
        )


class HouseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What jevons cannot know by itself about the machine it runs on."""

    grid: str | None = None
    """ISO 3166-1 alpha-2 code of the electricity it runs on, or a region of a cloud as
    `gcp/europe-west3`. Unset: the world's mix, with a wide interval."""
    grid_source: str = ""
    """Name of an installed source of carbon intensities, asked once at the start, which goes before
    what ships with jevons. Unset: nobody is asked."""
    watts_per_thread: float | None = None
    """Power of one busy processor thread, for machines without an energy counter. Unset: 4 W,
    with a wide interval."""
    electricity_usd_per_kwh: Decimal | None = None
    """What this machine's electricity costs. Unset: the world's average
    for households, and the receipt says so."""
    site: Site | None = None
    """What you say of contracted electricity, of making the hardware and of water on the premises;
    unset: unknown."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The embedded engine."""

    enabled: bool = True
    """Off: only remote endpoints are served."""
    model: str | None = None
    """Catalogue name, `file://` path or `hf://` reference. Unset: the best default that is there."""
    slots: int = 8
    """Requests served at once; more wait in line."""
    context_tokens: int = 4096
    """Context of each slot."""
    threads: int | None = None
    """Processor threads. Unset: half of those this process may use, at least two."""


class CheckSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test of yours that grades answers of every arm, the reference's too: all of it has to be so."""

    name: str
    """What the log calls it."""
    system: str = ""
    """Regular expression that is found in the system prompt of requests that it is for; unset: all."""
    prompt: str = ""
    """The same, of their last turn."""
    matches: str = ""
    """Regular expression that is found in a right answer."""
    contains: tuple[str, ...] = ()
    """What is in a right answer, each word of it."""
    lacks: tuple[str, ...] = ()
    """What is not."""
    max_chars: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Longest right answer."""
    json: bool = False
    """Whether it has to be JSON."""
    schema: bool = False
    """Whether it has to fit the JSON Schema that the request asks for; then it is for no other requests.
    Where no arm's answer fits, nobody knows whether it is the answers' fault, and nothing is graded."""
    near: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """It has to be a number, at most so large a share away from the reference's: 0.01 is one per cent."""
    command: tuple[str, ...] = ()
    """A program and its words: it reads `{"messages": …, "answer": …}` and ends with 0 for right, 1 for
    wrong; anything else grades nothing. No shell, no environment; by an absolute path, or in
    `/bin:/usr/bin`."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10.0
    """After which it is ended."""


_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z")]


class AutoSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model: "auto"`: the cheapest endpoint that is good enough, with a certificate.

    Takes `.venv/bin/pip install -e '.[auto]'`.
    """

    reference: str = ""
    """Name of the endpoint that others are held against, and that serves while nothing is certified;
    `dear@high` has it think so hard. Unset: there is no `auto`."""
    arms: tuple[str, ...] = ()
    """What may serve in its place: an endpoint (`cheap`), an endpoint told how hard to think
    (`dear@low`), or a cascade (`cheap+local`, `cheap@none+local`): what its endpoints agree on is the
    answer, and where they do not the reference answers. An effort is `none`, `minimal`, `low`,
    `medium`, `high`, `xhigh` or `max`."""
    tenant: Literal["house", "organisation", "team", "project", "key"] = "project"
    """Who is promised something each, on graded answers of their own traffic: the whole house
    together, or each account of a level that asks, or each key. What has no team counts as its
    organisation."""
    classes: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=16)] = ()
    """Names that callers may give their traffic by the header `x-jevons-class`, 16 at most: what
    has another name, or asks for another kind of answer (text, JSON, tools), is promised something
    of its own."""
    spend: Literal["money", "energy", "carbon"] = "money"
    """What `auto` saves. An arm of which that is not known never serves to save it."""
    loss: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.02
    """Most of the reference's quality that may be lost, as a share, over all requests."""
    confidence: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.95
    """How sure that is to be."""
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Of the requests, how many every arm is asked besides, to be graded. The house's own key pays
    for it, under the same rules as the caller; where a saving is possible more are drawn, elsewhere
    fewer. 0 asks none: then only `jevons label` teaches."""
    judge: str = ""
    """Name of the endpoint that grades answers that cannot be compared; unset: those are not graded."""
    ignore: tuple[str, ...] = ()
    """Names of fields of JSON answers, at any depth, that do not count where answers are compared, as
    `reasoning`: models give one answer for reasons in many words. In calls to functions all count."""
    judge_twice: bool = False
    """Whether the judge is asked in both orders, and its two grades are averaged: twice the price, and
    what it likes merely for coming first is gone."""
    check: tuple[CheckSettings, ...] = ()
    """Tests of yours, as `[[auto.check]]`: they grade in the place of comparing answers, and of a judge."""
    review: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Of the prompts that are graded, how many wait on the page `/review` for a person to grade them as
    well. Their texts are kept until then, at most for as long as `[answers]` keeps answers of such data."""
    review_class: Literal["public", "internal", "personal", "special"] = "internal"
    """The worst class of data of which prompts wait there."""
    learn: Annotated[int, msgspec.Meta(ge=20)] = 300
    """Graded prompts that are learned from before any are tested on."""
    labels: Annotated[int, msgspec.Meta(ge=20)] = 1000
    """Most graded prompts that one policy is tested on."""
    holdout: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    """Share of requests that get the reference under a certificate too: what is saved is measured
    beside them."""
    days: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    """Longest that a certificate holds."""
    requests: Annotated[int, msgspec.Meta(ge=1)] = 1_000_000
    """Most requests that are decided under a certificate, by all servers."""


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers that are given again to whoever asks the same: in memory, and gone with the process."""

    mode: Literal["off", "exact", "semantic"] | None = None
    """`exact`: an answer is given again if all that was asked is the same, and whoever asks is of the
    same account, under the same rules. `semantic`: also if the last question is only like the one
    before, once that is certified; takes `.venv/bin/pip install -e '.[auto]'`. Unset: `exact` in a
    house with `[auto]`, `off` in any other."""
    models: Literal["auto", "all"] | None = None
    """Which requests: those for `auto`, or all. Unset: those for `auto` in a house that has it."""
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 3600.0
    """After which an answer is given to nobody any more."""
    max_mb: Annotated[int, msgspec.Meta(ge=1)] = 64
    """Memory that all answers may take; those not asked for longest go first."""
    max_answer_kb: Annotated[int, msgspec.Meta(ge=1)] = 1000
    """Longest answer that is remembered."""
    data_class: Literal["public", "internal", "personal", "special"] = "internal"
    """Highest class of data of which answers are remembered."""
    loss_share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5
    """Of `auto.loss`, and of the chance that it is exceeded, how much `semantic` may use. Arms have the
    rest; where there are none it has all."""
    holdout: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.1
    """Share of what `semantic` could give that is asked anew all the same, so that it stays watched."""


class RetrySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an endpoint that is busy or down is asked again, once every other has failed."""

    tries: Annotated[int, msgspec.Meta(ge=0)] = 2
    """Most further tries of one request, over all its endpoints; 0 asks each endpoint once."""
    wait_s: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    """Longest wait of one request, in all. An endpoint that asks for more is not waited for: its
    error goes to the caller at once, with its `retry-after`."""
    aside_s: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    """Longest that an endpoint that keeps failing is asked after all others; 0 never puts one
    behind."""


class PolicySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which data may go where, whatever keys allow."""

    profile: str = ""
    """`open`, `eu-gdpr`, `eu-public-sector`, `us-dsp`, `health`, `air-gapped`, or the path of a `.toml`
    of your own with a `.cedar` beside it. What it promises is proved at each start. Unset: only keys
    say what may go where."""
    data_class: Literal["public", "internal", "personal", "special"] | None = None
    """What data is taken to be where neither key nor request says; unset: as the profile has it."""
    region: Annotated[str, msgspec.Meta(pattern=f"^$|{REGION}")] = ""
    """Where the people live whom data is about: `EEA` or ISO 3166-1 alpha-2; unset: as the profile has
    it."""


class PrivacySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Looking requests through for what identifies people and for secrets."""

    look: Literal["always", "never"] = "always"
    """`always`: every request is looked through, before the rules judge it. `never`: none is, and rules
    that want it refuse."""
    regions: tuple[str, ...] = ()
    """Countries, ISO 3166-1 alpha-2, whose national numbers are found without a word beside them
    that says what they are: more is found, and more that is none."""
    dictionary: tuple[str, ...] = ()
    """Identifiers of your own, as names of customers: found wherever they stand as words, in either
    case."""
    dictionary_file: Path | None = None
    """A text file of more of them, one a line."""
    names: bool = False
    """Find also names, places, organisations, addresses and dates of birth, in English, with a
    model that `.venv/bin/pip install -e '.[ner]'` installs. It takes 20 ms for a thousand characters, and
    misses one in ten: a help, no guarantee."""


class BudgetSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is set aside for a request under a budget where its worst case is not known.

    Budgets themselves are set with `jevons budgets`, and kept in the books.
    """

    ceiling_usd: Decimal | None = None
    """Money, where an endpoint has no price or nothing bounds the answer; charged if what it cost
    stays unknown. Unset: such requests are refused under a budget of money."""
    ceiling_wh: Decimal | None = None
    """Energy, watt-hours, where an endpoint has no footprint. Unset: refused under a budget of
    energy."""
    ceiling_gco2e: Decimal | None = None
    """Carbon, grams of CO2 equivalent, the same. Unset: refused under a budget of carbon."""
    own_joules_per_token: Annotated[float, msgspec.Meta(gt=0)] = 50.0
    """Most energy of a token, read or written, on own hardware without a footprint. The usual is
    enough for 8e9 parameters on a processor."""


class LimitsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where rate limits are counted when several replicas serve.

    Limits themselves are set with `jevons limits`, and kept in the books.
    """

    valkey: str = ""
    """A Valkey or Redis server, as `valkey://127.0.0.1:6379`, `valkeys://` for TLS; `secret:NAME` or
    `env:NAME`, where the address has a password. It is told hashes and numbers. Unset: each replica counts alone."""
    replicas: Annotated[int, msgspec.Meta(ge=1)] = 1
    """How many replicas there are. While the server does not answer, each counts alone, with so much a
    part of every limit."""
    prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._/-]+$")] = "jevons"
    """What keys in the server begin with; houses that share a server each need their own."""
    place: Annotated[str, msgspec.Meta(pattern=PLACE)] | None = None
    """Where the server runs: `on-prem` or an ISO 3166-1 alpha-2 code. The profile that is switched on is
    asked whether internal data may go there; unset: unknown, which is the worst place."""
    custody: Custody | None = None
    """Who could get at what it is told; unset: unknown, which is the worst; for a place `on-prem`, nobody
    but you."""
    timeout_ms: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    """Longest that a request waits for the server."""
    lease_s: Annotated[float, msgspec.Meta(ge=1)] = 10.0
    """How long what a replica has under way counts after it was last heard of."""


class EndpointSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One remote endpoint: any server that speaks one of our dialects."""

    name: str
    """What keys, rules and receipts call it; unique in one house."""
    model: str
    """`vendor/name` of the weights or the product."""
    url: str = ""
    """Base URL, `/v1` included where the server has one; unset: the vendor's."""
    dialect: Dialect | None = None
    """What the server speaks; unset: what the vendor does, else `openai-chat`. Callers may ask in
    any of our dialects, whatever it is."""
    vendor: str = ""
    """Whose server it is, as `deepseek`: from its row come the URL, place, price and context that
    are not set here, and what it wants said otherwise. Reasoning goes back to its vendor only."""
    vendor_host: str = ""
    """Which of the vendor's hosts; unset: its first."""
    upstream_model: str | None = None
    """What that server calls it; unset: `model`, without the vendor's id before it."""
    api_key: str | None = None
    """`secret:NAME` of `jevons secrets`, or `env:NAME`; unset: the vendor's usual variable if it is set,
    else none is sent."""
    aliases: tuple[str, ...] = ()
    """Other names a caller may use for it."""
    host: str | None = None
    """Who runs it: the operator's legal name; unset: the vendor's, else unknown."""
    place: Annotated[str, msgspec.Meta(pattern=PLACE)] | None = None
    """Where it processes: `on-prem` or an ISO 3166-1 alpha-2 code; unset: where the vendor says, else
    `unknown`, which is the worst place."""
    grid: str | None = None
    """ISO 3166-1 alpha-2 code of the electricity it runs on, or a region of a cloud as
    `gcp/europe-west3`; unset: not known."""
    can: tuple[Need, ...] | None = None
    """What it can do; a request that needs more is not sent there. Unset: what the vendor's row
    says, else everything that is only text."""
    context_tokens: int | None = None
    """Its context; unset: the vendor's row, else not known, and not checked."""
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Longest answer that it gives, whatever is asked: under a budget, so much is set aside for a
    request that names no limit of its own. Unset: the vendor's row, else its context."""
    price: Price | None = None
    """What its tokens cost, at all times and for all requests; unset: `prices`."""
    prices: tuple[Price, ...] = ()
    """What its tokens cost, as rows with a `since`, for each length, hour or service; unset: the
    vendor's price list, else the cost is unknown, which is not zero."""
    currency: Currency | None = None
    """In which it bills you, where its vendor has a price list in several; unset: dollars, or what
    there is."""
    footprint: Footprint | None = None
    """What its energy is modelled from; unset: the energy is unknown."""
    reported: Reported | None = None
    """What its operator says that answers take; it goes before `footprint`. Unset: it says nothing."""
    site: Site | None = None
    """What its operator says of contracted electricity, of making the hardware and of water; unset: the
    first is unknown, and the others are what is usual for a data centre."""
    custody: Custody | None = None
    """Who could get at what it is sent; unset: the vendor's row, else unknown, which is the worst;
    for a place `on-prem`, nobody but you."""
    connect_timeout_s: float = 5.0
    """Longest wait for a connection."""
    first_byte_timeout_s: float = 60.0
    """Longest wait for the answer to begin."""
    idle_timeout_s: float = 60.0
    """Longest silence in the middle of an answer."""
    max_connections: int = 256
    """Most connections to it at once; more wait in line."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    data_dir: Path
    """Where the ledger, the keys and the weights are."""
    server: ServerSettings = ServerSettings()
    ledger: LedgerSettings = LedgerSettings()
    publish: PublishSettings = PublishSettings()
    admin: AdminSettings = AdminSettings()
    oidc: OidcSettings = OidcSettings()
    stamp: StampSettings = StampSettings()
    otel: OtelSettings = OtelSettings()
    answers: AnswersSettings = AnswersSettings()
    house: HouseSettings = HouseSettings()
    engine: EngineSettings = EngineSettings()
    retries: RetrySettings = RetrySettings()
    auto: AutoSettings = AutoSettings()
    cache: CacheSettings = CacheSettings()
    policy: PolicySettings = PolicySettings()
    privacy: PrivacySettings = PrivacySettings()
    budgets: BudgetSettings = BudgetSettings()
    limits: LimitsSettings = LimitsSettings()
    exchange: tuple[ExchangeRate, ...] = ()
    """What other currencies are worth to you; unset: the reference rates that ship with jevons."""
    endpoint: tuple[EndpointSettings, ...] = ()
    witness: tuple[WitnessSettings, ...] = ()


def load(path: Path | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Read settings.

    Args:
        path: The file; None reads `jevons.toml` here if there is one.
        environ: The environment; None is the process's own. `JEVONS_SERVER_PORT=8080` is
            `[server] port`, `JEVONS_DATA_DIR` is `data_dir`.

    Raises:
        Misconfigured: A file that is named is not there, or a setting is wrong.
    """
    environ = dict(os.environ) if environ is None else environ  # noqa: TID251 the one reader
    tree = _read(path)
    _overlay(tree, environ)
    tree.setdefault("data_dir", str(_default_data_dir(environ)))
    try:
        return msgspec.convert(tree, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        message = f"{path or 'jevons.toml'}: {error}"
        raise Misconfigured(message) from None


def _decode(kind: type, value: Any) -> Any:
    """Read what msgspec has no words for: a path, with `~` for home."""
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def _read(path: Path | None) -> dict[str, Any]:
    found = path or Path("jevons.toml")
    try:
        with found.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        if path is None:
            return {}
        message = f"no settings file {str(path)!r}"
        raise Misconfigured(message) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{found}: {error}"
        raise Misconfigured(message) from None


def _overlay(tree: dict[str, Any], environ: dict[str, str]) -> None:
    """Lay `JEVONS_SECTION_NAME` over the file's `[section] name`; a list is parted by commas."""
    for section in msgspec.structs.fields(Settings):
        if not (isinstance(section.type, type) and issubclass(section.type, msgspec.Struct)):
            continue
        for field in msgspec.structs.fields(section.type):
            value = environ.get(f"{ENV_PREFIX}{section.name}_{field.name}".upper())
            if value is not None:
                is_list = field.type == tuple[str, ...]
                said = [each.strip() for each in value.split(",")] if is_list else value
                tree.setdefault(section.name, {})[field.name] = said
    if f"{ENV_PREFIX}DATA_DIR" in environ:
        tree["data_dir"] = environ[f"{ENV_PREFIX}DATA_DIR"]


def _default_data_dir(environ: dict[str, str]) -> Path:
    """Follow the XDG Base Directory Specification."""
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "jevons"
