"""Nobody is answered who has not said who they are, and no other site speaks for who has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.contract.admin.conftest import Front, front

from jevons.admin import csrf_of, person_of
from jevons.admin.api import OPERATIONS
from jevons.admin.gate import OPEN
from jevons.admin.said import API

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2
    from starlette.requests import Request
    from starlette.responses import Response

pytestmark = pytest.mark.anyio


async def _page(request: Request) -> Response:
    return PlainTextResponse(f"{person_of(request).name} {csrf_of(request)}")


async def _broken(request: Request) -> Response:
    message = "secret in an accident"
    raise RuntimeError(message)


PAGES = [
    Route("/page", _page, methods=["GET", "POST"]),
    Route("/broken", _broken, methods=["GET"]),
]


async def signed_in(at: Front, name: str = "ada", *, then: str = "/page") -> str:
    """Sign somebody in at the browser; gives the session's own word."""
    token = (await at.acts.add_person(name, role="admin", accounts=())).token
    answer = await enter(at.browser, token, then=then)
    assert answer.status_code == 303
    assert answer.headers["location"] == then
    return (await at.browser.get("/page")).text.split()[1]


async def enter(browser: httpx2.AsyncClient, token: str, *, then: str = "/") -> httpx2.Response:
    form = await browser.get("/sign-in", params={"next": then})
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    return await browser.post("/sign-in", data={**fields, "token": token})


