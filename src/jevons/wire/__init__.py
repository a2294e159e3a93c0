"""Codecs between bytes and the vocabulary, used at the edge and towards endpoints alike.

Enters: bytes, or values of `types/`.
Leaves: values of `types/`, or bytes.
May not know: sockets, who sends, who waits.
State: none beyond one request or one answer.
"""
