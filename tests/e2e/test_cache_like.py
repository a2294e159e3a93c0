"""Questions that are like one before them: asked anew until it is shown that they need not be."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.e2e.test_cache import report

from jevons.boot import open_house
from jevons.settings import AutoSettings, CacheSettings, EndpointSettings, Settings
from jevons.testing import Vendor
from jevons.testing.make import a_price
from jevons.testing.reply import usage, whole

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WAYS = (
    "what is {0} plus {1}",
    "What is {0} plus {1}?",
    "what is {0} plus {1} ?",
    "what is {0} plus {1}!",
)


def sums(heard: Heard) -> Reply:
    """Add the numbers up, whatever the words."""
    text: str = json.loads(heard.body)["messages"][-1]["content"]
    words = text.strip("?! ").split()
    return whole(str(int(words[2]) + int(words[4])), counted=usage(20, 5))


async def test_it_is_given_under_a_certificate_of_its_own(tmp_path: Path) -> None:
    async with Vendor(sums) as vendor:
        settings = Settings(
            data_dir=tmp_path,
            cache=CacheSettings(mode="semantic", holdout=0.3),
            auto=AutoSettings(loss=0.1, confidence=0.9),
            endpoint=(
                EndpointSettings(
                    name="dear",
                    model="a/dear",
                    price=a_price("10", "20"),
                    url=vendor.url,
                    dialect="openai-chat",
                    place="on-prem",
                ),
            ),
        )
        async with open_house(settings) as house:
            key = (tmp_path / "key").read_text().strip()
            transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
            async with httpx2.AsyncClient(
                transport=transport,
                base_url="http://house",
                headers={"authorization": f"Bearer {key}"},
            ) as client:

                async def ask(text: str) -> httpx2.Response:
                    body = {"model": "dear", "messages": [{"role": "user", "content": text}]}
                    answer = await client.post("/v1/chat/completions", json=body)
                    assert answer.status_code == 200, answer.text
                    return answer

                first = await until_given(ask)
                assert first.headers["x-jevons-cache"] == "hit"
                certificate = first.headers["x-jevons-certificate"]
                assert certificate.startswith("cert_")
                name = first.headers["x-request-id"]
                receipt = (await client.get(f"/v1/receipts/{name}")).json()["receipt"]
                assert receipt["certificate"] == certificate
                assert 0.5 < receipt["likeness"] <= 1.0
                assert receipt["why"].startswith("something like it (")
                other = await ask("what is 98765 plus 1?")
                assert "x-jevons-cache" not in other.headers, "another number is another question"

    told = report(tmp_path, "report", "auto")
    (began,) = told["turns"]
    assert (began["id"], began["of"], began["ended"]) == (certificate, "cache", "")
    assert began["loss"] == pytest.approx(0.1)
    assert told["repeated"] >= 1


async def until_given(ask: Any) -> httpx2.Response:
    """Ask sums in several ways each until one that is like another is answered from memory."""
    for number in range(400):
        for way in WAYS:
            answer = await ask(way.format(number, number + 1))
            text = answer.json()["choices"][0]["message"]["content"]
            assert text == str(2 * number + 1)
            if "x-jevons-cache" in answer.headers:
                return answer
        await asyncio.sleep(0.005)
    raise AssertionError
