"""What a recipe points at."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from tests.pipeline.conftest import LINES, RECIPE, Workshop, fake_recipe
from tests.pipeline.test_run import Listener

from ontarget.corpora import sacrebleu_sets
from ontarget.corpora.catalogue import read as catalogue
from ontarget.corpora.corpus import Corpus, Part
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution.sweep import make_sweep
from ontarget.pipeline.planning import inputs
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.pipeline.planning.inputs import (
    _identification,
    language_text,
    left_out,
    load_corpus,
    load_text,
    text_used,
)
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.run import carry_out, make_plan
from ontarget.prompts import chat_files
from ontarget.prompts.template import PromptTemplate
from ontarget.recipes.schema.recipe import Recipe
from ontarget.scoring.language_id.identifier import default_identifier

EN, IT, NL = (Language(code) for code in ("en", "it", "nl"))


@pytest.fixture
def tables(corpus_files: Path) -> dict[str, object]:
    """The same text as in `corpus_files`: the train split pairwise, the others in all languages."""
    for other in ("it", "nl"):
        rows = zip(LINES["en"][:3], LINES[other][:3], strict=True)
        text = f"en\t{other}\n" + "".join(f"{a}\t{b}\n" for a, b in rows)
        Path(f"train-{other}.tsv").write_text(text, encoding="utf-8")
    return {
        "files": {
            "train": ["train-it.tsv", "train-nl.tsv"],
            "validation": "validation.{language}",
            "test": "test.{language}",
        }
    }


def test_files_of_any_format_are_a_corpus_of_a_recipe(tables: dict[str, object]) -> None:
    corpus = load_corpus(fake_recipe(corpus=tables))
    assert corpus.lines("test", NL)[:] == LINES["nl"]
    assert [pair.target for pair in corpus.pairs("train", Direction(EN, IT))] == LINES["it"][:3]
    assert len(corpus.lines("train", EN)) == 6


def test_a_run_reads_pairwise_text(tables: dict[str, object], workshop: Workshop) -> None:
    carry_out(make_plan(fake_recipe(corpus=tables)))
    assert workshop.trained == ["base", "mt", "lat", "ontarget"]


def test_a_direction_that_the_corpus_lacks_is_told_before_anything_is_made(tables: dict[str, object]) -> None:
    files = dict(tables["files"]) | {"train": "train-it.tsv"}  # type: ignore[call-overload]
    with pytest.raises(
        UserError, match=r"no Dutch \(nl\) in its split 'train'; it has train: en it, validation"
    ):
        load_corpus(fake_recipe(corpus={"files": files}))
    files = dict(tables["files"]) | {"test": ["train-it.tsv", "train-nl.tsv"]}  # type: ignore[call-overload]
    with pytest.raises(UserError, match=r"no text from Italian to Dutch \(it-nl\) in its split 'test'"):
        load_corpus(fake_recipe(corpus={"files": files}))


FIRST_AVAILABLE = {
    "first_available": [
        {"catalogue": {"name": "flores200"}},
        {"plain": {"test": "test.{language}", "validation": "validation.{language}"}},
        {"everyday": {"validation": 10}},
    ]
}


def diagnosis(**changes: object) -> Recipe:
    """A recipe that only tests."""
    nothing = {"stages": {}, "systems": ["base"], "model": "x/y", "corpus": FIRST_AVAILABLE}
    return fake_recipe(**(nothing | changes))


def test_a_source_with_a_split_of_another_corpus_says_so() -> None:
    corpus = {
        "catalogue": {
            "name": "flores200",
            "validation": "ntrex:test",
            "train": ["tatoeba:test", "ntrex:test"],
        }
    }
    said = text_used(diagnosis(corpus=corpus), Corpus("flores200", {}))
    from_others = "train: tatoeba:test, ntrex:test, validation: ntrex:test"
    assert said == f"the text is 'flores200' ({from_others}), the first available"


def test_the_first_source_that_is_here_is_used_and_named(
    corpus_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path / "empty"))
    told = Listener()
    chosen, corpus = load_text(diagnosis(), told)
    assert corpus.lines("test", NL)[:] == LINES["nl"]
    assert chosen == diagnosis(corpus=FIRST_AVAILABLE["first_available"][1])
    [said] = told.said
    used, passed_over = said.split("; another source was passed over: ")
    assert used == "the text is 'fake', the first available"
    assert passed_over.startswith("corpus 'flores200' is incomplete: ")
    for file in corpus_files.glob("test.*"):
        file.unlink()
    chosen, corpus = load_text(diagnosis(), told)
    assert corpus.name == "everyday"
    assert (len(corpus.lines("validation", NL)), len(corpus.lines("test", NL))) == (10, 50)
    assert chosen.settings()["corpus"] == {"everyday": {"validation": 10}}
    assert load_corpus(chosen).lines("test", NL)[:] == corpus.lines("test", NL)[:]


def test_a_source_without_one_of_the_languages_is_passed_over(
    corpus_files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path / "empty"))
    assert load_corpus(diagnosis(languages=["en", "it", "de"])).name == "everyday"  # the files have no German
    with pytest.raises(UserError, match=r"none of the sources in `first_available` .* no Xhosa \(xh\)"):
        load_text(diagnosis(languages=["en", "it", "xh"]))


def test_a_run_records_the_source_that_it_used(
    corpus_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path / "empty"))
    plan = make_plan(diagnosis())
    assert plan.recipe.corpus.first_available is None
    assert plan.recipe.corpus.plain is not None
    assert plan.corpus.lines("test", NL)[:] == LINES["nl"]


def test_test_text_out_of_the_train_split(corpus_files: Path) -> None:
    for language, lines in LINES.items():
        Path(f"all.{language}").write_text("\n".join([*lines, *lines[:1], "x" * 99, ""]), encoding="utf-8")
    of = {"plain": {"train": "all.{language}"}}
    recipe = fake_recipe(
        corpus=of, hold_out={"validation": 1, "test": 1}, overlap="remove", clean=[{"too-long": 98}]
    )
    corpus = load_corpus(recipe)
    held = [corpus.lines(split, EN)[:] for split in ("validation", "test")]
    assert sorted([*corpus.lines("train", EN), *held[0], *held[1]]) == sorted(
        LINES["en"] + LINES["en"][:1] * (LINES["en"][0] not in held[1])
    )
    assert corpus.left_out["train: too-long"] == 1, "and it is no test line"
    assert recipe.settings()["hold_out"] == {"validation": 1, "test": 1}
    assert "hold_out" not in fake_recipe().settings()


def test_test_text_of_two_kinds_is_refused(corpus_files: Path) -> None:
    with pytest.raises(UserError, match=r"the split 'test' is in both 'corpus' and 'hold_out'"):
        fake_recipe(hold_out={"test": 1})
    with pytest.raises(
        UserError, match=r"'hold_out' is {}: give a number of segments for `test` or `validation`"
    ):
        fake_recipe(corpus={"plain": {"train": "train.{language}"}}, hold_out={})


def test_columns_by_number_and_by_name(corpus_files: Path) -> None:
    Path("x.tsv").write_text("a\tb\tc\n", encoding="utf-8")
    for columns in ({1: "en", 2: "it", 3: "nl"}, {"1": "en", "2": "it", "3": "nl"}):
        recipe = fake_recipe(corpus={"files": {"train": "x.tsv", "test": "x.tsv", "columns": columns}})
        assert load_corpus(recipe).lines("train", NL)[0] == "c"
        assert fake_recipe(**{"corpus": recipe.settings()["corpus"]}) == recipe


def test_a_test_line_in_the_training_data_is_an_error_unless_the_recipe_says_otherwise(
    corpus_files: Path,
) -> None:
    with pytest.raises(UserError, match=r"3 train segments have a line of the split 'test'.*overlap=remove"):
        load_corpus(fake_recipe(overlap="error"))
    assert len(load_corpus(fake_recipe(overlap="allow")).lines("train", EN)) == 3
    with pytest.raises(
        UserError, match=r"cleaning removes all segments of the split 'train': 3 in the test set"
    ):
        load_corpus(fake_recipe(overlap="remove"))
    assert fake_recipe(overlap="error", stages={}, systems=["base"], model="x/y").overlap == "error"
    load_corpus(fake_recipe(overlap="error", stages={}, systems=["base"], model="x/y"))  # learns nothing


def test_the_identifier_of_the_scores_cleans(corpus_files: Path) -> None:
    for code in ("en", "it", "nl"):
        lines = [*LINES[code][:2], "The neighbours are having breakfast in their garden this morning."]
        Path(f"train.{code}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    corpus = load_corpus(fake_recipe(clean=["wrong-language"]))
    assert list(corpus.lines("train", IT)) == LINES["it"][:2]
    assert left_out(corpus) == ["train: 2 segments; left out: 1 wrong-language"]


def test_line_breaks_and_blank_lines_are_counted(corpus_files: Path) -> None:
    rows = [json.dumps({"en": f"{a}\n{b}", "it": "x", "nl": "y"}) for a, b in ("ab", "cd")]
    Path("x.jsonl").write_text("\n".join(rows), encoding="utf-8")
    Path("x.tsv").write_text("en\tit\tnl\n\nA\tB\tC\n", encoding="utf-8")
    corpus = load_corpus(
        fake_recipe(corpus={"files": {"train": ["x.jsonl", "x.tsv"], "test": "test.{language}"}})
    )
    assert left_out(corpus) == [
        "train: 2 segments had line breaks, which became spaces",
        "train: 3 segments; left out: 1 blank line",
    ]


@pytest.mark.parametrize("source", ["plain", "files"])
def test_the_model_reads_lines_whatever_the_files_have(source: str, corpus_files: Path) -> None:
    for code in ("en", "it", "nl"):
        broken = Path(f"test.{code}").read_text(encoding="utf-8").replace(" ", "\u2028 ")
        Path(f"test.{code}").write_text(broken, encoding="utf-8")
    splits = {split: f"{split}.{{language}}" for split in ("train", "validation", "test")}
    corpus = load_corpus(fake_recipe(corpus={source: splits}))
    assert corpus.lines("test", IT)[:] == LINES["it"]
    assert left_out(corpus) == [f"test: {len(LINES['it'])} segments had line breaks, which became spaces"]


def test_cleaning_counts_as_right_what_scoring_does(corpus_files: Path) -> None:
    nynorsk = "Ho veit ikkje kvifor dei ikkje kom heim att i går kveld, og eg trur ikkje noko på det."
    assert default_identifier().identify([nynorsk])[0].label == "nn"
    assert _identification().elsewhere([nynorsk], Language("no")) == [0.0]
    assert _identification().elsewhere([nynorsk], Language("da"))[0] > 0.5


def test_what_was_left_out_is_said_before_training(workshop: Workshop, corpus_files: Path) -> None:
    listener = Listener()
    carry_out(make_plan(fake_recipe(clean=[{"too-long": 22}])), listener)
    assert listener.said[0] == "train: 1 segments; left out: 2 too-long"


def test_what_cannot_change_the_text_changes_no_fingerprint(workshop: Workshop, fake_corpus: Corpus) -> None:
    """A recipe with steps that find nothing makes what the same recipe made before there were any."""
    plain = make_plan(fake_recipe()).stages
    assert make_plan(fake_recipe(clean=["empty", "duplicates"])).stages == plain
    assert make_plan(fake_recipe(clean=[{"too-long": 22}])).stages != plain


def test_the_same_lines_in_other_parts_are_another_text(
    tables: dict[str, object], workshop: Workshop
) -> None:
    def stages(corpus: Corpus) -> object:
        recipe = fake_recipe()
        return Plan(recipe, corpus, make_plan(recipe).store).stages

    pairwise = load_corpus(fake_recipe(corpus=tables))
    parts = pairwise.parts("train")
    swapped = Corpus(pairwise.name, {**pairwise.splits, "train": [parts[1], parts[0]]})
    assert stages(pairwise) != stages(swapped)


def test_a_corpus_of_the_catalogue_is_asked_for_what_the_recipe_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path))
    for pair, (source, target) in {"en-it": ("one", "uno"), "en-nl": ("two", "twee")}.items():
        folder = tmp_path / "opus" / "Tiny" / "v1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{pair}.en").write_text(f"{source}\n", encoding="utf-8")
        (folder / f"{pair}.{pair[3:]}").write_text(f"{target}\n", encoding="utf-8")
    for code in ("en", "it", "nl"):
        (tmp_path / "flores200").mkdir(exist_ok=True)
        for name in ("dev", "devtest"):
            (tmp_path / "flores200" / f"{name}.{code}").write_text(f"{name} {code}\n", encoding="utf-8")
    sets = {"name": "opus/Tiny/v1", "validation": "flores200:dev", "test": "flores200:devtest"}
    corpus = load_corpus(fake_recipe(corpus={"catalogue": sets}))
    assert [(t.source, t.target) for t in corpus.pairs("train", Direction(NL, EN))] == [("twee", "two")]
    assert [t.target for t in corpus.pairs("test", Direction(IT, NL))] == ["devtest nl"]
    without = load_corpus(fake_recipe(corpus={"catalogue": sets}, stages={}, systems=["base"], model="x/y"))
    assert "train" not in without.splits, "nothing is tuned, so there is nothing to read"
    (tmp_path / "opus" / "Tiny" / "v1" / "en-nl.nl").unlink()
    with pytest.raises(
        UserError, match="download it with 'ontarget data get opus/Tiny/v1 --languages en,nl'"
    ):
        load_corpus(fake_recipe(corpus={"catalogue": sets}))


def test_a_test_set_of_sacrebleu_is_a_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = []

    def read(test_set: str, directions: list[Direction]) -> list[Part]:
        wanted.extend(directions)
        return [Part({d.source: ["a"], d.target: ["b"]}, d) for d in directions]

    monkeypatch.setattr(sacrebleu_sets, "read", read)
    recipe = fake_recipe(corpus={"sacrebleu": {"test": "x"}}, stages={}, systems=["base"], model="x/y")
    assert [t.target for t in load_corpus(recipe).pairs("test", Direction(IT, NL))] == ["b"]
    assert set(wanted) == {*recipe.zero_shot, *recipe.supervised}


def test_what_learns_from_text_has_lines_of_every_language(corpus_files: Path) -> None:
    recipe = fake_recipe(systems=["mt", "language-prior"])
    corpus = load_corpus(recipe)
    lines = language_text(recipe, corpus, "language-prior")
    assert list(lines) == [EN, IT, NL]
    assert list(lines[NL]) == list(corpus.lines("train", NL))
    assert language_text(recipe, corpus, "mt") == {}


def test_a_language_without_training_text_has_validation_text() -> None:
    """As in WMT, whose training text has English, German and Chinese alone."""
    recipe = fake_recipe(systems=["mt", "language-prior"])
    trained = {EN: ["one", "two"], IT: ["uno", "due"]}
    splits = {"train": trained, "validation": trained | {NL: ["twee"]}, "test": {NL: ["drie"]}}
    lines = language_text(recipe, Corpus("text", splits), "language-prior")
    assert {language: list(of) for language, of in lines.items()} == trained | {NL: ["twee"]}
    with pytest.raises(UserError, match=r"has no Dutch \(nl\) in its split 'train'"):
        language_text(recipe, Corpus("text", splits | {"validation": trained}), "language-prior")
    chosen = fake_recipe(systems=["mt", "language-prior"], split="validation")
    with pytest.raises(UserError, match=r"has no Dutch \(nl\) in its split 'train'"):
        language_text(chosen, Corpus("text", splits), "language-prior")


def test_text_to_learn_from_is_never_what_is_translated(corpus_files: Path) -> None:
    systems = {"language-prior": {"model": "owner/model"}}
    recipe = fake_recipe(systems=systems, stages={}, model="owner/model")
    corpus = load_corpus(recipe)
    assert list(language_text(recipe, corpus, "language-prior")[IT]) == list(corpus.lines("validation", IT))
    with pytest.raises(UserError, match=r"systems\.language-prior learns from validation text, which"):
        language_text(fake_recipe(systems=systems, stages={}, split="validation"), corpus, "language-prior")


class Told:
    """Keeps what is said of how far something is."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None: ...

    @contextmanager
    def task(self, what: str) -> Iterator[Callable[[int, int, str], None]]:
        yield lambda done, total, note: self.lines.append(f"{what}: {note}")


