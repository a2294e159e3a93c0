"""What `auto` learns from: requests that are asked of every arm besides, and graded.

Enters: requests for `auto`, as they pass; questions like one before them; rows that anybody else wrote.
Leaves: rows, and turns of the study in the books.
May not know: dialects of callers, settings, SQL.
State: requests that wait to be graded, studies, and how far the rows were read.

A client of the corridor: what it asks goes through every room, under the rules that hold for
whoever asked. Takes `.venv/bin/pip install -e '.[auto]'`.
"""

from jevons.grading.alike import Alike
from jevons.grading.asking import Asking, Told
from jevons.grading.checks import Check
from jevons.grading.grader import Graded, Grader, Judge
from jevons.grading.loop import Loop, can_grade
from jevons.grading.reader import Reader
from jevons.grading.replay import Replay
from jevons.grading.reviews import Reviews
from jevons.grading.rows import name_of, pair_of, record_of, row_of, row_of_line
from jevons.grading.standing import Standing
from jevons.grading.studies import Studies

__all__ = (
    "Alike",
    "Asking",
    "Check",
    "Graded",
    "Grader",
    "Judge",
    "Loop",
    "Reader",
    "Replay",
    "Reviews",
    "Standing",
    "Studies",
    "Told",
    "can_grade",
    "name_of",
    "pair_of",
    "record_of",
    "row_of",
    "row_of_line",
)
