"""A collector on loopback: takes OTLP over HTTP and decodes it, as any collector does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from jevons.testing import Vendor
from jevons.testing.reply import respond

if TYPE_CHECKING:
    from types import TracebackType

    from jevons.testing import Heard
    from jevons.testing.reply import Reply

TAKEN = respond(kind="application/x-protobuf")


class Told(NamedTuple):
    """One span as it arrived."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    failed: bool
    said: dict[str, Any]
    ms: float


class Collector:
    """Remembers what it is sent.

    Args:
        reply: What it answers each batch with.
    """

    def __init__(self, reply: Reply = TAKEN) -> None:
        self._vendor = Vendor(reply)

    async def __aenter__(self) -> Self:
        await self._vendor.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._vendor.__aexit__(kind, error, trace)

    @property
    def url(self) -> str:
        return self._vendor.url.removesuffix("/v1")

    @property
    def heard(self) -> list[Heard]:
        return self._vendor.heard

    @property
    def bytes(self) -> bytes:
        """Everything that it was sent, heads included."""
        return b"".join(str(each.headers).encode() + each.body for each in self.heard)

    def spans(self, count: int) -> list[Told]:
        """Tell the spans that came, which are so many, in the order in which they began.

        All have come once the house that sends them is closed.
        """
        found = self._told()
        assert len(found) == count, found
        return found

    def _told(self) -> list[Told]:
        found: list[tuple[int, Told]] = []
        for heard in self.heard:
            for resource in ExportTraceServiceRequest.FromString(heard.body).resource_spans:
                for scope in resource.scope_spans:
                    assert scope.schema_url == "https://opentelemetry.io/schemas/1.41.1"
                    found += [(span.start_time_unix_nano, _told(span)) for span in scope.spans]
        return [told for _, told in sorted(found, key=lambda each: each[0])]


def _told(span: Any) -> Told:
    return Told(
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        failed=span.status.code == 2,
        said={each.key: _value(each.value) for each in span.attributes},
        ms=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
    )


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
