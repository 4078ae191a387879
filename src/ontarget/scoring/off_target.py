"""The off-target ratio: how many hypotheses are not in the language that was asked for."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Literal

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id import Identifier, default_identifier
from ontarget.scoring.score import Score

Outcome = Literal["on", "source", "english", "other", "empty"]


def off_target_ratio(
    hypotheses: Sequence[str], language: Language | str, identifier: Identifier | None = None
) -> Score:
    """The share of hypotheses whose most probable language is not `language`, in percent.

    As in the paper (Zan et al. 2025): top-1 over all lines, whatever its probability; an empty line is off.
    Identification errs on human text too: give the ratio of the references (the floor) beside it.

    Args:
        hypotheses: one text each.
        language: the language that was asked for, `"fr"`.
        identifier: default: lid.176.ftz.

    Raises:
        UserError: there are no hypotheses, or the identifier knows no such language.
    """
    target = language if isinstance(language, Language) else Language(language)
    identifier = identifier or default_identifier()
    labels = _identify(hypotheses, target, identifier)
    off = sum(label != target.fasttext_label for label in labels)
    n = len(labels)
    signature = f"lid:{identifier.signature}|case:mixed|norm:none|n:{n}|version:{version('ontarget')}"
    return Score("otr", 100.0 * off / n, n, signature)


def breakdown(
    hypotheses: Sequence[str],
    sources: Sequence[str] | None,
    direction: Direction,
    identifier: Identifier | None = None,
) -> dict[Outcome, int]:
    """Where the hypotheses went; each is counted once, and `on` is what the off-target ratio leaves.

    Args:
        hypotheses: one text each.
        sources: what they translate, line by line. A copy of it counts as `source` even where it is too short
            for its language to be recognised. None: the language alone decides.
        direction: from the sources' language to the one that was asked for.
        identifier: default: lid.176.ftz.

    Returns:
        Counts of `on` (the language asked for), `source` (the source's language), `english` (where it is
        neither), `other` and `empty`.
    """
    if sources is not None and len(sources) != len(hypotheses):
        raise UserError(
            f"{len(hypotheses)} hypotheses but {len(sources)} sources; they must be aligned line by line"
        )
    labels = _identify(hypotheses, direction.target, identifier or default_identifier())
    copies = [False] * len(labels)
    if sources is not None:
        copies = [hyp.strip() == source.strip() for hyp, source in zip(hypotheses, sources, strict=True)]
    counts: dict[Outcome, int] = {"on": 0, "source": 0, "english": 0, "other": 0, "empty": 0}
    for label, copy in zip(labels, copies, strict=True):
        counts[_outcome(label, copy, direction)] += 1
    return counts


def _outcome(label: str, copy: bool, direction: Direction) -> Outcome:
    if label == direction.target.fasttext_label:
        return "on"
    if not label:
        return "empty"
    if copy or label == direction.source.fasttext_label:
        return "source"
    return "english" if label == "en" else "other"


def _identify(hypotheses: Sequence[str], target: Language, identifier: Identifier) -> list[str]:
    if isinstance(hypotheses, str):  # a string is a sequence of strings, too: of its letters
        raise UserError("the hypotheses are one string; give a list of strings, one for each segment")
    if not hypotheses:
        raise UserError("there are no hypotheses to score: the off-target ratio of no lines is undefined")
    if target.fasttext_label not in identifier.labels:
        raise UserError(
            f"{identifier.signature} cannot recognise {target.name()} ({target}); give another identifier"
        )
    return [guess.label for guess in identifier.identify(hypotheses)]
