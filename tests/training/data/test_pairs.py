"""Pairs in a batch: together, however it is cut, laid out and shared."""

from functools import partial

import pytest

torch = pytest.importorskip("torch")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from transformers import TrainingArguments  # noqa: E402

from ontarget.corpora.corpus import Translation  # noqa: E402
from ontarget.languages import Direction, Language  # noqa: E402
from ontarget.prompts.template import PromptTemplate  # noqa: E402
from ontarget.samples.conflict import Conflict  # noqa: E402
from ontarget.samples.groups import language_aware_groups  # noqa: E402
from ontarget.samples.weighting import ALL, Weighting  # noqa: E402
from ontarget.settings.objective import Objective  # noqa: E402
from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.data import batches, packing, pairs, prefix  # noqa: E402
from ontarget.training.data.batches import Steps  # noqa: E402
from ontarget.training.data.encode import Encoded, Encoder  # noqa: E402
from ontarget.training.distributed.processes import Share  # noqa: E402
from ontarget.training.loss.preference import pair_losses  # noqa: E402
from ontarget.training.trainer import SignedTrainer  # noqa: E402

PLAIN = PromptTemplate.load("plain")
LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [  # the last has no twin: it has no letter
    *(
        Translation(f"{'la casa ' * (n % 3)}{n}", f"{'the house ' * (n % 4 + 1)}{n}", SUPERVISED[n % 4])
        for n in range(5)
    ),
    Translation("12", "12:30", SUPERVISED[1]),
]
OBJECTIVES = [Objective("orpo"), Objective("cpo", 0.1), Objective("simpo", 2.0, 1.0)]
WEIGHTINGS = [ALL, Weighting("first"), Weighting("decay", gamma=0.4)]
LAY_OUT = {"padded": batches.collate, "packed": packing.pack, "prefix": prefix.collate}


def steps(tokenizer, conflict, alpha=1.0, share=Share(), **tuning):  # noqa: B008
    draw = language_aware_groups(TRANSLATIONS, PLAIN, conflict, LANGUAGES, SUPERVISED, 1)
    encoder = Encoder(tokenizer, PLAIN.separator, 128, {})
    made = Steps(draw, encoder, Tuning(**{"max_steps": 1, "global_batch_size": 6, **tuning}), alpha, 1, share)
    made.units, made.collate = pairs.together, partial(pairs.collate, made.collate)
    return made, [[encoder.encode(sample) for sample in group] for group in draw(0)]


def log_p(model, encoded):
    ids = torch.tensor([encoded.ids])
    logits = model(input_ids=ids[:, :-1]).logits[0, encoded.response - 1 :]
    return logits.log_softmax(-1).gather(1, ids[0, encoded.response :, None]).squeeze(1)


