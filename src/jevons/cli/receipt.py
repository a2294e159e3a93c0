"""`jevons receipt`: one receipt or refusal, and the proof that it is in the books.

The proof is checked here and not by the server: the leaf's bytes are hashed, the audit path is
walked up to the root, and the root is compared with the signed checkpoint.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from jevons.cli.options import example, reaching, read_settings, shared
from jevons.cli.when import moment

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from rich.console import Console

    from jevons.settings import Settings
    from jevons.types.account import Ended, Impact, Media, Receipt, Refused, SetAside, Tried, Veil
    from jevons.types.proof import Inclusion

__all__ = ("Proof", "Repriced", "prove", "receipt", "reprice", "saved_public_key", "show")


class Proof(NamedTuple):
    """What came of checking a receipt's proof."""

    state: Literal["holds", "waits", "unchecked", "broken"]
    """`waits`: recorded, and not yet under a checkpoint. `unchecked`: no key to check it with."""
    says: str


class Repriced(NamedTuple):
    """What came of pricing a receipt again."""

    state: Literal["same", "differs", "unknown"]
    says: str


@click.command(epilog=example("jevons receipt req_01KASC0YVJ8J3Q5M9W8T2Z4X6B"))
@click.argument("request")
@click.option(
    "--public-key", metavar="BASE64", help="Key that must have signed; else the data folder's."
)
@click.option(
    "--recompute",
    "again",
    is_flag=True,
    help="Price it again from its tokens and the rows that it names.",
)
@reaching
@shared
def receipt(
    *,
    request: str,
    public_key: str | None,
    again: bool,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show the receipt of REQUEST, and check its proof on this machine.

    Status 1 if the proof does not hold or cannot be checked, or if what it is priced again at is
    not what it says. A receipt younger than about a second is recorded, and not yet under a
    checkpoint.
    """
    from msgspec import to_builtins

    from jevons.cli.client import locate
    from jevons.cli.screen import console, emit

    settings = read_settings(config)
    key = _parse(public_key) if public_key else saved_public_key(settings.data_dir)
    found = locate(settings, url=url, api_key=api_key).receipt(request)
    proof = prove(found.leaf, found.inclusion, key)
    priced = reprice(found.receipt, settings) if again else None
    if as_json:
        said = {} if priced is None else {"recomputed": priced._asdict()}
        emit({**to_builtins(found), "proof": proof._asdict(), **said})
    else:
        show(console(), found.receipt, proof, priced)
    if proof.state in {"unchecked", "broken"} or (priced is not None and priced.state != "same"):
        raise click.exceptions.Exit(1)


def _parse(public_key: str) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
    except ValueError as error:
        message = f"{public_key!r} is not an Ed25519 public key in base64"
        raise click.BadParameter(message, param_hint="--public-key") from error


def saved_public_key(folder: Path) -> Ed25519PublicKey | None:
    """Derive the log's public key from the data folder, if the log is of this machine."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        private = Ed25519PrivateKey.from_private_bytes((folder / "signing.key").read_bytes())
    except FileNotFoundError:
        return None
    return private.public_key()


def prove(leaf: bytes, inclusion: Inclusion | None, key: Ed25519PublicKey | None) -> Proof:
    """Check that a leaf is in the tree that a checkpoint signs.

    Args:
        leaf: Its exact bytes.
        inclusion: Its place and path, as the server gave it; None is not yet included.
        key: The log's key; None is not known.
    """
    from jevons.ledger import merkle, note

    if inclusion is None:
        return Proof("waits", "recorded, and signed within about a second; ask again")
    if key is None:
        return Proof("unchecked", "no public key to check the signature with; add --public-key")
    try:
        checkpoint = note.open_note(inclusion.checkpoint, key)
        path = tuple(b64decode(each, validate=True) for each in inclusion.path)
    except ValueError as error:
        return Proof("broken", f"the checkpoint does not hold: {error}")
    where = f"leaf {inclusion.index} of {inclusion.size}"
    is_in = checkpoint.size == inclusion.size and merkle.verify_inclusion(
        merkle.leaf_hash(leaf), inclusion.index, inclusion.size, path=path, root=checkpoint.root
    )
    if not is_in:
        return Proof("broken", f"{where} is not this receipt in the tree that the checkpoint signs")
    return Proof("holds", f"{where}, under a signed checkpoint")


def reprice(ended: Ended, settings: Settings) -> Repriced:
    """Price a receipt again and compare; a refusal has no price."""
    from jevons import figures
    from jevons.cli.recompute import recomputed
    from jevons.types.account import Receipt
    from jevons.types.units import Priced, Unknown

    if not isinstance(ended, Receipt):
        return Repriced("unknown", "a refusal costs nothing")
    cost = recomputed(ended, settings)
    if isinstance(cost, Unknown):
        return Repriced("unknown", cost.why)
    rows = ", ".join(f"{each.row} {each.rate}".rstrip() for each in cost.by) or cost.source
    if isinstance(ended.cost, Priced) and cost.nusd == ended.cost.nusd:
        return Repriced("same", f"{cost.nusd} nUSD by {rows}")
    return Repriced("differs", f"{figures.cost(cost)}, which is {cost.nusd} nUSD, by {rows}")


def show(terminal: Console, ended: Ended, proof: Proof, priced: Repriced | None = None) -> None:
    """Show all of a receipt and how its figures were got, or all of a refusal."""
    from jevons.cli.screen import notes, say, table
    from jevons.types.account import Receipt

    is_receipt = isinstance(ended, Receipt)
    shown = table("receipt" if is_receipt else "refusal", ended.id)
    for name, value in _rows(ended) if is_receipt else _no(ended):
        shown.add_row(name, value)
    shown.add_section()
    style = {"holds": "green", "broken": "bold red"}.get(proof.state, "yellow")
    shown.add_row("proof", f"{proof.state}: {proof.says}", style=style)
    if priced is not None:
        style = {"same": "green", "differs": "bold red"}.get(priced.state, "yellow")
        shown.add_row("priced again", f"{priced.state}: {priced.says}", style=style)
    terminal.print(shown)
    for line in notes([ended] if is_receipt else []):
        say(terminal, line, style="dim")


def _no(refused: Refused) -> list[tuple[str, str]]:
    return [
        ("at", moment(refused.at_ms)),
        ("asked for", refused.asked),
        ("data", _data(refused)),
        *_seen(refused),
        ("refused by", f"{refused.rule} ({refused.error})"),
        ("why", refused.says),
    ]


def _data(ended: Ended) -> str:
    about = "" if ended.region == "unknown" else f", of people in {ended.region}"
    return ended.data_class + about


def _seen(ended: Ended) -> list[tuple[str, str]]:
    """Say what was found in a request, and what of it could not be looked through."""
    seen = ("found", ended.found), ("unread", ended.unread)
    return [(name, ", ".join(kinds)) for name, kinds in seen if kinds]


def _veiled(veil: Veil) -> str:
    left = f", {veil.unrestored} left as tokens" if veil.unrestored else ""
    return f"{veil.hidden} hidden behind tokens; {veil.restored} put back in the answer{left}"


def _media(media: Media) -> str:
    """Write which tokens are no text, as `60 input audio, 5 output audio`."""
    import msgspec

    said: dict[str, int] = msgspec.to_builtins(media)
    return ", ".join([f"{count} {name.replace('_', ' ')}" for name, count in said.items()])


def _rows(receipt: Receipt) -> list[tuple[str, str]]:
    from jevons import figures

    usage = receipt.usage
    cached = f", {usage.cache_read} of them cached" if usage.cache_read else ""
    read = usage.input + usage.cache_read + usage.cache_write
    others = f", {usage.other_models} of other models" if usage.other_models else ""
    rows = [
        ("at", moment(receipt.at_ms)),
        ("asked for", receipt.asked),
        ("data", _data(receipt)),
        *_seen(receipt),
        *([("veil", _veiled(receipt.veil))] if receipt.veil else []),
        ("answered by", f"{receipt.endpoint or 'nobody'} ({receipt.model or 'no model'})"),
        ("where", f"{receipt.place or 'nowhere'}, {receipt.host or 'no host'}"),
        ("why", receipt.why),
        ("rules", ", ".join(receipt.rules)),
        ("tokens", f"{read} read{cached}, {usage.output + usage.reasoning} written{others}"),
        *([("no text", _media(usage.media))] if usage.media else ()),
        ("cost", figures.cost(receipt.cost)),
        ("energy", figures.energy(receipt.energy_mj)),
        ("carbon", figures.carbon(receipt.carbon_mg)),
        *(_impact(receipt.impact) if receipt.impact else ()),
        *([("charged to", ", ".join(receipt.account))] if receipt.account else ()),
        ("seconds", f"{receipt.total_ms / 1e3:.2f}"),
        ("finish", receipt.finish + (f", {receipt.error}" if receipt.error else "")),
    ]
    rows += [("drafted", _drafted(each)) for each in receipt.tried if each.draft]
    rows += [("tried", _try(each)) for each in receipt.tried if each.error]
    rows += [("set aside", _rests(each)) for each in receipt.aside]
    return rows + [("changed", each) for each in receipt.changed]


def _drafted(tried: Tried) -> str:
    from jevons import figures

    cost = f", {figures.cost(tried.cost)}" if tried.cost else ""
    why = f": {tried.detail}" if tried.detail else ""
    return f"{tried.endpoint}, {tried.draft}{why}{cost}"


def _impact(impact: Impact) -> list[tuple[str, str]]:
    """Write what is known beside energy and its carbon."""
    from jevons import figures
    from jevons.types.units import Estimate

    told = (
        ("by contract", impact.market_mg, figures.carbon),
        ("hardware", impact.embodied_mg, figures.carbon),
        ("water on site", impact.water_site_ul, figures.water),
        ("water off site", impact.water_grid_ul, figures.water),
    )
    return [(name, write(amount)) for name, amount, write in told if isinstance(amount, Estimate)]


def _rests(aside: SetAside) -> str:
    from datetime import UTC, datetime

    until = datetime.fromtimestamp(aside.until_ms / 1e3, UTC)
    times = "once" if aside.failures == 1 else f"{aside.failures} times in a row"
    return f"{aside.endpoint} until {until:%H:%M:%S} UTC, it failed {times}: {aside.error}"


def _try(tried: Tried) -> str:
    waited = f", after a wait of {tried.after_ms / 1e3:.2f} s" if tried.after_ms else ""
    return f"{tried.endpoint}: {tried.error}{waited}"
