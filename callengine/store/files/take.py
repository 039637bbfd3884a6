"""Putting a file's orders into the database, in batches, with a verdict per row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from callengine.core.ids import Instant
from callengine.core.roster import Shop
from callengine.engine.ports import OrderRefused, TakenAs
from callengine.store.files.orders import ParsedOrder, parse_orders
from callengine.store.files.wrong import BadRow
from callengine.store.intake import SqlIntake

BATCH = 200


@dataclass(slots=True)
class Imported:
    """What came of a file."""

    rows: int = 0
    orders: int = 0
    created: int = 0
    same: int = 0
    bad: list[BadRow] = field(default_factory=list)
    ignored: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when every row is in, 1 when some were left out."""
        return 1 if self.bad else 0


async def import_orders(
    intake: SqlIntake, shop: Shop, raw: bytes, at: Instant
) -> Imported:
    """
    Take every good order of a file; the same file twice changes nothing.

    Raises:
        UnusableFile: nothing can be read.
        UnknownShop: the shop was removed meanwhile.
    """
    parsed = parse_orders(raw, currency=shop.currency, zone=shop.zone)
    done = Imported(
        rows=parsed.rows,
        orders=len(parsed.orders),
        bad=list(parsed.bad),
        ignored=parsed.ignored,
    )
    for batch in _batches(parsed.orders):
        verdicts = await intake.take_many(shop.shop, [p.order for p in batch], at)
        for one, verdict in zip(batch, verdicts, strict=True):
            _count(done, one, verdict)
    done.bad.sort()
    return done


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
