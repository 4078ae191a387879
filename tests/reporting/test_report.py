import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.reporting.conftest import output_rows, score_rows, write_jsonl

from ontarget.errors import UserError
from ontarget.reporting import report

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Collects tags with their attributes, and checks that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def classes(self, name: str) -> int:
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.tags)


def _page(run_dir: Path) -> str:
    return report.write(run_dir).read_text(encoding="utf-8")


def _change(run_dir: Path, system: str, line: int, **values: object) -> None:
    path = run_dir / "outputs" / system / "it-nl.jsonl"
    rows = output_rows(system, "it-nl")
    rows[line].update(values)
    write_jsonl(path, rows)


def test_the_page_has_every_part(run_dir: Path) -> None:
    text = _page(run_dir)
    page = Page(text)
    assert (
        "93\u00a0% of zero-shot outputs; ontarget in 3\u00a0% (references: 1\u00a0%), with 18.2 BLEU more."
        in text
    )
    assert "Supervised BLEU: 30.5 with MT, 29.6 with ontarget." in text
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == 3
    assert tags.count("svg") == 2 + 4  # bars, and one curve a stage
    assert page.classes("segment") == 12 * 3
    assert page.classes("answer") == 12 * 3 * 11
    assert "nrefs:1|case:mixed|eff:no|tok:13a" in text
    assert re.findall(r"lid:lid\.176\.ftz\|\S*?\|n:(\d+)", text) == ["3"]  # the averages' is no other
    assert "<dt>torch</dt><dd><code>2.9.0</code></dd>" in text
    assert "<dt>commit</dt><dd><code>0123abc</code></dd>" in text
    assert "3 test segments a direction" in text


def test_zero_shot_directions_come_first(run_dir: Path) -> None:
    summaries = re.findall(r"<summary><b>(.*?)</b>", _page(run_dir))
    assert summaries[:2] == ["it→nl", "it→ro"]
    assert summaries.index("ro→nl") < summaries.index("en→it")


def test_the_page_asks_for_nothing_outside(run_dir: Path) -> None:
    text = _page(run_dir)
    for tag, attributes in Page(text).tags:
        assert tag not in {"script", "link", "iframe", "img", "object", "base"}
        for name, value in attributes.items():
            if name in {"src", "href", "xlink:href", "srcset", "action", "data"}:
                assert (value or "").startswith("#"), (tag, name, value)
    assert re.findall(r"url\((?!#)", text) == []
    assert "@import" not in text
    assert "http" not in text


def test_text_of_the_run_is_escaped(run_dir: Path) -> None:
    attack = "<script>alert('&amp;')</script><img src=x onerror=y>"
    _change(run_dir, "mt", 0, text=attack)
    for system in ("llama", "ontarget"):
        _change(run_dir, system, 1, text=attack)
    text = _page(run_dir)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;&lt;img src=x onerror=y&gt;" in text
    assert "&lt;b&gt;not bold&lt;/b&gt;" in text  # a comment of the recipe


def test_names_of_the_run_are_escaped_in_figures_too(run_dir: Path) -> None:
    rows = [{**row, "system": "<i>mine</i>"} if row["system"] == "llama" else row for row in score_rows()]
    (run_dir / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    (run_dir / "outputs" / "llama").rename(run_dir / "outputs" / "<i>mine<")
    (run_dir / "outputs" / "<i>mine<").rename(run_dir / "outputs" / "hold")
    (run_dir / "outputs" / "<i>mine<").mkdir()
    (run_dir / "outputs" / "hold").rename(run_dir / "outputs" / "<i>mine<" / "i>")
    (run_dir / "log.jsonl").write_text('{"stage": "<u>s</u>", "step": 1, "loss": 2}\n', encoding="utf-8")
    text = _page(run_dir)
    assert "<i>" not in text
    assert "<u>" not in text
    assert "&lt;i&gt;mine&lt;/i&gt;" in text


def test_an_off_target_output_is_marked_in_words(run_dir: Path) -> None:
    _change(run_dir, "ontarget", 0, text="Un testo.", language="it", language_probability=0.734)
    _change(run_dir, "pivot", 0, text="Een tekst.", language="nl", language_probability=0.9)
    text = _page(run_dir)
    off = re.search(
        r'<div class="answer off">\s*<div class="system">ontarget</div>.*?Un testo\.', text, re.DOTALL
    )
    assert off
    assert "✗ off-target: Italian <small>0.73</small>" in off[0]
    on = re.search(r'<div class="answer">\s*<div class="system">Pivot</div>.*?Een tekst\.', text, re.DOTALL)
    assert on
    assert "✓ Dutch <small>0.90</small>" in on[0]


def test_empty_cut_and_endless_outputs(run_dir: Path) -> None:
    _change(run_dir, "llama", 0, text=" ", language="nl")
    _change(run_dir, "mt", 0, text="la " * 5000, finish_reason="length")
    text = _page(run_dir)
    assert text.count("✗ off-target: empty") == 1
    assert text.count("(cut at the length limit)") == 1
    assert 80 < text.count("la la") < 100  # the 500 characters shown, not 15,000


def test_samples_are_spread_over_the_test_set(run_dir: Path) -> None:
    for system in (run_dir / "outputs").iterdir():
        row = output_rows("pivot", "it-nl")[0]
        write_jsonl(system / "it-nl.jsonl", [{**row, "source": f"sentence {i}"} for i in range(1, 31)])
    first = _page(run_dir).split("</details>")[0]
    assert re.findall(r"Source, line (\d+)", first) == ["1", "11", "21"]
    assert re.findall(r">(sentence \d+)<", first) == ["sentence 1", "sentence 11", "sentence 21"]


def test_outputs_of_other_sources_are_not_set_side_by_side(run_dir: Path) -> None:
    _change(run_dir, "lat", 1, source="Altro.")
    with pytest.raises(
        UserError, match=r"lat/it-nl\.jsonl, line 2: another source than in .*llama/it-nl\.jsonl"
    ):
        report.write(run_dir)


def test_a_failed_report_leaves_the_old_one(run_dir: Path) -> None:
    before = _page(run_dir)
    (run_dir / "outputs" / "mt" / "ro-nl.jsonl").unlink()
    with pytest.raises(UserError, match=r"ro-nl\.jsonl is missing"):
        report.write(run_dir)
    assert (run_dir / "report.html").read_text(encoding="utf-8") == before
    assert not [path for path in run_dir.iterdir() if path.name.startswith(".")]


def test_the_page_is_small_and_the_same_each_time(run_dir: Path) -> None:
    first = _page(run_dir)
    assert len(first.encode()) < 300_000
    assert _page(run_dir) == first


def test_a_diagnosis_of_one_untuned_model(run_dir: Path) -> None:
    """No stages, no log, no versions, supervised directions absent."""
    (run_dir / "log.jsonl").unlink()
    (run_dir / "recipe.yaml").write_text("systems: [llama]\n", encoding="utf-8")
    rows = score_rows(["llama"], kinds=("zero-shot",))
    (run_dir / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    text = _page(run_dir)
    Page(text)
    assert "LLaMA answers in the wrong language in 51\u00a0% of zero-shot outputs" in text
    assert "<h2>Training</h2>" not in text
    assert "<h3>Versions</h3>" not in text
    assert "Supervised" not in text


def test_a_run_without_any_score_still_has_a_page(run_dir: Path) -> None:
    (run_dir / "scores.json").write_text("[]", encoding="utf-8")
    text = _page(run_dir)
    Page(text)
    assert "no off-target ratio yet" in text
    assert "<table" not in text
