"""Everything that can go wrong, and whose move it is.

JevonsError                     status  code                   retry
├── CallerError                 the request is wrong; the caller can mend it
│   ├── Malformed               400     malformed              never
│   ├── TooLarge                413     too_large              never
│   ├── TooSlow                 408     too_slow               never
│   ├── NotFound                404     not_found              never
│   ├── PreviousNotFound        400     previous_response_not_found  never
│   ├── MethodNotAllowed        405     method_not_allowed     never
│   ├── UnknownModel            404     unknown_model          never
│   ├── Unsupported             422     unsupported            elsewhere
│   └── CallerLeft              499     caller_left            never
├── PolicyError                 the request is fine; a rule said no
│   ├── Unauthenticated         401     unauthenticated        never
│   ├── Forbidden               403     forbidden              never
│   ├── ResidencyRefused        403     residency_refused      never
│   ├── EgressRefused           403     egress_refused         never
│   ├── OnHold                  403     on_hold                never
│   ├── BudgetExceeded          402     budget_exceeded        later
│   ├── RateLimited             429     rate_limited           later
│   ├── TooDeep                 403     too_deep               never
│   └── InspectionFailed        500     inspection_failed      never
├── ProviderError               upstream failed us
│   ├── ProviderTimeout         504     provider_timeout       elsewhere
│   ├── ProviderThrottled       429     provider_throttled     later
│   ├── ProviderUnavailable     503     provider_unavailable   later
│   ├── ProviderRejected        400     provider_rejected      never
│   ├── ProviderFiltered        400     provider_filtered      never
│   ├── PromptTooLong           400     prompt_too_long        elsewhere
│   ├── ProviderDenied          502     provider_denied        elsewhere
│   ├── ProviderUnpaid          502     provider_unpaid        elsewhere
│   ├── ProviderMissing         502     provider_missing       elsewhere
│   ├── ProviderGarbled         502     provider_garbled       elsewhere
│   └── ProviderTruncated       502     provider_truncated     elsewhere
├── FlowError                   we found no way through
│   ├── NoCandidate             503     no_candidate           later
│   ├── Exhausted               502     exhausted              later
│   └── Abandoned               503     abandoned              later
└── HouseError                  our fault
    ├── Misconfigured           500     misconfigured          never
    ├── WeightsRefused          500     weights_refused        never
    ├── StoreUnavailable        503     store_unavailable      later
    └── Bug                     500     bug                    never

Rule 1: a class states its own status, code and retry; no table elsewhere does.
Rule 2: `code` is public and permanent. Renaming one is a breaking change.
Rule 3: a message names the value (`{name!r}`), then what would have been accepted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.custody import Label

__all__ = (
    "Abandoned",
    "BudgetExceeded",
    "Bug",
    "CallerError",
    "CallerLeft",
    "EgressRefused",
    "Exhausted",
    "FlowError",
    "Forbidden",
    "HouseError",
    "InspectionFailed",
    "JevonsError",
    "Malformed",
    "MethodNotAllowed",
    "Misconfigured",
    "NoCandidate",
    "NotFound",
    "OnHold",
    "PolicyError",
    "PreviousNotFound",
    "PromptTooLong",
    "ProviderDenied",
    "ProviderError",
    "ProviderFiltered",
    "ProviderGarbled",
    "ProviderMissing",
    "ProviderRejected",
    "ProviderThrottled",
    "ProviderTimeout",
    "ProviderTruncated",
    "ProviderUnavailable",
    "ProviderUnpaid",
    "RateLimited",
    "ResidencyRefused",
    "Retry",
    "StoreUnavailable",
    "TooDeep",
    "TooLarge",
    "TooSlow",
    "Unauthenticated",
    "UnknownModel",
    "Unsupported",
    "WeightsRefused",
)


class Retry(StrEnum):
    """What a second try would need to be different from the first."""

    NEVER = "never"
    """The same request will fail anywhere."""
    ELSEWHERE = "elsewhere"
    """Another endpoint may serve it."""
    LATER = "later"
    """The same endpoint may serve it after a while, or another at once."""


class JevonsError(Exception):
    """Root of every error that jevons raises on purpose.

    Args:
        message: What was wrong, naming the value, then what would be accepted.
        param: The request field at fault, as a JSON path, if one is.
    """

    status: ClassVar[int] = 500
    """HTTP status at the edge."""
    code: ClassVar[str] = "internal"
    """Stable machine-readable name, the same on every surface."""
    retry: ClassVar[Retry] = Retry.NEVER
    is_free: bool = False
    """Whether an endpoint that failed so is taken to have charged nothing: it refused before it
    did any work. What may have been worked on and was not counted is charged at its worst."""
    retry_after_s: float | None = None
    """Seconds to wait before another try, if somebody said."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param

    def never_sent(self) -> Self:
        """Say that what failed so had not left for the endpoint, so that it is free."""
        self.is_free = True
        return self


