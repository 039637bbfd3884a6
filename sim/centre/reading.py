"""
Scenario files: a day and what differs on other days and under other rules, in TOML.

    title = "A small shop"
    [shops.teplo.calls]
    per_hour = { "09:00-18:00" = 20 }
    [teams.main]
    agents = 5
    shops = ["teplo"]
    shift = "09:00-18:00"
    [days.ordinary]
    date = 2026-03-02
    [days.promo]
    like = "ordinary"
    shops.teplo.calls.times = 2
    [variants.two_more]
    title = "two more agents"
    teams.main.agents = 7

Days and variants may change any key of the file. Every mistake is found at once and
said with its line, its cause and what to write instead.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from callengine.core.rulebook.errors import Mistake, did_you_mean
from callengine.core.rulebook.positions import Path as Place
from callengine.core.rulebook.positions import Positions, locate
from sim.centre.explaining import explained, place_of, toml_mistake
from sim.centre.model import Centre
from sim.centre.sense import contradictions

MOST_BYTES = 1_000_000
MOST_MISTAKES = 50
MOST_DAYS, MOST_VARIANTS = 50, 20
SCENARIOS = Path(__file__).parents[1] / "scenarios"
AS_IT_IS = ""
"""The variant that changes nothing."""

_REPLACED = frozenset({"per_hour", "languages", "products", "retry_s"})
_OWN = frozenset({"title", "like"})


class BadScenario(ValueError):
    """A file is no scenario; the text names every mistake with its place."""

    def __init__(self, name: str, text: str, mistakes: list[Mistake]) -> None:
        ordered = sorted(mistakes, key=lambda m: (m.line, m.column, m.message))
        self.mistakes = ordered[:MOST_MISTAKES]
        lines = text.splitlines()
        super().__init__("\n".join(m.text(name, lines) for m in self.mistakes))


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    A file that makes sense.

    Attributes:
        days: names, the first one is the usual.
        variants: what each is called for people, by name; without "as it is".
        centres: one for each day and variant, `AS_IT_IS` included.
    """

    title: str
    days: dict[str, str]
    variants: dict[str, str]
    centres: Mapping[tuple[str, str], Centre] = field(repr=False)


