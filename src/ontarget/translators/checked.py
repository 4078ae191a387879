"""Translation with verdicts from Python, and for the command `ontarget translate`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ontarget import given
from ontarget.checked.alternatives import alternatives_checked
from ontarget.checked.attempt import Attempt, attempts_of
from ontarget.checked.check import Checker, Unchecked
from ontarget.checked.progress_bar import shown
from ontarget.checked.source import AUTO, source_directions
from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.own_identifier import IdentifierLike, as_identifier
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Progress, decoding_for
from ontarget.translation.system import Request, System, TermsOf, direction_between
from ontarget.translation.translator import Translator

_STREAMED = 256  # texts at a time


class CheckedTranslator:
    """A translator whose translations carry verdicts:

        CheckedTranslator(Translator("my/model"), retry=["rerank", "pivot"])

    Args:
        translator: the model.
        retry: what is tried for off-target lines, in order: `rerank` (another hypothesis of the beam),
            `sampling` (four draws), `pivot` (through English), or another `Translator`. The default is
            nothing, so that the texts are those of `Translator.translate`.
        num_beams: number of hypotheses kept at each step; 1 is greedy search.
        max_new_tokens: maximum number of tokens to generate for each text.
        no_repeat_ngram_size: forbid repeated n-grams of this size.
        system: prompt, decoding and score adjustments; it replaces the template and the three options above.
        identifier: identifies languages, see `OffTarget`; default: lid.176.ftz.
        seed: of `sampling`.
        check: whether to check at all; without, every verdict is `unsure`.
    Raises:
        UserError: a retry does not exist, or cannot be done with this system.
    """

    def __init__(
        self,
        translator: Translator,
        *,
        retry: Sequence[str | Translator] = (),
        num_beams: int = 4,
        max_new_tokens: int = 512,
        no_repeat_ngram_size: int | None = None,
        system: System | None = None,
        identifier: IdentifierLike | None = None,
        seed: int = 0,
        check: bool = True,
    ) -> None:
        decoding = Decoding(num_beams, max_new_tokens, no_repeat_ngram_size=no_repeat_ngram_size)
        if retry and not check:
            raise UserError("a retry needs the check, which finds off-target lines; check, or omit the retry")
        system = system or System("translator", translator.template, decoding=decoding)
        retries = [
            one if isinstance(one, str) else _escalation(one, system.decoding)
            for one in given.several(retry, "retries", of="names such as 'pivot', or translators")
        ]
        self.translator = translator
        self.attempts = attempts_of(system, translator.engine, retries, seed=seed)
        self.checker = (Checker if check else Unchecked)(as_identifier(identifier))

    def translate(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
    ) -> list[Checked]:
        """Translates texts into one line each, with verdicts, in order.

        Args:
            texts: the texts; an empty one has an empty translation.
            source: their language, or `auto`: each is identified, and one that is in the target language
                already is kept as it is, with the flag `kept`.
            target: the language to translate into.
            progress: True for a progress bar, or a function that is called with the number of finished
                translations and the number of all.
        Raises:
            UserError: a text is not a string, a language is unknown, or both are the same.
        """
        requests = self._requests(texts, source, target)
        with shown(progress, f"to {target}") as moved:
            return [one for (one,) in self.translate_requests(requests, progress=moved)]

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """Translates requests in any mix of directions; one with two equal sides is kept as it is.

        Args:
            requests: the texts, which may have terms of a glossary.
            count: maximum number of different translations of a text, see `alternatives`.
            progress: called with the number of finished translations and the number of all.
        Returns:
            The translations of each request, best first.
        """
        asked = [one for one in requests if not _is_kept(one)]
        if count > 1:
            found = alternatives_checked(asked, self.attempts, count, self.checker, progress)
        else:
            found = [[one] for one in translate_checked(asked, self.attempts, self.checker, progress)]
        kept = defaultdict[Language, list[str]](list)
        for one in filter(_is_kept, requests):
            kept[one.direction.target].append(one.source)
        same = {target: iter(self.checker.keep(texts, target)) for target, texts in kept.items()}
        translated = iter(found)
        return [[next(same[one.direction.target])] if _is_kept(one) else next(translated) for one in requests]

    def alternatives(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        count: int = 3,
        *,
        progress: Progress | bool = False,
    ) -> list[list[Checked]]:
        """Up to `count` different translations of each text, best first, see `alternatives.py`.

        Args:
            texts, source, target: see `translate`. A text that is kept as it is has no alternatives.
            count: maximum number of translations of a text. A narrower beam is widened to this size.
            progress: see `translate`.
        Raises:
            UserError: see `translate`; or the engine has no n-best lists.
        """
        most = given.count(count, "count")
        requests = self._requests(texts, source, target)
        with shown(progress, f"to {target}") as moved:
            return self.translate_requests(requests, count=most, progress=moved)

    def use_terms(self, terms: TermsOf) -> None:
        """Tells the models the terms of a glossary, where the template has a place for them.

        Args:
            terms: the terms that a text has, with their translations into the target language.
        """
        self.attempts = [replace(one, system=replace(one.system, terms=terms)) for one in self.attempts]

    def stream(
        self, texts: Iterable[str], source: str | Language, target: str | Language, *, size: int = _STREAMED
    ) -> Iterator[Checked]:
        """Translates as `translate`, but reads texts and returns results one by one, for any number.

        Args:
            texts: the texts, such as the lines of a stream.
            size: number of texts that are read and translated together.
        """
        rest = given.several(texts, "texts")
        while chunk := list(islice(rest, given.count(size, "size"))):
            yield from self.translate(chunk, source, target)

    def _requests(
        self, texts: Sequence[str], source: str | Language, target: str | Language
    ) -> list[Request]:
        lines = given.texts(texts, "texts", "text")
        if source != AUTO:
            direction = direction_between(source, target)
            return [Request(text, direction) for text in lines]
        into = target if isinstance(target, Language) else Language(target)
        found = source_directions(lines, into, self.checker.identifier)
        return [Request(text, one or Direction(into, into)) for text, one in zip(lines, found, strict=True)]


def _is_kept(request: Request) -> bool:
    return request.direction.source == request.direction.target


def _escalation(other: Translator, decoding: Decoding) -> Attempt:
    if not isinstance(other, Translator):
        raise UserError(f"a retry is {given.shown(other)}; give a name such as 'pivot', or a Translator")
    system = System("escalated", other.template, decoding=decoding_for(other.engine, decoding))
    return Attempt(system, other.engine, 1, "escalated")
