"""A number and all that is needed to read it and to make it again."""

from dataclasses import asdict, dataclass

_DISPLAY_NAME = {"bleu": "BLEU", "chrf": "chrF", "otr": "OTR"}


@dataclass(frozen=True, slots=True)
class Score:
    """One score of one set of hypotheses.

    Attributes:
        metric: `bleu`, `chrf` or `otr`.
        value: from 0 to 100; `otr` in percent.
        n: the number of hypotheses that it was computed over.
        signature: the settings that made it, `key:value|key:value`. Scores with the same one may be compared.
    """

    metric: str
    value: float
    n: int
    signature: str

    def as_dict(self) -> dict[str, str | float | int]:
        """The score as a row of `scores.json` or of `--json`."""
        return asdict(self)

    def __float__(self) -> float:
        return self.value

    @property
    def settings(self) -> str:
        """What was computed and how: `OTR|lid:lid.176.ftz|case:mixed|norm:none|n:4|version:0.1.0`."""
        return f"{_DISPLAY_NAME.get(self.metric, self.metric)}|{self.signature}"

    def __str__(self) -> str:
        """As sacreBLEU prints it: `OTR|lid:lid.176.ftz|...|n:4|version:0.1.0 = 75.00`."""
        return f"{self.settings} = {self.value:.2f}"
