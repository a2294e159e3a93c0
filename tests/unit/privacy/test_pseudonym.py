"""A token is the same for the same letters in one conversation, and tells nothing to anybody else."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy import Detector
from jevons.privacy.pseudonym import SPACED_TAG, TAG, TAG_BEGINNING, Pseudonyms

SECRET = b"k" * 32
MAIL = "anna@example.org"


def tag_of(token: str) -> str:
    return token[-8:-1]


def test_the_same_letters_have_the_same_token() -> None:
    pseudonyms = Pseudonyms(SECRET)
    token = pseudonyms.token("email", MAIL)
    assert re.fullmatch(f"⟦EMAIL_{TAG}⟧", token)
    assert pseudonyms.token("email", MAIL) == token
    assert pseudonyms.token("term", MAIL) == token, "a value keeps its first kind"
    assert Pseudonyms(SECRET).token("email", MAIL) == token
    assert len(pseudonyms) == 1


def test_other_letters_or_another_conversation_have_another() -> None:
    pseudonyms = Pseudonyms(SECRET)
    token = pseudonyms.token("email", MAIL)
    assert pseudonyms.token("email", MAIL.upper()) != token
    assert Pseudonyms(b"l" * 32).token("email", MAIL) != token
    assert len(pseudonyms) == 2


def test_a_tag_stands_for_its_value_in_either_case() -> None:
    pseudonyms = Pseudonyms(SECRET)
    tag = tag_of(pseudonyms.token("email", MAIL))
    assert pseudonyms.value(tag) == pseudonyms.value(tag.upper()) == MAIL
    assert Pseudonyms(SECRET).value(tag) is None


def test_a_tag_that_was_said_before_is_given_to_nobody() -> None:
    token = Pseudonyms(SECRET).token("email", MAIL)
    said = Pseudonyms(SECRET, [f"an old log: {token.upper()}"])
    assert said.is_said(tag_of(token))
    assert said.token("email", MAIL) != token
    assert said.value(tag_of(token)) is None


def test_a_tag_that_another_value_has_is_drawn_anew() -> None:
    class Same(Pseudonyms):
        def _drawn(self, value: str, draw: int) -> str:
            return super()._drawn("all alike", draw)

    pseudonyms = Same(SECRET)
    tokens = [pseudonyms.token("email", each) for each in ("a@x.org", "b@x.org")]
    assert tokens[0] != tokens[1]
    assert [pseudonyms.value(tag_of(each)) for each in tokens] == ["a@x.org", "b@x.org"]


def test_tokens_can_be_taken_out_and_others_stay() -> None:
    pseudonyms = Pseudonyms(SECRET)
    token = pseudonyms.token("national_id", "12")
    assert pseudonyms.without(f"a{token}b ⟦EMAIL_a2bc3de⟧") == "a b ⟦EMAIL_a2bc3de⟧"


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1))
def test_no_detector_takes_a_token_for_an_identifier(secret: bytes, value: str) -> None:
    token = Pseudonyms(secret).token("phone", value)
    assert Detector().find(f"call {token}, passport {token} 12") == []
    tag = tag_of(token)
    assert re.fullmatch(SPACED_TAG, tag)
    assert re.fullmatch(SPACED_TAG, f"{tag[:3]} {tag[3:]}")
    assert all(re.fullmatch(TAG_BEGINNING, tag[:end]) for end in range(1, 8))
