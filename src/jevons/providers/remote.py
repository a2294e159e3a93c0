"""Any server that speaks a dialect of ours: vLLM, SGLang, llama.cpp, Ollama, a vendor.

Rule 1: no redirect is followed, nothing is decompressed, no proxy is asked.
Rule 2: an answer is a success only if the dialect says that it is whole: each choice with a
    finish reason, and its body ended as it should, or `[DONE]` came.
Rule 3: policy is asked once more before anything goes out, about this endpoint and nothing else.
Rule 4: our key there is in the head of a request and nowhere else, whatever upstream says.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec

from jevons.providers.faults import fault_of
from jevons.providers.knob import spoken, words_of
from jevons.providers.pool import Address, Pool
from jevons.providers.quirks import fit, thinks
from jevons.providers.serving import Limits, Serving, listening
from jevons.providers.speech import COUNTERS, EMBEDDERS, SPEECHES
from jevons.types.account import Usage
from jevons.types.decision import Outcome
from jevons.types.errors import (
    CallerError,
    CallerLeft,
    JevonsError,
    Misconfigured,
    PolicyError,
    ProviderGarbled,
    ProviderTruncated,
    ProviderUnavailable,
    Unsupported,
)
from jevons.types.event import Frame
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from jevons.catalog.vendor import Product, Rule
    from jevons.ports import Caller, Clock, Provider
    from jevons.providers.speech import Hearing, Speech
    from jevons.types.decision import Attempt
    from jevons.types.event import Event
    from jevons.types.model import Endpoint
    from jevons.types.request import Dialect, Generate, Need

__all__ = ("Remote",)

_OK = 200
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode

_LONG_BYTES = 256 * 1024
"""Of an answer that is read beside the loop: two thousand vectors take it half a second."""
_LONGEST_CHARS = 2000  # of what upstream says about a failure

_APART: frozenset[Need] = frozenset({"image", "audio", "file", "embedding"})
"""What makes the size of a request say nothing of the length of its prompt."""
_BYTES_PER_TOKEN = 4
"""Of a prompt whose tokens nobody counted: English text is about four characters a token."""


class Remote:
    """One remote server.

    Args:
        url: Base URL, `/v1` included where the server has one.
        admit: Raises what refuses, if a request may not leave for here.
        api_key: Sent as the dialect sends keys; empty sends none.
        dialect: What the server speaks.
        owner: Vendor whose reasoning is handed back to it; empty has none handed back.
        key_header: What goes before the key in its header line; None is as the dialect has it.
        rules: What the vendor wants otherwise of a request.
        product: What is known of the model; None takes it to think only if a request says so.
        clock: Tells when an answer began.
        connect_timeout_s: Longest wait for a connection.
        first_byte_timeout_s: Longest silence before an answer begins, and longest wait in line.
        idle_timeout_s: Longest silence in the middle of it.
        max_connections: Most at once; further requests wait in line.
        max_answer_bytes: Longest answer that is not streamed.
        context: How to check the server's certificate; None uses the machine's roots.

    Raises:
        Misconfigured: The URL is not one, or the key holds what no header may.
    """

    def __init__(
        self,
        *,
        url: str,
        admit: Callable[[Generate], None],
        api_key: str = "",
        dialect: Dialect = "openai-chat",
        owner: str = "",
        key_header: str | None = None,
        rules: tuple[Rule, ...] = (),
        product: Product | None = None,
        clock: Clock,
        connect_timeout_s: float = 5.0,
        first_byte_timeout_s: float = 60.0,
        idle_timeout_s: float = 60.0,
        max_connections: int = 256,
        max_answer_bytes: int = 64 * 1024 * 1024,
        context: ssl.SSLContext | None = None,
    ) -> None:
        address, path = _address(url)
        self._pool = Pool(
            address,
            limit=max_connections,
            connect_timeout_s=connect_timeout_s,
            line_timeout_s=first_byte_timeout_s,
            context=context,
        )
        self._speech = SPEECHES[dialect]
        self._admit = admit
        self._owner = owner
        self._rules = tuple([rule for rule in rules if rule.asks == "answer"])
        self._embed_rules = tuple([rule for rule in rules if rule.asks == "embedding"])
        self._product = product
        self._words = words_of(owner, product) if dialect == "openai-chat" else None
        lines = self._speech.head(api_key)
        if key_header is not None and api_key:
            lines = (*self._speech.head(""), f"{key_header}{api_key}")
        self._heads = _Heads(address, path, lines)
        self._api_key = api_key
        self._clock = clock
        self._limits = Limits(first_byte_timeout_s, idle_timeout_s, max_answer_bytes)
        self._patience = listening(self._limits)

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Serve one attempt."""
        model = attempt.candidate.endpoint.upstream_model
        try:
            self._admit(request)
            speech = self._speech_for(request)
            render = partial(speech.render, model=model, owner=self._owner)
            rendered = self._fitted(request, spoken(request, self._words, render))
        except (PolicyError, CallerError) as error:  # another endpoint may be able to
            return Outcome(attempt=attempt, error=error)
        lines = speech.lines(request)
        if attempt.traceparent:
            lines = (*lines, f"traceparent: {attempt.traceparent}")
        head = self._heads.of(speech.target(request, model), lines)
        serving = Serving(
            caller=caller,
            clock=self._clock,
            hearing=speech.hear(request, self._owner) if request.stream else None,
            streams_as=speech.streams_as,
            limits=self._limits,
            patience=self._patience,
        )
        await serving.run(self._pool, b"%b%d\r\n\r\n%b" % (head, len(rendered.body), rendered.body))
        judge = partial(self._judge, request, serving, attempt.candidate.endpoint, speech)
        is_long = len(serving.body) > _LONG_BYTES
        told = await asyncio.to_thread(judge) if is_long else judge()
        return Outcome(
            attempt=attempt,
            error=self._fit_to_show(told.error) if told.error else None,
            committed=serving.committed,
            first_byte_s=serving.first_byte_s,
            usage=told.usage,
            finish=told.finish,
            closing=told.closing,
            changed=rendered.changed,
        )

    def _fitted(self, request: Generate, rendered: Rendered) -> Rendered:
        """Make a body fit for the vendor, by its own rules and the model's for its thinking.

        Raises:
            Unsupported: A rule refuses what was asked.
        """
        rules = self._rules if request.embed is None else self._embed_rules
        replay = self._speech.replay if self._product is not None else None
        if not rules and replay is None:
            return rendered
        fields: Mapping[str, msgspec.Raw] = _FIELDS.decode(rendered.body)
        handed_back: tuple[str, ...] = ()
        if replay is not None and self._product is not None:
            fields, handed_back = replay(fields, self._product.replay)
        thinking = thinks(fields, self._product)
        fitted = fit(fields, rules, model=request.model, thinking=thinking)
        if not fitted.changed and not handed_back:
            return rendered
        return Rendered(_encode(fitted.fields), (*rendered.changed, *handed_back, *fitted.changed))

    def _speech_for(self, request: Generate) -> Speech:
        """Find how what is asked is asked there.

        Raises:
            Unsupported: It is not.
        """
        if request.embed is None and not request.counts:
            return self._speech
        speeches = COUNTERS if request.embed is None else EMBEDDERS
        speech = speeches.get(self._speech.dialect)
        if speech is None:
            what = "count tokens" if request.embed is None else "make embeddings"
            message = f"an endpoint that speaks {self._speech.dialect} cannot be asked to {what}"
            raise Unsupported(message)
        return speech

    def close(self) -> None:
        """Drop every connection."""
        self._pool.close()

    def _judge(
        self, request: Generate, serving: Serving, endpoint: Endpoint, speech: Speech
    ) -> _Told:
        """Say what became of it."""
        status = serving.status
        if status not in {0, _OK} and not isinstance(serving.error, CallerLeft):
            fault = fault_of(
                status,
                serving.headers,
                serving.body,
                now_ms=self._clock.now_ms(),
                is_overlong=_is_overlong(request, endpoint),
            )
            return _Told(fault)
        if serving.hearing is not None:
            return _streamed(request, serving, serving.hearing)
        return self._whole(request, serving, speech)

    def _whole(self, request: Generate, serving: Serving, speech: Speech) -> _Told:
        error = _broken_off(serving)
        if error is not None:
            return _Told(error)
        try:
            whole = speech.read(request, serving.body, self._owner)
        except ProviderGarbled as garbled:
            return _Told(garbled)
        if whole.error is not None:
            return _Told(whole.error)
        if request.stream:
            return _Told(ProviderGarbled("upstream sent JSON where a stream was asked for"))
        return _Told(None, whole.usage or Usage(), whole.finish or "error", whole.events)

    def _fit_to_show(self, error: JevonsError) -> JevonsError:
        """Cut our key out of what upstream said, and then its length."""
        said = str(error)
        if self._api_key:
            said = said.replace(self._api_key, "***")
        error.args = (said[:_LONGEST_CHARS],)
        return error


