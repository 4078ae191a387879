"""The off-target ratio: how many hypotheses are not in the language that was asked for.

`OffTarget` counts, chunk by chunk; each function here feeds one of them and says what it found.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.interval import wilson_between
from ontarget.scoring.language_id.identifier import Guess, Identifier
from ontarget.scoring.language_id.own_identifier import Function, as_identifier
from ontarget.scoring.language_id.rules import Doubt, Reading, Rules, Unit, read, signature_of
from ontarget.scoring.outcome import NOT_OFF, OUTCOMES, Ladder, Outcome, Thresholds
from ontarget.scoring.score import Score
from ontarget.scoring.version import SCORING_VERSION

_CHUNK = 10_000  # lines at a time, where there may be any number
_DEFAULT = Thresholds()


class Segment(NamedTuple):
    """What was found of one hypothesis.

    Attributes:
        guess: the identifier's.
        off: whether it is off-target; what the strict definition adds is not.
        outcome: what became of it, by the definition that was asked for.
        doubt: `neutral` or `unsure` where that is why it is not off-target, whatever its outcome is.
        sentences: the outcomes of its sentences, where they were identified (`by_sentence.BySentence`).
    """

    guess: Guess
    off: bool
    outcome: Outcome
    doubt: Doubt | None = None
    sentences: tuple[str, ...] = ()


class OffTarget:
    """Counts off-target hypotheses, chunk by chunk: there may be any number of them.

    Args:
        target: the language that was asked for, or the direction, which also tells the source's language
            apart.
        identifier: one of ours, or your own function from texts to languages; default: lid.176.ftz.
        strict: whether outcomes are by the strict definition (see `strict_off_target_ratio`). Without it a
            hypothesis is `on` as soon as its language is the one asked for.
        thresholds: of the strict definition; without it they only tell how a hypothesis is off.
        rules: how lines are read, see `rules.read`; `paper` gives the paper's own count.

    Raises:
        UserError: the identifier does not know the language.

    Attributes:
        n: how many hypotheses there were.
        off: how many were off-target, whatever `strict` is.
        unsure: how many may be in the language asked for, although another is more probable; they are
            not off.
        outcomes: how many had which outcome.
        produced: how many were in which language, by the labels of the guesses; `""` of those without text.
        produced_off: the same of those that were off-target.
    """

    _unit = ""  # what a signature says of it, where it is not the whole hypothesis

    def __init__(
        self,
        target: Direction | Language | str,
        identifier: Identifier | Function | None = None,
        *,
        strict: bool = False,
        thresholds: Thresholds = _DEFAULT,
        rules: Rules = "robust",
    ) -> None:
        source = target.source if isinstance(target, Direction) else None
        self.language = _target_of(target)
        self.identifier = as_identifier(identifier)
        self._strict = strict
        self._thresholds = thresholds
        self._rules = rules
        self._ladder = Ladder(self.language, source, self.identifier, thresholds, rules)
        self._given = {"src": False, "finish": False}
        self.n = self.off = self.unsure = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.produced: Counter[str] = Counter()
        self.produced_off: Counter[str] = Counter()

    def add(
        self,
        hypotheses: Sequence[str],
        sources: Sequence[str] | None = None,
        finish: Sequence[str] | None = None,
    ) -> list[Segment]:
        """Counts some more hypotheses.

        Args:
            hypotheses: one text each.
            sources: what they translate, line by line; without, copies and overlong answers cannot be told.
            finish: why the model stopped, for each: `length` where it was cut off.

        Returns:
            What was found of each.

        Raises:
            UserError: what is not a list of strings, or numbers of lines that differ.
        """
        hypotheses = given.hypotheses(hypotheses, begin=self.n)
        if sources is not None:
            sources = given.texts(sources, "sources", "source", begin=self.n)
        if finish is not None:
            finish = list(given.several(finish, "finish reasons"))
        self._given = {"src": sources is not None, "finish": finish is not None}
        readings = self._read(hypotheses)
        lines = zip(
            hypotheses,
            _aligned("source", sources, len(hypotheses)),
            _aligned("finish reason", finish, len(hypotheses)),
            strict=True,
        )
        found = [self._segment(reading, *line) for reading, line in zip(readings, lines, strict=True)]
        self.n += len(found)
        self.off += sum(segment.off for segment in found)
        self.unsure += sum(reading.doubt == "unsure" for reading in readings)
        self.outcomes.update([segment.outcome for segment in found])
        self.produced.update([segment.guess.label for segment in found])
        self.produced_off.update([segment.guess.label for segment in found if segment.off])
        return found

    def _read(self, hypotheses: Sequence[str]) -> list[Reading]:
        return read(hypotheses, self.identifier, self._ladder.on_target, self._rules)

    def _segment(self, reading: Reading, text: str, source: str | None, finish: str | None) -> Segment:
        off = self._ladder.is_off(reading, text)
        if off or self._strict:
            outcome = self._ladder.outcome(reading, off, text, source, finish)
            return Segment(reading.guess, off, outcome, reading.doubt)
        return Segment(reading.guess, False, reading.doubt or "on", reading.doubt)

    @property
    def score(self) -> Score:
        """The off-target ratio of all that was counted, with a Wilson interval.

        Its lower end takes unsure hypotheses for on target, its upper end for off-target. All scores raise
        UserError if nothing was counted.
        """
        return self._share("otr", self.off, self.unsure)

    @property
    def unsure_score(self) -> Score:
        """The share of hypotheses that are `unsure`, in percent; they are not in the off-target ratio."""
        return self._share("otr_unsure", self.unsure)

    @property
    def strict_score(self) -> Score:
        """The off-target ratio of all that was counted, by the strict definition, with such an interval.

        Raises:
            ValueError: `strict` was not asked for.
        """
        if not self._strict:
            raise ValueError("these were not counted by the strict definition: OffTarget(..., strict=True)")
        given = "|".join(f"{name}:{'yes' if was else 'no'}" for name, was in self._given.items())
        off = self.n - sum(self.outcomes[outcome] for outcome in NOT_OFF)
        return self._share(
            "otr_strict", off, self.outcomes["unsure"], f"|{self._thresholds.signature}|{given}"
        )

    def _share(self, metric: str, off: int, unsure: int = 0, settings: str = "") -> Score:
        if not self.n:
            raise UserError("there are no hypotheses to score: the off-target ratio of no lines is undefined")
        signature = (
            f"lid:{self.identifier.signature}|{signature_of(self._rules, self.identifier)}{self._unit}"
            f"{settings}|n:{self.n}|version:{SCORING_VERSION}"
        )
        return Score(
            metric, 100.0 * off / self.n, self.n, signature, wilson_between(off, off + unsure, self.n)
        )


def off_target_ratio(
    hypotheses: Iterable[str],
    language: Language | str,
    identifier: Identifier | Function | None = None,
    *,
    rules: Rules = "robust",
    unit: Unit = "line",
) -> Score:
    """The share of hypotheses whose most probable language is not `language`, in percent.

    An empty line is off; one without a word of any language is not, nor one that may well be in the language.
    Identification errs on human text, too: give the ratio of the references (the floor) with it.

    Args:
        hypotheses: one text each; read once, in chunks, so that a file of any length will do.
        language: the language that was asked for, `"fr"`.
        identifier: as of `OffTarget`.
        unit: by `sentence`, a line is off if at least half of its sentences are (`by_sentence.BySentence`).
        rules: how lines are read. `paper` counts as Zan et al. (2025) do: top-1 over all lines, however sure.

    Raises:
        UserError: there are no hypotheses, or the identifier knows no such language.
    """
    from ontarget.scoring.by_sentence import counting

    count = counting(unit)(language, identifier, rules=rules)
    for chunk in _chunks(hypotheses):
        count.add(chunk)
    return count.score


def strict_off_target_ratio(
    hypotheses: Sequence[str],
    language: Language | str,
    *,
    sources: Sequence[str] | None = None,
    finish: Sequence[str] | None = None,
    identifier: Identifier | Function | None = None,
    thresholds: Thresholds = _DEFAULT,
) -> Score:
    """The share of hypotheses that are no answer in `language`, in percent.

    Off-target are those in another language, and also an empty line, a copy of the source, a run-on (it
    repeats itself, is far longer than the source, or was cut off), one of which the identifier is not sure,
    and one that is in another script than `language` asks for (`sr-Latn`, `zh-Hant`).

    Args:
        hypotheses: one text each.
        language: the language that was asked for, `"fr"`.
        sources: what they translate, line by line.
        finish: why the model stopped, for each: `length` where it was cut off.
        identifier: default: lid.176.ftz.
        thresholds: what counts as unsure, as repetition, as too long. They stand in the signature.

    Raises:
        UserError: no hypotheses, numbers of lines that differ, or the identifier knows no such language.
    """
    count = OffTarget(language, identifier, strict=True, thresholds=thresholds)
    count.add(hypotheses, sources, finish)
    return count.strict_score


def outcomes(
    hypotheses: Sequence[str],
    target: Direction | Language | str,
    *,
    sources: Sequence[str] | None = None,
    finish: Sequence[str] | None = None,
    identifier: Identifier | Function | None = None,
    strict: bool = False,
    thresholds: Thresholds = _DEFAULT,
) -> list[Outcome]:
    """What became of each hypothesis, in order; arguments and errors as of `OffTarget` and its `add`."""
    count = OffTarget(target, identifier, strict=strict, thresholds=thresholds)
    return [segment.outcome for segment in count.add(hypotheses, sources, finish)]


def breakdown(
    hypotheses: Sequence[str],
    sources: Sequence[str] | None,
    direction: Direction,
    identifier: Identifier | Function | None = None,
    *,
    finish: Sequence[str] | None = None,
    strict: bool = False,
) -> dict[Outcome, int]:
    """How many hypotheses had each of `OUTCOMES`; arguments and errors as of `OffTarget` and its `add`."""
    if not isinstance(direction, Direction):
        raise UserError(
            f"the direction is {given.shown(direction)}; give one such as Direction.parse('de-fr')"
        )
    count = OffTarget(direction, identifier, strict=strict)
    count.add(hypotheses, sources, finish)
    return {outcome: count.outcomes[outcome] for outcome in OUTCOMES}


def _target_of(target: Direction | Language | str) -> Language:
    if isinstance(target, Direction):
        return target.target
    return target if isinstance(target, Language) else Language(target)


def _aligned(what: str, lines: Sequence[str] | None, n: int) -> Sequence[str | None]:
    if lines is None:
        return [None] * n
    given.aligned(lines, what, n)
    return lines


def _chunks(hypotheses: Iterable[str]) -> Iterator[list[str]]:
    lines = given.several(hypotheses, "hypotheses")
    while chunk := list(islice(lines, _CHUNK)):
        yield chunk
