"""Liger's layers give the loss and the gradients of the model's own.

Without a GPU, Triton interprets the kernels. That needs `pip install triton liger-kernel`, which is large, so
these tests are skipped where it is not installed.
"""

import importlib
import sys
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")

from tests.training.loss.test_head import CPU, assert_same, batch, build, with_gradients  # noqa: E402, F401

from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.gpu import fused_layers  # noqa: E402
from ontarget.training.loss.head import LogOddsHead  # noqa: E402

INSTALLED = find_spec("triton") and find_spec("liger_kernel")
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("gpu", "installed", "compile", "used"),
    [
        (True, True, False, True),
        (False, True, False, False),
        (True, False, False, False),
        (True, True, True, False),
    ],
)
def test_used_on_a_gpu_if_installed_unless_the_model_is_compiled(gpu, installed, compile, used, monkeypatch):
    monkeypatch.setattr(fused_layers, "has_gpu", lambda: gpu)
    monkeypatch.setattr(fused_layers, "find_spec", lambda name: object() if installed else None)
    given = fused_layers.arguments(Tuning(max_steps=1, compile=compile))
    assert given.get("use_liger_kernel", False) == used
    if used:  # the output layer is ours
        assert given["liger_kernel_config"] == {"cross_entropy": False, "fused_linear_cross_entropy": False}


@pytest.fixture
def liger(monkeypatch):
    """Applies the layers to a model as `Trainer` does, with what the interpreter lacks."""
    if not INSTALLED:
        pytest.skip("triton and liger-kernel are not installed")
    if DEVICE.type == "cpu":
        if "triton" in sys.modules and not sys.modules["triton"].knobs.runtime.interpret:
            pytest.skip("triton was imported before; run this file alone")
        monkeypatch.setenv("TRITON_INTERPRET", "1")
        import numpy
        import triton.language
        from liger_kernel.ops import geglu, rms_norm
        from triton.runtime import interpreter

        converted = interpreter._implicit_cvt

        def convert(value):
            if isinstance(value, float):  # compiled kernels get a scalar that has a type
                handle = interpreter.TensorHandle(
                    numpy.array([value], numpy.float32), triton.language.float32
                )
                return triton.language.tensor(handle, triton.language.float32)
            return converted(value)

        monkeypatch.setattr(interpreter, "_implicit_cvt", convert)
        # Functions of CUDA's library, which nothing interprets.
        monkeypatch.setattr(rms_norm, "rsqrt", lambda x: triton.language.rsqrt(x))
        monkeypatch.setattr(geglu, "tanh", lambda x: 2 / (1 + triton.language.exp(-2 * x)) - 1)
    from transformers.integrations.liger import apply_liger_kernel

    def apply(model):
        module = importlib.import_module(type(model).__module__)
        for name in vars(module).copy():  # Liger replaces classes and functions of the module, too
            monkeypatch.setattr(module, name, getattr(module, name))
        apply_liger_kernel(model, fused_layers._LAYERS_ONLY)

    return apply


@pytest.mark.parametrize("family", ["Llama", "Mistral", "Qwen2", "Qwen3", "Gemma2", "Gemma3", "Granite"])
def test_loss_and_gradients_are_those_of_the_layers_that_they_replace(family, batch, liger):  # noqa: F811
    model = build(family).to(DEVICE).train()  # the toys have no dropout
    ids, labels, weights = (values.to(DEVICE) for values in batch)
    head = LogOddsHead.install(model)
    head.examine(model, DEVICE)

    def found():
        with head.loss_at(labels, weights):
            return with_gradients(model, model(input_ids=ids, use_cache=False).logits)

    expected, forwards = found(), [type(layer).forward for layer in model.model.layers[0].children()]
    own = {name: layer.forward for name, layer in model.named_modules()}
    liger(model)
    replaced = {
        name.rpartition(".")[2] for name, layer in model.named_modules() if layer.forward != own[name]
    }
    assert {"mlp", "input_layernorm", "norm"} <= replaced, forwards
    assert "lm_head" not in replaced
    assert "" not in replaced  # the model's own forward pass
    assert_same(found(), expected)