class _Told(NamedTuple):
    """What an exchange comes to."""

    error: JevonsError | None = None
    usage: Usage = Usage()
    finish: str = "error"
    closing: tuple[Event, ...] = ()


def _is_overlong(request: Generate, endpoint: Endpoint) -> bool:
    """Whether a prompt seems longer than a window; the size of many says nothing of that."""
    window = endpoint.context_tokens
    if window is None or request.needs & _APART:
        return False
    return request.source.size_bytes // _BYTES_PER_TOKEN > window


def _streamed(request: Generate, serving: Serving, hearing: Hearing) -> _Told:
    error = _broken_off(serving) or hearing.end()
    if error is not None:
        return _Told(error, _counted(request, hearing) if serving.committed else Usage())
    closing = hearing.closing
    ended = (Frame(closing),) if isinstance(closing, bytes) else closing
    return _Told(None, _counted(request, hearing), hearing.finish, ended)


def _broken_off(serving: Serving) -> JevonsError | None:
    """Tell an answer that broke off from a server that could not be reached."""
    error = serving.error
    if serving.status and type(error) is ProviderUnavailable and not _is_said(serving):
        return ProviderTruncated(f"the answer broke off: {error}")
    return error


def _is_said(serving: Serving) -> bool:
    """Whether the failure is what upstream itself said in the middle of a stream."""
    return serving.hearing is not None and serving.hearing.error is not None


