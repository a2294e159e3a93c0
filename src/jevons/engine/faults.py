"""What the engine says when it will not: as an error object, or by raising.

Both mean the same, and which one comes depends on how far the request got.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import PromptTooLong, ProviderRejected, ProviderUnavailable

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError

__all__ = ("RAISED", "fault", "raised")

RAISED = (ValueError, RuntimeError)
"""What the library raises: a request it cannot read, a template that refuses it."""

_CLIENT_ERRORS = range(400, 500)


class _Said(msgspec.Struct):
    """An error object of the engine."""

    message: str
    code: int = 500
    type: str = ""
    n_prompt_tokens: int = 0
    n_ctx: int = 0


def fault(error: Any) -> JevonsError:
    """Read an error object."""
    try:
        said = msgspec.convert(error, _Said)
    except msgspec.ValidationError:
        said = _Said(message=str(error))
    if said.type == "exceed_context_size_error":
        return PromptTooLong(
            f"the prompt is {said.n_prompt_tokens} tokens long; the engine takes "
            f"{said.n_ctx}, answer included (engine.context_tokens)",
            param="messages",
        )
    kind = ProviderRejected if said.code in _CLIENT_ERRORS else ProviderUnavailable
    return kind(f"the engine said: {said.message}")


def raised(error: Exception) -> JevonsError:
    """Read one of `RAISED`."""
    return ProviderRejected(f"the engine refused the request: {error}")
