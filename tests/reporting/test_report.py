import base64
import hashlib
import json
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.reporting.conftest import output_rows, score_rows, write_jsonl
from tests.reporting.unpack import segments

from ontarget.errors import UserError
from ontarget.reporting import report

VOID = {"meta", "br", "input"}


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


@pytest.fixture
def real_figures() -> None:
    """Asked for by tests that look at them; the others spare the time."""


@pytest.fixture(autouse=True)
def figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_figures" not in request.fixturenames:
        monkeypatch.setattr(
            report, "inline", lambda drawing: f"<svg aria-label='{escape(drawing.label)}'></svg>"
        )


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
    assert tags.count("table") == 3 + 1  # scores, outcomes
    assert tags.count("svg") == 3 + 2 + 4  # bars and points, a heat map a system, a curve a stage
    assert tags.count("option") == 1 + 11 + 1 + 2 + 12 + 2  # systems, directions, all and off-target
    assert len(segments(_packed(text), 11)) == 12 * 3
    assert "nrefs:1|case:mixed|eff:no|tok:13a" in text
    assert re.findall(r"lid:lid\.176\.ftz\|\S*?\|n:(\d+)", text) == ["3"]  # the averages' is no other
    assert "<dt>torch</dt><dd><code>2.9.0</code></dd>" in text
    assert "<dt>commit</dt><dd><code>0123abc</code></dd>" in text
    assert "3 test segments per direction" in text


def _packed(page: str) -> str:
    found = re.search(r'id="outputs-data">(.*?)</script>', page)
    assert found
    return found[1]


def test_zero_shot_directions_come_first(run_dir: Path) -> None:
    names = re.findall(r"data-kind=.*?>(.*?)</option>", _page(run_dir))
    assert names[:2] == ["it→nl", "it→ro"]
    assert names.index("ro→nl") < names.index("en→it")


def test_sections_are_linked_and_there(run_dir: Path) -> None:
    text = _page(run_dir)
    links = re.findall(r'<a href="#(\w+)">', text)
    assert links == ["results", "directions", "languages", "training", "outputs", "settings"]
    assert set(links) <= {attributes.get("id") for _, attributes in Page(text).tags}


def test_intervals_marks_and_the_papers_figures_are_shown(run_dir: Path) -> None:
    rows = [row | {"low": row["value"] - 0.5, "high": row["value"] + 0.5} for row in score_rows()]
    (run_dir / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    recipe = "name: paper-iwslt17\nstages: {mt: {from: meta-llama/Llama-2-7b-hf}}\n"
    (run_dir / "recipe.yaml").write_text(recipe, encoding="utf-8")
    text = _page(run_dir)
    assert "3.0<sup>†</sup><small>2.5–3.5</small></td>" in text
    assert '93.0<small>92.5–93.5</small><small class="paper">paper 65.0</small></td>' in text
    assert "†: differs from MT, p &lt; 0.05, two-sided" in text
    assert ", Table 2 and 4, LLaMA 2 7B. Rows with another name in the paper: “Ours” beside LAT." in text


def test_times_are_told_where_they_are_recorded(run_dir: Path) -> None:
    assert "<h3>Time</h3>" not in _page(run_dir)
    (run_dir / "models" / "mt").mkdir(parents=True)
    (run_dir / "models" / "mt" / "ontarget.json").write_text('{"seconds": 12000}', encoding="utf-8")
    made = {d: {"fingerprint": "f", "seconds": 30.0} for d in ("it-nl", "nl-it")}
    (run_dir / "outputs" / "mt" / "ontarget.json").write_text(json.dumps(made), encoding="utf-8")
    text = _page(run_dir)
    assert "<dt>training mt</dt><dd>3 h 20 min</dd>" in text
    (run_dir / "synthetic" / "mt").mkdir(parents=True)
    made = {d: {"fingerprint": "f", "seconds": 600.0} for d in ("it-nl", "nl-it")}
    (run_dir / "synthetic" / "mt" / "ontarget.json").write_text(json.dumps(made), encoding="utf-8")
    assert "<dt>training mt</dt><dd>3 h 40 min</dd>" in _page(run_dir)
    assert "<dt>translating, MT</dt><dd>60 s</dd>" in text


def test_the_page_asks_for_nothing_outside(run_dir: Path, real_figures: None) -> None:
    text = _page(run_dir)
    for tag, attributes in Page(text).tags:
        assert tag not in {"link", "iframe", "img", "object", "base"}
        for name, value in attributes.items():
            if name in {"src", "href", "xlink:href", "srcset", "action", "data"}:
                assert (value or "").startswith("#"), (tag, name, value)
    assert re.findall(r"url\((?!#)", text) == []
    assert "@import" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_the_browser_is_told_to_run_our_script_alone_and_to_fetch_nothing(run_dir: Path) -> None:
    text = _page(run_dir)
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = re.search(r'Security-Policy" content="(.*?)"', text)
    assert policy
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in policy[1]
    assert [a.get("type") for tag, a in Page(text).tags if tag == "script"] == [
        "application/octet-stream",
        None,
    ]
    assert not re.search(r"eval|innerHTML|insertAdjacentHTML|document\.write|Function\(", scripts[0])
    assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))


