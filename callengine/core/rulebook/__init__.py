"""
Routing rules as people write them: a TOML file with boolean skill expressions.

`reading.read_rulebook` turns text into a checked `Rulebook` or explains every mistake
with line and column; `deciding.decide` says what a call needs. See docs/routing.md.
"""
