"""Scorecards as `ontarget score` prints them: rows of tables, JSON objects, rows of CSV."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

from ontarget.errors import counted
from ontarget.scoring.outcome import OUTCOMES
from ontarget.scoring.score import SUFFIX, Score, display_name
from ontarget.scoring.scorecard import Scorecard
from ontarget.scoring.signatures import merged, shape

FLOORS = ("otr_floor", "otr_sentences_floor")
_LISTED = 5  # hypotheses, systems or languages in a note


def tables_of(
    cards: Sequence[Scorecard], *, intervals: bool, width: int | None = None, compact: bool = False
) -> list[tuple[str, list[dict[str, str]]]]:
    """Title and rows of each table: scores, their means over directions, and outcomes of lines.

    `width` is the number of decimal places of scores. With `compact`, the outcomes are left out.
    """
    columns = {title: "" for card in cards for title in scores_of(card, intervals, width)}
    scores = [label_of(card, cards) | columns | scores_of(card, intervals, width) for card in cards]
    seen = [outcome for outcome in OUTCOMES if any(card.breakdown.get(outcome) for card in cards)]
    outcomes = [label_of(card, cards) | {o: str(card.breakdown.get(o, 0)) for o in seen} for card in cards]
    tables = [("", scores), ("mean over directions", means_of(cards, width))]
    tables += [] if compact else [("lines", outcomes)]
    return [(title, rows) for title, rows in tables if rows]


def is_extra(name: str) -> bool:
    """Whether a score is left out if `--metrics` names `otr`, and thus all scores that are wanted."""
    return name.endswith(SUFFIX) or name in ("otr_unsure", "otr_close")


def drop_extras(cards: Sequence[Scorecard]) -> None:
    """Removes the scores that `is_extra` names."""
    for card in cards:
        for name in filter(is_extra, list(card.scores)):
            del card.scores[name]


def label_of(card: Scorecard, cards: Sequence[Scorecard]) -> dict[str, str]:
    """Identifies a row: by its file, or by system and direction; with several runs, by folder."""
    hypotheses = card.hypotheses
    if not (hypotheses.of_run or hypotheses.named):
        return {"hypothesis": hypotheses.path}
    same = [(c.hypotheses.system, c.hypotheses.direction) for c in cards].count(
        (hypotheses.system, hypotheses.direction)
    )
    return {
        "system": str(Path(hypotheses.path).parent) if same > 1 else hypotheses.system,
        "direction": str(hypotheses.direction),
    }


def scores_of(card: Scorecard, intervals: bool, width: int | None = None) -> dict[str, str]:
    """Title of a column -> score, as printed."""
    return {title_of(name): figure(score, intervals, width) for name, score in card.scores.items()}


def title_of(name: str) -> str:
    """The title of the column or table of a score, with its unit."""
    return display_name(name) + (" %" if name.startswith(("otr", "leftover")) else "")


def means_of(cards: Sequence[Scorecard], width: int | None = None) -> list[dict[str, str]]:
    """The mean scores of each system that has several directions.

    If some directions lack a score, its mean is followed by the number of directions that have it.
    """
    by_system: dict[str, list[Scorecard]] = {}
    for card in cards:
        by_system.setdefault(label_of(card, cards).get("system", ""), []).append(card)
    by_system.pop("", None)
    if not any(len(of_system) > 1 for of_system in by_system.values()):
        return []
    names = dict.fromkeys(name for card in cards for name in card.scores)
    return [
        {"system": system, "directions": str(len(of_system))}
        | {title_of(name): _mean([card.scores.get(name) for card in of_system], width) for name in names}
        for system, of_system in by_system.items()
    ]


def _mean(scores: Sequence[Score | None], width: int | None) -> str:
    """The mean of the available scores, with their number if some are missing: `97.50 (6)`."""
    there = [score for score in scores if score is not None]
    if not there:
        return ""
    average = figure(
        replace(there[0], value=mean(score.value for score in there)), interval=False, width=width
    )
    return average if len(there) == len(scores) else f"{average} ({len(there)})"


def notes_of(scores: Sequence[tuple[str, Score]]) -> list[str]:
    """The signatures that no other one implies; those of one score are merged, such as `tok:13a,zh`."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, score in scores:
        if name not in (*FLOORS, "otr_unsure") and not name.endswith(SUFFIX):
            alike.setdefault((score.metric, shape(score.signature)), []).append(score.signature)
    notes = [f"{display_name(metric)}|{merged(several)}" for (metric, _), several in alike.items()]
    if any(name.endswith(SUFFIX) for name, _ in scores):
        ratio = display_name("otr_strict" if "otr_strict" in dict(scores) else "otr")
        notes.append(f"on target: a line that {ratio} counts as off-target matches nothing of the reference")
    return list(dict.fromkeys(notes))


