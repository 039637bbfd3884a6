"""Tables of docs/pacing.md, printed as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from sim.worlds import dialer_study as study
from sim.worlds.dialer_reference import AGENTS, REFERENCE

OTHERS = ("look_ahead", "vici_y", "vici_n", "progressive", "clairvoyant")
RATIOS = {
    "ratio_1_5": "1.5 per free agent",
    "ratio_2": "2 per free agent",
    "ratio_3": "3 per free agent",
    "issabel_overcommit": "Issabel, overcommit",
}


def show(found: dict[str, Any]) -> None:
    """Print every table for which there are figures."""
    for scenario in "AB":
        _utilisation(found, scenario)
        _cost(found, scenario)
        _ratios(found, scenario)
    if "days" in found:
        _days(found["days"]["by_regime"])
    if "clock" in found:
        _clock(found["clock"])


def _utilisation(found: dict[str, Any], scenario: str) -> None:
    _head(
        f"{scenario}: agents",
        "ours",
        "±",
        "nuisance (worst run)",
        "never hanging up",
        "±",
        "nuisance (worst run)",
        "look-ahead, table",
        "look-ahead, here",
        "VICI Y",
        "VICI N",
        "progressive",
        "bound",
    )
    for agents, row in _rows(found, scenario):
        ours, without = row[study.OURS], row[study.WITHOUT]
        _line(
            str(agents),
            *_share_and_nuisance(ours, bold=True),
            *_share_and_nuisance(without),
            _percent(REFERENCE[scenario, agents].look_ahead),
            *(_percent(row[name]["utilisation"]) for name in OTHERS),
        )


def _share_and_nuisance(figures: dict[str, Any], *, bold: bool = False) -> list[str]:
    share = _percent(figures["utilisation"])
    return [
        f"**{share}**" if bold else share,
        _percent(figures["utilisation_error"]),
        f"{100 * figures['nuisance_rate']:.2f}"
        f" ({100 * figures['worst_nuisance_rate']:.2f})",
    ]


def _cost(found: dict[str, Any], scenario: str) -> None:
    names = {
        study.OURS: "ours",
        study.WITHOUT: "never hanging up",
        "progressive": "progressive",
    }
    _head(
        f"{scenario}: agents",
        *(f"attempts per served, {name}" for name in names.values()),
        "hung up of attempts, ours %",
        "talk min/h, ours",
        "talk min/h, progressive",
    )
    for agents, row in _rows(found, scenario):
        ours = row[study.OURS]
        _line(
            str(agents),
            *(f"{row[name]['attempts_per_served']:.2f}" for name in names),
            _percent(ours["hung_up_per_attempt"]),
            f"{ours['talk_min_per_hour']:.1f}",
            f"{row['progressive']['talk_min_per_hour']:.1f}",
        )


def _ratios(found: dict[str, Any], scenario: str) -> None:
    _head(f"{scenario}: agents", *RATIOS.values(), "ours")
    for agents, row in _rows(found, scenario):
        if all(name in row for name in RATIOS):
            cells = [row[name] for name in (*RATIOS, study.OURS)]
            _line(
                str(agents),
                *(
                    f"{_percent(c['utilisation'])} / {100 * c['nuisance_rate']:.1f}"
                    for c in cells
                ),
            )


def _days(by_regime: dict[str, Any]) -> None:
    _head(
        "regime",
        "limit %",
        "days within",
        "worst day %",
        "nuisance %",
        "utilisation",
        "VICI Y: days within",
        "VICI Y: worst day %",
        "VICI Y: utilisation",
    )
    for name, row in by_regime.items():
        vici = row["vici_y"]
        _line(
            f"`{name}`",
            f"{100 * row['limit']:g}",
            _percent(row["share_within_limit"]) + " %",
            f"{100 * row['worst_nuisance_rate']:.2f}",
            f"{100 * row['nuisance_rate']:.2f}",
            _percent(row["utilisation"]),
            _percent(vici["share_within_limit"]) + " %",
            f"{100 * vici['worst_nuisance_rate']:.2f}",
            _percent(vici["utilisation"]),
        )


def _clock(rules: dict[str, Any]) -> None:
    _head("", *(rule.replace("_", " ") for rule in rules))
    for key in next(iter(rules.values())):
        if key != "share_by_minutes":
            _line(key, *(str(figures[key]) for figures in rules.values()))


def _rows(
    found: dict[str, Any], scenario: str
) -> Iterable[tuple[int, dict[str, dict[str, Any]]]]:
    for agents in AGENTS:
        row = found.get(f"{scenario}{agents}")
        if row and all(name in row for name in study.USUAL):
            yield agents, row


def _head(*names: str) -> None:
    _line(*names, before="\n")
    print("|" + "---:|" * len(names))


def _line(*cells: str, before: str = "") -> None:
    listed: Sequence[str] = cells
    print(before + "| " + " | ".join(listed) + " |")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
