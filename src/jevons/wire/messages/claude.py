"""What Claude models take and what they refuse, by the version in their name.

Sources, read 2026-11: Anthropic docs, "Adaptive thinking" (from 4.6), "Migrating to Claude
Opus 4.7" (no more budgets of thinking, no more sampling parameters) and "Extended thinking";
Anthropic API reference, "Create a Message".
"""

from __future__ import annotations

import re

__all__ = ("is_claude", "takes_effort", "takes_sampling")

_NAME = re.compile(r"claude-(?:[a-z]+-)?(?P<major>\d+)(?:[-.](?P<minor>\d{1,2})(?!\d))?")
_ADAPTIVE = (4, 6)
_NOT_SAMPLED = (4, 7)


def is_claude(model: str) -> bool:
    """Whether a model is one of Anthropic's, whoever serves it."""
    return "claude" in model.lower()


def takes_effort(model: str) -> bool:
    """Whether a model is told how hard to think; others are told how many tokens to."""
    return is_claude(model) and _version(model) >= _ADAPTIVE


def takes_sampling(model: str) -> bool:
    """Whether a model lets itself be told how to draw its answer."""
    return not is_claude(model) or _version(model) < _NOT_SAMPLED


def _version(model: str) -> tuple[float, int]:
    """Read a Claude's version; one without a number is newer than all."""
    found = _NAME.search(model.lower())
    if found is None:
        return (float("inf"), 0)
    return (int(found["major"]), int(found["minor"] or 0))
