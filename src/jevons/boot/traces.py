"""The collector of traces, where there is one."""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jevons import __version__
from jevons.boot.egress import check_egress
from jevons.boot.remote import url_of
from jevons.spans import Known, Peer, provider_of
from jevons.types.custody import DataClass
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from jevons.boot.secrets import Secrets
    from jevons.policy.egress import Egress
    from jevons.ports import Clock, Traces
    from jevons.settings import EndpointSettings, OtelSettings, Settings
    from jevons.telemetry import Metrics
    from jevons.types.model import Endpoint

__all__ = ("open_traces",)

_HANDS_ON = MappingProxyType(
    {"never": frozenset[str](), "on-prem": frozenset({"on-prem"}), "everywhere": None}
)
_NEEDS = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.common")


def open_traces(
    settings: Settings,
    secrets: Secrets,
    egress: Egress | None,
    *,
    endpoints: tuple[Endpoint, ...],
    clock: Clock,
    metrics: Metrics,
    closing: AsyncExitStack,
) -> Traces | None:
    """Open what is told how requests went; None if nobody is.

    Args:
        settings: Whom to tell, and what endpoints there are.
        secrets: Where values of headers may be.
        egress: The profile that is switched on; None where none is.
        endpoints: All there are; one that is not set is this process's own.
        clock: Tells as of when the profile is asked.
        metrics: Counts what is sent.
        closing: What to close, and when.

    Raises:
        Misconfigured: A setting cannot be, the extra is not installed, or the profile lets nothing
            go to the collector.
    """
    said = settings.otel
    if not said.url:
        return None
    if not _is_installed():
        message = "[otel] url is set, and what sends spans is not there: .venv/bin/pip install -e '.[otel]'"
        raise Misconfigured(message)
    headers = _headers(said, secrets)
    if egress is not None:
        host = urlsplit(said.url).hostname or "unknown"
        check_egress(
            egress,
            name=f"otel:{host}",
            host=host,
            place=said.place,
            custody=said.custody,
            data_class=DataClass.INTERNAL,
            clock=clock,
        )
    # Imported here: the SDK is an extra, and takes 150 ms to load.
    from jevons.providers.collector import Collector  # noqa: PLC0415

    collector = Collector(
        said.url,
        headers=headers,
        service=said.service,
        version=__version__,
        share=said.share,
        hands_on=_HANDS_ON[said.hand_on],
        known=_known(settings, endpoints),
        metrics=metrics,
        timeout_s=said.timeout_s,
    )
    closing.push_async_callback(collector.close)
    return collector


def _is_installed() -> bool:
    try:
        return all(map(find_spec, _NEEDS))
    except ModuleNotFoundError:  # not even the package that it would be in
        return False


def _headers(said: OtelSettings, secrets: Secrets) -> dict[str, str]:
    """Read header lines out of the environment.

    Raises:
        Misconfigured: One names no variable that is set, or is no header line.
    """
    lines: dict[str, str] = {}
    for line in said.headers:
        name, _, where = line.partition(":")
        value = secrets.read(where.strip(), what=f"[otel] headers: {name!r}")
        is_line = name.replace("-", "").isalnum() and (name + value).isascii()
        if not is_line or not value.isprintable():
            message = (
                f'[otel] headers: {name!r} must be "name: secret:NAME" or "name: env:NAME", and that '
                "hold what a header may: visible ASCII"
            )
            raise Misconfigured(message)
        lines[name] = value
    return lines


def _known(settings: Settings, endpoints: tuple[Endpoint, ...]) -> Known:
    said = {each.name: _peer(each) for each in settings.endpoint}
    return Known(
        {each.name: said.get(each.name, Peer("jevons")) for each in endpoints},
        frozenset([name for each in endpoints for name in (each.name, each.model, *each.aliases)]),
    )


def _peer(said: EndpointSettings) -> Peer:
    parts = urlsplit(url_of(said))
    usual = 443 if parts.scheme == "https" else 80
    return Peer(provider_of(said.vendor), parts.hostname or "", parts.port or usual)
