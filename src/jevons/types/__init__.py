"""The vocabulary: what every room may say to another.

Enters: nothing.
Leaves: values, frozen.
May not know: anything but msgspec and the standard library.
State: none.
"""
