"""An endpoint is what is set, then what is known of its vendor, and else unknown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.boot.remote import open_remote, row_of
from jevons.boot.secrets import Secrets
from jevons.settings import EndpointSettings
from jevons.testing import Clock
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.providers import Remote


def settings(**fields: Any) -> EndpointSettings:
    return msgspec.convert({"name": "far", "model": "a/model", **fields}, EndpointSettings)


def opened(**fields: Any) -> Remote:
    return open_remote(settings(**fields), Secrets(Path()), Clock(), lambda _, __: None)


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


def test_a_price_that_is_set_holds_always_and_a_list_of_them_by_its_rows() -> None:
    price = {"input_per_mtok": "1", "output_per_mtok": "2", "since": "2026-01-01", "source": "x"}
    dearer = {**price, "output_per_mtok": "3", "since": "2026-06-01"}
    row = row_of(settings(url="http://x/v1", price=price))
    assert row.price is not None
    assert row.price.row.startswith("far#")
    assert row.prices == ()
    row = row_of(settings(url="http://x/v1", prices=[price, dearer]))
    assert row.price is not None
    assert row.price.output_per_mtok == 3
    assert [each.row.startswith("far#") for each in row.prices] == [True, True]
    with pytest.raises(Misconfigured, match="set `price` or `prices`, not both"):
        row_of(settings(url="http://x/v1", price=price, prices=[price]))


def test_a_price_in_yuan_stays_so_and_its_most_is_in_dollars() -> None:
    price = {"input_per_mtok": "7", "output_per_mtok": "14", "since": "2026-01-01", "source": "x"}
    row = row_of(settings(url="http://x/v1", price={**price, "currency": "CNY"}))
    assert row.price is not None
    assert row.price.currency == "USD"
    assert 0 < row.price.input_per_mtok < 7
    assert "European Central Bank" in row.price.source
    assert [each.currency for each in row.prices] == ["CNY"]


def test_the_currency_decides_between_a_vendors_price_lists() -> None:
    def currencies(**fields: str) -> set[str]:
        row = row_of(settings(vendor="deepseek", model="deepseek-flash", **fields))
        assert row.peaks
        return {each.currency for each in row.prices}

    assert currencies() == {"USD"}
    assert currencies(currency="CNY") == {"CNY"}
    chinese = row_of(settings(vendor="alibaba", vendor_host="alibaba-cn", model="qwen3.8-max"))
    assert {each.currency for each in chinese.prices} == {"CNY"}