def read_scenario(path: Path) -> Scenario:
    """Read a file. Raises `BadScenario`, `OSError`."""
    raw = path.read_bytes()
    name = path.name
    if len(raw) > MOST_BYTES:
        said = f"the file has {len(raw)} bytes; at most {MOST_BYTES}"
        raise BadScenario(name, "", [Mistake(message=said, line=1, column=1)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        said = "the file is not UTF-8; save it in that encoding"
        raise BadScenario(
            name, "", [Mistake(message=said, line=line, column=1)]
        ) from None
    return parse_scenario(text.replace("\r\n", "\n"), name)


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a file's text; see `read_scenario`."""
    try:
        data = tomllib.loads(text)
        places = locate(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise BadScenario(name, text, [toml_mistake(error, text)]) from None
    return _Reader(name, text, data, places).read()


class _Reader:
    """One file being read; mistakes are collected, each place once."""

    def __init__(
        self, name: str, text: str, data: dict[str, Any], places: Positions
    ) -> None:
        self.name, self.text, self.places = name, text, places
        self.days = self._tables(data.pop("days", {}), "days")
        self.variants = self._tables(data.pop("variants", {}), "variants")
        self.data = data
        self.mistakes: dict[tuple[int, int], Mistake] = {}
        self.lost: set[tuple[str, str]] = set()
        """Days and variants that are like nothing there is."""

    def read(self) -> Scenario:
        self._check_tables()
        centres = {}
        for day in self._sound("days", self.days):
            for variant in (AS_IT_IS, *self._sound("variants", self.variants)):
                centre = self._centre(day, variant)
                if centre is not None:
                    centres[day, variant] = centre
        if self.mistakes:
            raise BadScenario(self.name, self.text, list(self.mistakes.values()))
        return Scenario(
            title=next(iter(centres.values())).title,
            days={name: self._title(own, name) for name, own in self.days.items()},
            variants={n: self._title(own, n) for n, own in self.variants.items()},
            centres=centres,
        )

    def _tables(self, given: Any, what: str) -> dict[str, Any]:
        return given if isinstance(given, dict) else {"": {what: given}}

    def _check_tables(self) -> None:
        """Look at what days and variants are, before what is in them."""
        if not self.days:
            self._say((), "no day is given", "write [days.ordinary] with a date")
        for what, tables, most in (
            ("days", self.days, MOST_DAYS),
            ("variants", self.variants, MOST_VARIANTS),
        ):
            if len(tables) > most:
                self._say((what,), f"{len(tables)} {what}; at most {most}", "")
            for name, own in list(tables.items()):
                if not isinstance(own, dict) or not name:
                    said = (
                        f"{what}.{name} is no table" if name else f"{what} is no table"
                    )
                    self._say((what, name), said, f"write [{what}.NAME]")
                    del tables[name]
        for what, tables in (("days", self.days), ("variants", self.variants)):
            for name in list(tables):
                self._check_own(what, name, tables)

    def _check_own(self, what: str, name: str, tables: dict[str, Any]) -> None:
        """Look at `title` and `like` of a day or variant."""
        title = tables[name].get("title", name)
        if not isinstance(title, str) or not 1 <= len(title) <= 120:
            hint = "a short text is expected"
            self._say((what, name, "title"), f"{title!r} is no title", hint)
            tables[name].pop("title")
        seen = [name]
        while (like := tables[seen[-1]].get("like")) is not None:
            if not isinstance(like, str) or like not in tables:
                self._say(
                    (what, seen[-1], "like"),
                    f"there is no {what}.{like}",
                    did_you_mean(str(like), tables),
                )
            elif like in seen:
                self._say(
                    (what, name, "like"),
                    f"{' is like '.join([*seen, like])}: a loop",
                    "begin with one that is like no other",
                )
            else:
                seen.append(like)
                continue
            self.lost.add((what, seen[-1]))
            return

    def _sound(self, what: str, tables: dict[str, Any]) -> list[str]:
        """List those that can be put together."""
        sound = []
        for name in tables:
            like: str | None = name
            while like is not None and (what, like) not in self.lost:
                like = tables[like].get("like")
            if like is None:
                sound.append(name)
        return sound

    def _centre(self, day: str, variant: str) -> Centre | None:
        """Put one day together; None when that makes no sense."""
        layers = [*_chain(self.days, day, "days")]
        if variant:
            layers += _chain(self.variants, variant, "variants")
        merged: dict[str, Any] = self.data
        for _, own in layers:
            merged = _merged(merged, own)
        where = [prefix for prefix, _ in reversed(layers)]
        try:
            centre = Centre.model_validate(merged)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                place, message, hint = explained(detail, merged, where, self.places)
                self._say(place, message, hint)
            return None
        found = False
        for path, message, hint in contradictions(centre):
            found = True
            self._say(place_of(path, where, self.places), message, hint)
        return None if found else centre

    def _title(self, own: dict[str, Any], name: str) -> str:
        title = own.get("title")
        return title if isinstance(title, str) else name.replace("_", " ")

    def _say(self, place: Place, message: str, hint: str) -> None:
        line, column = self.places.line_column(self.places.of_key(place))
        self.mistakes.setdefault(
            (line, column),
            Mistake(message=message, line=line, column=column, hint=hint),
        )


def _chain(
    tables: dict[str, Any], name: str, what: str
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Go through what a day or variant is like, the farthest first, then itself."""
    own = tables[name]
    if "like" in own:
        yield from _chain(tables, own["like"], what)
    yield (what, name), {k: v for k, v in own.items() if k not in _OWN}


def _merged(base: Any, change: Any, key: str = "") -> Any:
    """Lay tables over tables; a flow's hours and shares are changed as a whole."""
    if not (isinstance(base, dict) and isinstance(change, dict)) or key in _REPLACED:
        return change
    merged = dict(base)
    for name, value in change.items():
        merged[name] = _merged(base[name], value, name) if name in base else value
    return merged
