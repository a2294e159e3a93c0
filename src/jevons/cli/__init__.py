"""The command line: one file per noun, and each does its importing when it is called.

Enters: what a person typed, settings, the answers of the configured server.
Leaves: answers and figures on standard output, progress and errors on standard error.
May not know: how any room works; it asks `boot`, `store`, `engine` and the server.
State: none.

Rule 1: `jevons --help` loads click and nothing that is heavy; a command imports what it needs
    when it is called.
Rule 2: with `--json`, standard output is JSON and nothing else, also when a command fails.
Rule 3: an error is one line that names what to do; status 1 for what went wrong, 2 for what was
    typed wrong.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from jevons import __version__
from jevons.cli.failure import failure_of, telling, wants_json
from jevons.cli.options import Listed
from jevons.types.errors import JevonsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("main",)


def _serve() -> click.Command:
    from jevons.cli.serve import serve

    return serve


def _demo() -> click.Command:
    from jevons.cli.demo import demo

    return demo


def _ask() -> click.Command:
    from jevons.cli.ask import ask

    return ask


def _models() -> click.Command:
    from jevons.cli.models import models

    return models


def _pull() -> click.Command:
    from jevons.cli.pull import pull

    return pull


def _catalog() -> click.Command:
    from jevons.cli.catalog import catalog

    return catalog


def _label() -> click.Command:
    from jevons.cli.label import label

    return label


def _keys() -> click.Command:
    from jevons.cli.keys import keys

    return keys


def _accounts() -> click.Command:
    from jevons.cli.accounts import accounts

    return accounts


def _budgets() -> click.Command:
    from jevons.cli.budgets import budgets

    return budgets


def _limits() -> click.Command:
    from jevons.cli.limits import limits

    return limits


def _people() -> click.Command:
    from jevons.cli.people import people

    return people


def _energy() -> click.Command:
    from jevons.cli.energy import energy

    return energy


def _receipt() -> click.Command:
    from jevons.cli.receipt import receipt

    return receipt


def _policy() -> click.Command:
    from jevons.cli.policy import policy

    return policy


def _secrets() -> click.Command:
    from jevons.cli.secrets import secrets

    return secrets


def _erase() -> click.Command:
    from jevons.cli.erase import erase

    return erase


def _verify() -> click.Command:
    from jevons.cli.verify import verify

    return verify


def _report() -> click.Command:
    from jevons.cli.report import report

    return report


def _export() -> click.Command:
    from jevons.cli.export import export

    return export


def _backup() -> click.Command:
    from jevons.cli.backup import backup

    return backup


def _restore() -> click.Command:
    from jevons.cli.backup import restore

    return restore


def _move() -> click.Command:
    from jevons.cli.move import move

    return move


def _witness() -> click.Command:
    from jevons.cli.witness import witness

    return witness


def _bench() -> click.Command:
    from jevons.cli.bench import bench

    return bench


def _doctor() -> click.Command:
    from jevons.cli.doctor import doctor

    return doctor


def _bring() -> click.Command:
    from jevons.cli.bring import bring

    return bring


def _completion() -> click.Command:
    from jevons.cli.completion import completion

    return completion


_COMMANDS: Mapping[str, Callable[[], click.Command]] = MappingProxyType(
    {
        "serve": _serve,
        "demo": _demo,
        "ask": _ask,
        "models": _models,
        "catalog": _catalog,
        "pull": _pull,
        "label": _label,
        "keys": _keys,
        "secrets": _secrets,
        "erase": _erase,
        "accounts": _accounts,
        "budgets": _budgets,
        "limits": _limits,
        "people": _people,
        "receipt": _receipt,
        "report": _report,
        "energy": _energy,
        "policy": _policy,
        "verify": _verify,
        "export": _export,
        "backup": _backup,
        "restore": _restore,
        "move": _move,
        "witness": _witness,
        "bench": _bench,
        "doctor": _doctor,
        "import": _bring,
        "completion": _completion,
    }
)
"""In the order a newcomer meets them. Each import is written out, so that who reads the source
sees all that can be loaded."""


_AS_JSON = "jevons.cli.as_json"
"""Where click's context keeps whether a program reads the answer."""


class _Nouns(Listed):
    """A group that loads a command when it is named, and knows how one fails."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        load = _COMMANDS.get(cmd_name)
        return load() if load else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_AS_JSON] = wants_json(args)
        with telling(as_json=ctx.meta[_AS_JSON]):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with telling(as_json=ctx.meta[_AS_JSON]):
                return super().invoke(ctx)
        except (JevonsError, OSError) as error:
            failure = failure_of(error)
            if failure.code == "bug":
                raise
            raise failure from error


@click.group(cls=_Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jevons")
def main() -> None:
    """Affordable, accountable AI: one endpoint, and a receipt with every answer.

    Start with `jevons serve --demo`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a letter that it has not is no reason to fail
            stream.reconfigure(errors="replace")
