"""What opens doors: keys of vendors, private keys, tokens, passwords in addresses.

Rule 1: a secret is known by what its vendor lets it begin with; words such as `password` beside
    something prove nothing, and are not looked for.
Rule 2: a pattern eats its own letters to their end and gives none back (`++`), and begins where
    no such letter stands before. So no letter is eaten twice for one pattern.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jevons.privacy.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.privacy.finding import Kind

__all__ = ("secrets",)


class _Sign(NamedTuple):
    """How a secret begins, and what follows."""

    prefix: str
    pattern: re.Pattern[str]
    kind: Kind = "api_key"


def _key(prefix: str, rest: str) -> _Sign:
    """A key begins at the edge of a word and ends where its letters do."""
    return _Sign(prefix, re.compile(rf"(?<![A-Za-z0-9]){re.escape(prefix)}{rest}(?![A-Za-z0-9])"))


def _first_of(signs: str, prefix: str) -> str:
    return next((sign for sign in signs if sign in prefix), "")


# Source: each vendor's own documentation of its keys, and the formats that GitHub scans for,
# docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns,
# read 2026-11-24. Lengths are the least that is in use.
_SIGNS = (
    _key("sk-", r"[A-Za-z0-9_-]{20,}+"),  # OpenAI, Anthropic, DeepSeek, Moonshot, OpenRouter
    _key("AKIA", r"[A-Z0-9]{16}"),  # AWS
    _key("ASIA", r"[A-Z0-9]{16}"),
    _key("AIza", r"[A-Za-z0-9_-]{35}"),  # Google
    _key("ya29.", r"[A-Za-z0-9_-]{20,}+"),
    _key("GOCSPX-", r"[A-Za-z0-9_-]{28}"),
    _key("ghp_", r"[A-Za-z0-9]{36}"),  # GitHub
    _key("gho_", r"[A-Za-z0-9]{36}"),
    _key("ghu_", r"[A-Za-z0-9]{36}"),
    _key("ghs_", r"[A-Za-z0-9]{36}"),
    _key("ghr_", r"[A-Za-z0-9]{36,}+"),
    _key("github_pat_", r"[A-Za-z0-9_]{50,}+"),
    _key("glpat-", r"[A-Za-z0-9_.-]{20,}+"),  # GitLab
    _key("xox", r"[abeoprs]-[A-Za-z0-9-]{10,}+"),  # Slack
    _key("xapp-", r"[A-Za-z0-9-]{20,}+"),
    _key("hooks.slack.com/services/", r"[A-Za-z0-9/]{30,}+"),
    _key("sk_live_", r"[A-Za-z0-9]{16,}+"),  # Stripe
    _key("sk_test_", r"[A-Za-z0-9]{16,}+"),
    _key("rk_live_", r"[A-Za-z0-9]{16,}+"),
    _key("whsec_", r"[A-Za-z0-9+/=]{24,}+"),
    _key("hf_", r"[A-Za-z0-9]{30,}+"),  # Hugging Face
    _key("gsk_", r"[A-Za-z0-9]{40,}+"),  # Groq
    _key("xai-", r"[A-Za-z0-9]{40,}+"),
    _key("pplx-", r"[A-Za-z0-9]{40,}+"),  # Perplexity
    _key("r8_", r"[A-Za-z0-9]{30,}+"),  # Replicate
    _key("nvapi-", r"[A-Za-z0-9_-]{40,}+"),
    _key("npm_", r"[A-Za-z0-9]{36}"),
    _key("pypi-", r"[A-Za-z0-9_-]{50,}+"),
    _key("dop_v1_", r"[a-f0-9]{64}"),  # DigitalOcean
    _key("dapi", r"[a-f0-9]{32}"),  # Databricks
    _key("SG.", r"[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+"),  # SendGrid
    _key("shpat_", r"[a-fA-F0-9]{32}"),  # Shopify
    _key("AGE-SECRET-KEY-1", r"[A-Z0-9]{50,}+"),
    _key("hvs.", r"[A-Za-z0-9_-]{24,}+"),  # HashiCorp Vault
    _key("jv_", r"[A-Za-z0-9_-]{43}"),  # our own
    _Sign(
        "eyJ",  # a JWT: `{"` in base64url, RFC 7519, section 3
        re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.eyJ[\w-]{4,}+\.[\w-]*+", re.ASCII),
        "token",
    ),
    _Sign(
        "-----BEGIN ",  # RFC 7468
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----[\sA-Za-z0-9+/=:,.()-]{64,}+"
        ),
        "private_key",
    ),
    _Sign(
        "earer ",  # RFC 6750, section 2.1
        re.compile(r"(?<=\b[Bb])earer [A-Za-z0-9._~+/-]{20,}+=*+"),
        "token",
    ),
    _Sign(
        "asic ",  # RFC 7617
        re.compile(r"(?<=uthorization: [Bb])asic [A-Za-z0-9+/]{8,}+=*+"),
        "password",
    ),
)


# All but these hold a row of 14 such characters or more, and most texts are of shorter ones.
_SHORT = frozenset({"-----BEGIN ", "asic ", "whsec_"})
_ROW = r"[A-Za-z0-9_.~+/-]{0,13}+"
_SHORT_ROWS = re.compile(rf"{_ROW}(?:[^A-Za-z0-9_.~+/-]++{_ROW})*+")
_SHORT_SIGNS = tuple(one for one in _SIGNS if one.prefix in _SHORT)

# In most texts a look for one character spares a dozen for prefixes that hold it.
_BY_SIGN = tuple(
    (sign, tuple(one for one in _SIGNS if _first_of("_-", one.prefix) == sign))
    for sign in ("_", "-", "")
)


def secrets(text: str) -> Iterator[Finding]:
    """Find what opens doors."""
    by_sign = (("", _SHORT_SIGNS),) if _SHORT_ROWS.fullmatch(text) else _BY_SIGN
    for sign, signs in by_sign:
        for prefix, pattern, kind in signs if sign in text else ():
            at = text.find(prefix)
            while at >= 0:
                found = pattern.match(text, at)
                if found:
                    yield Finding(at, found.end(), kind)
                at = text.find(prefix, found.end() if found else at + len(prefix))