def _counted(request: Generate, hearing: Hearing) -> Usage:
    """Usage as the endpoint reported it, or our own guess."""
    return hearing.usage or Usage(
        input=request.source.size_bytes // _BYTES_PER_TOKEN,
        output=hearing.pieces,
        counted_by="guess",
    )


def _address(url: str) -> tuple[Address, str]:
    message = f"url is {url!r}; it must look like https://host/v1, without a key or a query"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Misconfigured(message) from None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if (
        not is_plain
        or parts.scheme not in {"http", "https"}
        or not host
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        raise Misconfigured(message)
    tls = parts.scheme == "https"
    return Address(host, port or (443 if tls else 80), tls), parts.path.rstrip("/")


class _Heads:
    """Everything of a request that is the same each time, up to the length of its body."""

    def __init__(self, address: Address, path: str, lines: tuple[str, ...]) -> None:
        for line in lines:
            if any(ord(character) < 32 or ord(character) > 126 for character in line):  # noqa: PLR2004 visible ASCII
                message = "an endpoint's api_key holds characters that no header may"
                raise Misconfigured(message)
        usual = 443 if address.tls else 80
        host = f"[{address.host}]" if ":" in address.host else address.host
        self._path = path
        self._lines = (
            f"host: {host}" if address.port == usual else f"host: {host}:{address.port}",
            "user-agent: jevons",
            "accept: application/json, text/event-stream",
            "accept-encoding: identity",
            "content-type: application/json",
            *lines,
        )
        self._heads: dict[str, bytes] = {}

    def of(self, target: str, said: tuple[str, ...]) -> bytes:
        """Write the head of a request for a path below the base URL, with a caller's own lines."""
        if said:  # as many as callers please: none is remembered
            return self._write(target, said)
        head = self._heads.get(target)
        if head is None:
            head = self._heads[target] = self._write(target, ())
        return head

    def _write(self, target: str, said: tuple[str, ...]) -> bytes:
        first = f"POST {self._path}{target} HTTP/1.1"
        return "\r\n".join([first, *self._lines, *said, "content-length: "]).encode()


if TYPE_CHECKING:
    _provider: type[Provider] = Remote
