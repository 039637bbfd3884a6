"""
Errors of the core, by whose move is next.

CoreError
`- IllegalTransition    our own tables said no; nothing was changed
"""


class CoreError(Exception):
    """Base of every error the core raises."""


class IllegalTransition(CoreError):
    """A machine was given a cue that its state does not allow."""
