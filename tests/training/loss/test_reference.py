"""What a model tells of two instructions, against its own probabilities, one sample at a time."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_pairs import SUPERVISED, log_p, steps  # noqa: E402
from tests.training.test_stage import base, tuned  # noqa: E402, F401

from ontarget.errors import UserError  # noqa: E402
from ontarget.prompts.template import PromptTemplate  # noqa: E402
from ontarget.samples.conflict import Conflict  # noqa: E402
from ontarget.samples.groups import language_aware_groups  # noqa: E402
from ontarget.samples.weighting import ALL, Weighting  # noqa: E402
from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.data.encode import Encoded  # noqa: E402
from ontarget.training.loss.reference import ReferenceModel  # noqa: E402
from ontarget.training.stage import StageData  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture
def knowing(model):
    """Weights so large that it has opinions."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return model


def batch_of(tokenizer, weighting):
    _, groups = steps(tokenizer, Conflict(weighting=weighting))
    return [encoded for group in groups for encoded in group if encoded]


def by_definition(model, chosen, twin):
    """Probabilities of the same tokens under both prompts."""
    response = twin.ids[twin.response :]
    under_right = Encoded(chosen.ids[: chosen.response] + response, chosen.response, [], 1)
    right, wrong = (log_p(model, e).exp() for e in (under_right, twin))
    reveals = ((right - wrong) / (right + wrong)).tolist()
    return [s * r if r >= 0.1 else 0 for s, r in zip(twin.shares, reveals, strict=True)]


@pytest.mark.parametrize("max_tokens_per_micro_batch", [1, 150, 10_000])
@pytest.mark.parametrize("weighting", [ALL, Weighting("decay", gamma=0.5)])
def test_shares_are_multiplied_by_what_the_two_instructions_make_of_a_token(
    tokenizer, knowing, weighting, max_tokens_per_micro_batch
):
    batch = batch_of(tokenizer, weighting)
    found = iter(ReferenceModel(lambda: knowing, CPU, max_tokens_per_micro_batch)(batch))
    left = 0
    with torch.no_grad():
        for chosen, twin in zip(batch, [*batch[1:], None], strict=True):
            if chosen.sign < 0:
                continue
            assert next(found) == chosen
            if twin is not None and twin.sign < 0:
                shares = by_definition(knowing, chosen, twin)
                if any(shares):
                    left += 1
                    told = next(found)
                    assert told == replace(twin, shares=told.shares)
                    assert told.shares == pytest.approx(shares, abs=1e-5)
    assert next(found, None) is None
    assert left >= 2


def test_a_model_that_heeds_no_instruction_leaves_no_twin(tokenizer, model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()  # every token is as likely as any other
    batch = batch_of(tokenizer, ALL)
    assert ReferenceModel(lambda: model, CPU, 500)(batch) == [e for e in batch if e.sign > 0]


def test_the_model_is_loaded_once_and_not_for_a_batch_without_twins(tokenizer, knowing):
    loaded = []
    reference = ReferenceModel(lambda: loaded.append(1) or knowing, CPU, 500)
    batch = batch_of(tokenizer, ALL)
    assert reference([e for e in batch if e.sign > 0]) == [e for e in batch if e.sign > 0]
    assert not loaded
    assert reference(batch) == reference(batch)
    assert loaded == [1]


def test_a_stage_asks_the_model_that_it_starts_from(base, tmp_path):  # noqa: F811
    from ontarget.corpora.corpus import Translation
    from ontarget.languages import Language

    languages = [Language(code) for code in ("en", "it", "nl")]
    translations = [Translation(f"casa {n}", f"house {n} of ours", SUPERVISED[1]) for n in range(12)]
    conflict = Conflict(weighting=ALL)
    draw = language_aware_groups(
        translations, PromptTemplate.load("plain"), conflict, languages, SUPERVISED, 1
    )
    (with_it, counted), (without, none) = (
        tuned(base, tmp_path, f"revealing-{asks}", StageData(draw, " ", {}, revealing=asks))
        for asks in (True, False)
    )
    assert any(not torch.equal(with_it[name], without[name]) for name in with_it)
    # It has read no instruction, so it heeds none: no twin tells it anything.
    assert (none.unrevealing, counted.unrevealing) == (0, len(translations))


def test_twins_that_tell_nothing_are_counted_once_in_the_first_pass(tokenizer):
    counted = []
    for looked_at in ((), (1, 0, 0), (0, 3, 5)):
        made, groups = steps(
            tokenizer, Conflict(weighting=ALL), epochs=3, max_steps=None, global_batch_size=2
        )
        made.reveal = lambda batch: [e for e in batch if e.sign > 0 or len(e.ids) % 2]
        for step in looked_at:  # others were taken before a checkpoint
            made[step]
        counted.append(made.unrevealing())
    even = [e for group in groups for e in group if e and e.sign < 0 and len(e.ids) % 2 == 0]
    assert counted == [len(even)] * 3 != [0] * 3


def test_a_model_in_parts_cannot_be_asked(base, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("WORLD_SIZE", "2")
    tuning = Tuning(max_steps=1, parallel="fsdp")
    data = StageData(lambda _: [], " ", {}, revealing=True)
    with pytest.raises(UserError, match=r"conflict.token_weighting=model needs tuning.parallel=ddp"):
        tuned(base, tmp_path, data=data, tuning=tuning)
