"""The store: where the books and the keys are kept, and how they are checked.

Enters: records, presented keys, paths.
Leaves: acknowledgements once durable, receipts with proofs, actors, reports.
May not know: what a record means beyond its id and kind; HTTP, providers.
State: one SQLite file, its signing key, and a plain copy of every checkpoint.
"""

from jevons.store.books import Books
from jevons.store.export import export
from jevons.store.keys import Created, KeyRing
from jevons.store.verify import Report, verify

__all__ = ("Books", "Created", "KeyRing", "Report", "export", "verify")
