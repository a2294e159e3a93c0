"""A vendor's row is taken for the vendor's own addresses, and for no other."""

from __future__ import annotations

import pytest

from jevons.catalog.vendors import vendors
from jevons.imports.litellm.prefix import PREFIXES, prefix_of
from jevons.imports.portkey.provider import PROVIDERS
from jevons.imports.source import Address, Source, azure_url, clean, is_here, source_at


@pytest.mark.parametrize(
    ("text", "url", "is_cut"),
    [
        ("https://api.x.ai/v1/", "https://api.x.ai/v1", False),
        ("http://10.0.0.5:8000/v1/chat/completions", "http://10.0.0.5:8000/v1", False),
        ("https://me:secret@host/v1", "https://host/v1", True),
        ("https://me@host/v1", "https://host/v1", True),
        ("https://host/v1?key=secret", "https://host/v1", True),
        ("https://host/v1#secret", "https://host/v1", True),
        ("http://[::1]:8000", "http://[::1]:8000", False),
        ("HTTPS://Host/V1", "https://host/V1", False),
    ],
)
def test_an_address_is_written_down_without_what_may_be_secret(
    text: str, url: str, *, is_cut: bool
) -> None:
    assert clean(text) == Address(url, is_cut)


@pytest.mark.parametrize("text", ["", "host/v1", "ftp://host", "http://", "http://h:x", "http://["])
def test_what_is_no_address_is_none(text: str) -> None:
    assert clean(text) is None


def test_every_address_in_the_catalogue_is_found_again() -> None:
    for vendor in vendors().values():
        for host in vendor.hosts:
            for dialect, base in host.bases.items():
                if host.place == "on-prem" or vendor.id == "openai-compatible" or "{" in base:
                    continue
                found = source_at(base, dialect)
                assert found is not None, base
                assert (found.vendor, found.host, found.url) == (vendor.id, host.id, ""), base


def test_another_path_at_a_vendors_host_is_still_the_vendors() -> None:
    found = source_at("https://api.deepseek.com/v1", "openai-chat")
    assert found == Source("deepseek", "deepseek", "https://api.deepseek.com/v1", "openai-chat")
    assert source_at("https://api.deepseek.com/v1") is not None


def test_a_vendors_address_is_taken_in_a_dialect_that_is_known_to_be_spoken_there() -> None:
    at = "https://api.deepseek.com"
    responses = source_at(at, "openai-responses")
    assert responses is not None
    assert responses.dialect == "openai-responses"
    assert source_at(at + "/else", "gemini") is None


def test_a_name_in_a_vendors_address_stands_for_one_label() -> None:
    at = "https://mine.eu-central-1.maas.aliyuncs.com/compatible-mode/v1"
    assert source_at(at) == Source("alibaba", "alibaba-eu", at, "openai-chat")
    assert source_at("https://a.b.eu-central-1.maas.aliyuncs.com") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com.example.org/v1",
        "http://api.openai.com/v1",
        "https://example.org/api.openai.com",
        "http://127.0.0.1:8000/v1",
    ],
)
def test_an_address_that_only_looks_like_a_vendors_is_nobodys(url: str) -> None:
    assert source_at(url) is None


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]", True),
        ("http://10.0.0.1", False),
        ("http://rack", False),
    ],
)
def test_only_loopback_is_here(url: str, *, here: bool) -> None:
    assert is_here(url) is here


@pytest.mark.parametrize(
    "url",
    [
        "https://r.openai.azure.com",
        "https://r.openai.azure.com/openai/v1",
        "https://r.openai.azure.com/openai/deployments/d",
    ],
)
def test_azure_has_one_base(url: str) -> None:
    assert azure_url(url) == "https://r.openai.azure.com/openai/v1"


@pytest.mark.parametrize("source", [*PREFIXES.values(), *PROVIDERS.values()], ids=str)
def test_every_provider_of_theirs_is_a_vendor_and_host_of_ours(source: Source) -> None:
    if not source.vendor:
        assert source.url or source.needs_url
        return
    vendor = vendors()[source.vendor]
    host = vendor.host(source.host) if source.host else vendor.hosts[0]
    assert host is not None
    assert source.dialect is None or source.dialect in host.bases


@pytest.mark.parametrize(
    ("model", "provider", "parted"),
    [
        ("openai/gpt-5", "", ("openai", "gpt-5")),
        ("openai/facebook/opt", "", ("openai", "facebook/opt")),
        ("gpt-5", "", ("openai", "gpt-5")),
        ("claude-opus-5", "", ("anthropic", "claude-opus-5")),
        ("llama", "", ("", "llama")),
        ("llama", "ollama", ("ollama", "llama")),
        ("ollama/llama", "ollama", ("ollama", "llama")),
        ("meta/llama", "ollama", ("ollama", "meta/llama")),
    ],
)
def test_a_model_is_parted_as_litellm_does(
    model: str, provider: str, parted: tuple[str, str]
) -> None:
    assert prefix_of(model, provider) == parted
