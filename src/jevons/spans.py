"""What a span says: every name in one place.

Rule 1: nothing that was said is in a span, neither of a prompt nor of an answer, nor what an
    endpoint said of a failure, which may repeat them.
Rule 2: what is not known has no attribute; it is never zero.
Rule 3: what was used is on the span of the request and not on those of its attempts, so that a
    sum over spans counts it once.

Source: OpenTelemetry semantic conventions 1.41.1, "GenAI spans", status development, read
2026-11-29. They have since moved to a repository of their own, where these names are the same.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.errors import JevonsError, PolicyError
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.account import Receipt
    from jevons.types.decision import Attempt, Outcome
    from jevons.types.request import Generate

__all__ = (
    "SCHEMA",
    "Known",
    "Peer",
    "after_attempt",
    "after_request",
    "before_attempt",
    "before_request",
    "fault",
    "operation",
    "provider_of",
)

SCHEMA = "https://opentelemetry.io/schemas/1.41.1"
"""The conventions that the names below are of."""

Value = str | int | float | bool | tuple[str, ...]
Attributes = dict[str, Value]

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK_S = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE = "gen_ai.usage.cache_creation.input_tokens"
REASONING = "gen_ai.usage.reasoning.output_tokens"
ADDRESS = "server.address"
PORT = "server.port"
ERROR = "error.type"

_LONGEST = 200
"""Characters of a model's name: callers write it."""
_NOBODY = "jevons"
"""Who is said to have served what no endpoint has."""
_PROVIDERS = MappingProxyType(
    {
        "azure": "azure.ai.openai",
        "google": "gcp.gemini",
        "mistral": "mistral_ai",
        "moonshot": "moonshot_ai",
        "vertex": "gcp.vertex_ai",
        "xai": "x_ai",
    }
)
"""Vendors whom the conventions call something else than we do."""


class Peer(NamedTuple):
    """Who serves an endpoint, as the conventions ask."""

    provider: str
    address: str = ""
    """Host that is connected to; empty for this process."""
    port: int = 0


class Known(NamedTuple):
    """What is known of a house's endpoints."""

    peers: Mapping[str, Peer]
    """Who serves each, by its name."""
    names: frozenset[str]
    """Under which any of them can be asked for."""


def provider_of(vendor: str) -> str:
    """Give the conventions' word for a vendor; `unknown` where none was named."""
    return _PROVIDERS.get(vendor, vendor) or "unknown"


def operation(request: Generate) -> str:
    """Give the conventions' word for what is asked."""
    if request.embed is not None:
        return "embeddings"
    return "count_tokens" if request.counts else "chat"


def before_request(request: Generate) -> Attributes:
    """Tell what is known of a request once it has come."""
    said: Attributes = {
        OPERATION: operation(request),
        REQUEST_STREAM: request.stream,
        "jevons.receipt": request.id,
        "jevons.dialect": request.source.dialect,
    }
    if request.sampling.max_tokens is not None:
        said[REQUEST_MAX_TOKENS] = request.sampling.max_tokens
    return said


def after_request(
    request: Generate,
    receipt: Receipt | None,
    error: BaseException | None,
    known: Known,
) -> Attributes:
    """Tell what became of a request.

    Args:
        request: Which.
        receipt: Its receipt; None if a rule refused it, or it did not come so far.
        error: What it ended in; None if it was answered.
        known: Which endpoints there are.
    """
    said: Attributes = {PROVIDER: _NOBODY}
    if receipt is not None or request.model in known.names:  # a caller may write anything there
        said[REQUEST_MODEL] = request.model[:_LONGEST]
    if error is not None:
        said[ERROR] = fault(error)
    if isinstance(error, PolicyError):
        said |= _of_refusal(error)
    if receipt is not None:
        said |= _of_receipt(receipt)
        if receipt.endpoint is not None:
            said |= _of_peer(known.peers.get(receipt.endpoint))
    return said


def before_attempt(request: Generate, attempt: Attempt, peer: Peer | None) -> Attributes:
    """Tell whom an attempt asks."""
    endpoint = attempt.candidate.endpoint
    return {
        OPERATION: operation(request),
        REQUEST_MODEL: endpoint.upstream_model,
        "jevons.attempt": attempt.number,
        "jevons.endpoint": endpoint.name,
        "jevons.place": endpoint.place,
        **_of_peer(peer),
    }


def after_attempt(outcome: Outcome) -> Attributes:
    """Tell what became of an attempt."""
    if outcome.error is not None:
        return {ERROR: outcome.error.code}
    return {FINISH_REASONS: (outcome.finish,)}


def fault(error: BaseException) -> str:
    """Give the kind of a failure; never its words."""
    if isinstance(error, JevonsError):
        return error.code
    return "bug" if isinstance(error, Exception) else "abandoned"


def _of_refusal(refusal: PolicyError) -> Attributes:
    said: Attributes = {"jevons.rule": refusal.rule}
    if refusal.policy:
        said["jevons.policy"] = refusal.policy
    if refusal.label is not None:
        said["jevons.data_class"] = refusal.label.data_class.word
    return said


def _of_receipt(receipt: Receipt) -> Attributes:
    said: Attributes = {
        "jevons.policy": receipt.policy,
        "jevons.data_class": receipt.data_class,
        "jevons.attempts": len(receipt.tried),
    }
    if receipt.endpoint is not None:
        said["jevons.endpoint"] = receipt.endpoint
    if receipt.model is not None:
        said[RESPONSE_MODEL] = receipt.model
    if receipt.place is not None:
        said["jevons.place"] = receipt.place
    if receipt.error is None:
        said[FINISH_REASONS] = (receipt.finish,)
    if receipt.stream and receipt.first_byte_ms is not None:
        said[FIRST_CHUNK_S] = receipt.first_byte_ms / 1e3
    if receipt.veil is not None:
        said["jevons.veil.hidden"] = receipt.veil.hidden
        said["jevons.veil.restored"] = receipt.veil.restored
        said["jevons.veil.unrestored"] = receipt.veil.unrestored
    return said | _of_usage(receipt) | _of_charge(receipt)


def _of_usage(receipt: Receipt) -> Attributes:
    usage = receipt.usage
    if usage.counted_by == "nobody":
        return {}
    return {
        INPUT_TOKENS: usage.input + usage.cache_read + usage.cache_write,
        OUTPUT_TOKENS: usage.output + usage.reasoning,
        CACHE_READ: usage.cache_read,
        CACHE_WRITE: usage.cache_write,
        REASONING: usage.reasoning,
        "jevons.counted_by": usage.counted_by,
    }


def _of_charge(receipt: Receipt) -> Attributes:
    said: Attributes = {}
    if isinstance(receipt.cost, Priced):
        said["jevons.cost_nusd"] = receipt.cost.nusd
    if isinstance(receipt.energy_mj, Estimate):
        said["jevons.energy_mj"] = receipt.energy_mj.p50
        said["jevons.energy_mj_p05"] = receipt.energy_mj.p05
        said["jevons.energy_mj_p95"] = receipt.energy_mj.p95
        said["jevons.energy_method"] = receipt.energy_mj.method
    if isinstance(receipt.carbon_mg, Estimate):
        said["jevons.carbon_mg"] = receipt.carbon_mg.p50
    return said


def _of_peer(peer: Peer | None) -> Attributes:
    if peer is None:
        return {PROVIDER: provider_of("")}
    if not peer.address:
        return {PROVIDER: peer.provider}
    return {PROVIDER: peer.provider, ADDRESS: peer.address, PORT: peer.port}
