"""The vault: secrets that the house shows to others, as keys of vendors, sealed in one file.

Rule 1: a value is in the file only under its seal, AES-256-GCM under a key made of the master key and
    a salt of its own; its name and date are part of the seal. It is in no message and in no record.
Rule 2: the file is put in the place of the one before whole, and that one is overwritten.
Rule 3: what was done stands in the file until the books have it: a kill between the two loses no record.
Rule 4: the file knows its master key by a seal over nothing. A rotation that was cut off, between the
    file and its key, is ended by whoever opens it next.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from jevons.store import secret
from jevons.store.crypt import SALT_BYTES, Crypt
from jevons.types.account import SecretChange
from jevons.types.errors import Malformed, Misconfigured, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

__all__ = ("Vault",)

_KEY_BYTES = 32
_MOST_BYTES = 16 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PURPOSE = b"jevons vault, 1"


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    at_ms: int
    salt: bytes
    sealed: bytes


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says, as JSON."""

    proof: _Sealed
    """Nothing, sealed with the master key."""
    secrets: tuple[_Sealed, ...] = ()
    acts: tuple[SecretChange, ...] = ()
    """What was done and is not in the books yet."""

    def with_act(self, secrets: list[_Sealed], act: SecretChange) -> _File:
        """Make the file that comes after an act."""
        return msgspec.structs.replace(self, secrets=tuple(secrets), acts=(*self.acts, act))


_decode = msgspec.json.Decoder(_File).decode


class Vault:
    """Secrets of a house, by name.

    Args:
        folder: The data folder.
        master: The master key, 32 bytes; None has it in a file beside the secrets, and makes it.
    """

    def __init__(self, folder: Path, *, master: bytes | None = None) -> None:
        self._path = folder / "secrets.json"
        self._key_path = folder / "master.key"
        self._next_path = folder / "master.key.next"
        self._master = master

    def read(self, name: str) -> str:
        """Open a secret.

        Raises:
            NotFound: There is none of this name.
            Misconfigured: It does not open with this master key.
        """
        with self._alone():
            found = self._load()
            sealed = _named(found, name)
            if sealed is None:
                message = f"no secret {name!r}; `jevons secrets set {name}` makes it"
                raise NotFound(message)
            return _open(self._crypt(found), sealed)

    def list(self) -> dict[str, int]:
        """List names, and when each was set, Unix milliseconds."""
        with self._alone():
            return {each.name: each.at_ms for each in self._load().secrets}

    def set(self, name: str, value: str, *, at_ms: int, by: str) -> None:
        """Keep a secret, in place of the one that it was.

        Raises:
            Malformed: It cannot be a name or a value; the message does not repeat a value.
            Misconfigured: What is there was sealed with another master key.
        """
        _check(name, value)
        with self._alone():
            found = self._load(may_begin=True)
            crypt = self._crypt(found)
            rest = [each for each in found.secrets if each.name != name]
            rest.append(_seal(crypt, name, value, at_ms=at_ms))
            rest.sort(key=lambda each: each.name)
            self._put(found.with_act(rest, SecretChange(at_ms=at_ms, act="set", name=name, by=by)))

    def remove(self, name: str, *, at_ms: int, by: str) -> None:
        """Destroy a secret.

        Raises:
            NotFound: There is none of this name.
        """
        with self._alone():
            found = self._load()
            rest = [each for each in found.secrets if each.name != name]
            if len(rest) == len(found.secrets):
                message = f"no secret {name!r}; `jevons secrets list` lists them"
                raise NotFound(message)
            act = SecretChange(at_ms=at_ms, act="removed", name=name, by=by)
            self._put(found.with_act(rest, act))

    def rotate(self, master: bytes | None = None, *, at_ms: int, by: str) -> None:
        """Seal every secret with another master key.

        Args:
            master: The key; None makes one, in the file beside the secrets.
            at_ms: When, Unix milliseconds.
            by: Who does it.

        Raises:
            Misconfigured: What is there was sealed with another master key than this one's.
        """
        with self._alone():
            found = self._load(may_begin=True)
            old = self._crypt(found)
            kept = [(each.name, each.at_ms, _open(old, each)) for each in found.secrets]
            new = Crypt(self._make_next() if master is None else master, purpose=_PURPOSE)
            sealed = [_seal(new, name, value, at_ms=set_ms) for name, set_ms, value in kept]
            found = msgspec.structs.replace(found, proof=_seal(new, "", "", at_ms=0))
            self._put(found.with_act(sealed, SecretChange(at_ms=at_ms, act="rotated", by=by)))
            if master is None:
                self._take_next()
            elif self._key_path.exists():
                secret.destroy(self._key_path)

    async def tell(self, record: Callable[[SecretChange], Awaitable[None]]) -> None:
        """Have the books say what was done, also what a command that was cut off did."""
        with self._alone():
            found = self._load()
            for act in found.acts:
                await record(act)
            if found.acts:
                self._put(msgspec.structs.replace(found, acts=()))

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Keep other processes out: what is read is written again."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        lock = os.open(self._path.with_name("secrets.lock"), flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _load(self, *, may_begin: bool = False) -> _File:
        try:
            return _decode(self._path.read_bytes())
        except FileNotFoundError:
            proof = _Sealed(name="", at_ms=0, salt=b"", sealed=b"")
            if may_begin:
                if self._master is None:
                    key = secret.load_or_make(self._key_path, may_make=True, gone=_GONE)
                else:
                    key = self._master
                proof = _seal(Crypt(key, purpose=_PURPOSE), "", "", at_ms=0)
            return _File(proof=proof)
        except msgspec.MsgspecError as error:
            message = f"{self._path} is not a file of secrets: {error}"
            raise Misconfigured(message) from None

    def _crypt(self, found: _File) -> Crypt:
        """Find the master key that this file was sealed with.

        Raises:
            Misconfigured: It is none of those that there are.
        """
        if self._master is not None:
            crypt = Crypt(self._master, purpose=_PURPOSE)
            if _opens(crypt, found.proof):
                return crypt
            message = f"JEVONS_MASTER_KEY is not the key that {self._path} was sealed with"
            raise Misconfigured(message)
        if self._next_path.exists():
            key = secret.load_or_make(self._next_path, may_make=False, gone=_GONE)
            crypt = Crypt(key, purpose=_PURPOSE)
            if _opens(crypt, found.proof):
                self._take_next()
                return crypt
            secret.destroy(self._next_path)
        key = secret.load_or_make(self._key_path, may_make=False, gone=_GONE)
        crypt = Crypt(key, purpose=_PURPOSE)
        if not _opens(crypt, found.proof):
            message = f"{self._key_path} is not the key that {self._path} was sealed with"
            raise Misconfigured(message)
        return crypt

    def _make_next(self) -> bytes:
        self._next_path.unlink(missing_ok=True)
        return secret.load_or_make(self._next_path, may_make=True, gone=_GONE)

    def _take_next(self) -> None:
        if self._key_path.exists():
            secret.destroy(self._key_path)
        self._next_path.replace(self._key_path)

    def _put(self, file: _File) -> None:
        """Have this file in the place of the one before, and overwrite that one."""
        part = self._path.with_name(self._path.name + ".part")
        part.unlink(missing_ok=True)
        secret.write(part, msgspec.json.format(msgspec.json.encode(file)))
        before = os.open(self._path, os.O_RDWR) if self._path.exists() else None
        part.replace(self._path)
        secret.flush_folder(self._path.parent)
        if before is not None:
            with os.fdopen(before, "r+b") as old:
                old.write(bytes(os.fstat(before).st_size))
                secret.flush(old)


