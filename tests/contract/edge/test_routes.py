"""Every path says whether it needs a key, and every answer has OpenAI's shape and an id."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from jevons.edge.routes import ROUTES, Route
from jevons.ledger.commitment import commit, salt
from jevons.testing.make import an_actor

if TYPE_CHECKING:
    from conftest import House

pytestmark = pytest.mark.anyio


def path_of(route: Route) -> str:
    return route.path + "x" if route.path.endswith("/") else route.path


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
async def test_a_route_that_needs_a_key_refuses_whoever_has_none(
    house: House, route: Route
) -> None:
    for key in (None, "jv_wrong", "jv_revoked"):
        if key == "jv_revoked" and route.methods == ("POST",):
            continue  # judged with its body, below
        reply = await house.ask(route.methods[0], path_of(route), key=key)
        if route.needs_key:
            assert (reply.status, reply.error["code"]) == (401, "unauthenticated")
            assert reply.headers["www-authenticate"] == "Bearer"
        else:
            assert reply.status == 200
        assert reply.headers["x-request-id"].startswith("req_")
    assert house.book.records == []


async def test_only_these_paths_are_open() -> None:
    assert {route.path for route in ROUTES if not route.needs_key} == {
        "/healthz", "/readyz", "/metrics",
    }  # fmt: skip


async def test_a_revoked_key_is_refused(house: House) -> None:
    reply = await house.chat(key="jv_revoked")
    assert (reply.status, reply.error["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/models/", "/v1/receipts/", "/v1/embeddings/", "//"]
)
async def test_what_is_not_there_is_404(house: House, path: str) -> None:
    reply = await house.ask("GET", path, key=house.key)
    assert (reply.status, reply.error["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("route", "method"),
    [
        pytest.param(route, method, id=f"{method}-{route.path}")
        for route in ROUTES
        for method in ("DELETE", "OPTIONS", "PUT")
        if method not in route.methods
    ],
)
async def test_a_method_that_is_not_there_is_405_and_says_which_are(
    house: House, route: Route, method: str
) -> None:
    reply = await house.ask(method, path_of(route), key=house.key)
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == ", ".join(route.methods)
    assert not [name for name in reply.headers if name.startswith("access-control")]


async def test_compaction_is_not_found_rather_than_no_method_of_an_answer(house: House) -> None:
    reply = await house.ask("POST", "/v1/responses/compact", b"{}", key=house.key)
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert "compacted" in reply.error["message"]


async def test_head_has_the_head_of_get_and_no_body(house: House) -> None:
    got = await house.ask("GET", "/v1/models", key=house.key)
    headed = await house.ask("HEAD", "/v1/models", key=house.key)
    assert headed.body == b""
    assert headed.headers["content-length"] == got.headers["content-length"] != "0"


async def test_models_are_those_of_the_key(house: House) -> None:
    listed = (await house.ask("GET", "/v1/models", key=house.key)).json["data"]
    assert [model["id"] for model in listed] == ["here"]
    for name in ("here", "a/model", "a%2Fmodel", "small"):
        assert (await house.ask("GET", f"/v1/models/{name}", key=house.key)).json == listed[0]
    house.actors[house.key] = an_actor(endpoints=frozenset({"elsewhere"}))
    assert (await house.ask("GET", "/v1/models", key=house.key)).json["data"] == []
    assert (await house.ask("GET", "/v1/models/here", key=house.key)).status == 404


async def test_a_receipt_opens_its_own_commitments(house: House) -> None:
    answer = await house.chat()
    name = answer.headers["x-request-id"]
    filed = (await house.ask("GET", f"/v1/receipts/{name}", key=house.key)).json
    assert filed["receipt"]["id"] == name
    leaf = b64decode(filed["leaf"])
    assert b64decode(filed["leaf_hash"]) == sha256(b"\x00" + leaf).digest()
    assert b64decode(filed["salt"]) == salt(bytes(32), name)
    assert filed["receipt"]["answer"] == commit(bytes(32), name, sha256(answer.body).digest())
    assert filed["inclusion"] is None


async def test_a_refusal_is_found_as_a_receipt_is(house: House) -> None:
    house.actors["jv_german"] = an_actor(key="key_4", places=frozenset({"DE"}))
    refused = await house.chat(key="jv_german")
    assert refused.error["code"] == "residency_refused"
    name = refused.headers["x-request-id"]
    filed = (await house.ask("GET", f"/v1/receipts/{name}", key="jv_german")).json
    assert (filed["receipt"]["kind"], filed["receipt"]["rule"]) == ("refused", "place-allowed")
    assert filed["receipt"]["says"] == refused.error["message"]
    assert (await house.ask("GET", f"/v1/receipts/{name}", key=house.key)).status == 404


async def test_a_receipt_of_another_key_is_as_good_as_not_there(house: House) -> None:
    name = (await house.chat()).headers["x-request-id"]
    theirs = await house.ask("GET", f"/v1/receipts/{name}", key=house.other)
    nobodys = await house.ask("GET", "/v1/receipts/req_0", key=house.other)
    assert theirs.status == nobodys.status == 404
    assert theirs.error["code"] == nobodys.error["code"] == "not_found"
    assert (await house.ask("GET", f"/v1/receipts/{name}")).status == 401


async def test_it_is_ready_when_nothing_is_missing(house: House) -> None:
    assert (await house.ask("GET", "/readyz")).json == {"ready": True, "missing": []}
    house.missing["engine"] = False
    reply = await house.ask("GET", "/readyz")
    assert (reply.status, reply.json) == (503, {"ready": False, "missing": ["engine"]})


async def test_metrics_count_answers_and_refusals(house: House) -> None:
    await house.chat()
    await house.chat(model="nothing")
    text = (await house.ask("GET", "/metrics")).body.decode()
    assert 'jevons_answers_total{endpoint="here",finish="stop"} 1.0' in text
    assert 'jevons_errors_total{code="unknown_model"} 1.0' in text
    assert "jevons_in_flight 1.0" in text


async def test_the_server_does_not_say_what_it_is(house: House) -> None:
    assert "server" not in (await house.ask("GET", "/healthz")).headers
