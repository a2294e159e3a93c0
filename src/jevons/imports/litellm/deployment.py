"""One entry of LiteLLM's `model_list`, as endpoints.

Source: docs.litellm.ai/docs/proxy/configs and `litellm/types/router.py`, read 2026-11-24.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.catalog.vendors import vendors
from jevons.imports.draft import Unmade
from jevons.imports.litellm.prefix import PREFIXES, prefix_of
from jevons.imports.litellm.why import INFO, PARAMS, UNKNOWN
from jevons.imports.price import PRICES, price_of
from jevons.imports.row import Row
from jevons.imports.server import (
    fitting,
    from_environment,
    locate,
    place_of,
    points_away,
    product_of,
    usual_key,
    vertex_source,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.imports.draft import Draft
    from jevons.imports.source import Source
    from jevons.imports.tree import Part
    from jevons.types.request import Dialect

__all__ = ("Credentials", "add_deployment")

Credentials = dict[str, "Part"]
"""`credential_values` of `credential_list`, by name."""

_SERVED = frozenset({"", "chat", "completion", "responses", "embedding"})
_ROUTES = ("responses/", "chat/", "o_series/", "gpt5_series/")
"""What LiteLLM's users put between prefix and model to choose a route of its own."""
_ABLE: Mapping[str, str] = MappingProxyType(
    {
        "supports_vision": "image",
        "supports_audio_input": "audio",
        "supports_pdf_input": "file",
        "supports_function_calling": "tools",
        "supports_response_schema": "json_schema",
    }
)
_TEXT = ("text", "tools", "json", "json_schema", "logprobs")


def add_deployment(draft: Draft, entry: Part, credentials: Credentials) -> None:
    """Make endpoints of one entry, or leave it with the reason."""
    since = draft.account.mark()
    try:
        draft.rows += _Deployment(draft, entry, credentials).rows()
    except Unmade as error:
        draft.account.give_up(entry.path, str(error), since=since)


