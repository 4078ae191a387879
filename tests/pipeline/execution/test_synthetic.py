"""Translations that stages learn from: which lines, which of the answers, and what is made again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.pipeline.conftest import LINES, RECIPE, Workshop, fake_recipe, synthetic_recipe

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution import launch, stages, systems
from ontarget.pipeline.execution.progress import Silent
from ontarget.pipeline.execution.stages import make_model, stage_draw
from ontarget.pipeline.execution.synthetic import looked_through
from ontarget.pipeline.planning import inputs
from ontarget.pipeline.planning.artifacts import Made, Store
from ontarget.pipeline.planning.cost import Estimator
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import Speeds
from ontarget.pipeline.run import make_plan, run, train
from ontarget.prompts.segment import text_of
from ontarget.recipes.schema.synthetic import KeepSettings
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import System

IT, NL = Language("it"), Language("nl")
WORSE = "Mijn zus loopt morgen door de stad."
IT_NL, NL_IT = Direction.parse("it-nl"), Direction.parse("nl-it")


@pytest.fixture
def answers(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Models that know every line; alone `mt` answers in English where it is asked for Dutch."""
    for code, lines in LINES.items():
        Path(f"train.{code}").write_text("".join(f"{line}\n" for line in lines[:2]), encoding="utf-8")
        for split in ("validation", "test"):
            Path(f"{split}.{code}").write_text("".join(f"{line}\n" for line in lines[2:]), encoding="utf-8")

    def hypotheses(
        system: System, engine: str, pairs: Sequence[Translation], update: Callable[[int, int], None]
    ) -> list[Hypothesis]:
        direction = pairs[0].direction
        workshop.translated.append(f"{system.id} {direction}")
        if workshop.fail_at == f"{system.id} {direction}":
            raise KeyboardInterrupt
        target = direction.target
        if engine == "mt" and not system.pivot and target == NL:
            target = Language("en")
        lines = dict(zip(LINES[str(direction.source)], LINES[str(target)], strict=True))
        return [Hypothesis(lines[pair.source], "stop", -1.0, 5) for pair in pairs]

    def candidates(
        system: System,
        engine: str,
        pairs: Sequence[Translation],
        count: int,
        update: Callable[[int, int], None],
    ) -> list[list[Hypothesis]]:
        """What it answers, but the most probable answer is one that is off, and the next a worse one."""
        found = hypotheses(system, engine, pairs, update)
        first = [Hypothesis("This is in English.", "stop", -0.5, 5), Hypothesis(WORSE, "stop", -0.7, 5)]
        return [[*first, answer][: max(count, 1)] for answer in found]

    monkeypatch.setattr(systems, "hypotheses", hypotheses)
    monkeypatch.setattr(systems, "candidates", candidates)
    return workshop


def rows(stage: str, direction: Direction) -> list[dict[str, Any]]:
    return read_jsonl(Path(f"runs/fake/synthetic/{stage}/{direction}.jsonl"))


class TestLookedThrough:
    """`on` are answers that may be learnt from."""

    SOURCE = "Mia sorella legge un libro sulla storia dei treni."
    RIGHT = "Mijn zus leest een boek over de geschiedenis van treinen."

    def outcome(self, text: str, finish: str = "stop", **keep: float) -> str:
        [row] = looked_through([self.SOURCE], [text], [finish], IT_NL, KeepSettings(**keep))
        assert (row["source"], row["text"]) == (self.SOURCE, text)
        return str(row["outcome"])

    def test_a_translation_is_kept(self) -> None:
        assert self.outcome(self.RIGHT) == "on"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("My sister reads a book about the history of trains.", "english"),
            ("Ma sœur lit un livre sur l'histoire des trains.", "other"),
            ("Mia sorella legge molti libri sulla storia dei treni.", "source"),
            ("mia sorella legge un libro sulla storia dei treni", "copy"),
            ("", "empty"),
            ("Mijn zus leest.", "short"),
            ("Mijn zus leest een boek een boek een boek een boek", "run-on"),
            (
                "Mijn zus leest een boek over de geschiedenis van de treinen en van de grote stad. " * 3,
                "run-on",
            ),
        ],
    )
    def test_what_is_none_is_not(self, text: str, why: str) -> None:
        assert self.outcome(text) == why

    def test_what_was_cut_off_is_not(self) -> None:
        assert self.outcome(self.RIGHT, finish="length") == "run-on"

    def test_limits_are_the_recipes(self) -> None:
        assert self.outcome("Mijn zus leest.", min_length_ratio=0.1) == "on"
        assert self.outcome(self.RIGHT, min_length_ratio=1.5) == "short"
        assert self.outcome(self.RIGHT, confidence=1.0) == "unknown"
        assert self.outcome("Mijn zus leest een boek een boek een boek een boek", repetition=0.9) == "on"


