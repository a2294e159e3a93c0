"""Stamps: what an authority of time says of checkpoints (RFC 3161), in files that anybody can check.

Rule 1: what is stamped is a checkpoint as it was signed, byte for byte; it stands beside its stamp, so that
    whoever has both and the authority's certificate needs nothing of ours.
Rule 2: a stamp is kept only if it is of these bytes and of this question; with roots, only if it is signed
    under one of them.
Rule 3: a checkpoint that was stamped is one that was kept elsewhere: the ledger has to go on from it.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from jevons.ledger.audit import Finding
from jevons.ledger.note import BadNote, parse
from jevons.ledger.trust import Stamped
from jevons.store.secret import flush_folder
from jevons.types.errors import Malformed, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rfc3161_client import TimeStampResponse, Verifier

__all__ = ("Ask", "Checked", "Stamps", "read_roots")

_WIDTH = 20
"""Digits of a size in a file's name: names sort as sizes do."""


class Ask(NamedTuple):
    """A question to an authority."""

    note: str
    """The checkpoint that is to be stamped."""
    body: bytes
    """What is sent: its hash, and a number that comes back with the answer."""
    nonce: int | None


class Checked(NamedTuple):
    """What a look through all stamps found."""

    stamped: tuple[Stamped, ...]
    """In order of size."""
    kept: tuple[tuple[str, str], ...]
    """Their checkpoints, each with a word for where: the ledger has to go on from them."""
    findings: tuple[Finding, ...]


class Stamps:
    """The stamps of one log.

    Args:
        folder: Where they are; it is made when there is one.
        roots: Certificates that a stamp's signer must come from, and those between; none checks no
            signature.
    """

    def __init__(self, folder: Path, roots: Sequence[x509.Certificate] = ()) -> None:
        self._folder = folder
        self._roots = tuple(roots)

    def newest(self) -> int:
        """Tell the size of the newest checkpoint that is stamped; 0 if there is none."""
        return max([int(each.stem) for each in self._folder.glob("*.tsr")], default=0)

    def ask(self, note: str) -> Ask:
        """Write a question for a checkpoint."""
        builder = TimestampRequestBuilder().data(note.encode())
        request = (
            builder.hash_algorithm(HashAlgorithm.SHA256).cert_request(cert_request=True).build()
        )
        return Ask(note, request.as_bytes(), request.nonce)

    def keep(self, ask: Ask, answer: bytes) -> Stamped:
        """Keep an answer, flushed to the device.

        Raises:
            Malformed: It is no stamp, or not of this checkpoint, or not signed as it must be.
        """
        stamped = self._check(ask.note, answer, nonce=ask.nonce)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{stamped.size:0{_WIDTH}}.tsr"
        _write(path.with_suffix(".note"), ask.note.encode())
        _write(path, answer)  # the note is there before: a stamp alone would be a finding
        return stamped

    def check(self) -> Checked:
        """Look through all of them."""
        stamped: list[Stamped] = []
        kept: list[tuple[str, str]] = []
        findings: list[Finding] = []
        for path in sorted(self._folder.glob("*.tsr")):
            try:
                note = path.with_suffix(".note").read_bytes().decode("utf-8", "surrogateescape")
                found = self._check(note, path.read_bytes())
            except (OSError, Malformed) as error:
                says = f"the stamp {path.name} does not hold: {error}"
                findings.append(Finding(kind="bad_stamp", says=says))
                continue
            stamped.append(found)
            kept.append((note, f"stamps/{path.stem}.note"))
        return Checked(tuple(stamped), tuple(kept), tuple(findings))

    def _check(self, note: str, answer: bytes, *, nonce: int | None = None) -> Stamped:
        body = note.encode("utf-8", "surrogateescape")
        try:
            size = parse(note).size
            response = decode_timestamp_response(answer)
            self._hold(response, sha256(body).digest(), nonce)
            (signer,) = response.signed_data.signer_infos
        except (BadNote, ValueError, VerificationError) as error:
            raise Malformed(str(error)) from None
        return Stamped(
            size=size,
            at_ms=int(response.tst_info.gen_time.timestamp() * 1e3),
            by=f"{signer.issuer.rfc4514_string()}, {signer.serial_number:x}",
            checked=bool(self._roots),
        )

    def _hold(self, response: TimeStampResponse, digest: bytes, nonce: int | None) -> None:
        """Hold an answer against what was asked.

        Raises:
            VerificationError: It is not of that, or not signed under a root.
        """
        if PKIStatus(response.status) != PKIStatus.GRANTED:
            message = (
                f"the authority refuses: {' '.join(response.status_string) or response.status}"
            )
            raise VerificationError(message)
        said = response.tst_info
        if said.message_imprint.message != digest:
            message = "it is of other bytes"
            raise VerificationError(message)
        if nonce is not None and said.nonce != nonce:
            message = "it answers another question"
            raise VerificationError(message)
        if self._roots:
            self._verifier().verify(response, digest)

    def _verifier(self) -> Verifier:
        builder = VerifierBuilder()
        for each in self._roots:
            if each.issuer == each.subject:
                builder = builder.add_root_certificate(each)
            else:
                builder = builder.add_intermediate_certificate(each)
        return builder.build()


def read_roots(path: Path | None) -> tuple[x509.Certificate, ...]:
    """Read certificates in PEM; none where there is no file to be read.

    Raises:
        Misconfigured: The file is not there, or holds no root.
    """
    if path is None:
        return ()
    try:
        found = tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        message = f"roots of the time stamp authority: {path}: {error}"
        raise Misconfigured(message) from None
    if not any(each.issuer == each.subject for each in found):
        message = (
            f"roots of the time stamp authority: {path} holds no certificate that is its own issuer"
        )
        raise Misconfigured(message)
    return found


def _write(path: Path, body: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    flush_folder(path.parent)
