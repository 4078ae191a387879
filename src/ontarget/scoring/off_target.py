"""The off-target ratio (OTR): the share of hypotheses that are not in the target language.

The class `OffTarget` counts hypotheses chunk by chunk; the functions here count a whole list at once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress, islice
from typing import NamedTuple

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.interval import wilson_between
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.own_identifier import IdentifierLike, as_identifier
from ontarget.scoring.language_id.rules import Doubt, Reading, Rules, Unit, read, signature_of
from ontarget.scoring.outcome import NOT_OFF, OUTCOMES, Ladder, Outcome, Thresholds
from ontarget.scoring.score import Score
from ontarget.scoring.version import SCORING_VERSION

_CHUNK = 10_000  # lines at a time, for inputs of any length
_DEFAULT = Thresholds()


class SegmentResult(NamedTuple):
    """The result for one hypothesis.

    Attributes:
        guess: the identifier's guess.
        off: whether it is off-target, without the conditions that the strict definition adds.
        outcome: its outcome, by the strict definition if `OffTarget.strict` is set.
        doubt: `neutral` or `unsure` if this is why it is not off-target, whatever its outcome is.
        sentences: the outcomes of its sentences, if these were identified (`by_sentence.BySentence`).
    """

    guess: Guess
    off: bool
    outcome: Outcome
    doubt: Doubt | None = None
    sentences: tuple[str, ...] = ()


class OffTarget:
    """Counts off-target hypotheses chunk by chunk, for any number of hypotheses.

    Args:
        target: the target language, or the direction; with a direction, the outcome `source` is recognised.
        identifier: the name of an identifier (`lingua`), an identifier, or your own function from texts to
            languages; default: lid.176.ftz.
        strict: whether outcomes follow the strict definition (see `strict_off_target_ratio`). Otherwise every
            hypothesis in the target language is `on`.
        thresholds: the limits of the strict definition; without `strict`, they only decide between the
            outcomes of off-target hypotheses.
        rules: how lines are identified, see `rules.read`; `paper` gives the paper's own count.

    Raises:
        UserError: the identifier does not know the target language.

    Attributes:
        n: number of hypotheses.
        off: number of off-target hypotheses; the same with and without `strict`.
        unsure: number of hypotheses that may be in the target language, although another language is more
            probable. They are not off-target.
        outcomes: number of hypotheses by outcome.
        produced: number of hypotheses by language: the label of the guess, or `""` for an empty one.
        produced_off: the same for the off-target hypotheses.
    """

    _unit = ""  # the part of the signature that names the unit, if that is not the whole hypothesis

    def __init__(
        self,
        target: Direction | Language | str,
        identifier: IdentifierLike | None = None,
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
    ) -> list[SegmentResult]:
        """Counts a chunk of hypotheses.

        Args:
            hypotheses: the hypotheses.
            sources: the source of each; without them, copies and overlong hypotheses are not recognised.
            finish: why the model stopped, for each hypothesis: `length` if it was cut off.

        Returns:
            One result for each hypothesis.

        Raises:
            UserError: an argument is not a list of strings, or the numbers of lines differ.
        """
        hypotheses = given.hypotheses(hypotheses, begin=self.n)
        if sources is not None:
            sources = given.texts(sources, "sources", "source", begin=self.n)
        if finish is not None:
            finish = list(given.several(finish, "finish reasons"))
        self._given = {"src": sources is not None, "finish": finish is not None}
        readings = self._read(hypotheses)
        off = [self._ladder.is_off(reading, text) for reading, text in zip(readings, hypotheses, strict=True)]
        loops = self._ladder.loops(hypotheses if self._strict else [*compress(hypotheses, off)])
        lines = zip(
            readings,
            off,
            hypotheses,
            _aligned("source", sources, len(hypotheses)),
            _aligned("finish reason", finish, len(hypotheses)),
            strict=True,
        )
        found = [self._segment(*line, loops) for line in lines]
        self.n += len(found)
        self.off += sum(segment.off for segment in found)
        self.unsure += sum(reading.doubt == "unsure" for reading in readings)
        self.outcomes.update([segment.outcome for segment in found])
        self.produced.update([segment.guess.label for segment in found])
        self.produced_off.update([segment.guess.label for segment in found if segment.off])
        return found

    def _read(self, hypotheses: Sequence[str]) -> list[Reading]:
        return read(hypotheses, self.identifier, self._ladder.on_target, self._rules)

    def _segment(
        self,
        reading: Reading,
        off: bool,
        text: str,
        source: str | None,
        finish: str | None,
        loops: Collection[str],
    ) -> SegmentResult:
        if off or self._strict:
            outcome = self._ladder.outcome(reading, off, text, source, finish, loops)
            return SegmentResult(reading.guess, off, outcome, reading.doubt)
        return SegmentResult(reading.guess, False, reading.doubt or "on", reading.doubt)

    @property
    def score(self) -> Score:
        """The off-target ratio of all counted hypotheses, with a Wilson interval.

        The lower end of the interval counts unsure hypotheses as on target, the upper end as off-target. All
        scores raise UserError if nothing was counted.
        """
        return self._share("otr", self.off, self.unsure)

    @property
    def unsure_score(self) -> Score:
        """The share of hypotheses that are `unsure`, in percent; the off-target ratio does not count them."""
        return self._share("otr_unsure", self.unsure)

    @property
    def strict_score(self) -> Score:
        """The off-target ratio of all counted hypotheses by the strict definition, with an interval as above.

        Raises:
            ValueError: `strict` is not set.
        """
        if not self._strict:
            raise ValueError("the strict score needs OffTarget(..., strict=True)")
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
    identifier: IdentifierLike | None = None,
    *,
    rules: Rules = "robust",
    unit: Unit = "line",
) -> Score:
    """The share of hypotheses whose most probable language is not `language`, in percent.

    Empty hypotheses are off-target. Hypotheses without a word of any language are not, and neither are those
    that may well be in the language. Identification also errs on human text: report the ratio of the
    references (the floor) with it.

    Args:
        hypotheses: the hypotheses; read once, in chunks, so the lines of a long file can be passed.
        language: the target language, such as `"fr"`.
        identifier: the name of an identifier (`lingua`), an identifier, or your own function from texts to
            languages; default: lid.176.ftz.
        unit: with `sentence`, a line is off-target if at least half of its sentences are
            (`by_sentence.BySentence`).
        rules: how lines are identified. `paper` counts as Zan et al. (2025): top-1 for every line, at any
            probability.

    Raises:
        UserError: there are no hypotheses, or the identifier does not know the language.
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
    identifier: IdentifierLike | None = None,
    thresholds: Thresholds = _DEFAULT,
    rules: Rules = "robust",
) -> Score:
    """The share of hypotheses that are not usable translations into `language`, in percent.

    Off-target are hypotheses in another language, and also: empty ones; copies of the source; run-ons (which
    repeat themselves, are far longer than the source, or were cut off); those of which the identifier is not
    sure; and those in another script than that of `language` (`sr-Latn`, `zh-Hant`).

    Args:
        hypotheses: the hypotheses.
        language: the target language, such as `"fr"`.
        sources: the source of each.
        finish: why the model stopped, for each hypothesis: `length` if it was cut off.
        identifier: the name of an identifier (`lingua`), an identifier, or your own function from texts to
            languages; default: lid.176.ftz.
        thresholds: the limits of the definition. The signature lists them.
        rules: how lines are identified, see `rules.read`.

    Raises:
        UserError: there are no hypotheses, the numbers of lines differ, or the identifier does not know the
            language.
    """
    count = OffTarget(language, identifier, strict=True, thresholds=thresholds, rules=rules)
    count.add(hypotheses, sources, finish)
    return count.strict_score


