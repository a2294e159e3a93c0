"""A collector of traces elsewhere, told of every request over OTLP/HTTP.

Rule 1: the request path never waits for it. Spans stand in a queue of bounded length, and a
    thread of the SDK's own sends them; what finds no room, or is not taken, is gone and counted.
Rule 2: no redirect is followed, no proxy is asked, and no variable of the SDK's own says where
    spans go: that is the place that was judged.
Rule 3: what is in a span is decided in `jevons.spans`, and a failure is told by its code alone.

Source: OTLP 1.10, "OTLP/HTTP", opentelemetry.io; W3C Trace Context, both read 2026-11.
"""

from __future__ import annotations

import asyncio
import logging
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from jevons import spans
from jevons.providers.target import read_target
from jevons.telemetry import log
from jevons.types.errors import CallerLeft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Span, Tracer

    from jevons import ports
    from jevons.spans import Known
    from jevons.telemetry import Metrics
    from jevons.types.account import Receipt
    from jevons.types.decision import Attempt, Outcome
    from jevons.types.request import Generate

__all__ = ("Collector",)

_LONGEST_QUEUE = 2048
_BATCH = 512
_EVERY_MS = 2_000
_LAST_WORDS_S = 2.0
"""How long the queue may take to empty when a house closes."""


class Collector:
    """One collector.

    Args:
        url: Base URL of its OTLP/HTTP receiver: what `/v1/traces` follows.
        headers: Sent with each batch.
        service: What the house is called in traces.
        version: Of jevons.
        share: Of the requests whose callers have not decided it, how many are told of, 0 to 1.
        hands_on: Places whose endpoints are told of the trace; None is every place.
        known: Which endpoints there are.
        metrics: Counts what is sent and what is lost.
        timeout_s: Longest wait for a connection, and for each piece of an answer.

    Raises:
        Misconfigured: The URL is not one.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        service: str,
        version: str,
        share: float,
        hands_on: frozenset[str] | None,
        known: Known,
        metrics: Metrics,
        timeout_s: float,
    ) -> None:
        quiet = logging.getLogger("opentelemetry")
        if not quiet.handlers:  # else it writes to standard error, past our form
            quiet.addHandler(logging.NullHandler())
        self._exporter = _Exporter(url, headers, metrics, timeout_s=timeout_s)
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource({"service.name": service, "service.version": version}),
            shutdown_on_exit=False,
            span_limits=SpanLimits(),
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=_LONGEST_QUEUE,
                max_export_batch_size=_BATCH,
                schedule_delay_millis=_EVERY_MS,
                export_timeout_millis=timeout_s * 1e3,
            )
        )
        tracer = self._provider.get_tracer("jevons", version, schema_url=spans.SCHEMA)
        self._house = _House(tracer, hands_on, known, metrics)
        self._callers = TraceContextTextMapPropagator()

    def begin(self, request: Generate) -> ports.Trace:
        """Begin the trace of a request, or go on with its caller's."""
        before = Context()
        if request.traceparent:
            before = self._callers.extract({"traceparent": request.traceparent}, before)
        span = self._house.tracer.start_span(
            spans.operation(request),
            before,
            kind=SpanKind.SERVER,
            attributes=spans.before_request(request),
        )
        return _Trace(request, span, self._house)

    async def close(self) -> None:
        """Send what waits, as far as that is quickly done."""
        self._exporter.hurry(_LAST_WORDS_S)
        await asyncio.to_thread(self._provider.shutdown)


class _House(NamedTuple):
    """What all traces share."""

    tracer: Tracer
    hands_on: frozenset[str] | None
    known: Known
    metrics: Metrics