def test_text_of_the_run_is_escaped(run_dir: Path) -> None:
    attack = "</script><script>alert('&amp;')</script><img src=x onerror=y>"
    _change(run_dir, "mt", 0, text=attack, source=attack)
    for system in (run_dir / "outputs").iterdir():
        _change(run_dir, system.name, 0, source=attack)
    _change(run_dir, "mt", 0, text=attack, source=attack)
    text = _page(run_dir)
    assert "alert(" not in text
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert attack in [
        answer["text"] for segment in segments(_packed(text), 11) for answer in segment["answers"]
    ]
    assert "&lt;b&gt;not bold&lt;/b&gt;" in text  # a comment of the recipe


def test_names_of_the_run_are_escaped_in_figures_too(run_dir: Path, real_figures: None) -> None:
    rows = [{**row, "system": "<i>mine</i>"} if row["system"] == "base" else row for row in score_rows()]
    (run_dir / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    (run_dir / "outputs" / "base").rename(run_dir / "outputs" / "<i>mine<")
    (run_dir / "outputs" / "<i>mine<").rename(run_dir / "outputs" / "hold")
    (run_dir / "outputs" / "<i>mine<").mkdir()
    (run_dir / "outputs" / "hold").rename(run_dir / "outputs" / "<i>mine<" / "i>")
    (run_dir / "log.jsonl").write_text('{"stage": "<u>s</u>", "step": 1, "loss": 2}\n', encoding="utf-8")
    text = _page(run_dir)
    assert "<i>" not in text
    assert "<u>" not in text
    assert "&lt;i&gt;mine&lt;/i&gt;" in text


def test_a_failed_report_leaves_the_old_one(run_dir: Path) -> None:
    before = _page(run_dir)
    (run_dir / "outputs" / "mt" / "ro-nl.jsonl").unlink()
    with pytest.raises(UserError, match=r"ro-nl\.jsonl is missing"):
        report.write(run_dir)
    assert (run_dir / "report.html").read_text(encoding="utf-8") == before
    assert not [path for path in run_dir.iterdir() if path.name.startswith(".")]


def test_the_page_is_small_and_the_same_each_time(run_dir: Path, real_figures: None) -> None:
    first = _page(run_dir)
    assert len(first.encode()) < 300_000
    assert _page(run_dir) == first


def test_a_diagnosis_of_one_untuned_model(run_dir: Path) -> None:
    """No stages, no log, no versions, supervised directions absent."""
    (run_dir / "log.jsonl").unlink()
    (run_dir / "details.json").unlink()
    (run_dir / "recipe.yaml").write_text("systems: [base]\n", encoding="utf-8")
    rows = score_rows(["base"], kinds=("zero-shot",))
    (run_dir / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    text = _page(run_dir)
    Page(text)
    assert "The base model answers in the wrong language in 51\u00a0% of zero-shot outputs" in text
    assert "<h2>Training</h2>" not in text
    assert "<h3>Versions</h3>" not in text
    assert 'id="languages"' not in text
    assert "Supervised" not in text


def test_a_run_without_any_score_still_has_a_page(run_dir: Path) -> None:
    (run_dir / "scores.json").write_text("[]", encoding="utf-8")
    text = _page(run_dir)
    Page(text)
    assert "no off-target ratio yet" in text
    assert "<table" not in text
    assert "<script" not in text