def by_definition(model, groups, objective, alpha, normalization):
    """Group by group, each sample alone, from whole log-probabilities."""
    positives, twins = [], []
    for chosen, *others in groups:
        of_chosen = log_p(model, chosen)
        positives.append(-of_chosen)
        for twin in filter(None, others):
            shares = torch.tensor(twin.shares, dtype=torch.float64)
            scores = [(shares * of_both[: len(shares)]).sum() for of_both in (of_chosen, log_p(model, twin))]
            if objective.name != "cpo":
                scores = [score / shares.sum() for score in scores]
            twins.append((pair_losses(objective, *scores), shares.sum()))
    losses, counts = (torch.stack(column) for column in zip(*twins, strict=True))
    if normalization == "token":
        return torch.cat(positives).mean() + alpha * (losses * counts).sum() / counts.sum()
    return torch.stack([loss.mean() for loss in positives]).mean() + alpha * losses.mean()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    max_tokens_per_micro_batch=st.one_of(st.integers(1, 400), st.just(10_000)),
    normalization=st.sampled_from(["token", "sequence"]),
    objective=st.sampled_from(OBJECTIVES),
    weighting=st.sampled_from(WEIGHTINGS),
    form=st.sampled_from(["padded", "packed", "prefix"]),
    alpha=st.floats(0.01, 2),
)
def test_a_step_is_the_loss_of_the_whole_batch_however_it_is_cut(
    tokenizer, model, tmp_path, max_tokens_per_micro_batch, normalization, objective, weighting, form, alpha
):
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[])
    trainer = SignedTrainer(model=model.double(), args=arguments, objective=objective)
    tuning = {"max_tokens_per_micro_batch": max_tokens_per_micro_batch, "normalization": normalization}
    made, groups = steps(tokenizer, Conflict(weighting=weighting), alpha, **tuning)
    made.collate = partial(pairs.collate, LAY_OUT[form])
    if form == "packed":
        made.cut = packing.by_tokens
    model.zero_grad()
    torch.set_default_dtype(torch.float64)  # of the weights of tokens: parts of a gradient cancel
    try:
        step = made[0]
    finally:
        torch.set_default_dtype(torch.float32)
    loss = trainer.training_step(model, step)
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert {"likelihood", "preference", "probability"} < trainer.take_noted().keys()

    assert sum(twin is None for _, twin in groups) == (weighting != ALL)
    model.zero_grad()
    expected = by_definition(model, groups, objective, alpha, normalization)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, rtol=1e-5, atol=1e-7, msg=name)


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_a_step_without_tearing_a_pair(tokenizer, processes):
    conflict = Conflict(weighting=ALL)
    tuning = {"max_tokens_per_micro_batch": 100}
    shares = [steps(tokenizer, conflict, share=Share(r, processes), **tuning)[0][0] for r in range(processes)]
    assert len({len(of_rank) for of_rank in shares}) == 1
    micro_batches = [micro_batch for of_rank in shares for micro_batch in of_rank]
    found = 0
    for micro_batch in micro_batches:
        sequences = micro_batch["sequences"]
        numbers = sorted(set(sequences[sequences >= 0].tolist()))
        assert numbers == list(range(len(numbers)))
        assert len(numbers) % 2 == 0
        found += len(numbers) // 2
    assert found == len(TRANSLATIONS)
    assert sum(m["weights"].clamp(max=0).sum().item() for m in micro_batches) == pytest.approx(-1)


def test_micro_batches_keep_to_their_tokens(tokenizer):
    for micro_batch in steps(tokenizer, Conflict(weighting=ALL), max_tokens_per_micro_batch=250)[0][0]:
        rows, length = micro_batch["input_ids"].shape
        assert rows <= 2 or rows * (length + 1) <= 250


RIGHT = Encoded([1, 2, 7, 8, 9, 0], 2, [1.0] * 4, 1)


@pytest.mark.parametrize(
    ("twin", "of_right", "of_twin"),
    [
        (Encoded([1, 3, 3, 7, 8], 3, [1.0, 0.5], -1), [1, 0.5, 0, 0], [1, 0.5]),
        (
            Encoded([1, 3, 7, 8, 9, 9, 9], 2, [0, 1.0, 1, 1, 1], -1),
            [0, 1, 1, 0],
            [0, 1, 1, 0, 0],
        ),  # it was cut
        (Encoded([1, 2, 5, 6], 2, [1.0, 0.5], -1), [1, 1, 1, 1], [1, 0.5]),  # the source as the answer
    ],
)
def test_a_pair_is_compared_in_what_both_have(twin, of_right, of_twin):
    assert pairs.shares_of(RIGHT, twin) == (of_right, of_twin)


def test_without_a_token_in_common_there_is_no_pair():
    twin = Encoded([1, 3, 7, 8, 9, 9], 2, [0, 0, 0, 1.0], -1)
    part = [(RIGHT, [0.25] * 4), (twin, [0, 0, 0, -1.0]), (RIGHT, [0.25] * 4)]
    micro_batch = pairs.collate(batches.collate, part)
    assert (micro_batch["sequences"] == -1).all()
    assert not micro_batch["shares"].any()


def test_sequences_and_shares_stand_where_weights_do():
    twin = Encoded([1, 3, 3, 7], 3, [1.0], -1)
    part = [(RIGHT, [0.1] * 4), (RIGHT, [0.2] * 4), (twin, [-1.0])]
    micro_batch = pairs.collate(batches.collate, part)
    assert micro_batch["sequences"][:, :5].tolist() == [[-1] * 5, [-1, 0, 0, 0, 0], [-1, -1, 1, -1, -1]]
    assert micro_batch["shares"][:, :5].tolist() == [[0] * 5, [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]
    assert torch.equal(micro_batch["weights"], batches.collate(part)["weights"])
    assert (pairs.collate(batches.collate, [])["sequences"] == -1).all()
