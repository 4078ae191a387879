"""The second test of a run wherever a run is shown: tables, page, comparison and the object of Python."""

import json
import re
from pathlib import Path

import pytest
from tests.reporting.conftest import write_run, write_second_test, write_sizes
from tests.reporting.unpack import segments

from ontarget.errors import UserError
from ontarget.pipeline.finished import Run
from ontarget.reporting import browser, comparison_page, report, run_files
from ontarget.reporting import table_formats as forms
from ontarget.reporting.series import series_of
from ontarget.reporting.table import comparison_of_second, layout

TABLE = """\
| System | Zero-shot BLEU ↑ | Zero-shot OTR ↓ | Zero-shot unsure |
| --- | ---: | ---: | ---: |
| MT | 0.6 | 50.0 | 2.0 |
| ontarget | **9.7** | **4.0** | 2.0 |
| reference (floor) | – | 0.0 | 2.0 |
"""
CAPTION = "Second test, everyday sentences: averages over 2 zero-shot directions"


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take time, and other tests look at them."""
    for page in (report, comparison_page):
        monkeypatch.setattr(page, "inline", lambda drawing: f"<svg aria-label='{drawing.name}'></svg>")


@pytest.fixture
def both(run_dir: Path) -> Path:
    return write_second_test(run_dir)


def test_its_table_has_bleu_otr_and_unsure_in_zero_shot_directions(both: Path) -> None:
    found = run_files.read_second_scores(both)
    assert found is not None
    name, scores = found
    table = layout(scores, test=name)
    assert (table.caption, forms.markdown(table)) == (CAPTION, TABLE)


def test_a_run_prints_it_below_its_own_table(both: Path) -> None:
    run = Run(both)
    text = str(run)
    assert text.index("| LAT |") < text.index(CAPTION)
    assert f"{CAPTION}\n\n{TABLE}\nReport: " in text
    titles = [table.caption or table.title for table in run.tables(200)]
    assert len(titles) == 2
    assert {row["direction"] for row in run.second_scores} == {"it-nl", "nl-it", "avg"}
    assert len(run.scores) > len(run.second_scores)


def test_a_run_without_it_has_one_table_and_no_second_scores(run_dir: Path) -> None:
    run = Run(run_dir)
    assert "Second test" not in str(run)
    assert len(run.tables(200)) == 1
    assert run.second_scores == []
    assert "Second test" not in report.write(run_dir).read_text(encoding="utf-8")


def test_the_page_has_a_section_with_its_table_and_links_to_its_outputs(both: Path) -> None:
    text = report.write(both).read_text(encoding="utf-8")
    assert '<h2 id="second">Second test: everyday sentences</h2>' in text
    section = text[text.index('id="second"') : text.index('id="languages"')]
    assert f"<caption>{CAPTION}</caption>" in section
    assert re.search(r'<th scope="row">MT</th>\s*<td class="group">0\.6', section)
    assert "50.0" in section
    assert "3 segments per direction" in section
    links = re.findall(r'href="#(\S+?)"', section)
    assert links == ["direction=everyday", "direction=everyday&amp;state=off"]
    assert '<a href="#second">Second test</a>' in text
    assert '<option value="everyday">all everyday</option>' in text
    assert re.search(
        r'<option value="everyday/it-nl"[^>]*data-kind="everyday" data-source="it" data-target="nl">'
        r"everyday, it→nl</option>",
        text,
    )


def test_its_outputs_are_in_the_browser_of_the_page_with_their_own_verdicts(both: Path) -> None:
    details = json.loads((both / "everyday" / "details.json").read_text(encoding="utf-8"))
    details["lines"]["mt"]["it-nl"]["states"] = {"unsure": [2]}
    (both / "everyday" / "details.json").write_text(json.dumps(details), encoding="utf-8")
    packed = browser.pack(run_files.read(both))
    assert packed is not None
    assert packed.directions[0] == ("it-nl", "it→nl", "zero-shot")
    assert packed.directions[12:] == (
        ("everyday/it-nl", "everyday, it→nl", "everyday"),
        ("everyday/nl-it", "everyday, nl→it", "everyday"),
    )
    found = [s for s in segments(packed.data, len(packed.systems)) if s["place"] == 12]
    assert [segment["line"] for segment in found] == [1, 2, 3]
    assert all(segment["source"].startswith("everyday ") for segment in found)
    systems = [name for name, _ in packed.systems]
    assert found[2]["answers"][systems.index("mt")]["state"] == "unsure"
    assert found[2]["answers"][systems.index("lat")] is None


def test_a_file_that_a_recipe_no_longer_asks_for_is_not_shown(both: Path) -> None:
    recipe = both / "recipe.yaml"
    recipe.write_text(
        recipe.read_text(encoding="utf-8").replace("second_test: everyday\n", ""), encoding="utf-8"
    )
    assert run_files.read(both).second is None


def test_a_run_that_was_stopped_before_its_second_scores_is_read_without_them(both: Path) -> None:
    (both / "everyday" / "scores.json").unlink()
    assert run_files.read(both).second is None
    assert Run(both).second_scores == []
    report.write(both)


@pytest.mark.parametrize("name", ["scores.json", "details.json", "outputs/mt/it-nl.jsonl"])
def test_a_damaged_file_names_the_run_that_makes_it(both: Path, name: str) -> None:
    (both / "everyday" / name).write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=rf"everyday/{name}.*'ontarget run phrasebook-fake' makes it"):
        report.write(both)


def test_several_runs_are_compared_on_it_where_they_have_it(both: Path, tmp_path: Path) -> None:
    other = write_second_test(write_run(tmp_path / "other"))
    alone = write_run(tmp_path / "alone")
    runs = [run_files.read(folder) for folder in (both, other, alone)]
    table = comparison_of_second(series_of(runs))
    assert table is not None
    assert table.caption == "Second test, everyday sentences: averages of phrasebook-fake, other"
    names = [row.name for row in table.rows]
    assert names[:2] == ["MT, phrasebook-fake", "MT, other"]
    page = comparison_page.write(runs, tmp_path / "page.html").read_text(encoding="utf-8")
    assert table.caption in page
    assert comparison_of_second(series_of(runs[2:])) is None


def test_seeds_are_averaged_on_it_too(both: Path, tmp_path: Path) -> None:
    other = write_second_test(write_run(tmp_path / "seed-2"))
    recipe = other / "recipe.yaml"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("seed: 1", "seed: 2"), encoding="utf-8")
    scores = other / "everyday" / "scores.json"
    rows = json.loads(scores.read_text(encoding="utf-8"))
    for row in rows:
        row["value"] += 10 * (row["metric"] == "otr")
    scores.write_text(json.dumps(rows), encoding="utf-8")
    table = comparison_of_second(series_of([run_files.read(both), run_files.read(other)]))
    assert table is not None
    assert [(row.name, row.cells[1].text) for row in table.rows[:2]] == [
        ("MT, 2 seeds of phrasebook-fake", "55.0 ± 7.1"),
        ("ontarget, 2 seeds of phrasebook-fake", "9.0 ± 7.1"),
    ]


def test_models_are_named_below_the_first_table_alone(both: Path) -> None:
    write_sizes(both, {"mt": 1_700_000, "ontarget": 1_700_000})
    assert str(Run(both)).count("Base model: 1.7 million parameters.") == 1
