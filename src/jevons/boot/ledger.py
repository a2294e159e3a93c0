"""Where the books are: a file in the data folder, or a database that replicas share."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from jevons.boot.secrets import Secrets
from jevons.store.where import Server
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.settings import Settings
    from jevons.store.where import Where

__all__ = ("answers_path", "ledger_path")

_KEY_BYTES = 32


def ledger_path(settings: Settings) -> Where:
    """Tell where the books are.

    Raises:
        Misconfigured: A setting names what is not there, or what cannot be.
    """
    said = settings.ledger
    if not said.database:
        if said.signing_key:
            message = "[ledger] signing_key goes with database; beside a file it is signing.key"
            raise Misconfigured(message)
        return settings.data_dir / "ledger.db"
    url, secrets = said.database, Secrets(settings.data_dir)
    if url.startswith(("env:", "secret:")):
        url = secrets.read(url, what="[ledger] database")
    if not url.startswith(("postgresql://", "postgres://")):
        message = "[ledger] database must be postgresql://..., or secret:NAME or env:NAME of that"
        raise Misconfigured(message)
    key = None
    if said.signing_key:
        key = _key(secrets.read(said.signing_key, what="[ledger] signing_key"))
    return Server(url, settings.data_dir, key)


def answers_path(settings: Settings) -> Where:
    """Tell where kept answers are: beside the books.

    Raises:
        Misconfigured: As above.
    """
    books = ledger_path(settings)
    return books if isinstance(books, Server) else settings.data_dir / "answers.db"


def _key(text: str) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        message = f"[ledger] signing_key must be {_KEY_BYTES} bytes in base64"
        raise Misconfigured(message)
    return key
