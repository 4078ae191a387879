import json
import os
import subprocess
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.tokenizers import tokenizer_spm

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.metrics import sacrebleu as module
from ontarget.scoring.metrics.sacrebleu import METRICS, Metric
from ontarget.scoring.scorecard import REFERENCED

FRENCH = (
    ["Le chat dort sur le canapé .", "Il a payé 3,50 € pour deux cafés.", "", "On part demain, à l'aube !"],
    [
        "Le chat dort sur le canapé.",
        "Il a payé 3,50 € les deux cafés.",
        "Rien à dire.",
        "Nous partons à l'aube demain !",
    ],
)
JAPANESE = (
    ["猫はソファで寝ています。", "彼は3.50ユーロを払った。"],
    ["その猫はソファの上で寝ている。", "彼は3.50ユーロ支払いました。"],
)
OTHER_REFERENCE = ["Un chat dort.", "Il a payé 3,50 € pour les cafés.", "Rien.", "On part à l'aube demain !"]


def by_command(
    folder: Path,
    texts: tuple[list[str], ...],
    *options: str,
    sacrebleu: Path | None = None,
    sentences: bool = False,
) -> dict[str, object]:
    """What sacreBLEU's command line says of hypotheses and references, all digits; `lines` for sentences."""
    for number, lines in enumerate(texts):
        (folder / f"text{number}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    references = [f"text{number}" for number in range(1, len(texts))]
    command = [sys.executable, "-m", "sacrebleu", *references, "-i", "text0", "-w", "12", *options]
    environment = os.environ | ({"SACREBLEU": str(sacrebleu)} if sacrebleu else {})
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=True, encoding="utf-8"
    )
    if sentences:
        return {"lines": [float(line) for line in done.stdout.split("\n") if line]}
    printed: dict[str, object] = json.loads(done.stdout)
    return printed


@pytest.mark.parametrize(
    ("name", "code", "texts", "options"),
    [
        ("chrf++", "fr", FRENCH, ["-m", "chrf", "--chrf-word-order", "2"]),
        ("ter", "fr", FRENCH, ["-m", "ter"]),
        ("ter", "ja", JAPANESE, ["-m", "ter", "--ter-normalized", "--ter-asian-support"]),
        ("bleu", "fr", (*FRENCH, OTHER_REFERENCE), ["-m", "bleu"]),
    ],
    ids=["chrf++", "ter", "ter-ja", "two-references"],
)
def test_equals_the_command_line_of_sacrebleu_to_the_digit(
    tmp_path: Path, name: str, code: str, texts: tuple[list[str], ...], options: list[str]
) -> None:
    metric = Metric(name, Language(code))
    score = metric.score(metric.statistics(*texts))
    theirs = by_command(tmp_path, texts, *options)
    assert 10 < score.value < 100
    assert (round(score.value, 12), score.signature) == (theirs["score"], theirs["signature"])
    assert (score.metric, score.n, score.verbose) == (name, len(texts[0]), theirs.get("verbose_score", ""))


@pytest.mark.parametrize(
    ("tokenize", "lowercase"), [(None, True), ("intl", False), ("char", True), ("none", False), ("zh", False)]
)
def test_tokenizer_and_case_are_those_of_the_command_line(
    tmp_path: Path, tokenize: str | None, lowercase: bool
) -> None:
    texts = ([line.upper() for line in FRENCH[0]], FRENCH[1])
    metric = Metric("bleu", "fr", tokenize=tokenize, lowercase=lowercase)
    score = metric.score(metric.statistics(*texts))
    options = [*(["-tok", tokenize] if tokenize else []), *(["-lc"] if lowercase else [])]
    theirs = by_command(tmp_path, texts, *options)
    assert (round(score.value, 12), score.signature) == (theirs["score"], theirs["signature"])
    assert score.verbose == theirs["verbose_score"]
    assert ("case:lc" in score.signature) == lowercase
    for name in ("chrf", "ter"):  # as in sacreBLEU, they have cases of their own
        changed, usual = Metric(name, "fr", tokenize=tokenize, lowercase=lowercase), Metric(name, "fr")
        assert changed.score(changed.statistics(*texts)) == usual.score(usual.statistics(*texts))


@pytest.mark.parametrize("texts", [FRENCH, (*FRENCH, OTHER_REFERENCE)], ids=["one", "two-references"])
@pytest.mark.parametrize("name", ["bleu", "chrf", "chrf++", "ter"])
def test_scores_of_sentences_are_those_of_the_command_line(
    tmp_path: Path, name: str, texts: tuple[list[str], ...]
) -> None:
    """One of them is empty, and one too short for n-grams of order 4."""
    texts = tuple(
        [*of, line] for of, line in zip(texts, ("Un chat dort", "Un chien dort", "Le chat"), strict=False)
    )
    metric = Metric(name, "fr")
    ours = metric.sentence_values(metric.statistics(*texts))
    order = ["--chrf-word-order", "2"] if name == "chrf++" else []
    theirs = by_command(
        tmp_path, texts, "-m", name.removesuffix("++"), *order, "-sl", "-b", "-w", "9", sentences=True
    )
    assert [float(f"{value:.9f}") for value in ours] == theirs["lines"]
    assert 0 < ours[-1] < 100


