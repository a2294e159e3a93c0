"""What an outsider pinned beforehand decides, whatever the log says of itself."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jevons.ledger.audit import Signed
from jevons.ledger.cosignature import cosign, witness_key
from jevons.ledger.note import Checkpoint, log_key, sign, signature_line
from jevons.ledger.trust import Trust, Witnessed, changed_key, witnessed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOG = log_key("a/log", KEY.public_key())
W1 = witness_key("w/1", OTHER.public_key())


def signed(size: int, *lines: str) -> Signed:
    checkpoint = Checkpoint("a/log", size, bytes(32))
    return Signed(checkpoint, "the test", sign(checkpoint, KEY) + "".join(lines))


def cosigned(size: int, at_s: int) -> str:
    return cosign(Checkpoint("a/log", size, bytes(32)).render(), OTHER, name="w/1", at_s=at_s)


def test_a_key_that_nobody_pinned_is_taken_as_the_log_names_it() -> None:
    assert changed_key(LOG, Trust()) is None
    assert changed_key(LOG, Trust(key=LOG)) is None


def test_another_key_and_another_log_are_told_apart() -> None:
    other_key = changed_key(log_key("a/log", OTHER.public_key()), Trust(key=LOG))
    other_log = changed_key(log_key("b/log", KEY.public_key()), Trust(key=LOG))
    assert other_key is not None
    assert other_log is not None
    assert (other_key.kind, other_log.kind) == ("key_changed", "wrong_origin")


def test_the_newest_checkpoint_that_a_witness_cosigned_is_found() -> None:
    notes = [signed(1, cosigned(1, 5)), signed(2, cosigned(2, 6)), signed(3)]
    found, findings = witnessed(notes, [W1])
    assert found == [Witnessed(witness="w/1", size=2, at_s=6)]
    assert findings == []


def test_a_witness_that_cosigned_nothing_and_a_cosignature_that_does_not_fit_are_findings() -> None:
    spoiled = signature_line(W1.name, W1.id, bytes(72))
    found, findings = witnessed([signed(1), signed(2, spoiled)], [W1])
    assert found == []
    assert [each.kind for each in findings] == ["bad_cosignature", "unwitnessed"]
    found, findings = witnessed([signed(1, cosigned(1, 5)), signed(2, spoiled)], [W1])
    assert [each.size for each in found] == [1]
    assert [each.kind for each in findings] == ["bad_cosignature"]
