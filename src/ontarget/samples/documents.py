"""What a small base model reads: the text that gives a language model its latent knowledge of languages."""

import random
from collections.abc import Sequence
from typing import Literal

from ontarget.corpora.corpus import Corpus
from ontarget.languages import Language

Documents = Literal["aligned", "english-pivoted"]

# Share of the sentences that are read once more, alone in one language: translations teach a model more.
_ALONE = 0.2
# Share of the translations that are of two languages, named together above their lines and not before each.
# Of more than two, a small model would have to count lines to know what a name stands for.
_LISTED = 0.25


def make_documents(
    corpus: Corpus,
    languages: Sequence[Language],
    pivot: Language,
    kind: Documents,
    seed: int,
    pass_number: int = 0,
) -> list[str]:
    """One pass of reading: every sentence with its translations, and some of them alone.

    `aligned`: "German: ...", "French: ...", "Czech: ...", every language in any order, or two of them under
    "German, French:", so the base has seen every pair. `english-pivoted`: a sentence stands with its English
    alone, so no pair without English was ever seen aligned.

    Languages are drawn anew for each pass; the order is shuffled by seed. A segment that is not there in all
    languages stands with those that it has; where the pivot is missing, `english-pivoted` shows one alone.
    """
    rng = random.Random(f"{seed} documents {pass_number}")
    documents = []
    for part in corpus.parts("train"):
        there = [language for language in languages if language in part.lines]
        others = [language for language in there if language != pivot]
        for segment in part.segments():
            if kind == "aligned":
                chosen = rng.sample(there, len(there))
            elif pivot in segment:
                chosen = rng.sample([pivot, rng.choice(others)], 2)
            else:
                documents.append(segment[rng.choice(others)])
                continue
            listed = rng.random() < _LISTED
            if listed:
                chosen = chosen[:2]
            names = [language.name() for language in chosen]
            lines = [segment[language] for language in chosen]
            documents.append(_listed(names, lines) if listed else _headed(names, lines))
            if rng.random() < _ALONE:
                documents.append(rng.choice(lines))
    rng.shuffle(documents)
    return documents


def lines_a_document(kind: Documents, languages: int) -> float:
    """Mean number of lines of a document, for estimates."""
    headed = languages if kind == "aligned" else 2
    return ((1 - _LISTED) * headed + _LISTED * 2 + _ALONE) / (1 + _ALONE)


def _headed(names: Sequence[str], lines: Sequence[str]) -> str:
    return "\n".join(f"{name}: {line}" for name, line in zip(names, lines, strict=True))


def _listed(names: Sequence[str], lines: Sequence[str]) -> str:
    return "\n".join([f"{', '.join(names)}:", *lines])