_GONE = "no secret opens; put it back, or set them anew"


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        message = (
            f"{name!r} cannot be a secret's name: up to 64 letters, digits, '.', '_' and '-', "
            "the first a letter or a digit"
        )
        raise Malformed(message)
    if not value or not value.isprintable() or len(value.encode()) > _MOST_BYTES:
        message = f"a secret is one line of visible characters, at most {_MOST_BYTES} bytes"
        raise Malformed(message)


def _named(found: _File, name: str) -> _Sealed | None:
    return next((each for each in found.secrets if each.name == name), None)


def _seal(crypt: Crypt, name: str, value: str, *, at_ms: int) -> _Sealed:
    salt = secrets.token_bytes(SALT_BYTES)
    sealed = crypt.seal(value.encode(), salt=salt, row=_said(name, at_ms))
    return _Sealed(name=name, at_ms=at_ms, salt=salt, sealed=sealed)


def _open(crypt: Crypt, sealed: _Sealed) -> str:
    try:
        row = _said(sealed.name, sealed.at_ms)
        return crypt.open(sealed.sealed, salt=sealed.salt, row=row).decode()
    except ValueError:
        message = f"the secret {sealed.name!r} does not open: its file was changed; set it anew"
        raise Misconfigured(message) from None


def _opens(crypt: Crypt, proof: _Sealed) -> bool:
    try:
        crypt.open(proof.sealed, salt=proof.salt, row=_said("", 0))
    except ValueError:
        return False
    return True


def _said(name: str, at_ms: int) -> bytes:
    """What an entry says in the clear."""
    return msgspec.msgpack.encode((name, at_ms))
