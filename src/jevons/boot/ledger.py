"""Where the books are: a file in the data folder, or a database that replicas share."""

from __future__ import annotations

import os
from base64 import b64decode
from typing import TYPE_CHECKING

from jevons.store.where import Server
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.settings import Settings
    from jevons.store.where import Where

__all__ = ("ledger_path",)

_KEY_BYTES = 32


def ledger_path(settings: Settings) -> Where:
    """Tell where the books are.

    Raises:
        Misconfigured: A setting names a variable that is not set, or what cannot be.
    """
    said = settings.ledger
    if not said.database:
        if said.signing_key:
            message = "[ledger] signing_key goes with database; beside a file it is signing.key"
            raise Misconfigured(message)
        return settings.data_dir / "ledger.db"
    url = _named(said.database, "database") if said.database.startswith("env:") else said.database
    if not url.startswith(("postgresql://", "postgres://")):
        message = "[ledger] database must be postgresql://..., or env:NAME of a variable with that"
        raise Misconfigured(message)
    key = _key(_named(said.signing_key, "signing_key")) if said.signing_key else None
    return Server(url, settings.data_dir, key)


def _named(said: str, setting: str) -> str:
    """Read the variable that a setting names."""
    scheme, _, name = said.partition(":")
    value = os.environ.get(name, "") if scheme == "env" else ""  # noqa: TID251 as in `remote`
    if not value:
        message = f"[ledger] {setting} must be env:NAME, and that variable be set"
        raise Misconfigured(message)
    return value


def _key(text: str) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        message = f"[ledger] signing_key must be {_KEY_BYTES} bytes in base64"
        raise Misconfigured(message)
    return key
