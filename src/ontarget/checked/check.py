"""Checks translations: the language by the rules of `ontarget score`, and the flags of `flags.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ontarget.checked.flags import flags_of
from ontarget.checked.verdict import Checked, Flag, Verdict, VerdictOutcome
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import Guess, Identifier, default_identifier
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.off_target import OffTarget, SegmentResult
from ontarget.text import in_one_line, is_empty
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

_KEPT: Mapping[Flag, tuple[str, ...]] = {"kept": ()}
_OF_KEPT: Mapping[VerdictOutcome, VerdictOutcome] = {
    "on_target": "on_target",
    "unsure": "unsure",
    "off_target": "unsure",
}
_OUTCOME_OF_DOUBT: Mapping[str | None, VerdictOutcome] = {
    None: "on_target",
    "unsure": "unsure",
    "neutral": "neutral",
}


class Checker:
    """Checks translations in any mix of directions. The verdict on a line does not depend on other lines.

    Args:
        identifier: identifies the language; default: lid.176.ftz, as for all scores.
    """

    def __init__(self, identifier: Identifier | None = None) -> None:
        self.identifier = identifier or default_identifier()
        self._by_direction: dict[Direction, tuple[OffTarget | None, LeftoverWords | None]] = {}

    def knows(self, language: Language) -> bool:
        """Whether the identifier can recognise a language; without that, all its lines are `unsure`."""
        return bool(labels_of(language, self.identifier.labels))

    def check(self, requests: Sequence[Request], hypotheses: Sequence[Hypothesis]) -> list[Checked]:
        """A verdict for each translation, in order.

        The outcome is that of `OffTarget`, except where there was nothing to translate: an empty source has
        the outcome `neutral`.
        """
        by_direction: dict[Direction, list[int]] = {}
        for place, request in enumerate(requests):
            by_direction.setdefault(request.direction, []).append(place)
        verdicts: dict[int, Verdict] = {}
        for direction, places in by_direction.items():
            sources = [requests[place].source for place in places]
            found = self._verdicts(direction, sources, [hypotheses[place] for place in places])
            verdicts.update(zip(places, found, strict=True))
        return [
            Checked(request.source, request.direction, hypothesis, verdicts[place])
            for place, (request, hypothesis) in enumerate(zip(requests, hypotheses, strict=True))
        ]

    def keep(self, texts: Sequence[str], target: Language) -> list[Checked]:
        """Texts that stay as they are because they are in the target language, with the flag `kept`.

        One that reads as another language is `unsure`: with the texts around it, it was read as the target.
        One without words is `neutral`, and has no flag: there is nothing to translate in any language.
        """
        requests = [Request(text, Direction(target, target)) for text in texts]
        checked = self.check(requests, [Hypothesis(in_one_line(text), "stop", 0.0, 0) for text in texts])
        return [
            one
            if one.verdict.outcome == "neutral"
            else replace(
                one, verdict=replace(one.verdict, outcome=_OF_KEPT[one.verdict.outcome], details=_KEPT)
            )
            for one in checked
        ]

    def _verdicts(
        self, direction: Direction, sources: Sequence[str], hypotheses: Sequence[Hypothesis]
    ) -> list[Verdict]:
        texts = [hypothesis.text for hypothesis in hypotheses]
        outcomes = self._outcomes(direction, texts)
        left = self._of(direction)[1]
        details = flags_of(direction, sources, hypotheses, [outcome == "neutral" for outcome, _ in outcomes])
        if left is not None:
            # Lines in another language, and copies, have nothing but such words.
            suspects = [
                place
                for place, ((outcome, _), flags) in enumerate(zip(outcomes, details, strict=True))
                if outcome != "off_target" and "echo" not in flags
            ]
            words = left.add([texts[i] for i in suspects], [sources[i] for i in suspects])
            for i, found in zip(suspects, words, strict=True):
                if found.places:
                    details[i]["source_words"] = tuple(texts[i][start:end] for start, end in found.places)
        return [
            _NOTHING if is_empty(source) else Verdict(outcome, guess.label, guess.probability, details=flags)
            for source, (outcome, guess), flags in zip(sources, outcomes, details, strict=True)
        ]

    def _outcomes(self, direction: Direction, texts: Sequence[str]) -> list[tuple[VerdictOutcome, Guess]]:
        count = self._of(direction)[0]
        if count is None:
            return [("unsure", guess) for guess in self.identifier.identify(texts)]
        return [(_outcome(segment), segment.guess) for segment in count.add(texts)]

    def _of(self, direction: Direction) -> tuple[OffTarget | None, LeftoverWords | None]:
        """The counts of a direction, made once; None where the identifier does not know its target."""
        if direction not in self._by_direction:
            known = labels_of(direction.target, default_identifier().labels)
            self._by_direction[direction] = (
                OffTarget(direction, self.identifier) if self.knows(direction.target) else None,
                LeftoverWords(direction.target, direction.source) if known else None,
            )
        return self._by_direction[direction]


class Unchecked(Checker):
    """Checks nothing: every translation is `unsure`, without flags."""

    def check(self, requests: Sequence[Request], hypotheses: Sequence[Hypothesis]) -> list[Checked]:
        """See `Checker`."""
        return [
            Checked(request.source, request.direction, hypothesis, _UNCHECKED)
            for request, hypothesis in zip(requests, hypotheses, strict=True)
        ]


_NOTHING = Verdict("neutral", "", 0.0)  # of a source without text
_UNCHECKED = Verdict("unsure", "und", 0.0)


def _outcome(segment: SegmentResult) -> VerdictOutcome:
    return "off_target" if segment.off else _OUTCOME_OF_DOUBT[segment.doubt]
