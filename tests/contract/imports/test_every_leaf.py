"""Whatever stands in another gateway's configuration is accounted for once, and opens a house."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import yaml
from hypothesis import HealthCheck, given, settings
from tests.contract.imports.theirs import SECRET, litellm, portkey

from jevons.boot.remote import row_of
from jevons.catalog import Catalog
from jevons.imports import Imported, import_litellm, import_portkey
from jevons.settings import load

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {"BASE": "http://10.0.0.9/v1"}
TODAY = "2026-11-24"
drawn = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def paths(value: Any, path: str = "") -> Counter[str]:
    """Walk to every leaf, in a way of its own."""
    inside: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        tree = cast("dict[str, Any]", value)
        inside = [(path + step(key, path), tree[key]) for key in tree]
    elif isinstance(value, list):
        row = cast("list[Any]", value)
        inside = [(f"{path}[{number}]", row[number]) for number in range(len(row))]
    found: Counter[str] = Counter([] if inside else [path])
    for where, inner in inside:
        found.update(paths(inner, where))
    return found


def step(key: str, path: str) -> str:
    if key.replace("_", "").replace("-", "").isalnum():
        return f".{key}" if path else key
    return f"[{key!r}]"


def holds(tree: Any, imported: Imported, path: Path) -> None:
    """Check what is promised of every import."""
    assert Counter([fate.path for fate in imported.fates]) == paths(tree)
    assert {fate.state for fate in imported.fates} <= {"carried", "changed", "left"}
    assert all(fate.says for fate in imported.fates)
    assert SECRET not in repr(imported)
    path.write_text(imported.toml, encoding="utf-8")
    loaded = load(path, {})
    catalog = Catalog(tuple([row_of(each) for each in loaded.endpoint]))
    assert tuple([each.name for each in catalog.endpoints]) == imported.endpoints
    assert all(each.api_key is None or each.api_key[:4] == "env:" for each in loaded.endpoint)
    asked = {each.api_key[4:] for each in loaded.endpoint if each.api_key}
    assert asked <= {each.name for each in imported.needed}


@drawn
@given(litellm)
def test_every_leaf_of_litellms_configuration_has_one_fate(tmp_path: Path, tree: Any) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True)
    holds(tree, import_litellm(text, environ=ENVIRON, today=TODAY), tmp_path / "jevons.toml")


@drawn
@given(portkey)
def test_every_leaf_of_portkeys_config_has_one_fate(tmp_path: Path, tree: Any) -> None:
    imported = import_portkey(
        json.dumps(tree), environ=ENVIRON, today=TODAY, providers={"slug": "openai"}
    )
    holds(tree, imported, tmp_path / "jevons.toml")
