"""How people look after the house: their own listener, sign-in, roles, and an API.

Enters: ASGI scopes and messages of people and of their programs.
Leaves: answers, pages of others that are mounted, and acts that are written in the books.
May not know: settings, SQL, terminals; how requests for answers are served.
State: who is signed in, and answers to creations that may be asked for again; for one process.

Rule 1: nothing is answered before it is known who asks, but the pages that ask who it is.
Rule 2: what somebody may not see is not there: 404. What they see and may not change: 403.
Rule 3: an act names who did it in the books, or is not done.
"""

from jevons.admin.app import make_app
from jevons.admin.desk import Desk
from jevons.admin.gate import csrf_of, person_of
from jevons.admin.session import Sessions

__all__ = ("Desk", "Sessions", "csrf_of", "make_app", "person_of")
