"""The off-target ratio by sentences, for paragraphs in which, for example, one sentence of ten is English.

For a whole paragraph an identifier names the language of most of the text, so a single sentence in another
language is not noticed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import mean
from typing import Any, get_args

from ontarget import given
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.own_identifier import IdentifierLike
from ontarget.scoring.language_id.rules import Reading, Rules, Unit
from ontarget.scoring.off_target import OffTarget, SegmentResult
from ontarget.scoring.outcome import Thresholds
from ontarget.scoring.score import Score
from ontarget.sentences import sentences_of

_LONG = 400  # characters; a longer line is long
_MANY = 3  # ends of sentences; a line with more is long, too
_ENDS = (". ", "! ", "? ", "。", "！", "？", "। ")
_SHORT = 60  # characters; in shorter lines, sentences are not counted


class BySentence(OffTarget):
    """Counts lines by the share of their sentences that are in another language.

    Neutral and unsure sentences are ignored. A line is off-target if at least half of the other sentences are
    in another language. It is `mixed` if some are, but fewer; the strict ratio counts mixed lines, too. If no
    sentence remains, the line is identified as a whole. The outcomes of empty lines, copies, run-ons and
    other scripts also depend on the whole line.

    Arguments, attributes and errors are those of `OffTarget`.

    Attributes:
        sentences: a count of all sentences as if each were a line; its `score` is their off-target ratio.
    """

    _unit = "|unit:sentence"

    def __init__(
        self,
        target: Direction | Language | str,
        identifier: IdentifierLike | None = None,
        *,
        strict: bool = False,
        thresholds: Thresholds | None = None,
        rules: Rules = "robust",
    ) -> None:
        thresholds = thresholds or Thresholds()
        super().__init__(target, identifier, strict=strict, thresholds=thresholds, rules=rules)
        self.sentences = _Sentences(target, self.identifier, thresholds=thresholds, rules=rules)

    @property
    def sentence_score(self) -> Score:
        """The off-target ratio of all sentences, in percent, with its interval; n is their number.

        Raises:
            UserError: there are no sentences.
        """
        return replace(self.sentences.score, metric="otr_sentences")

    def _read(self, hypotheses: Sequence[str]) -> list[Reading]:
        lines = [sentences_of(text, self.language) for text in hypotheses]
        found = iter(self.sentences.add([sentence for line in lines for sentence in line]))
        readings = [_reading([next(found) for _ in line]) for line in lines]
        whole = [place for place, reading in enumerate(readings) if not reading.guess.label]
        of_whole = super()._read([hypotheses[place] for place in whole])
        for place, reading in zip(whole, of_whole, strict=True):
            readings[place] = Reading(reading.guess, reading.doubt, readings[place].sentences)
        return readings

    def _segment(self, reading: Reading, *line: Any) -> SegmentResult:
        segment = super()._segment(reading, *line)
        mixed = reading.mixed and segment.outcome == "on"
        return segment._replace(outcome="mixed" if mixed else segment.outcome, sentences=reading.sentences)


class _Sentences(OffTarget):
    _unit = BySentence._unit


def _reading(sentences: Sequence[SegmentResult]) -> Reading:
    """The reading of a line by its sentences; its guess has no label if no sentence counts."""
    outcomes = tuple(sentence.outcome for sentence in sentences)
    sure = [sentence for sentence in sentences if sentence.doubt is None]
    elsewhere = [one for one in sure if one.off and one.outcome != "script"]
    if not sure:
        return Reading(Guess("", 0.0), sentences=outcomes)
    is_off = 2 * len(elsewhere) >= len(sure)
    deciding = elsewhere if is_off else [one for one in sure if one not in elsewhere]
    label, _ = Counter(one.guess.label for one in deciding).most_common(1)[0]
    probability = mean(one.guess.probability for one in deciding if one.guess.label == label)
    return Reading(Guess(label, probability), sentences=outcomes, mixed=bool(elsewhere) and not is_off)


def counting(unit: Unit) -> type[OffTarget]:
    """The class that counts by whole lines or by sentences.

    Raises:
        UserError: the unit does not exist.
    """
    given.choice(unit, "the unit", get_args(Unit))
    return BySentence if unit == "sentence" else OffTarget


def is_long(text: str) -> bool:
    """Whether a line has more than 400 characters, or probably more than three sentences; a quick check."""
    if len(text) > _LONG:
        return True
    return len(text) > _SHORT and sum(text.count(end) for end in _ENDS) > _MANY
