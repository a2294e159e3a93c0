"""What another gateway was told, as settings of ours; and what could not be carried over.

Enters: the text of a configuration, the environment for what it points to, the day.
Leaves: TOML that our settings loader takes, and one word on every leaf of the configuration.
May not know: files, terminals, our own settings' loader, who runs the other gateway.
State: none.

Rule 1: nothing is passed over: every leaf is carried, changed, or left with the reason.
Rule 2: no secret leaves: a key becomes the name of a variable.
Rule 3: what is not said of an endpoint stays unknown, and is never made up.
"""

from jevons.imports.account import Fate
from jevons.imports.draft import Imported
from jevons.imports.litellm import import_litellm
from jevons.imports.portkey import import_portkey
from jevons.imports.secret import Needed

__all__ = ("Fate", "Imported", "Needed", "import_litellm", "import_portkey")
