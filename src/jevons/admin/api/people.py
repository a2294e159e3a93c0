"""People: who may sign in with a token, and who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jevons.acts import plain_person
from jevons.admin.operation import operation
from jevons.admin.roles import admit
from jevons.admin.shapes import MeTold, PersonMade, PersonSaid, PersonTold

if TYPE_CHECKING:
    from jevons.admin.desk import Asked
    from jevons.admin.operation import Operation

__all__ = (
    "OPERATIONS",
    "add_person",
    "list_people",
    "remove_person",
    "rotate_person",
    "who_am_i",
)


@operation("GET", "/me", MeTold)
async def who_am_i(asked: Asked[None]) -> dict[str, Any]:
    """Say who asks, and as what."""
    person = asked.person
    return {
        "person": person.name,
        "shown": person.shown or person.name,
        "role": person.role,
        "accounts": person.accounts,
        "how": person.how,
    }


@operation("GET", "/people", tuple[PersonTold, ...])
async def list_people(asked: Asked[None]) -> list[dict[str, Any]]:
    """List who may sign in with a token, and who was removed."""
    admit(asked.person, "person.see", what="people")
    return [plain_person(each) for each in asked.desk.books.people.list()]


@operation("POST", "/people", PersonMade, takes=PersonSaid, creates=True)
async def add_person(asked: Asked[PersonSaid]) -> dict[str, Any]:
    """Let somebody sign in; their token is shown this once."""
    admit(asked.person, "person.change", what="people")
    said = asked.body
    admitted = await asked.acts.add_person(said.name, role=said.role, accounts=said.accounts)
    return plain_person(admitted.change) | {"token": admitted.token}


@operation("POST", "/people/{person}/rotate", PersonMade)
async def rotate_person(asked: Asked[None]) -> dict[str, Any]:
    """Give somebody another token; what the one before opened ends."""
    admit(asked.person, "person.change", what="people")
    admitted = await asked.acts.rotate_person(asked.path["person"])
    return plain_person(admitted.change) | {"token": admitted.token}


@operation("DELETE", "/people/{person}", PersonTold)
async def remove_person(asked: Asked[None]) -> dict[str, Any]:
    """Refuse somebody from now on."""
    admit(asked.person, "person.change", what="people")
    return plain_person(await asked.acts.remove_person(asked.path["person"]))


OPERATIONS: tuple[Operation, ...] = (
    who_am_i,
    list_people,
    add_person,
    rotate_person,
    remove_person,
)
