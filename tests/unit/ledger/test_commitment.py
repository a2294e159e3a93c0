"""A commitment shows what was said to whoever holds the salting, and tells nobody else anything."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.commitment import commit, salt

SALTING = bytes(range(32))
DIGEST = hashlib.sha256(b"what was said").digest()


def test_it_is_an_hmac_of_the_digest_under_the_salt_of_the_request() -> None:
    derived = hashlib.blake2b(b"req_1", key=SALTING, digest_size=32).digest()
    assert salt(SALTING, "req_1") == derived
    expected = hmac.new(derived, DIGEST, hashlib.sha256).hexdigest()
    assert commit(SALTING, "req_1", DIGEST) == expected


def test_it_never_changes_from_one_release_to_the_next() -> None:
    assert commit(SALTING, "req_1", DIGEST) == (
        "f622feb1186f44e3f931c53866a504e0440af29f74e2a33f21c138ca4a1a8e39"
    )


@given(
    st.binary(min_size=32, max_size=32), st.text(max_size=40), st.binary(min_size=32, max_size=32)
)
def test_another_key_request_or_text_gives_another_commitment(
    salting: bytes, request: str, digest: bytes
) -> None:
    said = {
        commit(salting, request, digest),
        commit(bytes([salting[0] ^ 1]) + salting[1:], request, digest),
        commit(salting, request + "x", digest),
        commit(salting, request, bytes([digest[0] ^ 1]) + digest[1:]),
    }
    assert len(said) == 4
