"""`jevons receipt`: one receipt, and the proof that it is in the books.

The proof is checked here and not by the server: the leaf's bytes are hashed, the audit path is
walked up to the root, and the root is compared with the signed checkpoint.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, reaching, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.types.account import Receipt

__all__ = ("prove", "receipt", "saved_public_key")


@click.command(epilog=example("jevons receipt req_01KASC0YVJ8J3Q5M9W8T2Z4X6B"))
@click.argument("request")
@click.option(
    "--public-key", metavar="BASE64", help="Key that must have signed; else the data folder's."
)
@reaching
@shared
def receipt(
    *,
    request: str,
    public_key: str | None,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show the receipt of REQUEST, and check its proof on this machine.

    Status 1 if the proof does not hold. A receipt younger than about a second is recorded, and
    not yet under a checkpoint.
    """
    from jevons.cli.client import locate
    from jevons.cli.screen import emit

    settings = read_settings(config)
    found = locate(settings, url=url, api_key=api_key).receipt(request)
    key = public_key or saved_public_key(settings.data_dir)
    fault = prove(b64decode(found["leaf"]), found["inclusion"], key)
    if as_json:
        emit({**found, "proof": fault or "holds"})
    else:
        _show(found, fault)
    if fault is not None and found["inclusion"] is not None:
        raise click.exceptions.Exit(1)


def saved_public_key(folder: Path) -> str | None:
    """Derive the log's public key from the data folder, if the log is of this machine."""
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        private = Ed25519PrivateKey.from_private_bytes((folder / "signing.key").read_bytes())
    except FileNotFoundError:
        return None
    return b64encode(private.public_key().public_bytes_raw()).decode()


def prove(leaf: bytes, inclusion: dict[str, Any] | None, public_key: str | None) -> str | None:
    """Check that a leaf is in the tree that a checkpoint signs.

    Args:
        leaf: Its exact bytes.
        inclusion: Its place and path, as the server gave it; None is not yet included.
        public_key: Ed25519 key of the log, base64.

    Returns:
        What does not hold; None if all of it does.
    """
    import msgspec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from jevons.ledger import merkle, note
    from jevons.types.proof import Inclusion

    if inclusion is None:
        return "recorded, and not yet under a signed checkpoint; ask again in a second"
    if public_key is None:
        return "no public key to check the signature with; add --public-key"
    proof = msgspec.convert(inclusion, Inclusion)
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key))
        checkpoint = note.open_note(proof.checkpoint, key)
    except ValueError as error:
        return f"the checkpoint does not hold: {error}"
    path = tuple(b64decode(each) for each in proof.path)
    hashed = merkle.leaf_hash(leaf)
    if checkpoint.size != proof.size or not merkle.verify_inclusion(
        hashed, proof.index, proof.size, path=path, root=checkpoint.root
    ):
        return f"leaf {proof.index} is not in the tree that the checkpoint signs"
    return None


def _show(found: dict[str, Any], fault: str | None) -> None:
    import msgspec

    from jevons.cli.screen import console, table
    from jevons.types.account import Receipt

    receipt = msgspec.convert(found["receipt"], Receipt)
    shown = table("receipt", receipt.id)
    for name, value in _rows(receipt):
        shown.add_row(name, value)
    inclusion = found["inclusion"]
    held = (
        inclusion and f"leaf {inclusion['index']} of {inclusion['size']}, under a signed checkpoint"
    )
    shown.add_section()
    shown.add_row("proof", fault or f"holds: {held}", style="green" if fault is None else "yellow")
    console().print(shown)


def _rows(receipt: Receipt) -> list[tuple[str, str]]:
    from datetime import UTC, datetime

    from jevons.cli import figures

    usage = receipt.usage
    cached = f", {usage.cache_read} of them cached" if usage.cache_read else ""
    read = usage.input + usage.cache_read + usage.cache_write
    rows = [
        ("at", f"{datetime.fromtimestamp(receipt.at_ms / 1e3, UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("asked for", receipt.asked),
        ("answered by", f"{receipt.endpoint or 'nobody'} ({receipt.model or 'no model'})"),
        ("where", f"{receipt.place or 'nowhere'}, {receipt.host or 'no host'}"),
        ("why", receipt.why),
        ("rules", ", ".join(receipt.rules)),
        ("tokens", f"{read} read{cached}, {usage.output + usage.reasoning} written"),
        ("cost", figures.cost(receipt.cost, why=True)),
        ("energy", figures.energy(receipt.energy_mj, why=True)),
        ("carbon", figures.carbon(receipt.carbon_mg, why=True)),
        ("seconds", f"{receipt.total_ms / 1e3:.2f}"),
        ("finish", receipt.finish + (f", {receipt.error}" if receipt.error else "")),
    ]
    rows += [("tried", f"{each.endpoint}: {each.error}") for each in receipt.tried if each.error]
    return rows + [("changed", each) for each in receipt.changed]
