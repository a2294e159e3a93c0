"""Houses are found in the ways of writing of many countries, with the town behind them."""

from __future__ import annotations

import pytest

from jevons.privacy.finding import merged
from jevons.privacy.street import houses


def found(text: str) -> list[str]:
    return [text[start:end] for start, end, _ in merged(houses(text))]


@pytest.mark.parametrize(
    "address",
    [
        "12 Maple Street",
        "1200 Old Mill Rd.",
        "7 Saint Mary Crescent",
        "45 W 3rd St",
        "221b Baker Street, London NW1 6XE",
        "350 Fifth Avenue, Suite 12, New York, NY 10118",
        "12 maple street",
        "3 Willow Knoll",
        "18 rue de la Paix, 75002 Paris",
        "9 via Garibaldi",
        "via Garibaldi 9",
        "14 Petőfi Sándor utca 3, Budapest",
        "Lindenstraße 5a, 10969 Berlin",
        "77 Storgatan 4",
        "Puistokatu 12",
        "501 Koivu 12 Apt. 3",
        "17 wisteria flat 9",
        "40 12 Glen Heron",
        "P.O. Box 1234",
        "Postfach 1234, 8000 Zürich",
        "PSC 12, Box 345\nAPO AE 09123",
        "USNS Comfort\nFPO AP 96601",
        "ul. Długa 8",
        "Apt. 12",
        "corner of Elm Street and Oak Avenue",
        "zip code: 94110",
        "12 Maple Street\n Suite 4\n Springfield\n United States 12345",
        "12 maple street\nspringfield, il 62701",
        "> 12 Maple Street\n> Springfield, IL 62701"[2:],
        "12 Ledra Street, Nicosia, Cyprus (Greek) 1011",
    ],
)
def test_a_house_is_found_whole(address: str) -> None:
    assert found(address) == [address]
    assert found(f"Please send it to: {address}.") in ([address], [f"{address}."])


def test_a_street_after_a_verb_of_living_takes_no_word_for_a_street() -> None:
    assert found("Ada lives on the north side of Koivu 12.") == ["Koivu 12."]
    assert found("Ada walks past Koivu 12.") == []


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox",
        "12 March 2026",
        "on 3 Nov. 2026",
        "5 stars of the 70s",
        "Version 3.11 Beta 2",
        "Python 3.11 and Windows 11",
        "$12 Main Street",
        "a two way street",
        "3 of the roads",
        "10 people in 20 cars",
        "12 km to go, 14 done",
        "Room 12, floor 3",
        "x12 Maple Street"[1:3],
        "RFC 9110, section 4.2",
        "12",
        "",
    ],
)
def test_other_numbers_are_no_houses(text: str) -> None:
    assert found(text) == []


def test_lines_below_that_are_no_town_do_not_belong_to_it() -> None:
    text = "12 Maple Street\nI went home early and slept."
    assert found(text) == ["12 Maple Street"]


def test_no_more_lines_belong_to_a_house_than_an_address_has() -> None:
    text = "12 Maple Street" + "\nSpringfield" * 20
    assert found(text) == ["12 Maple Street" + "\nSpringfield" * 7]
