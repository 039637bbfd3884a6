"""
Values as people and spreadsheets write them, read exactly or refused with a reason.

Files of orders and the HTTP interface read by these functions, so that the same text
means the same through every door. Pure functions of texts.
"""


class BadValue(ValueError):
    """A text does not say one certain thing; the message says why."""


def word_set(text: str) -> frozenset[str]:
    """Part a list of words."""
    return frozenset(text.split())