class TestMaking:
    def test_a_teacher_translates_and_the_model_learns_what_is_kept(self, answers: Workshop) -> None:
        done = run(synthetic_recipe())
        assert answers.trained == ["base", "mt", "lat", "ontarget", "st", "pd"]
        assert answers.loaded[:2] == ["ontarget", "mt"]  # the teachers, each before its stage
        assert answers.translated[:4] == ["st it-nl", "st nl-it", "pd it-nl", "pd nl-it"]
        found = rows("pd", IT_NL)
        assert {row["source"] for row in found} < set(LINES["it"])
        assert {row["outcome"] for row in found} == {"on"}
        assert (done.directory / "models" / "pd" / "model").read_text() == ">base>mt>pd"

    def test_again_does_nothing(self, answers: Workshop) -> None:
        run(synthetic_recipe())
        answers.forget()
        run(synthetic_recipe())
        assert not answers.trained
        assert not answers.translated

    def test_a_kill_costs_the_direction_under_way(self, answers: Workshop) -> None:
        answers.fail_at = "st nl-it"
        with pytest.raises(KeyboardInterrupt):
            train(make_plan(synthetic_recipe()), "st")
        answers.forget()
        answers.fail_at = None
        train(make_plan(synthetic_recipe()), "st")
        assert answers.translated == ["st nl-it"]
        assert answers.trained == ["st"]

    @pytest.mark.parametrize(
        ("change", "translated"),
        [
            ({"max_lines": 1}, True),
            ({"keep": {"confidence": 0.6}}, True),
            ({"decoding": {"num_beams": 4}}, True),
            ({"candidates": 2}, True),
            ({"teacher": "lat"}, True),
            ({"mix": 0.5}, False),
            ({"alpha": 0.5}, False),
            ({"tuning": {"max_steps": 2}}, False),
        ],
    )
    def test_what_changes_makes_again_what_depends_on_it(
        self, answers: Workshop, change: dict[str, Any], translated: bool
    ) -> None:
        run(synthetic_recipe())
        answers.forget()
        run(synthetic_recipe(st=change))
        assert answers.trained == ["st"]
        made = [line for line in answers.translated if line in ("st it-nl", "st nl-it")]
        assert len(made) == (4 if translated else 2)  # two of them as the system of that name

    def test_its_own_teacher_by_name_is_no_change(self, answers: Workshop) -> None:
        plain, named = (
            make_plan(synthetic_recipe(st=changes)).stages["st"] for changes in ({}, {"teacher": "ontarget"})
        )
        assert plain == named

    def test_a_model_that_is_there_needs_no_text(self, answers: Workshop) -> None:
        run(synthetic_recipe())
        Path("runs/fake/synthetic/st/it-nl.jsonl").unlink()
        assert not any(step.todo for step in make_plan(synthetic_recipe()).everything())

    def test_a_model_of_another_run_needs_no_text_but_text_of_another_run_is_taken(
        self, answers: Workshop
    ) -> None:
        run(synthetic_recipe())
        answers.forget()
        run(synthetic_recipe(), directory="runs/second")
        assert answers.trained == answers.translated == []
        assert not Path("runs/second/synthetic").exists()
        for of_run in ("fake", "second"):
            (Path("runs") / of_run / "models/st/model").unlink()
        run(synthetic_recipe(), directory="runs/third")
        assert (answers.trained, answers.translated) == (["st"], [])
        assert Path("runs/third/synthetic/st/it-nl.jsonl").exists()

    def test_a_teacher_is_made_first_and_with_one_stage_alone(self, answers: Workshop) -> None:
        stages = {"pd": {"from": "mt", "teacher": "lat", "kind": "pivot-distillation"}}
        train(make_plan(synthetic_recipe(**stages)), "pd")
        assert answers.trained == ["base", "mt", "lat", "pd"]

    def test_rounds_are_stages_each_from_the_one_before(self, answers: Workshop) -> None:
        paths = train(make_plan(synthetic_recipe(st={"rounds": 3})), "st")
        assert [path.name for path in paths][-3:] == ["st-1", "st-2", "st"]
        assert (paths[-1] / "model").read_text() == ">base>mt>ontarget>st-1>st-2>st"
        assert answers.loaded == ["ontarget", "st-1", "st-2"]


