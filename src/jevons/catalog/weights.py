"""Models that the embedded engine can run, as dated rows with their sources."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

__all__ = ("Index", "WeightsCard", "weights_cards")


class Index(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a file's parts are on the Python package index."""

    package: str
    """`NAME==VERSION`, `{n}` being the part's number from 1."""
    member: str
    """The part within the package's archive."""
    parts: int


class WeightsCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of weights."""

    name: str
    model: str
    """`vendor/name`."""
    quantisation: str = "unknown"
    licence: str = "unknown"
    """SPDX identifier, or `unknown`."""
    licence_url: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    """Of the publisher's file; None is not pinned."""
    context_tokens: int | None = None
    good_for: str = ""
    rank: int | None = None
    """Place among the defaults; None is not one."""
    hub: str | None = None
    """`owner/repository/file` on the publisher's hub."""
    index: Index | None = None

    @property
    def file_name(self) -> str:
        """What the file is called once it is here."""
        return f"{self.name}.gguf"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weights: tuple[WeightsCard, ...]


@cache
def weights_cards() -> tuple[WeightsCard, ...]:
    """Read the catalogue of weights, defaults first."""
    text = files("jevons.catalog").joinpath("data", "weights.toml").read_text(encoding="utf-8")
    cards = msgspec.convert(tomllib.loads(text), _Table).weights
    last = len(cards)
    return tuple(sorted(cards, key=lambda card: last if card.rank is None else card.rank))
