"""Scores of some made-up lines, pinned to the version that stands in their signatures.

After a change that is meant to change scores, raise `SCORING_VERSION` and write the pinned ones anew:

    python tests/scoring/test_version.py

A version that was not released yet need not be raised again, but the scores are to be written anew.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ontarget.languages import Language
from ontarget.scoring.language_id.identifiers import identifier_named
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine
from ontarget.scoring.scorecard import CONFUSION, Scorer
from ontarget.scoring.version import SCORING_VERSION

PINNED = Path(__file__).with_name("pinned_scores.json")
SACREBLEU = re.compile(r"version:\d+\.\d+\.\d+")
METRICS = ("bleu", "chrf", "chrf++", "ter", *CONFUSION, "leftover")
SOURCES = [
    "The old lighthouse keeper repaired the lantern before the storm.",
    "Your parcel will arrive on Tuesday, see https://example.org/track.",
    "Please do not feed the pigeons.",
    "STOP",
    "{count} new messages",
    "Thank you!",
    "She bought two umbrellas and a green suitcase.",
]
REFERENCES = {
    "de": [
        "Der alte Leuchtturmwärter reparierte vor dem Sturm die Laterne.",
        "Ihr Paket kommt am Dienstag an, siehe https://example.org/track.",
        "Bitte füttern Sie die Tauben nicht.",
        "HALT",
        "{count} neue Nachrichten",
        "Danke!",
        "Sie kaufte zwei Regenschirme und einen grünen Koffer.",
    ],
    "fr": [
        "Le vieux gardien du phare a réparé la lanterne avant la tempête.",
        "Votre colis arrivera mardi, voir https://example.org/track.",
        "Merci de ne pas nourrir les pigeons.",
        "ARRÊT",
        "{count} nouveaux messages",
        "Merci !",
        "Elle a acheté deux parapluies et une valise verte.",
    ],
    "ru": [
        "Старый смотритель маяка починил фонарь перед бурей.",
        "Ваша посылка прибудет во вторник, см. https://example.org/track.",
        "Пожалуйста, не кормите голубей.",
        "СТОП",
        "{count} новых сообщений",
        "Спасибо!",
        "Она купила два зонта и зелёный чемодан.",
    ],
    "zh": [
        "老灯塔看守人在暴风雨前修好了灯笼。",
        "您的包裹将于星期二到达，请看 https://example.org/track。",
        "请不要喂鸽子。",
        "停",
        "{count} 条新消息",
        "谢谢！",
        "她买了两把雨伞和一个绿色的手提箱。",
    ],
}
# Of each reference what a model may have made: as it is, in capitals, in another language, mixed, copied ...
SLIPS = [
    lambda own, source, other: own,
    lambda own, source, other: own.upper(),
    lambda own, source, other: other,
    lambda own, source, other: own,
    lambda own, source, other: source,
    lambda own, source, other: "123 🎉",
    lambda own, source, other: " ".join([*own.split(" ")[:3], *source.split(" ")[-4:]]),
    lambda own, source, other: "",
    lambda own, source, other: (own + " ") * 6,
    lambda own, source, other: own.rpartition(" ")[0] or own,
]


def hypotheses(code: str, shift: int) -> list[str]:
    """Each line with another slip; `shift` moves the slips on."""
    other = REFERENCES["fr" if code != "fr" else "de"]
    lines = zip(REFERENCES[code], SOURCES, other, strict=True)
    return [SLIPS[(place + shift) % len(SLIPS)](*line) for place, line in enumerate(lines)]


def scores(code: str) -> dict[str, dict[str, Any]]:
    """Value, number of lines and signature of every score, by both rules."""
    texts = [text for shift in range(len(SLIPS)) for text in hypotheses(code, shift)]
    references, sources = REFERENCES[code] * len(SLIPS), SOURCES * len(SLIPS)
    lines = [HypothesisLine(*line) for line in zip(texts, sources, zip(references, strict=True), strict=True)]
    found: dict[str, dict[str, Any]] = {}
    for rules in ("robust", "paper"):
        scorer = Scorer([identifier_named("lid.176.ftz")], METRICS, strict=True, rules=rules)  # type: ignore[arg-type]
        card = scorer.card(Hypotheses("mt", Language(code), Language("en"), lines, "mt"))
        for name, score in card.scores.items():
            interval = [score.interval.low, score.interval.high] if score.interval else []
            rounded = [round(value, 6) for value in (score.value, *interval)]
            signature = SACREBLEU.sub("version:sacreBLEU's", score.signature)
            found[f"{name}, {rules}"] = {"value": rounded, "n": score.n, "signature": signature}
        found[f"lines, {rules}"] = {"value": {outcome: n for outcome, n in card.breakdown.items() if n}}
    return found


@pytest.mark.parametrize("code", REFERENCES)
def test_scores_are_those_of_their_version(code: str) -> None:
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))
    assert pinned["version"] == SCORING_VERSION, (
        f"python {Path(__file__).name} writes the scores of this version"
    )
    expected, found = pinned["scores"][code], scores(code)
    assert list(found) == list(expected)
    for name, score in found.items():
        assert score == expected[name], (
            f"{name} of {code} is another score under the same version: if that is meant, raise "
            "SCORING_VERSION in src/ontarget/scoring/version.py and write the scores anew: see above"
        )


@pytest.mark.parametrize("code", REFERENCES)
def test_every_score_of_ours_names_the_version(code: str) -> None:
    for name, score in scores(code).items():
        if "signature" in score:
            ours = name.startswith(("otr", "lpr", "wpr", "lcpr", "leftover")) or "_on_target" in name
            assert score["signature"].endswith(f"|version:{SCORING_VERSION}") == ours, name


if __name__ == "__main__":
    written = {"version": SCORING_VERSION, "scores": {code: scores(code) for code in REFERENCES}}
    PINNED.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
