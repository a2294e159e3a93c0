"""The client finds the server that it is told of, and takes its address as people write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jevons.cli.client import Client, locate
from jevons.cli.reply import Found, Unanswered
from jevons.settings import load
from jevons.testing.make import a_receipt, a_refusal
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.types.account import Ended


@pytest.mark.parametrize(
    "url", ["ftp://a", "http://", "http://:80", "http://a:99999", "http://a:0"]
)
def test_an_address_that_is_not_one_says_what_is(url: str) -> None:
    with pytest.raises(Misconfigured, match="http://HOST:PORT"):
        Client(url, None)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"]
)
def test_an_address_may_come_with_or_without_its_scheme_and_version(url: str) -> None:
    assert Client(url, None).url == "http://127.0.0.1:8000"


def test_a_server_that_listens_everywhere_is_asked_here() -> None:
    settings = load(None, {"JEVONS_SERVER_HOST": "::", "JEVONS_DATA_DIR": "nowhere"})
    assert locate(settings, url=None, api_key="k").url == "http://[::1]:8000"


def test_a_key_with_characters_that_no_header_holds_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Misconfigured, match="JEVONS_API_KEY"):
        Client("http://127.0.0.1:8000", "jv_a\njv_b")


class Shows(Client):
    """A server that has one record to show."""

    def __init__(self, ended: Ended) -> None:
        super().__init__("http://127.0.0.1:8000", None)
        self._ended = ended

    def receipt(self, request: str) -> Found:
        return Found(receipt=self._ended, leaf=b"", leaf_hash="", salt="", inclusion=None)


def test_the_receipt_of_an_answer_is_no_refusal() -> None:
    assert Shows(a_receipt()).answered("req_1") == a_receipt()
    with pytest.raises(Unanswered, match="req_1 was refused"):
        Shows(a_refusal()).answered("req_1")


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000/v1", True),
        ("[::1]:8000", True),
        ("http://10.0.0.5:8000", False),
        ("https://127.example.com", False),
    ],
)
def test_only_an_address_of_this_machine_is_here(url: str, *, is_here: bool) -> None:
    assert Client(url, None).is_here is is_here
