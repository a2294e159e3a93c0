"""Write the reference pages that the source itself documents: settings and doors.

`--check` writes nothing and ends 1 if a page is not what the source says.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Literal, Union, get_args, get_origin

import msgspec

from jevons import settings
from jevons.admin.api import OPERATIONS
from jevons.admin.roles import Act, Reach, reach
from jevons.types.custody import Custody
from jevons.types.model import ExchangeRate, Footprint, Price, Reported, Site
from jevons.types.person import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "src/jevons/settings.py"
DOORS = ROOT / "src/jevons/ports.py"
SECTIONS: dict[type[msgspec.Struct], str] = {
    settings.ServerSettings: "server",
    settings.LedgerSettings: "ledger",
    settings.PublishSettings: "publish",
    settings.AdminSettings: "admin",
    settings.OidcSettings: "oidc",
    settings.StampSettings: "stamp",
    settings.OtelSettings: "otel",
    settings.AnswersSettings: "answers",
    settings.HouseSettings: "house",
    settings.EngineSettings: "engine",
    settings.CacheSettings: "cache",
    settings.RetrySettings: "retries",
    settings.AutoSettings: "auto",
    settings.CheckSettings: "auto.check",
    settings.PolicySettings: "policy",
    settings.PrivacySettings: "privacy",
    settings.WitnessSettings: "witness",
    settings.BudgetSettings: "budgets",
    settings.LimitsSettings: "limits",
    ExchangeRate: "exchange",
    settings.EndpointSettings: "endpoint",
    Price: "endpoint.price",
    Footprint: "endpoint.footprint",
    Reported: "endpoint.reported",
    Site: "endpoint.site",
    Custody: "endpoint.custody",
}
WORKED_OUT = ("row",)
"""Fields of a value that are never set."""
LISTED = ("endpoint", "exchange", "witness")
"""Sections that may be there more than once, and have no variables."""
COMPUTED = {"data_dir": "`$XDG_DATA_HOME/jevons`, or `~/.local/share/jevons`"}
SETTINGS_ARE = (
    "Settings are read from `jevons.toml` in the folder where `jevons` is started, or from the file "
    "that `--config` names; then the environment is laid over them. A wrong setting stops the start, "
    "and the message names the file, the setting and what it accepts."
)
ROLES = get_args(Role)
REACHES = {
    Reach.ALL: "all",
    Reach.WITHIN: "within",
    Reach.BELOW: "below",
    Reach.OWN: "own",
    None: "",
}
ADMIN_IS = (
    "# The API for administration",
    (
        "Written by `make pages` from `src/jevons/admin`. It is served where `[admin] port` is set, on that "
        "listener only, below `/admin/v1`. [Sign in](../how-to/sign-in.md) says how people get there."
    ),
    "## Who may do what",
    (
        "`all` is everything in the house; `within` the accounts that the role is of and what is below them; "
        "`below` only what is below them; `own` one's own keys and what they came to. Nothing is not at all. "
        "What somebody may not see answers 404, as what is not there does; what they see and may not change "
        "answers 403 with the rule `role`. No role passes a budget, a limit or a rule of the policy, and no "
        "token of a person is a key."
    ),
)
ADMIN_DOES = (
    "`key.change` is a new secret, or the end of it. A key that a member makes is their own.",
    "## Requests",
    (
        "Programs send a person's token as `authorization: Bearer …`. Pages use the session's cookie, and with "
        "everything but GET the session's own word, in the header `x-csrf-token` or a form's field `csrf`. "
        "Bodies are JSON, with `content-type: application/json`; a field that is not known is refused. "
        "`GET /admin/v1/openapi.json` gives all of it as OpenAPI 3.1, types and bounds too."
    ),
    (
        'An error is `{"error": {"message", "param", "code", "retry", "rule"}}`, with the codes and the statuses of '
        "[the HTTP interface](http.md#errors). What creates something (`POST /accounts`, `/keys`, `/people`) "
        "may come with `idempotency-key`: asked for again within an hour, of the same server, it gives the "
        "same answer, secret included, and does nothing."
    ),
    (
        "`GET /receipts` and `GET /deeds` give the newest first, `limit` of them (50; 200 at most), and `next`, which is the "
        "`cursor` of the next page; a page may be short and not the last."
    ),
    "Fields that must be there are bold.",
)
DOORS_ARE = (
    "Written by `make pages` from `src/jevons/ports.py`. A room that needs another asks for one of "
    "these; what stands behind each is chosen in `jevons.boot`, and nowhere else. Anything with "
    "these methods fits: no base class, no registration."
)


def settings_page() -> str:
    """Tabulate every setting with its default and what it does."""
    types = ROOT / "src/jevons/types"
    trees = (SETTINGS, types / "model.py", types / "custody.py")
    classes = {node.name: node for path in trees for node in _classes(path)}
    parts = [
        "# Settings",
        "Written by `make pages` from `src/jevons/settings.py`.",
        SETTINGS_ARE,
        "## Top level",
        _table(classes["Settings"], settings.Settings),
    ]
    for kind, section in SECTIONS.items():
        name = kind.__name__
        heading = f"## `[[{section}]]`" if section in LISTED else f"## `[{section}]`"
        parts += [heading, ast.get_docstring(classes[name]) or "", _table(classes[name], kind)]
        if section.partition(".")[0] not in LISTED:
            parts.append(
                f"In the environment: `JEVONS_{section.upper()}_` and the name in capitals."
            )
    return "\n\n".join(parts) + "\n"


def doors_page() -> str:
    """Set out every door: its methods, what they promise, what they raise."""
    parts = [
        "# Doors",
        DOORS_ARE,
    ]
    for door in _classes(DOORS):
        parts += [f"## {door.name}", ast.get_docstring(door) or ""]
        for node in door.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                parts += [f"### `{_signature(node)}`", _promise(ast.get_docstring(node) or "")]
    return "\n\n".join(parts) + "\n"


def admin_page() -> str:
    """Tabulate what the API for administration does, and which role reaches how far."""
    rows = ["| act | " + " | ".join(ROLES) + " |", "| --- " * (len(ROLES) + 1) + "|"]
    for act in get_args(Act):
        far = [reach(role, act) for role in ROLES]
        rows.append("| `" + act + "` | " + " | ".join(REACHES[each] for each in far) + " |")
    done = ["| request | what it does | takes |", "| --- | --- | --- |"]
    for each in OPERATIONS:
        takes = [f"`{name}`" for name in each.query]
        if each.takes is not None:
            takes += [_taken(field) for field in msgspec.structs.fields(each.takes)]
        done.append(f"| `{each.method} {each.path}` | {each.says} | {', '.join(takes)} |")
    return "\n\n".join((*ADMIN_IS, "\n".join(rows), *ADMIN_DOES, "\n".join(done))) + "\n"


def _taken(field: msgspec.structs.FieldInfo) -> str:
    return f"**`{field.name}`**" if field.required else f"`{field.name}`"


def _classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]


def _table(node: ast.ClassDef, kind: type[msgspec.Struct]) -> str:
    rows = ["| setting | type | default | what it does |", "| --- | --- | --- | --- |"]
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    kinds = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for field, text in _fields(node):
        name, annotation = ast.unparse(field.target), ast.unparse(field.annotation)
        if "Settings" in annotation or name in (*WORKED_OUT, *LISTED):
            continue
        accepts = f"`{_accepted(kinds[name])}`"
        cells = (f"`{name}`", accepts, COMPUTED.get(name) or _value(defaults[name]), text)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _accepted(kind: object) -> str:
    """Write a type as a reader of the page needs it: a name for values says which they are."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(repr(each) for each in inside)
    if origin is Annotated:
        return _accepted(inside[0])
    if origin is dict:
        return f"dict[{', '.join(map(_accepted, inside))}]"
    if origin is tuple:
        return f"tuple[{_accepted(inside[0])}, ...]"
    if origin in {Union, UnionType}:
        return " | ".join(_accepted(each) for each in inside)
    return "None" if kind is NoneType else getattr(kind, "__name__", str(kind))


