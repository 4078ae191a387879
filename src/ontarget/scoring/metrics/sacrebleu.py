"""Metrics against references by sacreBLEU, with exactly the scores and signatures of its command line.

Each metric is a function of summed statistics of segments. A score, its interval, its on-target form and a
paired test therefore need only one pass over the segments.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ontarget import given
from ontarget.deferred import deferred
from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.scoring.interval import Interval
from ontarget.scoring.metrics.formulas import Floats, bleu_values, chrf_values, ter_values
from ontarget.scoring.score import Score
from ontarget.scoring.significance import RESAMPLES, Statistics, bootstrap_interval, drawn

# For downloading test sets and printing tables; loading them takes a sixth of the time of scoring a line.
with deferred("lxml.etree", "portalocker", "tabulate"):
    from sacrebleu.metrics import BLEU, CHRF, TER
    from sacrebleu.utils import SACREBLEU_DIR

_BY_PIECES = ("spm", "flores101", "flores200", "spBLEU-1K")  # tokenizers that are SentencePiece models


class Metric:
    """One of sacreBLEU's corpus metrics for a target language.

    Args:
        name: a name in `METRICS`.
        target: the language of hypotheses and references, which decides the tokenizer.
        tokenize: sacreBLEU's name of another tokenizer, for BLEU.
        lowercase: makes BLEU and spBLEU ignore case. As in sacreBLEU, it does not affect chrF, and TER always
            ignores case.

    Raises:
        UserError: the metric, language or tokenizer does not exist, or a dependency of the tokenizer is
            missing.
    """

    def __init__(
        self, name: str, target: Language | str, *, tokenize: str | None = None, lowercase: bool = False
    ) -> None:
        if name not in METRICS:
            hint = nearest(str(name), METRICS) or f"; choose from {', '.join(METRICS)}"
            raise UserError(f"there is no metric '{name}'{hint}")
        self.name = name
        language = target if isinstance(target, Language) else Language(target)
        self._metric = METRICS[name](language, BleuSettings(tokenize, lowercase))

    def statistics(self, hypotheses: Sequence[str], *references: Sequence[str]) -> Statistics:
        """The statistics of each segment, [segments, k]. With several references, each counts as correct.

        Raises:
            UserError: there are no hypotheses, the numbers of lines differ, or an argument is not a list of
                strings.
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
        """The statistics if these hypotheses had the same length but matched nothing."""
        changed = statistics.copy()
        if isinstance(self._metric, TER):  # edits, words of the reference: at least one edit for each word
            changed[:, 0] = np.maximum(changed[:, 0], changed[:, 1])
        elif isinstance(self._metric, BLEU):  # two lengths, matches by order, n-grams by order
            changed[:, 2 : 2 + self._metric.max_ngram_order] = 0.0
        else:  # chrF: for each order, n-grams of the hypothesis, of the reference, and matches
            changed[:, 2::3] = 0.0
        return changed

    def value(self, total: Floats) -> Floats:
        """The metric from sums of statistics over segments, [..., k] to [...]."""
        if isinstance(self._metric, TER):
            return ter_values(total)
        return bleu_values(total) if isinstance(self._metric, BLEU) else chrf_values(total)

    def sentence_values(self, statistics: Statistics) -> Floats:
        """The metric of each segment by itself, [segments, k] to [segments], as in sacreBLEU.

        Like its command line, sentence BLEU ignores orders for which a sentence is too short (`eff:yes`).
        """
        if isinstance(self._metric, BLEU):
            return bleu_values(statistics, effective_order=True)
        return self.value(statistics)

    def score(self, statistics: Statistics, interval: bool = False, *, resamples: int = RESAMPLES) -> Score:
        """The metric over all segments, with sacreBLEU's signature; `interval` adds a 95 % interval."""
        found = bootstrap_interval(self.value, [statistics], resamples=resamples) if interval else None
        return self.score_of_total(statistics.sum(0), len(statistics), found, resamples)

    def score_of_total(
        self, total: Floats, n: int, interval: Interval | None = None, resamples: int = RESAMPLES
    ) -> Score:
        """The metric from the sum of the statistics, with sacreBLEU's signature.

        Args:
            total: the sum of the statistics, [k].
            n: number of segments.
            interval: an interval by `bootstrap_interval`, whose settings the signature then contains.
            resamples: number of resamples of the interval.
        """
        found = self._metric._compute_score_from_stats(total.tolist())
        signature = self._metric.get_signature()
        for key, value in drawn(resamples).items() if interval else ():
            signature.update(key, value)
        return Score(self.name, float(found.score), n, str(signature), interval, found._verbose)


class BleuSettings(NamedTuple):
    """The settings of BLEU that a user may change, named like sacreBLEU's options."""

    tokenize: str | None = None
    lowercase: bool = False


def _bleu(target: Language, settings: BleuSettings) -> Any:
    tokenizer = settings.tokenize or target.sacrebleu_tokenizer
    if tokenizer not in BLEU.TOKENIZERS:
        hint = nearest(tokenizer, BLEU.TOKENIZERS) or f"; choose from {', '.join(BLEU.TOKENIZERS)}"
        raise UserError(f"there is no tokenizer '{tokenizer}'{hint}")
    if tokenizer in _BY_PIECES:
        return _by_pieces("BLEU", tokenizer, settings.lowercase)
    try:
        return BLEU(tokenize=tokenizer, lowercase=settings.lowercase)
    except RuntimeError as error:  # sacreBLEU's only error for a missing dependency
        extra = tokenizer.split("-")[0]
        raise UserError(
            f"BLEU for {target.name()} needs the tokenizer {tokenizer}: pip install 'ontarget[{extra}]'"
        ) from error


def _spbleu(_: Language, settings: BleuSettings) -> Any:
    """BLEU with the tokenizer of FLORES-200 for every language (NLLB Team 2022)."""
    return _by_pieces("spBLEU", "flores200", settings.lowercase)


def _by_pieces(metric: str, tokenizer: str, lowercase: bool) -> Any:
    """BLEU with a SentencePiece tokenizer, whose model sacreBLEU downloads once."""
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
            f"{metric} needs the tokenizer {tokenizer}, but sacreBLEU could not download it ({error}); "
            f"download {url} on a machine with a network and save it as {model}"
        ) from error


def _ter(target: Language, _: BleuSettings) -> Any:
    """TER; in Chinese and Japanese, which have no blanks between words, Tercom counts characters."""
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
"""Name -> a function that makes the metric for a target language. Higher is better, except for TER."""
