"""Whatever is asked, on whatever surface, no vendor hears a byte that the profile forbids it.

A whole house, with its looking through and its veils, stands before vendors of every kind and
dialect that keep what they hear and fail, so that each request is tried wherever it may go. What
may go where is told by `law`, which knows nothing of the policy's code. `JEVONS_ASKED` says how
many requests are made under each profile (`make prove`: 300).
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import unicodedata
from contextlib import AsyncExitStack, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast, get_args
from urllib.parse import quote, unquote

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.contract.policy.law import Host, may_go
from tests.contract.policy.places import PATHS, PLACES, UNREADABLE, plain

from jevons.boot import open_house
from jevons.boot.policy import load_profile, shipped_profiles
from jevons.policy.egress import Egress
from jevons.ports import Veiled
from jevons.privacy import Inspector
from jevons.settings import (
    EndpointSettings,
    EngineSettings,
    PolicySettings,
    PrivacySettings,
    RetrySettings,
    Settings,
)
from jevons.testing import Vendor
from jevons.testing.reply import refusal
from jevons.types.account import Veil
from jevons.types.custody import OWN, Custody, DataClass, Label
from jevons.types.request import Dialect, Inspected, Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jevons.policy import Asking
    from jevons.ports import Caller
    from jevons.testing import Heard
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

ASKED = int(os.environ.get("JEVONS_ASKED", "25"))
TERM, NAMED = "Project Nightjar", "Room 4711"
PLANTED: Mapping[str, int] = {
    "anna.berg@example.org": 2,
    "DE89 3704 0044 0532 0130 00": 2,
    "4111 1111 1111 1111": 2,
    "+49 30 9018 2057": 2,
    "536-90-4399": 2,
    TERM: 2,
    NAMED: 2,
    "sk-proj-" + "a1B2c3D4" * 6: 3,
}
"""What identifies somebody or opens a door, and the class that it makes of a request."""

US = {"owner": "US", "storage": "US", "access": ("US",), "retention_days": 0, "trains": False}
HOSTS: Mapping[str, Host] = {
    "home": Host("on-prem", OWN),
    "eea": Host("DE", Custody(owner="DE", storage="DE", access=(), retention_days=0, trains=False)),
    "eea-kept": Host(
        "FR", Custody(owner="FR", storage="FR", access=(), retention_days=30, trains=False)
    ),
    "us": Host("US", Custody(**US)),  # type: ignore[arg-type] the test's own words
    "us-dpf": Host("US", Custody(**US, basis="dpf")),  # type: ignore[arg-type] as above
    "us-signed": Host("US", Custody(**US, basis="scc-tia")),  # type: ignore[arg-type] as above
    "cn": Host("CN", Custody(owner="CN", storage="CN", access=(), trains=False)),
    "cn-signed": Host(
        "CN", Custody(owner="CN", storage="CN", access=(), trains=False, basis="scc-tia")
    ),
    "trains": Host("US", Custody(**{**US, "trains": True}, basis="dpf")),  # type: ignore[arg-type] as above
    "nobody-knows": Host("unknown", Custody()),
}
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
WAYS = ("plain", "escaped", "percent", "entity", "wide", "packed", "zero-width")


class Plant(NamedTuple):
    """Something planted in a request."""

    value: str
    place: str
    way: str


class Asked(NamedTuple):
    """One request."""

    surface: str
    plants: tuple[Plant, ...]
    is_stream: bool
    is_drawn: bool
    """Whether it wants what no veil fits: several answers, or probabilities."""
    key: str
    data_class: str
    """That the caller says it is; empty says nothing."""
    beside: str
    """Planted beside the body: in header lines, known and unknown, and behind the path."""
    model: str

    def label(self, profile: str, *, veiled: bool, is_beside_sent: bool) -> Label:
        """Label it as the law has it."""
        house = load_profile(profile).label
        key = KEYS[self.key]
        said = key.get("data_class")
        _, marks = self.marked()
        found = [PLANTED[each.value] for each in marks.values()]
        classes = [house.data_class if said is None else said, *found]
        if self.data_class:
            classes.append(DataClass[self.data_class.upper()])
        if is_beside_sent:
            classes.append(PLANTED[self.beside])
        return Label(
            data_class=DataClass(max(classes)),
            region=key.get("region") or house.region,
            unread=any(each.place in UNREADABLE for each in marks.values()),
            veiled=veiled,
        )

    def can_be_veiled(self) -> bool:
        return self.surface != "embeddings" and not (self.is_drawn and self.surface == "chat")

    def marked(self) -> tuple[str, dict[str, Plant]]:
        """Write a body with a mark for each plant that is in it: one place can take another's."""
        body = plain(self.surface)
        marks: dict[str, Plant] = {}
        for number, plant in enumerate(self.plants):
            marks[f"MARK{number}X"] = plant
            PLACES[self.surface][plant.place](body, f"for MARK{number}X now")
        body |= {"model": self.model}
        if self.surface in {"chat", "responses", "messages"}:
            body["stream"] = self.is_stream
        if self.is_drawn and self.surface == "chat":
            body["n"] = 2
        text = json.dumps(body, ensure_ascii=False)
        return text, {mark: plant for mark, plant in marks.items() if mark in text}

    def body(self) -> bytes:
        text, marks = self.marked()
        for mark, plant in marks.items():
            text = text.replace(mark, written(plant))
        return text.encode()


