"""Signed notes and the checkpoints in them: which tree, how many leaves, what root, says who.

Rule 1: a text is believed only for a key that was pinned beforehand; a signature of a key that
    is not is passed over, and one of a pinned key that does not fit spoils the whole note.
Rule 2: what is written otherwise than the specification writes it is not read.

Source: C2SP signed-note and tlog-checkpoint, c2sp.org, read 2026-11.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = (
    "COSIGNATURE",
    "ED25519",
    "BadNote",
    "Checkpoint",
    "Note",
    "Signature",
    "Vkey",
    "is_signed",
    "key_id",
    "log_key",
    "open_note",
    "parse",
    "read_note",
    "read_vkey",
    "sign",
    "signature_line",
)

ED25519 = 1
"""Signature type of a log (signed-note, "Signature types")."""
COSIGNATURE = 4
"""Signature type of a witness (tlog-cosignature, "Format")."""
MAX_SIGNATURES = 64
"""Most that are read of one note; at least 16 must be (signed-note, "Format")."""

_DASH = "— "  # an em dash and a space begin a signature line
_KEY_BYTES = 32
_ROOT_BYTES = 32
_ID_BYTES = 4
_LARGEST = (1 << 63) - 1


class BadNote(ValueError):
    """Not a note, a checkpoint or a key, or not signed by this key."""


class Vkey(NamedTuple):
    """A key that signs notes, as whoever trusts it writes it down."""

    name: str
    kind: int
    """Signature type: `ED25519` or `COSIGNATURE`."""
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which its signatures are told."""
        return key_id(self.name, self.public, self.kind)

    def render(self) -> str:
        """Write it as signed-note's "Verifier keys" has it."""
        material = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"


class Signature(NamedTuple):
    """One signature line, not believed."""

    name: str
    id: bytes
    raw: bytes


class Note(NamedTuple):
    """A text and who says to have signed it."""

    text: str
    """With its last newline, which is signed too."""
    signatures: tuple[Signature, ...]


class Checkpoint(NamedTuple):
    """What a log says of itself at one size."""

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()
    """Lines after the root; this house writes none (tlog-checkpoint: not recommended)."""

    def render(self) -> str:
        """Write the text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.more)
        return "\n".join(lines) + "\n"


def key_id(name: str, public: bytes, kind: int = ED25519) -> bytes:
    """Name a key by four bytes, so that a reader knows which signature to try."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:_ID_BYTES]


def log_key(origin: str, key: Ed25519PublicKey) -> Vkey:
    """Write down the key of a log, which signs under the name of its origin."""
    return Vkey(origin, ED25519, key.public_bytes_raw())


def read_vkey(text: str) -> Vkey:
    """Read a key that somebody wrote down.

    Raises:
        BadNote: It is not one, or its id is not that of its name and key.
    """
    name, _, rest = text.strip().partition("+")
    told, _, material = rest.partition("+")
    try:
        raw = b64decode(material, validate=True)
    except ValueError:
        raw = b""
    key = Vkey(name, raw[0] if raw else 0, raw[1:])
    if not _is_name(name) or key.kind not in {ED25519, COSIGNATURE} or len(raw) != _KEY_BYTES + 1:
        message = f"not a key: {text.strip()!r}; it must look like name+0123abcd+base64"
        raise BadNote(message)
    if told != key.id.hex():
        message = f"a key whose id is not its own: {text.strip()!r}; it was not copied whole"
        raise BadNote(message)
    return key


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Write a checkpoint as a note, signed under the name of its origin."""
    text = checkpoint.render()
    name = key_id(checkpoint.origin, key.public_key().public_bytes_raw())
    return f"{text}\n{signature_line(checkpoint.origin, name, key.sign(text.encode()))}"


def signature_line(name: str, key: bytes, raw: bytes) -> str:
    """Write one signature, with the id of its key before it."""
    return f"{_DASH}{name} {b64encode(key + raw).decode()}\n"


def read_note(note: str) -> Note:
    """Read a note without believing it.

    Raises:
        BadNote: It is not one.
    """
    head, blank, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or lines.pop() or not lines:
        message = "not a note: its last line does not end, or there is no signature"
        raise BadNote(message)
    if any(character < " " and character != "\n" for character in note):
        message = "not a note: it holds control characters"
        raise BadNote(message)
    if len(lines) > MAX_SIGNATURES:
        message = f"a note with {len(lines)} signatures; at most {MAX_SIGNATURES} are read"
        raise BadNote(message)
    return Note(head + "\n", tuple([_signature(line) for line in lines]))


def parse(note: str) -> Checkpoint:
    """Read a checkpoint, with its signatures or without, and believe nothing of it.

    Raises:
        BadNote: It is not one, or is written otherwise than it has to be.
    """
    text, blank, _ = note.partition("\n\n")
    return _checkpoint(text + "\n" if blank else note)


def open_note(note: str, key: Ed25519PublicKey, name: str | None = None) -> Checkpoint:
    """Read a checkpoint and check who signed it.

    Other signatures (of witnesses) may stand beside the log's.

    Args:
        note: The checkpoint with its signatures.
        key: Of the log.
        name: Under which it signs; None is the origin that the checkpoint names.

    Raises:
        BadNote: It is not a checkpoint, or this key did not sign it.
    """
    read = read_note(note)
    checkpoint = _checkpoint(read.text)
    if not is_signed(read, Vkey(name or checkpoint.origin, ED25519, key.public_bytes_raw())):
        message = "no signature of this log's key"
        raise BadNote(message)
    return checkpoint


def is_signed(note: Note, key: Vkey) -> bool:
    """Tell whether this key of a log signed a note.

    Raises:
        BadNote: A line is said to be this key's and does not fit, which spoils the note.
    """
    public = Ed25519PublicKey.from_public_bytes(key.public)
    ours = [each for each in note.signatures if (each.name, each.id) == (key.name, key.id)]
    for each in ours:
        try:
            public.verify(each.raw, note.text.encode())
        except InvalidSignature:
            message = f"the signature of {key.name} does not fit the text"
            raise BadNote(message) from None
    return bool(ours)


def _checkpoint(text: str) -> Checkpoint:
    """Read the whole text of a note as a checkpoint."""
    try:
        origin, size, root, *more = text.removesuffix("\n").split("\n")
        checkpoint = Checkpoint(origin, int(size), b64decode(root, validate=True), tuple(more))
    except ValueError:
        message = "not a checkpoint"
        raise BadNote(message) from None
    is_said = bool(origin) and all(more) and 0 <= checkpoint.size <= _LARGEST
    if checkpoint.render() != text or not is_said or len(checkpoint.root) != _ROOT_BYTES:
        message = "not a checkpoint in canonical form"
        raise BadNote(message)
    return checkpoint


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        raw = b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    is_canonical = b64encode(raw).decode() == encoded
    if (
        not line.startswith(_DASH)
        or not _is_name(name)
        or len(raw) <= _ID_BYTES
        or not is_canonical
    ):
        message = "not a note: a line after its text is no signature"
        raise BadNote(message)
    return Signature(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


def _is_name(name: str) -> bool:
    """Key names are not empty, and hold neither spaces nor a plus (signed-note, "Format")."""
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)
