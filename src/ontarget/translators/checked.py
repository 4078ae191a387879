"""Translation with verdicts of texts, documents and streams, for Python and for the command."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import get_args, overload

from ontarget import given
from ontarget.checked.alternatives import alternatives_checked
from ontarget.checked.attempt import OTHER_MODEL, Attempt, Later, attempts_of
from ontarget.checked.check import Checker, Unchecked
from ontarget.checked.progress_bar import shown
from ontarget.checked.source import AUTO, source_directions
from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.documents.document import DocumentTranslation
from ontarget.documents.glossary import Glossary, as_glossary
from ontarget.documents.keep import Keep
from ontarget.documents.segments import Level
from ontarget.errors import UserError
from ontarget.files import whole_file
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.own_identifier import IdentifierLike, as_identifier
from ontarget.served_model import ServedModel
from ontarget.settings.decoding import Decoding
from ontarget.text import is_empty
from ontarget.translation.engines.loading import place_of
from ontarget.translation.engines.protocol import Progress, decoding_for
from ontarget.translation.system import Request, System, direction_between
from ontarget.translation.translator import BEAMS, Translator
from ontarget.translators.document import SAMPLE, DocumentOptions

STREAMED = 256
"""Number of texts of a stream that are translated together."""


class CheckedTranslator:
    """Translates texts and documents, each with a verdict:

        translator = CheckedTranslator("my/model", retry=["rerank", "pivot"])
        translator.translate("Guten Tag", "de", "fr").text

    Args:
        model: a directory, a name on the Hugging Face Hub, a model on a server or its URL, or a `Translator`,
            which has more options for loading.
        retry: what is tried for off-target lines, in order: `rerank` (another hypothesis of the beam),
            `sampling` (four draws), `pivot` (through English), or another model: `model:NAME`, a
            `Translator`, or a function that loads one. A name or function is loaded when the first text
            needs it. The default is nothing, so that the texts are those of `Translator.translate`, but for
            texts without a letter, which stay as they are.
        num_beams: number of hypotheses kept at each step; 1 is greedy search. The default is 4, or 1 for a
            model on a server, which has no beam.
        max_new_tokens: maximum number of tokens to generate for each text.
        no_repeat_ngram_size: forbid repeated n-grams of this size.
        system: prompt, decoding and score adjustments; it replaces the template and the three options above.
        identifier: identifies languages, see `OffTarget`; default: lid.176.ftz.
        seed: of `sampling`.
        check: whether to check at all; without, every verdict is `unsure`.
    Raises:
        UserError: the model or a retry does not exist, or cannot be had with this system.
    """

    def __init__(
        self,
        model: Translator | str | Path | ServedModel,
        *,
        retry: Sequence[str | Translator | Callable[[], Translator]] = (),
        num_beams: int | None = None,
        max_new_tokens: int = 512,
        no_repeat_ngram_size: int | None = None,
        system: System | None = None,
        identifier: IdentifierLike | None = None,
        seed: int = 0,
        check: bool = True,
    ) -> None:
        if retry and not check:
            raise UserError("a retry needs the check, which finds off-target lines; check, or omit the retry")
        translator = model if isinstance(model, Translator) else Translator(model)
        named = list(given.several(retry, "retries", of="names such as 'pivot', or translators"))
        beams = BEAMS if num_beams is None else num_beams
        decoding = Decoding(beams, max_new_tokens, no_repeat_ngram_size=no_repeat_ngram_size)
        if num_beams is None and "rerank" not in named:
            decoding = decoding_for(translator.engine, decoding)
        system = system or System("translator", translator.template, decoding=decoding)
        retries = [
            one
            if isinstance(one, str) and not one.startswith(OTHER_MODEL)
            else _escalation(one, system.decoding)
            for one in named
        ]
        self.translator = translator
        self.attempts = attempts_of(system, translator.engine, retries, seed=seed)
        self.checker = (Checker if check else Unchecked)(as_identifier(identifier))

    @property
    def stalled(self) -> float:
        """Seconds that the current step of an engine takes so far, see `SharedEngine`; 0 without one."""
        engines = [one.engine for one in self.attempts if isinstance(one, Attempt)]
        return max(float(getattr(engine, "stalled", 0.0)) for engine in engines)

    @overload
    def translate(  # type: ignore[overload-overlap]  # a string is a sequence of strings, too
        self, texts: str, source: str | Language, target: str | Language, *, progress: Progress | bool = False
    ) -> Checked: ...

    @overload
    def translate(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
    ) -> list[Checked]: ...

    def translate(
        self,
        texts: str | Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
    ) -> Checked | list[Checked]:
        """Translates a text into one line with its verdict; several texts as `translate_batch`."""
        if isinstance(texts, str):
            return self.translate_batch([texts], source, target, progress=progress)[0]
        return self.translate_batch(texts, source, target, progress=progress)

    def translate_batch(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        context: Sequence[str] = (),
        progress: Progress | bool = False,
    ) -> list[Checked]:
        """Translates texts into one line each, with verdicts, in order.

        Args:
            texts: the texts; an empty one has an empty translation.
            source: their language, or `auto`: each is identified, and one that is in the target language
                already is kept as it is, with the flag `kept`.
            target: the language to translate into.
            context: for `auto`, texts from the same place, such as the beginning of a file. Short texts are
                taken for the main language of the texts and their context.
            progress: True for a progress bar, or a function that is called with the number of finished
                translations and the number of all.
        Raises:
            UserError: a text is not a string, a language is unknown or cannot be identified, or both are the
                same.
        """
        requests = self._requests(texts, source, target, context)
        with shown(progress, f"to {target}") as moved:
            return [one for (one,) in self.translate_requests(requests, progress=moved)]

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """Translates requests in any mix of directions; one with two equal sides is kept as it is.

        So is a text without a letter, such as a number, which a model may turn into words.

        Args:
            requests: the texts, which may have terms of a glossary.
            count: maximum number of different translations of a text, see `alternatives`.
            progress: called with the number of finished translations and the number of all.
        Returns:
            The translations of each request, best first.
        """
        asked = [one for one in requests if not _stays(one)]
        if count > 1:
            found = alternatives_checked(asked, self.attempts, count, self.checker, progress)
        else:
            found = [[one] for one in translate_checked(asked, self.attempts, self.checker, progress)]
        kept = defaultdict[Language, list[str]](list)
        for one in filter(_stays, requests):
            kept[one.direction.target].append(one.source)
        same = {target: iter(self.checker.keep(texts, target)) for target, texts in kept.items()}
        translated = iter(found)
        return [
            [replace(next(same[one.direction.target]), direction=one.direction)]
            if _stays(one)
            else next(translated)
            for one in requests
        ]

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
            texts: one line each. A text that is kept as it is has no alternatives.
            source: see `translate`.
            target: see `translate`.
            count: maximum number of translations of a text. A narrower beam is widened to this size.
            progress: see `translate`.
        Raises:
            UserError: see `translate`; or the engine has no n-best lists.
        """
        most = given.count(count, "count")
        requests = self._requests(texts, source, target)
        with shown(progress, f"to {target}") as moved:
            return self.translate_requests(requests, count=most, progress=moved)

    def translate_document(
        self,
        path: str | Path,
        target: str | Language,
        output: str | Path | None = None,
        *,
        source: str | Language = AUTO,
        level: Level | None = None,
        keep: Sequence[str] = (),
        glossary: str | Path | Glossary | Iterable[tuple[str, str]] | Mapping[str, str] | None = None,
        column: str | None = None,
        overwrite: bool = False,
        progress: Progress | bool = False,
    ) -> DocumentTranslation:
        """Translates a file of any format of `ontarget translate`. All but its text stays byte for byte.

        Args:
            path: the file, such as `manual.docx`.
            target: the language to translate into.
            output: the file to write, with the same ending; None: none, the result has the bytes.
            source: its language, or `auto`: that of each segment is identified.
            level: what is translated at a time; None: a line of plain text, a sentence of other documents.
            keep: regular expressions of text that stays as it is.
            glossary: terms with their translations, as pairs or a mapping, or a file of them, tab-separated.
            column: the column of a tab-separated file, by name or number.
            overwrite: whether the output is replaced if it exists.
            progress: see `translate`.
        Returns:
            The bytes of the translated file, and its segments with their verdicts.
        Raises:
            UserError: a file is missing or broken, the output exists, or an argument is wrong.
        """
        file, into = Path(given.place(path, "the path")), _language(target)
        out = None if output is None else Path(given.place(output, "output"))
        if out is not None:
            _check_output(out, file, overwrite=overwrite)
        options = DocumentOptions(
            source,
            into,
            _level(level),
            Keep(given.texts(keep, "patterns", "pattern")),
            as_glossary(glossary),
            column,
        )
        found = options.translate(self, options.read(file), file, progress=progress)
        if out is not None:
            with whole_file(out) as temporary:
                temporary.write_bytes(found.data)
        return found

    def stream(
        self, texts: Iterable[str], source: str | Language, target: str | Language, *, size: int = STREAMED
    ) -> Iterator[Checked]:
        """Translates any number of texts, and gives each result when its group is translated.

        Args:
            texts: the texts, such as the lines of a file; they are read as they are needed.
            source: see `translate_batch`. The first texts are the context of all.
            target: the language to translate into.
            size: number of texts in a group. Smaller groups give earlier results and take longer.
        """
        rest, context = given.several(texts, "texts"), list[str]()
        while chunk := list(islice(rest, given.count(size, "size"))):
            yield from self.translate_batch(chunk, source, target, context=context)
            context += chunk[: SAMPLE - len(context)]

    def _requests(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        context: Sequence[str] = (),
    ) -> list[Request]:
        lines = given.texts(texts, "texts", "text")
        if source != AUTO:
            direction = direction_between(source, target)
            return [Request(text, direction) for text in lines]
        into, around = _language(target), given.texts(context, "context", "text")
        found = source_directions([*around, *lines], into, self.checker.identifier)[len(around) :]
        return [Request(text, one or Direction(into, into)) for text, one in zip(lines, found, strict=True)]


