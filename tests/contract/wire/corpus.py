"""Recorded exchanges with real endpoints, found in a folder that is not part of the project.

`JEVONS_WIRE_CORPUS` names the folder. What is in it is known by its shape, never by its
name: cassettes of VCR and its kin (YAML), recordings of an exchange or of one body (JSON),
chunks of a stream (a JSON value a line) and server-sent events as they were.

Recorders write bodies down in their own ways. One that was kept as an object comes out as
compact JSON, and one that was kept as a list of chunks as the stream that it was.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Exchange", "exchanges", "folder")

VARIABLE = "JEVONS_WIRE_CORPUS"
OK = 200


class Exchange(NamedTuple):
    """What was sent, if that was recorded, and what came back."""

    path: Path
    url: str
    """Empty if only a body was recorded."""
    request: bytes | None
    status: int
    headers: dict[str, str]
    """Of the response, names in lower case."""
    response: bytes

    @property
    def is_stream(self) -> bool:
        """Whether what came back is a row of server-sent events."""
        return self.response.lstrip(b"\xef\xbb\xbf\r\n ").startswith(
            (b"data:", b"event:", b"id:", b":")
        )


def folder() -> Path:
    """Find the corpus, or skip the test that wants it."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        pytest.skip(f"{VARIABLE} is not set: no folder of recordings to check against")
    found = Path(named)
    if not found.is_dir():
        pytest.skip(f"{VARIABLE} names {named!r}, which is not a folder")
    return found


def exchanges(root: Path) -> Iterator[Exchange]:
    """Yield every exchange of the corpus, in the order of paths; name what is no recording."""
    for path in sorted(root.rglob("*")):
        read = READERS.get(path.suffix)
        if read is None or not path.is_file():
            continue
        try:
            found = list(read(path))
        except (yaml.YAMLError, ValueError) as error:
            print(f"{path} is neither YAML nor JSON: {error}")  # noqa: T201 part of the report
            continue
        yield from found


class Loader(yaml.CSafeLoader):
    """YAML as cassettes are written: Ruby's marks its binary strings with a tag of its own."""


