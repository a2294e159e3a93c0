"""Logs and metrics: every name in one place.

Enters: receipts, errors.
Leaves: log lines on standard error, and Prometheus' text format.
May not know: who records, or who reads.
State: counters of this process, lost at restart on purpose; the ledger is the record.
"""

from __future__ import annotations

import logging
import sys
import time
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import structlog

from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.types.account import Receipt, Veil
    from jevons.types.budget import Alert

__all__ = ("Metrics", "configure_logs", "log", "render_process")


class _StandardError:
    """Where lines go, also before `configure_logs`: structlog's own choice is standard output.

    That belongs to what a command answers. Looked up at each line, since a test or a caller may
    have put another file in its place.
    """

    def msg(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = msg


log: structlog.stdlib.BoundLogger = structlog.wrap_logger(_StandardError())

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


def configure_logs(*, json: bool, verbose: bool = False) -> None:
    """Send logs to standard error.

    Args:
        json: One JSON object a line; otherwise lines for a person.
        verbose: Debug level too.
    """
    plain = structlog.dev.plain_traceback  # rich's shows local variables, and so prompts and keys
    renderer = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if verbose else logging.INFO
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


class Metrics:
    """Counters of one process.

    Plain integers on the hot path, since one loop owns them; `render` shapes them for
    Prometheus only when somebody asks.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.spans_made = 0
        """Spans that ended and are to be sent. The collector counts all three."""
        self.spans_sent = 0
        self.spans_lost = 0
        self.stamped = 0
        """Records under the newest checkpoint that this process had stamped."""
        self.limits_shared: bool | None = None
        """Whether rate limits are counted for all replicas together; None where none were to be."""
        self.limits_alone = 0
        """Requests that this replica let begin, or did not, by its own part of the limits."""
        self._answers: dict[tuple[str, str], list[float]] = {}
        self._tokens: dict[tuple[str, str], int] = {}
        self._refusals: dict[str, int] = {}
        self._cosigned: dict[str, int] = {}
        self._not_cosigned: dict[tuple[str, str], int] = {}
        self._alerts: dict[tuple[str, ...], int] = {}
        self._seconds = [0] * (len(_SECONDS) + 1)
        self._seconds_sum = 0.0

    def answered(self, receipt: Receipt) -> None:
        """Count one answer: requests, tokens, money, energy, carbon, seconds."""
        key = (receipt.endpoint or "none", receipt.finish)
        totals = self._answers.get(key)
        if totals is None:
            totals = self._answers[key] = [0.0] * 8
        usage = receipt.usage
        totals[0] += 1
        totals[1] += usage.input + usage.cache_read + usage.cache_write
        totals[2] += usage.output + usage.reasoning
        totals[3] += receipt.cost.nusd if isinstance(receipt.cost, Priced) else 0
        totals[4] += receipt.energy_mj.p50 if isinstance(receipt.energy_mj, Estimate) else 0
        totals[5] += receipt.carbon_mg.p50 if isinstance(receipt.carbon_mg, Estimate) else 0
        totals[6] += not isinstance(receipt.cost, Priced)
        totals[7] += not isinstance(receipt.energy_mj, Estimate)
        seconds = receipt.total_ms / 1e3
        self._seconds[bisect_left(_SECONDS, seconds)] += 1
        self._seconds_sum += seconds
        if receipt.veil is not None:
            self._unveiled(key[0], receipt.veil)

    def _unveiled(self, endpoint: str, veil: Veil) -> None:
        """Count what became of the tokens in an answer."""
        for came, count in (("restored", veil.restored), ("unrestored", veil.unrestored)):
            self._tokens[endpoint, came] = self._tokens.get((endpoint, came), 0) + count

    def refused(self, code: str) -> None:
        """Count one request that got an error instead of an answer."""
        self._refusals[code] = self._refusals.get(code, 0) + 1

    def cosigned(self, witness: str, size: int) -> None:
        """Note how many records a witness has cosigned."""
        self._cosigned[witness] = size

    def not_cosigned(self, witness: str, reason: str) -> None:
        """Count one checkpoint that a witness did not cosign."""
        key = (witness, reason)
        self._not_cosigned[key] = self._not_cosigned.get(key, 0) + 1

    def alerted(self, alert: Alert) -> None:
        """Count a threshold of a budget that was reached."""
        key = (alert.account, alert.per, alert.unit, str(alert.percent))
        self._alerts[key] = self._alerts.get(key, 0) + 1

    def render(self) -> bytes:
        """Shape everything as Prometheus' text format 0.0.4."""
        return _rendered(self)

    def collect(self) -> Iterable[Any]:
        """Yield Prometheus metric families; called by its registry."""
        from prometheus_client import core  # noqa: PLC0415 as in `_rendered`

        labels = ("endpoint", "finish")
        names = (
            ("jevons_answers", "Answers, by how they ended."),
            ("jevons_input_tokens", "Prompt tokens."),
            ("jevons_output_tokens", "Answer tokens, reasoning included."),
            ("jevons_cost_nusd", "Nano-dollars, of answers whose cost is known."),
            ("jevons_energy_millijoules", "Energy, median estimate."),
            ("jevons_carbon_milligrams", "CO2 equivalent, median estimate."),
            ("jevons_unpriced_answers", "Answers whose cost is not known."),
            ("jevons_unmeasured_answers", "Answers whose energy is not known."),
        )
        for position, (name, text) in enumerate(names):
            family = core.CounterMetricFamily(name, text, labels=labels)
            for key, totals in self._answers.items():
                family.add_metric(key, totals[position])
            yield family
        tokens = core.CounterMetricFamily(
            "jevons_veil_tokens",
            "Tokens for identifiers in answers, by what became of them.",
            labels=("endpoint", "became"),
        )
        for key, count in self._tokens.items():
            tokens.add_metric(key, count)
        yield tokens
        refusals = core.CounterMetricFamily(
            "jevons_errors", "Requests that got an error, by code.", labels=("code",)
        )
        for code, count in self._refusals.items():
            refusals.add_metric((code,), count)
        yield refusals
        yield from self._witnessed(core)
        alerts = core.CounterMetricFamily(
            "jevons_budget_alerts",
            "Thresholds of budgets that were reached, each once a day or month.",
            labels=("account", "per", "unit", "percent"),
        )
        for labels_of, count in self._alerts.items():
            alerts.add_metric(labels_of, count)
        yield alerts
        seconds = core.HistogramMetricFamily("jevons_answer_seconds", "Arrival to receipt.")
        running, buckets = 0, list[tuple[str, float]]()
        for edge, count in zip((*map(str, _SECONDS), "+Inf"), self._seconds, strict=True):
            running += count
            buckets.append((edge, running))
        seconds.add_metric((), buckets, self._seconds_sum)
        yield seconds
        spans = core.CounterMetricFamily(
            "jevons_spans", "Spans for the collector of traces.", labels=("became",)
        )
        for became in ("made", "sent", "lost"):
            spans.add_metric((became,), getattr(self, f"spans_{became}"))
        yield spans
        if self.stamped:
            yield core.GaugeMetricFamily(
                "jevons_stamp_size",
                "Records that an authority of time has stamped.",
                value=self.stamped,
            )
        if self.limits_shared is not None:
            yield core.GaugeMetricFamily(
                "jevons_limits_shared",
                "Whether rate limits are counted for all replicas together.",
                value=self.limits_shared,
            )
            yield core.CounterMetricFamily(
                "jevons_limits_alone",
                "Requests held against this replica's own part of the limits.",
                value=self.limits_alone,
            )
        yield core.GaugeMetricFamily("jevons_in_flight", "Requests now.", value=self.in_flight)

    def _witnessed(self, core: Any) -> Iterable[Any]:
        sizes = core.GaugeMetricFamily(
            "jevons_witness_size", "Records that a witness has cosigned.", labels=("witness",)
        )
        for witness, size in self._cosigned.items():
            sizes.add_metric((witness,), size)
        failures = core.CounterMetricFamily(
            "jevons_witness_failures",
            "Checkpoints that a witness did not cosign, by reason.",
            labels=("witness", "reason"),
        )
        for key, count in self._not_cosigned.items():
            failures.add_metric(key, count)
        return (sizes, failures)


class _Process:
    """This process, under the names that Prometheus gives every one.

    Prometheus' own collector reads `/proc`, so only Linux has all of them, and counts processor
    time in ticks of 10 ms, in which a short load disappears. The clock of the process does not.
    """

    def collect(self) -> Iterable[Any]:
        from prometheus_client import ProcessCollector, core  # noqa: PLC0415 as in `_rendered`

        name = "process_cpu_seconds"
        for family in ProcessCollector(registry=None).collect():
            if family.name != name:
                yield family
        text = "Processor time, user and system, in seconds."
        yield core.CounterMetricFamily(name, text, value=time.process_time())


def render_process() -> bytes:
    """Shape what this process takes, as `Metrics.render` does what it did.

    Reads files and counts open ones, which takes milliseconds where there are thousands: not
    for the event loop.
    """
    return _rendered(_Process())


def _rendered(collector: Any) -> bytes:
    # Imported here: 40 ms that only a scrape needs.
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415

    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return generate_latest(registry)
