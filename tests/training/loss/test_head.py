import copy

import pytest

torch = pytest.importorskip("torch")

import transformers  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402

from ontarget.errors import UserError  # noqa: E402
from ontarget.training.loss import head  # noqa: E402
from ontarget.training.loss.head import LogOddsHead  # noqa: E402
from ontarget.training.loss.linear_loss import linear_signed_loss  # noqa: E402
from ontarget.training.loss.log_odds import log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402

CPU = torch.device("cpu")
SHAPE = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "initializer_range": 0.3,  # logits of several nats, or a soft cap would do nothing
}
FAMILIES = {
    "Llama": {},
    "Mistral": {},
    "Qwen2": {},
    "Qwen3": {},
    "Gemma2": {"final_logit_softcapping": 2.0},
    "Gemma3": {"final_logit_softcapping": 2.0},
    "Cohere": {"logit_scale": 0.25},
    "Granite": {"logits_scaling": 3.0},
    "RecurrentGemma": {"logits_soft_cap": 2.0, "lru_width": 16},
    "HyperCLOVAX": {"logits_scaling": 3.0},
}


def build(family, tied=False, **settings):
    config = getattr(transformers, f"{family}{'Text' if family == 'Gemma3' else ''}Config")
    torch.manual_seed(3)
    model = getattr(transformers, f"{family}ForCausalLM")(
        config(**SHAPE | FAMILIES[family] | {"tie_word_embeddings": tied} | settings)
    )
    return model.eval()


@pytest.fixture
def batch():
    """Ids, labels and weights of both signs; half of the positions do not count."""
    generator = torch.Generator().manual_seed(1)
    ids, labels = torch.randint(1, 50, (2, 3, 9), generator=generator)
    weights = torch.randn(3, 9, generator=generator) * (torch.rand(3, 9, generator=generator) < 0.5)
    return ids, labels, weights


def plainly(model, batch):
    """Loss and gradients by way of all logits, which the untouched model makes."""
    ids, labels, weights = batch
    logits = model(input_ids=ids, use_cache=False).logits.float()
    counts = weights != 0
    return with_gradients(model, signed_loss(log_odds(logits[counts], labels[counts]), weights[counts]))


def by_head(model, batch):
    ids, labels, weights = batch
    counts = weights != 0
    head = LogOddsHead.install(model)
    head.examine(model, CPU)
    with head.log_odds_at(counts, labels):
        d = model(input_ids=ids, use_cache=False).logits
    assert d.shape == (counts.sum(),)
    return with_gradients(model, signed_loss(d, weights[counts]))


def by_loss(model, batch, q=0.0):
    """By the head as well, which computes the gradient in the forward pass."""
    ids, labels, weights = batch
    head = LogOddsHead.install(model)
    head.examine(model, CPU)
    with head.loss_at(labels, weights, q):
        loss = model(input_ids=ids, use_cache=False).logits
    assert loss.shape == ()
    assert head.log_odds.shape == ((weights != 0).sum(),)
    return with_gradients(model, loss)