class _Trace:
    """One request's."""

    __slots__ = ("_attempt", "_house", "_receipt", "_request", "_span")

    def __init__(self, request: Generate, span: Span, house: _House) -> None:
        self._request = request
        self._span = span
        self._house = house
        self._attempt: Span | None = None
        self._receipt: Receipt | None = None

    def attempt(self, attempt: Attempt) -> str:
        """Begin the span of an attempt."""
        house, endpoint = self._house, attempt.candidate.endpoint
        name = f"{spans.operation(self._request)} {endpoint.upstream_model}"
        said = spans.before_attempt(self._request, attempt, house.known.peers.get(endpoint.name))
        above = set_span_in_context(self._span, Context())
        span = house.tracer.start_span(name, above, kind=SpanKind.CLIENT, attributes=said)
        self._attempt = span
        if house.hands_on is not None and endpoint.place not in house.hands_on:
            return ""
        known = span.get_span_context()
        return f"00-{known.trace_id:032x}-{known.span_id:016x}-{known.trace_flags:02x}"

    def attempted(self, outcome: Outcome) -> None:
        """End the span of an attempt."""
        if self._attempt is not None:
            self._attempt.set_attributes(spans.after_attempt(outcome))
            self._end(self._attempt, outcome.error)
            self._attempt = None

    def booked(self, receipt: Receipt) -> None:
        """Take what the books say of it."""
        self._receipt = receipt

    def end(self, error: BaseException | None) -> None:
        """End the span of the request, and that of an attempt that was cut off."""
        if self._attempt is not None:
            if error is not None:
                self._attempt.set_attribute(spans.ERROR, spans.fault(error))
            self._end(self._attempt, error)
        said = spans.after_request(self._request, self._receipt, error, self._house.known)
        self._span.set_attributes(said)
        if spans.REQUEST_MODEL in said:
            self._span.update_name(f"{spans.operation(self._request)} {said[spans.REQUEST_MODEL]}")
        self._end(self._span, error)

    def _end(self, span: Span, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, CallerLeft):
            span.set_status(Status(StatusCode.ERROR))  # without a word: it could be a prompt's
        if span.is_recording():
            self._house.metrics.spans_made += 1
        span.end()


class _Exporter(SpanExporter):
    """Sends batches, each on a connection of its own, in the SDK's thread."""

    def __init__(
        self, url: str, headers: Mapping[str, str], metrics: Metrics, *, timeout_s: float
    ) -> None:
        target = read_target(url, what="otel")
        self._url = url
        self._address = target.address
        self._path = f"{target.path}/v1/traces"
        self._headers = {
            **headers,
            "user-agent": "jevons",
            "content-type": "application/x-protobuf",
        }
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._until_s: float | None = None
        self._is_troubled = False

    def hurry(self, within_s: float) -> None:
        """Begin no batch that could not be sent within so many seconds from now."""
        self._until_s = time.monotonic() + within_s

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch; it is not sent again."""
        trouble = self._send(spans)
        if not trouble:
            self._metrics.spans_sent += len(spans)
            if self._is_troubled:
                log.info("otel.recovered", url=self._url)
            self._is_troubled = False
            return SpanExportResult.SUCCESS
        self._metrics.spans_lost += len(spans)
        if not self._is_troubled:
            log.warning("otel.lost", url=self._url, cause=trouble)
        self._is_troubled = True
        return SpanExportResult.FAILURE

    def _send(self, spans: Sequence[ReadableSpan]) -> str:
        """Send a batch; say what went wrong, if anything did."""
        timeout_s = self._timeout_s
        if self._until_s is not None:
            timeout_s = min(timeout_s, self._until_s - time.monotonic())
            if timeout_s <= 0:
                return "the house closed"
        host, port, is_tls = self._address
        kind = HTTPSConnection if is_tls else HTTPConnection
        connection = kind(host, port, timeout=timeout_s)
        try:
            body = encode_spans(spans).SerializeToString()
            connection.request("POST", self._path, body, self._headers)
            status = connection.getresponse().status
        except (
            OSError,
            HTTPException,
            ValueError,
        ) as error:  # the last of a host or a text that is none
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return "" if 200 <= status < 300 else f"it answers {status}"  # noqa: PLR2004 RFC 9110 §15.3


if TYPE_CHECKING:
    _traces: type[ports.Traces] = Collector
