"""
Routing as a pure core: who takes which call, and why.

`matcher.Matcher` is the door: facts go in through its methods, `match(now)` returns
decisions. Everything else here is a value it works with.
"""
