"""People sign on at a real OpenID server, and none of the ways around it opens anything."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from contextlib import asynccontextmanager, contextmanager
from html import unescape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from jevons.boot import House, open_house
from jevons.boot.admin import listening
from jevons.settings import AdminSettings, EngineSettings, OidcSettings, Settings
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

pytestmark = pytest.mark.anyio

SECRET = "a secret/with:odd characters"
ROLES = {"admins": "admin", "team": "manager of default"}


class Front(NamedTuple):
    """A house that people reach, a server where they sign on, and somebody's browser."""

    house: House
    issuer: str
    browser: httpx2.AsyncClient

    @asynccontextmanager
    async def another(self) -> AsyncGenerator[Front]:
        """Open another browser."""
        async with httpx2.AsyncClient(base_url=self.browser.base_url, trust_env=False) as browser:
            yield self._replace(browser=browser)


@contextmanager
def provider(project: Path, home: str) -> Generator[str]:
    """Start the real server; gives what it calls itself."""
    command = ["node", "oidc.mjs", f"{home}/sign-in/oidc/back", f"{home}/sign-in"]
    started = subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with started:
        assert started.stdin is not None
        assert started.stdout is not None
        try:
            yield json.loads(started.stdout.readline())["issuer"]
        finally:
            started.stdin.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def settings(folder: Path, issuer: str, port: int | None, **said: object) -> Settings:
    usual: dict[str, object] = {
        "client_id": "jevons",
        "client_secret": "env:OIDC_SECRET",
        "scopes": ("openid", "profile", "groups"),
        "roles": ROLES,
    }
    return Settings(
        data_dir=folder,
        engine=EngineSettings(enabled=False),
        admin=AdminSettings(port=port),
        oidc=OidcSettings(issuer=issuer, **{**usual, **said}),  # type: ignore[arg-type] as its fields are
    )


@pytest.fixture
async def front(
    node_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Front]:
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    with provider(node_project, home) as issuer:
        said = settings(tmp_path, issuer, port)
        async with (
            open_house(said) as house,
            listening(house.admin, said),
            httpx2.AsyncClient(base_url=home, trust_env=False) as browser,
        ):
            yield Front(house, issuer, browser)


async def sent_away(at: Front, *, then: str = "/") -> str:
    """Begin to sign in; gives where the browser is sent."""
    answer = await at.browser.get("/sign-in/oidc", params={"next": then})
    assert answer.status_code == 303
    return answer.headers["location"]


async def sent_back(at: Front, name: str, *, then: str = "/") -> str:
    """Sign on at the server as somebody; gives where it sends the browser back to."""
    url = await sent_away(at, then=then)
    answer = await at.browser.get(url)
    while True:
        if answer.is_redirect:
            url = str(answer.next_request.url) if answer.next_request else ""
            if "/sign-in/oidc/back" in url:
                return url
            answer = await at.browser.get(url)
            continue
        form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
        assert form is not None, answer.text
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
        if "login" in answer.text and fields.get("prompt") == "login":
            fields |= {"login": name, "password": "any"}
        answer = await at.browser.post(str(answer.url.join(unescape(form[1]))), data=fields)


async def entered(at: Front, name: str) -> httpx2.Response:
    return await at.browser.get(await sent_back(at, name))


async def me(at: Front) -> dict[str, object] | None:
    answer = await at.browser.get("/admin/v1/me")
    return answer.json() if answer.is_success else None


async def test_whoever_the_server_knows_is_let_in_as_their_groups_say(front: Front) -> None:
    assert await me(front) is None
    answer = await front.browser.get(await sent_back(front, "ada", then="/page?a=1&b=2"))
    assert answer.status_code == 200
    assert 'url=/page?a=1&amp;b=2"' in answer.text  # by a page: see the rule in `signin`
    cookies = answer.headers.get_list("set-cookie")
    (cookie,) = [each for each in cookies if each.startswith("jevons=")]
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert await me(front) == {
        "person": "oidc:ada",
        "shown": "ada of the test",
        "role": "admin",
        "accounts": [],
        "how": "oidc",
    }
    made = front.house.books.people.list()
    assert [(each.act, each.by, each.issuer) for each in made] == [
        ("signed_in", "oidc:ada", front.issuer)
    ]


async def test_groups_give_accounts_and_acts_name_the_person(front: Front) -> None:
    await entered(front, "grace")
    said = await me(front)
    assert said is not None
    assert (said["role"], said["accounts"]) == ("manager", ["default"])
    page = await front.browser.get("/")
    (word,) = re.findall(r'name="csrf" value="([^"]+)"', page.text)
    made = await front.browser.post(
        "/admin/v1/keys", json={"name": "k"}, headers={"x-csrf-token": word}
    )
    assert made.status_code == 201
    assert (await front.browser.post("/admin/v1/keys", json={"name": "k"})).status_code == 403