def written(plant: Plant) -> str:
    """Write it in one of the ways in which it must be found all the same."""
    value = plant.value
    if plant.way == "escaped":
        return "".join(f"\\u{ord(char):04x}" for char in value)
    if plant.way == "wide":
        return "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in value)
    if plant.way == "packed":
        return value if value in {TERM, NAMED, "536-90-4399"} else value.replace(" ", "")
    if plant.way == "zero-width" and " " not in value:
        return value[:4] + "\u200b" + value[4:]
    if plant.way == "percent":
        return value.replace("@", "%40")
    return value.replace("@", "&#64;") if plant.way == "entity" else value


KEYS: Mapping[str, dict[str, Any]] = {
    "usual": {},
    "near": {"places": frozenset({"on-prem", "DE"})},
    "named": {"endpoints": frozenset({"home", "us-dpf", "us-signed-gemini", "cn"})},
    "public": {"data_class": DataClass.PUBLIC},
    "special": {"data_class": DataClass.SPECIAL},
    "american": {"region": "US"},
}


def asks(surface: str) -> st.SearchStrategy[Asked]:
    plant = st.builds(
        Plant,
        st.sampled_from([*PLANTED]),
        st.sampled_from([*PLACES[surface]]),
        st.sampled_from(WAYS),
    )
    return st.builds(
        Asked,
        surface=st.just(surface),
        plants=st.lists(plant, max_size=3, unique_by=lambda each: each.place).map(tuple),
        is_stream=st.booleans(),
        is_drawn=st.integers(0, 5).map(lambda drawn: drawn == 0),
        key=st.sampled_from([*KEYS]),
        data_class=st.sampled_from(["", "", "", "personal", "special", "public"]),
        beside=st.sampled_from(["", "", *PLANTED]),
        model=st.sampled_from(["a/model", "a/model", "us-signed-openai-chat", "cn"]),
    )


