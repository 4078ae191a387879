"""Packed layers compute what linear layers compute, and only such as may be packed are."""

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from ontarget.hardware import multiplies_bf16
from ontarget.translation.engines import packed_linear
from ontarget.translation.engines.packed_linear import PackedLinear, pack_linear_layers

in_bf16 = pytest.mark.skipif(not multiplies_bf16(), reason="the processor has no instructions for bf16")
in_fp32 = pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="PyTorch has no MKL here")


@in_bf16
@pytest.mark.parametrize("rows", [(), (1,), (3, 4), (200,)])
@pytest.mark.parametrize("bias", [False, True])
def test_products_are_those_of_a_linear_layer(rows: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(1)
    linear = nn.Linear(96, 160, bias=bias, dtype=torch.bfloat16)
    inputs = torch.randn(*rows, 96, dtype=torch.bfloat16)
    with torch.inference_mode():
        found, expected = PackedLinear(linear)(inputs), linear(inputs)
    exact = inputs.double() @ linear.weight.double().T + (linear.bias.double() if bias else 0)
    assert found.shape == expected.shape
    assert found.dtype == torch.bfloat16
    assert (found - exact).abs().max() <= 1.01 * (expected - exact).abs().max() + 1e-3


def _model(dtype: torch.dtype) -> LlamaForCausalLM:
    torch.manual_seed(2)
    config = LlamaConfig(
        vocab_size=100, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    return LlamaForCausalLM(config).to(dtype).eval()


@in_bf16
def test_model_scores_tokens_as_before_and_keeps_its_output_layer() -> None:
    model, ids = _model(torch.bfloat16), torch.arange(10)[None]
    with torch.inference_mode():
        before = model(ids).logits
        pack_linear_layers(model)
        after = model(ids).logits
    assert sum(isinstance(module, PackedLinear) for module in model.modules()) == 14
    assert type(model.get_output_embeddings()) is nn.Linear
    assert torch.allclose(before.float(), after.float(), atol=0.02)


@in_fp32
@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize("sizes", [(96, 160), (160, 96)])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [(1,), (1, 1), (3, 4), (16,), (2, 100)])
def test_any_number_of_rows_has_the_products_of_a_linear_layer_in_fp32(
    rows: tuple[int, ...], bias: bool, sizes: tuple[int, int], copied: bool
) -> None:
    torch.manual_seed(1)
    layer, inputs = nn.Linear(*sizes, bias=bias), torch.randn(*rows, 2 * sizes[0])[..., : sizes[0]]
    copy = layer.weight.detach().T.contiguous().T if copied else None
    with torch.inference_mode():
        found = PackedLinear(layer, rows=1 if copied else 64, for_one_row=copy)(inputs)
        torch.testing.assert_close(found, layer(inputs), rtol=1e-5, atol=1e-5)


@in_fp32
@pytest.mark.parametrize("most", [0, 2**30])
def test_on_amd_small_models_have_copies_for_single_rows(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_linear, "machine_name", lambda: "AMD EPYC, 1 threads")
    monkeypatch.setattr(packed_linear, "_TWICE_BYTES", most)
    model, ids = _model(torch.float32), torch.arange(10)[None]
    with torch.inference_mode():
        before = [model(ids).logits, model(ids[:, :1]).logits]
        pack_linear_layers(model)
        after = [model(ids).logits, model(ids[:, :1]).logits]
    layers = [module for module in model.modules() if isinstance(module, PackedLinear)]
    assert len(layers) == (13 if most else 15)  # not those down from 64 to 32 features
    copies = [layer._for_one_row for layer in layers]
    assert [copy is not None and copy.T.is_contiguous() for copy in copies] == [most > 0] * len(layers)
    torch.testing.assert_close(after, before)


@in_fp32
def test_elsewhere_fp32_weights_are_stored_transposed_and_scores_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed_linear, "machine_name", lambda: "Intel(R) Xeon(R) Processor, 1 threads")
    model, ids = _model(torch.float32), torch.arange(10)[None]
    with torch.inference_mode():
        before = model(ids).logits
        pack_linear_layers(model)
        after = model(ids).logits
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert len(linear) == 15
    assert all(module.weight.T.is_contiguous() for module in linear)
    torch.testing.assert_close(after, before)


@in_fp32
def test_output_layer_that_shares_its_weight_still_does_where_it_is_not_packed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed_linear, "machine_name", lambda: "Intel(R) Xeon(R) Processor, 1 threads")
    model = _model(torch.float32)
    model.config.tie_word_embeddings = True
    model.tie_weights()
    pack_linear_layers(model)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
