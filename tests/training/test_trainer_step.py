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
from ontarget.training.data.batches import Steps  # noqa: E402
from ontarget.training.data.encode import Encoder  # noqa: E402
from ontarget.training.trainer import SignedTrainer  # noqa: E402

PLAIN = PromptTemplate.load("plain")
LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [  # of lengths that differ, so that means of means are not means
    Translation(f"{'la casa ' * (n % 3)}{n}", f"{'the house ' * (n % 4 + 1)}{n}", SUPERVISED[n % 4])
    for n in range(5)
]


def by_definition(model, samples, alpha, normalization, q):
    """MLE + alpha * UL as the paper writes them: sample by sample, from probabilities, nothing shared.

    `token` is the mean over the tokens of a sign by their shares, `sequence` the mean over its samples of
    such a mean over their own. Bounded with a `q`.
    """
    losses = {1: [], -1: []}
    for sample in samples:
        ids = torch.tensor([sample.ids])
        logits = model(input_ids=ids[:, :-1]).logits[0, sample.response - 1 :]
        logp = logits.log_softmax(-1).gather(1, ids[0, sample.response :, None]).squeeze(1)
        rest = 1 - logp.exp()
        unlikelihood = (1 - rest**q) / q if q else -torch.log(rest)
        loss = -logp if sample.sign > 0 else unlikelihood
        losses[sample.sign].append((loss, torch.tensor(sample.shares, dtype=loss.dtype)))
    means = []
    for sign in (1, -1):
        if normalization == "token":
            loss, shares = (torch.cat(columns) for columns in zip(*losses[sign], strict=True))
            means.append((loss * shares).sum() / shares.sum())
        else:
            of_samples = [(loss * shares).sum() / shares.sum() for loss, shares in losses[sign]]
            means.append(torch.stack(of_samples).mean())
    mle, ul = means
    return mle + alpha * ul


@pytest.fixture
def trainer(model, tmp_path):
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[])
    return SignedTrainer(model=model.double(), args=arguments)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    max_tokens_per_micro_batch=st.one_of(st.integers(1, 300), st.just(10_000)),
    normalization=st.sampled_from(["token", "sequence"]),
    weighting=st.sampled_from([ALL, Weighting("first"), Weighting("decay", gamma=0.4)]),
    alpha=st.floats(0.01, 2),
    q=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_a_step_is_the_loss_of_the_whole_batch_however_it_is_cut(
    tokenizer, trainer, max_tokens_per_micro_batch, normalization, weighting, alpha, q
):
    """Value and every gradient: all are counted over the whole step, not over a micro-batch."""
    model, trainer.objective = trainer.model, Objective("bounded", q=q)
    draw = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(weighting=weighting), LANGUAGES, SUPERVISED, 1)
    encoder = Encoder(tokenizer, PLAIN.separator, 128, {})
    tuning = Tuning(
        max_steps=1,
        global_batch_size=5,
        max_tokens_per_micro_batch=max_tokens_per_micro_batch,
        normalization=normalization,
    )
    [step] = Steps(draw, encoder, tuning, alpha, 1)
    model.zero_grad()
    loss = trainer.training_step(model, step)
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}

    samples = [encoded for group in draw(0) for sample in group if (encoded := encoder.encode(sample))]
    assert {sample.sign for sample in samples} == {1, -1}
    model.zero_grad()
    expected = by_definition(model, samples, alpha, normalization, q)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, rtol=1e-5, atol=1e-7, msg=name)
    noted = trainer.take_noted()
    trained = sum(noted[name][0] for name in ("likelihood", "unlikelihood"))
    assert trained == pytest.approx(loss.item(), rel=1e-5), "the log shows what is trained"
    assert noted["unlikelihood"][1] == pytest.approx(alpha * noted["likelihood"][1], rel=1e-5)


def test_weights_are_cast_once_a_step_and_again_when_they_have_changed(tokenizer, model, tmp_path):
    """And the gradient of embeddings, made of rows alone, is whole when it is clipped."""
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[], bf16=True)
    trainer = SignedTrainer(model=model, args=arguments)
    trainer.create_optimizer_and_scheduler(1)
    wrapped = trainer.accelerator.prepare(model)
    draw = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, 1)
    tuning = Tuning(max_steps=1, global_batch_size=5, max_tokens_per_micro_batch=100)
    [step] = Steps(draw, Encoder(tokenizer, PLAIN.separator, 128, {}), tuning, 1.0, 1)
    assert len(step) > 2
    losses = []
    for _ in range(2):
        with torch.profiler.profile(record_shapes=True) as profile:
            losses.append(trainer.training_step(wrapped, step).item())
        shape = list(model.model.layers[0].mlp.down_proj.weight.shape)
        casts = [
            event
            for event in profile.events()
            if event.name == "aten::copy_" and event.input_shapes[0] == shape
        ]
        # Once for each layer on the way there, and a gradient for each micro-batch on the way back.
        assert len(casts) == len(model.model.layers) * (1 + len(step))
        assert not model.get_input_embeddings().weight.grad.is_sparse
        with torch.no_grad():
            for weight in model.parameters():
                weight -= weight.grad
        model.zero_grad()
    assert losses[0] != losses[1]
