"""What in a text tells of a person, or opens a door.

Enters: text, and what the house has named as its own identifiers.
Leaves: a `Finding` for each place that must not be shown around, and the class they make.
May not know: rules, endpoints, dialects, SQL, HTTP.
State: none; what is compiled once is never changed.
"""

from jevons.privacy.detect import Detector
from jevons.privacy.finding import CLASSES, Finding, Kind, class_of

__all__ = ("CLASSES", "Detector", "Finding", "Kind", "class_of")