def load_binary(loader: Loader, node: yaml.ScalarNode) -> bytes:
    """Read Ruby's `!binary`."""
    return b64decode(str(loader.construct_scalar(node)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] untyped


Loader.add_constructor("!binary", load_binary)


def read_cassette(path: Path) -> Iterator[Exchange]:
    """Read a cassette: vcrpy's, VCR's, go-vcr's, or pydantic-ai's, which keeps bodies parsed."""
    cassette = yaml.load(path.read_bytes(), Loader)  # noqa: S506 derived from the safe loader
    if isinstance(cassette, dict):
        yield from interactions(path, cast("dict[str, Any]", cassette))


def interactions(path: Path, cassette: dict[str, Any]) -> Iterator[Exchange]:
    """Take the exchanges of a cassette."""
    for each in cassette.get("interactions") or cassette.get("http_interactions") or ():
        if "request" not in each or "response" not in each:
            continue  # not HTTP: gRPC is recorded as samples of its messages
        asked, said = each["request"], each["response"]
        headers = flat(said.get("headers") or {})
        yield Exchange(
            path,
            str(asked.get("uri") or asked.get("url") or ""),
            body_of(asked) or None,
            status_of(said),
            headers,
            unpacked(body_of(said)),
        )


def read_json(path: Path) -> Iterator[Exchange]:
    """Read a recording of an exchange, or one body."""
    kept = json.loads(path.read_bytes())
    if not isinstance(kept, dict):
        return
    kept = cast("dict[str, Any]", kept)
    if "interactions" in kept or "http_interactions" in kept:
        yield from interactions(path, kept)
        return
    asked, said = kept.get("request"), kept.get("response")
    if isinstance(asked, dict) and isinstance(said, dict) and "body" in said:
        yield recorded(path, cast("dict[str, Any]", asked), cast("dict[str, Any]", said))
    else:
        yield Exchange(path, "", None, OK, {}, compact(kept))


def recorded(path: Path, asked: dict[str, Any], said: dict[str, Any]) -> Exchange:
    """Take a recording that wraps each object in its type's name."""
    body = bare(said["body"])
    response = stream_of(cast("list[Any]", body)) if isinstance(body, list) else compact(body)
    request = compact(asked["body"]) if asked.get("body") else None
    url = str(asked.get("url", ""))
    return Exchange(path, url, request, status_of(said), {}, response)


def read_lines(path: Path) -> Iterator[Exchange]:
    """Read a stream's chunks, a JSON value a line. A request alone has no answer to check."""
    kept = path.read_bytes()
    if kept.startswith((b"data:", b"event:", b":")):
        yield Exchange(path, "", request_beside(path), OK, {}, kept)
        return
    chunks = list[Any]()
    for line in kept.splitlines():
        if line.strip():
            try:
                chunks.append(json.loads(line))
            except ValueError:
                return
    if chunks and all(isinstance(chunk, dict) for chunk in chunks):
        yield Exchange(path, "", request_beside(path), OK, {}, stream_of(chunks))


def request_beside(path: Path) -> bytes | None:
    """Find the request that some recorders keep in a file of its own."""
    beside = path.with_name(path.name.replace("response", "request"))
    if beside == path or not beside.is_file():
        return None
    kept = json.loads(beside.read_bytes())
    return compact(kept.get("request", kept))


def read_stream(path: Path) -> Iterator[Exchange]:
    """Read server-sent events as they were."""
    yield Exchange(path, "", None, OK, {}, path.read_bytes())


READERS = {
    ".yaml": read_cassette,
    ".yml": read_cassette,
    ".json": read_json,
    ".jsonl": read_lines,
    ".ndjson": read_lines,
    ".txt": read_lines,
    ".sse": read_stream,
}


def body_of(side: dict[str, Any]) -> bytes:
    """Find the body of a request or a response under any of its names."""
    if side.get("parsed_body") is not None:
        return compact(side["parsed_body"])
    body = side.get("body")
    if isinstance(body, dict):
        body = cast("dict[str, Any]", body)
        named = body.get("string", body.get("base64_string"))
        body = body if named is None else named
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else compact(body)


def status_of(said: dict[str, Any]) -> int:
    """Find the status: a number, or an object with a code."""
    status = said.get("status")
    if isinstance(status, dict):
        return int(cast("dict[str, Any]", status)["code"])
    return int(said.get("code") or status or OK)


def flat(headers: dict[str, Any]) -> dict[str, str]:
    """Take the last of each header's values."""
    return {
        name.lower(): str(cast("list[Any]", values)[-1] if isinstance(values, list) else values)
        for name, values in headers.items()
    }


def unpacked(body: bytes) -> bytes:
    """Undo a compression that the recorder left in place, whatever the headers say."""
    if body.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error):
            return gzip.decompress(body)
    return body


def bare(value: Any) -> Any:
    """Take an object out of the wrapping that names its type."""
    if isinstance(value, list):
        return [bare(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict) and "__data__" in value:
        return cast("dict[str, Any]", value)["__data__"]
    return cast("Any", value)


def stream_of(chunks: list[Any]) -> bytes:
    """Write chunks as the stream that their dialect sends; some are its lines already."""
    if all(isinstance(chunk, str) for chunk in chunks):
        return "\n".join([*chunks, ""]).encode()
    body = b"".join([event_of(chunk) for chunk in chunks])
    return body + b"data: [DONE]\n\n" if any("choices" in chunk for chunk in chunks) else body


def event_of(chunk: dict[str, Any]) -> bytes:
    """Write one chunk: a line where it is Ollama's, an event elsewhere, named if it has a type."""
    if "done" in chunk and ("message" in chunk or "response" in chunk):
        return compact(chunk) + b"\n"
    kind = chunk.get("type")
    name = f"event: {kind}\n".encode() if isinstance(kind, str) else b""
    return name + b"data: " + compact(chunk) + b"\n\n"


def compact(value: Any) -> bytes:
    """Write JSON as SDKs do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()
