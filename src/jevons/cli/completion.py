"""`jevons completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from jevons.cli.options import example, shared

__all__ = ("completion",)


@click.command(
    epilog=example(
        'eval "$(jevons completion bash)"',
        "jevons completion fish > ~/.config/fish/completions/jevons.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@shared
def completion(*, shell: str, config: object, as_json: bool) -> None:
    """Print the completion script of a shell."""
    from jevons.cli import main

    kind = get_completion_class(shell)
    if kind is None:
        message = f"no completion for {shell!r}; use bash, zsh or fish"
        raise click.ClickException(message)
    script = kind(main, {}, "jevons", "_JEVONS_COMPLETE").source()
    if as_json:
        from jevons.cli.screen import emit

        emit({"shell": shell, "script": script})
    else:
        click.echo(script)
