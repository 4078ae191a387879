"""Documents for pretraining a small base model, which give it its knowledge of the languages."""

import random
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from ontarget.corpora.corpus import Corpus, Part
from ontarget.corpora.lazy import Lazy, locate
from ontarget.languages import Language

Documents = Literal["aligned", "english-pivoted"]

# Share of the sentences that also occur alone in one language; translations teach a model more.
_ALONE = 0.2
# Share of the translations in two languages that are named together above the lines, not before each. With
# more languages, a small model would have to count lines to match them with the names.
_LISTED = 0.25
_AS_ALONE, _AS_HEADED, _AS_LISTED = range(3)  # forms
_NONE = 255  # padding for documents with fewer languages than others


class DrawnDocuments(Lazy[str]):
    """Documents as segments, forms and languages, a few bytes each; their text is made on access."""

    def __init__(self, parts: Sequence[Part], languages: Sequence[Language]) -> None:
        self._parts, self._languages = parts, languages
        self._ends = list(accumulate(map(len, parts)))  # segments are counted through the parts
        self._segments, self._order = array("I"), array("I")
        self._forms = bytearray()  # for each document its form, then the numbers of its languages
        self._width = 1 + len(languages)

    def __len__(self) -> int:
        return len(self._order)

    def _item(self, number: int) -> str:
        drawn = self._order[number]
        form, *chosen = self._forms[drawn * self._width : (drawn + 1) * self._width]
        languages = [self._languages[one] for one in chosen if one != _NONE]
        of, place = locate(self._ends, self._segments[drawn])
        lines = [self._parts[of].lines[language][place] for language in languages]
        if form == _AS_ALONE:
            return lines[0]
        names = [language.name() for language in languages]
        return _listed(names, lines) if form == _AS_LISTED else _headed(names, lines)

    def add(self, segment: int, form: int, languages: Sequence[Language]) -> None:
        """Appends a document."""
        chosen = bytes(map(self._languages.index, languages))
        self._forms += bytes([form]) + chosen.ljust(self._width - 1, bytes([_NONE]))
        self._order.append(len(self._segments))
        self._segments.append(segment)

    def shuffle(self, rng: random.Random) -> None:
        """Shuffles the documents."""
        rng.shuffle(self._order)


def make_documents(
    corpus: Corpus,
    languages: Sequence[Language],
    pivot: Language,
    kind: Documents,
    seed: int,
    pass_number: int = 0,
) -> DrawnDocuments:
    """The documents of one pass: every sentence with its translations, and some sentences alone.

    `aligned`: "German: ...", "French: ...", "Czech: ...", with all languages in random order, or two of them
    under "German, French:", so the base model sees every pair. `english-pivoted`: each sentence occurs only
    with its English translation, so the base model never sees an aligned pair without English.

    Languages are drawn anew for each pass, and the order is shuffled by the seed. A segment without some
    languages is used with those that it has; without the pivot, `english-pivoted` uses one language alone.
    """
    rng = random.Random(f"{seed} documents {pass_number}")
    parts = corpus.parts("train")
    documents, first = DrawnDocuments(parts, languages), 0
    for part in parts:
        there = [language for language in languages if language in part.lines]
        others = [language for language in there if language != pivot]
        for segment in range(first, first + len(part)):
            if kind == "aligned":
                chosen = rng.sample(there, len(there))
            elif pivot in part.lines:
                chosen = rng.sample([pivot, rng.choice(others)], 2)
            else:
                documents.add(segment, _AS_ALONE, [rng.choice(others)])
                continue
            listed = rng.random() < _LISTED
            if listed:
                chosen = chosen[:2]
            documents.add(segment, _AS_LISTED if listed else _AS_HEADED, chosen)
            if rng.random() < _ALONE:
                documents.add(segment, _AS_ALONE, [rng.choice(chosen)])
        first += len(part)
    documents.shuffle(rng)
    return documents


def _headed(names: Sequence[str], lines: Sequence[str]) -> str:
    return "\n".join(f"{name}: {line}" for name, line in zip(names, lines, strict=True))


def _listed(names: Sequence[str], lines: Sequence[str]) -> str:
    return "\n".join([f"{', '.join(names)}:", *lines])
