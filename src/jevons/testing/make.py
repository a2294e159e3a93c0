"""Whole values, of which a test names only what it is about."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from jevons.types.account import Intent, Receipt, Refused, Usage
from jevons.types.actor import Actor
from jevons.types.decision import Attempt, Candidate, Outcome
from jevons.types.message import Message, Text
from jevons.types.model import Endpoint, Footprint, Price, Tariff
from jevons.types.request import Generate, Source
from jevons.types.units import Unknown

__all__ = (
    "a_footprint",
    "a_price",
    "a_receipt",
    "a_refusal",
    "a_request",
    "a_tariff",
    "an_actor",
    "an_endpoint",
    "an_intent",
    "an_outcome",
)

_ID = "req_00000000000000000000000001"


def an_actor(**fields: Any) -> Actor:
    """Make the holder of a key that may do everything, but for `fields`."""
    usual = Actor(key="key_1", name="a test", salting=bytes(32))
    return msgspec.structs.replace(usual, **fields)


def an_endpoint(name: str = "here", **fields: Any) -> Endpoint:
    """Make an on-prem endpoint of a model called `a/model`, but for `fields`."""
    usual = Endpoint(
        name=name,
        model="a/model",
        provider="script",
        upstream_model="model",
        host="this machine",
        place="on-prem",
    )
    return msgspec.structs.replace(usual, **fields)


def a_price(input_per_mtok: str = "1", output_per_mtok: str = "2", **fields: Any) -> Price:
    """Make a price row in USD per million tokens, but for `fields`."""
    usual = Price(
        input_per_mtok=Decimal(input_per_mtok),
        output_per_mtok=Decimal(output_per_mtok),
        since="2026-01-01",
        source="made up for a test",
    )
    return msgspec.structs.replace(usual, **fields)


def a_tariff(usd_per_kwh: Decimal | int | str = 1) -> Tariff:
    """Make a price of electricity, USD a kilowatt-hour."""
    return Tariff(usd_per_kwh=Decimal(usd_per_kwh), source="made up for a test")


def a_footprint(
    active_params_b: float = 8.0, total_params_b: float = 8.0, **fields: Any
) -> Footprint:
    """Make the footprint of a dense model of 8e9 parameters, but for `fields`."""
    usual = Footprint(
        active_params_b=active_params_b,
        total_params_b=total_params_b,
        source="made up for a test",
    )
    return msgspec.structs.replace(usual, **fields)


def a_request(text: str = "hello", **fields: Any) -> Generate:
    """Make a request for `a/model` by an actor that may do everything, but for `fields`."""
    body = text.encode()
    usual = Generate(
        id=_ID,
        at_ms=1_767_225_600_000,
        actor=an_actor(),
        model="a/model",
        messages=(Message(role="user", parts=(Text(text=text),)),),
        needs=frozenset({"text"}),
        source=Source(
            dialect="openai-chat", fields={}, digest=sha256(body).digest(), size_bytes=len(body)
        ),
    )
    return msgspec.structs.replace(usual, **fields)


def an_outcome(endpoint: Endpoint | None = None, **fields: Any) -> Outcome:
    """Make the outcome of a first attempt that stopped without error, but for `fields`."""
    candidate = Candidate(endpoint=endpoint or an_endpoint(), why="a test said so")
    usual = Outcome(attempt=Attempt(number=1, candidate=candidate), finish="stop")
    return msgspec.structs.replace(usual, **fields)


def an_intent(**fields: Any) -> Intent:
    """Make the intent of `a_request`, but for `fields`."""
    usual = Intent(
        id=_ID,
        at_ms=1_767_225_600_000,
        key="key_1",
        asked="a/model",
        endpoints=("here",),
        rules=("key-valid",),
        policy="00" * 32,
        request="00" * 32,
    )
    return msgspec.structs.replace(usual, **fields)


def a_refusal(**fields: Any) -> Refused:
    """Make the record of `a_request` that a rule refused, but for `fields`."""
    usual = Refused(
        id=_ID,
        at_ms=1_767_225_600_000,
        key="key_1",
        asked="a/model",
        rule="place-allowed",
        error="residency_refused",
        says="'a/model' is processed in 'US'; this key may reach 'DE'",
        data_class="public",
        region="unknown",
        policy="00" * 32,
        request="00" * 32,
    )
    return msgspec.structs.replace(usual, **fields)


def a_receipt(**fields: Any) -> Receipt:
    """Make the receipt of a short answer to `a_request`, but for `fields`."""
    nothing = Unknown(why="made up for a test")
    usual = Receipt(
        id=_ID,
        at_ms=1_767_225_601_000,
        key="key_1",
        asked="a/model",
        endpoint="here",
        model="a/model",
        host="this machine",
        place="on-prem",
        why="the only endpoint of this model that is allowed",
        rules=("key-valid",),
        policy="00" * 32,
        stream=False,
        first_byte_ms=500.0,
        total_ms=1000.0,
        usage=Usage(input=5, output=7, counted_by="endpoint"),
        cost=nothing,
        energy_mj=nothing,
        carbon_mg=nothing,
        finish="stop",
        request="00" * 32,
        answer="00" * 32,
    )
    return msgspec.structs.replace(usual, **fields)
