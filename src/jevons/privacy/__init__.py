"""What in a request tells of a person, or opens a door, and how it is hidden.

Enters: requests, and what the house has named as its own identifiers.
Leaves: what was found in a request and the class that it makes; the same request with tokens in
    place of identifiers, and a caller who is given the answer with them put back.
May not know: rules, endpoints, dialects, SQL, HTTP.
State: what is compiled once is never changed; tokens live as long as their request.
"""

from jevons.privacy.detect import Detector
from jevons.privacy.finding import CLASSES, Finder, Finding, Kind, class_of, merged
from jevons.privacy.inspector import Inspector
from jevons.privacy.national import REGIONS

__all__ = (
    "CLASSES",
    "REGIONS",
    "Detector",
    "Finder",
    "Finding",
    "Inspector",
    "Kind",
    "class_of",
    "merged",
)
