"""The languages in the name of a model, as OpenAI's clients give them: `ontarget:de-fr`, or `ontarget:fr`."""

from ontarget.checked.source import AUTO
from ontarget.errors import UserError, excerpt
from ontarget.languages import Direction, Language
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.offered import OfferedLanguages

REMEDY = (
    'name the languages in the model, such as "ontarget:de-fr", or in translation_options, such as '
    '{"source_lang": "auto", "target_lang": "fr"}'
)
"""The end of messages on languages that are missing or unclear."""


def source_and_target(given: str, offered: OfferedLanguages) -> tuple[str, str]:
    """Codes of the source and target language by the end of a model's name.

    Args:
        given: a direction, or the target language alone, whose source is to be identified. `pt-BR`, written
            as a region is, is one language.
        offered: the languages that a message on an unknown one names.
    Raises:
        Failure: a language is missing or unknown, or there are more than two.
    """
    if not offered.misnamed(given) and str(Language(given)) == given:
        return AUTO, given
    try:
        direction = Direction.parse(given)
    except UserError:
        if failure := offered.misnamed(given):
            raise _unclear(given, offered) or failure from None
        return AUTO, given
    return str(direction.source), str(direction.target)


def _unclear(given: str, offered: OfferedLanguages) -> Failure | None:
    parts = given.split("-")
    if not all(parts):
        return wrong(f"a language is missing in '{excerpt(given)}'; {REMEDY}", "missing_language")
    splits = [("-".join(parts[:cut]), "-".join(parts[cut:])) for cut in range(len(parts) - 1, 0, -1)]
    for source, target in splits:
        if not offered.misnamed(source):
            try:
                Direction.parse(target)
            except UserError:
                return offered.misnamed(target)
            return wrong(f"'{excerpt(given)}' has more than two languages; {REMEDY}", "unknown_language")
    sources = (source for source, target in splits if not offered.misnamed(target))
    return offered.misnamed(next(sources, given))
