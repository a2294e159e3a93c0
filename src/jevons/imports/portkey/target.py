"""One target of Portkey's, as endpoints.

Source: github.com/Portkey-AI/gateway, `src/types/requestBody.ts` and
`src/handlers/handlerUtils.ts`, read 2026-11-24: names are snake_case or camelCase, and what a
target does not say it takes from what it stands in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.catalog.vendors import vendors
from jevons.imports.draft import Unmade
from jevons.imports.portkey.provider import PROVIDERS
from jevons.imports.row import Row
from jevons.imports.server import (
    fitting,
    locate,
    place_of,
    product_of,
    usual_key,
    vertex_source,
)
from jevons.imports.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.imports.draft import Draft
    from jevons.imports.tree import Part

__all__ = ("Target", "of")


def of(part: Part, *names: str) -> Part:
    """Take what stands under the first of some names that is there, however it is written."""
    for name in names:
        for spelled in (name, _camel(name)):
            found = part.at(spelled)
            if found.value is not None:
                return found
    return part.at(names[0])


class Target:
    """A target on its way.

    Args:
        draft: What it becomes part of.
        part: It.
        around: What it stands in, outermost first.
        slugs: What virtual keys and `@slugs` stand for, as Portkey's provider names.
    """

    def __init__(
        self, draft: Draft, part: Part, around: Sequence[Part], slugs: Mapping[str, str]
    ) -> None:
        self._draft = draft
        self._account = draft.account
        self._part = part
        self._way = (part, *reversed(around))
        self._slugs = slugs

    def rows(self) -> list[Row]:
        """Make its endpoints.

        Raises:
            Unmade: There can be none.
        """
        model, slug = self._model()
        provider = self._provider(slug)
        known = PROVIDERS.get(provider)
        if known is None:
            message = f"jevons does not know the provider {provider!r}"
            raise Unmade(message)
        source = self._source(known)
        rows = self._spread(model, provider, source)
        settings = self._settings(source, provider)
        for row in rows:
            row.settings = {**settings}
        return rows

    def _inherited(self, *names: str) -> Part:
        """Take what the target says, else what it stands in says."""
        found = [of(part, *names) for part in self._way]
        return next((part for part in found if part.value is not None), found[0])

    def _model(self) -> tuple[str, str]:
        """Find the model that is always asked for, and the slug before it."""
        said = [of(part, "override_params").at("model") for part in self._way]
        model = next((part for part in said if part.text), said[0])
        if model is not said[0]:
            self._account.carried(model.path, "model of each target in it")
        slug, slash, rest = model.text.partition("/")
        if slug.startswith("@") and slash:
            return rest, slug
        return model.text, ""

    def _provider(self, slug: str) -> str:
        """Find whose server it is; only Portkey knows what a slug or a virtual key stands for.

        Raises:
            Unmade: Nobody says.
        """
        said, key = of(self._part, "provider"), of(self._part, "virtual_key")
        name = slug or said.text
        if not name or name.startswith("@"):
            name = self._slugs.get(name.removeprefix("@") or key.text, "")
        if not name:
            message = "it names no provider"
            if said.text or slug or key.text:
                message = (
                    "only Portkey knows what its slug or virtual key stands for: import again "
                    "with --provider SLUG=PROVIDER"
                )
            raise Unmade(message)
        self._account.carried(said.path, "vendor")
        return name

    def _source(self, known: Source) -> Source:
        if known.vendor == "vertex":
            project, region = (
                self._inherited(f"vertex_{name}") for name in ("project_id", "region")
            )
            return vertex_source(self._draft, project, region)
        host = self._inherited("custom_host")
        if host.value is not None:
            return locate(self._draft, host, known)
        if known.vendor == "azure":
            return self._azure()
        return known

    def _azure(self) -> Source:
        resource = self._inherited("azure_resource_name", "resource_name")
        if not re.fullmatch(r"[A-Za-z0-9-]+", resource.text):
            message = "it needs azure_resource_name"
            raise Unmade(message)
        self._account.carried(resource.path, "url")
        url = f"https://{resource.text}.openai.azure.com/openai/v1"
        return Source("azure", "azure", url, "openai-chat")

    def _spread(self, model: str, provider: str, source: Source) -> list[Row]:
        """Make one row; where no model is named, one for each that the vendor is known for."""
        if source.vendor == "azure":
            return [self._deployed(model, source)]
        if model:
            return [self._row(model, provider, source)]
        found = fitting(source.vendor, "*")
        if not found:
            message = (
                "it names no model, and the catalogue lists none of its provider's: set "
                "override_params.model"
            )
            raise Unmade(message)
        who = vendors()[source.vendor].name
        how = f"{len(found)} endpoints: one for each model of {who} that the catalogue lists"
        said = of(self._part, "provider")
        self._account.amend(said.path, "changed", f"{how}; any other needs a row of its own")
        return [self._row(each, provider, source) for each in found.values()]

    def _row(self, model: str, provider: str, source: Source) -> Row:
        return Row(
            path=self._part.path,
            wants=[model],
            source=source,
            upstream=model,
            model=product_of(model, source),
            label=f"{provider}-{model}",
        )

    def _deployed(self, model: str, source: Source) -> Row:
        """Make a row of a deployment at Azure, whose name is its owner's."""
        deployment = self._inherited("azure_deployment_id", "deployment_id")
        product = self._inherited("azure_model_name")
        upstream = deployment.text or model
        if not upstream:
            message = "it needs azure_deployment_id"
            raise Unmade(message)
        self._account.carried(deployment.path, "upstream_model")
        self._account.carried(product.path, "model")
        name = product.text or model or upstream
        return Row(
            path=self._part.path,
            wants=[name],
            source=source,
            upstream=upstream,
            model=f"openai/{product.text or model}" if product.text or model else "",
            label=f"azure-openai-{name}",
        )

    def _settings(self, source: Source, provider: str) -> dict[str, object]:
        said = place_of(source)
        key = self._key(source, provider)
        if key:
            said["api_key"] = key
        wait = self._inherited("request_timeout")
        if wait.number is not None and wait.number > 0:
            said["first_byte_timeout_s"] = wait.number / 1000
            how = "first_byte_timeout_s: a limit on the wait for the answer to begin"
            self._account.changed(wait.path, how)
        return said

    def _key(self, source: Source, provider: str) -> str:
        part, virtual = of(self._part, "api_key"), of(self._part, "virtual_key")
        secret = part if part.value is not None else virtual
        if secret.value is None:
            return usual_key(self._draft, source, f"the key of {provider}", "Portkey")
        where = "which stood in the file" if secret is part else "which Portkey keeps"
        why = f"the key of {provider}, {where}"
        key = self._draft.keys.name(str(secret.value), provider, why)
        name = key.removeprefix("env:")
        how = f"set {name}; a key is never in settings" if key else "a placeholder: none is sent"
        self._account.changed(secret.path, how)
        self._account.left(virtual.path, "the target has a key of its own")
        return key


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join([word.capitalize() for word in rest])
