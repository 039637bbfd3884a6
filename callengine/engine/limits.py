"""Bounds of orders that every reader of them keeps."""

WHOLE_CURRENCIES = frozenset(("JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF"))
"""Currencies without minor units."""
MAX_QUANTITY = 100_000