def with_gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return loss.detach(), {
        name: None if parameter.grad is None else parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def assert_same(ours, expected):
    torch.testing.assert_close(ours[0], expected[0], rtol=1e-5, atol=1e-5)
    assert ours[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        torch.testing.assert_close(
            ours[1][name], gradient, rtol=1e-4, atol=2e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_all_gradients_are_those_of_all_logits(family, tied, batch):
    model = build(family, tied)
    expected = plainly(model, batch)
    assert_same(by_head(model, batch), expected)
    assert_same(by_loss(model, batch), expected)
    # The embeddings are one matrix or two, as before, and the model makes logits again.
    assert (model.get_input_embeddings().weight is model.get_output_embeddings().weight) == tied
    assert_same(plainly(model, batch), expected)


@pytest.mark.parametrize("family", ["Gemma2", "Cohere", "Granite"])
def test_the_toy_has_a_cap_or_scale_that_matters(family, batch):
    [(key, _)] = FAMILIES[family].items()
    other, _ = plainly(build(family, **{key: 1.0 if key != "final_logit_softcapping" else None}), batch)
    assert abs(plainly(build(family), batch)[0] - other) > 0.05


@pytest.mark.parametrize("family", ["Llama", "Gemma2"])
@pytest.mark.parametrize(
    "settings",
    [{"target_modules": ["q_proj", "down_proj"]}, {"target_modules": "all-linear"}],
    ids=["some", "all-linear"],
)
def test_with_lora(family, settings, batch):
    model = get_peft_model(build(family), LoraConfig(r=2, init_lora_weights=False, **settings)).eval()
    expected = plainly(model, batch)
    assert_same(by_loss(model, batch), expected)
    assert expected[1]
    assert all("lora" in name for name in expected[1])


def test_with_lora_and_a_copy_of_the_head_that_is_trained_whole(batch):
    settings = LoraConfig(
        r=2, init_lora_weights=False, target_modules=["q_proj"], modules_to_save=["lm_head"]
    )
    model = get_peft_model(build("Llama"), settings).eval()
    names = list(model.state_dict())
    expected = plainly(model, batch)
    assert_same(by_loss(model, batch), expected)
    assert "base_model.model.lm_head.modules_to_save.default.weight" in expected[1]
    assert list(model.state_dict()) == names


@pytest.mark.parametrize("family", ["Llama", "Gemma2"])
def test_with_gradient_checkpointing(family, batch):
    model = build(family, tied=True)
    expected = plainly(model, batch)
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()  # the toys have no dropout
    assert_same(by_loss(model, batch), expected)


def test_with_torch_compile(batch):
    """The graph breaks at the head and goes on behind it, whatever then compiles its two parts."""
    ids, labels, weights = batch
    counts = weights != 0
    model = build("Gemma2", num_hidden_layers=1)
    expected = plainly(model, batch)
    head = LogOddsHead.install(model)
    head.examine(model, CPU)
    compiled = torch.compile(model, backend="eager")
    with head.log_odds_at(counts, labels):
        d = compiled(input_ids=ids, use_cache=False).logits
    assert_same(with_gradients(model, signed_loss(d, weights[counts])), expected)
    assert compiled(input_ids=ids, use_cache=False).logits.shape == (3, 9, 50)


@pytest.mark.parametrize("family", ["Llama", "Granite"])
def test_the_gradient_of_the_weight_is_added_and_unlikelihood_bounded(family, batch):
    """The factor of logits, which is measured, is not 1 to the last digit when it comes back."""
    model = build(family)
    ids, labels, weights = batch
    counts = weights != 0
    d = log_odds(model(input_ids=ids).logits[counts], labels[counts])
    expected = with_gradients(model, signed_loss(d, weights[counts], q=0.7))
    head = LogOddsHead.install(model)
    head.examine(model, CPU)
    head.adds_gradients = True
    model.zero_grad()
    head.weight.grad = torch.ones_like(head.weight)
    with head.loss_at(labels, weights, 0.7):
        model(input_ids=ids).logits.backward()
    torch.testing.assert_close(head.weight.grad - 1, expected[1]["lm_head.weight"], rtol=1e-4, atol=2e-5)


def test_so_many_positions_as_make_few_shapes_reach_the_operation(batch, monkeypatch):
    """What makes their number up weighs nothing: loss and gradients are compared above."""
    seen = []

    def spy(hidden, weight, labels, *rest):
        seen.append((len(hidden), len(labels)))
        return linear_signed_loss(hidden, weight, labels, *rest)

    monkeypatch.setattr(head, "linear_signed_loss", spy)
    ids, labels, _ = batch
    for counted in (1, 7, 20):
        some = torch.zeros(27)
        some[:counted] = 1.0
        by_loss(build("Llama"), (ids, labels, some.view(3, 9)))
    by_loss(build("Llama"), (ids.repeat(9, 1), labels.repeat(9, 1), torch.ones(27, 9)))
    assert seen == [(64, 64), (64, 64), (64, 64), (256, 256)]


@pytest.fixture
def alone():
    """A process group of this process."""
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("family", ["Llama", "Gemma2"])
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.usefixtures("alone")
@pytest.mark.skipif(torch.cuda.is_available(), reason="FSDP2 would take the GPU, and the batch is elsewhere")
def test_under_fsdp2_the_parameters_of_the_head_are_gathered(family, tied, batch):
    from torch.distributed.fsdp import fully_shard

    model = build(family, tied)
    expected = plainly(model, batch)
    LogOddsHead.install(model)  # as training does: before the model is wrapped
    for layer in model.model.layers:
        fully_shard(layer)
    loss, gradients = by_loss(fully_shard(model), batch)
    assert_same((loss, {name: gradient.full_tensor() for name, gradient in gradients.items()}), expected)


def test_under_autocast_the_loss_is_fp32_and_near(batch):
    model = build("Gemma2")
    expected, _ = plainly(model, batch)
    with torch.autocast("cpu", torch.bfloat16):
        loss, gradients = by_loss(model, batch)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, expected, rtol=0.02, atol=0.02)
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def test_a_batch_in_which_nothing_counts_gives_every_parameter_a_gradient_of_zero(batch):
    """As a process needs it whose share of a step is empty: the others wait for its gradients."""
    ids, labels, weights = batch
    loss, gradients = by_loss(build("Llama"), (ids, labels, torch.zeros_like(weights)))
    assert loss == 0
    assert all(gradient is not None and not gradient.any() for gradient in gradients.values())


@pytest.mark.parametrize("family", ["Gemma2", "Cohere"])
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
def test_a_checkpoint_is_that_of_the_untouched_model(family, tied, batch, tmp_path):
    model = build(family, tied)
    before = copy.deepcopy(model)
    by_head(model, batch)
    before.save_pretrained(tmp_path / "before")
    model.save_pretrained(tmp_path / "after")
    files = {path.name: path.read_bytes() for path in (tmp_path / "before").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "after").iterdir()} == files
    assert list(model.state_dict()) == list(before.state_dict())


def test_the_soft_cap_comes_back_after_a_forward_that_fails(batch):
    model = build("Gemma2")
    head = LogOddsHead.install(model)
    head.examine(model, CPU)
    ids, labels, weights = batch
    with (
        pytest.raises(ValueError, match=r"\[3, 9, 16\].*\[2, 9\]"),
        head.log_odds_at(weights[:2] != 0, labels[:2]),
    ):
        model(input_ids=ids, use_cache=False)
    assert model.config.final_logit_softcapping == 2.0
    assert model(input_ids=ids).logits.shape == (3, 9, 50)


def test_evaluation_generates_as_the_untouched_model_does(batch):
    model = build("Gemma2")
    answers = model.generate(batch[0], max_new_tokens=5, do_sample=False)
    by_head(model, batch)
    assert torch.equal(model.generate(batch[0], max_new_tokens=5, do_sample=False), answers)


def test_a_second_trainer_finds_the_head_that_is_there():
    model = build("Llama")
    assert LogOddsHead.install(model) is LogOddsHead.install(model)


def test_examining_draws_no_random_number_and_leaves_the_model_in_training():
    model = build("Llama", attention_dropout=0.5).train()
    state = torch.get_rng_state()
    LogOddsHead.install(model).examine(model, CPU)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training


class ForbidsToken(transformers.LlamaForCausalLM):
    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits[..., 7] = -1e9
        return output


class Bounds(transformers.LlamaForCausalLM):
    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits = output.logits.clamp(-50, 50)
        return output


class CutsPadding(transformers.LlamaForCausalLM):
    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits = output.logits[..., :40]
        return output


class Coarse(transformers.LlamaForCausalLM):
    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits = output.logits.bfloat16()
        return output


class CapsThenScales(transformers.Gemma2ForCausalLM):
    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits = 0.5 * output.logits
        return output


@pytest.mark.parametrize("kind", [ForbidsToken, Bounds, CutsPadding, CapsThenScales])
def test_a_model_that_does_something_else_to_its_logits_is_refused(kind):
    settings = {"final_logit_softcapping": 20.0} if kind is CapsThenScales else {}
    model = kind(kind.config_class(**SHAPE, **settings))
    with pytest.raises(UserError, match=f"{kind.__name__} changes its logits by more than a factor"):
        LogOddsHead.install(model).examine(model, CPU)


def test_a_model_that_rounds_what_it_returns_is_refused():
    model = Coarse(Coarse.config_class(**SHAPE))
    with pytest.raises(UserError, match=r"Coarse rounds what it returns to torch.bfloat16"):
        LogOddsHead.install(model).examine(model, CPU)


def test_a_head_that_lora_adapts_is_refused():
    model = get_peft_model(build("Llama"), LoraConfig(r=2, target_modules=["lm_head"]))
    with pytest.raises(UserError, match=r"LlamaForCausalLM is a peft\.\S+\.Linear and not a plain"):
        LogOddsHead.install(model)


def test_a_model_without_an_output_layer_is_refused():
    model = transformers.LlamaModel(transformers.LlamaConfig(**SHAPE))
    with pytest.raises(UserError, match="LlamaModel"):
        LogOddsHead.install(model)