def _value(value: object) -> str:
    """Write a default as TOML would."""
    if value is msgspec.NODEFAULT:
        return "required"
    return "unset" if value is None else f"`{json.dumps(value, default=str)}`"


def _fields(node: ast.ClassDef) -> Iterator[tuple[ast.AnnAssign, str]]:
    """Pair each field with the docstring under it."""
    for field, below in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign):
            yield field, _text(below)


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    arguments = ", ".join(ast.unparse(each) for each in node.args.args if each.arg != "self")
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    waits = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
    is_property = any(ast.unparse(each) == "property" for each in node.decorator_list)
    return f"{waits}{node.name}{'' if is_property else f'({arguments})'}{result}"


def _promise(docstring: str) -> str:
    """Keep a docstring's words; set its sections as lists."""
    lines: list[str] = []
    section = ""
    for line in docstring.splitlines():
        if line in {"Raises:", "Returns:", "Args:"}:
            section = line
            lines += [f"**{line[:-1]}**", ""]
        elif section in {"Raises:", "Args:"} and line.startswith("    ") and line[4:5].strip():
            name, _, text = line.strip().partition(": ")
            lines.append(f"- `{name}`: {text}")
        else:
            lines.append(line.strip())
    return "\n".join(lines)


PAGES = {"settings.md": settings_page, "doors.md": doors_page, "admin.md": admin_page}


def main() -> None:
    """Write the pages, or say which one is stale."""
    stale: list[str] = []
    for name, write in PAGES.items():
        path = ROOT / "docs/reference" / name
        text = write()
        if "--check" in sys.argv:
            stale += [] if path.exists() and path.read_text() == text else [name]
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        sys.exit(f"stale: {', '.join(stale)}; run `make pages`")


if __name__ == "__main__":
    main()