def others_of(cards: Sequence[Scorecard]) -> list[str]:
    """The languages of the outcome `other`, for each system: `other languages of beta: nl 3, es 1`."""
    found: dict[str, Counter[str]] = {}
    for card in cards:
        name = label_of(card, cards).get("system", card.hypotheses.path)
        found.setdefault(name, Counter()).update(card.other)
    notes = []
    for name, languages in found.items():
        common = ", ".join(f"{language} {n}" for language, n in languages.most_common(_LISTED))
        more = (
            f" and {counted(len(languages) - _LISTED, 'more language')}" if len(languages) > _LISTED else ""
        )
        if languages:
            notes.append(f"other languages{f' of {name}' if len(found) > 1 else ''}: {common}{more}")
    rest = (
        [f"other languages of {counted(len(notes) - _LISTED, 'more system')}: see --json"]
        if len(notes) > _LISTED
        else []
    )
    return notes[:_LISTED] + rest


def lengths_of(cards: Sequence[Scorecard]) -> list[str]:
    """A note if long lines may hide sentences in another language."""
    of_long = [card.hypotheses.path for card in cards if card.misses_sentences]
    if not of_long:
        return []
    where = "" if len(of_long) == len(cards) else f" of {counted(len(of_long), 'file')}"
    return [
        f"most lines{where} are long, and OTR identifies each as a whole; --unit sentence also counts single "
        "sentences in another language"
    ]


def unequal_of(cards: Sequence[Scorecard]) -> list[str]:
    """A note if systems of the same languages have different numbers of lines, as a cut file has."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for card in cards:
        given = card.hypotheses
        languages = str(given.source or ""), str(given.target)
        counts.setdefault(languages, {})[given.path] = sum(card.breakdown.values())
    notes = []
    for found in counts.values():
        least, most = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
        if found[least] < found[most]:
            few, many = counted(found[least], "line"), counted(found[most], "line")
            notes.append(f"{least} has {few}, {most} has {many}: compare only scores of the same lines")
    return notes


def missing_of(cards: Sequence[Scorecard]) -> list[str]:
    """Why requested metrics are missing, and for which hypotheses unless it is for all."""
    alike: dict[tuple[str, str], list[str]] = {}
    for card in cards:
        for why in dict.fromkeys(card.missing.values()):
            names = ", ".join(display_name(name) for name, reason in card.missing.items() if reason == why)
            alike.setdefault((names, why), []).append(" ".join(label_of(card, cards).values()))
    notes = []
    for (names, why), where in alike.items():
        more = f" and {len(where) - _LISTED} more" if len(where) > _LISTED else ""
        of_them = "" if len(where) == len(cards) else f" of {', '.join(where[:_LISTED])}{more}"
        notes.append(f"no {names}{of_them}: {why}")
    return notes


def made_of(cards: Sequence[Scorecard]) -> list[str]:
    """The parts of each BLEU score, as sacreBLEU prints them: precisions, brevity penalty, lengths."""
    return [
        f"{display_name(name)}{f' of {card.hypotheses.path}' if len(cards) > 1 else ''}: {score.verbose}"
        for card in cards
        for name, score in card.scores.items()
        if score.verbose
        and not name.endswith(SUFFIX)
        and not (card.hypotheses.of_run or card.hypotheses.named)
    ]


def digits_of(metric: str, width: int | None = None) -> int:
    """Decimal places of a score: `width`, or by default 2 (4 for COMET)."""
    return width if width is not None else 4 if metric.startswith("comet") else 2


def figure(score: Score, interval: bool, width: int | None = None) -> str:
    """A score as printed, optionally with its interval: `34.10 [32.87, 35.40]`."""
    digits = digits_of(score.metric, width)
    text = f"{score.value:.{digits}f}"
    if not interval or not score.interval:
        return text
    return f"{text} [{score.interval.low:.{digits}f}, {score.interval.high:.{digits}f}]"


def as_object(card: Scorecard) -> dict[str, Any]:
    """The public JSON keys of a scorecard: `hypothesis`, each score by name, `breakdown`."""
    scores = {}
    for name, score in card.scores.items():
        scores[name] = score.as_dict()
        del scores[name]["metric"]
    missing = {"missing": card.missing} if card.missing else {}
    other = {"other_languages": dict(Counter(card.other).most_common())} if card.other else {}
    run = {key: value for key, value in label_of(card, [card]).items() if key != "hypothesis"}
    breakdown = {"breakdown": dict(card.breakdown)}
    return {"hypothesis": card.hypotheses.path, **run, **scores, **missing, **breakdown, **other}


def as_rows(card: Scorecard) -> list[dict[str, Any]]:
    """One row per score, for statistics programs."""
    place = {"hypothesis": card.hypotheses.path, "system": "", "direction": ""} | label_of(card, [card])
    return [place | score.as_dict() | {"metric": name} for name, score in card.scores.items()]
