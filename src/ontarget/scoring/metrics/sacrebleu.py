"""Metrics against references, by sacreBLEU: to the digit what its command line prints, with its signature.

Each adds up statistics of segments and makes one number of the sum, so that a score, its interval, its
on-target form and a paired test need the segments to be looked at once.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.utils import SACREBLEU_DIR

from ontarget import given
from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.scoring.interval import Interval
from ontarget.scoring.metrics.formulas import Floats, bleu_values, chrf_values, ter_values
from ontarget.scoring.score import Score
from ontarget.scoring.significance import RESAMPLES, Statistics, bootstrap_interval, drawn

_BY_PIECES = ("spm", "flores101", "flores200", "spBLEU-1K")  # tokenizers that are SentencePiece models


class Metric:
    """One of sacreBLEU's corpus metrics, set for a target language.

    Args:
        name: one of `METRICS`.
        target: the language of hypotheses and references; it decides the tokenizer.
        tokenize: sacreBLEU's name of another tokenizer, for BLEU.
        lowercase: whether BLEU and spBLEU ignore case. As in sacreBLEU this leaves chrF as it is, and TER
            ignores case anyway.

    Raises:
        UserError: there is no such metric, language or tokenizer, or what the tokenizer needs is not there.
    """

    def __init__(
        self, name: str, target: Language | str, *, tokenize: str | None = None, lowercase: bool = False
    ) -> None:
        if name not in METRICS:
            hint = nearest(str(name), METRICS) or f"; there are {', '.join(METRICS)}"
            raise UserError(f"there is no metric '{name}'{hint}")
        self.name = name
        language = target if isinstance(target, Language) else Language(target)
        self._metric = METRICS[name](language, BleuSettings(tokenize, lowercase))

    def statistics(self, hypotheses: Sequence[str], *references: Sequence[str]) -> Statistics:
        """What the metric adds up, [segments, k]. Several references count each as one more right answer.

        Raises:
            UserError: there are no hypotheses, or the line counts differ, or what is not a list of strings.
        """
        hypotheses = given.hypotheses(hypotheses)
        references = tuple(map(given.references, references))
        for one in references:
            given.aligned(one, "reference", len(hypotheses))
        if not hypotheses:
            raise UserError(f"there are no hypotheses to score: {self.name} of no lines is undefined")
        rows = self._metric._extract_corpus_statistics(hypotheses, list(references))
        return np.array(rows, dtype=np.float64)

    def unmatched(self, statistics: Statistics) -> Statistics:
        """What the statistics would be if these hypotheses, as long as they are, matched nothing."""
        changed = statistics.copy()
        if isinstance(self._metric, TER):  # edits, words of the reference: as many edits as words, at least
            changed[:, 0] = np.maximum(changed[:, 0], changed[:, 1])
        elif isinstance(self._metric, BLEU):  # two lengths, matches by order, n-grams by order
            changed[:, 2 : 2 + self._metric.max_ngram_order] = 0.0
        else:  # chrF: of each order, n-grams of the hypothesis, of the reference, and matches
            changed[:, 2::3] = 0.0
        return changed

    def value(self, total: Floats) -> Floats:
        """The metric from sums of statistics over segments: [..., k] gives [...]."""
        if isinstance(self._metric, TER):
            return ter_values(total)
        return bleu_values(total) if isinstance(self._metric, BLEU) else chrf_values(total)

    def sentence_values(self, statistics: Statistics) -> Floats:
        """The metric of each segment by itself, [segments, k] gives [segments]: sacreBLEU's sentence scores.

        Its command line scores sentences by BLEU of the orders that they are long enough for, `eff:yes`.
        """
        if isinstance(self._metric, BLEU):
            return bleu_values(statistics, effective_order=True)
        return self.value(statistics)

    def score(self, statistics: Statistics, interval: bool = False, *, resamples: int = RESAMPLES) -> Score:
        """The metric over all segments, with sacreBLEU's signature; with its 95 % interval by a bootstrap."""
        found = bootstrap_interval(self.value, [statistics], resamples=resamples) if interval else None
        return self.score_of_total(statistics.sum(0), len(statistics), found, resamples)

    def score_of_total(
        self, total: Floats, n: int, interval: Interval | None = None, resamples: int = RESAMPLES
    ) -> Score:
        """The metric of the sum of the statistics, [k], of `n` segments, with sacreBLEU's signature.

        Args:
            interval: by `bootstrap_interval`, whose settings the signature then has.
            resamples: of the interval.
        """
        found = self._metric._compute_score_from_stats(total.tolist())
        signature = self._metric.get_signature()
        for key, value in drawn(resamples).items() if interval else ():
            signature.update(key, value)
        return Score(self.name, float(found.score), n, str(signature), interval, found._verbose)


class BleuSettings(NamedTuple):
    """What of BLEU a user may change, under the names of sacreBLEU's options."""

    tokenize: str | None = None
    lowercase: bool = False


def _bleu(target: Language, settings: BleuSettings) -> Any:
    tokenizer = settings.tokenize or target.sacrebleu_tokenizer
    if tokenizer not in BLEU.TOKENIZERS:
        hint = nearest(tokenizer, BLEU.TOKENIZERS) or f"; there are {', '.join(BLEU.TOKENIZERS)}"
        raise UserError(f"there is no tokenizer '{tokenizer}'{hint}")
    if tokenizer in _BY_PIECES:
        return _by_pieces("BLEU", tokenizer, settings.lowercase)
    try:
        return BLEU(tokenize=tokenizer, lowercase=settings.lowercase)
    except RuntimeError as error:  # all that sacreBLEU has for a missing dependency
        extra = tokenizer.split("-")[0]
        raise UserError(
            f"BLEU of {target.name()} needs the tokenizer {tokenizer}: pip install 'ontarget[{extra}]'"
        ) from error


def _spbleu(_: Language, settings: BleuSettings) -> Any:
    """The tokenizer of FLORES-200 for every language (NLLB Team 2022)."""
    return _by_pieces("spBLEU", "flores200", settings.lowercase)


def _by_pieces(metric: str, tokenizer: str, lowercase: bool) -> Any:
    """BLEU of a SentencePiece tokenizer, whose model sacreBLEU fetches once."""
    try:
        return BLEU(tokenize=tokenizer, lowercase=lowercase)
    except ImportError as error:
        raise UserError(f"{metric} needs sentencepiece: pip install 'ontarget[spm]'") from error
    except (OSError, RuntimeError) as error:  # no network, or a broken model
        from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS

        url = SPM_MODELS[tokenizer]["url"]
        model = Path(SACREBLEU_DIR) / "models" / Path(url).name
        if model.exists():
            raise UserError(f"'{model}' is not a SentencePiece model; remove it and try again") from error
        raise UserError(
            f"{metric} needs the tokenizer {tokenizer}, and sacreBLEU could not download it ({error}); fetch "
            f"{url} where there is a network and save it as {model}"
        ) from error


def _ter(target: Language, _: BleuSettings) -> Any:
    """Chinese and Japanese have no blanks between words: Tercom's own remedy counts characters there."""
    characters = str(target).split("-")[0] in ("zh", "ja")
    return TER(normalized=characters, asian_support=characters)


METRICS: Mapping[str, Callable[[Language, BleuSettings], Any]] = MappingProxyType(
    {
        "bleu": _bleu,
        "chrf": lambda *_: CHRF(),
        "chrf++": lambda *_: CHRF(word_order=2),
        "ter": _ter,
        "spbleu": _spbleu,
    }
)
"""What each metric is called, and what makes it for a target language. In all but TER more is better."""
