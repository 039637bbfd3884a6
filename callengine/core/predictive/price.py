"""What a nuisance call costs, found by spending: a price that keeps to the aim."""

from math import exp, log

_LEAST, _MOST = 1e-4, 0.9


class RiskPrice:
    """
    The largest risk of a nuisance call that one more attempt may carry.

    After every live answer the risk allowed moves by the difference between what was
    aimed at and what happened, so that over many answers the two agree: the sum of
    the differences is the logarithm of the price's own change, hence bounded. Spending
    goes where risk is least for what it gains, since all attempts share one price.

    Attributes:
        risk: allowed now, when the ledger has room.
        answers: learned from so far.
    """

    __slots__ = ("_log_risk", "answers", "risk")

    def __init__(self, risk: float = 0.03) -> None:
        self.risk = min(_MOST, max(_LEAST, risk))
        self._log_risk = log(self.risk)
        self.answers = 0

    def learn(self, *, nuisance: bool, aim: float, limit: float) -> None:
        """Move after one live answer."""
        if limit <= 0:
            return
        step = 0.002 + 0.01 / (1 + self.answers / 200)
        moved = self._log_risk + step * (aim - nuisance) / limit
        self._log_risk = min(log(_MOST), max(log(_LEAST), moved))
        self.risk = exp(self._log_risk)
        self.answers += 1