def outcomes(
    hypotheses: Sequence[str],
    target: Direction | Language | str,
    *,
    sources: Sequence[str] | None = None,
    finish: Sequence[str] | None = None,
    identifier: IdentifierLike | None = None,
    strict: bool = False,
    thresholds: Thresholds = _DEFAULT,
    rules: Rules = "robust",
) -> list[Outcome]:
    """The outcome of each hypothesis, in order; arguments and errors as in `OffTarget` and its `add`."""
    count = OffTarget(target, identifier, strict=strict, thresholds=thresholds, rules=rules)
    return [segment.outcome for segment in count.add(hypotheses, sources, finish)]


def breakdown(
    hypotheses: Sequence[str],
    sources: Sequence[str] | None,
    direction: Direction,
    identifier: IdentifierLike | None = None,
    *,
    finish: Sequence[str] | None = None,
    strict: bool = False,
    thresholds: Thresholds = _DEFAULT,
    rules: Rules = "robust",
) -> dict[Outcome, int]:
    """Number of hypotheses by outcome, for all `OUTCOMES`; arguments and errors as in `outcomes`."""
    if not isinstance(direction, Direction):
        raise UserError(
            f"the direction is {given.shown(direction)}; give one such as Direction.parse('de-fr')"
        )
    count = OffTarget(direction, identifier, strict=strict, thresholds=thresholds, rules=rules)
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
