"""An endpoint is what is set, then what is known of its vendor, and else unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.boot.remote import open_remote, row_of
from jevons.settings import EndpointSettings
from jevons.testing import Clock
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.providers import Remote


def settings(**fields: Any) -> EndpointSettings:
    return msgspec.convert({"name": "far", "model": "a/model", **fields}, EndpointSettings)


def opened(**fields: Any) -> Remote:
    return open_remote(settings(**fields), Clock(), lambda _, __: None)


def test_one_line_is_enough_for_a_vendor_that_is_known() -> None:
    row = row_of(settings(vendor="deepseek", model="deepseek/deepseek-flash"))
    assert (row.upstream_model, row.place, row.host) == ("deepseek-flash", "CN", "DeepSeek")
    assert row.context_tokens == 1_048_576
    assert row.price is not None
    assert "image" in row.can


def test_what_is_set_wins() -> None:
    row = row_of(settings(
        vendor="deepseek", model="deepseek-flash", place="on-prem", host="us", can=["text"],
        context_tokens=5, upstream_model="other", dialect="openai-responses",
    ))  # fmt: skip
    assert (row.place, row.host, row.can, row.context_tokens) == ("on-prem", "us", {"text"}, 5)
    assert (row.upstream_model, row.dialect) == ("other", "openai-responses")


def test_what_nobody_says_is_unknown() -> None:
    row = row_of(settings(url="http://127.0.0.1:1/v1"))
    assert (row.place, row.host, row.price, row.context_tokens) == (
        "unknown", "unknown", None, None,
    )  # fmt: skip
    assert row.dialect == "openai-chat"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "it has no vendor"),
        ({"vendor": "azure"}, "with parts that only you know"),
        ({"vendor": "nobody"}, "endpoint 'far': vendor 'nobody' is not known"),
        ({"url": "http://x/v1", "api_key": "sk-1"}, "written in the file"),
        ({"url": "http://x/v1", "api_key": "env:JEVONS_NOT_SET"}, "not set"),
    ],
)
def test_what_has_to_be_set_is_said(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        opened(**fields)


def head(it: Remote) -> bytes:
    return it._heads.of("/x", ())  # pyright: ignore[reportPrivateUsage] a key shows nowhere else


def test_a_key_is_found_where_sdks_look_and_shown_as_the_vendor_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-deep")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-1")
    monkeypatch.setenv("GEMINI_API_KEY", "g-1")
    assert b"authorization: Bearer sk-deep\r\n" in head(opened(vendor="deepseek"))
    azure = head(opened(vendor="azure", url="https://us.openai.azure.com/openai/v1"))
    assert b"api-key: az-1\r\n" in azure
    assert b"Bearer" not in azure
    assert b"x-goog-api-key: g-1\r\n" in head(opened(vendor="google", dialect="gemini"))
    monkeypatch.setenv("OTHER", "sk-other")
    assert b"Bearer sk-other\r\n" in head(opened(vendor="deepseek", api_key="env:OTHER"))
