"""The books: what a record's bytes are, the tree over them, and how to check both.

Enters: records, leaf bytes, hashes.
Leaves: leaf bytes, roots, proofs, signed checkpoints, findings.
May not know: where any of it is stored, sockets, SQL, the clock.
State: none.
"""
