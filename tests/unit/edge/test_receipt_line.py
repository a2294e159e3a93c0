"""The line about a receipt says what is known, in ASCII, and nothing for zero."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from jevons.edge.receipt_line import again_headers, chosen_headers, receipt_line
from jevons.testing.make import a_receipt
from jevons.types.units import Estimate, Priced


def test_what_is_not_known_is_null() -> None:
    line = json.loads(receipt_line(a_receipt()))
    assert (line["cost_nusd"], line["energy_mwh"], line["carbon_mg"]) == (None, None, None)


def test_energy_is_in_milliwatt_hours() -> None:
    energy = Estimate(p05=1, p50=7200, p95=9e9, method="modelled-cpu", source="a test")
    cost = Priced(nusd=12, method="price-row", source="a test")
    line = json.loads(receipt_line(a_receipt(energy_mj=energy, cost=cost)))
    assert (line["energy_mwh"], line["cost_nusd"]) == (2.0, 12)


@given(st.text())
def test_it_is_one_line_of_ascii_whatever_the_names(name: str) -> None:
    line = receipt_line(a_receipt(model=name, endpoint=name))
    assert line.isascii()
    assert b"\n" not in line
    assert json.loads(line)["model"] == name


def test_an_answer_of_auto_says_who_answered_how_that_was_chosen_and_what_is_promised() -> None:
    chosen = a_receipt(endpoint="cheap", chosen="certified", why="saves 90%", certificate="cert_1")
    line = json.loads(receipt_line(chosen))
    assert (line["chosen"], line["why"], line["certificate"]) == (
        "certified",
        "saves 90%",
        "cert_1",
    )
    assert chosen_headers(chosen) == [
        (b"x-jevons-arm", b"cheap"),
        (b"x-jevons-chosen", b"certified"),
        (b"x-jevons-certificate", b"cert_1"),
    ]


def test_an_answer_of_auto_says_what_traffic_it_was_taken_for() -> None:
    chosen = a_receipt(chosen="uncertified", tenant="search", traffic="text:invoices")
    headers = dict(chosen_headers(chosen))
    assert headers[b"x-jevons-tenant"] == b"search"
    assert headers[b"x-jevons-class"] == b"text:invoices"
    line = json.loads(receipt_line(chosen))
    assert (line["tenant"], line["traffic"]) == ("search", "text:invoices")
    house = a_receipt(chosen="uncertified", traffic="text")
    assert b"x-jevons-tenant" not in dict(chosen_headers(house))


def test_where_nothing_is_promised_no_certificate_is_named() -> None:
    headers = dict(chosen_headers(a_receipt(chosen="uncertified")))
    assert b"x-jevons-certificate" not in headers
    assert json.loads(receipt_line(a_receipt(chosen="uncertified")))["certificate"] is None


def test_other_answers_say_nothing_of_it() -> None:
    assert chosen_headers(a_receipt()) == []
    assert "chosen" not in json.loads(receipt_line(a_receipt()))


def test_an_answer_that_is_given_again_says_how_old_it_is() -> None:
    assert again_headers(0) == [(b"x-jevons-cache", b"hit"), (b"age", b"0")]
    assert again_headers(None) == []