async def test_whoever_is_in_no_group_that_is_named_is_refused(front: Front) -> None:
    answer = await entered(front, "eve")
    assert answer.status_code == 403
    assert "no group" in answer.text
    assert await me(front) is None
    assert front.house.books.people.list() == ()


async def test_the_request_proves_who_asks_and_keeps_what_it_proves_with_to_itself(
    front: Front,
) -> None:
    first, second = [parse_qs(urlsplit(await sent_away(front)).query) for _ in range(2)]
    assert first["code_challenge_method"] == ["S256"]
    assert first["response_type"] == ["code"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]


async def test_a_way_back_is_taken_once_and_by_the_browser_that_was_sent(front: Front) -> None:
    back = await sent_back(front, "ada")
    async with front.another() as thief:
        answer = await thief.browser.get(back)
        assert answer.status_code == 401
        assert await me(thief) is None
    assert (await front.browser.get(back)).status_code == 401, "the thief has used it up"
    back = await sent_back(front, "ada")
    assert (await front.browser.get(back)).status_code == 200
    assert (await front.browser.get(back)).status_code == 401
    assert await me(front) is not None


async def test_nobody_is_signed_in_as_somebody_else_by_a_link(front: Front) -> None:
    async with front.another() as mallory:
        hers = await sent_back(mallory, "ada")
        await sent_away(front)  # the victim has begun as well
        assert (await front.browser.get(hers)).status_code == 401
        assert await me(front) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"code=[^&]+", "code=made-up"),
        (r"code=[^&]+", "error=access_denied"),
        (r"code=[^&]+", "x=1"),
        (r"state=[^&]+", "state=made-up"),
        (r"state=[^&]+&?", ""),
        (r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example"),
        (r"&iss=[^&]+", ""),
    ],
)
async def test_a_way_back_that_was_changed_leads_nowhere(front: Front, old: str, new: str) -> None:
    back = re.sub(old, new, await sent_back(front, "ada"))
    answer = await front.browser.get(back)
    assert answer.status_code == 401
    assert await me(front) is None


async def test_a_code_of_another_sign_in_does_not_fit_this_one(front: Front) -> None:
    async with front.another() as other:
        (code,) = parse_qs(urlsplit(await sent_back(other, "ada")).query)["code"]
    back = re.sub(r"code=[^&]+", f"code={code}", await sent_back(front, "eve"))
    assert (await front.browser.get(back)).status_code == 401, "its proof (PKCE) is another's"


async def test_whoever_is_removed_here_is_out_whatever_the_server_says(front: Front) -> None:
    await entered(front, "ada")
    await front.house.books.people.remove("oidc:ada", by="cli:tester")
    assert await me(front) is None
    answer = await entered(front, "ada")
    assert answer.status_code == 403
    assert await me(front) is None


async def test_signing_out_ends_it_here_and_shows_the_way_out_there(front: Front) -> None:
    await entered(front, "ada")
    page = await front.browser.get("/")
    (word,) = re.findall(r'name="csrf" value="([^"]+)"', page.text)
    answer = await front.browser.post("/sign-out", data={"csrf": word})
    (leaving,) = re.findall(r'href="([^"]+/session/end[^"]+)"', answer.text)
    assert await me(front) is None
    assert (await front.browser.get(unescape(leaving))).status_code == 200


async def test_a_second_sign_in_is_a_record_only_if_something_has_changed(front: Front) -> None:
    await entered(front, "ada")
    await entered(front, "ada")
    (found,) = front.house.books.people.list()
    at_ms = found.at_ms
    async with front.another() as other:
        await entered(other, "ada")
    assert front.house.books.people.list()[0].at_ms == at_ms


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"client_secret": SECRET}, "client_secret must be"),
        ({"client_secret": "env:NOWHERE"}, "client_secret must be"),
        ({"client_id": ""}, "needs client_id"),
        ({"roles": {}}, "needs client_id"),
        ({"scopes": ("profile",)}, "needs client_id"),
        ({"roles": {"g": "root"}}, "roles: 'g'"),
    ],
)
async def test_what_cannot_be_set_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, object], why: str
) -> None:
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    with pytest.raises(Misconfigured, match=why):
        async with open_house(settings(tmp_path, "https://login.example", 1, **said)):
            pass


@pytest.mark.parametrize("port", [0, None])
async def test_where_people_are_sent_back_to_has_to_be_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int | None
) -> None:
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    said = settings(tmp_path, "https://login.example", port)
    if port is None:
        async with open_house(said) as house:
            assert house.admin is None
        return
    with pytest.raises(Misconfigured, match="sent back"):
        async with open_house(said):
            pass
