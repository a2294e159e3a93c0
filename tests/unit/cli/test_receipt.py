"""A receipt's proof holds only for its own leaf, under its own log's signature."""

from __future__ import annotations

from base64 import b64encode
from io import StringIO

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from jevons.cli.receipt import Proof, prove, show
from jevons.ledger.merkle import leaf_hash, node_hash
from jevons.ledger.note import Checkpoint, sign
from jevons.testing.make import a_receipt, a_refusal
from jevons.types.account import Ended, Media, SetAside, Tried, Usage, Veil
from jevons.types.proof import Inclusion
from jevons.types.units import Priced

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = PRIVATE.public_key()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)).public_key()
LEAF, SIBLING = b"a receipt", leaf_hash(b"an intent")
NOTE = sign(Checkpoint("a/log", 2, node_hash(SIBLING, leaf_hash(LEAF))), PRIVATE)
PROOF = Inclusion(index=1, size=2, path=(b64encode(SIBLING).decode(),), checkpoint=NOTE)


def test_a_leaf_that_the_checkpoint_signs_holds() -> None:
    assert prove(LEAF, PROOF, KEY).state == "holds"


@pytest.mark.parametrize(
    ("leaf", "proof"),
    [
        (b"another receipt", PROOF),
        (LEAF, msgspec.structs.replace(PROOF, index=0)),
        (LEAF, msgspec.structs.replace(PROOF, size=3)),
        (LEAF, msgspec.structs.replace(PROOF, path=())),
        (LEAF, msgspec.structs.replace(PROOF, path=("not base64",))),
        (LEAF, msgspec.structs.replace(PROOF, checkpoint=NOTE.replace("\n2\n", "\n3\n"))),
        (LEAF, msgspec.structs.replace(PROOF, checkpoint="")),
    ],
)
def test_anything_else_is_broken(leaf: bytes, proof: Inclusion) -> None:
    assert prove(leaf, proof, KEY).state == "broken"


def test_another_log_s_key_does_not_do() -> None:
    assert prove(LEAF, PROOF, OTHER).state == "broken"


def test_a_receipt_not_signed_yet_waits_and_one_without_a_key_is_unchecked() -> None:
    assert prove(LEAF, None, KEY).state == "waits"
    assert prove(LEAF, PROOF, None).state == "unchecked"


def shown(ended: Ended) -> str:
    terminal = Console(record=True, width=120, file=StringIO())
    show(terminal, ended, Proof("holds", "leaf 1 of 2"))
    return terminal.export_text()


@pytest.mark.parametrize(("failures", "times"), [(1, "once"), (4, "4 times in a row")])
def test_a_receipt_shows_who_was_set_aside_and_until_when(failures: int, times: str) -> None:
    aside = SetAside(endpoint="far", until_ms=61_000, failures=failures, error="provider_timeout")
    text = shown(a_receipt(aside=(aside,)))
    assert f"far until 00:01:01 UTC, it failed {times}: provider_timeout" in text


def test_a_receipt_shows_what_its_data_was_and_who_was_tried_how_late() -> None:
    tried = Tried(endpoint="far", error="provider_throttled", after_ms=1500)
    text = shown(a_receipt(tried=(tried,), data_class="personal", region="EEA"))
    assert "personal, of people in EEA" in text
    assert "far: provider_throttled, after a wait of 1.50 s" in text


def test_a_receipt_shows_what_became_of_each_draft_and_what_it_cost() -> None:
    cost = Priced(nusd=1_500_000, method="price-row", source="made up for a test")
    why = "no other came to the same"
    drafts = (
        Tried(endpoint="cheap", draft="dropped", detail=why, cost=cost),
        Tried(endpoint="local", draft="agreed"),
        Tried(endpoint="dear", cost=cost),
    )
    text = shown(a_receipt(tried=drafts))
    assert f"cheap, dropped: {why}, $0.0015" in text
    assert "local, agreed" in text
    assert "dear" not in text


def test_a_refusal_shows_its_rule_and_its_sentence() -> None:
    text = shown(a_refusal())
    assert "place-allowed (residency_refused)" in text
    assert a_refusal().says in text


def test_a_receipt_shows_which_tokens_were_no_text() -> None:
    media = Media(input_audio=60, output_audio=5)
    assert "60 input audio, 5 output audio" in shown(a_receipt(usage=Usage(media=media)))
    assert "no text" not in shown(a_receipt())


def test_what_was_found_and_what_became_of_it_is_shown() -> None:
    plain = shown(a_receipt())
    assert "found" not in plain
    assert "veil" not in plain
    veil = Veil(hidden=2, restored=3)
    text = shown(a_receipt(found=("email", "phone"), unread=("image",), veil=veil))
    assert "email, phone" in text
    assert "image" in text
    assert "2 hidden behind tokens; 3 put back in the answer" in text
    left = shown(a_receipt(veil=Veil(hidden=2, restored=1, unrestored=1)))
    assert "1 put back in the answer, 1 left as tokens" in left
    assert "api_key" in shown(a_refusal(found=("api_key",)))
