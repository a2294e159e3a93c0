"""The house looks requests through as it is told, and refuses what it is told wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from jevons.boot.privacy import open_privacy
from jevons.settings import PrivacySettings
from jevons.testing.make import a_request
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.types.request import Generate


def asking(text: str) -> Generate:
    request = a_request(text)
    fields = {"messages": msgspec.Raw(msgspec.json.encode([{"content": text}]))}
    source = msgspec.structs.replace(request.source, fields=fields)
    return msgspec.structs.replace(request, source=source)


def found(settings: PrivacySettings, text: str) -> tuple[str, ...]:
    privacy = open_privacy(settings)
    assert privacy is not None
    return privacy.inspect(asking(text)).found


def test_requests_are_looked_through_unless_told_otherwise() -> None:
    assert found(PrivacySettings(), "a@example.org") == ("email",)
    assert open_privacy(PrivacySettings(look="never")) is None


def test_a_house_s_own_identifiers_are_found(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("Ada Byron\n\n  Project Nut \n", encoding="utf-8")
    settings = PrivacySettings(dictionary=("Room 12",), dictionary_file=path)
    assert found(settings, "room 12") == found(settings, "ada byron's project nut") == ("term",)


def test_numbers_of_named_countries_are_found_without_a_word() -> None:
    assert found(PrivacySettings(), "9434765919") == ()
    assert found(PrivacySettings(regions=("GB",)), "9434765919") == ("health_id",)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (PrivacySettings(regions=("XX",)), "'XX'"),
        (PrivacySettings(dictionary=("-",)), "'-'"),
    ],
)
def test_what_cannot_be_stops_the_start(settings: PrivacySettings, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        open_privacy(settings)


def test_a_dictionary_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.txt"):
        open_privacy(PrivacySettings(dictionary_file=tmp_path / "none.txt"))


def test_names_are_found_where_they_are_asked_for() -> None:
    pytest.importorskip("spacy", reason="the extra `ner` is not installed")
    text = "Angela Merkel lives at 12 Maple Street."
    assert found(PrivacySettings(), text) == ()
    assert found(PrivacySettings(names=True), text) == ("person", "address")


def test_names_without_what_finds_them_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(Misconfigured, match=r"pip install -e '\.\[ner\]'"):
        open_privacy(PrivacySettings(names=True))