def _told_of_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(inputs, "_MANY", 4)
    monkeypatch.setattr(inputs, "_TOLD_EACH", 2)
    return Told()


def test_a_file_that_takes_a_while_to_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _told_of_few(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    for name, lines in (("few", 4), ("many", 9)):
        text = "".join(f"{name} {n}\tx {n}\ty {n}\n" for n in range(lines))
        Path(f"{name}.tsv").write_text(f"en\tit\tnl\n{text}", encoding="utf-8")
        recipe = fake_recipe(corpus={"files": {"train": f"{name}.tsv", "test": "few.tsv"}}, overlap="allow")
        assert len(load_corpus(recipe, told).parts("train")[0]) == lines
        numbers = (4, 6, 8) if name == "many" else ()
        assert told.lines == [f"reading text into the cache: {n} segments" for n in numbers]
    load_corpus(recipe, told)
    assert len(told.lines) == 3  # it is read from the cache


def test_so_is_a_large_corpus_of_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _told_of_few(tmp_path, monkeypatch)
    monkeypatch.setattr(catalogue, "_LARGE", 5)
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path))
    folder = tmp_path / "opus/Tiny/v1"
    folder.mkdir(parents=True)
    for pair in ("en-it", "en-nl", "it-nl"):
        for code in pair.split("-"):
            text = "".join(f"{code} {n} of {pair}\n" for n in range(5))
            (folder / f"{pair}.{code}").write_text(text, encoding="utf-8")
    corpus = {"catalogue": {"name": "opus/Tiny/v1", "test": "opus/Tiny/v1:train"}}
    load_corpus(fake_recipe(corpus=corpus, overlap="allow"), told)
    assert told.lines == ["reading text into the cache: 4 segments"] * 3  # each pair is read once


