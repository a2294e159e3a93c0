"""The client takes an answer for whole only when the server has said that it is."""

from __future__ import annotations

import msgspec
import pytest

from jevons.cli.client import Client, Ended, Said, Unanswered, locate, read_stream
from jevons.settings import load
from jevons.types.errors import Misconfigured


def chunk(text: str | None = None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + msgspec.json.encode(body) + b"\n"


def test_yields_the_pieces_and_then_the_end() -> None:
    lines = [chunk("he"), b"\n", chunk("llo"), b"\n", chunk(finish="stop"), b"data: [DONE]\n"]
    assert list(read_stream(lines, "req_1")) == [
        Said("he"),
        Said("llo"),
        Ended("req_1", "stop"),
    ]


def test_passes_over_comments_and_chunks_without_choices() -> None:
    usage = b'data: {"choices": [], "usage": {"total_tokens": 3}}\n'
    lines = [b': jevons {"receipt":"req_1"}\n', usage, chunk("a"), b"data: [DONE]\n"]
    assert list(read_stream(lines, "req_1")) == [Said("a"), Ended("req_1", None)]


def test_an_answer_that_ends_without_done_is_an_error_and_names_its_receipt() -> None:
    with pytest.raises(Unanswered, match="jevons receipt req_1"):
        list(read_stream([chunk("half of")], "req_1"))


def test_an_error_in_the_stream_is_raised_in_its_own_words_with_its_own_code() -> None:
    error = b'{"message": "upstream fell silent", "param": null, "code": "provider_timeout"}'
    with pytest.raises(Unanswered, match="upstream fell silent") as caught:
        list(read_stream([chunk("half"), b'data: {"error": %s}\n' % error], None))
    assert (caught.value.code, caught.value.details) == ("provider_timeout", {})


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://:80"])
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
