"""The store: where the books, the keys and kept answers are, and how the books are checked.

Enters: records, presented keys, answers to keep, paths.
Leaves: acknowledgements once durable, receipts with proofs, actors, kept answers, reports.
May not know: what a record means beyond its id and kind; HTTP, providers.
State: one SQLite file, its signing key, and a plain copy of every checkpoint; another file of
    sealed answers, and the key to them; or both in one PostgreSQL database, and the keys and the copy
    in a folder. Where a witness is run, its memory and its key.
"""

from jevons.store.archive import Archive
from jevons.store.backup import Loss, back_up, foresee, restore
from jevons.store.balance import Spending, balances, spending
from jevons.store.books import Books
from jevons.store.browse import Browsed, look_through
from jevons.store.checking import Report
from jevons.store.chosen import chosen_records
from jevons.store.claim import Claim
from jevons.store.erasure import erase, hold, release
from jevons.store.export import export
from jevons.store.keys import Created, KeyRing
from jevons.store.likes import LikeRow, Likes
from jevons.store.move import move
from jevons.store.outside import verify_published
from jevons.store.pages import Log
from jevons.store.pairs import Decided, PairRow, Pairs, Progress, Setup, every_row, progress_of
from jevons.store.people import Admitted, People
from jevons.store.read import head_of, keys_in, look_up
from jevons.store.receipts import receipts
from jevons.store.retention import Retention
from jevons.store.shelf import Limits, empty, is_kept
from jevons.store.spent import Used
from jevons.store.tally import tallies
from jevons.store.vault import Vault
from jevons.store.verify import verify
from jevons.store.witness import OwnWitness, witness_vkey

__all__ = (
    "Admitted",
    "Archive",
    "Books",
    "Browsed",
    "Claim",
    "Created",
    "Decided",
    "KeyRing",
    "LikeRow",
    "Likes",
    "Limits",
    "Log",
    "Loss",
    "OwnWitness",
    "PairRow",
    "Pairs",
    "People",
    "Progress",
    "Report",
    "Retention",
    "Setup",
    "Spending",
    "Used",
    "Vault",
    "back_up",
    "balances",
    "chosen_records",
    "empty",
    "erase",
    "every_row",
    "export",
    "foresee",
    "head_of",
    "hold",
    "is_kept",
    "keys_in",
    "look_through",
    "look_up",
    "move",
    "progress_of",
    "receipts",
    "release",
    "restore",
    "spending",
    "tallies",
    "verify",
    "verify_published",
    "witness_vkey",
)
