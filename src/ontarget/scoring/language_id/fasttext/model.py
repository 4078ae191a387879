"""Classifies many texts at a time with a fastText model.

The library processes texts one by one and computes about a hundred n-grams for each, most of them again and
again, since words recur. Here each distinct word is computed once, together with all new words of its batch.

A text's hidden vector is the mean of rows of the input matrix: those of its words, of their n-grams, and of
its end (Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification", section 2).
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontarget.scoring.language_id.fasttext.file import FastTextFile, Floats
from ontarget.scoring.language_id.fasttext.losses import probabilities
from ontarget.scoring.language_id.fasttext.ngrams import fnv1a, ngram_buckets
from ontarget.scoring.language_id.fasttext.segments import add_rows, blocks
from ontarget.scoring.language_id.fasttext.words import Words

END = "</s>"  # fastText's word for the end of a text
_END = END.encode()
_LABEL = b"__label__"  # in every model, a word with this prefix is a label, and not part of the text
_CHARACTERS, _TEXTS = 1 << 18, 2048  # limits of a batch; a longer text is a batch of its own
_PROBABILITIES = 1 << 22  # in a batch, so that models with many labels get fewer texts at a time
_IN_MEMORY = 1 << 26  # bytes; a larger matrix stays in its file
_WORDS = 1 << 18  # limit of the cache of words


class FastTextModel:
    """A classifier with the library's labels and probabilities, except for rounding in the last digits.

    Args:
        file: the content of the model's file.

    Attributes:
        labels: the labels, in the order of their numbers.
    """

    def __init__(self, file: FastTextFile) -> None:
        self.labels = [label.decode("utf-8", "replace") for label in file.labels]
        self._file, self._labels = file, frozenset(file.labels)
        self._probabilities = probabilities(file)
        self._absent, dimensions = file.rows.shape  # this number stands for a row that does not exist
        self._row_of_bucket = None if file.kept is None else self._pruned(file.kept)
        self._fits = 4 * self._absent * dimensions <= _IN_MEMORY
        self._taken = 0  # number of rows taken so far, while there is no matrix
        self._matrix: Floats | None = None
        self._words = Words(self._sums_of_words, min(_WORDS, _IN_MEMORY // (4 * (dimensions + 1))))
        self._hashes = Words(_hashes, _WORDS)

    def best(
        self, texts: Sequence[str], among: Sequence[int] | None = None, of: Sequence[int] = ()
    ) -> Iterator[tuple[int, float, float]]:
        """The most probable label of each text, in order.

        Words are separated by ASCII blanks, line breaks and NUL.

        Args:
            texts: any number of texts, without the word `</s>`.
            among: ascending numbers of the allowed labels. Default: all. Probabilities are relative to these
                labels.
            of: numbers of allowed labels whose total probability is wanted.

        Yields:
            The label's number, its probability, and the total probability of `of`; 0 if the model has no row
            for anything in the text.
        """
        allowed = np.asarray(range(len(self.labels)) if among is None else among)
        for batch in _batches(texts, max(1, min(_TEXTS, _PROBABILITIES // len(self.labels)))):
            sums = self._sums(batch)
            entries = sums[:, -1]
            shares = np.reciprocal(np.maximum(entries, np.float32(1)), dtype=np.float32)
            every = self._probabilities((sums[:, :-1] * shares[:, None]).T)
            given = every if among is None else every[allowed]
            best = len(allowed) - 1 - given[::-1].argmax(axis=0)  # like fastText, the last of equal labels
            known = entries > 0
            if among is not None:
                known = known / np.maximum(_added(given), np.finfo(given.dtype).tiny)
            highest = given[best, np.arange(len(batch))] * known
            of_given = _added(every[list(of)]) * known if of else np.zeros(len(batch))
            yield from zip(allowed[best].tolist(), highest.tolist(), of_given.tolist(), strict=True)

    def _sums(self, texts: Sequence[str]) -> Floats:
        """The sum of each text's rows, and their number in the last column: [texts, dimensions + 1]."""
        # Half a surrogate pair has no UTF-8, and becomes a question mark.
        joined = f" {END} ".join([*texts, ""]).encode("utf-8", "replace")
        ids, of_words = self._words.look_up(joined)
        ends = ids == ids[-1]  # the last token is the end of a text
        text = np.cumsum(ends) - ends  # the number of each token's text
        sums = np.zeros((len(texts), of_words.shape[1]), np.float32)
        for block in blocks(text):
            add_rows(sums, text[block], of_words.take(ids[block], axis=0))
        if self._file.word_ngrams > 1:
            part = np.ones(len(ids), np.bool_)
            part[self._labels_in(joined.replace(b"\0", b" ").split())] = False
            ids, hashes = self._hashes.look_up(joined)
            self._add_word_ngrams(sums, text[part], hashes[ids[part]])
        return sums

    def _sums_of_words(self, words: Sequence[bytes]) -> Floats:
        """The sum and number of each word's rows; none for labels, and no n-grams for the end of a text."""
        file, sums = self._file, self._rows_of_words(words)
        if file.longest > 0 and words:
            for owner, found in ngram_buckets(words, file.shortest, file.longest, file.buckets):
                ids = np.stack([self._ids_of_buckets(buckets) for buckets in found], axis=1).reshape(-1)
                there = np.flatnonzero(ids < self._absent)  # few: a model is often pruned
                add_rows(sums, owner[there // len(found)], self._rows(ids[there]))
            if _END in words:
                sums[words.index(_END)] = self._rows_of_words([_END])[0]
        sums[self._labels_in(words)] = 0
        return sums

    def _rows_of_words(self, words: Sequence[bytes]) -> Floats:
        row = map(self._file.words.get, words, repeat(self._absent))
        return self._rows(np.fromiter(row, np.int64, len(words)))

    def _labels_in(self, words: Sequence[bytes]) -> list[int]:
        """The places of labels among words; usually there are none."""
        if self._labels.isdisjoint(words) and _LABEL not in b" ".join(words):
            return []
        return [n for n, word in enumerate(words) if word in self._labels or word.startswith(_LABEL)]

    def _add_word_ngrams(self, sums: Floats, text: NDArray[np.int64], hashes: NDArray[np.int64]) -> None:
        """Adds the rows of word n-grams; `text` has the number of each word's text, `hashes` its hash."""
        # fastText extends the signed 32-bit hash to 64 bits.
        single = hashes.astype(np.uint32).view(np.int32).astype(np.int64).view(np.uint64)
        run, size = single, np.uint64(self._file.buckets)
        for n in range(2, self._file.word_ngrams + 1):
            run = run[:-1] * np.uint64(116049371) + single[n - 1 :]
            inside = text[: len(run)] == text[n - 1 :]
            buckets = np.where(inside, (run % size).astype(np.int64), self._file.buckets)
            for block in blocks(text[: len(run)]):
                add_rows(sums, text[block], self._rows(self._ids_of_buckets(buckets[block])))

    def _ids_of_buckets(self, buckets: NDArray[Any]) -> NDArray[Any]:
        if self._row_of_bucket is None:
            return buckets.astype(np.int64) + len(self._file.words)
        return self._row_of_bucket.take(buckets, mode="clip")

    def _rows(self, ids: NDArray[Any]) -> Floats:
        """Rows of the input matrix, each with a 1 to count it; zeros for rows that do not exist."""
        if self._matrix is None and self._fits:
            # At first, rows are computed on demand: computing all takes longer than scoring a line.
            self._taken += len(ids)
            if self._taken > self._absent:
                self._matrix = self._made(np.arange(self._absent + 1))
        if self._matrix is not None:
            return self._matrix.take(ids, axis=0, mode="clip")
        return self._made(ids)

    def _made(self, ids: NDArray[Any]) -> Floats:
        there = np.flatnonzero(ids < self._absent)
        rows = np.zeros((len(ids), self._file.rows.shape[1] + 1), np.float32)
        rows[there, :-1] = self._file.rows.take(ids[there])
        rows[there, -1] = 1
        return rows

    def _pruned(self, kept: NDArray[np.int32]) -> NDArray[Any]:
        row = np.full(self._file.buckets + 1, self._absent, np.min_scalar_type(self._absent))
        row[kept[:, 0]] = len(self._file.words) + kept[:, 1]
        return row


def _hashes(words: Sequence[bytes]) -> NDArray[np.int64]:
    return np.array([fnv1a(word) for word in words], np.int64)


def _added(rows: NDArray[Any]) -> NDArray[Any]:
    """The sum of the rows, added in order, so that a text's result does not depend on the number of texts."""
    return reduce(np.add, rows)


def _batches(texts: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    start = characters = 0
    for i, text in enumerate(texts):
        characters += len(text)
        if i > start and (characters > _CHARACTERS or i - start == most):
            yield texts[start:i]
            start, characters = i, len(text)
    if start < len(texts):
        yield texts[start:]
