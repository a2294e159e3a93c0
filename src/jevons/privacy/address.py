"""Addresses on the network: of mail, of pages, of machines.

Rule 1: what marks an address is looked for first (`@`, `://`), and only then around it, no
    further than its standard lets it be long. So the work grows with the text and no faster.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.privacy.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("ips", "mails", "pages")

# Source: RFC 5321, section 4.5.3.1: 64 octets before the `@`, 255 after it.
_LOCAL_MOST = 64
_DOMAIN_MOST = 255
_LOCAL_BACKWARDS = re.compile(r"[\w.%+'-]+")
_DOMAIN = re.compile(r"[^\W_][\w-]*+(?:\.[^\W_][\w-]*+)++")
_TOP = re.compile(r"[^\W\d_]{2,}|xn--[\w-]+")

_SCHEME_MOST = 16
_SCHEME_BACKWARDS = re.compile(r"[A-Za-z0-9+.-]*[A-Za-z](?![A-Za-z0-9])")
_PAGE = re.compile(r"""[^\s<>"'`{}|\\^\u3001\u3002\uff0c\uff1b\u300d\u3011]++""")
_BARE = re.compile(r"""(?<![\w.@/-])[wW]{3}\.[\w-]++(?:\.[\w-]++)+[^\s<>"'`{}|\\^]*+""")
_USER = re.compile(r"[^/?#@:]*:[^/?#@]+@")
_TRAILING = ".,;:!?*_~'"
_PAIRS = MappingProxyType({")": "(", "]": "["})

_FOUR = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
# Begins with a plain character, to which `re` skips quickly: most texts have no such row.
_FOUR_SIGN = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_SIX_SIGN = re.compile(r":(?:[0-9A-Fa-f]{1,4})?:")
_SIX = re.compile(r"[0-9A-Fa-f:]++(?:\.[0-9]{1,3}){0,3}")
_SIX_LONGEST = 45
"""Characters: eight groups, the last two of them written as an address of version 4."""
_GROUP_MOST = 4
_TELLING = 3
"""Least number of groups, and least length of one of them, of an address worth the name."""


def mails(text: str) -> Iterator[Finding]:
    """Find addresses of mail."""
    done = 0
    at = text.find("@")
    while at >= 0:
        start = _local_start(text, max(done, at - _LOCAL_MOST), at)
        end = _domain_end(text, at + 1) if start < at else at
        if end > at and not _is_of_a_machine(text, start, end):
            yield Finding(start, end, "email")
            done = end
        at = text.find("@", max(done, at + 1))


def _local_start(text: str, least: int, at: int) -> int:
    before = _LOCAL_BACKWARDS.match(text[least:at][::-1])
    start = at - before.end() if before else at
    while start < at and text[start] in ".'%-":
        start += 1
    return start


def _domain_end(text: str, start: int) -> int:
    """Say where a domain ends, `start` - 1 if there is none."""
    found = _DOMAIN.match(text, start, start + _DOMAIN_MOST)
    if found is None:
        return start - 1
    domain = found.group().rstrip("-_")
    while domain and not _TOP.fullmatch(domain, domain.rfind(".") + 1):
        domain = domain.rpartition(".")[0].rstrip("-_")
    return start + len(domain) if "." in domain else start - 1


def _is_of_a_machine(text: str, start: int, end: int) -> bool:
    """Know `git@host:path`, which names a repository and nobody."""
    return text.startswith("git@", start) and text.startswith((":", "/"), end)


def pages(text: str) -> Iterator[Finding]:
    """Find addresses of pages: all with a scheme and a host, and those that begin with `www`.

    One that holds a user's password is a `password`.
    """
    done = 0
    sign = text.find("://")
    while sign >= 0:
        least = max(done, sign - _SCHEME_MOST)
        scheme = _SCHEME_BACKWARDS.match(text[least:sign][::-1])
        rest = _PAGE.match(text, sign + 3) if scheme else None
        done = rest.end() if rest else sign + 3
        if scheme and rest:
            end = _page_end(text, sign + 3, rest.end())
            kind = "password" if _USER.match(text, sign + 3, end) else "url"
            yield Finding(sign - scheme.end(), end, kind)
        sign = text.find("://", done)
    yield from _bare_pages(text)


def _bare_pages(text: str) -> Iterator[Finding]:
    for sign in ("www.", "WWW.", "Www."):
        at = text.find(sign)
        while at >= 0:
            bare = _BARE.match(text, at)
            if bare:
                yield Finding(at, _page_end(text, at, bare.end()), "url")
            at = text.find(sign, bare.end() if bare else at + len(sign))


def _page_end(text: str, start: int, end: int) -> int:
    """Leave a sentence its full stop, and a bracket what it opened."""
    spare = {
        last: text.count(last, start, end) - text.count(first, start, end)
        for last, first in _PAIRS.items()
    }
    while end > start:
        last = text[end - 1]
        if last in _PAIRS and spare[last] > 0:
            spare[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end


def ips(text: str) -> Iterator[Finding]:
    """Find addresses of machines, versions 4 and 6; not those of every machine itself."""
    for found in _FOUR.finditer(text) if _FOUR_SIGN.search(text) else ():
        if _stands_alone(text, found.start(), found.end()) and _is_address(found.group()):
            yield Finding(found.start(), found.end(), "ip")
    sign = _SIX_SIGN.search(text)
    while sign:
        start = sign.start()
        least = max(0, start - _GROUP_MOST)
        while start > least and text[start - 1] in "0123456789abcdefABCDEF":
            start -= 1
        found = _SIX.match(text, start)
        end = found.end() if found else sign.end()
        if end - start <= _SIX_LONGEST and _stands_alone(text, start, end):
            address = (
                text[start:end].rstrip(":") if text[end - 2 : end] != "::" else text[start:end]
            )
            if _is_telling(address) and _is_address(address):
                yield Finding(start, start + len(address), "ip")
        sign = _SIX_SIGN.search(text, end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    is_inside = before.isalnum() or before in {".", ":", "_"} if before else False
    return (
        not is_inside and not after[:1].isalnum() and not (after[:1] == "." and after[1:].isdigit())
    )


def _is_telling(address: str) -> bool:
    """Tell an address from a slice (`[1::2]`), a time of day and a name (`abc::def`)."""
    groups = address.split(":")
    is_long = any(len(group) >= _TELLING and not group.isalpha() for group in groups)
    return is_long and len(groups) >= _TELLING


def _is_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or text.startswith(("0.", "255.")))
