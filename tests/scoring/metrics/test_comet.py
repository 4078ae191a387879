import json
import sys
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.scoring.metrics.comet import COMET, METRICX, neural_metric, segment_scores, version_of

SOURCES = ["Die Katze schläft.", "Das Brot ist warm."]
HYPOTHESES = ["Le chat dort.", "Das Brot ist warm."]
REFERENCES = ["Le chat dort.", "Le pain est chaud."]
MODEL = "Unbabel/wmt22-comet-da"

_METRICX = """
import json, sys
options = dict(zip(sys.argv[1:], sys.argv[2:]))
with open(options["--input_file"]) as given, open(options["--output_file"], "w") as out:
    for line in given:
        row = json.loads(line)
        row["prediction"] = len(row["hypothesis"]) + 100.0 * ("--qe" in sys.argv) + bool(row["reference"])
        out.write(json.dumps(row) + "\\n")
"""


def calls(environment: Path) -> list[list[str]]:
    return [json.loads(line) for line in (environment / "calls").read_text(encoding="utf-8").splitlines()]


def test_comet_scores_each_segment(comet_environment: Path) -> None:
    scores = segment_scores(MODEL, SOURCES, HYPOTHESES, REFERENCES, comet_environment)
    assert scores == pytest.approx([0.53, 0.95])
    [arguments] = calls(comet_environment)
    assert arguments[arguments.index("--model") + 1] == MODEL
    assert "-r" in arguments


def test_a_model_without_reference_gets_none(comet_environment: Path) -> None:
    segment_scores("Unbabel/wmt22-cometkiwi-da", SOURCES, HYPOTHESES, None, comet_environment)
    assert "-r" not in calls(comet_environment)[0]


def test_a_line_break_within_a_segment_moves_no_other(comet_environment: Path) -> None:
    """COMET reads lines; U+2028, a lone CR and the like are line breaks to some readers."""
    hypotheses = ["a\u2028b\rc\x85d", "Das Brot ist warm."]
    scores = segment_scores(MODEL, SOURCES, hypotheses, REFERENCES, comet_environment)
    assert scores == pytest.approx([0.54, 0.95])


def test_nothing_of_what_the_user_writes_is_read_by_a_shell(comet_environment: Path, tmp_path: Path) -> None:
    model = f"x; touch {tmp_path / 'made'} $(touch {tmp_path / 'made'})"
    segment_scores(model, SOURCES, HYPOTHESES, REFERENCES, comet_environment)
    assert calls(comet_environment)[0][1] == model
    assert not (tmp_path / "made").exists()


def test_a_missing_environment_gets_the_two_commands_that_make_it(tmp_path: Path) -> None:
    place = tmp_path / "my environment"
    with pytest.raises(UserError) as error:
        segment_scores(MODEL, SOURCES, HYPOTHESES, REFERENCES, place)
    assert str(error.value).endswith(
        f"make it with: python3 -m venv '{place}' && '{place}'/bin/pip install unbabel-comet"
    )
    with pytest.raises(UserError, match=r"git clone .*metricx.* && .*pip install -r .*requirements.txt"):
        segment_scores("google/metricx-24-hybrid-large-v2p6", SOURCES, HYPOTHESES, None, place)


def test_the_usual_place_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "ours"))
    assert COMET.environment == tmp_path / "ours" / "comet"
    monkeypatch.delenv("ONTARGET_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert COMET.environment == Path.home() / ".cache" / "ontarget" / "comet"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert METRICX.environment == tmp_path / "ontarget" / "metricx"


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("broken", "broken could not score: 'comet-score' ended with: OSError: no such model"),
        ("short", "short gave 1 score for 2 segments"),
    ],
)
def test_a_metric_that_fails_says_why(comet_environment: Path, model: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        segment_scores(model, SOURCES, HYPOTHESES, REFERENCES, comet_environment)


def test_a_model_that_cannot_be_fetched_is_one_sentence(comet_environment: Path) -> None:
    program = comet_environment / "bin" / "comet-score"
    said = "KeyError: Model 'a/b' not supported by COMET."  # as COMET 2.2.7 ends without a network
    program.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"a/b is not on this machine, and comet-score could not fetch it"):
        segment_scores("a/b", SOURCES, HYPOTHESES, REFERENCES, comet_environment)


def test_output_that_is_no_score_is_an_error(comet_environment: Path) -> None:
    program = comet_environment / "bin" / "comet-score"
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    with pytest.raises(UserError, match="ended without readable scores"):
        segment_scores(MODEL, SOURCES, HYPOTHESES, REFERENCES, comet_environment)
    program.chmod(0o644)
    with pytest.raises(UserError, match=r"cannot run '.*comet-score': Permission denied"):
        segment_scores(MODEL, SOURCES, HYPOTHESES, REFERENCES, comet_environment)


def test_metricx_is_run_from_its_folder(tmp_path: Path) -> None:
    environment = tmp_path / "metricx"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / "metricx24").mkdir()
    (environment / "metricx24" / "predict.py").write_text(_METRICX, encoding="utf-8")
    model = "google/metricx-24-hybrid-large-v2p6"
    assert segment_scores(model, SOURCES, HYPOTHESES, REFERENCES, environment) == [14.0, 19.0]
    assert segment_scores(model, SOURCES, HYPOTHESES, None, environment) == [113.0, 118.0]


def test_the_family_is_told_by_the_models_name(comet_environment: Path) -> None:
    assert neural_metric("google/metricx-23-xl-v2p0") is METRICX
    assert neural_metric(MODEL) is COMET
    assert version_of(COMET, comet_environment) == "2.2.6"
    assert version_of(COMET, comet_environment / "bin") == "unknown"
