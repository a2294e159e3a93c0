"""Numbers by which states know people are found by shape, checksum and, where that is weak, a word.

All of them are made up: they hold their checksums, and nobody is known by them.
"""

from __future__ import annotations

import pytest
from tests.unit.privacy.looking import seen

from jevons.privacy import Detector
from jevons.privacy.national import LETTERED, NUMBERED, REGIONS

UNMISTAKABLE = (
    ("BE", "national_id", "62071542588"),
    ("BE", "national_id", "62.07.15-425.88"),
    ("CH", "national_id", "756.9377.5112.03"),
    ("CN", "national_id", "110105197401257531"),
    ("CZ", "national_id", "810908/5743"),
    ("DE", "tax_id", "25 418 063 721"),
    ("DE", "national_id", "65150991G332"),
    ("DK", "national_id", "160874-4141"),
    ("EE", "national_id", "37408217927"),
    ("ES", "national_id", "29767755M"),
    ("ES", "national_id", "X2450306R"),
    ("FI", "national_id", "010203A573H"),
    ("FR", "national_id", "183023463225433"),
    ("FR", "national_id", "1 83 02 34 632 254 33"),
    ("GB", "national_id", "AB 12 34 56 C"),
    ("GB", "national_id", "AB123456C"),
    ("GR", "health_id", "28097425194"),
    ("IE", "national_id", "7634356WA"),
    ("IT", "tax_id", "RSSMRA85M01H501Q"),
    ("LU", "national_id", "1998042679959"),
    ("LV", "national_id", "170192-18132"),
    ("LV", "national_id", "320000-12345"),
    ("NO", "national_id", "250973 57261"),
    ("PL", "national_id", "91100212390"),
    ("RO", "national_id", "1870419922119"),
    ("SE", "national_id", "970312-8364"),
    ("SE", "national_id", "199703128364"),
    ("SI", "national_id", "2704967889398"),
    ("US", "ssn", "123-45-6789"),
    ("US", "tax_id", "912-70-1234"),
)
BESIDE_A_WORD = (
    ("AT", "national_id", "8145 260379", "SVNR"),
    ("BG", "national_id", "9108219335", "EGN"),
    ("CY", "tax_id", "00872523T", "TIC"),
    ("CZ", "national_id", "8109085743", "rodné číslo"),
    ("DE", "health_id", "J813224008", "Versichertennummer"),
    ("DK", "national_id", "1608744141", "CPR"),
    ("FR", "tax_id", "18 97 558 625 494", "numéro fiscal"),
    ("GB", "health_id", "275 652 5758", "NHS"),
    ("GB", "tax_id", "1543806484", "UTR"),
    ("GR", "tax_id", "295844434", "ΑΦΜ"),
    ("HR", "national_id", "17881645922", "OIB"),
    ("HU", "national_id", "1-690103-6266", "személyi szám"),
    ("HU", "tax_id", "8635770617", "adóazonosító jel"),
    ("HU", "health_id", "142 073 377", "TAJ"),
    ("MT", "national_id", "1234567M", "Maltese"),
    ("NL", "national_id", "2175.59.359", "BSN"),
    ("PL", "tax_id", "155-918-10-78", "NIP"),
    ("PT", "tax_id", "258 552 077", "NIF"),
    ("SE", "national_id", "9703128364", "personnummer"),
    ("US", "ssn", "123456789", "Social Security"),
    ("US", "tax_id", "912701234", "ITIN"),
)


@pytest.mark.parametrize(("region", "kind", "number"), UNMISTAKABLE)
def test_some_are_found_wherever_they_stand(region: str, kind: str, number: str) -> None:
    assert seen(f"It says {number}.") == [(kind, number)]


@pytest.mark.parametrize(("region", "kind", "number", "word"), BESIDE_A_WORD)
def test_others_take_a_word_or_a_country(region: str, kind: str, number: str, word: str) -> None:
    assert seen(f"{word}: {number}") == [(kind, number)]
    assert (kind, number) not in seen(f"It says {number}.")
    assert number in {each for _, each in seen(f"It says {number}.", Detector([region]))}


def test_every_country_of_the_union_is_there_and_some_more() -> None:
    union = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
    assert {*union.split(), "CH", "CN", "GB", "NO", "US"} == REGIONS
    tested = {region for region, *_ in (*UNMISTAKABLE, *BESIDE_A_WORD)}
    assert REGIONS - tested == {"LT", "SK"}  # as Estonia's and Czechia's


@pytest.mark.parametrize(("region", "kind", "number"), UNMISTAKABLE)
def test_another_last_character_is_none(region: str, kind: str, number: str) -> None:
    if (region, number) in UNCHECKED:
        return
    last = number[-1]
    other = chr(ord(last) + 1) if last not in "9Z" else chr(ord(last) - 1)
    assert (kind, number[:-1] + other) not in seen(f"It says {number[:-1]}{other}.")


UNCHECKED = {
    ("DK", "160874-4141"),  # the check was given up in 2007
    ("GB", "AB 12 34 56 C"),
    ("GB", "AB123456C"),
    ("LV", "320000-12345"),  # has none since 2017
    ("US", "123-45-6789"),
    ("US", "912-70-1234"),
}


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456",
        "666-12-3456",
        "123-00-4567",
        "123-45-0000",
        "912-45-1234",
        "160874-4141x",
        "160874-414112",
        "310274-4141",  # the 31st of February
        "BG 12 34 56 C",
        "AB 12 34 56 E",
    ],
)
def test_numbers_that_no_state_gives(text: str) -> None:
    assert not {"ssn", "national_id", "tax_id"} & {kind for kind, _ in seen(text)}


def test_women_of_czechia_and_people_numbered_provisionally_have_months_of_their_own() -> None:
    assert seen("It says 815908/5743.") == []
    assert seen("It says 815908/574.") == [("national_id", "815908/574")]


@pytest.mark.parametrize("number", ["37408210110", "37401010140"])
def test_where_a_sum_leaves_no_digit_another_is_taken(number: str) -> None:
    assert seen(f"It says {number}.") == [("national_id", number)]


def test_every_shape_says_with_how_many_digits_it_begins() -> None:
    assert all(shape.firsts for shape in NUMBERED)
    assert not any(shape.firsts for shape in LETTERED)


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("passport no. C01X00T47", "passport", "C01X00T47"),
        ("Passport number is 123456789", "passport", "123456789"),
        ("Reisepass C01X00T47", "passport", "C01X00T47"),
        ("my driver's license number is F162823540116", "driving_licence", "F162823540116"),
        ("driving licence 2270-66-1551", "driving_licence", "2270-66-1551"),
        ("permis de conduire 12AB34567", "driving_licence", "12AB34567"),
        ("My driving licence number is K1A2B.", "driving_licence", "K1A2B"),
        ("Driver's license no. QRSTUVWX", "driving_licence", "QRSTUVWX"),
        ("driver license: ABCDEFG1234*", "driving_licence", "ABCDEFG1234*"),
        ("passport #: X1Y2Z", "passport", "X1Y2Z"),
    ],
)
def test_papers_are_found_behind_what_they_are_called(text: str, kind: str, number: str) -> None:
    assert seen(text) == [(kind, number)]


@pytest.mark.parametrize(
    "text",
    [
        "pass the salt 12345678",
        "drive 12345678",
        "my passport expires in June",
        "my passport is lost and MISPLACED",
        "The driving licence number is WRONGLY given.",
        "F162823540116",
    ],
)
def test_without_being_called_so_papers_are_nothing(text: str) -> None:
    assert seen(text) == []