def _level(chosen: str | None) -> Level | None:
    levels: tuple[Level, ...] = get_args(Level)
    if chosen is not None and chosen not in levels:
        raise UserError(f"level is {given.shown(chosen)}; give one of {', '.join(levels)}")
    return next((level for level in levels if level == chosen), None)


def _check_output(output: Path, file: Path, *, overwrite: bool) -> None:
    """Finds a mistake in the path of a file to write before the work."""
    if output.is_dir():
        raise UserError(f"output is '{output}', a folder; give the path of a file")
    if not output.absolute().parent.is_dir():
        raise UserError(f"output is '{output}', but there is no folder '{output.parent}'")
    if output.exists() and file.exists() and output.samefile(file):
        raise UserError(f"output is '{output}', the input itself; choose another path")
    if output.exists() and not overwrite:
        raise UserError(f"output '{output}' exists; choose another path, or give overwrite=True")
    if output.suffix.lower() != file.suffix.lower():
        raise UserError(f"output '{output}' does not end with {file.suffix}; a document keeps its format")


def _language(given: str | Language) -> Language:
    return given if isinstance(given, Language) else Language(given)


def _stays(request: Request) -> bool:
    text, direction = request.source, request.direction
    return direction.source == direction.target or not (is_empty(text) or any(map(str.isalpha, text)))


def _escalation(other: str | Translator | Callable[[], Translator], decoding: Decoding) -> Attempt | Later:
    if isinstance(other, str):
        place = place_of(other.removeprefix(OTHER_MODEL))  # a mistake in its name is found at once
        return Later(lambda: _by_another(Translator(place), decoding))
    if callable(other):
        return Later(lambda: _by_another(other(), decoding))
    if not isinstance(other, Translator):
        raise UserError(f"a retry is {given.shown(other)}; give a name such as 'pivot', or a Translator")
    return _by_another(other, decoding)


def _by_another(other: Translator, decoding: Decoding) -> Attempt:
    system = System("escalated", other.template, decoding=decoding_for(other.engine, decoding))
    return Attempt(system, other.engine, 1, "escalated")
