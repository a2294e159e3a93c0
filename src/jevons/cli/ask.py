"""`jevons ask`: one question to the running server, its answer as it comes, and its receipt."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, reaching, read_settings, shared, typed
from jevons.types.errors import Malformed, UnknownModel

if TYPE_CHECKING:
    from jevons.cli.client import Client
    from jevons.cli.reply import Answer

__all__ = ("ask", "default_model", "question")


@click.command(
    epilog=example(
        'jevons ask "Name three uses of copper."',
        'jevons ask "Summarise this." report.txt',
        'git diff | jevons ask "Write a commit message."',
    )
)
@click.argument("prompt")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--model", "-m", metavar="NAME", help="Endpoint, model or alias. Without it: the first."
)
@click.option("--system", "-s", metavar="TEXT", help="What the model is told beforehand.")
@click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer.")
@click.option(
    "--temperature", type=click.FloatRange(0, 2), metavar="T", help="0 is the most sober."
)
@click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with a JSON schema that the answer must keep to.",
)
@click.option("--no-stream", is_flag=True, help="Wait for the whole answer.")
@reaching
@shared
def ask(
    prompt: str,
    files: tuple[Path, ...],
    *,
    model: str | None,
    system: str | None,
    max_tokens: int | None,
    temperature: float | None,
    schema: Path | None,
    no_stream: bool,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Ask a model, and see what the answer came to.

    Files are put before it as text, and so is what is piped in. The receipt goes to standard error,
    so that the answer alone can be redirected.
    """
    from jevons.cli.client import locate

    client = locate(read_settings(config), url=url, api_key=api_key)
    body: dict[str, Any] = {
        "model": model or default_model(client),
        "messages": _messages(typed(system or ""), question(typed(prompt), files, _piped())),
        "stream": not no_stream,
    }
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if temperature is not None:
        body["temperature"] = temperature
    if schema is not None:
        body["response_format"] = _format(schema)
    _answer(client, body, as_json=as_json)


def default_model(client: Client) -> str:
    """Choose the first that the key may use; the embedded model comes before all others."""
    names = client.models()
    if not names:
        message = "the server offers this key no model; name endpoints in jevons.toml"
        raise UnknownModel(message)
    return names[0]


def question(prompt: str, files: tuple[Path, ...], piped: str) -> str:
    """Put a question together: documents first, since small models follow what they read last."""
    documents = [f"{path.name}:\n{path.read_text(errors='replace')}" for path in files]
    if piped:
        documents.append(piped)
    return "\n\n".join((*documents, prompt))


def _piped() -> str:
    """Read what is piped in as UTF-8, whatever the terminal speaks; what is not is replaced."""
    if sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode(errors="replace").strip()


def _messages(system: str, user: str) -> list[dict[str, str]]:
    told = [{"role": "system", "content": system}] if system else []
    return [*told, {"role": "user", "content": user}]


def _format(path: Path) -> dict[str, Any]:
    import msgspec

    try:
        schema = msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        message = f"{path} is not JSON: {error}"
        raise Malformed(message) from error
    wanted = {"name": path.stem, "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": wanted}


def _answer(client: Client, body: dict[str, Any], *, as_json: bool) -> None:
    """Ask; a person hears the answer as it comes, a program when it is whole."""
    from jevons.cli.screen import console, emit, receipt_lines

    answer = client.chat(body, lambda _: None) if as_json else _aloud(client, body)
    receipt = client.answered(answer.request)
    if as_json:
        emit({"answer": answer.text, "finish": answer.finish, "receipt": receipt})
        return
    aside = console(stderr=True)
    for line in receipt_lines(receipt):
        aside.print(line, style="dim")


def _aloud(client: Client, body: dict[str, Any]) -> Answer:
    """Ask, writing the answer as it comes; its last line ends even if the answer does not."""
    last = "\n"

    def say(piece: str) -> None:
        nonlocal last
        last = piece
        click.echo(piece, nl=False)

    try:
        return client.chat(body, say)
    finally:
        if not last.endswith("\n"):
            click.echo()