def test_so_is_what_a_sweep_reads(
    tables: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _told_of_few(tmp_path, monkeypatch)
    recipe = RECIPE | {"corpus": tables, "sweep": {"stages.lat.alpha": [0.1, 0.5]}}
    Path("swept.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    assert len(make_sweep("swept.yaml", progress=told).planned) == 2
    assert "reading text into the cache: 4 segments" in told.lines


def test_a_chat_that_got_bos_in_earlier_versions_is_another_prompt(
    corpus_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made of it is made again; of all others nothing is."""
    says = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    found = []
    for template, bos in ((says, None), (says, "<s>"), ("{{ bos_token }}" + says, "<s>")):
        config = {"chat_template": template, "bos_token": bos}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
        chat_files._read.cache_clear()
        chat = PromptTemplate.load("chat", tmp_path)
        found.append(inputs.prompt_text(chat, Direction.parse("it-nl")))
    plain, without, with_bos = found
    assert plain.startswith("<user>")
    assert without == f"without <s>: {plain}"
    assert with_bos == f"<s>{plain}"


def test_an_indented_tmx_is_the_same_text_as_one_without_line_breaks(corpus_files: Path) -> None:
    fingerprints = []
    for before, between, after in (("", " ", ""), ("\n    ", "\n      ", "\n  ")):
        units = ""
        for rows in zip(LINES["en"][:3], LINES["it"][:3], LINES["nl"][:3], strict=True):
            units += "<tu>"
            for code, text in zip(("en", "it", "nl"), rows, strict=True):
                seg = before + text.replace(" ", between) + after
                units += f'<tuv xml:lang="{code}"><seg>{seg}</seg></tuv>'
            units += "</tu>"
        Path("train.tmx").write_text(f"<tmx><body>{units}</body></tmx>", encoding="utf-8")
        corpus = load_corpus(fake_recipe(corpus={"files": {"train": "train.tmx", "test": "test.{language}"}}))
        assert corpus.lines("train", NL)[:] == LINES["nl"][:3]
        fingerprints.append(text_fingerprint(corpus.lines("train", EN)))
    assert fingerprints[0] == fingerprints[1]
