"""`ontarget score` of files whose names tell their languages: what is read, and every mistake."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.corpora import sacrebleu_sets
from ontarget.languages import Direction, Language
from ontarget.scoring.metrics.bleu import bleu
from ontarget.scoring.off_target import off_target_ratio

TEXTS = {
    "de": ["Die Katze schläft auf dem Sofa im Haus.", "Wir fahren morgen früh zusammen ans Meer."],
    "fr": ["Le chat dort sur le canapé de la maison.", "Nous allons ensemble à la mer demain matin."],
    "cs": ["Kočka spí na pohovce v našem domě.", "Zítra ráno pojedeme společně k moři."],
    "en": ["The cat is sleeping on the sofa at home.", "We are going to the sea tomorrow morning."],
    "nb": ["Katten sover på sofaen hjemme hos oss.", "Vi reiser sammen til havet i morgen tidlig."],
    "zh": ["猫在家里的沙发上睡觉。", "我们明天早上一起去海边。"],
}
HALF = {code: [TEXTS["en"][0], lines[1]] for code, lines in TEXTS.items()}
"""Of two lines one in English."""

Put = Callable[[str, list[str]], None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    monkeypatch.chdir(tmp_path)

    def to_file(name: str, lines: list[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    return to_file


def run(*arguments: str, command: str = "score", stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, [command, *arguments], input=stdin, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def scored(*arguments: str) -> list[dict[str, Any]]:
    printed = json.loads(run(*arguments, "--json"))
    return printed if isinstance(printed, list) else [printed]


def places(*arguments: str) -> list[tuple[str, str]]:
    return [(one["system"], one["direction"]) for one in scored(*arguments)]


def error(*arguments: str, command: str = "score") -> str:
    result = CliRunner().invoke(app, [command, *arguments], env={"COLUMNS": "200"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("error: ").strip()


def test_a_folder_is_scored_as_each_file_alone(put: Put) -> None:
    for code in ("de", "fr", "zh"):
        put(f"out/hyp.{code}", HALF[code])
        put(f"ref/{code}.txt", TEXTS[code])
    found = scored("out", "--reference", "ref/{language}.txt")
    assert [(one["hypothesis"], one["system"], one["direction"]) for one in found] == [
        (f"out/hyp.{code}", "hyp", code) for code in ("de", "fr", "zh")
    ]
    for one, code in zip(found, ("de", "fr", "zh"), strict=True):
        assert one["bleu"]["value"] == bleu(HALF[code], TEXTS[code], Language(code)).value
        assert one["otr"]["value"] == off_target_ratio(HALF[code], code).value == 50.0


def test_wmt_layouts_and_those_of_mt_metrics_eval(put: Put) -> None:
    for pair in ("en-de", "en-fr", "de-en"):
        source, target = pair.split("-")
        for system in ("ONLINE-A", "GPT4-5shot"):
            put(f"23/system-outputs/generaltest2023.{pair}.hyp.{system}.{target}", TEXTS[target])
            put(f"m/system-outputs/{pair}/{system}.txt", TEXTS[target])
            put(f"19/system-outputs/{pair}/newstest2019.{system}.6926.{pair}", TEXTS[target])
        put(f"23/references/generaltest2023.{pair}.ref.refA.{target}", TEXTS[target])
        put(f"23/sources/generaltest2023.{pair}.src.{source}", TEXTS[source])
        put(f"m/references/{pair}.refA.txt", TEXTS[target])
        put(f"m/references/{pair}.refB.txt", HALF[target])
        put(f"m/sources/{pair}.txt", TEXTS[source])
        put(f"19/references/newstest2019-{source}{target}-ref.{target}", TEXTS[target])
        put(f"19/sources/newstest2019-{source}{target}-src.{source}", TEXTS[source])
    expected = [(s, pair) for s in ("GPT4-5shot", "ONLINE-A") for pair in ("de-en", "en-de", "en-fr")]
    for folder, references in (("23", 1), ("m", 2), ("19", 1)):
        beside = ["--reference", f"{folder}/references", "--source", f"{folder}/sources"]
        found = scored(f"{folder}/system-outputs", *beside, "--metrics", "chrf")
        assert [(one["system"], one["direction"]) for one in found] == expected
        assert {one["chrf"]["value"] for one in found} == {100.0}
        assert all(f"nrefs:{references}|" in one["chrf"]["signature"] for one in found)
    pattern = "23/system-outputs/generaltest2023.{direction}.hyp.{system}.{language}"
    assert places(pattern) == places("23/system-outputs") == expected


def test_single_files_tell_their_languages_and_options_are_above_names(put: Put) -> None:
    put("mt.de", TEXTS["de"])
    put("ours.fr", TEXTS["fr"])
    assert places("mt.de", "ours.fr") == [("mt", "de"), ("ours", "fr")]
    assert places("mt.de") == [("mt", "de")]
    assert scored("mt.de", "--to", "fr")[0]["otr"]["value"] == 100.0
    assert places("mt.de", "ours.fr", "--from", "en", "--to", "de,fr") == [("mt", "en-de"), ("ours", "en-fr")]
    put("ref.de", TEXTS["de"])
    put("ref.fr", TEXTS["fr"])
    found = scored("mt.de", "ours.fr", "--reference", "ref.de", "--reference", "ref.fr")
    assert [one["bleu"]["value"] > 99 for one in found] == [True, True]


def test_languages_asked_for_leave_the_others_out(put: Put) -> None:
    for pair in ("en-de", "en-fr", "cs-de"):
        put(f"out/{pair}.txt", TEXTS[pair[-2:]])
    assert places("out", "--to", "de") == [("out", "cs-de"), ("out", "en-de")]
    assert places("out", "--to", "de,fr", "--from", "en") == [("out", "en-de"), ("out", "en-fr")]
    assert error("out", "--to", "it,de") == "no file name matches --to it; found cs-de, en-de, en-fr"
    assert error("out", "--from", "fr") == "no file name matches --from fr; found cs-de, en-de, en-fr"
    assert "unknown language 'xx'" in error("out", "--to", "de,xx")
    assert "--to is empty; separate codes" in error("out", "--to", ",")


def test_codes_of_any_kind_find_their_references(put: Put) -> None:
    put("out/hyp.deu_Latn.gz", TEXTS["de"])
    put("out/hyp.zho_Hans.txt", TEXTS["zh"])
    put("out/hyp.no", TEXTS["nb"])
    for name in ("de.txt", "cmn.txt.gz", "nb.txt", "nob_Latn.txt"):
        put(f"ref/{name}", TEXTS[name[:2] if name[:2] in ("de", "nb") else "zh" if name[0] == "c" else "nb"])
    assert "'ref/nb.txt' and 'ref/nob_Latn.txt' both match the language of" in error(
        "out", "--reference", "ref"
    )
    Path("ref/nb.txt").rename("ref/no.txt")  # spelt as in the name of the outputs
    found = scored("out", "--reference", "ref", "--metrics", "chrf")
    assert [one["chrf"]["value"] for one in found] == [100.0, 100.0, 100.0]


def test_one_source_is_for_all_and_tells_where_they_come_from(put: Put) -> None:
    put("out/hyp.de", HALF["de"])
    put("out/hyp.fr", HALF["fr"])
    put("src.en", TEXTS["en"])
    put("source", TEXTS["en"])
    for options in (["src.en"], ["src.en", "--from", "en"], ["source", "--from", "en"]):
        found = scored("out", "--source", *options)
        assert [one["direction"] for one in found] == ["en-de", "en-fr"]
        assert [one["breakdown"]["source"] + one["breakdown"]["copy"] for one in found] == [1, 1]
    assert error("out", "--source", "source") == "--source needs --from, its language"
    assert "has no file for cs-de ('out/hyp.de'); it has en" in error(
        "out", "--to", "de", "--source", "src.en", "--from", "cs"
    )


def test_a_reference_that_is_missing_is_named(put: Put) -> None:
    for code in ("de", "fr", "cs"):
        put(f"out/hyp.{code}", TEXTS[code])
    put("ref/x.de", TEXTS["de"])
    put("ref/x.fr", TEXTS["fr"][:1])
    put("other", TEXTS["de"])
    assert error("out", "--reference", "ref") == (
        "--reference 'ref' has no file for cs ('out/hyp.cs'); it has de, fr; add it, or choose languages "
        "with --to"
    )
    assert "has no file for cs" in error("out", "--reference", "ref/x.{language}")
    assert "no file fits 'rf/x.{language}'" in error("out", "--reference", "rf/x.{language}")
    assert "not a placeholder; did you mean '{language}'?" in error("out", "--reference", "ref/x.{lang}")
    assert "'out/hyp.fr' has 2 lines but 'ref/x.fr' has 1" in error(
        "out", "--to", "de,fr", "--reference", "ref"
    )
    assert "--reference 'other' does not contain its language, but the outputs are in cs, de, fr" in error(
        "out", "--reference", "other"
    )
    assert "there is no file 'nowhere'" in error("out", "--reference", "nowhere")
    assert scored("out", "--to", "de", "--reference", "other")[0]["bleu"]["value"] > 99


def test_directions_that_a_target_alone_does_not_tell(put: Put) -> None:
    put("hyp.de", TEXTS["de"])
    for pair in ("en-de", "fr-de"):
        put(f"ref/{pair}.txt", TEXTS["de"])
        put(f"src/{pair}.txt", TEXTS[pair[:2]])
    assert "has en-de and fr-de for 'hyp.de'; give --from" in error("hyp.de", "--reference", "ref")
    assert "both match as the source of 'hyp.de'; give --from" in error("hyp.de", "--source", "src")
    found = scored("hyp.de", "--reference", "ref", "--source", "src", "--from", "fr")
    assert found[0]["direction"] == "fr-de"


def test_files_that_are_the_same_or_nobodys(put: Put) -> None:
    put("out/hyp.de", TEXTS["de"])
    put("out/hyp.deu_Latn", TEXTS["de"])
    assert "'out/hyp.de' and 'out/hyp.deu_Latn' are both outputs of the same system for de" in error("out")
    Path("out/hyp.deu_Latn").rename("out/README.md")
    assert error("out") == (
        "--to is missing, and the name of 'out/README.md' does not contain its language; name files such as "
        "hyp.de, en-de.txt or de/hyp.txt, or give the position of the code in a pattern: "
        "'out/{language}.txt'"
    )
    assert error("out", "--to", "de").startswith("the name of 'out/README.md' does not contain its language")
    assert places("out/{system}.{language}") == [("hyp", "de")]
    assert "'out/hyp.de' is given twice" in error("out/hyp.de", "out/hyp.de")
    assert "may mean de or en" in (put("t/test.de.en", TEXTS["en"]) or error("t"))
    assert "contains both de-en and de, which disagree" in (put("s/x.de-en.de", TEXTS["de"]) or error("s"))
    assert "'out/hyp.de' was read as a hypothesis from de into itself; omit it" in error(
        "out/{system}.{language}", "--from", "de"
    )
    Path("empty").mkdir()
    assert "'empty' has no outputs" in error("empty")
    put("no-names/gemma.txt", TEXTS["de"])
    put("no-names/qwen2.5.txt", TEXTS["de"])
    assert places("no-names", "--to", "de") == [("gemma", "de"), ("qwen2.5", "de")]


def test_a_test_set_is_taken_in_the_direction_of_each_name(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str, direction: Direction) -> tuple[list[str], list[list[str]]]:
        return TEXTS[str(direction.source)], [TEXTS[str(direction.target)]]

    monkeypatch.setattr(sacrebleu_sets, "read_test_set", read)
    for pair in ("en-de", "de-fr"):
        put(f"out/{pair}.txt", TEXTS[pair[-2:]])
    assert [one["bleu"]["value"] > 99 for one in scored("out", "--test-set", "wmt22")] == [True, True]
    put("targets/hyp.de", TEXTS["de"])
    assert "--test-set wmt22 needs --direction" in error("targets", "--test-set", "wmt22")


def test_a_folder_of_json_lines_is_a_runs_only_if_it_has_its_rows(put: Put) -> None:
    put("theirs/en-de.jsonl", [json.dumps({"predict": text}) for text in TEXTS["de"]])
    put("theirs/en-fr.jsonl", [json.dumps({"predict": text}) for text in HALF["fr"]])
    assert [one["otr"]["value"] for one in scored("theirs")] == [0.0, 50.0]
    put("ours/outputs/mt/en-fr.jsonl", [json.dumps({"text": text, "source": "x"}) for text in HALF["fr"]])
    assert places("ours") == [("mt", "en-fr")]
    assert "already contains its languages" in error("ours", "--to", "fr")


def test_lines_overwrite_nothing_that_is_read(put: Put) -> None:
    for code in ("de", "fr"):
        put(f"out/hyp.{code}", HALF[code])
        put(f"ref/{code}.txt", TEXTS[code])
    beside = ["--reference", "ref/{language}.txt"]
    assert "'out/hyp.de' is an input file" in error("out", *beside, "--lines", "out/hyp.de")
    for reference in ("ref", "ref/{language}.txt"):
        assert "'ref/de.txt' is in the input folder 'ref'" in error(
            "out", "--reference", reference, "--lines", "ref/de.txt"
        )
    assert Path("out/hyp.de").read_text().splitlines() == HALF["de"]
    run("out", *beside, "--lines", "lines.csv")
    rows = list(csv.DictReader(io.StringIO(Path("lines.csv").read_text(encoding="utf-8"))))
    assert [(row["hypothesis"], row["line"], row["language"]) for row in rows] == [
        ("out/hyp.de", "1", "en"),
        ("out/hyp.de", "2", "de"),
        ("out/hyp.fr", "1", "en"),
        ("out/hyp.fr", "2", "fr"),
    ]


def test_csv_has_system_and_direction(put: Put) -> None:
    put("out/a/en-de.txt", TEXTS["de"])
    put("out/b/en-de.txt", HALF["de"])
    rows = list(csv.DictReader(io.StringIO(run("out", "--csv"))))
    ratios = {(row["system"], row["direction"]): row["value"] for row in rows if row["metric"] == "otr"}
    assert ratios == {("a", "en-de"): "0.0", ("b", "en-de"): "50.0"}


def test_standard_input_with_references_by_a_pattern(put: Put) -> None:
    put("ref/de.txt", TEXTS["de"])
    stdin = "\n".join(TEXTS["de"])
    printed = json.loads(run("-", "--to", "de", "--reference", "ref/{language}.txt", "--json", stdin=stdin))
    assert printed["bleu"]["value"] > 99
    assert "--to is missing" in error("-")


def test_compare_reads_the_same_names(put: Put) -> None:
    for system, texts in (("a", TEXTS), ("b", HALF)):
        for code in ("de", "fr"):
            put(f"out/{system}/{code}.txt", texts[code] * 5)
    rows = json.loads(run("out", "--json", command="compare"))
    assert [(row["group"], row["system"], row["value"]) for row in rows if row["metric"] == "otr"] == [
        ("mean of de, fr", "a", 0.0),
        ("mean of de, fr", "b", 50.0),
    ]
    Path("out/b/fr.txt").unlink()
    assert "'a' has hypotheses for fr but 'b' has none" in error("out", command="compare")


def test_flat_files_with_references_and_source_beside_them(put: Put) -> None:
    for code in ("de", "fr"):
        put(f"alpha.{code}", TEXTS[code])
        put(f"beta.{code}", HALF[code])
        put(f"ref.{code}", TEXTS[code])
    put("source.en", TEXTS["en"])
    beside = ["--reference", "ref.{language}", "--source", "source.en"]
    expected = [("alpha", "en-de"), ("alpha", "en-fr"), ("beta", "en-de"), ("beta", "en-fr")]
    assert places(".", *beside) == places("{system}.{language}", *beside) == expected
    assert [one["bleu"]["value"] > 99 for one in scored(".", *beside)] == [True, True, False, False]
    rows = json.loads(run(".", *beside, "--json", "--baseline", "alpha", command="compare"))
    assert {row["system"] for row in rows} == {"alpha", "beta"}
    for name in (".", "{system}.{language}"):
        assert error(name, "--reference", ".") == (
            f"every file of '{name}' is also one of --reference or --source; mark their names by a pattern, "
            "such as --reference 'ref.{language}'"
        )
    hint = (
        "remove it from one of them (if the shell expanded a pattern such as *.de, quote one of ontarget: "
        "'{system}.{language}')"
    )
    for to in ([], ["--to", "de"], ["--to", "de,fr"]):
        wrong = error("alpha.de", "ref.de", "--reference", "ref.de", *to)
        assert wrong.startswith("'ref.de' is both a hypothesis and a --reference")
        assert wrong.endswith(hint)
    assert error("alpha.de", "source.en", *beside).startswith("'source.en' is both a hypothesis and a ")
    assert error("alpha.de", "--reference", ".", "--to", "de").startswith("'alpha.de' is both a hypothesis")
    assert "'source.en' was read as a hypothesis from en into itself" in error("source.en", "--from", "en")
    copies = scored("source.en", "--to", "de", "--from", "en", "--source", "source.en")
    assert copies[0]["otr"]["value"] == 100.0  # a system that copies the source


def test_json_may_hold_hypotheses_and_references(put: Put) -> None:
    for code in ("de", "fr"):
        put(f"out/{code}.jsonl", [json.dumps({"predict": text, "label": text}) for text in TEXTS[code]])
    for names in (["out"], ["out/de.jsonl", "out/fr.jsonl"]):
        found = scored(*names, "--reference", "out/{language}.jsonl")
        assert [one["bleu"]["value"] > 99 for one in found] == [True, True]
    assert scored("out/de.jsonl", "--reference", "out/de.jsonl", "--to", "de")[0]["bleu"]["value"] > 99


def test_a_key_needs_a_file_with_keys(put: Put) -> None:
    for code in ("de", "fr"):
        put(f"hyp.{code}", TEXTS[code])
        put(f"ref.{code}", TEXTS[code])
    plain = "and all other files are plain text, which has no keys; omit"
    assert f"'hyp.de' {plain} --key" in error("hyp.de", "hyp.fr", "--key", "x")
    assert f"'hyp.de' {plain} --key" in error("hyp.de", "hyp.fr", "--key", "x", "--to", "de")
    assert f"'hyp.de' {plain} --key" in error("hyp.{language}", "--key", "x")
    references = ["--reference", "ref.de", "--reference", "ref.fr", "--reference-key", "x"]
    assert f"'ref.de' {plain} --reference-key" in error("hyp.de", "hyp.fr", *references)
    put("more.de", [json.dumps({"x": text}) for text in TEXTS["de"]])
    assert [one["otr"]["value"] for one in scored("more.de", "hyp.fr", "--key", "x")] == [0.0, 0.0]
