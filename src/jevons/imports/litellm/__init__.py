"""LiteLLM's `config.yaml`.

Source: docs.litellm.ai/docs/proxy/config_settings, /docs/proxy/reliability and
/docs/wildcard_routing, read 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.imports.draft import Draft
from jevons.imports.litellm.deployment import add_deployment
from jevons.imports.litellm.group import add_aliases, add_fallbacks, groups_of
from jevons.imports.litellm.prefix import PREFIXES
from jevons.imports.litellm.why import GENERAL, LITELLM, ROUTER, SECTIONS, UNKNOWN
from jevons.imports.read import read_yaml
from jevons.imports.server import from_environment, reserve_variables
from jevons.imports.tree import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.imports.draft import Imported
    from jevons.imports.litellm.deployment import Credentials

__all__ = ("import_litellm",)

_NO_TIMEOUT = (
    "no timeout is set: LiteLLM waits 6000 s for an answer, jevons 60 s for it to begin; "
    "set first_byte_timeout_s where that is too short"
)


def import_litellm(text: str, *, environ: Mapping[str, str], today: str) -> Imported:
    """Turn LiteLLM's configuration into ours.

    Args:
        text: Its `config.yaml`.
        environ: For what `os.environ/NAME` points to and is no secret.
        today: `YYYY-MM-DD`.

    Raises:
        Malformed: It cannot be read; the message names the line.
    """
    tree = read_yaml(text)
    root = Part((), tree)
    own = {part.key: str(part.value) for part in root.at("environment_variables").parts()}
    draft = Draft(tree, environ={**own, **environ}, today=today)
    reserve_variables(draft, root, PREFIXES.values())
    credentials = _credentials(root)
    for entry in root.at("model_list").parts():
        add_deployment(draft, entry, credentials)
    draft.drop_doubles()
    _set_defaults(draft, root)
    groups = groups_of(draft)
    add_aliases(draft, root.at("router_settings").at("model_group_alias"), groups)
    for section in ("router_settings", "litellm_settings"):
        add_fallbacks(draft, root.at(section).at("fallbacks"), groups)
    draft.name_endpoints()
    made = draft.rows_by_path()
    for entry in root.at("model_list").parts():
        draft.tell_names(entry.at("model_name").path, made.get(entry.path, []))
    _leave(draft, root)
    return draft.close(gateway="LiteLLM", command="litellm", otherwise=UNKNOWN)


def _credentials(root: Part) -> Credentials:
    listed = root.at("credential_list").parts()
    return {each.at("credential_name").text: each.at("credential_values") for each in listed}


def _set_defaults(draft: Draft, root: Part) -> None:
    """Carry what holds for every entry that does not say otherwise."""
    router, library = root.at("router_settings"), root.at("litellm_settings")
    tries = [router.at("num_retries"), library.at("num_retries")]
    found = _first(draft, tries, least=0, why="router_settings outranks it")
    if found is not None:
        draft.settings["retries"] = {"tries": int(found)}
        draft.account.changed(tries[0].path, "[retries] tries, over all endpoints of a request")
        draft.account.changed(tries[1].path, "[retries] tries, over all endpoints of a request")
    waits = [router.at("timeout"), library.at("request_timeout")]
    found = _first(draft, waits, least=0.001, why="router_settings outranks it")
    how = "first_byte_timeout_s of every endpoint: a limit on the wait for the answer to begin"
    for each in waits:
        if found is not None:
            draft.account.changed(each.path, how)
    for row in draft.rows:
        if found is not None:
            row.settings.setdefault("first_byte_timeout_s", found)
    if not all("first_byte_timeout_s" in row.settings for row in draft.rows):
        draft.notes.append(_NO_TIMEOUT)


def _first(draft: Draft, parts: list[Part], *, least: float, why: str) -> float | None:
    """Take the first number that is one; what is behind it is left."""
    found: float | None = None
    for part in parts:
        if found is not None:
            draft.account.left(part.path, why)
        elif part.number is not None and part.number >= least:
            found = part.number
        else:
            draft.account.left(part.path, f"a number of at least {least} is wanted")
    return found


def _leave(draft: Draft, root: Part) -> None:
    """Leave what is left over, with the reason for each."""
    account = draft.account
    drop = root.at("litellm_settings").at("drop_params")
    how = "fields are dropped that the vendor's row says it refuses, each named on the receipt"
    account.changed(drop.path, how)
    for name, whys in (
        ("router_settings", ROUTER),
        ("litellm_settings", LITELLM),
        ("general_settings", GENERAL),
    ):
        for part in root.at(name).parts():
            account.left(part.path, whys.get(part.key, UNKNOWN))
    needed = {each.name for each in draft.keys.needed}
    for part in root.at("environment_variables").parts():
        if part.key in needed:
            account.changed(part.path, "set it in the environment that jevons starts in")
        else:
            account.left(part.path, "jevons sets no variables, and nothing carried over wants it")
    _leave_credentials(draft, root)
    for name, why in SECTIONS.items():
        account.left((name,), why)


def _leave_credentials(draft: Draft, root: Part) -> None:
    used = {
        from_environment(entry.at("litellm_params").at("litellm_credential_name"), draft)
        for entry in root.at("model_list").parts()
    }
    for each in root.at("credential_list").parts():
        if each.at("credential_name").text in used:
            draft.account.carried(each.at("credential_name").path, "api_key")
        draft.account.left(each.path, "no entry that was carried over wants it")