class CallerError(JevonsError):
    """The request is wrong and the caller can mend it."""

    status = 400
    code = "bad_request"


class Malformed(CallerError):
    """The body is not what the surface's dialect says it should be."""

    code = "malformed"


class TooLarge(CallerError):
    """The body is longer than `server.max_body_bytes`."""

    status = 413
    code = "too_large"


class TooSlow(CallerError):
    """The request did not arrive whole within `server.read_timeout_s`."""

    status = 408
    code = "too_slow"


class NotFound(CallerError):
    """Nothing has this path or id."""

    status = 404
    code = "not_found"


class PreviousNotFound(CallerError):
    """No answer is kept under this id that the conversation could go on from."""

    code = "previous_response_not_found"


class MethodNotAllowed(CallerError):
    """The path exists; the method does not.

    Args:
        message: Which method, and which would be accepted.
        allowed: The methods that this path has.
    """

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class UnknownModel(CallerError):
    """No endpoint serves a model of this name."""

    status = 404
    code = "unknown_model"


class Unsupported(CallerError):
    """No endpoint of this model can do what was asked, or this one cannot."""

    status = 422
    code = "unsupported"
    is_free = True
    retry = Retry.ELSEWHERE


class CallerLeft(CallerError):
    """The caller closed the connection before the answer ended."""

    status = 499
    code = "caller_left"


class PolicyError(JevonsError):
    """The request is fine; a rule said no.

    Args:
        message: What was refused and what would be allowed.
        rule: Name of the rule that decided, as the documentation lists it.
        param: The request field at fault, if one is.
    """

    status = 403
    code = "refused"
    is_free = True

    def __init__(self, message: str, *, rule: str, param: str | None = None) -> None:
        super().__init__(message, param=param)
        self.rule = rule
        self.label: Label | None = None
        """What the rules took the request's data to be; None before they are asked."""
        self.policy = ""
        """SHA-256 of the rules and their settings, hex."""


class Unauthenticated(PolicyError):
    """No key, or not one of ours, or one that is revoked or expired."""

    status = 401
    code = "unauthenticated"


class Forbidden(PolicyError):
    """This key may not use any endpoint of this model, or this person may not do this."""

    code = "forbidden"


class ResidencyRefused(PolicyError):
    """Every endpoint of this model is in a place this key may not reach."""

    code = "residency_refused"


class EgressRefused(PolicyError):
    """The house's profile lets data of this class go to no endpoint of this model."""

    code = "egress_refused"


class OnHold(PolicyError):
    """What is kept for this key is on legal hold: it can be neither deleted nor erased.

    Args:
        message: What was refused, and how the hold is ended.
    """

    code = "on_hold"

    def __init__(self, message: str) -> None:
        super().__init__(message, rule="legal-hold")


class BudgetExceeded(PolicyError):
    """A budget does not carry the worst that this could come to.

    Args:
        message: Which budget, what is left of it, and when it renews.
        retry_after_s: Seconds until then.
    """

    status = 402
    code = "budget_exceeded"
    retry = Retry.LATER

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, rule="budget")
        self.retry_after_s = retry_after_s


class RateLimited(PolicyError):
    """More at once, or in a minute, than an account may ask.

    Args:
        message: Which limit, of which account.
        retry_after_s: Seconds until there is room, if that is known.
    """

    status = 429
    code = "rate_limited"
    retry = Retry.LATER

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, rule="rate-limit")
        self.retry_after_s = retry_after_s


