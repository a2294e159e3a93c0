"""The four jobs of the demo: what is asked, about which document, and what must come back.

Rule 1: the documents are invented and ship with the package; the answers do not.
Rule 2: each job is one that a model of half a billion parameters does well: copying facts into
    fields, shortening a text, writing short lines. None asks for arithmetic or for knowledge.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("JOBS", "Delivery", "Invoice", "Job", "body", "read", "schema")

Day = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Hour = Annotated[str, msgspec.Meta(pattern="^[0-9]{2}:[0-9]{2}$")]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class Invoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an invoice says."""

    supplier: str
    invoice_number: str
    date: Day
    customer: str
    net_amount: float
    vat_amount: float
    total_due: float
    currency: Literal["EUR", "GBP", "USD"]


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a message about a delivery says."""

    order_number: str
    company: str
    goods: str
    crates: int
    city: str
    weekday: Weekday
    arrives_at: Hour


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job of the demo."""

    trade: str
    title: str
    document: str
    """Name of a file beside this module."""
    system: str
    ask: str
    """Stands after the document: a small model follows what it read last."""
    fields: type[Invoice | Delivery] | None = None
    """What the answer must decode as; None is plain text."""
    max_tokens: int


JOBS = (
    Job(
        trade="finance",
        title="an invoice to checked fields",
        document="invoice.txt",
        system="You copy facts from a document into JSON. You change nothing and invent nothing.",
        ask="Copy the facts of this invoice into JSON.",
        fields=Invoice,
        max_tokens=160,
    ),
    Job(
        trade="healthcare",
        title="a clinical note, summarised",
        document="note.txt",
        system="You summarise clinical notes for a colleague. You use only what the note says.",
        ask="Write two sentences for a colleague. The first begins 'The patient has', the second begins 'The plan is to'.",
        max_tokens=120,
    ),
    Job(
        trade="logistics",
        title="a delivery message to checked fields",
        document="delivery.txt",
        system="You copy facts from a message into JSON. You change nothing and invent nothing.",
        ask="Copy the facts of this message into JSON.",
        fields=Delivery,
        max_tokens=140,
    ),
    Job(
        trade="creative",
        title="a brief to three headlines",
        document="brief.txt",
        system="You are a copywriter. You write short, concrete headlines.",
        ask="Write three different headlines for this product, one a line, at most eight words each.",
        max_tokens=70,
    ),
)


def read(job: Job, instead: Path | None = None) -> str:
    """Read a job's document.

    Args:
        job: Which job.
        instead: A file of the user's own to read in its place.
    """
    if instead is not None:
        return instead.read_text()
    return (files("jevons.cli.demo") / "documents" / job.document).read_text()


def schema(kind: type[Invoice | Delivery]) -> dict[str, Any]:
    """Write the JSON schema of an answer, without references."""
    _, components = msgspec.json.schema_components((kind,))
    return components[kind.__name__]


def body(job: Job, document: str, *, model: str) -> dict[str, Any]:
    """Write the request of a job, in OpenAI's chat dialect.

    The temperature is 0 and the seed is fixed, so that the same document gives the same answer.
    """
    asked: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": job.system},
            {"role": "user", "content": f"{document}\n\n{job.ask}"},
        ],
        "max_tokens": job.max_tokens,
        "temperature": 0,
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if job.fields is not None:
        wanted = {"name": job.fields.__name__.lower(), "schema": schema(job.fields), "strict": True}
        asked["response_format"] = {"type": "json_schema", "json_schema": wanted}
    return asked
