"""Languages that no score could be made for, found before any work."""

from pathlib import Path

import pytest
from tests.pipeline.conftest import LINES, Workshop, fake_recipe

from ontarget.errors import UserError
from ontarget.pipeline.planning.check import check
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.scorable import check_scorable
from ontarget.pipeline.run import carry_out, make_plan


@pytest.fixture
def kabyle(corpus_files: Path) -> dict[str, object]:
    for split in ("train", "validation", "test"):
        Path(f"{split}.kab").write_bytes(Path(f"{split}.nl").read_bytes())
    assert LINES["nl"]
    return {"languages": ["en", "it", "kab"]}


def test_a_language_that_cannot_be_identified_is_found_before_the_first_stage(
    kabyle: dict[str, object], workshop: Workshop
) -> None:
    plan = make_plan(fake_recipe(**kabyle))
    with pytest.raises(UserError, match=r"^languages: output in kab could .* recognise Kabyle \(kab\)"):
        carry_out(plan)
    assert workshop.trained == []
    assert not plan.store.directory.exists()


def test_to_train_needs_no_scores(kabyle: dict[str, object]) -> None:
    plan = make_plan(fake_recipe(**kabyle))
    assert check_models(plan, plan.training()) == []


def test_recipes_check_finds_it(kabyle: dict[str, object]) -> None:
    assert any("cannot recognise Kabyle" in wrong for wrong in check([fake_recipe(**kabyle)]).wrong)


def test_a_tokenizer_that_is_not_installed_is_found_as_well(
    corpus_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, target: object) -> None:
        raise UserError(f"{name} of {target} needs a tokenizer")

    check_scorable(fake_recipe())
    monkeypatch.setattr("ontarget.scoring.metrics.sacrebleu.Metric", missing)
    with pytest.raises(UserError, match=r"could not be scored: bleu of .* needs a tokenizer"):
        check_scorable(fake_recipe())