class Town:
    """A house, and every vendor there is around it."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.vendors: dict[str, tuple[Host, Vendor]] = {}
        self.keys: dict[str, str] = {}
        self.reached: set[str] = set()
        self._closing = AsyncExitStack()
        self._client = httpx2.AsyncClient()

    async def open(self, folder: Path) -> Self:
        rows: list[EndpointSettings] = []
        for number, (name, host) in enumerate(HOSTS.items()):
            spoken = DIALECTS if name == "us-signed" else (DIALECTS[number % len(DIALECTS)],)
            for dialect in spoken:
                vendor = await self._closing.enter_async_context(Vendor(refusal(500, "busy")))
                called = f"{name}-{dialect}" if name == "us-signed" else name
                self.vendors[called] = (host, vendor)
                rows.append(row(called, host, vendor, dialect))
        settings = Settings(
            data_dir=folder,
            engine=EngineSettings(enabled=False),
            retries=RetrySettings(tries=0, aside_s=0),
            policy=PolicySettings(profile=self.profile),
            privacy=PrivacySettings(dictionary=(TERM,)),
            endpoint=tuple(rows),
        )
        house = await self._closing.enter_async_context(open_house(settings))
        for name, limits in KEYS.items():
            self.keys[name] = (await house.books.keys.create(name, **limits)).secret
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] its own words for ASGI
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://jevons")
        self._closing.push_async_callback(self._client.aclose)
        return self

    async def close(self) -> None:
        await self._closing.aclose()

    async def ask(self, asked: Asked) -> int:
        """Ask, and hold what every vendor heard against the law; return the status."""
        headers = {
            "authorization": f"Bearer {self.keys[asked.key]}",
            "content-type": "application/json",
            "x-jevons-identifiers": quote(NAMED),
        }
        if asked.data_class:
            headers["x-jevons-data-class"] = asked.data_class
        path = PATHS[asked.surface]
        if asked.beside:
            headers |= dict.fromkeys(("anthropic-beta", "x-note", "user-agent"), asked.beside)
            path += f"?note={quote(asked.beside)}"
        for _, vendor in self.vendors.values():
            vendor.heard.clear()  # of a request before this one, which failed half way
        answer = await self._client.post(path, content=asked.body(), headers=headers)
        for name, (host, vendor) in self.vendors.items():
            for heard in vendor.heard:
                self.reached.add(name)
                wrong = self.wrong(asked, name, host, heard)
                assert wrong is None, f"{name} heard {wrong}: {heard.body!r}"
        return answer.status_code

    def wrong(self, asked: Asked, name: str, host: Host, heard: Heard) -> str | None:
        """Say what a vendor should not have heard."""
        key = KEYS[asked.key]
        if host.place not in key.get("places", {host.place}):
            return "what this key may not send there"
        if name not in key.get("endpoints", {name}):
            return "what this key may not send to it"
        told = bare(heard)
        sent = bool(asked.beside) and packed(asked.beside) in told
        plain, hidden = (
            asked.label(self.profile, veiled=veiled, is_beside_sent=sent)
            for veiled in (False, True)
        )
        if may_go(self.profile, plain, host):
            return None
        if not asked.can_be_veiled() or not may_go(self.profile, hidden, host):
            return "what may not go there"
        values = [each.value for each in asked.plants] + [asked.beside] * sent
        shown = [each for each in values if packed(each) in told]
        return f"{shown} in clear" if shown else None


def row(name: str, host: Host, vendor: Vendor, dialect: Dialect) -> EndpointSettings:
    url = vendor.url.removesuffix("/v1") if dialect == "anthropic-messages" else vendor.url
    return EndpointSettings(
        name=name,
        model="a/model",
        url=url,
        place=host.place,
        host=f"{name} Ltd",
        custody=host.custody,
        dialect=dialect,
        can=get_args(Need),
    )


def bare(heard: Heard) -> str:
    """Write all that a vendor heard without any way in which it could be disguised."""
    texts = [unquote(heard.path), *heard.headers.values(), *strings(json.loads(heard.body))]
    return packed("\n".join(texts))


def strings(value: Any) -> Iterator[str]:
    """Yield every string in JSON, names of members and JSON in strings included."""
    if isinstance(value, (dict, list)):
        pairs = cast("dict[Any, Any]", value).items() if isinstance(value, dict) else ()
        for each in chain(*pairs) if pairs else cast("list[Any]", value):
            yield from strings(each)
        return
    yield str(value)
    if str(value)[:1] in {"{", "[", '"'}:
        with suppress(ValueError):
            yield from strings(json.loads(value))


def packed(text: str) -> str:
    """Write text in one way, whichever it was written in."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    text = unicodedata.normalize("NFKC", html.unescape(unquote(text)))
    return re.sub(r"[\s\u200b\ufeff-]", "", text).casefold()


def hold(profile: str, folder: Path, *, count: int = ASKED, may_shrink: bool = True) -> set[str]:
    """Ask for all kinds of things under a profile; return who was reached."""
    with asyncio.Runner() as runner:
        town = runner.run(Town(profile).open(folder))

        @settings(
            max_examples=count,
            deadline=None,
            phases=[*Phase] if may_shrink else [Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(asked=st.sampled_from([*PATHS]).flatmap(asks))
        def nothing_leaves(asked: Asked) -> None:
            status = runner.run(town.ask(asked))
            assert status in {400, 403, 404, 422, 500, 502, 503}, status

        try:
            nothing_leaves()
        finally:
            runner.run(town.close())
        return town.reached


@pytest.mark.parametrize("profile", shipped_profiles())
def test_no_vendor_hears_what_the_profile_forbids(profile: str, tmp_path: Path) -> None:
    reached = hold(profile, tmp_path)
    assert "home" in reached, "a house that sends nothing forbids nothing"
    assert profile != "air-gapped" or reached == {"home"}


def lets_all_through(self: Egress, asking: Asking, endpoints: tuple[Endpoint, ...]) -> Any:
    return endpoints


def hides_nothing(self: Inspector, request: Generate, caller: Caller) -> Veiled:
    seen = structs.replace(request.inspected or Inspected(), is_veiled=True)
    return Veiled(structs.replace(request, inspected=seen), caller, Veil)  # type: ignore[arg-type] as good as one


@pytest.mark.parametrize(
    ("broken", "method", "by"),
    [(Egress, "judge", lets_all_through), (Inspector, "veil", hides_nothing)],
)
def test_a_house_that_is_broken_is_found_out(
    broken: type, method: str, by: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that nothing could fail would show nothing."""
    monkeypatch.setattr(broken, method, by)
    with pytest.raises(AssertionError, match="heard"):
        hold("eu-gdpr", tmp_path, count=400, may_shrink=False)
