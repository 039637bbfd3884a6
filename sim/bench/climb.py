"""Finding the highest rate that a system carries: a climb with one second chance."""

from dataclasses import dataclass, field

FAILED_SHARE = 0.001
"""A step is carried when fewer of its calls than this failed."""


@dataclass(slots=True)
class Climb:
    """
    Where one system is on its way up.

    A failed step is tried once more, since one hiccup of the machine is not a limit;
    failing twice ends the climb.
    """

    first: float
    stride: float
    best: float = 0.0
    over: bool = False
    _rate: float = field(init=False)
    _second_try: bool = False

    def __post_init__(self) -> None:
        self._rate = self.first

    @property
    def rate(self) -> float:
        """Calls per second of the next step."""
        return self._rate

    def tell(self, *, calls: int, failed: int) -> None:
        """Take a step's result and decide the next."""
        if self.over:
            raise ValueError("the climb is over")
        if calls > 0 and failed < calls * FAILED_SHARE:
            self.best = self._rate
            self._rate += self.stride
            self._second_try = False
        elif self._second_try:
            self.over = True
        else:
            self._second_try = True
