"""Secrets that settings name: in the environment, or in the house's vault."""

from __future__ import annotations

import os
from base64 import b64decode
from typing import TYPE_CHECKING

from jevons.store import Vault
from jevons.types.errors import Misconfigured, NotFound

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("MASTER", "NEXT_MASTER", "Secrets", "master_key", "open_vault")

MASTER = "JEVONS_MASTER_KEY"
NEXT_MASTER = "JEVONS_NEXT_MASTER_KEY"
_KEY_BYTES = 32


class Secrets:
    """Reads what `env:NAME` and `secret:NAME` stand for.

    Args:
        folder: The data folder, where the vault is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, said: str, *, what: str) -> str:
        """Read one.

        Args:
            said: How a setting names it.
            what: Which setting, for the message.

        Raises:
            Misconfigured: It names nothing, or what it names is not there.
        """
        scheme, _, name = said.partition(":")
        if scheme == "env":
            value = os.environ.get(name, "")  # noqa: TID251 the one place that reads secrets
            why = f"the variable {name!r} is not set"
        elif scheme == "secret":
            value, why = self._opened(name)
        else:
            value, why = "", "it is written in the file"
        if not value:
            message = f'{what} must be "secret:NAME" or "env:NAME"; {why}'
            raise Misconfigured(message)
        return value

    def _opened(self, name: str) -> tuple[str, str]:
        """Open a secret; where there is none, say so."""
        try:
            return open_vault(self._folder).read(name), ""
        except NotFound as error:
            return "", str(error)


def open_vault(folder: Path) -> Vault:
    """Open the vault of a data folder, with the master key of the environment if there is one.

    Raises:
        Misconfigured: That is no key.
    """
    return Vault(folder, master=master_key(MASTER))


def master_key(variable: str) -> bytes | None:
    """Read a master key out of the environment; None if there is none.

    Raises:
        Misconfigured: It is none; the message does not repeat it.
    """
    said = os.environ.get(variable, "")  # noqa: TID251 as above
    if not said:
        return None
    try:
        key = b64decode(said, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        message = (
            f"{variable} must be {_KEY_BYTES} bytes in base64, as `openssl rand -base64 32` makes"
        )
        raise Misconfigured(message)
    return key
