"""Names, places and organisations, recognised by a model in this process.

Enters: text.
Leaves: a `Finding` for each of them, and for what the words beside tell of.
May not know: rules, endpoints, dialects, settings, SQL, HTTP.
State: the loaded model, and what it remembers of the words of one piece of text.
"""

from jevons.ner.names import Names

__all__ = ("Names",)
