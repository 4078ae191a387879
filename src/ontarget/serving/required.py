"""What a request may require of its translations; the failures have the translations with their verdicts."""

from collections.abc import Sequence

from ontarget.errors import counted
from ontarget.serving.documents import ServedDocument
from ontarget.serving.failure import Failure
from ontarget.serving.texts import ServedText


def require_translated(results: Sequence[ServedText], first: int = 1) -> None:
    """Refuses to answer with a source in place of a translation, where the reply could not say so.

    Args:
        results: the translations.
        first: the number of the first one.
    Raises:
        Failure: the model gave no words for a text, or takes fewer tokens than it has.
    """
    _require([not one.untranslated for one in results], results, first, "untranslated", "not translated")


def require_on_target(results: Sequence[ServedText], first: int = 1) -> None:
    """Refuses to answer with text in another language than the requested one.

    Args:
        results: the translations.
        first: the number of the first one.
    Raises:
        Failure: a text is off-target.
    """
    _require([one.on_target for one in results], results, first, "off_target", "off-target")


def require_document_on_target(found: ServedDocument) -> None:
    """Refuses to answer with a document that has text in another language than the requested one.

    Raises:
        Failure: a segment is off-target or untranslated; the reply has the report, and these segments.
    """
    bad = [one for one in found.segments if one.checked.verdict.unusable]
    if bad:
        target = found.target
        message = (
            f"off-target: {len(bad)} of {counted(len(found.segments), 'segment')} of the document, without a "
            f"translation into {target.name()} ({target}); leave them out, or translate them by hand"
        )
        more = {"report": found.report(), "segments": [one.to_dict() for one in bad]}
        raise Failure(422, "off_target", message, more=more)


def _require(good: Sequence[bool], results: Sequence[ServedText], first: int, code: str, name: str) -> None:
    bad = [number for number, is_good in enumerate(good, first) if not is_good]
    if bad:
        message = (
            f"{name}: text {', '.join(map(str, bad))}; rephrase or omit what is wrong; "
            "the reply has the verdicts in 'translations'"
        )
        raise Failure(422, code, message, more={"translations": [one.to_dict() for one in results]})
