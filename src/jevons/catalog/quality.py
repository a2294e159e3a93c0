"""How good models' answers are, where somebody said so on a day: the runs of `data/quality.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from jevons.types.model import Footprint

__all__ = ("Leaderboard", "Run", "leaderboard")


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that was tried."""

    model: str
    """Its name as the publisher has it, with what it was told about effort."""
    maker: str
    origin: str
    """Where its maker is: ISO 3166-1 alpha-2."""
    is_open: bool
    """Whether its weights can be had."""
    of: str
    """Day of the run, `YYYY-MM-DD`."""
    quality: float
    """Per cent of exercises that it solved."""
    cost_usd: float | None = None
    """What the whole run cost at the prices of its day; None is not known."""
    prompt_tokens: int | None = None
    """Of the whole run; None is not known."""
    answer_tokens: int | None = None
    listed: str = ""
    """Its row in the catalogue, `vendor/model`; empty where there is none."""
    footprint: Footprint | None = None
    """None where its size is not published, or its tokens are not known."""


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs of one set of exercises."""

    publisher: str
    dataset: str
    what: str
    """What a point of quality is a per cent of."""
    exercises: int
    url: str
    licence: str
    read: str
    run: tuple[Run, ...]

    @property
    def source(self) -> str:
        """Name the page, and the day on which it was read."""
        return f"{self.publisher}, {self.dataset}, {self.url}, read {self.read}"


@cache
def leaderboard() -> Leaderboard:
    """Read the runs that ship with jevons, in the order of their days."""
    text = files("jevons.catalog").joinpath("data", "quality.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Leaderboard)
