"""Each page says what the books say, to whom it may be said, and nothing of it can be a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from jevons.dashboard.frame import NAV
from jevons.store import keys_in, look_through
from jevons.types.account import Receipt
from jevons.types.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2
    from tests.contract.dashboard.conftest import Sample

    Ask = Callable[..., httpx2.Response]

MANAGER = Person(name="grace", role="manager", accounts=("research",))
PATHS = [place.path for place in NAV]


@pytest.mark.parametrize("path", PATHS)
def test_each_page_is_there_and_says_that_the_month_was_made_up(pages: Ask, path: str) -> None:
    answer = pages(path)
    assert answer.status_code == 200
    assert "<strong>Synthetic.</strong>" in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
def test_no_page_holds_a_script_a_style_or_another_host(pages: Ask, path: str) -> None:
    text = pages(path).text
    assert not re.search(r"<script(?![^>]* src=\"/)|<style| style=| on[a-z]+=\"|javascript:", text)
    assert not re.search(r"(?:src|href|action)=\"(?!/|#|\?)", text)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_is_shown_a_page(pages: Ask, path: str) -> None:
    assert pages(path, None).status_code == 401


def test_who_looks_after_a_part_sees_that_part_on_every_page(pages: Ask, sample: Sample) -> None:
    mine = {each.name for each in keys_in(sample.ledger) if "research" in each.account}
    others = {each.name for each in keys_in(sample.ledger)} - mine
    assert mine
    assert others
    for path in ("/", "/spend?by=account", "/keys", "/receipts", "/policy"):
        text = pages(path, MANAGER).text
        assert [name for name in others if name in text] == []
    assert "accounting" not in pages("/keys", MANAGER).text
    whole, part = [pages("/places", who).text for who in (Person(name="a", role="admin"), MANAGER)]
    assert "personal · " in whole
    assert "personal · " not in part


def test_who_may_not_see_receipts_has_no_way_to_them(pages: Ask) -> None:
    operator = Person(name="olga", role="operator")
    seen = {path: pages(path, operator).status_code for path in PATHS}
    assert [path for path, status in seen.items() if status == 200] == [
        "/models", "/policy", "/keys", "/landscape",
    ]  # fmt: skip
    assert set(seen.values()) == {200, 403}
    assert 'href="/spend"' not in pages("/models", operator).text
    assert "key_" not in pages("/keys", operator).text
    member = Person(name="mo", role="member", accounts=("research",))
    assert "None found." in pages("/receipts", member).text


def test_a_receipt_of_others_is_not_there(pages: Ask, sample: Sample) -> None:
    looked = look_through(sample.ledger, text="", before=None, most=400, wanted=lambda _: True)
    of_mine = {each.key for each in keys_in(sample.ledger) if "research" in each.account}
    own = next(each.id for each in looked.found if each.key in of_mine)
    other = next(each.id for each in looked.found if each.key not in of_mine)
    assert pages(f"/receipts/{own}", MANAGER).status_code == 200
    assert pages(f"/receipts/{other}", MANAGER).status_code == 404
    assert pages(f"/receipts/{other}").status_code == 200
    assert pages("/receipts/req_none").status_code == 404


def test_receipts_are_found_by_any_word_and_go_on_where_a_page_ends(
    pages: Ask, sample: Sample
) -> None:
    first = pages("/receipts").text
    (older,) = re.findall(r'href="(/receipts\?[^"]*before=[^"]*)"', first)
    second = pages(older.replace("&amp;", "&")).text
    ids = [re.findall(r"/receipts/(req_\w+)", text) for text in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 50
    assert ids[0][-1] > ids[1][0]
    found = pages("/receipts?q=CLAUDE").text
    assert "claude-sonnet" in found
    assert "qwen-30b" not in found
    assert "None found." in pages("/receipts?q=nobody-has-this").text
    one = ids[0][3]
    assert re.findall(r"/receipts/(req_\w+)", pages(f"/receipts?q={one}").text) == [one]


def test_what_a_request_says_is_text_and_nothing_else(pages: Ask) -> None:
    text = pages("/receipts?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert pages("/spend?by=%3Cb%3E&from=x&to=y").status_code == 200
    assert pages("/receipts?before=..%2F").status_code == 200


def test_a_page_shows_which_endpoints_data_may_go_to(pages: Ask) -> None:
    text = pages("/policy?class=special&region=eea").text
    assert "The profile eu-gdpr is switched on." in text
    row = re.search(r'<th scope="row">deepseek-chat</th>\s*<td[^>]*>(\w+)</td>', text)
    assert row is not None
    assert row[1] == "no"


def test_a_question_about_a_key_is_for_whoever_may_know_of_it(pages: Ask, sample: Sample) -> None:
    other = next(each.key for each in keys_in(sample.ledger) if "research" not in each.account)
    assert f'value="{other}" selected' in pages(f"/policy?key={other}").text
    assert other not in pages(f"/policy?key={other}", MANAGER).text
    nonsense = pages("/policy?class=grave&region=somewhere&model=none&key=key_none")
    assert nonsense.status_code == 200
    assert "somewhere" not in nonsense.text.lower()


def test_what_goes_with_pages_may_be_kept_for_ever(pages: Ask) -> None:
    (style,) = re.findall(r'href="(/dashboard/style.css\?\w+)"', pages("/").text)
    answer = pages(style)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert pages("/dashboard/nothing.css").status_code == 404
    assert pages("/dashboard/..%2Fpages.py").status_code == 404


def test_every_record_that_was_made_up_says_so(sample: Sample) -> None:
    looked = look_through(sample.ledger, text="", before=None, most=10_000, wanted=lambda _: True)
    receipts = [each for each in looked.found if isinstance(each, Receipt)]
    assert len(receipts) > 1000
    assert all("synthetic" in each.rules for each in receipts)
