"""BLEU and chrF, by sacreBLEU: to the digit what its command line prints, with its signature."""

from collections.abc import Sequence

from sacrebleu.metrics import BLEU, CHRF

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.score import Score


def bleu(hypotheses: Sequence[str], references: Sequence[str], target: Language) -> Score:
    """Corpus BLEU with the tokenizer that sacreBLEU recommends for the target language.

    Raises:
        UserError: no lines, line counts that differ, or the tokenizer of Japanese or Korean is not installed.
    """
    tokenizer = target.sacrebleu_tokenizer
    try:
        metric = BLEU(tokenize=tokenizer)
    except RuntimeError as error:  # all that sacreBLEU has for a missing dependency
        extra = tokenizer.split("-")[0]
        raise UserError(
            f"BLEU of {target.name()} needs the tokenizer {tokenizer}: pip install 'ontarget[{extra}]'"
        ) from error
    return _score("bleu", metric, hypotheses, references)


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Corpus chrF as sacreBLEU's default has it: chrF2 over characters alone (`nw:0`), not chrF++.

    Raises:
        UserError: no lines, or line counts that differ.
    """
    return _score("chrf", CHRF(), hypotheses, references)


def _score(name: str, metric: BLEU | CHRF, hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    if len(hypotheses) != len(references):
        raise UserError(
            f"{len(hypotheses)} hypotheses but {len(references)} references; they must be aligned"
        )
    if not hypotheses:
        raise UserError(f"there are no hypotheses to score: {name} of no lines is undefined")
    value = metric.corpus_score(list(hypotheses), [list(references)]).score
    return Score(name, value, len(hypotheses), str(metric.get_signature()))