class _Deployment:
    """An entry on its way."""

    def __init__(self, draft: Draft, entry: Part, credentials: Credentials) -> None:
        self._draft = draft
        self._account = draft.account
        self._entry = entry
        self._params = entry.at("litellm_params")
        self._info = entry.at("model_info")
        self._credential = credentials.get(self._params.at("litellm_credential_name").text)

    def rows(self) -> list[Row]:
        """Make its endpoints.

        Raises:
            Unmade: There can be none.
        """
        wanted = self._entry.at("model_name").text
        said = from_environment(self._params.at("model"), self._draft)
        if not wanted or not said:
            message = "an entry needs model_name and litellm_params.model"
            raise Unmade(message)
        mode = self._info.at("mode")
        if mode.text not in _SERVED:
            message = f"jevons answers with text or embeds it; the mode is {mode.text!r}"
            raise Unmade(message)
        prefix, upstream = prefix_of(said, self._params.at("custom_llm_provider").text)
        source = self._source(prefix)
        source, upstream = _routed(source, upstream)
        rows = self._spread(wanted, upstream, source)
        settings = self._settings(source, wanted)
        for row in rows:
            row.settings = {**row.settings, **settings}
        self._leave()
        return rows

    def _spread(self, wanted: str, upstream: str, source: Source) -> list[Row]:
        """Make one row; of a pattern, one for each model that is known to fit it."""
        path = self._params.at("model").path
        if "*" not in upstream:
            if "*" in wanted:
                message = "its name is a pattern and its model is not; a name gives one model here"
                raise Unmade(message)
            self._account.carried(path, "model, and upstream_model where the server calls it else")
            return [self._row(wanted, upstream, source)]
        found = fitting(source.vendor, upstream)
        if wanted.count("*") != 1 or not found:
            message = (
                "jevons has no patterns; a row for each model is needed, and the catalogue lists "
                "none that fit this one"
            )
            raise Unmade(message)
        who = vendors()[source.vendor].name
        how = f"{len(found)} endpoints: one for each model of {who} that the catalogue lists"
        self._account.changed(path, f"{how}; any other needs a row of its own")
        return [
            self._row(wanted.replace("*", star), model, source, is_listed=False)
            for star, model in found.items()
        ]

    def _row(self, wanted: str, upstream: str, source: Source, *, is_listed: bool = True) -> Row:
        return Row(
            path=self._entry.path,
            wants=[wanted],
            source=source,
            upstream=upstream,
            model=self._product(upstream, source),
            label=self._info.at("id").text if is_listed else "",
            is_listed=is_listed,
        )

    def _product(self, upstream: str, source: Source) -> str:
        """Name the model; not at Azure, where a deployment is called as its owner likes."""
        base = self._info.at("base_model")
        if base.text:
            self._account.carried(base.path, "model")
            prefix, name = prefix_of(base.text)
            return f"openai/{name}" if prefix in {"azure", ""} else f"{prefix}/{name}"
        return product_of(upstream, source)

    def _param(self, name: str) -> Part:
        """Take a parameter: its own, else that of the credential it names."""
        own = self._params.at(name)
        if own.value is None and self._credential is not None:
            return self._credential.at(name)
        return own

    def _source(self, prefix: str) -> Source:
        """Find whose server it is.

        Raises:
            Unmade: Nobody knows, or nobody knows where.
        """
        known = PREFIXES.get(prefix)
        if known is None:
            message = "its model does not say the provider, as `provider/model`"
            if prefix:
                message = f"jevons does not know the provider {prefix!r}"
            raise Unmade(message)
        if known.vendor == "vertex":
            return self._vertex()
        base = self._param("api_base")
        base = base if base.value is not None else self._param("base_url")
        if base.value is None:
            if known.needs_url:
                message = "it needs api_base"
                raise Unmade(message)
            return known
        return locate(self._draft, base, known)

    def _vertex(self) -> Source:
        why = "jevons sends the bearer token that a variable holds, and makes none of credentials"
        self._account.left(self._param("vertex_credentials").path, why)
        return vertex_source(
            self._draft, self._param("vertex_project"), self._param("vertex_location")
        )

    def _settings(self, source: Source, wanted: str) -> dict[str, object]:
        """Take whatever else an endpoint can be told."""
        said: dict[str, object] = {}
        key = self._key(source, wanted)
        if key:
            said["api_key"] = key
        said |= place_of(source) | self._able(source)
        context = self._info.at("max_input_tokens")
        if context.number is not None and context.number >= 1:
            said["context_tokens"] = int(context.number)
            self._account.carried(context.path, "context_tokens")
        wait = self._params.at("timeout")
        if wait.number is not None and wait.number > 0:
            said["first_byte_timeout_s"] = float(wait.number)
            how = "first_byte_timeout_s: a limit on the wait for the answer to begin"
            self._account.changed(wait.path, how)
        lines = self._params.at("max_parallel_requests")
        if lines.number is not None and lines.number >= 1:
            said["max_connections"] = int(lines.number)
            self._account.changed(lines.path, "max_connections: more wait in line")
        price = self._price()
        if price:
            said["price"] = price
        return said

    def _key(self, source: Source, wanted: str) -> str:
        part = self._param("api_key")
        why = f"the key of {wanted!r}"
        if points_away(part):
            self._account.carried(part.path, "api_key")
            return self._draft.keys.refer(part.text.removeprefix("os.environ/"), why)
        if part.value is not None:
            key = self._draft.keys.name(str(part.value), wanted, f"{why}, which stood in the file")
            name = key.removeprefix("env:")
            how = (
                f"set {name}; a key is never in settings" if key else "a placeholder: none is sent"
            )
            self._account.changed(part.path, how)
            return key
        return usual_key(self._draft, source, why, "LiteLLM")

    def _able(self, source: Source) -> dict[str, object]:
        """Tell what it can do, where the configuration says more than is known without it."""
        upstream = self._upstream()
        if "*" in upstream:
            return {}
        product = vendors()[source.vendor].product(upstream) if source.vendor else None
        if self._embeds:
            is_known = product is not None and "embedding" in (product.can or ())
            return {} if is_known else {"can": ["embedding"]}
        said = {
            need: self._info.at(name)
            for name, need in _ABLE.items()
            if isinstance(self._info.at(name).value, bool)
        }
        can = product.can if product is not None else None
        known = [*_TEXT] if can is None else sorted(can)
        able = [need for need in known if need not in said or said[need].value]
        able += [need for need, part in said.items() if part.value and need not in known]
        for part in said.values():
            self._account.carried(part.path, "can")
        return {"can": able} if able != known else {}

    @property
    def _embeds(self) -> bool:
        return self._info.at("mode").text == "embedding"

    def _upstream(self) -> str:
        return prefix_of(from_environment(self._params.at("model"), self._draft))[1]

    def _price(self) -> dict[str, str] | None:
        """Take its prices, from beside the model's parameters or from what is told of it."""
        for where in (self._params, self._info):
            parts = {name: where.at(name) for name in PRICES if where.at(name).value is not None}
            if not parts:
                continue
            price = price_of(
                parts,
                today=self._draft.today,
                source="LiteLLM configuration",
                writes=not self._embeds,
            )
            for part in parts.values():
                if price is None:
                    why = "a price needs one for input and one for output, neither below 0"
                    self._account.left(part.path, why)
                else:
                    self._account.changed(part.path, "price, per million tokens, since today")
            if price is not None:
                return price
        return None

    def _leave(self) -> None:
        """Leave what is left over, with the reason for each."""
        self._account.carried(self._info.at("mode").path, "can")
        self._account.carried(self._params.at("custom_llm_provider").path, "vendor")
        self._account.carried(self._params.at("litellm_credential_name").path, "api_key")
        self._account.changed(
            self._params.at("api_version").path, "Azure's /openai/v1 wants no version"
        )
        _say_drop(self._draft, self._params.at("drop_params"))
        for part in self._params.parts():
            self._account.left(part.path, PARAMS.get(part.key, UNKNOWN))
        for part in self._info.parts():
            self._account.left(part.path, INFO.get(part.key, UNKNOWN))
        self._account.left(self._entry.at("tpm").path, PARAMS["tpm"])
        self._account.left(self._entry.at("rpm").path, PARAMS["rpm"])


def _say_drop(draft: Draft, part: Part) -> None:
    how = "fields are dropped that the vendor's row says it refuses, each named on the receipt"
    draft.account.changed(part.path, how)


def _routed(source: Source, upstream: str) -> tuple[Source, str]:
    """Take LiteLLM's own routes off a model's name."""
    for route in _ROUTES:
        if source.vendor in {"openai", "azure"} and upstream.startswith(route):
            dialect: Dialect = "openai-responses" if route == "responses/" else "openai-chat"
            return source._replace(dialect=dialect), upstream.removeprefix(route)
    return source, upstream