class TestCandidates:
    STAGE: ClassVar[dict[str, Any]] = {"candidates": 3, "directions": ["it-nl"]}

    def rows(self, **changes: Any) -> list[dict[str, Any]]:
        train(make_plan(synthetic_recipe(st=self.STAGE | changes)), "st")
        return rows("st", IT_NL)

    def test_the_best_that_may_be_learnt_from(self, answers: Workshop) -> None:
        found = self.rows()
        assert {(row["text"], row["candidate"]) for row in found} == {(WORSE, 2)}
        assert answers.translated == ["st it-nl"]

    def test_agreement_with_the_pivot(self, answers: Workshop) -> None:
        found = self.rows(select="agreement")
        assert {row["text"] for row in found} == set(LINES["nl"][:2])
        assert {(row["candidate"], row["chrf"], row["outcome"]) for row in found} == {(3, 100.0, "on")}
        assert answers.translated == ["st it-nl", "st it-nl"]  # the second time in two steps

    def test_the_way_back(self, answers: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
        known = LINES | {"nl": [*LINES["nl"], WORSE], "it": [*LINES["it"], "Domani cammino in città."]}
        monkeypatch.setitem(LINES, "nl", known["nl"])
        monkeypatch.setitem(LINES, "it", known["it"])
        found = self.rows(select="round-trip")
        assert {(row["text"], row["candidate"]) for row in found} == {(line, 3) for line in LINES["nl"][:2]}
        assert answers.translated == ["st it-nl", "st nl-it"]

    def test_another_choice_makes_them_again_and_the_same_one_does_not(self, answers: Workshop) -> None:
        self.rows(select="agreement")
        answers.forget()
        self.rows(select="agreement")
        assert not answers.translated
        self.rows(select="best")
        assert answers.translated == ["st it-nl"]


class TestWhatIsLearnt:
    def draw(self, answers: Workshop, name: str, **changes: Any) -> list[Any]:
        made = synthetic_recipe(**{name: changes})
        train(make_plan(made), name)
        return list(stage_draw(made, name, inputs.load_corpus(made), Store(Path("runs/fake")))(0))

    def test_what_was_kept_and_as_many_supervised_translations(self, answers: Workshop) -> None:
        groups = self.draw(answers, "pd")
        assert len(groups) == 8
        asked = [text_of(sample.prompt) for [sample] in groups]
        assert sum("English" in prompt for prompt in asked) == 4
        [made] = {s.response for [s] in groups if "Dutch" in text_of(s.prompt) and s.source == LINES["it"][0]}
        assert made == LINES["nl"][0]

    @pytest.mark.parametrize(("side", "count"), [("target", 4), ("source", 4), ("both", 8)])
    def test_either_side_may_be_the_synthetic_one(self, answers: Workshop, side: str, count: int) -> None:
        groups = self.draw(answers, "pd", synthetic_side=side, mix=0, directions=["it-nl"], max_lines=2)
        assert len(groups) == count // 2
        pairs = {(str(s.asked), s.source, s.response) for [s] in groups}
        both = list(zip(LINES["it"][:2], LINES["nl"][:2], strict=True))
        forward, back = {("nl", it, nl) for it, nl in both}, {("it", nl, it) for it, nl in both}
        assert pairs == {"target": forward, "source": back, "both": forward | back}[side]

    def test_what_the_corpus_has_in_the_pivot_language_is_translated(self, answers: Workshop) -> None:
        groups = self.draw(answers, "pd", pivot_source="corpus", mix=0)
        assert answers.translated == ["pd en-nl", "pd en-it"]
        assert {(s.source, s.response) for [s] in groups if str(s.asked) == "nl"} == set(
            zip(LINES["it"][:2], LINES["nl"][:2], strict=True)
        )

    def test_answers_in_a_wrong_language_are_unlearnt_where_alpha_asks_for_it(
        self, answers: Workshop
    ) -> None:
        from_mt = {"from": "mt", "mix": 0}  # into Italian it answers well, into Dutch in English
        assert not [s for group in self.draw(answers, "st", **from_mt) for s in group if s.sign < 0]
        wrong = [s for group in self.draw(answers, "st", **from_mt, alpha=0.5) for s in group if s.sign < 0]
        assert {(str(s.asked), str(s.produced), s.response) for s in wrong} == {
            ("nl", "en", line) for line in LINES["en"][:2]
        }

    @pytest.mark.parametrize(("mix", "count"), [(0, 4), (0.5, 6), (2, 12)])
    def test_mix_says_how_many_of_those(self, answers: Workshop, mix: float, count: int) -> None:
        assert len(self.draw(answers, "pd", mix=mix)) == count

    def test_nothing_kept_is_one_sentence(self, answers: Workshop) -> None:
        with pytest.raises(UserError, match=r"none of the translations .* can be kept \(2 english\)"):
            self.draw(answers, "st", **{"from": "mt", "directions": ["it-nl"]})

    def test_nothing_made_is_one_sentence(self, answers: Workshop) -> None:
        made = synthetic_recipe()
        with pytest.raises(UserError, match="'ontarget train fake st' makes them"):
            stage_draw(made, "st", inputs.load_corpus(made), Store(Path("runs/fake")))


def test_costs_are_those_of_as_many_outputs(answers: Workshop) -> None:
    fake_corpus = inputs.load_corpus(fake_recipe())
    made = synthetic_recipe(
        pd={"from": "mt", "decoding": {"num_beams": 4}}, st={"from": "mt", "decoding": {"num_beams": 4}}
    )
    plan = Plan(made, fake_corpus, Store(Path("runs/fake")))
    choosing = {
        select: synthetic_recipe(pd={"from": "mt"}, st={"from": "mt", "candidates": 4, "select": select})
        for select in ("best", "agreement", "round-trip")
    }
    speeds = Speeds(trained=0.0, step=0.0, read=1.0, written=1.0, passed=0.0)

    def estimator_of(plan: Plan) -> Estimator:
        return Estimator(plan, lambda *_, **__: speeds, {})

    costs = {}
    for select, of_one in choosing.items():
        estimator = estimator_of(Plan(of_one, fake_corpus, Store(Path("runs/fake"))))
        steps = {step.id: step for step in estimator.plan.everything()}
        costs[select] = estimator.cost(steps["synthetic/st"]).seconds or 0
    cost = {step.id: estimator_of(plan).cost(step) for step in plan.everything()}
    [outputs, st, pd] = [cost[step].seconds or 0 for step in ("outputs/mt", "synthetic/st", "synthetic/pd")]
    assert pd == pytest.approx(2 * st)
    assert costs["best"] == pytest.approx(st)
    assert costs["best"] < costs["agreement"] < costs["round-trip"]
    assert st == pytest.approx(outputs / 3, rel=0.05)  # two of the six directions, two lines of each


def test_a_real_model_learns_it_and_its_record_counts_what_was_kept(
    answers: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    monkeypatch.setattr(stages, "make_model", make_model)
    tuning = {"max_steps": 1, "global_batch_size": 4}
    shape = {"vocabulary": 300, "hidden": 16, "layers": 1, "heads": 2, "intermediate": 32}
    small = {"base": RECIPE["stages"]["base"] | {"model": shape, "tuning": tuning}}
    small["mt"] = RECIPE["stages"]["mt"] | {"tuning": tuning}
    small["st"] = {"kind": "self-training", "from": "mt", "alpha": 1.0, "max_lines": 2, "tuning": tuning}
    made = fake_recipe(stages=small, systems=["mt"])
    [*_, folder] = train(make_plan(made))
    record = json.loads((folder / "ontarget.json").read_text(encoding="utf-8"))
    assert record["synthetic"] == {"it-nl": {"english": 2}, "nl-it": {"on": 2}}
    [log] = read_jsonl(folder / "log.jsonl")
    assert log["unlikelihood"] > 0
    assert log["probability"] > 0


def test_other_machines_wait_for_the_text_and_leave_it_to_the_first(
    answers: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(synthetic_recipe())
    [text] = [step for step in plan.training("st") if step.kind == "synthetic"]
    looked = []

    def first_machine(seconds: float) -> None:
        """Writes one direction whenever the other one looks again."""
        direction = text.todo[len(looked)]
        looked.append(direction)
        with plan.store.writing("st", "synthetic") as write:
            write(direction, [], Made(text.fingerprints[direction], 1.0))

    monkeypatch.setattr(launch.time, "sleep", first_machine)
    launch.follow(launch.Launch(2, 2, 1, "node0:29500"), plan, [text], Silent())
    assert looked == ["it-nl", "nl-it"]
    assert not answers.translated