async def test_every_path_but_those_of_signing_in_asks_who_it_is(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        api = [API + each.path.replace("{", "").replace("}", "") for each in OPERATIONS]
        for name in ("/", "/page", "/nothing", "/sign-out", "/broken", f"{API}/openapi.json", *api):
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
                answer = await at.browser.request(method, name)
                assert answer.status_code in {401, 303}, (method, name)
                if answer.status_code == 303:
                    assert answer.headers["location"].startswith("/sign-in?next=")
        assert all(name.startswith("/sign-in") for name in OPEN)


async def test_a_token_is_exchanged_for_a_cookie_that_no_script_and_no_other_site_gets(
    path: Path,
) -> None:
    async with front(path, pages=PAGES, secure=True) as at:
        token = (await at.acts.add_person("ada", role="admin", accounts=())).token
        answer = await enter(at.browser, token, then="/page?a=1")
        (cookie,) = [
            each
            for each in answer.headers.get_list("set-cookie")
            if each.startswith("__Host-jevons=")
        ]
        assert {"HttpOnly", "SameSite=strict", "Secure", "Path=/"} <= set(cookie.split("; "))
        assert token not in cookie
        assert answer.headers["location"] == "/page?a=1"
        assert (await at.browser.get("/page")).text.startswith("ada ")


async def test_a_wrong_token_opens_nothing(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        answer = await enter(at.browser, "jvp_wrong")
        assert answer.status_code == 401
        assert "set-cookie" in answer.headers  # a new form, and no session
        assert (await at.browser.get("/page")).status_code == 303
        bearer = {"authorization": "Bearer jvp_wrong"}
        assert (await at.browser.get("/admin/v1/keys", headers=bearer)).status_code == 401


async def test_a_wrong_token_is_refused_though_the_cookie_is_good(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        await signed_in(at)
        answer = await at.browser.post("/page", headers={"authorization": "Bearer jvp_wrong"})
        assert answer.status_code == 401


async def test_what_changes_something_holds_the_word_of_its_session(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        word = await signed_in(at)
        assert (await at.browser.post("/page")).status_code == 403
        assert (await at.browser.post("/page", data={"csrf": "other"})).status_code == 403
        assert (await at.browser.post("/page", data={"csrf": word})).status_code == 200
        answer = await at.browser.post("/page", headers={"x-csrf-token": word})
        assert answer.status_code == 200
        answer = await at.browser.post("/page", json={"csrf": word})
        assert answer.status_code == 403


async def test_a_form_that_another_site_sends_signs_nobody_in(path: Path) -> None:
    async with front(path) as at:
        token = (await at.acts.add_person("mallory", role="admin", accounts=())).token
        answer = await at.browser.post("/sign-in", data={"token": token, "form": ""})
        assert answer.status_code == 403
        await at.browser.get("/sign-in")
        answer = await at.browser.post("/sign-in", data={"token": token, "form": "guess"})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "then", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\nb"]
)
async def test_after_signing_in_one_stays_here(path: Path, then: str) -> None:
    async with front(path) as at:
        token = (await at.acts.add_person("ada", role="admin", accounts=())).token
        assert (await enter(at.browser, token, then=then)).headers["location"] == "/"


async def test_a_session_ends_when_idle_and_in_any_case(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        await signed_in(at)
        at.clock.move(1799)
        assert (await at.browser.get("/page")).status_code == 200
        at.clock.move(1800)
        assert (await at.browser.get("/page")).status_code == 303
        await signed_in(at, "grace")
        for _ in range(24):
            assert (await at.browser.get("/page")).status_code == 200
            at.clock.move(1799)
        at.clock.move(24)
        assert (await at.browser.get("/page")).status_code == 303


async def test_signing_out_ends_the_session_and_not_only_the_cookie(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        word = await signed_in(at)
        kept = at.browser.cookies.get("jevons")
        answer = await at.browser.post("/sign-out", data={"csrf": word})
        assert answer.headers["location"] == "/sign-in"
        at.browser.cookies.clear()
        cookie = {"cookie": f"jevons={kept}"}
        assert (await at.browser.get("/page", headers=cookie)).status_code == 303


async def test_signing_in_anew_ends_the_session_before(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        await signed_in(at, "ada")
        kept = at.browser.cookies.get("jevons")
        await signed_in(at, "grace")
        assert (await at.browser.get("/page")).text.startswith("grace ")
        at.browser.cookies.clear()
        cookie = {"cookie": f"jevons={kept}"}
        assert (await at.browser.get("/page", headers=cookie)).status_code == 303


async def test_who_is_removed_or_has_a_new_token_is_signed_out(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        await signed_in(at, "ada")
        await at.acts.rotate_person("ada")
        assert (await at.browser.get("/page")).status_code == 303
        await signed_in(at, "grace")
        await at.acts.remove_person("grace")
        assert (await at.browser.get("/page")).status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8001", "", "127.0.0.1.evil.example"]
)
async def test_a_name_that_somebody_points_here_is_not_ours(path: Path, host: str) -> None:
    async with front(path, pages=PAGES) as at:
        token = (await at.acts.add_person("ada", role="admin", accounts=())).token
        headers = {"authorization": f"Bearer {token}", "host": host}
        assert (await at.browser.get("/page", headers=headers)).status_code == 400


async def test_pages_of_others_stand_behind_the_gate_and_may_have_the_root(path: Path) -> None:
    async with front(path, pages=[Route("/", _page, methods=["GET"])]) as at:
        token = (await at.acts.add_person("ada", role="admin", accounts=())).token
        assert (await at.browser.get("/")).status_code == 303
        answer = await at.browser.get("/", headers={"authorization": f"Bearer {token}"})
        assert answer.text == "ada "


async def test_an_accident_tells_nobody_what_it_was(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        await signed_in(at)
        answer = await at.browser.get("/broken")
        assert answer.status_code == 500
        assert "secret" not in answer.text


async def test_no_answer_may_be_framed_sniffed_or_kept(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        for answer in (await at.browser.get("/sign-in"), await at.browser.get("/page")):
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"


async def test_a_request_too_long_is_refused_before_it_is_read(path: Path) -> None:
    async with front(path, pages=PAGES) as at:
        token = (await at.acts.add_person("ada", role="admin", accounts=())).token
        headers = {"authorization": f"Bearer {token}"}
        answer = await at.browser.post("/page", content=b"x" * 1_100_000, headers=headers)
        assert answer.status_code == 413
