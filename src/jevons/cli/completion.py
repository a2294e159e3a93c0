"""`jevons completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

from types import MappingProxyType

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from jevons.cli.options import example, shared

__all__ = ("completion",)

_SHELLS = MappingProxyType({"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete})


@click.command(
    epilog=example(
        'eval "$(jevons completion bash)"',
        "jevons completion fish > ~/.config/fish/completions/jevons.fish",
    )
)
@click.argument("shell", type=click.Choice([*_SHELLS]))
@shared
def completion(*, shell: str, config: object, as_json: bool) -> None:
    """Print the completion script of a shell."""
    from jevons.cli import main

    script = _SHELLS[shell](main, {}, "jevons", "_JEVONS_COMPLETE").source()
    if as_json:
        from jevons.cli.screen import emit

        emit({"shell": shell, "script": script})
    else:
        click.echo(script)
