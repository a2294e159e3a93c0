"""However a model mangles a token and however a stream cuts it: put back, or let be and counted."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy.pseudonym import Pseudonyms
from jevons.privacy.restoration import Restoration, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

PSEUDONYMS = Pseudonyms(b"k" * 32, ["an old one: ⟦EMAIL_a2bc3de⟧"])
MAIL, NUMBER, NAME = "anna@example.org", "85 07 30-033 28", 'Anna "Ada"\nBerg'
TOKEN = PSEUDONYMS.token("email", MAIL)
LONG = PSEUDONYMS.token("national_id", NUMBER)
QUOTED = PSEUDONYMS.token("term", NAME)
VALUES = {TOKEN: MAIL, LONG: NUMBER, QUOTED: NAME}
TAG = TOKEN[-8:-1]
STRANGE = "⟦EMAIL_z9yx8wv⟧"


class Told(NamedTuple):
    text: str
    restored: int
    unrestored: int


def whole(text: str, *, is_json: bool = False) -> Told:
    return cut(text, [], is_json=is_json)


def cut(text: str, places: list[int], *, is_json: bool = False) -> Told:
    tally = Tally()
    restoration = Restoration(PSEUDONYMS, tally, is_json=is_json)
    edges = [0, *sorted(places), len(text)]
    pieces = [restoration.feed(text[a:b]) for a, b in pairwise(edges)]
    return Told("".join([*pieces, restoration.end()]), tally.restored, tally.unrestored)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (f"Dear {TOKEN}, hello", f"Dear {MAIL}, hello"),
        (TOKEN + LONG, MAIL + NUMBER),
        (TOKEN.lower(), MAIL),
        (TOKEN.upper(), MAIL),
        (TOKEN[1:-1], MAIL),
        (f"[{TOKEN[1:-1]}]", f"[{MAIL}]"),
        (f"`{TOKEN}`", f"`{MAIL}`"),
        (f"⟦ {TOKEN[1:-1]} ⟧", MAIL),
        (f'⟦"{TOKEN[1:-1]}"⟧', MAIL),
        (f"【{TOKEN[1:-1]}】", MAIL),
        (f"⟦CORREO_{TAG}⟧", MAIL),
        (f"⟦correo electrónico {TAG}⟧", MAIL),
        (f"邮箱{TAG}。", f"邮箱{MAIL}。"),
        (f"⟦EMAIL_{TAG[:3]} {TAG[3:]}⟧", MAIL),
        (LONG.replace("_", " "), NUMBER),
        (LONG.replace("_", "\\_"), NUMBER),
        (f"NATIONAL ID {LONG[-8:-1]}", NUMBER),
        (f"⟦see {TOKEN[1:-1]} or {LONG[1:-1]}⟧", f"⟦see {MAIL} or {NUMBER}⟧"),
        (f"just {TAG}.", f"just {MAIL}."),
    ],
)
def test_a_token_is_known_by_its_tag(said: str, read: str) -> None:
    told = whole(said)
    assert told.text == read
    assert told.unrestored == 0


@pytest.mark.parametrize(
    "said", [STRANGE, STRANGE[1:-1], f"x_{TAG}", f"CORREO_{TAG}", "⟦EMAIL_z9⟧"]
)
def test_what_is_not_certain_is_let_be_and_counted(said: str) -> None:
    assert whole(f"Dear {said}!") == (f"Dear {said}!", 0, 1)


@pytest.mark.parametrize(
    "said", ["⟦EMAIL_a2bc3de⟧", "z9yx8wv", "⟦⟧", "⟦x⟧", f"x{TAG}", f"{TAG}9", "⟦a" * 40, "EMAIL"]
)
def test_what_is_nobody_s_token_is_let_be_and_not_counted(said: str) -> None:
    assert whole(said) == (said, 0, 0)


def test_in_json_a_value_is_written_as_json_would() -> None:
    text = json.dumps({"to": QUOTED, "is": f"line\n{TOKEN[1:-1]}"})
    told = whole(text, is_json=True)
    assert json.loads(told.text) == {"to": NAME, "is": f"line\n{MAIL}"}
    plain = whole(json.dumps({"to": QUOTED}, ensure_ascii=False), is_json=True)
    assert json.loads(plain.text) == {"to": NAME}


@pytest.mark.parametrize("text", ["A quick brown fox.", "I see an ape in a nice pen: 12", "é 你好"])
def test_of_common_words_no_more_than_the_last_is_held_back(text: str) -> None:
    restoration = Restoration(PSEUDONYMS, Tally())
    said = restoration.feed(text)
    assert text.startswith(said)
    assert len(text) - len(said) <= len(text.rsplit(maxsplit=1)[-1])


def test_what_never_closes_is_not_held_back_for_ever() -> None:
    restoration = Restoration(PSEUDONYMS, Tally())
    said = "".join([restoration.feed(each) for each in "⟦" + "x" * 100])
    assert len(said) >= 30


PIECES = st.sampled_from(
    [TOKEN, LONG, QUOTED, STRANGE, TOKEN[1:-1], TOKEN.lower(), TAG, TAG[:4], "⟦", "⟧", "【", "〛", "\\",
     "\\u27e6", "\\u27e7", "u27e", "EMAIL", "email_", "NATIONAL", " ", "_", "-", "n", "\n", "a", "k3", "é",
     "邮箱", '"', "the ", "7"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join), st.data())
def test_however_it_is_cut_it_reads_the_same(text: str, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=20))
    is_json = data.draw(st.booleans())
    assert cut(text, places, is_json=is_json) == whole(text, is_json=is_json)


MANGLED: tuple[Callable[[str], str], ...] = (
    str.lower, str.upper, str.title, str.swapcase,
    lambda token: token[1:-1],
    lambda token: f"[{token[1:-1]}]",
    lambda token: f"[[{token[1:-1]}]]",
    lambda token: f'"{token}"',
    lambda token: f"**{token}**",
    lambda token: f"⟦ {token[1:-1]} ⟧",
    lambda token: f"⟦'{token[1:-1]}'⟧",
    lambda token: token.replace("_", " "),
    lambda token: token.replace("_", "-"),
    lambda token: token.replace("_", "\\_"),
    lambda token: token.replace("_", ""),
    lambda token: token.replace("⟦", "【").replace("⟧", "】"),
    lambda token: f"⟦Adresse_{token[-8:]}",
    lambda token: f"⟦地址_{token[-8:]}",
    lambda token: f"地址_{token[-8:-1]}",
    lambda token: token[-8:-1],
    lambda token: token[:-1],
    lambda token: token[1:],
    lambda token: f"{token[:-4]} {token[-4:]}",
    lambda token: f"{token[:-4]}\n{token[-4:]}",
    lambda token: token[:-3] + "⟧",
    lambda token: token[:-2] + "x⟧",
    lambda token: token.replace("_", "_1_"),
    " ".join,
)  # fmt: skip


def test_5000_outputs_that_try_to_be_hard_are_never_wrong() -> None:
    draw = random.Random(20261129)
    restored = 0
    for _ in range(5_000):
        tokens = draw.choices([*VALUES], k=draw.randint(1, 5))
        said = [draw.choice(MANGLED)(token) for token in tokens]
        text = "|" + "|".join(said) + "|"
        told = cut(text, draw.choices(range(len(text)), k=draw.randint(0, 30)))
        assert told == whole(text)
        shown = told.text.split("|")[1:-1]
        for token, before, after in zip(tokens, said, shown, strict=True):
            assert after == before or VALUES[token] in after
            others = [value for value in VALUES.values() if value != VALUES[token]]
            assert not any(value in after for value in others)
        assert told.restored == sum(a != b for a, b in zip(said, shown, strict=True))
        restored += told.restored
    assert restored > 10_000


def test_50000_ways_to_cut_a_stream_read_the_same() -> None:
    draw = random.Random(20261130)
    texts = [
        "".join(draw.choices([*VALUES, STRANGE, " the ", "⟦", "⟧", "EMAIL ", TAG, "\n", "é"], k=9))
        for _ in range(500)
    ]
    expected = [whole(text) for text in texts]
    for _ in range(100):
        for text, told in zip(texts, expected, strict=True):
            assert cut(text, draw.choices(range(len(text)), k=draw.randint(1, 25))) == told