class TooDeep(PolicyError):
    """More reasoning, or more rounds of tools, than an account may ask for.

    Args:
        message: Which limit, of which account, and what would do.
    """

    code = "too_deep"

    def __init__(self, message: str) -> None:
        super().__init__(message, rule="depth")


class InspectionFailed(PolicyError):
    """It could not be looked through for what identifies people, so it may not leave."""

    status = 500
    code = "inspection_failed"


class ProviderError(JevonsError):
    """Upstream failed us.

    Args:
        message: What upstream said.
        param: The request field at fault, if one is.
        retry_after_s: Seconds upstream asked us to wait, if it said.
    """

    status = 502
    code = "provider_failed"
    retry = Retry.ELSEWHERE

    def __init__(
        self, message: str, *, param: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, param=param)
        self.retry_after_s = retry_after_s


class ProviderTimeout(ProviderError):
    """Upstream sent nothing before the deadline."""

    status = 504
    code = "provider_timeout"


class ProviderThrottled(ProviderError):
    """Upstream asked us to slow down."""

    status = 429
    code = "provider_throttled"
    is_free = True
    retry = Retry.LATER


class ProviderUnavailable(ProviderError):
    """Upstream could not be reached, or says that it is down or busy."""

    status = 503
    code = "provider_unavailable"
    is_free = True
    retry = Retry.LATER


class ProviderRejected(ProviderError):
    """Upstream says the request itself is wrong; it would be wrong anywhere."""

    status = 400
    code = "provider_rejected"
    is_free = True
    retry = Retry.NEVER


class ProviderFiltered(ProviderError):
    """Upstream's content filter refused; a filter is not evaded by asking elsewhere."""

    status = 400
    code = "provider_filtered"
    is_free = True
    retry = Retry.NEVER


class PromptTooLong(ProviderError):
    """The prompt is longer than this endpoint takes; another may take more."""

    status = 400
    code = "prompt_too_long"
    is_free = True


class ProviderDenied(ProviderError):
    """Upstream refused our key, or this use of it; not the caller's fault."""

    code = "provider_denied"
    is_free = True


class ProviderUnpaid(ProviderError):
    """Our account at upstream is out of money; waiting does not help, paying does."""

    code = "provider_unpaid"
    is_free = True


class ProviderMissing(ProviderError):
    """Upstream has no such model or path, so the catalogue is wrong; not the caller's fault."""

    code = "provider_missing"
    is_free = True


class ProviderGarbled(ProviderError):
    """Upstream answered with something that is not its dialect."""

    code = "provider_garbled"


class ProviderTruncated(ProviderError):
    """Upstream's answer stopped before its end."""

    code = "provider_truncated"


class FlowError(JevonsError):
    """We found no way through."""

    status = 502


class NoCandidate(FlowError):
    """Policy and catalogue together left nothing to try."""

    status = 503
    code = "no_candidate"
    retry = Retry.LATER


class Exhausted(FlowError):
    """Every candidate was tried and every one failed.

    Args:
        errors: Why each attempt failed, in the order they were made.
        retry_after_s: Seconds until the first of them may be asked again, if any said.
    """

    code = "exhausted"
    retry = Retry.LATER

    def __init__(
        self, errors: Sequence[JevonsError], *, retry_after_s: float | None = None
    ) -> None:
        reasons = "; ".join(f"{error.code}: {error}" for error in errors)
        super().__init__(f"all {len(errors)} attempts failed: {reasons}")
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class Abandoned(FlowError):
    """The house stopped while the answer was under way."""

    status = 503
    code = "abandoned"
    retry = Retry.LATER


class HouseError(JevonsError):
    """Our fault."""


class Misconfigured(HouseError):
    """A setting is wrong; the message names the file, the setting and what it accepts."""

    code = "misconfigured"


class WeightsRefused(HouseError):
    """Model bytes could not be fetched, or are not the bytes that were promised."""

    code = "weights_refused"


class StoreUnavailable(HouseError):
    """The books cannot be written, so nothing may leave."""

    status = 503
    code = "store_unavailable"
    retry = Retry.LATER
    retry_after_s = 5.0
    """A database that is started again is there in less."""


class Bug(HouseError):
    """Something we did not foresee; the details are in the log, under the request's id."""

    code = "bug"
