"""What opens doors is found by what its vendor lets it begin with."""

from __future__ import annotations

import pytest
from tests.unit.privacy.looking import seen

from jevons.privacy.secret import secrets

# Put together here, so that no file holds what looks like a secret.
PRIVATE = "PRIVATE" + " KEY"
KEYS = (
    "sk-" + "a1B2" * 6,
    "sk-" + "ant-api03-" + "a1B2" * 20,
    "sk-" + "proj-" + "a1_B" * 20,
    "AKIA" + "ABCD2345" * 2,
    "AIza" + "a1B2_" * 7,
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 12,
    "glpat-" + "a1B2_" * 4,
    "xox" + "b-1234567890-abcdef",
    "sk_" + "live_" + "a1B2" * 6,
    "hf_" + "a1B2" * 8,
    "gsk_" + "a1B2" * 13,
    "npm_" + "a1B2" * 9,
    "SG." + "a1B2" * 5 + "." + "a1B2" * 10,
    "wh" + "sec_" + "a+b=" * 6,
    "jv_" + "a" * 43,
)
TOKEN = "eyJhbGciOiJub25lIn0." + "eyJzdWIiOiIxIn0" + ".c2ln"


@pytest.mark.parametrize("key", KEYS)
def test_keys(key: str) -> None:
    assert seen(f'export KEY="{key}"') == [("api_key", key)]
    assert seen(key) == [("api_key", key)]


@pytest.mark.parametrize("key", KEYS)
def test_what_is_too_short_or_within_a_word_is_no_key(key: str) -> None:
    assert seen(key[:10]) == []
    assert seen("x" + key) == []


def test_tokens() -> None:
    assert seen(f"token={TOKEN};") == [("token", TOKEN)]
    assert seen(f"x{TOKEN}") == []
    assert seen("Bearer " + "a1B2" * 6) == [("token", "earer " + "a1B2" * 6)]


def test_a_password_in_a_header() -> None:
    header = "Authorization: Basic " + "YW5uYTpoaWRkZW4="
    assert seen(header) == [("password", "asic YW5uYTpoaWRkZW4=")]


def test_private_keys_to_their_end() -> None:
    body = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2] * 3)
    dashes = "-" * 5
    key = f"{dashes}BEGIN EC {PRIVATE}{dashes}\n{body}\n{dashes}END EC {PRIVATE}{dashes}"
    assert [kind for kind, _ in seen(f"before\n{key}\n")] == ["private_key"]
    assert key in seen(f"before\n{key}\n")[0][1]
    escaped = key.replace("\n", r"\n")
    assert [kind for kind, _ in seen(f'"{escaped}"')] == ["private_key"]


def test_the_mere_head_of_a_private_key_is_none() -> None:
    assert seen("-" * 5 + "BEGIN " + PRIVATE + "-" * 5 + " is how it starts") == []


def test_a_long_text_of_short_words_is_looked_through() -> None:
    words = "a word, " * 500_000
    key = KEYS[0]
    assert list(secrets(words)) == []
    assert [one.end for one in secrets(f"{words}{key}")] == [len(words) + len(key)]
