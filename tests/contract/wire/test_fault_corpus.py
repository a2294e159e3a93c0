"""Every refusal that was recorded is the error that a person reading it would call it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.contract.wire.corpus import OK, exchanges, folder

from jevons.providers.faults import fault_of
from jevons.types.errors import ProviderGarbled, ProviderThrottled, Retry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.wire.corpus import Exchange

# What a status may mean, and what words in the body narrow it to; the first that fits decides.
WORDS = (
    (r"credit balance|insufficient.{0,9}balance|insufficient_quota|arrear|overdue", "unpaid"),
    (r"context.length|context.window|too many.{0,9}tokens|too_many.{0,9}tokens|tokens? exceeded", "too_long"),
    (r"(prompt|input|messages?) (is|are)? ?too long|token count.*exceeds", "too_long"),
    (r"api.?key|x-api-key", "denied"),
    (r"tool_use_failed", "mangled"),
)  # fmt: skip
CODES = {
    "unpaid": {"provider_unpaid"},
    "too_long": {"prompt_too_long"},
    "denied": {"provider_denied"},
    "mangled": {"provider_garbled"},
}
STATUSES = {
    400: {"provider_rejected", "provider_filtered", "provider_missing"},
    401: {"provider_denied"},
    402: {"provider_unpaid"},
    403: {"provider_denied", "provider_filtered", "provider_missing"},
    404: {"provider_missing", "provider_rejected"},
    413: {"prompt_too_long"},
    422: {"provider_rejected"},
    429: {"provider_throttled"},
}
DOWN = {"provider_unavailable", "provider_timeout"}


def meant(exchange: Exchange) -> set[str]:
    """Say what a person would call it, from the status and the words."""
    text = exchange.response.decode("utf-8", "replace").lower()
    if exchange.status != 429:
        for pattern, name in WORDS:
            if re.search(pattern, text, re.DOTALL):
                return CODES[name]
    if exchange.status >= 500:
        return DOWN
    return STATUSES.get(exchange.status, {"provider_rejected"})


def sentences(said: Any) -> Iterator[str]:
    """Find every sentence, by walking the JSON."""
    if isinstance(said, list):
        for each in cast("list[Any]", said):
            yield from sentences(each)
    if isinstance(said, dict):
        for key, value in cast("dict[str, Any]", said).items():
            is_code = key == "error" and "message" in said
            if key in {"message", "detail", "error"} and isinstance(value, str) and not is_code:
                yield value
            elif key == "error" or (key == "message" and isinstance(value, dict)):
                yield from sentences(value)


def parsed(body: bytes) -> Any:
    """Decode a body that may not be JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def is_envelope(exchange: Exchange) -> bool:
    """Whether a body that came without its status, or with 200, is an error all the same."""
    said = parsed(exchange.response)
    if exchange.status != OK or not isinstance(said, dict):
        return False
    said = cast("dict[str, Any]", said)
    return bool(said.get("error")) and not said.keys() & {"choices", "output", "content", "id"}


def test_every_refusal_is_what_it_says(record_property: Any) -> None:
    checked = 0
    waits = 0
    for exchange in exchanges(folder()):
        if exchange.status < 400:
            continue
        headers = {name.encode(): value.encode() for name, value in exchange.headers.items()}
        error = fault_of(exchange.status, headers, exchange.response, now_ms=0)
        where = f"{exchange.path.name}: {exchange.status} {exchange.response[:200]!r}"
        assert error.code in meant(exchange), where
        for sentence in sentences(parsed(exchange.response)):
            assert sentence.strip() in str(error), where
        asked = exchange.headers.get("retry-after", "")
        if asked.isdigit() and int(asked) and exchange.status == 429:
            assert isinstance(error, ProviderThrottled), where
            assert error.retry_after_s, where
            waits += 1
        checked += 1
    print(f"{checked} refusals, {waits} with a wait")  # noqa: T201 the count is what this test is for
    record_property("checked", checked)
    if not checked:
        pytest.skip("the folder of recordings holds none of this kind")


def test_every_envelope_with_status_200_is_an_error(record_property: Any) -> None:
    checked = 0
    for exchange in exchanges(folder()):
        if not is_envelope(exchange):
            continue
        error = fault_of(OK, {}, exchange.response, now_ms=0)
        where = f"{exchange.path.name}: {exchange.response[:200]!r}"
        assert not isinstance(error, ProviderGarbled), where
        assert error.retry in Retry, where
        for sentence in sentences(parsed(exchange.response)):
            assert sentence.strip() in str(error), where
        checked += 1
    print(f"{checked} envelopes with status 200")  # noqa: T201 the count is what this test is for
    record_property("checked", checked)
