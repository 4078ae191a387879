"""All of the package's layers at once: the model computes and learns the same."""

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import small  # noqa: E402

from ontarget.training.cpu.layers import speed_up  # noqa: E402


@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Mistral", "Gemma3"])
def test_loss_and_gradients_stay_in_fp32_and_fp64(family):
    ids = torch.randint(3, 50, (2, 12), generator=torch.Generator().manual_seed(1))
    for kind in (torch.float32, torch.float64):
        model = small(family, "sdpa").to(kind)
        found = []
        for _ in range(2):
            loss = model(input_ids=ids, labels=ids).loss
            found.append((loss, torch.autograd.grad(loss, list(model.parameters()))))
            speed_up(model)
        torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-5)


def test_names_of_parameters_stay():
    model = small("Llama", "sdpa")
    names = list(model.state_dict())
    speed_up(model)
    assert list(model.state_dict()) == names
