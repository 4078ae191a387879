"""Scorecards of systems in several languages: a table of systems and directions for each score."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

from ontarget.cli.scorecards import FLOORS, figure, title_of
from ontarget.languages import Direction, Language
from ontarget.scoring.outcome import OUTCOMES
from ontarget.scoring.score import Score, display_name
from ontarget.scoring.scorecard import Scorecard

Table = tuple[str, list[dict[str, str]]]
_FLOOR_ROW = "reference (floor)"


def is_of_systems(cards: Sequence[Scorecard]) -> bool:
    """Whether file names give systems and several directions, as needed for a table."""
    return all(card.hypotheses.named for card in cards) and len(_directions(cards)) > 1


def system_tables(
    cards: Sequence[Scorecard], *, intervals: bool, width: int | None = None, compact: bool = False
) -> list[Table]:
    """Title and rows of a table for each score, then of outcomes over all directions.

    The mean is over the directions that have the score; a column has their number. `width` is the number of
    decimal places of scores. With `compact`, all scores are in one table, whose first column names them, and
    the outcomes are left out.
    """
    directions = _directions(cards)
    names = dict.fromkeys(name for card in cards for name in card.scores if name not in FLOORS)
    tables = []
    for name in names:
        rows = [
            {"system": system}
            | _row([_score(cards, system, one, name) for one in directions], directions, intervals, width)
            for system in _systems(cards)
        ]
        floor = f"{name}_floor"
        floors = [
            next(
                (c.scores[floor] for c in cards if c.hypotheses.direction == one and floor in c.scores), None
            )
            for one in directions
        ]
        if floor in FLOORS and any(floors):
            rows.append({"system": _FLOOR_ROW} | _row(floors, directions, intervals, width))
        tables.append((title_of(name), rows))
    if compact:
        return [("", [{"metric": title} | row for title, rows in tables for row in rows])]
    seen = [outcome for outcome in OUTCOMES if any(card.breakdown.get(outcome) for card in cards)]
    outcomes = [
        {"system": system}
        | {
            outcome: str(sum(c.breakdown.get(outcome, 0) for c in cards if c.hypotheses.system == system))
            for outcome in seen
        }
        for system in _systems(cards)
    ]
    return [*tables, ("lines", outcomes)]


def empty_cells(cards: Sequence[Scorecard]) -> list[str]:
    """Why cells of the tables are empty."""
    directions = _directions(cards)
    without: dict[tuple[str, ...], list[str]] = {}
    for system in _systems(cards):
        answered = {card.hypotheses.direction for card in cards if card.hypotheses.system == system}
        if lacking := tuple(str(one) for one in directions if one not in answered):
            without.setdefault(lacking, []).append(system)
    notes = [
        f"empty: there is no file of {', '.join(systems)} for {', '.join(lacking)}"
        for lacking, systems in without.items()
    ]
    for name in dict.fromkeys(name for card in cards for name in card.scores if name not in FLOORS):
        undefined = dict.fromkeys(
            str(card.hypotheses.direction)
            for card in cards
            if name not in card.scores and name not in card.missing  # those are in `missing_of`
        )
        if undefined:
            notes.append(f"empty: {display_name(name)} of {', '.join(undefined)}: {_reason(name)}")
    return notes


def _reason(name: str) -> str:
    if name == "otr_close":
        return "no close relative of the language is known"
    return "it is not defined there"


def _row(
    scores: Sequence[Score | None],
    directions: Sequence[Direction | Language],
    intervals: bool,
    width: int | None,
) -> dict[str, str]:
    there = [score for score in scores if score is not None]
    cells = {
        str(direction): "" if score is None else figure(score, intervals, width)
        for direction, score in zip(directions, scores, strict=True)
    }
    average = (
        figure(replace(there[0], value=mean(score.value for score in there)), interval=False, width=width)
        if there
        else ""
    )
    return cells | {"mean": average, "directions": str(len(there))}


def _score(
    cards: Sequence[Scorecard], system: str, direction: Direction | Language, name: str
) -> Score | None:
    for card in cards:
        if (card.hypotheses.system, card.hypotheses.direction) == (system, direction):
            return card.scores.get(name)
    return None


def _systems(cards: Sequence[Scorecard]) -> list[str]:
    return list(dict.fromkeys(card.hypotheses.system for card in cards))


def _directions(cards: Sequence[Scorecard]) -> list[Direction | Language]:
    return sorted(dict.fromkeys(card.hypotheses.direction for card in cards), key=str)
