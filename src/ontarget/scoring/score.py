"""A score: a number with everything needed to interpret and reproduce it."""

from dataclasses import dataclass

from ontarget.scoring.interval import Interval

SUFFIX = "_on_target"
"""The suffix of a metric's on-target form: `bleu_on_target`, see `on_target.py`."""
_BY = "otr_by_"  # prefix of ratios by identifiers other than the first
_DISPLAY_NAME = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "chrf++": "chrF++",
    "ter": "TER",
    "spbleu": "spBLEU",
    "comet": "COMET",
    "metricx": "MetricX",
    "otr": "OTR",
    "otr_agreed": "OTR agreed",
    "otr_strict": "OTR strict",
    "otr_close": "OTR close",
    "otr_unsure": "unsure",
    "otr_floor": "OTR floor",
    "otr_sentences": "OTR sentences",
    "otr_sentences_floor": "OTR sentences floor",
    "leftover_floor": "leftover floor",
    "lpr": "LPR",
    "wpr": "WPR",
    "lcpr": "LCPR",
}


def display_name(metric: str) -> str:
    """`BLEU` for `bleu`, `BLEU on target` for `bleu_on_target`, `OTR by lingua` for `otr_by_lingua`."""
    if metric.startswith(_BY):
        return f"OTR by {metric.removeprefix(_BY)}"
    name, suffix, _ = metric.partition(SUFFIX)
    return _DISPLAY_NAME.get(name, name) + (" on target" if suffix else "")


@dataclass(frozen=True, slots=True)
class Score:
    """One score of one set of hypotheses.

    Attributes:
        metric: `bleu`, `chrf`, `otr`, `otr_strict`, `lpr` and so on.
        value: from 0 to 100; shares of segments, such as `otr`, in percent.
        n: number of hypotheses.
        signature: the settings, as `key:value|key:value`. Scores with equal signatures are comparable.
        interval: the 95 % confidence interval, if one was computed.
        verbose: the components of the value, as sacreBLEU prints them after BLEU: precisions, brevity
            penalty, lengths.
    """

    metric: str
    value: float
    n: int
    signature: str
    interval: Interval | None = None
    verbose: str = ""

    def as_dict(self) -> dict[str, str | float | int]:
        """The score as a row of `scores.json` or of `--json`.

        It contains `low` and `high` if there is an interval, and `verbose_score` (sacreBLEU's name) if
        `verbose` is not empty.
        """
        row: dict[str, str | float | int] = {
            "metric": self.metric,
            "value": self.value,
            "n": self.n,
            "signature": self.signature,
        }
        if self.interval:
            row |= {"low": self.interval.low, "high": self.interval.high}
        return row | {"verbose_score": self.verbose} if self.verbose else row

    def __float__(self) -> float:
        return self.value

    @property
    def settings(self) -> str:
        """The metric and its settings: `OTR|lid:lid.176.ftz|case:mixed|norm:none|n:4|version:0.1.0`."""
        return f"{display_name(self.metric)}|{self.signature}"

    def __str__(self) -> str:
        """The score in sacreBLEU's format: `OTR|lid:lid.176.ftz|...|n:4|version:0.1.0 = 75.00`."""
        return f"{self.settings} = {self.value:.2f}"