def test_an_unknown_tokenizer_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"there is no tokenizer '13b'; did you mean '13a'\?"):
        Metric("bleu", "fr", tokenize="13b")
    with pytest.raises(UserError, match="there is no tokenizer 'moses'; choose from none, zh, 13a, intl"):
        Metric("bleu", "fr", tokenize="moses")


@pytest.fixture
def tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model in the place where sacreBLEU keeps that of FLORES-200, which it would download."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="needs the extra `spm`")
    models = tmp_path / "sacrebleu" / "models"
    models.mkdir(parents=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(FRENCH[1] * 3),
        model_prefix=str(models / "small"),
        vocab_size=40,
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    (models / "small.model").rename(models / "flores200sacrebleuspm")
    for place in (module, tokenizer_spm):
        monkeypatch.setattr(place, "SACREBLEU_DIR", str(tmp_path / "sacrebleu"))
    return tmp_path / "sacrebleu"


def test_spbleu_equals_the_command_line_too(tmp_path: Path, tokenizer: Path) -> None:
    metric = Metric("spbleu", Language("fr"))
    score = metric.score(metric.statistics(*FRENCH))
    theirs = by_command(tmp_path, FRENCH, "-m", "bleu", "-tok", "flores200", sacrebleu=tokenizer)
    assert (round(score.value, 12), score.signature) == (theirs["score"], theirs["signature"])
    assert "|tok:flores200|" in score.signature
    bleu = Metric("bleu", Language("fr"))
    assert score.value > bleu.score(bleu.statistics(*FRENCH)).value + 1  # pieces, not words


def test_a_broken_tokenizer_of_spbleu_is_to_be_removed(tokenizer: Path) -> None:
    (tokenizer / "models" / "flores200sacrebleuspm").write_bytes(b"")
    with pytest.raises(UserError, match=r"flores200sacrebleuspm' is not a SentencePiece model; remove it"):
        Metric("spbleu", Language("fr"))


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ImportError("sentencepiece"), r"pip install 'ontarget\[spm\]'"),
        (
            urllib.error.URLError("Name or service not known"),
            r"not known.*; download https://\S+ on a machine with a network and save it as \S+",
        ),
    ],
)
def test_spbleu_without_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, remedy: str
) -> None:
    def unavailable(self: object, **_: object) -> None:
        raise error

    monkeypatch.setattr(module.BLEU, "__init__", unavailable)
    monkeypatch.setattr(module, "SACREBLEU_DIR", str(tmp_path))
    with pytest.raises(UserError, match=f"spBLEU.*{remedy}"):
        Metric("spbleu", Language("fr"))
    with pytest.raises(UserError, match=f"BLEU.*{remedy}"):
        Metric("bleu", Language("fr"), tokenize="flores101")


def test_the_interval_is_around_the_score_and_the_same_each_time() -> None:
    metric = Metric("chrf", Language("fr"))
    statistics = metric.statistics(FRENCH[0] * 10, FRENCH[1] * 10)
    score = metric.score(statistics, interval=True)
    assert score.interval is not None
    assert score.interval.low < score.value < score.interval.high
    assert score == metric.score(statistics, interval=True)
    assert metric.score(statistics).interval is None


def test_the_signature_says_how_an_interval_was_drawn_as_the_command_line_does(tmp_path: Path) -> None:
    texts = (FRENCH[0] * 3, FRENCH[1] * 3)
    metric = Metric("bleu", "fr")
    score = metric.score(metric.statistics(*texts), interval=True)
    theirs = by_command(tmp_path, texts, "--confidence")
    assert score.signature == theirs["signature"]
    assert score.signature.startswith("nrefs:1|bs:1000|seed:12345|case:mixed|")
    assert "bs:" not in metric.score(metric.statistics(*texts)).signature  # and is not kept for the next one


@pytest.mark.parametrize("name", [name for name in METRICS if name != "spbleu"])
def test_what_matches_nothing_has_the_score_of_words_that_do_not_occur(name: str) -> None:
    """From first principles: of letters and words that no reference has, as many as there were."""
    metric = Metric(name, Language("fr"))
    hypotheses, references = ["un deux trois", "un chat dort ici"], ["un deux trois", "le chat dort bien"]
    strange = ["ßß ßßßß ßßßßß", "ßß ßßßß ßßßß ßßß"]
    expected = metric.statistics(strange, references)
    assert np.array_equal(metric.unmatched(metric.statistics(hypotheses, references)), expected)
    assert metric.value(expected.sum(0)) == (100.0 if name == "ter" else 0.0)


def test_line_counts_that_differ_and_no_lines_are_errors() -> None:
    with pytest.raises(UserError, match="2 hypotheses but 1 reference;"):
        Metric("ter", Language("fr")).statistics(["a", "b"], ["a", "b"], ["a"])
    with pytest.raises(UserError, match="ter of no lines is undefined"):
        Metric("ter", Language("fr")).statistics([], [])


def test_the_names_are_known_without_loading_sacrebleu() -> None:
    assert tuple(METRICS) == REFERENCED
