"""What Asterisk says of carriers."""

from dataclasses import dataclass

from callengine.core.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkRegistered(Fact):
    """
    Whether we are logged in at a carrier, as Asterisk sees it.

    Attributes:
        registered: None while it is tried for the first time.
        said: Asterisk's word for it.
    """

    trunk: str
    registered: bool | None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkAnswers(Fact):
    """Whether a carrier answers when Asterisk asks it (OPTIONS)."""

    trunk: str
    answers: bool
