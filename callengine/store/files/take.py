"""Putting a file's orders into the database, in batches, with a verdict per row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callengine.core.ids import Instant
from callengine.core.roster import Shop
from callengine.engine.ports import OrderRefused, TakenAs
from callengine.store.files.orders import ParsedFile, ParsedOrder
from callengine.store.files.wrong import BadRow

if TYPE_CHECKING:
    from callengine.store.intake import SqlIntake

BATCH = 200


PARTLY = 5
"""Exit code: every row is in, and something of the file was not understood."""


@dataclass(slots=True)
class Imported:
    """
    What came of a file.

    Attributes:
        bad: rows that are not in.
        doubts: values and repeated rows that were left out of orders that are in.
        ignored: headings nobody understood, with something below them.
    """

    rows: int = 0
    orders: int = 0
    created: int = 0
    same: int = 0
    bad: list[BadRow] = field(default_factory=list)
    doubts: list[BadRow] = field(default_factory=list)
    kind: str = ""
    ignored: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: all is in; 1: some rows are not; 5: all are, not all was understood."""
        if self.bad:
            return 1
        return PARTLY if self.doubts or self.ignored else 0


async def import_orders(
    intake: "SqlIntake", shop: Shop, parsed: ParsedFile, at: Instant, done: Imported
) -> None:
    """
    Take every good order of a file; the same file twice changes nothing.

    Orders go in by batches, each wholly or not at all. Whatever interrupts, `done`
    counts those that are in, and the same file again brings the rest.

    Raises:
        UnknownShop: the shop was removed meanwhile.
    """
    done.rows, done.orders, done.kind = parsed.rows, len(parsed.orders), parsed.kind
    done.bad, done.doubts = list(parsed.bad), list(parsed.doubts)
    done.ignored = parsed.ignored
    for batch in _batches(parsed.orders):
        verdicts = await intake.take_many(shop.shop, [p.order for p in batch], at)
        for one, verdict in zip(batch, verdicts, strict=True):
            _count(done, one, verdict)
    done.bad.sort()


def _batches(orders: Sequence[ParsedOrder]) -> Iterator[Sequence[ParsedOrder]]:
    for start in range(0, len(orders), BATCH):
        yield orders[start : start + BATCH]


def _count(done: Imported, one: ParsedOrder, verdict: TakenAs | OrderRefused) -> None:
    match verdict:
        case TakenAs.CREATED:
            done.created += 1
        case TakenAs.SAME:
            done.same += 1
        case TakenAs.CONFLICT:
            reason = (
                f"order {one.order.number} was taken before with other content;"
                " it stays as it was"
            )
            done.bad += [BadRow(line, reason) for line in one.lines]
        case OrderRefused():
            reason = f"{_column(verdict.field)}: {verdict}"
            done.bad += [BadRow(line, reason) for line in one.lines]


def _column(field_path: str) -> str:
    """Name a field as the file does: `customer.phone` is `phone`."""
    name = field_path.rsplit(".", 1)[-1]
    return {"name": "item"}.get(name, name) if "items" in field_path else name
